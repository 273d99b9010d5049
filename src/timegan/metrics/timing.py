"""Values and the calendar: the share of variance that hour, weekday, day and month explain."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from timegan.metrics.phase_shares import (
    PHASES,
    Share,
    Side,
    calendar_phases,
    feature_values,
    owner_means,
)
from timegan.metrics.sequence_calendars import SequenceCalendars
from timegan.relations import Rows
from timegan.transforms.detection.seasons import Cells, find_seasons
from timegan.variation import deviation, divisor

MAX_ROWS = 200_000
"""Rows of a table that are looked at; of a longer one, stretches that lie evenly in it."""

MAX_FEATURES = 60
"""Numbers and categories that are looked at."""

MAX_CATEGORIES = 10
"""Most frequent values of a category that are looked at, each as an indicator."""

MIN_SHARE = 0.02
"""Share of the variance from which on a phase is looked at."""

MIN_SEASON = 0.05
"""Share of the real variance from which on a season that synthetic rows lack is missing."""

MAX_FOLLOWED = 0.5
"""Part of a real profile below which, two errors considered, a season is missing."""

MIN_CYCLE = 0.9
"""Part of a period that a sequence without a context has to cover, to be told by its values."""


def timing(
    real: Rows, synthetic: Rows, held_out: Rows | None = None, followed: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return the phases of the calendar that explain a column of either table.

    A phase counts where it explains more of a column than after blocks of time are shifted at
    random, in data that cover several of its periods. Where few sequences have profiles of their
    own, each sequence is held against its own one.

    Args:
        real: all real rows.
        synthetic: generated rows.
        held_out: unseen real rows.
        followed: columns that follow from the time in every row, which are left out.

    Returns:
        A row for each column and phase, the largest difference first, then the largest gap:
        ``feature``, ``phase``; ``by_sequence``, whether sequences have profiles of their own; the
        share of the variance that the phase explains: ``real``, ``held_out`` and ``synthetic``
        (None where there are no dates or no rows); ``error``, the standard error of the difference
        between real and synthetic; ``agreement``, the correlation of both profiles;
        ``difference``, by how much more than its error the synthetic share, as far as it follows
        the real profile, misses the real one; ``is_missing``, whether synthetic rows follow a real
        profile too little, however large the error of the shares is; ``profiles``, the mean at
        each phase of ``real`` and ``synthetic``, in the sequences where they are farthest apart if
        these have their own.
    """
    if real.local_time is None:
        return []
    calendars, mask = SequenceCalendars.of(real), real.stretch_mask(MAX_ROWS)
    owner = None if calendars is None else calendars.rows_of(real)[mask]
    tables = {"real": real.take(mask), "synthetic": synthetic.stretches(MAX_ROWS)}
    if held_out is not None:
        tables["held_out"] = held_out.stretches(MAX_ROWS)
    features = [f for f in _features(real) if f[1] not in followed][:MAX_FEATURES]
    found_in = [_seasons(tables[side], features) for side in ("real", "synthetic")]
    rows = []
    for part, phase in PHASES.items():
        own: list[_Feature] = []
        if calendars is not None and owner is not None:
            own, owners = _own_seasons(calendars, owner, tables, features, part)
        labels = [f for f in features if any(f in seasons.get(part, ()) for seasons in found_in)]
        labels = [f for f in labels if f not in own]
        sides = {name: Side(side, part) for name, side in tables.items()} if labels else {}
        apart = {name: Side(tables[name], part, owners[name]) for name in tables} if own else {}
        for feature in [*labels, *own]:
            is_own = feature in own
            measured = apart if is_own else sides
            found = {name: side.measure(*feature[1:]) for name, side in measured.items()}
            is_real = is_own or feature in found_in[0].get(part, ())
            row = _compared(found, phase.count, is_real=is_real)
            if row is not None:
                about = {"feature": feature[0], "phase": phase.label, "part": part}
                rows.append(about | {"by_sequence": is_own} | row)
    return sorted(rows, key=lambda row: (-row["difference"], not row["is_missing"], -_gap(row)))


def _gap(row: Mapping[str, Any]) -> float:
    """Return how far apart the real and the synthetic share are."""
    return 0.0 if row["synthetic"] is None else abs(row["synthetic"] - row["real"])


_Feature = tuple[str, str, float | None]
"""Label, column and, of a category, code."""


def _own_seasons(
    calendars: SequenceCalendars,
    owner: np.ndarray,
    tables: Mapping[str, Rows],
    features: Sequence[_Feature],
    part: str,
) -> tuple[list[_Feature], dict[str, np.ndarray]]:
    """Return the features with profiles of their own in some sequences, and the rows' owners.

    Without times of one table, or where no sequence of it can be told, there are none.
    """
    nothing: tuple[list[_Feature], dict[str, np.ndarray]] = ([], {})
    real, phase = tables["real"], PHASES[part]
    if any(side.local_time is None or not len(side) for side in tables.values()):
        return nothing
    features = [f for f in features if all(f[1] in side.columns for side in tables.values())]
    if not features:
        return nothing
    codes = {
        name: phase.codes(side.local_time, part)
        for name, side in tables.items()
        if side.local_time is not None
    }
    x = np.stack([_centred(real, f[1], f[2], owner) for f in features], axis=-1)
    chosen = calendars.find(x, calendar_phases(real), phase.period, codes["real"], owner)
    own = [f for f, is_own in zip(features, chosen, strict=True) if is_own]
    if not own:
        return nothing
    x = x[:, chosen]
    scale = divisor(deviation(x, 0))
    index, count = owner * phase.count + codes["real"], len(calendars.contexts) * phase.count
    counts = np.maximum(np.bincount(index, minlength=count), 1)
    sums = [np.bincount(index, weights=column, minlength=count) for column in x.T]
    profiles = (np.stack(sums, axis=-1) / counts[:, None] / scale).reshape(
        -1, phase.count, len(own)
    )

    def is_long(rows: Rows) -> np.ndarray:
        cycles = calendar_phases(rows).cycles(phase.period)
        ends = cycles[rows.bounds[:, 1] - 1] - cycles[rows.bounds[:, 0]]
        return np.asarray(ends >= MIN_CYCLE)

    owners = {"real": owner}
    for name, side in tables.items():
        if name != "real":
            y = np.stack([_centred(side, f[1], f[2]) for f in own], axis=-1) / scale
            owners[name] = calendars.assign(side, codes[name], profiles, y, is_long)
    is_told = all((groups >= 0).any() for groups in owners.values())
    return (own, owners) if is_told else nothing


