"""Constraints may name context columns and the time; samples keep them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.metrics.constraint_violations import row_violations
from timegan.relations import Rows
from timegan.seeds import rng
from timegan.tables import Sequences
from timegan.transforms.table_transform import TableTransform

T = 12


def panel(seed: int = 0, patients: int = 60, *, regular: bool = False) -> pd.DataFrame:
    """Return visits until the end of a follow-up; what is used is at most a capacity."""
    draw, parts = rng(seed, "visits"), []
    for number in range(patients):
        if regular:
            day = np.arange(draw.integers(2, T + 1))
            followup = day[-1] + draw.integers(0, 3)
        else:
            day = np.append(0, (draw.gamma(2, 60, T - 1).astype(int) + 1).cumsum())
            followup = int(day[draw.integers(2, T)]) + int(draw.integers(0, 10))
            day = day[day <= followup]
        capacity = round(float(draw.uniform(4, 9)), 1)
        load = draw.gamma(3, 0.5, len(day)).round(2)
        count = np.minimum(draw.poisson(9 * load), np.floor(10 * load)).astype(int)
        used = (capacity * draw.beta(4, 2, len(day))).round(2)
        columns = {"day": day, "followup": followup, "capacity": capacity, "load": load}
        parts.append(pd.DataFrame({"id": number} | columns | {"count": count, "used": used}))
    return pd.concat(parts, ignore_index=True)


def fitted(frame: pd.DataFrame, **options: Any) -> WindowDataModule:
    data = WindowDataModule.from_frame(
        frame, sequence_key="id", sequence_index="day", window=T, holdout=0.0, **options
    )
    data.setup()
    return data


def wild(transform: TableTransform, count: int = 80, **options: Any) -> Sequences:
    """Return sequences of noise, of which many would break every constraint."""
    draw = rng(1, "wild")
    context, lengths = transform.inverse_transform_static(
        draw.normal(size=(count, transform.widths["context"]))
    )
    x = 1.5 * draw.normal(size=(count, T, transform.widths["features"]))
    return transform.inverse_transform(x, lengths, context, **options)


def frame_of(transform: TableTransform, made: Sequences) -> pd.DataFrame:
    return transform.to_frame(made)


def broken(frame: pd.DataFrame) -> dict[str, float]:
    return {
        "day": float((frame["day"] > frame["followup"]).mean()),
        "used": float((frame["used"] > frame["capacity"]).mean()),
        "count": float((frame["count"] > 10 * frame["load"] + 1e-9).mean()),
    }


def test_constraints_on_the_time_and_on_context_columns_are_found() -> None:
    found = fitted(panel()).transform.constraints.describe()
    assert {"followup ≥ day", "capacity ≥ used", "count ≤ 10 * load"} <= set(found)


def test_samples_keep_constraints_on_the_time_and_on_context_columns() -> None:
    asked = {"custom_constraints": ["day <= followup", "followup >= 1", "used <= capacity"]}
    free = wild(fitted(panel(), constraints="report", **asked).transform)
    data = fitted(panel(), **asked)
    made = wild(data.transform)
    assert min(broken(frame_of(data.transform, free)).values()) > 0.02
    kept = frame_of(data.transform, made)
    assert broken(kept) == {"day": 0.0, "used": 0.0, "count": 0.0}
    assert kept["followup"].min() >= 1
    assert kept["followup"].dtype == panel()["followup"].dtype
    same = (free.context == made.context).all(axis=1)
    assert 0.1 < same.mean() < 1  # contexts that fit stay as they are


@pytest.mark.parametrize("regular", [False, True])
def test_given_contexts_stay_and_times_end_before_them(regular: bool) -> None:
    data = fitted(panel(regular=regular), custom_constraints=["day <= followup"])
    free = wild(fitted(panel(regular=regular), constraints="report").transform)
    made = wild(data.transform, given=np.ones(2, dtype=bool))
    np.testing.assert_array_equal(made.context, free.context)
    assert broken(frame_of(data.transform, free))["day"] > 0.02
    assert broken(frame_of(data.transform, made))["day"] == 0.0
    assert (made.lengths <= free.lengths).all()
    assert (made.lengths < free.lengths).any() == regular  # gaps shrink where there are any


def test_broken_ones_are_counted_in_the_report() -> None:
    data = fitted(panel(), constraints="report")
    transform, schema = data.transform, data.table.schema
    made = Rows.of_sequences(wild(transform), schema)
    rows = row_violations(
        Rows.of_table(data.table),
        made,
        None,
        labels=transform.constraints.features,
        constraints=transform.constraints.all,
    )
    shares = {row["constraint"]: (row["real"], row["synthetic"]) for row in rows}
    counted = broken(frame_of(transform, wild(transform)))
    for text, name in (("followup ≥ day", "day"), ("capacity ≥ used", "used")):
        assert shares[text] == (0.0, pytest.approx(counted[name]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("day <= followu", "names the column 'followu'.*Did you mean 'followup'"),
        ("followup <= day", "does not hold on the training rows.*followup = "),
        ("id <= day", "names the column 'id'"),
        ("day > followup", "'>' cannot be told from >="),
    ],
)
def test_a_wrong_constraint_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fitted(panel(), custom_constraints=[text])


def test_a_constraint_on_a_context_of_categories_is_refused() -> None:
    frame = panel()
    frame["sex"] = frame["id"].map(lambda i: "fm"[i % 2])
    with pytest.raises(InputError, match="'sex', which holds categories"):
        fitted(frame, custom_constraints=["sex <= followup"])


def test_few_sequences_tell_no_constraint_on_their_context() -> None:
    found = fitted(panel(patients=12)).transform.constraints.describe()
    assert not [text for text in found if "capacity" in text or "followup" in text]


def test_no_sequence_is_without_rows() -> None:
    """Few sequences are short, so that the tail of the lengths reaches below one row."""
    draw = rng(2, "lengths")
    lengths = draw.choice(np.arange(1, T + 1), 300, p=np.arange(1, T + 1) / 78)
    frame = pd.DataFrame({"id": np.repeat(np.arange(300), lengths)})
    frame["day"] = frame.groupby("id").cumcount()
    frame["x"] = draw.normal(size=len(frame))
    transform = fitted(frame).transform
    channels = 4 * draw.normal(size=(4_000, transform.widths["context"]))
    _, made = transform.inverse_transform_static(channels)
    assert made is not None
    assert made.min() == 1
