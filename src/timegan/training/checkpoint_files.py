"""Checkpoints that are never half-written and that load without running code from the file."""

import io
import pickle
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import CheckpointIO

from timegan.errors import InputError, UnreadableError, brief
from timegan.files import replacing
from timegan.plain import NotPlainError, plain
from timegan.training.checkpoint_scan import check_archive, check_sizes, check_tensors

LAST, PREVIOUS = "last.ckpt", "previous.ckpt"
"""The newest state of a run, and the one that bore this name before it."""


class AtomicCheckpointIO(CheckpointIO):
    """Give it to the Trainer: ``Trainer(plugins=[AtomicCheckpointIO()])``.

    Lightning's own writes in place where the temporary folder is on another file system. A new
    ``last.ckpt`` leaves the one before it as ``previous.ckpt``. Every record of a checkpoint, which
    is a zip archive, has a CRC-32 beside it, and reading compares them all.

    NumPy's numbers become Python's. A checkpoint is read again before it takes its name.

    Raises:
        InputError: no room on the disk; a damaged checkpoint; a file that is something else.
        UnreadableError: the checkpoint could not be loaded; the one before it is still there.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write ``checkpoint`` under ``path``, in full and readable, or not at all."""
        path = Path(path)
        try:
            checkpoint = plain(checkpoint)
        except NotPlainError as error:
            raise UnreadableError(_unreadable(path, str(error))) from error
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        content = buffer.getbuffer()
        keep = path.with_name(PREVIOUS) if path.name == LAST else None
        with replacing(path, content.nbytes, keep) as temporary:
            temporary.write_bytes(content)
            content.release()
            buffer.close()  # reading takes as much memory again
            _read_again(temporary, path)

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read a checkpoint; ``weights_only`` is always on, whatever is asked for."""
        return read_checkpoint(path, map_location or "cpu")

    def remove_checkpoint(self, path: str | Path) -> None:
        """Remove the file, if it is there."""
        Path(path).unlink(missing_ok=True)


def read_checkpoint(path: str | Path, map_location: Any = "cpu") -> dict[str, Any]:
    """A checkpoint's content: numbers, strings, lists, dicts and tensors, nothing else.

    Raises:
        InputError: there is no such file, or it is damaged, or it is no checkpoint.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"{path}: there is no such checkpoint. "
            "A run leaves its checkpoints in its folder, under checkpoints/."
        )
    try:
        check_archive(path)
        check_sizes(path)
        content = torch.load(path, map_location=map_location, weights_only=True)
    except (pickle.UnpicklingError, NotPlainError) as error:
        raise InputError(
            f"{path}: holds more than numbers, strings and tensors, and is not loaded, for that "
            "could run code. Give a checkpoint that timegan wrote."
        ) from error
    except Exception as error:  # what a damaged file raises depends on where the damage is
        raise InputError(_damaged(path)) from error
    if not _is_checkpoint(content):
        raise InputError(
            f"{path}: the file holds no checkpoint of a training run. "
            "Give a .ckpt file out of a run's checkpoints/ folder."
        )
    found: dict[str, Any] = content
    return found


def newest_checkpoint(folder: str | Path) -> tuple[Path, dict[str, Any], list[str]]:
    """The newest whole checkpoint of a run, its content, and what is wrong with newer ones.

    ``last.ckpt``, else the one before it, else the newest of the phases' ends.

    Args:
        folder: the run's ``checkpoints/``.

    Raises:
        InputError: there is none, or all are damaged; each is named.
    """
    folder = Path(folder)
    ends = set(folder.glob("*.ckpt")) - {folder / LAST, folder / PREVIOUS}
    by_age = sorted(ends, key=lambda path: path.stat().st_mtime, reverse=True)
    notes: list[str] = []
    for path in (folder / LAST, folder / PREVIOUS, *by_age):
        if path.is_file():
            try:
                return path, read_checkpoint(path), notes
            except InputError as error:
                notes.append(str(error))
    raise InputError(
        " ".join([*notes, f"{folder}: no whole checkpoint is there to go on from. Train again."])
    )


def _is_checkpoint(content: Any) -> bool:
    return isinstance(content, dict) and "state_dict" in content


def _read_again(written: Path, path: Path) -> None:
    """Load a file that was just written, before it is called ``path``."""
    try:
        check_archive(written)
        content = torch.load(written, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, NotPlainError) as error:
        raise UnreadableError(_unreadable(path, brief(error))) from error
    except Exception as error:  # what a damaged file raises depends on where the damage is
        raise InputError(
            f"{path}: what was written could not be read again ({brief(error)}), and was not kept. "
            "Check the disk."
        ) from error
    try:
        check_tensors(content, written.stat().st_size)
    except ValueError as error:
        raise UnreadableError(_unreadable(path, str(error))) from error
    if not _is_checkpoint(content):
        raise UnreadableError(_unreadable(path, "it has no state_dict"))


def _unreadable(path: Path, reason: str) -> str:
    return (
        f"{path}: not saved, for it could not be loaded: {reason}. A checkpoint holds numbers, "
        "text, lists, dicts and tensors only. The checkpoint before it is still there. Remove the "
        "callback or option that this value comes from, or report it as a fault of timegan."
    )


def _damaged(path: Path) -> str:
    return (
        f"{path}: the checkpoint is damaged or cut short ({path.stat().st_size:,} bytes). "
        "Take another checkpoint of the run, or train again."
    )
