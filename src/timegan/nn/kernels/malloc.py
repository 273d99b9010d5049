"""Memory of the C library, which an iteration frees and the next one needs again.

By default glibc may return the top of its heap to the system after every few megabytes, and map it
anew page by page. With thresholds at 5 and 10 MB that took 15 % of the time of a joint iteration
(``model=reference``, 24 steps of 6 features; docs/explanation/speed.md).
"""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # malloc.h
KEPT_BYTES = 1 << 29
"""Bytes at the top of the heap that are not returned."""
LARGE_BYTES = 1 << 25
"""Bytes from which an array is mapped separately, and returned when it is freed."""


def disable_heap_trimming() -> bool:
    """Keep freed memory from now on; return false if the C library is not glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(TRIM_THRESHOLD, KEPT_BYTES)) and bool(mallopt(MMAP_THRESHOLD, LARGE_BYTES))
