"""Which columns are noise: nothing in the table, themselves included, says anything about them."""

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from timegan.transforms.base import follows
from timegan.variation import deviation, divisor

ROWS = 1_000  # fewest that can tell noise from a weak dependence
LAGS = 30
DISTINCT = 3  # fewest values
FALSE = 0.01  # chance that real noise is taken for something else


def find_noise(
    values: np.ndarray, breaks: np.ndarray, among: np.ndarray, maybe: np.ndarray
) -> list[int]:
    """Columns without correlation to their own past or to any other column, within sampling error.

    Both the ranks and their distance from the middle are looked at, so that neither a level nor a
    spread that follows something passes for noise; and the spectrum has no line.

    Args:
        values: (R, C) training rows or a contiguous part of them; NaN where there is a hole.
        breaks: rows that do not follow upon the one before.
        among: columns (C,) to look at; the others (constants, copies) are left out altogether.
        maybe: which of these may be noise.
    """
    columns = [int(i) for i in np.flatnonzero(among)]
    joined = follows(len(values), breaks)
    tests = 2 * LAGS + 12 * max(len(columns) - 1, 0)
    limit = float(-ndtri(FALSE / (2 * tests)))
    candidates = [i for i in columns if maybe[i] and _forgets(values[:, i], joined, limit)]
    left = {i: _scores(values[:, i]) for i in candidates}
    for j in columns:
        if not left:
            break
        other = _scores(values[:, j])
        left = {i: own for i, own in left.items() if i == j or _apart(own, other, joined, limit)}
    return list(left)


def _scores(column: np.ndarray) -> np.ndarray:
    """Ranks, and their distance from the middle (2, R), standardised; 0 where there is a hole."""
    there = ~np.isnan(column)
    scores = np.zeros((2, column.size), dtype=np.float32)
    if there.sum() > 1:
        ranks = rankdata(column[there])
        ranks = ranks - ranks.mean()
        far = np.abs(ranks) - np.abs(ranks).mean()
        for k, score in enumerate((ranks, far)):
            scores[k, there] = score / divisor(deviation(score))
    return scores


def _forgets(column: np.ndarray, joined: np.ndarray, limit: float) -> bool:
    """Whether a column does not depend on its own past."""
    there = column[~np.isnan(column)]
    if there.size < ROWS or np.unique(there[:ROWS]).size < DISTINCT:
        return False
    scores = _scores(column)
    whole = joined.copy()
    for lag in range(1, LAGS + 1):
        if lag > 1:  # rows that no break parts from the one so many rows before
            whole[lag - 1 :] &= joined[: joined.size - lag + 1]
        pairs = whole[lag:] & ~np.isnan(column[lag:]) & ~np.isnan(column[:-lag])
        count = int(pairs.sum())
        if count < ROWS:
            return lag > 1
        products = (scores[:, lag:] * scores[:, :-lag])[:, pairs].sum(axis=1, dtype=np.float64)
        if (np.abs(products) > limit * np.sqrt(count)).any():
            return False
    return _flat(scores[0], limit)


def _flat(scores: np.ndarray, limit: float) -> bool:
    """Whether no frequency stands out (Fisher's test at the significance of the others)."""
    power: np.ndarray = np.abs(np.fft.rfft(scores)[1:-1]) ** 2
    bound = float(power.mean()) * (float(np.log(power.size)) + limit**2 / 2)
    return float(power.max()) <= bound


def _apart(one: np.ndarray, other: np.ndarray, joined: np.ndarray, limit: float) -> bool:
    """Whether two columns' scores are uncorrelated at the same row and one row apart."""
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
