"""Keys of synthetic sequences: in the style of the real ones, and never one of them."""

import math
import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api import types

from timegan.errors import InputError
from timegan.records import Record
from timegan.tables.categories import categorical_dtype, plain_categories
from timegan.tables.codecs import decode_integers
from timegan.tables.dtypes import (
    dtype_name,
    is_datetime,
    is_number,
    is_text,
    is_timedelta,
    parse_dtype,
)
from timegan.tables.field_inference import infer_date_format
from timegan.tables.fields import Field, Name
from timegan.tables.timestamps import from_ticks, time_attributes, to_ticks

NUMBERED_LABEL = re.compile(r"(.*?)(\d+)", re.DOTALL)
CODE = re.compile("[A-Za-z0-9]")
CLASSES = (
    (string.digits,),
    ("abcdef", string.ascii_lowercase),
    ("ABCDEF", string.ascii_uppercase),
)
"""Characters that vary together at a place of a key: the first set that has all of its kind."""
MIN_PATTERN_SHARE = 1 / 3  # of the keys, so that theirs is the style of the table
MAX_FILL = 1_000  # numbers for each key, above which keys are codes and do not count
MAX_NUMBER = 2**62  # of keys that are numbers


def infer_key(
    labels: "pd.Series[Any]", name: Name, index: bool, *, keep: bool = False
) -> tuple[Field, "KeyGenerator"]:
    """Describe the key column and infer the rule for new keys.

    Args:
        labels: the different keys of the table, one a sequence.
        name: of the key column.
        index: whether it is a level of the index.
        keep: store the keys and use them again; otherwise the model does not know them.

    Raises:
        InputError: no new keys of this type can be made.
    """
    dtype: Any = labels.dtype
    field = Field(name, "key", "number", "", index)
    date_format = infer_date_format(labels)
    kind = types.infer_dtype(labels, skipna=True) if types.is_object_dtype(dtype) else ""
    if isinstance(dtype, pd.CategoricalDtype):
        values, inner, closed = plain_categories(labels.cat.categories)
        whole = all(isinstance(v, int) and not isinstance(v, bool) for v in values)
        if whole or all(isinstance(v, str) for v in values):
            field = replace(
                field,
                type="category",
                dtype="category",
                categories_dtype=inner,
                closed=closed,
                ordered=bool(labels.cat.ordered),
            )
            return field, KeyGenerator.fit(pd.Series(values, dtype=object), field, keep=keep)
    elif date_format or is_datetime(dtype) or is_timedelta(dtype):
        field = replace(
            field, type="datetime", dtype=dtype_name(dtype), **time_attributes(labels, date_format)
        )
        return field, KeyGenerator.fit(labels, field, keep=keep)
    elif is_text(dtype) or kind == "string":
        field = replace(field, type="category", dtype=dtype_name(dtype))
        return field, KeyGenerator.fit(labels, field, keep=keep)
    elif is_number(dtype) or kind == "integer":
        field = replace(field, dtype=dtype_name(dtype))
        return field, KeyGenerator.fit(labels, field, keep=keep)
    raise InputError(
        f"The key {field.label!r} ({dtype}) has a type of which no new keys can be "
        f"made. Convert it to text: frame[{name!r}] = frame[{name!r}].astype(str)."
    )


