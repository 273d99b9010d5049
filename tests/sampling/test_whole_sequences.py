"""Sequences longer than a window have lengths like real ones, or those that are asked for."""

import json

import numpy as np
import pandas as pd
import pytest

from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.sampling import long_series, sequences
from timegan.sampling.calibration import calibrate_thresholds
from timegan.sampling.conditioning import parse_context
from timegan.sampling.sequences import generate
from timegan.seeds import rng
from timegan.training.factory import build_model
from timegan.training.module import TimeGAN
from timegan.transforms.table_transform import TableTransform

T = 6


@pytest.fixture(autouse=True)
def small_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_series, "POOL_SIZE", 256)


def panel(lengths: np.ndarray) -> pd.DataFrame:
    """Return patients, of whom those with a high dose are old; visits are counted from 1."""
    draw = rng(0, "panel")
    parts = []
    for number, steps in enumerate(lengths):
        high = number % 2 == 0
        parts.append(
            pd.DataFrame(
                {
                    "patient": f"P{number:03d}",
                    "visit": np.arange(1, steps + 1),
                    "dose": "high" if high else "low",
                    "age": float(np.round(draw.uniform(60, 90) if high else draw.uniform(20, 50))),
                    "x": draw.normal(0, 1, steps).cumsum().round(3),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def fitted(
    lengths: np.ndarray, window: int | None = T, **options: object
) -> tuple[TimeGAN, TableTransform]:
    data = WindowDataModule.from_frame(
        panel(lengths), sequence_key="patient", window=window, holdout=0.0
    )
    data.setup()
    model = build_model(data, {"autoencoder": 1, "supervised": 1, "joint": 1}, hidden=4)
    transform = calibrate_thresholds(model, data.transform, count=1_024)
    return model, TableTransform.from_state(json.loads(json.dumps(transform.state())))


MIXED = rng(0, "lengths").integers(3, 40, 80)


@pytest.fixture(scope="module")
def mixed() -> tuple[TimeGAN, TableTransform]:
    return fitted(MIXED)


@pytest.fixture(scope="module")
def long() -> tuple[TimeGAN, TableTransform]:
    return fitted(np.full(60, 25))


def test_lengths_are_distributed_as_those_of_real_sequences(
    mixed: tuple[TimeGAN, TableTransform],
) -> None:
    made = generate(*mixed, 600, seed=1, whole=True)
    assert made.lengths.max() <= MIXED.max()
    shares = (0.1, 0.3, 0.5, 0.7, 0.9)
    away = np.quantile(made.lengths, shares) - np.quantile(MIXED, shares)
    assert np.abs(away).max() <= 4
    frame = mixed[1].to_frame(made)
    assert (frame.groupby("patient", sort=False).size().to_numpy() == made.lengths).all()
    assert frame["x"].notna().all()
    assert (frame.groupby("patient")["visit"].first() == 1).all()


def test_sequences_of_one_length_come_back_at_it(long: tuple[TimeGAN, TableTransform]) -> None:
    assert (generate(*long, 20, whole=True).lengths == 25).all()
    assert (generate(*long, 20).lengths == T).all()


@pytest.mark.parametrize("kind", ["mixed", "long"])
def test_a_whole_sequence_is_the_same_in_any_company(
    kind: str, request: pytest.FixtureRequest
) -> None:
    model, transform = request.getfixturevalue(kind)
    whole = transform.to_frame(generate(model, transform, 300, seed=3, whole=True))
    part = generate(model, transform, 7, seed=3, start=251, whole=True)
    frame = transform.schema.to_frame(
        part.values, part.lengths, part.context, part.starts, sequence_start=251
    )
    keys = frame["patient"].unique()
    pd.testing.assert_frame_equal(frame, whole[whole["patient"].isin(keys)].reset_index(drop=True))


@pytest.mark.parametrize("steps", [1, T - 2, T, T + 1, 33])
@pytest.mark.parametrize("kind", ["mixed", "long"])
def test_a_length_that_is_asked_for_is_kept(
    kind: str, steps: int, request: pytest.FixtureRequest
) -> None:
    model, transform = request.getfixturevalue(kind)
    told: list[int] = []
    made = generate(model, transform, 20, steps=steps, progress=told.append)
    assert (made.lengths == steps).all()
    assert made.values.shape[1] == steps
    assert sum(told) == 20 * steps
    assert not np.isnan(made.values[..., -1]).any()


def test_each_sequence_can_have_a_length_of_its_own(
    mixed: tuple[TimeGAN, TableTransform],
) -> None:
    asked = pd.DataFrame({"length": [2, 30, T, 7], "dose": ["low", "high", "low", "high"]})
    made = generate(*mixed, 4, context=parse_context(asked, mixed[1]))
    assert made.lengths.tolist() == asked["length"].tolist()
    frame = mixed[1].to_frame(made)
    assert frame.groupby("patient", sort=False)["dose"].first().tolist() == asked["dose"].tolist()


def test_columns_that_are_left_out_go_with_those_that_are_given(
    mixed: tuple[TimeGAN, TableTransform], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, transform = mixed
    real = panel(MIXED).groupby("patient")[["dose", "age"]].first()
    rows = rng(0, "rows").integers(len(real), size=2_048)
    ages = real["age"].to_numpy()[rows, None]  # dose follows from age
    channels = transform.transform_static(ages, MIXED[rows])
    monkeypatch.setattr(sequences, "context_chunks", lambda *_, **__: iter([channels]))
    for column, values in (("dose", ["low", "high"]), ("age", [30.0, 80.0])):
        asked = pd.DataFrame({column: values * 20})
        known = sequences.Known.of(
            model, transform, 40, 0, 0, parse_context(asked, transform), None
        )
        assert known.context is not None
        dose, age = sequences.restore_contexts(transform, known.context).T
        assert ((dose == 1) == (age < 55)).all()
        assert ((age < 55) == np.tile([True, False], 20)).all()
        assert len(np.unique(age)) > 5 or column == "age"


def test_contexts_of_few_sequences_are_completed_from_real_ones() -> None:
    model, transform = fitted(np.full(8, 9))
    asked = parse_context(pd.DataFrame({"dose": ["low", "high"] * 10}), transform)
    made = transform.to_frame(generate(model, transform, 20, context=asked))
    first = made.groupby("patient", sort=False).first()
    assert first["dose"].tolist() == ["low", "high"] * 10
    real = panel(np.full(8, 9)).groupby("patient").first()
    pairs = set(zip(real["dose"], real["age"], strict=True))
    assert set(zip(first["dose"], first["age"], strict=True)) <= pairs


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"dsoe": ["low"]}, r"'dsoe', which is no context column. Did you mean 'dose'"),
        ({"visit": [3]}, r"'visit', which is no context column. There are: dose, age, length"),
        ({"age": [np.nan]}, "has no value in row 1"),
        ({"length": [0]}, "length has to be a whole number from 1 on"),
        ({"length": [2.5]}, "length has to be a whole number from 1 on"),
    ],
)
def test_a_context_that_cannot_be_used_is_refused(
    asked: dict[str, list[object]], message: str, mixed: tuple[TimeGAN, TableTransform]
) -> None:
    with pytest.raises(InputError, match=message):
        parse_context(pd.DataFrame(asked), mixed[1])


