"""Training for the command line and for `Synthesizer` alike."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Callback, LightningModule, Trainer

from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.training.callbacks import PhaseCheckpoint, PhaseProgressBar
from timegan.training.checkpoint_files import AtomicCheckpointIO
from timegan.training.factory import build_model
from timegan.training.fit import build_trainer, fit_model, process_count
from timegan.training.module import TimeGAN


@pytest.fixture(scope="module")
def data() -> WindowDataModule:
    data = WindowDataModule(
        generate="sines", constraints="report", window=6, batch_size=8, steps_per_epoch=20
    )
    data.setup()
    return data


@pytest.fixture
def model(data: WindowDataModule) -> TimeGAN:
    return build_model(data, {"autoencoder": 0, "supervised": 0, "joint": 1}, hidden=4)


def test_a_schedule_that_leaves_phases_out_is_completed_from_the_data(
    data: WindowDataModule,
) -> None:
    schedule = build_model(data, {"joint": 3}, hidden=4).schedule
    assert schedule.joint == 3
    assert schedule.autoencoder > 0
    assert build_model(data, schedule, hidden=4).schedule == schedule


def test_callbacks_decide_on_the_progress_bar_and_checkpoints(
    model: TimeGAN, data: WindowDataModule, tmp_path: Path
) -> None:
    quiet = build_trainer(model, data, [], folder=tmp_path, accelerator="cpu")
    assert quiet.checkpoint_callbacks == []
    assert quiet.progress_bar_callback is None
    bar, checkpoints = PhaseProgressBar(), PhaseCheckpoint()
    trainer = build_trainer(model, data, [bar, checkpoints], folder=tmp_path, accelerator="cpu")
    assert trainer.checkpoint_callbacks == [checkpoints]
    assert trainer.progress_bar_callback is bar
    assert trainer.max_epochs == model.schedule.total
    assert isinstance(trainer.strategy.checkpoint_io, AtomicCheckpointIO)


def test_log_entries_fall_on_the_same_batches_of_every_epoch(
    model: TimeGAN, data: WindowDataModule
) -> None:
    trainer = build_trainer(model, data, [], accelerator="cpu")
    assert trainer.log_every_n_steps == 10  # type: ignore[attr-defined]


def test_several_processes_use_the_strategy_that_allows_unused_parameters(
    model: TimeGAN, data: WindowDataModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    trainer = build_trainer(model, data, [], accelerator="cpu", devices=2)
    assert trainer.strategy._ddp_kwargs["find_unused_parameters"]  # type: ignore[attr-defined]
    assert os.environ["OMP_NUM_THREADS"] == str(torch.get_num_threads())


def test_options_that_lightning_refuses_are_named(model: TimeGAN, data: WindowDataModule) -> None:
    with pytest.raises(InputError, match=r"trainer\.limit_train_batches=-3"):
        build_trainer(model, data, [], limit_train_batches=-3)


class CtrlC(Callback):
    """A callback that interrupts the first batch."""

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        raise KeyboardInterrupt


def test_ctrl_c_is_a_keyboard_interrupt_and_not_an_exit(
    model: TimeGAN, data: WindowDataModule
) -> None:
    with pytest.raises(KeyboardInterrupt):
        fit_model(build_trainer(model, data, [CtrlC()], accelerator="cpu"), model, data)


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ({"devices": 1}, 1),
        ({"devices": 2}, 2),
        ({"devices": "2", "num_nodes": 2}, 4),
        ({"devices": [0, 1, 2]}, 3),
        ({"devices": [3]}, 1),
        ({"devices": "0,1"}, 2),
        ({"devices": -1, "accelerator": "cpu"}, 1),
        ({"devices": "auto", "accelerator": "cpu"}, 1),
    ],
)
def test_processes_are_counted_as_the_trainer_will(arguments: dict[str, Any], count: int) -> None:
    assert process_count(arguments) == count
