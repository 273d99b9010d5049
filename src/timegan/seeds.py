"""Randomness as a function of a seed and a path: nothing depends on what was drawn before."""

import hashlib

import numpy as np
import torch

BLOCK = 256
"""Rows of `uniforms` that come from one stream."""


def derive(seed: int, *path: int | str) -> int:
    """Return the 63-bit seed of the stream that ``path`` names under ``seed``."""
    digest = hashlib.blake2b(repr((seed, *path)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def rng(seed: int, *path: int | str) -> np.random.Generator:
    """Return NumPy's generator of a stream.

    >>> bool(rng(0, "shuffle", 3).random() == rng(0, "shuffle", 3).random())
    True
    """
    return np.random.default_rng(derive(seed, *path))


def uniforms(seed: int, *path: int | str, first: int, count: int, width: int = 1) -> np.ndarray:
    """Return rows ``first`` to ``first + count`` (count, width) of a table of uniform numbers.

    A row is the same in every call. Blocks of rows have one stream each: a stream for each row
    would cost more than the numbers.

    >>> rows = uniforms(0, "starts", first=0, count=300)
    >>> bool((uniforms(0, "starts", first=250, count=50) == rows[250:]).all())
    True
    """
    last = max(first, first + count - 1) // BLOCK
    blocks = [rng(seed, *path, i).random((BLOCK, width)) for i in range(first // BLOCK, last + 1)]
    return np.concatenate(blocks)[first % BLOCK :][:count]


def generator(seed: int, *path: int | str) -> torch.Generator:
    """Return torch's generator of a stream, on the CPU, so that all devices draw the same."""
    return torch.Generator().manual_seed(derive(seed, *path))
