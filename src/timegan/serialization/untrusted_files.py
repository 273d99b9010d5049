"""Files of strangers: how much there is, and of what shape, before memory is taken for it."""

import json
import math
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from timegan.errors import InputError

MOST_TEXT = 2**25
"""Bytes (32 MiB) of a description or a table of contents: thousands of columns take a tenth."""

MOST_WEIGHTS = 2**30
"""Bytes (1 GiB) of exported weights: 268 million numbers. The default model has 100,000."""

Shapes = dict[str, tuple[int, ...]]

KINDS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""Types of numbers that weights can have -> bytes."""


@contextmanager
def opened(folder: Path, name: str, most: int) -> Iterator[tuple[BinaryIO, int]]:
    """A file of a folder to read from, and its size.

    Args:
        folder: where it lies; a link that leads out of it is not followed.
        name: of the file.
        most: bytes that it may have.

    Raises:
        FileNotFoundError: there is none.
        InputError: it is a link to elsewhere, no regular file, or too large.
    """
    path = folder / name
    if path.resolve(strict=True).parent != folder.resolve():
        raise InputError(
            f"{path}: a link to a file outside of its folder, which is not followed. Put the file "
            "itself into the folder."
        )
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):  # opening a pipe would wait for ever
        raise InputError(f"{path}: no regular file. Put the file itself into the folder.")
    if about.st_size > most:
        raise InputError(
            f"{path}: {about.st_size:,} bytes, and timegan reads {most:,} at most. If the model "
            "is really that large, make a smaller one (model.hidden, model.layers)."
        )
    with path.open("rb") as file:
        yield file, os.fstat(file.fileno()).st_size


def read_json(text: str | bytes) -> Any:
    """JSON whose numbers are all finite.

    Raises:
        ValueError: it is none (RecursionError: it is nested too deeply).
    """
    return json.loads(text, parse_constant=_refuse, parse_float=_finite)


def read_shapes(file: BinaryIO, size: int) -> Shapes:
    """Shapes of the tensors in a safetensors file (https://github.com/huggingface/safetensors).

    The header is looked at, and no tensor: 8 bytes with its length, then JSON.

    Args:
        file: at its beginning; it is left behind the header.
        size: bytes of the file.

    Raises:
        ValueError: there is no such header, or tensors are not of real numbers or do not lie one
            after another up to the end of the file.
    """
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(size - 8, MOST_TEXT):
        raise ValueError(f"a header of {length:,} bytes in a file of {size:,}")
    header = read_json(file.read(length))
    header.pop("__metadata__", None)
    shapes: Shapes = {}
    end = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        shape, (begin, stop) = tuple(entry["shape"]), entry["data_offsets"]
        if entry["dtype"] not in KINDS:
            raise ValueError(f"{name} has the type {entry['dtype']}, and weights are real numbers")
        whole = all(type(n) is int and n >= 0 for n in (*shape, begin, stop))
        if not whole or begin != end or stop - begin != math.prod(shape) * KINDS[entry["dtype"]]:
            raise ValueError(f"{name} of shape {shape} does not lie where it should")
        shapes[name], end = shape, stop
    if end != size - 8 - length:
        raise ValueError(f"tensors of {end:,} bytes in {size - 8 - length:,}")
    return shapes


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number in JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is no finite number")
    return value
