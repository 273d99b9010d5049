"""The smallest change after which rows break no rule.

First the nearest point in real numbers, then several ways to round it that keep the rules exactly,
of which the nearest is taken. Rows that none of them serves go to an integer programme.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from timegan.rules.breaks import broken, residual
from timegan.rules.isotonic import rising
from timegan.rules.kinds import Monotone, Rule
from timegan.rules.parts import Part, parts
from timegan.rules.polyhedron import Polyhedron
from timegan.rules.whole import programme

BLOCK = 500_000  # numbers that are worked on together
ALTERNATIONS = 100
CLOSE = 1e-10  # in scaled units
WAYS = 3  # choices of a sum's free variable that all rows try; the others are for hard rows


def project(
    values: np.ndarray,
    rules: Sequence[Rule],
    *,
    scale: np.ndarray,
    decimals: Sequence[int | None] | None = None,
    mask: np.ndarray | None = None,
    names: Sequence[str] | None = None,
) -> np.ndarray:
    """The nearest values that break no rule, in units of ``scale``.

    A row that breaks nothing comes back bit by bit; where a column never falls (or rises), that is
    said of its sequence. Missing values stay missing, padding is left as it is.

    Args:
        values: (n, T, C) in the table's units.
        rules: those to keep; some row must be able to keep them all.
        scale: (C,) what counts as a change of 1, such as each column's standard deviation.
        decimals: of each column, to which changed values are rounded (None: they are not) where
            no rule gives a step.
        mask: (n, T) true where a step is no padding.
        names: of the columns, for messages.

    Raises:
        InputError: rules of which one leaves nothing of what another allows.
    """
    result = np.array(values, dtype=np.float64)
    for part in parts(rules, np.asarray(scale, dtype=np.float64), decimals, names):
        bad = np.zeros(result.shape[:2], dtype=bool)
        for rule in part.rules:
            bad |= broken(rule, result, mask)
        if not bad.any():
            continue
        if part.over_time:
            units = max(1, BLOCK // (result.shape[1] * len(part.members)))
            rows = np.flatnonzero(bad.any(axis=1))
            for chosen in _chunks(rows, units):
                seen = None if mask is None else mask[chosen]
                result[chosen] = _settled(result[chosen], part, seen)
        else:
            first, second = np.nonzero(bad)
            for chosen in _chunks(np.arange(len(first)), max(1, BLOCK // len(part.members))):
                at = first[chosen], second[chosen]
                result[at] = _settled(result[at][:, None], part, None)[:, 0]
    return result


def _chunks(items: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for first in range(0, len(items), size):
        yield items[first : first + size]


def _settled(values: np.ndarray, part: Part, mask: np.ndarray | None) -> np.ndarray:
    """Sequences (k, T, C) with the part's columns changed to keep its rules."""
    scattered = np.empty((*values.shape[:2], len(part.members)))
    for v, group in enumerate(part.members):
        columns = values[..., list(group)]
        if mask is not None:
            columns = np.where(mask[..., None], columns, np.nan)
        scattered[..., v] = _mean(columns)
    kept = _rounded(scattered, part)
    result = values.copy()
    for v, group in enumerate(part.members):
        for column in group:
            here = ~np.isnan(values[..., column])
            if mask is not None:
                here &= mask
            result[..., column] = np.where(here, kept[..., v], values[..., column])
    return result


def _mean(columns: np.ndarray) -> np.ndarray:
    """Mean of equal columns (..., g) where they are known: in the same unit, they weigh the same.

    Columns that are the same already keep their bits.
    """
    first = columns[..., 0]
    for i in range(1, columns.shape[-1]):
        first = np.where(np.isnan(first), columns[..., i], first)
    off = columns - first[..., None]
    count = np.maximum((~np.isnan(off)).sum(axis=-1), 1)
    return np.asarray(first + np.nansum(off, axis=-1) / count)


