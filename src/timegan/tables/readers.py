"""Readers of table files by suffix or pattern, and downloads with a checksum."""

import csv
import glob
import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timegan.errors import InputError, short_message
from timegan.tables.csv_reader import TextOptions, read_csv
from timegan.tables.detection import FILE, SEQUENCE
from timegan.tables.dtypes import is_number
from timegan.tables.raw_columns import free_name

PACKED_SUFFIXES = (".gz", ".bz2", ".xz", ".zip")
"""Suffixes of compressed text, behind the suffix of the text."""


def read_table(path: str | Path, options: TextOptions | None = None) -> pd.DataFrame:
    """Read a table, one row a step.

    Args:
        path: text (`timegan.tables.csv_reader`; ``.csv``, ``.tsv``, ``.txt`` or ``.dat``, also
            compressed), an Excel workbook, of which the first sheet is read, a ``.parquet`` (with
            its index), or an ``.npz``. An archive holds ``windows`` (N, T, C) and, where there are,
            ``features`` (C) names, ``lengths`` (N) of the sequences, ``context`` (N, K) and
            ``context_features`` (K). It becomes a long table with the key column ``sequence``.
            A pattern such as ``logs/*.csv`` reads all its files, in the order of their names, with
            the name of each row's file in the column ``file``.
        options: of text.

    Raises:
        InputError: the file is missing or empty, its suffix is unknown, names occur twice, the
            content does not fit the suffix, or files have different columns.
    """
    path = Path(path)
    if not path.exists() and glob.has_magic(str(path)):
        return _read_all(path, options)
    if not path.is_file():
        if path.is_dir():
            raise InputError(
                f"{path} is a folder: the data must be a file, or a pattern such as "
                f"'{path / '*.csv'}'. Check dataset.path."
            )
        raise InputError(f"{path} does not exist: the data must be a file. Check dataset.path.")
    suffixes = [s.lower() for s in path.suffixes]
    while len(suffixes) > 1 and suffixes[-1] in PACKED_SUFFIXES:
        suffixes.pop()
    reader = READERS.get(suffixes[-1] if suffixes else "")
    if reader is None:
        raise InputError(
            f"{path} ends in {path.suffix or 'nothing'!r}: known endings are "
            f"{', '.join(READERS)}. Convert the table to one of them."
        )
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty: a table needs a header and rows. Check dataset.path.")
    return reader(path, options)


def _read_all(pattern: Path, options: TextOptions | None) -> pd.DataFrame:
    """Read the files of a pattern as one table, with the name of each row's file."""
    found = Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
    paths = sorted(path for path in found if path.is_file())
    if not paths:
        raise InputError(f"{pattern}: there is no file of this pattern. Check dataset.path.")
    read = [(path, read_table(path, options)) for path in paths]
    empty = [path.name for path, frame in read if frame.empty]
    read = [(path, frame) for path, frame in read if not frame.empty] or read[:1]
    paths, frames = [path for path, _ in read], [frame for _, frame in read]
    names = list(map(str, frames[0].columns))
    for path, frame in read:
        columns = list(map(str, frame.columns))
        if sorted(columns) != sorted(names):
            raise InputError(
                f"{path} has the columns {', '.join(columns)}, and {paths[0]} has "
                f"{', '.join(names)}: files of a pattern need the same. Correct it, or give a "
                "narrower pattern."
            )
    frames = _of_one_type(paths, [frame[frames[0].columns] for frame in frames])
    if empty:
        note = f"{empty[0]} has names and no rows: it is left out."
        frames[0].attrs["notes"] = [*read[0][1].attrs.get("notes", []), note]
    if len(paths) == 1:
        return frames[0]
    table = pd.concat(frames, ignore_index=True)
    labels = [path.name.partition(".")[0] for path in paths]
    if len(set(labels)) < len(labels):
        labels = [str(path) for path in paths]
    column = free_name(FILE, table.columns)
    table.insert(0, column, np.repeat(labels, [len(frame) for frame in frames]))
    table.attrs["notes"] = frames[0].attrs.get("notes", [])
    table.attrs[FILE] = column
    return table


