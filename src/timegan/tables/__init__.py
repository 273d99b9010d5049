"""Any DataFrame as checked numbers, and numbers as a DataFrame like it."""

from timegan.tables.fields import Field
from timegan.tables.schema import Schema
from timegan.tables.sequences import Sequences
from timegan.tables.table import Table

__all__ = ["Field", "Schema", "Sequences", "Table"]
