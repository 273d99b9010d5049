"""The command `timegan results`: runs over seeds as one table."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from timegan.cli.console import print_lines, short_path
from timegan.cli.schema import RESERVED
from timegan.errors import InputError
from timegan.files import write_text
from timegan.metrics.score import read_scores
from timegan.serialization.overwrite_checks import check_not_trained_on
from timegan.serialization.run_folder import find_input_tables, find_run_folder

if TYPE_CHECKING:
    from timegan.report.seeds.runs import ResultTable

FILES = ("results.md", "results.csv")

IGNORED_SETTINGS = (
    *("seed", "threads", "ckpt_path", "resume", "objective", "samples", "run", "real", "synthetic"),
    *("trainer", "callbacks", "logger", "evaluation.seed"),
    *("dataset.path", "dataset.name", "dataset.url"),
)
"""Settings in which runs of one experiment may differ."""


ABOUT = """Gathers evaluated runs into one table: means and deviations over training
seeds, baselines, and published results where the data are known.

  timegan results outputs/sweeps/2026-01-01/10-00-00     all runs of a sweep
  timegan results RUN RUN RUN                            these runs
  timegan results RUN RUN --out FOLDER                   write the table there
  timegan results outputs/2026-01-01                     all runs of a day
  timegan results outputs/sweeps/2026-01-01 --overwrite  replace older tables

Writes results.md and results.csv."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `timegan results RUNS ...`."""
    parser = argparse.ArgumentParser(
        prog="timegan results",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("runs", nargs="+", help="run folders, or folders that hold some")
    parser.add_argument("--out", help="folder of both files (default: the first of RUNS)")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the files where they exist"
    )
    given = parser.parse_args(arguments)
    try:
        folders = [Path(path) for path in given.runs]
        results(folders, Path(given.out or folders[0]), overwrite=given.overwrite)
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)


def results(folders: Sequence[Path], out: Path, *, overwrite: bool = False) -> list["ResultTable"]:
    """Print the table of all runs below ``folders``, write it to ``out`` twice, and return it.

    Args:
        folders: runs, or folders that hold some.
        out: the folder of both files.
        overwrite: replace them where they exist.

    Raises:
        InputError: there is no evaluated run, one is damaged, or a file exists and ``overwrite`` is
            off. A table that one of the runs was trained on is never replaced.
    """
    from timegan.report.seeds.runs import gather  # torch, which the help does not need
    from timegan.report.seeds.tables import as_csv, markdown

    runs = find(folders)
    for name in FILES:
        if not overwrite and (out / name).exists():
            raise InputError(
                f"{out / name}: a file of this name exists and is not overwritten. Choose another "
                "folder with --out, or set --overwrite to replace the file."
            )
        for run in runs:
            check_not_trained_on(out / name, "--out", find_input_tables(run, {}))
    sections = gather([read(path) for path in runs])
    text = markdown(sections)
    write_text(out / FILES[0], text, overwrite=overwrite)
    write_text(out / FILES[1], as_csv(sections), overwrite=overwrite)
    print_lines(text, *(short_path(out / name) for name in FILES))
    return sections


def find(folders: Sequence[Path]) -> list[Path]:
    """Return every evaluated run at or below these folders once, the oldest first.

    Raises:
        InputError: a folder does not exist, or none holds a run with scores.
    """
    found: dict[Path, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: there is no such folder. Give the folder of a sweep.")
        for file in folder.rglob("metrics.json"):
            if _load(file)["scores"]:
                found[file.resolve()] = file.parent
    if not found:
        raise InputError(
            f"{', '.join(map(str, folders))}: no run with scores lies there. Give the folder of a "
            "sweep (outputs/sweeps/...) whose runs were evaluated: evaluation=none leaves nothing "
            "to gather."
        )
    return [found[file] for file in sorted(found, key=lambda file: (file.stat().st_mtime, file))]


def read(folder: Path) -> Any:
    """Return a run with its scores, its training seed and its settings."""
    from timegan.report.seeds.runs import Run

    metrics = _load(folder / "metrics.json")
    config = _config(folder)
    settings = dict(config)
    trained = folder
    if config.get("run"):  # an evaluation of its own, whose training another folder describes
        model = _evaluated_model(folder, config["run"])
        trained = find_run_folder(model) or model
        settings = _config(trained) | {
            k: v for k, v in config.items() if k.startswith("evaluation.")
        }
    settings = _resolved_arguments(trained) | settings
    seed = settings.get("seed") if not config.get("real") else None
    kept = {
        key: value
        for key, value in settings.items()
        if not any(key == name or key.startswith(f"{name}.") for name in IGNORED_SETTINGS)
    }
    if preset := _selected_option(trained, "model"):
        kept["model"] = preset
    if config.get("synthetic"):
        kept["synthetic"] = config["synthetic"]
    if fingerprint := (metrics.get("data") or {}).get("fingerprint"):
        kept["data"] = str(fingerprint)[:8]
    number = int(seed) if seed is not None and seed.lstrip("-").isdigit() else None
    return Run(short_path(folder), number, kept, metrics)


def _load(file: Path) -> dict[str, Any]:
    try:
        metrics = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: not a readable metrics.json ({error}).") from error
    if not isinstance(metrics, dict) or not isinstance(metrics.get("scores"), dict):
        raise InputError(f"{file}: it has no scores. Give folders of runs or evaluations.")
    return metrics | {"scores": read_scores(metrics["scores"])}


def _config(folder: Path) -> dict[str, str]:
    """Return the composed configuration with dotted keys; empty where the run has none."""
    file = folder / ".hydra" / "config.yaml"
    if not file.is_file():
        return {}
    try:
        content = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
    except (OmegaConfBaseException, YAMLError, OSError) as error:
        raise InputError(f"{file}: it cannot be read ({error}).") from error
    return _flat(content) if isinstance(content, Mapping) else {}


def _resolved_arguments(folder: Path) -> dict[str, str]:
    """Return the arguments of the model, with those that followed from the data."""
    file = folder / "model" / "model.json"
    if not file.is_file():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))["hyper_parameters"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file}: it does not say how the model was made ({error}).") from error
    return _flat({"model": {name: v for name, v in found.items() if name not in RESERVED["model"]}})


def _selected_option(folder: Path, group: str) -> str | None:
    """Return the option of a group that the run in ``folder`` selected."""
    file = folder / ".hydra" / "hydra.yaml"
    if not file.is_file():
        return None
    found = OmegaConf.select(OmegaConf.load(file), f"hydra.runtime.choices.{group}")
    return None if found is None else str(found)


def _flat(content: Mapping[Any, Any], path: str = "") -> dict[str, str]:
    """Return nested settings with dotted names, without those that are None.

    >>> _flat({"seed": 0, "model": {"hidden": 24, "noise": None}})
    {'seed': '0', 'model.hidden': '24'}
    """
    found: dict[str, str] = {}
    for key, value in content.items():
        name = f"{path}.{key}".strip(".")
        if isinstance(value, Mapping):
            found |= _flat(value, name)
        elif value is not None:
            found[name] = str(value)
    return found


def _evaluated_model(folder: Path, run: str) -> Path:
    """Return the run that was evaluated into ``folder``; both may have moved together."""
    path = _where_it_ran(folder) / run
    return path if path.exists() else folder.resolve().parent


def _where_it_ran(folder: Path) -> Path:
    file = folder / ".hydra" / "hydra.yaml"
    if not file.is_file():
        return Path()
    return Path(str(OmegaConf.select(OmegaConf.load(file), "hydra.runtime.cwd") or ""))


if __name__ == "__main__":
    main()
