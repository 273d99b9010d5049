"""`python train.py resume=RUN`: the same run again, in its folder, from its newest checkpoint."""

import itertools
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from timegan.cli.signature_schema import flatten_keys
from timegan.errors import InputError, tell
from timegan.training.checkpoint_files import newest_checkpoint
from timegan.training.schedule import Schedule

FREE = (
    *("trainer", "logger", "evaluation", "samples", "objective", "resume", "ckpt_path"),
    *("callbacks.checkpoints", "callbacks.progress"),
    *("callbacks.sample_figures", "callbacks.graceful_exit"),
    "dataset.path",  # a table may have moved; that it is the same one is checked
)
"""What a resumed run may have otherwise than it was begun with."""

FIXED = ("trainer.precision", "trainer.limit_train_batches")
"""Exceptions of these: they would change what is learned."""

PLACES = {"schedule": "model.schedule", "experiment": ""}
"""Groups whose keys lie elsewhere."""

LEFT = ("samples.csv", "model/model.json", "metrics.json")
"""What a finished run has left, beside a report where something was measured."""


def rewritten(arguments: list[str]) -> list[str]:
    """The command line with what the run was begun with, where it says ``resume=RUN``.

    Raises:
        InputError: there is no run of that name.
    """
    given = [a.partition("=")[2] for a in arguments if a.partition("=")[0] == "resume"]
    run = given[-1].strip("'\"") if given else "null"
    if run == "null":
        return arguments
    if "-m" in arguments or "--multirun" in arguments:
        raise InputError("resume= goes on with one run: leave -m out, and resume each run alone.")
    folder = Path(run)
    file = folder / ".hydra" / "overrides.yaml"
    _check_begun(folder)
    keys = {_key(argument) for argument in arguments}
    begun = [o for o in OmegaConf.load(file) if _key(str(o)) not in keys]
    own = [] if "hydra.run.dir" in keys else [f'hydra.run.dir="{run}"', "hydra.output_subdir=null"]
    others = [argument for argument in arguments if _key(argument) != "resume"]
    return [*map(str, begun), *others, f'resume="{run}"', *own]


def restored(cfg: DictConfig) -> DictConfig:
    """The run's own configuration, with what the command line may change of it.

    Raises:
        InputError: it asks for something else that must not change.
    """
    if cfg.get("resume") is None and cfg.get("ckpt_path") is None and queued_again():
        cfg = cfg.copy()
        cfg.resume = HydraConfig.get().runtime.output_dir
    if cfg.get("resume") is None:
        return cfg
    folder = Path(cfg.resume) / ".hydra"
    begun, wanted = _content(OmegaConf.load(folder / "config.yaml")), _content(cfg)
    stored = set(map(str, OmegaConf.load(folder / "overrides.yaml")))
    given = [_key(o) for o in HydraConfig.get().overrides.task if o not in stored]
    if "ckpt_path" in given and cfg.get("ckpt_path") is not None:
        raise InputError(
            f"resume={cfg.resume} ckpt_path={cfg.ckpt_path}: give one of the two. resume= takes "
            "the run's newest checkpoint."
        )
    result = OmegaConf.create(begun)
    for key in sorted({*flatten_keys(begun), *flatten_keys(wanted)}):
        if not _asked(key, given):
            continue
        old, new = _at(begun, key), _at(wanted, key)
        if isinstance(new, Mapping) or old == new:
            continue
        if _under(key, FIXED) or not _under(key, FREE):
            raise InputError(
                f"{key}={_word(new)}: the run was begun with {_word(old)}, and what it learns must "
                f"not change on the way. Leave it out, or start a new run without resume=."
            )
    with open_dict(result):
        for group in FREE:
            if any(_asked(key, given) for key in [group, *_under_group(wanted, group)]):
                OmegaConf.update(result, group, _at(wanted, group), merge=False, force_add=True)
        for key in wanted.keys() - begun.keys():  # of a later version
            result[key] = wanted[key]
        result.resume, result.ckpt_path = cfg.resume, None
    _find_table(result, folder)
    return result


def queued_again() -> bool:
    """Whether this is a cluster's job (submitit's) that has been at work in its folder before."""
    checkpoints = Path(HydraConfig.get().runtime.output_dir) / "checkpoints"
    return "SUBMITIT_EXECUTOR" in os.environ and any(checkpoints.glob("*.ckpt"))


