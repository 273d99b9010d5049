"""When checkpoints are saved, and that each of them resumes exactly."""

import errno
import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from timegan.errors import InputError, UnreadableError
from timegan.training.callbacks import PhaseCheckpoint
from timegan.training.checkpoint_files import read_checkpoint


class Keep(PhaseCheckpoint):
    """Keeps a copy of every checkpoint under the epoch and batch that it was saved at."""

    def save(self, trainer: Trainer, name: str = "last") -> Path:
        path = super().save(trainer, name)
        batch = trainer.fit_loop.epoch_loop.batch_progress.current
        over = cast(Any, trainer.fit_loop.epoch_progress.current).processed > trainer.current_epoch
        position = "end" if over else str(batch.ready)
        shutil.copy(path, path.with_name(f"{name}-{trainer.current_epoch}-{position}.ckpt"))
        return path


ENDS = {"autoencoder", "supervised", "joint", "last", "previous"}


def names(folder: Path) -> set[str]:
    return {path.stem for path in (folder / "checkpoints").iterdir()}


def test_each_phase_ends_with_a_checkpoint(run: Callable[..., Any], tmp_path: Path) -> None:
    run(Keep(minutes=None)).fit()
    ends = {"autoencoder-1-end", "supervised-2-end", "joint-4-end"}
    lasts = {"last-1-end", "last-2-end", "last-4-end"}
    assert names(tmp_path) == ends | lasts | ENDS


