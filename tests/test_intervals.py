"""Tests of p-values, adjusted for the number of labels."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

from sknames._draws.intervals import p_values


def test_adjusted_p_values_of_independent_errors_match_sidak_correction():
    """For five labels, the p-value is 1 - (1 - p) ** 5 (Sidak 1967)."""
    deviation = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    n_deviations = np.arange(5)
    difference = deviation * n_deviations
    errors = np.random.default_rng(0).normal(size=(4000, 5)) * deviation
    draws = difference + errors
    p_value = p_values(draws, difference, deviation, 0.95)
    expected = 1 - (1 - 2 * norm.sf(n_deviations)) ** 5
    assert_allclose(p_value, expected, rtol=0.1)
    assert_array_equal(p_value < 0.05, expected < 0.05)
