"""SelectiveClassifier keeps the wanted share or risk, and answers for names only."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, StratifiedKFold
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from sknames import (
    CharEncoder,
    GroupedClassifier,
    SelectiveClassifier,
    fingerprint,
    predict_names,
    spelling_groups,
)
from sknames.datasets import load_names
from tests.conftest import Given, tiny_pipeline

NGRAMS = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Where cores are busy, threads of small problems mostly wait for each other."""
    with threadpool_limits(1):
        yield


def blobs(n=600, random_state=0):
    return make_blobs(n, centers=3, cluster_std=2.0, random_state=random_state)


@pytest.fixture(scope="module")
def real():
    """Counts of n-grams of real names, one of each spelling, and nationalities."""
    names, labels = load_names(return_X_y=True)
    chosen = np.unique(spelling_groups(names), return_index=True)[1]
    nations = [
        "Arabic",
        "Chinese",
        "Finnish",
        "German",
        "Greek",
        "Irish",
        "Italian",
        "Japanese",
    ]
    nations += ["Polish", "Spanish", "Turkish"]
    chosen = chosen[np.isin(labels[chosen], nations)]
    chosen = np.random.RandomState(0).permutation(chosen)[:9_000]
    ngrams = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=(1, 3),
        n_features=2**13,
        alternate_sign=False,
        norm=None,
    )
    return ngrams.transform(names[chosen]), labels[chosen].astype(str)


# ---- What is promised, on held-out names


def outcomes(real, frozen, **goal):
    """The shares answered and wrong, of new names, over splits of the real ones."""
    X, y = real
    for seed in range(20):
        known, new = np.split(np.random.RandomState(seed).permutation(len(y)), 2)
        inner = MultinomialNB()
        if frozen:
            learned, known = np.split(known, [1_500])
            inner = FrozenEstimator(inner.fit(X[learned], y[learned]))
        model = SelectiveClassifier(inner, **goal).fit(X[known], y[known])
        predicted = model.predict(X[new])
        answered = predicted != "unknown"
        yield answered.mean(), np.mean(predicted[answered] != y[new][answered])


@pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "cross-validated"])
def test_risk_is_exceeded_in_few_splits_of_twenty(real, frozen):
    coverage, risk = np.transpose([*outcomes(real, frozen, risk=0.08)])
    # If one split in 20 exceeds it, more than three of 20 do with a chance of 1.6 %.
    assert np.sum(risk > 0.08) <= 3, risk
    # Keeping it is no art where hardly anything is answered, or where nothing would be
    # wrong.
    assert risk.mean() > 0.05
    assert coverage.min() > 0.3
    assert coverage.max() < 0.9


# ---- scikit-learn's conventions


def test_answers_where_it_is_sure():
    X, y = blobs()
    model = SelectiveClassifier(LogisticRegression(), coverage=0.5).fit(X, y)
    probabilities = model.predict_proba(X)
    assert_array_equal(probabilities, LogisticRegression().fit(X, y).predict_proba(X))
    sure = probabilities.max(axis=1) > model.threshold_
    assert 0.4 < sure.mean() < 0.6
    predicted = model.predict(X)
    assert_array_equal(predicted[sure], probabilities.argmax(axis=1)[sure])
    assert set(predicted[~sure]) == {model.abstain_label_} == {-1}
    assert_array_equal(model.reasons(X), np.where(sure, "", "unsure"))
    assert model.coverage_ == pytest.approx(0.5, abs=0.01)
    curve = model.risk_coverage_curve_
    row = np.flatnonzero(curve.threshold == model.threshold_)
    assert curve.risk[row] == model.risk_ < curve.risk[-1]
    assert model.n_features_in_ == 2


def test_frozen_estimator_is_not_fitted_and_all_names_count():
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


def test_label_unknown_to_a_frozen_estimator_counts_as_an_error():
    X, y = blobs()
    inner = FrozenEstimator(LogisticRegression().fit(X[y < 2], y[y < 2]))
    model = SelectiveClassifier(inner, coverage=1).fit(X, y)
    assert model.risk_ > 1 / 3
    assert_array_equal(model.classes_, [0, 1])


