"""What tests of several folders need."""

from collections.abc import Iterator

import pytest

from timegan import native
from timegan.recurrent import library


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The native GRU, compiled once for these tests; no other test finds it in the cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIMEGAN_CACHE", str(tmp_path_factory.getbasetemp() / "kernels"))
        try:
            library.load()
        except native.Unavailable as reason:
            pytest.skip(f"no native backend here: {reason}")
        yield
