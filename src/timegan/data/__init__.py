"""Data: from a table to batches of windows."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from timegan.data.loader import RandomWindows
from timegan.data.windows import Windows

if TYPE_CHECKING:
    from timegan.data.datamodule import WindowDataModule

__all__ = [
    "RandomWindows",
    "WindowDataModule",
    "Windows",
]


def __getattr__(name: str) -> Any:
    """Import the data module on demand, because sampling does not need Lightning."""
    if name != "WindowDataModule":
        raise AttributeError(f"module 'timegan.data' has no attribute {name!r}")
    return import_module("timegan.data.datamodule").WindowDataModule
