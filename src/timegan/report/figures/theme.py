"""Two colours for real and synthetic, in every figure and on the page, by day and by night."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.colors import LinearSegmentedColormap


@dataclass(frozen=True)
class Theme:
    """Colours, and how wide a figure is in inches.

    Blue and orange stay apart for people with any kind of colour blindness.
    """

    name: str
    surface: str
    ink: str
    muted: str
    line: str
    real: str
    synthetic: str
    width: float = 8.6

    @property
    def narrow(self) -> bool:
        """True for phones: fewer columns keep the letters readable."""
        return self.width < 6


LIGHT = Theme("light", "#ffffff", "#1f2430", "#687082", "#e3e6ec", "#2b6cb0", "#dd6b20")
DARK = Theme("dark", "#171a21", "#e8eaf0", "#9aa3b5", "#2c313c", "#63a4ea", "#f0995a")


@contextmanager
def style(theme: Theme) -> Iterator[None]:
    """Set Matplotlib's style for figures of this theme within a block."""
    settings: Any = {
        "figure.facecolor": theme.surface,
        "savefig.facecolor": theme.surface,
        "axes.facecolor": theme.surface,
        "axes.edgecolor": theme.line,
        "axes.labelcolor": theme.muted,
        "axes.titlecolor": theme.ink,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.labelsize": 9.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.formatter.limits": (-4, 6),
        "grid.color": theme.line,
        "grid.linewidth": 0.7,
        "text.color": theme.ink,
        "xtick.color": theme.line,
        "ytick.color": theme.line,
        "xtick.labelcolor": theme.muted,
        "ytick.labelcolor": theme.muted,
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


def diverging(theme: Theme) -> LinearSegmentedColormap:
    """Return a colormap for correlations: synthetic's color at -1, real's at 1."""
    return LinearSegmentedColormap.from_list(
        "diverging", [theme.synthetic, theme.surface, theme.real]
    )
