"""The command `python train.py`: train, and write a model and a report to a run folder."""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import instantiate
from lightning import Trainer, seed_everything

from timegan.attempts import collecting
from timegan.cli.artifacts import end, objective, write_artifacts
from timegan.cli.console import (
    print_lines,
    print_paths,
    print_verdicts,
    short_path,
    silence_lightning,
    training_summary,
)
from timegan.cli.folder import begin_run
from timegan.cli.invocation import Invocation, sweep_direction
from timegan.cli.resume import (
    first_checkpoint,
    missing_artifacts,
    requests_new_evaluation,
    usable_checkpoint,
)
from timegan.cli.schema import TrainConfig, selects_on_holdout
from timegan.cli.signature_schema import flatten_keys
from timegan.data.datamodule import WindowDataModule
from timegan.errors import InputError, tell, where_to_continue
from timegan.metrics.parallel import working
from timegan.report.tensorboard import add_layout, log_hparams
from timegan.serialization.overwrite_checks import check_not_read
from timegan.serialization.training_position import TrainingPosition
from timegan.training.callbacks import SampleMonitor
from timegan.training.callbacks.graceful_exit import exit_on_second_signal
from timegan.training.checkpoint_files import read_checkpoint
from timegan.training.factory import build_model
from timegan.training.fit import build_trainer, fit_model, process_count
from timegan.training.module import TimeGAN
from timegan.training.schedule import Phase, Schedule


def run(config: TrainConfig, invocation: Invocation) -> float | None:
    """Train, sample, measure and report; return the score that a search goes by."""
    folder = begin_run(invocation.cfg)
    samples = folder / "samples.csv"
    check_not_read(samples, "hydra.run.dir", {"dataset.path": config.dataset.get("path")})
    silence_lightning()
    torch.set_num_threads(config.threads)
    seed_everything(config.seed, verbose=False)
    data = WindowDataModule(
        **config.dataset,
        batches_per_step=config.model["generator_steps"] + 1,
        seed=config.seed,
        select_on_holdout=selects_on_holdout(config.callbacks, config.model),
    )
    with working("Reading the table"):
        data.prepare_data()
        data.setup()
    check_choice(config, data)
    model = build_model(data, **{**config.model, "seed": config.seed})
    schedule = model.schedule  # as planned; phases may end early
    trainer = _trainer(config, model, data, folder)
    begin_at, latest = config.ckpt_path, None
    if config.resume is not None:
        latest = usable_checkpoint(config.resume)
        begin_at = first_checkpoint(config.resume) if latest is None else str(latest)
        if latest is not None and TrainingPosition.of_checkpoint(read_checkpoint(latest)) is None:
            missing = missing_artifacts(folder, measured=bool(config.evaluation))
            if not missing and not requests_new_evaluation(config.resume):
                print_lines(f"Trained already, and nothing is missing: {short_path(folder)}")
                metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
                return objective(metrics, config.objective, sweep_direction())
            print_lines(f"Trained already; making {', '.join(missing) or 'another evaluation'}.")
    _check_checkpoint(begin_at, model)
    if trainer.is_global_zero:
        _print_plan(data, schedule, folder)
        if latest is not None:
            print_lines(f"Resumed   from {short_path(str(latest))}")
        elif config.resume is not None:
            print_lines("Resumed   from the beginning: the run had not saved a checkpoint yet")

    started, worked = time.perf_counter(), time.process_time()
    add_layout(trainer.loggers)
    with exit_on_second_signal(lambda: _started_by(trainer)), collecting() as failures:
        fit_model(trainer, model, data, begin_at)
    if not trainer.is_global_zero:
        return None
    training = {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - worked,
        "peak_memory_mb": peak_memory(),
        "iterations": {p.value: model.schedule.epochs(p) * data.steps_per_epoch for p in Phase},
        "saved": _saved(schedule, model.schedule, data.steps_per_epoch),
        "parameters": model.parameter_count,
        "backend": model.resolved_backend,
        "sample_monitor": _monitored(trainer),
    }
    with collecting() as later, _saying_how_to_continue(folder):
        metrics = write_artifacts(
            model.float().eval(),
            data,
            folder,
            evaluation=config.evaluation,
            training=training,
            samples=config.samples,
            seed=config.seed,
            invocation=invocation,
            failures=later,
        )
    settings = _hparams(config, schedule)
    log_hparams(trainer.loggers, settings, metrics["scores"], _varied(invocation))
    print_lines("", training_summary(training), f"GRUs      model.backend={model.resolved_backend}")
    print_verdicts(metrics)
    print_lines("")
    print_paths(folder, report=(folder / "report.html").is_file())
    end(metrics, [*failures, *later])
    return objective(metrics, config.objective, sweep_direction())


