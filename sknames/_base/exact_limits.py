"""Compute exact confidence limits of shares (Clopper and Pearson 1934)."""

import numpy as np
from scipy.stats import beta


def exact_limit(n, confidence_level):
    """Return the upper limit of a share if 0 of n are observed; 0 for infinite n."""
    return 1 - ((1 - confidence_level) / 2) ** (1 / n)


def upper_limits(share, n, alpha):
    """Return upper limits of shares of n, each at confidence 1 - alpha."""
    count = share * n
    others = np.maximum(n - count, 1e-12)  # the distribution needs a positive number
    return np.where(share < 1, beta.ppf(1 - alpha, count + 1, others), 1.0)


def exact_interval(share, n, confidence_level):
    """Return the lower and upper limits of shares of n."""
    alpha = (1 - confidence_level) / 2
    return 1 - upper_limits(1 - share, n, alpha), upper_limits(share, n, alpha)
