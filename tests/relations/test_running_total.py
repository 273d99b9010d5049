"""A meter and its usage: found where one sums up the other, and kept in whatever is generated."""

import numpy as np
import pandas as pd
import pytest

from tests.relations.tables import panel
from tests.relations.test_reduction import generated, module
from timegan.relations import Rows, discover
from timegan.relations.running_total import RunningTotal
from timegan.seeds import rng
from timegan.tables import Table


def metered(seed: int) -> pd.DataFrame:
    """Return a panel with a column that sums up another one in some random way."""
    draw = rng(seed, "metered")
    units, rows = 40, 30
    digits, finer = int(draw.integers(0, 3)), int(draw.integers(0, 2))
    part = draw.gamma(1, 8, (units, rows)) * (draw.random((units, rows)) < 0.8)
    if draw.random() < 0.4:
        part -= draw.gamma(1, 8, (units, rows))  # an account, on which money comes and goes
    part = part.round(digits + finer)
    change = np.roll(part, 1, axis=1) if draw.random() < 0.5 else part.copy()
    change[:, 0] = draw.integers(100, 4_000, units)
    total = (change * draw.choice([1, -1])).cumsum(axis=1).round(digits)
    frame = panel(seed).drop(columns=["meter", "cycle"])
    return frame.assign(part=part.ravel(), total=total.ravel())


def totals(frame: pd.DataFrame) -> list[RunningTotal]:
    table = Table.from_frame(frame, sequence_key="unit", sequence_index="time", context_columns=[])
    return [r for r in discover(Rows.of_table(table)) if isinstance(r, RunningTotal)]


@pytest.mark.parametrize("seed", range(12))
def test_a_running_total_is_found_and_nothing_like_it(seed: int) -> None:
    frame = metered(seed)
    (found,) = totals(frame)
    assert (found.total, found.parts) == ("total", ("part",))
    draw = rng(seed, "wrong")
    assert not totals(frame.assign(part=draw.permutation(frame["part"].to_numpy())))
    row = int(draw.integers(2, 28))
    wrong = frame["total"].to_numpy().copy()
    wrong[row] += 3 * found.tolerance + 50
    assert not totals(frame.assign(total=wrong))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("window", "steps"), [(None, 0), (12, 0), (12, 200)])
def test_samples_keep_a_running_total(seed: int, window: int | None, steps: int) -> None:
    data = module(metered(seed), window=window)
    (relation,) = (r for r in data.relations if isinstance(r, RunningTotal))
    assert relation in data.transform.reduction.relations
    rows = Rows.of_sequences(generated(data, steps=steps, seed=seed), data.transform.schema)
    for kept in data.relations:
        assert kept.share_kept(rows) == 1.0, kept.describe()
    assert np.std(rows.columns["part"]) > 0


def test_a_column_that_never_changes_sums_nothing_up() -> None:
    frame = metered(0)
    assert not totals(frame.assign(part=1.0, total=panel()["cycle"].to_numpy()))
    assert not totals(frame.assign(part=0.0, total=7.0))


def test_totals_of_totals_are_kept_together() -> None:
    frame = metered(2)
    frame["all"] = frame.groupby("unit")["total"].cumsum().round(3)
    data = module(frame)
    words = [r.describe() for r in data.transform.reduction.relations if r.kind == "running total"]
    assert len(words) == 2
    rows = Rows.of_sequences(generated(data), data.transform.schema)
    for relation in data.relations:
        assert relation.share_kept(rows) == 1.0, relation.describe()


@pytest.mark.parametrize("window", [None, 12])
def test_a_total_that_begins_with_its_first_part_does_so_in_samples(window: int | None) -> None:
    frame = metered(3)
    part = frame["part"].abs()
    # Sums of a program miss their last decimal: 12.340000000000002.
    frame = frame.assign(part=part, total=part.groupby(frame["unit"]).cumsum())
    data = module(frame, window=window)
    rows = Rows.of_sequences(generated(data), data.transform.schema)
    firsts = rows.bounds[:, 0]
    before = rows.columns["total"][firsts] - rows.columns["part"][firsts]
    assert (np.abs(before) < 1e-9).all() == (window is None)
    assert (before > -1e-9).all()
    np.testing.assert_allclose(rows.columns["total"], rows.columns["total"].round(3), atol=1e-12)


