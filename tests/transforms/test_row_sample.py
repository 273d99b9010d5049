"""Long tables are sampled, and what must hold everywhere is checked everywhere."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timegan.constraints import Inequality, Range
from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.transforms import encoding, fit
from timegan.transforms.row_sample import row_blocks, sample_training_rows


@st.composite
def parts(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a table (R, 2) whose first column counts rows, its training rows, and their breaks."""
    count = draw(st.integers(1, 400))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    values = np.column_stack([np.arange(count), random.normal(size=count)])
    values[random.random(count) < 0.1, 1] = np.nan
    kept = random.random(count) < draw(st.sampled_from([0.9, 1.0]))
    kept[0] = True  # a training part without a row is refused before
    rows = np.flatnonzero(kept)
    return values, rows, np.union1d([0], random.choice(len(rows), 3))


def pairs(values: np.ndarray, breaks: np.ndarray) -> set[tuple[float, float]]:
    """Return the numbers of rows that follow each other."""
    joined = np.delete(np.arange(len(values)), breaks)
    return {(float(values[i - 1, 0]), float(values[i, 0])) for i in joined}


@given(parts(), st.sampled_from([40, 100, 1_000]))
def test_a_look_has_the_ends_and_only_true_neighbours(
    part: tuple[np.ndarray, np.ndarray, np.ndarray], most: int
) -> None:
    values, rows, breaks = part
    found, new, numbers = sample_training_rows(values, rows, breaks, most)
    assert (found[:, 0] == numbers).all()
    assert len(found) <= most + 4
    assert len(found) >= min(most, len(rows))
    assert pairs(found, new) <= pairs(values[rows], breaks)
    if not np.isnan(values[rows, 1]).all():
        for end in (np.nanmin, np.nanmax):
            assert (end(found, axis=0) == end(values[rows], axis=0)).all()


@given(parts(), st.sampled_from([1, 7, 1_000]))
def test_blocks_have_every_row_and_every_pair(
    part: tuple[np.ndarray, np.ndarray, np.ndarray], size: int
) -> None:
    values, rows, breaks = part
    every = list(row_blocks(values, rows, breaks, size))
    assert {float(row[0]) for block, _, _ in every for row in block} == set(values[rows, 0])
    assert all((block[:, 0] == numbers).all() for block, _, numbers in every)
    found = set().union(*(pairs(block, new) for block, new, _ in every))
    assert found == pairs(values[rows], breaks)


def long_table() -> pd.DataFrame:
    random = np.random.default_rng(0)
    low = np.round(random.normal(size=4_000).cumsum(), 3)
    share = random.random(4_000).round(3)
    return pd.DataFrame({"low": low, "high": low + random.random(4_000), "share": share})


@pytest.fixture
def _short_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "sample_training_rows", partial(sample_training_rows, limit=400))
    monkeypatch.setattr(fit, "row_blocks", partial(row_blocks, size=300))


@pytest.mark.usefixtures("_short_look")
@pytest.mark.parametrize("preprocessing", ["default", "reference"])
def test_a_constraint_that_one_row_far_from_the_look_breaks_is_none(preprocessing: str) -> None:
    options = {"window": 8, "holdout": 0.0, "preprocessing": preprocessing, "scaling": "auto"}
    options["constraints"] = "enforce"
    frame = long_table()
    data = WindowDataModule.from_frame(frame, **options)
    data.setup()
    assert Inequality(1, 0) in data.transform.constraints.all
    assert any(c.columns == (2,) for c in data.transform.constraints.all if isinstance(c, Range))
    frame.loc[1_999, "share"] = 1.7
    frame.loc[1_777, "high"] = frame["low"][1_777] - 1e-3
    data = WindowDataModule.from_frame(frame, **options)
    data.setup()
    assert Inequality(1, 0) not in data.transform.constraints.all
    assert not any(isinstance(c, Range) and c.high == 1.0 for c in data.transform.constraints.all)
    with pytest.raises(InputError, match=r"not hold .* first of them row 1,778 with high = "):
        WindowDataModule.from_frame(frame, custom_constraints=["high >= low"], **options).setup()


def test_rows_are_encoded_in_pieces_as_they_are_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = long_table()
    frame.loc[100:130, "low"] = np.nan
    whole = WindowDataModule.from_frame(frame, window=8)
    whole.setup()
    monkeypatch.setattr(encoding, "CHUNK_ROWS", 300)
    parts = WindowDataModule.from_frame(frame, window=8)
    parts.setup()
    free = [0, 2]  # the flag of holes between them has draws of its own
    np.testing.assert_allclose(parts.train.rows[:, free], whole.train.rows[:, free], atol=1e-6)
