"""Runs over training seeds as tables: means and deviations, baselines, and published results."""

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from timegan.report.seeds.runs import ResultTable, SeedGroup, title
from timegan.variation import deviation

COSTS = {"cpu_seconds": "CPU s", "peak_memory_mb": "peak MB"}
"""Costs of training, and their titles."""
AT_BASELINE = " \N{BLACK DOWN-POINTING SMALL TRIANGLE}"
"""Marks a mean that is at the baseline."""


ABOUT = (
    "Mean ± standard deviation over training seeds (n − 1), in brackets the worst seed; a score's "
    "own repeats are averaged first. The baseline is the same score for two samples of real data, "
    f"as a mean over runs; {AT_BASELINE.strip()}: a mean that is no further from it than its "
    "deviation."
)


def markdown(sections: Sequence[ResultTable]) -> str:
    """Return the tables in Markdown."""
    parts = ["# Results\n", f"{ABOUT}\n"]
    for section in sections:
        scores = section.scores
        arrows = {"lower": " ↓", "higher": " ↑"}
        heads = [f"{title(s)}{arrows.get(section.better(s), '')}" for s in scores]
        costs = [name for name in COSTS if any(g.costs(name) for g in section.groups)]
        heads += [COSTS[name] for name in costs]
        lines = [f"## {_plain(section.title)}\n", _row(["", *heads])]
        lines.append(_row([":--", *["--:"] * len(heads)]))
        for group in section.groups:
            count = len(group.runs)
            name = f"**{_plain(group.name)}** ({count} seed{'' if count == 1 else 's'})"
            cells = [
                _mean(group.values(s)) + _worst(section, group, s) + _at_baseline(section, group, s)
                for s in scores
            ]
            cells += [_whole(group.costs(cost)) for cost in costs]
            lines.append(_row([name, *cells]))
        nothing = [""] * len(costs)
        baselines = [_baseline(section.baselines(s)) for s in scores]
        lines.append(_row(["*baseline: real against real*", *baselines, *nothing]))
        sources = list(dict.fromkeys(row.source for row in section.published))
        for row in section.published:
            cells = [str(row.scores[s]) if s in row.scores else "" for s in scores]
            cells += nothing
            lines.append(_row([f"{row.method} [{sources.index(row.source) + 1}]", *cells]))
        lines.append("")
        if section.published:
            lines.append(
                f"Published rows have their own ways of preparing data (these runs: "
                f"`{section.protocol}`); what follows ± is the authors'."
            )
        lines += ["", *(f"{n}. {source}" for n, source in enumerate(sources, start=1))]
        remarks = [section.copies, *section.notes, *section.missing]
        lines += [f"\n{_plain(note)}" for note in filter(None, remarks)]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


COLUMNS = [
    *("dataset", "window", "protocol", "evaluation", "row", "kind", "score"),
    *("mean", "deviation", "most", "runs", "seeds", "better", "source"),
]


def as_csv(sections: Sequence[ResultTable]) -> str:
    """Return one line for each row and score, and one for each run and score."""
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
            writer.writerow(
                shared | {"row": "baseline"} | _figures(section.baselines(score), "baseline")
            )
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


def _worst(section: ResultTable, group: SeedGroup, score: str) -> str:
    """Return the worst of several seeds in brackets, where a direction is known."""
    values, better = group.values(score), section.better(score)
    if len(set(values)) < 2 or not better:
        return ""
    return f" ({_mean([max(values) if better == 'lower' else min(values)])})"


def _at_baseline(section: ResultTable, group: SeedGroup, score: str) -> str:
    """Return the mark of scores that do not tell runs from real data."""
    values, baselines = group.values(score), section.baselines(score)
    if not values or not baselines or not (better := section.better(score)):
        return ""
    distance = float(np.mean(values) - np.mean(baselines)) * (1 if better == "lower" else -1)
    return AT_BASELINE if distance <= (_deviation(values) if len(values) > 1 else 0) else ""


def _whole(values: Sequence[float]) -> str:
    return f"{np.mean(values):,.0f}" if values else ""


def _baseline(values: Sequence[float]) -> str:
    """Format a mean, without a deviation if all runs met the same baseline."""
    return _mean(values[:1] if len(set(values)) == 1 else values)


def _mean(values: Sequence[float]) -> str:
    """Format a mean with three digits, or with as many as its deviation needs.

    >>> _mean([0.1, 0.2]), _mean([0.2513, 0.2514]), _mean([1234.5]), _mean([])
    ('0.150 ± 0.071', '0.25135 ± 0.00007', '1,234', '–')
    >>> _mean([0.1, 0.1, 0.1])
    '0.100 ± 0.000'
    """
    if not values:
        return "\N{EN DASH}"
    mean = float(np.mean(values))
    places = 3
    if mean and abs(mean) != math.inf:
        places = min(max(2 - math.floor(math.log10(abs(mean))), 0), 6)
    shown = [mean] if len(values) < 2 else [mean, _deviation(values)]
    places = max(places, 3) if abs(mean) < 1 else places
    if len(shown) > 1 and 0 < shown[1] < math.inf:
        places = min(max(places, -math.floor(math.log10(shown[1]))), 6)
    return " ± ".join(f"{v:,.{places}f}" for v in shown).replace("-", "\N{MINUS SIGN}")


def _deviation(values: Sequence[float]) -> float:
    """Return the deviation of a sample, exactly zero where all values agree."""
    found: float = deviation(values) * math.sqrt(len(values) / (len(values) - 1))
    return found


def _figures(values: Sequence[float], kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "mean": float(np.mean(values)) if values else "",
        "deviation": _deviation(values) if len(values) > 1 else "",
        "runs": len(values),
    }


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Return text without signs that would break a table."""
    return text.replace("|", "\\|").replace("\n", " ").replace("*", "\\*").replace("_", "\\_")