def test_a_usage_that_is_missing_in_the_first_row_is_a_usage() -> None:
    frame = metered(1)
    is_first = ~frame["unit"].duplicated()
    frame["part"] = frame.groupby("unit")["total"].diff()
    assert frame["part"].isna().equals(is_first)
    (found,) = totals(frame)
    data = module(frame)
    rows = Rows.of_sequences(generated(data), data.transform.schema)
    assert found.share_kept(rows) == 1.0


def ledger(seed: int, *, has_opening: bool) -> pd.DataFrame:
    """Return a panel with what comes in, what goes out, and the balance that never is below 0."""
    draw = rng(seed, "ledger")
    units, rows, digits = 40, 30, int(draw.integers(0, 3))
    come = (draw.gamma(1, 40, (units, rows)) * (draw.random((units, rows)) < 0.4)).round(digits)
    go = draw.gamma(1, 15, (units, rows)).round(digits)
    closing = (come - go).cumsum(axis=1)
    left = (draw.gamma(1, 30, units) * (draw.random(units) < 0.5)).round(digits)
    closing += (left - closing.min(axis=1))[:, None]
    frame = panel(seed).drop(columns=["meter", "cycle"])
    frame = frame.assign(come=come.ravel(), go=go.ravel(), closing=closing.ravel().round(digits))
    if has_opening:
        frame["opening"] = (closing - come + go).ravel().round(digits)
    return frame


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("has_opening", [False, True])
@pytest.mark.parametrize(("window", "steps"), [(None, 0), (12, 0), (12, 200)])
def test_a_balance_is_what_comes_in_minus_what_goes_out(
    seed: int, has_opening: bool, window: int | None, steps: int
) -> None:
    frame = ledger(seed, has_opening=has_opening)
    words = {relation.describe() for relation in totals(frame)}
    if has_opening:
        assert words == {
            "closing rises by come - go, from opening",
            "opening rises by come - go of the row before",
        }
    else:
        assert words == {"closing rises by come - go"}
    data = module(frame, window=window)
    rows = Rows.of_sequences(generated(data, steps=steps, seed=seed), data.transform.schema)
    for kept in data.relations:
        assert kept.share_kept(rows) == 1.0, kept.describe()
    assert rows.columns["closing"].min() >= 0
    if has_opening:
        ends = rows.columns["opening"] + rows.columns["come"] - rows.columns["go"]
        np.testing.assert_allclose(rows.columns["closing"], ends, atol=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_a_balance_of_other_columns_is_none(seed: int) -> None:
    frame = ledger(seed, has_opening=False)
    draw = rng(seed, "wrong")
    assert not totals(frame.assign(go=draw.permutation(frame["go"].to_numpy())))
    # Amounts may be rounded, and then a step may be off by two units of the last place.
    assert not totals(frame.assign(closing=frame["closing"] + 5 * (frame.index == 17)))


@pytest.mark.parametrize(("window", "steps"), [(None, 0), (12, 0), (12, 200)])
def test_the_difference_of_two_totals_is_kept(window: int | None, steps: int) -> None:
    frame = ledger(0, has_opening=False).drop(columns="closing")
    for part in ("come", "go"):
        frame[f"all_{part}"] = frame.groupby("unit")[part].cumsum().round(3)
    frame["open"] = (frame["all_come"] - frame["all_go"]).round(3)
    data = module(frame, window=window)
    assert "open = all_come - all_go" in {relation.describe() for relation in data.relations}
    rows = Rows.of_sequences(generated(data, steps=steps), data.transform.schema)
    for relation in data.relations:
        assert relation.share_kept(rows) == 1.0, relation.describe()