def _rounded(start: np.ndarray, part: Part) -> np.ndarray:
    """Of several points near ``start`` (k, T, m) that keep all rules exactly, the nearest one."""
    best = np.full(start.shape, np.nan)
    least = np.full(len(start), np.inf)
    rows = np.arange(len(start))

    def consider(points: np.ndarray) -> None:
        change = np.nansum(part.weights * (points - start[rows]) ** 2, axis=(1, 2))
        better = _keeps(points, part) & (change < least[rows])
        best[rows[better]], least[rows[better]] = points[better], change[better]

    ideal = nearest_real(start, part)
    for points in _plain(ideal, start, part):
        consider(points)
    if part.sums:
        for points in _summed(ideal, part, part.ways[:WAYS]):
            consider(points)
        rows = np.flatnonzero(np.isinf(least))
        for points in _summed(ideal[rows], part, part.ways[WAYS:]) if rows.size else ():
            consider(points)
    for row in np.flatnonzero(np.isinf(least)):
        rows = np.array([row])
        exact = programme(start[row], part)[None]
        for points in (exact, _raised(exact, part), _lowered(exact, part)):
            consider(points)
        if np.isinf(least[row]):  # as far as the solver's tolerance
            best[row] = exact[0]
    return best


def _plain(ideal: np.ndarray, start: np.ndarray, part: Part) -> Iterator[np.ndarray]:
    """Rounded points, put in order upwards or downwards; simple clipping is among them."""
    for points in (ideal, start):
        near = _allowed(points, part)
        yield _raised(near, part)
        yield _lowered(near, part)


def _summed(
    ideal: np.ndarray, part: Part, ways: Iterable[tuple[tuple[int, int], ...]]
) -> Iterator[np.ndarray]:
    """Rounded points of which one variable a sum takes what the rounding has left over."""
    near = _allowed(ideal, part)
    for way in ways:
        for points in (near, _raised(near, part), _lowered(near, part)):
            exact = _absorbed(points, part, way)
            yield exact
            yield _raised(exact, part)
            yield _lowered(exact, part)


def _absorbed(points: np.ndarray, part: Part, way: tuple[tuple[int, int], ...]) -> np.ndarray:
    points = points.copy()
    for index, v in way:
        rule = part.sums[index]
        off = residual(rule, points) / rule.coefficients[rule.columns.index(v)]
        moved = part.domains[v].nearest(points[..., v] - np.nan_to_num(off))
        points[..., v] = np.where(np.abs(off) > 0, moved, points[..., v])
    return points


def _allowed(points: np.ndarray, part: Part) -> np.ndarray:
    columns = [domain.nearest(points[..., v]) for v, domain in enumerate(part.domains)]
    return np.stack(columns, axis=-1)


def _pairs(points: np.ndarray, part: Part) -> np.ndarray:
    """The orderings to look at: where values are missing, those that would follow as well."""
    return part.below if np.isnan(points).any() else part.least()


def _raised(points: np.ndarray, part: Part) -> np.ndarray:
    """The least points of the domains that are in order and not below the given ones."""
    points, pairs = points.copy(), _pairs(points, part)
    for v in part.upward:
        known = ~np.isnan(points[..., v])
        least = points[..., v]
        for b in np.flatnonzero(pairs[v]):
            least = np.fmax(least, points[..., b])
        least = np.where(known, part.domains[v].up(least), np.nan)
        if part.direction[v]:
            ahead = slice(None, None, part.direction[v])
            least = np.fmax.accumulate(least[:, ahead], axis=1)[:, ahead]
        points[..., v] = np.where(known, least, np.nan)
    return points


def _lowered(points: np.ndarray, part: Part) -> np.ndarray:
    """The greatest points of the domains that are in order and not above the given ones."""
    points, pairs = points.copy(), _pairs(points, part)
    for v in reversed(part.upward):
        known = ~np.isnan(points[..., v])
        most = points[..., v]
        for a in np.flatnonzero(pairs[:, v]):
            most = np.fmin(most, points[..., a])
        most = np.where(known, part.domains[v].down(most), np.nan)
        if part.direction[v]:
            ahead = slice(None, None, -part.direction[v])
            most = np.fmin.accumulate(most[:, ahead], axis=1)[:, ahead]
        points[..., v] = np.where(known, most, np.nan)
    return points


