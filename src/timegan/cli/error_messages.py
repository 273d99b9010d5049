"""What went wrong, in one message: Hydra's errors in the words of this project."""

import re
import shlex

from hydra.core.global_hydra import GlobalHydra
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import OmegaConf

from timegan.cli.signature_schema import composed, leaves, unknown_key
from timegan.errors import InputError, nearest

EXTRAS = {"hydra/launcher=joblib": "sweep", "hydra/launcher=submitit_slurm": "slurm"}
"""Choices that other packages bring, and the extra that brings those."""


def explain(error: Exception, config: str | None = None) -> str:
    """The message for the person at the keyboard; Hydra's own in the words of this project."""
    if not isinstance(error, InputError) and isinstance(error.__cause__, InputError):
        # Raised in what Hydra was instantiating; our own say more than what they come from.
        error = error.__cause__
    text = str(error).strip()
    if isinstance(error, InputError):
        return text
    if isinstance(error, OverrideParseException):
        key, equals, value = error.override.partition("=")
        quoted = shlex.quote(f'{key}="{value}"') if equals else "key=value"
        return (
            f"{error.override}: this cannot be read as key=value. A value with spaces, commas, "
            f"brackets or an equals sign wants quotes: {quoted}."
        )
    if isinstance(error, MissingConfigException):
        group, _, name = (error.missing_cfg_file or "").rpartition("/")
        near = nearest(name, error.options or [])
        hint = f" Did you mean {group}={near}?" if near else ""
        options = ", ".join(error.options or [])
        if f"{group}={name}" in EXTRAS:
            hint = f" It comes with pip install 'timegan-lightning[{EXTRAS[f'{group}={name}']}]'."
        return f"{group}={name}: there is no such choice.{hint} There are: {options}."
    if (found := re.search(r"Could not override '([^']+)'", text)) and config:
        return _not_there(found[1].partition("@")[0], config)
    if found := re.search(r"An item is already at '([^']+)'", text):
        return f"+{found[1]}: the key is there already. Leave the + out."
    if found := re.search(r"Ambiguous value for argument '([^']+)'", text):
        key, _, values = found[1].partition("=")
        return f"{found[1]}: several values need -m, which runs each; a list is {key}=[{values}]."
    return " ".join(text.split())


def _not_there(key: str, config: str) -> str:
    """Why a key cannot be overridden: it is a run's own to set, or there is no such thing."""
    from timegan.cli.schema import GIVEN  # the whole of Lightning, for which no one should wait

    group, _, name = key.partition(".")
    if config == "train" and name in GIVEN.get(group, {}):
        return f"{key} cannot be set here. {GIVEN[group][name]}"
    return str(unknown_key(key, _known(config)))


def _known(config: str) -> list[str]:
    """Every key and group that the command has, without its own overrides."""
    GlobalHydra.instance().clear()
    groups = ["dataset", "model", "schedule", "trainer", "callbacks", "logger", "evaluation"]
    content = OmegaConf.to_container(composed(config, []), resolve=False)
    return [*groups, "experiment", *leaves(content)]
