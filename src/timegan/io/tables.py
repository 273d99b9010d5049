"""Synthetic sequences to a file, part by part, so that the count does not matter to the memory."""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

from timegan.data.columns import Columns
from timegan.errors import InputError
from timegan.io.files import replacing

Parts = Iterable[np.ndarray]


def write_table(path: str | Path, parts: Parts, count: int, columns: Columns) -> None:
    """Write windows as a long table (``.csv``, ``.parquet``) or as an array (``.npz``).

    Args:
        path: the ending chooses the format.
        parts: (n, T, C) each, in the table's units, time as the model sees it.
        count: N, how many windows the parts have together.
        columns: what the table looks like.

    Raises:
        InputError: an unknown ending, or no room on the disk; nothing half-written is left.
    """
    write = writer(path)
    with replacing(path) as temporary:
        write(temporary, parts, count, columns)


def writer(path: str | Path) -> Callable[[Path, Parts, int, Columns], None]:
    """What writes files of this ending; ask before the work that makes their content.

    Raises:
        InputError: an unknown ending.
    """
    ending = Path(path).suffix.lower()
    if ending not in WRITERS:
        raise InputError(
            f"out={path}: the ending says the format, and {ending or 'none'} is not one of "
            f"{', '.join(WRITERS)}. Choose one of these."
        )
    return WRITERS[ending]


def _frames(parts: Parts, columns: Columns) -> Iterator[pd.DataFrame]:
    start = 0
    for part in parts:
        yield columns.to_frame(part, start)
        start += len(part)


def _write_csv(path: Path, parts: Parts, count: int, columns: Columns) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, frame in enumerate(_frames(parts, columns)):
            frame.to_csv(file, index=False, header=number == 0)


def _write_parquet(path: Path, parts: Parts, count: int, columns: Columns) -> None:
    frames = _frames(parts, columns)
    first = next(frames)
    schema = pyarrow.Schema.from_pandas(first, preserve_index=False)
    with pyarrow.parquet.ParquetWriter(path, schema) as file:
        for frame in chain([first], frames):
            file.write_table(pyarrow.Table.from_pandas(frame, schema, preserve_index=False))


def _write_npz(path: Path, parts: Parts, count: int, columns: Columns) -> None:
    """An archive as `np.savez` makes it, without the whole array in memory."""
    parts = iter(parts)
    first = next(parts)
    shape = (count, *first.shape[1:])
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("windows.npy", "w", force_zip64=True) as file:
            np.lib.format.write_array_header_2_0(file, header)
            for part in chain([first], parts):
                file.write(columns.forwards(part).astype("<f8").tobytes())
        with archive.open("features.npy", "w") as file:
            np.lib.format.write_array(file, np.array(columns.features))


WRITERS: dict[str, Callable[[Path, Parts, int, Columns], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".npz": _write_npz,
}
