"""Tests for white noise: columns that depend neither on their own past nor on another column."""

import numpy as np
from scipy.special import ndtri

from timegan.transforms.base import continues
from timegan.variation import deviation, divisor

MIN_ROWS = 1_000  # that can tell noise from a weak dependence
MAX_LAG = 30
MIN_DISTINCT_VALUES = 3
FALSE_ALARM_RATE = 0.01  # chance that white noise is taken for something else


def find_white_noise(
    values: np.ndarray, breaks: np.ndarray, among: np.ndarray, may_be: np.ndarray
) -> list[int]:
    """Return the columns without correlation to their own past or to any other column.

    Correlations are tested against sampling error. The tests look at ranks, and at their distance
    from the middle, so that neither level nor spread may depend on anything. Fisher's test looks
    for lines in the spectrum.

    Args:
        values: (R, C) training rows or a contiguous part of them; NaN where missing.
        breaks: rows that do not follow upon the one before.
        among: columns (C,) to look at; the others (constants, copies) are ignored.
        may_be: which of these may be white noise.
    """
    columns = [int(i) for i in np.flatnonzero(among)]
    joined = continues(len(values), breaks)
    tests = 2 * MAX_LAG + 12 * max(len(columns) - 1, 0)
    limit = float(-ndtri(FALSE_ALARM_RATE / (2 * tests)))
    candidates = [
        i for i in columns if may_be[i] and _is_uncorrelated_in_time(values[:, i], joined, limit)
    ]
    left = {i: _scores(values[:, i]) for i in candidates}
    for j in columns:
        if not left:
            break
        other = _scores(values[:, j])
        left = {
            i: own
            for i, own in left.items()
            if i == j or _is_uncorrelated_with(own, other, joined, limit)
        }
    return list(left)


def _scores(column: np.ndarray) -> np.ndarray:
    """Return standardized ranks and their distance from the middle, (2, R); 0 where missing."""
    present = ~np.isnan(column)
    scores = np.zeros((2, column.size), dtype=np.float32)
    if present.sum() > 1:
        from scipy.stats import rankdata  # half a second, which sampling does without

        ranks = rankdata(column[present])
        ranks = ranks - ranks.mean()
        far = np.abs(ranks) - np.abs(ranks).mean()
        for k, score in enumerate((ranks, far)):
            scores[k, present] = score / divisor(deviation(score))
    return scores


def _is_uncorrelated_in_time(column: np.ndarray, joined: np.ndarray, limit: float) -> bool:
    """Check that a column does not depend on its own past."""
    present = column[~np.isnan(column)]
    if present.size < MIN_ROWS or np.unique(present[:MIN_ROWS]).size < MIN_DISTINCT_VALUES:
        return False
    scores = _scores(column)
    whole = joined.copy()
    for lag in range(1, MAX_LAG + 1):
        if lag > 1:  # rows that no break parts from the one so many rows before
            whole[lag - 1 :] &= joined[: joined.size - lag + 1]
        pairs = whole[lag:] & ~np.isnan(column[lag:]) & ~np.isnan(column[:-lag])
        count = int(pairs.sum())
        if count < MIN_ROWS:
            return lag > 1
        products = (scores[:, lag:] * scores[:, :-lag])[:, pairs].sum(axis=1, dtype=np.float64)
        if (np.abs(products) > limit * np.sqrt(count)).any():
            return False
    return _has_flat_spectrum(scores[0], limit)


def _has_flat_spectrum(scores: np.ndarray, limit: float) -> bool:
    """Check that no frequency stands out, by Fisher's test at the others' significance."""
    power: np.ndarray = np.abs(np.fft.rfft(scores)[1:-1]) ** 2
    bound = float(power.mean()) * (float(np.log(power.size)) + limit**2 / 2)
    return float(power.max()) <= bound


def _is_uncorrelated_with(
    one: np.ndarray, other: np.ndarray, joined: np.ndarray, limit: float
) -> bool:
    """Check that scores of two columns are uncorrelated at the same row and one row apart."""
    after = joined[1:]
    shifted = (
        (one, other),
        (one[:, 1:] * after, other[:, :-1]),
        (one[:, :-1] * after, other[:, 1:]),
    )
    for a, b in shifted:
        pairs = int(np.count_nonzero((a[0] != 0) & (b[0] != 0)))
        if (np.abs(a @ b.T) > limit * float(np.sqrt(pairs + 1))).any():
            return False
    return True
