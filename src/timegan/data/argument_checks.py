"""Checks of the options of a data module, before any table is read."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from timegan.data.imputation import MISSING_OPTIONS
from timegan.data.simulated import GENERATORS
from timegan.errors import InputError, closest_match
from timegan.transforms.scalers import SCALERS

CHOICES = {
    "keys": ("fresh", "original"),
    "preprocessing": ("default", "reference"),
    "scaling": (*SCALERS, "auto"),
    "missing": MISSING_OPTIONS,
    "constraints": ("enforce", "report", "off"),
    "seasonality": ("auto", "off"),
}


def check_options(options: Mapping[str, Any]) -> None:
    """Check the arguments of `WindowDataModule`.

    Raises:
        InputError: names the key, the value and the range.
    """
    if options["window"] is not None and options["window"] < 2:
        raise InputError(f"dataset.window={options['window']}: a window needs at least 2 steps.")
    for key in ("stride", "batch_size", "steps_per_epoch", "batches_per_step"):
        if options[key] < 1:
            raise InputError(f"dataset.{key}={options[key]} is too small. Set 1 or more.")
    if not 0 <= options["holdout"] < 1:
        raise InputError(
            f"dataset.holdout={options['holdout']} is no share of the data. Set 0 (nothing held "
            "out) or more, and less than 1."
        )
    for key, choices in CHOICES.items():
        if options[key] not in choices:
            raise InputError(
                f"dataset.{key}={options[key]} is unknown. Set {', '.join(choices[:-1])} or "
                f"{choices[-1]}."
            )
    zone, zones = options["time_zone"], sorted(available_timezones())
    if zone is not None and zone not in zones:
        raise InputError(
            f"dataset.time_zone={zone} is unknown. Did you mean {closest_match(zone, zones)}?"
        )
    if options["custom_constraints"] and options["constraints"] == "off":
        raise InputError(
            "dataset.custom_constraints is given, but dataset.constraints=off ignores constraints. "
            "Set dataset.constraints=enforce or report, or remove dataset.custom_constraints."
        )
    generate = options["generate"]
    if generate is not None and generate not in GENERATORS:
        raise InputError(
            f"dataset.generate={generate} is unknown. Set one of {', '.join(GENERATORS)}."
        )
