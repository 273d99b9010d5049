"""Relations are found where they hold, and not where they hold by accident."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.relations.tables import panel, random_table, unrelated
from timegan.relations import Relation, Rows, discover, from_state, state
from timegan.tables import Table

Damage = Callable[["pd.Series[Any]"], "pd.Series[Any]"]


def table(frame: pd.DataFrame) -> Table:
    return Table.from_frame(frame, sequence_key="unit", sequence_index="time", context_columns=[])


def relations(frame: pd.DataFrame) -> dict[str, Relation]:
    """Return the relations of a table by their words."""
    return {relation.describe(): relation for relation in discover(Rows.of_table(table(frame)))}


EXPECTED = {
    "sex never changes within a sequence",
    "name decides place",
    "name decides latitude",
    "name decides code",
    "hour is the hour of time",
    "month is the month of time",
    "shift follows from the hour of time",
    "cycle rises by 1 in every row",
    "meter never falls within a sequence",
    "stop is never before time",
    "exactly one of red, green, blue is 1",
    "lab_a, lab_b, dose, late are missing in 3 patterns only",
}


@pytest.mark.parametrize("seed", range(3))
def test_every_kind_of_relation_is_found_and_nothing_else(seed: int) -> None:
    assert set(relations(panel(seed))) == EXPECTED


def test_relations_of_unrelated_columns_are_not_found() -> None:
    found = Counter(words for seed in range(20) for words in relations(unrelated(seed)))
    found += Counter(words for seed in range(40) for words in relations(random_table(seed)))
    assert not found


@pytest.mark.slow
def test_independent_columns_show_a_relation_in_fewer_than_one_table_in_five_hundred() -> None:
    found = [seed for seed in range(1_000) if relations(random_table(seed))]
    assert len(found) <= 2, found


def shuffled(column: "pd.Series[Any]") -> "pd.Series[Any]":
    return column.sample(frac=1, random_state=0)


@pytest.mark.parametrize(
    ("words", "column", "damage"),
    [
        ("sex never changes within a sequence", "sex", shuffled),
        ("name decides latitude", "latitude", shuffled),
        ("hour is the hour of time", "hour", lambda v: (v + 1) % 24),
        ("cycle rises by 1 in every row", "cycle", lambda v: v + (np.arange(len(v)) % 7 == 3)),
        (
            "meter never falls within a sequence",
            "meter",
            shuffled,
        ),
        ("stop is never before time", "stop", lambda v: v - pd.Timedelta(1, "h")),
        ("exactly one of red, green, blue is 1", "red", lambda v: v * 0),
    ],
)
def test_a_broken_relation_is_kept_in_fewer_rows(words: str, column: str, damage: Damage) -> None:
    frame = panel()
    relation = relations(frame)[words]
    assert relation.share_kept(Rows.of_table(table(frame))) == 1.0
    bad = frame.assign(**{column: damage(frame[column]).to_numpy()})
    schema = table(frame).schema
    share = relation.share_kept(Rows.of_table(Table.from_frame(bad, like=schema)))
    assert share is not None
    assert share < 0.99


def test_holes_that_are_moved_break_their_pattern() -> None:
    frame = panel()
    relation = next(r for r in relations(frame).values() if r.kind == "missing together")
    moved = frame.assign(lab_b=np.roll(frame["lab_b"].to_numpy(), 1))
    share = relation.share_kept(Rows.of_table(table(moved)))
    assert share is not None
    assert share < 0.9


def test_a_dozen_failures_of_two_sensors_at_once_are_found() -> None:
    draw = np.random.default_rng(0)
    gone = np.zeros(1_500, dtype=bool)
    for first in range(50, 1_500, 120):
        gone[first : first + int(draw.integers(1, 8))] = True
    heat, damp = (np.where(gone, np.nan, draw.normal(size=1_500)) for _ in range(2))
    found = discover(Rows.of_table(Table.from_frame(pd.DataFrame({"heat": heat, "damp": damp}))))
    assert [r.describe() for r in found] == ["heat, damp are missing together"]


def test_relations_survive_json() -> None:
    found = discover(Rows.of_table(table(panel())))
    again = from_state(json.loads(json.dumps(state(found), allow_nan=False)))
    assert list(again) == found


def test_few_rows_show_no_relation() -> None:
    frame = panel(units=1, rows=6)
    assert not {words for words in relations(frame) if "decides" in words or "one of" in words}


def test_the_longer_table_of_a_pair_decides_nothing_that_occurs_once() -> None:
    draw = np.random.default_rng(0)
    frame = panel().assign(reading=draw.normal(size=1_200))
    assert not [words for words in relations(frame) if words.startswith("reading")]


def test_a_name_of_the_weekday_in_one_week_follows_from_the_weekday() -> None:
    """Five days tell it from no other part, and only the weekday holds in other weeks."""
    draw = np.random.default_rng(0)
    begins = pd.Timestamp("2023-05-01") + pd.to_timedelta(draw.integers(0, 72, 20), "h")
    time = pd.Series(np.concatenate([pd.date_range(b, periods=48, freq="h") for b in begins]))
    frame = pd.DataFrame(
        {"unit": np.repeat(np.arange(20), 48), "time": time, "x": draw.random(960)}
    )
    words = relations(frame.assign(name=time.dt.day_name()))
    assert set(words) == {"name follows from the weekday of time"}


@pytest.mark.parametrize("frequency", ["10min", "D"])
@pytest.mark.parametrize("labels", [("no", "yes"), (True, False), (1, 0)])
def test_a_flag_of_weekends_is_found_in_two_weeks(frequency: str, labels: tuple[Any, Any]) -> None:
    for first in ("2024-03-04", "2024-03-07"):
        last = pd.Timestamp(first) + pd.Timedelta("14D")
        time = pd.Series(pd.date_range(first, last, freq=frequency, inclusive="left"))
        is_weekend = time.dt.day_of_week >= 5
        flag = is_weekend.map(dict(zip((False, True), labels, strict=True)))
        draw = np.random.default_rng(0)
        frame = pd.DataFrame({"time": time, "x": draw.normal(size=len(time)), "flag": flag})

        def found(frame: pd.DataFrame) -> set[str]:
            return {r.describe() for r in discover(Rows.of_table(Table.from_frame(frame)))}

        assert found(frame) == {"flag follows from the weekend of time"}
        short = frame[time < time[0] + pd.Timedelta("6D")]
        assert not any("weekend" in words for words in found(short))
        other = is_weekend != (frame.index == 3)
        wrong = frame.assign(flag=other.map(dict(zip((False, True), labels, strict=True))))
        assert not any("weekend" in words for words in found(wrong))


@pytest.mark.parametrize("count", [40, pytest.param(1_000, marks=pytest.mark.slow)])
def test_flags_of_days_are_rarely_taken_for_weekends(count: int) -> None:
    """Each of three flags has a value for each day, and is set as often as on weekends."""
    wrong = 0
    for seed in range(count):
        draw = np.random.default_rng(seed)
        days = int(draw.integers(8, 34))
        time = pd.Series(pd.date_range("2024-03-04", periods=6 * days, freq="4h"))
        flags = np.repeat(draw.random((days, 3)) < 2 / 7, 6, axis=0)
        frame = pd.DataFrame({"time": time, "x": draw.normal(size=len(time))})
        for k in range(3):
            frame[f"flag{k}"] = np.where(flags[:, k], "yes", "no")
        found = discover(Rows.of_table(Table.from_frame(frame)))
        wrong += sum(relation.kind == "part of the time" for relation in found)
    assert wrong <= count * 3 / 1_000


def test_the_week_of_the_year_is_that_of_the_calendar() -> None:
    days = pd.date_range("2019-12-20", periods=800, freq="D")
    frame = pd.DataFrame(
        {
            "time": days,
            "week": days.isocalendar().week.to_numpy(dtype=int),
            "x": np.arange(800) % 7 * 1.5,
        }
    )
    found = {r.describe() for r in discover(Rows.of_table(Table.from_frame(frame)))}
    assert found == {"week is the week of time", "x follows from the weekday of time"}
