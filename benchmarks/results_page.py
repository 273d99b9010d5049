"""Four tables and a picture of docs/explanation/results.md, from the files of `timegan results`."""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from timegan.report.figures.theme import LIGHT, style

NAMES = {"seven columns of energy": "energy, seven columns"}
"""Data sets that the page calls by another name."""
MARKER = "<!-- {}: written by benchmarks/results.py -->\n"


@dataclass
class Block:
    """The scores of one data set, window and evaluation.

    Args:
        runs: of our recipe: score -> one value for each seed.
        ours: score -> mean and deviation.
        baseline: score -> mean.
        published: method -> score -> mean and deviation, or a range.
    """

    runs: dict[str, list[float]] = field(default_factory=dict)
    ours: dict[str, tuple[float, float]] = field(default_factory=dict)
    baseline: dict[str, float] = field(default_factory=dict)
    published: dict[str, dict[str, str]] = field(default_factory=dict)


Blocks = Mapping[tuple[str, int, str], Block]


def read(file: Path) -> dict[tuple[str, int, str], Block]:
    """Read results.csv."""
    found: dict[tuple[str, int, str], Block] = {}
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            place = (row["dataset"], int(row["window"]), row["evaluation"])
            block, score = found.setdefault(place, Block()), row["score"]
            mean, deviation = (float(row[key] or "nan") for key in ("mean", "deviation"))
            is_ours = "model=reference" not in row["row"] and "=False" not in row["row"]
            match row["kind"]:
                case "run" if is_ours:
                    block.runs.setdefault(score, []).append(mean)
                case "runs" if is_ours:
                    block.ours[score] = mean, deviation
                case "baseline":
                    block.baseline[score] = mean
                case "published":
                    text = f"{mean:.3f}" + ("" if math.isnan(deviation) else f" ± {deviation:.3f}")
                    text = f"{mean:g} to {float(row['most']):g}" if row["most"] else text
                    block.published.setdefault(row["row"], {})[score] = text
    return found


def costs(file: Path) -> dict[tuple[str, int], tuple[str, str]]:
    """Read CPU seconds and memory of our recipe's trainings from results.md."""
    found = {}
    for text in file.read_text(encoding="utf-8").split("\n## ")[1:]:
        title = re.match(r"(.*): windows of (\d+), published evaluation\n", text)
        rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| **")]
        ours = [row for row in rows if "reference" not in row[0] and "=False" not in row[0]]
        if title and ours:
            found[title[1], int(title[2])] = ours[0][-2].strip(), ours[0][-1].strip()
    return found


def tables(blocks: Blocks, cost: Mapping[tuple[str, int], tuple[str, str]]) -> dict[str, str]:
    """Return the tables by name, as Markdown."""
    short = sorted({data for data, window, _ in blocks if window == 24})
    longer = sorted({(data, window) for data, window, _ in blocks if window > 24})
    printed, others = "TimeGAN, as printed", "TimeGAN, as others could reproduce it"
    discriminative, rest, strong = [], [], []
    for data in short:
        block, name = blocks[data, 24, "published"], NAMES.get(data, data)
        said = {m: scores.get("discriminative", "") for m, scores in block.published.items()}
        pair = _pair(block, "discriminative")
        discriminative.append(
            [name, *pair, *(said.get(m, "") for m in (printed, others, "Diffusion-TS"))]
        )
        rest.append(
            [
                name,
                *(c for s in ("predictive", "context_fid", "correlation") for c in _pair(block, s)),
            ]
        )
        wide = blocks.get((data, 24, "published_strong"), Block())
        strict = blocks.get((data, 24, "strict"), Block())
        tests = [
            (wide, "discriminative"),
            (strict, "classifier_auc"),
            (strict, "tstr"),
            (strict, "membership"),
        ]
        strong.append([name, *(cell for b, score in tests for cell in _pair(b, score))])
    lengths = []
    for data, window in longer:
        block = blocks[data, window, "published"]
        other = block.published.get("Diffusion-TS", {}).get("discriminative", "")
        pairs = [*_pair(block, "discriminative"), other, *cost.get((data, window), ("", ""))]
        lengths.append([NAMES.get(data, data), str(window), *pairs])
    return {
        "discriminative": _table(
            [
                "windows of 24",
                "ours",
                "baseline",
                printed,
                "as others reproduce it",
                "Diffusion-TS",
            ],
            discriminative,
        ),
        "other": _table(
            ["windows of 24", *_beside_baselines("predictive", "Context-FID", "correlational")],
            rest,
        ),
        "strong": _table(
            [
                "windows of 24",
                *_beside_baselines(
                    "classifier with 24 units", "strongest classifier", "TSTR", "membership"
                ),
            ],
            strong,
        ),
        "length": _table(
            ["data", "window", "ours", "baseline", "Diffusion-TS", "CPU s", "peak MB"], lengths
        ),
    }


