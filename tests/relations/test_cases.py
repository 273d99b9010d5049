"""Traits of ordinary tables that samples keep: in windows, in whole sequences, in long series."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.relations.tables import panel
from timegan.data import WindowDataModule
from timegan.seeds import rng
from timegan.tables import Schema
from timegan.transforms.table_transform import TableTransform

UNITS, ROWS = 40, 30


def table() -> pd.DataFrame:
    """Return units with a clock in milliseconds, a steady rise, shares, marks and postal codes."""
    draw, n = rng(0, "cases"), UNITS * ROWS
    unit = np.repeat(np.arange(UNITS), ROWS)
    parts = draw.dirichlet([4, 3, 2], n) * 100
    mark = draw.random(n) < 0.05
    heat = draw.normal(20, 3, n).round(1)
    zips = np.array(["04110", "00500", "99001"])[draw.integers(0, 3, UNITS)]
    start = 1_700_000_000_000 + 60_000 * draw.integers(0, 10_000, UNITS)
    return pd.DataFrame(
        {
            "unit": unit,
            "epoch_ms": start[unit] + 1_000 * np.tile(np.arange(ROWS), UNITS),
            "years": draw.integers(2, 40, UNITS)[unit] / 2 + np.tile(np.arange(ROWS), UNITS) / 2,
            "share_a": parts[:, 0].round(1),
            "share_b": parts[:, 1].round(1),
            "share_c": parts[:, 2].round(1),
            "heat": np.where(mark, -9999.0, heat),
            "damp": np.where(mark, -9999.0, (80 - heat + draw.normal(0, 1, n)).round(1)),
            "zip": zips[unit],
            "always": 518.67,
        }
    )


def made(window: int | None, steps: int) -> tuple[pd.DataFrame, Schema]:
    """Return sequences of channels that are drawn at random, as an untrained model makes them."""
    frame = table()
    data = WindowDataModule.from_frame(frame, sequence_key="unit", window=window, holdout=0.0)
    data.setup()
    transform = TableTransform.from_state(json.loads(json.dumps(data.transform.state())))
    count, widths, draw = 50, transform.widths, rng(0, "channels")
    static, _ = transform.inverse_transform_static(draw.normal(size=(count, widths["context"])))
    x = draw.normal(size=(count, steps or data.window, widths["features"]))
    starts = transform.starts(count, 0, 0)
    return transform.to_frame(
        transform.inverse_transform(x, context=static, starts=starts)
    ), transform.schema


@pytest.mark.parametrize(("window", "steps"), [(None, 0), (12, 0), (12, 200)])
def test_traits_of_ordinary_tables_are_kept(window: int | None, steps: int) -> None:
    real = table()
    frame, schema = made(window, steps)
    assert frame.dtypes.equals(real.dtypes)
    by: Any = frame.groupby("unit")
    assert schema.time is not None
    assert schema.time.label == "epoch_ms"
    assert (by["epoch_ms"].diff().dropna() == 1_000).all()
    assert np.allclose(by["years"].diff().dropna(), 0.5)
    shares, real_shares = (f[["share_a", "share_b", "share_c"]].sum(axis=1) for f in (frame, real))
    assert np.abs(shares - 100).max() <= np.abs(real_shares - 100).max() + 1e-9
    for name in ("heat", "damp"):
        rest = frame.loc[frame[name] != -9999, name]
        known = real.loc[real[name] != -9999, name]
        margin = known.max() - known.min()  # values may lie somewhat beyond the real ones
        assert rest.between(known.min() - margin, known.max() + margin).all()
    marked = frame[["heat", "damp"]] == -9999
    assert (marked["heat"] == marked["damp"]).all()
    assert 0 < marked["heat"].mean() < 1
    assert set(frame["zip"]) <= set(real["zip"])
    assert (by["zip"].nunique() == 1).all()
    assert (frame["always"] == 518.67).all()


@pytest.mark.parametrize(("window", "steps"), [(None, 0), (12, 0), (12, 100)])
def test_values_are_missing_together_as_often_as_in_the_table(
    window: int | None, steps: int
) -> None:
    """Equal, opposite and nested holes come in the real patterns, each within one point."""
    real = panel()
    data = WindowDataModule.from_frame(
        real, sequence_key="unit", sequence_index="time", window=window, holdout=0.0
    )
    data.setup()
    transform, draw, count = data.transform, rng(0, "channels"), 1_500
    width, starts = transform.widths["features"], transform.starts(count, 0, 0)
    x = draw.normal(size=(count, data.window, width))
    transform = transform.calibrated(x, slice(None), None, starts)
    if steps:
        x = draw.normal(size=(count, steps, width))
    static = draw.normal(size=(count, transform.widths["context"]))
    context, _ = transform.inverse_transform_static(static)
    made = transform.to_frame(transform.inverse_transform(x, context=context, starts=starts))
    labs = ["lab_a", "lab_b", "dose", "late"]
    shares = [frame[labs].isna().value_counts(normalize=True) for frame in (real, made)]
    assert set(shares[1].index) == set(shares[0].index)
    np.testing.assert_allclose(shares[1], shares[0].loc[shares[1].index], atol=0.01)


@pytest.mark.parametrize(("window", "steps"), [(None, 0), (12, 0), (12, 200)])
def test_shares_have_the_sums_of_the_table_as_often(window: int | None, steps: int) -> None:
    """Shares that are rounded one by one miss 100 by a rounding in some rows."""
    frame, _ = made(window, steps)
    sums = [
        f[["share_a", "share_b", "share_c"]].sum(axis=1).round(1).value_counts(normalize=True)
        for f in (table(), frame)
    ]
    assert set(sums[1].index) <= set(sums[0].index)
    for total, share in sums[0].items():
        assert sums[1].get(total, 0.0) == pytest.approx(share, abs=0.05)
