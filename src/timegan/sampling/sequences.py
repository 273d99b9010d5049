"""Sequences in the units of a table, generated in chunks of bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from timegan.errors import InputError
from timegan.nn.kernels.malloc import disable_heap_trimming
from timegan.nn.networks import HasNetworks, Networks
from timegan.sampling.conditioning import GivenContext
from timegan.sampling.long_series import (
    GROUP_SIZE,
    WindowPool,
    continue_windows,
    with_full_length,
)
from timegan.sampling.windows import (
    CHUNK_SIZE,
    concatenate,
    context_chunks,
    networks,
    sample_chunks,
)
from timegan.seeds import rng
from timegan.tables import Sequences
from timegan.transforms.encoding import channel_slices
from timegan.transforms.start_match import GROUP
from timegan.transforms.table_transform import TableTransform

DECODED_CELLS = 700_000
"""Cells of the table that are decoded together: small arrays cost calls, large ones memory."""
CANDIDATES = 2_048
"""Contexts that are generated to find lengths and values at the start for given contexts."""
NEAREST_CANDIDATES = 8
"""Nearest of these contexts, one of which is drawn, or one of those as near."""


def generate(
    model: Networks | HasNetworks, transform: TableTransform, count: int, **options: Any
) -> Sequences:
    """Return all chunks of :func:`generate_chunks`, which describes the arguments, as one."""
    chunks = generate_chunks(model, transform, count, **options)
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
    context: GivenContext | None = None,
    exogenous: np.ndarray | None = None,
    steps: int | None = None,
    whole: bool = False,
    starts: np.ndarray | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Sequences]:
    """Generate sequences ``start`` to ``start + count`` in the table's units, in bounded memory.

    A model with a context generates it first, or takes it from one of the real sequences where
    these are few. It is rounded to possible values (one category, a whole length), and the sequence
    is generated for exactly these.

    Args:
        model: a trained model.
        transform: the transform of its training table.
        count: N, the number of sequences.
        seed: sequence i depends on the seed, on i and on its own conditions alone.
        start: number of the first sequence.
        context: given context columns and lengths of the N sequences. Others are drawn from
            generated contexts that resemble the given ones.
        exogenous: given covariates of every step, in channels (N, T, U).
        steps: length of each sequence; None: as the model generates it.
        whole: sequences have the lengths of real ones, also beyond the window; otherwise they are
            windows. ``steps`` and given lengths take precedence.
        starts: given time of the first row of each sequence (N,), as the time column counts.
        progress: called with the number of new sequences, or of new steps where ``steps`` is set.

    Raises:
        InputError: conditions do not fit the model, or sequences of a model with exogenous columns
            are to be longer than the window.
    """
    if count < 1:
        return
    disable_heap_trimming()
    net = networks(model)
    lengths = None if steps is None else np.full(count, steps)
    if context is not None and context.lengths is not None and steps is None:
        lengths = context.lengths
    begins = whole and lengths is None and transform.longest > 0
    known = Known.of(model, transform, count, seed, start, context, lengths, begins=begins)
    whole = lengths is not None or begins
    if lengths is not None and lengths.min() < 1:
        raise InputError(f"steps={lengths.min()} is below 1. Set at least 1.")
    if net.exogenous and lengths is not None and lengths.max() > net.window:
        raise InputError(
            f"steps={lengths.max()}: sequences longer than the window of {net.window} steps are "
            "not supported for models with exogenous columns. Remove steps."
        )
    pool: list[WindowPool] = []
    block = CHUNK_SIZE  # contexts and series are made by chunk, windows alone in larger blocks
    if not whole and not net.context:
        cells = CHUNK_SIZE * net.window * len(transform.features)
        block *= max(1, DECODED_CELLS // cells)
    for first in range(start - start % CHUNK_SIZE, start + count, block):
        inside = slice(max(start, first) - start, min(start + count, first + block) - start)
        size, begin = inside.stop - inside.start, max(start, first)
        values, found, channels = None, None, None
        if net.context:
            mine = known.rows(inside)
            values, found, channels = sample_context(
                model, transform, seed, begin, size, mine.context, mine.lengths, mine.starts
            )
        elif transform.context_transformers:  # constant columns
            values, _ = transform.inverse_transform_static(np.empty((size, 0)))
        covariates = None if exogenous is None else exogenous[inside]
        wanted = None
        if whole:
            wanted = np.full(size, transform.longest) if found is None else found
            wanted = np.clip(wanted, 1, transform.longest) if lengths is None else lengths[inside]
            if channels is not None:
                channels = with_full_length(net, channels, wanted)
        times = None if starts is None else starts[inside]
        is_free = not net.context and not net.exogenous and wanted is None and times is None
        if transform.start_match is not None and is_free:
            yield _matched_windows(model, transform, values, seed, begin, size)
            if progress:
                progress(size)
            continue
        chunks = sample_chunks(
            model, size, seed=seed, start=begin, context=channels, exogenous=covariates
        )
        chunk = concatenate(list(chunks))
        if wanted is None:
            yield transform.inverse_transform(
                chunk.x,
                None if found is None else np.minimum(found, net.window),
                values,
                chunk.exogenous,
                starts=transform.starts(size, seed, begin) if times is None else times,
                given=None if context is None else context.known,
                seed=seed,
                start=begin,
            )
            if progress:
                progress(size)
            continue
        if times is None and transform.schema.time_axis is not None:
            times = transform.schema.time_axis.first_starts(begin, size)
        if wanted.max() > net.window and not pool:
            pool.append(WindowPool.draw(net, seed))
        for group in aligned_groups(begin, size):
            longest = int(wanted[group].max())
            x = continue_windows(
                net,
                pool[0] if pool else None,
                chunk.x[group],
                None if channels is None else channels[group],
                begin + group.start,
                longest,
                seed,
                progress if steps is not None else None,
            )
            yield transform.inverse_transform(
                x,
                wanted[group],
                None if values is None else values[group],
                None if chunk.exogenous is None else chunk.exogenous[group, :longest],
                starts=None if times is None else times[group],
                drawn=transform.draw_firsts(len(x), seed, begin + group.start),
                given=None if context is None else context.known,
                may_shorten=lengths is None,
                seed=seed,
                start=begin + group.start,
            )
            if progress and steps is None:
                progress(group.stop - group.start)


def _matched_windows(
    model: Networks | HasNetworks,
    transform: TableTransform,
    constant: np.ndarray | None,
    seed: int,
    start: int,
    count: int,
) -> Sequences:
    """Generate windows ``start`` to ``start + count`` at times that suit them.

    Windows of a group exchange their times, so that whole groups are generated. Context columns
    (n, K) are ``constant`` or there are none.
    """
    first, last = start - start % GROUP, -(-(start + count) // GROUP) * GROUP
    x = concatenate(list(sample_chunks(model, last - first, seed=seed, start=first))).x
    rows = slice(start - first, start - first + count)
    starts, drawn, members = transform.draw_matching(x, seed, first)
    return transform.inverse_transform(
        x[rows],
        context=constant,
        starts=starts[rows],
        drawn=drawn[rows],
        members=members[rows],
        seed=seed,
        start=start,
    )


@dataclass(frozen=True)
class Known:
    """What is known of the contexts of N sequences before they are generated.

    Args:
        context: learned context columns (N, K) in the table's units; None: all are generated.
        lengths: (N,); None: they are generated.
        starts: values at the first row (N, A); None: they are generated.
    """

    context: np.ndarray | None = None
    lengths: np.ndarray | None = None
    starts: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        model: Networks | HasNetworks,
        transform: TableTransform,
        count: int,
        seed: int,
        start: int,
        given: GivenContext | None,
        lengths: np.ndarray | None,
        *,
        begins: bool = False,
    ) -> Self:
        """Return given context columns, completed, or those of real sequences where these are few.

        The arguments are those of `generate_chunks`; ``lengths`` (N,) are asked for; ``begins``
        tells that sequences begin as whole real ones do.
        """
        net, lengths = networks(model), lengths if transform.learns_length else None
        drawn = transform.draw_contexts(count, seed, start) if net.context else None
        begins &= transform.draws.first_range.size > 0
        if given is None:
            if drawn is None and not begins:
                return cls(lengths=lengths)
            size = len(transform.reduction.learned.context_fields)
            context = np.zeros((count, size)) if drawn is None else drawn
            known = np.full(size, drawn is not None)
        else:
            context, known = given.learned(transform)
            if not known.all() and drawn is not None:
                context = complete_from_real(transform, given, seed, start)
                known[:] = True
        found = cls(context)
        if not known.all() or transform.reduction.start_fields or transform.learns_length:
            found = cls(
                *sample_unknown(
                    model, transform, (context, known), lengths, seed, start, given, begins=begins
                )
            )
        if given is not None and found.context is not None and not known.all():
            full = restore_contexts(transform, found.context, found.starts)
            given.check_followed(full, transform.schema.context_fields)
        return found

    def rows(self, rows: slice) -> Self:
        """Return what is known of some of the sequences."""
        parts = (self.context, self.lengths, self.starts)
        return type(self)(*(None if part is None else part[rows] for part in parts))


def aligned_groups(first: int, count: int) -> Iterator[slice]:
    """Split ``count`` sequences from number ``first`` on into aligned groups of `GROUP_SIZE`.

    >>> [(group.start, group.stop) for group in aligned_groups(14, 20)]
    [(0, 2), (2, 18), (18, 20)]
    """
    position = 0
    while position < count:
        size = min(GROUP_SIZE - (first + position) % GROUP_SIZE, count - position)
        yield slice(position, position + size)
        position += size


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
    return values[inside], found[inside] if transform.learns_length else None, channels[inside]


def concatenate_sequences(chunks: Sequence[Sequences]) -> Sequences:
    """Concatenate one or more chunks, padded to one length."""
    longest = max(chunk.values.shape[1] for chunk in chunks)
    chunks = [chunk.padded(longest) for chunk in chunks]
    names = ("values", "lengths", "context")
    whole = Sequences(*(np.concatenate([getattr(c, name) for c in chunks]) for name in names))
    starts = [chunk.starts for chunk in chunks if chunk.starts is not None]
    return replace(whole, starts=np.concatenate(starts)) if starts else whole


def sample_unknown(
    model: Networks | HasNetworks,
    transform: TableTransform,
    given: tuple[np.ndarray, np.ndarray],
    lengths: np.ndarray | None,
    seed: int,
    start: int,
    asked: GivenContext | None = None,
    *,
    begins: bool = False,
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Draw what accompanies given context columns from similar generated contexts.

    Args:
        model: a model with a context.
        transform: the transform of its training table.
        given: learned context columns (N, K), and which of them are known (K,).
        lengths: (N,) that are asked for; None: they are drawn, too.
        seed: seed of the sequences.
        start: number of the first sequence.
        asked: the context columns of the table of which these are the learned ones.
        begins: whether values at the first row are those of the first rows of whole sequences.

    Returns:
        All learned context columns (N, K), lengths (N,) if they differ, and values at the first
        row (N, A).
    """
    context, known = given
    count, size = context.shape
    generated = np.concatenate(list(context_chunks(model, CANDIDATES, seed=seed, start=0)))
    values, found = transform.inverse_transform_static(generated)
    full = np.full(CANDIDATES, networks(model).window) if found is None else found
    clean = transform.transform_static(values, full)
    assert clean is not None
    lead = start % CHUNK_SIZE  # whole chunks, as in `sample_context`; any row may fill them up
    rows = -(-(lead + count) // CHUNK_SIZE) * CHUNK_SIZE
    whole, steps = np.repeat(values[:1], rows, axis=0), np.repeat(full[:1], rows)
    whole[lead : lead + count, :size] = np.where(known, context, whole[:1, :size])
    if lengths is not None:
        steps[lead : lead + count] = lengths
    chunks = [
        transform.transform_static(whole[i : i + CHUNK_SIZE], steps[i : i + CHUNK_SIZE])
        for i in range(0, rows, CHUNK_SIZE)
    ]
    channels = np.concatenate([chunk for chunk in chunks if chunk is not None])[lead:][:count]
    used = np.zeros(clean.shape[1], dtype=bool)
    for part, is_known in zip(channel_slices(transform.context_transformers), known, strict=False):
        used[part] = is_known
    if lengths is not None:
        used[channel_slices(transform.context_transformers)[-1]] = True
    near = np.empty(count, dtype=np.int64)
    restored: np.ndarray | None = None
    if asked is not None and not known.all():
        restored = restore_contexts(transform, values[:, :size], values[:, size:])
    excess = transform.draws.first_excess(values[:, size:]) if begins else 0.0
    for i, row in enumerate(channels[:, used]):
        distances = np.square(clean[:, used] - row).sum(axis=1) + excess
        if asked is not None and restored is not None:  # with columns that follow from others
            distances += asked.distances(restored, i, transform.schema.context_fields)
        near[i] = draw_near(distances, seed, start + i)
    completed = np.where(known, context, values[near, :size])
    if found is not None:
        lengths = found[near] if lengths is None else lengths
    return completed, lengths, values[near, size:]


def complete_from_real(
    transform: TableTransform, given: GivenContext, seed: int, start: int
) -> np.ndarray:
    """Return learned context columns (N, K) of the real sequences that are nearest to given ones.

    Raises:
        InputError: a column that follows from others is that of no real sequence.
    """
    real, fields = transform.draws.contexts, transform.schema.context_fields
    full = restore_contexts(transform, real)
    context, known = given.learned(transform)
    completed = np.empty_like(context)
    for i in range(len(given)):
        away = given.distances(full, i, fields)
        near = np.flatnonzero(away <= away.min() + 1e-9)
        row = real[near[rng(seed, "context", start + i).integers(len(near))]]
        completed[i] = np.where(known, context[i], row)
    return completed


def restore_contexts(
    transform: TableTransform, learned: np.ndarray, starts: np.ndarray | None = None
) -> np.ndarray:
    """Return all context columns (n, K) of learned ones, and of values at the first row."""
    if not transform.reduction.relations:
        return learned
    if starts is None:
        starts = np.zeros((len(learned), len(transform.reduction.start_fields)))
    x = np.zeros((len(learned), 1, transform.widths["features"]))
    exogenous = np.zeros((len(learned), 1, transform.widths["exogenous"]))
    free = replace(transform, enforced=False)
    return free.inverse_transform(x, None, np.hstack([learned, starts]), exogenous).context


def draw_near(distances: np.ndarray, seed: int, number: int) -> int:
    """Draw one of the nearest candidates, of which there are many where categories agree."""
    most = np.partition(distances, NEAREST_CANDIDATES)[NEAREST_CANDIDATES - 1]
    near = np.flatnonzero(distances <= most)
    return int(near[rng(seed, "length", number).integers(len(near))])
