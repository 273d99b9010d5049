"""Conversion of any DataFrame to checked numbers, and of numbers to a DataFrame like it."""

from timegan.tables.fields import Field
from timegan.tables.schema import Schema
from timegan.tables.table import Sequences, Table

__all__ = ["Field", "Schema", "Sequences", "Table"]
