"""Rules that every real row keeps, and how often synthetic rows break them.

Found in the training windows: orderings (High is never below Low), features that are always equal,
steps (whole numbers, multiples of ten), a handful of values, bounds, and motion in one direction.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from timegan.metrics.arrays import Array, check

FEW_VALUES = 10
MOST_SHOWN = 40


def constraints(
    train: Array, synthetic: Array, features: Sequence[str], holdout: Array | None = None
) -> list[dict[str, Any]]:
    """The rules that hold on all training windows, those that are broken most often first.

    A rule that no row could break (two features whose ranges do not meet) is none. Bounds are the
    training windows' own extremes, which unseen real windows leave at times: ``held_out`` says how
    often.

    Returns:
        A row a rule: ``kind``, ``rule`` in words, ``features``, the share of rows (or of steps)
        that break it: ``real``, ``held_out`` (``None`` without such windows) and ``synthetic``.
        At most 40 rules of a kind, the most broken ones.
    """
    check(train, synthetic)
    rules = [
        rule
        for find in (_bounds, _steps, _values, _monotone, _equal, _ordered)
        for rule in _audit(find(train, features), train, holdout, synthetic)
    ]
    return sorted(rules, key=lambda rule: -rule["synthetic"])


Rule = tuple[str, str, list[str], Any]
"""Kind, rule in words, features, and a function from windows to what breaks it (booleans)."""


def _audit(
    rules: list[Rule], train: Array, holdout: Array | None, synthetic: Array
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "kind": kind,
            "rule": words,
            "features": names,
            "real": float(broken(train).mean()),
            "held_out": None if holdout is None else float(broken(holdout).mean()),
            "synthetic": float(broken(synthetic).mean()),
        }
        for kind, words, names, broken in rules
    ]
    return sorted(found, key=lambda rule: -rule["synthetic"])[:MOST_SHOWN]


def _bounds(train: Array, features: Sequence[str]) -> list[Rule]:
    def rule(c: int, name: str) -> Rule:
        low, high = float(train[..., c].min()), float(train[..., c].max())
        slack = 1e-6 * (high - low)
        words = f"{low:g} ≤ {name} ≤ {high:g}"
        return (
            "bounds",
            words,
            [name],
            lambda x: (x[..., c] < low - slack) | (x[..., c] > high + slack),
        )

    return [rule(c, name) for c, name in enumerate(features)]


def _steps(train: Array, features: Sequence[str]) -> list[Rule]:
    """A feature whose values are all multiples of a power of ten, or of five or two of them."""

    def rule(c: int, name: str, step: float) -> Rule:
        words = f"{name} is a whole number" if step == 1 else f"{name} is a multiple of {step:g}"
        return ("steps", words, [name], lambda x: _off(x[..., c], step))

    rules = []
    for c, name in enumerate(features):
        values = np.unique(train[..., c])
        for power in range(6, -4, -1):
            step = next(
                (f * 10.0**power for f in (5, 2, 1) if not _off(values, f * 10.0**power).any()), 0.0
            )
            if step and len(values) > 1:
                rules.append(rule(c, name, step))
                break
    return rules


def _off(values: Array, step: float) -> Array:
    """Which values are no multiples of ``step``, as well as their precision can tell."""
    count = values / step
    off: Array = np.abs(count - np.round(count)) > 1e-6 + 1e-9 * np.abs(count)
    return off


def _values(train: Array, features: Sequence[str]) -> list[Rule]:
    def rule(c: int, name: str, known: Array) -> Rule:
        shown = ", ".join(f"{value:g}" for value in known)
        slack = 1e-6 * float(np.ptp(known))

        def broken(x: Array) -> Array:
            place = np.clip(np.searchsorted(known, x[..., c]), 1, len(known) - 1)
            near = np.minimum(
                np.abs(x[..., c] - known[place - 1]), np.abs(x[..., c] - known[place])
            )
            found: Array = near > slack
            return found

        return ("values", f"{name} is one of {shown}", [name], broken)

    rules = []
    for c, name in enumerate(features):
        known = np.unique(train[..., c])
        if 2 <= len(known) <= min(FEW_VALUES, train[..., c].size // 10):
            rules.append(rule(c, name, known))
    return rules


def _monotone(train: Array, features: Sequence[str]) -> list[Rule]:
    if train.shape[1] < 2:
        return []

    def rule(c: int, name: str, sign: int) -> Rule:
        words = f"{name} never {'falls' if sign > 0 else 'rises'} within a window"
        slack = 1e-9 * float(np.ptp(train[..., c]))
        return ("monotone", words, [name], lambda x: sign * np.diff(x[..., c], axis=1) < -slack)

    def holds(c: int, sign: int) -> bool:
        moves = sign * np.diff(train[..., c], axis=1)
        return bool((moves >= 0).all() and moves.any())

    return [
        rule(c, name, sign) for c, name in enumerate(features) for sign in (1, -1) if holds(c, sign)
    ]


def _equal(train: Array, features: Sequence[str]) -> list[Rule]:
    def rule(a: int, b: int) -> Rule:
        slack = 1e-6 * float(np.ptp(train[..., a]))
        return (
            "equal",
            f"{features[a]} = {features[b]}",
            [features[a], features[b]],
            lambda x: np.abs(x[..., a] - x[..., b]) > slack,
        )

    return [rule(a, b) for a, b in _same(train)]


def _same(train: Array) -> list[tuple[int, int]]:
    count = train.shape[2]
    return [
        (a, b)
        for a in range(count)
        for b in range(a + 1, count)
        if np.array_equal(train[..., a], train[..., b])
    ]


def _ordered(train: Array, features: Sequence[str]) -> list[Rule]:
    """Pairs in a fixed order whose ranges meet: one could break it without leaving its range."""
    low, high = train.min(axis=(0, 1)), train.max(axis=(0, 1))
    same = set(_same(train))

    def rule(a: int, b: int) -> Rule:
        slack = 1e-9 * float(high[a] - low[b])
        return (
            "order",
            f"{features[a]} ≥ {features[b]}",
            [features[a], features[b]],
            lambda x: x[..., a] < x[..., b] - slack,
        )

    return [
        rule(a, b)
        for a in range(len(features))
        for b in range(len(features))
        if a != b
        and (min(a, b), max(a, b)) not in same
        and low[a] < high[b]
        and (train[..., a] >= train[..., b]).all()
    ]
