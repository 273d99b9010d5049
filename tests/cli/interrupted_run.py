"""Runs that are stopped again and again at numbered moments (started by test_interrupted).

A moment is a place that a run comes by: the middle of a batch, half a file, a rename. They are
counted by batches, and no clock decides anything. The processes are forks of one that has imported
everything, and each sends itself the signal.
"""

import contextlib
import json
import os
import shlex
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import torch
from hydra.core.plugins import Plugins
from omegaconf import DictConfig, OmegaConf

import timegan.cli.artifacts
import timegan.cli.folder
import timegan.cli.sample
import timegan.cli.train
from tests.cli.interrupted_tables import TABLES, write
from timegan.cli import app
from timegan.cli.invocation import Invocation
from timegan.cli.schema import SampleConfig
from timegan.data import WindowDataModule
from timegan.seeds import rng
from timegan.training.callbacks import ThresholdCalibration
from timegan.training.checkpoint_files import newest_checkpoint, read_checkpoint
from timegan.training.module import TimeGAN

BATCHES = 3
USUAL = (
    f"schedule=smoke model.hidden=4 dataset.steps_per_epoch={BATCHES} dataset.batch_size=8 "
    "dataset.window=6 model.projections=8 evaluation=none logger=none samples=12 threads=1 "
    "callbacks.progress=null +callbacks.sample_monitor.count=32 "
    "+callbacks.checkpoints.every_n_batches=4"
)
SAMPLE = "count=3 threads=1"
SETUP, FINISH = -1, 10**6
"""Stages before the first and after the last batch."""

Moment = tuple[int, str, int]
"""Batch of the run (or stage), place, and how often the run had come by it since."""


