"""Runs over training seeds as a picture: every run, the mean, the baseline, what others report."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from timegan.report.figures.picture import few_ticks
from timegan.report.figures.theme import LIGHT, style
from timegan.report.formatting import label
from timegan.report.seeds.runs import ResultTable, title

PANELS = 5


def picture(sections: Sequence[ResultTable]) -> Figure:
    """Draw a dot per run, their mean, the baseline and published results, by score."""
    with style():
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
        meanings = ("a run", "mean", "baseline", "published")
        handles = [
            Line2D([], [], linestyle="none", label=name, **mark)
            for name, mark in zip(meanings, marks, strict=True)
        ]
        figure.legend(handles=handles, loc="outside upper right", ncols=4)
        return figure


def _picture_scores(section: ResultTable) -> list[str]:
    """Return the first few scores that a run has a figure of."""
    known = [s for s in section.scores if any(group.values(s) for group in section.groups)]
    return known[:PANELS] or section.scores[:1]


def _picture_rows(section: ResultTable) -> list[str]:
    return [group.name for group in section.groups] + [row.method for row in section.published]


def _panel(ax: Any, section: ResultTable, score: str) -> None:
    baselines = section.baselines(score)
    if baselines:
        ax.axvspan(min(baselines), max(baselines), color=LIGHT.real, alpha=0.15, linewidth=0)
        ax.axvline(float(np.mean(baselines)), color=LIGHT.real, linewidth=1.4)
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
    ax.set_title(title(score), fontsize=10)
    ax.set_xlabel(arrow.get(section.better(score), ""), fontsize=8.5)
    ax.margins(x=0.12)
    if section.better(score) == "lower" and ax.get_xlim()[1] > 0:
        left, right = ax.get_xlim()
        ax.set_xlim(min(0.0, left), right + 0.06 * (right - min(0.0, left)))
    few_ticks(ax, x=4, y=None)
    ax.spines["left"].set_visible(False)
