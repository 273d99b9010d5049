"""Checks that no command replaces a table that it reads or that a model was trained on."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from timegan.errors import InputError
from timegan.serialization.run_folder import EXPORT_FILES, RUN_FOLDERS, is_run, is_same_file

if TYPE_CHECKING:  # pandas, which a refused command does without
    from timegan.tables.schema import Schema


def check_not_read(out: str | Path, key: str, inputs: Mapping[str, str | None]) -> None:
    """Refuse to write to a table that the same command reads.

    Args:
        out: the file to write.
        key: the key of the command line that gave it.
        inputs: key to file, for each table that the command reads.

    Raises:
        InputError: ``out`` is one of these files, under any name.
    """
    for name, path in inputs.items():
        if path is not None and is_same_file(out, path):
            raise InputError(
                f"{key}={out}: this is the table that {name}={path} reads, and it is never "
                "overwritten. Choose another name."
            )


def check_not_trained_on(
    out: str | Path,
    key: str,
    tables: Iterable[Path],
    fingerprint: str | None = None,
    schema: "Schema | None" = None,
) -> None:
    """Refuse to write to the table that a model was trained on.

    Args:
        out: the file to write.
        key: the key of the command line that gave it.
        tables: the paths under which the table was read.
        fingerprint: of the table; an existing ``out`` is compared with it.
        schema: of the table.

    Raises:
        InputError: ``out`` is this table, under any name, or a copy of it.
    """
    if any(is_same_file(out, table) for table in tables):
        raise InputError(
            f"{key}={out}: this is the table that the model was trained on, and it is never "
            "overwritten. Choose another name."
        )
    if fingerprint is not None and schema is not None and _holds(Path(out), fingerprint, schema):
        raise InputError(
            f"{key}={out}: this file holds the table that the model was trained on, and it is "
            "never overwritten. Choose another name."
        )


def check_export_folder(folder: str | Path, *, overwrite: bool, key: str | None = None) -> None:
    """Refuse a folder in which an exported model would mix with other files.

    Args:
        folder: of the exported model.
        overwrite: replace an exported model. Other files are never replaced.
        key: the key of the command line that gave the folder; None: a call from Python.

    Raises:
        InputError: the folder belongs to a run, or it holds files.
    """
    folder = Path(folder)
    name, true = (f"{key}={folder}", "true") if key else (str(folder), "True")
    place, parent = folder.absolute(), folder.absolute().parent
    if is_run(place) or (is_run(parent) and place.name in RUN_FOLDERS):
        raise InputError(
            f"{name}: this folder belongs to a run, and an export would pass for the run's own "
            "model. Choose another folder."
        )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{name}: this is a file, and a model needs a folder. Choose a folder.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not (folder / EXPORT_FILES[1]).is_file():
        raise InputError(f"{name}: the folder holds files of something else. Choose a new folder.")
    if not overwrite:
        raise InputError(
            f"{name}: the folder holds an exported model. "
            f"Choose another folder, or set overwrite={true} to replace the model."
        )


def _holds(path: Path, fingerprint: str, schema: "Schema") -> bool:
    """Return True if the file is a table with that fingerprint."""
    from timegan.tables import Table
    from timegan.tables.readers import read_table

    try:
        return Table.from_frame(read_table(path), like=schema).fingerprint == fingerprint
    except Exception:  # a file that cannot be read like the table is another one
        return False
