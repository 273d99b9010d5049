"""Completions of held-out windows by a trained model, for the report."""

from dataclasses import replace
from typing import Any

import numpy as np

from timegan.data.datamodule import WindowDataModule
from timegan.data.window_index import sequence_of_window
from timegan.metrics.completions import Completions, completion_scores, unknown_steps
from timegan.nn.networks import HasNetworks, Networks
from timegan.sampling.completion import GivenTable, complete_sequences
from timegan.transforms.table_transform import TableTransform

COMPLETED = {"windows": 100, "draws": 19, "pairs": 1_000, "training": 3_000}
"""Most windows and draws that completions are scored by."""
MIN_COMPLETED = 20
"""Windows without which scores of completions would be noise."""


def score_completions(
    model: Networks | HasNetworks, transform: TableTransform, data: WindowDataModule, seed: int
) -> dict[str, Any]:
    """Complete held-out windows that calibration has not seen, and score the draws.

    Scored are the columns of numbers. The windows have values in all of their cells.

    Args:
        model: trained with ``completion=True``.
        transform: of its training table.
        data: of the training, set up; one half of the held-out windows was for calibration.
        seed: of the draws and of the classifier.

    Returns:
        The part ``completion`` of ``metrics.json``, or the ``reason`` why there is none.
    """
    held, table, steps = data.split.holdout, data.table, np.arange(data.window)
    fields = transform.schema.value_fields
    own = np.array([field.role == "feature" for field in fields])
    scored = np.array([field.role == "feature" and field.type == "number" for field in fields])
    if not scored.any() or data.window < 4:
        return {"reason": "It needs columns of numbers, and windows of at least 4 steps."}
    if data.split.validation is None or held is None:
        return {"reason": "Too few rows are held out to calibrate on a part and test on the rest."}
    is_known = ~np.isnan(table.values[:, scored]).any(axis=1)
    found = []
    for index in (held, data.split.train):
        starts = (
            index.starts if index.lengths is None else index.starts[index.lengths == len(steps)]
        )
        found.append(starts[is_known[starts[:, None] + steps].all(axis=1)])
    if min(map(len, found)) < MIN_COMPLETED:
        return {"reason": f"It needs {MIN_COMPLETED} held-out windows without an empty cell."}
    starts, learned = found
    some = {name: _spread_out(starts, COMPLETED[name]) for name in ("windows", "pairs")}

    def windows(starts: np.ndarray) -> np.ndarray:
        return table.values[starts[:, None] + steps][..., scored]

    def drawn(starts: np.ndarray, task: str, count: int) -> np.ndarray:
        rows = starts[:, None] + steps
        values = table.values[rows]
        values[np.ix_(np.arange(len(rows)), unknown_steps(len(steps))[task], own)] = np.nan
        ends = np.arange(len(rows) + 1) * len(steps)
        given = replace(
            table,
            values=values.reshape(-1, values.shape[2]),
            bounds=np.stack([ends[:-1], ends[1:]], axis=1),
            context=table.context[sequence_of_window(table, starts)],
            time=None if table.time is None else table.time[rows].ravel(),
        )
        made = complete_sequences(model, transform, GivenTable(given, None, 0), count, seed=seed)
        found = np.concatenate([part.values for part, _ in made])[..., scored]
        return found.reshape(len(rows), count, *found.shape[1:]).swapaxes(0, 1)

    tasks = ("forecast", "gap")
    completions = Completions(
        windows(_spread_out(learned, COMPLETED["training"])),
        windows(some["windows"]),
        {task: drawn(some["windows"], task, COMPLETED["draws"]) for task in tasks},
        (windows(some["pairs"]), drawn(some["pairs"], "forecast", 1)[0]),
        [field.label for field, is_scored in zip(fields, scored, strict=True) if is_scored],
    )
    return completion_scores(completions, seed)


def _spread_out(starts: np.ndarray, most: int) -> np.ndarray:
    return starts[np.linspace(0, len(starts) - 1, min(len(starts), most)).astype(np.int64)]
