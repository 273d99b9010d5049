"""Tables as numbers for metrics: marks tell which values are there."""

import numpy as np
import pandas as pd

from timegan.data.datamodule import WindowDataModule
from timegan.tables import Field
from timegan.transforms.feature_view import KnownMissing, feature_marks, feature_names


def test_marks_hide_missing_values_and_what_lies_behind_the_end() -> None:
    rng = np.random.default_rng(0)
    rows = []
    for key in range(60):
        for day in range(rng.integers(4, 9)):
            state = rng.choice(["a", "b", "c"])
            rows.append(
                (key, day, rng.normal(), state, rng.normal() if rng.random() < 0.7 else None)
            )
    frame = pd.DataFrame(rows, columns=["id", "day", "load", "state", "gap"])
    data = WindowDataModule.from_frame(frame, sequence_key="id", sequence_index="day")
    data.setup()
    series = data.train_series(1_000, 0)
    windows = data.transform.numeric_features(series)
    hidden = np.isnan(data.transform.feature_marks.cells(windows))
    names = data.metric_features[:-1]
    assert data.metric_features[-1] == "present"
    behind = np.arange(windows.shape[1]) >= series.lengths[:, None]
    assert behind.any()
    places = [field.label for field, _ in data.transform.value_columns]
    missing = np.isnan(series.values[..., places.index("gap")])
    assert hidden.shape[2] == len(names)
    for name in names:
        mine = hidden[..., names.index(name)]
        np.testing.assert_array_equal(mine, behind | missing if name == "gap" else behind)


def test_a_category_with_missing_values_is_hidden_in_all_its_features() -> None:
    state = Field("state", "feature", "category", "object", categories=("a", "b", "c"))
    load = Field("load", "feature", "number", "float64")
    columns = [(load, KnownMissing(False, 0.0)), (state, KnownMissing(True, 0.0))]
    names, marks = feature_names(columns, variable=True), feature_marks(columns, variable=True)
    assert names == ["load", "state=a", "state=b", "state=c", "state is missing", "present"]
    assert marks.missing.tolist() == [-1, 4, 4, 4, -1, -1]
    assert marks.present == 5