def test_groups_are_held_out_together():
    """The nearest neighbour knows all rows, ten times each, unless grouped."""
    rng = np.random.RandomState(0)
    X = np.tile(rng.randn(60, 5), (10, 1))
    y = np.tile(rng.randint(2, size=60), 10)
    groups = np.tile(np.arange(60), 10)
    nearest = KNeighborsClassifier(1)
    leaking = SelectiveClassifier(nearest, coverage=1).fit(X, y)
    assert leaking.risk_ == 0
    for cv in (5, None):
        model = SelectiveClassifier(nearest, coverage=1, cv=cv)
        assert model.fit(X, y, groups=groups).risk_ > 0.3
    out = SelectiveClassifier(nearest, coverage=1, cv=LeaveOneGroupOut())
    assert out.fit(X, y, groups=groups % 7).risk_ > 0.3
    with config_context(enable_metadata_routing=True):
        for cv in (5, None, LeaveOneGroupOut()):
            routed = SelectiveClassifier(nearest, coverage=1, cv=cv)
            assert (
                routed.fit(X, y, groups=groups if cv in (5, None) else groups % 7).risk_
                > 0.3
            )


def test_weights_count_for_estimator_and_threshold():
    X, y = blobs()
    weights = np.where(X[:, 0] > 0, 5, 0)
    plain = SelectiveClassifier(LogisticRegression(), coverage=0.5).fit(X, y)
    model = SelectiveClassifier(LogisticRegression(), coverage=0.5).fit(
        X, y, sample_weight=weights
    )
    assert not np.allclose(model.estimator_.coef_, plain.estimator_.coef_, rtol=0.1)
    found = model.predict(X) != -1
    assert np.average(found, weights=weights) == pytest.approx(0.5, abs=0.04)
    with pytest.warns(
        UserWarning, match="KNeighborsClassifier takes no sample_weight in"
    ) as found:
        SelectiveClassifier(KNeighborsClassifier(), coverage=0.5).fit(
            X, y, sample_weight=weights
        )
    assert [Path(warning.filename) for warning in found] == [Path(__file__)]


@pytest.mark.parametrize("enable", [True, False])
def test_weights_are_routed_to_a_step(enable):
    X, y = blobs()
    weights = np.where(X[:, 0] > 0, 1, 1e-9)
    with config_context(enable_metadata_routing=enable):
        step = LogisticRegression()
        inner = make_pipeline(
            step.set_fit_request(sample_weight=True) if enable else step
        )
        name = "sample_weight" if enable else "logisticregression__sample_weight"
        model = SelectiveClassifier(inner, coverage=0.5).fit(X, y, **{name: weights})
    expected = LogisticRegression().fit(X, y, sample_weight=weights)
    assert_allclose(model.estimator_[-1].coef_, expected.coef_)


def test_a_number_of_folds_has_all_classes_in_each():
    X, y = blobs(60)
    order = np.argsort(y, kind="stable")
    model = SelectiveClassifier(LogisticRegression(), coverage=1, cv=3)
    assert model.fit(X[order], y[order]).risk_ < 0.5


def test_folds_that_test_a_row_again_prove_no_more():
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


# ---- What is judged


@pytest.mark.parametrize(
    "goals",
    [{}, {"coverage": 0.5, "risk": 0.1}, {"risk": 0.1, "threshold": 0.5}],
    ids=str,
)
def test_no_goal_or_two_raise(goals):
    X, y = blobs()
    with pytest.raises(ValueError, match="Expected one of coverage, risk and thresh"):
        SelectiveClassifier(LogisticRegression(), **goals).fit(X, y)


def test_given_threshold_predicts_without_fit():
    X, y = blobs()
    inner = LogisticRegression().fit(X, y)
    model = SelectiveClassifier(inner, threshold=0.8, abstain_label=9)
    sure = inner.predict_proba(X).max(axis=1) > 0.8
    assert 0.2 < sure.mean() < 0.9
    expected = np.where(sure, inner.predict(X), 9)
    assert_array_equal(model.predict(X), expected)
    assert model.set_params(threshold=0).predict(X).tolist() == [*inner.predict(X)]
    assert model.threshold_ == 0
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