def point(run: str) -> Path | None:
    """Return the checkpoint to go on from; None: the run ended before it had saved any.

    Damaged checkpoints are named, and put aside under another name.

    Raises:
        InputError: all checkpoints are damaged, or they were removed after training.
    """
    folder = _checkpoints_of(Path(run))
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
                newer.replace(_aside(newer))
    return path


def begun_from(run: str) -> str | None:
    """Return the checkpoint of another run that this run itself was begun from, if any."""
    hydra = Path(run) / ".hydra"
    path = OmegaConf.select(OmegaConf.load(hydra / "config.yaml"), "ckpt_path")
    return None if path is None else str(_found_from(hydra, path))


def trained_already(content: Mapping[str, Any]) -> bool:
    """Whether a checkpoint is of the end of its run."""
    done = content["loops"]["fit_loop"]["epoch_progress"]["current"]["processed"]
    schedule = content.get("schedule") or content["hyper_parameters"]["schedule"]
    return bool(done >= Schedule(**schedule).total)


def missing(folder: Path, *, measured: bool) -> list[str]:
    """What a finished run should have left, and has not."""
    names = (*LEFT, "report.html") if measured else LEFT
    return [name for name in names if not (folder / name).is_file()]


def measures_anew() -> bool:
    """Whether the command line asks for another evaluation than the run has had, or samples."""
    stored = OmegaConf.load(Path(HydraConfig.get().runtime.output_dir) / ".hydra/overrides.yaml")
    given = [_key(o) for o in HydraConfig.get().overrides.task if o not in set(map(str, stored))]
    return any(_under(key, ("evaluation", "samples")) for key in given)


def rewrite_command_line() -> None:
    """Before Hydra reads it. Processes that Lightning starts read it again, to the same effect."""
    try:
        sys.argv[1:] = rewritten(sys.argv[1:])
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)


def _content(cfg: Any) -> dict[str, Any]:
    content = OmegaConf.to_container(cfg, resolve=False)
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items()}


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0].partition("@")[0].replace("/", ".")


def _under(key: str, groups: tuple[str, ...]) -> bool:
    return any(key == group or key.startswith(f"{group}.") for group in groups)


def _under_group(content: Mapping[str, Any], group: str) -> list[str]:
    return [key for key in flatten_keys(content) if key.startswith(f"{group}.")]


def _asked(key: str, given: list[str]) -> bool:
    """Whether one of the arguments decides about ``key``."""
    places = [PLACES.get(name, name) for name in given]
    return any(not place or _under(key, (place,)) for place in places)


def _at(content: Any, key: str) -> Any:
    for part in key.split("."):
        content = content.get(part) if isinstance(content, Mapping) else None
    return content


def _word(value: Any) -> str:
    return "null" if value is None else str(value)


def _check_begun(folder: Path) -> None:
    """Refuse a folder without the configuration of a run, which Hydra writes in three files."""
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


def _checkpoints_of(folder: Path) -> Path:
    """Return the folder that a run keeps its checkpoints in."""
    hydra = folder / ".hydra"
    chosen = OmegaConf.select(OmegaConf.load(hydra / "config.yaml"), "callbacks.checkpoints.folder")
    return folder / "checkpoints" if chosen is None else _found_from(hydra, chosen)


def _check_nothing_made(folder: Path) -> None:
    """Refuse to train anew where a training has left something that would be overwritten."""
    made = next((folder / name for name in LEFT if (folder / name).is_file()), None)
    if made is not None:
        raise InputError(
            f"resume={folder}: the run has no checkpoints, and training is over ({made} is there). "
            "Sample with sample.py run=RUN, or start a new run without resume=."
        )


def _aside(path: Path) -> Path:
    """Return a name for a damaged checkpoint under which no other one lies."""
    names = itertools.chain([".damaged"], (f".{i}.damaged" for i in itertools.count(2)))
    return next(p for name in names if not (p := path.with_suffix(name)).exists())


def _find_table(cfg: DictConfig, folder: Path) -> None:
    """A path that was given from another folder is still the same file."""
    path = cfg.dataset.get("path")
    if path is not None:
        cfg.dataset.path = str(_found_from(folder, path))


def _found_from(hydra: Path, path: str) -> Path:
    """Return a path that was given in a run's own working folder as it is from here.

    Args:
        hydra: the run's folder ``.hydra``.
        path: as it was given.
    """
    before = OmegaConf.select(OmegaConf.load(hydra / "hydra.yaml"), "hydra.runtime.cwd")
    there = Path(before or "") / path
    return there if not Path(path).exists() and there.exists() else Path(path)
