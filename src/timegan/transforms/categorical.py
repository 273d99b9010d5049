"""Columns of a few values without order: booleans and categories."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from timegan.errors import InputError
from timegan.transforms.base import (
    ONE_SEQUENCE,
    ColumnTransformer,
    DecodingNoise,
    DetectedType,
    FitOptions,
    drop_missing,
)
from timegan.transforms.detection.column_sample import ColumnSample
from timegan.transforms.quantile_maps import ThresholdCode
from timegan.variation import deviation, divisor

MAX_CATEGORIES = 100
MAX_ROUNDS = 200  # of the search for biases
TOLERANCE = 1e-3  # largest error of a frequency at which the search ends
CALIBRATION_ROWS = 50_000  # that the biases are found on
ANY_CELLS = frozenset({"number", "boolean", "category"})


@dataclass(frozen=True)
class Categorical(ColumnTransformer):
    """One channel for each category, high where a row has it; two categories need one channel.

    Args:
        levels: codes (or numbers) of the categories, ascending.
        codes: one for each category; of two, only the second one's; of one, none.
        shares: of the categories among the training rows.
        biases: added to the scores of the categories, so that samples have these shares.
    """

    name: ClassVar[str] = "categorical"
    order: ClassVar[int | None] = 40
    cells: ClassVar[frozenset[str]] = ANY_CELLS
    fill: ClassVar[str] = "hold"
    levels: tuple[float, ...]
    codes: tuple[ThresholdCode, ...]
    shares: tuple[float, ...]
    biases: tuple[float, ...] = ()

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Take every column of categories."""
        return cls.require(column) if column.cells == "category" else None

    @classmethod
    def require(cls, column: ColumnSample) -> DetectedType:
        """Ask for at most 100 categories."""
        count = int(np.unique(column.values).size)
        declared = len(column.field.categories) if column.cells == "category" else 0
        name = column.field.label
        if (most := max(count, declared)) > MAX_CATEGORIES:
            raise InputError(
                f"Column {name!r} has {most:,} categories, and at most {MAX_CATEGORIES} can be "
                f"learned. Set dataset.sequence_key={name} if it identifies sequences; otherwise "
                "leave it out by dataset.columns=[...]."
            )
        return cls.found(f"{count} categories")

    @property
    def width(self) -> int:
        """Number of channels: one per category; 1 for two, 0 for one."""
        return len(self.codes)

    @classmethod
    def fit(cls, values: np.ndarray, breaks: np.ndarray, options: FitOptions) -> Self:
        """Learn the categories among the training rows (R,) and their shares."""
        values, _ = drop_missing(values, breaks)
        levels, counts = np.unique(values, return_counts=True)
        coded = {1: levels[:0], 2: levels[1:]}.get(levels.size, levels)
        return cls(
            tuple(levels.tolist()),
            tuple(ThresholdCode.fit(values == level, options.jitter) for level in coded),
            tuple((counts / values.size).tolist()),
        )

    def transform(
        self, values: np.ndarray, breaks: np.ndarray, random: np.random.Generator
    ) -> np.ndarray:
        """Map categories (R,) to (R, width); an unknown one counts as the most frequent."""
        levels = np.asarray(self.levels)
        values = np.where(np.isin(values, levels), values, levels[int(np.argmax(self.shares))])
        coded = levels[levels.size - self.width :]
        channels = np.empty((len(values), self.width))
        for k, (code, level) in enumerate(zip(self.codes, coded, strict=True)):
            channels[:, k] = code.transform(values == level, breaks, random)
        return channels

    def inverse_transform(
        self, channels: np.ndarray, noise: DecodingNoise | None = None
    ) -> np.ndarray:
        """Map (n, T, width) to categories (n, T): those furthest above their thresholds."""
        levels = np.asarray(self.levels)
        if self.width == 0:
            return np.full(channels.shape[:-1], levels[0])
        if self.width == 1:
            return levels[self.codes[0].inverse_transform(channels[..., 0]).astype(np.int64)]
        scores = self._scores(channels) + np.asarray(self.biases or 0.0)
        return np.asarray(levels[np.argmax(scores, axis=-1)])

    def calibrate(self, channels: np.ndarray, breaks: np.ndarray = ONE_SEQUENCE) -> Self:
        """Restore the training frequencies in what comes of channels (m, width)."""
        if self.width == 0 or not len(channels):
            return self
        if self.width == 1:
            return replace(self, codes=(self.codes[0].calibrate(channels[:, 0]),))
        few = channels[:: -(-len(channels) // CALIBRATION_ROWS)]
        biases = calibrate_logits(self._scores(few), np.asarray(self.shares))
        return replace(self, biases=tuple(biases.tolist()))

    def _scores(self, channels: np.ndarray) -> np.ndarray:
        scores = np.empty(channels.shape)
        for k, code in enumerate(self.codes):
            scores[..., k] = code.excess(channels[..., k])
        return scores


class Boolean(Categorical):
    """False or true, as 0 and 1."""

    name = "boolean"
    order = 70

    @classmethod
    def detect(cls, column: ColumnSample) -> DetectedType | None:
        """Look for booleans, and for numbers that are only 0 and 1."""
        if column.cells == "boolean":
            return cls.found("true or false")
        ends = column.grid.low, column.grid.high
        if column.cells == "number" and column.distinct.size == 2 and ends == (0.0, 1.0):
            return cls.found("0 or 1")
        return None

    @classmethod
    def require(cls, column: ColumnSample) -> DetectedType:
        """Ask for two values."""
        if (count := np.unique(column.values).size) != 2:
            column.refuse(cls.name, f"it has {count:,} different values, and a boolean has two")
        return cls.found("true or false")


def calibrate_logits(scores: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return biases with which the largest of the scores (m, K) has the given frequencies (K,).

    Ascent on a concave function, the dual of a transport problem, whose gradient is the shares less
    the frequencies. The step of each category halves whenever its error changes sign.
    """
    biases = np.zeros(shares.size)
    steps = np.full(shares.size, divisor(0.5 * deviation(scores)))
    best, least, before = biases, np.inf, np.zeros(shares.size)
    for _ in range(MAX_ROUNDS):
        frequencies = np.bincount(np.argmax(scores + biases, axis=1), minlength=shares.size)
        errors = shares - frequencies / len(scores)
        worst = float(np.abs(errors).max())
        if worst < least:
            best, least = biases, worst
        if worst <= TOLERANCE:
            break
        steps = np.where(errors * before < 0, 0.5 * steps, 1.1 * steps)
        # Rare categories need as large a push as frequent ones: errors relative to their shares.
        pushes = np.clip(errors / np.maximum(shares, 1e-3), -1.0, 1.0)
        biases, before = biases + steps * pushes, errors
    return best
