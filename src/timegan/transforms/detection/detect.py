"""Which kind each column is, and why: from training rows, without a model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from timegan.transforms.base import Found, Info, observed
from timegan.transforms.detection.duplicates import Image, find_copies
from timegan.transforms.detection.numbers import Verdict, recognise
from timegan.transforms.detection.overrides import check_overrides, check_possible
from timegan.transforms.detection.white_noise import find_noise
from timegan.transforms.piecewise_linear import Clocks
from timegan.variation import span

SAMPLE = 50_000  # contiguous rows that expensive looks are content with


def detect(
    values: np.ndarray,
    breaks: np.ndarray,
    infos: Sequence[Info],
    overrides: Mapping[str, str] | None = None,
    *,
    knowledge: bool = True,
    clocks: Clocks | None = None,
) -> list[Found]:
    """The kind of every column.

    Args:
        values: (R, C) training rows, float64; NaN where there is a hole.
        breaks: rows that do not follow upon the one before.
        infos: of the columns.
        overrides: column -> kind, where the user knows better; ``auto`` leaves it to the detection.
        knowledge: False makes numbers continuous whatever they look like.
        clocks: of these rows; None: no row between them is left out.

    Raises:
        InputError: an override of no column or by no kind, one that cannot be, or a column of
            more than 100 categories.
    """
    breaks = np.asarray(breaks, dtype=np.int64)
    asked = check_overrides(overrides or {}, infos)
    wanted = [asked.get(info.name) for info in infos]
    moving = np.array([_moves(column) for column in values.T], dtype=bool)
    copies = _copies(values, infos, wanted, moving, knowledge)
    clocks = Clocks.of(len(values), breaks) if clocks is None else clocks
    rows = sample(len(values))
    part = values[rows]
    inside = breaks[(breaks >= rows.start) & (breaks < rows.stop)] - rows.start
    noise = _noise(part, inside, infos, wanted, moving, copies) if knowledge else []
    found = []
    for i, info in enumerate(infos):
        column = values[:, i]
        holes = float(np.isnan(column).mean())
        kind: Verdict
        if not moving[i]:
            kind = _constant(column)
        elif i in copies:
            kind = _copy(copies[i], infos)
        elif wanted[i] is None and i in noise:
            kind = Verdict("white_noise", "independent of its own past and of every other column")
        else:
            there, _ = observed(column, breaks)
            check_possible(wanted[i], there, info)
            kind = recognise(
                there,
                part[:, i],
                inside,
                clocks.rows[:, rows],
                info,
                wanted[i],
                knowledge=knowledge,
            )
            if kind.name == "piecewise_linear":
                _tell(kind.params, clocks)
        reason = (
            f"asked for: {kind.reason}" if wanted[i] and kind.name == wanted[i] else kind.reason
        )
        if holes and kind.name not in ("affine_copy",) and holes < 1.0:
            reason += f"; {100 * holes:.2g} % missing"
        found.append(Found(info.name, kind.name, reason, holes, info.dtype, kind.params))
    return found


def _tell(params: dict[str, Any], clocks: Clocks) -> None:
    """Add to what is known of a ramp which rows hold a reading, and where windows begin."""
    period, clock = params["period"], params["clock"]
    params["readings"] = (clocks.rows[clock] - params["phase"]) % period == 0
    params["begins"] = np.unique(clocks.starts[clock] % period).tolist()


def sample(count: int) -> slice:
    """Contiguous rows from the middle, at most 50,000.

    >>> sample(200_000)
    slice(75000, 125000, None)
    """
    begin = max(count - SAMPLE, 0) // 2
    return slice(begin, min(begin + SAMPLE, count))


def _moves(column: np.ndarray) -> bool:
    """Whether a column has two values that differ by more than rounding."""
    return bool(span(np.fmin.reduce(column), np.fmax.reduce(column)) > 0)


def _copies(
    values: np.ndarray,
    infos: Sequence[Info],
    wanted: list[str | None],
    moving: np.ndarray,
    knowledge: bool,
) -> dict[int, Image]:
    """Copies among the columns that are to be one or may be; one that is asked for must be one."""
    may = np.array([w == "affine_copy" or (knowledge and w is None) for w in wanted], dtype=bool)
    if not may.any():
        return {}
    copies = find_copies(values, infos, moving, may & moving)
    for i, info in enumerate(infos):
        if wanted[i] == "affine_copy" and moving[i] and i not in copies:
            check_possible("affine_copy", values[:, i], info)
    return copies


def _noise(
    part: np.ndarray,
    inside: np.ndarray,
    infos: Sequence[Info],
    wanted: list[str | None],
    moving: np.ndarray,
    copies: dict[int, Image],
) -> list[int]:
    """Noise among the numbers that nobody has named otherwise."""
    others = moving & ~np.isin(np.arange(len(infos)), list(copies))
    free = [i.values == "number" and w is None for i, w in zip(infos, wanted, strict=True)]
    return find_noise(part, inside, others, others & np.array(free, dtype=bool))


def _constant(column: np.ndarray) -> Verdict:
    there = column[~np.isnan(column)]
    if not there.size:
        return Verdict("constant", "no value in any training row")
    return Verdict("constant", f"{there[0]:.10g} in every training row")


def _copy(image: Image, infos: Sequence[Info]) -> Verdict:
    source, factor, shift, _ = image
    name = infos[source].name
    params = image._asdict()
    if (factor, shift) == (1.0, 0.0):
        return Verdict("affine_copy", f"copy of {name}", params)
    sign = "-" if shift < 0 else "+"
    line = f"{factor:.10g} x {name}" + (f" {sign} {abs(shift):.10g}" if shift else "")
    return Verdict("affine_copy", line, params)
