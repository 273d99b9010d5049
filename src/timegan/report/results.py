"""Runs over training seeds as one table: means and deviations, floors, and published results."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from timegan.report.figures import few_ticks
from timegan.report.published import Published, published
from timegan.report.tables import SCORES
from timegan.report.theme import LIGHT, style
from timegan.report.words import label

FEWEST = 5
"""Training seeds below which a deviation says little."""
ORDER = [*SCORES]
COSTS = {"cpu_seconds": "CPU s", "peak_memory_mb": "peak MB"}
"""What the training cost, and how it is called."""
FLOOR = " \N{BLACK DOWN-POINTING SMALL TRIANGLE}"
"""Marks a mean that is at the floor."""
PANELS = 5


@dataclass(frozen=True)
class Run:
    """One evaluated training.

    Args:
        folder: where its ``metrics.json`` lies.
        seed: of the training; ``None`` where there was none, as for a table of another tool.
        settings: all that the run was made with but for the seed, as ``key: value``.
        metrics: the content of ``metrics.json``.
    """

    folder: str
    seed: int | None
    settings: Mapping[str, str]
    metrics: Mapping[str, Any]

    @property
    def subject(self) -> tuple[str, int, str, str]:
        """What was measured and how: runs of different subjects do not belong into one table."""
        data, protocol = (self.metrics.get(part) or {} for part in ("data", "protocol"))
        return (
            str(data.get("name") or "data"),
            int(data.get("window") or 0),
            str(data.get("protocol") or "?"),
            str(protocol.get("evaluation") or "?"),
        )

    def cost(self, name: str) -> float | None:
        """What the training cost: ``cpu_seconds`` or ``peak_memory_mb``, where it is known."""
        value = (self.metrics.get("training") or {}).get(name)
        return None if value is None else float(value)

    def score(self, name: str, part: str = "mean") -> float | None:
        """A score's mean, or that of its floor."""
        score = self.metrics["scores"].get(name) or {}
        found = score.get("floor") or {} if part == "floor" else score
        value = found.get("mean")
        return None if value is None else float(value)


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seed alone."""

    name: str
    runs: list[Run]

    def values(self, score: str, part: str = "mean") -> list[float]:
        """What is known of a score, a value a run."""
        return [v for run in self.runs if (v := run.score(score, part)) is not None]

    def costs(self, name: str) -> list[float]:
        """What is known of a cost, a value a run."""
        return [v for run in self.runs if (v := run.cost(name)) is not None]

    @property
    def seeds(self) -> list[int]:
        """The training seeds."""
        return sorted(run.seed for run in self.runs if run.seed is not None)


@dataclass(frozen=True)
class Section:
    """All runs on the same data by the same protocol."""

    dataset: str
    window: int
    protocol: str
    evaluation: str
    groups: list[Group]
    notes: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What the table is about."""
        return f"{self.dataset}: windows of {self.window}, {self.evaluation} evaluation"

    @property
    def scores(self) -> list[str]:
        """The scores that any run has."""
        found = {name for g in self.groups for run in g.runs for name in run.metrics["scores"]}
        known = [name for name in ORDER if name in found]
        return known + sorted(found - set(known))

    def better(self, score: str) -> str:
        """``lower``, ``higher``, or nothing where nobody says."""
        for group in self.groups:
            for run in group.runs:
                if found := (run.metrics["scores"].get(score) or {}).get("better"):
                    return str(found)
        return ""

    @property
    def missing(self) -> list[str]:
        """Why a score is not there."""
        notes: dict[str, None] = {}
        for name in self.scores:
            for group in self.groups:
                for run in group.runs:
                    found = run.metrics["scores"].get(name) or {}
                    if found.get("mean") is None and found.get("reason"):
                        notes[f"{_title(name)}: {found['reason']}"] = None
        return list(notes)

    def floors(self, score: str) -> list[float]:
        """The floors of all runs."""
        return [value for group in self.groups for value in group.values(score, "floor")]

    @property
    def published(self) -> list[Published]:
        """What others report of the same scores on the same data."""
        rows = published(self.dataset, self.window)
        return [row for row in rows if set(row.scores) & set(self.scores)]


def gather(runs: Sequence[Run]) -> list[Section]:
    """Runs by what was measured, and within that by their settings; of equal runs the last counts.

    A group is named by the settings that tell it from the others.
    """
    sections = []
    for subject in dict.fromkeys(run.subject for run in runs):
        here = [run for run in runs if run.subject == subject]
        notes = []
        groups: dict[tuple[tuple[str, str], ...], dict[Any, Run]] = {}
        for run in here:
            of = groups.setdefault(tuple(sorted(run.settings.items())), {})
            key = run.folder if run.seed is None else run.seed
            if key in of:
                notes.append(f"{of[key].folder} is left out: {run.folder} is the same run again.")
            of[key] = run
        names = _names([dict(settings) for settings in groups])
        found = [Group(n, list(of.values())) for n, of in zip(names, groups.values(), strict=True)]
        few = min(len(group.runs) for group in found)
        if few < FEWEST:
            seeds = "one training seed" if few == 1 else f"{few} training seeds"
            notes.append(
                f"A row has {seeds} only: with fewer than {FEWEST}, its mean may be luck and its "
                "deviation says little."
            )
        sections.append(Section(*subject, found, notes))
    return sections


