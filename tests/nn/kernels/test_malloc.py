"""Memory that an iteration frees serves the next one."""

import subprocess
import sys

import pytest

from timegan.nn.kernels import malloc

FAULTS = """
import ctypes, resource, torch
from timegan.nn.kernels import malloc
ctypes.CDLL(None).mallopt(malloc.MMAP_THRESHOLD, 1 << 17)  # every array is mapped by itself
{keep}
def work():
    parts = [torch.ones(3 << 17) for _ in range(8)]  # 1.5 MB each
for _ in range(5):
    work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: str) -> int:
    """Count the page faults of 20 rounds of 12 MB each, in a process of their own."""
    command = [sys.executable, "-c", FAULTS.format(keep=keep)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_what_was_freed_is_not_mapped_anew() -> None:
    if not malloc.disable_heap_trimming():
        pytest.skip("the C library is not glibc")
    assert faults("") > 10_000
    assert faults("malloc.disable_heap_trimming()") < 200
