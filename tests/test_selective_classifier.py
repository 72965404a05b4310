"""Tests of SelectiveClassifier: coverage, risk, abstention and fallback."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.datasets import make_blobs
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from sknames import (
    CharEncoder,
    GroupedClassifier,
    SelectiveClassifier,
    fingerprint,
    predict_names,
)
from tests.conftest import Given, draw_people

NGRAMS = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Where cores are busy, threads of small problems mostly wait for each other."""
    with threadpool_limits(1):
        yield


def blobs(n=600, random_state=0):
    return make_blobs(n, centers=3, cluster_std=2.0, random_state=random_state)


# ---- Coverage and risk on held-out names


def test_risk_goal_is_rarely_exceeded_on_held_out_names():
    coverages = []
    risks = []
    inner = FrozenEstimator(Given().fit(np.eye(3), [0, 1, 2]))
    for seed in range(20):
        rows, y = draw_people([0.5, 0.3, 0.2], 3000, seed)
        model = SelectiveClassifier(inner, risk=0.2).fit(rows[:1500], y[:1500])
        answers = model.predict(rows[1500:])
        is_answered = answers != -1
        coverages.append(is_answered.mean())
        risks.append(np.mean(answers != y[1500:], where=is_answered))
    # If the goal is exceeded in 5 %, it is exceeded in four of 20 fits in 1.6 %.
    assert np.sum(np.array(risks) > 0.2) <= 3, risks
    # A risk goal is easy to reach if hardly any name is predicted.
    assert np.mean(risks) > 0.15
    assert np.mean(coverages) > 0.7


# ---- scikit-learn's conventions


def test_selective_classifier_predicts_only_above_threshold():
    X, y = blobs()
    model = SelectiveClassifier(LogisticRegression(), coverage=0.5).fit(X, y)
    probabilities = model.predict_proba(X)
    assert_array_equal(probabilities, LogisticRegression().fit(X, y).predict_proba(X))
    sure = probabilities.max(axis=1) > model.threshold_
    assert 0.4 < sure.mean() < 0.6
    expected = np.where(sure, probabilities.argmax(axis=1), model.abstain_label_)
    assert_array_equal(model.predict(X), expected)
    assert model.abstain_label_ == -1
    assert_array_equal(model.reasons(X), np.where(sure, "", "unsure"))
    assert model.coverage_ == pytest.approx(0.5, abs=0.01)
    curve = model.risk_coverage_curve_
    row = np.flatnonzero(curve.threshold == model.threshold_)
    assert curve.risk[row] == model.risk_ < curve.risk[-1]


def test_frozen_estimator_is_not_refitted_and_threshold_uses_all_names():
    X, y = blobs()
    inner = LogisticRegression().fit(X[:100], y[:100])
    before = inner.coef_.copy()
    model = SelectiveClassifier(FrozenEstimator(inner), coverage=0.4).fit(
        X[100:], y[100:]
    )
    assert_array_equal(inner.coef_, before)
    # The surest name withheld is at the threshold itself, and must stay withheld.
    assert np.mean(model.predict(X[100:]) != -1) == model.coverage_ == 0.4
    with pytest.raises(NotFittedError):
        SelectiveClassifier(FrozenEstimator(LogisticRegression()), coverage=0.4).fit(
            X, y
        )


def test_label_unknown_to_frozen_estimator_counts_as_error():
    X, y = blobs()
    inner = FrozenEstimator(LogisticRegression().fit(X[y < 2], y[y < 2]))
    model = SelectiveClassifier(inner, coverage=1).fit(X, y)
    assert model.risk_ > 1 / 3
    assert_array_equal(model.classes_, [0, 1])


def test_selective_fit_on_grouped_classifier_maps_labels_to_groups():
    X, y = blobs()
    grouped = GroupedClassifier(LogisticRegression(), groups={0: 7, 1: 7})
    model = SelectiveClassifier(grouped, coverage=1).fit(X, y)
    assert model.classes_.tolist() == [2, 7]
    assert model.risk_ < 1 / 3  # two thirds of the labels are not groups


def test_cv_none_holds_out_five_folds():
    X, y = blobs()
    thresholds = []
    for cv in (5, None):
        model = SelectiveClassifier(LogisticRegression(), coverage=0.5, cv=cv)
        thresholds.append(model.fit(X, y).threshold_)
    assert thresholds[0] == thresholds[1]


