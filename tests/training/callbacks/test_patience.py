"""Phases end early where nothing becomes better, and a resumed run knows it."""

import shutil
from pathlib import Path

import pytest
from lightning import Trainer

from tests.training.callbacks.test_resume import assert_same
from timegan.data import WindowDataModule
from timegan.serialization.training_position import TrainingPosition
from timegan.training.callbacks import PhaseCheckpoint, SampleMonitor
from timegan.training.checkpoint_files import AtomicCheckpointIO, read_checkpoint
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

BATCHES = 2
PLANNED = Schedule(autoencoder=9, supervised=1, joint=9, patience=1)


class Keep(PhaseCheckpoint):
    """Keeps a copy of every checkpoint under the number of batches that it comes after."""

    def save(self, trainer: Trainer, name: str = "last") -> Path:
        path = super().save(trainer, name)
        done = trainer.fit_loop.total_batch_idx + 1
        shutil.copy(path, path.with_name(f"after-{done}-{name}.ckpt"))
        return path


def train(folder: Path, schedule: Schedule, resume: Path | None = None) -> TimeGAN:
    """Train a model that learns nothing, so that every phase is on a plateau at once."""
    data = WindowDataModule(
        generate="sines",
        constraints="report",
        window=6,
        batch_size=2000,
        steps_per_epoch=BATCHES,
        select_on_holdout=True,
    )
    model = TimeGAN(5, 6, schedule, hidden=6, lr=0.0, autoencoder_lr=0.0, latent_noise=0.0)
    trainer = Trainer(
        max_epochs=schedule.total,
        default_root_dir=folder,
        callbacks=[SampleMonitor(every_n_batches=1, count=32), Keep(every_n_batches=1)],
        plugins=[AtomicCheckpointIO()],
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, data, ckpt_path=resume)
    assert trainer.current_epoch == trainer.max_epochs == model.schedule.total
    return model


def test_what_does_not_get_better_ends_early_and_resumes_to_the_bit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = train(tmp_path / "whole", PLANNED)
    # One epoch to compare with, one that is no better, one for the learning rate to fall.
    assert model.schedule == Schedule(autoencoder=3, supervised=1, joint=3, patience=1)
    told = capsys.readouterr().err
    assert "The phase autoencoder ends with epoch 3 and not 9" in told
    assert "The phase joint ends with epoch 7 and not 13" in told
    points = tmp_path / "whole/checkpoints"
    last = read_checkpoint(points / "last.ckpt")
    assert TrainingPosition.of_checkpoint(last) is None
    ends = {
        name: read_checkpoint(points / f"{name}.ckpt")["epoch"] for name in ("autoencoder", "joint")
    }
    assert ends == {"autoencoder": 2, "joint": 6}
    for point in ("5-last", "11-last"):
        content = read_checkpoint(points / f"after-{point}.ckpt")
        assert TrainingPosition.of_checkpoint(content) is not None
        train(tmp_path / point, PLANNED, resume=points / f"after-{point}.ckpt")
        assert_same(last, read_checkpoint(tmp_path / point / "checkpoints/last.ckpt"))
