"""Check that a checkpoint was trained on the data at hand, prepared in the same way."""

from typing import Any

import numpy as np

from timegan.errors import InputError
from timegan.transforms.table_transform import TableTransform


def check_same_data(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """Compare the state of a checkpoint's data module with that of ours.

    Raises:
        InputError: columns or values differ, or the same ones were split or coded otherwise.
    """
    then, now = (TableTransform.from_state(state["columns"]) for state in (theirs, ours))
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
    before, after = ([transform.low, transform.high] for transform in (then, now))
    codings = [
        [(t.name, t.width, t.scaler_name) for _, t in transform.columns]
        for transform in (then, now)
    ]
    seasons = [t.seasonality and t.seasonality.shares() for t in (then, now)]
    names = [[(channel, words) for channel, words, _ in found or ()] for found in seasons]
    is_same = np.array_equal(before, after, equal_nan=True) and codings[0] == codings[1]
    if not is_same or names[0] != names[1] or then.reversed != now.reversed:
        raise InputError(
            "The checkpoint was trained on this table, but split or scaled in another way. Set "
            "dataset.scaling, dataset.column_types, dataset.seasonality, dataset.preprocessing, "
            "dataset.holdout and dataset.window as they were."
        )
