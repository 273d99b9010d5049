"""Continuation of a run in its folder: `python train.py resume=RUN`."""

import itertools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from timegan.cli.invocation import Invocation
from timegan.cli.signature_schema import flatten_keys, to_container
from timegan.errors import InputError, tell

MUTABLE_KEYS = (
    *("trainer", "logger", "evaluation", "samples", "objective"),
    *("callbacks.checkpoints", "callbacks.progress"),
    *("callbacks.sample_figures", "callbacks.graceful_exit"),
    "dataset.path",  # a table may have moved; its content is checked
)
"""Keys that a resumed run may change."""

IMMUTABLE_KEYS = ("trainer.precision", "trainer.limit_train_batches")
"""Exceptions among them, which would change what is learned."""

RUN_ARTIFACTS = ("samples.csv", "model/model.json", "metrics.json")
"""Files of a finished run, besides the report of an evaluation."""


def run_folder(run: str | None, otherwise: str) -> str:
    """Return the folder of the run to continue, or ``otherwise`` where a new run begins.

    Raises:
        InputError: the folder does not hold the configuration of a run.
    """
    if run is None:
        return otherwise
    _check_begun(Path(run))
    return run


def merge_run_config(invocation: Invocation) -> Invocation:
    """Return the invocation that began the run to continue, with the changes that it may have.

    Compositions with and without the new overrides tell which keys these change.

    Args:
        invocation: of the running command; without ``resume`` it is returned as it is.

    Raises:
        InputError: there is no such run, or a key changes that must not.
    """
    cfg = invocation.cfg
    if cfg.resume is None and cfg.ckpt_path is None and is_requeued_job():
        run = str(HydraConfig.get().runtime.output_dir)
    elif cfg.resume is None:
        return invocation
    elif HydraConfig.get().mode is RunMode.MULTIRUN:
        raise InputError(f"resume={cfg.resume}: -m begins new runs. Remove -m, or remove resume=.")
    else:
        run = cfg.resume
        _check_begun(Path(run))
    settings = _stored(run, "config")
    choice = OmegaConf.select(_stored(run, "hydra"), "hydra.runtime.choices.evaluation")
    stored, new = _overrides(run)
    added = {_key(o) for o in new if o.startswith("+")}  # Hydra adds a key only once
    overrides = [*(o for o in stored if _key(o) not in added), *new]
    if new:
        name = HydraConfig.get().job.config_name
        before = flatten_keys(to_container(hydra.compose(name, stored), resolve=False))
        composed = hydra.compose(name, overrides, return_hydra_config=True)
        after = to_container(composed, resolve=False)
        choice = after.pop("hydra")["runtime"]["choices"]["evaluation"]
        _change(settings, before, flatten_keys(after), run)
    settings.resume, settings.ckpt_path = run, None
    if settings.dataset.get("path") is not None:
        settings.dataset.path = str(_path_from_here(run, settings.dataset.path))
    return Invocation(settings, overrides, str(choice))


def is_requeued_job() -> bool:
    """Return True in a job of a cluster (submitit) that was interrupted after a checkpoint."""
    checkpoints = Path(HydraConfig.get().runtime.output_dir) / "checkpoints"
    return "SUBMITIT_EXECUTOR" in os.environ and any(checkpoints.glob("*.ckpt"))


def usable_checkpoint(run: str) -> Path | None:
    """Return the checkpoint to continue from; None: the run ended before it had saved any.

    Damaged checkpoints are named, and put aside under another name.

    Raises:
        InputError: all checkpoints are damaged, or they were removed after training.
    """
    from timegan.training.checkpoint_files import newest_checkpoint  # torch

    chosen = OmegaConf.select(_stored(run, "config"), "callbacks.checkpoints.folder")
    folder = Path(run) / "checkpoints" if chosen is None else _path_from_here(run, chosen)
    if not any(folder.glob("*.ckpt")):
        _check_nothing_made(Path(run))
        return None
    path, _, notes = newest_checkpoint(folder)
    if notes:
        tell(*notes, f"Going on from {path}.")
        for name in ("last", "previous"):  # or a damaged one would push out the whole one
            newer = path.with_name(f"{name}.ckpt")
            if newer == path:
                break
            if newer.is_file():
                newer.replace(_unused_name(newer))
    return path


def first_checkpoint(run: str) -> str | None:
    """Return the checkpoint of another run that this run was begun from, if any."""
    path = _stored(run, "config").get("ckpt_path")
    return None if path is None else str(_path_from_here(run, path))


