"""What a search says of its trials, and the best configuration that it leaves."""

import shlex
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from optuna.trial import TrialState

from timegan.cli.console import say, where
from timegan.cli.search.space import pasted
from timegan.cli.search.study import Study
from timegan.files import write_text

NOTE = """\
# The best trial of a search. Its score chose it, and is better than it deserves: do not report it.
# Train it again with other seeds, and report what those get.
"""


def write_best(study: Study, path: Path, command: str) -> None:
    """The best trial so far as YAML, with its overrides; nothing where none is complete."""
    best = study.best()
    if best is None:
        return
    overrides = list(best.user_attrs["overrides"])
    content: dict[str, Any] = {
        "study": study.name,
        "trials": study.count(),
        "trial": best.number,
        "value": best.value,
        "folder": best.user_attrs["folder"],
        "overrides": overrides,
        "command": shlex.join(["python", f"{command}.py", *overrides]),
    }
    write_text(path, NOTE + OmegaConf.to_yaml(content))


def say_trial(study: Study, number: int) -> None:
    """One line for a trial that is over."""
    trial = next(t for t in study.study.get_trials(deepcopy=False) if t.number == number)
    came = (
        f"{trial.value:.4g}"
        if trial.state is TrialState.COMPLETE
        else f"failed: {trial.user_attrs.get('error')}"
    )
    say(f"Trial {number}   {' '.join(pasted(trial.params))}: {came}")


def say_best(study: Study, folder: Path) -> None:
    """What the search came to."""
    failed, running = study.count(TrialState.FAIL), study.count(TrialState.RUNNING)
    others = f", {failed} failed" if failed else ""
    others += f", {running} under way elsewhere" if running else ""
    say("", f"Trials    {study.count()} of {study.n_trials} complete{others}")
    if best := study.best():
        say(
            f"Best      trial {best.number}, {best.value:.4g}: {' '.join(pasted(best.params))}",
            f"          {where(folder / 'best.yaml')}; train it with other seeds for a result",
        )
