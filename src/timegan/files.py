"""Files that are either there in full or not there at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from timegan.errors import InputError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def writing(
    path: str | Path,
    size: int | None = None,
    *,
    overwrite: bool = False,
    keep: str | Path | None = None,
) -> Iterator[Path]:
    """Yield a file beside ``path`` to write to; when the block ends it is flushed and renamed.

    The temporary file lies in the same folder, for a rename is atomic within one file system only.
    An existing ``path`` is refused before the block begins. One that appears while the block runs
    is refused when it ends.

    Args:
        path: the final name.
        size: bytes to write, where that is known, for the message.
        overwrite: replace an existing file.
        keep: the name that the replaced file gets; None: it is lost.

    Raises:
        InputError: ``path`` exists and ``overwrite`` is off, the disk is full, or the folder cannot
            be written to. An existing ``path`` keeps its content, and no temporary file is left.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    if not overwrite:
        check_free(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            if keep is not None and path.exists():
                path.replace(keep)
            if overwrite:
                temporary.replace(path)
            else:
                _rename_to_free(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(_explain(path, size, error)) from error
    _flush_folder(path.parent)


def write_bytes(
    path: str | Path,
    content: bytes,
    *,
    overwrite: bool = False,
    keep: str | Path | None = None,
) -> None:
    """Write ``content`` under ``path``, in full or not at all; see :func:`writing`."""
    with writing(path, len(content), overwrite=overwrite, keep=keep) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, content: str, *, overwrite: bool = False) -> None:
    """Write ``content`` under ``path`` as UTF-8, in full or not at all; see :func:`writing`."""
    write_bytes(path, content.encode(), overwrite=overwrite)


def check_free(path: str | Path, key: str | None = None) -> None:
    """Refuse a name that is taken, by a dangling link too.

    Args:
        path: the name.
        key: the key of the command line that gave it; None: a call from Python.

    Raises:
        InputError: there is a file, a folder or a link of this name.
    """
    if os.path.lexists(path):
        raise InputError(_taken(path, key))


def remove_leftovers(folder: str | Path) -> None:
    """Take away what a killed process had not finished; nobody may be writing to ``folder``."""
    for temporary in Path(folder).glob(".*.part"):
        temporary.unlink(missing_ok=True)


def _rename_to_free(temporary: Path, path: Path) -> None:
    """Rename ``temporary``, in one step that fails if ``path`` exists."""
    try:
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise
        except OSError:  # some file systems have no hard links
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            temporary.replace(path)
        else:
            temporary.unlink()
    except FileExistsError as error:
        raise InputError(_taken(path)) from error


def _taken(path: str | Path, key: str | None = None) -> str:
    what = "folder" if Path(path).is_dir() else "file"
    name, true = (f"{key}={path}", "true") if key else (str(path), "True")
    return (
        f"{name}: a {what} of this name exists and is not overwritten. "
        f"Choose another name, or set overwrite={true} to replace it."
    )


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
