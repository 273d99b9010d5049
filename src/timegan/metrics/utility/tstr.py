"""Train on synthetic, test on real: the loss of forecasters that learned from synthetic windows.

Esteban, Hyland, Rätsch (2017). All features are forecast from the past of all of them, one and
several steps ahead, by a linear and by a small neural forecaster. Both are tested on unseen real
windows. The score is a ratio of mean absolute errors: 1.1 means that learning from synthetic
windows costs 10 %.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from timegan.metrics.comparison import BlockComparison, Candidate
from timegan.metrics.metric import Metric, Needs, register
from timegan.metrics.parallel import track
from timegan.metrics.score import Score
from timegan.metrics.windows import Array, MinMax
from timegan.seeds import derive
from timegan.variation import deviation, divisor, negligible

UNITS = 64
BATCH = 128
PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


def horizons(steps: int) -> list[int]:
    """Return the horizons in windows of so many steps: one step, and a quarter of the window.

    >>> horizons(24), horizons(4), horizons(1)
    ([1, 6], [1], [])
    """
    return sorted({ahead for ahead in (1, steps // 4) if 1 <= ahead < steps})


def errors(
    sets: Sequence[Array], test: Array, ahead: int, *, seed: int, iterations: int = 600
) -> dict[str, list[float]]:
    """Return mean absolute errors on ``test`` of forecasters that learned from each of ``sets``.

    Args:
        sets: windows (N, T, C) in a common unit, one forecaster of each kind for each set.
        test: real windows that none of them has seen.
        ahead: steps from the last known value to the one that is forecast, the last of a window.
        seed: of the neural forecasters.
        iterations: of their training.

    Returns:
        ``linear`` and ``neural``: an error a set, the mean over features of that in units of the
        test windows' deviation; ``last_value``: that of who says that nothing will change.
    """
    scale = divisor(deviation(test, (0, 1)))
    data = [_examples(s / scale, ahead) for s in sets]
    past, change = _examples(test / scale, ahead)
    said = {
        "linear": [_linear(x, y)(past) for x, y in data],
        "neural": _neural(data, past, seed, iterations),
        "last_value": [np.zeros_like(change)],
    }
    return {
        name: [float(np.abs(guess - change).mean()) for guess in guesses]
        for name, guesses in said.items()
    }


def ratio(found: dict[str, list[float]], place: int, real: int) -> float | None:
    """Return the error of the set at ``place`` over that of the real one at ``real``.

    Of the forecaster that does better when it learns from real windows. ``None`` where that makes
    no error.
    """
    best = min(("linear", "neural"), key=lambda kind: found[kind][real])
    error = found[best][real]
    # Errors are in units of the test windows' deviation, of forecasts in single precision.
    return None if negligible(error, 1.0, np.float32) else found[best][place] / error


def _examples(windows: Array, ahead: int) -> tuple[Array, Array]:
    """Return the known past (N, L, C) of windows, and the change from it to the last row."""
    past = windows[:, :-ahead]
    return past, windows[:, -1] - past[:, -1]


def _at_ends(windows: Array, here: Array, present: int, ahead: int) -> Array:
    """Return windows that end with the last step of their sequence, shorter ones left out.

    What lies before the first step repeats it.

    Args:
        windows: (N, T, C).
        here: (N, T) 1 at the steps of a sequence.
        present: the feature of these marks, which is left out.
        ahead: steps of a forecast; a sequence has to be longer.
    """
    steps = windows.shape[1]
    length = np.where(here > 0.5, np.arange(1, steps + 1), 0).max(axis=1)
    source = np.maximum(np.arange(steps) - (steps - length)[:, None], 0)
    ended = np.take_along_axis(windows, source[..., None], axis=1)[length > ahead]
    found: Array = np.delete(ended, present, axis=2)
    return found


class _Units:
    """The units of a set's inputs and targets: past values are distances from the last one."""

    def __init__(self, past: Array, change: Array) -> None:
        x = self._raw(past)
        largest = max(float(np.abs(past).max()), float(np.abs(change).max()))
        self.centre, self.scale = x.mean(axis=0), divisor(deviation(x, 0, largest))
        self.middle, self.size = change.mean(axis=0), divisor(deviation(change, 0, largest))

    @staticmethod
    def _raw(past: Array) -> Array:
        moves = past[:, :-1] - past[:, -1:]
        return np.concatenate((moves.reshape(len(past), -1), past[:, -1]), axis=1)

    def inputs(self, past: Array) -> Array:
        # Held-out series may leave the range that was learned: beyond it nothing is known.
        found: Array = np.clip((self._raw(past) - self.centre) / self.scale, -6, 6)
        return found

    def targets(self, change: Array) -> Array:
        found: Array = (change - self.middle) / self.size
        return found

    def back(self, said: Array) -> Array:
        found: Array = said * self.size + self.middle
        return found


