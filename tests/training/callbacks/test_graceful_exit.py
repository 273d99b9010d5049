"""An interrupt saves first, and the run goes on from there as if nothing had happened."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.core.override_parser.overrides_parser import OverridesParser
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from timegan.errors import quote_argument
from timegan.training.callbacks import GracefulExit, PhaseCheckpoint
from timegan.training.callbacks.graceful_exit import exit_on_second_signal


class Send(Callback):
    """Sends this process a signal as batch ``batch`` of epoch ``epoch`` begins."""

    def __init__(self, number: int, epoch: int, batch: int, times: int = 1) -> None:
        self.number, self.at, self.times = number, (epoch, batch), times

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if (trainer.current_epoch, batch_idx) == self.at:
            for _ in range(self.times):
                os.kill(os.getpid(), self.number)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("batch", [0, 1, 2])
def test_the_interrupted_run_goes_on_to_the_same_end(
    run: Callable[..., Any],
    tmp_path: Path,
    number: int,
    status: int,
    batch: int,
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(number)
    whole = run(count=3, enable_checkpointing=False).fit()
    part = run(GracefulExit(), Send(number, 3, batch), PhaseCheckpoint(), count=3)
    with pytest.raises(SystemExit) as stop:
        part.fit()
    assert stop.value.code == status
    assert signal.getsignal(number) == before
    assert part.data.batches.seen[-1] == (3, batch)
    last = tmp_path / "checkpoints/last.ckpt"
    written = capfd.readouterr().err
    assert "stopping after this batch" in written
    assert "Stopped in epoch 4 of 5. Nothing is lost" in written
    assert f"ckpt_path={last} " in written
    again = run(GracefulExit(), PhaseCheckpoint(), count=3).fit(resume=last)
    assert part.data.batches.seen + again.data.batches.seen == whole.data.batches.seen
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name
    assert signal.getsignal(number) == before


def test_a_phase_that_ends_with_the_interrupted_batch_is_saved_too(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit):
        run(GracefulExit(), PhaseCheckpoint(), Send(signal.SIGTERM, 1, 3)).fit()
    assert {p.stem for p in (tmp_path / "checkpoints").iterdir()} == {
        *("autoencoder", "last", "previous")
    }


def test_a_job_that_is_to_be_queued_again_saves_first(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    last = tmp_path / "checkpoints/last.ckpt"

    def queue(number: int, _: Any) -> None:
        raise SystemExit(144 if last.is_file() else 1)

    before = signal.signal(signal.SIGUSR2, queue)
    try:
        with pytest.raises(SystemExit) as stop:
            run(GracefulExit(), PhaseCheckpoint(), Send(signal.SIGUSR2, 1, 1)).fit()
        assert signal.getsignal(signal.SIGUSR2) == queue
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert stop.value.code == 144


def test_without_checkpoints_an_interrupt_still_saves(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit):
        run(GracefulExit(), Send(signal.SIGTERM, 0, 1)).fit()
    assert (tmp_path / "checkpoints/last.ckpt").is_file()


def test_a_second_signal_does_not_wait(run: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        run(GracefulExit(), PhaseCheckpoint(), Send(signal.SIGINT, 1, 1, times=2)).fit()
    assert stop.value.code == 130
    assert not (tmp_path / "checkpoints").exists()


def test_an_error_in_training_gives_the_signals_back(run: Callable[..., Any]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    one = run(GracefulExit())
    one.model.configure_optimizers = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        one.fit()
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(
    "path",
    ["outputs/2026-01-02/03-04-05.67/last.ckpt", "outputs/sweeps/model.hidden=12,seed=1/last.ckpt"],
)
def test_the_advice_survives_the_shell_and_hydra(path: str) -> None:
    (word,) = shlex.split(quote_argument("ckpt_path", path))
    override = OverridesParser.create().parse_override(word)
    assert (override.key_or_group, str(override.value())) == ("ckpt_path", path)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_second_signal_ends_a_process_that_waits_for_another_one(
    number: int, status: int
) -> None:
    script = Path(__file__).with_name("waiting_run.py")
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):  # the first one waits for a batch to end
            process.wait(1)
        process.send_signal(number)
        _, err = process.communicate(timeout=120)  # ends when the child's output is closed, too
    assert process.returncode == status
    assert "again: ended at once" in err


def test_one_signal_and_a_normal_end_leave_the_process_alone() -> None:
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with exit_on_second_signal():
            os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert signal.set_wakeup_fd(-1) == -1
