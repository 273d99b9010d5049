"""Columns that are computed from others: found, kept in whatever is generated, seen when broken."""

import numpy as np
import pandas as pd
import pytest

from tests.relations.tables import panel
from tests.relations.test_reduction import generated, module
from timegan.relations import Rows, discover
from timegan.relations.formula import Formula
from timegan.seeds import rng
from timegan.tables import Table


def invoices(seed: int) -> pd.DataFrame:
    """Return a panel with products, ratios, multiples of them, sums, ages and days of stays."""
    draw = rng(seed, "invoices")
    frame = panel(seed).drop(columns=["meter", "cycle"])
    n, digits = len(frame), int(draw.integers(0, 3))
    price = (1 + draw.gamma(2, 10, n)).round(digits)
    count = draw.integers(1, 9, n)
    tested = draw.integers(40, 400, n)
    found = draw.binomial(tested, 0.3)
    amount = (price * count).round(digits)
    tax = (amount * draw.choice([0.07, 0.19, 0.2])).round(2)
    scale = draw.choice([1, 100])
    begin = pd.Timestamp("2023-01-01") + pd.to_timedelta(draw.integers(0, 500, n), "D")
    stay = draw.integers(0, 30, n)
    born = draw.integers(1930, 2000, 40)
    return frame.assign(
        price=price,
        pieces=count,
        amount=amount,
        tax=tax,
        gross=(amount + tax).round(2),
        tested=tested,
        positive=found,
        rate=(scale * found / tested).round(int(draw.integers(2, 4))),
        begin=begin,
        end=begin + pd.to_timedelta(stay, "D"),
        stay=stay,
        born=np.repeat(born, 30),
        age=frame["time"].dt.year.to_numpy() - np.repeat(born, 30),
    )


def formulas(frame: pd.DataFrame) -> dict[str, Formula]:
    table = Table.from_frame(frame, sequence_key="unit", sequence_index="time", context_columns=[])
    found = discover(Rows.of_table(table))
    return {relation.target: relation for relation in found if isinstance(relation, Formula)}


@pytest.mark.parametrize("seed", range(4))
def test_formulas_are_found_and_solved_for_the_column_that_follows(seed: int) -> None:
    frame = invoices(seed)
    found = formulas(frame)
    assert {target: set(f.sources) for target, f in found.items()} == {
        "amount": {"price", "pieces"},
        "tax": {"amount"},
        "gross": {"amount", "tax"},
        "rate": {"positive", "tested"},
        "stay": {"begin", "end"},
        "age": {"time", "born"},
    }
    draw = rng(seed, "wrong")
    for target in ("amount", "rate", "stay"):
        other = draw.permutation(frame[target].to_numpy())
        assert target not in formulas(frame.assign(**{target: other}))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("window", "steps"), [(None, 0), (12, 0), (12, 200)])
def test_whatever_is_generated_keeps_formulas(seed: int, window: int | None, steps: int) -> None:
    data = module(invoices(seed), window=window, context_columns=["sex", "born"])
    rows = Rows.of_sequences(generated(data, steps=steps, seed=seed), data.transform.schema)
    kept = {r.describe() for r in data.relations if isinstance(r, Formula)}
    assert len(kept) >= 5
    for relation in data.relations:
        assert relation.share_kept(rows) == 1.0, relation.describe()
    gross = rows.columns["amount"] + rows.columns["tax"]
    np.testing.assert_allclose(rows.columns["gross"], gross, atol=0.0051)


def test_a_ratio_of_nothing_is_missing_or_zero_as_in_the_table() -> None:
    frame = invoices(1)
    none = frame["unit"] % 4 == 0
    frame = frame.assign(
        tested=frame["tested"].where(~none, 0), positive=frame["positive"].where(~none, 0)
    )
    for empty in (0.0, np.nan):
        data = module(frame.assign(rate=frame["rate"].where(~none, empty)))
        (relation,) = (r for r in data.relations if r.columns[0] == "rate" and r.kind == "formula")
        rows = Rows.of_sequences(generated(data), data.transform.schema)
        rates = rows.columns["rate"][rows.columns["tested"] == 0]
        assert rates.size
        assert np.array_equal(rates, np.full(rates.size, empty), equal_nan=True)
        assert relation.share_kept(rows) == 1.0


def test_copies_of_values_beyond_the_table_go_beyond_it_too() -> None:
    frame = panel()[["unit", "time", "sex", "value", "count"]]
    frame["value"] = rng(0, "walk").normal(size=len(frame)).cumsum().round(1)
    frame["kelvin"] = (frame["value"] + 273.15).round(2)
    data = module(frame, window=12)
    made = generated(data, count=300).values
    value, kelvin = made[..., 0], made[..., -1]
    assert np.nanmax(value) > frame["value"].max()
    np.testing.assert_allclose(kelvin, value + 273.15, atol=1e-9)


def test_more_keys_of_a_measurement_than_classes_are_codes() -> None:
    """An amount decides its tariff in order, but nothing is known of amounts in between."""
    draw = rng(0, "tariff")
    frame = panel()[["unit", "time", "sex", "value", "count"]]
    places = draw.integers(0, 40, len(frame))
    keys = np.sort(draw.choice(np.arange(1_000), 40, replace=False))
    frame = frame.assign(key=keys[places] / 10, tariff=np.sqrt(keys[places]).round(3))
    data = module(frame)
    rows = Rows.of_sequences(generated(data), data.transform.schema)
    pairs = set(zip(frame["key"], frame["tariff"], strict=True))
    assert set(zip(rows.columns["key"], rows.columns["tariff"], strict=True)) <= pairs


def test_a_broken_copy_is_seen_and_rows_of_the_table_keep_it() -> None:
    frame = panel()[["unit", "time", "sex", "value", "count"]]
    frame["fahrenheit"] = (frame["value"] * 9 / 5 + 32).round(1)
    data = module(frame)
    (copy,) = (r for r in data.relations if r.kind == "affine copy")
    assert copy.describe() == "fahrenheit = 1.8 x value + 32, rounded"
    rows = Rows.of_sequences(generated(data), data.transform.schema)
    assert copy.share_kept(rows) == 1.0
    rows.columns["fahrenheit"][::10] += 0.2
    assert copy.share_kept(rows) == pytest.approx(0.9, abs=0.01)
