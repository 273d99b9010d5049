"""The page's tables: scores beside baselines and controls, and what else an evaluation leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timegan.metrics.completions import LEVELS
from timegan.metrics.metric import all_metrics
from timegan.metrics.score import Score
from timegan.report.formatting import share
from timegan.report.verdicts.caveats import notes
from timegan.report.verdicts.changes import change_verdict
from timegan.report.verdicts.relations import kept_shares

CONTROLS = {
    "held_out": ("Held out", "Held-out real windows in the place of synthetic ones"),
    "copy": ("Copy", "A verbatim copy of the training data"),
    "bootstrap": ("Bootstrap", "Blocks of real windows put together at random"),
    "shuffled": ("Shuffled", "Real rows, shuffled in time"),
    "gaussian": ("Gaussian", "A mixture of Gaussian distributions, fitted to real rows"),
    "permuted": ("Permuted", "Real windows with the context or exogenous columns of others"),
}
"""Data that no model made, and how each is called. Another real sample is the baseline."""
SHOWN = {
    "scores",
    "statistics",
    "statistics_scaled",
    "diversity",
    "copying",
    "training",
    "data",
    "protocol",
    "relations",
    "constraints",
    "timing",
    "completion",
}
"""Parts of ``metrics.json`` that the page shows in their own way."""

CAPTIONS = {
    "patterns": "Where values are missing, and how far rows are apart in time. A difference counts "
    "beyond two standard errors.",
    "period_autocorrelation": "How alike values are one or several periods apart, in series that "
    "are long enough.",
    "shares": "What is counted: exact zeros, categories, holes, and how lengths differ. At the end "
    "of training they are set right against the training part.",
}
"""Explanations of the terms in a table."""


@dataclass(frozen=True)
class Table:
    """A table of plain values."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[Any]]
    caption: str = ""


@dataclass(frozen=True)
class ScoreRow:
    """A score with its title, what it means, and what to know of it."""

    title: str
    meaning: str
    notes: list[str]
    score: Score


def score_rows(metrics: Mapping[str, Any]) -> list[ScoreRow]:
    """Return a row for each score."""
    known = all_metrics()
    rows = []
    for name, score in metrics.get("scores", {}).items():
        metric = known.get(name)
        title = name.replace("_", " ").capitalize() if metric is None else metric.title
        meaning = "" if metric is None else metric.meaning
        rows.append(ScoreRow(title, meaning, notes(name, score), score))
    return rows


def controls(metrics: Mapping[str, Any]) -> list[str]:
    """Return the controls that any score was computed for, in a fixed order."""
    found = {name for score in metrics.get("scores", {}).values() for name in score.controls}
    return [name for name in CONTROLS if name in found]


def relation_table(metrics: Mapping[str, Any]) -> Table | None:
    """Return the relations and constraints of the real table, the broken ones first."""
    rows = kept_shares(metrics.get("relations") or [], metrics.get("constraints") or [])
    if not rows:
        return None
    cells = [
        [
            row["text"],
            *(_percent(row[part]) for part in ("real", "held_out", "synthetic")),
            "broken" if row["broken"] else "",
            row["kind"],
            row["reason"],
            row["unit"],
        ]
        for row in rows
    ]
    columns = ["Relation", "Real", "Held out", "Synthetic", "", "Kind", "Evidence", "Kept in"]
    caption = (
        "Relations and constraints that real rows keep, and the share of rows, steps or sequences "
        "that keep each. Ranges and grids are those of the training rows, so that other real rows "
        "leave some."
    )
    return Table("relations", "Relations", columns, cells, caption)


