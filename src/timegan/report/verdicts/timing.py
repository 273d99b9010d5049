"""The verdict on the calendar: whether values follow hour, weekday, day and month as real ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from timegan.report.formatting import decimal, share
from timegan.report.verdicts.grades import TIMING, Grade, Verdict, graded, not_measured, worst_grade

EXCELLENT = 0.05
"""Difference of the explained shares of variance up to which a season is excellent."""

GOOD = 0.1
"""Difference beyond which a season is poor."""

MIN_AGREEMENT = 0.8
"""Correlation of two profiles below which they have another form."""

MAX_NAMED = 3
"""Findings that a sentence names."""


def timing_verdict(
    seasons: Sequence[Mapping[str, Any]] | None,
    lags: Sequence[Mapping[str, Any]] = (),
    phases: Sequence[str] = (),
) -> Verdict:
    """Grade the season that is missed, or invented, most.

    A season that is missing is fair at best, though its error may be as large as its share.

    Args:
        seasons: rows of `timegan.metrics.timing.timing`; None where that failed.
        lags: rows of `timegan.metrics.period_autocorrelation`.
        phases: names of the phases that were looked at.
    """
    if seasons is None:
        return not_measured(TIMING, "The phases of the calendar could not be computed.")
    if not seasons:
        subject = " and ".join(filter(None, [", ".join(phases[:-1]), *phases[-1:]]))
        verb = "explains" if len(phases) == 1 else "explain"
        sentence = (
            f"The {subject} {verb} no column of the real table, and none of the synthetic one."
        )
        return Verdict(TIMING, Grade.EXCELLENT, sentence)
    measured = [row for row in seasons if row["synthetic"] is not None]
    if not measured:
        return not_measured(TIMING, "Synthetic rows have no times.")
    worst_lags = [row for row in lags if row["difference"] > GOOD]
    grades = [graded(row["difference"], EXCELLENT, GOOD, GOOD) for row in [*measured, *lags]]
    grades += [Grade.FAIR for row in measured if row["is_missing"]]
    missed = [row for row in measured if row["difference"] > GOOD or row["is_missing"]]
    findings = [*map(_told, missed), *map(_told_lag, worst_lags)]
    if findings:
        count = len(findings) - MAX_NAMED
        more = f"; and {count} more" if count > 0 else ""
        sentence = f"{'; '.join(findings[:MAX_NAMED])}{more}."
        return Verdict(TIMING, worst_grade(grades), _capital(sentence), findings[0])
    sentence = "; ".join(map(_told, measured[:MAX_NAMED]))
    held_out = measured[0]["held_out"]
    if held_out is not None and len(measured) == 1:
        sentence += f" (held-out real rows: {share(held_out)})"
    return Verdict(TIMING, worst_grade(grades), f"{_capital(sentence)}.")


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _told(row: Mapping[str, Any]) -> str:
    sentence = (
        f"the {row['phase']} explains {share(row['synthetic'])} of the variance of "
        f"{row['feature']}, and {share(row['real'])} of the real one"
    )
    if row["by_sequence"]:
        sentence += " (each sequence by its own profile)"
    is_other = row["agreement"] < MIN_AGREEMENT and row["synthetic"] > row["real"] / 2
    if is_other and (row["difference"] > GOOD or row["is_missing"]):
        sentence += f", with another profile (their correlation is {decimal(row['agreement'], 2)})"
    elif row["is_missing"]:
        sentence += ": most of this season is missing"
    return sentence


def _told_lag(row: Mapping[str, Any]) -> str:
    return (
        f"after {row['lag']}, the autocorrelation of {row['feature']} is "
        f"{decimal(row['synthetic'], 2)} where real data have {decimal(row['real'], 2)}"
    )
