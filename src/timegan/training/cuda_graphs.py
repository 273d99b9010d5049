"""Training steps as CUDA graphs: recorded once, then replayed with other numbers.

The networks are so small that a GPU waits for the host to launch one kernel after another, some
thousands a step; a graph launches all of them at once. A step can be recorded if its shapes stay
the same, if nothing in it waits for the device, and if all that the host makes anew for every step
(noise, directions, decays, learning rates) comes through a :class:`Feed`.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from timegan.errors import tell
from timegan.nn.batch import Batch

WARM = 3
"""Steps of a kind that are taken as they are before it is recorded: libraries find their ways and
take their memory, optimisers make their states."""

Notes = list[tuple[str, Tensor]]
"""Names of losses, and their values."""
Work = Callable[[], None]
Place = tuple[Callable[[], Sequence[Any]], Sequence[Tensor]]
"""How the host makes some tensors or numbers, and where these lie on the device."""


class Feed:
    """What a step takes from the host: made where it is asked for, or read from places that stay.

    While a step is recorded it reads, in the order in which it asked when it was last taken.
    """

    def __init__(self) -> None:
        self.noted: list[Place] | None = None
        self.places: Iterator[Place] | None = None

    @property
    def reads(self) -> bool:
        """Whether what is asked for lies in its place."""
        return self.places is not None

    def tensors(self, make: Callable[[], Sequence[Tensor]], like: Tensor) -> Sequence[Tensor]:
        """What ``make`` returns, on the device and in the precision of ``like``."""
        if self.places is not None:
            return next(self.places)[1]
        made = [ready(value, like).to(like, non_blocking=True) for value in make()]
        if self.noted is not None:
            self.noted.append((make, made))
        return made

    def number(self, make: Callable[[], float], like: Tensor) -> float | Tensor:
        """What ``make`` returns; while a step is recorded, as a tensor () like ``like``."""
        if self.places is not None:
            return next(self.places)[1][0]
        if self.noted is not None:
            self.noted.append((lambda: [make()], [like.new_zeros(())]))
        return make()

    @contextmanager
    def notes(self) -> Iterator[list[Place]]:
        """Note what is asked for within."""
        noted: list[Place] = []
        self.noted = noted
        try:
            yield noted
        finally:
            self.noted = None

    @contextmanager
    def reading(self, places: Sequence[Place]) -> Iterator[None]:
        """Have what is asked for within read from there."""
        self.places = iter(places)
        try:
            yield
        finally:
            self.places = None


class Recording:
    """A step that can be taken again.

    Args:
        graphs: how the step is taken and recorded.
        batch: of the shape that all batches will have.
        places: what the step asks for.
    """

    def __init__(self, graphs: "Graphs", batch: Batch, places: Sequence[Place]) -> None:
        self.step, self.feed = graphs.step, graphs.feed
        self.groups = [optimizer.param_groups[0] for optimizer in graphs.optimizers]
        self.rates = [torch.zeros((), device=batch.x.device) for _ in self.groups]
        x, *others = (None if part is None else part.clone() for part in batch)
        assert x is not None
        self.batch = Batch(x, *others)
        self.places = [*places, (lambda: [group["lr"] for group in self.groups], self.rates)]
        self.names: tuple[str, ...] = ()
        self.values = torch.empty(0)
        self.replay = graphs.record(self.work)

    def work(self) -> None:
        """The step, with everything in its place."""
        with self.feed.reading(self.places), self.rates_on_device():
            notes = self.step(self.batch)
        self.names = tuple(name for name, _ in notes)
        self.values = torch.stack([value for _, value in notes])

    @contextmanager
    def rates_on_device(self) -> Iterator[None]:
        """Let optimisers read their rates from the device; what is saved of them are numbers."""
        numbers = [group["lr"] for group in self.groups]
        for group, rate in zip(self.groups, self.rates, strict=True):
            group.update(lr=rate, capturable=True)
        try:
            yield
        finally:
            for group, number in zip(self.groups, numbers, strict=True):
                group.update(lr=number, capturable=False)

    def take(self, batch: Batch) -> Notes:
        """The step on another batch."""
        for place, part in zip(self.batch, batch, strict=True):
            if place is not None:
                fill(place, part)
        for make, places in self.places:
            for place, made in zip(places, make(), strict=True):
                fill(place, made)
        self.replay()
        return list(zip(self.names, self.values.clone().unbind(), strict=True))


class Graphs:
    """Takes steps: the first few of a kind as they are, all further ones by what was recorded.

    Args:
        step: takes a step on a batch, and returns what it notes.
        feed: what the step asks for all that the host makes.
        optimizers: what it steps with: Adams that are fused, each with one group of parameters.
        record: makes of work a function that does the same once more, and does nothing yet itself.
    """

    def __init__(
        self,
        step: Callable[[Batch], Notes],
        feed: Feed,
        optimizers: Sequence[Optimizer],
        record: Callable[[Work], Work],
    ) -> None:
        self.step, self.feed, self.optimizers, self.record = step, feed, optimizers, record
        self.recordings: dict[Hashable, Recording] = {}
        self.taken: Counter[Hashable] = Counter()

    def take(self, kind: Hashable, batch: Batch) -> Notes:
        """A step of a kind: those of one kind do the same to batches of one shape."""
        if kind in self.recordings:
            return self.recordings[kind].take(batch)
        self.taken[kind] += 1
        with self.feed.notes() as places:
            notes = self.step(batch)
        if self.taken[kind] == WARM:
            try:
                self.recordings[kind] = Recording(self, batch, places)
            except RuntimeError as error:
                reason = str(error).partition("\n")[0]
                tell(f"model.cuda_graphs: steps are taken one by one, as recording fails: {reason}")
        return notes

    def forget(self) -> None:
        """Begin anew: what the steps look at lies elsewhere now."""
        self.recordings.clear()
        self.taken.clear()


def cuda_graph(work: Work) -> Work:
    """Record work as a CUDA graph."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


def fill(place: Tensor, value: Any) -> None:
    """Put a tensor or a number into its place, without waiting for the device."""
    if isinstance(value, Tensor):
        place.copy_(ready(value, place), non_blocking=True)
    else:
        place.fill_(value)


def ready(value: Tensor, like: Tensor) -> Tensor:
    """The same in memory from which a GPU fetches it by itself, if ``like`` is on one."""
    return value.pin_memory() if like.is_cuda and not value.is_cuda else value
