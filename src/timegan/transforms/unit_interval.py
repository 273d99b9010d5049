"""Channels between 0 and 1 for networks that end in a sigmoid (``scaling=minmax``).

Min-max scaled features lie there already. All other channels are coded by quantiles of the normal
distribution, and go through its distribution function.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from timegan.transforms.base import ColumnTransformer

MARGIN = 1e-6
"""Smallest distance to 0 and 1 before the inverse."""


def to_unit_interval(transformers: Sequence[ColumnTransformer], channels: np.ndarray) -> np.ndarray:
    """Map channels (..., M) in place to values between 0 and 1."""
    normal = _is_normal(transformers)
    channels[..., normal] = ndtr(channels[..., normal])
    return channels


def from_unit_interval(
    transformers: Sequence[ColumnTransformer], channels: np.ndarray
) -> np.ndarray:
    """Return channels (..., M) from values between 0 and 1."""
    normal = _is_normal(transformers)
    channels = channels.copy()
    channels[..., normal] = ndtri(np.clip(channels[..., normal], MARGIN, 1 - MARGIN))
    return channels


def _is_normal(transformers: Sequence[ColumnTransformer]) -> np.ndarray:
    """Return which channels (M,) are not bounded by themselves."""
    bounded = [flag for transformer in transformers for flag in transformer.is_bounded]
    return ~np.array(bounded, dtype=bool)
