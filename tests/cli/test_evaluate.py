"""`python evaluate.py`: a run again, or any two tables."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.cli.conftest import Shell

SMOKE = "evaluation=smoke"


def only(folder: Path) -> Path:
    (found,) = folder.glob("outputs/evaluations/*/*")
    return found


def metrics(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((only(folder) / "metrics.json").read_text())
    return content


def test_a_run_is_scored_again_on_its_own_data(
    shell: Shell, run_folder: Path, tmp_path: Path
) -> None:
    result = shell(f"evaluate run={run_folder} samples=200 {SMOKE}")
    assert result.status == 0, result.err
    before = json.loads((run_folder / "metrics.json").read_text())
    again = metrics(tmp_path)
    assert again["scores"] == before["scores"]
    assert again["data"] == before["data"]
    report = only(tmp_path) / "report.html"
    assert report.stat().st_size > 0
    assert result.out.endswith(f"Report    {report.relative_to(tmp_path)}\n")


def test_other_judges_look_at_the_same_samples(
    shell: Shell, run_folder: Path, tmp_path: Path
) -> None:
    line = f"evaluate run={run_folder} samples=200 {SMOKE} evaluation.seed=5"
    assert shell(line).status == 0
    before = json.loads((run_folder / "metrics.json").read_text())
    other = metrics(tmp_path)
    assert (before["protocol"]["seed"], other["protocol"]["seed"]) == (0, 5)
    assert other["statistics"] == before["statistics"]  # samples come from `seed`
    assert other["scores"] != before["scores"]


def test_held_out_windows_that_weights_were_chosen_by_are_not_measured_on(
    shell: Shell, tmp_path: Path
) -> None:
    line = "train experiment=smoke evaluation=none logger=none callbacks.progress=null"
    choose = "callbacks.sample_monitor.restore_best_weights=true"
    assert shell(f"{line} {choose} hydra.run.dir=best").status == 0
    best = json.loads((tmp_path / "best/metrics.json").read_text())
    assert best["training"]["sample_monitor"]["weights"] == "best distance, epoch 3"
    assert best["data"]["holdout_windows"] == 100  # of 200
    assert "one half to choose by" in best["data"]["split"]
    assert shell("evaluate run=best samples=200 evaluation=none").status == 0
    assert metrics(tmp_path)["data"] == best["data"]
    result = shell(f"{line} {choose} dataset.preprocessing=reference")
    assert result.status == 2
    assert f"{choose}: no windows are held out to choose" in result.err


def test_a_checkpoint_finds_the_data_of_its_run(
    shell: Shell, run_folder: Path, tmp_path: Path
) -> None:
    line = f"evaluate run={run_folder}/checkpoints/last.ckpt samples=200 evaluation=none"
    assert shell(line).status == 0
    assert metrics(tmp_path)["data"]["name"] == "salary"


def test_other_data_than_the_model_s_are_refused(
    shell: Shell, run_folder: Path, tmp_path: Path
) -> None:
    pd.DataFrame({"a": range(99), "b": range(99)}).to_csv(tmp_path / "other.csv", index=False)
    result = shell(f"evaluate run={run_folder} dataset=csv dataset.path=other.csv {SMOKE}")
    assert result.status == 2
    assert "Set dataset.* to the data that it was trained on." in result.err


def test_two_tables_are_compared_whoever_made_them(
    shell: Shell, run_folder: Path, tmp_path: Path
) -> None:
    samples = pd.read_csv(run_folder / "samples.csv")
    samples.to_csv("real.csv", index=False)
    samples[samples["sequence"] < 2_150].to_parquet("synthetic.parquet")
    result = shell(f"evaluate real=real.csv synthetic=synthetic.parquet dataset.window=24 {SMOKE}")
    assert result.status == 0, result.err
    assert metrics(tmp_path)["data"]["windows"] == 180  # a tenth is held out
    assert "Does it copy?" in result.out


def test_a_synthetic_table_without_the_real_one_s_columns_is_refused(
    shell: Shell, run_folder: Path
) -> None:
    samples = pd.read_csv(run_folder / "samples.csv")
    samples.to_csv("real.csv", index=False)
    samples.rename(columns={"Salary": "Salry"}).to_csv("synthetic.csv", index=False)
    result = shell(f"evaluate real=real.csv synthetic=synthetic.csv {SMOKE}")
    assert result.status == 2
    assert "synthetic=synthetic.csv: The table has no column 'Salary'" in result.err


def test_sequences_shorter_than_a_window_are_refused(shell: Shell, run_folder: Path) -> None:
    samples = pd.read_csv(run_folder / "samples.csv")
    samples.to_csv("real.csv", index=False)
    samples.groupby("sequence").head(10).to_csv("synthetic.csv", index=False)
    result = shell(f"evaluate real=real.csv synthetic=synthetic.csv {SMOKE}")
    assert result.status == 2
    assert "no sequence has the 24 rows of a window" in result.err


def test_a_held_out_table_of_its_own_is_what_nobody_has_learned_from(
    shell: Shell, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEGAN_CACHE", str(tmp_path / "cache"))
    samples = pd.read_csv(run_folder / "samples.csv")
    for name, chosen in (("real", range(2_000, 2_090)), ("synthetic", range(2_090, 2_150))):
        samples[samples["sequence"].isin(chosen)].to_csv(f"{name}.csv", index=False)
    samples[samples["sequence"] >= 2_150].to_csv("unseen.csv", index=False)
    tables = "real=real.csv synthetic=synthetic.csv holdout=unseen.csv"
    strict = (
        "evaluation=strict evaluation.classifier_steps=4 evaluation.runs=1 evaluation.classifiers=1"
    )
    result = shell(f"evaluate {tables} {strict}")
    assert result.status == 0, result.err
    found = metrics(tmp_path)
    assert found["data"]["windows"] == 90
    assert found["data"]["holdout_windows"] == 50
    assert found["protocol"]["evaluation"] == "strict"
    assert found["scores"]["classifier_auc"]["compared_with"] == "held-out"
    assert list((tmp_path / "cache").glob("*.json"))


def test_a_held_out_table_belongs_to_two_tables(shell: Shell, run_folder: Path) -> None:
    result = shell(f"evaluate run={run_folder} holdout=unseen.csv {SMOKE}")
    assert result.status == 2
    assert "holdout=unseen.csv: a run has its own held-out part" in result.err
