"""The base of all relations, and their form in saved models."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from timegan.relations.draft import Block, Draft
from timegan.relations.rows import Rows

RELATIONS: dict[str, type["Relation"]] = {}
"""Kind -> class, of all relations that have been imported."""

MAX_CHANCE = 1e-6
"""Probability of holding by accident from which on a relation is none."""


@dataclass(frozen=True)
class Relation(ABC):
    """A statement that every row, step or sequence of a table keeps.

    Args:
        reason: the evidence, for people.
    """

    kind: ClassVar[str]
    unit: ClassVar[str] = "rows"
    """Units that keep or break it: ``rows``, ``steps`` or ``sequences``."""
    reason: str

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "kind" in cls.__dict__:
            RELATIONS[cls.kind] = cls

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Labels of the columns that it is about."""

    @property
    def written(self) -> str:
        """Label of the column that follows from the others, where one does."""
        return self.columns[0]

    @abstractmethod
    def describe(self) -> str:
        """Return it in words."""

    @abstractmethod
    def kept(self, rows: Rows) -> np.ndarray:
        """Return which of the units to which it applies keep it, as booleans."""

    def share_kept(self, rows: Rows) -> float | None:
        """Return the share of units that keep it; None if it applies to none of them."""
        labels = {*rows.columns, rows.time_label}
        if not len(rows) or not labels.issuperset(self.columns):
            return None
        kept = self.kept(rows)
        return float(kept.mean()) if kept.size else None

    def reduce(self, draft: Draft) -> bool:
        """Leave what follows from the relation out of what a model learns.

        Returns:
            Whether anything was left out. A relation that another one forestalls, or that models
            keep in no special way, changes nothing.
        """
        return False

    def restore(self, block: Block) -> None:
        """Write what `reduce` left out into generated sequences."""
        raise NotImplementedError(f"{self.kind}: nothing was left out.")

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Return the relation whose fields these are."""
        return cls(**{k: _tuples(v) for k, v in state.items()})


@dataclass(frozen=True)
class ColumnRelation(Relation):
    """A relation of the values of one column.

    Args:
        column: its label.
    """

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)


def state(relations: Iterable[Relation]) -> list[dict[str, Any]]:
    """Return relations as plain numbers, strings, lists and dicts."""
    return [
        {"kind": relation.kind} | {k: _lists(v) for k, v in asdict(relation).items()}
        for relation in relations
    ]


def from_state(states: Iterable[dict[str, Any]]) -> tuple[Relation, ...]:
    """Return the relations that `state` describes."""
    found = []
    for content in states:
        fields = dict(content)
        found.append(RELATIONS[fields.pop("kind")].from_state(fields))
    return tuple(found)


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(part) for key, part in value.items()}
    return list(map(_lists, value)) if isinstance(value, list | tuple) else value


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return where two arrays are equal; missing values equal each other."""
    equal: np.ndarray = (a == b) | (np.isnan(a) & np.isnan(b))
    return equal


def by_chance(probability: float, repeats: int) -> bool:
    """Decide whether so many agreements, each of this probability, may be an accident."""
    if repeats < 1 or probability >= 1:
        return True
    return repeats * math.log(max(probability, 1e-300)) > math.log(MAX_CHANCE)
