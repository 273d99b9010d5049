"""Means and variances over batches of padded sequences."""

from torch import Tensor


def mean(values: Tensor, mask: Tensor | None = None) -> Tensor:
    """The mean of (B, T, C) over the steps that the mask (B, T, 1) has; 0 if it has none."""
    if mask is None:
        return values.mean()
    count = (mask.sum() * values.shape[-1]).clamp_min(1)
    return values.where(mask > 0, 0).sum() / count


def variance(values: Tensor, dim: int = 0) -> Tensor:
    """Mean squared deviation from the mean over ``dim``; of few, wide rows far quicker than var."""
    return (values - values.mean(dim, keepdim=True)).square().mean(dim)


def masked_moments(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation over the sequences that have a step, each (T, C)."""
    centre, variance = masked_variance(x, mask)
    return centre, (variance + 1e-6).sqrt()


def masked_variance(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and mean squared deviation over the first axis, of what the mask (..., 1) has."""
    count = mask.sum(0).clamp_min(1)
    x = x.where(mask > 0, 0)
    centre = x.sum(0) / count
    return centre, ((x - centre) * mask).square().sum(0) / count
