"""Runs over training seeds, by what was measured and by what they were made with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from timegan.metrics.metric import all_metrics
from timegan.metrics.score import Score
from timegan.report.seeds.literature import PublishedResult, published

FEWEST = 5
"""Training seeds below which a deviation says little."""


@dataclass(frozen=True)
class Run:
    """One evaluated training.

    Args:
        folder: where its ``metrics.json`` lies.
        seed: of the training; ``None`` where there was none, as for a table of another tool.
        settings: all that the run was made with but for the seed, as ``key: value``.
        metrics: the content of ``metrics.json``, its scores as records.
    """

    folder: str
    seed: int | None
    settings: Mapping[str, str]
    metrics: Mapping[str, Any]

    @property
    def comparison_key(self) -> tuple[str, int, str, str]:
        """Data and protocol of the run. Only runs of one subject share a table."""
        data, protocol = (self.metrics.get(part) or {} for part in ("data", "protocol"))
        return (
            str(data.get("name") or "data"),
            int(data.get("window") or 0),
            str(data.get("preprocessing") or "?"),
            str(protocol.get("evaluation") or "?"),
        )

    def cost(self, name: str) -> float | None:
        """Return the cost of training, ``cpu_seconds`` or ``peak_memory_mb``, if it is known."""
        value = (self.metrics.get("training") or {}).get(name)
        return None if value is None else float(value)

    def score(self, name: str, part: str = "mean") -> float | None:
        """Return a score's mean, or that of its baseline."""
        score: Score = self.metrics["scores"].get(name) or Score()
        return score.baseline_mean if part == "baseline" else score.mean


@dataclass(frozen=True)
class SeedGroup:
    """Runs that differ in their seed alone."""

    name: str
    runs: list[Run]

    def values(self, score: str, part: str = "mean") -> list[float]:
        """Return the known values of a score, one per run."""
        return [v for run in self.runs if (v := run.score(score, part)) is not None]

    def costs(self, name: str) -> list[float]:
        """Return the known values of a cost, one per run."""
        return [v for run in self.runs if (v := run.cost(name)) is not None]

    @property
    def seeds(self) -> list[int]:
        """The training seeds."""
        return sorted(run.seed for run in self.runs if run.seed is not None)


@dataclass(frozen=True)
class ResultTable:
    """All runs on the same data by the same protocol."""

    dataset: str
    window: int
    protocol: str
    evaluation: str
    groups: list[SeedGroup]
    notes: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Return the title of a score."""
        runs = [run for group in self.groups for run in group.runs]
        held = all((run.metrics.get("data") or {}).get("holdout_windows") for run in runs)
        return f"{self.dataset}: windows of {self.window}, {self.evaluation} evaluation" + (
            ", a part held out" if held else ""
        )

    @property
    def scores(self) -> list[str]:
        """Scores that any run has; evaluations with wider classifiers add only their own."""
        if self.evaluation == "published_strong":
            return ["discriminative"]
        found = {name for g in self.groups for run in g.runs for name in run.metrics["scores"]}
        known = [name for name in all_metrics() if name in found]
        return known + sorted(found - set(known))

    def better(self, score: str) -> str:
        """Return ``lower`` or ``higher``, or nothing for an unknown direction."""
        for group in self.groups:
            for run in group.runs:
                if score in run.metrics["scores"] and run.metrics["scores"][score].better:
                    return str(run.metrics["scores"][score].better)
        return ""

    @property
    def missing(self) -> list[str]:
        """Why a score is not there."""
        notes: dict[str, None] = {}
        for name in self.scores:
            for group in self.groups:
                for run in group.runs:
                    found: Score = run.metrics["scores"].get(name) or Score()
                    if found.mean is None and found.reason:
                        notes[f"{title(name)}: {found.reason}"] = None
        return list(notes)

    @property
    def copies(self) -> str:
        """Findings of the tests for copies of the strict protocol."""
        runs = [run for group in self.groups for run in group.runs]
        if self.evaluation != "strict" or not all(run.metrics.get("copying") for run in runs):
            return ""
        found = [run for run in runs if run.metrics["copying"].get("warning")]
        if not found:
            return "No test for copies warns."
        return f"A test for copies warns: {', '.join(run.folder for run in found)}."

    def baselines(self, score: str) -> list[float]:
        """Return the baselines of all runs."""
        return [value for group in self.groups for value in group.values(score, "baseline")]

    @property
    def published(self) -> list[PublishedResult]:
        """Published results for the same scores on the same data, by the published protocol."""
        if self.evaluation in ("strict", "published_strong"):
            return []
        rows = published(self.dataset, self.window)
        return [row for row in rows if set(row.scores) & set(self.scores)]


def gather(runs: Sequence[Run]) -> list[ResultTable]:
    """Group runs by data and protocol, then by settings; of equal runs the last one counts.

    Sections are in the order of data and windows, evaluations of the same in that of the runs.
    A group is named by the settings that tell it from the others.
    """
    sections = []
    subjects = dict.fromkeys(run.comparison_key for run in runs)
    for subject in sorted(subjects, key=lambda subject: subject[:3]):
        here = [run for run in runs if run.comparison_key == subject]
        notes = []
        groups: dict[tuple[tuple[str, str], ...], dict[Any, Run]] = {}
        for run in here:
            of = groups.setdefault(tuple(sorted(run.settings.items())), {})
            key = run.folder if run.seed is None else run.seed
            if key in of:
                notes.append(f"{of[key].folder} is left out: {run.folder} is the same run again.")
            of[key] = run
        names = _names([dict(settings) for settings in groups])
        found = [
            SeedGroup(n, list(of.values())) for n, of in zip(names, groups.values(), strict=True)
        ]
        few = min(len(group.runs) for group in found)
        if few < FEWEST:
            seeds = "one training seed" if few == 1 else f"{few} training seeds"
            notes.append(
                f"A row has {seeds} only: with fewer than {FEWEST}, its mean may be luck and its "
                "deviation says little."
            )
        sections.append(ResultTable(*subject, found, notes))
    return sections


def _names(settings: Sequence[Mapping[str, str]]) -> list[str]:
    """Name each group by the fewest settings that tell it from all others, presets first."""
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
    named = (", ".join(f"{key}={one[key]}" for key in needed if key in one) for one in settings)
    return [name or "settings not known" for name in named]


def title(score: str) -> str:
    """Return the title of a score."""
    metric = all_metrics().get(score)
    return score.replace("_", " ").capitalize() if metric is None else metric.title