def test_selective_classifier_accepts_names_from_generator(small_names):
    names, labels = small_names
    ngrams = make_pipeline(TfidfVectorizer(analyzer="char"), LogisticRegression())
    model = SelectiveClassifier(ngrams, coverage=0.5, cv=2)
    expected = model.fit(names, labels).threshold_
    assert model.fit((name for name in names), labels).threshold_ == expected


def test_names_of_same_group_are_held_out_together():
    """Each row occurs ten times, so that ungrouped folds leak its label."""
    rng = np.random.RandomState(0)
    X = np.tile(rng.randn(60, 5), (10, 1))
    y = np.tile(rng.randint(2, size=60), 10)
    groups = np.tile(np.arange(60), 10)
    nearest = KNeighborsClassifier(1)
    leaking = SelectiveClassifier(nearest, coverage=1).fit(X, y)
    assert leaking.risk_ == 0
    for is_routed in (False, True):
        with config_context(enable_metadata_routing=is_routed):
            for cv in (5, None, LeaveOneGroupOut()):
                model = SelectiveClassifier(nearest, coverage=1, cv=cv)
                assert model.fit(X, y, groups=groups % 7).risk_ > 0.3


def test_sample_weight_affects_estimator_and_threshold():
    X, y = blobs()
    weights = np.where(X[:, 0] > 0, 5, 0)
    plain = SelectiveClassifier(LogisticRegression(), coverage=0.5).fit(X, y)
    model = SelectiveClassifier(LogisticRegression(), coverage=0.5).fit(
        X, y, sample_weight=weights
    )
    assert not np.allclose(model.estimator_.coef_, plain.estimator_.coef_, rtol=0.1)
    answered = np.average(model.predict(X) != -1, weights=weights)
    assert answered == pytest.approx(0.5, abs=0.04)
    nearest = SelectiveClassifier(KNeighborsClassifier(), coverage=0.5)
    message = "KNeighborsClassifier takes no sample_weight in"
    with pytest.warns(UserWarning, match=message) as warned:
        nearest.fit(X, y, sample_weight=weights)
    assert [warning.filename for warning in warned] == [__file__]


def test_sample_weight_of_frozen_estimator_only_affects_threshold():
    X, y = blobs()
    inner = FrozenEstimator(LogisticRegression().fit(X, y))
    weights = np.where(X[:, 0] > 0, 5, 0)
    model = SelectiveClassifier(inner, coverage=0.5)
    weighted = model.fit(X, y, sample_weight=weights)  # a warning is an error
    assert np.average(weighted.predict(X) != -1, weights=weights) == pytest.approx(
        0.5, abs=0.01
    )


def test_fit_parameters_reach_pipeline_step_in_every_fold():
    X, y = blobs()
    weights = np.where(X[:, 0] > 0, 1, 1e-9)
    model = SelectiveClassifier(make_pipeline(LogisticRegression()), coverage=0.5)
    model.fit(X, y, logisticregression__sample_weight=weights)
    expected = LogisticRegression().fit(X, y, sample_weight=weights)
    assert_allclose(model.estimator_[-1].coef_, expected.coef_)
    # The folds receive the weights too: their probabilities decide the threshold.
    plain = SelectiveClassifier(LogisticRegression(), coverage=0.5).fit(X, y)
    assert abs(model.threshold_ - plain.threshold_) > 0.001


def test_integer_cv_stratifies_folds():
    X, y = blobs(60)
    order = np.argsort(y, kind="stable")
    model = SelectiveClassifier(LogisticRegression(), coverage=1, cv=3)
    assert model.fit(X[order], y[order]).risk_ < 0.5


def test_repeated_folds_do_not_change_risk_coverage_curve():
    X, y = blobs()
    once = [*StratifiedKFold(4).split(X, y)]
    masks = [tuple(np.isin(np.arange(len(y)), rows) for rows in fold) for fold in once]
    models = [
        SelectiveClassifier(LogisticRegression(), coverage=0.5, cv=cv).fit(X, y)
        for cv in (once, 5 * once, masks)
    ]
    for name, values in models[0].risk_coverage_curve_.items():
        for model in models[1:]:
            assert_allclose(model.risk_coverage_curve_[name], values)


# ---- Labels and frozen estimators


def test_selective_classifier_with_given_threshold_predicts_without_fit():
    X, y = blobs()
    inner = LogisticRegression().fit(X, y)
    model = SelectiveClassifier(inner, threshold=0.8)
    sure = inner.predict_proba(X).max(axis=1) > 0.8
    assert 0.2 < sure.mean() < 0.9
    expected = np.where(sure, inner.predict(X), -1)
    assert_array_equal(model.predict(X), expected)
    assert model.set_params(threshold=0).predict(X).tolist() == [*inner.predict(X)]
    assert model.threshold_ == 0
    with pytest.raises(ValueError, match="'auto' next to labels that are numbers"):
        model.set_params(abstain_label="?").predict(X)
    with pytest.raises(NotFittedError):
        SelectiveClassifier(LogisticRegression(), threshold=0.8).predict(X)


