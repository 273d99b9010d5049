"""Sequences in the units of a table, generated in chunks of bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from timegan.errors import InputError
from timegan.nn.kernels.malloc import disable_heap_trimming
from timegan.nn.networks import HasNetworks, Networks
from timegan.sampling.long_series import GROUP_SIZE, continue_series
from timegan.sampling.windows import CHUNK_SIZE, context_chunks, networks, sample_chunks
from timegan.seeds import rng
from timegan.tables import Sequences
from timegan.transforms.table_transform import TableTransform

CANDIDATES = 2_048
"""Contexts that are generated to find lengths and values at the start for given contexts."""
NEAREST_CANDIDATES = 8
"""Nearest of these contexts, one of which is drawn, or one of those as near."""


def generate(
    model: Networks | HasNetworks,
    transform: TableTransform,
    count: int,
    *,
    seed: int = 0,
    start: int = 0,
    context: np.ndarray | None = None,
    exogenous: np.ndarray | None = None,
    steps: int | None = None,
    starts: np.ndarray | None = None,
) -> Sequences:
    """Return all chunks of :func:`generate_chunks` as one."""
    chunks = generate_chunks(
        model,
        transform,
        count,
        seed=seed,
        start=start,
        context=context,
        exogenous=exogenous,
        steps=steps,
        starts=starts,
    )
    nothing = np.empty((0, networks(model).window, len(transform.features)))
    empty = Sequences(nothing, np.empty(0, np.int64), np.empty((0, len(transform.schema.context))))
    return concatenate_sequences(list(chunks) or [empty])


def generate_chunks(
    model: Networks | HasNetworks,
    transform: TableTransform,
    count: int,
    *,
    seed: int = 0,
    start: int = 0,
    context: np.ndarray | None = None,
    exogenous: np.ndarray | None = None,
    steps: int | None = None,
    starts: np.ndarray | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Sequences]:
    """Generate sequences ``start`` to ``start + count`` in the table's units, a chunk at a time.

    A model with a context generates it first, or takes it from one of the real sequences where
    these are few. It is rounded to possible values (one category, a whole length), and the sequence
    is generated for exactly these.

    Args:
        model: a trained model.
        transform: the transform of its training table.
        count: N, the number of sequences.
        seed: sequence i depends on the seed, on i and on its own conditions alone.
        start: number of the first sequence.
        context: given context columns (N, K) in the table's units.
        exogenous: given covariates of every step, in channels (N, T, U).
        steps: length of each sequence if it is to be longer than the window.
        starts: given time of the first row of each sequence (N,), as the time column counts.
        progress: called with the number of new sequences, or of new steps of long series.

    Raises:
        InputError: conditions do not fit the model, or ``steps`` is set and the model has
            exogenous columns.
    """
    if count < 1:
        return
    disable_heap_trimming()
    net = networks(model)
    on_progress = progress or (lambda done: None)
    given = None
    if context is not None:
        given = transform.reduction.reduce_context(context)
    elif net.context:
        given = transform.draw_contexts(count, seed, start)
    starts_given = lengths_given = None
    if given is not None and (net.variable_length or transform.reduction.start_fields):
        starts_given, lengths_given = sample_unknown(model, transform, given, seed, start)
    if steps is not None:
        known = given, starts_given
        yield from _long_series(
            net, transform, count, steps, seed, start, known, starts, on_progress
        )
        return
    for first in range(start - start % CHUNK_SIZE, start + count, CHUNK_SIZE):
        inside = slice(max(start, first) - start, min(start + count, first + CHUNK_SIZE) - start)
        size, begin = inside.stop - inside.start, max(start, first)
        values, lengths, channels = None, None, None
        if net.context:
            values, lengths, channels = sample_context(
                model,
                transform,
                seed,
                begin,
                size,
                *(
                    None if known is None else known[inside]
                    for known in (given, lengths_given, starts_given)
                ),
            )
        elif transform.context_transformers:  # constant columns
            values, _ = transform.inverse_transform_static(np.empty((size, 0)))
        covariates = None if exogenous is None else exogenous[inside]
        (chunk,) = sample_chunks(
            model, size, seed=seed, start=begin, context=channels, exogenous=covariates
        )
        yield transform.inverse_transform(
            chunk.x,
            lengths,
            values,
            chunk.exogenous,
            starts=transform.starts(size, seed, begin) if starts is None else starts[inside],
            seed=seed,
            start=begin,
        )
        on_progress(size)


def _long_series(
    net: Networks,
    transform: TableTransform,
    count: int,
    steps: int,
    seed: int,
    start: int,
    known: tuple[np.ndarray | None, np.ndarray | None],
    starts: np.ndarray | None,
    on_progress: Callable[[int], None],
) -> Iterator[Sequences]:
    """Generate series of any length, a few at a time; the first begins as the real table does.

    ``known`` are given context columns (N, K) and values at the first row (N, A), or None.
    """
    if net.exogenous:
        raise InputError(
            f"steps={steps}: long series are not supported for models with exogenous columns. "
            "Remove steps."
        )
    time_axis = transform.schema.time_axis
    for first in range(start - start % GROUP_SIZE, start + count, GROUP_SIZE):
        begin, stop = max(start, first), min(start + count, first + GROUP_SIZE)
        size, inside = stop - begin, slice(begin - start, stop - start)
        context, channels = None, None
        if net.context:
            given, values = (None if part is None else part[inside] for part in known)
            lengths = np.full(size, net.window)
            context, _, channels = sample_context(
                net, transform, seed, begin, size, given, lengths, values
            )
        elif transform.context_transformers:
            context, _ = transform.inverse_transform_static(np.empty((size, 0)))
        x = continue_series(
            net, size, steps, seed=seed, start=begin, context=channels, progress=on_progress
        )
        times = None if starts is None else starts[inside]
        if times is None and time_axis is not None:
            times = time_axis.first_starts(begin, size)
        yield transform.inverse_transform(x, context=context, starts=times, seed=seed, start=begin)


def sample_context(
    model: Networks | HasNetworks,
    transform: TableTransform,
    seed: int,
    start: int,
    count: int,
    given: np.ndarray | None = None,
    lengths: np.ndarray | None = None,
    starts: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Return learned context columns (n, K), lengths (n,) and channels (n, S) of one chunk.

    Args:
        model: a model with a context.
        transform: the transform of its training table.
        seed: seed of the sequences.
        start: number of the first sequence.
        count: n; all sequences lie in one chunk of ``CHUNK_SIZE``.
        given: learned context columns (n, K) to use instead of generated ones.
        lengths: (n,) lengths to use instead of generated ones.
        starts: (n, A) values at the first row to use instead of generated ones.
    """
    first = start - start % CHUNK_SIZE
    inside = slice(start - first, start - first + count)
    # Always a whole chunk: rows are decoded with noise that depends on their position in it.
    values, found = transform.inverse_transform_static(
        next(context_chunks(model, CHUNK_SIZE, seed=seed, start=first))
    )
    found = np.full(CHUNK_SIZE, networks(model).window) if found is None else found
    size = len(transform.reduction.learned.context_fields)
    if given is not None:
        values[inside, :size] = given
    if starts is not None:
        values[inside, size:] = starts
    if lengths is not None:
        found[inside] = lengths
    channels = transform.transform_static(values, found)
    assert channels is not None
    return values[inside], found[inside] if transform.variable else None, channels[inside]


