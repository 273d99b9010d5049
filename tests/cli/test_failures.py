"""Failures after training keep the samples and the model, and are reported."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import SMOKE, Shell
from tests.metrics.cards import plant, planted
from timegan.evaluation import EvaluationData
from timegan.report.figures.figures import Figures
from timegan.report.tensorboard import SampleFigures

WHY = "could not be computed: ZeroDivisionError: planted"


def interrupted(*args: Any, **options: Any) -> Any:
    raise KeyboardInterrupt


def test_a_run_whose_scores_and_figures_fail_has_all_the_others(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(monkeypatch, "density")
    monkeypatch.setattr(Figures, "spectra", planted)
    monkeypatch.setattr(SampleFigures, "draw", planted)
    result = shell(f"train {SMOKE} hydra.run.dir=run")
    assert result.status == 0, result.err
    run = tmp_path / "run"
    assert len(pd.read_csv(run / "samples.csv"))
    assert (run / "model/model.safetensors").is_file()
    assert "## Scores" in (run / "model/README.md").read_text()
    scores = json.loads((run / "metrics.json").read_text())["scores"]
    assert scores["density"]["reason"] == WHY
    assert {name for name, score in scores.items() if score.get("reason") == WHY} == {"density"}
    drawn = {file.stem for file in (run / "figures").glob("*.png")}
    assert "spectrum" not in drawn
    assert drawn >= {"samples", "density", "projection", "trajectories"}
    page = (run / "report.html").read_text()
    assert f"Not measured: {WHY}" in page
    assert "A part of this figure could not be drawn: ZeroDivisionError: planted." in page
    (line,) = (line for line in result.out.splitlines() if line.startswith("Warning"))
    for what in ("figure of samples in TensorBoard", "score density", "figure spectrum"):
        assert what in line
    assert "Traceback" not in result.out + result.err
    assert "Not measured. Could not be computed" in result.out  # the verdict on values


@pytest.mark.parametrize("place", ["measure", "of"])
def test_a_command_that_measures_nothing_ends_with_status_1(
    place: str, shell: Shell, run_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(EvaluationData, place, planted)
    result = shell(f"evaluate run={run_folder} samples=50 evaluation=smoke hydra.run.dir=found")
    assert result.status == 1
    assert WHY in result.out
    assert json.loads((tmp_path / "found/metrics.json").read_text())["scores"] == {}
    assert (tmp_path / "found/report.html").is_file() is (place == "measure")


def test_a_report_that_cannot_be_written_leaves_the_figures_of_merit(
    shell: Shell, run_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("timegan.report.page.write_report", planted)
    result = shell(f"evaluate run={run_folder} samples=50 evaluation=smoke hydra.run.dir=found")
    assert result.status == 0
    assert "report could not be written: ZeroDivisionError: planted" in result.out
    assert json.loads((tmp_path / "found/metrics.json").read_text())["scores"]["density"]["mean"]
    assert not (tmp_path / "found/report.html").exists()


def test_an_interruption_while_measuring_leaves_model_and_samples(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(EvaluationData, "of", interrupted)
    result = shell(f"train {SMOKE} logger=none callbacks.progress=null hydra.run.dir=run")
    assert result.status == 130
    left = {path.relative_to(tmp_path / "run").as_posix() for path in tmp_path.rglob("run/**/*")}
    assert left >= {"samples.csv", "model/model.safetensors", "model/README.md"}
    assert "metrics.json" not in left


def test_a_failure_is_traced_on_request(
    shell: Shell, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, "density")
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    result = shell(f"evaluate run={run_folder} samples=50 evaluation=smoke")
    assert result.status == 0
    assert 'raise ZeroDivisionError("planted")' in result.err


def test_columns_that_hold_one_value_are_trained_on_and_reported(
    shell: Shell, tmp_path: Path
) -> None:
    draw = np.random.default_rng(0)
    values = (14.62, 1.3, 0.03, 518.67, 1e-12, -1e9)
    frame = pd.DataFrame({"walk": draw.normal(size=200).cumsum()} | {f"c{v}": v for v in values})
    for value in values[:3]:
        frame[f"near{value}"] = value + draw.integers(0, 3, size=200) * np.spacing(value) * 20
    frame.to_csv("table.csv", index=False, float_format="%.17g")
    table = "dataset=csv dataset.path=table.csv dataset.window=8"
    result = shell(f"train {SMOKE} {table} hydra.run.dir=run")
    assert result.status == 0, result.err
    assert "Warning" not in result.out
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert all(score["mean"] is not None for score in metrics["scores"].values())
    made = pd.read_csv(tmp_path / "run/samples.csv")
    for value in values:
        assert (made[f"c{value}"] == value).all()
    assert "A part of this figure" not in (tmp_path / "run/report.html").read_text()
