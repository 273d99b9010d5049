"""Checkpoints that are never half-written and that load without running code from the file."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import CheckpointIO

from timegan.errors import InputError
from timegan.io.files import write_bytes


class AtomicCheckpointIO(CheckpointIO):
    """Give it to the Trainer: ``Trainer(plugins=[AtomicCheckpointIO()])``.

    Lightning's own writes in place where the temporary folder is on another file system.

    Raises:
        InputError: no room on the disk; a damaged checkpoint; a file that is something else.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write ``checkpoint`` under ``path``, in full or not at all."""
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_bytes(path, buffer.getvalue())

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
        with zipfile.ZipFile(path) as archive:  # torch itself does not look at the checksums
            broken = archive.testzip()
        if broken is None:
            content = torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path}: holds more than numbers, strings and tensors, and is not loaded, for that "
            "could run code. Give a checkpoint that timegan wrote."
        ) from error
    except Exception as error:  # what a damaged file raises depends on where the damage is
        raise InputError(_damaged(path)) from error
    if broken is not None:
        raise InputError(_damaged(path))
    if not isinstance(content, dict) or "state_dict" not in content:
        raise InputError(
            f"{path}: the file holds no checkpoint of a training run. "
            "Give a .ckpt file out of a run's checkpoints/ folder."
        )
    return content


def _damaged(path: Path) -> str:
    return (
        f"{path}: the checkpoint is damaged or cut short ({path.stat().st_size:,} bytes). "
        "Take another checkpoint of the run, or train again."
    )
