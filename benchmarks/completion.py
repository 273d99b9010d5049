"""Forecasts and filled gaps of a model, beside what a user would take otherwise.

    python -m benchmarks.completion /data/ETTh1.csv --windows 80
    python -m benchmarks.completion patients --key patient --period 0 --history 0

`patients` is a panel that the benchmark makes: 300 patients in two arms with 36 visits each.
A model learns the training blocks of a table. Held-out windows are given in part. Scores are means
over windows, in deviations of each column; coverage is that of 50 and 90 % intervals, and spread
that of draws beside the error of their mean.

Forecasts: the last value with changes of the training rows, the values a period ago with their
errors in the training rows (`--period 0`: none), a linear regression with its residuals,
gradient-boosted quantile regression, and with the package ``statsforecast`` AutoARIMA and AutoETS,
fitted to many rows before each window (`--history 0`: to the given steps alone;
``uv run --with statsforecast python -m ...``).
Gaps: linear interpolation, and the nearest training windows.
"""

import argparse
import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from timegan import Synthesizer
from timegan.data import WindowDataModule
from timegan.metrics.completions import Draws, interpolated, known_steps, last_value, unknown_steps
from timegan.metrics.forecasts import (
    coverage,
    crps,
    energy_scores,
    spread_ratio,
    variogram_scores,
)
from timegan.seeds import rng

QUANTILES = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def patients() -> pd.DataFrame:
    """Return 300 patients with 36 weekly visits: falling pulse, and a pressure that follows it."""
    random, parts = rng(0, "patients"), []
    for number in range(300):
        arm = random.choice(["placebo", "treated"])
        shocks = random.normal(0, 1.2, size=36).cumsum() * 0.7
        slope = -0.5 if arm == "treated" else -0.05
        pulse = random.normal(80, 6) + slope * np.arange(36) + shocks
        pressure = random.normal(125, 8) + 0.6 * (pulse - 80) + random.normal(0, 3, size=36)
        weight = random.normal(75, 9) + random.normal(0, 0.3, size=36).cumsum()
        columns = {"pulse": pulse.round(), "pressure": pressure.round(), "weight": weight.round(1)}
        keys = {"patient": f"p{number:03d}", "arm": arm}
        parts.append(pd.DataFrame(keys | columns, index=range(36)))
    return pd.concat(parts, ignore_index=True)


def seasonal(before: np.ndarray, errors: np.ndarray, count: int) -> Draws:
    """Return the values a period ago (N, T, C), with errors (E, T, C) that these have elsewhere."""

    def draw(given: np.ndarray) -> np.ndarray:
        some = rng(0, "seasonal").integers(len(errors), size=(count, len(given)))
        return np.where(np.isnan(given), before + errors[some], given)

    return draw


def linear(train: np.ndarray, count: int) -> Draws:
    """Return a ridge regression on the past of the same column, with residuals of training."""

    def draw(given: np.ndarray) -> np.ndarray:
        past = known_steps(given)
        made = np.repeat(given[None], count, axis=0)
        some = rng(0, "linear").integers(len(train), size=(count, len(given)))
        for c in range(given.shape[2]):
            x, y = features(train[..., c], past), train[:, past:, c] - train[:, [past - 1], c]
            scale = np.maximum(x.std(axis=0), 1e-9)
            left = (x / scale).T @ (x / scale) + 1e-3 * len(x) * np.eye(x.shape[1])
            beta = np.linalg.solve(left, (x / scale).T @ y) / scale[:, None]
            mean = features(given[..., c], past) @ beta + given[:, [past - 1], c]
            made[:, :, past:, c] = mean + (y - x @ beta)[some]
        return made

    return draw


def boosted(train: np.ndarray, count: int) -> Draws:
    """Return quantiles by gradient boosting, joined by the ranks of training changes."""

    def draw(given: np.ndarray) -> np.ndarray:
        past = known_steps(given)
        made = np.repeat(given[None], count, axis=0)
        levels = rng(0, "boosted").random((count, len(given)))
        for c in range(given.shape[2]):
            x, asked = features(train[..., c], past), features(given[..., c], past)
            for step in range(past, given.shape[1]):
                y = train[:, step, c] - train[:, past - 1, c]
                quantiles = [
                    HistGradientBoostingRegressor(loss="quantile", quantile=q, max_iter=60)
                    .fit(x, y)
                    .predict(asked)
                    for q in QUANTILES
                ]
                ordered = np.sort(quantiles, axis=0)
                for i in range(len(given)):
                    change = np.interp(levels[:, i], QUANTILES, ordered[:, i])
                    made[:, i, step, c] = given[i, past - 1, c] + change
        return made

    return draw


