"""The held-out distance is logged, shown, and changes nothing that is learned."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.training.callbacks import PhaseProgressBar, SampleMonitor
from timegan.training.callbacks.sample_distance import SampleDistance
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

BATCHES = 3
SCHEDULE = Schedule(autoencoder=1, supervised=1, joint=4)


def train(folder: Path, *callbacks: Callback, **options: Any) -> TimeGAN:
    data = WindowDataModule(
        generate="sines", constraints="report", window=6, batch_size=8, steps_per_epoch=BATCHES
    )
    model = TimeGAN(5, 6, options.pop("schedule", SCHEDULE), **({"hidden": 6} | options))
    trainer = Trainer(
        max_epochs=model.schedule.total,
        default_root_dir=folder,
        callbacks=list(callbacks),
        accelerator="cpu",
        logger=TensorBoardLogger(folder, name="", version="", default_hp_metric=False),
        log_every_n_steps=1,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=any(isinstance(c, PhaseProgressBar) for c in callbacks),
    )
    trainer.fit(model, data)
    return model


def test_the_distance_and_its_baseline_are_logged_and_shown(tmp_path: Path) -> None:
    out = io.StringIO()
    train(tmp_path, SampleMonitor(every_n_batches=6, count=64), PhaseProgressBar(Console(file=out)))
    events = EventAccumulator(str(tmp_path)).Reload()
    for name in ("distance", "baseline"):  # every second epoch of three batches
        assert [e.step for e in events.Scalars(f"validation/{name}")] == [11, 17]
    values = [events.Scalars(f"validation/{name}")[-1].value for name in ("distance", "baseline")]
    lines = out.getvalue().splitlines()
    assert ["distance" in line for line in lines] == [False] * 3 + [True] * 3
    shown = re.search(r"distance ([\d.]+) x baseline", lines[-1])
    assert shown is not None
    assert float(shown[1]) == pytest.approx(values[0] / values[1], abs=0.06)


def test_what_is_learned_is_the_same_to_the_bit_with_and_without_it(tmp_path: Path) -> None:
    plain = train(tmp_path / "plain")
    monitored = train(tmp_path / "monitored", SampleMonitor(every_n_batches=1, count=64))
    for name, value in plain.state_dict().items():
        assert torch.equal(value, monitored.state_dict()[name]), name


def test_the_last_epoch_is_measured_however_few_batches_there_are(tmp_path: Path) -> None:
    train(tmp_path, SampleMonitor(every_n_batches=50, count=64))
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [e.step for e in events.Scalars("validation/distance")] == [17]


class Scripted(SampleMonitor):
    """Sample monitor that measures what a test says, and keeps the weights."""

    def __init__(
        self,
        distances: list[float],
        diversity: float = 1.0,
        nearness: list[float] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(every_n_batches=1, count=32, **options)
        self.distances, self.diversity, self.nearness = distances, diversity, nearness
        self.seen: list[dict[str, torch.Tensor]] = []

    def measure(self, trainer: Trainer, model: Any) -> SampleDistance:
        super().measure(trainer, model)
        self.seen.append({k: v.clone() for k, v in model.net.state_dict().items()})
        nearness = None if self.nearness is None else self.nearness[len(self.seen) - 1]
        return SampleDistance(self.distances[len(self.seen) - 1], self.diversity, nearness)


def test_the_best_weights_are_taken_at_the_end_if_asked_for(tmp_path: Path) -> None:
    monitor = Scripted([3.0, 1.0, 2.0, 1.5], restore_best_weights=True)
    model = train(tmp_path / "best", monitor)
    assert all(torch.equal(monitor.seen[1][k], v) for k, v in model.net.state_dict().items())
    summary = monitor.summary()
    assert summary["weights"] == "best distance, epoch 4"
    assert (summary["best"]["distance"], summary["last"]["distance"]) == (1.0, 1.5)
    other = Scripted([3.0, 1.0, 2.0, 1.5])
    model = train(tmp_path / "last", other)
    assert all(torch.equal(other.seen[3][k], v) for k, v in model.net.state_dict().items())
    assert other.summary()["weights"] == "last"


def test_a_collapse_is_reported_once_while_training_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor = Scripted([1.0] * 6, diversity=0.3)
    train(tmp_path, monitor, schedule=Schedule(1, 1, 6))
    assert capsys.readouterr().err.count("mode collapse") == 1
    (warning,) = monitor.summary()["warnings"]
    assert warning.startswith("Epoch 6: mode collapse")
    assert "0.30 times" in warning


def test_the_joint_phase_ends_where_samples_begin_to_copy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor = Scripted([1.0] * 9, nearness=[0.9, 0.6, 0.45, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4])
    model = train(tmp_path, monitor, schedule=Schedule(1, 1, 9))
    # Copies are seen in the third joint epoch; one more lets the learning rate fall.
    assert model.schedule == Schedule(autoencoder=1, supervised=1, joint=4)
    told = capsys.readouterr().err
    assert told.count("begin to copy the few training windows: they lie 0.45 times") == 1
    assert "The phase joint ends with epoch 6 and not 11" in told


def test_the_discriminator_s_skipped_updates_are_counted(tmp_path: Path) -> None:
    monitor = SampleMonitor(every_n_batches=1, count=32)
    train(tmp_path, monitor, discriminator_threshold=100.0)
    assert [one["rest_rate"] for one in monitor.measurements] == [1.0] * 4
    assert any("skipped 100% of its updates" in warning for warning in monitor.warnings)


@pytest.mark.parametrize("name", ["every_n_batches", "count"])
def test_a_count_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"callbacks.sample_monitor.{name}=0"):
        SampleMonitor(**{name: 0})  # type: ignore[arg-type]
