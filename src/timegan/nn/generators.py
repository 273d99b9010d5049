"""Generators: from noise and given conditions to latents and exogenous channels.

Shapes: B windows, T steps, Z noise channels of a step, G static ones of a sequence, S context
channels, U exogenous channels, H latent channels. A generator returns H latents, then U exogenous
channels.
"""

import torch
from torch import Tensor, nn

from timegan.nn.kernels.gru import gru_with_head
from timegan.nn.layers import CELLS


class ContextHead(nn.Module):
    """A generator of contexts from noise of their own, (B, noise) -> (B, S).

    The paper calls it the generator of static features (Yoon et al. 2019, section 4). No other
    network sees this noise, so a sequence varies as much under a given context as under a generated
    one. The same weights learn p(context) p(sequence | context).
    """

    def __init__(self, context: int, *, hidden: int) -> None:
        super().__init__()
        self.noise_width = min(max(2 * context, 8), 32)
        self.layers = nn.Sequential(
            nn.Linear(self.noise_width, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, context),
        )

    def forward(self, z: Tensor) -> Tensor:
        context: Tensor = self.layers(z)
        return context


class RecurrentGenerator(nn.Module):
    """The reference's generator, whose static noise and context enter at every step.

    Args:
        noise: Z.
        static: G.
        latent: H.
        context: S.
        exogenous: U. One more input channel is 1 where the generator is to make them itself.
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
        width = noise + static + context + with_mask_channel(exogenous)
        self.rnn = CELLS[cell](width, hidden, layers, batch_first=True)
        self.dense = nn.Linear(hidden, latent + exogenous)
        self.latent = latent
        self.head = ContextHead(context, hidden=hidden) if context else None

    def forward(self, z: Tensor, static: Tensor, exogenous: Tensor | None = None) -> Tensor:
        """Map (B, T, Z), (B, G + S) and (B, T, U + 1) to (B, T, H + U)."""
        inputs = step_inputs(z, static, exogenous)
        if self.dense.out_features == self.latent:
            return gru_with_head(self.rnn, self.dense, inputs, squash=True)
        out = gru_with_head(self.rnn, self.dense, inputs)
        h, made = out.tensor_split([self.latent], dim=-1)
        return torch.cat([h.sigmoid(), made], dim=-1)


class PathGenerator(nn.Module):
    """A generator of paths, a level plus increments: e_t = level(g) + sigma (a_t + sum b_u).

    The sum is over the steps u up to t. Static noise g and the context set the level and the cell's
    initial state, and so encode the sequence as a whole. Noise of a step moves it by a learned gain
    that starts small for smooth data.

    The arguments are those of :class:`RecurrentGenerator`.
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
        width = noise + static + with_mask_channel(exogenous)
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
    def initialize_scales(self, sigma: Tensor, roughness: Tensor) -> None:
        """Set the scale of increments (H + U,), and the gain by the roughness of real paths."""
        self.sigma.copy_(sigma)
        self.gain.fill_(float((roughness / 1.2).clamp(0.2, 1.0).mean()))

    def forward(self, z: Tensor, static: Tensor, exogenous: Tensor | None = None) -> Tensor:
        """Map (B, T, Z), (B, G + S) and (B, T, U + 1) to (B, T, H + U)."""
        layers, hidden = self.rnn.num_layers, self.rnn.hidden_size
        state = self.start(static).view(-1, layers, hidden).transpose(0, 1).contiguous()
        start = (state, torch.zeros_like(state)) if isinstance(self.rnn, nn.LSTM) else state
        inputs = step_inputs(self.gain * z, static, exogenous)
        steps = gru_with_head(self.rnn, self.step, inputs, start)
        a, b = steps.chunk(2, -1)
        path: Tensor = self.level(static)[:, None] + self.sigma * (a + b.cumsum(1))
        return path


def step_inputs(z: Tensor, static: Tensor, exogenous: Tensor | None) -> Tensor:
    """Return the inputs of the cells at every step."""
    parts = [z]
    if static.shape[-1]:
        parts.append(static[:, None].expand(-1, z.shape[1], -1))
    if exogenous is not None:
        parts.append(exogenous)
    return torch.cat(parts, dim=-1) if len(parts) > 1 else z


def with_mask_channel(exogenous: int) -> int:
    """Return the input channels of U exogenous ones, with one that says if they are given."""
    return exogenous + 1 if exogenous else 0
