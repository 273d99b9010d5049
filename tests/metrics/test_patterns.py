"""Missing values at other places, and other steps in time, lower the verdict."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.test_evaluated_relations import checked
from timegan.report.verdicts.grades import PATTERNS
from timegan.report.verdicts.overall import overall_verdict
from timegan.report.verdicts.verdicts import Grade, Verdict, verdicts
from timegan.seeds import rng

MARK = -9999.0


def sensors(seed: int, *, is_regular: bool = True, rows: int = 3_000) -> pd.DataFrame:
    """Return two sensors that fail for some rows, in heat one of them, and rarely both."""
    draw = rng(seed, "sensors")
    level, heat = 0.0, []
    for step in draw.normal(0, 1, rows):
        level = 0.97 * level + step
        heat.append(20 + 2 * level)
    values = np.array(heat)
    damp = 80 - values + draw.normal(0, 1, rows)
    fails = draw.random(rows) < np.where(values > 24, 0.06, 0.002)
    down = np.convolve(fails, np.ones(6), "full")[:rows] > 0
    wet = np.convolve(draw.random(rows) < 0.006, np.ones(6), "full")[:rows] > 0
    steps = np.full(rows, 600) if is_regular else 570 + draw.integers(0, 60, rows)
    time = pd.Timestamp("2024-01-01") + pd.to_timedelta(steps.cumsum(), "s")
    return pd.DataFrame(
        {
            "time": time,
            "heat": values.round(1),
            "damp": np.where(wet, MARK, damp.round(1)),
            "light": np.where(down, MARK, draw.normal(300, 20, rows).round()),
        }
    )


def moved(frame: pd.DataFrame, columns: list[str], seed: int = 0) -> pd.DataFrame:
    """Return the table with its marks in other rows, as many in each column."""
    frame = frame.copy()
    for column in columns:
        is_mark = rng(seed, column).permutation((frame[column] == MARK).to_numpy())
        known = frame[column].where(frame[column] != MARK).ffill().bfill()
        frame[column] = known.where(~is_mark, MARK)
    return frame


def answered(real: pd.DataFrame, synthetic: pd.DataFrame) -> tuple[Verdict, Verdict]:
    """Return the verdict on patterns, and the overall one, without any scores."""
    card = checked(real, synthetic)
    answers = verdicts(card)
    pattern = next(answer for answer in answers if answer.question == PATTERNS)
    return pattern, overall_verdict(answers, card)


SPOILT: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "in other rows": (lambda f: moved(f, ["damp", "light"]), "is missing where it was"),
    "in one column": (lambda f: moved(f, ["light"]), "light is missing where it was"),
    "runs at any heat": (
        lambda f: f.assign(light=np.where(np.roll(f["light"] == MARK, 1_111), MARK, 300.0)),
        "heat is above its median where light is missing",
    ),
    "together": (
        lambda f: f.assign(damp=f["damp"].where(f["light"] != MARK, MARK)),
        "light and damp are missing together",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_marks_at_other_places_are_poor_and_named(name: str) -> None:
    spoil, words = SPOILT[name]
    real = sensors(0)
    pattern, overall = answered(real, spoil(real))
    assert pattern.grade is Grade.POOR
    assert words in pattern.sentence.lower()
    assert overall.grade is Grade.POOR
    assert "missing values and steps in time" in overall.sentence


@pytest.mark.parametrize("is_regular", [True, False])
def test_another_sample_of_the_same_kind_has_the_same_patterns(is_regular: bool) -> None:
    for seed in range(1, 5):
        pattern, _ = answered(
            sensors(0, is_regular=is_regular), sensors(seed, is_regular=is_regular)
        )
        assert pattern.grade in (Grade.EXCELLENT, Grade.GOOD), pattern.sentence


def test_steps_in_time_that_are_even_or_uneven_are_told_apart() -> None:
    even, uneven = sensors(0), sensors(0, is_regular=False)
    for real, synthetic in ((even, uneven), (uneven, even)):
        pattern, overall = answered(real, synthetic)
        assert pattern.grade is overall.grade is Grade.POOR
        assert "a step in time is as long as the one before" in pattern.sentence.lower()
    slow = even.assign(time=even["time"].iloc[0] + 2 * (even["time"] - even["time"].iloc[0]))
    pattern, _ = answered(even, slow)
    assert "a row is at most 10 min after the one before" in pattern.sentence.lower()


def test_tables_without_times_and_holes_have_no_patterns() -> None:
    frame: Any = pd.DataFrame({"x": rng(0, "x").normal(size=300)})
    assert checked(frame, frame)["patterns"] == []
