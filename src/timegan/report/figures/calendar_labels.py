"""Labels of figures that show values by the phase of the calendar."""

from collections.abc import Mapping
from typing import Any

from timegan.metrics.phase_shares import PHASES
from timegan.report.formatting import share

MAX_TICKS = 12


def phase_ticks(part: str) -> dict[int, str]:
    """Return the labels of an axis of phases by their places, 0 for the first.

    >>> phase_ticks("hour")[6], phase_ticks("weekday")[0]
    ('6', 'Mon')
    """
    phase = PHASES[part]
    every = 6 if part == "hour" else 5 if phase.count > MAX_TICKS else 1
    return {
        place: phase.names[place][: 1 if phase.count == MAX_TICKS else 3]
        if phase.names
        else str(place + phase.first)
        for place in range(0, phase.count, every)
    }


def explained(row: Mapping[str, Any]) -> str:
    """Return the shares of the variance that a phase explains, as a note."""
    if row["synthetic"] is None:
        return f"{share(row['real'])} of the variance"
    note = f"{share(row['real'])} real, {share(row['synthetic'])} synthetic"
    return f"{note}, by sequence" if row["by_sequence"] else note
