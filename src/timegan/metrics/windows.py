"""Sets of windows: checks, min-max units, subsets and random halves."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from timegan.errors import InputError
from timegan.variation import divisor, largest_known, span

Array = npt.NDArray[Any]


LARGEST = 1e100
"""The largest value that is measured."""


def check(real: Array, synthetic: Array, *, cells: bool = False) -> None:
    """Refuse two sets of windows that cannot be compared.

    Args:
        real: windows (N, T, C).
        synthetic: windows (M, T, C).
        cells: whether a cell may have no value, which is NaN.

    Raises:
        InputError: a set is empty or not (N, T, C), the steps or features differ, or a value is
            not finite or beyond 1e100.
    """
    for name, windows in (("real", real), ("synthetic", synthetic)):
        if windows.ndim != 3 or 0 in windows.shape:
            raise InputError(
                f"The {name} windows have the shape {windows.shape}: "
                "a comparison needs (windows, steps, features) with at least one of each."
            )
        wrong = ~np.isfinite(windows) & ~(cells & np.isnan(windows))
        if wrong.any():
            window, step, feature = (int(i) for i in np.argwhere(wrong)[0])
            raise InputError(
                f"The {name} windows have {windows[window, step, feature]} in window {window}, "
                f"step {step}, feature {feature}: fill or drop such values first."
            )
        most = float(largest_known(windows))
        if most > LARGEST:
            raise InputError(
                f"The {name} windows have the value {most:.3g}: beyond {LARGEST:.0e} squares "
                "overflow. Give such a feature in another unit."
            )
    if real.shape[1:] != synthetic.shape[1:]:
        raise InputError(
            f"Real windows have {real.shape[1]} steps of {real.shape[2]} features, synthetic ones "
            f"{synthetic.shape[1]} of {synthetic.shape[2]}: both must be the same."
        )


class MinMax:
    """Min-max units of a set of windows (N, T, C): 0 is a feature's minimum, 1 its maximum.

    A feature that never changes keeps its own unit, so that a difference from it still shows.

    Args:
        windows: where the minima and maxima come from, ...
        limits: ... unless these two arrays (C,) are given.
    """

    def __init__(self, windows: Array, limits: tuple[Array, Array] | None = None) -> None:
        low, high = limits or (
            np.fmin.reduce(windows, axis=(0, 1)),
            np.fmax.reduce(windows, axis=(0, 1)),
        )
        self.low: Array = np.asarray(low, dtype=np.float64)
        self.span: Array = divisor(span(self.low, high))

    def __call__(self, windows: Array) -> Array:
        """Return windows in min-max units, float64."""
        scaled: Array = (windows - self.low) / self.span
        return scaled


def known(values: Array) -> Array:
    """Return the cells that have a value (n,), of an array of any shape."""
    found: Array = values[~np.isnan(values)]
    return found


def subset(windows: Array, limit: int, rng: np.random.Generator) -> Array:
    """Draw at most ``limit`` windows without replacement, in their own order."""
    if len(windows) <= limit:
        return windows
    chosen: Array = windows[np.sort(rng.choice(len(windows), limit, replace=False))]
    return chosen


@dataclass(frozen=True, eq=False)
class Subset:
    """Windows of a set (N, T, C), chosen by numbers (n,) without a copy; None: all of them."""

    windows: Array
    index: Array | None = None

    def __len__(self) -> int:
        return len(self.windows if self.index is None else self.index)

    def values(self) -> Array:
        """Return the windows themselves (n, T, C)."""
        chosen: Array = self.windows if self.index is None else self.windows[self.index]
        return chosen


def random_halves(windows: Array, rng: np.random.Generator) -> tuple[Subset, Subset]:
    """Draw two halves, in random order; of an odd number of windows the second has one more."""
    order = rng.permutation(len(windows))
    middle = len(windows) // 2
    return Subset(windows, order[:middle]), Subset(windows, order[middle:])
