"""Powers of a column, fractions that are counted, and copies of copies: found, and kept."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.relations.tables import panel
from tests.relations.test_reduction import generated, module
from timegan.relations import Relation, Rows, discover
from timegan.seeds import rng
from timegan.tables import Table

UNITS, ROWS = 40, 30


def relations(frame: pd.DataFrame) -> dict[str, Relation]:
    """Return the relations of a table by their words."""
    table = Table.from_frame(frame, sequence_key="unit", sequence_index="time", context_columns=[])
    return {relation.describe(): relation for relation in discover(Rows.of_table(table))}


def measured(seed: int) -> pd.DataFrame:
    """Return people whose index, area and fee follow from other columns."""
    draw, n = rng(seed, "measured"), UNITS * ROWS
    height = np.repeat(draw.normal(1.72, 0.1, UNITS).round(2), ROWS)
    weight = draw.normal(75, 14, n).round(1)
    side = draw.gamma(4, 2, n).round(int(draw.integers(1, 3)))
    is_metric = bool(draw.integers(2))
    frame = panel(seed)[["unit", "time", "value"]]
    return frame.assign(
        weight=weight,
        height=height if is_metric else (100 * height).round(),
        bmi=(weight / height**2).round(int(draw.integers(1, 3))),
        side=side,
        area=(side**2).round(4),
        load=(weight * side**2).round(int(draw.integers(1, 3))),
    )


@pytest.mark.parametrize("seed", range(6))
def test_powers_are_found_and_nothing_like_them(seed: int) -> None:
    frame = measured(seed)
    found = {words.split(",")[0] for words in relations(frame)}
    factor = "" if frame["height"].max() < 100 else "10000 x "
    assert {f"bmi = {factor}weight / height²", "area = side²"} <= found
    assert {"load = weight x side²", "load = weight x area"} & found
    shuffled = frame.assign(
        **{c: rng(1, c).permutation(frame[c].to_numpy()) for c in ("bmi", "area", "load")}
    )
    assert not any("²" in words for words in relations(shuffled))


FRACTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "a sum of tenths": lambda i: np.cumsum(np.full_like(i, 0.1)) + 0 * i,
    "single precision": lambda i: np.cumsum(np.full(i.shape, 0.1, np.float32)).astype(float),
    "thirds": lambda i: (i / 3).round(3),
    "down": lambda i: (100 - i / 7).round(4),
}


def counting(name: str) -> pd.DataFrame:
    """Return a panel whose column `clock` changes by a fraction in every row."""
    steps = FRACTIONS[name](np.arange(ROWS, dtype=float))
    start = rng(0, "start").integers(0, 5, UNITS)
    frame = panel()[["unit", "time", "value", "count"]]
    return frame.assign(clock=(start[:, None] + steps).ravel())


@pytest.mark.parametrize("name", FRACTIONS)
def test_a_fraction_that_is_counted_is_found(name: str) -> None:
    frame = counting(name)
    (found,) = relations(frame).values()
    assert found.kind == "fixed increment"
    assert found.columns == ("clock",)
    uneven = frame["clock"] + 0.01 * rng(2, "uneven").random(len(frame))
    (other,) = relations(frame.assign(clock=uneven)).values()
    assert other.kind == "one direction"


@pytest.mark.parametrize(("window", "steps"), [(None, 0), (12, 0), (12, 200)])
@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_generated_keeps_powers_and_fractions(
    seed: int, window: int | None, steps: int
) -> None:
    name = list(FRACTIONS)[seed]
    frame = measured(seed).assign(clock=counting(name)["clock"])
    data = module(frame, window=window, context_columns=None)
    rows = Rows.of_sequences(generated(data, steps=steps, seed=seed), data.transform.schema)
    kinds = [relation.kind for relation in data.transform.reduction.relations]
    assert kinds.count("formula") == 3
    assert kinds.count("fixed increment") == 1
    for relation in data.relations:
        assert relation.share_kept(rows) == 1.0, relation.describe()


def priced(seed: int) -> pd.DataFrame:
    """Return trips whose fare and tax follow from the way, and whose gross price is their sum."""
    draw, n = rng(seed, "priced"), UNITS * ROWS
    way = draw.gamma(2, 3, n).round(4)
    fare = (0.3 * way).round(1)
    net = draw.choice([1.5, 2.5, 3.25, 4.75, 7.1, 8.3], n)
    tax = (0.19 * net).round(2)
    frame = panel(seed)[["unit", "time", "value"]]
    return frame.assign(
        way=way,
        fare=fare,
        band=np.digitize(fare, [0.55, 1.05, 2.05, 4.05]),
        toll=(0.19 * way).round(2),
        net=net,
        tax=tax,
        gross=(net + tax).round(2),
    )


@pytest.mark.parametrize(("window", "steps"), [(None, 0), (12, 0), (12, 200)])
@pytest.mark.parametrize("seed", range(3))
def test_what_follows_from_a_copy_and_sums_of_copies_are_kept(
    seed: int, window: int | None, steps: int
) -> None:
    frame = priced(seed)
    words = set(relations(frame))
    copies = {"fare = 0.3 x way, rounded", "toll = 0.19 x way, rounded"}
    assert copies | {"fare decides band"} <= words
    data = module(frame, window=window, context_columns=None)
    made = data.transform.to_frame(generated(data, steps=steps, seed=seed))
    np.testing.assert_allclose(made["gross"], made["net"] + made["tax"], atol=1e-9)
    assert (abs(made["fare"] - 0.3 * made["way"]) < 0.050001).all()
    rows = Rows.of_sequences(generated(data, steps=steps, seed=seed), data.transform.schema)
    for relation in data.relations:
        assert relation.share_kept(rows) == 1.0, relation.describe()
