"""Limits of shares agree with the binomial distribution."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from sknames._base.exact_limits import exact_interval, exact_limit, upper_limits


@pytest.mark.parametrize("count, n", [(0, 30), (3, 100), (57, 400)])
def test_exact_upper_limits_match_binomial_distribution(count, n):
    (limit,) = upper_limits(np.array([count / n]), np.array([n]), 0.01)
    assert binom.cdf(count, n, limit) == pytest.approx(0.01)
    assert upper_limits(np.array([1.0]), np.array([n]), 0.01) == 1


@pytest.mark.parametrize("count", [0, 1, 30, 79, 80])
def test_exact_interval_matches_clopper_pearson(count):
    low, high = exact_interval(np.array([count / 80]), 80, 0.9)
    expected = binomtest(count, 80).proportion_ci(0.9)
    assert low[0] == pytest.approx(expected.low)
    assert high[0] == pytest.approx(expected.high)


def test_exact_limit_of_count_0_matches_upper_limit():
    assert exact_limit(50, 0.95) == pytest.approx(upper_limits(0.0, 50, 0.025))
    assert exact_limit(np.inf, 0.95) == 0
