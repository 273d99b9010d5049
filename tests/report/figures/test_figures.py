"""Figures show the data themselves, the worst features first."""

from typing import Any

import numpy as np
import pytest

from tests.report.figures.test_picture import walks
from timegan.metrics.fidelity.projection import Projection
from timegan.metrics.fidelity.summary_statistics import statistics as statistics_of
from timegan.metrics.windows import Array
from timegan.report.figures import figures
from timegan.report.figures.figures import MOST, Figures, statistics
from timegan.report.figures.graphs import Dots, Line, Matrix
from timegan.report.figures.selection import pair_in_space, pairs_to_draw


def marks(graph: Any, kind: type[Any], view: int = 0) -> list[Any]:
    return [mark for mark in graph.views[view].marks if isinstance(mark, kind)]


def test_examples_are_the_windows_themselves_real_on_the_left() -> None:
    real, fake = walks(20, 0, 2), walks(20, 1, 2)
    graphs = Figures(real, fake, ["a", "b"]).examples(count=5)
    assert [view.title for graph in graphs for view in graph.views] == [
        "a, real",
        "a, synthetic",
        "b, real",
        "b, synthetic",
    ]
    for c, graph in enumerate(graphs):
        for number, windows in enumerate((real, fake)):
            band, line = marks(graph, Line, number)
            curves = line.y.reshape(5, 7)
            assert np.isnan(curves[:, -1]).all()
            assert all((windows[..., c] == curve).all(axis=1).any() for curve in curves[:, :-1])
            low, high = np.quantile(windows[..., c], (0.05, 0.95), axis=0)
            assert np.allclose([band.base, band.y], [low, high])


def test_sequences_are_shown_to_their_own_ends() -> None:
    real = np.concatenate([walks(30, 0, 1), np.ones((30, 6, 1))], axis=2)
    fake = real.copy()
    fake[:, 2:, 0], fake[:, 2:, 1] = fake[:, 1:2, 0], 0
    made = Figures(real, fake, ["a", "present"])
    assert made.features == ["a"]
    (graph,) = made.examples()
    steps = [marks(graph, Line, side)[0].x.tolist() for side in (0, 1)]
    assert steps == [[0, 1, 2, 3, 4, 5], [0, 1]]
    (line,) = marks(made.trajectories()[1], Line)
    assert np.isfinite(line.y.reshape(30, 7)).sum(axis=1).tolist() == [2] * 30
    assert made.windows[1].shape == (30, 6, 1)  # correlations have the whole windows


def test_only_present_is_a_feature_of_its_own() -> None:
    assert Figures(walks(3, 0, 1), walks(3, 1, 1), ["present"]).features == ["present"]


def test_pairs_show_both_correlations_on_one_scale() -> None:
    real, fake = walks(200, 0, 2), walks(200, 1, 2)
    real[..., 1] = -real[..., 0]
    (graph,) = Figures(real, fake, ["a", "b"]).pairs()
    r = np.corrcoef(fake.reshape(-1, 2).T)[0, 1]
    titles = [view.title.replace("\N{MINUS SIGN}", "-") for view in graph.views]
    assert titles == ["r = -1.000", f"r = {r:.3f}"]
    assert graph.views[0].x.limits == graph.views[1].x.limits


def test_a_side_of_a_projection_keeps_all_its_points(monkeypatch: pytest.MonkeyPatch) -> None:
    points = Projection(np.zeros((13, 2)), np.ones((7, 2)), (0.8, 0.1))
    monkeypatch.setattr(figures, "pca", lambda *_: points)
    (graph,) = Figures(walks(4, 0, 1), walks(4, 1, 1), ["a"]).planes()
    for side, count, place in (("real", 13, 0), ("synthetic", 7, 1)):
        x = np.concatenate([dots.x for dots in marks(graph, Dots) if dots.side == side])
        assert x.tolist() == [place] * count
    assert graph.note == "80%, 10% of the variance"


def test_statistics_have_a_dot_for_either_side() -> None:
    table = statistics_of(walks(20, 0, 3), walks(20, 1, 3), ["a", "b", "c"])
    mean = statistics(table)[0]
    for dots in marks(mean, Dots):
        assert dots.x.tolist() == [row[dots.side] for row in table[::4]]
        assert dots.y.tolist() == [0, 1, 2]


def test_matrices_are_correlations_with_the_difference_on_its_own_scale() -> None:
    real = walks(200, 0, 3)
    fake = real.copy()
    fake[..., 2] = fake[..., 0]
    a, b, difference = (
        marks(graph, Matrix)[0] for graph in Figures(real, fake, list("abc")).correlations()
    )
    assert a.values == pytest.approx(np.corrcoef(real.reshape(-1, 3).T))
    assert b.values[0, 2] == pytest.approx(1)
    assert difference.values == pytest.approx(b.values - a.values)
    assert difference.limit == pytest.approx(np.abs(difference.values).max())


def test_a_wide_table_shows_the_worst_features_and_keeps_the_others_for_those_who_ask() -> None:
    real = walks(20, 0, 70)
    fake = real.copy()
    worst = [3, 8, 21, 40, 41, 69]
    fake[..., worst] += 50
    graphs = Figures(real, fake, [f"f{c}" for c in range(70)]).examples()
    assert [graph.title for graph in graphs if not graph.is_extra] == [f"f{c}" for c in worst]
    assert len(graphs) == len({graph.title for graph in graphs}) == MOST


def test_each_statistic_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = dict.fromkeys(("correlations", "distributions"), 0)

    def counted(name: str) -> Any:
        real = getattr(figures, name)

        def count(*arguments: Array) -> Any:
            counts[name] += 1
            return real(*arguments)

        return count

    for name in counts:
        monkeypatch.setattr(figures, name, counted(name))
    made = Figures(walks(9, 0, 8), walks(9, 1, 8), list("abcdefgh"))
    for draw in (made.examples, made.values, made.autocorrelations, made.spectra, made.pairs):
        draw()
    for draw in (made.correlations, made.trajectories):
        draw()
    assert counts == {"correlations": 2, "distributions": 1}  # a matrix a side


def test_pairs_with_the_largest_error_are_drawn_and_twins_last() -> None:
    real = walks(100, 0, 5)
    real[..., 1] = real[..., 0]  # twins
    real[..., 3] = real[..., 2] + 0.3 * real[..., 3]  # closely tied
    fake = real.copy()
    fake[..., 4] = fake[..., 0]  # wrong
    a, b = (np.corrcoef(windows.reshape(-1, 5).T) for windows in (real, fake))
    chosen = pairs_to_draw(a, b, 2)
    assert (2, 3) in chosen
    assert {(0, 4), (1, 4)} & set(chosen)
    assert pair_in_space(a) == (2, 3)
    assert pair_in_space(a[:1, :1]) == (0, 0)


def test_wide_tables_show_the_features_that_differ_most() -> None:
    count = MOST + 20
    names = [f"c{i}" for i in range(count)]
    real = np.random.default_rng(0).normal(size=(50, 6, count))
    fake = real.copy()
    fake[..., 7:67] += 1 + fake[..., :60]
    drawn = Figures(real, fake, names)
    for graph in drawn.correlations():
        [matrix] = marks(graph, Matrix)
        assert matrix.values.shape == (MOST, MOST)
    for graph in statistics(statistics_of(real, fake, names)):
        ticks = graph.views[0].y.ticks
        assert ticks is not None
        assert list(ticks.values()) == names[7:67]
