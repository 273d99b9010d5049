"""Numbers that vary freely: a scaler and a value grid, with room for frequent values."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import ndtr, ndtri

from timegan.tables.value_grid import ValueGrid
from timegan.tables.value_limits import RARITY, ValueLimits
from timegan.transforms import scaler_choice, scalers
from timegan.transforms.base import (
    ONE_SEQUENCE,
    ColumnTransformer,
    DecodingNoise,
    DetectedType,
    FitOptions,
    differences,
    drop_missing,
)
from timegan.transforms.detection.column_sample import ColumnSample
from timegan.transforms.quantile_maps import ChannelShape, QuantileMap
from timegan.transforms.row_sample import sample_training_rows
from timegan.transforms.scalers import (
    SCALERS,
    MinMaxScaler,
    QuantileNormalizer,
    Scaler,
)
from timegan.variation import deviation, divisor

SAMPLE_ROWS = 50_000  # rows, from all parts of a column, that its channel is measured on
MIN_ZERO_SHARE = 0.05  # of exact zeros, for a zero-inflated column
MIN_BOUND_SHARE = 0.01  # of rows at the smallest or largest value, for a bounded column
MIN_BOUNDED_VALUES = 20  # distinct values above which ends can be bounds
MAX_GRID_SIZE = 1_000  # values of a grid above which a column counts as continuous
MIN_EXCESS_KURTOSIS = 1.0  # of a heavy tail


@dataclass(frozen=True)
class Continuous(ColumnTransformer):
    """A number within the limits of its column, on the column's value grid.

    Args:
        scaler: fitted map to the channel.
        grid: range and possible values.
        jitter: share of its interval of quantiles over which a frequent value is spread.
        shape: of the training channel.
        calibration: map of the channel that restores its training distribution; None before
            calibration, or where the model needs none.
    """

    name: ClassVar[str] = "continuous"
    order: ClassVar[int | None] = 140
    width = 1
    cells: ClassVar[frozenset[str]] = frozenset({"number", "datetime"})
    fixed_scaling: ClassVar[str | None] = None
    """The scaling of column types that always need the same one."""
    extrapolates: ClassVar[bool] = True
    """True if values may lie beyond the training range where no true bound ends it."""
    scaler: Scaler
    grid: ValueGrid
    jitter: float
    shape: ChannelShape
    calibration: QuantileMap | None = None

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Take any number; this is the last type that is tried."""
        return cls.found(f"a number, {column.grid}")

    @property
    def is_bounded(self) -> list[bool]:
        """True if the channel has a min-max scale."""
        return [self.scaler_name == "minmax"]

    @property
    def scaler_name(self) -> str:
        """Name of the scaler."""
        return self.scaler.name

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, options: FitOptions) -> Self:
        """Learn scaler and grid from training rows (R,)."""
        values, breaks = drop_missing(values, breaks)
        scaler = fit_scaler(values, breaks, cls.fixed_scaling or options.scaling)
        search_step = options.params.get("search_step", True)
        grid = ValueGrid.fit(values, options.dtype, search_step=search_step)
        jitter = float(options.params.get("jitter", options.jitter))
        scaler = standardize_with_jitter(scaler, values, breaks, jitter)
        if cls.extrapolates and options.scaling != MinMaxScaler.name:
            limits = ValueLimits.fit(values)
            grid = grid.widened(limits.low, limits.high)
            if isinstance(scaler, QuantileNormalizer):
                scaler = scaler.extended(grid.low, grid.high, RARITY)
        return cls.measured(scaler, grid, jitter, values, breaks)

    @classmethod
    def measured(
        cls,
        scaler: Scaler,
        grid: ValueGrid,
        jitter: float,
        values: np.ndarray,
        breaks: np.ndarray | None,
    ) -> Self:
        """Return the transformer with the shape that training values (R,) have in the channel.

        Args:
            scaler: fitted map to the channel.
            grid: range and possible values.
            jitter: see the class.
            values: of the training rows.
            breaks: rows that do not follow upon the one before; None: changes do not count.
        """
        raw = cls(scaler, grid, jitter, ChannelShape([], []))
        few, joins = _sample(values, ONE_SEQUENCE if breaks is None else breaks)
        channel = raw.transform(few, joins, np.random.default_rng(0))[:, 0]
        shape = ChannelShape.fit(channel, None if breaks is None else joins)
        return replace(raw, shape=shape)

    def transform(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Map values in the table's units (R,) to (R, 1)."""
        values = np.clip(values, self.grid.low, self.grid.high)
        if isinstance(self.scaler, QuantileNormalizer):
            return self.scaler.transform_with_jitter(values, breaks, random, self.jitter)[:, None]
        return self.scaler.transform(values)[:, None]

    def inverse_transform(
        self, channels: np.ndarray, noise: DecodingNoise | None = None
    ) -> np.ndarray:
        """Map (n, T, 1) to the table's units (n, T), on the grid."""
        return self.grid.snap(self.unscale(channels[..., 0]))

    def unscale(self, channel: np.ndarray) -> np.ndarray:
        """Map a channel of any shape to numbers that are not on the grid."""
        channel = np.asarray(channel, dtype=np.float64)
        if self.calibration is not None:
            channel = self._from_scores(self.calibration(self._to_scores(channel)))
        return self.scaler.inverse_transform(channel)

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = ONE_SEQUENCE) -> Self:
        """Restore the training distribution in what comes of (m, 1), and keep changes their size.

        Frequent values have their training proportions exactly.
        """
        if not len(channels) or isinstance(self.scaler, MinMaxScaler):
            return self
        scores = self._to_scores(np.asarray(channels[:, 0], dtype=np.float64))
        known = np.asarray(self.shape.quantiles)
        middles = (np.arange(known.size) + 0.5) / known.size

        def wanted(shares: np.ndarray) -> np.ndarray:
            return np.asarray(np.interp(shares, middles, known))

        def errors(scores: np.ndarray) -> tuple[float, float]:
            return self.shape.errors(self._from_scores(scores), breaks)

        if isinstance(self.scaler, QuantileNormalizer):
            edges = ndtr(np.concatenate([self.scaler.below, self.scaler.above]))
            fitted = QuantileMap.choose(scores, ndtri, errors, edges)
        else:
            fitted = QuantileMap.choose(scores, wanted, errors, np.empty(0))
        return replace(self, calibration=fitted)

    def _to_scores(self, channel: np.ndarray) -> np.ndarray:
        """Return normal quantiles where the channel is a rank, which calibration maps."""
        if isinstance(self.scaler, QuantileNormalizer):
            return channel * self.scaler.std + self.scaler.mean
        return channel

    def _from_scores(self, scores: np.ndarray) -> np.ndarray:
        """Invert `_to_scores`."""
        if isinstance(self.scaler, QuantileNormalizer):
            return np.asarray((scores - self.scaler.mean) / self.scaler.std)
        return scores

    def state(self) -> dict[str, Any]:
        """Return the fitted state as plain data."""
        scaler = {"name": self.scaler.name, "state": self.scaler.state()}
        return super().state() | {"scaler": scaler}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the transformer that `state` describes."""
        return super().from_state(state | {"scaler": scalers.restore(**state["scaler"])})


class ZeroInflated(Continuous):
    """A number that is exactly zero in many rows."""

    name = "zero_inflated"
    order = 80
    cells = frozenset({"number"})
    fixed_scaling = QuantileNormalizer.name

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Look for zeros that are far more frequent than any other value."""
        zero = np.zeros(1)
        if column.distinct.size > 2 and column.stands_out(0.0, MIN_ZERO_SHARE, zero):
            return cls.require(column)
        return None

    @classmethod
    def require(cls, column: ColumnSample) -> DetectedType:
        """Ask for a zero."""
        if not (column.values == 0).any():
            column.refuse(cls.name, "it is never 0")
        share = np.mean(column.observed == 0.0)
        return cls.found(f"{100 * share:.0f} % exact zeros, {column.grid}")


