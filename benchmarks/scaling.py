"""Growth of a joint iteration with its sizes, compared with the growth of its arithmetic.

The limit is the growth of the multiplications in matrix products and convolutions. torch counts
them in one iteration, forward and backward.
"""

from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any, NamedTuple

from torch.utils.flop_counter import FlopCounterMode

from benchmarks.sizes import PRESETS, model, table, take_turns
from benchmarks.training import MIN_ITERATIONS, Bare, by_lightning, iterations
from timegan.data import WindowDataModule
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

JOINT = Schedule(0, 0, 1)


class Sizes(NamedTuple):
    """Steps of a window, windows of a batch, hidden units, columns of the table."""

    window: int = 64
    batch: int = 64
    hidden: int = 64
    columns: int = 6


GROWN = {
    "64": Sizes(),
    **{f"steps {n}": Sizes(window=n) for n in (24, 128, 256, 512)},
    **{f"batch {n}": Sizes(batch=n) for n in (16, 128, 256)},
    **{f"hidden {n}": Sizes(hidden=n) for n in (24, 128)},
    **{f"columns {n}": Sizes(columns=n) for n in (1, 28, 100, 300)},
}


def measure(backend: str, rounds: int, budget: float) -> Iterator[dict[str, Any]]:
    """Yield for each preset the time at sizes of 64, at others, the growth and the limit."""
    for name in PRESETS:
        works, operations = {}, {}
        for grown, sizes in GROWN.items():
            data = table(name, sizes.columns, sizes.window)
            data.batch_size = sizes.batch
            operations[grown] = multiplications(name, data, sizes.hidden)
            net = model(TimeGAN, name, data, JOINT, hidden=sizes.hidden, backend=backend)
            count = iterations(by_lightning(net, data, MIN_ITERATIONS), budget)
            works[grown] = partial(by_lightning, net, data, count)
        found = take_turns(works, rounds)
        base = median(found["64"])
        yield {
            "preset": name,
            "backend": backend,
            "unit": "ms",
            "median": {grown: median(times) for grown, times in found.items()},
            "growth": {grown: median(times) / base for grown, times in found.items()},
            "limit": {grown: count / operations["64"] for grown, count in operations.items()},
            "rounds": found,
        }


def multiplications(name: str, data: WindowDataModule, hidden: int) -> int:
    """Count the multiplications between two gradient penalties, by torch's own layers."""
    net = model(Bare, name, data, JOINT, hidden=hidden, backend="torch")
    data.steps_per_epoch = net.hparams["penalty_interval"]
    net.begin(data.steps_per_epoch)
    counter = FlopCounterMode(display=False)
    counter.mod_tracker = Untracked()  # type: ignore[assignment]
    with counter:
        net.iterate(enumerate(data.train_dataloader()))
    return int(counter.get_total_flops())


class Untracked:
    """A module tracker that does nothing: torch's own fails in a double backward pass."""

    parents = ("Global",)

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...
