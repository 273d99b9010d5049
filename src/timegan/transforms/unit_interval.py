"""Channels between 0 and 1 for networks that end in a sigmoid (``scaling=minmax``).

Min-max features lie there already. Flags, categories and whatever else is coded by quantiles of
the normal distribution goes through its distribution function.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from timegan.transforms import Continuous, Kind

NEAREST = 1e-6
"""To 0 and 1 on the way back."""


def squash(kinds: Sequence[Kind], channels: np.ndarray) -> np.ndarray:
    """Channels (..., M), all between 0 and 1."""
    normal = _normal(kinds)
    channels[..., normal] = ndtr(channels[..., normal])
    return channels


def expand(kinds: Sequence[Kind], channels: np.ndarray) -> np.ndarray:
    """The way back."""
    normal = _normal(kinds)
    channels = channels.copy()
    channels[..., normal] = ndtri(np.clip(channels[..., normal], NEAREST, 1 - NEAREST))
    return channels


def _normal(kinds: Sequence[Kind]) -> np.ndarray:
    """Which channels (M,) are not min-max units."""
    found: list[bool] = []
    for kind in kinds:
        inner = getattr(kind, "inner", kind)
        minmax = isinstance(inner, Continuous) and inner.scaling.name == "minmax"
        found += [not minmax] * inner.width + [True] * (kind.width - inner.width)
    return np.array(found, dtype=bool)
