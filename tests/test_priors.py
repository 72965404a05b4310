"""Priors: how they may be given, estimated from probabilities, and exchanged."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknames._priors import (
    check_priors,
    estimate_priors,
    exchange_priors,
    likelihood_ratios,
    merge_rows,
    newton_steps,
    slopes,
    supposed_priors,
)

CLASSES = np.array(["Dutch", "Irish", "Turkish"])


def draw(n=300, n_classes=5, seed=0):
    """Rows of probabilities, sharp and blunt ones."""
    return np.random.default_rng(seed).dirichlet(np.full(n_classes, 0.3), size=n)


# ---- How they may be given


@pytest.mark.parametrize(
    "priors",
    [
        {"Irish": 0.75, "Dutch": 0.25},
        {"Turkish": 0, "Irish": 0.75, "Dutch": 0.25},
        [0.25, 0.75, 0],
        np.array([0.25, 0.75, 0], dtype=np.float32),
        pd.Series({"Irish": 0.75, "Turkish": 0.0, "Dutch": 0.25}),
    ],
    ids=lambda priors: type(priors).__name__,
)
def test_priors_by_label_or_place(priors):
    found = check_priors(priors, CLASSES)
    np.testing.assert_array_equal(found, [0.25, 0.75, 0])
    assert found.dtype == np.float64


def test_a_sum_that_is_rounded():
    for error in (-1e-7, 1e-7):
        found = check_priors([0.25, 0.75 + error, 0], CLASSES)
        assert found.sum() == pytest.approx(1, abs=1e-15)


def test_priors_by_number():
    np.testing.assert_array_equal(check_priors({7: 0.25, 3: 0.75}, np.array([3, 7])), [0.75, 0.25])


def test_uniform_and_population():
    np.testing.assert_allclose(check_priors("uniform", CLASSES), np.full(3, 1 / 3))
    found = check_priors("population", np.array(["Chinese", "English", "Icelandic"]))
    assert found[0] > found[1] > 10 * found[2] > 0
    assert found[0] / found[1] == pytest.approx((1400 / 350) ** 0.5)


@pytest.mark.parametrize(
    "priors, message",
    [
        ("even", "Expected priors 'uniform' or 'population', or numbers by label, got 'even'"),
        (None, "Expected priors 'uniform' or 'population', or numbers by label, got None"),
        ({"Irish": 0.6}, r"priors sum to 0\.6; expected 1\. Divide"),
        ([0.5, 0.5, 0.5], r"priors sum to 1\.5; expected 1"),
        ([0.5, 0.5, 1e-5], r"priors sum to 1\.00001; expected 1"),
        ([0, 0, 0], "priors sum to 0; expected 1"),
        (
            {"Irish": 0.6, "Elvish": 0.4},
            "names 'Elvish', which the model does not tell. .* Dutch, I",
        ),
        ({"Irish": 1.5, "Dutch": -0.5}, r"priors of Dutch is -0\.5; expected 0 or more"),
        ({"Irish": np.nan, "Dutch": 1.0}, "priors of Irish is nan; expected 0 or more"),
        ({"Irish": "all"}, "priors of 'Irish' should be a number, got 'all'"),
        (
            [0.5, 0.5],
            r"Expected priors of shape \(3,\), in the order of classes_, got shape \(2,\)",
        ),
        ([[0.2, 0.3, 0.5]], r"of shape \(3,\), in the order of classes_, got shape \(1, 3\)"),
        ([0.5, np.inf, 0.5], "Input priors contains infinity"),
        ("population", "no number of bearers for Elvish. Give priors as a dict"),
    ],
    ids=str,
)
def test_priors_that_are_none(priors, message):
    classes = np.array(["Dutch", "Elvish"]) if priors == "population" else CLASSES
    with pytest.raises(ValueError, match=message):
        check_priors(priors, classes)


def test_what_probabilities_suppose():
    X, y = make_blobs([60, 20, 20], n_features=2, random_state=0)
    bayes, logistic = GaussianNB().fit(X, y), LogisticRegression().fit(X, y)
    pipeline = make_pipeline(StandardScaler(), GaussianNB()).fit(X, y)
    for model in (bayes, pipeline, FrozenEstimator(pipeline), make_pipeline(pipeline)):
        np.testing.assert_allclose(supposed_priors(model), [0.6, 0.2, 0.2])
    np.testing.assert_allclose(supposed_priors(logistic), np.full(3, 1 / 3))
    given = {0: 0.6, 1: 0.4}
    for model in (bayes, logistic):
        np.testing.assert_allclose(supposed_priors(model, given), [0.6, 0.4, 0])


# ---- How they are estimated


def expectation_maximisation(probabilities, supposed, weights, n=200_000):
    """As it is written in the paper."""
    priors = supposed
    for _ in range(n):
        under = probabilities * (priors / supposed)
        under /= under.sum(axis=1, keepdims=True)
        before, priors = priors, weights @ under / weights.sum()
        if np.abs(priors - before).max() < 1e-13:
            break
    return priors


@pytest.mark.parametrize("n", [1, 2, 30, 3000])
@pytest.mark.parametrize("seed", [0, 1])
def test_estimate_is_that_of_expectation_maximisation(n, seed):
    rng = np.random.default_rng(seed)
    probabilities, supposed = draw(n, seed=seed), rng.dirichlet(np.full(5, 2))
    weights = rng.integers(1, 5, n).astype(float)
    ratios = likelihood_ratios(probabilities, supposed)
    found, n_iter = estimate_priors(ratios, weights, supposed, tol=1e-12)
    expected = expectation_maximisation(probabilities, supposed, weights)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.sum() == pytest.approx(1) and (found >= 0).all()
    assert 0 < n_iter < 60


def test_estimate_is_quapys(monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    with matplotlib.rc_context():  # quapy sets fonts when it is imported
        aggregative = pytest.importorskip("quapy.method.aggregative")
    monkeypatch.setattr(aggregative.EMQ, "MAX_ITER", 100_000)
    supposed = np.array([0.3, 0.3, 0.2, 0.1, 0.1])
    for seed in range(5):
        probabilities = draw(500, seed=seed)
        expected, _ = aggregative.EMQ.EM(supposed, probabilities, epsilon=1e-9)
        found, _ = estimate_priors(
            likelihood_ratios(probabilities, supposed), np.ones(500), supposed
        )
        np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("start", [[0.2, 0.2, 0.6], [1e-6, 1e-6, 1 - 2e-6]])
def test_sure_answers_are_counted(start):
    """From the latter start, Newton's step would exclude rows."""
    ratios = np.eye(3)[[0, 0, 1, 0]]
    found, _ = estimate_priors(ratios, np.array([1, 1, 1, 2.0]), np.array(start))
    np.testing.assert_allclose(found, [0.8, 0.2, 0], atol=1e-8)