def missing_artifacts(folder: Path, *, measured: bool) -> list[str]:
    """Return the files that a finished run lacks; ``measured``: a report is one of them."""
    names = (*RUN_ARTIFACTS, "report.html") if measured else RUN_ARTIFACTS
    return [name for name in names if not (folder / name).is_file()]


def requests_new_evaluation(run: str) -> bool:
    """Return True if the command line sets the evaluation or the samples of a run anew."""
    return any(_is_under(_key(new), ("evaluation", "samples")) for new in _overrides(run)[1])


def _change(
    settings: DictConfig, before: Mapping[str, Any], after: Mapping[str, Any], run: str
) -> None:
    """Take over what differs between two compositions.

    Raises:
        InputError: names the first key that must not change, with both values.
    """
    changed = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old == new or isinstance(new, Mapping):  # the keys of a section follow
            continue
        if key == "ckpt_path":
            raise InputError(
                f"resume={run} ckpt_path={new}: the two exclude each other, and resume= takes the "
                "run's newest checkpoint. Remove one of them."
            )
        if _is_under(key, IMMUTABLE_KEYS) or not _is_under(key, MUTABLE_KEYS):
            old, new = ("null" if value is None else value for value in (old, new))
            raise InputError(
                f"{key}={new}: the run was begun with {old}, and a resumed run must learn the "
                "same. Remove it, or start a new run without resume=."
            )
        changed.append(key)
    for group in MUTABLE_KEYS:
        if any(_is_under(key, (group,)) for key in changed):
            OmegaConf.update(settings, group, after.get(group), merge=False, force_add=True)


def _stored(run: str, name: str) -> DictConfig:
    """Return a file of the configuration that a run was begun with."""
    content = OmegaConf.load(Path(run) / ".hydra" / f"{name}.yaml")
    assert isinstance(content, DictConfig)
    return content


def _overrides(run: str) -> tuple[list[str], list[str]]:
    """Return the overrides that a run was begun with, and those that the command line adds."""
    stored = [str(o) for o in OmegaConf.load(Path(run) / ".hydra" / "overrides.yaml")]
    given = [str(o) for o in HydraConfig.get().overrides.task]
    return stored, [o for o in given if o not in stored and _key(o) != "resume"]


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0].partition("@")[0].replace("/", ".")


def _is_under(key: str, groups: tuple[str, ...]) -> bool:
    return any(key == group or key.startswith(f"{group}.") for group in groups)


def _check_begun(folder: Path) -> None:
    """Refuse a folder without the three files of a run's configuration."""
    files = [folder / ".hydra" / f"{name}.yaml" for name in ("config", "hydra", "overrides")]
    absent = next((f for f in files if not f.is_file() or not f.stat().st_size), None)
    if absent is None:
        return
    if not absent.parent.is_dir():
        raise InputError(
            f"resume={folder}: no run lies there (it has no .hydra/config.yaml). Give the folder "
            "of a run, outputs/<date>/<time>; ckpt_path=FILE goes on from a checkpoint alone."
        )
    if any(folder.glob("checkpoints/*.ckpt")):
        raise InputError(
            f"resume={folder}: the run's configuration is lost ({absent} is missing or empty). "
            "Give the command that began the run, with ckpt_path=FILE for its newest checkpoint."
        )
    raise InputError(
        f"resume={folder}: the run was stopped while its configuration was written ({absent} is "
        "missing or empty), before any training. Give the command that began the run again."
    )


def _check_nothing_made(folder: Path) -> None:
    """Refuse to train anew where a training has left something that would be overwritten."""
    made = next((folder / name for name in RUN_ARTIFACTS if (folder / name).is_file()), None)
    if made is not None:
        raise InputError(
            f"resume={folder}: the run has no checkpoints, and training is over ({made} is there). "
            "Sample with sample.py run=RUN, or start a new run without resume=."
        )


def _unused_name(path: Path) -> Path:
    """Return a name for a damaged checkpoint that no other file has."""
    names = itertools.chain([".damaged"], (f".{i}.damaged" for i in itertools.count(2)))
    return next(p for name in names if not (p := path.with_suffix(name)).exists())


def _path_from_here(run: str, path: str) -> Path:
    """Return a path that was given in a run's working folder as it is from the current one."""
    before = OmegaConf.select(_stored(run, "hydra"), "hydra.runtime.cwd")
    there = Path(before or "") / path
    return there if not Path(path).exists() and there.exists() else Path(path)