def concatenate_sequences(chunks: Sequence[Sequences]) -> Sequences:
    """Concatenate one or more chunks."""
    names = ("values", "lengths", "context")
    whole = Sequences(*(np.concatenate([getattr(c, name) for c in chunks]) for name in names))
    starts = [chunk.starts for chunk in chunks if chunk.starts is not None]
    return replace(whole, starts=np.concatenate(starts)) if starts else whole


def sample_unknown(
    model: Networks | HasNetworks,
    transform: TableTransform,
    context: np.ndarray,
    seed: int,
    start: int,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Draw what accompanies given context columns from similar generated contexts.

    Args:
        model: a model with a context.
        transform: the transform of its training table.
        context: learned context columns (N, K).
        seed: seed of the sequences.
        start: number of the first sequence.

    Returns:
        Values at the first row (N, A), and lengths (N,) if they differ.
    """
    size = context.shape[1]
    if not size:
        raise InputError("context is given, but this model has no context columns. Remove context.")
    generated = np.concatenate(list(context_chunks(model, CANDIDATES, seed=seed, start=0)))
    values, lengths = transform.inverse_transform_static(generated)
    full = np.full(CANDIDATES, networks(model).window) if lengths is None else lengths
    clean = transform.transform_static(values, full)
    assert clean is not None
    lead = start % CHUNK_SIZE  # whole chunks, as in `sample_context`; any row may fill them up
    whole = np.repeat(values[:1], -(-(lead + len(context)) // CHUNK_SIZE) * CHUNK_SIZE, axis=0)
    whole[lead : lead + len(context), :size] = context
    chunks = [
        transform.transform_static(whole[first : first + CHUNK_SIZE], np.full(CHUNK_SIZE, full[0]))
        for first in range(0, len(whole), CHUNK_SIZE)
    ]
    given = np.concatenate([chunk for chunk in chunks if chunk is not None])[lead:][: len(context)]
    width = sum(transformer.width for transformer in transform.context_transformers[:size])
    found = np.empty(len(context), dtype=np.int64)
    for i, row in enumerate(given[:, :width]):
        distances = np.square(clean[:, :width] - row).sum(axis=1)
        most = np.partition(distances, NEAREST_CANDIDATES)[NEAREST_CANDIDATES - 1]
        near = np.flatnonzero(distances <= most)  # many, where categories agree
        found[i] = near[rng(seed, "length", start + i).integers(len(near))]
    return values[found, size:], None if lengths is None else lengths[found]
