"""Lengths of sequences, encoded in a context channel that a generator can learn.

Step t exists where the channel reaches ``thresholds[t]``. The first step always exists. The codes
of real and of generated sequences are decoded by this one rule.
"""

import numpy as np
import torch
from torch import Tensor

from timegan.errors import InputError


def length_thresholds(lengths: np.ndarray, codes: np.ndarray, window: int) -> Tensor:
    """Return the code (T,) from which on sequences reach each step, half-way between real codes.

    Args:
        lengths: steps of the real sequences (N,), 1 to T.
        codes: their channel (N,), as the model sees it. It grows with the length.
        window: T.

    Raises:
        InputError: a longer sequence has a lower code, or the same one.

    >>> length_thresholds(np.array([1, 3, 3]), np.array([-1.0, 1.0, 1.0]), window=4)
    tensor([-inf, 0., 0., inf])
    """
    codes = codes.astype(np.float32)
    thresholds = np.full(window, -np.inf, dtype=np.float32)
    for t in range(1, window):
        below, above = codes[lengths <= t], codes[lengths > t]
        low = below.max() if len(below) else -np.inf
        high = above.min() if len(above) else np.inf
        if low >= high:
            raise InputError(
                f"Sequences of at most {t} steps have length codes up to {low:.4g}, longer ones "
                f"from {high:.4g} on. Give codes that grow with the length."
            )
        middle = low / 2 + high / 2  # infinite where all real sequences end there, or none does
        between = low < middle <= high or not len(below)
        thresholds[t] = middle if between else high  # neighbouring floats have no middle
    return torch.from_numpy(thresholds)


def decode_mask(code: Tensor, thresholds: Tensor) -> Tensor:
    """Return 1 for steps that exist, else 0, (B, T, 1), from codes (B,); it has no gradient."""
    return (code.detach()[:, None] >= thresholds)[..., None].to(code)


def decode_lengths(code: Tensor, thresholds: Tensor) -> Tensor:
    """Return the number of steps that exist (B,), 1 to T, from codes (B,)."""
    return (code.detach()[:, None] >= thresholds).sum(1)
