"""Names of months in languages other than English, in dates as text."""

import re
from collections.abc import Callable
from functools import cache

NAMES = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "de3": "Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "de4": "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "de.": "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
    "en.": "Jan. Feb. March April May June July Aug. Sept. Oct. Nov. Dec.",
    "gb.": "Jan. Feb. Mar. Apr. May Jun. Jul. Aug. Sep. Oct. Nov. Dec.",
    "us.": "Jan. Feb. Mar. Apr. May Jun. Jul. Aug. Sept. Oct. Nov. Dec.",
    "en4": "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "fr.": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
    " diciembre",
    "es3": "ene feb mar abr may jun jul ago sep oct nov dic",
    "es4": "ene feb mar abr may jun jul ago sept oct nov dic",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre"
    " dicembre",
    "it3": "gen feb mar apr mag giu lug ago set ott nov dic",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro"
    " dezembro",
    "pt3": "jan fev mar abr mai jun jul ago set out nov dez",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "nl3": "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "sv3": "jan feb mar apr maj jun jul aug sep okt nov dec",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "nb3": "jan feb mar apr mai jun jul aug sep okt nov des",
    "fi": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta"
    " syyskuuta lokakuuta marraskuuta joulukuuta",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października"
    " listopada grudnia",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "ru1": "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
}
"""Language, and the form of its names -> the names."""
CASES: dict[str, Callable[[str], str]] = {
    "": str,
    "^": str.upper,
    "~": str.lower,
    "=": str.capitalize,
}
"""Mark of a case -> function that writes names in it."""
TOKEN = re.compile(r"\[([a-z]{2}[\d.]?[\^~=]?)\]")
"""Code in a date format for a month: ``[fr]`` is a French name, ``[fr^]`` one in capitals."""


@cache
def _forms() -> dict[str, tuple[str, ...]]:
    """Return the names that each code stands for: of a language, with and without points."""
    plain = {code: tuple(names.split()) for code, names in NAMES.items()}
    plain |= {
        code.replace(".", "0"): tuple(names.replace(".", "").split())
        for code, names in NAMES.items()
        if "." in code
    }
    cased = {
        code + mark: tuple(map(case, names))
        for mark, case in CASES.items()
        for code, names in plain.items()
    }
    first = {names: code for code, names in reversed(cased.items())}
    return {code: names for names, code in first.items()}


@cache
def month_pattern() -> str:
    """Return a pattern of all names, longest first."""
    names = {name.lower() for some in _forms().values() for name in some}
    longest = sorted(names, key=lambda name: (-len(name), name))
    return f"(?i:{'|'.join(map(re.escape, longest))})"


def tokens_of(date: str) -> list[tuple[str, str]]:
    """Return the name of a month in a date and its codes, one for each language that has it."""
    found = re.search(month_pattern(), date)
    if found is None:
        return []
    return [(found[0], f"[{code}]") for code, names in _forms().items() if found[0] in names]


def to_numbers(text: str, token: str) -> str:
    """Return a text with the number of the month in place of its name."""
    names = _forms()[token[1:-1]]
    found = re.search(month_pattern(), text)
    if found is None or found[0] not in names:
        return ""
    return text.replace(found[0], f"{names.index(found[0]) + 1:02d}", 1)


def month_name(token: str, month: int) -> str:
    """Return the name of a month from 1 to 12."""
    return _forms()[token[1:-1]][month - 1]