def test_values_beyond_what_was_learned_are_told(mixed: tuple[TimeGAN, TableTransform]) -> None:
    asked = pd.DataFrame({"age": [40.0, 150.0, 45.0]})
    (note,) = parse_context(asked, mixed[1]).notes
    assert "age is 150 in row 2" in note
    made = mixed[1].to_frame(generate(*mixed, 3, context=parse_context(asked, mixed[1])))
    assert made.groupby("patient", sort=False)["age"].first().tolist() == [40.0, 150.0, 45.0]
    assert parse_context(asked[::2], mixed[1]).notes == ()


def test_sequences_with_exogenous_columns_are_windows_which_is_told() -> None:
    table = panel(np.full(12, 20))
    data = WindowDataModule.from_frame(
        table, sequence_key="patient", window=T, exogenous=["x"], columns=["visit"]
    )
    data.setup()
    assert f"samples are windows of {T}" in data.summary()
    model = build_model(data, {"autoencoder": 1, "supervised": 1, "joint": 1}, hidden=4)
    assert (generate(model, data.transform, 3, whole=True).lengths == T).all()
    assert generate(model, data.transform, 3, steps=4).values.shape[1] == 4
    with pytest.raises(InputError, match=f"steps={T + 1}: .*exogenous"):
        generate(model, data.transform, 3, steps=T + 1)


def batteries(count: int) -> pd.DataFrame:
    """Return sensors whose battery is nearly full at first and falls by more than a half."""
    draw = rng(0, "batteries")
    used = draw.gamma(1, 3, (count, 25)).cumsum(axis=1).round(1)
    return pd.DataFrame(
        {
            "sensor": np.repeat(np.arange(count), 25),
            "kind": np.repeat(draw.choice(["a", "b", "c"], count), 25),
            "battery": (100 - used).ravel(),
            "load": draw.normal(size=25 * count).round(1),
        }
    )


@pytest.mark.parametrize("count", [6, 120])
def test_whole_sequences_begin_as_real_ones_do_and_windows_anywhere(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = batteries(count)
    data = WindowDataModule.from_frame(frame, sequence_key="sensor", window=T, holdout=0.0)
    data.setup()
    model = build_model(data, {"autoencoder": 1, "supervised": 1, "joint": 1}, hidden=4)
    transform = TableTransform.from_state(json.loads(json.dumps(data.transform.state())))
    assert [field.label for field in transform.reduction.start_fields] == ["battery at the start"]
    firsts = frame.groupby("sensor")["battery"].first()
    low, high = transform.draws.first_range[:, 0]
    assert (low, high) == (firsts.min(), firsts.max())
    draw = rng(0, "rows")  # generated contexts are those of real windows
    rows = draw.integers(count, size=2_048) * 25 + draw.integers(25 - T, size=2_048)
    kinds = pd.Categorical(frame["kind"], transform.schema.context_fields[0].categories).codes
    static = np.column_stack([kinds[rows], frame["battery"].to_numpy()[rows]])
    channels = transform.transform_static(static.astype(np.float64), np.full(2_048, T))
    assert channels is not None
    chunks = {n: channels[:n] for n in (256, 2_048)}
    monkeypatch.setattr(sequences, "context_chunks", lambda _, n, **__: iter([chunks[n]]))
    place = transform.features.index("battery")
    whole, windows = (
        generate(model, transform, 64, whole=is_whole).values[:, 0, place]
        for is_whole in (True, False)
    )
    assert np.median(whole) >= low - 1
    assert whole.min() > low - 10  # the nearest of all windows of sensors of the same kind
    assert np.median(windows) < low - 10
    assert len(np.unique(whole)) > 5
    again = generate(model, transform, 3, start=40, whole=True).values[:, 0, place]
    np.testing.assert_array_equal(again, whole[40:43])
