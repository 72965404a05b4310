"""Tests of mixtures, estimated from probabilities with each name left out."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from sknames._draws.mix import (
    count_pseudo_names,
    distinct_names,
    estimate_mix,
)

UNIFORM = np.full(4, 0.25)


def draw(n=300, n_classes=5, seed=0):
    """Rows of probabilities, sharp and blunt ones."""
    return np.random.default_rng(seed).dirichlet(np.full(n_classes, 0.3), size=n)


def estimated(probabilities, assumed, weights=None, **limits):
    if weights is None:
        weights = np.ones(len(probabilities))
    names = distinct_names(probabilities, weights, assumed)
    mix = estimate_mix(names, assumed, **limits)
    return mix.shares, mix.priors, mix.n_iter


def leaving_each_name_out(probabilities, assumed, weights, n_pseudo):
    """Compute by definition, from the mixture of other names and pseudo-names."""
    answers = probabilities
    ratios = np.zeros_like(probabilities)
    np.divide(probabilities, assumed, out=ratios, where=assumed > 0)
    for _ in range(100_000):
        others = weights @ answers - weights[:, None] * answers
        again = ratios * (others + n_pseudo * assumed)
        again /= again.sum(axis=1, keepdims=True)
        before = answers
        answers = again
        if np.abs(answers - before).max() < 1e-13:
            break
    return weights @ answers / weights.sum()


@pytest.mark.parametrize("n", [1, 2, 30, 300])
@pytest.mark.parametrize("seed", [0, 1])
def test_mixture_estimate_equals_reference_that_leaves_each_name_out(n, seed):
    rng = np.random.default_rng(seed)
    probabilities = draw(n, seed=seed)
    assumed = rng.dirichlet(np.full(5, 2))
    weights = rng.integers(1, 5, n).astype(float)
    weights *= n / weights.sum()
    found, priors, n_iter = estimated(probabilities, assumed, weights, tol=1e-10)
    names = distinct_names(probabilities, weights, assumed)
    n_pseudo = count_pseudo_names(names, assumed)
    expected = leaving_each_name_out(probabilities, assumed, weights, n_pseudo)
    assert_allclose(found, expected, atol=1e-6)
    expected = (n * found + n_pseudo * assumed) / (n + n_pseudo)
    assert_allclose(priors, expected, atol=1e-8)
    assert found.sum() == pytest.approx(1)
    assert 0 < n_iter < 100


def test_number_of_pseudo_names_grows_for_uninformative_lists():
    def pseudo_names(labels, assumed=UNIFORM):
        names = distinct_names(np.eye(4)[labels], np.ones(len(labels)), assumed)
        return count_pseudo_names(names, assumed)

    # Two names have the same class four times as often as under the priors.
    assert pseudo_names([0] * 40) == pytest.approx(3 / (1 - 1 / 4))
    likelier = 4 * 19 / 39  # 19 of the 39 other names have a name's class
    assert pseudo_names([0, 1] * 20) == pytest.approx(3 / (1 - 1 / likelier))
    assert pseudo_names([0, 1, 2, 3] * 10) > 1e6
    assert pseudo_names([0] * 40, np.array([1.0, 0, 0, 0])) > 1e6
    assert pseudo_names([0]) > 1e6


def test_mixture_counts_heavy_name_with_certain_rare_label():
    """The mixture of the other names hardly contains this class."""
    assumed = np.array([0.001, 0.999])
    probabilities = np.array([[1 - 1e-9, 1e-9], [0, 1]])
    found, *_ = estimated(probabilities, assumed, np.array([1000.0, 1]))
    assert_allclose(found, [1000 / 1001, 1 / 1001], atol=1e-4)


@pytest.mark.filterwarnings("ignore:The model is unsure")
@pytest.mark.parametrize("seed", [3, 4])
def test_mixture_estimate_with_many_impossible_classes_converges(seed):
    """Half of the classes have probability 0; a warning is an error."""
    assumed = np.random.default_rng(seed).dirichlet(np.full(48, 0.5))
    rows = np.pad(draw(50, 24, seed), ((0, 0), (24, 0)))
    found, _, n_iter = estimated(rows, assumed)
    assert n_iter < 100
    assert_array_equal(found[:24], 0)


@pytest.mark.parametrize("largest, is_warned", [(0.56, True), (0.58, False)])
def test_unsure_model_warns_only_below_limit_of_mean_probability(largest, is_warned):
    """All 20 possible classes are alike; the limit is .6 times 1 - 1 / 20."""
    assumed = np.repeat([0.05, 0], 20)
    of_label = np.full((20, 20), (1 - largest) / 19)
    np.fill_diagonal(of_label, largest)
    rows = np.pad(np.tile(of_label, (10, 1)), ((0, 0), (0, 20)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimated(rows, assumed)
    assert [w.message.kind for w in caught] == ["unsure model"] * is_warned


def test_class_with_assumed_prior_0_keeps_share_0():
    assumed = np.array([0.5, 0.5, 0, 0, 0])
    shares, priors, _ = estimated(draw(), assumed)
    for values in (shares, priors):
        assert (values[2:] == 0).all()
        assert values[:2].sum() == pytest.approx(1)


def test_mixture_estimate_without_convergence_warns():
    assumed = np.array([0.4, 0.3, 0.1, 0.1, 0.1])
    _, _, needed = estimated(draw(), assumed)
    estimated(draw(), assumed, max_iter=needed)
    message = rf"did not converge in {needed - 1} steps: .* more than 1e-07. "
    message += "Sum the labels"
    with pytest.warns(ConvergenceWarning, match=message):
        estimated(draw(), assumed, max_iter=needed - 1)


def test_distinct_names_with_same_probabilities_are_merged_with_kish_weights():
    alike = [[0.8, 0.2], [0.8, 0.2]]
    others = [[0.3, 0.7], [0.5, 0.5], [0, 0], [0, 1], [-0.0, 1]]
    probabilities = np.array(alike + others)
    weights = np.array([2.0, 4, 2, 0, 1, 2, 2])
    ids = np.array([0, 0, 1, 2, 3, 4, 5])
    names = distinct_names(probabilities, weights, np.array([0.5, 0.5]), ids)
    assert_allclose(names.ratios, [[1, 0.25], [3 / 7, 1], [0, 1]])
    # The four names have the weights 6, 2, 2 and 2, scaled to sum to 4.
    assert_allclose(names.weights, [2, 2 / 3, 2 / 3])
    assert_array_equal(names.counts, [1, 1, 2])
