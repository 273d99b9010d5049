"""A file is there in full or not at all."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from timegan.errors import InputError
from timegan.files import write_bytes, write_text, writing


def fail(number: int) -> Any:
    def broken(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    return broken


def test_a_file_is_replaced_and_its_folder_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.bin"
    write_bytes(path, b"one")
    write_text(path, "two", overwrite=True)
    assert path.read_bytes() == b"two"
    assert [file.name for file in path.parent.iterdir()] == ["a.bin"]


@pytest.mark.parametrize(("where", "step"), [(os, "fsync"), (Path, "replace")])
def test_a_full_disk_keeps_the_old_file_and_leaves_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: Any, step: str
) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")
    monkeypatch.setattr(where, step, fail(errno.ENOSPC))
    with pytest.raises(InputError, match=r"a\.bin: no room on the disk"):
        write_bytes(path, b"new", overwrite=True)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_while_another_is_written_survives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", fail(errno.EPERM))
    write_bytes(tmp_path / "b.bin", b"new")
    assert (tmp_path / "b.bin").read_bytes() == b"new"
    path = tmp_path / "a.bin"
    block = writing(path)
    block.__enter__().write_bytes(b"new")
    path.write_bytes(b"of somebody else")
    with pytest.raises(InputError, match=r"a\.bin: a file of this name exists"):
        block.__exit__(None, None, None)
    assert path.read_bytes() == b"of somebody else"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.bin", "b.bin"]


def test_a_link_to_nowhere_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    for name, what in {"link": "file", "folder": "folder"}.items():
        with pytest.raises(InputError, match=f"{name}: a {what} of this name exists"):
            write_bytes(tmp_path / name, b"new")
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match=r"taken/a\.bin: cannot be written"):
        write_bytes(tmp_path / "taken" / "a.bin", b"new")


def test_an_interrupt_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "a.bin", b"new")
    assert [file.name for file in tmp_path.iterdir()] == []
