"""Columns that do not vary, or hardly: every score is a number or says why not."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

from tests.metrics.cards import published, quick, strict
from timegan.metrics.fidelity.autocorrelation import change_autocorrelation
from timegan.metrics.fidelity.density import change_overlap, densities, overlaps
from timegan.metrics.fidelity.distances import mmd, spectral_distance
from timegan.metrics.fidelity.power_spectrum import spectrum
from timegan.metrics.fidelity.summary_statistics import diversity, statistics
from timegan.metrics.windows import Array, MinMax
from timegan.report.figures.picture import picture, png
from timegan.report.figures.plotly import spec
from timegan.report.figures.plots import plots

VALUES = (14.62, 1.3, 0.03, 518.67, 1e-12, -1e9)
NAMES = ["walk", *map(str, VALUES), *(f"nearly {value}" for value in VALUES)]

PROTOCOLS: dict[str, Callable[..., dict[str, Any]]] = {
    "quick": partial(quick, classifiers=1, classifier_steps=2, cache=False),
    "published_strong": partial(quick, classifiers=2, classifier_steps=2, hidden=24, cache=False),
    "published": partial(
        published,
        classifiers=1,
        classifier_steps=2,
        forecaster_steps=2,
        encoders=1,
        encoder_steps=2,
        cache=False,
        progress=False,
    ),
    "strict": partial(
        strict, runs=1, classifiers=1, classifier_steps=4, cache=False, progress=False
    ),
}


def windows(count: int, seed: int) -> Array:
    """Return a walk, constants, and constants whose last decimals differ."""
    draw = np.random.default_rng(seed)
    found = np.empty((count, 8, len(NAMES)))
    found[..., 0] = draw.normal(size=(count, 8)).cumsum(axis=1)
    found[..., 1 : 1 + len(VALUES)] = VALUES
    units = draw.integers(0, 3, size=(count, 8, len(VALUES)))
    sizes = np.abs(VALUES) * np.array([1e-13, 1e-14, 1e-15, 3e-16, 1e-13, 1e-15])
    found[..., 1 + len(VALUES) :] = VALUES + units * sizes
    return found


REAL, UNSEEN, FAKE = windows(80, 0), windows(60, 1), windows(70, 2)


def reasons(part: Any) -> Iterator[str]:
    """Yield all reasons in a card."""
    if isinstance(part, dict):
        yield from (str(v) for k, v in part.items() if k == "reason")
        for value in part.values():
            yield from reasons(value)
    elif isinstance(part, list):
        for value in part:
            yield from reasons(value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_measures_constants(protocol: str) -> None:
    card = PROTOCOLS[protocol](REAL, UNSEEN, FAKE, NAMES)
    json.dumps(card, allow_nan=False)
    assert not [reason for reason in reasons(card) if "could not be" in reason]
    for name, score in card["scores"].items():
        assert score["mean"] is not None or name == "membership", name
    assert card["scores"]["density"]["features"]["14.62"] == pytest.approx(1)


@pytest.mark.parametrize("value", VALUES)
def test_nothing_but_constants_gives_reasons_for_what_needs_variation(value: float) -> None:
    same = np.full((40, 8, 2), value)
    card = quick(same, None, same, ["a", "b"], classifiers=1, classifier_steps=2, cache=False)
    assert card["scores"]["density"]["mean"] == pytest.approx(1)
    assert card["scores"]["correlation"]["reason"] == "No feature varies enough to measure it."
    assert card["diversity"]["ratio"] is None
    assert spectral_distance(same, same) is None
    assert mmd(same, same) == pytest.approx(0, abs=1e-9)
    assert spectrum(same)[1].max() == 0.0


@pytest.mark.parametrize("value", VALUES)
def test_a_constant_s_density_is_that_of_its_own_size(value: float) -> None:
    same = np.full((40, 8, 1), value)
    assert overlaps(same, same) == pytest.approx([1])
    assert overlaps(same, same * 1.1) == pytest.approx([0])
    assert change_overlap(same, same) == pytest.approx(1)
    near = same + np.random.default_rng(0).integers(0, 40, same.shape) * np.spacing(same)
    assert densities(near, near).overlap == pytest.approx(1)


def test_the_statistics_of_a_constant_have_no_deviation() -> None:
    rows = {r["feature"]: r for r in statistics(REAL, FAKE, NAMES) if r["statistic"] == "std"}
    for value in VALUES:
        row = rows[str(value)]
        assert (row["real"], row["synthetic"], row["relative_percent"]) == (0.0, 0.0, None)
    assert diversity(REAL[..., 1:7], FAKE[..., 1:7], NAMES[1:7])["ratio"] is None


def test_a_line_s_changes_have_no_autocorrelation() -> None:
    start = np.random.default_rng(0).normal(1e4, 1e3, size=(50, 1, 1))
    assert np.isnan(change_autocorrelation(start + 0.1 * np.arange(9)[:, None])).all()


def test_min_max_units_of_a_constant_keep_its_own_unit() -> None:
    scale = MinMax(REAL)
    assert scale.span[1 : 1 + len(VALUES)].tolist() == [1.0] * len(VALUES)
    assert scale(REAL)[..., 1 : 1 + len(VALUES)].max() == 0.0


def test_every_figure_of_constants_can_be_drawn() -> None:
    for names, real, fake in (
        (NAMES[6:9], REAL[..., 6:9], FAKE[..., 6:9]),
        (["a", "b", "c"], np.full((30, 8, 3), 14.62), np.full((30, 8, 3), 14.62)),
    ):
        scale = MinMax(real)
        metrics = {"statistics_scaled": statistics(scale(real), scale(fake), names)}
        for plot in plots(metrics, real, fake, names):
            graphs = plot.graphs()
            assert png(picture(graphs, plot.columns))
            assert all(spec(graph) for graph in graphs)
