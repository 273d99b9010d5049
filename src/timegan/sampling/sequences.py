"""From a trained model to sequences in a table's units, part by part in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from timegan.errors import InputError
from timegan.nn.kernels.malloc import disable_heap_trimming
from timegan.nn.networks import GeneratedBatch, HasNetworks, Networks
from timegan.sampling.long_series import TOGETHER, continue_series
from timegan.sampling.windows import PART, networks, sample_parts, static_parts
from timegan.seeds import rng
from timegan.tables import Sequences
from timegan.transforms.table_transform import TableTransform

CANDIDATES = 2_048
"""Contexts that are made to find lengths that go with the ones that are asked for, ..."""
NEAREST = 8
"""... and how many near ones a length is drawn from."""


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
) -> Sequences:
    """All parts of :func:`generate_parts` as one."""
    parts = generate_parts(
        model,
        transform,
        count,
        seed=seed,
        start=start,
        context=context,
        exogenous=exogenous,
        steps=steps,
    )
    nothing = np.empty((0, networks(model).window, len(transform.features)))
    empty = Sequences(nothing, np.empty(0, np.int64), np.empty((0, len(transform.schema.context))))
    return joined(list(parts) or [empty])


def generate_parts(
    model: Networks | HasNetworks,
    transform: TableTransform,
    count: int,
    *,
    seed: int = 0,
    start: int = 0,
    context: np.ndarray | None = None,
    exogenous: np.ndarray | None = None,
    steps: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Sequences]:
    """Sequences ``start`` to ``start + count`` in the table's units, a part at a time.

    Where the model has a context, that is made first, turned into possible values (one category,
    a whole length), and the sequence is made for exactly these.

    Args:
        model: a trained model.
        transform: of the table that it learned.
        count: N, how many.
        seed: sequence i is a function of the seed, of i and of what is asked for it, alone.
        start: number of the first sequence.
        context: static columns (N, K) in the table's units that are asked for.
        exogenous: channels of the exogenous columns (N, T, U) that are asked for.
        steps: of each sequence, where it is to be longer than the window.
        progress: told how many sequences are done, or how many steps of long ones.
    """
    if count < 1:
        return
    disable_heap_trimming()
    net = networks(model)
    tell = progress or (lambda done: None)
    if steps is not None:
        yield from _long(net, transform, count, steps, seed, start, tell)
        return
    wanted = None
    if context is not None and net.variable_length:
        wanted = lengths_for(model, transform, context, seed, start)
    for first in range(start - start % PART, start + count, PART):
        inside = slice(max(start, first) - start, min(start + count, first + PART) - start)
        size, begin = inside.stop - inside.start, max(start, first)
        values, lengths, channels = None, None, None
        if net.context:
            given = None if context is None else context[inside]
            known = None if wanted is None else wanted[inside]
            values, lengths, channels = contexts(model, transform, seed, begin, size, given, known)
        elif transform.context_transformers:  # nothing about them varies
            values, _ = transform.inverse_transform_static(np.empty((size, 0)))
        given_u = None if exogenous is None else exogenous[inside]
        made = _one(
            sample_parts(model, size, seed=seed, start=begin, context=channels, exogenous=given_u)
        )
        done = transform.inverse_transform(
            made.x, lengths, values, made.exogenous, seed=seed, start=begin
        )
        yield replace(done, starts=transform.starts(size, seed, begin))
        tell(size)


def _long(
    net: Networks,
    transform: TableTransform,
    count: int,
    steps: int,
    seed: int,
    start: int,
    tell: Callable[[int], None],
) -> Iterator[Sequences]:
    """Series of any length, a few at a time; the first begins as the real table does."""
    if net.context or net.exogenous:
        raise InputError(
            f"steps={steps}: long series are not supported for models with variable lengths, "
            "context columns or exogenous columns. Remove `steps`."
        )
    for first in range(start - start % TOGETHER, start + count, TOGETHER):
        begin, stop = max(start, first), min(start + count, first + TOGETHER)
        size = stop - begin
        x = continue_series(net, size, steps, seed=seed, start=begin, progress=tell)
        context = None
        if transform.context_transformers:
            context, _ = transform.inverse_transform_static(np.empty((size, 0)))
        made = transform.inverse_transform(x, context=context, seed=seed, start=begin)
        calendar = transform.schema.calendar
        yield replace(made, starts=calendar.first_starts(begin, size) if calendar else None)


def contexts(
    model: Networks | HasNetworks,
    transform: TableTransform,
    seed: int,
    start: int,
    count: int,
    given: np.ndarray | None = None,
    lengths: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Static columns (n, K), lengths (n,) and their channels (n, S), of one part of sequences.

    Args:
        model: with a context.
        transform: of the table that it learned.
        seed: of the sequences.
        start: number of the first one.
        count: n; all lie in one part (`PART`).
        given: static columns (n, K) that are asked for.
        lengths: (n,) that go with them.
    """
    first = start - start % PART
    inside = slice(start - first, start - first + count)
    # Always a whole part: how channels are spread depends on the place in it.
    values, found = transform.inverse_transform_static(
        next(static_parts(model, PART, seed=seed, start=first))
    )
    found = np.full(PART, networks(model).window) if found is None else found
    if given is not None:
        values[inside] = given
    if lengths is not None:
        found[inside] = lengths
    channels = transform.transform_static(values, found)
    assert channels is not None
    return values[inside], found[inside] if transform.variable else None, channels[inside]


def joined(parts: Sequence[Sequences]) -> Sequences:
    """Several parts, at least one, as one."""
    names = ("values", "lengths", "context")
    whole = Sequences(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))
    starts = [part.starts for part in parts if part.starts is not None]
    return replace(whole, starts=np.concatenate(starts)) if starts else whole


def lengths_for(
    model: Networks | HasNetworks,
    transform: TableTransform,
    context: np.ndarray,
    seed: int,
    start: int,
) -> np.ndarray:
    """Lengths (N,) for static columns (N, K): those of contexts like them that the model makes."""
    if not context.shape[1]:
        raise InputError("The table has no static columns: there is no context to ask for.")
    made = np.concatenate(list(static_parts(model, CANDIDATES, seed=seed, start=0)))
    values, lengths = transform.inverse_transform_static(made)
    assert lengths is not None
    clean = transform.transform_static(values, lengths)
    assert clean is not None
    lead = start % PART  # whole parts, as in `contexts`; what fills them up does not matter
    whole = np.repeat(values[:1], -(-(lead + len(context)) // PART) * PART, axis=0)
    whole[lead : lead + len(context)] = context
    parts = [
        transform.transform_static(whole[first : first + PART], np.full(PART, lengths[0]))
        for first in range(0, len(whole), PART)
    ]
    asked = np.concatenate([part for part in parts if part is not None])[lead:][: len(context)]
    last = transform.context_transformers[-1].width
    found = np.empty(len(context), dtype=np.int64)
    for i, row in enumerate(asked[:, :-last]):
        distances = np.square(clean[:, :-last] - row).sum(axis=1)
        near = np.argpartition(distances, NEAREST)[:NEAREST]
        found[i] = lengths[near[rng(seed, "length", start + i).integers(NEAREST)]]
    return found


def _one(parts: Iterator[GeneratedBatch[np.ndarray]]) -> GeneratedBatch[np.ndarray]:
    """The only part."""
    (part,) = parts
    return part
