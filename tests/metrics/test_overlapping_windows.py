"""Windows that share rows are known to, and halves of them do not."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from timegan.metrics.nearest_neighbors import flatten, nearest
from timegan.metrics.overlapping_windows import block_halves, overlap_groups, window_positions
from timegan.metrics.windows import Array


def series(rows: int, seed: int = 0, steps: int = 6) -> Array:
    x = np.random.default_rng(seed).normal(size=(rows, 2)).cumsum(axis=0)
    return np.moveaxis(sliding_window_view(x, steps, axis=0), -1, 1)


def test_the_stride_and_gaps_of_windows_are_found() -> None:
    windows = series(40)
    assert window_positions(windows).tolist() == list(range(35))
    assert window_positions(windows[::3]).tolist() == list(range(0, 35, 3))
    joined = np.concatenate((windows[:4], windows[20:22]))
    assert window_positions(joined).tolist() == [0, 1, 2, 3, 15, 16]


def test_windows_of_their_own_are_groups_of_their_own() -> None:
    apart = np.random.default_rng(0).normal(size=(30, 6, 2))
    assert overlap_groups(apart).tolist() == list(range(30))
    assert overlap_groups(series(41)).tolist() == sorted([*range(6)] * 6)


def test_block_halves_share_no_row() -> None:
    windows = series(2_000)
    first, second = block_halves(windows, np.random.default_rng(0))
    rows = [{tuple(row) for row in half.reshape(-1, 2)} for half in (first, second)]
    assert not rows[0] & rows[1]
    assert min(len(first), len(second)) > 0.3 * len(windows)


def test_independent_windows_are_halved_without_loss() -> None:
    windows = np.random.default_rng(0).normal(size=(200, 6, 2))
    first, second = block_halves(windows, np.random.default_rng(0))
    assert len(first) == len(second) == 100


def test_halves_of_nothing_are_nothing() -> None:
    empty, other = block_halves(series(20)[:0], np.random.default_rng(0))
    assert len(empty) == len(other) == 0


def test_neighbours_are_those_of_a_plain_search() -> None:
    rng = np.random.default_rng(0)
    base, queries = rng.normal(size=(300, 4, 2)), rng.normal(size=(270, 4, 2))
    table = np.sqrt(((queries[:, None] - base) ** 2).mean(axis=(2, 3)))
    found = nearest(flatten(queries), flatten(base), np.arange(300), 1)
    np.testing.assert_array_equal(found.index, table.argmin(axis=1))
    np.testing.assert_allclose(found.distance, table.min(axis=1), rtol=1e-4)
    np.testing.assert_allclose(found.second, np.sort(table, axis=1)[:, 1], rtol=1e-4)


def test_what_overlaps_is_no_neighbour() -> None:
    windows = series(60)
    places = window_positions(windows)
    rows = flatten(windows)
    table = np.sqrt(((rows[:, None] - rows) ** 2).mean(axis=2))
    table[np.abs(places[:, None] - places) < 6] = np.inf
    found = nearest(rows, rows, places, 6, own=places)
    np.testing.assert_allclose(found.distance, table.min(axis=1), rtol=1e-4)
    assert (np.abs(found.index - np.arange(55)) >= 6).all()