class Moments:
    """Notes the moments that a process comes by, and sends it a signal at one of them."""

    def __init__(self, at: Moment | None = None, by: int = 0) -> None:
        self.at, self.by = at, by
        self.stage = SETUP
        self.seen: list[Moment] = []

    def here(self, place: str) -> None:
        """Come by a place."""
        before = sum(stage == self.stage and name == place for stage, name, _ in self.seen)
        self.seen.append((self.stage, place, before))
        if self.seen[-1] == self.at:
            os.kill(os.getpid(), self.by)

    def around(self, owner: Any, name: str, place: str) -> None:
        """Make a function's beginning and end moments."""
        function: Callable[..., Any] = getattr(owner, name)

        def noted(*arguments: Any, **options: Any) -> Any:
            self.here(f"before {place}")
            result = function(*arguments, **options)
            self.here(f"after {place}")
            return result

        setattr(owner, name, noted)

    def watch(self) -> None:
        """Note what happens in this process from now on."""
        step, write_bytes = TimeGAN.training_step, Path.write_bytes
        made: Any = timegan.cli.artifacts
        generate, write_table = made.generate, made.write_table

        def stepped(model: TimeGAN, batch: Any, batch_idx: int) -> None:
            self.stage = model.current_epoch * BATCHES + batch_idx
            self.here("a batch begins")
            step(model, batch, batch_idx)

        def halved(path: Path, content: Any) -> int:
            self.here("nothing of a file is written")
            write_bytes(path, bytes(content)[: len(content) // 2])
            self.here("half of a file is written")
            return write_bytes(path, content)

        def parts(content: Any) -> Iterator[Any]:
            for part in content:
                self.here("samples are being written")
                yield part

        def tabled(path: Any, content: Any, *arguments: Any, **options: Any) -> None:
            write_table(path, parts(content), *arguments, **options)

        def generated(*arguments: Any, **options: Any) -> Any:
            self.stage = FINISH
            self.here("samples are drawn")
            return generate(*arguments, **options)

        patches: list[tuple[Any, str, Any]] = [
            (TimeGAN, "training_step", stepped),
            (Path, "write_bytes", halved),
            (made, "write_table", tabled),
            (made, "generate", generated),
        ]
        for owner, name, function in patches:
            setattr(owner, name, function)
        self.around(TimeGAN, "manual_backward", "backward")
        self.around(ThresholdCalibration, "on_train_epoch_end", "calibration")
        self.around(WindowDataModule, "setup", "the table is read")
        self.around(os, "fsync", "fsync")
        self.around(Path, "replace", "a rename")
        self.around(timegan.cli.folder, "_begin", "the configuration is written")


def fork(folder: Path, line: str, moments: Moments | None = None) -> tuple[int, list[Moment]]:
    """Run a command in a process of its own: its status (negative: a signal), and its moments."""
    child = os.fork()
    if not child:
        status = 1
        try:
            os.chdir(folder)
            with (folder / "log.txt").open("a") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
            print(f"\n$ {line}", flush=True)
            name, *arguments = shlex.split(line)
            sys.argv = [f"{name}.py", *arguments]
            if moments:
                moments.watch()
            status = command(COMMANDS[name])
            if moments:
                (folder / "moments.json").write_text(json.dumps(moments.seen))
        finally:
            sys.stdout.flush()
            os._exit(status)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if moments is None or moments.at or code:
        return code, []
    return code, [
        (stage, str(place), n)
        for stage, place, n in json.loads((folder / "moments.json").read_text())
    ]


def quick_sample() -> None:
    """Run `sample.py` without composing its configuration, which takes longer than sampling."""
    cfg = OmegaConf.load(CONF / "sample.yaml")
    assert isinstance(cfg, DictConfig)
    for key in ("defaults", "hydra"):
        del cfg[key]
    merged = OmegaConf.merge(cfg, OmegaConf.from_cli(sys.argv[1:]))
    assert isinstance(merged, DictConfig)
    timegan.cli.sample.run(SampleConfig.read(merged), cast(Invocation, None))


CONF = Path(__file__).parents[2] / "conf"
COMMANDS = {"train": app.train, "sample": app.sample, "quick_sample": quick_sample}


def command(main: Callable[[], None]) -> int:
    """Run a command and return its exit status."""
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 70
    return 0


class Stopped:
    """A run on one table that is stopped and gone on with, and one beside it that is not.

    Args:
        name: of the table.
        folder: an empty one.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = folder
        self.options = f"{write(name, folder)} {USUAL}"
        self.struck: list[dict[str, Any]] = []
        self.sampled = 0
        self.done = 0

    def expect(self, line: str, status: int, moments: Moments | None = None) -> list[Moment]:
        """Run a command that has to end so."""
        code, seen = fork(self.folder, line, moments)
        if code != status:
            raise AssertionError(f"{line}: status {code}, not {status}\n{self.log[-3000:]}")
        return seen

    @property
    def log(self) -> str:
        """Output of the commands."""
        return (self.folder / "log.txt").read_text()

    def sample(self, run: str, command: str = "quick_sample") -> bytes:
        """Return samples of the model in a run's folder."""
        out = self.folder / f"made{self.sampled}.csv"
        self.sampled += 1
        self.expect(f"{command} {SAMPLE} run={run} out={out.name}", 0)
        content = out.read_bytes()
        assert content.count(b"\n") >= 4, content
        return content

    def go_on(self) -> str:
        """Return the command that continues the run, or begins it without a configuration."""
        hydra = self.folder / "part/.hydra"
        files = [hydra / f"{name}.yaml" for name in ("config", "hydra", "overrides")]
        if all(file.is_file() and file.stat().st_size for file in files):
            return "train resume=part"
        if hydra.is_dir():  # it says so, and changes nothing
            self.expect("train resume=part", 2)
            assert "while its configuration was written" in self.log
        return f"train {self.options} hydra.run.dir=part"

    def stop(self, moment: Moment, by: int) -> None:
        """Go on up to a moment, and see that the folder can be sampled if it holds anything.

        A moment of a batch that the newest checkpoint lies behind does not come again, nor one of
        a file that is there already: then the run comes to its end.
        """
        if SETUP < moment[0] < self.done:
            return
        line = self.go_on()
        status = -by if by == signal.SIGKILL else 128 + by
        checkpoints = self.folder / "part/checkpoints"
        before = len(list(checkpoints.glob("*.ckpt")))
        code, _ = fork(self.folder, line, Moments(moment, by))
        if code not in (0, status):
            raise AssertionError(f"{line}: status {code}, not {status}\n{self.log[-3000:]}")
        if code:
            self.struck.append({"moment": moment, "by": by, "checkpoints": before})
        if any(checkpoints.glob("*.ckpt")):
            self.sample("part")
            newest = newest_checkpoint(checkpoints)[1]
            progress = newest["loops"]["fit_loop"]["epoch_loop.batch_progress"]
            self.done = progress["total"]["completed"]

    def check(self) -> None:
        """Go on to the end, and compare."""
        self.expect(self.go_on(), 0)
        whole, part = self.folder / "whole", self.folder / "part"
        for name in ("samples.csv", "model/model.safetensors"):
            assert (whole / name).read_bytes() == (part / name).read_bytes(), name
        one, other = (read_checkpoint(run / "checkpoints/last.ckpt") for run in (whole, part))
        same(one, other)
        assert self.sample("whole") == self.sample("part", "sample")


def same(one: Any, other: Any, where: str = "checkpoint") -> None:
    """Raise an AssertionError unless two contents are equal to the last bit."""
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for index, pair in enumerate(zip(one, other, strict=True)):
            same(*pair, f"{where}[{index}]")
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    else:
        assert one == other, where


def chosen(moments: list[Moment], count: int, name: str) -> list[Moment]:
    """Draw so many moments at random, in order.

    They lie in turn before the first checkpoint, in the training that follows, and at the end.
    """
    random = rng(0, "moments", name)
    first = next(i for i, moment in enumerate(moments) if moment[1] == "after a rename")
    last = next(i for i, moment in enumerate(moments) if moment[0] == FINISH)
    edges = [0, first, last, len(moments)]
    part = list(TABLES).index(name)
    places: set[int] = set()
    while len(places) < count:
        part = (part + 1) % 3
        places.add(int(random.integers(edges[part], edges[part + 1])))
    return [moments[place] for place in sorted(places)]


def stopped(name: str, folder: Path, count: int) -> dict[str, Any]:
    """Stop a run so often; what was done, and what went wrong."""
    folder.mkdir()
    run = Stopped(name, folder)
    error = ""
    try:
        moments = run.expect(f"train {run.options} hydra.run.dir=whole", 0, Moments())
        for number, moment in enumerate(chosen(moments, count, name)):
            by = (signal.SIGKILL, signal.SIGINT)[(number + list(TABLES).index(name) // 3) % 2]
            run.stop(moment, by)
        run.check()
    except Exception:
        error = f"{run.struck}\n{traceback.format_exc()}"
    return {"struck": run.struck, "error": error}


def main(folder: Path, count: int, names: list[str]) -> None:
    """Stop a run on every table so often, and leave what happened in ``stopped.json``."""
    folder.mkdir(exist_ok=True)
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
    Plugins.instance()  # each process would look for them again
    found = {name: stopped(name, folder / name, count) for name in names}
    (folder / "stopped.json").write_text(json.dumps(found))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
