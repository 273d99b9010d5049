"""Rising series: those of scikit-learn, for many series at once."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from timegan.constraints.isotonic import isotonic_fit


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_each_series_is_its_isotonic_regression(seed: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(-3, 4, size=(5, steps)) + rng.normal(size=(5, steps)).round(1)
    holes = rng.random(values.shape) < 0.2
    values[holes] = np.nan
    found = isotonic_fit(values)
    np.testing.assert_array_equal(np.isnan(found), holes)
    for series, fitted, hole in zip(values, found, holes, strict=True):
        known = np.flatnonzero(~hole)
        if known.size:
            expected = IsotonicRegression().fit_transform(known, series[known])
            np.testing.assert_allclose(fitted[known], expected, atol=1e-12)


def test_a_rising_series_keeps_its_bits() -> None:
    values = np.sort(np.random.default_rng(0).normal(size=(4, 30)), axis=1)
    np.testing.assert_array_equal(isotonic_fit(values), values)
