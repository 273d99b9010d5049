"""What the growth of an iteration is held against."""

import pytest

from benchmarks.scaling import multiplications
from benchmarks.setting import PRESETS, table


@pytest.mark.parametrize("preset", PRESETS)
def test_twice_the_windows_take_twice_the_multiplications(preset: str) -> None:
    counts = []
    for size in (4, 8):
        data = table(preset, 2, 6, rows=200)
        data.batch_size = size
        counts.append(multiplications(preset, data, hidden=8))
    assert counts[1] == pytest.approx(2 * counts[0], rel=0.01)