def test_fit_with_a_given_threshold_only_fits_the_estimator():
    X, y = blobs()
    model = SelectiveClassifier(LogisticRegression(), coverage=0.5).fit(X, y)
    model.set_params(coverage=None, threshold=0.8, cv=[]).fit(X, y)  # without folds
    around = SelectiveClassifier(LogisticRegression().fit(X, y), threshold=0.8)
    assert_array_equal(model.predict(X), around.predict(X))
    assert model.threshold_ == 0.8
    assert fingerprint(model) == fingerprint(around)
    assert not hasattr(model, "coverage_")
    assert not hasattr(model, "risk_")


@pytest.mark.parametrize("labels, abstain_label", [
    (["a", "b", "c"], "unknown"),
    (np.array(["the longest label", "b", "c"], dtype=object), "unknown"),
    (np.array([0, 1, 2], dtype=np.uint8), -1),
    (np.array([5, 2**53, 2**53 + 1], dtype=np.uint64), -1),
    ([0.0, 1.0, 2.0], -1),
], ids=str)  # fmt: skip
def test_labels_of_any_type_keep_value_with_abstain_label(labels, abstain_label):
    X, y = blobs()
    is_known = y > 0
    labels = np.asarray(labels)
    inner = LogisticRegression().fit(X[is_known], labels[y[is_known]])
    frozen = FrozenEstimator(inner)
    for estimator, n_lacking in [(LogisticRegression(), 0), (frozen, 1)]:
        model = SelectiveClassifier(estimator, coverage=0.5).fit(X, labels[y])
        expected = {abstain_label, *labels.tolist()[n_lacking:]}
        assert {*model.predict(X).tolist()} == expected


# ---- Errors

NUMBERS = np.array([1, 2, 3])
LETTERS = np.array(["a", "b", "c"])


@pytest.mark.parametrize("labels, label, message", [
    (NUMBERS, "unknown", "'auto' next to labels that are numbers.* got 'unknown'"),
    (NUMBERS, 2, "The 'abstain_label' parameter"),
    (LETTERS, "b", "neither a label nor a group, got 'b'. Choose another"),
    (LETTERS, -1, "The 'abstain_label' parameter"),
    (np.array([-1, 0, 1]), "auto", r"neither a label .* got -1. Convert .*astype\(str"),
])  # fmt: skip
def test_invalid_abstain_label_raises_before_estimator_is_fitted(
    labels, label, message
):
    X, y = blobs()
    model = SelectiveClassifier(
        LogisticRegression(C=-1), coverage=0.5, abstain_label=label
    )
    with pytest.raises(ValueError, match=message):
        model.fit(X, labels[y])


def test_abstain_label_or_labels_conflicting_with_frozen_estimator_raise():
    X, y = blobs()
    frozen = FrozenEstimator(LogisticRegression().fit(X, y - 1))
    with pytest.raises(ValueError, match="neither a label nor a group, got -1"):
        SelectiveClassifier(frozen, coverage=0.5).fit(X[y != 0], y[y != 0] - 1)
    frozen = FrozenEstimator(LogisticRegression().fit(X, y))
    message = "None of the labels is one of the model's: .* got .3, 4, 5"
    with pytest.raises(ValueError, match=message):
        SelectiveClassifier(frozen, coverage=0.5).fit(X, y + 3)


@pytest.mark.parametrize(
    "goals", [{}, {"coverage": 0.5, "risk": 0.1}, {"risk": 0.1, "threshold": 0.5}]
)
def test_none_or_two_of_coverage_risk_and_threshold_raise(goals):
    with pytest.raises(ValueError, match="Expected one of coverage, risk and thresh"):
        SelectiveClassifier(LogisticRegression(), **goals).fit(*blobs())


@pytest.mark.parametrize("params, message", [
    ({"threshold": 1}, "The 'threshold' parameter"),
    ({"threshold": False}, "The 'threshold' parameter .* Got False"),
    ({"threshold": 0.5, "coverage": 0.5}, "Give one of them"),
])  # fmt: skip
def test_invalid_threshold_raises_in_predict_with_and_without_fit(params, message):
    X, y = blobs()
    inner = LogisticRegression().fit(X, y)
    fitted = SelectiveClassifier(FrozenEstimator(inner), threshold=0.4).fit(X, y)
    for model in (SelectiveClassifier(inner, **params), fitted.set_params(**params)):
        with pytest.raises(ValueError, match=message):
            model.predict(X)


