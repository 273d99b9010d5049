"""Randomness as a function of a seed and a path: nothing depends on what was drawn before."""

import hashlib

import numpy as np
import torch


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


def generator(seed: int, *path: int | str) -> torch.Generator:
    """Return torch's generator of a stream, on the CPU, so that all devices draw the same."""
    return torch.Generator().manual_seed(derive(seed, *path))
