"""What the model is shown: windows, how long they are, and what goes with them."""

from typing import NamedTuple

import torch
from torch import Tensor


class Conditions(NamedTuple):
    """What belongs to a batch of latents, real or synthetic; None: there is no such thing.

    Attributes:
        context: what is said of a whole sequence, in channels (B, S).
        exogenous: labels of single steps, in channels (B, T, U).
        mask: 1 where a sequence has a step, 0 in the padding behind its end, (B, T, 1).
    """

    context: Tensor | None = None
    exogenous: Tensor | None = None
    mask: Tensor | None = None

    def paths(self, h: Tensor) -> Tensor:
        """What moves from step to step: (B, T, H) with the labels, (B, T, H + U)."""
        return h if self.exogenous is None else torch.cat([h, self.exogenous], dim=-1)

    def beside(self, h: Tensor) -> Tensor:
        """All there is of a sequence at every step: (B, T, H + U + S)."""
        return self.around(self.paths(h))

    def around(self, paths: Tensor) -> Tensor:
        """The context beside each step of what moves: (B, T, H + U) to (B, T, H + U + S)."""
        if self.context is None:
            return paths
        return torch.cat([paths, self.context[:, None].expand(-1, paths.shape[1], -1)], dim=-1)


class Batch(NamedTuple):
    """K draws of B windows, or one draw of them without the first axis (see :meth:`draw`).

    A named tuple and not a dataclass: Lightning moves and converts either, but no frozen dataclass.

    Attributes:
        x: windows (K, B, T, C), scaled; what lies behind the end of a sequence is padding.
        lengths: steps of each sequence (K, B), from 1 to T; None: all have T.
        context: context channels (K, B, S).
        exogenous: channels of the labels per step (K, B, T, U), padded as ``x`` is.
    """

    x: Tensor
    lengths: Tensor | None = None
    context: Tensor | None = None
    exogenous: Tensor | None = None

    @property
    def mask(self) -> Tensor | None:
        """1 at the steps of a sequence and 0 in its padding, (..., B, T, 1); None: all are steps.

        >>> Batch(torch.zeros(2, 3, 1), torch.tensor([1, 3])).mask[..., 0]
        tensor([[1., 0., 0.],
                [1., 1., 1.]])
        """
        if self.lengths is None:
            return None
        steps = torch.arange(self.x.shape[-2], device=self.lengths.device)
        return (steps < self.lengths[..., None])[..., None].to(self.x)

    @property
    def conditions(self) -> Conditions:
        """What goes with the windows."""
        return Conditions(self.context, self.exogenous, self.mask)

    def clean(self) -> "Batch":
        """The same with zeros in the padding, whatever lay there."""
        mask = self.mask
        if mask is None:
            return self
        exogenous = None if self.exogenous is None else self.exogenous.where(mask > 0, 0)
        return self._replace(x=self.x.where(mask > 0, 0), exogenous=exogenous)

    def pinned(self) -> "Batch":
        """The same in memory that a GPU can fetch it from by itself."""
        x, *others = (None if part is None else part.pin_memory() for part in self)
        assert x is not None
        return Batch(x, *others)

    def draw(self, k: int) -> "Batch":
        """One of the draws: (B, T, C) and so on."""
        _, *others = (None if part is None else part[k] for part in self)
        return Batch(self.x[k], *others)


def as_batch(batch: Batch | Tensor) -> Batch:
    """A clean batch, also from bare windows (K, B, T, C)."""
    return (Batch(batch) if isinstance(batch, Tensor) else batch).clean()
