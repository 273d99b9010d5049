"""Text files as UTF-8: compression, byte order marks and other encodings."""

import bz2
import codecs
import gzip
import lzma
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from timegan.errors import InputError, short_message

CHUNK = 2**20
SAMPLE = 2**16
PACKED: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
"""First bytes of compressed files -> function that opens them."""
ZIP = b"PK\x03\x04"
FORMATS = {
    b"PAR1": "Parquet: rename it to end in .parquet",
    b"<!doctype": "HTML: the address probably leads to a page, not to the table",
    b"<html": "HTML: the address probably leads to a page, not to the table",
    b"<?xml": "XML: convert it to CSV",
    b"{": "JSON: convert it with pandas.read_json(...).to_csv",
    b"[{": "JSON: convert it with pandas.read_json(...).to_csv",
    b"@relation": "ARFF: convert it with scipy.io.arff.loadarff",
    b"@problemname": "a .ts file of sequences: write it as .npz or as one row a step",
    b"%pdf": "PDF: copy its table to a CSV file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save it as .xlsx or .csv",
}
"""First bytes of files that are no table as text -> what they are, and the remedy."""
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
CODE_PAGES = [
    *("cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("shift_jis", "gb18030", "big5", "euc_kr", "cp437"),
]
"""Encodings that are looked for in text that is not UTF-8."""

IMPLAUSIBLE = re.compile(
    r"\ufffd|[\x80-\x9f]"  # no character of Windows-1252
    r"|[a-z\xdf-\xf6\xf8-\xff][\xc0-\xd6\xd8-\xde\u0160\u0178\u017d]"  # a capital in a word
    r"|[A-Za-z\xc0-\xff][\xa1-\xb6\xb8-\xbf\u2030-\u203a\u20ac\u2122\u02c6\u02dc][a-z\xdf-\xff]"
    r"|[^\x00-\x7f\xb0\xb5\u20ac]{3}"  # hardly a word has three accents in a row
)
"""Texts that are not words in Windows-1252."""


@dataclass(frozen=True)
class TextFile:
    """A file of UTF-8 text, and the encoding of the file that it was made from."""

    path: Path
    encoding: str = "utf-8"


@contextmanager
def as_utf8(path: Path, encoding: str | None = None) -> Iterator[TextFile]:
    """Yield a file as UTF-8 text: itself, or a temporary copy, unpacked and decoded.

    Args:
        path: text, possibly compressed (gzip, bzip2, xz, or an archive with one file).
        encoding: of the text; None finds it.

    Raises:
        InputError: the file is no text, cannot be unpacked, or its encoding is unknown.
    """
    with ExitStack() as stack:
        plain = _unpacked(path, stack)
        with plain.open("rb") as file:
            head = file.read(SAMPLE)
        start = head.lstrip(codecs.BOM_UTF8 + b" \t\r\n").lower()
        known = next((text for mark, text in FORMATS.items() if start.startswith(mark.lower())), "")
        if known:
            raise InputError(f"{path} is {known}.")
        found = encoding or _encoding(path, plain, head)
        if found in ("utf-8", "utf-8-sig"):
            yield TextFile(plain)
            return
        copy = stack.enter_context(tempfile.NamedTemporaryFile("w", encoding="utf-8", newline=""))
        try:
            with plain.open(encoding=found, newline="") as text:
                shutil.copyfileobj(text, copy, CHUNK)
        except (UnicodeError, LookupError) as error:
            raise InputError(
                f"{path} cannot be read with dataset.encoding={found} ({short_message(error)}). "
                "Save it as UTF-8, or set its encoding, such as dataset.encoding=cp1252."
            ) from error
        copy.flush()
        yield TextFile(Path(copy.name), found)


def _unpacked(path: Path, stack: ExitStack) -> Path:
    """Return the file itself, or an unpacked copy that lives as long as the stack."""
    with path.open("rb") as file:
        start = file.read(8)
    opener = next((f for mark, f in PACKED.items() if start.startswith(mark)), None)
    if opener is None and not start.startswith(ZIP):
        return path
    copy = stack.enter_context(tempfile.NamedTemporaryFile("wb"))  # noqa: SIM115
    try:
        with opener(path) if opener else _only_member(path, stack) as packed:
            shutil.copyfileobj(packed, copy, CHUNK)
    except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} cannot be unpacked ({short_message(error)}). Pack the table again."
        ) from error
    copy.flush()
    return Path(copy.name)


def _only_member(path: Path, stack: ExitStack) -> IO[bytes]:
    archive = stack.enter_context(zipfile.ZipFile(path))
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if "[Content_Types].xml" in names:
        raise InputError(f"{path} is an Excel workbook: rename it to end in .xlsx.")
    if len(names) != 1:
        raise InputError(
            f"{path} holds {len(names)} files ({', '.join(names[:3])}), and one table is needed. "
            "Unpack it, and give one file or a pattern such as 'folder/*.csv'."
        )
    return archive.open(names[0])


def _encoding(path: Path, plain: Path, head: bytes) -> str:
    """Return the encoding of a text: by its mark, UTF-8, or the one that fits its letters best."""
    marked = next((name for mark, name in MARKS.items() if head.startswith(mark)), None)
    if marked is not None:
        return marked
    zeros = [head[side::2].count(0) / max(len(head) // 2, 1) for side in (0, 1)]
    if max(zeros) > 0.3 and min(zeros) < 0.1:
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    if 0 in head:
        raise InputError(f"{path} is not a text: it holds zero bytes. Save the table as CSV.")
    odd: list[bytes] = []
    decoder = codecs.getincrementaldecoder("utf-8")()
    with plain.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
            return "utf-8"
        except UnicodeDecodeError:
            file.seek(0)
            wrong = list[int]()
            for number, line in enumerate(file, 1):
                if not line.isascii() and len(odd) < 1_000:
                    odd.append(line)
                    wrong += [] if _is_utf8(line) else [number]
    if 2 * len(wrong) <= len(odd):
        raise InputError(
            f"{path}: line {wrong[0]} is not UTF-8, and {len(odd) - len(wrong)} other lines are: "
            "it mixes encodings. Save all of it as UTF-8."
        )
    return _guess(path, b"".join(odd))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _guess(path: Path, text: bytes) -> str:
    """Return Windows-1252 where its letters make words, and else the most probable code page."""
    western = text.decode("cp1252", errors="replace")
    if not IMPLAUSIBLE.search(western):
        return "cp1252"
    from charset_normalizer import from_bytes

    matches = from_bytes(text, cp_isolation=CODE_PAGES, threshold=0.5)
    found = [m for m in matches if m.encoding != "cp1254" or not IMPLAUSIBLE.search(str(m))]
    if not found:
        raise InputError(
            f"{path} is not UTF-8, and its encoding cannot be told. Save it as UTF-8, or set its "
            "encoding, such as dataset.encoding=cp1252."
        )
    return str(min(found, key=lambda match: match.chaos - match.coherence).encoding)
