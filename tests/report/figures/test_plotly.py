"""Graphs for the browser: valid for plotly, in the page's colours, and of the data themselves."""

import base64
import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from tests.report.figures.test_picture import every_figure, walks
from timegan.metrics.windows import Array
from timegan.report.figures.graphs import Axis, Graph, Line, Matrix, View
from timegan.report.figures.plotly import TEMPLATE, spec


def numbers(value: dict[str, Any]) -> Array:
    found: Array = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
    return found


def in_colour(value: Any) -> Any:
    """Return the figure as the page shows it, in any color."""
    if isinstance(value, dict):
        return {key: in_colour(item) for key, item in value.items()}
    if isinstance(value, list):
        return [in_colour(item) for item in value]
    return "#123456" if isinstance(value, str) and value.startswith("@") else value


@pytest.mark.parametrize(
    ("count", "features", "steps"), [(1, 1, 1), (6, 2, 24), (3, 28, 2), (20, 3, 4)]
)
def test_plotly_knows_every_property_of_any_tables_graphs(
    count: int, features: int, steps: int
) -> None:
    real, fake = walks(count, 0, features, steps), walks(4, 1, features, steps)
    real[..., -1] = 2.0
    names = [f"$ a rather long name_{{of <b>many words, 列 {c}" for c in range(features)]
    for graphs in every_figure(real, fake, names).values():
        assert graphs
        for graph in graphs:
            found = spec(graph)
            assert "<b>many" not in json.dumps(found, allow_nan=False)
            layout = found["layout"] | {"template": TEMPLATE}
            go.Figure(in_colour(found["data"]), in_colour(layout))  # refuses what is unknown


def test_each_trace_belongs_to_a_side_by_its_colour() -> None:
    for name, graphs in every_figure(walks(20, 0, 3), walks(20, 1, 3), ["a", "b", "c"]).items():
        for graph in graphs:
            for trace in spec(graph)["data"]:
                if "meta" in trace:
                    colour = (trace.get("marker") or trace["line"])["color"]
                    assert colour.partition("/")[0] == f"@{trace['meta']}", name


def test_a_line_keeps_its_values_and_a_band_has_two_edges() -> None:
    x, low, high = np.arange(3.0), np.zeros(3), np.array([1.0, np.nan, 2.0])
    band = Line("real", x, high, fill=0.2, base=low)
    below, above = spec(Graph("a", [View([band], Axis("step"), Axis(is_log=True))]))["data"]
    assert numbers(below["y"]).tolist() == [0, 0, 0]
    assert np.array_equal(numbers(above["y"]), high, equal_nan=True)
    assert (above["fill"], above["fillcolor"]) == ("tonexty", "@real/0.2")


def test_a_matrix_without_a_value_has_a_hole() -> None:
    matrix = Matrix(np.array([[1.0, np.nan], [np.nan, 1.0]]), 1)
    (trace,) = spec(Graph("a", [View([matrix])]))["data"]
    assert trace["z"] == [[1.0, None], [None, 1.0]]


def test_two_views_zoom_together() -> None:
    line = Line("real", np.arange(2.0), np.arange(2.0))
    found = spec(Graph("a", [View([line]), View([line])]))
    assert [trace["xaxis"] for trace in found["data"]] == ["x", "x2"]
    assert found["layout"]["xaxis2"]["matches"] == "x"
