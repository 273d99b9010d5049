"""Pictures: real is blue, synthetic orange, and any table can be drawn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from timegan.metrics.fidelity.summary_statistics import statistics as statistics_of
from timegan.metrics.windows import Array
from timegan.report.figures.figures import Figures, profiles, statistics
from timegan.report.figures.graphs import Axis, Dots, Graph, Line, View
from timegan.report.figures.picture import picture, png
from timegan.report.figures.theme import LIGHT


def walks(count: int, seed: int, features: int, steps: int = 6) -> Array:
    rng = np.random.default_rng(seed)
    found: Array = rng.normal(size=(count, steps, features)).cumsum(axis=1)
    return found


def panels(figure: Figure) -> list[Any]:
    return [ax for ax in figure.axes if ax.get_visible()]


def every_figure(real: Array, fake: Array, names: Sequence[str]) -> dict[str, list[Graph]]:
    """Return the graphs of all figures that these windows have."""
    made, steps = Figures(real, fake, names), real.shape[1]
    ways: dict[str, Any] = {
        "examples": made.examples,
        "values": made.values,
        "planes": made.planes,
        "trajectories": made.trajectories,
        "statistics": lambda: statistics(statistics_of(real, fake, names)),
    }
    ways |= (
        {"changes": made.changes, "autocorrelations": made.autocorrelations} if steps > 1 else {}
    )
    ways |= {"spectra": made.spectra} if steps > 3 else {}
    ways |= {"pairs": made.pairs, "correlations": made.correlations} if len(names) > 1 else {}
    return {name: way() for name, way in ways.items()}


def test_a_curve_has_its_colour_and_its_values() -> None:
    lines = [Line(side, np.arange(3.0), np.arange(3.0) + n) for n, side in enumerate(SIDES)]
    (ax,) = panels(picture([Graph("a", [View(lines, Axis("step", (0, 9)))], "note")], 1))
    assert [line.get_color() for line in ax.lines] == [LIGHT.real, LIGHT.synthetic]
    assert [line.get_ydata().tolist() for line in ax.lines] == [[0, 1, 2], [1, 2, 3]]
    assert (ax.get_xlabel(), ax.get_xlim()) == ("step\nnote", (0, 9))


SIDES = ("real", "synthetic")


def test_graphs_on_request_are_left_out_and_two_views_share_their_limits() -> None:
    views = [View([Dots(side, np.array([n]), np.array([9.0 * n]))]) for n, side in enumerate(SIDES)]
    drawn = panels(picture([Graph("a", views), Graph("b", views, is_extra=True)], 2))
    assert len(drawn) == 2
    assert drawn[0].get_ylim() == drawn[1].get_ylim()
    assert [to_hex(ax.collections[0].get_facecolor()) for ax in drawn] == [
        LIGHT.real,
        LIGHT.synthetic,
    ]


def test_curves_without_any_value_say_so() -> None:
    nothing = [Line(side, np.arange(2), np.full(2, np.nan)) for side in SIDES]
    (ax,) = panels(picture([Graph("a", [View(nothing, y=Axis(is_log=True))])], 1))
    assert [text.get_text() for text in ax.texts] == ["nothing varies"]


@pytest.mark.parametrize(
    ("count", "features", "steps"),
    [(1, 1, 1), (6, 2, 24), (3, 28, 2)],
    ids=["least", "usual", "wide"],
)
def test_any_table_can_be_drawn(count: int, features: int, steps: int) -> None:
    real, fake = walks(count, 0, features, steps), walks(4, 1, features, steps)
    real[..., -1] = 2.0
    names = [f"$ a rather long name_{{of many words, 列 {c}" for c in range(features)]
    for graphs in every_figure(real, fake, names).values():
        if graphs:
            figure = picture(graphs, 3)
            assert to_hex(figure.get_facecolor()) == LIGHT.surface
            assert png(figure).startswith(b"\x89PNG")  # warnings are errors here
            assert len(panels(figure)) <= 24


def test_profiles_without_synthetic_data_are_drawn() -> None:
    row = {"feature": "a", "part": "month", "phase": "month", "real": 0.5, "synthetic": None}
    (ax,) = panels(picture(profiles([row | {"profiles": {"real": list(range(12))}}]), 3))
    assert ax.get_xlabel() == "month\n50.0% of the variance"
    assert [len(line.get_xdata()) for line in ax.lines] == [12, 0]
