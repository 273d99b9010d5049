"""The numbers that a model can be made with, and the batches that it can be shown."""

import math
from collections.abc import Mapping
from typing import Any

from timegan.errors import InputError
from timegan.nn.batch import Batch

AT_LEAST_ONE = (
    "hidden",
    "layers",
    "latent",
    "generator_steps",
    "projections",
    "log_every",
    "penalty_interval",
)
BELOW_ONE = ("beta1", "beta2", "ema_decay")
NOT_NEGATIVE = (
    *(
        "context",
        "exogenous",
        "noise",
        "static_noise",
        "discriminator_threshold",
        "lr",
        "autoencoder_lr",
        "min_lr_ratio",
        "grad_clip",
        "skip_grad_norm",
    ),
    *("smallest_component_std", "whitening"),
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
    if options["whitening"] > 0.5 or (
        options["whitening"] and not options["per_step_normalization"]
    ):
        raise InputError(
            f"model.whitening={options['whitening']} with model.per_step_normalization="
            f"{options['per_step_normalization']}: set 0 to 0.5, and 0 without "
            "model.per_step_normalization."
        )
    for name in BELOW_ONE:
        if options[name] >= 1:
            raise InputError(f"model.{name}={options[name]}: a decay lies below 1, as 0.99 does.")


def check_batch(batch: Batch, draws: int, options: Mapping[str, Any], *, squashes: bool) -> None:
    """Look at a batch that a model with these arguments is shown.

    Args:
        batch: without garbage in its padding.
        draws: K.
        options: the arguments of :class:`timegan.TimeGAN`.
        squashes: the recovery network can only return 0 to 1.

    Raises:
        InputError: another shape than the model's, or another scale than it can return.
    """
    x, want = batch.x, (draws, options["window"], options["features"])
    if x.dim() != 4 or (x.shape[0], *x.shape[2:]) != want:
        raise InputError(
            f"A batch of shape {tuple(x.shape)}: TimeGAN wants (draws, windows, steps, "
            f"features) with draws={want[0]}, steps={want[1]}, features={want[2]}. "
            "Make the data module and the model with the same numbers."
        )
    for name in ("context", "exogenous"):
        channels = getattr(batch, name)
        got = 0 if channels is None else channels.shape[-1]
        if got != options[name]:
            raise InputError(
                f"A batch with {got} channels of {name}: the model was made with {name}="
                f"{options[name]}. Make the data module and the model with the same numbers."
            )
    if batch.lengths is not None and not options["variable_length"]:
        raise InputError(
            "A batch with sequences of different lengths, and a model with variable_length=False: "
            "it would make all of them full windows. Give variable_length=True."
        )
    low, high = float(x.min()), float(x.max())
    if squashes and (low < -1e-4 or high > 1 + 1e-4):
        raise InputError(
            f"Scaled data from {low:.3g} to {high:.3g}: the recurrent recovery network ends "
            "with a sigmoid and can only return 0 to 1. Set dataset.scaling=minmax."
        )
