"""Broken relations are seen by an evaluation of any table, and real data keep them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import timegan
from tests.metrics import relation_tables
from tests.metrics.relation_tables import halves, resampled
from timegan.data import WindowDataModule
from timegan.data.second_table import read_second_table
from timegan.data.table_parts import TableParts
from timegan.evaluation import check_rows
from timegan.metrics import cache
from timegan.metrics.score import read_scores
from timegan.report.verdicts.grades import RELATIONS, TIMING
from timegan.report.verdicts.verdicts import Grade, Verdict, verdicts
from timegan.seeds import rng

QUICK: dict[str, Any] = {"protocol": "quick", "classifiers": 1, "classifier_steps": 2}

CASES: Mapping[str, tuple[str, dict[str, str], str]] = {
    "visits": ("patient", {"sequence_index": "visit"}, "sex never changes within a sequence"),
    "stations": ("bike", {"sequence_index": "start"}, "station decides latitude"),
    "labs": ("patient", {}, "sodium, glucose, dose are missing in turn"),
    "cycles": ("unit", {}, "cycle rises by 1 in every row"),
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "cache"))


def checked(real: pd.DataFrame, synthetic: pd.DataFrame, **roles: Any) -> dict[str, Any]:
    """Return what an evaluation finds in the rows of two tables, without any scores."""
    data = WindowDataModule.from_frame(real, context_columns=[], **roles)
    data.setup()
    parts = TableParts.of(data, read_second_table(data, synthetic, "synthetic"))
    return {"scores": {}} | check_rows(parts)


def about_relations(card: Mapping[str, Any]) -> Verdict:
    return next(v for v in verdicts(card) if v.question == RELATIONS)


def table(name: str) -> pd.DataFrame:
    make: Callable[[], pd.DataFrame] = getattr(relation_tables, name)
    return make()


@pytest.mark.parametrize("name", CASES)
def test_independent_columns_break_relations_and_the_verdict_names_them(name: str) -> None:
    key, roles, relation = CASES[name]
    frame = table(name)
    fake = resampled(frame, key, *roles.values())
    card = checked(frame, fake, sequence_key=key, **roles)
    verdict = about_relations(card)
    assert verdict.grade is Grade.POOR
    assert relation in verdict.sentence
    row = next(row for row in card["relations"] if row["text"] == relation)
    assert (row["real"], row["held_out"], row["broken"]) == (1.0, 1.0, True)
    assert row["synthetic"] < 0.9


@pytest.mark.parametrize("name", CASES)
def test_one_half_of_the_real_sequences_keeps_the_relations_of_the_other(name: str) -> None:
    key, roles, relation = CASES[name]
    first, second = halves(table(name), key)
    card = checked(first, second, sequence_key=key, **roles)
    assert about_relations(card).grade in (Grade.GOOD, Grade.EXCELLENT)
    row = next(row for row in card["relations"] if row["text"] == relation)
    assert (row["real"], row["synthetic"], row["broken"]) == (1.0, 1.0, False)


def test_a_broken_sum_is_named_beside_the_relations() -> None:
    frame = table("cycles")
    fake = frame.assign(total=frame["total"] + (frame.index % 20 == 0))
    verdict = about_relations(checked(frame, fake, sequence_key="unit"))
    assert verdict.grade is Grade.POOR
    assert "“total = inner + outer” holds in 95.0% of synthetic rows" in verdict.sentence


def test_keys_that_real_data_bring_anew_break_no_lookup() -> None:
    """Every bike goes to a station of its own, so that held-out stations are unknown."""
    frame = table("stations").drop(columns=["stop"])
    own = frame["bike"] * 10 + frame["station"] % 2
    frame = frame.assign(station=own, latitude=40 + (own * 37 % 101) / 100)
    first, second = halves(frame, "bike")
    card = checked(first, second, sequence_key="bike", sequence_index="start")
    (row,) = (row for row in card["relations"] if row["kind"] == "lookup")
    assert row["held_out"] == row["synthetic"] == 0.0
    assert not row["broken"]


@pytest.mark.parametrize("is_context", [False, True])
def test_labels_that_the_real_table_lacks_are_measured_and_broken(is_context: bool) -> None:
    frame = table("visits")
    late = frame["patient"] % 10 == 0
    fake = frame.assign(sex=frame["sex"].where(~late, "x"))
    context: dict[str, Any] = {"context_columns": ["sex"]} if is_context else {}
    card = timegan.evaluate(frame, fake, **QUICK, sequence_key="patient", **context)
    assert card["scores"]["density"]["mean"] > 0.5
    row = card["relations"][0]
    assert (row["text"], row["broken"]) == ("sex has a label of the real table", True)
    assert row["synthetic"] == pytest.approx(1 - late.mean())
    same = timegan.evaluate(frame, frame, **QUICK, sequence_key="patient", **context)
    assert all(row["kind"] != "labels" for row in same["relations"])


def test_an_evaluation_of_two_tables_puts_a_broken_relation_first() -> None:
    """Columns that never change in real sequences may change in synthetic ones."""
    frame = table("visits")
    fake = frame.assign(sex=["f", "m"] * (len(frame) // 2))
    roles: dict[str, Any] = {"sequence_key": "patient", "sequence_index": "visit"}
    card = timegan.evaluate(frame, fake, **QUICK, **roles)
    assert card["data"]["context"] == []
    first = verdicts(card | {"scores": read_scores(card["scores"]), "copying": {}})[0]
    assert first.grade is Grade.POOR
    assert first.question == RELATIONS
    assert "sex never changes" in first.sentence


def test_values_at_the_wrong_time_are_seen_in_a_table_with_dates() -> None:
    time = pd.date_range("2024-01-01", periods=24 * 21, freq="h")
    load = 20 + 5 * np.sin(2 * np.pi * time.hour / 24) + rng(0, "load").normal(0, 1, len(time))
    frame = pd.DataFrame({"time": time, "load": load.round(1)})
    grades = {}
    for name, fake in (("same", frame), ("shuffled", resampled(frame, "time"))):
        card = checked(frame, fake)
        grades[name] = next(v.grade for v in verdicts(card) if v.question == TIMING)
        assert card["timing"][0]["held_out"] > 0.8
    assert grades == {"same": Grade.EXCELLENT, "shuffled": Grade.POOR}


def test_arrays_of_windows_have_no_relations() -> None:
    windows = table("cycles")[["heat", "inner"]].to_numpy().reshape(-1, 8, 2)
    assert "relations" not in timegan.evaluate(windows[:30], windows[30:], **QUICK)
