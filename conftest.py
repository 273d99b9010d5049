"""Tests keep the figures of floors and controls in a folder of their own, never in the user's."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def figures_of_controls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Set TIMEGAN_CACHE for all tests, and for the processes that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIMEGAN_CACHE", str(tmp_path_factory.mktemp("figures")))
        yield