@contextmanager
def _saying_how_to_continue(folder: Path) -> Iterator[None]:
    """Say how to continue a run that is interrupted after training, and exit."""
    try:
        yield
    except KeyboardInterrupt:
        tell("", *where_to_continue("Stopped after training.", folder))
        sys.exit(130)


def check_choice(config: TrainConfig, data: WindowDataModule) -> None:
    """Refuse to select weights by training windows, or to stop early without a monitor."""
    monitor = config.callbacks.get("sample_monitor")
    patience = config.model["schedule"].get("patience")
    if patience is not None and monitor is None:
        raise InputError(
            f"model.schedule.patience={patience} needs callbacks.sample_monitor, whose distances "
            "judge the joint phase. Remove callbacks.sample_monitor=null or the patience."
        )
    if monitor and monitor.get("restore_best_weights") and data.validation is None:
        raise InputError(
            "callbacks.sample_monitor.restore_best_weights=true: no windows are held out to choose "
            f"weights by ({data.split.description}). Set a larger dataset.holdout (with "
            "dataset.preprocessing=default), or remove the argument."
        )


def _saved(planned: Schedule, taken: Schedule, steps_per_epoch: int) -> dict[str, int]:
    """Return the iterations of each phase that early stopping saved."""
    epochs = {phase.value: planned.epochs(phase) - taken.epochs(phase) for phase in Phase}
    return {phase: count * steps_per_epoch for phase, count in epochs.items() if count}


def _monitored(trainer: Trainer) -> dict[str, Any]:
    """Return what the sample monitor measured; empty without one."""
    monitors = [c for c in trainer.callbacks if isinstance(c, SampleMonitor)]  # type: ignore[attr-defined]
    return monitors[0].summary() if monitors else {}


def peak_memory() -> float:
    """Return the peak memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.is_file():  # on Linux ru_maxrss begins with what the parent held when it started this
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 2**10
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)  # bytes there, KiB elsewhere


def _trainer(config: TrainConfig, model: TimeGAN, data: WindowDataModule, folder: Path) -> Trainer:
    if process_count(config.trainer) > 1 and HydraConfig.get().mode is RunMode.MULTIRUN:
        raise InputError(
            "trainer.devices: the jobs of a sweep cannot have several processes each, for each of "
            "these would start the sweep anew. Set trainer.devices=1, and let the jobs themselves "
            "run side by side: hydra/launcher=joblib."
        )
    callbacks = instantiate(config.callbacks, _convert_="all")
    loggers = instantiate(config.logger, _convert_="all")
    return build_trainer(
        model,
        data,
        list(callbacks.values()),
        loggers=list(loggers.values()),
        folder=folder,
        **config.trainer,
    )


def _started_by(trainer: Trainer) -> list[int]:
    """Return the ids of the processes that Lightning started beside this one."""
    return [process.pid for process in getattr(trainer.strategy.launcher, "procs", [])]


def _check_checkpoint(path: str | None, model: TimeGAN) -> None:
    """Refuse a checkpoint of another model before anything is started."""
    if path is None:
        return
    content = read_checkpoint(path)
    shapes = {name: tensor.shape for name, tensor in content["state_dict"].items()}
    if shapes == {name: tensor.shape for name, tensor in model.state_dict().items()}:
        return
    theirs = content.get("hyper_parameters", {})
    other = [f"model.{k}={theirs[k]}" for k, v in model.hparams.items() if theirs.get(k, v) != v]
    raise InputError(
        f"ckpt_path={path}: the checkpoint is of another model. To go on with it, give what it was "
        f"trained with: {' '.join(other) or 'the same version of timegan'}."
    )


def _hparams(config: TrainConfig, schedule: Schedule) -> dict[str, Any]:
    """Return the settings by which loggers compare runs, with the resolved epochs."""
    settings = flatten_keys(
        {
            "seed": config.seed,
            "dataset": config.dataset,
            "model": config.model | {"schedule": asdict(schedule)},
        }
    )
    values = {key: value for key, value in settings.items() if not isinstance(value, dict)}
    return {key.replace(".", "/"): value for key, value in values.items()}


def _varied(invocation: Invocation) -> list[str]:
    """Return the settings that a sweep varies; those of the command line without a sweep."""
    given = [o for o in invocation.overrides if o not in sys.argv] or invocation.overrides
    return [override.lstrip("+").partition("=")[0].replace(".", "/") for override in given]


def _print_plan(data: WindowDataModule, schedule: Schedule, folder: Path) -> None:
    about = data.describe()
    held_out = f" ({about['holdout_windows']:,} more held out)" if about["holdout_windows"] else ""
    phases = " + ".join(f"{schedule.epochs(p)} {p}" for p in Phase if schedule.epochs(p))
    print_lines(
        f"Data      {about['name']}: {about['windows']:,} windows of {about['window']} steps"
        f"{held_out}",
        data.summary(),
        f"Epochs    {phases}, of {data.steps_per_epoch} batches each",
        f"Folder    {short_path(folder)}",
    )
