"""The verdict on relations and constraints: whether synthetic rows keep what real rows keep."""

from collections.abc import Mapping, Sequence
from typing import Any

from timegan.report.formatting import share
from timegan.report.verdicts.grades import (
    RELATIONS,
    Grade,
    Verdict,
    graded,
    not_measured,
    worst_grade,
)

EXACT = ("inequality", "equality", "linear_inequality", "linear_equality", "monotone")
"""Kinds of constraints that hold exactly; ranges and grids are those of a sample."""

MAX_EXCESS = 0.005
"""Share by which synthetic rows may violate an exact constraint more often than held-out ones."""

MAX_NAMED = 3
"""Findings that a sentence names."""


def relation_verdict(
    relations: Sequence[Mapping[str, Any]] | None, constraints: Sequence[Mapping[str, Any]]
) -> Verdict:
    """Grade the relation that is broken most: any broken one is poor, however good the rest.

    Args:
        relations: rows of `timegan.metrics.relations.relation_shares`; None where that failed.
        constraints: rows of `timegan.metrics.constraint_violations`.
    """
    if relations is None:
        return not_measured(RELATIONS, "Relations could not be computed.")
    rows = kept_shares(relations, constraints)
    measured = [row for row in rows if row["synthetic"] is not None]
    if not measured:
        return not_measured(RELATIONS, "No relation applies to the synthetic rows.")
    broken = [row for row in measured if row["broken"]]
    if broken:
        return Verdict(
            RELATIONS, Grade.POOR, _finding(broken, len(measured)), _told(broken[0], is_short=True)
        )
    exact = [row["synthetic"] for row in measured if row["exact"]]
    grades = [graded(1 - min(exact), 0.0005, 1.0, 1.0)] if exact else []
    samples = [row for row in measured if not row["exact"]]
    grades += [_sample_grade(row) for row in samples]
    subject, pronoun = f"{len(measured)} relations hold", "all of them"
    if len(measured) == 1:
        subject, pronoun = "One relation holds", "it"
    sentence = f"{subject} in the real table, and synthetic rows keep {pronoun}"
    worst = max(samples, key=_excess, default=None)
    if worst is not None and _excess(worst) > 0.001:
        sentence += f", except that {_told(worst)}"
    return Verdict(RELATIONS, worst_grade(grades), f"{sentence}.")


def kept_shares(
    relations: Sequence[Mapping[str, Any]], constraints: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return relations and constraints in one form, those that are broken most first.

    Each row has ``text``, ``kind``, ``reason``, ``unit``; the shares that keep it: ``real``,
    ``held_out`` and ``synthetic``; ``exact`` and ``broken``.
    """
    rows = [
        {key: row[key] for key in row if key != "columns"} | {"exact": True} for row in relations
    ]
    for row in constraints:
        held_out, real = row.get("held_out"), row.get("real")
        excess = row["synthetic"] - (held_out or real or 0.0)
        is_exact = row.get("kind") in EXACT
        rows.append(
            {
                "kind": str(row.get("kind", "constraint")).replace("_", " "),
                "text": row["constraint"],
                "reason": "in all training rows",
                "unit": "steps" if row.get("kind") == "monotone" else "rows",
                "real": None if real is None else 1 - real,
                "held_out": None if held_out is None else 1 - held_out,
                "synthetic": 1 - row["synthetic"],
                "exact": is_exact,
                "broken": is_exact and excess > MAX_EXCESS,
            }
        )
    return sorted(rows, key=_rank)


def _rank(row: Mapping[str, Any]) -> tuple[bool, bool, float]:
    return not row["broken"], not row["exact"], -_excess(row)


def _excess(row: Mapping[str, Any]) -> float:
    """Return how much less often synthetic rows keep it than unseen real ones."""
    if row["synthetic"] is None:
        return -1.0
    expected = row["real"] if row["held_out"] is None else row["held_out"]
    return float(1.0 if expected is None else expected) - float(row["synthetic"])


def _sample_grade(row: Mapping[str, Any]) -> Grade:
    """Grade a range, which other real sequences leave too, or a grid or a list of values."""
    if row["kind"] == "range":
        return graded(_excess(row), 0.001, 0.1, 1.0)
    return graded(_excess(row), 0.001, 0.02, 0.1)


def _finding(broken: Sequence[Mapping[str, Any]], count: int) -> str:
    named = "; ".join(_told(row) for row in broken[:MAX_NAMED])
    more = f"; and {len(broken) - MAX_NAMED} more" if len(broken) > MAX_NAMED else ""
    return f"{len(broken)} of {count} relations are broken: {named}{more}."


def _told(row: Mapping[str, Any], *, is_short: bool = False) -> str:
    """Return a relation with the share that keeps it, for people."""
    held_out = row["held_out"]
    beside = (
        "" if held_out is None or is_short else f", held-out real {row['unit']}: {share(held_out)}"
    )
    return (
        f"\N{LEFT DOUBLE QUOTATION MARK}{row['text']}\N{RIGHT DOUBLE QUOTATION MARK} holds in "
        f"{share(row['synthetic'])} of synthetic {row['unit']}{beside}"
    )
