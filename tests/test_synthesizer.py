"""The four calls for people with a DataFrame."""

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.utils import estimator_checks

import timegan
from timegan import InputError, Schedule, Synthesizer
from timegan.seeds import rng

OPTIONS: dict[str, Any] = {
    "window": 8,
    "hidden": 6,
    "batch_size": 16,
    "steps_per_epoch": 3,
    "sequence_key": "patient",
    "progress": False,
    "schedule": {"autoencoder": 1, "supervised": 1, "joint": 1},
}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Return forty patients with ten visits each."""
    random = rng(0, "visits")
    return pd.DataFrame(
        {
            "weight": random.normal(70, 5, 400).round(1),
            "patient": np.repeat([f"p{i:02d}" for i in range(40)], 10),
            "visits": random.integers(0, 9, 400),
        }
    )


@pytest.fixture(scope="module")
def fitted(frame: pd.DataFrame) -> Synthesizer:
    return Synthesizer(**OPTIONS).fit(frame)


def test_samples_look_like_the_table(fitted: Synthesizer, frame: pd.DataFrame) -> None:
    table = fitted.sample(5)
    assert list(table) == list(frame)
    assert list(table.dtypes.drop("patient")) == list(frame.dtypes.drop("patient"))
    assert table["patient"].value_counts().tolist() == [10] * 5
    assert not set(table["patient"]) & set(frame["patient"])
    low, high = frame["weight"].min(), frame["weight"].max()
    margin = (high - low) / 4  # numbers may go somewhat beyond the training range
    assert table["weight"].between(low - margin, high + margin).all()
    assert (table["weight"].round(1) == table["weight"]).all()


def test_a_sequence_does_not_depend_on_the_count_but_on_the_seed(fitted: Synthesizer) -> None:
    five = fitted.sample(5, seed=3)
    assert fitted.sample(2, seed=3).equals(five.head(20))
    assert not fitted.sample(5, seed=4).equals(five)
    assert len(fitted.sample(0)) == 0


def test_a_saved_model_samples_the_same(fitted: Synthesizer, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    assert Synthesizer.load(tmp_path / "model").sample(3).equals(fitted.sample(3))


def test_a_loaded_model_saves_again_with_the_fingerprint(
    fitted: Synthesizer, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "one")
    Synthesizer.load(tmp_path / "one").save(tmp_path / "two")
    one, two = ((tmp_path / name / "model.json").read_text() for name in ("one", "two"))
    assert one == two


def test_a_frame_and_its_file_teach_the_same(
    fitted: Synthesizer, frame: pd.DataFrame, tmp_path: Path
) -> None:
    frame.to_csv(tmp_path / "visits.csv", index=False)
    again = Synthesizer(**OPTIONS).fit(tmp_path / "visits.csv")
    assert again.sample(3).equals(fitted.sample(3))


def test_progress_is_shown_when_wanted(
    frame: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    Synthesizer(**OPTIONS | {"progress": True}).fit(frame)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert [line.split()[:2] for line in lines[:4]] == [
        ["Sequences", "have"],
        ["column", "type"],
        ["weight", "quantized"],
        ["visits", "integer"],
    ]
    assert [line.split()[:3] for line in lines[4:]] == [
        ["epoch", "1/3", "autoencoder"],
        ["epoch", "2/3", "supervised"],
        ["epoch", "3/3", "joint"],
    ]


def test_the_frame_is_left_as_it_was(frame: pd.DataFrame) -> None:
    copy = frame.copy(deep=True)
    Synthesizer(**OPTIONS).fit(frame)
    pd.testing.assert_frame_equal(frame, copy)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hiden": 24}, "no option 'hiden'. Did you mean 'hidden'?"),
        ({"sequence": "id"}, "no option 'sequence'. Did you mean 'sequence_key'?"),
        ({"path": "a.csv"}, "no option 'path'"),
        ({"epochs": 10}, "no option 'epochs'. Set schedule={'joint': 100}"),
        ({"learning_rate": 1e-3}, "no option 'learning_rate'. Set lr=..."),
        ({"qqq": 1}, "There are: accelerator, "),
    ],
)
def test_an_unknown_option_is_answered_with_the_nearest(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as error:
        Synthesizer(**options)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model, _: model.fit(None), "table is None (NoneType). Give a DataFrame"),
        (lambda model, _: model.fit("no.csv"), "no.csv does not exist: the data must be a file."),
        (lambda model, _: model.fit([]), "table is an empty list"),
        (lambda model, frame: model.fit(frame, sequence_key="ptient"), "Did you mean 'patient'?"),
        (lambda model, frame: model.fit(frame, context_columns="weight"), "not text"),
        (lambda model, _: model.set_params(window="24"), "window='24': this has to be a whole"),
        (lambda model, _: model.set_params(threads=0), "threads=0: give a number from 1"),
        (lambda model, _: model.set_params(schedule="smoke"), "schedule='smoke': this has to be"),
        (lambda model, _: model.sample("10"), "count='10' is no whole number"),
        (lambda model, _: model.sample(2.5), "count=2.5 is no whole number"),
        (lambda model, _: model.sample(context={"sex": "f"}), "context_columns=[...], or remove"),
        (lambda model, _: model.sample(context=["f"]), "context is a list of texts"),
        (
            lambda model, frame: model.set_params(sequence_key=None).evaluate(
                frame.drop(columns="weight"), protocol="quick"
            ),
            "lacks the column 'weight'",
        ),
    ],
)
def test_wrong_arguments_are_answered_in_words_of_python(
    fitted: Synthesizer, frame: pd.DataFrame, call: Any, message: str
) -> None:
    with pytest.raises(InputError) as error:
        call(fitted, frame)
    assert message in str(error.value)
    assert "dataset." not in str(error.value)
    assert "null" not in str(error.value)


CHECKS = (
    *("check_estimator_cloneable", "check_estimator_repr", "check_get_params_invariance"),
    *("check_set_params", "check_parameters_default_constructible", "check_mixin_order"),
    "check_estimator_tags_renamed",
)
"""Checks of scikit-learn that apply. Others fit and predict independent rows with a target, want
the tags of a predictor, or no attribute of its own in the constructor, which keeps all options as
one."""


@pytest.mark.filterwarnings("ignore:InputError occurred during set_params")
@pytest.mark.parametrize("name", CHECKS)
def test_a_synthesizer_keeps_the_rules_of_scikit_learn(name: str) -> None:
    check = getattr(estimator_checks, name, None)
    if check is None:
        pytest.skip(f"this scikit-learn has no {name}")
    check("Synthesizer", Synthesizer())


def test_a_synthesizer_is_cloned_shown_and_pickled(fitted: Synthesizer, tmp_path: Path) -> None:
    copy = clone(fitted)
    assert copy.get_params(deep=False) == fitted.get_params()
    assert repr(Synthesizer(window=24, columns=["a"])) == "Synthesizer(window=24, columns=['a'])"
    assert Synthesizer().set_params(window=9, hidden=3).get_params()["hidden"] == 3
    joblib.dump(fitted, tmp_path / "model.joblib")
    for again in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "model.joblib")):
        assert again.sample(3).equals(fitted.sample(3))


def test_every_form_of_a_table_teaches_the_same(
    fitted: Synthesizer, frame: pd.DataFrame, tmp_path: Path
) -> None:
    numbers = frame[["weight", "visits"]]
    parts = [part.reset_index(drop=True) for _, part in numbers.groupby(frame["patient"])]
    options = OPTIONS | {"sequence_key": None}
    listed = Synthesizer(**options).fit(parts).sample(3)
    array = numbers.to_numpy().reshape(40, 10, 2)
    named = Synthesizer(**options).fit(array).sample(3)
    np.testing.assert_array_equal(named.to_numpy(), listed.to_numpy())
    own = fitted.sample(3)
    np.testing.assert_array_equal(listed["weight"], own["weight"])

    class OtherFrame:
        def to_pandas(self) -> pd.DataFrame:
            return frame

    assert Synthesizer(**OPTIONS).fit(OtherFrame()).sample(3).equals(own)


def test_conditions_may_be_a_dict(frame: pd.DataFrame) -> None:
    table = frame.assign(site=np.repeat(["north", "east"] * 20, 10))
    model = Synthesizer(**OPTIONS).fit(table)
    assert set(model.sample(4, context={"site": "east"})["site"]) == {"east"}
    both = model.sample(context={"site": ["north", "east"]})
    assert both["site"].tolist() == ["north"] * 10 + ["east"] * 10


def test_an_unknown_phase_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="supervise: there is no such phase"):
        Synthesizer(**OPTIONS | {"schedule": {"supervise": 1}}).fit(frame)


def test_phases_that_are_left_open_follow_from_the_data(frame: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="fewer than 0 epochs"):
        Synthesizer(**OPTIONS | {"schedule": {"autoencoder": None, "joint": -1}}).fit(frame)
    whole = Synthesizer(**OPTIONS | {"schedule": Schedule(1, 0, 0)}).fit(frame)
    assert whole.model.schedule == Schedule(1, 0, 0)


def test_nothing_can_be_sampled_or_saved_before_it_is_fitted(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Call fit\(table\) first"):
        Synthesizer().sample(1)
    with pytest.raises(InputError, match=r"Call fit\(table\) first"):
        Synthesizer().save(tmp_path)


def test_a_negative_count_is_refused(fitted: Synthesizer) -> None:
    with pytest.raises(InputError, match="below 0"):
        fitted.sample(-1)


def test_every_public_name_can_be_imported() -> None:
    assert set(timegan.__all__) <= set(dir(timegan))
    for name in timegan.__all__:
        assert getattr(timegan, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Sythesizer'"):
        _ = timegan.Sythesizer


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, timegan; print({'torch', 'lightning', 'pandas', 'hydra'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_synthesizer_does_without_hydra() -> None:
    code = "import sys; from timegan import Synthesizer; print('hydra' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