@pytest.mark.parametrize(
    "params, message",
    [
        ({"threshold": 1}, "The 'threshold' parameter"),
        ({"threshold": False}, "The 'threshold' parameter .* Got False"),
        ({"threshold": 0.5, "abstain_label": 2}, "none of them, got 2"),
        ({"threshold": 0.5, "coverage": 0.5}, "Give one of them"),
    ],
)
def test_wrong_parameters_of_an_unfitted_one_raise(params, message):
    X, y = blobs()
    model = SelectiveClassifier(LogisticRegression().fit(X, y), **params)
    with pytest.raises(ValueError, match=message):
        model.predict(X)


@pytest.mark.parametrize(
    "params, message",
    [
        ({"threshold": 1}, "The 'threshold' parameter"),
        ({"threshold": 0.5, "coverage": 0.5}, "Give one of them"),
    ],
)
def test_wrong_threshold_after_fit_raises(params, message):
    model, rows = falling_back(coverage=None, threshold=0.4)
    with pytest.raises(ValueError, match=message):
        model.set_params(**params).predict(rows)


def test_labels_all_unknown_to_a_frozen_estimator_raise():
    X, y = blobs()
    frozen = FrozenEstimator(LogisticRegression().fit(X, y))
    with pytest.raises(
        ValueError, match="None of the labels is one of the model's: .* got .3, 4, 5"
    ):
        SelectiveClassifier(frozen, coverage=0.5).fit(X, y + 3)


def test_unreachable_risk_raises_and_changes_nothing():
    X, y = blobs()
    model = SelectiveClassifier(LogisticRegression(), coverage=0.5).fit(X, y)
    threshold = model.threshold_
    with pytest.raises(
        ValueError, match=r"risk=1e-05 is not reached: of the \d+% of the names"
    ):
        model.set_params(coverage=None, risk=1e-5).fit(X, y)
    assert model.threshold_ == threshold  # a failed fit changes nothing
    rng = np.random.RandomState(0)
    with pytest.raises(
        ValueError, match="Give a larger risk, more names, or a coverage"
    ):
        model.set_params(risk=0.4).fit(X, rng.randint(3, size=len(y)))


@pytest.mark.parametrize("label", ["unknown", 2, False, "b", -1], ids=repr)
def test_wrong_abstain_label_raises(label):
    X, y = blobs()
    are_strings = label in ("b", -1)
    y = np.array(["a", "b", "c"])[y] if are_strings else y + 1
    kind = "string" if are_strings else "number"
    expected = f"a {kind} as the labels, and none of them, got {label!r}"
    # Before the estimator is fitted, which this one cannot be.
    for inner in (
        LogisticRegression(C=-1),
        FrozenEstimator(LogisticRegression().fit(X, y)),
    ):
        with pytest.raises(ValueError, match=expected):
            SelectiveClassifier(inner, coverage=0.5, abstain_label=label).fit(X, y)
    with pytest.raises(ValueError, match=expected):  # also where the data lack it
        kept = y != np.unique(y)[1]
        SelectiveClassifier(inner, coverage=0.5, abstain_label=label).fit(
            X[kept], y[kept]
        )


@pytest.mark.parametrize("labels, abstain_label", [
    (["a", "b", "c"], "unknown"),
    (np.array(["the longest label", "b", "c"], dtype=object), "unknown"),
    ([-1, 0, 1], -2),
    (np.array([0, 1, 2], dtype=np.uint8), -1),
    (np.array([5, 2**53, 2**53 + 1], dtype=np.uint64), -1),
    ([0.0, 1.0, 2.0], -1),
], ids=str)  # fmt: skip
def test_labels_of_any_type_are_predicted_whole(labels, abstain_label):
    X, y = blobs()
    is_known = y > 0
    known_labels = np.asarray(labels)[y[is_known]]
    frozen = FrozenEstimator(LogisticRegression().fit(X[is_known], known_labels))
    for inner, n_lacking in [(LogisticRegression(), 0), (frozen, 1)]:
        model = SelectiveClassifier(inner, coverage=0.5).fit(X, np.asarray(labels)[y])
        assert {*model.predict(X).tolist()} == {
            abstain_label,
            *np.asarray(labels).tolist()[n_lacking:],
        }