def _keeps(points: np.ndarray, part: Part) -> np.ndarray:
    """Which sequences (k,) of allowed values keep orderings, directions and sums."""
    bad = np.zeros(points.shape[:2], dtype=bool)
    for a, b in np.argwhere(_pairs(points, part)):
        bad |= points[..., a] < points[..., b]
    for v, way in enumerate(part.direction):
        if way:
            bad |= broken(Monotone(v, way > 0), points)
    for rule in part.sums:
        bad |= broken(rule, points)
    return np.asarray(~bad.any(axis=1))


def nearest_real(start: np.ndarray, part: Part) -> np.ndarray:
    """The nearest points (k, T, m) that keep bounds, orderings, sums and directions.

    Steps and few values are left to the rounding. Where orderings or sums meet directions, the
    projections on either alternate (Dykstra), which comes as near as the rounding needs.
    """
    low = np.array([domain.low for domain in part.domains])
    high = np.array([domain.high for domain in part.domains])
    tied = part.below.any() or part.sums
    if not tied:
        return np.asarray(np.clip(_in_time(start, part), low, high))
    complete = ~np.isnan(start).any(axis=(1, 2))
    result = start.copy()
    for rows, pairs in ((complete, part.least()), (~complete, part.below)):
        if not rows.any():
            continue
        # Bounds seldom matter, and most points are done sooner without them.
        near = _alternated(start[rows], part, _polyhedron(part, pairs))
        out = np.asarray((near < low) | (near > high)).any(axis=(1, 2))
        if out.any():
            bounded = _polyhedron(part, pairs, low, high)
            near[out] = _alternated(start[rows][out], part, bounded)
        result[rows] = near
    return result


def _alternated(start: np.ndarray, part: Part, shape: Polyhedron) -> np.ndarray:
    def in_row(points: np.ndarray) -> np.ndarray:
        flat = points.reshape(-1, points.shape[-1])
        return shape.nearest(flat, part.weights).reshape(points.shape)

    if not part.over_time:
        return in_row(start)
    root = np.sqrt(part.weights)
    points, first, second = start, np.zeros_like(start), np.zeros_like(start)
    near = start
    for _ in range(ALTERNATIONS):
        near = in_row(points + first)
        first = points + first - near
        points = _in_time(near + second, part)
        second = near + second - points
        if np.nanmax(np.abs(points - near) * root, initial=0.0) <= CLOSE:
            break
    return near


def _in_time(points: np.ndarray, part: Part) -> np.ndarray:
    points = points.copy()
    for v, way in enumerate(part.direction):
        if way:
            points[..., v] = way * rising(way * points[..., v])
    return points


def _polyhedron(
    part: Part, pairs: np.ndarray, low: np.ndarray | None = None, high: np.ndarray | None = None
) -> Polyhedron:
    """Orderings, bounds where given, and sums, between the variables of a row."""
    identity = np.eye(len(part.members))
    orders = np.argwhere(pairs)
    sums = np.zeros((len(part.sums), len(part.members)))
    for i, rule in enumerate(part.sums):
        sums[i, list(rule.columns)] = rule.coefficients
    low = np.full(len(identity), -np.inf) if low is None else low
    high = np.full(len(identity), np.inf) if high is None else high
    blocks = [
        (identity[orders[:, 1]] - identity[orders[:, 0]], np.zeros(len(orders))),
        (-identity[np.isfinite(low)], -low[np.isfinite(low)]),
        (identity[np.isfinite(high)], high[np.isfinite(high)]),
        (sums, np.array([rule.constant for rule in part.sums])),
    ]
    normals = np.concatenate([normal for normal, _ in blocks])
    limits = np.concatenate([limit for _, limit in blocks])
    return Polyhedron(normals, limits, np.arange(len(normals)) >= len(normals) - len(sums))
