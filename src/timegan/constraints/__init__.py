"""Rules that hold on all real rows: found, declared, counted where broken, and enforced."""

from timegan.constraints.constraint_set import Rules
from timegan.constraints.discovery import find
from timegan.constraints.parsing import parse
from timegan.constraints.projection import project
from timegan.constraints.types import Bounds, Equal, Monotone, Order, Rule, Steps, Sum, Values
from timegan.constraints.violations import asked, broken

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
