"""Train a few steps on a number of processes and save the losses and weights (run by test_ddp)."""

import sys
from pathlib import Path

import torch
from lightning import Trainer

from timegan.data import WindowDataModule
from timegan.module import TimeGAN
from timegan.phases import Schedule


def main(preset: str, devices: int, out: Path) -> None:
    torch.set_num_threads(1)
    from tests.test_module import PRESETS

    data = WindowDataModule(
        generate="sines", window=8, batch_size=32, steps_per_epoch=3, scaling="minmax"
    )
    data.setup()
    options = {**PRESETS[preset], "rest_threshold": 0.7 if preset == "reference" else 0.0}
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
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