@dataclass(frozen=True)
class KeyGenerator(Record):
    """Rule for keys: a prefix and a number, or a pattern of characters.

    Real keys are not stored, unless they are to be used again. Numbers go on behind the largest
    real one. Keys that do not count, such as random codes, come from the middle of the widest gap
    between real ones.

    Args:
        prefix: text before the number.
        width: digits of the number, filled with zeros.
        first: number of the first new key, or the place of the gap.
        step: difference of the numbers of neighboring sequences.
        alphabets: characters at each place of a pattern; empty where keys are numbered.
        size: new keys in the gap; 0: there is no gap.
        reserve: prefix of the keys behind those of the gap, or the number of the first of them.
        is_text: whether keys are text.
        originals: real keys, which come first; numbers of ticks for dates.
    """

    prefix: str = ""
    width: int = 0
    first: int = 0
    step: int = 1
    alphabets: tuple[str, ...] = ()
    size: int = 0
    reserve: str | int = ""
    is_text: bool = False
    originals: tuple[int | str, ...] = ()

    @classmethod
    def fit(cls, labels: "pd.Series[Any]", field: Field, *, keep: bool = False) -> Self:
        """Infer the rule for keys like these.

        Args:
            labels: the different keys of the table.
            field: of the key.
            keep: store them and use them again.
        """
        known: list[Any]
        if field.type == "datetime":
            known = to_ticks(labels, field.date_format).tolist()
            steps = np.diff(np.sort(np.array(known, dtype=np.int64)))
            day = 86_400 * field.per_second if field.unit else 1
            step = int(steps.min()) if steps.size else day
            rule = cls(first=max(known) + step, step=step)
        elif isinstance((known := [_plain(key) for key in labels.tolist()])[0], str):
            rule = cls._of_texts(known)
        else:
            rule = cls._of_numbers(known)
        return replace(rule, originals=tuple(known)) if keep else rule

    @classmethod
    def _of_numbers(cls, known: Sequence[int]) -> Self:
        low, high = min(known), max(known)
        if high - low < MAX_FILL * len(known) and high < MAX_NUMBER:
            return cls(first=high + 1)
        first, size = _widest_gap([min(low, 0), *(key for key in known if key < MAX_NUMBER)])
        return cls(first=first, size=size, reserve=high + 1)

    @classmethod
    def _of_texts(cls, known: Sequence[str]) -> Self:
        found = [NUMBERED_LABEL.fullmatch(text) for text in known]
        parts = [(part[1], part[2]) for part in found if part]
        if len(parts) == len(known) and len({prefix for prefix, _ in parts}) == 1:
            digits = {len(number) for _, number in parts}
            padded = len(digits) == 1 and any(number[0] == "0" for _, number in parts)
            first = max(int(number) for _, number in parts) + 1
            return cls(parts[0][0], digits.pop() if padded else 0, first, is_text=True)
        prefix = "sequence_"
        while any(text.startswith(prefix) for text in known):
            prefix += "_"
        frames = [CODE.sub("x", text) for text in known]
        frame, count = max(Counter(frames).items(), key=lambda item: (item[1], len(item[0])))
        alike = [text for text, other in zip(known, frames, strict=True) if other == frame]
        alphabets = _alphabets(alike)
        total = math.prod(map(len, alphabets))
        first, size = _widest_gap([-1, *(_place(text, alphabets) for text in alike), total])
        if count < MIN_PATTERN_SHARE * len(known) or not size:
            return cls(prefix, is_text=True)
        return cls(first=first, alphabets=alphabets, size=size, reserve=prefix, is_text=True)

    def make(self, start: int, count: int, field: Field, total: int) -> Any:
        """Return keys of the sequences ``start`` to ``start + count``, in the key's type.

        A pandas categorical has the keys of all sequences as its categories.

        Args:
            start: number of the first sequence.
            count: n, the number of sequences.
            field: of the key.
            total: sequences of the whole table.
        """
        if field.categories_dtype:
            dtype = _dtype(self, field, total)
            return pd.Categorical.from_codes(np.arange(start, start + count), dtype=dtype)
        keys = [self._key(place) for place in range(start, start + count)]
        if field.type == "category":
            return pd.Series(keys, dtype=parse_dtype(field.dtype)).array
        numbers = np.array(keys, dtype=np.int64)
        return (
            from_ticks(numbers, field)
            if field.type == "datetime"
            else decode_integers(numbers, field)
        )

    def _key(self, place: int) -> int | str:
        """Return the key of a sequence as a number or as text."""
        if place < len(self.originals):
            return self.originals[place]
        place -= len(self.originals)
        if self.size and place >= self.size:
            further = place - self.size
            if isinstance(self.reserve, int):
                return self.reserve + further
            return f"{self.reserve}{further}"
        number = self.first + (_shuffled(place, self.size) if self.size else place * self.step)
        if self.alphabets:
            return _text(number, self.alphabets)
        return f"{self.prefix}{number:0{self.width}d}" if self.is_text else number


@lru_cache(maxsize=4)
def _dtype(rule: KeyGenerator, field: Field, total: int) -> pd.CategoricalDtype:
    """Return the categorical type with the keys of all sequences."""
    keys = tuple(rule._key(place) for place in range(total))
    return categorical_dtype(replace(field, categories=keys))


def _plain(key: Any) -> int | str:
    """Return a key as a plain value."""
    return key if isinstance(key, str) else int(key)


def _alphabets(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the characters that new keys may have at each place of keys of one length."""
    places = [set(characters) for characters in zip(*texts, strict=True)]
    every = set().union(*(seen for seen in places if len(seen) > 1 or len(texts) == 1))
    # Letters of hexadecimal numbers end with f.
    classes = [next(set(c) for c in kind if every & set(kind[-1]) <= set(c)) for kind in CLASSES]
    found = []
    for seen in places:
        is_fixed = len(seen) == 1 and (len(texts) > 1 or not CODE.fullmatch(*seen))
        some = seen if is_fixed else seen.union(*(c for c in classes if seen & c))
        found.append("".join(sorted(some)))
    return tuple(found)


def _place(text: str, alphabets: Sequence[str]) -> int:
    """Return the number of a text among all those of a pattern, in alphabetical order."""
    place = 0
    for character, alphabet in zip(text, alphabets, strict=True):
        place = place * len(alphabet) + alphabet.index(character)
    return place


def _text(place: int, alphabets: Sequence[str]) -> str:
    """Invert `_place`."""
    characters = []
    for alphabet in reversed(alphabets):
        place, rest = divmod(place, len(alphabet))
        characters.append(alphabet[rest])
    return "".join(reversed(characters))


def _widest_gap(taken: Sequence[int]) -> tuple[int, int]:
    """Return the first number, and their count, of the middle of the widest gap.

    Its ends are left out, as they are next to real keys.
    """
    ends = sorted(set(taken))
    low, high = max(pairwise(ends), key=lambda ends: ends[1] - ends[0])
    inside = high - low - 1
    return low + 1 + inside // 4, inside - 2 * (inside // 4)


def _shuffled(place: int, size: int) -> int:
    """Return a number below ``size``, another one for each place below it."""
    factor = max(int(0.6180339887 * size), 1)
    while math.gcd(factor, size) > 1:
        factor += 1
    return place * factor % size
