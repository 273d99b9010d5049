"""Train a few steps on a number of processes and save the losses and weights (run by test_ddp)."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import LightningDataModule, Trainer

from timegan.data import RandomWindows, WindowDataModule, Windows
from timegan.nn.length_coding import length_thresholds
from timegan.seeds import rng
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule


class Panel(LightningDataModule):
    """Sequences of 1 to 8 steps in [0, 1] with a context and labels."""

    def __init__(self) -> None:
        super().__init__()
        random = rng(0, "panel")
        self.lengths = random.integers(1, 9, size=200)
        self.context = random.normal(size=(200, 2)).astype(np.float32)
        self.context[:, -1] = self.lengths / 4 - 1
        rows = int(self.lengths.sum())
        self.rows = random.uniform(size=(rows, 5)).astype(np.float32)
        self.labels = random.normal(size=(rows, 2)).astype(np.float32)

    def train_dataloader(self) -> RandomWindows:
        assert self.trainer is not None
        starts = np.cumsum(self.lengths) - self.lengths
        windows = Windows(self.rows, starts, 8, self.lengths, self.context, self.labels)
        return RandomWindows(
            windows,
            batch_size=32,
            steps_per_epoch=3,
            batches_per_step=3,
            seed=0,
            rank=self.trainer.global_rank,
            world_size=self.trainer.world_size,
        )


def main(preset: str, table: str, devices: int, out: Path) -> None:
    torch.set_num_threads(1)
    from tests.training.test_module import PRESETS

    options: dict[str, Any] = dict(PRESETS[preset])
    options["discriminator_threshold"] = 0.7 if preset == "reference" else 0.0
    data: LightningDataModule
    if table == "panel":
        data = panel = Panel()
        conditions: dict[str, Any] = {"context": 2, "exogenous": 2, "variable_length": True}
        model = TimeGAN(5, 8, Schedule(1, 1, 2), **conditions, **options).double()
        model.net.set_length_thresholds(length_thresholds(panel.lengths, panel.context[:, -1], 8))
    else:
        data = WindowDataModule(
            generate="sines",
            constraints="report",
            window=8,
            batch_size=32,
            steps_per_epoch=3,
            scaling="minmax",
        )
        data.setup()
        model = TimeGAN(5, 8, Schedule(1, 1, 2), **options).double()
    trainer = Trainer(
        max_epochs=4,
        accelerator="cpu",
        devices=devices,
        strategy="ddp_find_unused_parameters_true" if devices > 1 else "auto",
        precision="64-true",
        use_distributed_sampler=False,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, data)
    if trainer.is_global_zero:
        torch.save({name: p.detach() for name, p in model.named_parameters()}, out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
