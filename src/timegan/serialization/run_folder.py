"""Layout of a run's folder: names of its files, its configuration, and its tables."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

RUN_FOLDERS = (".hydra", "checkpoints", "model", "figures")
RUN_FILES = ("samples.csv", "metrics.json", "report.html")
"""Names of what a run writes to its folder."""
TRAINING_ARTIFACTS = ("checkpoints", "model", "samples.csv")
"""Those that an evaluation does not write."""
EVALUATION_TABLES = ("real", "synthetic", "holdout")
"""Keys of tables that an evaluation reads."""
EXPORT_FILES = ("model.safetensors", "model.json")
"""Names in the folder of an exported model."""


def list_artifacts(folder: Path) -> list[str]:
    """Return the names of what a run, an evaluation or an export left in ``folder``."""
    names = (*RUN_FOLDERS, *RUN_FILES, *EXPORT_FILES)
    present = [name for name in names if (folder / name).exists()]
    return [f"{name}/" if (folder / name).is_dir() else name for name in present]


def is_run(folder: Path) -> bool:
    """Return True if ``folder`` is the folder of a run, finished or not."""
    return (folder / ".hydra" / "config.yaml").is_file()


def find_run_folder(path: Path) -> Path | None:
    """Return the folder of the run that a checkpoint or a model belongs to; None without one.

    Args:
        path: the run's folder itself, or a path in it.
    """
    path = path.absolute()
    return next((folder for folder in (path, *path.parents[:2]) if is_run(folder)), None)


def read_settings(folder: Path, name: str) -> dict[str, Any]:
    """Return ``.hydra/<name>.yaml`` of a run, without resolving references.

    A missing or unreadable file gives an empty dictionary.
    """
    file = folder / ".hydra" / f"{name}.yaml"
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return {str(key): value for key, value in content.items()} if isinstance(content, dict) else {}


def find_input_tables(path: Path, config: Mapping[str, Any]) -> list[Path]:
    """Return all paths under which a run or an evaluation may have read its tables.

    Args:
        path: the run's folder, one of its checkpoints, or an exported model.
        config: the settings in the exported model, if there are any.
    """
    from timegan.tables.readers import cached_path

    tables, bases, settings = [], [Path()], [config]
    if (folder := find_run_folder(path)) is not None:
        settings.append(read_settings(folder, "config"))
        runtime = (read_settings(folder, "hydra").get("hydra") or {}).get("runtime") or {}
        bases += [Path(runtime["cwd"])] if runtime.get("cwd") else []
    for content in settings:
        dataset = content.get("dataset")
        if not isinstance(dataset, Mapping):
            continue
        names = [dataset.get("path"), *(content.get(key) for key in EVALUATION_TABLES)]
        tables += [base / name for name in names if isinstance(name, str) for base in bases]
        if not dataset.get("path") and isinstance(url := dataset.get("url"), str):
            tables.append(cached_path(url))
    return tables


def is_same_file(one: str | Path, other: str | Path) -> bool:
    """Return True if two paths lead to one file, through links of either kind, or would."""
    try:
        if Path(one).samefile(other):
            return True
    except OSError:
        pass  # one of them does not exist yet
    return os.path.realpath(one) == os.path.realpath(other)
