"""Checkpoints of strangers: what a file would do and take, without doing it.

A checkpoint is a zip archive of a pickle and the bytes of its tensors. torch's reader with
``weights_only=True`` runs nothing that is not on its list, but that has functions which take any
amount of memory, and a tensor may be said to be larger than what the file holds of it.
"""

import pickletools
import struct
import zipfile
from pathlib import Path
from typing import Any

import torch

from timegan.plain import NotPlainError

MOST = 2**25
"""Bytes (32 MiB) of the table of contents, and of the pickle: all that is not in tensors."""

GLOBALS = {
    "collections OrderedDict",
    "torch Size",
    "torch._utils _rebuild_parameter",
    "torch._utils _rebuild_tensor_v2",
    *(f"torch {name}Storage" for name in ("BFloat16", "Bool", "Byte", "Char", "Double", "Float")),
    *(f"torch {name}Storage" for name in ("Half", "Int", "Long", "Short")),
}
"""The functions and types that a checkpoint of numbers, strings and tensors is made with."""

END, END64 = b"PK\5\6", b"PK\6\6"


def check_archive(path: Path) -> None:
    """Look at a checkpoint's parts: their sizes, their checksums, and what its pickle asks for.

    Raises:
        NotPlainError: the pickle asks for what no checkpoint needs.
        Exception: the file is no such archive, is damaged, or holds more than its size allows.
    """
    size = path.stat().st_size
    _check_contents(path, size)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
        if packed or sum(entry.file_size for entry in entries) > size:
            raise ValueError("it would unfold to more than its size")
        pickles = [entry for entry in entries if entry.filename.endswith(".pkl")]
        if len(pickles) != 1 or pickles[0].file_size > MOST:
            raise ValueError("it has no pickle, several, or too large a one")
        if archive.testzip() is not None:  # torch itself does not look at the checksums
            raise ValueError("a checksum does not fit")
        _check_pickle(archive.read(pickles[0]))


def check_sizes(path: Path) -> None:
    """Read a checkpoint without memory for its tensors, and see whether it holds all of them.

    Raises:
        Exception: it does not, or cannot be read.
    """
    check_tensors(torch.load(path, map_location="meta", weights_only=True), path.stat().st_size)


def check_tensors(content: Any, size: int) -> None:
    """Refuse tensors that are larger than the file that holds them.

    Args:
        content: of a checkpoint.
        size: bytes of the file.

    Raises:
        ValueError: names the shape of the first.
    """
    seen, left = set(), [content]
    while left:  # a list can hold itself
        item: Any = left.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, torch.Tensor):
            if item.numel() * item.element_size() > size:
                raise ValueError(f"a tensor of shape {tuple(item.shape)} in {size:,} bytes")
        elif isinstance(item, dict):
            left += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set):
            left += item


def _check_contents(path: Path, size: int) -> None:
    """The end of a zip archive tells how long its table of contents is, which is read at once."""
    with path.open("rb") as file:
        start = file.read(4)  # without it torch takes the file for one of its older formats
        file.seek(max(0, size - 98))
        tail = file.read()
    end = tail[-22:]
    if start != b"PK\3\4" or end[:4] != END:
        raise ValueError("it is no zip archive")
    (length,) = struct.unpack("<L", end[12:16])
    if tail[:4] == END64:
        (length,) = struct.unpack("<Q", tail[40:48])
    if length > MOST:
        raise ValueError(f"a table of contents of {length:,} bytes")


def _check_pickle(content: bytes) -> None:
    """Every function and type that is named must be one of ours, and named as torch does it."""
    for code, argument, _ in pickletools.genops(content):
        if code.name == "GLOBAL" and argument in GLOBALS:
            continue
        if code.name in ("GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"):
            raise NotPlainError(f"{code.name} {argument}")
        if code.name.startswith("EXT") or code.name == "PERSID":
            raise NotPlainError(code.name)