def test_classes_that_no_row_can_be():
    """Their ratios are all 0, as underflow makes them."""
    probabilities = np.pad(draw(), ((0, 0), (0, 2)))
    supposed = np.full(7, 1 / 7)
    found, _ = estimate_priors(likelihood_ratios(probabilities, supposed), np.ones(300), supposed)
    alone, _ = estimate_priors(likelihood_ratios(draw(), supposed[:5]), np.ones(300), supposed[:5])
    np.testing.assert_allclose(found, [*alone, 0, 0], atol=1e-7)


@pytest.mark.parametrize("seed", [3, 4])
def test_many_classes_that_no_row_can_be(seed):
    """Half of them, as where a forest has only ever seen names of the others; a warning fails."""
    supposed = np.random.default_rng(seed).dirichlet(np.full(48, 0.5))
    rows = np.pad(draw(50, 24, seed), ((0, 0), (24, 0)))
    ratios = likelihood_ratios(rows, supposed)
    found, n_iter = estimate_priors(ratios, np.ones(50), supposed)
    gain = (ratios / (ratios @ found)[:, None]).mean(axis=0)
    assert n_iter < 30 and gain.max() <= 1 + 2e-9
    np.testing.assert_allclose(found[:24], 0, atol=1e-9)


def test_a_start_of_0_stays():
    supposed = np.array([0.5, 0.5, 0, 0, 0])
    ratios = likelihood_ratios(draw(), supposed)
    found, _ = estimate_priors(ratios[ratios.any(axis=1)], np.ones(300), supposed)
    assert (found[2:] == 0).all() and found[:2].sum() == pytest.approx(1)
    found, _ = estimate_priors(draw(), np.ones(300), supposed)  # which the rows speak for
    assert (found[2:] == 0).all()


def test_classes_that_are_the_same():
    """No data tell them apart: only their sum is known."""
    probabilities = draw()
    twins = np.column_stack(
        [probabilities[:, :1] / 2, probabilities[:, :1] / 2, probabilities[:, 1:]]
    )
    supposed = np.full(6, 1 / 6)
    found, _ = estimate_priors(likelihood_ratios(twins, supposed), np.ones(300), supposed)
    expected = expectation_maximisation(twins, supposed, np.ones(300))
    np.testing.assert_allclose(
        [found[:2].sum(), *found[2:]], [expected[:2].sum(), *expected[2:]], atol=1e-5
    )