def _compared(
    found: Mapping[str, Share | None], size: int, *, is_real: bool
) -> dict[str, Any] | None:
    """Return the figures of one feature, whose profiles have so many phases each.

    Args:
        found: what the phase explains of each table.
        size: phases of a profile.
        is_real: whether the season of the real rows is above chance.
    """
    real, synthetic, held_out = (found.get(k) for k in ("real", "synthetic", "held_out"))
    largest = max((side.share for side in (real, synthetic) if side is not None), default=0.0)
    if real is None or largest < MIN_SHARE:
        return None
    row: dict[str, Any] = {"real": real.share, "held_out": held_out and held_out.share}
    profiles = {"real": _plain(real.means[:size])}
    if synthetic is None:
        nothing = {"synthetic": None, "error": None, "agreement": None, "difference": 0.0}
        return row | nothing | {"is_missing": False, "profiles": profiles}
    count = min(len(real.means), len(synthetic.means))
    agreement = _correlation(real.means[:count], synthetic.means[:count], synthetic.counts[:count])
    away = np.nan_to_num(np.abs(real.means[:count] - synthetic.means[:count]))
    farthest = size * int(away.reshape(-1, size).sum(axis=1).argmax())
    profiles = {
        name: _plain(side.means[farthest : farthest + size])
        for name, side in (("real", real), ("synthetic", synthetic))
    }
    error = float(np.hypot(real.error, synthetic.error))
    follows, off = synthetic.follows(real)
    matched = synthetic.share * max(agreement, 0.0) ** 2
    gap = max(synthetic.share - real.share, real.share - matched)
    return row | {
        "synthetic": synthetic.share,
        "error": error,
        "agreement": agreement,
        "difference": max(gap - 2 * error, 0.0),
        "is_missing": is_real and real.share >= MIN_SEASON and follows + 2 * off < MAX_FOLLOWED,
        "profiles": profiles,
    }


def _correlation(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> float:
    """Return the correlation of two profiles over the phases that both have; 0 if one is flat."""
    both = ~np.isnan(a) & ~np.isnan(b)
    if both.sum() < 2:
        return 0.0
    a, b, weights = a[both], b[both], weights[both] / weights[both].sum()
    a, b = a - weights @ a, b - weights @ b
    scale = np.sqrt((weights @ np.square(a)) * (weights @ np.square(b)))
    return float(weights @ (a * b) / scale) if scale > 0 else 0.0


def phases_covered(rows: Rows) -> list[str]:
    """Return the names of the phases whose periods the rows cover at least twice."""
    if rows.local_time is None or not len(rows):
        return []
    rows = rows.stretches(MAX_ROWS)
    phases, nothing = calendar_phases(rows), np.zeros((len(rows), 1))
    return [
        phase.label
        for phase in PHASES.values()
        if Cells.of(phases, nothing, phase.period) is not None
    ]


def _seasons(
    rows: Rows, features: Sequence[tuple[str, str, float | None]]
) -> dict[str, list[tuple[str, str, float | None]]]:
    """Return the features that each phase explains better than chance."""
    features = [f for f in features if f[1] in rows.columns]
    if not features or rows.local_time is None or not len(rows):
        return {}
    x = np.stack([_centred(rows, column, code) for _, column, code in features], axis=-1)
    phases = calendar_phases(rows)
    found = {}
    for part, phase in PHASES.items():
        cells = Cells.of(phases, x, phase.period)
        if cells is None:
            continue
        shares = find_seasons(cells, phase.period)
        found[part] = [f for f, share in zip(features, shares, strict=True) if share > 0]
    return found


def _features(rows: Rows) -> Iterator[tuple[str, str, float | None]]:
    """Yield the label, column and, of a category, code of everything that may have a season."""
    for label, field in rows.fields.items():
        if field.role == "context" or field.type in ("datetime", "timedelta"):
            continue
        values = rows.columns[label]
        if field.type != "category":
            yield label, label, None
            continue
        counts = np.bincount(values[~np.isnan(values)].astype(np.int64))
        for code in np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]:
            yield f"{label}={field.categories[code]}", label, float(code)


def _centred(
    rows: Rows, column: str, code: float | None, owner: np.ndarray | None = None
) -> np.ndarray:
    """Return a feature less its mean in each sequence, or of each owner; 0 where it is missing."""
    values = feature_values(rows, column, code)
    owner = np.cumsum(~rows.follows) - 1 if owner is None else owner
    return np.asarray(np.nan_to_num(values - owner_means(values, owner)))


def _plain(means: np.ndarray) -> list[float | None]:
    return [None if np.isnan(mean) else float(mean) for mean in means]
