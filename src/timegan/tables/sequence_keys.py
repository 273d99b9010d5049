"""Keys of synthetic sequences in the manner of the real ones."""

import re
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api import types

from timegan.errors import InputError
from timegan.records import Record
from timegan.tables.categories import decode_category, plain_categories
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


def infer_key(labels: "pd.Series[Any]", name: Name, index: bool) -> tuple[Field, "KeyGenerator"]:
    """Describe the key column and infer the rule for new keys.

    Args:
        labels: the different keys of the table, one a sequence.
        name: of the key column.
        index: whether it is a level of the index.

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
                categories=values,
                categories_dtype=inner,
                closed=closed,
                ordered=bool(labels.cat.ordered),
            )
            return field, KeyGenerator.fit(labels, field)
    elif date_format or is_datetime(dtype) or is_timedelta(dtype):
        field = replace(
            field, type="datetime", dtype=dtype_name(dtype), **time_attributes(labels, date_format)
        )
        return field, KeyGenerator.fit(labels, field)
    elif is_text(dtype) or kind == "string":
        field = replace(field, type="category", dtype=dtype_name(dtype))
        return field, KeyGenerator.fit(labels, field)
    elif is_number(dtype) or kind == "integer":
        field = replace(field, dtype=dtype_name(dtype))
        return field, KeyGenerator.fit(labels, field)
    raise InputError(
        f"The key {field.label!r} ({dtype}) has a type of which no new keys can be "
        f"made. Convert it to text: frame[{name!r}] = frame[{name!r}].astype(str)."
    )


@dataclass(frozen=True)
class KeyGenerator(Record):
    """Rule for the key of sequence i: ``prefix`` and the number ``first + i * step``.

    Args:
        prefix: text before the number.
        width: digits of the number, filled with zeros.
        first: number of the first sequence; of a category, of the first new one.
        step: difference of the numbers of neighboring sequences.
    """

    prefix: str = ""
    width: int = 0
    first: int = 0
    step: int = 1

    @classmethod
    def fit(cls, labels: "pd.Series[Any]", field: Field) -> Self:
        """Infer the rule for keys like these.

        Args:
            labels: the different keys of the table, one a sequence.
            field: of the key.
        """
        if field.type == "datetime":
            ticks = np.sort(to_ticks(labels, field.date_format))
            steps = np.diff(ticks)
            day = 86_400 * field.per_second if field.unit else 1
            return cls(first=int(ticks[0]), step=int(steps.min()) if steps.size else day)
        if field.type == "number":
            return cls()
        texts = field.categories if field.categories_dtype else tuple(labels.tolist())
        if not all(isinstance(text, str) for text in texts):  # a category of integers
            return cls(first=max(texts) + 1)
        found = [NUMBERED_LABEL.fullmatch(text) for text in texts]
        parts = [(part[1], part[2]) for part in found if part]
        if len(parts) == len(texts) and len({prefix for prefix, _ in parts}) == 1:
            digits = {len(number) for _, number in parts}
            padded = len(digits) == 1 and any(number[0] == "0" for _, number in parts)
            rule = cls(parts[0][0], digits.pop() if padded else 0)
        else:
            rule = cls()
            parts = []
        if not field.categories_dtype:
            return rule
        if parts:
            return cls(rule.prefix, rule.width, max(int(number) for _, number in parts) + 1)
        prefix = "sequence_"
        while any(text.startswith(prefix) for text in texts):
            prefix += "_"
        return cls(prefix)

    def make(self, start: int, count: int, field: Field, total: int) -> Any:
        """Return keys of the sequences ``start`` to ``start + count``, in the key's type.

        A pandas categorical uses the table's categories first, because its type contains them;
        further sequences get new categories.

        Args:
            total: sequences of the whole table.
        """
        places = np.arange(start, start + count)
        numbers = self.first + places * self.step
        if field.type == "datetime":
            return from_ticks(numbers, field)
        if field.type == "number":
            return decode_integers(numbers, field)
        if not field.categories_dtype:
            texts = [self._text(int(n)) for n in numbers]
            return pd.Series(texts, dtype=parse_dtype(field.dtype)).array
        known = len(field.categories)
        further = range(self.first, self.first + max(0, total - known))
        named = all(isinstance(c, str) for c in field.categories)
        more = [self._text(n) if named else n for n in further]
        return decode_category(places.astype(float), field, tuple(more))

    def _text(self, number: int) -> str:
        return f"{self.prefix}{number:0{self.width}d}" if self.width else f"{self.prefix}{number}"
