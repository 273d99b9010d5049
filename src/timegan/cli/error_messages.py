"""Error messages: one line for each kind of error, those of Hydra included."""

import re
import shlex

from hydra.core.global_hydra import GlobalHydra
from hydra.errors import MissingConfigException, OverrideParseException

from timegan.cli.schema import RESERVED
from timegan.cli.signature_schema import (
    compose_config,
    flatten_keys,
    to_container,
    unknown_key,
)
from timegan.errors import InputError, closest_match

EXTRAS = {"hydra/launcher=joblib": "sweep", "hydra/launcher=submitit_slurm": "slurm"}
"""Options that other packages provide, and the extra that installs them."""


def explain(error: Exception, config: str | None = None) -> str:
    """Return the message for an error, with a remedy for those of Hydra."""
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
            f"brackets or an equals sign needs quotes: {quoted}."
        )
    if isinstance(error, MissingConfigException):
        group, _, name = (error.missing_cfg_file or "").rpartition("/")
        near = closest_match(name, error.options or [])
        hint = f" Did you mean {group}={near}?" if near else ""
        options = ", ".join(error.options or [])
        if f"{group}={name}" in EXTRAS:
            hint = f" It comes with pip install 'timegan-lightning[{EXTRAS[f'{group}={name}']}]'."
        return f"{group}={name}: there is no such choice.{hint} There are: {options}."
    if (found := re.search(r"Could not override '([^']+)'", text)) and config:
        return _unknown_key(found[1].partition("@")[0], config)
    if found := re.search(r"An item is already at '([^']+)'", text):
        return f"+{found[1]}: the key exists. Remove the +."
    if found := re.search(r"Ambiguous value for argument '([^']+)'", text):
        key, _, values = found[1].partition("=")
        return f"{found[1]}: several values need -m, which runs each. A list is {key}=[{values}]."
    return " ".join(text.split())


def _unknown_key(key: str, config: str) -> str:
    """Return why a key cannot be set: the command sets it itself, or there is no such key."""
    GlobalHydra.instance().clear()
    content = to_container(compose_config(config, []), resolve=False)
    group, _, name = key.partition(".")
    if group in content and name in RESERVED.get(group, {}):
        return f"{key} cannot be set here. {RESERVED[group][name]}"
    groups = ("schedule", "experiment") if config == "train" else ()  # of keys in other places
    return str(unknown_key(key, [*flatten_keys(content), *groups]))