def change_table(metrics: Mapping[str, Any]) -> Table | None:
    """Return the sizes of changes of each feature, the one that is furthest off first."""
    scores = metrics.get("scores", {})
    details = scores["change_size"].details if "change_size" in scores else {}
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in details.get("sizes", []):
        rows.setdefault(row["feature"], []).append(row)
    errors, floors = (details.get(key) or {} for key in ("features", "baseline_features"))
    if not rows:
        return None
    lags = [row["lag"] for row in next(iter(rows.values()))]
    cells = []
    for feature in sorted(rows, key=lambda name: -errors.get(name, 0.0)):
        first = rows[feature][0]
        cells.append(
            [
                feature,
                *(row["std"] for row in rows[feature]),
                *(first[name] for name in ("median", "largest", "kurtosis")),
                *(_percent(first[f"{side}_repeats"]) for side in ("real", "synthetic")),
                *(first[f"{side}_spread"] for side in ("real", "synthetic")),
                floors.get(feature),
            ]
        )
    columns = [
        "Feature",
        *(f"Over {lag} step{'s' if lag > 1 else ''}" for lag in lags),
        *("Median", "Largest 1%", "Kurtosis"),
        *("Repeats, real", "Repeats, synthetic", "Spread, real", "Spread, synthetic"),
        "Two real samples",
    ]
    caption = (
        f"{change_verdict(scores).sentence} Ratios of sizes of changes, synthetic to real: their "
        "deviation over several steps; median, 99% quantile and kurtosis from step to step. Then "
        "the share of steps at which a value stays exactly the same, and how much windows differ "
        "in the size of their changes. Last, the error of sizes between two real samples."
    )
    return Table("changes-sizes", "Changes from step to step", columns, cells, caption)


def timing_table(metrics: Mapping[str, Any]) -> Table | None:
    """Return the phases of the calendar that explain a real column, the one missed most first."""
    rows = metrics.get("timing") or []
    if not rows:
        return None
    cells = [
        [
            row["feature"],
            row["phase"] + (", by sequence" if row["by_sequence"] else ""),
            *(_percent(row[part]) for part in ("real", "held_out", "synthetic")),
            row["agreement"],
        ]
        for row in rows
    ]
    columns = ["Feature", "Phase", "Real", "Held out", "Synthetic", "Correlation of profiles"]
    caption = (
        "Share of the variance that the phase of a row explains, for all columns in which it "
        "explains more than after blocks of time are shifted at random."
    )
    return Table("timing", "Calendar", columns, cells, caption)


def completion_table(metrics: Mapping[str, Any]) -> Table | None:
    """Return the scores of completions beside those of simple methods."""
    found = metrics.get("completion") or {}
    if not found.get("scores"):
        return None
    cells = [
        [
            row["task"].capitalize(),
            "This model" if row["method"] == "model" else row["method"].capitalize(),
            row["crps"],
            *(_percent(row[f"coverage_{level:.0%}"]) for level in LEVELS),
            row["spread"],
        ]
        for row in found["scores"]
    ]
    inside = [f"In {level:.0%} intervals" for level in LEVELS]
    caption = (
        f"{found['windows']} held-out windows, of which the second half (forecast) or the middle "
        f"(gap) was drawn {found['draws']} times. CRPS: error of the distribution of draws, in "
        "deviations of each column; lower is better. Then the share of the truth that central "
        "intervals of the draws contain, and the spread of draws over the error of their mean, "
        "which should be 1."
    )
    columns = ["Task", "Drawn by", "CRPS", *inside, "Spread"]
    return Table("completion", "Completions", columns, cells, caption)


def _percent(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else share(value)


def tables(metrics: Mapping[str, Any]) -> list[Table]:
    """Return what else an evaluation left that has the form of a table, whatever its name."""
    makers = (change_table, relation_table, timing_table, completion_table)
    found = [table for table in (make(metrics) for make in makers) if table is not None]
    for name, part in metrics.items():
        if name in SHOWN:
            continue
        caption = ""
        if isinstance(part, Mapping):
            caption = str(part.get("sentence") or part.get("caption") or "")
            lists = [(f"{name}-{key}", value) for key, value in part.items() if _is_table(value)]
        else:
            lists = [(name, part)] if _is_table(part) else []
            caption = CAPTIONS.get(name, "")
        for key, rows in lists:
            hidden = {"features"} if name in CAPTIONS else set()
            columns = [c for c in dict.fromkeys(c for row in rows for c in row) if c not in hidden]
            found.append(
                Table(
                    key,
                    key.replace("_", " ").replace("-", ": ").capitalize(),
                    [column.replace("_", " ").capitalize() for column in columns],
                    [[_cell(row.get(column)) for column in columns] for row in rows],
                    caption,
                )
            )
    return found


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, Sequence) and bool(value) and all(isinstance(r, Mapping) for r in value)
    )


def _cell(value: Any) -> str | float | None:
    match value:
        case None | str():
            return value
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return value
        case list() | tuple():
            return ", ".join(str(item) for item in value)
        case _:
            return str(value)
