"""Samples keep the relations of their table, whatever a model generates."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.relations.tables import panel, unrelated
from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.relations import Reduction, Rows
from timegan.sampling.conditioning import parse_context
from timegan.sampling.sequences import generate
from timegan.seeds import rng
from timegan.tables import Sequences, Table
from timegan.training.factory import build_model
from timegan.transforms.table_transform import TableTransform

ROLES: dict[str, Any] = {
    "sequence_key": "unit",
    "sequence_index": "time",
    "context_columns": ["sex"],
}


def module(frame: pd.DataFrame, **options: Any) -> WindowDataModule:
    data = WindowDataModule.from_frame(frame, **ROLES | {"holdout": 0.0} | options)
    data.setup()
    return data


def generated(data: WindowDataModule, count: int = 64, steps: int = 0, seed: int = 0) -> Sequences:
    """Return sequences of channels that are drawn at random, as an untrained model makes them."""
    transform = TableTransform.from_state(
        json.loads(json.dumps(data.transform.state(), allow_nan=False))
    )
    draw = rng(seed, "channels")
    widths, steps = transform.widths, steps or data.window
    static, lengths = transform.inverse_transform_static(
        draw.normal(size=(count, widths["context"]))
    )
    x = draw.normal(size=(count, steps, widths["features"]))
    if lengths is not None:
        lengths = np.clip(lengths, 1, steps)
    starts = transform.starts(count, seed, 0)
    return transform.inverse_transform(x, lengths, static, starts=starts, seed=seed)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("window", [None, 12])
def test_whatever_a_model_generates_keeps_every_relation(seed: int, window: int | None) -> None:
    data = module(panel(seed), window=window)
    rows = Rows.of_sequences(generated(data, seed=seed), data.transform.schema)
    assert len(data.relations) >= 10
    for relation in data.relations:
        assert relation.share_kept(rows) == 1.0, relation.describe()


def test_series_longer_than_a_window_keep_them_and_rise_beyond_the_training_data() -> None:
    data = module(panel(), window=12)
    made = generated(data, steps=500)
    rows = Rows.of_sequences(made, data.transform.schema)
    for relation in data.relations:
        assert relation.share_kept(rows) == 1.0, relation.describe()
    meter = data.features.index("meter")
    assert made.values[:, -1, meter].min() > data.table.values[:, meter].max()


def test_real_rows_come_back_as_they_were() -> None:
    table = module(panel()).table
    reduction = module(panel()).transform.reduction
    learned, starts, drawn = reduction.reduce(table)
    count, steps = len(table.bounds), 30
    firsts = table.bounds[:, 0]
    assert table.time is not None
    sequences = Sequences(
        learned.values.reshape(count, steps, -1),
        np.full(count, steps),
        learned.context,
        table.time[firsts],
    )
    back = reduction.restore(sequences, starts[firsts], drawn[firsts])
    np.testing.assert_array_equal(back.values.reshape(len(table.values), -1), table.values)


def test_relations_leave_fewer_columns_to_learn() -> None:
    learned = module(panel()).transform.reduction.learned
    labels = [field.label for field in learned.value_fields]
    pattern = "missing in lab_a, lab_b, dose, late"
    kept = ["value", "count", "name", "meter", "stop", "red", "lab_a", "lab_b", "dose", "late"]
    assert labels == [*kept, pattern]


def test_a_table_without_relations_is_learned_as_it_is() -> None:
    data = WindowDataModule.from_frame(
        unrelated(0), sequence_key="unit", sequence_index="time", holdout=0.0
    )
    data.setup()
    assert data.transform.reduction == Reduction.none(data.table.schema)


def test_reported_relations_change_nothing() -> None:
    data = module(panel(), constraints="report")
    assert data.relations
    assert not data.transform.reduction.relations
    assert "(reported;" in data.summary()


def test_a_column_can_be_exempted() -> None:
    data = module(panel(), unconstrained_columns=["latitude"], column_types={"meter": "continuous"})
    learned = data.transform.reduction.learned
    assert "latitude" in learned.features
    words = data.summary().splitlines()
    assert any("name decides latitude (reported" in line for line in words)
    assert any("meter never falls within a sequence (reported" in line for line in words)
    assert any("name decides place (enforced" in line for line in words)


def test_an_unknown_exempted_column_is_refused() -> None:
    with pytest.raises(InputError, match="Did you mean latitude"):
        module(panel(), unconstrained_columns=["latitud"])


def test_the_only_feature_is_learned_although_it_only_counts() -> None:
    frame = pd.DataFrame(
        {"cycle": np.tile(np.arange(30.0), 8), "unit": np.repeat(np.arange(8), 30)}
    )
    data = WindowDataModule.from_frame(frame, sequence_key="unit", holdout=0.0)
    data.setup()
    assert data.transform.reduction.learned.features == ("cycle",)


def test_missing_values_come_in_the_patterns_of_the_table_and_as_often() -> None:
    data = module(panel())
    made = generated(data, count=400)
    labs = [data.features.index(name) for name in ("lab_a", "lab_b", "dose", "late")]
    masks = np.isnan(made.values[..., labs]).reshape(-1, 4)
    real = np.isnan(data.table.values[:, labs])
    assert set(map(tuple, masks)) == set(map(tuple, real))


def test_a_value_at_the_start_that_others_depend_on_is_learned_with_them() -> None:
    draw = rng(0, "wages")
    experience = np.round(draw.uniform(0, 30, 60), 1)[:, None] + 0.5 * np.arange(10)
    frame = pd.DataFrame(
        {
            "person": np.repeat(np.arange(60), 10),
            "experience": experience.ravel(),
            "salary": (30_000 + 2_000 * experience + draw.normal(0, 3_000, (60, 10))).ravel(),
        }
    )
    data = WindowDataModule.from_frame(frame, sequence_key="person", holdout=0.0)
    data.setup()
    assert [f.label for f in data.transform.reduction.start_fields] == ["experience at the start"]
    assert data.train.context is not None
    static = data.transform.inverse_transform_static(data.train.context)[0]
    np.testing.assert_allclose(static[:, 0], experience[:, 0])
    made = generated(data)
    steps = np.diff(made.values[..., 0], axis=1)
    np.testing.assert_allclose(steps, 0.5, atol=1e-9)


def test_a_second_table_is_read_by_the_columns_of_the_first() -> None:
    data = module(panel())
    other = Table.from_frame(panel(seed=1), like=data.transform.schema)
    learned, _, _ = data.transform.reduction.reduce(other)
    assert learned.values.shape == (1_200, 11)


def visits(seed: int = 0) -> pd.DataFrame:
    """Return patients of 3 to 9 irregular visits with relations between holes, codes and dates."""
    draw = rng(seed, "visits")
    frames = []
    for patient in range(60):
        rows = int(draw.integers(3, 10))
        days = draw.integers(1, 40, rows).cumsum()
        first = pd.Timestamp("2021-01-01") + pd.Timedelta(int(draw.integers(0, 700)), "D")
        ward = draw.integers(0, 4, rows)
        missing = draw.random(rows) < 0.5
        dose = 10.0 * draw.integers(1, 5) + float(draw.integers(1, 4)) * np.arange(rows)
        frames.append(
            pd.DataFrame(
                {
                    "patient": f"p{patient:03d}",
                    "visit": first + pd.to_timedelta(days, "D"),
                    "admitted": first - pd.Timedelta(int(draw.integers(0, 30)), "D"),
                    "died": first + pd.Timedelta(int(days[-1] + draw.integers(0, 90)), "D"),
                    "dose": dose,
                    "ward": np.array(["a", "b", "c", "d"])[ward],
                    "floor": np.array([1, 3, 2, 2])[ward],
                    "sodium": np.where(missing, np.nan, draw.normal(140, 3, rows).round(1)),
                    "glucose": np.where(missing, np.nan, draw.normal(5, 1, rows).round(1)),
                    "bmi": np.nan if patient % 3 else round(draw.normal(25, 4), 1),
                    "waist": np.nan if patient % 3 else round(draw.normal(90, 9)),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("window", [None, 5])
def test_visits_of_different_lengths_and_irregular_times_keep_their_relations(
    window: int | None,
) -> None:
    data = WindowDataModule.from_frame(visits(), sequence_key="patient", window=window, holdout=0.0)
    data.setup()
    words = {relation.describe() for relation in data.relations}
    assert words >= {
        "ward decides floor",
        "dose changes by one amount within each sequence",
        "visit is never before admitted",
        "died is never before visit",
        "sodium, glucose are missing together",
        "bmi, waist are missing together",
    }
    made = generated(data, count=200)
    rows = Rows.of_sequences(made, data.transform.schema)
    for relation in data.relations:
        assert relation.share_kept(rows) == 1.0, relation.describe()
    assert {relation.kind for relation in data.transform.reduction.relations} >= {
        "steady increment",
        "distance of dates",
        "missing together",
        "lookup",
    }


def test_values_at_the_start_are_learned_where_they_would_give_a_sequence_away() -> None:
    reduction = module(panel()).transform.reduction
    labels = [field.label for field in reduction.start_fields]
    assert labels == ["cycle at the start", "meter at the start"]  # the meter rises with the cycle
    alone = panel().drop(columns="meter")
    assert [f.label for f in module(alone).transform.reduction.drawn_fields] == [
        "cycle at the start"
    ]
    careers = WindowDataModule(generate="salary", window=6)
    careers.setup()
    labels = [field.label for field in careers.transform.reduction.start_fields]
    assert labels == ["YearsExperience at the start", "Salary at the start"]


def test_context_columns_that_are_given_are_kept_with_what_follows_from_them() -> None:
    draw = rng(0, "devices")
    site = draw.integers(0, 4, 60)
    wear = np.repeat(site * 50.0, 12) + draw.gamma(2, 1, (60, 12)).cumsum(axis=1).ravel()
    frame = pd.DataFrame(
        {
            "device": np.repeat(np.arange(60), 12),
            "site": np.repeat(np.array(["a", "b", "c", "d"])[site], 12),
            "altitude": np.repeat(np.array([3.0, 801.5, 12.0, 99.0])[site], 12),
            "wear": wear.round(2),
            "load": wear + draw.normal(0, 5, 720),
        }
    )
    data = WindowDataModule.from_frame(frame, sequence_key="device", window=6, holdout=0.0)
    data.setup()
    transform = data.transform
    assert [f.label for f in transform.reduction.start_fields] == ["wear at the start"]
    model = build_model(data, {"autoencoder": 1, "supervised": 1, "joint": 1}, hidden=4)
    wanted = pd.DataFrame({"site": ["d", "a", "b"], "altitude": [0.0, 0.0, 0.0]})
    made = generate(model, transform, 3, context=parse_context(wanted, transform))
    sites = transform.to_frame(made).groupby("device")["site"].first()
    assert list(sites) == ["d", "a", "b"]
    np.testing.assert_array_equal(made.context[:, 1], [99.0, 3.0, 801.5])
    again = generate(model, transform, 1, start=1, context=parse_context(wanted[1:2], transform))
    np.testing.assert_array_equal(again.values[0], made.values[1])


def test_a_class_of_a_measurement_that_real_rows_do_not_have_is_no_fault() -> None:
    draw = rng(0, "classes")
    heat = draw.normal(20, 5, 1_200).round(1)
    frame = panel().assign(heat=heat, comfort=np.digitize(heat, [15.0, 25.0]))
    data = module(frame)
    relation = next(r for r in data.relations if r.describe() == "heat decides comfort")
    rows = Rows.of_sequences(generated(data, count=400), data.transform.schema)
    assert not np.isin(rows.columns["heat"], heat).all()
    assert relation.share_kept(rows) == 1.0


@pytest.mark.parametrize("count", [150, 1_000])
@pytest.mark.parametrize("is_number", [True, False])
def test_many_codes_and_their_names_are_kept(count: int, is_number: bool) -> None:
    draw = rng(0, "names", count)
    rows = panel(units=60, rows=4 * count // 60 + 1)
    numbers = np.sort(draw.choice(90_000, count, replace=False)) + 10_000
    codes = numbers if is_number else np.array([f"C{number}" for number in numbers])
    names = np.array([f"{letters} place" for letters in draw.permutation(count)])
    place = np.concatenate([np.arange(count), draw.integers(0, count, len(rows) - count)])
    data = module(rows.assign(code=codes[place], name=names[place]))
    made = generated(data, count=60)
    for part in (made, generated(data, count=4, steps=200)):
        frame = data.transform.to_frame(part)
        known = dict(zip(codes.tolist(), names.tolist(), strict=True))
        assert frame["code"].map(known).equals(frame["name"])
        assert frame["code"].nunique() > 20


def test_codes_in_the_order_of_their_names_have_none_in_between() -> None:
    draw = rng(0, "ordered names")
    codes = np.arange(1_000, 3_400, 20)
    names = np.array([f"place {code}" for code in codes])
    place = draw.integers(0, len(codes), 1_200)
    data = module(panel().assign(code=codes[place], name=names[place]))
    frame = data.transform.to_frame(generated(data, count=200))
    assert frame["code"].isin(codes).all()
    assert (frame["name"] == "place " + frame["code"].astype(str)).all()


def test_free_text_of_many_labels_is_refused() -> None:
    draw = rng(0, "text")
    words = np.array([f"word {k}" for k in range(150)])
    with pytest.raises(InputError, match="'word' has 150 categories"):
        module(panel().assign(word=words[draw.integers(0, 150, 1_200)]))


def test_more_codes_than_a_category_can_have_are_known_ones() -> None:
    draw = rng(0, "codes")
    codes = np.sort(draw.choice(9_000, 150, replace=False)) + 1_000
    place = draw.integers(0, 150, 1_200)
    height = draw.normal(size=150).round(3)
    data = module(panel().assign(station=codes[place], height=height[place]))
    relation = next(r for r in data.relations if r.describe() == "station decides height")
    made = generated(data, count=200)
    rows = Rows.of_sequences(made, data.transform.schema)
    assert np.isin(rows.columns["station"], codes).all()
    assert relation.share_kept(rows) == 1.0


def test_a_flag_and_a_stop_date_are_there_together() -> None:
    """An adverse event has a flag, a grade and a stop date, or none of them."""
    draw = rng(0, "events")
    frame = panel()
    has_event = draw.random(len(frame)) < 0.25
    stop = frame["time"] + pd.to_timedelta(draw.integers(1, 90, len(frame)), "h")
    data = module(
        frame.assign(
            flag=np.where(has_event, "Y", "N"),
            grade=np.where(has_event, draw.integers(1, 4, len(frame)), np.nan),
            ends=stop.where(has_event),
        )
    )
    words = {relation.describe() for relation in data.transform.reduction.relations}
    assert {"flag tells whether ends is missing", "grade, ends are missing together"} <= words
    made = generated(data, count=80)
    rows = Rows.of_sequences(made, data.transform.schema)
    for relation in data.relations:
        assert relation.share_kept(rows) in (1.0, None), relation.describe()
    table = data.transform.to_frame(made)
    assert ((table["flag"] == "Y") == table["ends"].notna()).all()
    assert (table["ends"].isna() == table["grade"].isna()).all()
    assert (table["ends"] >= table["time"])[table["ends"].notna()].all()
    assert 0 < table["ends"].notna().mean() < 1
    assert table["ends"].nunique() > frame["time"].nunique() // 4
