"""Tests of priors: accepted forms, assumed priors, and replacing them."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_blobs
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknames import PriorShiftClassifier, estimate_shares
from sknames._models.priors import check_priors, exchange_priors

CLASSES = np.array(["Dutch", "Irish", "Turkish"])


# ---- Accepted forms


@pytest.mark.parametrize("priors", [
    {"Irish": 0.75, "Dutch": 0.25},
    {"Turkish": 0, "Irish": 0.75, "Dutch": 0.25},
    np.array([0.25, 0.75, 0], dtype=np.float32),
    {"Irish": np.float32(0.75), "Turkish": np.int64(0), "Dutch": np.float32(0.25)},
    pd.Series({"Irish": 0.75, "Turkish": 0.0, "Dutch": 0.25}),
], ids=lambda priors: type(priors).__name__)  # fmt: skip
def test_priors_are_accepted_by_label_or_position(priors):
    found = check_priors(priors, CLASSES)
    assert_array_equal(found, [0.25, 0.75, 0])
    assert found.dtype == np.float64


def test_prior_of_others_is_divided_in_proportion_to_own_priors():
    own = np.array([0.1, 0.5, 0.4])
    given = {"Irish": 0.2, "others": 0.8}
    for priors in (given, pd.Series(given)):
        assert_allclose(check_priors(priors, CLASSES, own=own), [0.16, 0.2, 0.64])
    assert_allclose(check_priors(given, CLASSES), [0.4, 0.2, 0.4])
    assert_allclose(check_priors({"others": 1}, CLASSES, own=own), own)
    two = check_priors({"Irish": 0.2, "Dutch": 0.3, "others": 0.5}, CLASSES, own=own)
    assert_allclose(two, [0.3, 0.2, 0.5])
    with pytest.raises(ValueError, match="others' is 0.8, and no label is left that t"):
        check_priors(given, CLASSES, own=[0, 1, 0])


def test_prior_of_0_for_others_keeps_priors_of_named_classes():
    found = check_priors({"Irish": 1, "others": 0}, CLASSES)
    assert_array_equal(found, [0, 1, 0])
    every = {"Irish": 0.5, "Dutch": 0.3, "Turkish": 0.2, "others": 0}
    assert_allclose(check_priors(every, CLASSES), [0.3, 0.5, 0.2])


def test_class_named_others_has_its_own_prior():
    classes = np.array(["Irish", "Turkish", "others"])
    found = check_priors({"Irish": 0.2, "others": 0.8}, classes)
    assert_array_equal(found, [0.2, 0, 0.8])
    with pytest.raises(ValueError, match="sum to 0.2; expected 1. Divide them by"):
        check_priors({"Irish": 0.2}, classes)


def test_priors_with_rounded_sum_are_accepted():
    for error in (-9e-5, 9e-5):
        found = check_priors([0.25, 0.75 + error, 0], CLASSES)
        assert found.sum() == pytest.approx(1, abs=1e-15)


def test_uniform_priors_are_equal():
    assert_allclose(check_priors("uniform", CLASSES), np.full(3, 1 / 3))


@pytest.mark.parametrize(
    "labels, millions",
    [(["Chinese", "English"], [1400, 350]), (["DE", "IS"], [84, 0.39])],
)
def test_population_priors_are_shares_of_people(labels, millions):
    priors = check_priors("population", np.array(labels))

    assert_allclose(priors, np.array(millions) / sum(millions), rtol=0.02)


@pytest.mark.parametrize("labels", [["Chinese", "Dutch"], ["DE", "IS"]])
def test_tempered_priors_are_the_fourth_root_of_the_population(labels):
    population = check_priors("population", np.array(labels))

    tempered = check_priors("tempered", np.array(labels))

    assert_allclose(tempered, population**0.25 / (population**0.25).sum())


@pytest.mark.parametrize("priors", ["tempered", "population"])
def test_tempered_and_population_priors_of_unknown_label_raise(priors):
    with pytest.raises(ValueError, match=f"'{priors}' has no .* for Elvish. Give pri"):
        check_priors(priors, np.array(["Dutch", "Elvish"]))


EXPECTED = (
    "Expected priors 'tempered', 'population' or 'uniform', or numbers by label, got "
)


@pytest.mark.parametrize("priors, message", [
    ("even", EXPECTED + r"'even'\.$"),
    ("Irish", EXPECTED + r"'Irish'\. .*give {'Irish': 0\.5, 'others': 0\.5}"),
    (None, EXPECTED + "None"),
    ({"Irish": 0.02},
     r"sum to 0\.02; expected 1\. Labels that are left out get 0 and are never "
     r"predicted: give them 'others': 0\.98, or divide by the sum if there are none"),
    ({"Irish": 0.02, "others": 0.9},
     r"sum to 0\.92; expected 1\. Divide them by their sum"),
    ({"Irish": 0.5, "Dutch": 0.2, "Turkish": 0.2, "others": 0.1},
     "priors of 'others' is 0.1, and no label is left"),
    ({"Irish": 1.5, "others": -0.5}, r"of 'others' is -0\.5; expected a number"),
    ({"Irish": 0.5, "others": np.inf}, "of 'others' is inf; expected a number"),
    ({"Irish": 1.2}, r"priors sum to 1\.2; expected 1\. Divide them by their sum"),
    ([0.5, 0.2, 0.2], r"priors sum to 0\.9; expected 1\. Divide them by their sum"),
    ([0.5, 0.5, 0.011], r"priors sum to 1\.011; expected 1"),
    ({"Irish": 0.989}, r"priors sum to 0\.989; expected 1"),
    ({"Irish": 0.6, "Elvish": 0.4},
     "priors got 'Elvish', but the model's labels are such as .'Dutch', 'I"),
    ({"NLD": 1}, r"priors got 'NLD', but .* such as \['Dutch'\]:"),
    ({"turkish": 1}, r"priors got 'turkish', but .* such as \['Turkish'\]:"),
    ({"Irish": np.nan, "Dutch": 1.0}, "priors of 'Irish' is nan; expected a number"),
    ({"Irish": "all"}, "priors of 'Irish' is 'all'; expected a number of 0 or more"),
    ([0.5, 0.5],
     r"Expected priors of shape \(3,\), in the order of classes_, got shape \(2,\)"),
    ([[0.2, 0.3, 0.5]], r"got shape \(1, 3\)"),
    ([0.5, np.inf, 0.5], "is inf; expected a number"),
    ([-0.5, 1, 0.5], "of 'Dutch' is -0.5; expected a number"),
], ids=str)  # fmt: skip
def test_invalid_priors_raise(priors, message):
    with pytest.raises(ValueError, match=message):
        check_priors(priors, CLASSES)


def test_shares_assume_fitted_priors_of_naive_bayes_and_uniform_otherwise():
    X, y = make_blobs([60, 20, 20], n_features=2, random_state=0)
    bayes = GaussianNB().fit(X, y)
    logistic = LogisticRegression().fit(X, y)
    pipeline = make_pipeline(StandardScaler(), bayes).fit(X, y)

    def shares_of(model, assumed=None):
        shares = estimate_shares(model, X, assumed_prior=assumed, n_draws=200)
        return [shares[label].share for label in range(3)]

    for model in (bayes, FrozenEstimator(pipeline), make_pipeline(pipeline)):
        assert_allclose(shares_of(model), shares_of(model, [0.6, 0.2, 0.2]))
    assert_allclose(shares_of(logistic), shares_of(logistic, "uniform"))
    for given, expected in [
        ({0: 0.6, 1: 0.4}, [0.6, 0.4, 0]),
        ({1: 0.6, "others": 0.4}, [0.3, 0.6, 0.1]),
    ]:
        assert_allclose(shares_of(bayes, given), shares_of(bayes, expected))


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_calibrated_model_needs_assumed_prior_unless_calibrated_by_temperature(method):
    X, y = make_blobs([60, 20, 20], n_features=2, random_state=0)
    frozen = FrozenEstimator(GaussianNB().fit(X, y))
    calibrated = CalibratedClassifierCV(frozen, method=method).fit(X, y)
    adapted = PriorShiftClassifier(FrozenEstimator(calibrated))
    given = {"assumed_prior": [0.6, 0.2, 0.2]}
    estimate_shares(calibrated, X, **given, n_draws=200)
    clone(adapted).set_params(**given).fit(X)
    if method == "temperature":
        estimate_shares(calibrated, X, n_draws=200)
        adapted.fit(X)
        return
    with pytest.raises(ValueError, match="Give them as assumed_prior"):
        estimate_shares(calibrated, X, n_draws=200)
    with pytest.raises(ValueError, match="Give them as assumed_prior"):
        adapted.fit(X)


# ---- Replacing priors


def test_rows_with_only_excluded_classes_get_new_priors():
    uniform = np.full(3, 1 / 3)
    found = exchange_priors(np.eye(3), uniform, np.array([0.3, 0.7, 0]))
    assert_allclose(found, [[1, 0, 0], [0, 1, 0], [0.3, 0.7, 0]])
    found = exchange_priors(np.eye(2)[:1], np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    assert_array_equal(found, [[0, 1]])
    # Classes with an assumed prior of 0 keep the probability 0.
    found = exchange_priors(uniform[None], np.array([0.5, 0.5, 0]), uniform)
    assert_allclose(found, [[0.5, 0.5, 0]])
