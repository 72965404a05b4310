"""Tests of risk-coverage curves, and of the row chosen for a risk or coverage."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sknames._wrappers.risk_coverage import (
    risk_coverage_curve,
    row_of_coverage,
    row_of_risk,
    tried_rows,
)


def curve_of(confidence, hits, weights):
    """Return the curve of a model that predicts only labels."""
    return risk_coverage_curve(confidence[:, None], hits[:, None], weights)


def test_risk_coverage_curve_has_one_row_per_threshold():
    confidence = np.array([0.9, 0.5, 0.9, 0.7, 0.0, 0.6, 0.95])
    hits = np.array([True, False, True, False, True, True, False])
    curve = curve_of(confidence, hits, np.array([1, 1, 1, 1, 1, 2.0, 0]))
    assert_allclose(curve.threshold, [0.7, 0.6, 0.5, 0])
    assert_allclose(curve.coverage, [2 / 7, 3 / 7, 5 / 7, 6 / 7])  # never all
    assert_allclose(curve.risk, [0, 1 / 3, 1 / 5, 2 / 6])
    assert_allclose(curve.n_answered, [2, 3, 25 / 7, 36 / 8])


def halved(n_wrong=0):
    """Return the curve of 100 names, the least sure wrong, and 100 other texts."""
    confidence = np.append(np.linspace(1, 0.5, 100), np.zeros(100))
    return curve_of(confidence, np.arange(200) < 100 - n_wrong, np.ones(200))


def test_risk_goal_is_tested_at_fifty_coverages():
    curve = halved()
    assert_allclose(curve.coverage[tried_rows(curve)], np.arange(1, 51) / 100)
    assert curve.coverage[row_of_risk(curve, 0.1, 0.95)] == 0.5


def test_risk_goal_met_only_by_surest_two_percent_is_found():
    is_right = np.arange(5000) < 100
    curve = curve_of(np.linspace(1, 0.5, 5000), is_right, np.ones(5000))
    assert curve.coverage[row_of_risk(curve, 0.1, 0.95)] == 0.02


def test_unreachable_risk_goal_raises_with_best_bound():
    """Six coverages are tried, each at a level of 5 % / 6; the best has 24 names."""
    bound = 1 - (0.05 / 6) ** (1 / 24)
    message = "of the 12% of .*, 0.0% of 24 answers are wrong, "
    message += f"so the risk may be as high as {bound:.3f}"
    with pytest.raises(ValueError, match=message):
        row_of_risk(halved(60), 0.01, 0.95)


def test_coverage_goal_allows_for_rounding_errors():
    curve = curve_of(np.linspace(1, 0.5, 4), np.ones(4, dtype=bool), np.full(4, 0.7))
    assert curve.coverage[2] < 0.75
    assert row_of_coverage(curve, 0.75) == 2


def test_risk_coverage_curve_without_predictions_raises():
    with pytest.raises(ValueError, match="None of the 2 names"):
        curve_of(np.zeros(2), np.ones(2, dtype=bool), np.ones(2))
