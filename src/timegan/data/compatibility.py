"""Whether a checkpoint was trained on the data at hand, prepared in the same way."""

from typing import Any

import numpy as np

from timegan.errors import InputError
from timegan.transforms.table_transform import TableTransform


def check_same(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """Compare the state of a checkpoint's data with ours: fingerprint and columns.

    Raises:
        InputError: other columns, other values, or the same ones split or coded otherwise.
    """
    then, now = (
        TableTransform.from_state(theirs["columns"]),
        TableTransform.from_state(ours["columns"]),
    )
    if then.features != now.features:
        raise InputError(
            f"The checkpoint was trained on the columns {', '.join(then.features)}, and this table "
            f"has {', '.join(now.features)}. Give the table that it was trained on, or train anew."
        )
    if theirs["fingerprint"] != ours["fingerprint"]:
        raise InputError(
            f"The checkpoint was trained on other data (fingerprint {theirs['fingerprint'][:12]}, "
            f"this table has {ours['fingerprint'][:12]}). Give the table that it was trained on, "
            "or train anew."
        )
    before, after = ([c.low, c.high] for c in (then, now))
    ways = [[_way(kind) for kind in (*c.kinds, *c.labels, *c.static)] for c in (then, now)]
    same = np.array_equal(before, after, equal_nan=True) and ways[0] == ways[1]
    if not same or then.reversed != now.reversed:
        raise InputError(
            "The checkpoint was trained on this table, but split or scaled in another way. Give "
            "the same dataset.scaling, dataset.column_types, dataset.preprocessing, "
            "dataset.holdout and dataset.window as then."
        )


def _way(kind: Any) -> tuple[str, int, str]:
    """What tells one way of coding a column from another."""
    inner = getattr(kind, "inner", kind)
    return kind.name, kind.width, getattr(getattr(inner, "scaling", None), "name", "")
