"""Dates as text: which part is the day, and the format in which they come back."""

import numpy as np
import pandas as pd
import pytest

from tests.tables.round_trip import check_round_trip
from timegan.errors import InputError
from timegan.tables.date_formats import common_date_format, possible_date_formats
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
