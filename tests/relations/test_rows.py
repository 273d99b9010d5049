"""Some rows of a table: what follows upon what, and times beside them."""

import numpy as np
import pytest

from tests.relations.tables import panel
from timegan.relations import Rows
from timegan.tables import Table

ROWS = Rows.of_table(
    Table.from_frame(panel(units=3, rows=10), sequence_key="unit", sequence_index="time")
)


def test_rows_that_do_not_follow_one_another_are_sequences_of_their_own() -> None:
    mask = np.ones(30, dtype=bool)
    mask[[0, 4, 5, 29]] = False
    taken = ROWS.take(mask)
    assert taken.lengths.tolist() == [3, 4, 10, 9]
    assert len(taken) == 26
    assert taken.time is not None
    assert ROWS.time is not None
    assert np.array_equal(taken.time, ROWS.time[mask])
    assert np.array_equal(taken.columns["cycle"], ROWS.columns["cycle"][mask])
    assert len(ROWS.take(~mask | mask)) == 30
    assert len(ROWS.take(np.zeros(30, dtype=bool))) == 0


@pytest.mark.parametrize(("limit", "rows"), [(30, 30), (10, 10), (100, 30)])
def test_a_part_of_a_long_table_lies_in_stretches(limit: int, rows: int) -> None:
    part = ROWS.stretches(limit, count=5)
    assert len(part) == rows
    if rows < 30:
        assert part.columns["cycle"].tolist() == [1, 2, 8, 9, 5, 6, 2, 3, 9, 10]
