"""Whatever a user calls a run: its folder, one of its checkpoints, or an exported model."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from timegan.data import WindowDataModule
from timegan.errors import InputError, brief, tell
from timegan.serialization.architecture_check import transform_for
from timegan.serialization.model_folder import DESCRIPTION, read, restore
from timegan.training.checkpoint_files import newest_checkpoint, read_checkpoint
from timegan.training.module import TimeGAN
from timegan.transforms.table_transform import TableTransform


@dataclass(frozen=True)
class Run:
    """What a run left: a model, its table's columns, and which table that was."""

    model: TimeGAN
    transform: TableTransform
    fingerprint: str | None
    options: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)


def open_run(path: str | Path) -> tuple[TimeGAN, TableTransform]:
    """The model of a run and its table's columns, enough to sample without the data.

    See :func:`read_run`.
    """
    run = read_run(path)
    return run.model, run.transform


def read_run(path: str | Path) -> Run:
    """All that a run left for those who come without its data.

    Args:
        path: a run folder (its exported model, or else its newest whole checkpoint), a ``.ckpt``
            file, or a folder that :func:`timegan.serialization.model_folder.export` wrote.

    Raises:
        InputError: there is none of these, or it is damaged.
    """
    path = Path(path)
    if path.is_file():
        return from_checkpoint(path)
    if not path.exists():
        raise InputError(f"{path}: there is no such run. {_remedy(path)}")
    for folder in (path, path / "model"):
        if (folder / DESCRIPTION).is_file():
            model, transform, description = read(folder)
            rest = {name: dict(description.get(name) or {}) for name in ("options", "config")}
            return Run(model, transform, description.get("fingerprint"), **rest)
    if any((path / "checkpoints").glob("*.ckpt")):
        newest, content, notes = newest_checkpoint(path / "checkpoints")
        if notes:
            tell(*notes, f"Taking {newest} instead.")
        return from_checkpoint(newest, content)
    raise InputError(
        f"{path}: the folder holds neither a model nor checkpoints/last.ckpt. {_remedy(path)}"
    )


def from_checkpoint(path: str | Path, content: dict[str, Any] | None = None) -> Run:
    """The same from a checkpoint, whose ``content`` may have been read before.

    Raises:
        InputError: it is missing, damaged, or from another program.
    """
    content = read_checkpoint(path) if content is None else content
    try:
        data = content[WindowDataModule.__qualname__]
        transform = transform_for(content["hyper_parameters"], data["columns"])
        model = restore(content["hyper_parameters"], content["state_dict"])
        return Run(model, transform, data["fingerprint"])
    except Exception as error:  # what a wrong value raises depends on where it is
        raise InputError(
            f"{path}: no checkpoint of a TimeGAN with its table's columns, or one that this "
            f"version cannot read ({brief(error)}). Give a checkpoint that train.py wrote."
        ) from error


def _remedy(path: Path) -> str:
    """The newest run nearby, or what a run is."""
    runs = [p.parent.parent for p in path.parent.glob("*/checkpoints/last.ckpt")]
    if runs:
        newest = max(runs, key=lambda run: run.stat().st_mtime)
        return f"The newest run beside it is {newest}."
    return "Give a run folder (outputs/<date>/<time>), a .ckpt file, or an exported model."
