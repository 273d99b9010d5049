"""The numbers that a model can be made with."""

import math
from collections.abc import Mapping
from typing import Any

from timegan.errors import InputError

AT_LEAST_ONE = ("hidden", "layers", "latent", "generator_steps", "projections", "log_every")
BELOW_ONE = ("beta1", "beta2", "ema")
NOT_NEGATIVE = (
    *("noise", "static_noise", "rest_threshold", "lr", "autoencoder_lr", "lr_end", "grad_clip"),
    *("latent_noise", "reconstruction_weight", "embedder_supervised_weight", "supervised_weight"),
    *("moment_weight", "energy_weight", "penalty_weight", "gamma", *BELOW_ONE),
)


def check_ranges(options: Mapping[str, Any]) -> None:
    """Look at the numbers among the arguments of :class:`timegan.TimeGAN`.

    Raises:
        InputError: names the key, the value and the range.
    """
    for name in AT_LEAST_ONE:
        if options[name] < 1:
            raise InputError(f"model.{name}={options[name]}: give 1 or more.")
    for name in NOT_NEGATIVE:
        if not 0 <= options[name] < math.inf:
            raise InputError(f"model.{name}={options[name]}: give 0 or a positive number.")
    for name in BELOW_ONE:
        if options[name] >= 1:
            raise InputError(f"model.{name}={options[name]}: a decay lies below 1, as 0.99 does.")
