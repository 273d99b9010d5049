"""A running maximum or minimum: found where it follows from a column, and kept in samples."""

import numpy as np
import pandas as pd
import pytest

from tests.relations.tables import panel
from tests.relations.test_reduction import generated, module
from timegan.relations import Rows, discover
from timegan.relations.running_extreme import RunningExtreme
from timegan.seeds import rng
from timegan.tables import Table

KEPT = ["unit", "time", "sex", "value", "count"]


def extremes(seed: int) -> pd.DataFrame:
    """Return units with the largest or the smallest value so far, with or without holes."""
    draw = rng(seed, "extremes")
    frame = panel(seed)[KEPT]
    source = frame["value"].where(draw.random(len(frame)) > (0.1 if seed % 2 else 0.0))
    of = frame["value"] if seed % 4 == 3 else source  # a device knows what the table lacks
    groups = of.groupby(frame["unit"])
    target = groups.cummax() if draw.random() < 0.5 else groups.cummin()
    return frame.assign(value=source, extreme=target)


def found(frame: pd.DataFrame) -> list[RunningExtreme]:
    table = Table.from_frame(frame, sequence_key="unit", sequence_index="time", context_columns=[])
    return [r for r in discover(Rows.of_table(table)) if isinstance(r, RunningExtreme)]


@pytest.mark.parametrize("seed", range(4))
def test_a_running_extreme_is_found_and_nothing_like_it(seed: int) -> None:
    frame = extremes(seed)
    (relation,) = found(frame)
    assert relation.columns == ("extreme", "value")
    other = rng(seed, "wrong").permutation(frame["value"].to_numpy())
    assert not found(frame.assign(value=other))
    late = frame["extreme"].groupby(frame["unit"]).shift(1).fillna(frame["extreme"])
    assert not found(frame.assign(extreme=late))


@pytest.mark.parametrize("seed", [0, 1, 3])
@pytest.mark.parametrize(("window", "steps"), [(None, 0), (12, 200)])
def test_samples_keep_a_running_extreme(seed: int, window: int | None, steps: int) -> None:
    data = module(extremes(seed), window=window)
    (relation,) = (r for r in data.relations if isinstance(r, RunningExtreme))
    assert relation in data.transform.reduction.relations
    made = generated(data, steps=steps, seed=seed)
    rows = Rows.of_sequences(made, data.transform.schema)
    assert relation.share_kept(rows) == 1.0
    farther = np.fmax if relation.is_max else np.fmin
    labels = data.features
    for values, length in zip(made.values, made.lengths, strict=True):
        value, extreme = (values[:length, labels.index(c)] for c in ("value", "extreme"))
        known = ~np.isnan(extreme)
        expected = farther.accumulate(np.concatenate([extreme[known][:1], value]))[1:]
        np.testing.assert_array_equal(extreme[known], expected[known])
        if window is None and not np.isnan(value[0]):
            assert extreme[0] == value[0]


def test_a_broken_extreme_is_seen() -> None:
    frame = extremes(0)
    (relation,) = found(frame)
    bad = frame.assign(extreme=frame["extreme"] + 0.1 * (frame.index % 10 == 5))
    table = Table.from_frame(bad, sequence_key="unit", sequence_index="time", context_columns=[])
    share = relation.share_kept(Rows.of_table(table))
    assert share is not None
    assert 0.5 < share < 0.95
