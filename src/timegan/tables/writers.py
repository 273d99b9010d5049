"""Writers of synthetic sequences, chunk by chunk, in memory that does not grow with the count."""

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

from timegan.errors import InputError
from timegan.files import writing
from timegan.tables.csv_text import format_frame
from timegan.tables.schema import Schema
from timegan.tables.table import Sequences

Parts = Iterable[Sequences]
Writer = Callable[[Path, Parts, range, Schema, int], None]


def write_table(
    path: str | Path,
    parts: Parts,
    numbers: int | range,
    schema: Schema,
    total: int | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write sequences as a long table (``.csv``, ``.parquet``) or as an array (``.npz``).

    A table is the result of `Schema.to_frame` for all chunks together. An array holds ``windows``
    (N, T, C) in the table's units, categories as codes and NaN behind a sequence's end;
    ``features`` (C); ``lengths`` (N) where they differ; ``context`` (N, K) and ``context_features``
    (K) where the table has such columns.

    Args:
        path: its suffix selects the format.
        parts: chunks of sequences, in order; at least one, and all of one T for an array.
        numbers: of the N sequences of all chunks; a count starts at 0.
        schema: of the table.
        total: sequences of the whole table, of which these may be a shard; None: no others.
        overwrite: replace an existing file.

    Raises:
        InputError: the suffix is unknown, the file exists, or the disk is full; no partial file
            is left.
    """
    write = writer(path)
    numbers = range(numbers) if isinstance(numbers, int) else numbers
    with writing(path, overwrite=overwrite) as temporary:
        write(temporary, parts, numbers, schema, numbers.stop if total is None else total)


def writer(path: str | Path) -> Writer:
    """Return the writer for a suffix; call it before computing the content.

    Raises:
        InputError: the suffix is unknown.
    """
    ending = Path(path).suffix.lower()
    if ending not in WRITERS:
        raise InputError(
            f"out={path}: the suffix selects the format, and {ending or 'none'} is not one of "
            f"{', '.join(WRITERS)}. Choose one of these."
        )
    return WRITERS[ending]


def write_frames(
    path: str | Path, frames: Iterable[pd.DataFrame], schema: Schema, *, overwrite: bool = False
) -> None:
    """Write tables one behind the other (``.csv``, ``.parquet``).

    Args:
        path: its suffix selects the format.
        frames: with the columns of the schema, and any others; at least one.
        schema: of the table.
        overwrite: replace an existing file.

    Raises:
        InputError: the suffix is unknown, the file exists, or the disk is full; no partial file
            is left.
    """
    write = frame_writer(path)
    with writing(path, overwrite=overwrite) as temporary:
        write(temporary, frames, schema)


def frame_writer(path: str | Path) -> Callable[[Path, Iterable[pd.DataFrame], Schema], None]:
    """Return the writer of tables for a suffix, as `writer` does."""
    writer(path)
    ending = Path(path).suffix.lower()
    if ending not in FRAME_WRITERS:
        raise InputError(f"out={path}: this is written as a table. Choose .csv or .parquet.")
    return FRAME_WRITERS[ending]


def _frames(parts: Parts, start: int, schema: Schema, total: int) -> Iterator[pd.DataFrame]:
    for part in parts:
        yield schema.to_frame(
            part.values, part.lengths, part.context, part.starts, sequence_start=start, total=total
        )
        start += len(part)


def _write_csv(path: Path, parts: Parts, numbers: range, schema: Schema, total: int) -> None:
    _append_csv(path, _frames(parts, numbers.start, schema, total), schema)


def _append_csv(path: Path, frames: Iterable[pd.DataFrame], schema: Schema) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, frame in enumerate(frames):
            format_frame(frame, schema).to_csv(file, index=False, header=number == 0)


def _write_parquet(path: Path, parts: Parts, numbers: range, schema: Schema, total: int) -> None:
    frames = _frames(parts, numbers.start, schema, total)
    _append_parquet(path, frames, schema, _example(total, schema))


def _append_parquet(
    path: Path,
    frames: Iterable[pd.DataFrame],
    schema: Schema,
    example: pd.DataFrame | None = None,
) -> None:
    """Write tables of the types of an example; None: of the first one."""
    keep = any(field.index and field.role != "rows" for field in schema.fields)
    if example is None:
        frames = iter(frames)
        example = next(frames)
        frames = chain([example], frames)
    columns = _columns(example, keep)
    with pyarrow.parquet.ParquetWriter(path, columns) as file:
        for frame in frames:
            rows = pyarrow.Table.from_pandas(frame, preserve_index=keep)
            file.write_table(rows.cast(columns))  # not by from_pandas: it knows no numbers as names


def _columns(example: pd.DataFrame, keep_index: bool) -> Any:
    """Return the file's schema; pyarrow forgets numeric names where it leaves out the index."""
    columns = pyarrow.Schema.from_pandas(example, preserve_index=keep_index)
    about = json.loads(columns.metadata[b"pandas"])
    with_index = pyarrow.Schema.from_pandas(example)
    about["column_indexes"] = json.loads(with_index.metadata[b"pandas"])["column_indexes"]
    return columns.with_metadata({b"pandas": json.dumps(about).encode()})


def _example(total: int, schema: Schema) -> pd.DataFrame:
    """Return a row with a value in every column, to read types of; a chunk may be empty."""
    values = np.zeros((1, 1, len(schema.value_fields)))
    context = np.zeros((1, len(schema.context_fields)))
    return schema.to_frame(values, None, context, sequence_start=max(total - 1, 0), total=total)


def _write_npz(path: Path, parts: Parts, numbers: range, schema: Schema, total: int) -> None:
    """Write an archive like `np.savez`, without the whole array in memory."""
    parts = iter(parts)
    first = next(parts)
    shape = (len(numbers), *first.values.shape[1:])
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    lengths, context = [], []
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("windows.npy", "w", force_zip64=True) as file:
            np.lib.format.write_array_header_2_0(file, header)
            for part in chain([first], parts):
                if part.values.shape[1:] != shape[1:]:
                    raise ValueError(f"A part of {part.values.shape} among parts of {shape}.")
                file.write(np.ascontiguousarray(part.values, dtype="<f8").data)
                lengths.append(part.lengths)
                context.append(part.context)
        _add(archive, "features", np.array([field.label for field in schema.value_fields]))
        every = np.concatenate(lengths)
        if (every != shape[1]).any():
            _add(archive, "lengths", every)
        if schema.context:
            _add(archive, "context", np.concatenate(context))
            _add(archive, "context_features", np.array(schema.context))


def _add(archive: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    content: Any
    with archive.open(f"{name}.npy", "w", force_zip64=True) as content:
        np.lib.format.write_array(content, array)


WRITERS: dict[str, Writer] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".npz": _write_npz,
}

FRAME_WRITERS = {".csv": _append_csv, ".parquet": _append_parquet}