def _beside_baselines(*names: str) -> list[str]:
    return [heading for name in names for heading in (name, "baseline")]


def _pair(block: Block, score: str) -> list[str]:
    """Return our mean with its deviation over seeds, and the baseline."""
    mean, deviation = block.ours.get(score, (math.nan, math.nan))
    count = len(block.runs.get(score, []))
    text = "" if math.isnan(mean) else f"{mean:.3g}"
    if not math.isnan(deviation):
        text += f" ± {deviation:.2g}"
    elif text and count == 1:
        text += " (one seed)"
    baseline = block.baseline.get(score, math.nan)
    return [text, "" if math.isnan(baseline) else f"{baseline:.3g}"]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def with_tables(page: str, made: Mapping[str, str]) -> str:
    """Return the page with its tables replaced; each stands behind its marker."""
    for name, table in made.items():
        marker = MARKER.format(name)
        pattern = re.escape(marker) + r"(\n\|[^\n]*)*\n+"
        assert marker in page, f"The page has no place for the table {name!r}."
        page = re.sub(pattern, f"{marker}\n{table}\n", page, count=1)
    return page


def picture(blocks: Blocks) -> Figure:
    """Draw the discriminative score of each data set: runs, mean, baseline, published ones."""
    places = [p for p in sorted(blocks) if p[2] == "published"]
    with style():
        figure = Figure(figsize=(8.4, 0.42 * len(places) + 1.8), layout="constrained")
        ax: Any = figure.subplots()
        for y, place in enumerate(places):
            block = blocks[place]
            runs = block.runs["discriminative"]
            ax.scatter(runs, [y] * len(runs), s=16, color=LIGHT.synthetic, alpha=0.45)
            ax.scatter(block.ours["discriminative"][0], y, s=46, marker="D", color=LIGHT.synthetic)
            ax.scatter(block.baseline["discriminative"], y, s=90, marker="|", color=LIGHT.real)
            for method, mark in (("TimeGAN, as printed", "s"), ("Diffusion-TS", "^")):
                said = block.published.get(method, {}).get("discriminative")
                if said:
                    ax.scatter(float(said.split()[0]), y, s=30, marker=mark, color=LIGHT.muted)
        ax.set_yticks(range(len(places)), [f"{NAMES.get(d, d)}, {w} steps" for d, w, _ in places])
        ax.set_ylim(len(places) - 0.5, -0.5)
        ax.set_xlim(0, None)
        ax.set_xlabel("discriminative score, 0 is best")
        ax.spines["left"].set_visible(False)
        marks: list[dict[str, Any]] = [
            {"marker": "o", "alpha": 0.45, "color": LIGHT.synthetic, "label": "a run"},
            {"marker": "D", "color": LIGHT.synthetic, "label": "mean of our runs"},
            {"marker": "|", "markeredgewidth": 2, "color": LIGHT.real, "label": "real vs. real"},
            {"marker": "s", "color": LIGHT.muted, "label": "TimeGAN, published"},
            {"marker": "^", "color": LIGHT.muted, "label": "Diffusion-TS, published"},
        ]
        handles = [Line2D([], [], linestyle="none", **mark) for mark in marks]
        figure.legend(handles=handles, loc="outside upper left", ncols=3)
        return figure
