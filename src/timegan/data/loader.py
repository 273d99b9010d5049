"""Random batches of windows as a pure function of (seed, epoch, batch, draw)."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from timegan.data.windows import Windows
from timegan.errors import InputError
from timegan.nn.batch import Batch
from timegan.seeds import rng


class RandomWindows:
    """An epoch of batches, each of several draws of windows.

    A batch depends on the seed and its number only, so that an interrupted run resumes exactly.
    Lightning stores `state_dict` in its checkpoints, and passes the epoch to `set_epoch`. All
    processes draw the same global batch, and each takes its shard.

    Args:
        windows: scaled windows (N, T, C).
        batch_size: windows in a draw over all processes.
        steps_per_epoch: batches in an epoch, whatever the number of windows.
        batches_per_step: independent draws in a batch.
        seed: of the run.
        rank: number of this process.
        world_size: number of processes.
        weights: (N,) relative frequency of each window; None: all are equally frequent.

    Raises:
        InputError: the batch cannot be divided evenly among the processes.

    Yields:
        Batches whose windows are (batches_per_step, batch_size / world_size, T, C), float32. A draw
        holds no window twice unless there are fewer windows than ``batch_size``, or weights.
    """

    def __init__(
        self,
        windows: Windows,
        *,
        batch_size: int,
        steps_per_epoch: int,
        batches_per_step: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        weights: np.ndarray | None = None,
    ) -> None:
        if batch_size % world_size:
            raise InputError(
                f"dataset.batch_size={batch_size} is the batch of all {world_size} processes "
                f"together and must be a multiple of {world_size}. "
                f"Set dataset.batch_size={batch_size + world_size - batch_size % world_size}."
            )
        self.windows = windows
        self.batch_size = batch_size
        self.steps_per_epoch = steps_per_epoch
        self.batches_per_step = batches_per_step
        self.seed = seed
        self._cumulative = None if weights is None else np.cumsum(weights) / np.sum(weights)
        share = batch_size // world_size
        self._share = slice(rank * share, (rank + 1) * share)
        self._epoch = 0
        self._position = 0
        self._resumed = False

    def __len__(self) -> int:
        return self.steps_per_epoch

    def __iter__(self) -> Iterator[Batch]:
        if not self._resumed:
            self._position = 0
        self._resumed = False
        return self._batches()

    def indices(self, epoch: int, batch: int, draw: int) -> np.ndarray:
        """Return the windows of one draw of the global batch."""
        stream = rng(self.seed, "batch", epoch, batch, draw)
        if self._cumulative is not None:
            return np.searchsorted(self._cumulative, stream.random(self.batch_size), side="right")
        scarce = len(self.windows) < self.batch_size
        return stream.choice(len(self.windows), size=self.batch_size, replace=scarce)

    def batch(self, epoch: int, batch: int) -> Batch:
        """Return this process's shard of one batch, (batches_per_step, B, T, C)."""
        picks = [
            self.indices(epoch, batch, draw)[self._share] for draw in range(self.batches_per_step)
        ]
        return self.windows.batch(np.stack(picks))

    @property
    def sampler(self) -> "RandomWindows":
        """The loader itself: Lightning looks here for `set_epoch`."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Go to the start of ``epoch``; stay at the current batch where it is the current epoch."""
        if epoch != self._epoch:
            self._epoch, self._position = epoch, 0

    def state_dict(self) -> dict[str, Any]:
        """Return the epoch, and how many of its batches have been yielded."""
        return {"epoch": self._epoch, "position": self._position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from a state at the next ``iter``."""
        self._epoch, self._position = int(state["epoch"]), int(state["position"])
        self._resumed = True

    def _batches(self) -> Iterator[Batch]:
        # The position is read late, because Lightning sets the epoch after `iter`.
        while self._position < self.steps_per_epoch:
            batch = self.batch(self._epoch, self._position)
            self._position += 1
            yield batch
        self._epoch, self._position = self._epoch + 1, 0
