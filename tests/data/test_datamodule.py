"""The datamodule: from a table to windows, batches and a description, and back to a table."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.seeds import rng
from timegan.transforms.table_transform import TableTransform


def series(rows: int = 500, seed: int = 0) -> pd.DataFrame:
    walk = rng(seed, "series").standard_normal((rows, 2)).cumsum(axis=0)
    return pd.DataFrame({"level": walk[:, 0].round(3), "count": np.round(walk[:, 1] * 10)}).astype(
        {"count": "int64"}
    )


def keyed(sequences: int = 20, steps: int = 30) -> pd.DataFrame:
    frame = series(sequences * steps)
    frame.insert(1, "person", np.repeat([f"p{i}" for i in range(sequences)], steps))
    return frame


def module(frame: pd.DataFrame, **options: Any) -> WindowDataModule:
    data = WindowDataModule.from_frame(frame, **({"window": 12} | options))
    data.setup()
    return data


def test_it_reads_a_file(tmp_path: Path) -> None:
    series().to_csv(tmp_path / "table.csv", index=False)
    data = WindowDataModule(path=str(tmp_path / "table.csv"), window=12)
    data.setup()
    assert data.features == ["level", "count"]
    assert data.train_windows().shape == (len(data.train), 12, 2)


def test_windows_come_back_in_the_units_of_the_table() -> None:
    data = module(series())
    recovered = data.transform.inverse_transform(data.train.all())
    np.testing.assert_array_equal(recovered.values, data.train_windows())


def test_no_held_out_row_is_in_a_training_window_and_a_gap_lies_between() -> None:
    data = module(series(2_000))
    assert data.holdout is not None
    train = np.flatnonzero(data.train.covered())
    held = np.flatnonzero(data.holdout.covered())
    assert np.abs(train[:, None] - held[None, :]).min() > data.window


def test_a_ramp_is_seen_past_what_is_held_out() -> None:
    readings = np.round(rng(0).standard_normal(400).cumsum(), 1)
    hourly = np.interp(np.arange(2_000), np.arange(400) * 7, readings).round(8)
    data = module(series(2_000).assign(hourly=hourly))
    assert data.holdout is not None
    assert [kind.name for kind in data.transform.feature_transformers][-1] == "piecewise_linear"


@pytest.mark.parametrize(("window", "stride", "begins"), [(30, 1, {0}), (12, 3, {0, 3})])
def test_a_ramp_begins_where_training_windows_do(
    window: int, stride: int, begins: set[int]
) -> None:
    readings = np.round(rng(0).standard_normal((20, 6)).cumsum(axis=1), 1)
    lines = [np.interp(np.arange(30), np.arange(6) * 6, reading) for reading in readings]
    frame = keyed().assign(hourly=np.concatenate(lines).round(8))
    options = {"window": window, "stride": stride, "sequence_key": "person"}
    data = module(frame, column_types={"hourly": "piecewise_linear"}, **options)
    noise = rng(1).standard_normal((200, window, data.transform.widths["features"]))
    made = data.transform.inverse_transform(noise).values[..., -1]
    kinks = [np.flatnonzero(np.abs(np.diff(m, n=2)) > 1e-6) + 1 for m in made]
    assert {int(-k[0] % 6) for k in kinks if k.size} == begins


def test_lines_end_where_their_sequence_does() -> None:
    lengths = rng(2).integers(14, 31, 40)
    readings = np.round(rng(0).standard_normal((40, 6)).cumsum(axis=1), 1)
    lines = [
        np.interp(np.arange(n), np.arange(6) * 6, reading)
        for n, reading in zip(lengths, readings, strict=True)
    ]
    frame = series(int(lengths.sum())).assign(
        person=np.repeat(np.arange(40), lengths), hourly=np.concatenate(lines).round(8)
    )
    options = {"window": int(lengths.max()), "sequence_key": "person", "holdout": 0.0}
    data = module(frame, column_types={"hourly": "piecewise_linear"}, **options)
    assert data.transform.variable
    x, known = data.train.all(), np.array([len(line) for line in lines])
    made = data.transform.inverse_transform(x, known).values[..., -1]
    for line, values, n in zip(lines, made, known, strict=True):
        np.testing.assert_allclose(values[:n], line, atol=1e-6)
        assert np.isnan(values[n:]).all()


@pytest.mark.parametrize("frame", [series(2_000), series(500), keyed()])
def test_what_a_model_is_chosen_by_shares_no_row_with_what_is_reported_on(
    frame: pd.DataFrame,
) -> None:
    whole, parts = (module(frame, select_on_holdout=select) for select in (False, True))
    assert whole.holdout is not None
    assert whole.validation is whole.holdout
    assert parts.holdout is not None
    assert parts.validation is not None
    assert not (parts.validation.covered() & parts.holdout.covered()).any()
    for part in (parts.validation, parts.holdout):
        assert set(part.starts) < set(whole.holdout.starts)
    assert (parts.train.starts == whole.train.starts).all()
    assert "half to choose by" in parts.describe()["split"]


def test_too_little_is_held_out_to_be_halved() -> None:
    with pytest.raises(InputError, match=r"block of 30 rows.*larger dataset\.holdout"):
        module(series(500), holdout=0.06, select_on_holdout=True)


def test_no_window_crosses_from_one_sequence_to_another() -> None:
    data = module(keyed(), holdout=0.2, sequence_key="person")
    people = np.repeat(np.arange(20), 30)
    assert data.holdout is not None
    for windows in (data.train, data.holdout):
        rows = windows.starts[:, None] + np.arange(data.window)
        assert (people[rows] == people[rows[:, :1]]).all()
    assert not set(people[data.train.starts]) & set(people[data.holdout.starts])
    assert len(set(people[data.holdout.starts])) == 4


def test_scalings_know_nothing_of_the_held_out_part() -> None:
    frame = series(2_000)
    data = module(frame)
    assert data.holdout is not None
    changed = frame.copy()
    changed["level"] += 1_000.0 * data.holdout.covered()
    assert module(changed).transform.state() == data.transform.state()


def test_the_split_is_the_same_for_every_seed() -> None:
    one, other = (module(keyed(), sequence_key="person", seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(one.train.starts, other.train.starts)


def test_the_last_window_is_kept() -> None:
    data = module(series(100), holdout=0.0)
    assert len(data.train) == 100 - 12 + 1
    np.testing.assert_array_equal(data.train_windows()[-1], series(100).to_numpy()[-12:])


def test_stride_leaves_windows_out() -> None:
    data = module(series(100), holdout=0.0, stride=5)
    np.testing.assert_array_equal(data.train.starts, np.arange(0, 89, 5))


def test_the_reference_protocol_is_the_authors_preparation() -> None:
    frame = series(40)
    data = module(frame, preprocessing="reference", scaling="minmax")
    values = frame.to_numpy()[::-1]  # typed after evaluation.md, section 1
    scaled = (values - values.min(0)) / (values.max(0) - values.min(0) + 1e-7)
    expected = np.stack([scaled[i : i + 12] for i in range(len(scaled) - 12)])
    np.testing.assert_allclose(data.train.all(), expected, rtol=0, atol=1e-7)
    assert data.holdout is None
    assert data.holdout_windows() is None


def test_the_reference_protocol_enforces_no_constraint_unless_it_is_asked_to() -> None:
    low = np.random.default_rng(0).normal(size=200)
    frame = pd.DataFrame({"low": low, "high": low + 1 + low**2})
    enforced = [
        module(frame, preprocessing=preprocessing, constraints=given).transform.enforced
        for preprocessing, given in (
            ("default", None),
            ("reference", None),
            ("reference", "enforce"),
        )
    ]
    assert [bool(found) for found in enforced] == [True, False, True]


def test_a_table_from_the_reference_protocol_runs_forwards_again() -> None:
    frame = series(40)
    data = module(frame, preprocessing="reference")
    table = data.transform.to_frame(data.train_series())
    last = frame.iloc[-12:].reset_index(drop=True)
    pd.testing.assert_frame_equal(table.iloc[:12].drop(columns="sequence"), last)


def test_too_short_a_table_trains_on_all_of_it() -> None:
    data = module(series(30), window=24)
    assert data.holdout is None
    assert data.describe()["holdout_windows"] == 0
    assert "too short" in data.describe()["split"]


def test_a_random_subset_is_a_function_of_its_seed() -> None:
    data = module(series())
    everything = {w.tobytes() for w in data.train_windows()}
    some = data.train_windows(limit=10, seed=3)
    assert len({w.tobytes() for w in some} & everything) == 10
    np.testing.assert_array_equal(some, data.train_windows(limit=10, seed=3))
    assert not np.array_equal(some, data.train_windows(limit=10, seed=4))
    assert len(data.train_windows(limit=10**6)) == len(data.train)


def test_the_description_is_plain_data() -> None:
    data = module(keyed(), sequence_key="person", name="people")
    described = json.loads(json.dumps(data.describe()))
    assert described["sequences"] == 20
    assert described["windows"] == len(data.train)
    assert described["column_types"].keys() == {"level", "count"}


def test_two_tables_have_two_fingerprints() -> None:
    frame = series()
    renamed = frame.rename(columns={"level": "height"})
    changed = frame.copy()
    changed["level"] += 0.001 * (changed.index == 7)
    prints = {module(f).fingerprint for f in (frame, frame.copy(), renamed, changed)}
    assert len(prints) == 3


def test_a_checkpoint_holds_what_sampling_needs() -> None:
    data = module(keyed(), sequence_key="person")
    columns = TableTransform.from_state(json.loads(json.dumps(data.state_dict()))["columns"])
    table = columns.to_frame(columns.inverse_transform(data.train.all()))
    assert table.columns.tolist() == ["level", "person", "count"]
    assert table.dtypes["count"] == np.int64


def test_a_checkpoint_of_the_same_data_is_welcome() -> None:
    data = module(series())
    data.load_state_dict(module(series()).state_dict())


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (lambda: module(series(seed=1)), "other data"),
        (lambda: module(series().rename(columns={"level": "height"})), "height, count"),
        (lambda: module(series(), scaling="minmax"), "scaled in another way"),
        (lambda: module(series(), holdout=0.3), "split or scaled"),
    ],
)
def test_a_checkpoint_of_other_data_is_refused(other: object, words: str) -> None:
    assert callable(other)
    data = module(series())
    with pytest.raises(InputError, match=words):
        data.load_state_dict(other().state_dict())


@pytest.mark.parametrize("early", [False, True])
def test_a_checkpoint_s_calibrated_columns_are_taken_up(early: bool) -> None:
    frame = series()
    frame.loc[rng(0, "holes").random(len(frame)) < 0.3, "level"] = np.nan
    trained, data = module(frame), WindowDataModule.from_frame(frame, window=12)
    noise = rng(0, "channels").normal(size=(50, 12, trained.transform.widths["features"]))
    trained.transform = trained.transform.calibrated(noise, slice(None), None)
    if early:
        data.load_state_dict(trained.state_dict())
    data.setup()
    if not early:
        data.load_state_dict(trained.state_dict())
    assert data.transform.state() == trained.transform.state() != module(frame).transform.state()


def test_a_checkpoint_loaded_before_setup_is_checked_in_setup() -> None:
    data = WindowDataModule.from_frame(series(), window=12)
    data.load_state_dict(module(series(seed=1)).state_dict())
    with pytest.raises(InputError, match="other data"):
        data.setup()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"window": 1}, r"dataset\.window=1: .* at least 2"),
        ({"window": 0}, r"dataset\.window=0"),
        ({"stride": 0}, r"dataset\.stride=0 is too small. Set 1 or more"),
        ({"batch_size": 0}, r"dataset\.batch_size=0"),
        ({"steps_per_epoch": 0}, r"dataset\.steps_per_epoch=0"),
        ({"batches_per_step": 0}, r"dataset\.batches_per_step=0"),
        ({"holdout": 1.0}, r"dataset\.holdout=1\.0 is no share"),
        ({"holdout": -0.1}, r"dataset\.holdout=-0\.1"),
        (
            {"preprocessing": "diffusion"},
            "=diffusion is unknown. Set default or ref",
        ),
        ({"scaling": "cube"}, "dataset.scaling=cube is unknown"),
        ({"generate": "moons"}, "dataset.generate=moons is unknown.*salary, sines"),
    ],
)
def test_options_out_of_range_are_refused_at_once(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        WindowDataModule(**options)


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        (
            series(20),
            {"window": 21},
            r"=21 is longer than the series: .* 20 rows\. Set dataset.window=20 or less",
        ),
        (keyed(), {"window": 31, "sequence_key": "person"}, "longer than every sequence: .* 30"),
        (series(1), {}, "1 row:"),
        (series().assign(level=1, count=2), {}, "Every feature is constant in the training rows"),
        (series(), {"columns": ["levle"]}, "'levle'. Did you mean 'level'"),
    ],
)
def test_tables_that_cannot_be_learned_are_refused(
    frame: pd.DataFrame, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        module(frame, **options)


def test_without_a_table_the_path_is_asked_for() -> None:
    with pytest.raises(InputError, match=r"dataset\.path=null.*dataset\.path=FILE"):
        WindowDataModule().setup()


@pytest.mark.parametrize(("name", "count"), [("salary", 2_000), ("sines", 10_000)])
def test_simulated_tables_need_no_file(name: str, count: int) -> None:
    data = WindowDataModule(name, generate=name)
    data.prepare_data()
    data.setup()
    described = data.describe()
    assert described["sequences"] == described["windows"] + described["holdout_windows"] == count
    assert data.holdout is not None
    assert len(data.holdout) == count // 10


def test_simulated_tables_run_forwards_in_the_reference_protocol() -> None:
    data = WindowDataModule(generate="salary", preprocessing="reference")
    data.setup()
    assert not data.transform.reversed
    assert len(data.train) == 2_000
    assert (np.diff(data.train_windows()[..., 0]) > 0).all()


def test_a_url_is_fetched_before_setup_and_a_path_goes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    series().to_csv(tmp_path / "table.csv", index=False)
    fetched = []

    def fetch(url: str, sha256: str | None) -> Path:
        fetched.append((url, sha256))
        return tmp_path / "table.csv"

    monkeypatch.setattr("timegan.data.datamodule.download", fetch)
    remote: dict[str, Any] = {
        "url": "https://example.org/table.csv",
        "sha256": "0" * 64,
        "window": 12,
    }
    data = WindowDataModule(**remote)
    data.prepare_data()
    assert len(fetched) == 1
    data.setup()
    assert data.features == ["level", "count"]
    local = WindowDataModule(path=str(tmp_path / "table.csv"), **remote)
    local.prepare_data()
    local.setup()
    assert len(fetched) == 2


def test_sequences_shorter_than_a_window_are_kept_and_long_ones_windowed() -> None:
    frame = keyed()
    data = module(
        frame[(frame["person"] != "p3") | (frame.index % 30 < 5)],
        sequence_key="person",
        holdout=0.0,
    )
    assert data.describe()["lengths"] == [5, 30]
    assert data.transform.variable
    assert len(data.train) == 19 * 19 + 1
    assert sorted(set(np.asarray(data.train.lengths).tolist())) == [5, 12]
    assert sorted(data.train_series().lengths) == [5] + [12] * 19


def test_all_sequences_are_drawn_alike_however_many_windows_they_have() -> None:
    frame = keyed()
    short = (frame["person"] > "p14") & (frame.index % 30 >= 5)
    data = module(frame[~short], sequence_key="person", holdout=0.0, batch_size=500)
    lengths = next(iter(data.train_dataloader())).lengths
    assert lengths is not None
    share = (frame[short].groupby("person").ngroups) / 20
    assert (lengths == 5).double().mean() == pytest.approx(share, abs=0.06)


def test_without_a_window_whole_sequences_are_windows() -> None:
    assert module(keyed(), window=None, sequence_key="person").window == 30
    assert module(series(300), window=None).window == 24
    assert module(series(10), window=None).window == 10


@pytest.mark.parametrize("way", ["learn", "interpolate", "drop", "error"])
def test_holes_are_treated_as_asked(way: str) -> None:
    frame = series(200)
    frame.loc[[50, 51, 120], "level"] = np.nan
    if way == "error":
        with pytest.raises(InputError, match=r"'level' has no value in row 51 .* and 3 values"):
            module(frame, missing=way)
        return
    data = module(frame, missing=way, holdout=0.0)
    kinds = {k.name for k in data.transform.feature_transformers}
    assert ("missing" in kinds) == (way == "learn")
    assert len(data.train) == {"learn": 189, "interpolate": 189, "drop": 39 + 57 + 68}[way]
    assert np.isnan(data.train_series().values).any() == (way == "learn")
    assert np.isfinite(data.train_windows()).all()
    assert ("level is missing" in data.metric_features) == (way == "learn")


def test_a_second_setup_changes_nothing() -> None:
    data = module(series())
    before = data.train
    data.setup("fit")
    assert data.train is before


def test_the_loader_follows_the_options() -> None:
    data = module(series(), batch_size=6, steps_per_epoch=4, batches_per_step=2)
    batches = list(data.train_dataloader())
    assert len(batches) == 4
    assert all(batch.x.shape == (2, 6, 12, 2) for batch in batches)
