"""What is to be learned of a table: kinds of columns, rules, lengths, from its training part."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from timegan import transforms
from timegan.constraints import Rules
from timegan.errors import InputError, nearest
from timegan.tables import Field, Table
from timegan.transforms import Found, Info, Kind
from timegan.transforms.row_sample import Rows, blocks, look
from timegan.transforms.table_transform import TableTransform

LENGTH = "length"
"""What the length of a sequence is called among the columns, where lengths differ."""


@dataclass(frozen=True)
class Part:
    """The training part of a table.

    Args:
        rows: that training windows contain, rising.
        breaks: those of them, by their place among them, that do not follow upon the one before.
        sequences: that training windows come from.
        lengths: steps of a training window of each of these sequences.
        starts: rows of the table at which training windows begin.
    """

    rows: np.ndarray
    breaks: np.ndarray
    sequences: np.ndarray
    lengths: np.ndarray
    starts: np.ndarray


@dataclass(frozen=True)
class Wishes:
    """What a user may say about columns; the arguments of `WindowDataModule` of these names."""

    scaling: str = "auto"
    kinds: Mapping[str, str] | None = None
    knowledge: bool = True
    constraints: str = "audit"
    rules: Sequence[str] = ()


def fit_columns(
    table: Table, part: Part, wishes: Wishes, *, window: int, reversed: bool
) -> tuple[TableTransform, list[Found]]:
    """Look at the training rows, and remember what the way to the model and back needs.

    Args:
        table: time as the model sees it.
        part: what trains.
        wishes: of the user.
        window: T; sequences of other lengths make the length a thing to be learned.
        reversed: whether time runs backwards in the table.

    Returns:
        The columns, and what was found about each feature, label, static column and length.

    Raises:
        InputError: a wish that cannot be, or a table in which nothing moves.
    """
    values, breaks, rows = look(table.values, part.rows, part.breaks)
    schema = table.schema
    middle = len(schema.value_fields) - len(schema.of("exogenous"))
    features, labels = schema.value_fields[:middle], schema.value_fields[middle:]
    asked = _asked(wishes, [*schema.value_fields, *schema.context_fields])
    clocks = transforms.Clocks(*(_clocks(table, numbers) for numbers in (rows, part.starts)))
    detect = _Detect(breaks, wishes, clocks)
    found, fitted = detect(values[:, :middle], features, asked)
    if not any(kind.width for kind in fitted):
        found, fitted = _something(detect, values[:, :middle], features, asked)
    found_labels, fitted_labels = detect(values[:, middle:], labels, asked)
    found_static, static = _static(table, part, wishes, asked, window)
    codes = [i for i, f in enumerate(schema.value_fields) if f.type in ("category", "boolean")]
    names = [field.label for field in schema.value_fields]
    rules = Rules((), (), (), (), ())
    if wishes.constraints != "off":
        turned = table.turned if reversed else None
        rules = Rules.fit(*_forwards(values, breaks, rows, turned), names, wishes.rules, codes)
        if len(values) < len(part.rows):
            every = blocks(table.values, part.rows, part.breaks)
            rules = rules.checked(_forwards(*block, turned) for block in every)
    with np.errstate(all="ignore"):
        low, high = (_extremes(values, pick) for pick in (np.fmin, np.fmax))
    columns = TableTransform(
        schema=schema,
        kinds=fitted,
        labels=fitted_labels,
        static=static,
        variable=any(f.name == LENGTH for f in found_static[len(schema.context_fields) :]),
        rules=rules,
        enforced=wishes.constraints == "project",
        low=low,
        high=high,
        squashed=wishes.scaling == "minmax",
        reversed=reversed,
    )
    return columns, [*found, *found_labels, *found_static]


@dataclass(frozen=True)
class _Detect:
    """Detect and fit some columns."""

    breaks: np.ndarray
    wishes: Wishes
    clocks: transforms.Clocks | None = None

    def __call__(
        self, values: np.ndarray, fields: Sequence[Field], asked: Mapping[str, str]
    ) -> tuple[list[Found], tuple[Kind, ...]]:
        infos = [info(field) for field in fields]
        own = {name: kind for name, kind in asked.items() if name in {i.name for i in infos}}
        found = transforms.detect(
            values, self.breaks, infos, own, knowledge=self.wishes.knowledge, clocks=self.clocks
        )
        return found, transforms.fit(found, values, self.breaks, self.wishes.scaling)


def _clocks(table: Table, rows: np.ndarray) -> np.ndarray:
    """The number of each row in the table and in its sequence, (2, R)."""
    firsts = table.bounds[:, 0]
    return np.stack([rows, rows - firsts[np.searchsorted(firsts, rows, side="right") - 1]])


def info(field: Field) -> Info:
    """What is known of a column before its numbers are looked at."""
    kind = "number" if field.type == "timedelta" or field.role == "gap" else field.type
    return Info(field.label, kind, field.dtype, len(field.categories))


def _asked(wishes: Wishes, fields: Sequence[Field]) -> dict[str, str]:
    """The kinds that the user names, of columns that there are."""
    names = [field.label for field in fields]
    for name in wishes.kinds or {}:
        if name not in names:
            near = nearest(name, names)
            raise InputError(
                f"dataset.column_types.{name}: the table has no such column to learn. "
                + (f"Did you mean {near}?" if near else f"It has: {', '.join(names)}.")
            )
    return dict(wishes.kinds or {})


def _something(
    detect: _Detect, values: np.ndarray, fields: Sequence[Field], asked: Mapping[str, str]
) -> tuple[list[Found], tuple[Kind, ...]]:
    """One column that the model learns, though it could be drawn without one."""
    with np.errstate(all="ignore"):
        moves = _extremes(values, np.fmin) < _extremes(values, np.fmax)
    if not moves.any():
        raise InputError(
            "Every feature is constant in the training rows: there is nothing to learn. "
            "Give a table in which something changes."
        )
    first = fields[int(np.argmax(moves))]
    return detect(values, fields, {first.label: "continuous", **asked})


def _static(
    table: Table, part: Part, wishes: Wishes, asked: Mapping[str, str], window: int
) -> tuple[list[Found], tuple[Kind, ...]]:
    """The context columns and the length, one row a sequence."""
    fields = list(table.schema.context_fields)
    values = table.context[part.sequences]
    if (part.lengths < window).any():
        values = np.column_stack([values, part.lengths])
        fields.append(Field(LENGTH, "context", "number", "int64"))
    if not fields:
        return [], ()
    alone = replace(wishes, scaling="rank" if wishes.scaling == "minmax" else wishes.scaling)
    # No row follows upon another, so no kind that is about motion can be found.
    detect = _Detect(np.arange(len(values)), alone)
    wanted = {name: kind for name, kind in asked.items() if name in {f.label for f in fields}}
    if fields[-1].name == LENGTH and LENGTH not in table.schema.context:
        wanted[LENGTH] = "integer"
    return detect(values, fields, wanted)


def _forwards(
    values: np.ndarray,
    breaks: np.ndarray,
    rows: np.ndarray,
    turned: Callable[[np.ndarray], np.ndarray] | None,
) -> Rows:
    """What `look` found, with time running forwards; ``turned``: see `Table.turned`."""
    if turned is None:
        return values, breaks, rows
    starts = np.union1d(breaks, [0])
    ends = np.append(starts[1:], len(values))
    return values[::-1], np.sort(len(values) - ends), turned(rows[::-1])


def _extremes(values: np.ndarray, pick: np.ufunc) -> np.ndarray:
    """Smallest or largest value of each column, NaN where there is none."""
    found: np.ndarray = pick.reduce(values, axis=0)
    return found
