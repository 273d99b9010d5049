"""Batches that are spread over processes.

A loss that is no mean over windows (a root, a standard deviation, a distance between samples) is
not the mean of its values on each process. It is computed on the global batch, so that the number
of processes does not change what is learned.
"""

from typing import overload

import torch
from torch import Tensor, distributed
from torch.distributed.nn.functional import all_gather as gather_with_gradients


def rank_and_world_size() -> tuple[int, int]:
    """Return the number of this process and the number of processes."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


@overload
def all_gather(local: Tensor) -> Tensor: ...
@overload
def all_gather(local: None) -> None: ...
@overload
def all_gather(local: Tensor | None) -> Tensor | None: ...
def all_gather(local: Tensor | None) -> Tensor | None:
    """Return the global batch (W B, ...) of all processes' (B, ...), with gradients."""
    if local is None or rank_and_world_size()[1] == 1:
        return local
    return torch.cat(gather_with_gradients(local.contiguous()), dim=0)  # type: ignore[no-untyped-call]


def local_shard(whole: Tensor) -> Tensor:
    """Return this process's share (B, ...) of a global batch (W B, ...)."""
    rank, size = rank_and_world_size()
    return whole.chunk(size)[rank] if size > 1 else whole


def global_shape(local: Tensor) -> tuple[int, ...]:
    """Return the shape of the global batch of which ``local`` is this process's share."""
    return (len(local) * rank_and_world_size()[1], *local.shape[1:])


def batch_indices(local: Tensor) -> Tensor:
    """Return the positions (B,) of this process's windows in the global batch."""
    return local_shard(torch.arange(global_shape(local)[0], device=local.device))
