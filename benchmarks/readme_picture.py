"""The picture at the top of README.md: real beside synthetic sequences of three tables.

    python -m benchmarks.readme_picture

Trains one model for each table with seed 0 and the default schedule, where outputs/readme/ has none
yet, and writes docs/_static/hero-light.png and hero-dark.png. Real tables lie in ../shared/data, or
in the folder TIMEGAN_DATA. No sample is chosen: sequences are the first ones of seed 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.results import DATA, ROOT
from timegan import Synthesizer
from timegan.data.simulated import salary
from timegan.files import write_bytes
from timegan.report.figures.picture import png
from timegan.report.figures.theme import DARK, LIGHT, Theme

MODELS = ROOT / "outputs" / "readme"
PICTURES = ROOT / "docs" / "_static"
SHOWN = 24
"""Sequences in a panel."""


@dataclass(frozen=True)
class Example:
    """A table, and how its panels are drawn.

    Args:
        title: of the column of panels.
        read: gives the real table.
        draw: draws a table into a panel in a color.
        options: of the Synthesizer.
        sample: arguments of `sample`.
    """

    title: str
    read: Callable[[], pd.DataFrame]
    draw: Callable[[Axes, pd.DataFrame, str], None]
    options: Mapping[str, Any]
    sample: Mapping[str, Any]

    def made(self, name: str) -> pd.DataFrame:
        """Return samples of the saved model, which is trained first where there is none."""
        folder = MODELS / name
        if not (folder / "model.json").is_file():
            model = Synthesizer(seed=0, progress=False, **self.options).fit(self.read())
            model.save(folder)
        return Synthesizer.load(folder).sample(seed=0, **self.sample)


def windows(table: pd.DataFrame, column: str) -> list[np.ndarray]:
    """Return windows of 24 steps: those of samples, or some evenly spaced in one series."""
    step = 24 if "sequence" in table else len(table) // SHOWN
    values = table[column].to_numpy()
    return [values[start : start + 24] for start in range(0, SHOWN * step, step)]


def draw_prices(ax: Axes, table: pd.DataFrame, color: str) -> None:
    """Draw windows of one price, each relative to its first day."""
    for close in windows(table, "Close"):
        ax.plot(100 * (close / close[0] - 1), color=color, linewidth=1, alpha=0.75)
    ax.set_ylim(-22, 32)
    ax.set_xlabel("trading day")
    ax.yaxis.set_major_formatter("{x:+.0f} %")


def draw_load(ax: Axes, table: pd.DataFrame, color: str) -> None:
    """Draw windows of a load."""
    for load in windows(table, "HUFL"):
        ax.plot(load, color=color, linewidth=1, alpha=0.75)
    ax.set_ylim(-24, 26)
    ax.set_xlabel("hour")


def draw_careers(ax: Axes, table: pd.DataFrame, color: str) -> None:
    """Draw sequences of two columns."""
    for _, career in list(table.groupby("sequence"))[:SHOWN]:
        thousands = career["Salary"] / 1_000
        ax.plot(career["YearsExperience"], thousands, color=color, linewidth=1, alpha=0.75)
    ax.set_xlim(0, 20)
    ax.set_ylim(20, 230)
    ax.set_xlabel("years of experience")
    ax.yaxis.set_major_formatter("{x:.0f} k")


EXAMPLES = {
    "prices": Example(
        "Google stock: 24 windows of its price",
        lambda: pd.read_csv(DATA / "stock_data.csv"),
        draw_prices,
        {"window": 24},
        {"count": SHOWN},
    ),
    "load": Example(
        "Electricity transformer: 24 windows of its load",
        lambda: pd.read_csv(DATA / "ETTh1.csv")[["date", "HUFL", "MUFL", "OT"]].iloc[:8_760],
        draw_load,
        {"window": 24},
        {"count": SHOWN},
    ),
    "careers": Example(
        "Simulated careers: 24 people",
        salary,
        draw_careers,
        {"sequence_key": "sequence"},
        {"count": SHOWN},
    ),
}
THEMES = {"light": LIGHT, "dark": DARK}


def picture(tables: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], theme: Theme) -> Figure:
    """Draw real tables above synthetic ones."""
    figure = Figure(figsize=(12, 4.6), layout="constrained", facecolor=theme.surface)
    sides = list(zip(("real", "synthetic"), (theme.real, theme.synthetic), strict=True))
    axes: Any = figure.subplots(2, len(EXAMPLES), squeeze=False)
    for column, (name, example) in enumerate(EXAMPLES.items()):
        for row, (side, color) in enumerate(sides):
            ax = axes[row, column]
            example.draw(ax, tables[name][row], color)
            ax.set_facecolor(theme.surface)
            ax.grid(color=theme.line, linewidth=0.8)
            ax.tick_params(colors=theme.muted, length=0, labelsize=9)
            ax.spines[:].set_visible(False)
            ax.xaxis.label.set_color(theme.muted)
            ax.text(
                *(0.015, 0.96, side),
                transform=ax.transAxes,
                va="top",
                color=color,
                fontsize=12,
                fontweight="bold",
            )
            if row == 0:
                ax.set_title(example.title, loc="left", fontsize=11, color=theme.ink)
                ax.set_xlabel("")
                ax.tick_params(labelbottom=False)
    return figure


def main() -> None:
    """Train what is missing, and write both pictures."""
    tables = {name: (example.read(), example.made(name)) for name, example in EXAMPLES.items()}
    for name, theme in THEMES.items():
        write_bytes(PICTURES / f"hero-{name}.png", png(picture(tables, theme)), overwrite=True)


if __name__ == "__main__":
    main()
