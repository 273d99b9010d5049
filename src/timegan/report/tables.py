"""The page's tables: scores beside floors and controls, and what else an evaluation leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timegan.report.verdicts.caveats import notes

SCORES = {
    "discriminative": (
        "Discriminative score",
        "How much better than by guessing a trained judge tells real from synthetic: 0 to 0.5.",
    ),
    "predictive": (
        "Predictive score",
        "Error on real data of a forecaster trained on synthetic data: the last feature.",
    ),
    "predictive_all": (
        "Predictive score, all features",
        "The same, with all features forecast from all of them.",
    ),
    "context_fid": (
        "Context-FID",
        "Distance of the two sets as an encoder of series sees them.",
    ),
    "density": ("Density overlap", "Area that the densities of all values share, from 0 to 1."),
    "correlation": (
        "Correlational score",
        "Differences of the correlations between features, summed over pairs, in tenths.",
    ),
    "autocorrelation": (
        "Autocorrelation difference",
        "Mean difference over lags and features, of the values.",
    ),
    "change_density": (
        "Density overlap of changes",
        "The same for the changes from step to step, as a mean over features.",
    ),
    "change_autocorrelation": (
        "Autocorrelation difference of changes",
        "The same for the changes from step to step.",
    ),
}
SCORES |= {
    "judges": (
        "Strongest judge",
        "How often the strongest of three kinds of judges ranks a real window above a synthetic "
        "one: area under the ROC curve, 0.5 where it can only guess.",
    ),
    "usefulness": (
        "Usefulness, one step ahead",
        "Error of forecasters that learned from synthetic windows over that of others that learned "
        "from real ones, on unseen real windows: 1 is no loss.",
    ),
    "usefulness_ahead": ("Usefulness, several steps ahead", "The same, further ahead."),
    "marginal": ("Distance of values", "Wasserstein distance of each feature, as a mean."),
    "cross_correlation": (
        "Cross-correlation difference",
        "How differently features follow each other, over lags.",
    ),
    "spectrum": ("Spectral difference", "Distance of the logarithms of the power spectra."),
    "increments": ("Distance of changes", "Of the moments of the changes from step to step."),
    "mmd": ("Maximum mean discrepancy", "Distance of whole windows by a kernel; about 0 at best."),
    "precision": ("Precision", "Are synthetic windows as typical as real ones? (alpha-precision)"),
    "recall": ("Recall", "Are all kinds of real windows reached? (beta-recall)"),
    "authenticity": (
        "Authenticity",
        "Share of synthetic windows that are no nearer to a training window than another one is: "
        "0 for a copy.",
    ),
    "membership": (
        "Membership inference",
        "How often one can tell a training window from an unseen one by the synthetic windows: "
        "0.5 where nothing is betrayed.",
    ),
}
CONTROLS = {
    "held_out": ("Held out", "Held-out real windows in the place of synthetic ones"),
    "copy": ("Copy", "A verbatim copy of the training data"),
    "bootstrap": ("Bootstrap", "Blocks of real windows put together at random"),
    "shuffled": ("Shuffled", "Real rows, shuffled in time"),
    "gaussian": ("Gaussian", "A mixture of Gaussian distributions, fitted to real rows"),
}
"""Data that no model made, and how each is called. Another real sample is the floor."""
SHOWN = {
    "scores",
    "statistics",
    "statistics_scaled",
    "spread",
    "copying",
    "training",
    "data",
    "protocol",
}
"""Parts of ``metrics.json`` that the page shows in their own way."""

CAPTIONS = {
    "constraints": "Rules that all training windows keep, and the share of rows that break each.",
    "shares": "What is counted: exact zeros, categories, holes, and how lengths differ. At the end "
    "of training they are set right against the training part.",
}
"""What is said of a table."""


@dataclass(frozen=True)
class Sheet:
    """A table of plain values."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[Any]]
    caption: str = ""


def score_rows(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each score: its title, what it means, its figures, and what to know of it."""
    rows = []
    for name, score in metrics.get("scores", {}).items():
        title, meaning = SCORES.get(name, (name.replace("_", " ").capitalize(), ""))
        if score.get("title"):
            title, meaning = score["title"], score.get("meaning", "")
        known = {"std": None, "reason": ""} | dict(score)
        rows.append({"title": title, "meaning": meaning, "notes": notes(name, score)} | known)
    return rows


def controls(metrics: Mapping[str, Any]) -> list[str]:
    """The controls that any score was computed for, in a fixed order."""
    found = {
        name for score in metrics.get("scores", {}).values() for name in score.get("controls") or {}
    }
    return [name for name in CONTROLS if name in found]


def tables(metrics: Mapping[str, Any]) -> list[Sheet]:
    """What else an evaluation left that has the form of a table, whatever its name."""
    found = []
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
                Sheet(
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
