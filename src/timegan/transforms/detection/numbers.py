"""The kind of one column, looked at by itself."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from timegan.errors import InputError
from timegan.tables.value_grid import ValueGrid
from timegan.transforms.base import Info, observed
from timegan.transforms.detection.repeats import HOLDS, repeats
from timegan.transforms.piecewise_linear import LEAST, MOST, find_period
from timegan.variation import centred, deviation, divisor

CATEGORIES = 100  # most that a column may have
ZEROS = 0.05  # share of exact zeros from which a column is zero-inflated
BOUND = 0.01  # share of the rows at the smallest or largest value that makes a bound
ALONE = 3.0  # times as many rows as any other value has: it stands out
HEAVY = 1.0  # excess kurtosis
POINTS = 1_000  # values of a grid from which a column counts as continuous


@dataclass(frozen=True)
class Verdict:
    """A kind, the reason in words, and what its fit needs to know."""

    name: str
    reason: str
    params: dict[str, Any] = field(default_factory=dict)


def recognise(
    there: np.ndarray,
    part: np.ndarray,
    breaks: np.ndarray,
    clocks: np.ndarray,
    info: Info,
    wanted: str | None = None,
    *,
    knowledge: bool = True,
) -> Verdict:
    """The kind of a column that is neither constant nor a copy nor noise.

    Args:
        there: all training values, without holes.
        part: contiguous training rows, NaN where there is a hole.
        breaks: rows of the part that do not follow upon the one before.
        clocks: (2, R) number of each of its rows in the table, and in its sequence.
        info: of the column.
        wanted: kind that the user asked for and that can be.
        knowledge: False makes numbers continuous.
    """
    kind = wanted or {"number": None, "category": "categorical"}.get(info.values, info.values)
    if kind in ("categorical", "boolean"):
        count = int(np.unique(there).size)
        check_categories(info, max(count, info.categories if info.values == "category" else 0))
        return Verdict(kind, "true or false" if kind == "boolean" else f"{count} categories")
    if kind is None and not knowledge:
        return Verdict("continuous", "a number", {"steps": False, "jitter": 0.0})
    if kind in (None, "piecewise_linear"):
        period = find_period(part, breaks, clocks)
        if period is not None:
            return _ramp(*period)
        if kind == "piecewise_linear":
            raise InputError(
                f"dataset.column_types.{info.name}=piecewise_linear cannot be: no period "
                f"from {LEAST} to {MOST} rows explains where the column's straight lines end. "
                "Leave it to the detection."
            )
    grid = ValueGrid.fit(there, info.dtype)
    if kind is None:
        return _number(part, breaks, grid)
    return Verdict(kind, _because(kind, part, breaks, grid))


def check_categories(info: Info, count: int) -> None:
    """Refuse a column of more categories than a model can learn one by one."""
    if count > CATEGORIES:
        raise InputError(
            f"Column {info.name!r} has {count:,} categories, and {CATEGORIES} are the most that a "
            "column may have. If it tells sequences apart, name it so: "
            f"dataset.sequence_key={info.name}; otherwise leave it out by dataset.columns=[...]."
        )


def _ramp(period: int, phase: int, clock: int) -> Verdict:
    params = {"period": period, "phase": phase, "clock": clock}
    return Verdict(
        "piecewise_linear", f"straight lines between readings every {period} rows", params
    )


def _number(part: np.ndarray, breaks: np.ndarray, grid: ValueGrid) -> Verdict:
    """The kind of a number that is no ramp, by what is seen first."""
    values, _ = observed(part, breaks)
    distinct, counts = np.unique(values, return_counts=True)
    if distinct.size == 2 and (grid.low, grid.high) == (0.0, 1.0):
        return Verdict("boolean", "0 or 1")
    shares = counts / max(values.size, 1)
    usual = float(np.median(counts)) / max(values.size, 1)

    def alone(value: float, least: float, others: np.ndarray) -> bool:
        share = float(shares[distinct == value].sum())
        rest = float(shares[~np.isin(distinct, others)].max(initial=0.0))
        return share >= least and share >= ALONE * max(rest, usual)

    if distinct.size > 2 and alone(0.0, ZEROS, np.zeros(1)):
        return Verdict("zero_inflated", _because("zero_inflated", part, breaks, grid))
    share, smooth = repeats(part, breaks, grid)
    if share >= smooth + HOLDS:
        return Verdict("piecewise_constant", _because("piecewise_constant", part, breaks, grid))
    ends = np.array([grid.low, grid.high])
    if distinct.size > 20 and any(alone(float(end), BOUND, ends) for end in ends):
        return Verdict("bounded", _because("bounded", part, breaks, grid))
    if grid.is_integer:
        return Verdict("integer", str(grid))
    if grid.levels or (grid.step or 0) > 1 or grid.size <= POINTS:
        return Verdict("quantized", str(grid))
    if grid.low >= 0.0 and _tails(values) > HEAVY:
        return Verdict("nonnegative", _because("nonnegative", part, breaks, grid))
    return Verdict("continuous", f"a number, {grid}")


def _because(kind: str, part: np.ndarray, breaks: np.ndarray, grid: ValueGrid) -> str:
    """What speaks for a kind, in words."""
    values, _ = observed(part, breaks)
    if kind == "zero_inflated":
        return f"{100 * np.mean(values == 0.0):.0f} % exact zeros, {grid}"
    if kind == "piecewise_constant":
        share = repeats(part, breaks, grid)[0]
        return f"holds its value in {100 * share:.0f} % of the steps, {grid}"
    if kind == "bounded":
        low, high = (100 * np.mean(values == end) for end in (grid.low, grid.high))
        return f"{low:.1f} % at {grid.low:.6g}, {high:.1f} % at {grid.high:.6g}, {grid}"
    if kind == "nonnegative":
        return f"never below 0, excess kurtosis {_tails(values):.1f}, {grid}"
    return str(grid)


def _tails(values: np.ndarray) -> float:
    """Excess kurtosis."""
    unit = centred(values) / divisor(deviation(values))
    return float((unit**4).mean()) - 3.0
