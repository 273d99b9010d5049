"""The generators: noise, and what is known of a sequence, to latents and labels.

Shapes: B windows, T steps, Z noise channels a step, G static ones a sequence, S context channels,
U labels a step, H latent channels. A generator returns H latents and, behind them, U labels.
"""

import torch
from torch import Tensor, nn

from timegan.nn.kernels.gru import network
from timegan.nn.layers import CELLS


class ContextHead(nn.Module):
    """The context of a sequence from noise of its own, (B, noise) -> (B, S).

    In the paper: the static features' generator, Yoon et al. 2019, section 4. No other network sees
    this noise: a sequence has the same freedom under a context that was asked for as under one
    that was generated, and p(context) p(sequence | context) is learned by the same weights.
    """

    def __init__(self, context: int, *, hidden: int) -> None:
        super().__init__()
        self.noise = min(max(2 * context, 8), 32)
        self.layers = nn.Sequential(
            nn.Linear(self.noise, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, context),
        )

    def forward(self, z: Tensor) -> Tensor:
        context: Tensor = self.layers(z)
        return context


class RecurrentGenerator(nn.Module):
    """The reference's generator; what belongs to the whole sequence enters at every step.

    Args:
        noise: Z.
        static: G.
        latent: H.
        context: S.
        exogenous: U; a flag tells the labels that are given from those it has to make itself.
    """

    def __init__(
        self,
        noise: int,
        static: int,
        latent: int,
        *,
        context: int = 0,
        exogenous: int = 0,
        hidden: int,
        layers: int,
        cell: str,
    ) -> None:
        super().__init__()
        width = noise + static + context + flagged(exogenous)
        self.rnn = CELLS[cell](width, hidden, layers, batch_first=True)
        self.dense = nn.Linear(hidden, latent + exogenous)
        self.latent = latent
        self.head = ContextHead(context, hidden=hidden) if context else None

    def forward(self, z: Tensor, static: Tensor, labels: Tensor | None = None) -> Tensor:
        """(B, T, Z), (B, G + S) and, with their flag, (B, T, U + 1) to (B, T, H + U)."""
        given = inputs(z, static, labels)
        if self.dense.out_features == self.latent:
            return network(self.rnn, self.dense, given, squash=True)
        out = network(self.rnn, self.dense, given)
        h, exogenous = out.tensor_split([self.latent], dim=-1)
        return torch.cat([h.sigmoid(), exogenous], dim=-1)


class PathGenerator(nn.Module):
    """Latent paths as a level plus increments: e_t = level(g) + sigma (a_t + sum_{u<=t} b_u).

    The static noise g, with the context, sets the level and the state that the cell starts from, so
    that a whole sequence has a code of its own; the noise of a step moves it, by a gain that is
    learned and starts small where the data are smooth.

    Args: those of :class:`RecurrentGenerator`.
    """

    sigma: Tensor

    def __init__(
        self,
        noise: int,
        static: int,
        latent: int,
        *,
        context: int = 0,
        exogenous: int = 0,
        hidden: int,
        layers: int,
        cell: str,
    ) -> None:
        super().__init__()
        static, outputs = static + context, latent + exogenous
        width = noise + static + flagged(exogenous)
        self.rnn = CELLS[cell](width, hidden, layers, batch_first=True)
        self.start = nn.Sequential(
            nn.Linear(static, hidden), nn.GELU(), nn.Linear(hidden, layers * hidden), nn.Tanh()
        )
        self.level = nn.Sequential(
            nn.Linear(static, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, outputs),
        )
        self.step = nn.Linear(hidden, 2 * outputs)
        self.gain = nn.Parameter(torch.ones(noise))
        self.register_buffer("sigma", torch.ones(outputs))
        self.head = ContextHead(context, hidden=hidden) if context else None

    @torch.no_grad()
    def calibrate(self, sigma: Tensor, roughness: Tensor) -> None:
        """Set the scale of increments (H + U,); start the gain from how rough real paths are."""
        self.sigma.copy_(sigma)
        self.gain.fill_(float((roughness / 1.2).clamp(0.2, 1.0).mean()))

    def forward(self, z: Tensor, static: Tensor, labels: Tensor | None = None) -> Tensor:
        """(B, T, Z), (B, G + S) and, with their flag, (B, T, U + 1) to (B, T, H + U)."""
        layers, hidden = self.rnn.num_layers, self.rnn.hidden_size
        state = self.start(static).view(-1, layers, hidden).transpose(0, 1).contiguous()
        start = (state, torch.zeros_like(state)) if isinstance(self.rnn, nn.LSTM) else state
        steps = network(self.rnn, self.step, inputs(self.gain * z, static, labels), start)
        a, b = steps.chunk(2, -1)
        path: Tensor = self.level(static)[:, None] + self.sigma * (a + b.cumsum(1))
        return path


def inputs(z: Tensor, static: Tensor, labels: Tensor | None) -> Tensor:
    """What the cells see at every step."""
    parts = [z]
    if static.shape[-1]:
        parts.append(static[:, None].expand(-1, z.shape[1], -1))
    if labels is not None:
        parts.append(labels)
    return torch.cat(parts, dim=-1) if len(parts) > 1 else z


def flagged(exogenous: int) -> int:
    """Input channels of U labels: with any, one more says whether they are given."""
    return exogenous + 1 if exogenous else 0
