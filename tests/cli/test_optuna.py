"""`hydra/sweeper=optuna`: what is searched, by whom, and what is left when something fails."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from timegan.cli.app import run_app
from timegan.cli.folder import begin_run
from timegan.errors import InputError

optuna = pytest.importorskip("optuna", reason="needs the extra optuna")

from optuna.distributions import CategoricalDistribution as Choice  # noqa: E402
from optuna.distributions import FloatDistribution as Float  # noqa: E402
from optuna.distributions import IntDistribution as Int  # noqa: E402
from optuna.storages import JournalStorage  # noqa: E402
from optuna.storages.journal import JournalFileBackend  # noqa: E402

from hydra_plugins.timegan_optuna import _search  # noqa: E402


def distribution_of(value: str) -> object:
    (override,) = OverridesParser.create().parse_overrides([f"model.x={value}"])
    return _search.distribution(override)


@pytest.mark.parametrize(
    ("value", "distribution"),
    [
        ("32,64", Choice(["32", "64"])),
        ("choice(gru,[1,2])", Choice(["gru", "[1,2]"])),
        ("range(8,64,8)", Int(8, 56, step=8)),
        ("range(3)", Int(0, 2)),
        ("range(0.1,0.5,0.1)", Float(0.1, 0.4, step=0.1)),
        ("interval(0,1)", Float(0.0, 1.0)),
        ("int(interval(8,64))", Int(8, 64)),
        ("tag(log,interval(1e-4,1e-2))", Float(1e-4, 1e-2, log=True)),
        ("tag(log,int(interval(8,64)))", Int(8, 64, log=True)),
        ("tag(log,range(1,9))", Int(1, 8, log=True)),
    ],
)
def test_hydra_s_sweeps_are_optuna_s_distributions(value: str, distribution: object) -> None:
    assert distribution_of(value) == distribution


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("tag(log,interval(0,1))", "0 < a for tag"),
        ("interval(1,0)", "a < b"),
        ("tag(log,choice(1,2))", "no order of magnitude"),
        ("tag(log,range(0.1,1,0.1))", "cannot be searched"),
        ("range(5,5)", "cannot be searched"),
    ],
)
def test_what_cannot_be_searched_is_said(value: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        distribution_of(value)


Search = Callable[..., int]


@pytest.fixture
def search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Search:
    """Run a task in a search as train.py does, and return the exit status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)

    def run(task: Callable[[DictConfig], float | None], *arguments: str) -> int:
        line = ["-m", "hydra/sweeper=optuna", "hydra.sweep.dir=sweep", "logger=none", *arguments]
        monkeypatch.setattr(sys, "argv", ["train.py", *line])
        try:
            run_app("train", task)
        except SystemExit as exit:
            return int(exit.code or 0)
        finally:
            GlobalHydra.instance().clear()
        return 0

    return run


def hidden(cfg: DictConfig) -> float:
    begin_run(cfg)
    return float((cfg.model.hidden - 20) ** 2)


WIDTHS = ("dataset=sines", "hydra.sweeper.n_trials=2", "model.hidden=int(interval(4,40))")


def trials(folder: Path) -> list[Any]:
    """Return the trials of the study that a sweep's folder holds."""
    storage = JournalStorage(JournalFileBackend(str(folder / "study.log")))
    return list(optuna.load_study(study_name="timegan", storage=storage).trials)