def test_a_phase_without_epochs_leaves_no_checkpoint(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    one = run(PhaseCheckpoint(), max_epochs=2)
    one.model.schedule = type(one.model.schedule)(autoencoder=0, supervised=0, joint=2)
    one.fit()
    assert names(tmp_path) == {"joint", "last"}


def test_minutes_and_batches_are_kept_and_the_last_batch_waits_for_the_end_of_the_epoch(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    run(Keep(minutes=1e-9), count=3, max_epochs=1).fit()
    assert {n for n in names(tmp_path) if "-" in n} == {"last-0-1", "last-0-2", "last-0-end"}
    shutil.rmtree(tmp_path / "checkpoints")
    run(Keep(minutes=60, every_n_batches=2), count=3, max_epochs=2).fit()
    assert {"last-0-2", "last-1-1", "last-1-end"} <= names(tmp_path)
    assert not {"last-0-1", "last-0-end", "last-1-2"} & names(tmp_path)


def test_a_run_resumed_from_any_checkpoint_equals_the_uninterrupted_one(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    whole = run(Keep(every_n_batches=1), count=3).fit()
    points = sorted((tmp_path / "checkpoints").glob("*-*-*.ckpt"))
    assert len(points) == 5 * 3 + 3
    kept = tmp_path / "kept"
    shutil.copytree(tmp_path / "checkpoints", kept)
    for point in points:
        _, epoch, batch = point.stem.split("-")
        start = (int(epoch) + 1) * 3 if batch == "end" else int(epoch) * 3 + int(batch)
        shutil.rmtree(tmp_path / "checkpoints", ignore_errors=True)
        again = run(PhaseCheckpoint(), count=3).fit(resume=kept / point.name)
        assert again.data.batches.seen == whole.data.batches.seen[start:], point.stem
        for name, value in whole.model.state_dict().items():
            assert torch.equal(value, again.model.state_dict()[name]), (point.stem, name)
        if start < 5 * 3:
            assert_same(
                read_checkpoint(kept / "last.ckpt"),
                read_checkpoint(tmp_path / "checkpoints/last.ckpt"),
            )


def test_a_checkpoint_taken_at_a_phase_end_of_a_resumed_run_is_not_missing(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    run(Keep(every_n_batches=1), count=2).fit()
    kept = shutil.move(tmp_path / "checkpoints", tmp_path / "kept")
    run(PhaseCheckpoint(), count=2).fit(resume=Path(kept) / "last-1-1.ckpt")
    assert names(tmp_path) == ENDS


def assert_same(one: Any, other: Any, where: str = "") -> None:
    """Check equality to the last bit, apart from the state of callbacks."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one.keys() - {"callbacks"}:
            assert_same(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for index, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{where}/{index}")
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other), where
    else:
        assert one == other, where


@pytest.mark.parametrize("interval", [{"minutes": 0}, {"minutes": -1}, {"every_n_batches": 0}])
def test_an_interval_of_nothing_is_refused(interval: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(interval))}=.*is not above 0"):
        PhaseCheckpoint(**interval)


def test_the_folder_can_be_chosen(run: Callable[..., Any], tmp_path: Path) -> None:
    run(PhaseCheckpoint(folder=str(tmp_path / "elsewhere")), max_epochs=2).fit()
    assert {p.name for p in (tmp_path / "elsewhere").iterdir()} == {"autoencoder.ckpt", "last.ckpt"}


def test_hooks_of_the_module_run_before_an_epoch_end_is_saved(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    one = run(PhaseCheckpoint(), max_epochs=2)

    def finish(self: LightningModule) -> None:
        cast(Any, self.first).bias.data.fill_(float(self.current_epoch))

    one.model.on_train_epoch_end = finish.__get__(one.model)
    one.fit()
    state = read_checkpoint(tmp_path / "checkpoints/last.ckpt")["state_dict"]
    assert state["first.bias"].tolist() == [1, 1, 1]


def test_a_full_disk_ends_the_run_with_a_message_and_leaves_no_half_checkpoint(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"autoencoder\.ckpt: no room on the disk"):
        run(PhaseCheckpoint(required=True)).fit()
    assert names(tmp_path) == set()


def test_a_disk_that_fills_up_costs_checkpoints_but_not_the_run(
    run: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = run(PhaseCheckpoint(), max_epochs=2).fit()
    before = (tmp_path / "checkpoints/last.ckpt").read_bytes()
    (tmp_path / "checkpoints/.last.ckpt.1.part").write_bytes(b"half of one")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # the kernel refuses to write more
    try:
        again = run(PhaseCheckpoint(every_n_batches=1)).fit(tmp_path / "checkpoints/last.ckpt")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert again.trainer.current_epoch == 5 > whole.trainer.current_epoch
    assert (tmp_path / "checkpoints/last.ckpt").read_bytes() == before
    assert names(tmp_path) == {"autoencoder", "last"}
    said = capsys.readouterr().err
    assert "last.ckpt: no room on the disk" in said
    assert "The run continues" in said
    run(PhaseCheckpoint()).fit(tmp_path / "checkpoints/last.ckpt")  # there is room again
    assert names(tmp_path) == ENDS


class Odd(Callback):
    """Has something in its state that no checkpoint can hold, from some epoch on."""

    def __init__(self, epoch: int) -> None:
        self.epoch, self.now = epoch, 0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.now = trainer.current_epoch

    def state_dict(self) -> dict[str, Any]:
        return {"seen": {self.now} if self.now >= self.epoch else [self.now]}


def test_a_checkpoint_that_could_not_be_loaded_ends_the_run_and_the_one_before_stays(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(UnreadableError, match=r"supervised\.ckpt: not saved.*Odd\.seen is a set"):
        run(Odd(2), PhaseCheckpoint()).fit()
    assert names(tmp_path) == {"autoencoder", "last"}
    assert read_checkpoint(tmp_path / "checkpoints/last.ckpt")["epoch"] == 1


def test_a_last_checkpoint_that_could_not_be_loaded_does_not_cost_the_trained_model(
    run: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run(Odd(4), PhaseCheckpoint()).fit()
    assert ended.trainer.current_epoch == 5
    assert names(tmp_path) == {"autoencoder", "supervised", "previous", "last"}
    assert "joint.ckpt: not saved" in capsys.readouterr().err


def test_a_damaged_checkpoint_does_not_resume(run: Callable[..., Any], tmp_path: Path) -> None:
    run(PhaseCheckpoint(), max_epochs=2).fit()
    last = tmp_path / "checkpoints/last.ckpt"
    last.write_bytes(last.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"last\.ckpt: the checkpoint is damaged"):
        run(PhaseCheckpoint()).fit(resume=last)
