"""Precision falls with outliers, recall with what is missing, authenticity with copies."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from timegan.metrics.fidelity.precision_recall import authenticity, precision, recall
from timegan.metrics.windows import Array


def two_kinds(count: int, seed: int, second: float = 0.5) -> Array:
    """Return windows of two modes, the second with the given share."""
    rng = np.random.default_rng(seed)
    which = (rng.random(count) < second)[:, None, None]
    found: Array = rng.normal(size=(count, 4, 2)) + np.where(which, 6.0, 0.0)
    return found


def value(found: float | None) -> float:
    assert found is not None
    return found


REAL, OTHER = two_kinds(500, 0), two_kinds(500, 1)


def test_another_real_sample_is_precise_and_complete() -> None:
    assert value(precision(REAL, OTHER)) > 0.9
    assert value(recall(REAL, OTHER)) > 0.75
    assert value(authenticity(REAL, OTHER)) == pytest.approx(0.5, abs=0.08)


def test_recall_falls_with_the_share_of_a_mode() -> None:
    recalls = [value(recall(REAL, two_kinds(500, 1, second))) for second in (0.5, 0.1, 0.0)]
    assert recalls == sorted(recalls, reverse=True)
    assert recalls[2] < recalls[0] - 0.3


def test_precision_falls_with_outliers() -> None:
    rng = np.random.default_rng(2)
    precise = []
    for share in (0.0, 0.3, 1.0):
        wild = OTHER.copy()
        count = int(500 * share)
        wild[:count] += 20 * rng.normal(size=(count, 4, 2))
        precise.append(value(precision(REAL, wild)))
    assert precise == sorted(precise, reverse=True)
    assert precise[2] < 0.2


def test_a_collapse_to_the_middle_is_neither_precise_nor_complete() -> None:
    middle = np.broadcast_to(REAL.mean(axis=0), REAL.shape) + 1e-3 * OTHER
    assert value(precision(REAL, middle)) < 0.1
    assert value(recall(REAL, middle)) < 0.1


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_copies_are_not_authentic(share: float) -> None:
    count = int(500 * share)
    found = value(authenticity(REAL, np.concatenate((REAL[:count], OTHER[count:]))))
    assert found == pytest.approx(0.5 * (1 - share), abs=0.08)


def test_overlapping_windows_are_no_neighbours_of_each_other() -> None:
    """One step apart they lie so near that every synthetic window would pass for authentic."""
    rows = np.random.default_rng(0).normal(size=(1_200, 2)).cumsum(axis=0)
    windows = np.moveaxis(sliding_window_view(rows, 12, axis=0), -1, 1)
    jittered = windows[:500] + 0.3 * np.random.default_rng(1).normal(size=(500, 12, 2))
    assert value(authenticity(windows, jittered)) < 0.2


def test_few_windows_give_none() -> None:
    assert precision(REAL[:5], OTHER) is recall(REAL[:5], OTHER) is None
    assert authenticity(REAL[:1], OTHER) is None
