"""Arguments that are spelled as in other programs, answered with the right spelling."""

import re
from collections.abc import Sequence
from pathlib import Path

from timegan.cli.signature_schema import compose_config, flatten_keys, to_container
from timegan.errors import InputError, closest_match, quote_argument

HYDRA_FLAGS = {
    *("--help", "--hydra-help", "--resolve", "--run", "--multirun", "--shell-completion"),
    *("-h", "-r", "-m", "-sc"),
}
VALUE_FLAGS = {
    *("--cfg", "--package", "--config-path", "--config-name", "--config-dir", "--info"),
    *("--experimental-rerun", "-c", "-p", "-cp", "-cn", "-cd", "-i"),
}
"""Flags of Hydra, and those that a value follows."""
SYNONYMS = {
    "train": {
        **dict.fromkeys(("epochs", "epoch", "max_epochs", "n_epochs"), "model.schedule.joint"),
        **dict.fromkeys(("data", "file", "csv", "path", "input", "table"), "dataset.path"),
        **dict.fromkeys(("key", "id", "group"), "dataset.sequence_key"),
        **dict.fromkeys(("time", "index", "date"), "dataset.sequence_index"),
        **dict.fromkeys(("context", "static"), "dataset.context_columns"),
        **dict.fromkeys(("out", "output", "output_dir", "folder"), "hydra.run.dir"),
        **dict.fromkeys(("device", "gpu", "gpus"), "trainer=gpu"),
    },
    "sample": {
        **dict.fromkeys(("n", "num", "samples", "n_samples", "num_samples", "number"), "count"),
        **dict.fromkeys(("model", "checkpoint", "ckpt", "path", "folder", "resume"), "run"),
        **dict.fromkeys(("output", "file"), "out"),
        **dict.fromkeys(("length", "window"), "steps"),
    },
    "complete": {
        **dict.fromkeys(("n", "num", "samples", "draws", "number"), "count"),
        **dict.fromkeys(("model", "checkpoint", "ckpt", "path", "folder"), "run"),
        **dict.fromkeys(("history", "data", "table", "input"), "given"),
        **dict.fromkeys(("output", "file"), "out"),
        **dict.fromkeys(("length", "horizon"), "steps"),
    },
    "evaluate": {
        **dict.fromkeys(("model", "checkpoint", "path", "folder"), "run"),
        **dict.fromkeys(("fake", "generated", "samples_file"), "synthetic"),
        **dict.fromkeys(("metrics", "protocol"), "evaluation"),
    },
    "export": {
        **dict.fromkeys(("model", "checkpoint", "path", "folder"), "run"),
        **dict.fromkeys(("output", "file"), "out"),
    },
}
"""Command -> key of other programs -> ours."""
PHASES = "model.schedule.autoencoder, model.schedule.supervised and model.schedule.joint"


def check_spelling(arguments: Sequence[str], command: str) -> None:
    """Refuse arguments that are neither ``key=value`` nor flags of Hydra.

    Raises:
        InputError: names the argument as it is spelled here.
    """
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        flag, _, value = argument.partition("=")
        if flag in VALUE_FLAGS:
            rest[:1] = [] if not value else rest[:1]
        elif flag in HYDRA_FLAGS or argument.startswith(("~", "+")):
            continue
        elif argument.startswith("-"):
            if not value and rest and not rest[0].startswith("-") and "=" not in rest[0]:
                value = rest.pop(0)
                argument = f"{argument} {value}"
            key = flag.strip("-").replace("-", "_")
            raise InputError(
                f"{argument}: arguments are written as key=value. {suggest(key, value, command)}"
            )
        elif flag in SYNONYMS[command]:
            raise InputError(f"{argument}: there is no key {flag}. {suggest(flag, value, command)}")
        elif "=" not in argument:
            raise InputError(
                f"{argument}: this cannot be read as key=value. {_of_path(argument, command)}"
            )


def suggest(key: str, value: str, command: str) -> str:
    """Return a sentence with the key that was probably meant, and the value."""
    known = SYNONYMS[command].get(key.lower())
    if known is None:
        keys = flatten_keys(to_container(compose_config(command, []), resolve=False))
        known = closest_match(key, keys)
    if known is None:
        return "Use `--cfg job` to list every key."
    text = f"Write {known}." if "=" in known else f"Write {known}={value or 'VALUE'}."
    if known == "model.schedule.joint":
        text += f" Each phase has its own epochs: {PHASES}."
    return text


def _of_path(argument: str, command: str) -> str:
    """Return what a path without a key was probably meant for."""
    path = Path(argument)
    is_table = re.search(r"\.(csv|parquet|npz|xlsx|tsv|txt)(\.\w+)?$", argument) is not None
    if command == "train" and is_table:
        return f"Write dataset=csv {quote_argument('dataset.path', path)}."
    if command == "evaluate" and is_table:
        return f"Write {quote_argument('real', path)} synthetic=... for two tables."
    if path.exists() or "/" in argument or argument.endswith(".ckpt"):
        return f"Write {quote_argument('resume' if command == 'train' else 'run', path)}."
    keys = flatten_keys(to_container(compose_config(command, []), resolve=False))
    if command in ("sample", "export") and argument not in keys:
        return f"Write {quote_argument('run', path)} if it is a run, or see --help."
    return f"Write {argument}=..., or see --help."
