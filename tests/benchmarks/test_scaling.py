"""The limit of scaling is a count of multiplications."""

import pytest

from benchmarks.scaling import multiplications
from benchmarks.sizes import table


def count(preset: str, window: int, batch: int) -> int:
    data = table(preset, 6, window)
    data.batch_size = batch
    return multiplications(preset, data, hidden=4)


def test_twice_the_windows_or_steps_are_twice_the_multiplications() -> None:
    once = count("reference", 4, 8)
    assert once > 0
    assert count("reference", 4, 16) == 2 * once
    assert count("reference", 8, 8) == pytest.approx(
        2 * once, rel=0.1
    )  # the first step has no state to multiply


def test_gradients_of_gradients_are_counted_too() -> None:
    once = count("timegan", 6, 8)
    assert once > 0
    assert count("timegan", 6, 16) == pytest.approx(2 * once, rel=0.01)