@pytest.mark.parametrize(
    "labels, message",
    [
        (np.array(["2020", "2021", "2022"], "M8[D]"), r"got datetime64.*astype\(str\)"),
        ([np.iinfo(np.int64).min, 0, 1], "no integer is left.*Give an abstain_label"),
    ],
)
def test_labels_without_room_for_an_abstain_label_raise(labels, message):
    X, y = blobs()
    model = SelectiveClassifier(LogisticRegression(), coverage=0.5)
    with pytest.raises(ValueError, match=message):
        model.fit(X, np.asarray(labels)[y])


# ---- Names

ODD = ["", "123", "a.b@c.org", "Foo Ltd", "n/a"]
WHY = ["missing name", "no known letter", "address", "organization", "placeholder"]


def test_name_without_a_character_of_the_encoder_gets_no_answer(small_names):
    names, labels = small_names
    encoder = CharEncoder(max_length=20, transliterate=False, handle_missing="empty")
    inner = make_pipeline(encoder, tiny_pipeline(max_epochs=1)[-1])
    model = SelectiveClassifier(inner, coverage=1, cv=2).fit(names, labels)
    X = ["王伟", "Tanaka", "王 a", None]
    expected = ["no known letter", "", "", "missing name"]
    for names_typed in (X, pd.DataFrame({"n": X})):
        assert model.reasons(names_typed).tolist() == expected
    frozen = SelectiveClassifier(FrozenEstimator(model.estimator_), coverage=1).fit(
        names, labels
    )
    assert frozen.reasons(X).tolist() == expected


def test_text_that_is_no_name_counts_as_an_input_without_answer(small_names):
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
    """A model of four labels, two groups and one, fitted on rows of probabilities."""
    rows = np.array(
        [[0.9, 0.1, 0, 0], [0.5, 0.3, 0.1, 0.1], [0.2, 0.3, 0.3, 0.2], [0, 0, 0.6, 0.4]]
    )
    given = FrozenEstimator(Given().fit(rows, np.arange(4)))
    model = SelectiveClassifier(given, coverage=coverage, fallback=fallback, **params)
    return model.fit(rows, [0, 1, 3, 2]), rows


def test_answer_is_the_finest_group_above_the_threshold():
    model, rows = falling_back()
    for threshold, answers, levels in [
        (0.4, [0, 0, 10, 2], ["label", "label", "fallback[0]", "label"]),
        (0.55, [0, 10, 20, 2], ["label", "fallback[0]", "fallback[1]", "label"]),
        (
            0.95,
            [10, 20, 20, 11],
            ["fallback[0]", "fallback[1]", "fallback[1]", "fallback[0]"],
        ),
        (1.0, [0, 0, 1, 2], ["label"] * 4),
    ]:
        found = predict_names(model, rows, threshold=threshold, top=2)
        assert found.labels[:, 0].tolist() == answers
        assert found.levels.tolist() == levels
        # Behind a group, the labels begin with the best.
        seconds = np.where(found.levels == "label", [1, 1, 2, 3], [0, 0, 1, 2])
        assert found.labels[:, 1].tolist() == seconds.tolist()
        assert (found.reasons == "unsure").all() == (threshold == 1)
        shares = {0: [1, 0, 0, 0], 1: [0, 1, 0, 0], 2: [0, 0, 1, 0], 20: [1, 1, 1, 1]}
        shares |= {10: [1, 1, 0, 0], 11: [0, 0, 1, 1]}
        sums = [row @ shares[answer] for row, answer in zip(rows, answers, strict=True)]
        assert_allclose(found.top_proba[:, 0], sums)


def test_answers_keep_the_types_of_labels_and_groups():
    fallback = [{0: "a", 1: "a", 2: "b", 3: "b"}]
    for params, missing in [({}, -1), ({"abstain_label": 9}, 9)]:
        model, rows = falling_back(0.75, fallback, **params)
        answers = model.predict(rows).tolist()
        assert answers == [0, "a", missing, "b"]
        assert {*map(type, answers)} == {int, str}
        assert model.score(rows, [0, 1, 3, 2]) == 0.75 == 1 - model.risk_ - 0.25
    assert (
        model.set_params(fallback=None).predict(rows).tolist() == answers
    )  # until it is fitted
    found = predict_names(model, rows, top=3)
    assert found.labels[1].tolist() == ["a", 0, 1]
    assert_allclose(found.top_proba[1], [0.8, 0.5, 0.3])