def test_failed_fit_of_selective_classifier_keeps_previous_threshold():
    X, y = blobs()
    model = SelectiveClassifier(LogisticRegression(), coverage=0.5).fit(X, y)
    threshold = model.threshold_
    with pytest.raises(ValueError, match="risk=1e-05 is not reached: of the"):
        model.set_params(coverage=None, risk=1e-5).fit(X, y)
    assert model.threshold_ == threshold


# ---- Names


def test_name_without_known_letters_gets_no_prediction():
    encoder = CharEncoder(transliterate=False, handle_missing="empty")
    inner = make_pipeline(encoder, DummyClassifier()).fit(["Tanaka", "Bo"], ["x", "y"])
    names = ["王伟", "Tanaka", "王 a", None]
    for X in (names, pd.DataFrame({"n": names})):
        reasons = SelectiveClassifier(inner, threshold=0).reasons(X)
        assert reasons.tolist() == ["no known letter", "", "", "missing name"]


def test_text_that_is_not_a_name_counts_as_withheld_in_coverage(small_names):
    names, labels = small_names
    X = [*names, *["123"] * 200]
    y = [*labels, *labels]
    inner = make_pipeline(NGRAMS, LogisticRegression()).fit(names, labels)
    model = SelectiveClassifier(FrozenEstimator(inner), coverage=0.4).fit(X, y)
    assert model.coverage_ == pytest.approx(0.4, abs=0.005)
    assert np.mean(model.predict(names) != "unknown") == pytest.approx(0.8, abs=0.01)
    assert model.set_params(coverage=0.9).fit(X, y).coverage_ == 0.5
    assert model.threshold_ == 0


# ---- Groups to fall back on


NESTED = [{0: 10, 1: 10, 2: 11, 3: 11}, {0: 20, 1: 20, 2: 20, 3: 20}]


def falling_back(coverage=1, fallback=NESTED, **params):
    """Return a model of four labels and two levels of groups, and its rows."""
    rows = np.array(
        [[0.9, 0.1, 0, 0], [0.5, 0.3, 0.1, 0.1], [0.2, 0.3, 0.3, 0.2], [0, 0, 0.6, 0.4]]
    )
    given = FrozenEstimator(Given().fit(rows, np.arange(4)))
    model = SelectiveClassifier(given, coverage=coverage, fallback=fallback, **params)
    return model.fit(rows, [0, 1, 3, 2]), rows


def test_fallback_predicts_finest_group_above_threshold():
    model, rows = falling_back()
    for threshold, answers, levels, probabilities in [
        (0.4, [0, 0, 10, 2], [0, 0, 1, 0], [0.9, 0.5, 0.5, 0.6]),
        (0.55, [0, 10, 20, 2], [0, 1, 2, 0], [0.9, 0.8, 1.0, 0.6]),
        (0.95, [10, 20, 20, 11], [1, 2, 2, 1], [1.0, 1.0, 1.0, 1.0]),
    ]:
        model.set_params(coverage=None, threshold=threshold)
        found = predict_names(model, rows, top=2)
        assert found.labels[:, 0].tolist() == answers
        names = ["label", "fallback[0]", "fallback[1]"]
        assert found.levels.tolist() == [names[level] for level in levels]
        # After a group, labels start with the most probable one.
        seconds = np.where(found.levels == "label", [1, 1, 2, 3], [0, 0, 1, 2])
        assert found.labels[:, 1].tolist() == seconds.tolist()
        assert (found.reasons == "").all()
        assert_allclose(found.top_proba[:, 0], probabilities)


def test_fallback_predictions_keep_types_of_labels_and_groups():
    fallback = [{0: "a", 1: "a", 2: "b", 3: "b"}]
    model, rows = falling_back(0.75, fallback)
    answers = model.predict(rows).tolist()
    assert answers == [0, "a", -1, "b"]
    assert {*map(type, answers)} == {int, str}
    assert model.score(rows, [0, 1, 3, 2]) == 0.75
    assert model.risk_ == 0
    model.set_params(fallback=None)  # takes effect at the next fit
    assert model.predict(rows).tolist() == answers
    found = predict_names(model, rows, top=3)
    assert found.labels[1].tolist() == ["a", 0, 1]
    assert_allclose(found.top_proba[1], [0.8, 0.5, 0.3])