def markdown(sections: Sequence[Section]) -> str:
    """The tables for people."""
    parts = ["# Results\n"]
    for section in sections:
        scores = section.scores
        arrows = {"lower": " ↓", "higher": " ↑"}
        heads = [f"{_title(s)}{arrows.get(section.better(s), '')}" for s in scores]
        costs = [name for name in COSTS if any(g.costs(name) for g in section.groups)]
        heads += [COSTS[name] for name in costs]
        lines = [f"## {_plain(section.title)}\n", _row(["", *heads])]
        lines.append(_row([":--", *["--:"] * len(heads)]))
        for group in section.groups:
            count = len(group.runs)
            name = f"**{_plain(group.name)}** ({count} seed{'' if count == 1 else 's'})"
            cells = [_mean(group.values(s)) + _at_floor(section, group, s) for s in scores]
            cells += [_whole(group.costs(cost)) for cost in costs]
            lines.append(_row([name, *cells]))
        nothing = [""] * len(costs)
        floors = [_mean(section.floors(s)) for s in scores]
        lines.append(_row(["*floor: real against real*", *floors, *nothing]))
        sources = list(dict.fromkeys(row.source for row in section.published))
        for row in section.published:
            cells = [str(row.scores[s]) if s in row.scores else "" for s in scores]
            cells += nothing
            lines.append(_row([f"{row.method} [{sources.index(row.source) + 1}]", *cells]))
        lines.append("")
        lines.append(
            "Mean ± standard deviation over training seeds (n − 1); a score's own repeats are "
            "averaged first. The floor is the same score for two samples of real data, as a mean "
            f"over runs; {FLOOR.strip()}: a mean that is no further from it than its deviation."
        )
        if section.published:
            lines.append(
                f"Published rows have their own ways of preparing data (these runs: "
                f"`{section.protocol}`); what follows ± is the authors'."
            )
        lines += ["", *(f"{n}. {source}" for n, source in enumerate(sources, start=1))]
        lines += [f"\n{_plain(note)}" for note in [*section.notes, *section.missing]]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


COLUMNS = [
    *("dataset", "window", "protocol", "evaluation", "row", "kind", "score"),
    *("mean", "deviation", "most", "runs", "seeds", "better", "source"),
]


