"""Pictures arrive in TensorBoard on the axis of the losses, and change nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.report.tensorboard import SampleFigures
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(self: SampleFigures, model: Any, data: Any) -> Figure:
        figure = Figure(figsize=(1, 1))
        figure.add_subplot().plot([0, 1])
        return figure

    monkeypatch.setattr(SampleFigures, "draw", draw)


def board(folder: Path) -> TensorBoardLogger:
    return TensorBoardLogger(folder, name="", version="", default_hp_metric=False)


@pytest.mark.usefixtures("drawing")
def test_pictures_come_every_few_joint_epochs_and_at_the_end(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    one = run(SampleFigures(every_n_epochs=2), logger=board(tmp_path), enable_checkpointing=False)
    one.model.schedule = type(one.model.schedule)(autoencoder=1, supervised=1, joint=3)
    one.fit()
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [image.step for image in events.Images("samples")] == [4 * 4 - 1, 5 * 4 - 1]
    assert [point.step for point in events.Scalars("joint/generator")] == [*range(8, 20)]


@pytest.mark.usefixtures("drawing")
def test_pictures_do_not_change_what_is_learned(run: Callable[..., Any], tmp_path: Path) -> None:
    plain = run(enable_checkpointing=False).fit()
    drawn = run(
        SampleFigures(every_n_epochs=1), logger=board(tmp_path), enable_checkpointing=False
    ).fit()
    for name, value in plain.model.state_dict().items():
        assert torch.equal(value, drawn.model.state_dict()[name])


def test_without_tensorboard_nothing_is_drawn(run: Callable[..., Any]) -> None:
    run(SampleFigures(every_n_epochs=1), enable_checkpointing=False).fit()  # Data has no windows


@pytest.mark.parametrize("name", ["every_n_epochs", "count"])
def test_a_count_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name}=0"):
        SampleFigures(**{name: 0})


def test_the_picture_shows_real_beside_synthetic_windows() -> None:
    data = WindowDataModule(generate="salary", window=6, constraints="report")
    data.setup()
    model = TimeGAN(2, 6, Schedule(1, 1, 1), hidden=6)
    figure = SampleFigures(count=8).draw(model, data)
    assert isinstance(figure, Figure)
    assert len(figure.axes) >= 2
