"""A run is its folder, a checkpoint of it, or its exported model."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning import Trainer

from timegan import Synthesizer
from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.sampling.windows import sample
from timegan.serialization.model_folder import read_description
from timegan.serialization.runs import open_run
from timegan.training.callbacks import PhaseCheckpoint
from timegan.training.checkpoint_files import AtomicCheckpointIO
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """Return a run folder, and samples of its model."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    model = TimeGAN(features=2, window=6, schedule=Schedule(1, 1, 1), hidden=6)
    trainer = Trainer(
        max_epochs=3,
        default_root_dir=folder,
        callbacks=[PhaseCheckpoint()],
        plugins=[AtomicCheckpointIO()],
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    data = WindowDataModule(
        generate="salary", window=6, constraints="report", batch_size=8, steps_per_epoch=2
    )
    trainer.fit(model, datamodule=data)
    return folder, sample(model, 3)


@pytest.mark.parametrize("part", ["", "checkpoints/last.ckpt", "checkpoints/joint.ckpt"])
def test_the_trained_model_comes_back_without_the_data(
    run: tuple[Path, np.ndarray], part: str
) -> None:
    folder, windows = run
    model, columns = open_run(folder / part)
    assert (sample(model, 3) == windows).all()
    frame = columns.to_frame(columns.inverse_transform(windows))
    assert list(frame) == ["sequence", "YearsExperience", "Salary"]


def test_an_earlier_checkpoint_is_another_model(run: tuple[Path, np.ndarray]) -> None:
    folder, windows = run
    model, _ = open_run(folder / "checkpoints/supervised.ckpt")
    assert not (sample(model, 3) == windows).all()


def test_an_export_of_an_unfinished_run_says_so(
    run: tuple[Path, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Synthesizer.load(run[0] / "checkpoints/supervised.ckpt").save(tmp_path / "early")
    first = {"epoch": 2, "epochs": 3, "phase": "supervised"}
    assert read_description(tmp_path / "early")["unfinished"] == first
    Synthesizer.load(tmp_path / "early").save(tmp_path / "again")
    said = capsys.readouterr().err
    assert "early is the model of an unfinished run, exported from epoch 2 of 3 (supervised" in said
    assert "exported from epoch 2 of 3 (supervised" in (tmp_path / "again/README.md").read_text()
    assert read_description(tmp_path / "again")["unfinished"] == first


def test_an_export_of_a_finished_run_says_nothing_of_it(
    run: tuple[Path, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Synthesizer.load(run[0] / "checkpoints/last.ckpt").save(tmp_path / "end")
    Synthesizer.load(tmp_path / "end")
    assert "unfinished" not in capsys.readouterr().err
    assert read_description(tmp_path / "end")["unfinished"] is None
    assert "nfinished" not in (tmp_path / "end/README.md").read_text().split("## Config")[0]


def test_a_run_that_is_not_there_names_the_newest_beside_it(run: tuple[Path, np.ndarray]) -> None:
    folder, _ = run
    with pytest.raises(InputError, match=r"typo: there is no such run\. The newest .* is .*first"):
        open_run(folder.parent / "typo")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither a model of its own nor checkpoints/last\.ckpt"):
        open_run(tmp_path)
    with pytest.raises(InputError, match=r"there is no such run\. Give a run folder"):
        open_run(tmp_path / "nothing")


def test_a_checkpoint_without_columns_or_of_another_model_is_refused(
    run: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    content = torch.load(run[0] / "checkpoints/last.ckpt", weights_only=True)
    torch.save({k: v for k, v in content.items() if k != "WindowDataModule"}, tmp_path / "a.ckpt")
    content["state_dict"].popitem()
    torch.save(content, tmp_path / "b.ckpt")
    for name in ("a.ckpt", "b.ckpt"):
        with pytest.raises(InputError, match=f"{name}: no checkpoint of a TimeGAN"):
            open_run(tmp_path / name)


def test_a_run_folder_can_be_moved(run: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    folder, windows = run
    shutil.copytree(folder, tmp_path / "moved")
    assert (sample(open_run(tmp_path / "moved")[0], 3) == windows).all()


def test_a_run_whose_last_checkpoint_is_damaged_gives_the_one_before(
    run: tuple[Path, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run[0], tmp_path / "moved")
    last = tmp_path / "moved/checkpoints/last.ckpt"
    shutil.copy(last, last.with_name("previous.ckpt"))
    last.write_bytes(last.read_bytes()[:-50])
    assert (sample(open_run(tmp_path / "moved")[0], 3) == run[1]).all()
    said = capsys.readouterr().err
    assert "last.ckpt: the checkpoint is damaged" in said
    assert "previous.ckpt instead" in said
