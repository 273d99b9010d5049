"""Dates as text: which part is the day, and the format in which they come back."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.tables.round_trip import check_round_trip
from timegan.errors import InputError
from timegan.tables.date_formats import common_date_format, parse, possible_date_formats
from timegan.tables.month_names import NAMES
from timegan.tables.table import Table

DAYS = pd.date_range("2018-01-01", periods=72, freq="D")
MONTHS = pd.date_range("2018-01-01", periods=72, freq="MS")


def frame(dates: pd.DatetimeIndex, date_format: str) -> pd.DataFrame:
    texts = dates.strftime(date_format)
    return pd.DataFrame({"when": texts, "x": np.sin(np.arange(len(dates)))})


@pytest.mark.parametrize("dates", [DAYS, MONTHS], ids=["daily", "month starts"])
@pytest.mark.parametrize(
    "date_format",
    [
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d-%m-%Y",
        "%m-%d-%Y",
        "%-d/%-m/%Y",
        "%-m/%-d/%Y",
        "%d.%m.%Y",
        "%-d.%-m.%Y",
        "%d-%b-%Y",
        "%d %b %Y",
        "%d/%m/%Y %H:%M",
        "%-m/%-d/%Y %-H:%M",
        "%-d/%-m/%Y %H:%M:%S",
    ],
)
def test_an_evident_order_of_day_and_month_is_read_and_written(
    dates: pd.DatetimeIndex, date_format: str
) -> None:
    table = check_round_trip(frame(dates, date_format))
    assert table.schema.time is not None
    assert table.schema.time.date_format == date_format
    assert table.time is not None
    np.testing.assert_array_equal(table.time, dates.as_unit("s").asi8)
    assert table.schema.time_axis is not None
    assert table.schema.time_axis.is_regular


@pytest.mark.parametrize(
    "date_format",
    [
        "%G-W%V-%u",
        "%GW%V%u",
        "%Y-%j",
        "%A, %B %-d, %Y",
        "%a, %d %b %Y %H:%M:%S GMT",
        "[%d/%b/%Y:%H:%M:%S +0000]",
        "%Y-%m-%d %H:%M:%S UTC",
        "%Y-%m-%dT%H:%M:%S+01",
        "%Y-%m-%d %H:%M:%S +0100",
        "%Y年%-m月%-d日",
        "%Y. %-m. %-d.",
    ],
)
def test_dates_of_logs_and_of_other_places_are_read_and_written(date_format: str) -> None:
    table = check_round_trip(frame(DAYS, date_format))
    assert table.schema.time is not None
    assert table.schema.time.date_format == date_format
    np.testing.assert_array_equal(table.time, DAYS.as_unit("s").asi8)


@pytest.mark.parametrize("date_format", ["%G-W%V", "%GW%V", "%G-W%-V", "W%V %G", "KW %V/%G"])
def test_a_week_is_its_monday(date_format: str) -> None:
    mondays = pd.date_range("2020-11-02", periods=72, freq="7D")
    table = check_round_trip(frame(mondays, date_format))
    np.testing.assert_array_equal(table.time, mondays.as_unit("s").asi8)


def test_a_comma_before_a_fraction_is_kept() -> None:
    times = pd.date_range("2024-01-01", periods=40, freq="250ms")
    texts = [f"{time:%Y-%m-%d %H:%M:%S},{time.microsecond // 1000:03d}" for time in times]
    table = check_round_trip(pd.DataFrame({"at": texts, "x": np.sin(np.arange(40))}))
    np.testing.assert_array_equal(table.time, times.as_unit("us").asi8)


@pytest.mark.parametrize("case", [str, str.upper, str.capitalize], ids=["", "upper", "capital"])
@pytest.mark.parametrize("language", NAMES)
def test_months_of_other_languages_are_read_and_written(language: str, case: Any) -> None:
    months = [case(name) for name in NAMES[language].split()]
    for written in (
        [f"{day.day}. {months[day.month - 1]} {day.year}" for day in DAYS],
        [f"{day.day} de {months[day.month - 1]} de {day.year}" for day in DAYS],
        [f"{day:%d}-{months[day.month - 1]}-{day:%y}" for day in DAYS],
    ):
        texts = np.array(written, dtype=object)
        [date_format] = possible_date_formats(texts)
        np.testing.assert_array_equal(parse(texts, date_format), DAYS.as_unit("s").asi8)


def test_the_order_in_which_dates_increase_decides_irregular_ones() -> None:
    dates = pd.DatetimeIndex(["2024-01-02", "2024-01-09", "2024-02-04", "2024-02-11", "2024-05-03"])
    assert common_date_format(dates.strftime("%d/%m/%Y").to_numpy()) == "%d/%m/%Y"
    assert common_date_format(dates.strftime("%m/%d/%Y").to_numpy()) == "%m/%d/%Y"


@pytest.mark.parametrize("periods", [2, 11])
def test_dates_with_two_readings_are_refused_with_both(periods: int) -> None:
    dates = pd.date_range("2024-02-01", periods=periods, freq="MS")
    texts = dates.strftime("%d/%m/%Y").to_numpy()
    assert possible_date_formats(texts) == ["%d/%m/%Y", "%m/%d/%Y"]
    for index in (None, "when"):
        with pytest.raises(InputError, match=r"01/02/2024.*2024-02-01.*2024-01-02.*dayfirst"):
            Table.from_frame(frame(dates, "%d/%m/%Y"), sequence_index=index)


def test_other_texts_are_no_dates() -> None:
    for texts in (["31/31/2024"], ["01/02/2024", "1/3/2024"], ["a"], ["01/02/2024", "x"]):
        assert common_date_format(np.array(texts, dtype=object)) == ""
