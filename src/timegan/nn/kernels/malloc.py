"""The C library's heap: what an iteration frees is kept for the next one, which asks for it again.

By itself glibc may give the top of its heap back to the system after every few megabytes and have
it mapped anew, page by page. With its thresholds at 5 and 10 MB that was 8,600 page faults and 15 %
of the time of a joint iteration (`model=reference`, 24 x 6; docs/speed.md).
"""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # malloc.h
KEPT = 1 << 29
"""Bytes at the top of the heap that are not given back."""
LARGE = 1 << 25
"""Bytes from which an array is mapped by itself, and given back when it is freed."""


def keep() -> bool:
    """Keep freed memory from now on; False where the C library is not glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(TRIM_THRESHOLD, KEPT)) and bool(mallopt(MMAP_THRESHOLD, LARGE))
