"""Reading of a run from its folder, from one of its checkpoints, or from an exported model."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from timegan.errors import InputError, program, short_message, tell
from timegan.serialization.architecture_check import transform_for
from timegan.serialization.model_folder import (
    DESCRIPTION_FILE,
    TrainedModel,
    read_model,
    restore_model,
)
from timegan.serialization.run_folder import find_input_tables, is_run, read_settings
from timegan.serialization.training_position import TrainingPosition
from timegan.transforms.table_transform import TableTransform


@dataclass(frozen=True)
class LoadedRun:
    """A trained model, the transform of its table, and what identifies that table."""

    model: TrainedModel
    transform: TableTransform
    fingerprint: str | None
    options: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    tables: tuple[Path, ...] = ()
    """Paths under which the table was read: nothing may be written to them."""
    unfinished: TrainingPosition | None = None
    """Position where training stopped; None: it came to its end."""


def open_run(path: str | Path) -> tuple[TrainedModel, TableTransform]:
    """Return the model of a run and the transform of its table; see :func:`read_run`."""
    run = read_run(path)
    return run.model, run.transform


def read_run(path: str | Path) -> LoadedRun:
    """Return the model of a run, and what is needed to use it without the data.

    A note on the standard error names an unfinished run.

    Args:
        path: a run folder (its own exported model, or else its newest whole checkpoint), a
            ``.ckpt`` file, or a folder that
            :func:`timegan.serialization.model_folder.export` wrote.

    Raises:
        InputError: the path is none of these, or a file is damaged.
    """
    path = Path(path)
    run = _read_run(path)
    return replace(run, tables=tuple(find_input_tables(path, run.config)))


def _read_run(path: Path) -> LoadedRun:
    if path.is_file():
        from timegan.training.checkpoint_files import read_checkpoint  # Lightning

        content = read_checkpoint(path)
        run = from_checkpoint(path, content)
        if run.unfinished is not None:
            tell(f"Note      {path} is from {run.unfinished}: training was not finished then.")
        return run
    if not path.exists():
        raise InputError(f"{path}: there is no such run. {_suggestion(path)}")
    for folder in (path / "model",) if is_run(path) else (path, path / "model"):
        if (folder / DESCRIPTION_FILE).is_file():
            model, transform, description = read_model(folder)
            options, config = (dict(description.get(name) or {}) for name in ("options", "config"))
            if differing := _differing_settings(path, config):
                tell(
                    f"Note      {folder} is the model of another run (different {differing}), and "
                    "is not used."
                )
                continue
            unfinished = TrainingPosition.from_dict(description["unfinished"])
            if unfinished is not None:
                tell(
                    f"Note      {folder} is the model of an unfinished run, exported from "
                    f"{unfinished}."
                )
            return LoadedRun(
                model,
                transform,
                description.get("fingerprint"),
                options,
                config,
                unfinished=unfinished,
            )
    if any((path / "checkpoints").glob("*.ckpt")):
        from timegan.training.checkpoint_files import newest_checkpoint  # Lightning

        newest, content, notes = newest_checkpoint(path / "checkpoints")
        if notes:
            tell(*notes, f"Taking {newest} instead.")
        run = from_checkpoint(newest, content)
        _print_unfinished(path, run.unfinished)
        return run
    raise InputError(
        f"{path}: the folder holds neither a model of its own nor checkpoints/last.ckpt. "
        f"{_suggestion(path)}"
    )


def _print_unfinished(folder: Path, position: TrainingPosition | None) -> None:
    """Print a note on a run without a model of its own, and the command that finishes it."""
    remedy = ""
    if is_run(folder):
        remedy = f" `{program('train')} {shlex.quote(f'resume={folder}')}` finishes the run."
    if position is not None:
        tell(
            f"Note      {folder} was not finished: its newest checkpoint, which is used, is from "
            f"{position}.{remedy}"
        )
    elif remedy:
        tell(
            f"Note      {folder} was trained but left no model: its last checkpoint is used."
            f"{remedy}"
        )


def _differing_settings(folder: Path, config: Mapping[str, Any]) -> str:
    """Return settings in which an exported model differs from the run in ``folder``."""
    if not (own := read_settings(folder, "config")):
        return ""
    # As `export` has them: infinity is text there.
    own = json.loads(json.dumps(own, default=str), parse_constant=str)
    found = [] if own.get("seed") == config.get("seed") else ["seed"]
    for group in ("model", "dataset"):
        ours, theirs = (dict(settings.get(group) or {}) for settings in (own, config))
        names = sorted(set(ours) - {"path"})  # a table may have moved
        found += [f"{group}.{name}" for name in names if ours[name] != theirs.get(name)]
    return ", ".join(found[:3])


def from_checkpoint(path: str | Path, content: Mapping[str, Any]) -> LoadedRun:
    """Return the run that a checkpoint was saved by.

    Args:
        path: of the checkpoint, for messages.
        content: of the checkpoint.

    Raises:
        InputError: the content is not that of a checkpoint of timegan.
    """
    try:
        data = content["WindowDataModule"]
        transform = transform_for(content["hyper_parameters"], data["columns"])
        model = restore_model(content["hyper_parameters"], content["state_dict"])
        return LoadedRun(
            model,
            transform,
            data["fingerprint"],
            unfinished=TrainingPosition.of_checkpoint(content),
        )
    except Exception as error:  # what a wrong value raises depends on where it is
        raise InputError(
            f"{path}: no checkpoint of a TimeGAN with its table's columns, or one that this "
            f"version cannot read ({short_message(error)}). Give a checkpoint of a run."
        ) from error


def _suggestion(path: Path) -> str:
    """Return a sentence with the newest run in the same folder, or on what a run is."""
    runs = [p.parent.parent for p in path.parent.glob("*/checkpoints/last.ckpt")]
    if runs:
        newest = max(runs, key=lambda run: run.stat().st_mtime)
        return f"The newest run beside it is {newest}."
    return "Give a run folder (outputs/<date>/<time>), a .ckpt file, or an exported model."
