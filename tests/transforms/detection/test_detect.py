"""Detection: each look-alike is recognized, with a reason, and the user can override it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.lookalike_tables import (
    LOOKS,
    column,
    field,
    held,
    number,
    punched,
    ramp,
    smooth,
)
from timegan.errors import InputError
from timegan.seeds import rng
from timegan.tables import Field
from timegan.tables.value_grid import ValueGrid
from timegan.transforms import detect, fit_transformers
from timegan.transforms.base import cells_of
from timegan.transforms.detection.detect import MAX_SAMPLE_ROWS, sample_slice
from timegan.transforms.detection.repeats import repeat_rates
from timegan.transforms.detection.summary import summary_rows, summary_text
from timegan.transforms.detection.white_noise import find_white_noise
from timegan.transforms.piecewise_linear import find_period
from timegan.transforms.row_numbers import RowNumbers

START = np.array([0])
ROWS = 3_000
UNPUNCHED = ("white_noise", "datetime")


def kind_of(values: np.ndarray, dtype: str = "float64") -> str:
    return detect(values[:, None], START, [number("x", dtype)])[0].column_type


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", LOOKS)
def test_each_kind_is_found(kind: str, seed: int) -> None:
    values = column(kind, ROWS, seed)[:, None]
    assert detect(values, START, [field(kind)])[0].column_type == kind


@pytest.mark.parametrize("kind", [kind for kind in LOOKS if kind not in UNPUNCHED])
def test_holes_do_not_hide_the_kind(kind: str) -> None:
    values = punched(column(kind, ROWS, 0), 0)[:, None]
    found = detect(values, START, [field(kind)])
    assert found[0].column_type == kind
    assert found[0].missing == np.isnan(values).mean() > 0.05
    assert "% missing" in found[0].reason
    assert fit_transformers(found, [field(kind)], values, START)[0].name == "missing"


def period_of(values: np.ndarray, breaks: np.ndarray) -> tuple[int, int, int] | None:
    return find_period(values, breaks, RowNumbers.consecutive(len(values), breaks).rows)


def test_all_kinds_are_found_side_by_side_and_shown_with_their_reasons() -> None:
    names = list(LOOKS)
    values = np.stack([column(kind, ROWS, 5) for kind in names], axis=1)
    values = np.column_stack([values, values[:, 0], 2 * values[:, 0] + 1, np.full(ROWS, 4.0)])
    fields = [*(field(kind) for kind in names), number("same"), number("twice"), number("four")]
    found = detect(values, START, fields)
    assert [f.column_type for f in found] == [*names, "affine_copy", "affine_copy", "constant"]
    kinds = fit_transformers(found, fields, values, START)
    labels = [f.label for f in fields]
    rows: dict[str, list[Any]] = {name: row for name, *row in summary_rows(labels, found, kinds)}
    assert rows["same"] == ["affine_copy", "copy of continuous", 0]
    assert rows["twice"] == ["affine_copy", "2 x continuous + 1", 0]
    assert rows["four"] == ["constant", "4 in every training row", 0]
    assert rows["piecewise_linear"] == [
        "piecewise_linear",
        "straight lines between readings every 6 rows",
        1,
    ]
    assert rows["quantized"] == ["quantized", "multiples of 100", 1]
    assert rows["white_noise"][0::2] == ["white_noise", 0]
    assert rows["piecewise_constant"][2] == 1
    assert rows["piecewise_constant"][1].startswith("repeats its value in ")
    zeros = 100 * np.mean(values[:, names.index("zero_inflated")] == 0)
    assert rows["zero_inflated"][1] == f"{zeros:.0f} % exact zeros, multiples of 10"
    assert rows["categorical"][2] == 5
    lines = summary_text(labels, found, kinds).splitlines()
    assert lines[0].split() == ["column", "type", "reason", "channels"]
    assert len(lines) == len(fields) + 1


def test_numbers_that_are_only_zero_and_one_are_booleans() -> None:
    assert kind_of(column("boolean", 500, 0), dtype="int64") == "boolean"


def test_a_ramp_of_every_period_is_found_where_it_begins() -> None:
    for period in (3, 4, 12, 24, 60):
        values = ramp(rng(period), 4_000, period)[2:]
        assert period_of(values, START) == (period, period - 2, 0)


def test_a_ramp_that_begins_anew_in_every_sequence_is_found() -> None:
    breaks = np.arange(0, 2_000, 50)
    values = np.concatenate([ramp(rng(int(b)), 50, 6) for b in breaks])
    assert period_of(values, breaks) == (6, 0, 1)


@pytest.mark.parametrize("anew", [False, True], ids=["one series", "three sequences"])
def test_a_ramp_is_found_though_rows_between_are_held_out(anew: bool) -> None:
    whole = ramp(rng(0), 6_000)
    starts = np.array([0, 2_002, 4_001])
    if anew:
        whole = np.concatenate([ramp(rng(i), n) for i, n in enumerate((2_002, 1_999, 1_999))])
    runs = (0, 1_001), (1_201, 4_500), (4_705, 6_000)
    kept = np.concatenate([np.arange(first, after) for first, after in runs])
    breaks = np.flatnonzero(np.isin(kept, [*starts, 1_201, 4_705]))
    begins = starts if anew else starts[:1]
    clocks = np.stack([kept, kept - begins[np.searchsorted(begins, kept, side="right") - 1]])
    found = detect(
        whole[kept, None],
        breaks,
        [number("x")],
        row_numbers=RowNumbers(clocks, clocks[:, kept % 3 == 0]),
    )[0]
    assert (found.column_type, found.params["period"]) == ("piecewise_linear", 6)
    np.testing.assert_array_equal(found.params["readings"], clocks[int(anew)] % 6 == 0)
    assert found.params["start_offsets"] == ([0, 1, 2, 3, 4, 5] if anew else [0, 3])
    assert (
        detect(whole[kept, None], breaks, [number("x")])[0].column_type != "piecewise_linear"
    )  # as if none were


def test_smooth_held_and_straight_series_are_no_ramps() -> None:
    steps = np.repeat(np.round(rng(0).standard_normal(500).cumsum(), 2), 6)
    for values in (smooth(rng(0), 3_000), held(rng(0), 3_000), np.arange(3_000.0), steps):
        assert period_of(values, START) is None


def test_rounding_alone_is_no_holding() -> None:
    draw = rng(0)
    for unit in (0.001, 0.01, 0.1):  # from many moves a reading to many readings a move
        values = np.round(smooth(draw, 5_000) / unit) * unit
        share, expected = repeat_rates(values, START, ValueGrid.fit(np.round(values, 4)))
        assert share < expected + 0.1
        assert kind_of(np.round(values, 4)) != "piecewise_constant"


def test_a_lattice_of_wild_jumps_is_no_holding() -> None:
    assert (
        kind_of(10.0 * np.round(np.abs(4 * rng(0).standard_normal(5_000).cumsum()) % 90))
        != "piecewise_constant"
    )


def test_a_dependence_however_hidden_is_no_noise() -> None:
    draw = rng(1)
    noise = draw.standard_normal(6_000)
    other = draw.standard_normal(6_000)
    spread = np.exp(smooth(draw, 6_000))
    hidden = {
        "own past": noise + 0.15 * np.roll(noise, 1),
        "own past, far": noise + 0.15 * np.roll(noise, 17),
        "spread": noise * spread,
        "a line in the spectrum": noise + 0.25 * np.sin(np.arange(6_000) * 0.9),
        "the other": noise + 0.15 * other,
        "the other, a row before": noise + 0.15 * np.roll(other, 1),
        "the other, a row after": noise + 0.15 * np.roll(other, -1),
        "the other's size": noise * (0.6 + np.abs(other)),
    }
    for name, values in hidden.items():
        table = np.stack([values, other], axis=1)
        assert 0 not in find_white_noise(table, START, np.ones(2, bool), np.ones(2, bool)), name
    table = np.stack([noise, other], axis=1)
    assert find_white_noise(table, START, np.ones(2, bool), np.ones(2, bool)) == [0, 1]


def test_noise_is_hardly_ever_taken_for_something_else() -> None:
    table = rng(2).random((2_000, 60))
    everything = np.ones(60, bool)
    assert len(find_white_noise(table, np.arange(0, 2_000, 40), everything, everything)) >= 57


def test_a_short_table_cannot_tell_noise() -> None:
    assert kind_of(rng(0).standard_normal(400)) == "continuous"


def test_the_user_knows_better() -> None:
    values = np.stack([column("quantized", ROWS, 0), column("piecewise_constant", ROWS, 0)], axis=1)
    fields = [number("Volume"), number("T")]
    asked = {"Volume": "nonnegative", "T": "auto"}
    found = detect(values, START, fields, asked)
    assert [f.column_type for f in found] == ["nonnegative", "piecewise_constant"]
    assert found[0].reason.startswith("asked for: never below 0")


def test_a_copy_that_is_to_be_learned_is_learned() -> None:
    values = np.repeat(column("continuous", 500, 0)[:, None], 3, axis=1)
    found = detect(
        values,
        START,
        [number("a"), number("b"), number("c")],
        {"a": "quantized", "c": "continuous"},
    )
    assert [f.column_type for f in found] == ["quantized", "affine_copy", "continuous"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"Volme": "quantized"}, r"no feature 'Volme'.*Did you mean 'Volume'\?"),
        ({"Volume": "nonegative"}, r"there is no type 'nonegative'.*Did you mean 'nonnegative'\?"),
        ({"Volume": "missing"}, r"a number column cannot be 'missing'\. Set one of affine_copy,"),
        (
            {"when": "piecewise_linear"},
            r"a datetime column cannot be 'piecewise_linear'.*copy, continuous, datetime",
        ),
        ({"city": "integer"}, r"a category column cannot be 'integer'"),
        ({"change": "nonnegative"}, r"change=nonnegative: its smallest value is -"),
        ({"Volume": "zero_inflated"}, r"it is never 0"),
        ({"Volume": "boolean"}, r"different values, and a boolean has two"),
        ({"Volume": "constant"}, r"its values differ"),
        ({"Volume": "affine_copy"}, r"no other column gives it by a factor"),
        ({"change": "integer"}, r"not whole numbers"),
        ({"change": "piecewise_linear"}, r"no period from 3 to 300 rows"),
        ({"root": "quantized"}, r"no common step"),
        ({"Volume": "categorical"}, r"'Volume' has .* categories, and at most 100"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(asked: dict[str, str], message: str) -> None:
    fields = [
        number("Volume"),
        number("change"),
        field("datetime", "when"),
        field("categorical", "city"),
    ]
    looks = ("quantized", "continuous", "datetime", "categorical")
    columns = [column(kind, 1_500, 0) for kind in looks]
    values = np.column_stack([*columns, np.sqrt(2 + columns[1] ** 2)])
    with pytest.raises(InputError, match=message):
        detect(values, START, [*fields, number("root")], asked)


def test_too_many_categories_name_the_remedies() -> None:
    codes = np.arange(500.0) % 250
    who = Field("who", "feature", "category", "str", categories=tuple(range(250)))
    with pytest.raises(
        InputError, match=r"'who' has 250 categ.*sequence_key=who.*dataset\.columns"
    ):
        detect(codes[:, None], START, [who])


def test_without_knowledge_numbers_are_only_continuous() -> None:
    names = [kind for kind in LOOKS if kind not in ("boolean", "categorical", "datetime")]
    values = np.column_stack([*(column(kind, ROWS, 0) for kind in names), np.full(ROWS, 1.0)])
    values = np.column_stack([values, values[:, 0], column("categorical", ROWS, 0)])
    fields = [*map(field, names), number("c"), number("again"), field("categorical")]
    fields = [number(f.label) if cells_of(f) == "boolean" else f for f in fields]
    found = detect(values, START, fields, infer_types=False)
    free = ["continuous"] * len(names)
    assert [f.column_type for f in found] == [*free, "constant", "continuous", "categorical"]
    kinds = fit_transformers(found, fields, values, START, "rank")
    zeros = values[:, names.index("zero_inflated")]
    channels = kinds[names.index("zero_inflated")].transform(zeros, START, rng(0))
    assert np.unique(channels).size == np.unique(zeros).size  # no jitter, no grid


def test_the_sample_is_contiguous_and_lies_in_the_middle() -> None:
    assert sample_slice(10) == slice(0, 10)
    assert sample_slice(3 * MAX_SAMPLE_ROWS) == slice(MAX_SAMPLE_ROWS, 2 * MAX_SAMPLE_ROWS)


def test_the_phase_counts_from_the_first_row_in_long_tables_too() -> None:
    values = ramp(rng(0), 2 * MAX_SAMPLE_ROWS + 1_001, 7)[:, None]
    assert detect(values, START, [number("x")])[0].params["phase"] == 0


@settings(max_examples=40, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(list(LOOKS)), min_size=1, max_size=6),
    rows=st.integers(2, 200),
    seed=st.integers(0, 1_000),
    holes=st.booleans(),
)
def test_any_table_however_short_has_kinds_that_can_be_fitted(
    kinds: list[str], rows: int, seed: int, holes: bool
) -> None:
    columns = [column(kind, rows, seed + i) for i, kind in enumerate(kinds)]
    values = np.stack([punched(c, seed, 0.5) if holes else c for c in columns], axis=1)
    fields = [field(kind, f"c{i}") for i, kind in enumerate(kinds)]
    found = detect(values, START, fields)
    assert len(fit_transformers(found, fields, values, START)) == len(kinds)
