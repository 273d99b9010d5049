"""Schemas of the commands' configurations, group by group."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from omegaconf import DictConfig

from timegan.cli.signature_schema import to_container, validate_arguments, validate_target
from timegan.errors import InputError, choose

DATA_MODULE = "timegan.data.datamodule.WindowDataModule"
MODEL = "timegan.training.module.TimeGAN"
TRAINER = "lightning.Trainer"
PROTOCOL = "timegan.metrics.protocols.runner.run_protocol"
QUICK_OPTIONS = {"protocol", "seed", "classifiers", "classifier_steps", "cache"}
"""Keys of `evaluation=quick`, the default: they are valid, and need no import of the metrics."""

LOGGER_PACKAGES = {"WandbLogger": "wandb", "MLFlowLogger": "mlflow"}
"""Loggers of Lightning that need another package."""

FORMATS = ("safetensors", "onnx", "torch")
"""Formats of an exported model."""

RESERVED = {
    "dataset": {
        "batches_per_step": "Set model.generator_steps.",
        "seed": "Set seed=... without a group.",
        "select_on_holdout": (
            "Set callbacks.sample_monitor.restore_best_weights or model.schedule.patience."
        ),
    },
    "model": {
        "features": "Set dataset.columns to choose columns.",
        "window": "Set dataset.window=...",
        "context": "Set dataset.context_columns to choose columns.",
        "exogenous": "Set dataset.exogenous to choose columns.",
        "variable_length": "It follows from the data.",
        "smallest_component_std": "It follows from the data. Set model.latent_noise instead.",
        "schedule": "Set model.schedule.* for its epochs.",
        "seed": "Set seed=... without a group.",
    },
    "trainer": {
        "accumulate_grad_batches": "Set a larger dataset.batch_size.",
        "callbacks": "Set the group callbacks.",
        "default_root_dir": "Set hydra.run.dir.",
        "enable_checkpointing": "Set callbacks.checkpoints.",
        "enable_progress_bar": "Set callbacks.progress.",
        "fast_dev_run": "It would train the first phase only. Set schedule=smoke.",
        "gradient_clip_val": "Optimisation is manual. Set model.grad_clip.",
        "gradient_clip_algorithm": "Optimisation is manual. Set model.grad_clip.",
        "logger": "Set the group logger.",
        "max_epochs": "Set model.schedule.* for the epochs of each phase.",
        "max_steps": "Set model.schedule.* for the epochs of each phase.",
        "min_epochs": "Set model.schedule.* for the epochs of each phase.",
        "min_steps": "Set model.schedule.* for the epochs of each phase.",
        "plugins": "Checkpoints need the plugin that the command sets.",
        "use_distributed_sampler": "The data module shards windows by itself.",
    },
    "evaluation": dict.fromkeys(
        ("train", "holdout", "synthetic", "features", "limits"), "The command sets it."
    ),
}
"""Arguments that a command sets itself, by group, and what to set instead."""


@dataclass(frozen=True)
class TrainConfig:
    """Checked content of `conf/train.yaml`: groups as arguments, other keys as values."""

    dataset: dict[str, Any]
    model: dict[str, Any]
    trainer: dict[str, Any]
    callbacks: dict[str, Any]
    logger: dict[str, Any]
    evaluation: dict[str, Any]
    seed: int
    threads: int
    ckpt_path: str | None
    resume: str | None
    samples: int | None
    objective: str | None

    @classmethod
    def read(cls, cfg: DictConfig) -> "TrainConfig":
        """Check every key and type of a composed configuration.

        Raises:
            InputError: names the first key that is wrong.
        """
        content = read_keys(cfg, cls, seed=0, threads=1, samples=1)
        content["dataset"] = read_dataset(content["dataset"])
        model = dict(content["model"])
        schedule = model.pop("schedule", {})
        content["model"] = validate_arguments(model, MODEL, "model", reserved=RESERVED["model"])
        content["model"]["schedule"] = validate_arguments(
            schedule, f"{__name__}.PartialSchedule", "model.schedule"
        )
        content["trainer"] = validate_arguments(
            content["trainer"], TRAINER, "trainer", reserved=RESERVED["trainer"]
        )
        for group in ("callbacks", "logger"):
            content[group] = {
                name: validate_target(node, f"{group}.{name}")
                for name, node in content[group].items()
                if node  # null leaves one out
            }
        check_loggers(content["logger"])
        content["evaluation"] = read_evaluation(content["evaluation"])
        return cls(**content)


@dataclass(frozen=True)
class SampleConfig:
    """Checked content of `conf/sample.yaml`."""

    run: str
    count: int | None
    steps: int | None
    start: str | int | float | list[Any] | None
    shard: str | None
    context: str | None
    exogenous: str | None
    seed: int
    out: str
    overwrite: bool
    threads: int

    @classmethod
    def read(cls, cfg: DictConfig) -> "SampleConfig":
        """Check every key and type of a composed configuration.

        Raises:
            InputError: names a key that is wrong, or ``count`` contradicts another one.
        """
        config = cls(**read_keys(_with_run(cfg), cls, seed=0, threads=1))
        if config.count is not None and config.count < 1:
            raise InputError(f"count={config.count}: there is nothing to draw. Set at least 1.")
        if config.count is not None and (config.context or config.exogenous):
            given = "context" if config.context else "exogenous"
            raise InputError(
                f"count={config.count}: the file of {given}=... tells how many sequences there "
                "are. Remove count."
            )
        if config.start == []:
            raise InputError("start=[]: there is no time. Set one, or remove start.")
        return config


@dataclass(frozen=True)
class CompleteConfig:
    """Checked content of `conf/complete.yaml`."""

    run: str
    given: str
    steps: int
    count: int
    seed: int
    shard: str | None
    out: str
    overwrite: bool
    threads: int

    @classmethod
    def read(cls, cfg: DictConfig) -> "CompleteConfig":
        """Check every key and type of a composed configuration.

        Raises:
            InputError: names a key that is wrong.
        """
        if cfg.given is None:
            raise InputError("given has no value. Give given=FILE: a table to complete.")
        return cls(**read_keys(_with_run(cfg), cls, seed=0, threads=1, count=1, steps=0))


@dataclass(frozen=True)
class EvaluateConfig:
    """Checked content of `conf/evaluate.yaml`."""

    dataset: dict[str, Any]
    evaluation: dict[str, Any]
    run: str | None
    real: str | None
    synthetic: str | None
    holdout: str | None
    samples: int | None
    overwrite: bool
    seed: int
    threads: int

    @classmethod
    def read(cls, cfg: DictConfig) -> "EvaluateConfig":
        """Check every key and type of a composed configuration.

        Raises:
            InputError: names a key that is wrong, or there is neither a run nor two tables.
        """
        config = cls(**read_keys(cfg, cls, seed=0, threads=1, samples=1))
        tables = (config.real, config.synthetic)
        if (config.run is None) == (None in tables) or (config.run and tables != (None, None)):
            raise InputError(
                "There is nothing to evaluate, or too much. Give either run=RUN (a run folder, a "
                ".ckpt file or an exported model folder) or two tables, real=a.csv synthetic=b.csv."
            )
        if config.holdout is not None and config.real is None:
            raise InputError(
                f"holdout={config.holdout}: a run has its own held-out part. Remove holdout, or "
                "give real=a.csv synthetic=b.csv instead of run."
            )
        dataset = read_dataset(config.dataset)
        return replace(config, dataset=dataset, evaluation=read_evaluation(config.evaluation))


@dataclass(frozen=True)
class ExportConfig:
    """Checked content of `conf/export.yaml`."""

    run: str
    format: str
    out: str
    overwrite: bool

    @classmethod
    def read(cls, cfg: DictConfig) -> "ExportConfig":
        """Check every key and type of a composed configuration.

        Raises:
            InputError: names a key that is wrong.
        """
        config = cls(**read_keys(_with_run(cfg), cls))
        choose("format", config.format, FORMATS)
        return config


SCHEMAS: dict[str, Any] = {
    "train": TrainConfig,
    "sample": SampleConfig,
    "complete": CompleteConfig,
    "evaluate": EvaluateConfig,
    "export": ExportConfig,
}
"""Command -> schema."""


@dataclass
class PartialSchedule:
    """Epochs of the phases, of which None follows from the size of the data, and patience."""

    autoencoder: int | None = None
    supervised: int | None = None
    joint: int | None = None
    patience: int | None = None


def read_keys(cfg: DictConfig, schema: type, **minima: int) -> dict[str, Any]:
    """Return a composed configuration, its top checked against the fields of a dataclass.

    Args:
        cfg: the configuration.
        schema: the dataclass.
        minima: smallest value of each whole number that has one.

    Raises:
        InputError: a key is unknown, or a value has a wrong type or is too small.
    """
    name = f"{schema.__module__}.{schema.__qualname__}"
    content = validate_arguments(to_container(cfg), name, "")
    for key, least in minima.items():
        check_at_least(key, content[key], least)
    return content


def read_dataset(section: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of the data module that the group ``dataset`` gives."""
    return validate_arguments(section, DATA_MODULE, "dataset", reserved=RESERVED["dataset"])


