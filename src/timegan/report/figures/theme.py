"""Two colours for real and synthetic, in every figure and on the page, by day and by night."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.colors import LinearSegmentedColormap


@dataclass(frozen=True)
class Theme:
    """Colours by day or by night.

    Blue and orange stay apart for people with any kind of colour blindness.
    """

    surface: str
    ink: str
    muted: str
    line: str
    real: str
    synthetic: str


LIGHT = Theme("#ffffff", "#1f2430", "#687082", "#e3e6ec", "#2b6cb0", "#dd6b20")
DARK = Theme("#171a21", "#e8eaf0", "#9aa3b5", "#2c313c", "#63a4ea", "#f0995a")


@contextmanager
def style() -> Iterator[None]:
    """Set Matplotlib's style within a block or, as a decorator, a function."""
    settings: Any = {
        "figure.facecolor": LIGHT.surface,
        "savefig.facecolor": LIGHT.surface,
        "axes.facecolor": LIGHT.surface,
        "axes.edgecolor": LIGHT.line,
        "axes.labelcolor": LIGHT.muted,
        "axes.titlecolor": LIGHT.ink,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.labelsize": 9.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.formatter.limits": (-4, 6),
        "grid.color": LIGHT.line,
        "grid.linewidth": 0.7,
        "text.color": LIGHT.ink,
        "xtick.color": LIGHT.line,
        "ytick.color": LIGHT.line,
        "xtick.labelcolor": LIGHT.muted,
        "ytick.labelcolor": LIGHT.muted,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "legend.frameon": False,
        "legend.fontsize": 10,
        "lines.solid_capstyle": "round",
        "font.family": "DejaVu Sans",
        "text.parse_math": False,  # a column may be called $
        "figure.constrained_layout.h_pad": 0.08,
        "figure.constrained_layout.w_pad": 0.08,
    }
    with mpl.rc_context(settings):
        yield


def colormap() -> LinearSegmentedColormap:
    """Return the colours of correlations: synthetic's at -1, real's at 1."""
    return LinearSegmentedColormap.from_list(
        "correlations", [LIGHT.synthetic, LIGHT.surface, LIGHT.real]
    )
