"""Files that are either there in full or not there at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from timegan.errors import InputError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def replacing(
    path: str | Path, size: int | None = None, keep: str | Path | None = None
) -> Iterator[Path]:
    """A file beside ``path`` to write to; when the block ends it is flushed and takes the name.

    It lies in the same folder, for a rename is atomic within one file system only.

    Args:
        path: the final name.
        size: bytes to write, where that is known, for the message.
        keep: the name that what ``path`` held before gets; None: it is overwritten.

    Raises:
        InputError: the disk is full, or the folder cannot be written to. What ``path`` held before
            is still there, and no temporary file is left.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            if keep is not None and path.exists():
                path.replace(keep)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(_explain(path, size, error)) from error
    _flush_folder(path.parent)


def write_bytes(path: str | Path, content: bytes, keep: str | Path | None = None) -> None:
    """Write ``content`` under ``path``, in full or not at all; see :func:`replacing`."""
    with replacing(path, len(content), keep) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, content: str) -> None:
    """:func:`write_bytes` for text, as UTF-8."""
    write_bytes(path, content.encode())


def remove_leftovers(folder: str | Path) -> None:
    """Take away what a killed process had not finished; nobody may be writing to ``folder``."""
    for temporary in Path(folder).glob(".*.part"):
        temporary.unlink(missing_ok=True)


def _explain(path: Path, size: int | None, error: OSError) -> str:
    if error.errno in FULL:
        room = f" for {size / 1e6:.1f} MB" if size is not None else ""
        return (
            f"{path}: no room on the disk{room}; nothing was written. "
            "Free some space, or choose another folder."
        )
    return (
        f"{path}: cannot be written ({error.strerror or error}). "
        "Give a folder in which you may create files."
    )


def _flush_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut, where the system allows it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    with suppress(OSError):
        os.fsync(handle)
    os.close(handle)
