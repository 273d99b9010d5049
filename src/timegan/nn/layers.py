"""The forms of embedder, recovery and supervisor: (B, T, in) -> (B, T, out).

Shapes: B windows, T steps, C features, H latent channels. Sequences that are shorter than a window
are padded at the end: a mask (B, T, 1) is 1 at their steps and 0 behind them.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from timegan.nn.distributed import gather
from timegan.nn.kernels.gru import GRU, network
from timegan.nn.masking import masked_variance, variance

CELLS: dict[str, Callable[..., nn.GRU | nn.LSTM]] = {"gru": GRU, "lstm": nn.LSTM}


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

    def forward(self, sequence: Tensor, mask: Tensor | None = None) -> Tensor:
        """A mask changes nothing: cells do not look ahead into the padding."""
        return network(self.rnn, self.dense, sequence, squash=self.squash)


class Standardise(nn.Module):
    """Zero mean and unit variance a channel: batch normalisation without an affine part.

    While training it uses the statistics of the batch over all processes, padding left out, and
    follows them with ``momentum``; in evaluation mode it is a fixed affine map.
    """

    mean: Tensor
    var: Tensor

    def __init__(self, channels: int, momentum: float = 0.02, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("var", torch.ones(channels))

    def forward(self, h: Tensor, mask: Tensor | None = None) -> Tensor:
        mean, var = self.mean, self.var
        if self.training:
            rows, there = gather(h).flatten(0, -2), gather(mask)
            if there is None:
                mean, var = rows.mean(0), variance(rows)
            else:
                mean, var = masked_variance(rows, there.flatten(0, -2))
            with torch.no_grad():
                self.mean.lerp_(mean.to(self.mean), self.momentum)
                self.var.lerp_(var.to(self.var), self.momentum)
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
        self.standardise = Standardise(outputs) if standardise else None
        with torch.no_grad():
            # nn.init.eye_ does the same, and imports 800 modules where a tensor has no memory.
            self.linear.weight.zero_().diagonal().fill_(1)
            if bias:
                self.linear.bias.zero_()

    def forward(self, v: Tensor, mask: Tensor | None = None) -> Tensor:
        out: Tensor = self.linear(v) + self.f(v)
        return out if self.standardise is None else self.standardise(out, mask)


class ResidualSupervisor(nn.Module):
    """s(h) = h + Linear(RNN(h)), starting from "the next step is like this one"."""

    def __init__(self, latent: int, *, hidden: int, layers: int, cell: str) -> None:
        super().__init__()
        self.rnn = CELLS[cell](latent, hidden, layers, batch_first=True)
        self.dense = zeroed(nn.Linear(hidden, latent))

    def forward(self, h: Tensor) -> Tensor:
        return h + network(self.rnn, self.dense, h)


def zeroed(linear: nn.Linear) -> nn.Linear:
    """The layer with weights and bias at zero: what it is added to starts alone."""
    for parameter in linear.parameters():
        nn.init.zeros_(parameter)
    return linear
