"""Every command of README.md and docs/ runs as a user types it.

Each command is a process of its own, with its defaults for progress, monitoring, checkpoints and
logger, on tables that a user could have. Only the size of a training is changed.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from timegan.seeds import rng
from timegan.training.checkpoint_files import read_checkpoint

ROOT = Path(__file__).parents[2]
README = [ROOT / "README.md"]
DOCS = [
    page
    for page in sorted((ROOT / "docs").rglob("*.md"))
    if not {"_build", "_generated", "coming-from"} & set(page.parts)
]
CALLS = ("python ", "timegan ")
SECONDS = 900
"""The time limit of a command, for a busy machine; on a quiet one the longest takes a minute."""

SMALL = ["schedule=smoke", "dataset.steps_per_epoch=6", "model.log_every=2", "samples=60"]
"""Overrides that shorten a training without leaving out any of its parts."""

SIZES = {
    "evaluation=smoke": "",
    "evaluation=quick": "classifiers=1 classifier_steps=20",
    "evaluation=published": "classifiers=1 classifier_steps=20 forecaster_steps=20 encoders=1 "
    "encoder_steps=5",
    "evaluation=published_strong": "classifiers=1 classifier_steps=20",
    "evaluation=strict": "classifiers=1 classifier_steps=20 runs=1",
    "evaluation=none": "",
}
"""Overrides that shorten an evaluation."""

ELSEWHERE = (
    "hydra/launcher=slurm",
    "trainer=gpu",
    "hydra/launcher=submitit",
    "trainer.num_nodes",
    "python -m benchmarks.",
)
"""Commands that need a cluster, a GPU, several machines, or real tables and whole trainings."""

COSTLY = ("-m", "trainer.devices=2", "model.schedule.patience=5")
"""Words of commands that train several times, and whose parts default tests run in other files."""


def commands(pages: list[Path], prefix: str | tuple[str, ...] = CALLS) -> list[str]:
    """Return the shell commands of ``pages`` that begin with ``prefix``, each of them once."""
    found: dict[str, None] = {}
    for page in pages:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                command = line.partition("  #")[0].partition(" # ")[0].strip()
                ours = not command.startswith("python -m venv")
                elsewhere = any(word in command for word in ELSEWHERE)
                if command.startswith(prefix) and ours and not elsewhere:
                    found[command] = None
    return list(found)


def is_costly(command: str) -> bool:
    """Return whether only the slow tests run a command."""
    words = command.split()
    return words[1] == "train.py" and any(word in COSTLY for word in words)


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in ``folder`` under the time limit; it has to end well."""
    if command[0] == "timegan":  # the installed command, also where its script is not on the path
        command = [sys.executable, "-c", "from timegan.cli.main import main; main()", *command[1:]]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def table(seed: int) -> pd.DataFrame:
    """Return a table of 30 patients, with a constant and three numbers that move."""
    random = rng(seed, "patients")
    owners = np.repeat(np.arange(30), 12)
    moves = random.normal(size=(len(owners), 2)).cumsum(axis=0)
    return pd.DataFrame(
        {
            "patient": [f"p{owner:02d}" for owner in owners],
            "sex": np.array(["f", "m"])[owners % 2],
            "pulse": (70 + moves[:, 0]).round(1),
            "pressure": 120 + moves[:, 1] + 0.1 * random.normal(size=len(owners)),
        }
    )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run and the files that the pages name."""
    folder = tmp_path_factory.mktemp("desk")
    for seed, name in enumerate(["my", "a", "b", "c"]):
        table(seed).to_csv(folder / f"{name}.csv", index=False)
    pd.DataFrame({"sex": ["f", "m"]}).to_csv(folder / "wanted.csv", index=False)
    visits = table(4).assign(site="north", age=40)
    visits.to_csv(folder / "visits.csv", index=False)
    table(5).to_csv(folder / "load.csv", index=False)
    (folder / "mine/dataset").mkdir(parents=True)
    wind = "defaults: [csv, _self_]\npath: my.csv\nsequence_key: patient\n"
    (folder / "mine/dataset/wind.yaml").write_text(wind)
    history = table(0).head(24)
    history.to_csv(folder / "history.csv", index=False)
    history.assign(pulse=history["pulse"].where(history.index % 5 > 1)).to_csv(
        folder / "with_holes.csv", index=False
    )
    parts = rng(0, "parts").integers(1, 50, size=(200, 2)).astype(float)
    prices = {"Load": parts[:, 0], "A": parts[:, 0], "B": parts[:, 1], "Total": parts.sum(axis=1)}
    pd.DataFrame(prices | {"Age": np.arange(200.0)}).to_csv(folder / "prices.csv", index=False)
    random = rng(0, "stock")
    stock = 100 + random.normal(size=(200, 6)).cumsum(axis=0)
    names = ["Open", "High", "Low", "Close", "Adj_Close", "Volume"]
    pd.DataFrame(stock, columns=names).to_csv(folder / "stock_data.csv", index=False)
    for name in ("train", "sample", "complete", "evaluate", "export"):
        (folder / f"{name}.py").symlink_to(ROOT / f"{name}.py")
    where = ["dataset=csv", "dataset.path=my.csv", "dataset.sequence_key=patient", *SMALL]
    where.append("model.completion=true")
    for out in ("outputs/run", "outputs/sweeps/sweep/seed=0", "outputs/sweeps/sweep/seed=1"):
        number = out[-1] if out[-1].isdigit() else "2"
        chosen = [f"seed={number}", "evaluation=smoke", f'hydra.run.dir="{out}"']
        run(["python", "train.py", *where, *chosen], folder)
    return folder


@pytest.fixture(scope="module")
def dated(desk: Path) -> str:
    """Return the folder of a run whose table has dates."""
    hours = pd.date_range("2025-01-06", periods=400, freq="h")
    load = rng(0, "hours").normal(size=len(hours)).cumsum()
    pd.DataFrame({"time": hours, "load": load}).to_csv(desk / "hours.csv", index=False)
    chosen = ["dataset=csv", "dataset.path=hours.csv", "evaluation=none", *SMALL]
    run(["python", "train.py", *chosen, "hydra.run.dir=outputs/dated"], desk)
    return "outputs/dated"


def typed(command: str) -> list[str]:
    """Return a command's words, with a run that exists, and sizes that a test can wait for."""
    words = shlex.split(command)
    for index, word in enumerate(words):
        word = re.sub(r"outputs/sweeps/[\d-]+/[\d-]+", "outputs/sweeps/sweep", word)
        word = re.sub(r"outputs/(\d[\d-]+/[\d-]+|\.\.\.)", "outputs/run", word)
        words[index] = re.sub(r"=RUN$", "=outputs/run", word)
    if words[1] == "train.py" and not any(w.startswith(("resume=", "--help")) for w in words):
        words += SMALL
        if "hydra/sweeper=optuna" in words:
            words.append("hydra.sweeper.n_trials=2")
    if words[1] in ("train.py", "evaluate.py") and "--help" not in words:
        chosen = next((w for w in words if w.startswith("evaluation=")), "evaluation=smoke")
        words += [] if chosen in words else [chosen]
        words += [f"evaluation.{size}" for size in SIZES[chosen].split()]
    return words


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=pytest.mark.slow if is_costly(command) else ())
        for command in commands(README)
    ],
)
def test_the_command_of_the_readme_ends_well(command: str, desk: Path) -> None:
    run(typed(command), desk)


