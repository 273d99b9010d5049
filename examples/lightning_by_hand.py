"""The LightningModule and its data module in a Trainer of your own."""

import pandas as pd
from lightning import Trainer

from timegan import Schedule, TimeGAN, WindowDataModule
from timegan.data.simulated import salary
from timegan.sampling.sequences import generate
from timegan.training.callbacks import ThresholdCalibration


def main(people: int = 2_000, joint: int = 40) -> pd.DataFrame:
    """Train on simulated careers; return ten synthetic ones."""
    data = WindowDataModule.from_frame(salary(people), sequence_key="sequence", batches_per_step=3)
    data.setup()
    model = TimeGAN(
        **data.transform.widths,
        window=data.window,
        schedule=Schedule(autoencoder=joint // 4, supervised=joint // 8, joint=joint),
        hidden=24,
    )
    trainer = Trainer(
        max_epochs=model.schedule.total,
        accelerator="cpu",
        callbacks=[ThresholdCalibration()],  # restores the proportions of zeros, codes and gaps
        logger=False,
        enable_checkpointing=False,
    )
    trainer.fit(model, data)
    return data.transform.to_frame(generate(model, data.transform, 10, seed=0))


if __name__ == "__main__":
    print(main())
