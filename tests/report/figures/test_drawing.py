"""Figures: real is blue, synthetic orange, and any table can be drawn."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from timegan.metrics.fidelity.projection import Projection
from timegan.metrics.fidelity.summary_statistics import statistics
from timegan.metrics.windows import Array
from timegan.report import page
from timegan.report.figures import static
from timegan.report.figures.data import change_distributions, distributions
from timegan.report.figures.selection import features_to_draw, pair_in_space, pairs_to_draw
from timegan.report.figures.theme import DARK, LIGHT


def walks(count: int, seed: int, features: int, steps: int = 6) -> Array:
    rng = np.random.default_rng(seed)
    found: Array = rng.normal(size=(count, steps, features)).cumsum(axis=1)
    return found


def panels(figure: Figure) -> list[Any]:
    return [ax for ax in figure.axes if ax.get_visible()]


def test_examples_are_the_windows_themselves_real_on_the_left() -> None:
    real, fake = walks(20, 0, 2), walks(20, 1, 2)
    drawn = panels(static.samples(real, fake, ["a", "b"], count=5))
    assert [ax.get_title(loc="left") for ax in drawn] == [
        "a, real",
        "a, synthetic",
        "b, real",
        "b, synthetic",
    ]
    for number, ax in enumerate(drawn):
        windows = (real, fake)[number % 2][:, :, number // 2]
        assert len(ax.lines) == 5
        for line in ax.lines:
            assert (windows == line.get_ydata()).all(axis=1).any()
            assert line.get_color() == (LIGHT.real, LIGHT.synthetic)[number % 2]
        assert ax.get_ylim() == drawn[number - number % 2].get_ylim()


def test_densities_enclose_the_same_area() -> None:
    real, fake = walks(200, 0, 1), walks(200, 1, 1) * 2
    (ax,) = panels(static.distributions(distributions(real, fake, ["a"])))
    areas = [np.trapezoid(line.get_ydata(), line.get_xdata()) for line in ax.lines]
    assert areas == pytest.approx([1, 1], abs=0.02)
    assert [line.get_color() for line in ax.lines] == [LIGHT.real, LIGHT.synthetic]


def test_pairs_show_both_correlations_on_one_scale() -> None:
    real, fake = walks(200, 0, 2), walks(200, 1, 2)
    real[..., 1] = -real[..., 0]
    left, right = panels(static.scatter(real, fake, ["a", "b"]))
    assert left.get_title(loc="left") == "r = -1.000".replace("-", "\N{MINUS SIGN}")
    r = np.corrcoef(fake.reshape(-1, 2).T)[0, 1]
    shown = right.get_title(loc="left").replace("\N{MINUS SIGN}", "-")
    assert shown == f"r = {r:.3f}"
    assert left.get_xlim() == right.get_xlim()


def test_projections_keep_their_colours_though_drawn_in_random_order() -> None:
    points = Projection(np.zeros((3, 2)), np.ones((2, 2)), (0.8, 0.1))
    figure = static.projection(points, None)
    (dots,) = figure.axes[0].collections
    offsets = np.asarray(dots.get_offsets())
    colours: Any = dots.get_facecolor()
    for place, colour in zip(offsets, colours, strict=True):
        assert to_hex(colour) == (LIGHT.synthetic if place[0] else LIGHT.real)
    assert "80%, 10%" in figure.axes[0].get_title(loc="left")
    assert figure.axes[1].texts[0].get_text() == "too few windows"


def test_statistics_have_a_dot_for_either_side() -> None:
    real, fake = walks(20, 0, 3), walks(20, 1, 3)
    table = statistics(real, fake, ["a", "b", "c"])
    mean = panels(static.statistics(table))[0]
    places = [tuple(np.asarray(dots.get_offsets())[0]) for dots in mean.collections]
    expected = [(row[side], n) for n, row in enumerate(table[::4]) for side in row if side in SIDES]
    assert places == [pytest.approx(place) for place in expected]


SIDES = ("real", "synthetic")


@pytest.mark.parametrize(
    ("count", "features", "steps", "theme"),
    [(1, 1, 1, DARK), (6, 2, 24, replace(LIGHT, width=4.6)), (3, 28, 2, LIGHT)],
    ids=["least", "narrow", "wide"],
)
def test_any_table_can_be_drawn(count: int, features: int, steps: int, theme: Any) -> None:
    real, fake = walks(count, 0, features, steps), walks(4, 1, features, steps)
    real[..., -1] = 2.0
    names = [f"$ a rather long name_{{of many words, 列 {c}" for c in range(features)]
    drawn = [
        static.samples(real, fake, names, theme),
        static.distributions(distributions(real, fake, names), theme),
        static.autocorrelations(real, fake, names, theme),
        static.trajectories(real, fake, names, theme),
        static.statistics(statistics(real, fake, names), theme),
    ]
    if steps > 1:
        drawn.append(static.distributions(change_distributions(real, fake, names), theme))
    if features > 1:
        drawn.append(static.scatter(real, fake, names, theme))
        drawn.append(static.correlation_matrices(real, fake, names, theme))
    for figure in drawn:
        assert to_hex(figure.get_facecolor()) == theme.surface
        assert page.png(figure).startswith(b"\x89PNG")  # warnings are errors here
        assert len(panels(figure)) <= 24


def test_the_picture_for_the_training_log_is_cheap() -> None:
    real, fake = walks(100, 0, 28), walks(100, 1, 28)
    figure = static.figure_samples(real, fake, [f"f{c}" for c in range(28)])
    assert len(panels(figure)) == 8


def test_features_that_differ_most_are_drawn_in_the_tables_order() -> None:
    real = walks(100, 0, 6)
    fake = real.copy()
    fake[..., [4, 1]] += 5
    assert features_to_draw(real, fake, 2) == [1, 4]
    assert features_to_draw(real, fake, 6) == list(range(6))


def test_pairs_with_the_largest_error_are_drawn_and_twins_last() -> None:
    real = walks(100, 0, 5)
    real[..., 1] = real[..., 0]  # twins
    real[..., 3] = real[..., 2] + 0.3 * real[..., 3]  # closely tied
    fake = real.copy()
    fake[..., 4] = fake[..., 0]  # wrong
    chosen = pairs_to_draw(real, fake, 2)
    assert (2, 3) in chosen
    assert {(0, 4), (1, 4)} & set(chosen)
    assert pair_in_space(real) == (2, 3)
    assert pair_in_space(real[..., :1]) == (0, 0)