def test_booleans_stay_booleans():
    X, y = blobs()
    model = SelectiveClassifier(LogisticRegression(), coverage=0.5).fit(X, y > 0)
    answers = model.predict(X).tolist()
    assert {*answers} == {True, False, "unknown"}
    assert {*map(type, answers)} == {
        bool,
        str,
    }
    assert model.score(X, y > 0) == pytest.approx((1 - model.risk_) / 2, abs=0.02)


def test_curve_recomputes_hits_at_each_threshold():
    model, _ = falling_back()
    curve = model.risk_coverage_curve_
    # From .9 on, two rows are right as groups, two at the top; from .6, one is wrong as
    # label.
    at = {round(t, 3): r for t, r in zip(curve.threshold, curve.risk, strict=True)}
    assert at[0.9] == 0  # 10, 20, 20, 11
    assert at[0.6] == 0
    assert at[0.5] == 0  # 0, 10, 20, 2
    assert at[0.3] == 0.5  # 0, 0, 10 and then 1, 2
    assert at[0.0] == 0.5
    assert (curve.coverage == 1).all()
    assert (curve.n_answered == 4).all()
    assert model.threshold_ == curve.threshold[0]
    assert model.risk_ == 0
    assert "fallback" in model.get_params()


def test_score_counts_a_group_that_holds_the_label():
    model, rows = falling_back()
    model.set_params(coverage=None, threshold=0.55)  # which acts at once
    assert model.threshold_ == 0.55
    assert (
        model.score(rows, [0, 1, 3, 2])
        == model.score(rows, pl.Series([0, 1, 3, 2]))
        == 1
    )
    assert model.score(rows, [1, 1, 3, 3], sample_weight=[1, 1, 1, 3]) == pytest.approx(
        2 / 6
    )
    assert model.classes_.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("params, message", [
    ({"fallback": NESTED[::-1]},
     r"each within one of the next, got fallback\[0\] 20 in 10 and 11"),
    ({"fallback": [{0: 1, 1: 1}]},
     "stand for the same labels at all levels, got 1 of fallback"),
    ({"fallback": [{0: 10, 1: 10}, {0: 10, 1: 10, 2: 10}]}, "got 10 of fallback"),
    ({"fallback": ["continent"]}, r"fallback\[0\] 'region', 'subregion', or a dict"),
    ({"fallback": [{0: "a", 1: "a"}]}, "all strings, or all numbers"),
    ({"abstain_label": 10}, "none of them, got 10"),
])  # fmt: skip
def test_groups_that_do_not_nest_or_are_taken_raise(params, message):
    with pytest.raises(ValueError, match=message):
        falling_back(**params)


def test_groups_around_groups_raise():
    X, y = blobs()
    grouped = GroupedClassifier(LogisticRegression().fit(X, y), groups={0: 7, 1: 7})
    model = SelectiveClassifier(grouped, coverage=0.5, fallback=[{7: 8, 2: 8}])
    with pytest.raises(ValueError, match="Put in the classifier that is inside it"):
        model.fit(X, y)


def test_fallback_of_a_label_that_only_other_training_data_have_may_be_fitted():
    X, y = blobs(90)
    goal = {"coverage": 1, "fallback": [{1: 7, 2: 7, 9: 7}]}
    model = SelectiveClassifier(LogisticRegression(), cv=2, **goal).fit(X, y)
    assert model.coverage_ == 1
    frozen = FrozenEstimator(LogisticRegression().fit(X, y))
    with pytest.raises(ValueError, match="got 9 in 7, but the model's labels"):
        SelectiveClassifier(frozen, **goal).fit(X, y)


@pytest.mark.parametrize("lacking", [0, 1, 2], ids=["first", "middle", "last"])
def test_fold_without_a_label_answers_as_a_model_without_it(lacking):
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