def statistical(name: str, history: np.ndarray, period: int, count: int) -> Draws:
    """Return AutoARIMA or AutoETS of statsforecast, fitted to a history (N, H, C) and the past."""
    from statsforecast import models  # type: ignore[import-not-found]

    def draw(given: np.ndarray) -> np.ndarray:
        past = known_steps(given)
        made, random = np.repeat(given[None], count, axis=0), rng(0, name)
        for i in range(len(given)):
            for c in range(given.shape[2]):
                season = max(1, period) if name == "AutoETS" else 1
                model = getattr(models, name)(season_length=season)
                known = np.concatenate([history[i, :, c], given[i, :past, c]])
                found = model.forecast(known, given.shape[1] - past, level=[68.27])
                low, mean, high = (np.asarray(found[k]) for k in ("lo-68.27", "mean", "hi-68.27"))
                noise = random.normal(size=(count, 1))  # one level of all steps
                made[:, i, past:, c] = mean + (high - low) / 2 * noise
        return made

    return draw


def nearest(train: np.ndarray, count: int) -> Draws:
    """Return the training windows that are nearest in the given cells."""

    def draw(given: np.ndarray) -> np.ndarray:
        made, scale = np.repeat(given[None], count, axis=0), train.std(axis=(0, 1))
        for i, window in enumerate(given):
            away = np.nan_to_num((train - window) / scale)
            found = train[np.square(away).sum(axis=(1, 2)).argsort()[:count]]
            made[:, i] = np.where(np.isnan(window), found, window)
        return made

    return draw


def features(windows: np.ndarray, past: int) -> np.ndarray:
    """Return the past of windows (N, T): changes from the last value, this value, and 1."""
    last = windows[:, [past - 1]]
    return np.hstack([windows[:, : past - 1] - last, last, np.ones_like(last)])


def completed(
    model: Synthesizer, frames: list[pd.DataFrame], names: list[str], count: int
) -> Draws:
    """Return the draws of a model for the same windows as tables."""

    def draw(given: np.ndarray) -> np.ndarray:
        made = []
        for window, frame in zip(given, frames, strict=True):
            asked = frame.assign(**dict(zip(names, window.T, strict=True)))
            drawn = model.complete(asked, count=count)[names].to_numpy(dtype=float)
            made.append(drawn.reshape(count, *window.shape))
        return np.stack(made, axis=1)

    return draw


def scores(
    draws: np.ndarray, truth: np.ndarray, unknown: np.ndarray, scale: np.ndarray
) -> dict[str, object]:
    """Return the scores of draws at the steps (T,) that were not given."""
    made, true = draws[:, :, unknown] / scale, truth[:, unknown] / scale
    by_step = crps(made, true).mean(axis=(0, 2))
    return {
        "crps": float(by_step.mean()),
        "crps_by_step": by_step.round(4).tolist(),
        "energy": float(energy_scores(made, true).mean()),
        "variogram": float(variogram_scores(made, true).mean()),
        "spread": float(spread_ratio(made, true).mean()),
        "coverage": {share: float(coverage(made, true, share).mean()) for share in (0.5, 0.9)},
    }


def horizons(
    model: Synthesizer, table: pd.DataFrame, names: list[str], time: str, steps: int, count: int
) -> dict[str, dict[str, float]]:
    """Return figures of long series: real, of joined windows, and completed window after window.

    ``hour`` is the share of the variance that the hour explains, and ``days_7`` the autocorrelation
    after 7 days. ``changes`` is the deviation of changes over that of real ones: everywhere, and at
    the first step that another window makes.

    Args:
        model: with completion.
        table: with a row an hour.
        names: columns of numbers.
        time: the column with the time.
        steps: rows of each series.
        count: series.
    """
    first = np.linspace(0, len(table) - steps, count).astype(int)
    window, half = model.model.net.window, model.model.net.window // 2
    begun = model.sample(count, steps=window)
    ends = [begun.iloc[i * window : (i + 1) * window][[time, *names]] for i in range(count)]
    sides = {
        "real": ([table.iloc[i : i + steps] for i in first], steps),
        "joined windows": (_parts(model.sample(count, steps=steps), steps), half),
        "window after window": (
            [model.complete(end.reset_index(drop=True), steps=steps - window) for end in ends],
            half,
        ),
    }
    scale = np.stack([part[names].diff().to_numpy()[1:] for part in sides["real"][0]]).std((0, 1))
    return {side: _horizon(parts, names, time, scale, at) for side, (parts, at) in sides.items()}


def _parts(frame: pd.DataFrame, steps: int) -> list[pd.DataFrame]:
    return [frame.iloc[i : i + steps] for i in range(0, len(frame), steps)]