def _linear(past: Array, change: Array) -> Any:
    """Fit a ridge regression, with the penalty of the lowest absolute error on the last fifth.

    `sklearn.linear_model.RidgeCV` chooses by squared errors of single rows, which overlap in time.
    """
    units = _Units(past, change)
    x, y = units.inputs(past), units.targets(change)
    kept = max(len(x) - len(x) // 5, 1)
    values, vectors = np.linalg.eigh(x[:kept].T @ x[:kept])
    projected = vectors.T @ (x[:kept].T @ y[:kept])

    def loss(penalty: float) -> float:
        weights = vectors @ (projected / (np.maximum(values, 0) + penalty * kept)[:, None])
        return float(np.abs(x[kept:] @ weights - y[kept:]).mean()) if kept < len(x) else 0.0

    penalty = min(PENALTIES, key=loss) * len(x)
    weights = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
    return lambda test: units.back(units.inputs(test) @ weights)


def _neural(
    data: Sequence[tuple[Array, Array]], test: Array, seed: int, iterations: int
) -> list[Array]:
    """Train networks of one hidden layer for absolute errors, those of all sets as one."""
    units = [_Units(*pair) for pair in data]
    inputs = [_tensor(u.inputs(past)) for u, (past, _) in zip(units, data, strict=True)]
    targets = [_tensor(u.targets(change)) for u, (_, change) in zip(units, data, strict=True)]
    draws = [torch.Generator().manual_seed(derive(seed, "forecast", "batches")) for _ in data]
    start = torch.Generator().manual_seed(derive(seed, "forecast", "weights"))
    width, outputs = inputs[0].shape[1], targets[0].shape[1]
    # The same initial values for every set: what differs is what they learn from.
    weights = [
        torch.randn(width, UNITS, generator=start) / width**0.5,
        torch.zeros(1, UNITS),
        torch.randn(UNITS, outputs, generator=start) * 0.1 / UNITS**0.5,
        torch.zeros(1, outputs),
    ]
    parts = [w.repeat(len(data), 1, 1).requires_grad_() for w in weights]
    optimizer = torch.optim.Adam(parts, lr=2e-3, fused=True)

    def forecast(x: Tensor) -> Tensor:
        hidden = torch.nn.functional.gelu(torch.baddbmm(parts[1], x, parts[0]))
        return torch.baddbmm(parts[3], hidden, parts[2])

    for step in track(range(iterations), f"{len(data)} forecasters", iterations):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1 - step / iterations)
        chosen = [
            torch.randint(len(x), (BATCH,), generator=draw)
            for x, draw in zip(inputs, draws, strict=True)
        ]
        x = torch.stack([x[c] for x, c in zip(inputs, chosen, strict=True)])
        y = torch.stack([y[c] for y, c in zip(targets, chosen, strict=True)])
        loss = (forecast(x) - y).abs().mean(dim=(1, 2)).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        said = forecast(torch.stack([_tensor(u.inputs(test)) for u in units])).numpy()
    return [u.back(s) for u, s in zip(units, said, strict=True)]


def _tensor(values: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


def _measure(
    place: int, comparison: BlockComparison, candidates: Mapping[str, Candidate]
) -> dict[str, Score]:
    """Return the ratios of candidates at one horizon.

    Forecasters learn from each candidate, and from as many real windows.
    """
    split, steps = comparison.split, comparison.options.classifier_steps
    ahead = horizons(split.unseen.shape[1])[place]
    scale, marks = MinMax(split.learned), comparison.data.marks
    present = None if marks is None else marks.present

    def unit(windows: Array) -> Array:
        scaled = scale(windows)
        return (
            scaled if present is None else _at_ends(scaled, windows[..., present], present, ahead)
        )

    used = [candidate for name, candidate in candidates.items() if name != "held_out"]
    made = [unit(windows.values()) for candidate in used for _, windows in candidate.pairs]
    sets = [unit(split.learned), unit(split.known), *made]
    found = errors(
        sets, unit(split.unseen), ahead, seed=used[0].seed, iterations=max(steps // 3, 1)
    )
    ratios = {
        candidate.name: ratio(found, number, 1 if candidate.name == "real" else 0)
        for number, candidate in enumerate(used, 2)
    }
    return {name: Score.of([ratios.get(name)]) for name in candidates}


MEANING = (
    "Error of forecasters that learned from synthetic windows over that of others that learned "
    "from real ones, on unseen real windows, {}: 1 is no loss."
)

for _place, _name, _title, _when, _steps in (
    (0, "tstr", "TSTR, one step ahead", "one step ahead", 2),
    (1, "tstr_horizon", "TSTR, several steps ahead", "several steps ahead", 8),
):
    register(
        Metric(
            _name,
            title=_title,
            meaning=MEANING.format(_when),
            better="lower",
            formula=r"\overline{|\hat y_S - y|} \,/\, \overline{|\hat y_R - y|}",
            values="0 and more",
            source="Esteban, Hyland, Rätsch (2017)",
            cannot_see="Whatever forecasts do not need. Series that nobody can forecast score 1.",
            measure=partial(_measure, _place),
            design="blocks",
            perfect=1.0,
            needs=Needs(steps=_steps),
            order=100 + _place,
            uses_unseen=True,
            options=("classifier_steps",),
        )
    )
