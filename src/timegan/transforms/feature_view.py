"""Sequences of any table as windows of plain numbers, which every metric can look at.

Windows of numbers without missing values, all of one length, stay as they are. Otherwise a category
becomes a feature for each of its values, and a column with missing values gets a second feature
that marks them. Context columns are repeated at every step. Where lengths differ, the feature
``present`` marks the steps of a sequence.

Classifiers and distances look at these windows, in which every cell is filled. Whatever counts
cells looks at `Marks.cells`, which has no value where a cell has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from timegan.tables import Field
from timegan.transforms.missing import fill_missing

PRESENT = "present"
MAX_SHOWN_CATEGORIES = 10
"""Values of a category that get a feature each; the others share one."""


class MissingValues(Protocol):
    """Missing values of a column, which its transformer knows."""

    @property
    def has_missing(self) -> bool:
        """True if values can be missing."""
        ...

    @property
    def fill_value(self) -> float:
        """The value that stands for a sequence without any."""
        ...


@dataclass(frozen=True)
class KnownMissing:
    """Missing values of a column that has no transformer, as it follows from others."""

    has_missing: bool
    fill_value: float


Column = tuple[Field, MissingValues]
"""A column as metrics see it."""


@dataclass(frozen=True)
class Marks:
    """Features that mark where others have no value of their own.

    Args:
        missing: (M,) position of the feature that is 1 where a feature's value is missing; -1:
            none.
        present: position of the feature that is 1 at the steps of a sequence; None: all are.
    """

    missing: np.ndarray
    present: int | None = None

    def cells(self, windows: np.ndarray) -> np.ndarray:
        """Return the cells of windows (N, T, M): NaN where one is missing or behind the end.

        The feature ``present`` is left out, as all its cells are 1.
        """
        marked = self.missing >= 0
        hidden = (windows[..., self.missing] > 0.5) & marked
        if self.present is not None:
            hidden |= windows[..., self.present, None] < 0.5
        return self.kept(np.where(hidden, np.nan, windows))

    def kept(self, features: np.ndarray) -> np.ndarray:
        """Return those of features (..., M) that have cells."""
        if self.present is None:
            return features
        return np.delete(features, self.present, axis=-1)


def category_labels(field: Field) -> tuple[str, ...] | None:
    """Return the labels of a category in the order of its codes; None for a number."""
    return tuple(map(str, field.categories)) if field.type == "category" else None


def feature_names(
    columns: Sequence[Column], context: Sequence[Column] = (), variable: bool = False
) -> list[str]:
    """Return the names of the features that `numeric_features` makes."""
    found = [name for column in [*columns, *context] for name in _names(column)]
    return [*found, PRESENT] if variable else found


def feature_marks(
    columns: Sequence[Column], context: Sequence[Column] = (), variable: bool = False
) -> Marks:
    """Return which of the features of `numeric_features` mark where others have no value."""
    missing: list[int] = []
    for column in [*columns, *context]:
        count = len(_names(column))
        flag = len(missing) + count - 1 if column[1].has_missing else -1
        missing += [flag] * (count - (flag >= 0)) + [-1] * (flag >= 0)
    return Marks(
        np.array([*missing, -1] if variable else missing), len(missing) if variable else None
    )


def feature_groups(
    columns: Sequence[Column], context: Sequence[Column] = ()
) -> list[dict[str, Any]]:
    """Return the features of each column, as plain values for ``metrics.json``.

    Returns:
        For each column its name, ``column``; the numbers of its ``features``, the mark of missing
        values not among them; the number of that mark, ``missing``, or None; the ``labels`` of a
        category or boolean, empty for a number.
    """
    groups: list[dict[str, Any]] = []
    first = 0
    for field, transformer in [*columns, *context]:
        count = len(_names((field, transformer)))
        labels = category_labels(field) or ()
        if field.type == "boolean":
            labels = ("False", "True")
        elif len(labels) > MAX_SHOWN_CATEGORIES:
            labels = (*labels[:MAX_SHOWN_CATEGORIES], "other")
        own = count - transformer.has_missing
        groups.append(
            {
                "column": field.label,
                "features": list(range(first, first + own)),
                "missing": first + own if transformer.has_missing else None,
                "labels": list(labels),
            }
        )
        first += count
    return groups


def marks_of_groups(features: Sequence[str], groups: Sequence[Mapping[str, Any]]) -> Marks:
    """Return the marks among features, from what ``metrics.json`` holds.

    Args:
        features: names, ``present`` last where lengths differ.
        groups: as of `feature_groups`; empty where every feature is a column.
    """
    missing = np.full(len(features), -1)
    for group in groups:
        if group["missing"] is not None:
            missing[group["features"]] = group["missing"]
    is_variable = len(features) > 1 and features[-1] == PRESENT
    return Marks(missing, len(features) - 1 if is_variable else None)


def numeric_features(
    values: np.ndarray,
    lengths: np.ndarray,
    columns: Sequence[Column],
    context: np.ndarray | None = None,
    context_columns: Sequence[Column] = (),
    *,
    variable: bool = False,
) -> np.ndarray:
    """Return windows (N, T, M) without NaN.

    Steps behind the end of a sequence repeat its last values, so that no metric sees a jump there.

    Args:
        values: (N, T, C) in the table's units; NaN where missing.
        lengths: (N,) steps of each sequence.
        columns: of the C columns.
        context: (N, K) context columns, or None.
        context_columns: of the K columns.
        variable: whether lengths differ in the real table.
    """
    steps = values.shape[1]
    is_plain = all(f.type != "category" and not t.has_missing for f, t in columns)
    if not variable and context is None and is_plain:
        return values
    source = np.minimum(np.arange(steps), lengths[:, None] - 1)
    parts = [
        feature
        for i, column in enumerate(columns)
        for feature in _features(np.take_along_axis(values[..., i], source, axis=1), column)
    ]
    if context is not None:
        for i, column in enumerate(context_columns):
            parts += _features(np.repeat(context[:, i : i + 1], steps, axis=1), column)
    if variable:
        parts.append((np.arange(steps) < lengths[:, None]).astype(np.float64))
    return np.stack(parts, axis=-1)


def _names(column: Column) -> list[str]:
    """Return the names of the features of one column."""
    field, transformer = column
    names, labels = [field.label], category_labels(field)
    if labels is not None and len(labels) > 2:
        names = [f"{field.label}={label}" for label in labels[:MAX_SHOWN_CATEGORIES]]
        if len(labels) > MAX_SHOWN_CATEGORIES:
            names.append(f"{field.label}=other")
    return [*names, f"{field.label} is missing"] if transformer.has_missing else names


def _features(values: np.ndarray, column: Column) -> list[np.ndarray]:
    """Return the features (N, T) of the values (N, T) of one column."""
    field, transformer = column
    missing, labels = np.isnan(values), category_labels(field)
    flags = [missing.astype(np.float64)] if transformer.has_missing else []
    if labels is None or len(labels) <= 2:
        first_rows = np.arange(0, values.size, values.shape[1])
        full = fill_missing(values.ravel(), first_rows, "hold", transformer.fill_value)
        return [full.reshape(values.shape), *flags]
    codes = np.where(missing, -1, values)
    shown = min(len(labels), MAX_SHOWN_CATEGORIES)
    features = [(codes == code).astype(np.float64) for code in range(shown)]
    if len(labels) > MAX_SHOWN_CATEGORIES:
        features.append((codes >= MAX_SHOWN_CATEGORIES).astype(np.float64))
    return features + flags
