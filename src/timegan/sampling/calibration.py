"""Calibration of levels, of thresholds for zeros, categories and lengths, and of spreads."""

import numpy as np
import torch

from timegan.nn.batch import Batch
from timegan.nn.completion import Completer, draw_given, smoothed, spread_groups
from timegan.nn.networks import HasNetworks, Networks
from timegan.sampling.sequences import sample_context
from timegan.sampling.windows import (
    CHUNK_SIZE,
    concatenate,
    context_chunks,
    networks,
    sample_chunks,
)
from timegan.seeds import generator
from timegan.transforms.table_transform import TableTransform

SEQUENCES = 16 * CHUNK_SIZE
"""Sequences on which proportions are measured."""
SEED = 1_000_003
"""Seed of these sequences, which users rarely choose themselves."""

SPREADS = tuple(round(0.05 * step, 2) for step in range(20, 51))
"""Factors of the spread of completions that are tried: a few held-out windows narrow nothing."""
MAX_CELLS = 4_000
"""Cells of a group that are looked at."""
MIN_CELLS = 500
"""Cells of a group from which on it has a factor of its own."""
DRAWS = 39
"""Draws of a window from which its spread is measured; with the truth they make 40 ranks."""


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


@torch.no_grad()
def calibrate_completer(model: Networks | HasNetworks, real: Batch) -> None:
    """Set the spread with which intervals of draws contain the truth as often as they should.

    A network that has not seen these windows draws too narrowly where it knows its training windows
    by heart. The central intervals of 50 and 90 % are compared over masks like those of training,
    for cells near to given ones, far from them, and between them. Groups of few cells have the
    factor of all cells.

    Args:
        model: a model with a completer, which is changed.
        real: windows (N, T, C) that it was not trained on, if there are any.
    """
    net = networks(model)
    own = [net.completer, net.averages["completer"] if net.averages else None]
    completers = [completer for completer in own if isinstance(completer, Completer)]
    completer = completers[-1].eval()
    real = real.zero_padding()
    x, random = real.conditions.with_exogenous(real.x), generator(SEED, "spread")
    given = draw_given(x.shape, random)
    exists = torch.ones_like(x) if real.mask is None else real.mask.expand_as(x)
    given, z = given * exists, completer.draw_noise(DRAWS * len(x), x.shape[1], random)
    unknown, like = (given == 0) & (exists > 0), completer.sigma
    if not unknown.any():
        return
    arguments = [part if part is None else part.to(like) for part in (x, given, real.context)]
    made, centre = (
        completer(*arguments[:2], noise, arguments[2]).cpu()
        for noise in (z.to(like), torch.zeros_like(z[: len(x)]).to(like))
    )
    away, target = made.view(DRAWS, *x.shape) - centre, x - centre
    slow = smoothed(away.flatten(0, 1)).view_as(away)
    groups = spread_groups(given)

    def best_spread(cells: torch.Tensor) -> float:
        places = cells.nonzero()
        places = places[torch.linspace(0, len(places) - 1, min(len(places), MAX_CELLS)).long()]
        some = tuple(places.T)
        return _best_spread(away[:, *some], slow[:, *some], target[some])

    spread = torch.full_like(completer.spread, best_spread(unknown))
    for group in range(len(spread)):
        cells = unknown & (groups == group)
        if int(cells.sum()) >= MIN_CELLS:
            spread[group] = best_spread(cells)
    for one in completers:
        one.spread.copy_(spread)


def _best_spread(away: torch.Tensor, slow: torch.Tensor, target: torch.Tensor) -> float:
    """Return the factor with which intervals contain the truth as often as they should.

    Args:
        away: deviations (K, M) of draws from their centre.
        slow: their smoothed part (K, M), which is scaled.
        target: deviations (M,) of the truth.
    """
    errors = {}
    for factor in SPREADS:
        below = (away + (factor - 1) * slow < target).sum(0)
        place = ((below + 0.5) / (DRAWS + 1) - 0.5).abs()
        covered = [(place < share / 2).float().mean() - share for share in (0.5, 0.9)]
        errors[factor] = sum(float(error.abs()) for error in covered)
    return min(errors, key=lambda factor: (round(errors[factor], 2), factor))
