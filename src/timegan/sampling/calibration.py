"""Calibration of levels, and of thresholds for zeros, categories, missing values and lengths."""

import numpy as np

from timegan.nn.networks import HasNetworks, Networks
from timegan.sampling.sequences import sample_context
from timegan.sampling.windows import (
    CHUNK_SIZE,
    concatenate,
    context_chunks,
    networks,
    sample_chunks,
)
from timegan.transforms.table_transform import TableTransform

SEQUENCES = 16 * CHUNK_SIZE
"""Sequences on which proportions are measured."""
SEED = 1_000_003
"""Seed of these sequences, which users rarely choose themselves."""


def calibrate_thresholds(
    model: Networks | HasNetworks,
    transform: TableTransform,
    real: tuple[np.ndarray, np.ndarray] | None = None,
    count: int = SEQUENCES,
) -> TableTransform:
    """Return the transform with thresholds that give samples the proportions of training data.

    A network reproduces proportions approximately. If 77 % of real values are zero and 74 % of
    generated ones lie below the threshold of zeros, the threshold is raised. Context columns and
    lengths come first, because sequences are generated for them.

    Args:
        model: a trained model.
        transform: the transform of its training table; earlier calibration is discarded.
        real: training windows in channels, and the steps that each has, see
            `TableTransform.calibrated`.
        count: sequences to measure on, a multiple of 256.
    """
    net, channels = networks(model), None
    mask: np.ndarray | slice = slice(None)
    if net.context:
        static = np.concatenate(list(context_chunks(model, count, seed=SEED)))
        transform = transform.calibrated_static(static)
        chunks = [
            sample_context(
                model,
                transform,
                SEED,
                i,
                CHUNK_SIZE,
                transform.draw_contexts(CHUNK_SIZE, SEED, i),
            )
            for i in range(0, count, CHUNK_SIZE)
        ]
        channels = np.concatenate([chunk[2] for chunk in chunks])
        if transform.variable:
            lengths = np.concatenate([np.asarray(chunk[1]) for chunk in chunks])
            mask = np.arange(net.window) < lengths[:, None]
    samples = concatenate(list(sample_chunks(model, count, seed=SEED, context=channels)))
    starts = transform.starts(count, SEED, 0)
    return transform.calibrated(samples.x, mask, samples.exogenous, starts, real)