@pytest.mark.slow
@pytest.mark.parametrize("command", [c for c in commands(DOCS) if c not in commands(README)])
def test_the_command_of_the_docs_ends_well(
    command: str, desk: Path, request: pytest.FixtureRequest
) -> None:
    words = typed(command)
    if any(word.startswith("start=") for word in words):
        with_dates = request.getfixturevalue("dated")
        words = [word.replace("outputs/run", with_dates) for word in words]
    run(words, desk)


@pytest.mark.ddp
def test_two_processes_end_where_one_does(desk: Path) -> None:
    (several,) = [command for command in commands(README) if "trainer.devices=2" in command]
    states = []
    for number, command in enumerate([several, several.replace("trainer.devices=2", "")]):
        folder = f"outputs/devices-{number}"
        run([*typed(command), f"hydra.run.dir={folder}"], desk)
        states.append(read_checkpoint(desk / folder / "checkpoints/last.ckpt")["state_dict"])
    for name, value in states[0].items():
        torch.testing.assert_close(value, states[1][name], rtol=1e-2, atol=1e-3, msg=name)


@pytest.mark.parametrize("target", commands(README, "make "))
def test_the_target_of_make_exists(target: str) -> None:
    run(["make", "--dry-run", *shlex.split(target)[1:]], ROOT)
