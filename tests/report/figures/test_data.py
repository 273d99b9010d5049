"""Data of the figures: bars for few values, windows to their own ends."""

import numpy as np
import pytest

from timegan.metrics.fidelity.density import Densities
from timegan.report.figures import interactive, static
from timegan.report.figures.data import (
    Bars,
    change_distributions,
    continued,
    cut_at_ends,
    distribution,
    distributions,
    least_alike,
)
from timegan.seeds import rng

REAL = rng(0, "figure data").integers(0, 4, (50, 6, 2)).astype(float)
FAKE = rng(1, "figure data").integers(0, 5, (40, 6, 2)).astype(float)


def test_few_values_are_shares_and_many_are_densities() -> None:
    bars = distribution(REAL, FAKE)
    assert isinstance(bars, Bars)
    assert bars.values.tolist() == [0, 1, 2, 3, 4]
    assert bars.real.sum() == bars.synthetic.sum() == pytest.approx(1)
    assert bars.real[4] == 0
    assert bars.overlap == pytest.approx(np.minimum(bars.real, bars.synthetic).sum())
    assert isinstance(distribution(REAL, rng(0, "many").normal(size=99)), Densities)
    assert isinstance(distribution(REAL + 1e9, FAKE + 1e9), Densities)  # one place for a browser


def test_a_single_value_is_one_bar() -> None:
    bars = distribution(np.full((3, 2), 1988.0), np.full(4, 1988.0))
    assert isinstance(bars, Bars)
    assert (bars.values.tolist(), bars.overlap) == ([1988], 1)
    figure = static.distributions({"year": bars})
    assert len(figure.axes[0].patches) == 2


def test_a_single_value_beside_many_is_no_smooth_density() -> None:
    many = rng(0, "many").normal(50, 5, 400)
    many[:40] = 50.0
    for a, b in ((np.full(9, 50.0), many), (many, np.full(9, 50.0))):
        bars = distribution(a, b)
        assert isinstance(bars, Bars)
        assert bars.overlap == pytest.approx(0.1)
        assert bars.values[len(bars.values) // 2] == 50.0
        assert bars.real.sum() == bars.synthetic.sum() == pytest.approx(1)
        assert sorted([bars.real.max(), bars.synthetic.max()])[1] == 1.0


def test_windows_are_cut_where_their_sequences_end() -> None:
    lengths = np.array([6, 2, 4])
    is_there = (np.arange(6) < lengths[:, None]).astype(float)
    windows = np.concatenate([REAL[:3], is_there[..., None]], axis=-1)
    whole, cut, names = cut_at_ends(windows, ["a", "b", "present"])
    assert names == ["a", "b"]
    assert np.array_equal(whole, REAL[:3])
    assert (~np.isnan(cut[..., 0])).sum(axis=1).tolist() == lengths.tolist()
    last = continued(cut)
    assert np.array_equal(last[1, 2:], np.repeat(REAL[1:2, 1], 4, axis=0))
    assert np.array_equal(last[0], REAL[0])
    (a, *_), (b, *_) = (cut_at_ends(w, ["a", "b"]) for w in (REAL, FAKE))
    assert a is REAL
    assert b is FAKE


def test_steps_behind_an_end_are_neither_counted_nor_drawn() -> None:
    cut = REAL.copy()
    cut[:, 3:] = np.nan
    found = distributions(cut, FAKE, ["a", "b"])
    exact = distributions(REAL[:, :3], FAKE, ["a", "b"])
    assert found["a"].real.tolist() == exact["a"].real.tolist()
    changes = change_distributions(cut, FAKE, ["a", "b"])["a"]
    assert isinstance(changes, Bars)
    drawn = static.samples(cut, FAKE, ["a", "b"])
    assert all(np.size(line.get_xdata()) == 3 for line in drawn.axes[0].lines)
    for figure in (drawn, static.trajectories(cut, FAKE, ["a", "b"])):
        figure.canvas.draw()
    assert interactive.samples(cut, FAKE, ["a", "b"])
    assert interactive.trajectories(cut, FAKE, ["a", "b"])


def test_both_kinds_of_figures_show_the_same_features_first() -> None:
    found = dict(distributions(REAL, FAKE, ["a", "b"])) | {
        f"c{i}": distribution(REAL, FAKE + i) for i in range(20)
    }
    chosen = least_alike(found, static.DENSITIES)
    graphs = interactive.distributions(found)
    assert [graph.title for graph in graphs if not graph.extra] == chosen
    titles = [ax.get_title(loc="left") for ax in static.distributions(found).axes]
    assert titles[: len(chosen)] == chosen
    assert {trace["type"] for trace in graphs[0].spec["data"]} == {"bar"}
