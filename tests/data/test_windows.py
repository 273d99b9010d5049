"""Windows and splits: where a window may start, and which rows are held out."""

import numpy as np
import pytest

from timegan.data.splits import split_rows
from timegan.data.windows import Windows, padded_starts, strided, valid_starts
from timegan.errors import InputError


def test_windows_are_slices_of_the_rows() -> None:
    rows = np.arange(20.0).reshape(10, 2)
    windows = Windows(rows, np.array([0, 4, 7]), 3)
    assert (len(windows), windows.shape) == (3, (3, 3, 2))
    np.testing.assert_array_equal(windows.all(), [rows[0:3], rows[4:7], rows[7:10]])
    np.testing.assert_array_equal(windows.take(np.array([[2], [0]]))[1, 0], rows[0:3])


def test_windows_store_nothing_twice() -> None:
    rows = np.zeros((1_000, 4), dtype=np.float32)
    windows = Windows(rows, np.arange(900), 100)
    assert np.shares_memory(strided(windows.rows, 100), rows)


def test_covered_rows_are_those_of_some_window() -> None:
    windows = Windows(np.zeros((10, 1)), np.array([1, 2, 7]), 2)
    np.testing.assert_array_equal(np.flatnonzero(windows.covered()), [1, 2, 3, 7, 8])


@pytest.mark.parametrize("stride", [1, 2, 5])
def test_no_window_leaves_its_run(stride: int) -> None:
    runs = np.array([[0, 10], [10, 12], [15, 40]])
    starts = valid_starts(runs, 4, stride)
    inside = [any(first <= s and s + 4 <= after for first, after in runs) for s in starts]
    assert all(inside)
    assert {0, 15} <= set(starts)
    if stride == 1:
        assert {6, 36} <= set(starts)


SERIES = [(3_685, 24), (19_734, 24), (3_685, 128), (600, 24), (400, 24)]


@pytest.mark.parametrize(("rows", "window"), SERIES)
def test_blocks_are_spread_over_the_series_with_a_gap_around(rows: int, window: int) -> None:
    parts = split_rows(np.array([[0, rows]]), window, 0.1)
    owner = np.zeros(rows, dtype=int)
    for runs, mark in ((parts.train, 1), (parts.holdout, 2)):
        for first, after in runs:
            assert (owner[first:after] == 0).all()
            owner[first:after] = mark
    held = (owner == 2).sum()
    assert 0.05 * rows < held <= 0.1 * rows + 1
    gaps = np.flatnonzero(owner == 0)
    assert len(gaps) == 2 * window * len(parts.holdout)
    middle = parts.holdout.mean(axis=1) / rows
    np.testing.assert_allclose(middle.mean(), 0.5, atol=0.01)
    assert (owner == 1)[[0, -1]].all()


def test_few_long_sequences_are_split_in_time() -> None:
    bounds = np.array([[0, 2_000], [2_000, 4_000]])
    parts = split_rows(bounds, 24, 0.1)
    for first, after in (*parts.train, *parts.holdout):
        assert after <= 2_000 or first >= 2_000
    assert (parts.holdout[:, 0] < 2_000).any()
    assert (parts.holdout[:, 0] >= 2_000).any()


def test_many_sequences_are_held_out_whole() -> None:
    bounds = np.array([[i * 30, i * 30 + 30] for i in range(50)])
    parts = split_rows(bounds, 24, 0.1)
    assert len(parts.holdout) == 5
    together = np.concatenate([parts.train, parts.holdout])
    np.testing.assert_array_equal(together[np.argsort(together[:, 0])], bounds)


def test_sequences_too_short_for_a_window_are_not_held_out() -> None:
    bounds = np.array([[i * 30, i * 30 + (30 if i % 2 else 5)] for i in range(40)])
    parts = split_rows(bounds, 24, 0.5)
    assert len(parts.holdout) == 10
    assert (parts.holdout[:, 1] - parts.holdout[:, 0] == 30).all()


@pytest.mark.parametrize(("rows", "window"), [(30, 24), (250, 24), (1_000, 120)])
def test_nothing_is_held_out_where_it_would_cost_too_much(rows: int, window: int) -> None:
    parts = split_rows(np.array([[0, rows]]), window, 0.1)
    assert len(parts.holdout) == 0
    np.testing.assert_array_equal(parts.train, [[0, rows]])
    assert "too short" in parts.description


def test_nothing_is_held_out_on_request() -> None:
    parts = split_rows(np.array([[0, 1_000]]), 24, 0.0)
    assert len(parts.holdout) == 0
    np.testing.assert_array_equal(parts.train, [[0, 1_000]])


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("window", [2, 24, 100])
def test_every_split_leaves_training_windows(share: float, window: int) -> None:
    for count in (1, 3, 12):
        for steps in (window, 4 * window, 40 * window):
            bounds = np.array([[i * steps, (i + 1) * steps] for i in range(count)])
            assert len(valid_starts(split_rows(bounds, window, share).train, window)) > 0


RUNS = np.array([[0, 7], [7, 8], [8, 8], [8, 11], [11, 15]])


@pytest.mark.parametrize("stride", [1, 2])
def test_short_runs_are_kept_and_padded_and_long_ones_windowed(stride: int) -> None:
    rows = np.arange(1.0, 16)[:, None]
    starts, lengths = padded_starts(RUNS, 4, stride)
    windows = Windows(rows, starts, 4, lengths, exogenous=-rows)
    taken = windows.batch(np.arange(len(windows))[None])
    want = [[i + 1, i + 2, i + 3, i + 4] for i in range(0, 4, stride)]
    want += [[8, 0, 0, 0], [9, 10, 11, 0], [12, 13, 14, 15]]
    np.testing.assert_array_equal(taken.x[0, :, :, 0], want)
    assert taken.exogenous is not None
    np.testing.assert_array_equal(taken.exogenous, -taken.x)
    assert taken.lengths is not None
    np.testing.assert_array_equal(taken.lengths[0], (np.array(want) > 0).sum(1))
    assert windows.covered().all() == (stride == 1)


def test_a_window_may_be_longer_than_the_table() -> None:
    windows = Windows(np.ones((2, 1)), np.array([0]), 3, np.array([2]))
    np.testing.assert_array_equal(windows.all()[0, :, 0], [1, 1, 0])


def test_each_window_brings_its_context() -> None:
    windows = Windows(np.zeros((5, 1)), np.arange(4), 2, context=np.arange(4.0)[:, None])
    context = windows.batch(np.array([[3, 1], [0, 2]])).context
    assert context is not None
    np.testing.assert_array_equal(context[..., 0], [[3, 1], [0, 2]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lengths": np.array([0, 2])}, "Windows of 0 to 2 rows"),
        ({"lengths": np.array([3, 2])}, "holds from 1 to 2"),
        ({"lengths": np.array([1])}, "1 lengths for 2"),
        ({"context": np.zeros((3, 1))}, "3 context for 2"),
        ({"exogenous": np.zeros((2, 1))}, "2 exogenous for 5"),
    ],
)
def test_what_does_not_belong_to_the_windows_is_refused(
    options: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Windows(np.zeros((5, 1)), np.array([0, 1]), 2, **options)