def read_evaluation(section: dict[str, Any]) -> dict[str, Any]:
    """Return the group ``evaluation``, checked; an empty one means that nothing is measured.

    Raises:
        InputError: a key or value is wrong, or the protocol does not have it.
    """
    if not section:
        return {}
    options = validate_arguments(section, PROTOCOL, "evaluation", reserved=RESERVED["evaluation"])
    if options.get("protocol") != "quick" or not options.keys() <= QUICK_OPTIONS:
        from timegan.metrics.protocols import check_options  # torch and scikit-learn

        check_options(**options)
    return options


def check_loggers(loggers: Mapping[str, Any]) -> None:
    """Refuse loggers whose package is not installed.

    Raises:
        InputError: names the package.
    """
    for name, node in loggers.items():
        package = LOGGER_PACKAGES.get(str(node.get("_target_")).rpartition(".")[2])
        if package is not None and find_spec(package) is None:
            raise InputError(
                f"logger={name} needs the package {package}. Install it: "
                f"pip install 'timegan-lightning[{package}]'."
            )


def selects_on_holdout(callbacks: Mapping[str, Any], model: Mapping[str, Any]) -> bool | None:
    """Return True if held-out windows decide about a run, so that scores need other windows.

    Completions are calibrated on held-out windows, if there are enough of them: None.

    Args:
        callbacks: the group of that name.
        model: likewise.
    """
    best = bool((callbacks.get("sample_monitor") or {}).get("restore_best_weights"))
    if best or (model.get("schedule") or {}).get("patience") is not None:
        return True
    return None if model.get("completion") else False


def check_at_least(key: str, value: int | None, least: int) -> None:
    """Refuse a number that is too small or needs more than 32 bits; None is accepted.

    Raises:
        InputError: names the key and the range.
    """
    if value is not None and not least <= value < 2**32:
        raise InputError(
            f"{key}={value}: out of range. Set a whole number from {least} to {2**32 - 1}."
        )


def _with_run(cfg: DictConfig) -> DictConfig:
    """Refuse a configuration without a run."""
    if cfg.run is None:
        raise InputError(
            "run has no value. Give run=RUN: a run folder (outputs/<date>/<time>), a .ckpt file, "
            "or an exported model folder."
        )
    return cfg
