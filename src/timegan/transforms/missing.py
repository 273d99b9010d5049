"""Missing values as part of the pattern: another transformer, and a channel that says where."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from timegan.transforms.base import (
    ONE_SEQUENCE,
    TRANSFORMERS,
    ColumnTransformer,
    DecodingNoise,
    FitOptions,
    continues,
    from_dict,
    to_dict,
)
from timegan.transforms.quantile_maps import ThresholdCode


@dataclass(frozen=True)
class Missing(ColumnTransformer):
    """A column with missing values.

    Args:
        inner: transformer of the values.
        code: of the missing rows; None where another column tells them.
        median: of the values, for sequences that have none.
    """

    name: ClassVar[str] = "missing"
    cells: ClassVar[frozenset[str]] = frozenset()  # found by itself; nobody asks for it
    inner: ColumnTransformer
    code: ThresholdCode | None
    median: float

    @property
    def has_missing(self) -> bool:
        """True if the missing rows have a channel."""
        return self.code is not None

    @property
    def width(self) -> int:
        """The channels of the inner transformer, then one for the missing rows."""
        return self.inner.width + self.has_missing

    @property
    def fill_value(self) -> float:
        """The median."""
        return self.median

    @property
    def needs_noise(self) -> bool:
        """True if the inner transformer needs random numbers."""
        return self.inner.needs_noise

    @property
    def is_interpolated(self) -> bool:
        """True if the inner transformer is interpolated."""
        return self.inner.is_interpolated

    @property
    def is_bounded(self) -> list[bool]:
        """Mask of the inner transformer; the last channel is not bounded."""
        return [*self.inner.is_bounded, *[False] * self.has_missing]

    @property
    def scaler_name(self) -> str:
        """Name of the inner transformer's scaler."""
        return self.inner.scaler_name

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, options: FitOptions) -> Self:
        """Learn from training rows (R,), of which some but not all are NaN.

        ``options.params["inner"]`` names the inner transformer; ``unmasked`` among them leaves out
        the channel of the missing rows.
        """
        inner = TRANSFORMERS[options.params["inner"]].fit(values, breaks, options)
        missing = np.isnan(values)
        present = np.sort(values[~missing])
        # An element, not a mean of two: the code of a category must be one.
        median = float(present[present.size // 2])
        is_masked = not options.params.get("unmasked", False)
        code = ThresholdCode.fit(missing, options.jitter) if is_masked else None
        return cls(inner, code, median)

    def transform(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Map values in the table's units (R,) to (R, width)."""
        full = fill_missing(values, breaks, self.inner.fill, self.median)
        inside = self.inner.transform(full, breaks, random)
        if self.code is None:
            return inside
        code = self.code.transform(np.isnan(values), breaks, random)
        return np.concatenate([inside, code[:, None]], axis=1)

    def inverse_transform(self, channels: np.ndarray, noise: DecodingNoise) -> np.ndarray:
        """Map (n, T, width) to the table's units (n, T), NaN where a value is missing."""
        if self.code is None:
            return self.inner.inverse_transform(channels, noise)
        values = self.inner.inverse_transform(channels[..., :-1], noise)
        return np.where(self.code.inverse_transform(channels[..., -1]), np.nan, values)

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = ONE_SEQUENCE) -> Self:
        """Restore the training share of missing values, and the proportions of the others."""
        if not len(channels):
            return self
        if self.code is None:
            return replace(self, inner=self.inner.calibrate(channels, breaks))
        code = self.code.calibrate(channels[:, -1])
        kept = np.flatnonzero(~code.inverse_transform(channels[:, -1]))
        begins = np.unique(np.searchsorted(kept, breaks))
        inner = self.inner.calibrate(channels[kept, :-1], begins[begins < len(kept)])
        return replace(self, code=code, inner=inner)

    def state(self) -> dict[str, Any]:
        """Return the fitted state as plain data."""
        return super().state() | {"inner": to_dict(self.inner)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the transformer that `state` describes."""
        return super().from_state(state | {"inner": from_dict(state["inner"])})


def fill_missing(values: np.ndarray, breaks: np.ndarray, how: str, otherwise: float) -> np.ndarray:
    """Return the rows (R,) with missing values filled within each sequence.

    Args:
        values: NaN where missing.
        breaks: rows that do not follow upon the one before.
        how: ``linear`` interpolates between the values on both sides, ``hold`` repeats the value
            before. At the ends of a sequence both take the nearest value.
        otherwise: for sequences without any value.

    >>> column = np.array([np.nan, 2, np.nan, 4, np.nan])
    >>> fill_missing(column, np.array([0, 4]), "linear", 9.0).tolist()
    [2.0, 2.0, 3.0, 4.0, 9.0]
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    rows = np.arange(len(values))
    sequence = np.cumsum(~continues(len(values), breaks))
    before = np.maximum.accumulate(np.where(missing, -1, rows))
    after = np.minimum.accumulate(np.where(missing, len(values), rows)[::-1])[::-1]
    left = (before >= 0) & (sequence[before] == sequence)
    after_safe = np.minimum(after, len(values) - 1)
    right = (after < len(values)) & (sequence[after_safe] == sequence)
    low = np.where(left, values[before], np.where(right, values[after_safe], otherwise))
    high = np.where(right, values[after_safe], low)
    if how == "hold":
        return np.where(missing, low, values)
    share = np.where(left & right, (rows - before) / np.maximum(after - before, 1), 0.0)
    return np.where(missing, low + share * (high - low), values)
