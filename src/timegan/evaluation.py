"""Score any synthetic data against real data, whoever made them."""

import pkgutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from timegan.data.datamodule import WindowDataModule
from timegan.data.sources import read_table
from timegan.tables.table import Table
from timegan.data.windows import Windows, valid_starts
from timegan.errors import InputError, nearest
from timegan.metrics.arrays import check

PROTOCOLS = {
    "quick": "timegan.metrics.scorecard.quick",
    "legacy": "timegan.metrics.legacy.legacy",
    "strict": "timegan.metrics.strict.strict",
}
"""What each protocol's measuring function is called."""

Data = pd.DataFrame | np.ndarray | str | Path


def evaluate(
    real: Data,
    synthetic: Data,
    holdout: Data | None = None,
    protocol: str = "strict",
    *,
    window: int = 24,
    stride: int = 1,
    columns: list[str] | None = None,
    sequence_key: str | None = None,
    seed: int = 0,
    **options: Any,
) -> dict[str, Any]:
    """Measure synthetic data: scores beside their floors, and whether they are copies.

    Args:
        real: what a generator was trained on: a DataFrame, a ``.csv``, ``.parquet`` or ``.npz``
            file, or windows as an array (N, T, C).
        synthetic: what it made, in any of these forms; a table needs the columns of the real one.
        holdout: real data that the generator has not seen. Without them a tenth of the table
            ``real`` is set aside; of an array nothing is.
        protocol: ``quick``, ``legacy`` or ``strict``.
        window: steps of the windows that tables are cut into. Arrays bring their own.
        stride: rows from one window to the next.
        columns: the features; by default all columns but the key.
        sequence_key: the column that tells sequences apart; by default a column ``sequence`` where
            there is one, and one long series otherwise.
        seed: of everything random.
        options: further arguments of the measuring function, such as ``judges=10``.

    Returns:
        The parts ``scores``, ``statistics``, ``copying`` and so on of ``metrics.json``.

    Raises:
        InputError: an unknown protocol, or data that cannot be compared.

    >>> waves = np.sin(np.arange(60.0).reshape(1, 60, 1) + np.arange(90.0).reshape(90, 1, 1))
    >>> card = evaluate(waves[:45], waves[45:], protocol="quick", judges=1, iterations=1)
    >>> card["scores"]["density"]["better"]
    'higher'
    """
    if protocol not in PROTOCOLS:
        near = nearest(protocol, PROTOCOLS)
        raise InputError(
            f"protocol={protocol!r} is unknown: choose {', '.join(PROTOCOLS)}."
            + (f" Did you mean {near!r}?" if near else "")
        )
    measure = pkgutil.resolve_name(PROTOCOLS[protocol])
    if isinstance(real, np.ndarray):
        sets = _arrays(real, synthetic, holdout)
    else:
        cut = {"window": window, "stride": stride, "columns": columns, "sequence_key": sequence_key}
        sets = _tables(real, synthetic, holdout, cut)
    metrics: dict[str, Any] = measure(
        sets.train,
        sets.holdout,
        sets.synthetic,
        sets.features,
        seed=seed,
        limits=sets.limits,
        **options,
    )
    return metrics | {
        "data": sets.described,
        "protocol": {"evaluation": protocol, "seed": seed},
    }


@dataclass(frozen=True)
class _Sets:
    train: np.ndarray
    holdout: np.ndarray | None
    synthetic: np.ndarray
    features: list[str]
    limits: tuple[np.ndarray, np.ndarray] | None
    described: dict[str, Any]


def _arrays(real: np.ndarray, synthetic: Data, holdout: Data | None) -> _Sets:
    for name, windows in (("synthetic", synthetic), ("holdout", holdout)):
        if windows is not None and not isinstance(windows, np.ndarray):
            raise InputError(
                f"real is an array of windows, and {name} is a table: give both in the same form."
            )
    assert isinstance(synthetic, np.ndarray)
    for name, windows in (("real", real), ("synthetic", synthetic), ("holdout", holdout)):
        if isinstance(windows, np.ndarray) and windows.dtype.kind not in "fiub":
            raise InputError(f"{name} is an array of {windows.dtype}: windows must hold numbers.")
    check(real, synthetic)
    assert holdout is None or isinstance(holdout, np.ndarray)
    if holdout is not None:
        check(real, holdout)
    count, steps, features = real.shape
    names = [f"feature_{c + 1}" for c in range(features)]
    described = {
        "name": "arrays",
        "windows": count,
        "holdout_windows": 0 if holdout is None else len(holdout),
        "window": steps,
        "features": names,
    }
    return _Sets(real, holdout, synthetic, names, None, described)


def _tables(real: Data, synthetic: Data, holdout: Data | None, cut: dict[str, Any]) -> _Sets:
    if isinstance(synthetic, np.ndarray) or isinstance(holdout, np.ndarray):
        raise InputError(
            "real is a table, and synthetic or holdout an array: give all in the same form."
        )
    options = {k: v for k, v in cut.items() if v is not None}
    if holdout is not None:
        options["holdout"] = 0.0
    if isinstance(real, pd.DataFrame):
        data = WindowDataModule.from_frame(real, name="table", **options)
    else:
        data = WindowDataModule(name=str(real), path=str(real), **options)
    data.setup()
    unseen = data.holdout_windows() if holdout is None else windows_like(data, holdout, "holdout")
    described = data.describe() | {"holdout_windows": 0 if unseen is None else len(unseen)}
    return _Sets(
        data.train_windows(),
        unseen,
        windows_like(data, synthetic, "synthetic"),
        data.features,
        (data.columns.low, data.columns.high),
        described,
    )


def windows_like(
    data: WindowDataModule, source: pd.DataFrame | str | Path | np.ndarray, name: str
) -> np.ndarray:
    """Another table cut into windows (N, T, C) of the same features as ``data``'s, time as there.

    Args:
        data: what the windows are to resemble.
        source: a DataFrame or a file.
        name: what to call it in messages.

    Raises:
        InputError: the table lacks a column, holds what is no number, or is too short.
    """
    assert not isinstance(source, np.ndarray)
    frame = source if isinstance(source, pd.DataFrame) else read_table(source)
    what = name if isinstance(source, pd.DataFrame) else f"{name}={source}"
    key = data.columns.schema.key
    if key is not None and key not in frame.columns:
        raise InputError(
            f"{what}: there is no column {key!r}, which tells the real table's sequences apart. "
            "Give the synthetic sequences such numbers, too."
        )
    try:
        table = Table.from_frame(frame, data.features, key)
    except InputError as error:
        raise InputError(f"{what}: {error}") from error
    starts = valid_starts(table.bounds, data.window, data.stride)
    if len(starts) == 0:
        raise InputError(
            f"{what}: no sequence has the {data.window} rows of a window. "
            "Give a smaller dataset.window."
        )
    return data.columns.forwards(Windows(table.values, starts, data.window).all())
