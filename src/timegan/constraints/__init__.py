"""Constraints between columns: discovered or declared, counted where violated, and enforced."""

from timegan.constraints.constraint_set import ConstraintSet
from timegan.constraints.discovery import discover
from timegan.constraints.enforcement import enforce
from timegan.constraints.parsing import parse
from timegan.constraints.types import (
    AllowedValues,
    Constraint,
    Equality,
    Inequality,
    LinearEquality,
    LinearInequality,
    Monotone,
    Multiples,
    Range,
)
from timegan.constraints.violations import applicable, violations

__all__ = [
    "AllowedValues",
    "Constraint",
    "ConstraintSet",
    "Equality",
    "Inequality",
    "LinearEquality",
    "LinearInequality",
    "Monotone",
    "Multiples",
    "Range",
    "applicable",
    "discover",
    "enforce",
    "parse",
    "violations",
]
