"""The page's tables: controls as columns, blind spots in words, and any other table as it is."""

import numpy as np
import pytest

from timegan.metrics.fidelity.change_sizes import change_sizes
from timegan.metrics.score import Score
from timegan.report.tables import controls, score_rows, tables


def score(**controls: float) -> Score:
    return Score(0.1, controls={name: Score(mean, 0.0) for name, mean in controls.items()})


def test_controls_come_in_a_fixed_order() -> None:
    metrics = {"scores": {"a": score(gaussian=0.2), "b": score(copy=0.01), "c": Score()}}
    assert controls(metrics) == ["copy", "gaussian"]


def test_an_unknown_score_has_its_name_for_a_title() -> None:
    (row,) = score_rows({"scores": {"some_new_score": Score(1.0)}})
    assert row.title == "Some new score"
    assert row.score.std is None


def test_lists_of_rows_are_tables_whatever_their_name() -> None:
    audit = [
        {"constraint": "High ≥ Low", "real": 0.0, "synthetic": 0.25},
        {"constraint": "b", "exact": True},
    ]
    found = tables({"scores": {}, "audit": {"sentence": "Two constraints.", "found": audit}})
    assert [sheet.title for sheet in found] == ["Audit: found"]
    assert found[0].columns == ["Constraint", "Real", "Synthetic", "Exact"]
    assert found[0].rows == [["High ≥ Low", 0.0, 0.25, None], ["b", None, None, "yes"]]
    assert found[0].caption == "Two constraints."
    assert tables({"statistics": audit, "seconds": 3.0, "empty": []}) == []


def test_relations_and_constraints_stand_in_one_table_the_broken_ones_first() -> None:
    common = {"reason": "in all 9 rows", "columns": ["a", "b"], "unit": "rows", "real": 1.0}
    kept = {"kind": "lookup", "text": "a decides b", "held_out": None, "synthetic": 1.0}
    rates = {"real": 0.0, "held_out": 0.0, "synthetic": 0.25}
    order = {"kind": "inequality", "constraint": "High ≥ Low", "features": ["High", "Low"]} | rates
    metrics = {"relations": [common | kept | {"broken": False}], "constraints": [order]}
    (sheet,) = tables(metrics)
    assert sheet.title == "Relations"
    assert [row[0] for row in sheet.rows] == ["High ≥ Low", "a decides b"]
    assert sheet.rows[0][1:5] == ["100%", "100%", "75.0%", "broken"]
    assert sheet.rows[1][1:5] == ["100%", "–", "100%", ""]


def test_changes_stand_in_one_row_for_each_feature_the_worst_first() -> None:
    steps = np.random.default_rng(0).normal(size=(60, 12, 2)).cumsum(axis=1)
    sizes = change_sizes(steps, steps * [1.0, 1.3], ["Open", "Volume"])
    errors = {"features": {"Open": 0.0, "Volume": 0.26}}
    floors = {"baseline_features": {"Open": 0.01, "Volume": 0.02}}
    details = {"sizes": sizes} | errors | floors
    (sheet,) = tables({"scores": {"change_size": Score(0.13, details=details)}})
    assert sheet.columns[:3] == ["Feature", "Over 1 step", "Over 2 steps"]
    assert [row[0] for row in sheet.rows] == ["Volume", "Open"]
    assert sheet.rows[0][1:5] == pytest.approx([1.3] * 4)
    assert sheet.rows[0][-1] == 0.02
    assert all(len(row) == len(sheet.columns) for row in sheet.rows)
    assert sheet.caption.startswith("Changes of Volume from step to step are 30% too large.")
