"""`hydra/sweeper=optuna`: what is searched, by whom, and what is left when something fails."""

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from timegan.cli.app import launch
from timegan.errors import InputError

optuna = pytest.importorskip("optuna", reason="needs the extra optuna")

from optuna.distributions import CategoricalDistribution as Choice  # noqa: E402
from optuna.distributions import FloatDistribution as Float  # noqa: E402
from optuna.distributions import IntDistribution as Int  # noqa: E402

from timegan.cli.search.space import split  # noqa: E402
from timegan.cli.search.study import SEEN, Study  # noqa: E402

SPACE = {"model.lr": Float(1e-4, 1e-1, log=True), "model.hidden": Int(4, 64), "cell": Choice("ab")}


def space_of(*lines: str) -> dict[str, Any]:
    return split(OverridesParser.create().parse_overrides(list(lines)))[1]


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
        (["model.x=tag(log,interval(0,1))"], "both ends are above 0"),
        (["model.x=tag(log,choice(1,2))"], "has no steps"),
        (["model.x=tag(log,range(0.1,1,0.1))"], "has no steps"),
        (["model.x=range(5,5)"], "the range is empty"),
        (["model.x=3"], "nothing to search"),
        (["seed=0,1"], "luck"),
    ],
)
def test_what_cannot_be_searched_is_said(lines: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        space_of(*lines)


def study_in(folder: Path, n_trials: int = 6, **options: Any) -> Study:
    defaults: dict[str, Any] = {
        "name": "s",
        "storage": str(folder / "study.db"),
        "direction": "minimize",
        "sampler": "random",
        "seed": 0,
        "dead_after": 60,
        "space": SPACE,
        "about": {"objective": "discriminative"},
    }
    return Study(n_trials=n_trials, **defaults | options)


def work(study: Study) -> None:
    while trial := study.ask(wait=True):
        with study.alive([trial]):
            value = abs(trial.params["model.hidden"] - 20) + trial.params["model.lr"]
        study.tell(trial, value)


def drawn(study: Study) -> list[dict[str, Any]]:
    return [trial.params for trial in study.study.trials]


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(
    sampler: str, tmp_path: Path
) -> None:
    part, whole = tmp_path / "part", tmp_path / "whole"
    for folder in (part, whole):
        folder.mkdir()
    count = 12 if sampler == "tpe" else 4  # it draws at random for the first ten
    work(study_in(part, count - 2, sampler=sampler))
    work(study_in(part, count, sampler=sampler))
    work(study_in(whole, count, sampler=sampler))
    assert drawn(study_in(part)) == drawn(study_in(whole))
    assert len(drawn(study_in(part))) == count


def test_workers_share_a_study_and_none_draws_what_another_did(tmp_path: Path) -> None:
    def worker() -> None:
        work(study_in(tmp_path))

    workers = [threading.Thread(target=worker) for _ in range(3)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    complete = [
        t for t in study_in(tmp_path).study.trials if t.state is optuna.trial.TrialState.COMPLETE
    ]
    assert len(complete) == 6
    assert len({str(trial.params) for trial in complete}) == 6


def test_a_dead_worker_s_trial_fails_and_another_one_takes_its_place(tmp_path: Path) -> None:
    dead = study_in(tmp_path, 2).ask(wait=True)
    assert dead is not None
    dead.set_user_attr(SEEN, 0.0)
    study = study_in(tmp_path, 2)
    work(study)
    assert [trial.state.name for trial in study.study.trials] == ["FAIL", "COMPLETE", "COMPLETE"]


def test_a_living_worker_s_trial_is_left_alone(tmp_path: Path) -> None:
    study = study_in(tmp_path, 1, dead_after=1)
    trial = study.ask(wait=True)
    assert trial is not None
    assert study_in(tmp_path, 1).ask(wait=False) is None
    trial.set_user_attr(SEEN, 0.0)
    with study.alive([trial]):
        while study.study.trials[0].user_attrs[SEEN] == 0.0:  # until the next sign of life
            time.sleep(0.05)
    assert study.tell(trial, 1.0)
    assert study.best() is not None


def test_what_comes_back_from_a_worker_that_was_taken_for_dead_is_left_aside(
    tmp_path: Path,
) -> None:
    study = study_in(tmp_path, 1)
    trial = study.ask(wait=True)
    assert trial is not None
    study.study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    assert study.tell(trial, 1.0)
    assert not study.tell(trial, None, "late")
    assert study.best() is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"about": {"objective": "predictive"}}, "begun with objective discriminative"),
        ({"direction": "maximize"}, "begun with direction minimize"),
    ],
)
def test_trials_that_cannot_be_compared_are_not_mixed(
    options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    study_in(tmp_path)
    with pytest.raises(InputError, match=said):
        study_in(tmp_path, **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sampler": "tpee"}, "sampler=tpee: there is no such choice"),
        ({"direction": "up"}, "direction=up"),
        ({"n_trials": 0}, "n_trials=0"),
        ({"storage": "sqlite:///no/such/folder/study.db"}, "cannot be opened"),
        ({"storage": "nosuch://host/study"}, "cannot be opened"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        study_in(tmp_path, **options)


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
            launch(task, "train")
        except SystemExit as exit:
            return int(exit.code or 0)
        finally:
            GlobalHydra.instance().clear()
        return 0

    return run


def hidden(cfg: DictConfig) -> float:
    return float((cfg.model.hidden - 20) ** 2)


WIDTHS = ("dataset=sines", "model.hidden=int(interval(4,40))", "hydra.sweeper.n_trials=2")


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


def test_an_interrupted_trial_is_a_failed_one(search: Search, tmp_path: Path) -> None:
    def task(cfg: DictConfig) -> float:
        raise SystemExit(143)

    assert search(task, *WIDTHS) == 143
    storage = f"sqlite:///{tmp_path}/sweep/study.db"
    (trial,) = optuna.load_study(study_name="timegan", storage=storage).trials
    assert trial.state.name == "FAIL"
    assert trial.user_attrs["error"] == "SystemExit: 143"


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("objective=null", "a search needs a score to go by"),
        ("evaluation=none", "a search needs a score to go by"),
        ("model.hiden=1,2", "Did you mean model.hidden"),
        ("hydra.sweeper.n_jobs=0", "n_jobs=0"),
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
