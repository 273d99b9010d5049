"""The registry of column types: every type can be detected, and any number is of some type."""

from timegan.transforms import TRANSFORMERS, detection_order
from timegan.transforms.missing import Missing
from timegan.transforms.numeric import Continuous


def test_the_detection_tries_every_type_but_that_of_missing_values() -> None:
    assert {*detection_order(), Missing} == set(TRANSFORMERS.values())
    assert len(detection_order()) == len(set(detection_order()))


def test_the_last_type_takes_any_number() -> None:
    assert detection_order()[-1] is Continuous


def test_every_kind_of_cell_has_a_type() -> None:
    cells = {cell for kind in detection_order() for cell in kind.cells}
    assert cells == {"number", "boolean", "category", "datetime"}
