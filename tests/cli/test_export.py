"""`python export.py`: a folder that can be given away, with what is asked for in it."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch

from tests.cli.conftest import Shell
from timegan import Synthesizer


def test_an_exported_folder_samples_as_its_run(shell: Shell, run_folder: Path) -> None:
    result = shell(f"export run={run_folder} out=given")
    assert result.status == 0, result.err
    assert "model.safetensors, model.json, README.md in given" in result.out
    assert shell("sample run=given count=20").status == 0
    there = pd.read_csv(run_folder / "samples.csv")
    here = pd.read_csv("synthetic.csv")
    pd.testing.assert_frame_equal(here, there[: len(here)])


def test_the_card_has_data_scores_with_baselines_limits_and_config(
    shell: Shell, run_folder: Path
) -> None:
    shell(f"export run={run_folder} out=given")
    card, metrics = Path("given/README.md").read_text(), run_folder / "metrics.json"
    assert card == (run_folder / "model" / "README.md").read_text()
    found = json.loads(metrics.read_text())
    score = found["scores"]["density"]
    row = next(line for line in card.splitlines() if line.startswith("| density |"))
    assert f"{score['mean']:.4g}" in row
    assert f"{score['baseline']['mean']:.4g}" in row
    assert f"| rows | {found['data']['rows']} |" in card
    for text in ("## Limitations", '"hidden"', "| Salary |", 'load_networks("FOLDER")'):
        assert text in card


def test_another_export_takes_the_programs_of_the_one_before_away(
    shell: Shell, run_folder: Path
) -> None:
    assert shell(f"export run={run_folder} out=given format=torch").status == 0
    assert "## Other engines" in Path("given/README.md").read_text()
    net = Synthesizer.load("given").model.net
    z, z_static = net.draw_noise(2, torch.Generator().manual_seed(0))
    context = torch.full((2, net.context), torch.nan)
    program = torch.export.load("given/model.pt2").module()
    x, *_ = program(z=z, z_static=z_static, context=context)
    assert x.shape == (2, 24, net.features)
    shell(f"export run={run_folder} out=given overwrite=true")
    assert not Path("given/model.pt2").exists()
    assert "## Other engines" not in Path("given/README.md").read_text()


def test_an_export_never_mixes_with_a_run_or_with_other_files(
    shell: Shell, run_folder: Path
) -> None:
    for place in ("", "/model", "/checkpoints"):
        result = shell(f"export run={run_folder} out={run_folder}{place} overwrite=true")
        assert result.status == 2
        assert f"out={run_folder}{place}: this folder belongs to a run" in result.err
    Path("mine").mkdir()
    Path("mine/README.md").write_text("years of work")
    for insist in ("", " overwrite=true"):
        result = shell(f"export run={run_folder} out=mine{insist}")
        assert "out=mine: the folder holds files of something else" in result.err
    assert Path("mine/README.md").read_text() == "years of work"
    assert shell(f"export run={run_folder} out=given").status == 0
    result = shell(f"export run={run_folder} out=given format=torch")
    assert "out=given: the folder holds an exported model" in result.err
    assert "set overwrite=true" in result.err
    assert not Path("given/model.pt2").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("export", "run has no value"),
        ("export run=nothing", "nothing: there is no such run"),
        ("export run=nothing format=pickle", "format=pickle: there is no such choice."),
    ],
)
def test_bad_input_is_named(shell: Shell, line: str, message: str) -> None:
    result = shell(line)
    assert (result.status, message in result.err) == (2, True), result.err


def test_sampling_from_an_export_of_an_unfinished_run_says_so(
    shell: Shell, run_folder: Path
) -> None:
    assert shell(f"export run={run_folder}/checkpoints/supervised.ckpt out=early").status == 0
    result = shell("sample run=early count=2")
    assert result.status == 0
    assert "early is the model of an unfinished run, exported from epoch" in result.err
