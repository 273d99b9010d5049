"""Values on a lattice are the doubles that their decimals are read as."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from timegan.tables.value_grid import Domain

NUMBERS = st.floats(-1e6, 1e6)


@given(NUMBERS, st.sampled_from([0.01, 0.05, 0.25, 1.0, 7.0, 100.0]), st.sampled_from([0.0, 2.5]))
def test_the_next_values_on_either_side(value: float, step: float, offset: float) -> None:
    domain = Domain(step=step, offset=offset)
    at = np.array(value)
    up, down, near = (float(f(at)) for f in (domain.up, domain.down, domain.nearest))
    assert down <= value <= up
    assert up - down <= step * (1 + 1e-6) + 1e-9
    assert near in (up, down)
    for found in (up, down):
        assert found == round(found, 2)
        assert float(domain.up(np.array(found))) == found == float(domain.down(np.array(found)))


@given(NUMBERS)
def test_few_values_and_bounds(value: float) -> None:
    few = Domain(known=(-1.0, 0.5, 4.0), low=-0.5, high=9.0).tightened()
    assert (few.low, few.high, few.known) == (0.5, 4.0, (0.5, 4.0))
    at = np.array(value)
    assert float(few.nearest(at)) == (0.5 if value <= 2.25 else 4.0)
    assert float(few.up(at)) == (0.5 if value <= 0.5 else 4.0)
    assert float(few.down(at)) == (4.0 if value >= 4.0 else 0.5)
    bound = Domain(0.3, 4.7, step=0.5).tightened()
    assert (bound.low, bound.high) == (0.5, 4.5)
    assert bound.low <= float(bound.nearest(at)) <= bound.high
    assert Domain(0.1, 0.4, step=0.5).tightened().empty