class Bounded(Continuous):
    """A number that often is at its smallest or largest value, where something stops it."""

    name = "bounded"
    order = 100
    cells = frozenset({"number"})
    fixed_scaling = QuantileNormalizer.name

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Look for ends that are far more frequent than any value between them."""
        ends = np.array([column.grid.low, column.grid.high])
        if column.distinct.size > MIN_BOUNDED_VALUES and any(
            column.stands_out(float(end), MIN_BOUND_SHARE, ends) for end in ends
        ):
            return cls.require(column)
        return None

    @classmethod
    def require(cls, column: ColumnSample) -> DetectedType:
        """Report how often the column is at its ends."""
        grid = column.grid
        low, high = (100 * np.mean(column.observed == end) for end in (grid.low, grid.high))
        return cls.found(f"{low:.1f} % at {grid.low:.6g}, {high:.1f} % at {grid.high:.6g}, {grid}")


class Integer(Continuous):
    """A whole number."""

    name = "integer"
    order = 110
    cells = frozenset({"number"})

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Look for a grid of all whole numbers."""
        return cls.found(str(column.grid)) if column.grid.is_integer else None

    @classmethod
    def require(cls, column: ColumnSample) -> DetectedType:
        """Ask for whole numbers."""
        if not ValueGrid.fit(column.values, column.field.dtype, search_step=False).is_integer:
            column.refuse(cls.name, "its values are not whole numbers")
        return cls.found(str(column.grid))


