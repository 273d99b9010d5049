"""Discovery of all relations in a table."""

from timegan.relations.constant import find_constants
from timegan.relations.dates import find_date_distances
from timegan.relations.formula import find_formulas
from timegan.relations.groups import find_joint_missing, find_one_hot
from timegan.relations.lookup import TimePart, find_lookups, find_time_parts
from timegan.relations.motion import find_motion
from timegan.relations.relation import Relation
from timegan.relations.rows import Rows
from timegan.relations.running_total import find_running_totals


def discover(rows: Rows) -> list[Relation]:
    """Return the relations that hold in all rows, and not by accident.

    A column that one relation explains completely is not looked for in the next: parts of the time
    come first, then fixed increments and one-hot groups, then formulas, lookups, running totals.
    """
    if not len(rows):
        return []
    parts = find_time_parts(rows)
    motion = [m for m in find_motion(rows) if m.columns[0] not in _targets(parts)]
    groups = find_one_hot(rows)
    explained = _targets(parts) | {label for group in groups for label in group.members}
    explained |= {m.columns[0] for m in motion if m.kind != "one direction"}
    formulas = find_formulas(rows, explained)
    explained |= {formula.target for formula in formulas}
    lookups = find_lookups(rows, explained)
    dates = find_date_distances(rows)
    followed = {relation.target for relation in (*lookups, *formulas)}
    followed |= {label for relation in dates for label in relation.columns}
    missing = find_joint_missing(rows, {formula.target for formula in formulas})
    totals = find_running_totals(rows, explained | followed)
    return [
        *find_constants(rows),
        *parts,
        *formulas,
        *lookups,
        *(m for m in motion if m.columns[0] not in followed),
        *totals,
        *dates,
        *groups,
        *missing,
    ]


def _targets(parts: list[TimePart]) -> set[str]:
    return {part.target for part in parts}
