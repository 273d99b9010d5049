"""The order in which column types are detected, and the transformers of all columns."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from timegan.tables import Field
from timegan.transforms.base import (
    TRANSFORMERS,
    ColumnTransformer,
    DetectedType,
    FitOptions,
    from_dict,
    to_dict,
)
from timegan.transforms.missing import Missing
from timegan.transforms.scalers import JITTER


def detection_order() -> list[type[ColumnTransformer]]:
    """Return the column types that can be detected, in the order in which they are tried."""
    places = {kind: kind.order for kind in TRANSFORMERS.values() if kind.order is not None}
    return sorted(places, key=lambda kind: places[kind])


def fit_transformers(
    detected: Sequence[DetectedType],
    fields: Sequence[Field],
    values: np.ndarray,
    breaks: np.ndarray,
    scaling: str = "auto",
    jitter: float = JITTER,
    unmasked: Collection[str] = (),
) -> tuple[ColumnTransformer, ...]:
    """Fit the transformer of every column.

    Args:
        detected: types that `detect` found on the same rows.
        fields: of the columns.
        values: (R, C) training rows; NaN where a value is missing.
        breaks: rows that do not follow upon the one before.
        scaling: of numbers: ``minmax``, ``standard``, ``log``, ``rank``, or ``auto``, which
            chooses for each column.
        jitter: share of its interval of quantiles over which a discrete value is spread.
        unmasked: labels of columns whose missing values another column tells.
    """
    breaks = np.asarray(breaks, dtype=np.int64)
    fitted: list[ColumnTransformer] = []
    for i, (found, field) in enumerate(zip(detected, fields, strict=True)):
        transformer = TRANSFORMERS[found.column_type]
        params = found.params
        if 0.0 < found.missing < 1.0 and not transformer.accepts_missing:
            params = params | {"inner": transformer.name, "unmasked": field.label in unmasked}
            transformer = Missing
        options = FitOptions(scaling, jitter, field.dtype, params)
        fitted.append(transformer.fit(values[:, i], breaks, options))
    return tuple(fitted)


def state(transformers: Sequence[ColumnTransformer]) -> list[dict[str, Any]]:
    """Return fitted transformers as plain numbers, strings, lists and dicts."""
    return [to_dict(transformer) for transformer in transformers]


def restore(states: Sequence[dict[str, Any]]) -> tuple[ColumnTransformer, ...]:
    """Return the transformers that `state` describes."""
    return tuple(from_dict(content) for content in states)
