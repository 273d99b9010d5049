"""Numbers that a text file writes with separators of thousands, decimal commas, signs and units."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from timegan.errors import InputError
from timegan.tables.date_formats import looks_like_date

CURRENCY = r"(?:[$€£¥₹₩₽₺₫₪]|(?:US|CA|AU|NZ|HK|A|C|R)\$|Rs\.?|USD|EUR|GBP|CHF|JPY|CNY|INR)"
GROUP = "['’\u00a0\u202f ]"
"""Marks between groups of three digits that are no decimal marks."""
CELL = re.compile(
    rf"(?P<open>\(|(?={CURRENCY}\s?\())?(?P<minus>[-+\u2212])?\s?(?P<before>{CURRENCY})?\s?"
    rf"(?(open)\(?)(?P<sign>[-+\u2212])?"
    rf"(?P<digits>\d{{1,3}}(?:{GROUP}\d{{3}})+(?:[.,]\d+)?|\d[\d.,]*|[.,]\d+)"
    r"(?P<exponent>[eEdD][-+]?\d+)?"
    rf"(?P<after>\s?(?:%|‰|°[CF]?|{CURRENCY})|[KMBTk]|bn|mn|\s?[^\W\d_][^\d\s]{{0,7}})?(?P<behind>[-\u2212](?!\d))?(?(open)\))"
)
GROUPED = {
    ",": re.compile(r"\d{1,3}(,\d{3})+|\d{1,2}(,\d{2})+,\d{3}"),  # 12,34,567 in India
    ".": re.compile(r"\d{1,3}(\.\d{3})+"),
}
MULTIPLES = {"k": 3, "K": 3, "M": 6, "mn": 6, "B": 9, "bn": 9, "T": 12}
"""Letters behind a number -> power of ten."""
KELVIN = re.compile(r"temp|kelvin", re.IGNORECASE)
OTHER_MARK = {",": ".", ".": ","}
MISSING_WORDS = ("NA", "N/A", "n/a", "NaN", "nan", "None", "NULL", "null", "<NA>", "#N/A")
"""Texts that pandas takes for empty cells; they are missing among numbers."""
PROBE = 100
"""First texts, which tell columns of labels."""
MIN_SHARE = 0.5
"""Share of the cells of a column of numbers that are numbers."""


@dataclass
class NumberColumn:
    """A column of texts that are numbers.

    Args:
        label: of the column.
        codes: (R,) number of each row's text; -1 where there is none.
        texts: (U,) different texts.
        cells: (U,) matches of `CELL`; None where a text is no number.
        decimals: (U,) the decimal mark that each text proves; "?" and a mark where this one may
            separate thousands as well; empty where there is none.
    """

    label: str
    codes: np.ndarray
    texts: list[str]
    cells: "list[re.Match[str] | None]"
    decimals: list[str]

    @property
    def decimal(self) -> str:
        """Return the decimal mark that most cells prove; empty where none does."""
        counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts))
        votes = Counter[str]()
        for mark, count in zip(self.decimals, counts, strict=True):
            if len(mark) == 1:
                votes[mark] += int(count)
        return votes.most_common(1)[0][0] if votes else ""

    @property
    def ambiguous(self) -> str:
        """Return the mark that separates decimals or thousands; empty where it is clear."""
        return "" if self.decimal else next((mark[1] for mark in self.decimals if mark), "")

    def first(self, is_wanted: Iterable[bool]) -> tuple[str, int]:
        """Return the text and the number, from 1 on, of the first row with a wanted text."""
        wanted = np.append(np.fromiter(is_wanted, dtype=bool), False)
        row = int(np.argmax(wanted[self.codes]))
        return self.texts[self.codes[row]], row + 1

    def thousands(self) -> str:
        """Return the ambiguous mark if it separates thousands, the other one if it cannot.

        It does where numbers below 1,000 have none, and decimals would end in zeros (1,050). It
        does not where a larger number has none. Otherwise the result is empty.
        """
        whole = [
            cell["digits"]
            for cell, mark in zip(self.cells, self.decimals, strict=True)
            if cell and not mark
        ]
        if any(len(digits) > 3 for digits in whole):
            return OTHER_MARK[self.ambiguous]
        ends_in_zero = any(
            cell and mark and cell["digits"].endswith("0")
            for cell, mark in zip(self.cells, self.decimals, strict=True)
        )
        return self.ambiguous if whole and ends_in_zero else ""

    def numbers(self, decimal: str) -> "pd.Series[Any]":
        """Return the numbers of all rows.

        Raises:
            InputError: a text has another decimal mark.
        """
        other = OTHER_MARK[decimal]
        is_other = [mark == other for mark in self.decimals]
        if any(is_other):
            raise InputError(odd_cell(self.label, *self.first(is_other)))
        plain = []
        for cell in self.cells:
            assert cell is not None
            digits = re.sub(GROUP, "", cell["digits"]).replace(other, "").replace(decimal, ".")
            power = int((cell["exponent"] or "e0")[1:]) + MULTIPLES.get(_sign(cell), 0)
            is_negative = cell["open"] is not None or {"-", "\u2212"} & {
                cell["minus"],
                cell["sign"],
                cell["behind"],
            }
            plain.append(f"{'-' * bool(is_negative)}{digits}{f'e{power}' * bool(power)}")
        values = pd.to_numeric(pd.Series(plain, dtype=object))
        if (self.codes >= 0).all():
            return values.take(self.codes).reset_index(drop=True)
        whole: Any = "Int64" if is_integer(values) else "float64"
        return pd.Series(values.astype(whole).array.take(self.codes, allow_fill=True))


def number_column(
    series: "pd.Series[Any]", label: str, na_texts: Collection[str] = ()
) -> NumberColumn | None:
    """Return a column of texts if most of them are numbers that pandas cannot read.

    Raises:
        InputError: a text is no number, or has another sign than the others.
    """
    cleaned = series.mask(series.isin([*na_texts, *MISSING_WORDS]))
    probe = [str(text).strip() for text in cleaned.dropna().head(PROBE)]
    if not probe or looks_like_date(probe[0]):
        return None
    if sum(CELL.fullmatch(text) is not None for text in probe) < MIN_SHARE * len(probe):
        return None
    codes, uniques = pd.factorize(cleaned)
    texts = [str(text).strip() for text in uniques]
    cells = [CELL.fullmatch(text) for text in texts]
    decimals = ["" if cell is None else _decimal_mark(cell["digits"]) for cell in cells]
    cells = [None if mark == "!" else cell for cell, mark in zip(cells, decimals, strict=True)]
    if not any(cells):
        return None  # labels, such as versions and addresses: 2.1.7
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    signs = Counter[str]()
    for cell, count in zip(cells, counts, strict=True):
        if cell is not None:
            signs[_sign(cell)] += int(count)
    usual = signs.most_common(1)[0][0]
    if _is_unit(usual) and (len(signs) > 1 or None in cells):
        return None  # labels, such as 12a and 14b
    cells = [cell if _sign(cell) == usual or not _is_unit(_sign(cell)) else None for cell in cells]
    are_numbers = np.array([cell is not None for cell in cells])
    is_plain = usual == "" and not any(decimals) and not any(map(_is_spelled, cells))
    if counts[are_numbers].sum() <= MIN_SHARE * counts.sum() or is_plain:
        return None
    column = NumberColumn(label, codes, texts, cells, decimals)
    if not are_numbers.all():
        raise InputError(odd_cell(label, *column.first(~are_numbers)))
    known = {_sign(cell) for cell in cells}
    named = known - {""}
    if not named <= set(MULTIPLES) and (len(named) > 1 or (named & {"%", "‰"} and "" in known)):
        example = column.first(_sign(cell) == usual for cell in cells)[0]
        other, row = column.first(_sign(cell) != usual for cell in cells)
        raise InputError(
            f"Column {label!r} has {example!r}, and {other!r} in row {row:,} (the first row is 1): "
            "all numbers of a column need the same sign or unit. Convert them."
        )
    return column


def odd_cell(label: str, text: str, row: int) -> str:
    """Return the message for a text among numbers."""
    return (
        f"Column {label!r} has the text {text!r} in row {row:,} (the first row is 1), and most of "
        "its cells are numbers: a column must be one or the other. Correct the cell. If it marks "
        f"a missing value, set dataset.na_values=[{text!r}]."
    )


def is_integer(values: "pd.Series[Any]") -> bool:
    """Check that a column has integers."""
    return pd.api.types.is_integer_dtype(values.dtype)


def _decimal_mark(digits: str) -> str:
    """Return the decimal mark that a number proves, "?" and the mark that may be one, or "!"."""
    rest = re.sub(GROUP, "", digits)
    marks = [mark for mark in rest if mark in ",."]
    if not marks:
        return ""
    last = marks[-1]
    head = rest.rpartition(last)[0]
    if len(set(marks)) == 2:
        is_grouped = GROUPED[OTHER_MARK[last]].fullmatch(head) is not None
        return last if is_grouped else "!"
    if len(marks) > 1:
        return OTHER_MARK[last] if GROUPED[last].fullmatch(rest) else "!"
    is_ambiguous = rest == digits and GROUPED[last].fullmatch(rest) and head[0] != "0"
    return f"?{last}" if is_ambiguous else last


def _sign(cell: "re.Match[str] | None") -> str:
    """Return the sign, the multiple or the unit of a number."""
    return "" if cell is None else (cell["before"] or cell["after"] or "").strip()


def _is_unit(sign: str) -> bool:
    return sign not in MULTIPLES and re.fullmatch(rf"%|‰|°[CF]?|{CURRENCY}|", sign) is None


def _is_spelled(cell: "re.Match[str] | None") -> bool:
    """Check for signs and groups that pandas does not read."""
    return cell is not None and (
        cell["open"] is not None
        or bool(cell["behind"])
        or cell["minus"] == "\u2212"
        or (cell["exponent"] or "e")[0] in "dD"
        or re.search(GROUP, cell["digits"]) is not None
    )