class Quantized(Continuous):
    """A multiple of a step, or one of a list of numbers."""

    name = "quantized"
    order = 120
    cells = frozenset({"number"})

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Look for a coarse grid."""
        grid = column.grid
        is_coarse = grid.levels or (grid.step or 0) > 1 or grid.size <= MAX_GRID_SIZE
        return cls.found(str(grid)) if is_coarse else None

    @classmethod
    def require(cls, column: ColumnSample) -> DetectedType:
        """Ask for a grid."""
        if column.grid.unit == 0.0:
            column.refuse(cls.name, "its values have no common step")
        return cls.found(str(column.grid))


class Nonnegative(Continuous):
    """A number that is never below zero and has a heavy tail."""

    name = "nonnegative"
    order = 130
    cells = frozenset({"number"})
    fixed_scaling = QuantileNormalizer.name

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Look for a heavy tail above zero."""
        is_heavy = scaler_choice.excess_kurtosis(column.observed) > MIN_EXCESS_KURTOSIS
        return cls.require(column) if column.grid.low >= 0.0 and is_heavy else None

    @classmethod
    def require(cls, column: ColumnSample) -> DetectedType:
        """Ask for values that are never below zero."""
        if (low := column.values.min()) < 0:
            column.refuse(cls.name, f"its smallest value is {low:.6g}")
        kurtosis = scaler_choice.excess_kurtosis(column.observed)
        return cls.found(f"never below 0, excess kurtosis {kurtosis:.1f}, {column.grid}")


class Datetime(Continuous):
    """A point in time as a feature, in seconds or days."""

    name = "datetime"
    order = 50
    extrapolates = False
    cells = frozenset({"datetime"})

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Take any point in time."""
        return cls.found(str(column.grid))


def fit_scaler(values: np.ndarray, breaks: np.ndarray, name: str) -> Scaler:
    """Fit the scaler of this name; ``auto`` chooses the one that suits the values (R,)."""
    if name == "auto":
        name = scaler_choice.choose_scaler(values, *differences(values, breaks))
    return SCALERS[name].fit(values)


def standardize_with_jitter(
    scaler: Scaler, values: np.ndarray, breaks: np.ndarray, jitter: float
) -> Scaler:
    """Return the scaler with zero mean and unit variance where frequent values are spread."""
    if not isinstance(scaler, QuantileNormalizer) or not scaler.atoms or jitter == 0:
        return scaler
    few, breaks = _sample(values, breaks)
    spread = scaler.transform_with_jitter(few, breaks, np.random.default_rng(0), jitter)
    scores = spread * scaler.std + scaler.mean
    return replace(scaler, mean=float(scores.mean()), std=divisor(deviation(scores)))


def _sample(values: np.ndarray, breaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return some of the values (R,), from all parts of the column, and their breaks."""
    numbers = np.arange(len(values))
    few, joins, _ = sample_training_rows(values[:, None], numbers, breaks, SAMPLE_ROWS)
    return few[:, 0], joins
