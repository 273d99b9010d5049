"""Labels for synthetic sequences that look like the real ones' keys."""

import re
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api import types

from timegan.errors import InputError
from timegan.tables.categories import decode_category, plain
from timegan.tables.codecs import decode_whole
from timegan.tables.dtypes import describe, is_moment, is_number, is_span, is_text, revive
from timegan.tables.field_inference import text_form
from timegan.tables.fields import Field, Name
from timegan.tables.ticks import form_of, from_ticks, to_ticks

NUMBERED = re.compile(r"(.*?)(\d+)", re.DOTALL)


def learn_key(labels: "pd.Series[Any]", name: Name, index: bool) -> tuple[Field, "Labels"]:
    """Describe the key and find the rule for new ones.

    Args:
        labels: the different keys of the table, one a sequence.
        name: of the key column.
        index: whether it is a level of the index.

    Raises:
        InputError: a type of which no new labels can be made.
    """
    dtype: Any = labels.dtype
    field = Field(name, "key", "number", "", index)
    form = text_form(labels)
    kind = types.infer_dtype(labels, skipna=True) if types.is_object_dtype(dtype) else ""
    if isinstance(dtype, pd.CategoricalDtype):
        values, inner, closed = plain(labels.cat.categories)
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
            return field, Labels.learn(labels, field)
    elif form or is_moment(dtype) or is_span(dtype):
        field = replace(field, type="datetime", dtype=describe(dtype), **form_of(labels, form))
        return field, Labels.learn(labels, field)
    elif is_text(dtype) or kind == "string":
        field = replace(field, type="category", dtype=describe(dtype))
        return field, Labels.learn(labels, field)
    elif is_number(dtype) or kind == "integer":
        field = replace(field, dtype=describe(dtype))
        return field, Labels.learn(labels, field)
    raise InputError(
        f"The key {field.label!r} ({dtype}) has a type of which no labels for new sequences can be "
        f"made. Convert it to text: frame[{name!r}] = frame[{name!r}].astype(str)."
    )


@dataclass(frozen=True)
class Labels:
    """How the label of sequence i is made: ``prefix`` and the number ``first + i * step``.

    Args:
        prefix: what stands before the number in a text.
        width: digits of the number, filled with zeros.
        first: number of the first sequence; of a category, of the first one beyond the real ones.
        step: from one sequence to the next.
    """

    prefix: str = ""
    width: int = 0
    first: int = 0
    step: int = 1

    @classmethod
    def learn(cls, labels: "pd.Series[Any]", field: Field) -> Self:
        """The rule for labels like these.

        Args:
            labels: the different keys of the table, one a sequence.
            field: of the key.
        """
        if field.type == "datetime":
            ticks = np.sort(to_ticks(labels, field.form))
            steps = np.diff(ticks)
            day = 86_400 * field.per_second if field.unit else 1
            return cls(first=int(ticks[0]), step=int(steps.min()) if steps.size else day)
        if field.type == "number":
            return cls()
        texts = field.categories if field.categories_dtype else tuple(labels.tolist())
        if not all(isinstance(text, str) for text in texts):  # a category of integers
            return cls(first=max(texts) + 1)
        found = [NUMBERED.fullmatch(text) for text in texts]
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
        """Labels of the sequences ``start`` to ``start + count``, in the key's type.

        A pandas categorical first uses the table's own categories, for its type is made of them;
        further sequences get categories of their own.

        Args:
            total: sequences of the whole table that these are a part of.
        """
        places = np.arange(start, start + count)
        numbers = self.first + places * self.step
        if field.type == "datetime":
            return from_ticks(numbers, field)
        if field.type == "number":
            return decode_whole(numbers, field)
        if not field.categories_dtype:
            texts = [self._text(int(n)) for n in numbers]
            return pd.Series(texts, dtype=revive(field.dtype)).array
        known = len(field.categories)
        further = range(self.first, self.first + max(0, total - known))
        named = all(isinstance(c, str) for c in field.categories)
        more = [self._text(n) if named else n for n in further]
        return decode_category(places.astype(float), field, tuple(more))

    def state(self) -> dict[str, Any]:
        """As plain numbers and strings."""
        return asdict(self)

    def _text(self, number: int) -> str:
        return f"{self.prefix}{number:0{self.width}d}" if self.width else f"{self.prefix}{number}"
