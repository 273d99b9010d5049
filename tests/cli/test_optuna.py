"""`hydra/sweeper=optuna`: what is searched, by whom, and what is left when something fails."""

import sqlite3
import sys
import threading
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

from hydra_plugins.timegan_optuna import OptunaSweeper, _search  # noqa: E402

SPACE: dict[str, Any] = {
    "model.lr": Float(1e-4, 1e-1, log=True),
    "model.hidden": Int(4, 64),
    "cell": Choice("ab"),
}


def space_of(*lines: str) -> dict[str, Any]:
    return _search.read_space(OverridesParser.create().parse_overrides(list(lines)))


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
    assert space_of(f"model.x={value}") == {"model.x": distribution}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["model.x=tag(log,interval(0,1))"], "0 < a for tag"),
        (["model.x=interval(1,0)"], "a < b"),
        (["model.x=tag(log,choice(1,2))"], "no order of magnitude"),
        (["model.x=tag(log,range(0.1,1,0.1))"], "cannot be searched"),
        (["model.x=range(5,5)"], "cannot be searched"),
        (["model.x=3"], "nothing to search"),
        (["seed=0,1"], "luck"),
    ],
)
def test_what_cannot_be_searched_is_said(lines: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        space_of(*lines)


def options_of(**changes: Any) -> OptunaSweeper:
    defaults: dict[str, Any] = {
        **{"direction": "minimize", "n_trials": 6, "sampler": "random", "seed": 0, "storage": None},
        **{"study_name": "s", "max_failures": 5, "dead_after": 600, "params": None},
    }
    return OptunaSweeper(**(defaults | changes))


def work(folder: Path, n_trials: int = 6, sampler: str = "random", **options: Any) -> Any:
    """Search until ``n_trials`` are complete, as one worker does, and return the study."""
    given = options_of(n_trials=n_trials, sampler=sampler, **options)
    study = _search.open_study(given, str(folder / "study.db"), {"objective": "discriminative"})

    def run(number: int, chosen: list[str]) -> float:
        return float(chosen[0].partition("=")[2])

    _search.optimize(given, study, SPACE, run, folder / "best.yaml", [])
    return study


@pytest.mark.parametrize(("sampler", "count"), [("random", 4), ("tpe", 12)])  # random up to 10
def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(
    sampler: str, count: int, tmp_path: Path
) -> None:
    (tmp_path / "part").mkdir()
    work(tmp_path / "part", count - 2, sampler)
    part, whole = (work(folder, count, sampler) for folder in (tmp_path / "part", tmp_path))
    assert [trial.params for trial in part.trials] == [trial.params for trial in whole.trials]
    assert len(part.trials) == count


def test_workers_share_a_study_and_none_draws_what_another_did(tmp_path: Path) -> None:
    workers = [threading.Thread(target=work, args=(tmp_path,)) for _ in range(3)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    trials = work(tmp_path).trials
    assert 6 <= len(trials) <= 8  # those who began the last ones at once may all finish them
    assert len({str(trial.params) for trial in trials}) == len(trials)


def test_a_dead_worker_s_trial_fails_and_another_one_takes_its_place(tmp_path: Path) -> None:
    work(tmp_path, 1)
    other = optuna.load_study(study_name="s", storage=f"sqlite:///{tmp_path}/study.db")
    insert = "insert into trial_heartbeats (trial_id, heartbeat) values (?, ?)"
    for age in ("2000-01-01 00:00:00", "2999-01-01 00:00:00"):
        trial = other.ask()
        with sqlite3.connect(tmp_path / "study.db") as database:
            database.execute(insert, (trial._trial_id, age))
    states = [trial.state.name for trial in work(tmp_path, 3).trials]
    assert states == ["COMPLETE", "FAIL", "RUNNING", "COMPLETE", "COMPLETE"]


def test_trials_that_cannot_be_compared_are_not_mixed(tmp_path: Path) -> None:
    given = options_of()
    _search.open_study(given, str(tmp_path / "study.db"), {"objective": "discriminative"})
    with pytest.raises(InputError, match="begun with objective discriminative, not predictive"):
        _search.open_study(given, str(tmp_path / "study.db"), {"objective": "predictive"})


@pytest.mark.parametrize("url", ["sqlite:///no/such/folder/study.db", "nosuch://host/study"])
def test_a_database_that_cannot_be_opened_is_named(url: str) -> None:
    given = options_of()
    with pytest.raises(InputError, match=f"storage={url}: the database cannot be opened"):
        _search.open_study(given, url, {})


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


def test_the_best_configuration_is_left_as_overrides(search: Search, tmp_path: Path) -> None:
    assert search(hidden, *WIDTHS) == 0
    best = OmegaConf.load(tmp_path / "sweep/best.yaml")
    widths = {
        folder.name: OmegaConf.load(folder / ".hydra/config.yaml").model.hidden
        for folder in tmp_path.glob("sweep/trial-*")
    }
    assert len(widths) == 2
    name = min(widths, key=lambda name: (widths[name] - 20) ** 2)
    assert best.overrides == ["logger=none", "dataset=sines", f"model.hidden={widths[name]}"]
    assert best.folder == f"sweep/{name}"
    assert best.value == (widths[name] - 20) ** 2
    assert best.command == f"python train.py {' '.join(best.overrides)}"


@pytest.mark.parametrize("content", ["years of work", "study: another", "study: timegan"])
def test_a_best_configuration_of_something_else_survives(
    search: Search, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    best = tmp_path / "sweep/best.yaml"
    best.parent.mkdir()
    best.write_text(content)
    assert search(hidden, *WIDTHS) == 2
    assert "best.yaml: the file is not of this search" in capsys.readouterr().err
    assert best.read_text() == content


def test_a_failing_trial_costs_itself_alone(
    search: Search, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []

    def task(cfg: DictConfig) -> float:
        seen.append(cfg.model.hidden)
        if len(seen) == 1:
            raise InputError("out of luck")
        return float("nan") if len(seen) == 2 else hidden(cfg)

    assert search(task, *WIDTHS) == 0
    assert len(seen) == 4
    said = capsys.readouterr().out
    assert "failed: out of luck" in said
    assert "failed: the objective is nan" in said
    assert "2 of 2 complete, 2 failed" in said


def test_failures_in_a_row_end_the_search_and_it_can_be_continued(
    search: Search, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def task(cfg: DictConfig) -> float:
        raise InputError("never")

    assert search(task, *WIDTHS, "hydra.sweeper.max_failures=2") == 2
    assert (
        "so many trials in a row have failed, the last one with: never" in capsys.readouterr().err
    )
    assert search(hidden, *WIDTHS) == 0
    assert sorted(path.name for path in tmp_path.glob("sweep/trial-*"))[-1] == "trial-0003"


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("objective=null", "a search needs a score. Set objective"),
        ("evaluation=none", "a search needs a score. Set objective"),
        ("model.hiden=1,2", "Did you mean model.hidden"),
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
    assert not (tmp_path / "sweep/study.db").exists()


def test_the_space_may_stand_in_a_configuration(search: Search, tmp_path: Path) -> None:
    params = "hydra.sweeper.params={model.hidden: 'range(4,9)', model.layers: 2}"
    assert search(hidden, "hydra.sweeper.n_trials=1", params) == 0
    overrides = OmegaConf.load(tmp_path / "sweep/best.yaml").overrides
    assert overrides[0] == "model.layers=2"
    assert overrides[-1] in [f"model.hidden={width}" for width in range(4, 9)]
