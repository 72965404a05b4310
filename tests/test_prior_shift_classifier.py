"""PriorShiftClassifier estimates the mix of a list from its names and adapts to it."""

import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.utils import get_tags

from sknames import (
    PriorShiftClassifier,
    load_pretrained,
)
from sknames.datasets import make_names
from tests.conftest import Given


def shifted_blobs(n=(30, 570), n_train=(300, 300)):
    """Return overlapping classes in different proportions in training and later."""
    centers = [[0, 0], [1.5, 1.5]]
    train = make_blobs(n_train, centers=centers, random_state=0)
    return *train, *make_blobs(n, centers=centers, random_state=1)


@pytest.fixture(scope="module")
def shifted():
    """A fitted model, and inputs with other class proportions than in training."""
    X, y, X_later, _ = shifted_blobs()
    return LogisticRegression().fit(X, y), X_later


@pytest.fixture(scope="module")
def team():
    """Mostly Irish people, and some others."""
    irish, _ = make_names(160, nationalities=["Irish"], random_state=0)
    dutch, _ = make_names(40, nationalities=["Dutch"], random_state=0)
    return [*irish, *dutch]


def adapted_to(X, inner, sample_weight=None, **params):
    """A frozen model with priors that are given, or estimated from X."""
    adapted = PriorShiftClassifier(FrozenEstimator(inner), **params)
    return adapted.fit(X, sample_weight=sample_weight)


def test_prior_shift_estimates_priors_and_improves_accuracy():
    X, y, X_later, y_later = shifted_blobs()
    inner = LogisticRegression().fit(X, y)
    adapted = adapted_to(X_later, inner)
    assert adapted.class_prior_[0] == pytest.approx(0.05, abs=0.02)
    assert adapted.score(X_later, y_later) > inner.score(X_later, y_later) + 0.05
    # The mean probabilities equal the priors, apart from pseudo-names.
    mean = adapted.predict_proba(X_later).mean(axis=0)
    assert_allclose(mean, adapted.class_prior_, atol=0.01)


def test_prior_shift_assumes_fitted_priors_of_estimator_or_uniform_ones():
    """GaussianNB has its priors as an attribute; LogisticRegression does not."""
    X, y, X_later, _ = shifted_blobs(n_train=(550, 50))
    bayes = GaussianNB().fit(X, y)
    inner = LogisticRegression().fit(X, y)
    frequencies = [550 / 600, 50 / 600]

    def mix(model, assumed=None):
        return adapted_to(X_later, model, assumed_prior=assumed).class_prior_

    assert_array_equal(mix(bayes), mix(bayes, frequencies))
    assert abs(mix(bayes) - mix(bayes, "uniform"))[0] > 0.1
    assert mix(inner, frequencies)[0] == pytest.approx(0.05, abs=0.04)
    assert mix(inner)[0] > 0.15


def test_prior_of_others_is_divided_in_proportion_to_assumed_prior(shipped):
    priors = {"Turkish": 0.3, "others": 0.7}
    adapted = PriorShiftClassifier(shipped, priors=priors, assumed_prior="uniform")
    found = adapted.fit(["Ana"]).class_prior_
    expected = np.where(shipped.classes_ == "Turkish", 0.3, 0.7 / 73)
    assert_allclose(found, expected)


def test_prior_shift_with_sample_weight_equals_repeated_rows(shifted):
    inner, X_later = shifted
    weights = np.arange(600) % 4
    weighted = adapted_to(X_later, inner, sample_weight=weights)
    repeated = adapted_to(X_later.repeat(weights, axis=0), inner)
    assert_allclose(weighted.class_prior_, repeated.class_prior_, atol=1e-6)
    plain = adapted_to(X_later, inner)
    assert abs(weighted.class_prior_ - plain.class_prior_).max() > 1e-4
    with pytest.raises(ValueError, match="Expected sample_weight of zero or more"):
        adapted_to(X_later, inner, sample_weight=-np.ones(600))


def underconfident(rng, n=60):
    """Return probabilities, right in 90 % but underconfident, and uniform labels."""
    labels = rng.integers(4, size=n)
    seen = np.where(rng.random(n) < 0.9, labels, rng.integers(4, size=n))
    logits = 1.1 * np.eye(4)[seen] + 0.3 * rng.normal(size=(n, 4))
    return softmax(logits, axis=1), labels


