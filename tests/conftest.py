"""Fixtures and hooks of several folders."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from timegan.nn.kernels import compiler
from timegan.nn.kernels.backends import LIBRARIES

LONGEST = (
    "training/test_ddp.py",
    "cli/test_train.py",
    "cli/test_interrupted.py",
    "tables/test_roundtrip.py",
    "training/callbacks/test_kill.py",
)
"""Files that would otherwise end the suite on one process while the others wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; keep the order of the others."""
    first = {Path(__file__).parent / name for name in LONGEST}
    items.sort(key=lambda item: item.path not in first)


@pytest.fixture(scope="session", autouse=True)
def kernels() -> None:
    """Compile the native backend before any test, where that can be done.

    What ``model.backend=auto`` takes must not depend on which test another process is at.
    """
    with suppress(compiler.KernelUnavailableError):
        for library in LIBRARIES:
            library.load()


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile the native backend once for these tests, in a cache of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIMEGAN_CACHE", str(tmp_path_factory.getbasetemp() / "kernels"))
        try:
            for library in LIBRARIES:
                library.load()
        except compiler.KernelUnavailableError as reason:
            pytest.skip(f"no native backend here: {reason}")
        yield
