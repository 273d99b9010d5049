"""Cycles, counters of a period, elapsed time, and holes that another column tells of."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.relations.tables import panel
from tests.relations.test_reduction import generated, module
from timegan.relations import Relation, Rows, discover
from timegan.seeds import rng
from timegan.tables import Table

UNITS, ROWS = 40, 30


def counted(seed: int) -> pd.DataFrame:
    """Return a panel at irregular times with a counter of every kind and a dose that may be 0."""
    draw, n = rng(seed, "counted"), UNITS * ROWS
    minutes = draw.integers(1, 400, (UNITS, ROWS)).cumsum(axis=1)
    time = pd.Timestamp("2024-03-01 08:00") + pd.to_timedelta(minutes.ravel(), "min")
    days = pd.Series(time.normalize())
    unit = np.repeat(np.arange(UNITS), ROWS)
    # Each sequence begins in the middle of a day, on which rows were counted before.
    order = pd.Series(1, index=range(n)).groupby([unit, days.to_numpy()]).cumsum().to_numpy()
    size, dose = int(draw.integers(3, 30)), 5 * draw.integers(0, 4, n)
    place = (draw.integers(0, size, UNITS)[:, None] + np.arange(ROWS)).ravel() % size
    level = draw.normal(0, 10, size)[place] + draw.normal(0, 2, n)
    elapsed = minutes - minutes[:, :1]
    frame = panel(seed)[["unit", "sex", "value"]]
    return frame.assign(
        time=time.to_numpy(),
        order=order,
        place=place * 15,
        level=level.round(2),
        minutes=elapsed.ravel(),
        hours=(elapsed / 60).round(2).ravel(),
        day=(days - pd.Timestamp("2024-02-01")).dt.days.to_numpy(),
        dose=dose,
        drug=pd.Series(np.array(["a", "b"])[draw.integers(0, 2, n)]).where(dose > 0),
        amount=np.where(dose == 0, np.nan, draw.normal(5, 1, n).round(1)),
    )


def relations(frame: pd.DataFrame) -> dict[str, Relation]:
    """Return the relations of a table by their words."""
    table = Table.from_frame(frame, sequence_key="unit", sequence_index="time", context_columns=[])
    return {relation.describe(): relation for relation in discover(Rows.of_table(table))}


@pytest.mark.parametrize("seed", range(4))
def test_counters_are_found_and_nothing_like_them(seed: int) -> None:
    frame = counted(seed)
    size = frame["place"].nunique()
    expected = {
        "order rises by 1 in every row and begins anew at 1 each day",
        f"place goes round {size} values in one order, on which level depends",
        "minutes rises by the minutes that pass",
        "hours rises by the hours that pass",
        "day rises by the days that pass",
        "dose tells where drug is missing",
        "dose tells where amount is missing",
    }
    found = relations(frame)
    assert expected <= set(found)
    draw = rng(seed, "wrong")
    names = ["order", "place", "minutes", "hours", "day", "drug", "amount"]
    wrong = frame.assign(**{k: draw.permutation(frame[k].to_numpy()) for k in names})
    assert not expected & set(relations(wrong))
    for words in expected:
        relation = found[words]
        table = Table.from_frame(wrong, like=_schema(frame))
        share = relation.share_kept(Rows.of_table(table))
        assert share is not None
        assert share < 0.99, words


def _schema(frame: pd.DataFrame) -> Any:
    return Table.from_frame(
        frame, sequence_key="unit", sequence_index="time", context_columns=[]
    ).schema


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("window", "steps"), [(None, 0), (12, 0), (12, 200)])
def test_whatever_is_generated_keeps_counters(seed: int, window: int | None, steps: int) -> None:
    frame = counted(seed)
    data = module(frame, window=window)
    rows = Rows.of_sequences(generated(data, steps=steps, seed=seed), data.transform.schema)
    assert len(data.relations) >= 7
    for relation in data.relations:
        assert relation.share_kept(rows) == 1.0, relation.describe()
    for label in ("drug", "amount"):
        assert np.array_equal(np.isnan(rows.columns[label]), rows.columns["dose"] == 0)
    shares = []
    for columns in (frame, rows.columns):
        level, place = np.asarray(columns["level"]), np.asarray(columns["place"])
        means = pd.Series(level).groupby(place).transform("mean")
        shares.append(float(means.var() / level.var()))
    assert shares[1] == pytest.approx(shares[0], abs=0.05)


def test_a_cycle_of_names_goes_on_with_the_column_that_it_decides() -> None:
    frame = panel()[["unit", "time", "sex", "value", "count"]]
    light = np.tile(np.arange(ROWS), UNITS) + np.repeat(np.arange(UNITS), ROWS)
    names = np.array(["red", "amber", "green"])[light % 3]
    data = module(frame.assign(light=names, code=np.array([7, 3, 5])[light % 3]), window=10)
    rows = Rows.of_sequences(generated(data, steps=50), data.transform.schema)
    assert {r.kind for r in data.relations} >= {"cycle", "lookup"}
    for relation in data.relations:
        assert relation.share_kept(rows) == 1.0, relation.describe()
