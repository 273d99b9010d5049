"""Checkpoints: written in full, read without running code, and refused when damaged."""

import datetime
import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from timegan.errors import InputError, UnreadableError
from timegan.seeds import rng
from timegan.training.checkpoint_files import AtomicCheckpointIO, newest_checkpoint, read_checkpoint

CONTENT = {"state_dict": {"weight": torch.arange(1000.0)}, "epoch": 3}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint(CONTENT, path)
    return path


def test_what_is_saved_is_read_again_and_removed(checkpoint: Path) -> None:
    content = AtomicCheckpointIO().load_checkpoint(checkpoint)
    assert content["epoch"] == 3
    assert torch.equal(content["state_dict"]["weight"], CONTENT["state_dict"]["weight"])  # type: ignore[index]
    AtomicCheckpointIO().remove_checkpoint(checkpoint)
    assert [file.name for file in checkpoint.parent.iterdir()] == []


def test_a_full_disk_keeps_the_checkpoint_before(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="no room on the disk"):
        AtomicCheckpointIO().save_checkpoint(CONTENT | {"epoch": 4}, checkpoint)
    assert read_checkpoint(checkpoint)["epoch"] == 3
    assert [file.name for file in checkpoint.parent.iterdir()] == ["last.ckpt"]


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (
            {"looks": [{"when": datetime.date(2024, 1, 1)}]},
            r"Watch\.looks\[0\]\.when is a datetime",
        ),
        ({"chosen": {1, 2}}, r"Watch\.chosen is a set"),
        ({"call": print}, r"Watch\.call is a builtin_function"),
        ({"when": np.datetime64("2024-01-01")}, r"Watch\.when is a numpy\.datetime64"),
    ],
)
def test_what_could_not_be_loaded_is_named_and_the_checkpoint_before_stays(
    checkpoint: Path, value: Any, named: str
) -> None:
    before = checkpoint.read_bytes()
    with pytest.raises(UnreadableError, match=named):
        AtomicCheckpointIO().save_checkpoint(CONTENT | {"Watch": value}, checkpoint)
    assert checkpoint.read_bytes() == before
    assert [file.name for file in checkpoint.parent.iterdir()] == ["last.ckpt"]


def test_numbers_of_numpy_are_saved_as_python_s(checkpoint: Path) -> None:
    odd = {
        "least": np.float64(0.1),
        "step": np.int64(3),
        "single": np.float32(0.5),
        "yes": np.bool_(True),
        "text": np.str_("a"),
        "many": np.arange(3),
        np.int64(7): (np.float64(1.5), "b"),
    }
    AtomicCheckpointIO().save_checkpoint(CONTENT | {"odd": odd}, checkpoint)
    found = read_checkpoint(checkpoint)["odd"]
    assert found == {
        "least": 0.1,
        "step": 3,
        "single": 0.5,
        "yes": True,
        "text": "a",
        "many": [0, 1, 2],
        7: (1.5, "b"),
    }
    assert [type(v) for v in found.values()] == [float, int, float, bool, str, list, tuple]


def test_a_disk_that_returns_other_bytes_than_were_written_keeps_the_checkpoint_before(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, write = checkpoint.read_bytes(), Path.write_bytes

    def damaged(self: Path, content: memoryview) -> int:
        flipped = bytearray(content)
        flipped[len(flipped) // 2] ^= 1
        return write(self, flipped)

    monkeypatch.setattr(Path, "write_bytes", damaged)
    with pytest.raises(InputError, match=r"could not be read again .*Check the disk"):
        AtomicCheckpointIO().save_checkpoint(CONTENT | {"epoch": 4}, checkpoint)
    monkeypatch.undo()
    assert checkpoint.read_bytes() == before


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.ckpt: there is no such checkpoint"):
        read_checkpoint(tmp_path / "gone.ckpt")


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text"])
def test_a_damaged_checkpoint_is_refused(checkpoint: Path, damage: str) -> None:
    content = bytearray(checkpoint.read_bytes())
    middle = len(content) // 2
    match damage:
        case "empty":
            content = bytearray()
        case "cut":
            del content[middle:]
        case "flipped":
            content[middle] ^= 1
        case "text":
            content = bytearray(b"YearsExperience,Salary\n1.1,39343\n")
    checkpoint.write_bytes(content)
    with pytest.raises(InputError, match=r"last\.ckpt: the checkpoint is damaged"):
        read_checkpoint(checkpoint)


def test_a_flipped_bit_anywhere_is_refused_or_of_no_consequence(checkpoint: Path) -> None:
    whole, random, refused = checkpoint.read_bytes(), rng(0, "damage"), 0
    for _ in range(200):
        content = bytearray(whole)
        content[random.integers(len(content))] ^= 1 << int(random.integers(8))
        checkpoint.write_bytes(content)
        try:
            found = read_checkpoint(checkpoint)
        except InputError:
            refused += 1
            continue
        weight = CONTENT["state_dict"]["weight"]  # type: ignore[index]
        assert found["epoch"] == 3
        assert torch.equal(found["state_dict"]["weight"], weight)
    assert refused > 150


def test_the_last_but_one_is_kept_and_stands_in_for_a_damaged_one(tmp_path: Path) -> None:
    keeper, last = AtomicCheckpointIO(), tmp_path / "last.ckpt"
    keeper.save_checkpoint(CONTENT | {"epoch": 1}, tmp_path / "joint.ckpt")
    for epoch in (2, 3, 4):
        keeper.save_checkpoint(CONTENT | {"epoch": epoch}, last)
    assert {p.name for p in tmp_path.iterdir()} == {"last.ckpt", "previous.ckpt", "joint.ckpt"}
    for name, epoch in (("last", 4), ("previous", 3), ("joint", 1)):
        path, content, notes = newest_checkpoint(tmp_path)
        assert (path.stem, content["epoch"]) == (name, epoch)
        assert all("damaged" in note for note in notes)
        path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"last\.ckpt.*previous\.ckpt.*joint\.ckpt.*no whole"):
        newest_checkpoint(tmp_path)


def test_a_process_killed_between_the_two_renames_loses_nothing(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if self.suffix == ".part":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        AtomicCheckpointIO().save_checkpoint(CONTENT | {"epoch": 4}, checkpoint)
    assert newest_checkpoint(checkpoint.parent)[1]["epoch"] == 3


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": {}, "run": os.system}, tmp_path / "evil.ckpt")
    with pytest.raises(InputError, match="could run code"):
        read_checkpoint(tmp_path / "evil.ckpt")


def test_a_file_of_other_tensors_is_no_checkpoint(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.ckpt")
    with pytest.raises(InputError, match="holds no checkpoint"):
        read_checkpoint(tmp_path / "other.ckpt")
