"""What the arithmetic asks for is counted, not guessed."""

import pytest

from benchmarks.scaling import multiplications
from benchmarks.setting import table


def test_twice_the_windows_or_steps_are_twice_the_multiplications() -> None:
    def count(window: int, batch: int) -> int:
        data = table("reference", 6, window)
        data.batch_size = batch
        return multiplications("reference", data, hidden=4)

    once = count(4, 8)
    assert once > 0
    assert count(4, 16) == 2 * once
    assert count(8, 8) == pytest.approx(
        2 * once, rel=0.1
    )  # the first step has no state to multiply
