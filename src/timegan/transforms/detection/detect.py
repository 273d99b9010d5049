"""Detection of the type of every column from the training rows, without a model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from timegan.tables import Field
from timegan.transforms.base import TRANSFORMERS, DetectedType, cells_of
from timegan.transforms.derived import AffineCopy, Constant
from timegan.transforms.detection.column_sample import ColumnSample, varies
from timegan.transforms.detection.duplicates import AffineMap, find_affine_copies
from timegan.transforms.detection.overrides import check_overrides
from timegan.transforms.detection.white_noise import find_white_noise
from timegan.transforms.numeric import Continuous
from timegan.transforms.registry import detection_order
from timegan.transforms.row_numbers import RowNumbers

MAX_SAMPLE_ROWS = 50_000  # contiguous rows that costly examinations look at


def detect(
    values: np.ndarray,
    breaks: np.ndarray,
    fields: Sequence[Field],
    overrides: Mapping[str, str] | None = None,
    *,
    infer_types: bool = True,
    row_numbers: RowNumbers | None = None,
) -> list[DetectedType]:
    """Return the type of every column.

    Args:
        values: (R, C) training rows, float64; NaN where a value is missing.
        breaks: rows that do not follow upon the one before.
        fields: of the columns.
        overrides: column -> type that the user asks for; ``auto`` leaves it to the detection.
        infer_types: False makes every number continuous.
        row_numbers: of these rows; None: no row between them is left out.

    Raises:
        InputError: an override names no column or type, or contradicts the training values, or a
            column has more than 100 categories.
    """
    breaks = np.asarray(breaks, dtype=np.int64)
    asked = check_overrides(overrides or {}, fields)
    wanted = [asked.get(field.label) for field in fields]
    varying = np.array([varies(column) for column in values.T], dtype=bool)
    copies = _find_copies(values, fields, wanted, varying, infer_types)
    rows = sample_slice(len(values))
    inside = breaks[(breaks >= rows.start) & (breaks < rows.stop)] - rows.start
    noise = []
    if infer_types:
        may = varying & ~np.isin(np.arange(len(fields)), list(copies))
        noise = _find_noise(values[rows], inside, fields, wanted, may)
    numbers = RowNumbers.consecutive(len(values), breaks) if row_numbers is None else row_numbers
    labels = [field.label for field in fields]
    detected = []
    for i, field in enumerate(fields):
        column = ColumnSample(
            field, values[:, i], rows, inside, numbers, labels, copies.get(i), i in noise
        )
        detected.append(_detect_column(column, wanted[i], infer_types))
    return detected


def _detect_column(column: ColumnSample, wanted: str | None, infer_types: bool) -> DetectedType:
    """Return the type of one column: constant, as asked for, or the first that takes it."""
    found = Constant.detect(column)  # of equal values nothing else can be learned
    if found is None and wanted is not None:
        found = TRANSFORMERS[wanted].require(column)
    elif found is None and column.cells == "number" and not infer_types:
        found = Continuous.found("a number", search_step=False, jitter=0.0)
    elif found is None:
        candidates = (c for c in detection_order() if column.cells in c.cells)
        found = next(one for one in (c.detect(column) for c in candidates) if one is not None)
    reason = found.reason
    if found.column_type == wanted:
        reason = f"asked for: {reason}"
    missing = float(np.isnan(column.column).mean())
    if 0.0 < missing < 1.0 and not TRANSFORMERS[found.column_type].accepts_missing:
        reason += f"; {100 * missing:.2g} % missing"
    return replace(found, reason=reason, missing=missing)


def sample_slice(count: int) -> slice:
    """Return contiguous rows from the middle, at most 50,000.

    >>> sample_slice(200_000)
    slice(75000, 125000, None)
    """
    begin = max(count - MAX_SAMPLE_ROWS, 0) // 2
    return slice(begin, min(begin + MAX_SAMPLE_ROWS, count))


def _find_copies(
    values: np.ndarray,
    fields: Sequence[Field],
    wanted: list[str | None],
    varying: np.ndarray,
    infer_types: bool,
) -> dict[int, AffineMap]:
    """Return the copies among the columns that may be one or are asked to be one."""
    may = np.array([w == AffineCopy.name or (infer_types and w is None) for w in wanted], bool)
    if not may.any():
        return {}
    return find_affine_copies(values, fields, varying, may & varying)


def _find_noise(
    values: np.ndarray,
    breaks: np.ndarray,
    fields: Sequence[Field],
    wanted: list[str | None],
    among: np.ndarray,
) -> list[int]:
    """Return the white noise among the numbers for which the user asks no other type."""
    may = [cells_of(f) == "number" and w is None for f, w in zip(fields, wanted, strict=True)]
    return find_white_noise(values, breaks, among, among & np.array(may, dtype=bool))
