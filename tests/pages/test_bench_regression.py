"""Regressions on origins, with a model that is calibrated by construction."""

import bench_regression as bench
import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.frozen import FrozenEstimator

TRUE = np.array([*bench.EFFECTS.values()])[1:]
SIDES = np.array([-1, 1])


@pytest.fixture(scope="module")
def drawn():
    """Return the origins of a large list by method, its labels, and its fields.

    "Names" are points around the corners of a pentagon, for which the probabilities of
    linear discriminant analysis are exact.
    """
    rng = np.random.default_rng(0)
    angles = 2 * np.pi * np.arange(5) / 5
    corners = 1.5 * np.column_stack([np.cos(angles), np.sin(angles)])
    of_point = np.repeat(np.arange(5), 4000)
    points = corners[of_point] + rng.normal(size=(len(of_point), 2))
    names_of_labels = np.array([*bench.EFFECTS])
    model = LinearDiscriminantAnalysis().fit(points, names_of_labels[of_point])
    people = bench.People(points, of_point)
    X, labels, fields = people.draw(20_000, rng)
    ways = bench.origins_by_way(FrozenEstimator(model), X, labels, fields)
    return ways, labels, fields


def fit_of(drawn, way, is_amount=True):
    ways, labels, fields = drawn
    rng = np.random.default_rng(1)
    outcome = bench.draw_outcome(labels, fields, is_amount, rng)
    regression = bench.linear if is_amount else bench.logistic
    return bench.robust(regression, bench.design(ways[way], fields), outcome)


def errors_in_sigmas(fit):
    sigma = (fit.high - fit.low)[:4] / (2 * bench.Z)
    return (fit.coefficients[:4] - TRUE) / sigma


def test_linear_regression_on_probabilities_with_adapted_priors_is_unbiased(drawn):
    fit = fit_of(drawn, "probabilities, adapted within fields")
    assert np.abs(errors_in_sigmas(fit)).max() < 3.5


@pytest.mark.parametrize("way", ["predicted labels", "probabilities of another mix"])
def test_linear_regression_on_labels_or_unadapted_probabilities_is_biased(way, drawn):
    fit = fit_of(drawn, way)
    assert np.abs(errors_in_sigmas(fit)).max() > 5


def test_logistic_regression_on_probabilities_attenuates_large_effects(drawn):
    fit = fit_of(drawn, "probabilities, adapted within fields", is_amount=False)
    dutch = [*bench.EFFECTS][1:].index("Dutch")
    assert errors_in_sigmas(fit)[dutch] > 2


def test_robust_interval_of_mean_equals_standard_error_formula():
    outcome = np.array([0.0, 1, 2, 5])
    fit = bench.robust(bench.linear, np.ones((4, 1)), outcome)
    error = outcome.std(ddof=1) / 2  # s / sqrt(n)
    np.testing.assert_allclose([fit.low[0], fit.high[0]], 2 + error * bench.Z * SIDES)


def test_debiasing_with_perfect_proxy_equals_fit_on_all_rows(drawn):
    ways, labels, fields = drawn
    rng = np.random.default_rng(2)
    rows = slice(0, 2000)
    true = bench.design(ways["true origins"], fields)[rows]
    outcome = bench.draw_outcome(labels, fields, True, rng)[rows]
    is_checked = np.arange(2000) < 500
    fit = bench.predict_then_debias(bench.linear, true, true, outcome, is_checked, rng)
    of_all, _ = bench.linear(true, outcome)
    np.testing.assert_allclose(fit.coefficients, of_all, atol=0.03)
