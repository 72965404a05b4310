"""Compute intervals of shares, and intervals and p-values of differences."""

import numpy as np
from scipy.stats import norm

from .._base.exact_limits import exact_interval, exact_limit

ROUNDING = 1e-12  # smaller standard deviations are rounding errors


def interval(drawn, confidence_level):
    """Return the ends of the intervals of `Draws`, in the shape of the estimate.

    The interval of an unknown share is from 0 to 1.
    """
    low, high = percentiles(drawn.draws, drawn.estimate, confidence_level)
    # A label that is missing in the list is missing in all draws. Therefore, intervals
    # include the exact limits of a share of 0 or 1.
    limit = exact_limit(drawn.n_effective, confidence_level)
    low = np.minimum(low, 1 - limit)
    high = np.maximum(high, limit)
    if drawn.predicted is not None:
        low, high = _with_checked(drawn, low, high, confidence_level)
    low = np.nan_to_num(np.clip(low, 0, 1), nan=0)
    high = np.nan_to_num(np.clip(high, 0, 1), nan=1)
    return low, high


def _with_checked(drawn, low, high, confidence_level):
    """Return the ends of the intervals of shares that are corrected by checked rows."""
    # Errors are rare, so a few checked rows without errors do not rule them out.
    least_reach = exact_limit(drawn.n_effective, confidence_level) / 2
    low = np.minimum(low, drawn.estimate - least_reach)
    high = np.maximum(high, drawn.estimate + least_reach)
    is_finite = np.isfinite(drawn.n_effective)
    exact_low, exact_high = exact_interval(
        drawn.estimate, np.where(is_finite, drawn.n_effective, 1), confidence_level
    )
    # The sum of all labels is always 1, so it does not have such an interval.
    has_only_checked = (drawn.predicted == 0) & is_finite
    low = np.where(has_only_checked, exact_low, low)
    high = np.where(has_only_checked, exact_high, high)
    return low, high


def percentiles(draws, estimate, confidence_level):
    """Return the ends of percentile intervals, extended to include the estimate.

    They have the shape of the estimate.
    """
    tail = (1 - confidence_level) / 2
    low = np.quantile(draws, tail, axis=0)
    high = -np.quantile(-draws, tail, axis=0)  # mirrors `low` to the bit
    return np.minimum(low, estimate), np.maximum(high, estimate)


def compare_draws(first, second, confidence_level):
    """Return the differences between two `Draws`.

    Returns
    -------
    dict of str to ndarray of shape (n_labels,)
        The columns difference, low, high and p_value.
    """
    difference = first.estimate - second.estimate
    draws = first.draws - second.draws
    low, high = percentiles(draws, difference, confidence_level)
    # The extensions of both intervals by exact limits are added as squares (Zou and
    # Donner 2008).
    down, up = added_by_limits(first, confidence_level)
    second_down, second_up = added_by_limits(second, confidence_level)
    squared_down = (difference - low) ** 2 + (down + second_up)
    squared_up = (high - difference) ** 2 + (up + second_down)
    # Exact intervals may be narrower than those of the draws.
    down = np.sqrt(np.maximum(squared_down, 0))
    up = np.sqrt(np.maximum(squared_up, 0))
    low = np.nan_to_num(difference - down, nan=-1)
    high = np.nan_to_num(difference + up, nan=1)
    deviation = _deviation(draws, first, second, confidence_level)
    # A significant difference must have an interval that excludes 0.
    reach = np.where(difference > 0, down, up)
    deviation = np.maximum(deviation, reach / _deviations_of(confidence_level))
    is_tested = first.is_tested & second.is_tested
    p_value = np.where(is_tested, 1, np.nan)
    # The sum of all labels is always 1. A NaN is not above a bound.
    is_tested = is_tested & (deviation > ROUNDING)
    p_value[is_tested] = p_values(
        draws[:, is_tested],
        difference[is_tested],
        deviation[is_tested],
        confidence_level,
    )
    return {"difference": difference, "low": low, "high": high, "p_value": p_value}


def _deviations_of(confidence_level):
    """Return how many standard deviations a normal interval reaches on each side."""
    return norm.ppf((1 + confidence_level) / 2)


def added_by_limits(drawn, confidence_level):
    """Return what exact limits add to the squared lengths of intervals, down and up."""
    without = percentiles(drawn.draws, drawn.estimate, confidence_level)
    ends = np.array(interval(drawn, confidence_level))
    return (ends - drawn.estimate) ** 2 - (np.array(without) - drawn.estimate) ** 2


def _deviation(draws, first, second, confidence_level):
    """Return the standard deviations of the differences between two `Draws`.

    `draws` contains the differences of the draws. A deviation is not smaller than the
    one implied by exact limits, nor than `_deviation_if_equal`.
    """
    z = _deviations_of(confidence_level)
    deviation = draws.std(axis=0)
    if first.predicted is not None or second.predicted is not None:
        # With a few checked rows, the tails of the draws are too long for a variance.
        low, high = percentiles(draws, draws.mean(axis=0), confidence_level)
        deviation = (high - low) / (2 * z)
    limits = np.hypot(
        exact_limit(first.n_effective, confidence_level),
        exact_limit(second.n_effective, confidence_level),
    )
    deviation = np.maximum(deviation, limits / z)
    return np.maximum(deviation, _deviation_if_equal(first, second))


def _deviation_if_equal(first, second):
    """Return the standard deviations of differences if both lists have equal shares.

    This is the null hypothesis of a test, so the estimates of both lists are pooled. A
    label that one list lacks would otherwise have the variance 0 in this list. The
    formula is for counts. Predictions of unchecked rows vary less than counts, so 0 is
    returned for them.
    """
    variance_of_1 = 1 / np.asarray(first.n_effective)
    variance_of_2 = 1 / np.asarray(second.n_effective)
    total = variance_of_1 + variance_of_2
    sums = first.estimate * variance_of_2 + second.estimate * variance_of_1
    pooled = sums / np.where(total > 0, total, 1)
    pooled = np.clip(pooled, 0, 1)
    are_counts = True
    for drawn in (first, second):
        if drawn.predicted is not None:
            are_counts = are_counts & (drawn.predicted == 0)
    return np.where(are_counts, np.sqrt(pooled * (1 - pooled) * total), 0)


def p_values(draws, difference, deviation, confidence_level):
    """Return p-values of differences, adjusted for testing all labels.

    Differences and errors are measured in standard deviations. In each draw, the error
    of the label with the largest error is taken. A difference is significant if it
    exceeds the `confidence_level` quantile of these errors. The p-values are calculated
    as if the largest error were the maximum of K independent normal errors, with K
    chosen so that the same differences are significant.

    Parameters
    ----------
    draws : ndarray of shape (n_draws, n_labels)
        Differences in each draw.
    difference : ndarray of shape (n_labels,)
        Estimated differences.
    deviation : ndarray of shape (n_labels,)
        Standard deviations of the estimated differences.
    confidence_level : float

    Returns
    -------
    ndarray of shape (n_labels,)
    """
    if not len(difference):  # no label is tested
        return np.ones(0)
    z = _deviations_of(confidence_level)
    largest = (np.abs(draws - difference) / deviation).max(axis=1)
    limit = np.quantile(largest, confidence_level)
    log_inside = np.log1p(-2 * norm.sf(max(limit, z)))
    n_independent = np.log(confidence_level) / log_inside
    is_outside = 2 * norm.sf(np.abs(difference) / deviation)
    log_smaller = np.log1p(-np.minimum(is_outside, 1 - 1e-15))  # 1 if nothing differs
    return -np.expm1(n_independent * log_smaller)