def test_a_step_too_few_is_told():
    ratios, start = draw(), np.full(5, 0.2)
    _, needed = estimate_priors(ratios, np.ones(300), start)
    estimate_priors(ratios, np.ones(300), start, max_iter=needed)
    message = rf"did not converge in {needed - 1} steps: .* more than tol=1e-09. Raise max_iter"
    with pytest.warns(ConvergenceWarning, match=message):
        estimate_priors(ratios, np.ones(300), start, max_iter=needed - 1)


def test_convergence_bounds_the_likelihood():
    ratios, weights, start = draw(), np.full(300, 1 / 300), np.full(5, 0.2)
    best, _ = estimate_priors(ratios, weights, start, tol=1e-12)
    for tol in (1e-2, 1e-3, 1e-4):
        found, _ = estimate_priors(ratios, weights, start, tol=tol)
        short = weights @ np.log(ratios @ best) - weights @ np.log(ratios @ found)
        assert 0 <= short <= tol


def test_slopes():
    """Against differences of the log-likelihood, over more rows than a block."""
    ratios, priors = draw(9000), np.full(5, 0.2)
    weights, step = np.random.default_rng(1).random(9000), 1e-5

    def gradient(priors):
        return slopes(ratios, ratios @ priors, weights)[0]

    found = [
        (gradient(priors - step * one) - gradient(priors + step * one)) / (2 * step)
        for one in np.eye(5)
    ]
    np.testing.assert_allclose(slopes(ratios, ratios @ priors, weights)[1], found, rtol=1e-6)
    up, down = (weights @ np.log(ratios @ (priors + s * step * np.eye(5)[0])) for s in (1, -1))
    assert gradient(priors)[0] == pytest.approx((up - down) / (2 * step), rel=1e-6)


def test_newton_steps_are_not_negative():
    """Without the limit, the first target would be met with a negative share."""
    curvature, targets = np.array([[2.0, 1.9], [1.9, 2.0]]), np.array([[2.0, 1.0], [2.0, 1.95]])
    assert (np.linalg.solve(curvature, targets[0]) < 0).any()
    priors = np.array([0.4, 0.6])
    found = newton_steps(priors, curvature, targets - curvature @ priors)
    np.testing.assert_allclose(found[0], [1, 0], atol=1e-8)
    expected = np.linalg.solve(curvature, targets[1])
    np.testing.assert_allclose(found[1], expected / expected.sum(), rtol=1e-6)


# ---- Equal rows, and rows that tell nothing


def test_equal_rows_are_one():
    probabilities = np.array(
        [[0.5, 0.5], [0.1, 0.9], [0.5, 0.5], [0.5, 0.5], [0.0, 1.0], [-0.0, 1.0]]
    )
    weights, counts = np.array([1.0, 1, 1, 2, 1, 1]), np.array([1, 1, 3, 1, 1, 1])
    rows, found_weights, found_counts = merge_rows(probabilities, weights, counts)
    found = sorted(zip(rows.tolist(), found_weights, found_counts, strict=True))
    assert found == [([0.0, 1.0], 1, 2), ([0.1, 0.9], 1, 1), ([0.5, 0.5], 1, 4), ([0.5, 0.5], 2, 1)]
    order = np.random.default_rng(0).permutation(6)
    again = merge_rows(probabilities[order], weights[order], counts[order])
    for ours, theirs in zip(again, (rows, found_weights, found_counts), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_rows_of_no_weight_or_count_are_left_out():
    rows, *_ = merge_rows(draw(4), np.array([0, 1, 1, 1.0]), np.array([1, 0, 1, 1]))
    assert sorted(rows.tolist()) == sorted(draw(4)[2:].tolist())


def test_ratios():
    found = likelihood_ratios(np.array([[0.2, 0.8, 0], [0, 0, 1.0]]), np.array([0.2, 0.8, 0]))
    np.testing.assert_allclose(found, [[1, 1, 0], [0, 0, 0]])


# ---- How they are exchanged


def test_exchanged_priors_are_bayes_rule():
    probabilities, supposed = draw(), np.array([0.3, 0.3, 0.2, 0.1, 0.1])
    priors = np.array([0.1, 0.2, 0.3, 0.4, 0])
    found = exchange_priors(probabilities, supposed, priors)
    expected = probabilities / supposed * priors
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True))
    assert (found[:, 4] == 0).all()
    np.testing.assert_allclose(exchange_priors(probabilities, supposed, supposed), probabilities)


def test_rows_that_the_priors_exclude():
    found = exchange_priors(np.eye(3), np.full(3, 1 / 3), np.array([0.3, 0.7, 0]))
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 1, 0], [0.3, 0.7, 0]])
    # What was supposed to be impossible stays so.
    found = exchange_priors(np.full((1, 3), 1 / 3), np.array([0.5, 0.5, 0]), np.full(3, 1 / 3))
    np.testing.assert_allclose(found, [[0.5, 0.5, 0]])
