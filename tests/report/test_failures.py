"""A figure or a section that fails is replaced by a note; the rest of the page is there."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from timegan.attempts import collecting
from timegan.metrics.score import Score
from timegan.metrics.windows import Array
from timegan.report import page
from timegan.report.figures import interactive, static
from timegan.report.figures.plotly import Graph
from timegan.report.verdicts import fidelity, utility_and_privacy, verdicts
from timegan.report.verdicts.grades import Grade

WHY = "ZeroDivisionError: planted"
DRAWING = (
    *("samples", "statistics", "projection", "autocorrelations"),
    *("spectra", "scatter", "correlation_matrices", "trajectories"),
)
FIGURES = len(DRAWING) + 2
"""Figures of a page; distributions are drawn for values and for changes."""


def planted(*args: Any, **options: Any) -> Any:
    raise ZeroDivisionError("planted")


def walks(seed: int) -> Array:
    found: Array = np.random.default_rng(seed).normal(size=(20, 6, 3)).cumsum(axis=1)
    return found


@pytest.fixture(autouse=True)
def quick_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every figure be an empty one."""
    for name in (*DRAWING, "distributions"):
        monkeypatch.setattr(static, name, lambda *args: Figure(figsize=(0.2, 0.2)))
        graph = Graph("graph", {"data": [], "layout": {}})
        monkeypatch.setattr(interactive, name, lambda *args, graph=graph: [graph])


def written(folder: Path, metrics: dict[str, Any] | None = None) -> str:
    file = page.write_report(
        folder,
        metrics=metrics or {"scores": {}, "statistics_scaled": [], "statistics": []},
        train=walks(0),
        holdout=None,
        synthetic=walks(1),
        features=["a", "b", "c"],
        config_yaml="",
        command="",
        overwrite=True,
    )
    text = file.read_text()
    return text[text.index("<main>") : text.index("</main>")]


def pictures(folder: Path) -> set[str]:
    return {file.name for file in (folder / "figures").iterdir()}


@pytest.mark.parametrize("name", DRAWING)
def test_a_picture_that_fails_leaves_a_note_and_all_others(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = written(tmp_path / "whole")
    assert "A part of this figure" not in whole
    monkeypatch.setattr(static, name, planted)
    with collecting() as failures:
        found = written(tmp_path / "part")
    assert found.count(f"A part of this figure could not be drawn: {WHY}.") == 1
    (lost,) = pictures(tmp_path / "whole") - pictures(tmp_path / "part")
    assert [failure.what for failure in failures] == [f"figure {lost.removesuffix('.png')}"]
    headings = re.compile(r"<h2.*?</h2>")
    assert headings.findall(found) == headings.findall(whole)


@pytest.mark.parametrize("name", DRAWING)
def test_graphs_that_fail_leave_the_picture(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactive, name, planted)
    with collecting() as failures:
        found = written(tmp_path)
    assert len(failures) == 1
    assert found.count(f"A part of this figure could not be drawn: {WHY}.") == 1
    assert found.count('<figure class="card still"') == 1
    assert len(pictures(tmp_path)) == FIGURES


@pytest.mark.parametrize(
    ("name", "figure"), [("distributions", "density"), ("change_distributions", "changes")]
)
def test_distributions_that_fail_cost_their_figure_alone(
    name: str, figure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, name, planted)
    with collecting() as failures:
        found = written(tmp_path)
    assert [f.what for f in failures] == [f"figure {figure}", f"graphs of {figure}"]
    assert found.count(f"could not be drawn: {WHY}.") == 1
    assert len(pictures(tmp_path)) == FIGURES - 1


def test_a_projection_that_fails_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "tsne", planted)
    with collecting():
        found = written(tmp_path)
    assert found.count("A part of this figure") == 1
    assert len(pictures(tmp_path)) == FIGURES - 1


def test_a_picture_of_an_earlier_report_does_not_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path)
    monkeypatch.setattr(static, "spectra", planted)
    with collecting():
        written(tmp_path)
    assert "spectrum.png" not in pictures(tmp_path)


def test_tables_that_fail_leave_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("score_rows", "tables"):
        monkeypatch.setattr(page, name, planted)
    with collecting() as failures:
        assert "Trajectories" in written(tmp_path)
    assert [failure.what for failure in failures] == ["table of scores", "other tables"]


FAILED = Score.unknown(f"could not be computed: {WHY}")
KNOWN = Score(0.1, 0.01, (0.1,), better="lower")
SCORES = ("density", "change_density", "autocorrelation", "change_autocorrelation", "correlation")
PARTS: dict[str, Any] = {
    "features": {"a": 0.9},
    "pairs": [{"features": ["a", "b"], "real": 0.5, "synthetic": 0.4}],
}


@pytest.mark.parametrize("baseline", [FAILED, None])
@pytest.mark.parametrize("classifier", ["discriminative", "classifier_auc"])
def test_a_baseline_that_is_not_known_leaves_the_verdict(
    baseline: Score | None, classifier: str
) -> None:
    controls = {} if baseline is None else {"copy": baseline}
    score = replace(KNOWN, baseline=baseline, controls=controls, details=PARTS)
    names = (classifier, *SCORES, "tstr", "recall", "precision")
    answers = verdicts.verdicts({"scores": dict.fromkeys(names, score)})
    assert len(answers) == 6
    assert all(answer.grade is not Grade.UNKNOWN for answer in answers)


def test_scores_that_failed_are_told_with_their_reason() -> None:
    names = ("discriminative", *SCORES, "predictive", "recall")
    answers = verdicts.verdicts({"scores": dict.fromkeys(names, FAILED.with_details(**PARTS))})
    assert {answer.grade for answer in answers} == {Grade.UNKNOWN}
    assert {answer.sentence for answer in answers} == {
        f"Not measured. Could not be computed: {WHY}"
    }


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (fidelity, "classifier_verdict"),
        (fidelity, "value_verdict"),
        (fidelity, "dynamics_verdict"),
        (fidelity, "correlation_verdict"),
        (utility_and_privacy, "utility_verdict"),
        (utility_and_privacy, "coverage_verdict"),
        (utility_and_privacy, "copy_verdict"),
        (verdicts, "relation_verdict"),
    ],
)
def test_a_verdict_that_fails_leaves_the_others(
    module: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = {
        "scores": dict.fromkeys(
            ("classifier_auc", *SCORES, "tstr", "recall"), KNOWN.with_details(**PARTS)
        ),
        "constraints": [{"constraint": "a < b", "synthetic": 0.0, "real": 0.0}],
        "copying": {"warning": False, "too_few": True, "sentence": "Too few."},
    }
    monkeypatch.setattr(module, name, planted)
    with collecting() as failures:
        answers = verdicts.verdicts(metrics)
    assert len(answers) == 8
    assert len(failures) == 1
    (failed,) = (answer for answer in answers if WHY in answer.sentence)
    assert failed.grade is Grade.UNKNOWN
