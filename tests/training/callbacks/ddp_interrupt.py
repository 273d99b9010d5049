"""Runs on two processes, one of which may get a SIGTERM (started by test_ddp_interrupt)."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from timegan.data import WindowDataModule
from timegan.training.callbacks import GracefulExit, PhaseCheckpoint, SampleMonitor
from timegan.training.checkpoint_files import AtomicCheckpointIO
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule


class Terminate(Callback):
    """SIGTERM for one process alone, in the middle of the joint phase."""

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_rank == self.rank and (trainer.current_epoch, batch_idx) == (2, 1):
            os.kill(os.getpid(), signal.SIGTERM)


def fit(folder: Path, *callbacks: Callback, resume: Path | None = None) -> None:
    trainer = Trainer(
        max_epochs=4,
        default_root_dir=folder,
        accelerator="cpu",
        devices=2,
        strategy="ddp_find_unused_parameters_true",
        use_distributed_sampler=False,
        callbacks=[
            SampleMonitor(every_n_batches=1, count=32, restore_best_weights=True),
            PhaseCheckpoint(),
            GracefulExit(),
            *callbacks,
        ],
        plugins=[AtomicCheckpointIO()],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    model = TimeGAN(5, 6, Schedule(1, 1, 2), hidden=6)
    data = WindowDataModule(
        generate="sines", constraints="report", window=6, batch_size=8, steps_per_epoch=3
    )
    trainer.fit(model, data, ckpt_path=resume)


def main(folder: Path) -> None:
    """Run to the end once; stop another run and continue it."""
    fit(folder / "whole")
    try:
        fit(folder / "part", Terminate(rank=1))
    except SystemExit as stop:
        (folder / f"status-{os.environ['RANK']}").write_text(str(stop.code))
    fit(folder / "part", resume=folder / "part/checkpoints/last.ckpt")


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[2:] == ["stop"]:
        fit(Path(sys.argv[1]), Terminate(rank=0))
    main(Path(sys.argv[1]))
