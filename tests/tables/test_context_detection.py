"""Columns that never change within a sequence become context columns, and only those."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.tables.round_trip import check_round_trip
from timegan.tables.table import Table


def visits(patients: int = 12, rows: int = 6) -> pd.DataFrame:
    """Return visits with two columns that are constant in each patient and two that are not."""
    random = np.random.default_rng(0)
    owner = np.repeat(np.arange(patients), rows)
    return pd.DataFrame(
        {
            "patient": owner,
            "sex": np.array(["f", "m"])[random.integers(0, 2, patients)][owner],
            "born": random.integers(1940, 2000, patients)[owner],
            "dose": random.integers(0, 2, patients * rows),
            "crp": random.normal(size=patients * rows),
        }
    )


def context(frame: pd.DataFrame, **options: Any) -> tuple[str, ...]:
    return Table.from_frame(frame, sequence_key="patient", **options).schema.context


def test_columns_that_never_change_within_a_sequence_become_context() -> None:
    table = check_round_trip(visits(), sequence_key="patient")
    assert table.schema.context == ("sex", "born")
    assert table.schema.features == ("dose", "crp")
    assert any("'sex', 'born' never change" in note for note in table.notes)


def test_rows_in_any_order_and_missing_values_are_constant_too() -> None:
    frame = visits()
    frame["born"] = frame["born"].astype(float).where(frame["patient"] > 3)
    shuffled = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    assert context(shuffled) == ("sex", "born")


@pytest.mark.parametrize("column", ["sex", "born"])
def test_a_column_that_changes_once_stays_a_feature(column: str) -> None:
    frame = visits()
    frame.loc[37, column] = "other" if column == "sex" else 1900
    assert column not in context(frame)
    holed = visits().astype({"sex": object, "born": float})
    holed.loc[37, column] = None
    assert column not in context(holed)


def test_a_column_with_one_value_in_the_whole_table_is_context() -> None:
    assert context(visits().assign(site="north")) == ("sex", "born", "site")


def test_the_option_switches_detection_off_and_named_columns_replace_it() -> None:
    assert context(visits(), context_columns=[]) == ()
    assert context(visits(), context_columns=["sex"]) == ("sex",)
    assert context(visits(), columns=["sex", "crp"]) == ()
    assert context(visits(), exogenous=["sex"]) == ("born",)


def test_one_sequence_or_short_ones_are_no_evidence() -> None:
    assert context(visits(patients=1)) == ()
    assert context(visits(patients=2)) == ("sex", "born")
    frame = pd.concat([visits(), visits(40, 1).assign(patient=np.arange(40) + 100)])
    assert context(frame) == ()


def test_a_rare_event_that_is_constant_by_accident_stays_a_feature() -> None:
    frame = visits(12, 2).drop(columns=["sex", "born"])
    event = np.zeros(len(frame), dtype=int)
    event[4:6] = 1  # in both rows of one patient: 12 pairs agree easily
    assert context(frame.assign(event=event)) == ()


def test_one_feature_remains_at_least() -> None:
    frame = visits()[["patient", "sex", "born"]]
    assert context(frame) == ()


def test_nothing_is_constant_without_a_key() -> None:
    frame = visits().drop(columns="patient").assign(site="north")
    assert Table.from_frame(frame).schema.context == ()
