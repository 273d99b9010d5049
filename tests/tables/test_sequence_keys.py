"""Keys of synthetic sequences: of the real keys' type and style, fresh, no two alike."""

import re
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest

from timegan.errors import InputError
from timegan.seeds import rng
from timegan.tables.table import Schema, Table


def schema_of(keys: Any, **options: Any) -> Schema:
    rows = pd.Series(keys)
    frame = pd.DataFrame({"x": np.arange(2.0 * len(rows)), "who": pd.concat([rows, rows])})
    table = Table.from_frame(frame.reset_index(drop=True), sequence_key="who", **options)
    return Schema.from_state(table.schema.state())


def made_for(
    keys: Any, count: int, start: int = 0, total: int | None = None, **options: Any
) -> Any:
    schema = schema_of(keys, **options)
    made = schema.to_frame(np.ones((count, 1, 1)), sequence_start=start, total=total)
    assert made.columns.tolist() == ["x", "who"]
    return made["who"]


@pytest.mark.parametrize(
    ("keys", "labels"),
    [
        (pd.Series([7, 3, 90], dtype="uint16"), [96, 97, 98]),
        (pd.Series([7, 3, 90], dtype="Int32"), [96, 97, 98]),
        (pd.Series([7, 3, 90], dtype="int64[pyarrow]"), [96, 97, 98]),
        (pd.Series([7, 3, 90], dtype=object), [96, 97, 98]),
        (pd.Series([7.0, 3.0, 90.0]), [96.0, 97.0, 98.0]),
        (["patient_8", "patient_12"], ["patient_18", "patient_19", "patient_20"]),
        (["p-001", "p-020"], ["p-026", "p-027", "p-028"]),
        (["p01", "p100"], ["p106", "p107", "p108"]),
        (["01", "20"], ["26", "27", "28"]),
        (["2024-01-30", "2024-02-01"], ["2024-02-13", "2024-02-15", "2024-02-17"]),
    ],
)
def test_keys_count_on_behind_the_last_real_one(keys: Any, labels: list[Any]) -> None:
    texts = [None] if isinstance(keys, pd.Series) else ["str", "object", "string[python]"]
    for dtype in texts:
        rows = pd.Series(keys, dtype=dtype)
        made = made_for(rows, 3, start=5)
        pd.testing.assert_series_equal(made, pd.Series(labels, dtype=rows.dtype), check_names=False)


def codes(style: str, count: int = 60) -> list[Any]:
    """Return random keys of a style."""
    random = rng(0, "keys", style)
    if style == "uuid":
        return [str(uuid.UUID(int=int.from_bytes(random.bytes(16)))) for _ in range(count)]
    if style == "number":
        return list(random.choice(10**9, count, replace=False).tolist())
    letters = {"ticker": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "code": "0123456789abcdef"}[style]
    texts: set[str] = set()
    while len(texts) < count:
        texts.add("".join(random.choice(list(letters), 4)))
    return [f"id/{text}" if style == "code" else text for text in sorted(texts)]


@pytest.mark.parametrize(
    ("style", "form"),
    [
        ("uuid", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("ticker", "[A-Z]{4}"),
        ("code", "id/[0-9a-f]{4}"),
        ("number", r"\d{1,9}"),
    ],
)
def test_codes_have_the_form_of_the_real_ones_and_are_none_of_them(style: str, form: str) -> None:
    real = codes(style)
    made = made_for(real, 300)
    assert made.is_unique
    assert not set(made) & set(real)
    assert all(re.fullmatch(form, str(key)) for key in made)
    assert made_for(real, 50, start=250).tolist() == made.tolist()[250:]
    stored = str(schema_of(real).state())
    assert not any(str(key) in stored for key in real)


@pytest.mark.parametrize("seed", range(20))
def test_no_key_is_a_real_one_or_given_twice_however_many_there_are(seed: int) -> None:
    random = rng(seed, "any keys")
    count, letters = int(random.integers(1, 40)), list("ab1-Z_")
    texts = {"".join(random.choice(letters, random.integers(1, 4))) for _ in range(count)}
    for keys in (
        sorted(texts),
        pd.Categorical(sorted(texts)),
        random.choice(300, count, replace=False),
        pd.to_datetime("2024-01-01") + pd.to_timedelta(random.choice(99, count, False), "D"),
    ):
        made = made_for(pd.Series(keys), 3_000)
        assert made.is_unique
        assert not set(made) & set(pd.Series(keys))


def test_days_that_are_keys_go_on_by_the_smallest_step() -> None:
    days = pd.Series(pd.to_datetime(["2024-01-05", "2024-01-09", "2024-01-07"]).as_unit("ms"))
    made = made_for(days, 4)
    assert made.dtype == days.dtype
    assert made.dt.day.tolist() == [11, 13, 15, 17]


def test_categories_are_those_of_all_new_keys() -> None:
    keys = pd.Categorical(["s2", "s9"], categories=["s9", "s4", "s2"], ordered=True)
    made = made_for(keys, 2, start=2, total=5)
    assert made.tolist() == ["s12", "s13"]
    assert made.cat.categories.tolist() == ["s10", "s11", "s12", "s13", "s14"]
    assert made.cat.ordered
    assert made_for(pd.Categorical([4, 2]), 2).tolist() == [5, 6]


@pytest.mark.parametrize(
    "keys",
    [
        ["anna", "ben"],
        pd.Categorical(["s2", "s9"]),
        pd.Categorical([4, 2]),
        pd.Series([7, 90], dtype="int8"),
        pd.to_datetime(["2024-01-05", "2024-01-09"]),
    ],
)
def test_original_keys_come_first_where_they_are_asked_for(keys: Any) -> None:
    made = made_for(keys, 5, keep_keys=True)
    assert set(made[:2]) == set(pd.Series(keys))
    assert made.is_unique
    assert made_for(keys, 2, start=3, total=5, keep_keys=True).tolist() == made.tolist()[3:]


def test_a_key_type_without_room_is_told_of() -> None:
    assert made_for(pd.Series([1, 2], dtype="int8"), 125).is_unique
    with pytest.raises(InputError, match=r"'who' would need the value 128.*int8.*wider"):
        made_for(pd.Series([1, 2], dtype="int8"), 126)


@pytest.mark.parametrize("keys", [[True, False], [(1, 2), (2, 3)], pd.Categorical([1.5, 2.5])])
def test_keys_of_which_no_more_can_be_made_are_refused(keys: Any) -> None:
    with pytest.raises(InputError, match=r"'who'.*astype\(str\)"):
        made_for(keys, 2)
