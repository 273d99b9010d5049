"""The command `complete` continues a table, in shards too, and refuses what it cannot use."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import Shell
from timegan import Synthesizer
from timegan.seeds import rng


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a model and a history to continue."""
    folder = tmp_path_factory.mktemp("completion")
    walk = rng(0, "walk").normal(size=(12, 20)).cumsum(axis=1).ravel().round(2)
    table = pd.DataFrame({"site": np.repeat(np.arange(12), 20), "x": walk, "n": walk > 0})
    model = Synthesizer(
        window=6,
        hidden=4,
        completion=True,
        progress=False,
        steps_per_epoch=2,
        schedule={"autoencoder": 1, "supervised": 1, "joint": 1},
    )
    model.fit(table, sequence_key="site").save(folder / "model")
    table[table["site"] < 3].to_csv(folder / "history.csv", index=False)
    return folder


def test_a_history_is_continued_the_same_in_both_formats_and_in_shards(
    shell: Shell, tables: Path
) -> None:
    line = f"complete run={tables}/model given={tables}/history.csv steps=7 count=5"
    for out in ("a.csv", "a.parquet", "b-1.csv shard=1/2", "b-2.csv shard=2/2"):
        result = shell(f"{line} out={out}")
        assert result.status == 0, result.err
        assert "3 sequences with 7 steps more, 5 draws of each, in" in result.out
    whole = pd.read_csv("a.csv")
    assert list(whole) == ["site", "draw", "x", "n"]
    assert (whole.groupby(["site", "draw"]).size() == 27).all()
    assert len(whole) == 3 * 5 * 27
    pd.testing.assert_frame_equal(pd.read_parquet("a.parquet"), whole)
    halves = [pd.read_csv(f"b-{i}.csv") for i in (1, 2)]
    pd.testing.assert_frame_equal(pd.concat(halves, ignore_index=True), whole)
    history = pd.read_csv(tables / "history.csv")
    first = whole[whole["draw"] == 3].groupby("site").head(20).drop(columns="draw")
    pd.testing.assert_frame_equal(first.reset_index(drop=True), history)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("run={}/model", "given has no value"),
        ("given={}/history.csv", "run has no value"),
        ("run={}/model given={}/history.csv", "steps=0, and given has no empty cell"),
        ("run={}/model given={}/history.csv steps=2 out=a.npz", "Choose .csv or .parquet"),
        ("run={}/model given={}/none.csv steps=2", "none.csv does not exist"),
        ("run={}/model given={}/history.csv steps=2 out={}/history.csv", "history.csv"),
        ("run={}/model given={}/history.csv steps=2 count=0", "count=0"),
    ],
)
def test_wrong_input_ends_with_one_message(
    shell: Shell, tables: Path, line: str, message: str
) -> None:
    result = shell(f"complete {line.replace('{}', str(tables))}")
    assert result.status == 2
    assert message in result.err
    assert result.err.count("\n") <= 4


def test_completions_of_an_exported_model_are_scored(shell: Shell, tmp_path: Path) -> None:
    walk = rng(1, "walk").normal(size=600).cumsum().round(2)
    table = pd.DataFrame({"x": walk})
    table.to_csv(tmp_path / "walk.csv", index=False)
    model = Synthesizer(
        window=6,
        hidden=4,
        completion=True,
        progress=False,
        steps_per_epoch=2,
        schedule={"autoencoder": 1, "supervised": 1, "joint": 1},
    )
    model.fit(table).save(tmp_path / "model")
    line = f"evaluate run={tmp_path}/model dataset=csv dataset.path={tmp_path}/walk.csv"
    result = shell(f"{line} dataset.window=6 evaluation=smoke hydra.run.dir=scored")
    assert result.status == 0, result.err
    measured = json.loads(Path("scored/metrics.json").read_text())
    assert measured["completion"]["windows"] >= 20
    assert Path("scored/figures/completion.png").exists()