def _horizon(
    parts: list[pd.DataFrame], names: list[str], time: str, scale: np.ndarray, every: int
) -> dict[str, float]:
    values = np.stack([part[names].to_numpy(dtype=float) for part in parts])
    hours = np.stack([pd.to_datetime(part[time]).dt.hour.to_numpy() for part in parts]).ravel()
    flat = values.reshape(-1, len(names))
    mean = pd.DataFrame(flat).groupby(hours).transform("mean").to_numpy()
    changes = np.diff(values, axis=1)
    seams = changes[:, every - 1 :: every]
    away = flat.reshape(values.shape) - flat.mean(axis=0)
    days = {
        f"days_{day}": float(
            ((away[:, : -24 * day] * away[:, 24 * day :]).mean((0, 1)) / flat.var(0)).mean()
        )
        for day in (1, 2, 3, 7)
    }
    return {
        "hour": float((mean.var(axis=0) / flat.var(axis=0)).mean()),
        **days,
        "changes": float((changes.std((0, 1)) / scale).mean()),
        "changes_at_seams": float((seams.std((0, 1)) / scale).mean()),
    }


def main() -> None:
    """Train, complete held-out windows, and print a line of JSON for each method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="of a table, or `patients`")
    parser.add_argument("--key", help="column that names the sequences")
    parser.add_argument("--columns", nargs="+", help="of the table; by default all")
    parser.add_argument("--rows", type=int, default=12_000, help="of the table")
    parser.add_argument("--windows", type=int, default=60, help="held-out windows")
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--joint", type=int, default=None, help="epochs of the joint phase")
    parser.add_argument("--model", type=Path, help="folder to load, or to save to if it is new")
    parser.add_argument("--period", type=int, default=24, help="rows of a season; 0: none")
    parser.add_argument("--history", type=int, default=240, help="rows for statistical models")
    parser.add_argument("--horizon", type=int, help="steps of long series, a row an hour")
    parser.add_argument("--boosting", action="store_true", help="minutes for each column")
    arguments = parser.parse_args()
    read = patients() if arguments.path == "patients" else pd.read_csv(arguments.path)
    table = (read[arguments.columns] if arguments.columns else read).head(arguments.rows)
    # One half of the held-out rows calibrates draws, and the other half tests them.
    data = WindowDataModule.from_frame(table, sequence_key=arguments.key, select_on_holdout=True)
    data.setup()
    assert data.split.holdout is not None
    fields = data.transform.schema.of("feature")
    names = [field.label for field in fields if field.type == "number"]
    values = table[names].to_numpy(dtype=float)
    kept = [field.label in names for field in data.transform.schema.value_fields]
    assert np.array_equal(values, data.table.values[:, kept]), "sort rows by key and time"
    steps = np.arange(data.window)
    starts = data.split.train.starts
    train = values[starts[np.linspace(0, len(starts) - 1, 3_000).astype(int), None] + steps]
    held = data.split.holdout.starts
    held = held[held >= max(arguments.period, arguments.history)]
    count = min(len(held), arguments.windows)
    held = held[np.linspace(0, len(held) - 1, count).astype(int)]
    truth = values[held[:, None] + steps]
    if arguments.model and arguments.model.exists():
        model = Synthesizer.load(arguments.model)
    else:
        model = Synthesizer(completion=True, schedule={"joint": arguments.joint})
        model.fit(table, sequence_key=arguments.key)
        if arguments.model:
            model.save(arguments.model)
    if arguments.horizon:
        (time,) = (field.label for field in data.transform.schema.of("time"))
        rows = horizons(model, table, names, time, arguments.horizon, 40)
        for side, row in rows.items():
            print(json.dumps({"task": "horizon", "method": side} | row), flush=True)
    frames = [table.iloc[start : start + data.window].reset_index(drop=True) for start in held]
    tasks, count = unknown_steps(data.window), arguments.draws
    methods: dict[str, dict[str, Draws]] = {
        "forecast": {"last value": last_value(train, count), "linear": linear(train, count)},
        "gap": {"interpolation": interpolated(train, count), "nearest": nearest(train, count)},
    }
    if arguments.period:
        earlier = starts[starts >= arguments.period, None] + steps
        errors = values[earlier] - values[earlier - arguments.period]
        before = values[held[:, None] + steps - arguments.period]
        methods["forecast"]["seasonal naive"] = seasonal(before, errors, count)
    if arguments.boosting:
        methods["forecast"]["boosting"] = boosted(train, count)
    if find_spec("statsforecast"):
        for name in ("AutoARIMA", "AutoETS"):
            history = values[held[:, None] + np.arange(-arguments.history, 0)]
            methods["forecast"][name] = statistical(name, history, arguments.period, count)
    for task, unknown in tasks.items():
        given = np.where(unknown[:, None], np.nan, truth)
        methods[task] = {"timegan": completed(model, frames, names, count)} | methods[task]
        for name, draw in methods[task].items():
            found = scores(draw(given), truth, unknown, train.std(axis=(0, 1)))
            print(json.dumps({"task": task, "method": name} | found), flush=True)


if __name__ == "__main__":
    main()
