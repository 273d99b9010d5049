"""Attempts: a failure costs itself, is told once, and never hides bad input or an interruption."""

import warnings

import pytest

from timegan.attempts import Failure, FailureWarning, attempt, collecting, has_failed
from timegan.errors import InputError
from timegan.metrics.parallel import Stopped, run_parallel


def fail(error: BaseException) -> float:
    raise error


def test_what_succeeds_is_handed_on_without_a_word() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert attempt("sum", lambda: 1 + 1, lambda reason: 0) == 2


def test_a_failure_is_replaced_by_what_its_reason_makes() -> None:
    with collecting() as failures:
        found = attempt("density", lambda: str(fail(OSError("no\n  room"))), str, "drawn")
    assert found == "could not be drawn: OSError: no room"
    assert failures == [Failure("density", found)]
    assert str(failures[0]) == "density could not be drawn: OSError: no room"


def test_a_failure_that_nobody_collects_is_a_warning() -> None:
    with pytest.warns(FailureWarning, match="^density could not be computed: MemoryError$"):
        assert attempt("density", lambda: fail(MemoryError()), lambda reason: 0.0) == 0.0


@pytest.mark.parametrize("error", [InputError("bad"), KeyboardInterrupt(), Stopped(), SystemExit()])
def test_bad_input_and_interruptions_pass_through(error: BaseException) -> None:
    with collecting() as failures, pytest.raises(type(error)):
        attempt("density", lambda: fail(error), lambda reason: 0.0)
    assert failures == []


def test_failures_of_all_threads_are_collected_inside_the_block_alone() -> None:
    def task() -> float:
        return attempt("density", lambda: fail(ValueError("x")), lambda reason: 0.0)

    with collecting() as outer:
        with collecting() as inner:
            run_parallel({"a": task, "b": task}, workers=2)
        task()
    assert (len(inner), len(outer)) == (2, 3)


def test_a_traceback_is_printed_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for value, printed in (("0", False), ("1", True)):
        monkeypatch.setenv("HYDRA_FULL_ERROR", value)
        with collecting():
            attempt("density", lambda: fail(ValueError("odd")), lambda reason: 0.0)
        assert ("in fail\n    raise error" in capsys.readouterr().err) is printed


def test_a_long_message_is_cut() -> None:
    with collecting() as (failures):
        attempt("density", lambda: fail(ValueError("x" * 10_000)), lambda reason: 0.0)
    assert len(str(failures[0])) < 400


def test_a_reason_of_the_data_is_no_failure() -> None:
    assert not has_failed({"mean": None, "reason": "One window is too few: a judge needs 20."})
    assert has_failed({"a": [{"runs": ["could not be computed: OSError"]}]})
