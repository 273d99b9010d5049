"""Distributions: bars for few values, densities for many."""

from typing import Any

import numpy as np
import pytest

from timegan.metrics.fidelity.density import Densities
from timegan.metrics.windows import Array
from timegan.report.figures.distributions import (
    Shares,
    change_distributions,
    distribution,
    distributions,
    least_alike,
    view_of,
)
from timegan.report.figures.figures import Figures
from timegan.report.figures.graphs import Bars, Line
from timegan.seeds import rng

REAL = rng(0, "figure data").integers(0, 4, (50, 6, 2)).astype(float)
FAKE = rng(1, "figure data").integers(0, 5, (40, 6, 2)).astype(float)


def test_few_values_are_shares_and_many_are_densities() -> None:
    bars = distribution(REAL, FAKE)
    assert isinstance(bars, Shares)
    assert bars.values.tolist() == [0, 1, 2, 3, 4]
    assert bars.real.sum() == bars.synthetic.sum() == pytest.approx(1)
    assert bars.real[4] == 0
    assert bars.overlap == pytest.approx(np.minimum(bars.real, bars.synthetic).sum())
    assert isinstance(distribution(REAL, rng(0, "many").normal(size=99)), Densities)


def test_values_that_lie_evenly_have_more_bars_than_others() -> None:
    years = rng(0, "years").integers(1, 42, (2, 400)) / 2
    bars = distribution(*years)
    assert isinstance(bars, Shares)
    assert bars.values.tolist() == (np.arange(1, 42) / 2).tolist()
    assert isinstance(distribution(*rng(0, "many").integers(0, 90, (2, 400))), Densities)
    assert isinstance(distribution(*(rng(0, "few").random((2, 20)) ** 3)), Densities)


@pytest.mark.parametrize("values", [1e9 + np.arange(5), np.array([0, 1, 2, 500, 40_000])])
def test_values_with_no_room_for_bars_between_them_stand_side_by_side(values: Array) -> None:
    bars = distribution(values[REAL.astype(int)], values[FAKE.astype(int)])
    assert isinstance(bars, Shares)
    assert bars.values.tolist() == [0, 1, 2, 3, 4]
    assert [float(name) for name in bars.labels] == values.tolist()
    assert bars.overlap == distribution(REAL, FAKE).overlap


def test_features_of_a_category_are_one_column_and_missing_values_are_none() -> None:
    kind = rng(0, "kind").integers(0, 3, (20, 6))
    size = rng(1, "size").normal(size=(20, 6))
    gone = rng(2, "gone").random((20, 6)) < 0.3
    features = np.stack([*(kind == code for code in range(3)), size, gone], axis=-1).astype(float)
    groups: list[dict[str, Any]] = [
        {"column": "kind", "features": [0, 1, 2], "missing": None, "labels": ["a", "b", "c"]},
        {"column": "size", "features": [3], "missing": 4, "labels": []},
    ]
    names = ["kind=a", "kind=b", "kind=c", "size", "size is missing"]
    figures = Figures(features, features[:5], names, groups)
    columns = figures.columns
    assert (columns.names, columns.numbers) == (["kind", "size"], [3])
    assert np.array_equal(columns.real[..., 0], kind)
    assert np.array_equal(columns.real[..., 1], np.where(gone, np.nan, size), equal_nan=True)
    labels = {0: "a", 1: "b", 2: "c"}
    assert [graph.title for graph in figures.values()] == ["kind", "size"]
    assert figures.values()[0].views[0].x.ticks == labels
    assert figures.changes()[0].views[0].x.ticks == {0: "stays", 1: "changes"}
    assert figures.examples()[0].views[0].y.ticks == labels


def test_a_single_value_is_one_bar() -> None:
    bars = distribution(np.full((3, 2), 1988.0), np.full(4, 1988.0))
    assert isinstance(bars, Shares)
    assert (bars.values.tolist(), bars.overlap) == ([1988], 1)
    assert [type(mark) for mark in view_of(bars).marks] == [Bars, Bars]


def test_differences_of_decimals_are_one_value() -> None:
    years = rng(0, "years").integers(0, 90, 60)[:, None] / 10 + np.arange(12) * 0.5
    changes = np.diff(years.round(1), axis=1)
    assert len(np.unique(changes)) > 1
    bars = distribution(changes, changes[:20])
    assert isinstance(bars, Shares)
    assert bars.values.tolist() == [0.5]


def test_a_single_value_beside_many_is_no_smooth_density() -> None:
    many = rng(0, "many").normal(50, 5, 400)
    many[:40] = 50.0
    for a, b in ((np.full(9, 50.0), many), (many, np.full(9, 50.0))):
        bars = distribution(a, b)
        assert isinstance(bars, Shares)
        assert bars.overlap == pytest.approx(0.1)
        assert bars.values[len(bars.values) // 2] == 50.0
        assert bars.real.sum() == bars.synthetic.sum() == pytest.approx(1)
        assert sorted([bars.real.max(), bars.synthetic.max()])[1] == 1.0


def test_steps_behind_an_end_are_not_counted() -> None:
    cut = REAL.copy()
    cut[:, 3:] = np.nan
    found, *_ = distributions(cut, FAKE)
    exact, *_ = distributions(REAL[:, :3], FAKE)
    assert found.real.tolist() == exact.real.tolist()
    assert isinstance(change_distributions(cut, FAKE)[0], Shares)


def test_densities_enclose_the_same_area_and_are_drawn_where_they_are() -> None:
    draw = rng(0, "many")
    view = view_of(distribution(draw.normal(size=(200, 3)), draw.normal(2, 2, size=400)))
    areas = []
    for line in view.marks:
        assert isinstance(line, Line)
        areas.append(np.trapezoid(line.y, line.x))
    assert areas == pytest.approx([1, 1], abs=0.03)


def test_the_least_alike_keep_their_order() -> None:
    found = [distribution(REAL, FAKE + shift) for shift in (0, 9, 0, 5, 9)]
    assert least_alike(found, 3) == [1, 3, 4]
