"""Means and variances over batches of padded sequences."""

from torch import Tensor


def masked_mean(values: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the mean of (B, T, C) over the steps of a mask (B, T, 1); 0 if it has none."""
    if mask is None:
        return values.mean()
    count = (mask.sum() * values.shape[-1]).clamp_min(1)
    return values.where(mask > 0, 0).sum() / count


def variance(values: Tensor, dim: int = 0) -> Tensor:
    """Return the biased variance over ``dim``; for few, wide rows much faster than Tensor.var."""
    return (values - values.mean(dim, keepdim=True)).square().mean(dim)


def masked_moments(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation, each (T, C), over the sequences that have a step."""
    mean, variance = masked_variance(x, mask)
    return mean, (variance + 1e-6).sqrt()


def masked_variance(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance over the first axis, where the mask (..., 1) is 1."""
    count = mask.sum(0).clamp_min(1)
    x = x.where(mask > 0, 0)
    mean = x.sum(0) / count
    return mean, ((x - mean) * mask).square().sum(0) / count
