"""Folders of runs: which files in them are a run's own, and which files no command may write to."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from timegan.errors import InputError

if TYPE_CHECKING:  # pandas, which a refused command does without
    from timegan.tables.schema import Schema

FOLDERS = (".hydra", "checkpoints", "model", "figures")
FILES = ("samples.csv", "metrics.json", "report.html")
"""Names that a run gives to what it writes."""
TRAINED = ("checkpoints", "model", "samples.csv")
"""Those among them that an evaluation does not write."""
TABLES = ("real", "synthetic", "holdout")
"""Keys of tables that an evaluation reads."""
EXPORTED = ("model.safetensors", "model.json")
"""Names in the folder of an exported model."""


def left_in(folder: Path) -> list[str]:
    """Return the names of what a run or an evaluation left in ``folder``."""
    names = [name for name in (*FOLDERS, *FILES, *EXPORTED) if (folder / name).exists()]
    return [f"{name}/" if (folder / name).is_dir() else name for name in names]


def is_run(folder: Path) -> bool:
    """Return True if ``folder`` is the folder of a run, finished or not."""
    return (folder / ".hydra" / "config.yaml").is_file()


def run_folder(path: Path) -> Path | None:
    """Return the folder of the run to which ``path`` belongs, as a checkpoint or a model of it."""
    path = path.absolute()
    return next((folder for folder in (path, *path.parents[:2]) if is_run(folder)), None)


def stored(folder: Path, name: str) -> dict[str, Any]:
    """Return ``.hydra/<name>.yaml`` of a run, references as they are; empty if it is unreadable."""
    file = folder / ".hydra" / f"{name}.yaml"
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return {str(key): value for key, value in content.items()} if isinstance(content, dict) else {}


def tables_of(path: Path, config: Mapping[str, Any]) -> list[Path]:
    """Return the names under which a run or an evaluation has read its tables.

    Args:
        path: the run's folder, one of its checkpoints, or an exported model.
        config: the settings in the exported model, if there are any.
    """
    from timegan.tables.readers import cached

    found, bases, settings = [], [Path()], [config]
    if (folder := run_folder(path)) is not None:
        settings.append(stored(folder, "config"))
        before = (stored(folder, "hydra").get("hydra") or {}).get("runtime") or {}
        bases += [Path(before["cwd"])] if before.get("cwd") else []
    for content in settings:
        dataset = content.get("dataset")
        if not isinstance(dataset, Mapping):
            continue
        names = [dataset.get("path"), *(content.get(key) for key in TABLES)]
        found += [base / name for name in names if isinstance(name, str) for base in bases]
        if not dataset.get("path") and isinstance(url := dataset.get("url"), str):
            found.append(cached(url))
    return found


def check_not_read(out: str | Path, key: str, read: Mapping[str, str | None]) -> None:
    """Refuse to write to a table that the same command reads.

    Args:
        out: the file to write.
        key: the key of the command line that gave it.
        read: key to file, for each table that the command reads.

    Raises:
        InputError: ``out`` is one of these files, under any name.
    """
    for name, path in read.items():
        if path is not None and same_file(out, path):
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
        tables: the names under which the table was read.
        fingerprint: of the table; an existing ``out`` is compared with it.
        schema: of the table.

    Raises:
        InputError: ``out`` is this table, under any name, or a copy of it.
    """
    if any(same_file(out, table) for table in tables):
        raise InputError(
            f"{key}={out}: this is the table that the model was trained on, and it is never "
            "overwritten. Choose another name."
        )
    if fingerprint is not None and schema is not None and _holds(Path(out), fingerprint, schema):
        raise InputError(
            f"{key}={out}: this file holds the table that the model was trained on, and it is "
            "never overwritten. Choose another name."
        )


def same_file(one: str | Path, other: str | Path) -> bool:
    """Return True if two names lead to one file, through links of either kind, or would."""
    try:
        if Path(one).samefile(other):
            return True
    except OSError:
        pass  # one of them does not exist yet
    return os.path.realpath(one) == os.path.realpath(other)


def check_export(folder: str | Path, *, overwrite: bool, key: str | None = None) -> None:
    """Refuse a folder in which an exported model would meet other files.

    Args:
        folder: of the exported model.
        overwrite: an exported model may be replaced. Other files never are.
        key: the key of the command line that gave the folder; None: a call from Python.

    Raises:
        InputError: the folder belongs to a run, or it holds files.
    """
    folder = Path(folder)
    name, true = (f"{key}={folder}", "true") if key else (str(folder), "True")
    place, parent = folder.absolute(), folder.absolute().parent
    if is_run(place) or (is_run(parent) and place.name in FOLDERS):
        raise InputError(
            f"{name}: this folder belongs to a run, and an export would pass for the run's own "
            "model. Choose another folder."
        )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{name}: this is a file, and a model needs a folder. Choose a folder.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not (folder / EXPORTED[1]).is_file():
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
