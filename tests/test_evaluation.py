"""`timegan.evaluate`: any two tables, files or arrays of windows."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from rich.progress import Progress

import timegan
from timegan.attempts import FailureWarning
from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.evaluation import EvaluationData, default_count
from timegan.metrics import cache

QUICK: dict[str, Any] = {"protocol": "quick", "classifiers": 1, "classifier_steps": 2}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "cache"))


def table(sequences: int, seed: int, steps: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    walks = rng.normal(size=(sequences, steps, 2)).cumsum(axis=1).reshape(-1, 2)
    key = np.repeat(np.arange(sequences), steps)
    return pd.DataFrame({"sequence": key, "a": walks[:, 0], "b": walks[:, 1]})


def windows(frame: pd.DataFrame, steps: int = 8) -> np.ndarray:
    found: np.ndarray = frame[["a", "b"]].to_numpy().reshape(-1, steps, 2)
    return found


REAL, FAKE, UNSEEN = table(90, 0), table(70, 1), table(40, 2)


def test_strict_is_the_default_and_knows_its_protocol(tmp_path: Path) -> None:
    card = timegan.evaluate(REAL, FAKE, UNSEEN, window=8, classifier_steps=4, runs=1, classifiers=1)
    assert card["protocol"] == {"evaluation": "strict", "seed": 0}
    assert card["scores"]["classifier_auc"]["compared_with"] == "held-out"
    assert card["data"]["holdout_windows"] == 40
    assert card["data"]["windows"] == 90
    assert list((tmp_path / "cache").glob("*.json"))


def test_frames_files_and_arrays_give_the_same(tmp_path: Path) -> None:
    REAL.to_csv(tmp_path / "real.csv", index=False)
    FAKE.to_parquet(tmp_path / "fake.parquet")
    np.savez(tmp_path / "unseen.npz", windows=windows(UNSEEN), features=["a", "b"])
    frames = timegan.evaluate(REAL, FAKE, UNSEEN, window=8, **QUICK)
    files = timegan.evaluate(
        tmp_path / "real.csv",
        str(tmp_path / "fake.parquet"),
        tmp_path / "unseen.npz",
        window=8,
        **QUICK,
    )
    arrays = timegan.evaluate(windows(REAL), windows(FAKE), windows(UNSEEN), **QUICK)
    for found in (files, arrays):
        assert found["copying"] == frames["copying"]
        for name, score in frames["scores"].items():
            assert found["scores"][name]["mean"] == pytest.approx(score["mean"])


def test_progress_is_shown_of_every_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    add_task = Progress.add_task

    def record(self: Progress, description: str, **options: Any) -> Any:
        shown.append(description)
        return add_task(self, description, **options)

    monkeypatch.setattr(Progress, "add_task", record)
    monkeypatch.setattr(Console, "is_terminal", True)
    real, fake = (
        pd.DataFrame(np.random.default_rng(seed).normal(size=(90, 2)), columns=["a", "b"])
        for seed in range(2)
    )
    timegan.evaluate(real, fake, protocol="quick", window=8, classifier_steps=2, cache=False)
    assert shown[-2:] == ["Statistics and tests for copies", "Relations, constraints and calendar"]
    assert {"Scores", "Scores of baseline and controls"} < set(shown)


def test_each_feature_has_the_overlap_of_two_real_samples_beside_its_own() -> None:
    score = timegan.evaluate(windows(REAL), windows(FAKE), **QUICK)["scores"]["density"]
    assert set(score["features"]) == set(score["baseline_features"]) == {"feature_1", "feature_2"}
    assert all(0.5 < overlap < 1 for overlap in score["baseline_features"].values())


def test_without_a_held_out_table_a_part_of_the_real_one_is() -> None:
    card = timegan.evaluate(REAL, FAKE, window=8, **QUICK)
    assert card["data"]["windows"] == 81
    assert card["data"]["holdout_windows"] == 9
    assert timegan.evaluate(windows(REAL), windows(FAKE), **QUICK)["data"]["holdout_windows"] == 0


def broken(**columns: Any) -> pd.DataFrame:
    return FAKE.assign(**columns)


@pytest.mark.parametrize(
    ("real", "fake", "said"),
    [
        (REAL, FAKE.drop(columns="b"), "synthetic: .*no column 'b'"),
        (REAL, FAKE.drop(columns="sequence"), "synthetic: .*'sequence'"),
        (REAL, FAKE.iloc[:0], "synthetic: .*0 rows"),
        (REAL, broken(a=np.nan), "synthetic: .*NaN"),
        (REAL, broken(a="text"), "synthetic: .*'a'"),
        (REAL, table(70, 1, steps=5), "synthetic: no sequence has the 8 rows"),
        (REAL, windows(FAKE), "same form"),
        (windows(REAL), FAKE, "same form"),
        (windows(REAL), windows(FAKE)[:, :5], "steps"),
        (windows(REAL), windows(FAKE)[:0], "shape"),
        (windows(REAL), windows(FAKE) * np.nan, "nan"),
        (windows(REAL), windows(FAKE).astype(str), "numbers"),
        (windows(REAL)[0], windows(FAKE), "shape"),
        (windows(REAL), windows(FAKE) * 1e200, "another unit"),
    ],
)
def test_what_cannot_be_compared_is_refused(real: Any, fake: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        timegan.evaluate(real, fake, window=8, **QUICK)


FAST: dict[str, dict[str, Any]] = {
    "quick": {"classifiers": 1, "classifier_steps": 2},
    "published": {
        "classifiers": 1,
        "classifier_steps": 2,
        "forecaster_steps": 2,
        "encoders": 1,
        "encoder_steps": 1,
    },
    "strict": {"classifiers": 1, "classifier_steps": 2, "runs": 1},
}


def test_constraints_of_arrays_are_counted_by_the_strict_protocol() -> None:
    for protocol in ("quick", "strict"):
        arrays = windows(REAL), windows(FAKE)
        card = timegan.evaluate(*arrays, protocol=protocol, workers=1, **FAST[protocol])
        assert ("constraints" in card) is (protocol == "strict")
    assert {row["kind"] for row in card["constraints"]} == {"range"}


@pytest.mark.parametrize("name", ["relation_shares", "row_violations", "timing"])
def test_a_check_of_rows_that_fails_costs_itself_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(*_: Any, **__: Any) -> Any:
        raise RuntimeError("planted")

    monkeypatch.setattr(f"timegan.evaluation.{name}", planted)
    with pytest.warns(FailureWarning, match="planted"):
        card = timegan.evaluate(REAL, FAKE, window=8, **QUICK)
    failed = {"relation_shares": "relations", "row_violations": "constraints"}.get(name, name)
    assert not card[failed]
    assert card["scores"]["density"]["mean"] is not None


@pytest.mark.parametrize("protocol", FAST)
@pytest.mark.parametrize(
    ("real", "fake"),
    [
        (windows(REAL), windows(FAKE)[:1]),
        (windows(REAL)[:1], windows(FAKE)),
        (windows(REAL)[:1], windows(FAKE)[:1]),
        (windows(REAL), np.ones_like(windows(FAKE))),
        (np.ones_like(windows(REAL)), windows(FAKE)),
        (np.ones_like(windows(REAL)), np.ones_like(windows(FAKE))),
        (windows(REAL)[:, :1], windows(FAKE)[:, :1]),
        (windows(REAL)[..., :1], windows(FAKE)[..., :1]),
    ],
    ids=[
        "one",
        "one real",
        "one each",
        "still",
        "real still",
        "all still",
        "a step",
        "a feature",
    ],
)
def test_what_cannot_be_measured_is_null_with_its_reason_never_nan(
    protocol: str, real: Any, fake: Any
) -> None:
    card = timegan.evaluate(real, fake, protocol=protocol, workers=1, **FAST[protocol])
    json.dumps(card, allow_nan=False)
    for score in card["scores"].values():
        parts = [score, score.get("baseline"), *score.get("controls", {}).values()]
        for part in [part for part in parts if part is not None and part["mean"] is None]:
            assert part["reason"].endswith(".")


def test_a_held_out_table_without_a_column_is_refused() -> None:
    with pytest.raises(InputError, match=r"holdout: .*no column 'a'"):
        timegan.evaluate(REAL, FAKE, UNSEEN.drop(columns="a"), window=8, **QUICK)


def visits(days: float) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    gaps = rng.exponential(days, size=(60, 6)).cumsum(axis=1).ravel()
    return pd.DataFrame(
        {
            "patient": np.repeat(np.arange(60), 6),
            "visit": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.rint(gaps * 86_400), "s"),
            "crp": rng.normal(size=360).round(2),
        }
    )


@pytest.mark.parametrize(("days", "unit"), [(20, "days"), (0.2, "hours"), (1e-3, "minutes")])
def test_gaps_between_rows_are_given_in_units_for_people(days: float, unit: str) -> None:
    frame = visits(days)
    data = WindowDataModule.from_frame(frame, sequence_key="patient")
    data.setup()
    sets = EvaluationData.of(data, data.train_series(), 0)
    place = sets.features.index(f"visit gap ({unit})")
    seconds = {"days": 86_400, "hours": 3_600, "minutes": 60}[unit]
    expected = data.train_windows()[..., place] / seconds
    assert np.allclose(sets.train[..., place], expected)
    assert np.allclose(sets.synthetic[..., place], expected)
    assert sets.holdout is not None
    assert 0.1 * days < np.median(sets.holdout[..., place]) * seconds / 86_400 < 2 * days


def test_an_unknown_protocol_names_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'strict'"):
        timegan.evaluate(REAL, FAKE, protocol="strikt")


def test_a_model_makes_as_many_windows_as_the_protocol_looks_at() -> None:
    frame = pd.DataFrame({"a": np.random.default_rng(0).normal(size=6_100).cumsum()})
    data = WindowDataModule.from_frame(frame, window=4, preprocessing="reference")
    data.setup()
    every = len(data.train)
    assert every > 6_000
    assert default_count(data, {}) == 5_000
    assert default_count(data, {"limit": 6_000}) == 6_000
    assert default_count(data, {"protocol": "published"}) == every
    assert default_count(data, {"protocol": "strict"}) == 5_000
    short = WindowDataModule.from_frame(frame[:90], window=4, preprocessing="reference")
    short.setup()
    assert default_count(short, {"limit": 20_000}) == 1_000


def test_the_published_tables_are_compared_with_as_many_windows_as_they_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[str, tuple[int, int]] = {}

    def measure(train: Any, holdout: Any, synthetic: Any, *_: Any, **__: Any) -> dict[str, Any]:
        seen[protocol] = len(train), len(synthetic)
        return {}

    monkeypatch.setattr("timegan.evaluation.run_protocol", measure)
    rows = pd.DataFrame({"a": np.random.default_rng(0).normal(size=6_100).cumsum()})
    schedule = {"autoencoder": 0, "supervised": 0, "joint": 1}
    synthesizer = timegan.Synthesizer(window=4, hidden=4, schedule=schedule, progress=False)
    synthesizer.fit(rows)
    for protocol in ("published", "quick"):
        synthesizer.evaluate(rows, protocol=protocol)
    assert seen["published"] == (seen["quick"][0], seen["quick"][0])
    assert seen["quick"][1] == 5_000


def test_sines_are_scored_in_the_unit_of_the_published_tables() -> None:
    data = WindowDataModule(generate="sines", window=6, preprocessing="reference")
    data.setup()
    limits = EvaluationData.of(data, data.train_series(100, 0), 0).limits
    assert limits is not None
    assert [ends.tolist() for ends in limits] == [[0.0] * 5, [1.0] * 5]
