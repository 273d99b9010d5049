"""Untrusted files: size, type and tensor shapes are checked before memory is allocated."""

import json
import math
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from timegan.errors import InputError

MAX_TEXT_BYTES = 2**25
"""Largest description or safetensors header: 32 MiB. Thousands of columns take a tenth of it."""

MAX_WEIGHT_BYTES = 2**30
"""Largest file of weights: 1 GiB, 268 million numbers. The default model has 100,000."""

Shapes = dict[str, tuple[int, ...]]

DTYPE_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
"""Data types that weights may have -> bytes of a number."""


@contextmanager
def open_checked(folder: Path, name: str, max_bytes: int) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file of a folder after checking what it is; yield it and its size.

    Args:
        folder: where it lies; a link that leads out of it is not followed.
        name: of the file.
        max_bytes: its largest size.

    Raises:
        FileNotFoundError: it does not exist.
        InputError: it is a link out of the folder, not a regular file, or too large.
    """
    path = folder / name
    if path.resolve(strict=True).parent != folder.resolve():
        raise InputError(
            f"{path}: a link to a file outside of its folder, which is not followed. Put the file "
            "itself into the folder."
        )
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        raise InputError(f"{path}: no regular file. Put the file itself into the folder.")
    if status.st_size > max_bytes:
        raise InputError(
            f"{path}: {status.st_size:,} bytes, and timegan reads {max_bytes:,} at most. If the "
            "model is really that large, make a smaller one (model.hidden, model.layers)."
        )
    with path.open("rb") as file:
        yield file, os.fstat(file.fileno()).st_size


def read_json(text: str | bytes) -> Any:
    """Parse JSON, and refuse numbers that are not finite.

    Raises:
        ValueError: the text is not JSON, or a number is infinite or NaN.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text, parse_constant=_refuse, parse_float=_finite)


def read_shapes(file: BinaryIO, size: int) -> Shapes:
    """Return the shapes of the tensors in a safetensors file, from its header alone.

    The header is 8 bytes with its length, then JSON (https://github.com/huggingface/safetensors).

    Args:
        file: open at its beginning; it is left at the end of the header.
        size: bytes of the file.

    Raises:
        ValueError: the header is invalid, a tensor has another data type, or the tensors do not
            fill the file without gaps.
    """
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(size - 8, MAX_TEXT_BYTES):
        raise ValueError(f"a header of {length:,} bytes in a file of {size:,}")
    header = read_json(file.read(length))
    header.pop("__metadata__", None)
    shapes: Shapes = {}
    end = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        shape, (begin, stop) = tuple(entry["shape"]), entry["data_offsets"]
        if entry["dtype"] not in DTYPE_BYTES:
            raise ValueError(f"{name} has the type {entry['dtype']}, and weights are real numbers")
        is_valid = all(type(n) is int and n >= 0 for n in (*shape, begin, stop))
        needed = math.prod(shape) * DTYPE_BYTES[entry["dtype"]] if is_valid else None
        if begin != end or stop - begin != needed:
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