def as_csv(sections: Sequence[Section]) -> str:
    """One line for each row and score, and one for each run and score."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for section in sections:
        about = {
            "dataset": section.dataset,
            "window": section.window,
            "protocol": section.protocol,
            "evaluation": section.evaluation,
        }
        for score in section.scores:
            shared = about | {"score": score, "better": section.better(score)}
            for group in section.groups:
                row = shared | {"row": group.name}
                seeds = " ".join(map(str, group.seeds))
                writer.writerow(row | _figures(group.values(score), "runs") | {"seeds": seeds})
                for run in group.runs:
                    value = run.score(score)
                    one = {"kind": "run", "mean": "" if value is None else value, "runs": 1}
                    seed = "" if run.seed is None else run.seed
                    writer.writerow(row | one | {"seeds": seed, "source": run.folder})
            writer.writerow(shared | {"row": "floor"} | _figures(section.floors(score), "floor"))
            for other in section.published:
                if found := other.scores.get(score):
                    figures = {
                        "mean": found.value,
                        "deviation": found.deviation,
                        "most": found.most,
                    }
                    writer.writerow(
                        shared
                        | {"row": other.method, "kind": "published", "source": other.source}
                        | {key: "" if value is None else value for key, value in figures.items()}
                    )
    return file.getvalue()


def picture(sections: Sequence[Section]) -> Figure:
    """A dot for each run, their mean, the floor, and what others published, score by score."""
    with style(LIGHT):
        rows = [_picture_rows(section) for section in sections]
        scores = [_picture_scores(section) for section in sections]
        columns = max(len(found) for found in scores)
        heights = [0.32 * len(names) + 1.0 for names in rows]
        figure = Figure(figsize=(2.6 + 2.5 * columns, sum(heights) + 0.3), layout="constrained")
        parts: Any = figure.subfigures(len(sections), 1, height_ratios=heights, squeeze=False)
        for part, section, names, found in zip(parts[:, 0], sections, rows, scores, strict=True):
            part.suptitle(section.title, x=0.01, ha="left", fontsize=12, color=LIGHT.ink)
            axes: Any = part.subplots(1, columns, squeeze=False, sharey=True)[0]
            for ax, score in zip(axes, found, strict=False):
                _panel(ax, section, score)
                ax.set_yticks(range(len(names)), [label(name, 38) for name in names])
                ax.set_ylim(len(names) - 0.5, -0.5)
            for ax in axes[len(found) :]:
                ax.set_visible(False)
        marks: list[dict[str, Any]] = [
            {"marker": "o", "markersize": 4, "alpha": 0.45, "color": LIGHT.synthetic},
            {"marker": "D", "markersize": 6, "color": LIGHT.synthetic},
            {"marker": "|", "markersize": 12, "markeredgewidth": 1.5, "color": LIGHT.real},
            {"marker": "s", "markersize": 5, "color": LIGHT.muted},
        ]
        meanings = ("a run", "mean", "floor", "published")
        handles = [
            Line2D([], [], linestyle="none", label=name, **mark)
            for name, mark in zip(meanings, marks, strict=True)
        ]
        figure.legend(handles=handles, loc="outside upper right", ncols=4)
        return figure


def _picture_scores(section: Section) -> list[str]:
    """The first few scores that a run has a figure of."""
    known = [s for s in section.scores if any(group.values(s) for group in section.groups)]
    return known[:PANELS] or section.scores[:1]


def _picture_rows(section: Section) -> list[str]:
    return [group.name for group in section.groups] + [row.method for row in section.published]


def _panel(ax: Any, section: Section, score: str) -> None:
    floors = section.floors(score)
    if floors:
        ax.axvspan(min(floors), max(floors), color=LIGHT.real, alpha=0.15, linewidth=0)
        ax.axvline(float(np.mean(floors)), color=LIGHT.real, linewidth=1.4)
    for place, group in enumerate(section.groups):
        values = group.values(score)
        ax.scatter(values, [place] * len(values), s=16, color=LIGHT.synthetic, alpha=0.45)
        if values:
            ax.scatter(np.mean(values), place, s=46, marker="D", color=LIGHT.synthetic, zorder=3)
    for place, row in enumerate(section.published, start=len(section.groups)):
        if not (found := row.scores.get(score)):
            continue
        low = found.value - (found.deviation or 0.0)
        high = found.value + (found.deviation or 0.0) if found.most is None else found.most
        ax.plot((low, high), (place, place), color=LIGHT.muted, linewidth=2)
        if found.most is None:
            ax.scatter(found.value, place, s=30, marker="s", color=LIGHT.muted, zorder=3)
    arrow = {"lower": "  \N{LEFTWARDS ARROW} better", "higher": "better \N{RIGHTWARDS ARROW}  "}
    ax.set_title(_title(score), fontsize=10)
    ax.set_xlabel(arrow.get(section.better(score), ""), fontsize=8.5)
    ax.margins(x=0.12)
    if section.better(score) == "lower" and ax.get_xlim()[1] > 0:
        ax.set_xlim(left=min(0.0, ax.get_xlim()[0]))
    few_ticks(ax, x=4, y=None)
    ax.spines["left"].set_visible(False)


def _names(settings: Sequence[Mapping[str, str]]) -> list[str]:
    """Each by the fewest settings that tell it from all others: a preset before what it sets."""
    keys = dict.fromkeys(key for one in settings for key in one)
    differ = [key for key in keys if len({one.get(key) for one in settings}) > 1]
    needed: list[str] = []

    def kinds(names: Sequence[str]) -> int:
        return len({tuple(one.get(name) for name in names) for one in settings})

    for key in sorted(differ, key=lambda key: (key.count("."), key.startswith("model."))):
        if kinds([*needed, key]) > kinds(needed):
            needed.append(key)
    if not needed:
        return ["timegan-lightning"] * len(settings)
    return [", ".join(f"{key}={one[key]}" for key in needed if key in one) for one in settings]


def _at_floor(section: Section, group: Group, score: str) -> str:
    """The mark, where two or more runs cannot be told from real data by this score."""
    values, floors = group.values(score), section.floors(score)
    if len(values) < 2 or not floors or not (better := section.better(score)):
        return ""
    distance = float(np.mean(values) - np.mean(floors)) * (1 if better == "lower" else -1)
    return FLOOR if distance <= float(np.std(values, ddof=1)) else ""


def _whole(values: Sequence[float]) -> str:
    return f"{np.mean(values):,.0f}" if values else ""


def _title(score: str) -> str:
    return SCORES[score][0] if score in SCORES else score.replace("_", " ").capitalize()


def _mean(values: Sequence[float]) -> str:
    """A mean in three digits, and a deviation to the same place.

    >>> _mean([0.1, 0.2]), _mean([1234.5]), _mean([])
    ('0.150 ± 0.071', '1,234', '–')
    """
    if not values:
        return "\N{EN DASH}"
    mean = float(np.mean(values))
    places = 3
    if mean and abs(mean) != math.inf:
        places = min(max(2 - math.floor(math.log10(abs(mean))), 0), 6)
    shown = [mean] if len(values) < 2 else [mean, float(np.std(values, ddof=1))]
    places = max(places, 3) if abs(mean) < 1 else places
    return " ± ".join(f"{v:,.{places}f}" for v in shown).replace("-", "\N{MINUS SIGN}")


def _figures(values: Sequence[float], kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "mean": float(np.mean(values)) if values else "",
        "deviation": float(np.std(values, ddof=1)) if len(values) > 1 else "",
        "runs": len(values),
    }


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Text that no sign in it breaks a table with."""
    return text.replace("|", "\\|").replace("\n", " ").replace("*", "\\*").replace("_", "\\_")
