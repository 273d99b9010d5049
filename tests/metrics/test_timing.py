"""Seasons are found where the calendar explains values, and compared by share and by profile."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.metrics.period_autocorrelation import period_autocorrelations
from timegan.metrics.timing import phases_covered, timing
from timegan.relations import Rows
from timegan.report.figures.figures import profiles
from timegan.report.figures.graphs import Line
from timegan.report.verdicts.timing import timing_verdict
from timegan.report.verdicts.verdicts import Grade
from timegan.seeds import rng
from timegan.tables import Table

Make = Callable[[int], pd.DataFrame]


def noise(seed: int, count: int, memory: float = 0.8) -> np.ndarray:
    draw, level, found = rng(seed, "noise"), 0.0, []
    for step in draw.normal(0, 1, count):
        level = memory * level + step
        found.append(level)
    return np.array(found)


def hourly(seed: int, days: int = 40) -> pd.DataFrame:
    """Return a load with a daily profile, switched on by day, beside noise without one."""
    time = pd.Series(pd.date_range("2023-01-02", periods=24 * days, freq="h"))
    hour = time.dt.hour.to_numpy()
    load = 30 + 8 * np.sin(2 * np.pi * (hour - 6) / 24) + noise(seed, len(time))
    state = np.where(
        rng(seed, "state").random(len(time)) < np.where(hour < 12, 0.9, 0.2), "on", "off"
    )
    walk = noise(seed + 100, len(time), 1.0)
    return pd.DataFrame({"time": time, "load": load.round(2), "state": state, "walk": walk})


def daily(seed: int, years: int = 4) -> pd.DataFrame:
    """Return the weather of a place: summers are warm, and Sundays are quiet."""
    time = pd.Series(pd.date_range("2019-01-01", periods=365 * years, freq="D"))
    day = time.dt.day_of_year.to_numpy()
    warm = 10 - 9 * np.cos(2 * np.pi * day / 365) + 2 * noise(seed, len(time))
    traffic = rng(seed, "traffic").poisson(np.where(time.dt.day_of_week == 6, 20, 60))
    return pd.DataFrame({"time": time, "warm": warm.round(1), "traffic": traffic})


def compared(real: pd.DataFrame, synthetic: pd.DataFrame) -> list[dict[str, Any]]:
    table = Table.from_frame(real, sequence_index="time")
    other = Table.from_frame(synthetic, like=table.schema)
    return timing(Rows.of_table(table), Rows.of_table(other))


def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
    order = rng(0, "order").permutation(len(frame))
    return frame.assign(**{c: frame[c].to_numpy()[order] for c in frame.columns if c != "time"})


FOUND: dict[Any, set[tuple[str, str]]] = {
    hourly: {("load", "hour"), ("state=off", "hour"), ("state=on", "hour")},
    daily: {("warm", "month"), ("traffic", "weekday")},
}


@pytest.mark.parametrize("make", [hourly, daily])
def test_seasons_are_found_where_the_calendar_explains_values(make: Make) -> None:
    assert {(row["feature"], row["part"]) for row in compared(make(0), make(1))} == FOUND[make]


@pytest.mark.parametrize("make", [hourly, daily])
def test_data_of_the_same_kind_have_the_same_seasons(make: Make) -> None:
    rows = compared(make(0), make(1))
    assert all(row["agreement"] > 0.9 for row in rows)
    assert timing_verdict(rows).grade is Grade.EXCELLENT


@pytest.mark.parametrize("make", [hourly, daily])
def test_values_at_the_wrong_times_are_poor_and_named(make: Make) -> None:
    verdict = timing_verdict(compared(make(0), shuffled(make(0))))
    assert verdict.grade is Grade.POOR
    assert ("hour of the day" if make is hourly else "month") in verdict.sentence


def test_a_season_that_only_the_synthetic_table_has_is_poor_and_none_at_all_is_said() -> None:
    real, synthetic = hourly(0), hourly(1)
    flat = real.assign(load=real["walk"].diff().fillna(0), state="on")
    rows = compared(flat, synthetic.assign(state="on"))
    assert [(row["feature"], row["part"]) for row in rows] == [("load", "hour")]
    assert rows[0]["real"] < 0.02 < 0.5 < rows[0]["synthetic"]
    assert timing_verdict(rows).grade is Grade.POOR
    assert compared(flat, flat) == []
    phases = phases_covered(Rows.of_table(Table.from_frame(flat, sequence_index="time")))
    assert phases == ["hour of the day", "weekday"]
    verdict = timing_verdict([], (), phases)
    assert verdict.grade is Grade.EXCELLENT
    assert "hour of the day and weekday explain no column" in verdict.sentence


def test_a_profile_that_is_shifted_is_poor_though_its_share_is_right() -> None:
    frame = hourly(0)
    late = frame.assign(load=np.roll(frame["load"], 7))
    row = next(row for row in compared(frame, late) if row["feature"] == "load")
    assert row["synthetic"] == pytest.approx(row["real"], abs=0.05)
    assert row["difference"] > 0.5
    verdict = timing_verdict([row])
    assert verdict.grade is Grade.POOR
    assert "with another profile" in verdict.sentence


def test_few_synthetic_windows_of_the_right_times_are_not_poor() -> None:
    frame = hourly(0)
    part = pd.concat([frame[24 * d : 24 * d + 24] for d in (3, 11, 20, 33)])
    (row,) = (row for row in compared(frame, part) if row["feature"] == "load")
    assert row["difference"] < 0.05


def test_a_table_without_dates_has_no_seasons() -> None:
    frame = hourly(0).assign(time=np.arange(960))
    assert compared(frame, frame) == []


def test_columns_that_follow_from_the_time_are_left_out() -> None:
    frame = hourly(0)
    rows = Rows.of_table(Table.from_frame(frame, sequence_index="time"))
    left = {row["feature"] for row in timing(rows, rows, followed={"load"})}
    assert left == {"state=off", "state=on"}


def lags(real: pd.DataFrame, synthetic: pd.DataFrame) -> list[dict[str, Any]]:
    table = Table.from_frame(real, sequence_index="time")
    other = Table.from_frame(synthetic, like=table.schema)
    sides = Rows.of_table(table), Rows.of_table(other)
    return period_autocorrelations(*sides, timing(*sides))


def test_long_series_are_compared_after_whole_periods() -> None:
    rows = lags(hourly(0), hourly(1))
    assert [row["lag"] for row in rows if row["feature"] == "load"] == [
        "1 day",
        "2 days",
        "3 days",
        "7 days",
    ]
    assert all(row["real"] > 0.8 and row["difference"] < 0.05 for row in rows)
    broken = lags(hourly(0), shuffled(hourly(0)))
    assert broken[0]["difference"] > 0.5
    verdict = timing_verdict(compared(hourly(0), hourly(1)), broken)
    assert verdict.grade is Grade.POOR
    assert "the autocorrelation of load is" in verdict.sentence


def test_the_worst_of_many_findings_are_named() -> None:
    season = compared(hourly(0), shuffled(hourly(0)))[0]
    lag = {"feature": "load", "lag": "1 day", "difference": 0.6, "real": 0.9, "synthetic": 0.1}
    many = timing_verdict([season] * 5, [lag] * 4)
    assert many.sentence.count("explains") == 3
    assert many.sentence.endswith("; and 6 more.")
    good = compared(hourly(0), hourly(0))[:1]
    only = timing_verdict(good, [lag])
    assert only.grade is Grade.POOR
    assert only.finding == only.sentence[:1].lower() + only.sentence[1:-1]
    assert only.sentence.startswith("After 1 day, the autocorrelation of load is 0.10")


def test_profiles_are_drawn_side_by_side_with_what_they_explain() -> None:
    rows = compared(hourly(0), shuffled(hourly(0)))
    graphs = profiles(rows)
    assert [graph.title for graph in graphs] == [row["feature"] for row in rows]
    for graph, row in zip(graphs, rows, strict=True):
        view = graph.views[0]
        assert view.x.ticks == {0: "0", 6: "6", 12: "12", 18: "18"}
        for line in view.marks:
            assert isinstance(line, Line)
            assert line.y.tolist() == row["profiles"][line.side]
    assert graphs[0].note.endswith("0% synthetic")


def test_short_or_irregular_series_have_no_periods_to_compare() -> None:
    frame = hourly(0)
    assert lags(frame, frame[:48]) == []
    assert lags(frame, frame[::5]) == []


def weak(seed: int, amplitude: float = 0.8) -> pd.DataFrame:
    """Return sensors with a weak daily profile each."""
    time = pd.Series(pd.date_range("2023-01-02", periods=24 * 60, freq="h"))
    hour = time.dt.hour.to_numpy()
    frame = pd.DataFrame({"time": time})
    for k in range(5):
        profile = amplitude * np.sin(2 * np.pi * (hour - k) / 24)
        frame[f"s{k}"] = (profile + noise(9 * seed + k, len(time))).round(2)
    return frame


@pytest.mark.parametrize("seed", [0, 2])
def test_a_weak_season_that_is_missing_is_named_and_others_are_not(seed: int) -> None:
    real, other = weak(seed), weak(seed + 20)
    kept = compared(real, other)
    assert len(kept) >= 4
    assert all(0.05 < row["real"] < 0.2 for row in kept)
    assert not any(row["is_missing"] for row in kept)
    assert timing_verdict(kept).grade is Grade.EXCELLENT
    rows = compared(real, other.assign(s3=weak(seed + 40, 0.0)["s3"]))
    assert [row["feature"] for row in rows if row["is_missing"]] == ["s3"]
    assert rows[0]["feature"] == "s3"
    assert rows[0]["difference"] < 0.05  # its error is large
    verdict = timing_verdict(rows)
    assert verdict.grade is Grade.FAIR
    assert "variance of s3" in verdict.finding
    assert verdict.sentence.endswith("most of this season is missing.")


def test_a_weak_season_at_the_wrong_hours_is_told_as_another_profile() -> None:
    real = weak(0)
    rows = compared(real, real.assign(s3=np.roll(real["s3"], 12)))
    assert [row["feature"] for row in rows if row["is_missing"]] == ["s3"]
    assert "with another profile" in timing_verdict(rows).sentence


def stations(seed: int, years: int = 3, window: int | None = None) -> pd.DataFrame:
    """Return daily weather of four stations in two hemispheres; windows are sequences, too."""
    frames = []
    for number in range(4):
        time = pd.Series(pd.date_range("2019-01-01", periods=365 * years, freq="D"))
        day, south = time.dt.day_of_year.to_numpy(), number % 2
        warm = 10 + (2 * south - 1) * 9 * np.cos(2 * np.pi * day / 365)
        warm = warm + 2 * noise(10 * seed + number, len(time))
        frame = pd.DataFrame({"station": f"s{number}", "time": time, "warm": warm.round(1)})
        frame["latitude"] = [50.0, -30.0, 48.0, -35.5][number]
        if window is not None:
            rows = np.arange(len(frame))
            frame["station"] = [f"s{number}-{row // window:03d}" for row in rows]
            frame = frame[rows < len(frame) // window * window]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def by_station(real: pd.DataFrame, synthetic: pd.DataFrame) -> list[dict[str, Any]]:
    context = ["latitude"] if "latitude" in real else []
    table = Table.from_frame(
        real, sequence_key="station", sequence_index="time", context_columns=context
    )
    other = Table.from_frame(synthetic, like=table.schema)
    return timing(Rows.of_table(table), Rows.of_table(other))


def without(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="latitude")


@pytest.mark.parametrize("with_context", [True, False])
def test_profiles_that_cancel_in_all_rows_are_seen_by_sequence(with_context: bool) -> None:
    real, other = stations(0), stations(1)
    if not with_context:
        real, other = without(real), without(other)
    (row,) = by_station(real, other)
    assert (row["feature"], row["part"], row["by_sequence"]) == ("warm", "month", True)
    assert row["real"] == pytest.approx(row["synthetic"], abs=0.05)
    assert row["real"] > 0.6
    assert row["agreement"] > 0.9
    verdict = timing_verdict([row])
    assert verdict.grade is Grade.EXCELLENT
    assert "each sequence by its own profile" in verdict.sentence
    order = rng(0, "rows").permutation(len(other) // 4)
    wrong = other.assign(
        warm=np.concatenate(
            [part["warm"].to_numpy()[order] for _, part in other.groupby("station")]
        )
    )
    (row,) = by_station(real, wrong)
    assert row["synthetic"] < 0.1
    assert timing_verdict([row]).grade is Grade.POOR


def test_windows_take_the_profile_of_the_real_sequence_with_their_context() -> None:
    real, windows = stations(0), stations(1, window=24)
    (row,) = by_station(real, windows)
    assert row["by_sequence"]
    assert row["difference"] < 0.05
    late = windows.assign(time=windows["time"] + pd.Timedelta("182D"))
    (row,) = by_station(real, late)
    assert timing_verdict([row]).grade is Grade.POOR
    # Without a context nothing tells whose window of 24 days it is.
    assert not any(row["by_sequence"] for row in by_station(without(real), without(windows)))


def test_sequences_with_one_profile_are_measured_together() -> None:
    real = stations(0)
    same = real.assign(warm=real["warm"].where(real["latitude"] > 0, 20 - real["warm"]))
    (row,) = by_station(same, same)
    assert not row["by_sequence"]
