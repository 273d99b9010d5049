"""Bad input ends with status 2 and one message; nothing is left behind."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from tests.cli.conftest import Shell
from timegan.cli.main import main
from timegan.errors import InputError, program


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train model.hiden=12", "model.hiden: there is no such key. Did you mean model.hidden?"),
        ("train +model.typo=1", "model.typo: there is no such key."),
        (
            "train ++dataset.widnow=9",
            "dataset.widnow: there is no such key. Did you mean dataset.window?",
        ),
        ("train hiden=12", "hiden: there is no such key. Did you mean model.hidden?"),
        ("train +seed=1", "+seed: the key exists."),
        ("train ~nothing", "Could not delete from config."),
        ("train modle=reference", "modle: there is no such key. Did you mean model?"),
        (
            "train model=refrence",
            "model=refrence: there is no such choice. Did you mean model=reference?",
        ),
        (
            "train experiment=smok",
            "experiment=smok: there is no such choice. Did you mean experiment=smoke?",
        ),
        (
            "train model.hidden=wide",
            "model.hidden=wide: this has to be a whole number or null, not text.",
        ),
        ("train seed=null", "seed=None: this has to be a whole number, not null."),
        ("train model.cell=gro", "model.cell=gro: there is no such choice."),
        ("train model.schedule.joint=-1", "model.schedule.joint=-1: a phase cannot have fewer"),
        ("train +trainer.max_steps=10", "trainer.max_steps cannot be set here."),
        ("train trainer.max_steps=10", "trainer.max_steps cannot be set here."),
        (
            "train model.smallest_component_std=1",
            "model.smallest_component_std cannot be set here. It follows from the data",
        ),
        (
            "sample model.smallest_component_std=1",
            "model.smallest_component_std: there is no such key.",
        ),
        ("train trainer.strategy=dpd", "Lightning's Trainer does not accept its arguments:"),
        pytest.param(
            "train trainer=gpu",
            "trainer.accelerator=gpu: torch finds no GPU here.",
            marks=pytest.mark.skipif(torch.accelerator.is_available(), reason="there is one"),
        ),
        ("train trainer.devices=0", "Lightning's Trainer does not accept its arguments:"),
        ("train trainer.precision=8", "trainer.precision=8: there is no such choice."),
        ("train dataset=csv", "dataset.path=null: there is no table"),
        ("train dataset=csv dataset.path=nope.csv", "nope.csv does not exist"),
        ("train ckpt_path=nope.ckpt", "nope.ckpt: there is no such checkpoint."),
        ("train epochs=10", "epochs=10: there is no key epochs. Write model.schedule.joint=10."),
        (
            "train --window 24",
            "--window 24: arguments are written as key=value. Write dataset.window",
        ),
        ("train --lr=0.1", "--lr=0.1: arguments are written as key=value. Write model.lr=0.1."),
        (
            "train my.csv",
            "my.csv: this cannot be read as key=value. Write dataset=csv dataset.path",
        ),
        ("sample --run x --count 5", "x: this cannot be read as key=value. Write run=x if it is"),
        ("sample runs/x", "runs/x: this cannot be read as key=value. Write run=runs/x."),
        ("sample n=5", "n=5: there is no key n. Write count=5."),
        ("evaluate a.csv b.csv", "a.csv: this cannot be read as key=value. Write real=a.csv"),
        pytest.param(
            "train logger=wandb",
            "logger=wandb needs the package wandb. Install it: pip install",
            marks=pytest.mark.skipif(find_spec("wandb") is not None, reason="it is installed"),
        ),
        ("train a b", "a: this cannot be read as key=value."),
        ("sample run=a=1", "a=1: there is no such run."),
        ("train model.hidden=1,2", "model.hidden=1,2: several values need -m"),
        ("sample", "run has no value. Give run=RUN"),
        ("sample run=nope", "nope: there is no such run."),
        ("sample run=nope count=0", "count=0: there is nothing to draw. Set at least 1."),
        ("sample run=nope out=a.xlsx", "out=a.xlsx: the suffix selects the format"),
        ("sample cuont=3", "cuont: there is no such key. Did you mean count?"),
        ("evaluate", "There is nothing to evaluate"),
        ("evaluate real=a.csv synthetic=b.csv", "a.csv does not exist"),
        ("evaluate evaluation=quik run=a", "evaluation=quik: there is no such choice."),
    ],
)
def test_bad_input_is_one_message_and_status_2(
    shell: Shell, tmp_path: Path, line: str, message: str
) -> None:
    result = shell(line)
    assert result.status == 2
    assert result.err.startswith(f"Error: {message}")
    assert "Traceback" not in result.err
    assert result.err.count("\n") == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("command", ["train", "sample", "complete", "evaluate", "export"])
def test_the_help_fits_a_screen_and_begins_with_five_commands(shell: Shell, command: str) -> None:
    result = shell(f"{command} --help")
    lines = result.out.rstrip().splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert [f" {command}" in line or f" {command}.py" in line for line in lines[2:7]] == [True] * 5


def test_the_command_answers_by_its_subcommands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, words in ([], "timegan train"), (["--version"], "timegan-lightning "):
        monkeypatch.setattr(sys, "argv", ["timegan", *arguments])
        main()
        assert words in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["timegan", "sample", "--version"])
    main()
    assert capsys.readouterr().out.startswith("timegan-lightning ")
    monkeypatch.setattr(sys, "argv", ["timegan", "trein"])
    with pytest.raises(SystemExit):
        main()
    assert "Did you mean timegan train?" in capsys.readouterr().err


def test_commands_are_named_as_they_are_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {
        "train.py": "python sample.py",
        "bin/timegan": "timegan sample",
        "-c": "timegan sample",
    }
    for script, name in names.items():
        monkeypatch.setattr(sys, "argv", [script])
        assert program("sample") == name


def test_the_traceback_is_shown_on_request(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(InputError, match=r"model\.typo"):
        shell("train +model.typo=1")
