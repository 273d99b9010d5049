"""Tables in, windows out, and the way back."""

from timegan.data.batch import Batch
from timegan.data.columns import Columns
from timegan.data.datamodule import WindowDataModule
from timegan.data.loader import RandomWindows
from timegan.data.sources import read_table
from timegan.data.windows import Windows

__all__ = [
    "Batch",
    "Columns",
    "RandomWindows",
    "WindowDataModule",
    "Windows",
    "read_table",
]
