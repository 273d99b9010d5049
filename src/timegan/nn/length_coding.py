"""How long sequences are, coded in a context channel that a generator can learn.

Step t exists where the channel reaches ``edges[t]``; the first step always does. So the code of a
real sequence and the one that a generator made are read by the same rule.
"""

import numpy as np
import torch
from torch import Tensor

from timegan.errors import InputError


def edges_between(lengths: np.ndarray, codes: np.ndarray, window: int) -> Tensor:
    """Edges (T,) half-way between the codes of sequences that end before a step and that reach it.

    Args:
        lengths: (N,) steps of the real sequences, 1 to T.
        codes: (N,) their channel, as the model sees it; it grows with the length.
        window: T.

    Raises:
        InputError: a longer sequence has a lower code, or the same one.

    >>> edges_between(np.array([1, 3, 3]), np.array([-1.0, 1.0, 1.0]), window=4)
    tensor([-inf, 0., 0., inf])
    """
    codes = codes.astype(np.float32)
    edges = np.full(window, -np.inf, dtype=np.float32)
    for t in range(1, window):
        below, above = codes[lengths <= t], codes[lengths > t]
        low = below.max() if len(below) else -np.inf
        high = above.min() if len(above) else np.inf
        if low >= high:
            raise InputError(
                f"Sequences of at most {t} steps have length codes up to {low:.4g}, longer ones "
                f"from {high:.4g} on. Give a code that grows with the length."
            )
        middle = low / 2 + high / 2  # infinite where all real sequences end there, or none does
        edges[t] = middle if low < middle <= high or not len(below) else high  # close neighbours
    return torch.from_numpy(edges)


def mask_of(code: Tensor, edges: Tensor) -> Tensor:
    """Which steps exist (B, T, 1), 1 or 0, by the code (B,) and the edges (T,); no gradient."""
    return (code.detach()[:, None] >= edges)[..., None].to(code)


def lengths_of(code: Tensor, edges: Tensor) -> Tensor:
    """How many steps exist, (B,) from 1 to T."""
    return (code.detach()[:, None] >= edges).sum(1)
