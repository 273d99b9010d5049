"""Rules that hold on all real rows: found, declared, counted where broken, and enforced."""

from timegan.rules.breaks import asked, broken
from timegan.rules.finding import find
from timegan.rules.kinds import (
    Bounds,
    Equal,
    Monotone,
    Order,
    Rule,
    Steps,
    Sum,
    Values,
)
from timegan.rules.parsing import parse
from timegan.rules.projection import project
from timegan.rules.table import Rules

__all__ = [
    "Bounds",
    "Equal",
    "Monotone",
    "Order",
    "Rule",
    "Rules",
    "Steps",
    "Sum",
    "Values",
    "asked",
    "broken",
    "find",
    "parse",
    "project",
]
