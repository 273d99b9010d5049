"""Ranges of the model's arguments, and the shape of its batches."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_type_hints

from timegan.errors import InputError
from timegan.nn.batch import Batch


@dataclass(frozen=True)
class Range:
    """The numbers that an argument may have, stated in its annotation.

    Args:
        minimum: the smallest one.
        maximum: the largest one.
        remedy: a sentence for people who gave another one.
    """

    minimum: float
    maximum: float
    remedy: str

    def __contains__(self, value: Any) -> bool:
        # A NumPy number would cast the range to its own type, which may be too small for it.
        number = value.item() if hasattr(value, "item") else value
        return bool(self.minimum <= number <= self.maximum)


FINITE = math.nextafter(math.inf, 0)
Count = Annotated[int, Range(1, FINITE, "Set 1 or more.")]
Size = Annotated[int, Range(0, FINITE, "Set 0 or a positive number.")]
Weight = Annotated[float, Range(0, FINITE, "Set 0 or a positive number.")]
Decay = Annotated[float, Range(0, math.nextafter(1, 0), "Set a decay from 0 to below 1.")]
WhiteningPower = Annotated[float, Range(0, 0.5, "Set 0 to 0.5.")]


def check_hyperparameters(target: Callable[..., Any], values: Mapping[str, Any]) -> None:
    """Check values by the :class:`Range` in the annotations of a function's arguments.

    Raises:
        InputError: names the key, the value and the range.

    >>> def model(hidden: Count, ema_decay: Decay) -> None: ...
    >>> check_hyperparameters(model, {"hidden": 8, "ema_decay": 1.0})
    Traceback (most recent call last):
    timegan.errors.InputError: model.ema_decay=1.0 is out of range. Set a decay from 0 to below 1.
    """
    for name, hint in get_type_hints(target, include_extras=True).items():
        for option in (hint, *get_args(hint)):  # an option may also be None
            for allowed in getattr(option, "__metadata__", ()):
                if values[name] not in allowed:
                    raise InputError(
                        f"model.{name}={values[name]} is out of range. {allowed.remedy}"
                    )
    if values.get("whitening") and not values["per_step_normalization"]:
        raise InputError(
            f"model.whitening={values['whitening']} with model.per_step_normalization=False: "
            "whitening needs inputs in the units of each step. Set model.whitening to 0, or remove "
            "model.per_step_normalization=False."
        )


def check_batch(batch: Batch, hparams: Mapping[str, Any], *, bounded: bool) -> None:
    """Check a batch that a model is about to be trained on.

    Args:
        batch: with zeros in its padding.
        hparams: arguments of :class:`timegan.TimeGAN`.
        bounded: the recovery network returns values from 0 to 1 only.

    Raises:
        InputError: the batch has another shape than the model, or values that it cannot return.
    """
    shape = (hparams["generator_steps"] + 1, hparams["window"], hparams["features"])
    x = batch.x
    if x.dim() != 4 or (x.shape[0], *x.shape[2:]) != shape:
        raise InputError(
            f"A batch of shape {tuple(x.shape)}: TimeGAN takes (draws, windows, steps, features) "
            f"with draws={shape[0]}, steps={shape[1]}, features={shape[2]}. "
            "Set the same numbers in the data module and the model."
        )
    for name in ("context", "exogenous"):
        channels = getattr(batch, name)
        found = 0 if channels is None else channels.shape[-1]
        if found != hparams[name]:
            raise InputError(
                f"A batch with {found} channels of {name}: the model was made with {name}="
                f"{hparams[name]}. Set the same number in the data module and the model."
            )
    if batch.lengths is not None and not hparams["variable_length"]:
        raise InputError(
            "A batch with sequences of different lengths, and a model with variable_length=False: "
            "it would generate full windows only. Set variable_length=True."
        )
    low, high = float(x.min()), float(x.max())
    if bounded and (low < -1e-4 or high > 1 + 1e-4):
        raise InputError(
            f"Scaled data from {low:.3g} to {high:.3g}: the recurrent recovery network ends in a "
            "sigmoid and returns 0 to 1 only. Set dataset.scaling=minmax."
        )
