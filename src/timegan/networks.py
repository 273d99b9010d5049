"""The forms of embedder, recovery, generator and supervisor: (B, T, in) -> (B, T, out).

Shapes: B windows, T steps, C features, H latent channels, Z noise channels a step, G static noise.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from timegan.distributed import gather
from timegan.errors import InputError

CELLS: dict[str, Callable[..., nn.GRU | nn.LSTM]] = {"gru": nn.GRU, "lstm": nn.LSTM}


class Recurrent(nn.Module):
    """Stacked cells and one dense layer a step: every network of the reference (section 4.1).

    Args:
        squash: end with a sigmoid; the discriminator returns logits instead.
    """

    def __init__(
        self, inputs: int, outputs: int, *, hidden: int, layers: int, cell: str, squash: bool = True
    ) -> None:
        super().__init__()
        self.rnn = CELLS[cell](inputs, hidden, layers, batch_first=True)
        self.dense = nn.Linear(hidden, outputs)
        self.squash = squash

    def forward(self, sequence: Tensor) -> Tensor:
        out: Tensor = self.dense(self.rnn(sequence)[0])
        return out.sigmoid() if self.squash else out


class RecurrentGenerator(Recurrent):
    """The reference's generator; static noise, if any, enters at every step."""

    def forward(self, z: Tensor, z_static: Tensor | None = None) -> Tensor:
        if z_static is not None and z_static.shape[-1]:
            z = torch.cat([z, z_static[:, None].expand(-1, z.shape[1], -1)], dim=-1)
        return super().forward(z)


class Standardise(nn.Module):
    """Zero mean and unit variance a channel: batch normalisation without an affine part.

    While training it uses the statistics of the batch over all processes and follows them with
    ``momentum``; in evaluation mode it is a fixed affine map.
    """

    mean: Tensor
    var: Tensor

    def __init__(self, channels: int, momentum: float = 0.02, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("var", torch.ones(channels))

    def forward(self, h: Tensor) -> Tensor:
        mean, var = self.mean, self.var
        if self.training:
            rows = gather(h).flatten(0, -2)
            mean, var = rows.mean(0), rows.var(0, unbiased=False)
            with torch.no_grad():
                self.mean.lerp_(mean, self.momentum)
                self.var.lerp_(var, self.momentum)
        return (h - mean) / (var + self.eps).sqrt()


class Residual(nn.Module):
    """A map of single steps that starts as the identity: W v + f(v), f a two-layer GELU network.

    Latents that stay close to the features keep a noisy column out of the smooth ones; a mixed
    latent leaks it into all of them, which is what a judge finds first.
    """

    def __init__(self, inputs: int, outputs: int, *, width: int, standardise: bool) -> None:
        super().__init__()
        bias = not standardise  # whatever a bias adds, standardising takes away
        self.linear = nn.Linear(inputs, outputs, bias)
        self.f = nn.Sequential(
            nn.Linear(inputs, width),
            nn.GELU(),
            nn.Linear(width, width),
            nn.GELU(),
            zeroed(nn.Linear(width, outputs, bias)),
        )
        self.standardise = Standardise(outputs) if standardise else nn.Identity()
        with torch.no_grad():
            nn.init.eye_(self.linear.weight)
            if bias:
                self.linear.bias.zero_()

    def forward(self, v: Tensor) -> Tensor:
        out: Tensor = self.standardise(self.linear(v) + self.f(v))
        return out


class ResidualSupervisor(nn.Module):
    """s(h) = h + Linear(RNN(h)), starting from "the next step is like this one"."""

    def __init__(self, latent: int, *, hidden: int, layers: int, cell: str) -> None:
        super().__init__()
        self.rnn = CELLS[cell](latent, hidden, layers, batch_first=True)
        self.dense = zeroed(nn.Linear(hidden, latent))

    def forward(self, h: Tensor) -> Tensor:
        out: Tensor = h + self.dense(self.rnn(h)[0])
        return out


class PathGenerator(nn.Module):
    """Latent paths as a level plus increments: e_t = level(g) + sigma (a_t + sum_{u<=t} b_u).

    The static noise g sets the level and the state that the cell starts from, so that a whole
    sequence has a code of its own; the noise of a step moves it, by a gain that is learned and
    starts small where the data are smooth.
    """

    sigma: Tensor

    def __init__(
        self, noise: int, static: int, latent: int, *, hidden: int, layers: int, cell: str
    ) -> None:
        super().__init__()
        self.rnn = CELLS[cell](noise + static, hidden, layers, batch_first=True)
        self.start = nn.Sequential(
            nn.Linear(static, hidden), nn.GELU(), nn.Linear(hidden, layers * hidden), nn.Tanh()
        )
        self.level = nn.Sequential(
            nn.Linear(static, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, latent),
        )
        self.step = nn.Linear(hidden, 2 * latent)
        self.gain = nn.Parameter(torch.ones(noise))
        self.register_buffer("sigma", torch.ones(latent))

    @torch.no_grad()
    def calibrate(self, sigma: Tensor, roughness: Tensor) -> None:
        """Set the scale of increments (H,) and start the gain from how rough real paths are."""
        self.sigma.copy_(sigma)
        self.gain.fill_(float((roughness / 1.2).clamp(0.2, 1.0).mean()))

    def forward(self, z: Tensor, z_static: Tensor) -> Tensor:
        layers, hidden = self.rnn.num_layers, self.rnn.hidden_size
        state = self.start(z_static).view(-1, layers, hidden).transpose(0, 1).contiguous()
        static = z_static[:, None].expand(-1, z.shape[1], -1)
        start = (state, torch.zeros_like(state)) if isinstance(self.rnn, nn.LSTM) else state
        a, b = self.step(self.rnn(torch.cat([self.gain * z, static], -1), start)[0]).chunk(2, -1)
        e_hat: Tensor = self.level(z_static)[:, None] + self.sigma * (a + b.cumsum(1))
        return e_hat


def choose(key: str, name: str, options: Iterable[str]) -> str:
    """``name``, if it is one of the options.

    Raises:
        InputError: it is not.
    """
    if name not in (names := list(options)):
        raise InputError(f"{key}={name}: there is no such choice. Choose from {', '.join(names)}.")
    return name


def zeroed(linear: nn.Linear) -> nn.Linear:
    """The layer with weights and bias at zero: what it is added to starts alone."""
    for parameter in linear.parameters():
        nn.init.zeros_(parameter)
    return linear
