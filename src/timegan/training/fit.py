"""Training of a model on a data module, for the command line and for `Synthesizer` alike."""

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, Trainer
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Checkpoint, ProgressBar
from lightning.pytorch.loggers import Logger

from timegan.data.datamodule import WindowDataModule
from timegan.errors import InputError
from timegan.training.checkpoint_files import AtomicCheckpointIO
from timegan.training.module import TimeGAN


def build_trainer(
    model: TimeGAN,
    data: WindowDataModule,
    callbacks: Sequence[Callback],
    *,
    loggers: Sequence[Logger] = (),
    folder: Path | None = None,
    **options: Any,
) -> Trainer:
    """Return the Trainer of a model.

    Args:
        model: an untrained model.
        data: its data module, which has been set up.
        callbacks: the callbacks. Without one that saves checkpoints, Lightning saves none either.
        loggers: where losses are logged.
        folder: the folder of the run; None: the working directory.
        options: other arguments of Lightning's Trainer.

    Raises:
        InputError: there is no GPU for ``accelerator=gpu``, or the Trainer refuses its options.
    """
    check_accelerator(options.get("accelerator"))
    trainer_options = dict(options)
    if process_count(options) > 1:
        # Lightning would choose another number of threads, and with it another rounding.
        os.environ["OMP_NUM_THREADS"] = str(torch.get_num_threads())
        if options.get("strategy", "auto") in ("auto", "ddp"):  # an update leaves out networks
            trainer_options["strategy"] = "ddp_find_unused_parameters_true"
    # Lightning counts batches between log entries anew in each epoch.
    interval = math.gcd(model.hparams.log_every, data.steps_per_epoch)
    try:
        return Trainer(
            **{"log_every_n_steps": interval, "enable_model_summary": False} | trainer_options,
            max_epochs=model.schedule.total,
            default_root_dir=folder,
            callbacks=list(callbacks),
            logger=list(loggers),
            plugins=[AtomicCheckpointIO()],
            use_distributed_sampler=False,
            enable_progress_bar=any(isinstance(c, ProgressBar) for c in callbacks),
            enable_checkpointing=any(isinstance(c, Checkpoint) for c in callbacks),
        )
    except (MisconfigurationException, ValueError) as error:
        given = ", ".join(f"trainer.{key}={value}" for key, value in options.items())
        raise InputError(
            f"Lightning's Trainer does not accept its arguments: {error} ({given})."
        ) from error


def fit_model(
    trainer: Trainer, model: TimeGAN, data: WindowDataModule, checkpoint: str | None = None
) -> None:
    """Train a model, from a checkpoint if there is one.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, and no callback handled it. Lightning would exit.
    """
    try:
        trainer.fit(model, data, ckpt_path=checkpoint)
    except SystemExit as end:
        if isinstance(end.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from end
        raise


def check_accelerator(accelerator: str | None) -> None:
    """Raise an InputError if a GPU is asked for where torch finds none."""
    if accelerator not in ("gpu", "cuda") or torch.accelerator.is_available():
        return
    built = "" if torch.version.cuda else " This torch was built without CUDA."
    raise InputError(
        f"trainer.accelerator={accelerator}: torch finds no GPU here.{built} Remove the argument "
        "to train on a CPU, or install the torch of the default index and run nvidia-smi."
    )


def process_count(options: dict[str, Any]) -> int:
    """Return the number of processes that arguments of the Trainer ask for."""
    devices, nodes = options.get("devices", 1), options.get("num_nodes", 1)
    accelerator = options.get("accelerator", "auto")
    if isinstance(devices, str) and "," in devices:
        devices = devices.split(",")
    if isinstance(devices, list):
        return int(nodes * len(devices))
    if devices == "auto" or int(devices) < 0:
        gpus = torch.cuda.device_count() if accelerator in ("auto", "gpu", "cuda") else 0
        return int(nodes * max(1, gpus))
    return int(nodes * int(devices))
