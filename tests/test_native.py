"""Compiled kernels: built once, kept whole, and done without where they cannot be had."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from timegan.native import FOLDER, library

compiled = pytest.mark.skipif(
    not any(map(shutil.which, ("c++", "g++", "clang++"))), reason="There is no C++ compiler."
)


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of its own."""
    monkeypatch.setenv(FOLDER, str(tmp_path / "cache"))
    library.cache_clear()
    yield tmp_path
    library.cache_clear()


def source(folder: Path, text: str) -> Path:
    file = folder / "kernel.cpp"
    file.write_text(text)
    return file


@compiled
def test_a_kernel_is_compiled_once_and_again_when_its_source_changes(empty: Path) -> None:
    made = empty / "cache" / "native"
    for answer in (41, 42, 42):
        code = library(source(empty, f'extern "C" int answer() {{ return {answer}; }}'))
        assert code is not None
        assert code.answer() == answer
        library.cache_clear()
    assert len(list(made.iterdir())) == 2  # and nothing half-made beside them


@compiled
def test_a_kernel_that_does_not_compile_is_done_without(
    empty: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert library(source(empty, "no C++")) is None
    assert "kernel.cpp: no compiled kernel (" in caplog.text
    assert len(caplog.records) == 1


def test_without_a_compiler_one_line_says_so(
    empty: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with caplog.at_level(logging.WARNING):
        assert library(source(empty, "")) is None
        assert library(empty / "kernel.cpp") is None
    assert [r.getMessage() for r in caplog.records] == [
        "kernel.cpp: no C++ compiler; torch's own operations are used."
    ]
