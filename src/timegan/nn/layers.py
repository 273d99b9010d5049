"""Forms of embedder, recovery and supervisor: (B, T, in) -> (B, T, out).

Shapes: B windows, T steps, C features, H latent channels. Sequences that are shorter than a window
are padded at the end. A mask (B, T, 1) is 1 at their steps and 0 in the padding.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from timegan.nn.distributed import all_gather
from timegan.nn.kernels.gru import GRU, gru_with_head
from timegan.nn.masking import masked_variance, variance

CELLS: dict[str, Callable[..., nn.GRU | nn.LSTM]] = {"gru": GRU, "lstm": nn.LSTM}


class RecurrentNet(nn.Module):
    """Stacked cells and a dense layer at each step: every network of the reference (section 4.1).

    Args:
        squash: end in a sigmoid. The discriminator returns logits instead.
    """

    def __init__(
        self, inputs: int, outputs: int, *, hidden: int, layers: int, cell: str, squash: bool = True
    ) -> None:
        super().__init__()
        self.rnn = CELLS[cell](inputs, hidden, layers, batch_first=True)
        self.dense = nn.Linear(hidden, outputs)
        self.squash = squash

    def forward(self, sequence: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map a sequence; its mask is ignored, as cells do not look ahead into the padding."""
        return gru_with_head(self.rnn, self.dense, sequence, squash=self.squash)


class MaskedBatchNorm(nn.Module):
    """Batch normalization without an affine part, over the steps that are no padding.

    In training mode it uses the statistics of the global batch, and averages them with
    ``momentum``. In evaluation mode it is a fixed affine map.
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
            rows, there = all_gather(h).flatten(0, -2), all_gather(mask)
            if there is None:
                mean, var = rows.mean(0), variance(rows)
            else:
                mean, var = masked_variance(rows, there.flatten(0, -2))
            with torch.no_grad():
                self.mean.lerp_(mean.to(self.mean), self.momentum)
                self.var.lerp_(var.to(self.var), self.momentum)
        return (h - mean) / (var + self.eps).sqrt()


class ResidualMLP(nn.Module):
    """A map of single steps that starts as the identity: W v + f(v), f an MLP with GELUs.

    Latents that stay close to the features keep a noisy column out of the smooth ones. Mixed
    latents leak it into all of them, which is the first thing that a classifier finds.
    """

    def __init__(self, inputs: int, outputs: int, *, width: int, normalize: bool) -> None:
        super().__init__()
        bias = not normalize  # normalization subtracts whatever a bias adds
        self.linear = nn.Linear(inputs, outputs, bias)
        self.f = nn.Sequential(
            nn.Linear(inputs, width),
            nn.GELU(),
            nn.Linear(width, width),
            nn.GELU(),
            zero_init_(nn.Linear(width, outputs, bias)),
        )
        self.normalize = MaskedBatchNorm(outputs) if normalize else None
        with torch.no_grad():
            # nn.init.eye_ imports 800 modules where a tensor is on the meta device.
            self.linear.weight.zero_().diagonal().fill_(1)
            if bias:
                self.linear.bias.zero_()

    def forward(self, v: Tensor, mask: Tensor | None = None) -> Tensor:
        out: Tensor = self.linear(v) + self.f(v)
        return out if self.normalize is None else self.normalize(out, mask)


class ResidualSupervisor(nn.Module):
    """The map s(h) = h + Linear(RNN(h)), which starts by predicting no change."""

    def __init__(self, latent: int, *, hidden: int, layers: int, cell: str) -> None:
        super().__init__()
        self.rnn = CELLS[cell](latent, hidden, layers, batch_first=True)
        self.dense = zero_init_(nn.Linear(hidden, latent))

    def forward(self, h: Tensor) -> Tensor:
        return h + gru_with_head(self.rnn, self.dense, h)


def zero_init_(linear: nn.Linear) -> nn.Linear:
    """Set weights and bias to zero, so that the layer adds nothing at first."""
    for parameter in linear.parameters():
        nn.init.zeros_(parameter)
    return linear
