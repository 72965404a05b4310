"""Limits of shares agree with the binomial distribution."""

import numpy as np
import pytest
from scipy.stats import binom

from sknames._base.exact_limits import upper_limits


@pytest.mark.parametrize("count, n", [(0, 30), (3, 100), (57, 400)])
def test_exact_upper_limits_match_binomial_distribution(count, n):
    (limit,) = upper_limits(np.array([count / n]), np.array([n]), 0.01)
    assert binom.cdf(count, n, limit) == pytest.approx(0.01)
    assert upper_limits(np.array([1.0]), np.array([n]), 0.01) == 1
