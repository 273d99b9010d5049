"""Readers of table files by suffix, and downloads with a checksum."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from timegan.errors import InputError
from timegan.tables.csv_reader import read_csv
from timegan.tables.detection import SEQUENCE


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table, one row a step.

    Args:
        path: a ``.csv`` (`timegan.tables.csv_reader`), a ``.parquet`` (with its index), or an
            ``.npz``. An archive holds ``windows`` (N, T, C) and, where there are, ``features`` (C)
            names, ``lengths`` (N) of the sequences, ``context`` (N, K) and ``context_features``
            (K). It becomes a long table with the key column ``sequence``.

    Raises:
        InputError: the file is missing or empty, its suffix is unknown, names occur twice, or the
            content does not fit the suffix.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"{path} {what}: the data must be a file. Check dataset.path.")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"{path} ends in {path.suffix or 'nothing'!r}: known endings are "
            f"{', '.join(READERS)}. Convert the table to one of them."
        )
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty: a table needs a header and rows. Check dataset.path.")
    return reader(path)


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


def _read_parquet(path: Path) -> pd.DataFrame:
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


def _read_npz(path: Path) -> pd.DataFrame:
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


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": read_csv,
    ".parquet": _read_parquet,
    ".npz": _read_npz,
}
"""Suffix -> reader."""
