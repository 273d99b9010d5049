"""A run that is killed again and again (started by test_kill).

The processes are forks of one that has imported everything: a start costs no time, and SIGKILL
takes a fork as it takes any process.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import torch
from lightning import Callback, LightningModule, Trainer

from tests.ports import reserve
from timegan.cli.console import silence_lightning
from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.seeds import rng
from timegan.training.callbacks import PhaseCheckpoint
from timegan.training.checkpoint_files import AtomicCheckpointIO, newest_checkpoint
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

SCHEDULE = Schedule(autoencoder=4, supervised=4, joint=4)
BATCHES = 4
WHOLE = SCHEDULE.total * BATCHES
PATIENCE = 1_200  # seconds within which a busy machine does a few batches
BEYOND = 4  # batches that a run does after the one at which it is to be killed, at most


class Wait(Callback):
    """Waits for the signal: on a busy machine it may come many batches late."""

    def __init__(self, batches: int) -> None:
        self.batches = batches

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: object, batch_idx: int
    ) -> None:
        """Hold the run where it has done so many batches in all."""
        if trainer.current_epoch * BATCHES + batch_idx >= self.batches:
            time.sleep(PATIENCE)


def fit(folder: Path, devices: int, batches: int) -> None:
    """Train, from the newest whole checkpoint on, and wait after so many batches in all."""
    try:
        resume = newest_checkpoint(folder / "checkpoints")[0]
    except InputError:
        resume = None  # killed before the first one
    several = {"devices": 2, "strategy": "ddp_find_unused_parameters_true"}
    trainer = Trainer(
        max_epochs=SCHEDULE.total,
        default_root_dir=folder,
        accelerator="cpu",
        **(several if devices > 1 else {"devices": 1}),
        use_distributed_sampler=False,
        callbacks=[PhaseCheckpoint(every_n_batches=1), Wait(batches)],
        plugins=[AtomicCheckpointIO()],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    data = WindowDataModule(
        generate="sines", constraints="report", window=6, batch_size=8, steps_per_epoch=BATCHES
    )
    trainer.fit(TimeGAN(5, 6, SCHEDULE, hidden=6, log_every=2), data, ckpt_path=resume)


def fork(folder: Path, devices: int, batches: int) -> list[int]:
    """Start the processes of a run that waits after so many batches; their ids."""
    port = reserve() if devices > 1 else 0
    children = []
    for rank in range(devices):
        child = os.fork()
        if child:
            children.append(child)
            continue
        if devices > 1:
            os.environ |= {
                "TORCHELASTIC_RUN_ID": "test",  # Lightning takes the processes as it finds them
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(port),
                "WORLD_SIZE": str(devices),
                "LOCAL_WORLD_SIZE": str(devices),
                "GROUP_RANK": "0",
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
            }
        status = 1
        try:
            fit(folder, devices, batches)
            status = 0
        finally:
            os._exit(status)
    return children


def done(folder: Path) -> tuple[int, float]:
    """Return the number of batches in the newest checkpoint, and when it was written."""
    try:
        path, content, _ = newest_checkpoint(folder / "checkpoints")
        written = path.stat().st_mtime
    except (InputError, FileNotFoundError):
        return 0, 0.0
    loop = content["loops"]["fit_loop"]["epoch_loop.batch_progress"]["total"]["completed"]
    return int(loop), written


def killed(folder: Path, devices: int, kills: int) -> list[int]:
    """Kill the run so often, at random moments spread over it; the batches saved at each kill."""
    random, saved = rng(0, "kills"), []
    for kill in range(kills):
        # Not before it came a little further, and then at any moment of a batch or a write; with
        # few kills each of them within its own part of the run.
        part = WHOLE / kills
        aim = round(kill * part + random.random() * max(part - BEYOND - 1, 0))
        aim = min(aim, WHOLE - BEYOND - 1)  # it waits before its last batch at the latest
        children = fork(folder, devices, aim + BEYOND)
        end = time.monotonic() + PATIENCE
        while done(folder)[0] < aim and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.05 * random.random())
        for child in random.permutation(children):  # the others are left waiting for a moment
            os.kill(int(child), signal.SIGKILL)
            time.sleep(0.02 * random.random())
        for child in children:
            _, status = os.waitpid(child, 0)
            assert os.WIFSIGNALED(status) or devices > 1, "the run was over before it was killed"
        saved.append(done(folder)[0])
    return saved


def finished(folder: Path, devices: int) -> None:
    """Let the run come to its end."""
    statuses = [os.waitpid(child, 0)[1] for child in fork(folder, devices, WHOLE)]
    assert not any(statuses), statuses


def main(folder: Path, devices: int, kills: int) -> None:
    """Run once without and once with kills."""
    silence_lightning()
    torch.set_num_threads(1)
    finished(folder / "whole", devices)
    saved = killed(folder / "part", devices, kills)
    finished(folder / "part", devices)
    (folder / "saved.json").write_text(json.dumps(saved))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
