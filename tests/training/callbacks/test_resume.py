"""The real model, watched: resumed from anywhere, bit for bit the run that went on."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Trainer

from timegan.data import WindowDataModule
from timegan.sampling.windows import sample
from timegan.training.callbacks import (
    GracefulExit,
    PhaseCheckpoint,
    PhaseProgressBar,
    SampleMonitor,
)
from timegan.training.checkpoint_files import AtomicCheckpointIO, read_checkpoint
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

BATCHES = 3
SCHEDULE = Schedule(autoencoder=2, supervised=1, joint=2)
PRESETS: dict[str, dict[str, Any]] = {
    "timegan": {"hidden": 6},
    "reference": {
        "hidden": 6,
        "layers": 2,
        "noise_distribution": "uniform",
        "autoencoder": "recurrent",
        "supervisor": "recurrent",
        "generator": "recurrent",
        "critics": "recurrent",
        "increments": False,
        "adversarial": "bce",
        "train_embedder_jointly": True,
        "discriminator_threshold": 0.15,
        "beta1": 0.9,
        "ema_decay": 0.0,
        "sqrt_losses": True,
        "moment_weight": 100.0,
        "energy_weight": 0.0,
        "penalty_weight": 0.0,
        "gamma": 1.0,
    },
}


class Keep(PhaseCheckpoint):
    """Keeps a copy of every checkpoint under the number of batches that it comes after."""

    def save(self, trainer: Trainer, name: str = "last") -> Path:
        path = super().save(trainer, name)
        done = trainer.fit_loop.total_batch_idx + 1
        shutil.copy(path, path.with_name(f"after-{done}-{name}.ckpt"))
        return path


def train(
    folder: Path, preset: str, checkpoints: PhaseCheckpoint, resume: Path | None = None
) -> TimeGAN:
    """Train the preset to the end; its last state lies under ``folder``/checkpoints/last.ckpt."""
    data = WindowDataModule(
        generate="sines",
        constraints="report",
        window=6,
        batch_size=8,
        steps_per_epoch=BATCHES,
        scaling="minmax",
    )
    model = TimeGAN(features=5, window=6, schedule=SCHEDULE, log_every=1, **PRESETS[preset])
    watch = SampleMonitor(every_n_batches=1, count=32, restore_best_weights=True)
    trainer = Trainer(
        max_epochs=SCHEDULE.total,
        default_root_dir=folder,
        callbacks=[watch, checkpoints, GracefulExit(), PhaseProgressBar()],
        plugins=[AtomicCheckpointIO()],
        accelerator="cpu",
        logger=False,
        enable_model_summary=False,
    )
    trainer.fit(model, datamodule=data, ckpt_path=resume)
    return model


@pytest.fixture(scope="module", params=[*PRESETS])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return runs with checkpoints after every batch: (preset, model, their folder)."""
    folder = tmp_path_factory.mktemp(request.param)
    model = train(folder, request.param, Keep(every_n_batches=1))
    return request.param, model, folder / "checkpoints"


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("1-last", id="first batch of all"),
        pytest.param("5-last", id="middle of an autoencoder epoch"),
        pytest.param("3-last", id="end of an epoch"),
        pytest.param("6-autoencoder", id="end of the autoencoder phase"),
        pytest.param("7-last", id="middle of the supervised phase"),
        pytest.param("9-supervised", id="end of the supervised phase"),
        pytest.param("10-last", id="first joint batch"),
        pytest.param("11-last", id="middle of a joint epoch"),
        pytest.param("12-last", id="end of a joint epoch"),
        pytest.param("14-last", id="one batch before the end"),
    ],
)
def test_a_resumed_run_is_the_uninterrupted_one_to_the_last_bit(
    whole: Any, point: str, tmp_path: Path
) -> None:
    preset, model, points = whole
    resumed = train(tmp_path, preset, PhaseCheckpoint(), resume=points / f"after-{point}.ckpt")
    one = read_checkpoint(points / "last.ckpt")
    other = read_checkpoint(tmp_path / "checkpoints/last.ckpt")
    assert_same(one, other)  # weights, averages, optimisers, loops, data, what was seen: everything
    assert (sample(model, 3) == sample(resumed, 3)).all()


def test_every_checkpoint_is_plain_data_and_holds_the_optimisers(whole: Any) -> None:
    preset, _, points = whole
    content = torch.load(points / "joint.ckpt", weights_only=True)
    assert len(content["optimizer_states"]) == (5 if preset == "reference" else 4)
    assert content["WindowDataModule"]["columns"]["schema"]["fields"]
    assert content["hyper_parameters"]["hidden"] == 6


def test_the_finished_run_resumes_to_itself(whole: Any, tmp_path: Path) -> None:
    preset, model, points = whole
    again = train(tmp_path, preset, PhaseCheckpoint(), resume=points / "joint.ckpt")
    assert_same(dict(model.state_dict()), dict(again.state_dict()))


def assert_same(one: Any, other: Any, where: str = "") -> None:
    """Check equality to the last bit."""
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_same(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for index, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{where}/{index}")
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    else:
        assert one == other, where
