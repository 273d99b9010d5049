"""Constraints on columns that follow from others: the free columns of a row fit to them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.relations.test_reduction import generated, module
from timegan.data.second_table import read_second_table
from timegan.data.table_parts import TableParts
from timegan.evaluation import check_rows
from timegan.relations import Rows, discover
from timegan.seeds import rng
from timegan.tables import Table


def trips(seed: int, units: int = 60, rows: int = 20) -> pd.DataFrame:
    """Return trips whose fare is a base of the rider, a rounded part of the way, and a tip."""
    draw = rng(seed, "trips")
    n = units * rows
    way = draw.lognormal(0.5, 0.6, n).round(2)
    rider = draw.choice(["casual", "member"], n, p=[0.3, 0.7])
    base = np.where(rider == "member", 1.0, 2.5)
    fare = np.array([round(0.3 * float(distance), 2) for distance in way])
    tip = draw.choice([0.0, 0.5, 1.0], n, p=[0.6, 0.25, 0.15])
    time = np.tile(pd.date_range("2024-05-01", periods=rows, freq="h").to_numpy(), units)
    return pd.DataFrame(
        {
            "bike": np.repeat(np.arange(units), rows),
            "time": time,
            "way": way,
            "rider": rider,
            "base": base,
            "fare": fare,
            "tip": tip,
            "total": (base + fare + tip).round(2),
            "level": draw.normal(0, 1, n).round(2),
        }
    )


ROLES: dict[str, Any] = {"sequence_key": "bike", "context_columns": None}


@pytest.mark.parametrize(("window", "steps"), [(None, 0), (8, 0), (8, 100)])
def test_a_sum_with_columns_that_follow_from_others_is_kept(window: int | None, steps: int) -> None:
    data = module(trips(0), **ROLES, window=window)
    assert data.transform.reduction.followed == {"base", "fare"}
    made = data.transform.to_frame(generated(data, steps=steps))
    total = made["base"] + made["fare"] + made["tip"]
    np.testing.assert_allclose(made["total"], total, atol=1e-9)
    assert set(zip(made["rider"], made["base"], strict=True)) == {("casual", 2.5), ("member", 1.0)}
    assert (abs(made["fare"] - 0.3 * made["way"]) <= 0.005 + 1e-9).all()
    assert set(made["tip"]) <= {0.0, 0.5, 1.0}


def test_a_broken_sum_of_such_columns_is_seen() -> None:
    frame = trips(0)
    data = module(frame, **ROLES)
    bad = frame.assign(total=frame["total"] + 0.5 * (frame.index % 4 == 0))
    card = check_rows(TableParts.of(data, read_second_table(data, bad, "synthetic")))
    rates = {row["constraint"]: row["synthetic"] for row in card["constraints"]}
    assert rates["total = base + fare + tip"] == 0.25


def test_multiples_whose_halves_are_rounded_either_way_are_kept() -> None:
    """Half a cent goes up in one program and to an even cent in another."""
    frame = trips(1)
    cents = np.rint(frame["way"] * 100).astype(np.int64) * 3
    up = (cents + 5) // 10 / 100
    for fare in (frame["fare"], up):
        table = Table.from_frame(frame.assign(fare=fare), sequence_key="bike")
        words = {relation.describe() for relation in discover(Rows.of_table(table))}
        assert "fare = 0.3 x way, rounded" in words
