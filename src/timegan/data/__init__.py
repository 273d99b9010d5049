"""Tables in, windows out, and the way back."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from timegan.data.batch import Batch
from timegan.data.columns import Columns
from timegan.data.loader import RandomWindows
from timegan.data.sources import read_table
from timegan.data.windows import Windows

if TYPE_CHECKING:
    from timegan.data.datamodule import WindowDataModule

__all__ = [
    "Batch",
    "Columns",
    "RandomWindows",
    "WindowDataModule",
    "Windows",
    "read_table",
]


def __getattr__(name: str) -> Any:
    """Import the data module when it is asked for: sampling does without Lightning."""
    if name != "WindowDataModule":
        raise AttributeError(f"module 'timegan.data' has no attribute {name!r}")
    return import_module("timegan.data.datamodule").WindowDataModule
