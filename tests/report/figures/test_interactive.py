"""Graphs for the browser: valid for plotly, in the page's colours, and of the data themselves."""

import base64
import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from timegan.metrics.fidelity.projection import Projection, pca, tsne
from timegan.metrics.fidelity.summary_statistics import statistics
from timegan.metrics.windows import Array
from timegan.report.figures import interactive
from timegan.report.figures.data import change_distributions, distributions
from timegan.report.figures.interactive import MOST
from timegan.report.figures.plotly import TEMPLATE, Graph


def walks(count: int, seed: int, features: int, steps: int = 6) -> Array:
    rng = np.random.default_rng(seed)
    found: Array = rng.normal(size=(count, steps, features)).cumsum(axis=1)
    return found


def numbers(value: dict[str, Any]) -> Array:
    found: Array = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
    return found


def every(real: Array, fake: Array, names: list[str]) -> dict[str, list[Graph]]:
    drawn = {
        "samples": interactive.samples(real, fake, names),
        "density": interactive.distributions(distributions(real, fake, names)),
        "autocorrelation": interactive.autocorrelations(real, fake, names),
        "trajectories": interactive.trajectories(real, fake, names),
        "statistics": interactive.statistics(statistics(real, fake, names)),
        "projection": interactive.projection(pca(real, fake), tsne(real, fake)),
    }
    if real.shape[1] > 1:
        drawn["changes"] = interactive.distributions(change_distributions(real, fake, names))
    if real.shape[1] > 3:
        drawn["spectrum"] = interactive.spectra(real, fake, names)
    if len(names) > 1:
        drawn["correlation"] = interactive.scatter(real, fake, names)
        drawn["correlation_matrix"] = interactive.correlation_matrices(real, fake, names)
    return drawn


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
    for graphs in every(real, fake, names).values():
        assert graphs
        for graph in graphs:
            text = json.dumps(graph.spec, allow_nan=False)
            assert "<b>many" not in text
            layout = graph.spec["layout"] | {"template": TEMPLATE}
            go.Figure(in_colour(graph.spec["data"]), in_colour(layout))  # refuses what is unknown


def test_each_trace_belongs_to_a_side_by_its_colour() -> None:
    for name, graphs in every(walks(20, 0, 3), walks(20, 1, 3), ["a", "b", "c"]).items():
        for graph in graphs:
            for trace in graph.spec["data"]:
                if "meta" in trace:
                    colour = (trace.get("marker") or trace["line"])["color"]
                    assert colour == f"@{trace['meta']}", name


def test_examples_are_the_windows_themselves() -> None:
    real, fake = walks(20, 0, 2), walks(20, 1, 2)
    graphs = interactive.samples(real, fake, ["a", "b"], count=5)
    assert [graph.title for graph in graphs] == ["a", "b"]
    for c, graph in enumerate(graphs):
        for windows, trace in ((real, graph.spec["data"][2]), (fake, graph.spec["data"][5])):
            curves = numbers(trace["y"]).reshape(5, 7)
            assert np.isnan(curves[:, -1]).all()
            for curve in curves[:, :-1]:
                assert (windows[..., c].astype("f4") == curve).all(axis=1).any()


def test_densities_have_an_overlap_and_the_same_area() -> None:
    (graph,) = interactive.distributions(
        distributions(walks(200, 0, 1), 2 * walks(200, 1, 1), ["a"])
    )
    areas = [np.trapezoid(numbers(t["y"]), numbers(t["x"])) for t in graph.spec["data"]]
    assert areas == pytest.approx([1, 1], abs=0.03)
    assert graph.note.startswith("overlap 0.")


def test_a_side_of_a_projection_keeps_all_its_points() -> None:
    points = Projection(np.zeros((13, 2)), np.ones((7, 2)), (0.8, 0.1))
    (graph,) = interactive.projection(points, None)
    sides = {"real": 0, "synthetic": 0}
    for trace in graph.spec["data"]:
        sides[trace["meta"]] += len(numbers(trace["x"]))
        assert set(numbers(trace["x"])) <= {float(trace["meta"] == "synthetic")}
    assert sides == {"real": 13, "synthetic": 7}
    assert graph.note == "80%, 10% of the variance"


def test_matrices_are_correlations_with_the_difference_on_its_own_scale() -> None:
    real = walks(200, 0, 3)
    fake = real.copy()
    fake[..., 2] = fake[..., 0]
    a, b, difference = (
        graph.spec["data"][0] for graph in interactive.correlation_matrices(real, fake, list("abc"))
    )
    expected = np.corrcoef(real.reshape(-1, 3).T)
    assert np.array(a["z"]) == pytest.approx(expected, abs=1e-4)
    assert b["z"][0][2] == 1
    assert np.array(difference["z"]) == pytest.approx(np.array(b["z"]) - np.array(a["z"]), abs=2e-4)
    assert difference["zmax"] == pytest.approx(np.abs(difference["z"]).max(), abs=1e-4)


def test_a_wide_table_shows_the_worst_features_and_keeps_the_others_for_those_who_ask() -> None:
    real, fake = walks(5, 0, 70), walks(5, 1, 70)
    graphs = interactive.samples(real, fake, [f"f{c}" for c in range(70)])
    assert sum(not graph.extra for graph in graphs) == 6
    assert len(graphs) == MOST
    assert len({graph.title for graph in graphs}) == MOST
