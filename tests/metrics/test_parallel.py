"""Work side by side: results in order, failures that end it, progress that changes nothing."""

import re
import threading
import time
from collections.abc import Iterator

import pytest
import torch

from timegan.metrics.parallel import Stopped, run_parallel, show_progress, track


def test_results_come_in_the_order_of_the_tasks() -> None:
    def slow() -> int:
        time.sleep(0.05)
        return 1

    assert list(run_parallel({"slow": slow, "fast": lambda: 2}, workers=2).items()) == [
        ("slow", 1),
        ("fast", 2),
    ]


def test_a_thread_has_as_many_of_torch_s_threads_as_its_starter() -> None:
    assert run_parallel({"a": torch.get_num_threads}) == {"a": torch.get_num_threads()}


def test_a_failure_ends_what_runs_beside_it() -> None:
    running = threading.Event()
    ended: list[type[BaseException]] = []

    def forever() -> Iterator[int]:
        while True:
            time.sleep(0.001)
            yield 0

    def endless() -> None:
        try:
            for _ in track(forever(), "endless", 1):
                running.set()
        except Stopped as stopped:
            ended.append(type(stopped))
            raise

    def failing() -> None:
        assert running.wait(600)
        raise ValueError("no good")

    with pytest.raises(ValueError, match="no good"):
        run_parallel({"endless": endless, "failing": failing}, workers=2)
    assert ended == [Stopped]


def test_progress_is_told_inside_the_block_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(range(3), "before", 3)) == [0, 1, 2]
    with show_progress(), show_progress():
        assert list(track(range(3), "within", 3)) == [0, 1, 2]
    with show_progress(False):
        assert list(track(range(3), "after", 3)) == [0, 1, 2]
    assert re.fullmatch(r"within: \d+ s\n", capsys.readouterr().out)
