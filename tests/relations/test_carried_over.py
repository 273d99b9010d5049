"""Columns that take the value of another one in the row before: found, and kept in samples."""

import numpy as np
import pandas as pd
import pytest

from tests.relations.tables import random_table, unrelated
from tests.relations.test_reduction import generated, module
from timegan.metrics.relations import relation_shares
from timegan.relations import Rows, discover
from timegan.relations.carried_over import CarriedOver, find_carried_over
from timegan.seeds import rng
from timegan.tables import Table


def trips(
    seed: int, units: int = 40, rows: int = 24, *, is_contiguous: bool = False
) -> pd.DataFrame:
    """Return trips of bikes that begin where the last one ended, with a lag of a measurement.

    ``from`` and ``to`` are places, ``lag`` is the ``value`` of the row before, ``begin`` and
    ``end`` are odometers, ``loan`` and ``back`` are dates beside the time. Where trips are
    contiguous, ``back`` is the time of the next row.
    """
    draw = rng(seed, "trips")
    n = units * rows
    names = np.array(["ash", "oak", "elm", "fir", "yew"])
    places = draw.integers(0, 4, (units, rows + 1))
    places[:, -1] = draw.integers(0, 5, units)  # "yew" is the end of last trips only
    km = draw.gamma(1, 2, (units, rows)).round(1)
    odometer = draw.integers(0, 3_000, units)[:, None] + np.cumsum(km, axis=1).round(1)
    hours = np.cumsum(draw.integers(1, 9, (units, rows + 1)), axis=1)
    first = pd.Timestamp("2024-03-01")
    times = (first + pd.to_timedelta(hours.ravel(), "h")).to_numpy().reshape(hours.shape)
    unit = np.repeat(np.arange(units), rows)
    value = pd.Series(draw.normal(20, 3, (units, rows)).cumsum(axis=1).ravel().round(2))
    frame = pd.DataFrame(
        {
            "unit": unit,
            "time": times[:, :-1].ravel()
            if is_contiguous
            else np.tile(pd.date_range(first, periods=rows, freq="D").to_numpy(), units),
            "from": names[places[:, :-1]].ravel(),
            "to": names[places[:, 1:]].ravel(),
            "value": value,
            "lag": value.groupby(unit).shift(1),
            "begin": (odometer - km).round(1).ravel(),
            "end": odometer.ravel(),
            "back": times[:, 1:].ravel(),
            "weather": draw.normal(size=n).round(1),
        }
    )
    frame["begin"] = frame.groupby("unit")["end"].shift(1).fillna(frame["begin"])
    if not is_contiguous:
        frame["loan"] = times[:, :-1].ravel()
    return frame


PAIRS = {("from", "to"), ("lag", "value"), ("begin", "end")}


def found(frame: pd.DataFrame, **roles: object) -> list[CarriedOver]:
    options = {"sequence_key": "unit", "sequence_index": "time", "context_columns": []} | roles
    table = Table.from_frame(frame, **options)  # type: ignore[arg-type]
    return [r for r in discover(Rows.of_table(table)) if isinstance(r, CarriedOver)]


@pytest.mark.parametrize("seed", range(4))
def test_it_is_found_in_columns_of_any_kind_and_not_after_shuffling(seed: int) -> None:
    frame = trips(seed)
    relations = found(frame)
    assert {(r.later, r.earlier) for r in relations} == PAIRS | {("loan", "back")}
    mixed = frame.sample(frac=1, random_state=seed)
    mixed["unit"], mixed["time"] = frame["unit"].to_numpy(), frame["time"].to_numpy()
    assert not found(mixed)


def test_the_end_is_the_time_of_the_next_row_where_the_start_is_the_time() -> None:
    relations = found(trips(0, is_contiguous=True))
    assert {(r.later, r.earlier) for r in relations} == PAIRS | {("time", "back")}


@pytest.mark.parametrize(("seed", "window", "steps"), [(0, None, 0), (1, 12, 0), (2, 12, 200)])
@pytest.mark.parametrize("is_contiguous", [False, True])
def test_samples_keep_it(seed: int, window: int | None, steps: int, *, is_contiguous: bool) -> None:
    frame = trips(seed, units=14, is_contiguous=is_contiguous)
    data = module(frame, window=window, context_columns=[])
    assert sum(isinstance(relation, CarriedOver) for relation in data.relations) == 4
    made = generated(data, steps=steps, seed=seed)
    rows = Rows.of_sequences(made, data.transform.schema)
    for relation in data.relations:
        assert relation.share_kept(rows) == 1.0, relation.describe()
    begin, end = (made.values[..., data.features.index(c)] for c in ("begin", "end"))
    inside = ~np.isnan(end)
    assert (begin[inside] <= end[inside] + 1e-9).all()
    longest = (frame["end"] - frame["begin"]).max()
    assert (begin[:, 0] >= end[:, 0] - longest - 1e-6).all()


def test_it_can_be_switched_off_and_is_told_with_its_reason() -> None:
    frame = trips(0, units=14)[["unit", "time", "from", "to", "weather"]]
    options = {"window": 12, "context_columns": []}
    data = module(frame, **options)
    (relation,) = data.relations
    assert (relation.columns, relation.describe()) == (
        ("from", "to"),
        "from is to of the row before",
    )
    assert relation.reason.startswith("in all 322 steps, of which ")
    for switch in ({"constraints": "report"}, {"unconstrained_columns": ["from"]}):
        free = module(frame, **options | switch)
        assert not free.transform.reduction.relations
        share = relation.share_kept(Rows.of_sequences(generated(free), free.transform.schema))
        assert share is not None
        assert share < 0.6


def test_generated_tables_without_it_have_none() -> None:
    for seed in range(40):
        for frame in (unrelated(seed), random_table(seed)):
            table = Table.from_frame(
                frame, sequence_key="unit", sequence_index="time", context_columns=[]
            )
            assert not find_carried_over(Rows.of_table(table), ())


def test_constants_and_counters_are_none() -> None:
    frame = trips(0)[["unit", "time", "weather"]]
    count = frame.groupby("unit").cumcount()
    same = frame["unit"] % 7
    frame = frame.assign(number=count, next=count + 1, kind=same, copy=same, flag=count % 2)
    assert not found(frame)


def test_the_report_sees_a_broken_one() -> None:
    frame = trips(0)
    bad = frame.assign(**{"from": frame["from"].where(frame.index % 10 != 5, "ash")})
    real, synthetic = (
        Table.from_frame(f, sequence_key="unit", sequence_index="time", context_columns=[])
        for f in (frame, bad)
    )
    worst, *others = relation_shares(Rows.of_table(real), Rows.of_table(synthetic))
    assert (worst["kind"], worst["columns"], worst["broken"]) == (
        "carried over",
        ["from", "to"],
        True,
    )
    assert 0.5 < worst["synthetic"] < 0.97
    assert not any(row["broken"] for row in others)
