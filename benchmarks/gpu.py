"""Time of a training iteration on a CUDA device."""

from collections.abc import Callable
from functools import partial

from benchmarks.baseline import BASELINES
from benchmarks.sizes import BACKENDS, FEATURES, model, take_turns
from benchmarks.training import Cell, by_baseline, by_lightning, iterations
from timegan.training.module import TimeGAN
from timegan.training.schedule import Phase

TRIAL_ITERATIONS = 20
"""Iterations of the run that sets the length of the measured ones."""


def variants(cell: Cell, phase: Phase, device: str) -> dict[str, Callable[[int], float]]:
    """Return functions that train a number of iterations and return milliseconds of one."""
    data, schedule = cell.data, cell.schedule(phase)
    baseline = BASELINES[cell.preset](FEATURES[cell.table], cell.window, hidden=cell.hidden)
    baseline, windows = baseline.to(device), cell.windows.to(device)

    def ours(accelerator: str) -> Callable[[int], float]:
        net = model(TimeGAN, cell.preset, data, schedule, hidden=cell.hidden, backend=BACKENDS[-1])
        return partial(by_lightning, net, data, accelerator=accelerator)

    return {
        "baseline": lambda count: by_baseline(baseline, windows, phase, count),
        "gpu": ours(device),
        "one core": ours("cpu"),
    }


def measure(
    cell: Cell, phase: Phase, rounds: int, budget: float, device: str = "cuda"
) -> dict[str, list[float]]:
    """Return milliseconds of an iteration of every variant; see `training.measure`."""
    ways = variants(cell, phase, device)
    counts = {name: iterations(way(TRIAL_ITERATIONS), budget) for name, way in ways.items()}
    return take_turns({name: partial(way, counts[name]) for name, way in ways.items()}, rounds)
