"""Conditions for a warning of mode collapse."""

import pytest

from timegan.training.callbacks.mode_collapse import (
    CONSECUTIVE_MEASUREMENTS,
    MAX_DISTANCE_RATIO,
    MAX_REST_RATE,
    MIN_DIVERSITY,
    MIN_PROGRESS,
    mode_collapse_warnings,
)

WELL = {"epoch": 9.0, "progress": 0.5, "distance": 0.1, "diversity": 1.0, "rest_rate": 0.0}
ALIKE = WELL | {"diversity": MIN_DIVERSITY - 0.01}
LEAVES = WELL | {"distance": 0.1 * MAX_DISTANCE_RATIO + 0.01}
RESTS = WELL | {"rest_rate": MAX_REST_RATE + 0.01}


@pytest.mark.parametrize(
    ("measurements", "names"),
    [
        ([], []),
        ([WELL] * 5, []),
        ([ALIKE] * (CONSECUTIVE_MEASUREMENTS - 1), []),
        ([ALIKE] * CONSECUTIVE_MEASUREMENTS, ["diversity"]),
        ([*[ALIKE] * CONSECUTIVE_MEASUREMENTS, WELL], []),
        ([ALIKE | {"progress": MIN_PROGRESS}, *[ALIKE] * (CONSECUTIVE_MEASUREMENTS - 1)], []),
        ([WELL, *[LEAVES] * CONSECUTIVE_MEASUREMENTS], ["distance"]),
        ([*[LEAVES] * CONSECUTIVE_MEASUREMENTS, WELL], []),
        ([LEAVES] * CONSECUTIVE_MEASUREMENTS, []),  # it was never nearer
        ([RESTS] * CONSECUTIVE_MEASUREMENTS, ["rest_rate"]),
        (
            [ALIKE | RESTS | {"diversity": 0.1}] * CONSECUTIVE_MEASUREMENTS,
            ["diversity", "rest_rate"],
        ),
    ],
)
def test_several_looks_in_a_row_have_to_agree(
    measurements: list[dict[str, float]], names: list[str]
) -> None:
    assert list(mode_collapse_warnings(measurements)) == names
