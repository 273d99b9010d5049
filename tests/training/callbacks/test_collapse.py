"""When an alarm is raised."""

import pytest

from timegan.training.callbacks.collapse import AWAY, LEAST, LOOKS, MOST, START, alarms

WELL = {"epoch": 9.0, "progress": 0.5, "distance": 0.1, "diversity": 1.0, "rest_rate": 0.0}
ALIKE = WELL | {"diversity": LEAST - 0.01}
LEAVES = WELL | {"distance": 0.1 * AWAY + 0.01}
RESTS = WELL | {"rest_rate": MOST + 0.01}


@pytest.mark.parametrize(
    ("looks", "names"),
    [
        ([], []),
        ([WELL] * 5, []),
        ([ALIKE] * (LOOKS - 1), []),
        ([ALIKE] * LOOKS, ["diversity"]),
        ([*[ALIKE] * LOOKS, WELL], []),
        ([ALIKE | {"progress": START}, *[ALIKE] * (LOOKS - 1)], []),
        ([WELL, *[LEAVES] * LOOKS], ["distance"]),
        ([*[LEAVES] * LOOKS, WELL], []),
        ([LEAVES] * LOOKS, []),  # it was never nearer
        ([RESTS] * LOOKS, ["rest_rate"]),
        ([ALIKE | RESTS | {"diversity": 0.1}] * LOOKS, ["diversity", "rest_rate"]),
    ],
)
def test_several_looks_in_a_row_have_to_agree(
    looks: list[dict[str, float]], names: list[str]
) -> None:
    assert list(alarms(looks)) == names
