"""The page's tables: controls as columns, blind spots in words, and any other table as it is."""

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
    found = tables({"scores": {}, "constraints": {"sentence": "Two constraints.", "found": audit}})
    assert [sheet.title for sheet in found] == ["Constraints: found"]
    assert found[0].columns == ["Constraint", "Real", "Synthetic", "Exact"]
    assert found[0].rows == [["High ≥ Low", 0.0, 0.25, None], ["b", None, None, "yes"]]
    assert found[0].caption == "Two constraints."
    assert tables({"statistics": audit, "seconds": 3.0, "empty": []}) == []
