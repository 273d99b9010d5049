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
from timegan.report.figures.figures import Figures
from timegan.report.figures.graphs import Graph, View
from timegan.report.verdicts import fidelity, utility_and_privacy, verdicts
from timegan.report.verdicts.grades import Grade

WHY = "ZeroDivisionError: planted"
DRAWING = {
    "examples": "samples",
    "values": "density",
    "changes": "changes",
    "planes": "projection",
    "autocorrelations": "autocorrelation",
    "spectra": "spectrum",
    "pairs": "correlation",
    "correlations": "correlation_matrix",
    "trajectories": "trajectories",
}
"""Methods of `Figures`, and the figures of a page that they draw."""


def planted(*args: Any, **options: Any) -> Any:
    raise ZeroDivisionError("planted")


def walks(seed: int) -> Array:
    found: Array = np.random.default_rng(seed).normal(size=(20, 6, 3)).cumsum(axis=1)
    return found


@pytest.fixture(autouse=True)
def quick_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every figure be an empty one."""
    for name in DRAWING:
        monkeypatch.setattr(Figures, name, lambda _: [Graph("graph", [View([])])])
    monkeypatch.setattr(page, "picture", lambda *_: Figure(figsize=(0.2, 0.2)))


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
def test_a_figure_that_fails_leaves_a_note_and_all_others(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = written(tmp_path / "whole")
    assert "A part of this figure" not in whole
    monkeypatch.setattr(Figures, name, planted)
    with collecting() as failures:
        found = written(tmp_path / "part")
    assert found.count(f"A part of this figure could not be drawn: {WHY}.") == 1
    lost = pictures(tmp_path / "whole") - pictures(tmp_path / "part")
    assert lost == {f"{DRAWING[name]}.png"}
    assert [failure.what for failure in failures] == [f"figure {DRAWING[name]}"]
    headings = re.compile(r"<h2.*?</h2>")
    assert headings.findall(found) == headings.findall(whole)


def test_graphs_without_a_picture_and_a_picture_without_graphs_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "spec", planted)
    with collecting() as failures:
        found = written(tmp_path / "still")
    assert len(failures) == found.count(f"could not be drawn: {WHY}.") == len(DRAWING)
    assert found.count('<figure class="card still"') == len(pictures(tmp_path / "still"))
    monkeypatch.undo()
    monkeypatch.setattr(page, "picture", planted)
    with collecting() as failures:
        found = written(tmp_path / "live")
    assert {failure.what for failure in failures} >= {f"picture of {n}" for n in DRAWING.values()}
    assert "<img" not in found
    assert not (tmp_path / "live/figures").exists()


def test_a_picture_of_an_earlier_report_does_not_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path)
    monkeypatch.setattr(Figures, "spectra", planted)
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