def test_prior_shift_of_unsure_model_warns():
    inner = Given().fit(np.eye(4), np.arange(4))
    probabilities, _ = underconfident(np.random.default_rng(0))
    message = (
        r"unsure of these names: .* is 0\.4\d on average, and 0\.\d\d under .*#how"
    )
    adapted = PriorShiftClassifier(FrozenEstimator(inner))
    with pytest.warns(UserWarning, match=message) as warned:
        adapted.fit(probabilities)
    assert warned[0].filename == __file__
    adapted.fit(probabilities[-29:])  # too few to judge
    with pytest.warns(UserWarning, match="unsure of these names"):
        adapted.fit(probabilities[-30:])


def test_prior_shift_of_underconfident_model_with_many_classes_warns(shipped_uniform):
    """Adapting lowers accuracy from .97 to .87, because large classes gain names."""
    names, labels = make_names(1000, random_state=1)
    classes = shipped_uniform.classes_
    inner = Given().fit(np.eye(74), classes)
    sure = shipped_uniform.predict_proba(names)
    assert adapted_to(sure, inner).score(sure, labels) > 0.9
    unsure = sure ** (1 / 2.6)
    unsure /= unsure.sum(axis=1, keepdims=True)
    with pytest.warns(UserWarning, match="^The model is unsure"):
        adapted = adapted_to(unsure, inner)
    assert adapted.score(unsure, labels) < 0.9


@pytest.mark.parametrize("container", [np.array, scipy.sparse.csr_matrix])
def test_prior_shift_counts_equal_numeric_rows_once(container, shifted):
    inner, X_later = shifted
    often = container(np.repeat(X_later, 3, axis=0))
    priors = adapted_to(X_later, inner).class_prior_
    assert_allclose(adapted_to(often, inner).class_prior_, priors)


def test_positive_priors_of_classes_excluded_by_estimator_raise(shifted):
    inner, X_later = shifted
    never = adapted_to(X_later, inner, priors={0: 1})
    with pytest.raises(ValueError, match="Expected priors of 0 for 1, which"):
        adapted_to(X_later, never, priors="uniform")
    same = adapted_to(X_later, never, priors={0: 1})
    assert_array_equal(same.predict_proba(X_later), [[1, 0]] * 600)


def test_prior_shift_classifier_does_not_require_labels(shifted):
    adapted = PriorShiftClassifier(FrozenEstimator(shifted[0]))
    assert not get_tags(adapted).target_tags.required


def test_prior_shift_with_given_priors_predicts_without_fit(shifted):
    inner, X_later = shifted
    given = PriorShiftClassifier(inner, priors=[0.1, 0.9])
    adapted = adapted_to(X_later, inner, priors={1: 0.9, 0: 0.1})
    assert_array_equal(given.predict_proba(X_later), adapted.predict_proba(X_later))
    assert adapted.n_iter_ == 0
    with pytest.raises(NotFittedError):
        PriorShiftClassifier(inner).predict(X_later)
    with pytest.raises(NotFittedError):
        given.set_params(estimator=LogisticRegression()).predict(X_later)


def test_failed_fit_of_prior_shift_keeps_previous_priors(shifted):
    inner, X_later = shifted
    adapted = adapted_to(X_later, inner)
    before = adapted.class_prior_.copy()
    with pytest.raises(ValueError, match="priors got 7, but the model"):
        adapted.set_params(priors={7: 1}).fit(X_later)
    assert_array_equal(adapted.class_prior_, before)


def test_load_pretrained_with_priors_equals_prior_shift_classifier(
    shipped, shipped_uniform, team
):
    """`load_pretrained(priors=...)` shifts a bias in float32."""
    for priors in ("tempered", {"Irish": 0.02, "others": 0.98}):
        inside = load_pretrained(priors=priors)
        around = PriorShiftClassifier(shipped, priors=priors).fit(team)
        assert_allclose(inside["classify"].class_prior_, around.class_prior_)
        expected = around.predict_proba(team)
        assert_allclose(inside.predict_proba(team), expected, atol=1e-5)
    # The estimated priors do not depend on the priors assumed for single names.
    once = PriorShiftClassifier(shipped).fit(team).class_prior_
    again = PriorShiftClassifier(shipped_uniform).fit(team).class_prior_
    assert_allclose(again, once, atol=1e-3)
