"""Defaults that depend on the data: each rule stands here, and only here."""

import math
from collections.abc import Mapping
from typing import Any

WIDE_TABLE_CHANNELS = 8
"""Channels above which a table takes wider networks and a longer joint phase."""

LATENT_NOISE = 0.05
"""Standard deviation of the noise on latents, whose channels have 1."""

WHITENING = 0.3
"""Whitening power for channels that differ by less than the noise."""


def fill_defaults(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of :class:`timegan.TimeGAN` with a value for every ``None``.

    Args:
        arguments: all arguments by name. ``features``, ``exogenous``, ``context`` and
            ``smallest_component_std`` describe the data.

    >>> names = ("hidden", "latent", "noise", "static_noise", "latent_noise", "whitening")
    >>> data = {"features": 6, "exogenous": 0, "context": 0, "smallest_component_std": 0.01}
    >>> model = {"generator": "path", "per_step_normalization": True, **dict.fromkeys(names)}
    >>> filled = fill_defaults(data | model)
    >>> {name: filled[name] for name in names}
    {'hidden': 48, 'latent': 6, 'noise': 8, 'static_noise': 16, 'latent_noise': 0.005, 'whitening': 0.3}
    >>> fill_defaults(data | model | {"hidden": 24})["hidden"]
    24
    """  # noqa: E501
    features = arguments["features"]
    channels = features + arguments["exogenous"] + arguments["context"]
    path = arguments["generator"] == "path"
    component_std = arguments["smallest_component_std"]
    nearly_collinear = component_std < LATENT_NOISE
    defaults = {
        "hidden": 16 * (2 + (channels > 1) + (channels > WIDE_TABLE_CHANNELS)),
        "latent": features,
        "noise": min(max(features, 8), 32) if path else features,
        "static_noise": min(max(2 * features, 16), 32) if path else 0,
        # Recovery averages away differences between channels that are smaller than its noise.
        "latent_noise": component_std / 2 if nearly_collinear else LATENT_NOISE,
        "whitening": WHITENING if nearly_collinear and arguments["per_step_normalization"] else 0.0,
    }
    missing = {name: value for name, value in defaults.items() if arguments[name] is None}
    return {**arguments, **missing}


def phase_epochs(windows: int, channels: int, steps_per_epoch: int) -> dict[str, int]:
    """Return the epochs of each phase for data of this size.

    Iterations grow with the root of the number of windows: 20 times that for the autoencoder (200
    to 1,000, as it starts near the identity), 6 times for the supervisor (100 to 300), 30 times for
    the joint phase (500 to 4,000). Wide tables take half as many again in the joint phase.

    Args:
        windows: N, the training windows.
        channels: of features, exogenous and context together.
        steps_per_epoch: batches of an epoch.

    >>> phase_epochs(windows=900, channels=6, steps_per_epoch=50)
    {'autoencoder': 12, 'supervised': 4, 'joint': 18}
    """
    root = math.sqrt(windows)
    wide = channels > WIDE_TABLE_CHANNELS
    iterations = {
        "autoencoder": min(max(20 * root, 200), 1_000),
        "supervised": min(max(6 * root, 100), 300),
        "joint": min(max(30 * root, 500), 4_000) * (1.5 if wide else 1),
    }
    return {phase: max(1, round(n / steps_per_epoch)) for phase, n in iterations.items()}
