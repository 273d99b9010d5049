"""Batches of windows with their lengths, contexts and exogenous channels."""

from typing import NamedTuple

import torch
from torch import Tensor


class Conditions(NamedTuple):
    """Everything that accompanies the latents of a batch, real or synthetic.

    Attributes:
        context: channels that describe whole sequences (B, S); None: the model has none.
        exogenous: channels of the covariates of every step (B, T, U); None: the model has none.
        mask: 1 at the steps of a sequence, 0 in its padding (B, T, 1); None: there is no padding.
    """

    context: Tensor | None = None
    exogenous: Tensor | None = None
    mask: Tensor | None = None

    def with_exogenous(self, h: Tensor) -> Tensor:
        """Append the exogenous channels to (B, T, H)."""
        return h if self.exogenous is None else torch.cat([h, self.exogenous], dim=-1)

    def with_context(self, paths: Tensor) -> Tensor:
        """Append the context to every step of (B, T, H + U)."""
        if self.context is None:
            return paths
        return torch.cat([paths, self.context[:, None].expand(-1, paths.shape[1], -1)], dim=-1)

    def with_all(self, h: Tensor) -> Tensor:
        """Append exogenous channels and context to (B, T, H)."""
        return self.with_context(self.with_exogenous(h))


class Batch(NamedTuple):
    """K independent draws of B windows, or one of them without the first axis (see :meth:`draw`).

    It is a named tuple, as Lightning moves no frozen dataclass between devices.

    Attributes:
        x: scaled windows (K, B, T, C), with padding behind the end of a sequence.
        lengths: steps of each sequence (K, B), from 1 to T; None: all have T.
        context: context channels (K, B, S).
        exogenous: exogenous channels (K, B, T, U), padded as ``x`` is.
    """

    x: Tensor
    lengths: Tensor | None = None
    context: Tensor | None = None
    exogenous: Tensor | None = None

    @property
    def mask(self) -> Tensor | None:
        """Mask (..., B, T, 1), 1 at the steps of a sequence; None: there is no padding.

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
        """Context, exogenous channels and mask."""
        return Conditions(self.context, self.exogenous, self.mask)

    def given_conditions(self, indices: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Return context and exogenous channels with NaN where a generator is to make its own.

        The context is given for every second window. So are the exogenous channels of a model
        without a context. With a context they are given for every fourth window: they may be given
        or not, beside a context that is given.

        Args:
            indices: positions of the windows in the global batch, (B,).
        """
        context, exogenous = self.context, self.exogenous
        if context is not None:
            context = context.masked_fill((indices % 2 > 0)[:, None], torch.nan)
        if exogenous is not None:
            interval = 2 if context is None else 4
            exogenous = exogenous.masked_fill((indices % interval > 0)[:, None, None], torch.nan)
        return context, exogenous

    def zero_padding(self) -> "Batch":
        """Return the batch with zeros in the padding, whatever was there."""
        mask = self.mask
        if mask is None:
            return self
        exogenous = None if self.exogenous is None else self.exogenous.where(mask > 0, 0)
        return self._replace(x=self.x.where(mask > 0, 0), exogenous=exogenous)

    def pin_memory(self) -> "Batch":
        """Return the batch in memory that a GPU can read by itself."""
        x, *others = (None if part is None else part.pin_memory() for part in self)
        assert x is not None
        return Batch(x, *others)

    def draw(self, k: int) -> "Batch":
        """Return one of the draws, without the first axis."""
        _, *others = (None if part is None else part[k] for part in self)
        return Batch(self.x[k], *others)


def as_batch(batch: Batch | Tensor) -> Batch:
    """Return a batch with zeros in its padding, also of bare windows (K, B, T, C)."""
    return (Batch(batch) if isinstance(batch, Tensor) else batch).zero_padding()