def test_boolean_predictions_stay_boolean_with_abstain_label():
    X, y = blobs()
    model = SelectiveClassifier(LogisticRegression(), coverage=0.5).fit(X, y > 0)
    answers = {*model.predict(X).tolist()}
    assert answers == {True, False, "unknown"}
    assert {*map(type, answers)} == {bool, str}
    assert model.score(X, y > 0) == pytest.approx((1 - model.risk_) / 2, abs=0.02)


def test_risk_coverage_curve_with_fallback_recomputes_hits_at_each_threshold():
    model, _ = falling_back()
    curve = model.risk_coverage_curve_
    # Each comment lists the predictions at a threshold. The labels are 0, 1, 3 and 2.
    at = {round(t, 3): r for t, r in zip(curve.threshold, curve.risk, strict=True)}
    assert at[0.9] == 0  # 10, 20, 20, 11
    assert at[0.6] == 0
    assert at[0.5] == 0  # 0, 10, 20, 2
    assert at[0.3] == 0.5  # 0, 0, 10, 2
    assert at[0.0] == 0.5  # 0, 0, 1, 2
    assert (curve.coverage == 1).all()
    assert (curve.n_answered == 4).all()
    assert model.threshold_ == curve.threshold[0]
    assert model.risk_ == 0
    assert "fallback" in model.get_params()


def test_score_with_fallback_counts_group_containing_label_as_correct():
    model, rows = falling_back()
    model.set_params(coverage=None, threshold=0.55)  # takes effect at once
    assert model.threshold_ == 0.55
    for y in ([0, 1, 3, 2], pl.Series([0, 1, 3, 2])):
        assert model.score(rows, y) == 1
    score = model.score(rows, [1, 1, 3, 3], sample_weight=[1, 1, 1, 3])
    assert score == pytest.approx(2 / 6)
    assert model.classes_.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("params, message", [
    ({"fallback": NESTED[::-1]},
     r"each within one of the next, got fallback\[0\] 20 in 10 and 11"),
    ({"fallback": [{0: 1, 1: 1}]},
     "stand for the same labels at all levels, got 1 of fallback"),
    ({"fallback": [{0: 10, 1: 10}, {0: 10, 1: 10, 2: 10}]}, "got 10 of fallback"),
    ({"fallback": ["continent"]}, r"fallback\[0\] 'region', 'subregion', or a dict"),
    ({"fallback": [{0: "a", 1: "a"}]}, "all strings, or all numbers"),
    ({"fallback": [{0: -1, 1: -1}]}, "neither a label nor a group, got -1"),
])  # fmt: skip
def test_fallback_groups_not_nested_or_clashing_with_labels_raise(params, message):
    with pytest.raises(ValueError, match=message):
        falling_back(**params)


def test_fallback_of_grouped_classifier_raises_with_hint():
    X, y = blobs()
    grouped = GroupedClassifier(LogisticRegression().fit(X, y), groups={0: 7, 1: 7})
    model = SelectiveClassifier(grouped, coverage=0.5, fallback=[{7: 8, 2: 8}])
    with pytest.raises(ValueError, match="Put in the classifier that is inside it"):
        model.fit(X, y)


def test_fallback_with_unseen_labels_can_be_fitted():
    X, y = blobs(90)
    goal = {"coverage": 1, "fallback": [{1: 7, 2: 7, 9: 7}]}
    model = SelectiveClassifier(LogisticRegression(), cv=2, **goal).fit(X, y)
    assert model.coverage_ == 1
    frozen = FrozenEstimator(LogisticRegression().fit(X, y))
    with pytest.raises(ValueError, match="got 9 in 7, but the model's labels"):
        SelectiveClassifier(frozen, **goal).fit(X, y)


@pytest.mark.parametrize("lacking", [0, 1, 2])
def test_fold_without_label_predicts_like_model_without_label(lacking):
    X, y = blobs(90)
    train = np.flatnonzero(y != lacking)
    goal = {"coverage": 0.5, "fallback": [dict.fromkeys({0, 1, 2} - {lacking}, 7)]}
    fold = SelectiveClassifier(
        LogisticRegression(), cv=[(train, np.arange(90))], **goal
    )
    frozen = FrozenEstimator(LogisticRegression().fit(X[train], y[train]))
    without = SelectiveClassifier(frozen, **goal).fit(X, y)
    assert without.risk_coverage_curve_.risk.min() > 0.2
    for name, values in fold.fit(X, y).risk_coverage_curve_.items():
        assert_array_equal(values, without.risk_coverage_curve_[name])
