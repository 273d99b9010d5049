"""Batches that are spread over processes.

A loss that is not a mean over windows (a root, a deviation, a distance between samples) is not the
mean of its values on each process. It is computed on the gathered batch instead, so that the
number of processes does not change what is learned.
"""

from typing import overload

import torch
from torch import Tensor, distributed
from torch.distributed.nn.functional import all_gather


def world() -> tuple[int, int]:
    """(rank, number of processes)."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


@overload
def gather(local: Tensor) -> Tensor: ...
@overload
def gather(local: None) -> None: ...
@overload
def gather(local: Tensor | None) -> Tensor | None: ...
def gather(local: Tensor | None) -> Tensor | None:
    """The global batch (W B, ...) from every process's (B, ...), with gradients; None from None."""
    if local is None or world()[1] == 1:
        return local
    return torch.cat(all_gather(local.contiguous()), dim=0)  # type: ignore[no-untyped-call]


def share(whole: Tensor) -> Tensor:
    """This process's part (B, ...) of a global batch (W B, ...)."""
    rank, size = world()
    return whole.chunk(size)[rank] if size > 1 else whole
