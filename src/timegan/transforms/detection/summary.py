"""The detected types as text, a row for each column, and the seasons of columns."""

from collections.abc import Sequence

from timegan.transforms.base import ColumnTransformer, DetectedType
from timegan.transforms.calendar_phases import PERIODS, SECONDS
from timegan.transforms.encoding import channel_slices
from timegan.transforms.seasonality import Seasonality
from timegan.transforms.sequence_seasons import SequenceSeasons

HEADER = ("column", "type", "reason", "channels")


def summary_rows(
    labels: Sequence[str],
    detected: Sequence[DetectedType],
    transformers: Sequence[ColumnTransformer],
) -> list[tuple[str, str, str, int]]:
    """Return column, type, reason and number of model channels, a row for each column."""
    columns = zip(labels, detected, transformers, strict=True)
    return [(label, d.column_type, d.reason, t.width) for label, d, t in columns]


def summary_text(
    labels: Sequence[str],
    detected: Sequence[DetectedType],
    transformers: Sequence[ColumnTransformer],
) -> str:
    """Return `summary_rows` as lines of aligned text under a header."""
    rows = summary_rows(labels, detected, transformers)
    cells = [HEADER, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(HEADER))]
    lines = ("  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in cells)
    return "\n".join(lines)


def season_lines(
    seasonality: Seasonality | SequenceSeasons | None,
    labels: Sequence[str],
    transformers: Sequence[ColumnTransformer],
    window_seconds: float,
) -> list[str]:
    """Return the seasons of columns as lines, and which cycles are longer than a window.

    Args:
        seasonality: of the feature channels; None: no season was found.
        labels: of the features.
        transformers: of the features.
        window_seconds: time that a window covers.
    """
    if seasonality is None:
        return []
    lines = []
    for label, channels in zip(labels, channel_slices(transformers), strict=True):
        shares: dict[str, float] = {}
        for channel, words, share in seasonality.shares():
            if channels.start <= channel < channels.stop:
                shares[words] = max(share, shares.get(words, 0.0))
        if shares:
            parts = [f"{words} ({_percent(share)})" for words, share in shares.items()]
            parts[0] = parts[0].replace(" %", " % of its variance", 1)
            lines.append(f"{label}: {', '.join(parts)}")
    periods = {profile.period for profile in seasonality.profiles}
    long = [p for p in PERIODS if p in periods and SECONDS[p] > window_seconds]
    if long:
        lines.append(
            f"A window is shorter than one {' and one '.join(long)}: "
            "samples follow the time of each step."
        )
    return [f"{'' if i else 'Season':<10}{line}" for i, line in enumerate(lines)]


def _percent(share: float) -> str:
    return f"{max(round(100 * share), 1)} %"
