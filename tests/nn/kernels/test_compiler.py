"""Compiled kernels: built once, kept whole, and done without where they cannot be had."""

import shutil
from pathlib import Path

import pytest

from timegan.nn.kernels.compiler import COMPILERS, FOLDER, SWITCH, Unavailable, explain, kept, load

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, COMPILERS)), reason="There is no C++ compiler."
)


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own."""
    monkeypatch.setenv(FOLDER, str(tmp_path / "cache"))
    return tmp_path


def source(folder: Path, answer: int) -> Path:
    visible = '__attribute__((visibility("default")))'
    file = folder / "kernel.cpp"
    file.write_text(f'extern "C" {visible} int answer() {{ return {answer}; }}')
    return file


@needs_compiler
def test_a_kernel_is_compiled_once_and_again_when_its_source_changes(empty: Path) -> None:
    for answer in (41, 42, 42):
        assert load(source(empty, answer)).answer() == answer
    left = sorted(file.name for file in (empty / "cache" / "native").iterdir())
    assert len(left) == 3  # two kernels and the lock: nothing half-made beside them


@needs_compiler
def test_what_does_not_compile_says_why_and_leaves_nothing(empty: Path) -> None:
    file = empty / "kernel.cpp"
    file.write_text("no C++")
    with pytest.raises(Unavailable, match=r"fails: .*error"):
        load(file)
    assert not kept(file).exists()


@needs_compiler
def test_a_damaged_kernel_is_compiled_again_the_next_time(empty: Path) -> None:
    file = source(empty, 1)
    kept(file).parent.mkdir(parents=True)
    kept(file).write_bytes(b"no library")
    with pytest.raises(Unavailable, match="cannot be loaded"):
        load(file)
    assert load(file).answer() == 1


def test_kernels_can_be_switched_off(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")
    with pytest.raises(Unavailable, match="TIMEGAN_NATIVE=0"):
        load(source(empty, 1))


def test_a_missing_compiler_is_named(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(Unavailable, match="no-such-compiler cannot be run"):
        load(source(empty, 2))


def test_a_reason_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    explain("a reason of this test")
    explain("a reason of this test")
    assert [record.getMessage() for record in caplog.records] == ["a reason of this test"]
