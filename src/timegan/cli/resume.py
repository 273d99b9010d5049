"""`python train.py resume=RUN`: the same run again, in its folder, from its newest checkpoint."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from timegan.cli.signature_schema import leaves
from timegan.errors import InputError, tell
from timegan.training.checkpoint_files import newest_checkpoint
from timegan.training.schedule import Schedule

FREE = (
    *("trainer", "logger", "evaluation", "samples", "objective", "resume", "ckpt_path"),
    *("callbacks.checkpoints", "callbacks.progress", "callbacks.figures", "callbacks.interrupt"),
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
    if not (folder / ".hydra" / "config.yaml").is_file() or not file.is_file():
        raise InputError(
            f"resume={run}: no run lies there (it has no .hydra/config.yaml). Give the folder of a "
            "run, outputs/<date>/<time>; ckpt_path=FILE goes on from a checkpoint alone."
        )
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
    if cfg.get("ckpt_path") is not None:
        raise InputError(
            f"resume={cfg.resume} ckpt_path={cfg.ckpt_path}: give one of the two. resume= takes "
            "the run's newest checkpoint."
        )
    folder = Path(cfg.resume) / ".hydra"
    begun, wanted = _content(OmegaConf.load(folder / "config.yaml")), _content(cfg)
    stored = set(map(str, OmegaConf.load(folder / "overrides.yaml")))
    given = [_key(o) for o in HydraConfig.get().overrides.task if o not in stored]
    result = OmegaConf.create(begun)
    for key in sorted({*leaves(begun), *leaves(wanted)}):
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


def point(run: str) -> Path:
    """The checkpoint to go on from; damaged ones are said, and put aside."""
    path, _, notes = newest_checkpoint(Path(run) / "checkpoints")
    if notes:
        tell(*notes, f"Going on from {path}.")
        for name in ("last", "previous"):  # or a damaged one would push out the whole one
            newer = path.with_name(f"{name}.ckpt")
            if newer == path:
                break
            if newer.is_file():
                newer.replace(newer.with_suffix(".damaged"))
    return path


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
    return [key for key in leaves(content) if key.startswith(f"{group}.")]


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


def _find_table(cfg: DictConfig, folder: Path) -> None:
    """A path that was given from another folder is still the same file."""
    path = cfg.dataset.get("path")
    hydra = folder / "hydra.yaml"
    if path is None or Path(path).exists() or not hydra.is_file():
        return
    before = OmegaConf.select(OmegaConf.load(hydra), "hydra.runtime.cwd")
    if before and (Path(before) / path).exists():
        cfg.dataset.path = str(Path(before) / path)
