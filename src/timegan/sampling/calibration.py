"""Shares set right at the end of training: zeros, categories, holes, lengths."""

import numpy as np

from timegan.nn.networks import HasNetworks, Networks
from timegan.sampling.sequences import contexts
from timegan.sampling.windows import PART, join, networks, sample_parts, static_parts
from timegan.transforms.table_transform import TableTransform

COUNT = 16 * PART
"""Sequences that shares are measured on."""
SEED = 1_000_003
"""Of these sequences: users rarely ask for just these."""


def calibrate(
    model: Networks | HasNetworks, transform: TableTransform, count: int = COUNT
) -> TableTransform:
    """The columns, so that what comes of the model's channels has the training part's shares.

    A network meets thresholds only about; where it puts 74 % of the values below the one that
    77 % of the real zeros ask for, the threshold moves. Static columns and lengths come first, for
    the sequences are then made for these.

    Args:
        model: trained.
        transform: of the table; an earlier calibration is forgotten.
        count: sequences to measure on, a multiple of 256.
    """
    net, channels = networks(model), None
    mask: np.ndarray | slice = slice(None)
    if net.context:
        static = np.concatenate(list(static_parts(model, count, seed=SEED)))
        transform = transform.calibrated_static(static)
        parts = [contexts(model, transform, SEED, i, PART) for i in range(0, count, PART)]
        channels = np.concatenate([part[2] for part in parts])
        if transform.variable:
            lengths = np.concatenate([np.asarray(part[1]) for part in parts])
            mask = np.arange(net.window) < lengths[:, None]
    made = join(list(sample_parts(model, count, seed=SEED, context=channels)))
    return transform.calibrated(made.x, mask, made.exogenous)