def _of_one_type(paths: list[Path], frames: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Return tables whose empty columns have the type of the others, which must be one.

    Raises:
        InputError: a column holds numbers in a file, and text in another.
    """
    for name in frames[0].columns:
        filled = [i for i, frame in enumerate(frames) if frame[name].notna().any()]
        for i in filled[1:]:
            here, first = frames[i][name], frames[filled[0]][name]
            if is_number(here.dtype) != is_number(first.dtype):
                raise InputError(
                    f"{paths[i]} has {here.dropna().iloc[0]!r} in {str(name)!r}, and "
                    f"{paths[filled[0]]} has {first.dropna().iloc[0]!r}: a column must hold "
                    "numbers in all files of a pattern, or in none. Correct it."
                )
        for i in set(range(len(frames))) - set(filled) if filled else ():
            whole = frames[filled[0]][name].dtype
            if is_number(whole):
                frames[i] = frames[i].assign(**{str(name): np.nan})
    return frames


def download(url: str, sha256: str | None) -> Path:
    """Download a file once into the user's cache folder and check it.

    Raises:
        InputError: the download failed, or the checksum differs.
    """
    import pooch  # only whoever downloads needs it

    known = f"sha256:{sha256}" if sha256 else None
    file = cached_path(url)
    folder = file.parent
    try:
        return Path(pooch.retrieve(url, known_hash=known, fname=file.name, path=folder))
    except ValueError as error:
        raise InputError(
            f"{url} does not have the checksum {sha256}: it changed, or the download broke. Delete "
            f"{folder}, try again, or give a file by dataset.path."
        ) from error
    except Exception as error:  # requests, urllib3 and ftplib have no common ancestor
        raise InputError(
            f"{url} could not be downloaded ({type(error).__name__}). Check the network, or give a "
            "file by dataset.path."
        ) from error


def cached_path(url: str) -> Path:
    """Return the path in the user's cache folder for the file of ``url``.

    The name begins with a digest of ``url``: files of one name from two places stay apart.
    """
    import pooch  # it knows where each system keeps caches

    name = url.split("?")[0].rsplit("/", 1)[-1]
    digest = hashlib.sha256(url.encode()).hexdigest()[:12]
    return Path(pooch.os_cache("timegan")) / f"{digest}-{name}"


def _read_parquet(path: Path, options: TextOptions | None) -> pd.DataFrame:
    import pyarrow
    from pyarrow import parquet

    try:
        # As pandas does, but a long table is not kept twice, and its memory is given back.
        frame: pd.DataFrame = parquet.read_table(path).to_pandas(
            self_destruct=True, memory_pool=pyarrow.system_memory_pool()
        )
        pyarrow.default_memory_pool().release_unused()
        return frame
    except (OSError, ValueError) as error:  # pyarrow's errors descend from these
        raise InputError(
            f"{path} cannot be read as Parquet ({error}). Write the table again."
        ) from error


def _read_excel(path: Path, options: TextOptions | None) -> pd.DataFrame:
    """Read the first sheet of a workbook as text: it has titles and units as other files do."""
    try:
        import openpyxl
    except ImportError as error:
        raise InputError(
            f"{path} is an Excel workbook, which needs openpyxl. Install it (pip install "
            "'timegan-lightning[excel]'), or save the sheet as CSV."
        ) from error
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # zipfile, XML and openpyxl each have their own
        raise InputError(
            f"{path} cannot be read as an Excel workbook ({short_message(error)}). Save it again."
        ) from error
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".csv") as text:
        rows = list(book.worksheets[0].iter_rows(values_only=True))
        timed = {i for row in rows for i, cell in enumerate(row) if _has_time_of_day(cell)}
        csv.writer(text).writerows(
            ["" if cell is None else _excel_text(cell, i in timed) for i, cell in enumerate(row)]
            for row in rows
        )
        text.flush()
        if not text.tell():
            raise InputError(f"The first sheet of {path} is empty. Move the table there.")
        try:
            frame = read_csv(Path(text.name), replace(options or TextOptions(), separator=","))
        except InputError as error:
            raise InputError(str(error).replace(text.name, str(path))) from error
    if len(book.sheetnames) > 1:
        first, *others = map(repr, book.sheetnames)
        note = f"The sheet {first} is read, and not {', '.join(others)}."
        frame.attrs["notes"] = [note, *frame.attrs.get("notes", [])]
    return frame


def _has_time_of_day(cell: Any) -> bool:
    return isinstance(cell, datetime) and cell.time() != time()


def _excel_text(cell: Any, is_timed: bool) -> str:
    """Return a cell as text, a date at midnight with its time of day where its column has some."""
    if not isinstance(cell, datetime):
        return str(cell)
    return str(cell) if is_timed else str(cell.date())


def _read_npz(path: Path, options: TextOptions | None) -> pd.DataFrame:
    try:
        with np.load(path, allow_pickle=False) as archive:
            content = {name: archive[name] for name in archive.files}
    except Exception as error:  # zipfile, numpy and the operating system each have their own
        raise InputError(
            f"{path} cannot be read as .npz ({error}). Write it again with numpy.savez."
        ) from error
    windows = content.get("windows")
    if windows is None or windows.ndim != 3:
        found = "no array 'windows'" if windows is None else f"'windows' of shape {windows.shape}"
        raise InputError(
            f"{path} holds {found}: it must hold 'windows' of shape (sequences, steps, features)."
        )
    names = _names(path, content, "features", "feature", windows.shape[2])
    count, steps, _ = windows.shape
    lengths = content.get("lengths", np.full(count, steps))
    if lengths.shape != (count,) or not ((lengths >= 1) & (lengths <= steps)).all():
        raise InputError(
            f"{path} holds 'lengths' that do not fit 'windows' of shape {windows.shape}: there "
            f"must be {count} of them, from 1 to {steps}."
        )
    kept = np.arange(steps) < lengths[:, None]
    columns: dict[str, np.ndarray] = {SEQUENCE: np.nonzero(kept)[0]}
    context = content.get("context")
    if context is not None:
        if context.ndim != 2 or len(context) != count:
            raise InputError(
                f"{path} holds 'context' of shape {context.shape}: it must have one row for each "
                f"of the {count} sequences."
            )
        static = _names(path, content, "context_features", "context", context.shape[1])
        for i, name in enumerate(static):
            columns[name] = context[columns[SEQUENCE], i]
    rows = windows[kept]
    repeated = [name for name in names if name in columns]
    if repeated:
        raise InputError(f"{path} has the name {repeated[0]!r} twice: names must differ.")
    return pd.DataFrame(columns | {name: rows[:, i] for i, name in enumerate(names)})


def _names(
    path: Path, content: dict[str, np.ndarray], array: str, prefix: str, count: int
) -> list[str]:
    """Return the names that an archive gives its channels, or numbered ones."""
    given = content.get(array, [f"{prefix}_{i + 1}" for i in range(count)])
    names = [str(name) for name in given]
    if len(names) != count or len(set(names)) != count:
        raise InputError(
            f"{path} names the features {names}: {count} different names are needed, "
            "one for each channel of 'windows'."
        )
    return names


READERS: dict[str, Callable[[Path, TextOptions | None], pd.DataFrame]] = {
    ".csv": read_csv,
    ".parquet": _read_parquet,
    ".npz": _read_npz,
    ".xlsx": _read_excel,
    **dict.fromkeys((".tsv", ".txt", ".dat", *PACKED_SUFFIXES), read_csv),
}
"""Suffix -> reader."""
