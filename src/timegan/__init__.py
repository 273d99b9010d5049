"""Synthetic time series from a table: TimeGAN (Yoon, Jarrett, van der Schaar, NeurIPS 2019)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from timegan.data import WindowDataModule
    from timegan.errors import InputError
    from timegan.evaluation import evaluate
    from timegan.sampling.windows import sample
    from timegan.synthesizer import Synthesizer
    from timegan.training.module import TimeGAN
    from timegan.training.schedule import Phase, Schedule

MODULES = {
    "InputError": "timegan.errors",
    "Phase": "timegan.training.schedule",
    "Schedule": "timegan.training.schedule",
    "Synthesizer": "timegan.synthesizer",
    "TimeGAN": "timegan.training.module",
    "WindowDataModule": "timegan.data",
    "evaluate": "timegan.evaluation",
    "sample": "timegan.sampling.windows",
}

__all__ = [
    "InputError",
    "Phase",
    "Schedule",
    "Synthesizer",
    "TimeGAN",
    "WindowDataModule",
    "evaluate",
    "sample",
]


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for: torch and Lightning take seconds."""
    if name == "__version__":
        from importlib.metadata import version

        return version("timegan-lightning")
    if name not in MODULES:
        raise AttributeError(f"module 'timegan' has no attribute {name!r}")
    return getattr(import_module(MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
