"""Discovery of all relations in a table."""

from collections.abc import Sequence
from dataclasses import replace

from timegan.relations.affine import find_affine, find_sums_of_copies
from timegan.relations.carried_over import CarriedOver, find_carried_over
from timegan.relations.constant import find_constants
from timegan.relations.counters import Cycle, ElapsedTime, find_counters, with_profiles
from timegan.relations.dates import find_date_distances
from timegan.relations.formula import find_formulas, find_formulas_of_totals
from timegan.relations.groups import find_joint_missing, find_missing_where, find_one_hot
from timegan.relations.lookup import TimePart, find_lookups, find_time_parts
from timegan.relations.motion import find_motion
from timegan.relations.relation import Relation
from timegan.relations.rows import Rows
from timegan.relations.running_extreme import find_running_extremes
from timegan.relations.running_total import find_running_totals


def discover(rows: Rows) -> list[Relation]:
    """Return the relations that hold in all rows, and not by accident.

    A column that one relation explains completely is not looked for in the next: parts of the time
    come first, then fixed increments and one-hot groups, then formulas, lookups, running totals.
    What is left may be carried over from the row before.
    """
    if not len(rows):
        return []
    counters = find_counters(rows)
    elapsed = {counter.column for counter in counters if isinstance(counter, ElapsedTime)}
    parts = [p for p in find_time_parts(rows) if p.target not in elapsed or p.offset is not None]
    motion = [m for m in find_motion(rows) if m.columns[0] not in _targets(parts)]
    groups = find_one_hot(rows)
    explained = _targets(parts) | {label for group in groups for label in group.members}
    explained |= {m.columns[0] for m in motion if m.kind != "one direction"}
    counters = [counter for counter in counters if counter.column not in explained]
    explained |= {counter.column for counter in counters if counter.kind != "cycle"}
    cycles = {counter.column for counter in counters if counter.kind == "cycle"}
    formulas = find_formulas(rows, explained | cycles)
    explained |= {formula.target for formula in formulas}
    lookups = find_lookups(rows, explained)
    decided = {relation.target for relation in lookups}
    computed = {formula.target for formula in formulas}
    counted = {counter.column for counter in counters}
    carried = find_carried_over(rows, explained | decided | computed | counted)
    codes = {relation.source for relation in lookups}
    carried = [replace(c, by_difference=False) if c.later in codes else c for c in carried]
    dates = find_date_distances(rows, {c.later for c in carried})
    followed = decided | computed
    followed |= {label for relation in dates for label in relation.columns}
    followed |= counted
    extremes = find_running_extremes(rows, motion, explained | followed)
    computed |= {relation.target for relation in extremes}
    followed |= computed
    totals = find_running_totals(rows, explained | followed)
    single = {relation.total for relation in totals if len(relation.parts) == 1}
    of_totals = find_formulas_of_totals(rows, single, explained | followed | single)
    computed |= {formula.target for formula in of_totals}
    totals = [relation for relation in totals if relation.total not in computed]
    summed = {relation.total for relation in totals}
    copies = find_affine(rows, explained | decided | summed | computed)
    of_copies = find_sums_of_copies(rows, copies)
    sums = {formula.target for formula in of_copies}
    copies = [copy for copy in copies if copy.target not in sums]
    of_totals += of_copies
    computed |= {copy.target for copy in copies} | sums
    carried = _without_circles(
        [c for c in carried if c.written not in computed | summed],
        [*formulas, *lookups, *of_totals],
    )
    computed |= {relation.later for relation in carried if not relation.is_backward}
    followed |= {relation.written for relation in carried}
    holes = find_missing_where(rows, decided | computed)
    missing = find_joint_missing(rows, computed | {relation.target for relation in holes})
    found: list[Relation] = [
        *find_constants(rows),
        *parts,
        *formulas,
        *lookups,
        *(m for m in motion if m.columns[0] not in followed),
        *totals,
        *of_totals,
        *extremes,
        *copies,
        *carried,
        *dates,
        *groups,
        *holes,
        *missing,
    ]
    known = {label for relation in found for label in relation.columns}
    known |= {counter.column for counter in counters}
    free = [label for label in rows.columns if label not in known]
    for counter in counters:
        if counter.column not in decided:
            if isinstance(counter, Cycle):
                counter = with_profiles(counter, rows, free)
            found.append(counter)
    return found


def _without_circles(carried: list[CarriedOver], others: Sequence[Relation]) -> list[CarriedOver]:
    """Return the relations whose source is not itself written from their target."""

    def leads_to(label: str, target: str, seen: set[str]) -> bool:
        sources = {s for r in others if r.written == label for s in r.columns} - seen - {label}
        return target in sources or any(leads_to(s, target, seen | sources) for s in sources)

    return [c for c in carried if not leads_to(c.columns[1], c.written, set())]


def _targets(parts: list[TimePart]) -> set[str]:
    return {part.target for part in parts}
