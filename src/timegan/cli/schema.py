"""What the configurations of the commands may say, group by group."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lightning import Trainer
from omegaconf import DictConfig

from timegan.cli.signature_schema import conform, conform_target, plain
from timegan.data.datamodule import WindowDataModule
from timegan.errors import InputError
from timegan.training.module import TimeGAN

DATASET = {
    "batches_per_step": "It follows from model.generator_steps.",
    "seed": "Take seed=..., at the top.",
    "choose": "It follows from callbacks.watch.best and model.schedule.patience.",
}
"""Arguments of the data module that a run sets itself, and what to set instead."""

MODEL = {
    "features": "It follows from the data; dataset.columns chooses.",
    "window": "Take dataset.window=...",
    "context": "It follows from the data; dataset.context_columns chooses.",
    "exogenous": "It follows from the data; dataset.exogenous chooses.",
    "variable_length": "It follows from the data.",
    "smallest_component_std": "It follows from the data; set model.latent_noise, model.whitening.",
    "schedule": "Its epochs are model.schedule.*.",
    "seed": "Take seed=..., at the top.",
}
"""The same of the model."""

MEASURED = ("train", "holdout", "synthetic", "features", "limits")
"""The same of an evaluation."""

TRAINER = {
    "accumulate_grad_batches": "A larger dataset.batch_size does the same.",
    "callbacks": "That is the group callbacks.",
    "default_root_dir": "That is hydra.run.dir.",
    "enable_checkpointing": "That is callbacks.checkpoints.",
    "enable_progress_bar": "That is callbacks.progress.",
    "fast_dev_run": "It would see the first phase only; take schedule=smoke.",
    "gradient_clip_val": "Optimisation is manual: take model.grad_clip.",
    "gradient_clip_algorithm": "Optimisation is manual: take model.grad_clip.",
    "logger": "That is the group logger.",
    "max_epochs": "The epochs of the phases are model.schedule.*.",
    "max_steps": "It would count optimiser steps; the epochs of the phases are model.schedule.*.",
    "min_epochs": "The epochs of the phases are model.schedule.*.",
    "min_steps": "The epochs of the phases are model.schedule.*.",
    "plugins": "Checkpoints need the one that is there.",
    "use_distributed_sampler": "The windows are dealt to the processes already.",
}
"""The same of Lightning's Trainer."""

GIVEN = {"dataset": DATASET, "model": MODEL, "trainer": TRAINER}


@dataclass(frozen=True)
class TrainConfig:
    """`conf/train.yaml`, checked: the groups as arguments, the rest as values."""

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
            InputError: the first one that is wrong.
        """
        content = conform(plain(cfg), cls, "")
        for key, least in {"seed": 0, "threads": 1, "samples": 1}.items():
            at_least(key, content[key], least)
        content["dataset"] = read_dataset(content["dataset"])
        model = dict(content["model"])
        schedule = conform(model.pop("schedule", {}), open_schedule, "model.schedule")
        content["model"] = conform(model, TimeGAN, "model", given=MODEL) | {"schedule": schedule}
        content["trainer"] = conform(content["trainer"], Trainer, "trainer", given=TRAINER)
        for group in ("callbacks", "logger"):
            content[group] = {
                name: conform_target(node, f"{group}.{name}")
                for name, node in content[group].items()
                if node  # null leaves one out
            }
        content["evaluation"] = read_evaluation(content["evaluation"])
        return cls(**content)


def chooses(callbacks: Mapping[str, Any], schedule: Mapping[str, Any]) -> bool:
    """Whether a run decides something by held-out windows, on which nothing may be reported then.

    Args:
        callbacks: the group of that name.
        schedule: the section ``model.schedule``.
    """
    best = bool((callbacks.get("watch") or {}).get("best"))
    return best or schedule.get("patience") is not None


def at_least(key: str, value: int | None, least: int) -> None:
    """Raises InputError where a number is too small; None leaves it open."""
    if value is not None and not least <= value < 2**32:
        raise InputError(f"{key}={value}: give a whole number from {least} to {2**32 - 1}.")


def open_schedule(
    autoencoder: int | None = None,
    supervised: int | None = None,
    joint: int | None = None,
    patience: int | None = None,
) -> dict[str, int | None]:
    """Epochs of the phases, where None leaves a count to the size of the data, and patience."""
    return {
        "autoencoder": autoencoder,
        "supervised": supervised,
        "joint": joint,
        "patience": patience,
    }


def read_dataset(section: dict[str, Any]) -> dict[str, Any]:
    """The group ``dataset``, checked."""
    return conform(section, WindowDataModule, "dataset", given=DATASET)


def read_evaluation(section: dict[str, Any]) -> dict[str, Any]:
    """The group ``evaluation``, checked; empty where nothing is to be measured."""
    given = dict.fromkeys(MEASURED, "The run knows it.")
    return conform_target(section, "evaluation", given=given)
