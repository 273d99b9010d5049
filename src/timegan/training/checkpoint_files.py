"""Checkpoint files that are never half-written and that load without running code."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import CheckpointIO

from timegan.errors import InputError, UnreadableError, short_message
from timegan.files import writing
from timegan.plain import NotPlainError, plain

LAST, PREVIOUS = "last.ckpt", "previous.ckpt"
"""Names of the newest checkpoint of a run, and of the one before it."""


class AtomicCheckpointIO(CheckpointIO):
    """A plugin that writes whole checkpoints or none: ``Trainer(plugins=[AtomicCheckpointIO()])``.

    Lightning's own plugin writes in place if the temporary folder is on another file system. A new
    ``last.ckpt`` keeps the one before it as ``previous.ckpt``. A checkpoint is a zip archive with a
    CRC-32 of each record, all of which are compared on reading. NumPy's numbers become Python's. A
    checkpoint is read again before it takes its name.

    Raises:
        InputError: the disk is full, a checkpoint is damaged, or a file is something else.
        UnreadableError: the new checkpoint cannot be loaded. The one before it is kept.
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
        with writing(path, content.nbytes, overwrite=True, keep=keep) as temporary:
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
    """Return the content of a checkpoint: numbers, text, lists, dicts and tensors, nothing else.

    Raises:
        InputError: the file does not exist, is damaged, or is no checkpoint.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"{path}: there is no such checkpoint. "
            "A run leaves its checkpoints in its folder, under checkpoints/."
        )
    try:
        content = _load(path, map_location)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path}: not loaded, as it holds more than numbers, text and tensors, which could run "
            "code. Give a checkpoint that timegan wrote."
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
    """Return the newest whole checkpoint of a run, its content, and errors of newer ones.

    It is ``last.ckpt``, else ``previous.ckpt``, else the newest one of the end of a phase.

    Args:
        folder: the run's ``checkpoints/``.

    Raises:
        InputError: there is none, or all are damaged. Each is named.
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
        " ".join([*notes, f"{folder}: there is no whole checkpoint to resume from. Train again."])
    )


def _is_checkpoint(content: Any) -> bool:
    return isinstance(content, dict) and "state_dict" in content


def _load(path: Path, map_location: Any) -> Any:
    """Load a file after comparing its checksums, which torch does not."""
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:
            raise ValueError("a checksum does not match")
    return torch.load(path, map_location=map_location, weights_only=True)


def _read_again(written: Path, path: Path) -> None:
    """Load a file that was just written, before it is renamed to ``path``."""
    try:
        content = _load(written, "cpu")
    except pickle.UnpicklingError as error:
        raise UnreadableError(_unreadable(path, short_message(error))) from error
    except Exception as error:  # what a damaged file raises depends on where the damage is
        raise InputError(
            f"{path}: not saved, as the written file could not be read again "
            f"({short_message(error)}). Check the disk."
        ) from error
    if not _is_checkpoint(content):
        raise UnreadableError(_unreadable(path, "it has no state_dict"))


def _unreadable(path: Path, reason: str) -> str:
    return (
        f"{path}: not saved, as it could not be loaded: {reason}. A checkpoint holds numbers, "
        "text, lists, dicts and tensors only. The checkpoint before it is kept. Remove the "
        "callback or option that this value comes from, or report a bug of timegan."
    )


def _damaged(path: Path) -> str:
    return (
        f"{path}: the checkpoint is damaged or cut short ({path.stat().st_size:,} bytes). "
        "Give another checkpoint of the run, or train again."
    )