def test_the_best_configuration_is_told_as_a_command(
    search: Search, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(hidden, *WIDTHS) == 0
    widths = {
        folder.name: OmegaConf.load(folder / ".hydra/config.yaml").model.hidden
        for folder in tmp_path.glob("sweep/trial-*")
    }
    assert len(widths) == 2
    name = min(widths, key=lambda name: (widths[name] - 20) ** 2)
    said = capsys.readouterr().out
    assert f"by {name}; train it" in said
    assert f"python train.py logger=none dataset=sines model.hidden={widths[name]}" in said


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(
    sampler: str, search: Search, tmp_path: Path
) -> None:
    given = (hidden, *WIDTHS, "model.lr=interval(0,1)", f"hydra.sweeper.sampler={sampler}")
    for folder, counts in (("whole", (4,)), ("part", (2, 4))):
        for count in counts:
            changes = f"hydra.sweep.dir={folder}", f"hydra.sweeper.n_trials={count}"
            assert search(*given, *changes) == 0
    part, whole = (trials(tmp_path / folder) for folder in ("part", "whole"))
    assert [trial.params for trial in part] == [trial.params for trial in whole]
    assert len(part) == 4


def test_a_dead_worker_s_trial_is_left_and_another_one_takes_its_place(
    search: Search, tmp_path: Path
) -> None:
    assert search(hidden, *WIDTHS, "hydra.sweeper.n_trials=1") == 0
    storage = JournalStorage(JournalFileBackend(str(tmp_path / "sweep/study.log")))
    optuna.load_study(study_name="timegan", storage=storage).ask()
    assert search(hidden, *WIDTHS) == 0
    assert [t.state.name for t in trials(tmp_path / "sweep")] == ["COMPLETE", "RUNNING", "COMPLETE"]


def test_workers_share_a_study_and_none_draws_what_another_did(tmp_path: Path) -> None:
    rate = "model.lr=interval(0,1)"
    line = ["train.py", "-m", "hydra/sweeper=optuna", "hydra.sweep.dir=sweep", rate, *WIDTHS[1:]]
    code = (
        "import sys; from timegan.cli.app import run_app; "
        f"sys.argv = {line}; run_app('train', lambda cfg: float(cfg.model.hidden))"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path) for _ in range(2)]
    assert [worker.wait() for worker in workers] == [0, 0]
    found = trials(tmp_path / "sweep")
    assert 2 <= len(found) <= 3  # those who began the last ones at once finish them
    assert len({str(trial.params) for trial in found}) == len(found)


def test_trials_that_cannot_be_compared_are_not_mixed(
    search: Search, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(hidden, *WIDTHS) == 0
    assert search(hidden, *WIDTHS, "objective=predictive") == 2
    assert "begun with objective discriminative, not predictive" in capsys.readouterr().err


def test_a_file_that_is_no_study_is_named_and_left(
    search: Search, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my.csv").write_text("years,of,work\n")
    assert search(hidden, *WIDTHS, "hydra.sweeper.storage=my.csv") == 2
    assert "storage=my.csv: not a study's file" in capsys.readouterr().err
    assert (tmp_path / "my.csv").read_text() == "years,of,work\n"


def test_a_failing_trial_costs_itself_alone(
    search: Search, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []

    def task(cfg: DictConfig) -> float:
        seen.append(cfg.model.hidden)
        if len(seen) == 1:
            raise InputError("out of luck")
        return float("nan") if len(seen) == 2 else hidden(cfg)

    assert search(task, *WIDTHS) == 2
    assert search(task, *WIDTHS, "hydra.sweeper.n_trials=4") == 0
    said = capsys.readouterr()
    assert "failed: out of luck" in said.out
    assert ": discriminative nan" in said.out
    assert "2 complete, 2 failed" in said.out
    assert "every trial has failed" in said.err


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("objective=null", "a search needs a score. Set objective"),
        ("evaluation=none", "a search needs a score. Set objective"),
        ("model.hiden=1,2", "Did you mean model.hidden"),
        ("seed=0,1", "luck"),
        ("hydra.sweeper.n_trials=0", "n_trials=0"),
        ("hydra.sweeper.sampler=tpee", "sampler=tpee: there is no such choice"),
        ("hydra.sweeper.direction=up", "direction=up"),
        ("+hydra.sweeper.trials=3", "trials"),
    ],
)
def test_a_search_that_cannot_work_is_refused_before_it_starts(
    argument: str, said: str, search: Search, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(hidden, *WIDTHS, argument) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "sweep/study.log").exists()


def test_the_space_may_stand_in_a_configuration(
    search: Search, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params = "hydra.sweeper.params={model.hidden: 'range(4,9)', model.layers: 2}"
    assert search(hidden, "hydra.sweeper.n_trials=1", params) == 0
    assert "python train.py model.layers=2 logger=none model.hidden=" in capsys.readouterr().out
    assert search(hidden, "hydra.sweeper.n_trials=1") == 2
    assert "nothing to search" in capsys.readouterr().err
