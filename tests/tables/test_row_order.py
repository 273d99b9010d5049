"""Tables without a key, and clocks that were set back, are refused with the remedy."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.errors import InputError
from timegan.tables.table import Table

DAYS = pd.date_range("2024-01-01", periods=20).strftime("%Y-%m-%d")


def panel(times: Any = DAYS, names: Any = ("AA", "BB", "CC")) -> pd.DataFrame:
    random = np.random.default_rng(0)
    rows = len(times) * len(names)
    return pd.DataFrame(
        {
            "when": np.tile(np.asarray(times), len(names)),
            "close": random.normal(size=rows),
            "volume": random.integers(0, 9, rows),
            "who": np.repeat(names, len(times)),
        }
    )


def note_of(frame: pd.DataFrame, **options: Any) -> str:
    return " ".join(Table.from_frame(frame, **options).notes)


@pytest.mark.parametrize("names", [("AA", "BB", "CC"), (17, 4, 99)])
@pytest.mark.parametrize(
    "times",
    [
        DAYS,
        pd.DatetimeIndex(DAYS),
        DAYS[::-1],
        1_704_067_200 + np.arange(20) * 3600,
        np.arange(1, 21),
        np.arange(20),
    ],
    ids=["text", "dates", "newest first", "epoch", "counter", "counter from 0"],
)
def test_times_that_start_again_where_a_column_changes_need_a_key(times: Any, names: Any) -> None:
    frame = panel(times, names)
    with pytest.raises(InputError, match=r"'when' start again for each 'who'.*sequence_key=who\."):
        Table.from_frame(frame)
    assert len(Table.from_frame(frame, sequence_key="who").bounds) == 3
    assert len(Table.from_frame(frame, columns=["close"]).bounds) == 1


def test_rows_in_the_order_of_dates_need_a_key_of_labels_too() -> None:
    frame = panel().sort_values(["when", "who"]).reset_index(drop=True)
    with pytest.raises(InputError, match="sequence_key=who"):
        Table.from_frame(frame)
    with pytest.raises(InputError, match="sequence_key=who"):
        Table.from_frame(frame, sequence_index="when")
    indexed = frame.set_index(pd.DatetimeIndex(frame.pop("when")))
    with pytest.raises(InputError, match="sequence_key=who"):
        Table.from_frame(indexed)


def test_the_column_with_the_name_of_a_key_is_suggested_first() -> None:
    frame = panel(np.arange(20), ["a", "b", "c"])
    frame.insert(0, "age", np.repeat([31, 54, 60], 20))
    frame = frame.rename(columns={"who": "patient"})
    with pytest.raises(InputError, match=r"each 'patient' \(and each of 'age'\)"):
        Table.from_frame(frame)


def test_rows_in_the_order_of_visits_need_the_key_and_not_the_visit() -> None:
    rows = [(person, visit) for visit in range(1, 6) for person in range(8)]
    frame = pd.DataFrame(rows, columns=["patient_id", "visit"]).assign(x=np.arange(40) % 7)
    with pytest.raises(InputError, match=r"'visit' start again for each 'patient_id'"):
        Table.from_frame(frame)


def test_one_series_is_not_taken_for_several() -> None:
    rows = 60
    one = pd.DataFrame({"x": np.sin(np.arange(rows)), "phase": np.repeat([1, 2, 3], 20)})
    days = pd.date_range("2024-01-01", periods=rows)
    hours = np.arange(rows) % 20
    Table.from_frame(one)
    Table.from_frame(one.assign(day=days, visit=hours))
    Table.from_frame(one.assign(hour=hours))
    Table.from_frame(one.assign(count=np.arange(rows) % 7))
    Table.from_frame(one.assign(due=np.random.default_rng(0).permutation(days)))
    Table.from_frame(one.assign(day=np.repeat(days[::20], 20), step=hours, phase=hours))


def local(rows: int = 60, back: int = 30, minutes: int = 5) -> list[str]:
    """Return local times; the clock is set back by an hour after some rows."""
    times = pd.Series(pd.date_range("2023-10-29", periods=rows, freq=f"{minutes}min"))
    set_back = times.where(times.index < back, times - pd.Timedelta("1h"))
    return [str(time) for time in set_back.tolist()]


def test_a_clock_that_was_set_back_is_named_with_its_row_and_both_remedies() -> None:
    frame = pd.DataFrame({"at": local(), "x": np.arange(60.0)})
    with pytest.raises(InputError, match=r"01:30:00 in row 31 .*in UTC.*sequence_index=at"):
        Table.from_frame(frame)
    assert Table.from_frame(frame, sequence_index="at").schema.time is not None
    keyed = pd.concat([frame.assign(who=1), frame.assign(who=2)], ignore_index=True)
    with pytest.raises(InputError, match="in row 31 "):
        Table.from_frame(keyed, sequence_key="who")


def test_a_clock_that_was_set_forward_is_the_time() -> None:
    times = pd.Series(pd.to_datetime(local()))
    times = times.where(times.index < 30, times + pd.Timedelta("2h"))
    time = Table.from_frame(pd.DataFrame({"at": times, "x": np.arange(60.0)})).schema.time
    assert time is not None


def test_unsorted_dates_become_a_feature_with_a_note() -> None:
    due = np.random.default_rng(0).permutation(DAYS)
    frame = pd.DataFrame({"due": due, "x": np.arange(20.0)})
    assert "'due' holds dates that do not increase" in note_of(frame)
    assert "dataset.sequence_index=due" in note_of(frame)
    assert note_of(frame.assign(day=pd.DatetimeIndex(DAYS))).count("due") == 0


def test_a_key_that_comes_back_after_years_is_noted() -> None:
    months = pd.date_range("2001-01-01", periods=12, freq="MS")
    late = months[:6].append(months[6:] + pd.DateOffset(years=16))
    parts = [
        pd.DataFrame({"who": k, "when": late if k == "c" else months, "x": np.arange(12) % 5})
        for k in "abcd"
    ]
    table = Table.from_frame(pd.concat(parts, ignore_index=True), sequence_key="who")
    [note] = [note for note in table.notes if "comes back" in note]
    assert note.startswith("'who' c comes back in row 31 (the first row is 1) after 16.1 years")
    usual = Table.from_frame(pd.concat([*parts[:2], parts[3]]), sequence_key="who")
    assert not any("comes back" in note for note in usual.notes)
