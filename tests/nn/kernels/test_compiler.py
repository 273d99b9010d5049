"""Kernels are compiled once and kept whole, and missing ones are no error."""

import shutil
from pathlib import Path

import pytest

from timegan.nn.kernels.compiler import (
    CACHE_VARIABLE,
    COMPILERS,
    ENABLE_VARIABLE,
    KernelUnavailableError,
    cached_path,
    load_library,
    warn_once,
)

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, COMPILERS)), reason="There is no C++ compiler."
)


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test an empty cache."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path


def source(folder: Path, answer: int) -> Path:
    visible = '__attribute__((visibility("default")))'
    file = folder / "kernel.cpp"
    file.write_text(f'extern "C" {visible} int answer() {{ return {answer}; }}')
    return file


@needs_compiler
def test_a_kernel_is_compiled_once_and_again_when_its_source_changes(empty: Path) -> None:
    for answer in (41, 42, 42):
        assert load_library(source(empty, answer)).answer() == answer
    left = sorted(file.name for file in (empty / "cache" / "native").iterdir())
    assert len(left) == 3  # two kernels and the lock: nothing half-made beside them


@needs_compiler
def test_what_does_not_compile_says_why_and_leaves_nothing(empty: Path) -> None:
    file = empty / "kernel.cpp"
    file.write_text("no C++")
    with pytest.raises(KernelUnavailableError, match=r"fails: .*error"):
        load_library(file)
    assert not cached_path(file).exists()


@needs_compiler
def test_a_damaged_kernel_is_compiled_again_the_next_time(empty: Path) -> None:
    file = source(empty, 1)
    cached_path(file).parent.mkdir(parents=True)
    cached_path(file).write_bytes(b"no library")
    with pytest.raises(KernelUnavailableError, match="cannot be loaded"):
        load_library(file)
    assert load_library(file).answer() == 1


def test_kernels_can_be_switched_off(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENABLE_VARIABLE, "0")
    with pytest.raises(KernelUnavailableError, match="TIMEGAN_NATIVE=0"):
        load_library(source(empty, 1))


def test_a_missing_compiler_is_named(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(KernelUnavailableError, match="no-such-compiler cannot be run"):
        load_library(source(empty, 2))


def test_a_reason_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    warn_once("a reason of this test")
    warn_once("a reason of this test")
    assert [record.getMessage() for record in caplog.records] == ["a reason of this test"]
