"""What is given comes back as it is; what is drawn fits the table, and draws differ."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from timegan import Synthesizer
from timegan.errors import InputError
from timegan.nn.batch import Batch
from timegan.nn.completion import Completer, draw_given, spread_groups
from timegan.nn.networks import Networks
from timegan.sampling import calibration, completion
from timegan.sampling.calibration import calibrate_completer
from timegan.seeds import generator, rng

T = 8
TINY: dict[str, Any] = {
    "window": T,
    "hidden": 4,
    "batch_size": 8,
    "steps_per_epoch": 2,
    "progress": False,
    "completion": True,
    "schedule": {"autoencoder": 1, "supervised": 1, "joint": 1},
}


def panel(sequences: int = 14, seed: int = 0) -> pd.DataFrame:
    """Return sequences of all types of columns, of which some are longer than a window."""
    draw = rng(seed, "panel")
    lengths = draw.integers(4, 20, sequences)
    rows = int(lengths.sum())
    a, b = draw.normal(5, 1, (2, rows)).round(2)
    flag = draw.random(rows) < 0.4
    lab = np.where(draw.random(rows) < 0.3, np.nan, draw.normal(1, 0.2, rows).round(3))
    return pd.DataFrame(
        {
            "patient": np.repeat([f"P{i:03d}" for i in range(sequences)], lengths),
            "day": np.concatenate(
                [pd.date_range(f"2024-0{1 + i % 9}-05", periods=n) for i, n in enumerate(lengths)]
            ),
            "sex": np.repeat(draw.choice(["f", "m"], sequences), lengths),
            "a": a,
            "b": b,
            "total": (a + b).round(2),
            "count": pd.array(draw.poisson(3, rows), dtype="Int64"),
            "state": draw.choice(["rest", "walk", "run"], rows),
            "flag": pd.array(flag, dtype="boolean"),
            "lab": lab,
        }
    )


def loosened(model: Synthesizer) -> Synthesizer:
    """Give the completer weights with which its draws differ."""
    torch.manual_seed(0)
    for network in (model.model.net.completer, model.model.net.averages["completer"]):
        assert isinstance(network, Completer)
        torch.nn.init.normal_(network.last.weight, std=0.3)
    return model


@pytest.fixture(scope="module")
def model() -> Synthesizer:
    return loosened(Synthesizer(**TINY).fit(panel(), sequence_key="patient"))


NETWORKS: dict[str, Any] = {
    "cell": "gru",
    "hidden": 8,
    "layers": 1,
    "noise": 2,
    "static_noise": 2,
    "noise_distribution": "normal",
    "latent": 2,
    "autoencoder": "residual",
    "supervisor": "residual",
    "generator": "path",
    "critics": "dense",
    "increments": True,
    "per_step_normalization": False,
    "whitening": 0.0,
    "ema_decay": 0.9,
    "completion": True,
}

FEATURES = ["a", "b", "total", "count", "state", "flag", "lab"]


def holes(table: pd.DataFrame, pattern: str, seed: int) -> pd.DataFrame:
    """Empty some cells of a table."""
    draw, table = rng(seed, pattern), table.copy()
    if pattern == "cells":
        for name in FEATURES:
            table.loc[draw.random(len(table)) < 0.3, name] = None
    elif pattern == "gap":
        first = int(draw.integers(len(table) - 6))
        table.loc[first : first + 5, FEATURES] = None
    elif pattern == "columns":
        table[draw.choice(FEATURES, 3, replace=False).tolist()] = None
    return table.astype(panel(2).dtypes.to_dict())


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("steps", [0, 1, T, 3 * T])
@pytest.mark.parametrize("pattern", ["none", "cells", "gap", "columns"])
def test_what_is_given_comes_back_and_the_rest_is_filled(
    model: Synthesizer, pattern: str, steps: int, seed: int
) -> None:
    if pattern == "none" and not steps:
        return
    given = holes(panel(5, seed + 7), pattern, seed)
    made = model.complete(given, steps=steps, count=2, seed=seed)
    assert list(made) == ["patient", "draw", *given.columns[1:]]
    assert made.drop(columns="draw").dtypes.to_dict() == given.dtypes.to_dict()
    lengths = given["patient"].value_counts().to_dict()
    for (patient, number), rows in made.groupby(["patient", "draw"], sort=False):
        real = given[given["patient"] == patient].reset_index(drop=True)
        rows = rows.reset_index(drop=True)
        assert len(rows) == lengths[patient] + steps
        assert number in (0, 1)
        assert (rows["day"].diff().dropna() == pd.Timedelta("1D")).all()
        past = rows.iloc[: len(real)]
        for name in given.columns:
            known = real[name].notna()
            pd.testing.assert_series_equal(past[name][known], real[name][known])
        assert past.drop(columns="lab").notna().all().all()
        assert past.loc[real["lab"].isna(), "lab"].notna().all()
    drawn = made[FEATURES].isna().mean()
    assert (drawn.drop("lab") == 0).all()
    complete = given[FEATURES].notna().all(axis=1).to_numpy()
    if pattern == "none" and complete.all():
        np.testing.assert_allclose(made["total"], made["a"] + made["b"], atol=0.0051)


def test_draws_differ_and_do_not_depend_on_their_company(
    model: Synthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = panel(6, 3)
    many = model.complete(given, steps=5, count=7, seed=1)
    few = model.complete(given, steps=5, count=3, seed=1)
    last = many.groupby(["patient", "draw"], sort=False).tail(1)
    assert last["a"].nunique() > 20
    assert len(few) < len(many)
    monkeypatch.setattr(completion, "MAX_CELLS", 300)
    pd.testing.assert_frame_equal(model.complete(given, steps=5, count=7, seed=1), many)
    longer = model.complete(given, steps=9, count=7, seed=1)
    assert len(longer) == len(many) + 4 * 6 * 7


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.6])
def test_calibration_finds_the_spread_of_a_truth_that_is_wider(factor: float) -> None:
    net = Networks(2, T, **NETWORKS)
    torch.manual_seed(1)
    for network in (net.completer, net.averages["completer"]):
        assert isinstance(network, Completer)
        torch.nn.init.normal_(network.last.weight, std=0.5)
    completer = net.completer
    assert completer is not None
    net.averages["completer"].load_state_dict(completer.state_dict())
    random = generator(0, "truth")
    x = torch.randn(3_000, T, 2, generator=random)
    given = draw_given(x.shape, generator(calibration.SEED, "spread"))
    wanted = torch.full_like(completer.spread, factor)
    wanted[len(wanted) // 2 :] *= 1.2  # between given cells
    completer.spread.copy_(wanted)
    with torch.no_grad():
        truth = completer.draw(x, given, completer.draw_noise(3_000, T, random))
    torch.testing.assert_close(truth[given > 0], x[given > 0], rtol=0, atol=0)
    calibrate_completer(net, Batch(truth))
    both = (net.completer, net.averages["completer"])
    one, other = (network.spread for network in both if isinstance(network, Completer))
    torch.testing.assert_close(one, other)
    counts = torch.bincount(spread_groups(given)[given == 0], minlength=len(one))
    known = counts >= calibration.MIN_CELLS
    assert known[: len(known) // 2].any()
    assert known[len(known) // 2 :].any()
    torch.testing.assert_close(one[known], wanted[known].clamp_min(1), rtol=0.1, atol=0.1)


def test_shards_are_parts_of_the_whole(model: Synthesizer) -> None:
    given = completion.GivenTable.read(panel(6, 3), model.table_transform, 4)
    whole = pd.concat(completion.complete(model.model, model.table_transform, given, 9, seed=2))
    parts = [
        pd.concat(
            completion.complete(
                model.model, model.table_transform, given, 9, seed=2, jobs=range(*ends)
            )
        )
        for ends in ((0, 20), (20, 54))
    ]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole.reset_index(drop=True))


def test_a_series_without_a_key_is_continued_with_its_dates() -> None:
    index = pd.date_range("2024-01-01 05:00", periods=200, freq="h", name="time")
    wave = np.sin(np.arange(200) / 4) + rng(0, "wave").normal(0, 0.1, 200)
    table = pd.DataFrame({"x": wave, "n": np.arange(200) % 5}, index=index)
    model = loosened(Synthesizer(**TINY).fit(table))
    made = model.complete(table[:30], steps=20, count=3)
    for _, rows in made.groupby("draw"):
        assert (rows.index == index[:50]).all()
        pd.testing.assert_frame_equal(
            rows[["x", "n"]][:30], table[:30], check_freq=False, check_index_type=False
        )
    with pytest.raises(InputError, match="rows are missing before row 11"):
        model.complete(pd.concat([table[:10], table[12:30]]), steps=2)


@pytest.mark.parametrize(
    ("change", "steps", "message"),
    [
        (lambda t: t.drop(columns="a"), 3, "no column 'a'"),
        (lambda t: t.assign(state="fly"), 3, "'state' has 'fly'"),
        (lambda t: t.head(0), 3, "given has no rows"),
        (lambda t: t.assign(**dict.fromkeys(FEATURES)).astype(t.dtypes.to_dict()), 3, "no cell"),
        (lambda t: t.assign(lab=1.0), 0, "steps=0, and given has no empty cell"),
        (lambda t: t, -1, "steps=-1 is below 0"),
    ],
)
def test_what_cannot_be_completed_is_refused(
    model: Synthesizer, change: Any, steps: int, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        model.complete(change(panel(3, 4)), steps=steps)


def test_a_model_without_a_completer_says_so() -> None:
    plain = Synthesizer(**TINY | {"completion": False}).fit(panel(), sequence_key="patient")
    with pytest.raises(InputError, match=r"completion=True"):
        plain.complete(panel(3, 4), steps=2)


def of_every_dtype(lengths: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """Return sequences with a column of each kind that a table may have, at irregular times."""
    draw, rows = rng(seed, "dtypes"), int(lengths.sum())
    bounds = np.cumsum(lengths) - lengths
    days = draw.gamma(2, 3, rows).astype(int) + 1
    days = days.cumsum() - np.repeat((days.cumsum())[bounds], lengths)
    capacity = np.repeat(draw.uniform(4, 9, len(lengths)).round(1), lengths)
    moment = pd.Timestamp("2024-01-01 07:30") + pd.to_timedelta(draw.integers(0, 10**6, rows), "s")
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(len(lengths)) * 7, lengths),
            "day": days,
            "followup": np.repeat(days[bounds + lengths - 1] + 40, lengths),
            "capacity": capacity,
            "used": (capacity * draw.beta(4, 2, rows)).round(2),
            "single": draw.normal(size=rows).astype(np.float32),
            "large": pd.array(2**55 + draw.integers(0, 10**6, rows), dtype="Int64"),
            "small": pd.array(draw.integers(-9, 9, rows), dtype="Int8"),
            "tiny": draw.normal(size=rows) * 1e-9,
            "moment": moment,
            "delay": pd.to_timedelta(draw.integers(0, 900, rows), unit="s"),
            "grade": pd.Categorical(draw.choice(["a", "b", "c"], rows), ["a", "b", "c"]),
            "word": pd.array(draw.choice(["x", "0y"], rows), dtype="string"),
            "yes": pd.array(draw.random(rows) < 0.5, dtype="boolean"),
        }
    )


DRAWN = ["used", "single", "large", "small", "tiny", "moment", "delay", "grade", "word", "yes"]


@pytest.fixture(scope="module")
def any_model() -> Synthesizer:
    table = of_every_dtype(rng(0, "lengths").integers(3, 14, 40))
    rules = TINY | {"custom_constraints": ["day <= followup", "used <= capacity"]}
    return loosened(Synthesizer(**rules).fit(table, sequence_key="id", sequence_index="day"))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(1, 19), min_size=1, max_size=4),
    st.sampled_from([0, 1, 3, 11]),
    st.sampled_from([0.0, 0.05, 0.5, 0.95]),
    st.booleans(),
    st.integers(0, 1_000),
)
def test_given_cells_of_every_dtype_are_exact(
    any_model: Synthesizer, lengths: list[int], steps: int, share: float, whole: bool, seed: int
) -> None:
    table = of_every_dtype(np.array(lengths), seed)
    draw = rng(seed, "mask")
    empty = draw.random((len(table), len(DRAWN))) < share
    if whole:  # whole columns, and a gap in all
        empty[:, draw.random(len(DRAWN)) < 0.3] = True
        empty[len(table) // 3 : len(table) // 2] = True
    if empty.all() or not (steps or empty.any()):
        return
    given_table = table.copy()
    for place, name in enumerate(DRAWN):
        given_table[name] = table[name].mask(empty[:, place])
    made = any_model.complete(given_table, steps=steps, count=2, seed=seed)
    ends = np.cumsum(lengths)
    for _, rows in made.groupby(["id", "draw"], sort=False):
        number = int(rows["id"].iloc[0]) // 7
        mine = slice(ends[number] - lengths[number], ends[number])
        assert len(rows) == lengths[number] + steps
        past, real = rows.iloc[: lengths[number]].reset_index(drop=True), table.iloc[mine]
        for name in ("day", "followup", "capacity"):
            np.testing.assert_array_equal(past[name], real[name])
        for place, name in enumerate(DRAWN):
            known = ~empty[mine, place]
            assert past[name][known].tolist() == real[name][known].tolist(), name
        assert rows[DRAWN].notna().all().all()
        assert (rows["used"] <= rows["capacity"]).all()
        assert rows["day"].is_monotonic_increasing
        if steps <= 3:  # so many rows fit into the 40 days that are left
            assert (rows["day"] <= rows["followup"]).all()


def test_an_evaluation_scores_completions_of_windows_that_calibration_has_not_seen() -> None:
    draw = rng(0, "long")
    table = pd.DataFrame({"x": draw.normal(size=900).cumsum(), "y": draw.normal(size=900)})
    model = loosened(Synthesizer(**TINY).fit(table))
    data = model._data(table)
    data.setup()
    assert data.split.validation is not None
    assert data.split.holdout is not None
    rows = [
        set((index.starts[:, None] + np.arange(T)).ravel())
        for index in (data.split.train, data.split.validation, data.split.holdout)
    ]
    assert not (rows[0] & rows[1])
    assert not (rows[2] & (rows[0] | rows[1]))
    options = {"classifiers": 1, "classifier_steps": 2}
    found = model.evaluate(table, count=300, protocol="quick", **options)["completion"]
    assert found["windows"] >= 20
    assert {row["task"] for row in found["scores"]} == {"forecast", "gap"}
    again = model.evaluate(table, count=300, protocol="quick", **options)["completion"]
    assert again == found


def test_without_enough_held_out_rows_completions_are_not_scored() -> None:
    draw = rng(0, "short")
    table = pd.DataFrame({"x": draw.normal(size=110).cumsum(), "y": draw.normal(size=110)})
    model = Synthesizer(**TINY).fit(table)
    options = {"classifiers": 1, "classifier_steps": 2}
    found = model.evaluate(table, count=100, protocol="quick", **options)["completion"]
    assert "held out" in found["reason"]
