"""The configuration tree composes, and says what the constructors say."""

import inspect
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from hydra.core.global_hydra import GlobalHydra

from timegan.cli.app import normalize_override
from timegan.cli.schema import RESERVED, EvaluateConfig, TrainConfig
from timegan.cli.signature_schema import compose_config
from timegan.data.datamodule import WindowDataModule
from timegan.errors import InputError
from timegan.training.module import TimeGAN

CONF = Path(__file__).parents[2] / "conf"
LOGGER = "logger=none"  # TensorBoard's folder is known in a run only


def options(group: str) -> list[str]:
    return sorted(file.stem for file in (CONF / group).glob("*.yaml"))


def train_config(*overrides: str) -> TrainConfig:
    return TrainConfig.read(compose_config("train", [LOGGER, *overrides]))


@pytest.fixture(autouse=True)
def no_hydra_left_over() -> Iterator[None]:
    yield
    GlobalHydra.instance().clear()


@pytest.mark.parametrize("name", options("experiment"))
def test_every_experiment_composes_and_passes_the_schema(name: str) -> None:
    assert train_config(f"experiment={name}").model["generator_steps"] == 2


@pytest.mark.parametrize("name", ["published", "reference"])
def test_experiments_that_reproduce_published_models_prepare_data_as_they_do(name: str) -> None:
    dataset = train_config("dataset=stock", f"experiment={name}").dataset
    assert (dataset["preprocessing"], dataset["constraints"]) == ("reference", None)


@pytest.mark.parametrize(
    "override",
    [
        f"{group}={name}"
        for group in ("dataset", "model", "schedule", "trainer", "callbacks", "evaluation")
        for name in options(group)
    ],
)
def test_every_option_composes_and_passes_the_schema(override: str) -> None:
    train_config(override)


def test_the_defaults_are_the_constructors_own() -> None:
    config = train_config("dataset=csv")
    for section, target, given in (
        (config.dataset, WindowDataModule, RESERVED["dataset"]),
        (config.model, TimeGAN, RESERVED["model"]),
    ):
        arguments = {
            name: parameter.default
            for name, parameter in inspect.signature(target).parameters.items()
            if name not in given
        }
        assert {key: section[key] for key in arguments} == arguments


def test_the_default_preset_names_every_argument_in_the_constructor_s_order() -> None:
    names = list(yaml.safe_load((CONF / "model" / "timegan.yaml").read_text()))
    known = inspect.signature(TimeGAN).parameters
    assert names == [key for key in known if key not in RESERVED["model"]]


def test_the_reference_preset_names_what_differs_in_the_constructor_s_order() -> None:
    default = yaml.safe_load((CONF / "model" / "timegan.yaml").read_text())
    reference = yaml.safe_load((CONF / "model" / "reference.yaml").read_text())["model"]
    assert list(reference) == [name for name in default if name in reference]
    assert [name for name, value in reference.items() if default[name] == value] == []


def test_the_reference_preset_scales_as_its_sigmoids_need() -> None:
    config = train_config("model=reference")
    assert (config.dataset["scaling"], config.dataset["batch_size"]) == ("minmax", 128)
    assert train_config("model=reference", "dataset.batch_size=32").dataset["batch_size"] == 32


def test_a_schedule_lies_under_the_model() -> None:
    config = train_config("schedule=smoke", "model.schedule.joint=7")
    assert config.model["schedule"] == {
        "autoencoder": 1,
        "supervised": 1,
        "joint": 7,
        "patience": None,
    }


@pytest.mark.parametrize(
    "section", ["model", "dataset", "trainer", "model.schedule", "callbacks.progress"]
)
def test_a_typo_does_not_slip_through_with_a_plus(section: str) -> None:
    with pytest.raises(InputError, match="there is no such key"):
        train_config(f"+{section}.tpyo=1")


def test_a_plus_sets_what_the_trainer_knows_and_the_file_does_not_list() -> None:
    assert train_config("+trainer.deterministic=true").trainer["deterministic"] is True
    with pytest.raises(InputError, match=r"Set model\.grad_clip"):
        train_config("+trainer.gradient_clip_val=1")


def test_evaluate_asks_for_a_run_or_two_tables() -> None:
    for overrides in ([], ["real=a.csv"], ["run=a", "real=a.csv", "synthetic=b.csv"]):
        with pytest.raises(InputError, match="Give either run=RUN"):
            EvaluateConfig.read(compose_config("evaluate", overrides))
    EvaluateConfig.read(compose_config("evaluate", ["real=a.csv", "synthetic=b.csv"]))


def test_the_installed_package_carries_this_tree() -> None:
    package = files("timegan.conf")
    for file in CONF.rglob("*.yaml"):
        installed = package.joinpath(*file.relative_to(CONF).parts)
        assert installed.read_text() == file.read_text(), file


@pytest.mark.parametrize("override", ["threads=0", "seed=-1", f"seed={2**32}", "samples=0"])
def test_a_number_out_of_range_is_refused_with_the_range(override: str) -> None:
    with pytest.raises(InputError, match=rf"{override}: out of range. Set a whole number from"):
        train_config(override)


def test_kinds_of_columns_are_keys_with_the_columns_names() -> None:
    kinds = train_config(normalize_override("dataset.column_types.Volume=nonnegative")).dataset[
        "column_types"
    ]
    assert kinds == {"Volume": "nonnegative"}
