"""The estimators inside scikit-learn's own: real names, no mocks."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from scipy.stats import loguniform, randint
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils._param_validation import InvalidParameterError
from skorch.callbacks import EpochScoring

from sknames import CharEncoder, NameNationalityClassifier
from tests.conftest import TINY, tiny_pipeline

SKLEARN = tuple(map(int, sklearn.__version__.split(".")[:2]))
CHANCE = 0.25
FOLDS = StratifiedKFold(2, shuffle=True, random_state=0)


def test_cross_validate(small_names):
    names, nationalities = small_names
    result = cross_validate(
        tiny_pipeline(),
        names,
        nationalities,
        cv=FOLDS,
        scoring=["accuracy", "neg_log_loss"],
        return_train_score=True,
        return_estimator=True,
    )
    for k, (train, test) in enumerate(FOLDS.split(names, nationalities)):
        model = tiny_pipeline().fit(names[train], nationalities[train])
        assert result["test_accuracy"][k] == model.score(names[test], nationalities[test])
        assert result["train_accuracy"][k] == model.score(names[train], nationalities[train])
        expected = -log_loss(nationalities[test], model.predict_proba(names[test]))
        assert result["test_neg_log_loss"][k] == pytest.approx(expected, abs=1e-12)
        assert result["estimator"][k][0].alphabet_ == model[0].alphabet_
    assert result["test_accuracy"].min() > 1.5 * CHANCE


def test_grid_search(small_names):
    grid = {"classify__cell": ["rnn", "gru"], "encode__max_length": [2, 12]}
    search = GridSearchCV(tiny_pipeline(), grid, cv=FOLDS).fit(*small_names)
    results, best = search.cv_results_, search.best_params_
    assert len(results["params"]) == 4
    for k in (0, 3):
        candidate = tiny_pipeline().set_params(**results["params"][k])
        expected = cross_val_score(candidate, *small_names, cv=FOLDS)
        assert [results[f"split{i}_test_score"][k] for i in range(2)] == expected.tolist()
    # Two letters tell less than twelve.
    assert best["encode__max_length"] == 12
    expected = tiny_pipeline().set_params(**best).fit(*small_names)
    np.testing.assert_array_equal(
        search.predict_proba(small_names[0]), expected.predict_proba(small_names[0])
    )


def test_randomized_search(small_names):
    distributions = {
        "classify__lr": loguniform(1e-3, 1e-1),
        "classify__hidden_size": randint(3, 9),
        "classify__ngram_range": [None, (1, 3)],
    }
    first, second = (
        RandomizedSearchCV(
            tiny_pipeline(), distributions, n_iter=3, cv=FOLDS, random_state=0, refit=refit
        ).fit(*small_names)
        for refit in (True, False)
    )
    assert first.cv_results_["params"] == second.cv_results_["params"]
    np.testing.assert_array_equal(
        first.cv_results_["mean_test_score"], second.cv_results_["mean_test_score"]
    )
    best = first.best_estimator_[-1]
    assert best.lr == first.best_params_["classify__lr"]
    assert best.weights_["output.weight"].shape == (4, first.best_params_["classify__hidden_size"])
    assert ("ngram_idf" in best.weights_) == (best.ngram_range is not None)


def test_halving_grid_search(small_names):
    search = HalvingGridSearchCV(
        tiny_pipeline(),
        {"classify__lr": [1e-9, 0.02]},
        resource="classify__max_epochs",
        min_resources=2,
        max_resources=4,
        factor=2,
        cv=FOLDS,
        random_state=0,
    ).fit(*small_names)
    assert search.n_resources_ == [2, 4]
    assert search.n_candidates_ == [2, 1]
    assert search.best_params_["classify__lr"] > 1e-9
    assert len(search.best_estimator_[-1].history_) == 4


@pytest.mark.parametrize("make_frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("column", ["name", ["name"]], ids=str)
def test_column_transformer(small_names, tiny, make_frame, column):
    names, nationalities = small_names
    frame = make_frame({"age": range(len(names)), "name": names.tolist()})
    columns = ColumnTransformer([("name", CharEncoder(max_length=12), column)])
    model = make_pipeline(columns, clone(tiny[-1])).fit(frame, nationalities)
    np.testing.assert_array_equal(model.predict_proba(frame), tiny.predict_proba(names))
    expected = [f"name__charencoder{k}" for k in range(12)]
    assert model[0].get_feature_names_out().tolist() == expected
    with pytest.raises(ValueError, match=r"shape \(200, 2\)\. Pass one column"):
        ColumnTransformer([("name", CharEncoder(), ["name", "age"])]).fit(frame)


def test_two_columns_of_names(small_names):
    """Surname and given name have columns, and an alphabet, of their own."""
    names, nationalities = small_names
    frame = pd.DataFrame({"given": names[::-1], "surname": names})
    columns = ColumnTransformer(
        [
            ("surname", CharEncoder(max_length=9), "surname"),
            ("given", CharEncoder(max_length=4), "given"),
        ]
    )
    model = make_pipeline(columns, NameNationalityClassifier(**TINY)).fit(frame, nationalities)
    assert model[-1].n_features_in_ == 13
    assert model.score(frame, nationalities) > 2 * CHANCE
    others = frame.assign(given="x")
    assert (model.predict_proba(others) != model.predict_proba(frame)).any()


def test_calibrated_sigmoid(small_names):
    names, nationalities = small_names
    plain = tiny_pipeline(logit_adjustment=0.0)
    model = CalibratedClassifierCV(plain, method="sigmoid", cv=FOLDS).fit(names, nationalities)
    probabilities = model.predict_proba(names)
    assert model.classes_.tolist() == ["Greek", "Japanese", "Polish", "Turkish"]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    members = [member.predict_proba(names) for member in model.calibrated_classifiers_]
    assert len(members) == 2
    np.testing.assert_allclose(probabilities, np.mean(members, axis=0))
    for member, (train, _) in zip(
        model.calibrated_classifiers_, FOLDS.split(names, nationalities), strict=True
    ):
        np.testing.assert_array_equal(
            member.estimator.predict_proba(names),
            clone(plain).fit(names[train], nationalities[train]).predict_proba(names),
        )
    assert model.score(names, nationalities) > 2 * CHANCE


@pytest.mark.skipif(SKLEARN < (1, 8), reason='method="temperature" is new in scikit-learn 1.8')
def test_calibrated_temperature(small_names):
    """One number: it makes the loss smaller, and changes no prediction."""
    names, nationalities = small_names
    fitted = tiny_pipeline().fit(names[::2], nationalities[::2])
    model = CalibratedClassifierCV(FrozenEstimator(fitted), method="temperature", ensemble=False)
    held_out, labels = names[1::2], nationalities[1::2]
    model.fit(held_out, labels)
    before, after = fitted.predict_proba(held_out), model.predict_proba(held_out)
    np.testing.assert_array_equal(model.predict(held_out), fitted.predict(held_out))
    assert log_loss(labels, after) < log_loss(labels, before)
    scaled = before ** model.calibrated_classifiers_[0].calibrators[0].beta_
    np.testing.assert_allclose(after, scaled / scaled.sum(axis=1, keepdims=True), rtol=1e-5)


def test_bagging(codes):
    """A bag counts rows by weights or repeats them: to the classifier the two are the same."""
    X, y = codes
    bag = BaggingClassifier(NameNationalityClassifier(**TINY), n_estimators=2, random_state=0)
    bag.fit(X, y)
    members = [member.predict_proba(X) for member in bag.estimators_]
    np.testing.assert_allclose(bag.predict_proba(X), np.mean(members, axis=0))
    for member, rows, expected in zip(
        bag.estimators_, bag.estimators_samples_, members, strict=True
    ):
        alone = NameNationalityClassifier(**(TINY | {"random_state": member.random_state}))
        np.testing.assert_array_equal(alone.fit(X[rows], y[rows]).predict_proba(X), expected)
    assert len({member.random_state for member in bag.estimators_}) == 2
    assert bag.score(X, y) > 2 * CHANCE


def members():
    ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3))
    return [
        ("gru", tiny_pipeline()),
        ("rnn", tiny_pipeline(cell="rnn")),
        ("linear", make_pipeline(ngrams, LogisticRegression())),
    ]


def test_voting(small_names):
    names, nationalities = small_names
    vote = VotingClassifier(members(), voting="soft", weights=[3, 2, 1]).fit(names, nationalities)
    alone = [
        clone(member).fit(names, nationalities).predict_proba(names) for _, member in members()
    ]
    np.testing.assert_allclose(
        vote.predict_proba(names), np.average(alone, axis=0, weights=[3, 2, 1]), atol=1e-12
    )
    assert vote.score(names, nationalities) > 2 * CHANCE


def test_stacking(small_names):
    names, nationalities = small_names
    stack = StackingClassifier(members(), LogisticRegression(C=100), cv=FOLDS)
    stack.fit(names[::2], nationalities[::2])
    features = stack.transform(names)
    assert features.shape == (len(names), 3 * 4)
    alone = tiny_pipeline(cell="rnn").fit(names[::2], nationalities[::2])
    np.testing.assert_array_equal(features[:, 4:8], alone.predict_proba(names))
    best = stack.final_estimator_.decision_function(features).argmax(axis=1)
    np.testing.assert_array_equal(stack.predict(names), stack.classes_[best])
    assert stack.score(names[1::2], nationalities[1::2]) > 2 * CHANCE


def test_one_vs_rest(small_names):
    names, nationalities = small_names
    model = OneVsRestClassifier(tiny_pipeline()).fit(names, nationalities)
    scores = np.column_stack(
        [
            tiny_pipeline().fit(names, nationalities == label).predict_proba(names)[:, 1]
            for label in model.classes_
        ]
    )
    np.testing.assert_allclose(
        model.predict_proba(names), scores / scores.sum(axis=1, keepdims=True), atol=1e-12
    )
    np.testing.assert_array_equal(model.predict(names), model.classes_[scores.argmax(axis=1)])
    assert model.score(names, nationalities) > 2 * CHANCE


def test_permutation_importance(codes):
    X, y = codes
    wide = np.column_stack([X, np.zeros((len(X), 2), dtype=X.dtype)])
    model = NameNationalityClassifier(**TINY).fit(wide, y)
    result = permutation_importance(model, wide, y, n_repeats=3, random_state=0)
    importances = result.importances_mean
    assert importances.shape == (14,)
    # Columns of padding tell nothing; those that every name has tell most.
    n_used = np.flatnonzero(wide.any(axis=0))[-1] + 1
    np.testing.assert_array_equal(importances[n_used:], 0)
    assert importances[:4].max() > 0.05
    assert importances[:4].mean() > importances[8:].mean()


def test_scores_of_each_epoch_in_each_fold(small_names):
    """A fold's fit has a callback of its own."""
    scoring = EpochScoring("accuracy", lower_is_better=False, on_train=True)
    result = cross_validate(
        tiny_pipeline(callbacks=[scoring]), *small_names, cv=FOLDS, return_estimator=True
    )
    scores = [[epoch["accuracy"] for epoch in model[-1].history_] for model in result["estimator"]]
    assert [len(fold) for fold in scores] == [3, 3]
    assert scores[0] != scores[1]
    assert all(fold[-1] > 1.5 * CHANCE for fold in scores)
    assert not hasattr(scoring, "best_score_")


def test_learning_curve(small_names):
    names, nationalities = small_names
    sizes, train_scores, test_scores = learning_curve(
        tiny_pipeline(), names, nationalities, train_sizes=[20, 100], cv=FOLDS,
        shuffle=True, random_state=0,
    )  # fmt: skip
    assert sizes.tolist() == [20, 100]
    expected = cross_val_score(tiny_pipeline(), names, nationalities, cv=FOLDS)
    np.testing.assert_array_equal(test_scores[-1], expected)
    assert test_scores[-1].mean() > test_scores[0].mean()
    assert train_scores.shape == (2, 2)


def greek_only(nationalities):
    return (nationalities == "Greek").astype(float)


def test_sample_weight_without_routing(small_names, tiny):
    names, nationalities = small_names
    weighted = tiny_pipeline(max_epochs=20)
    weighted.fit(names, nationalities, classify__sample_weight=greek_only(nationalities))
    assert set(weighted.predict(names)) == {"Greek"}
    result = cross_validate(
        tiny_pipeline(max_epochs=20), names, nationalities, cv=FOLDS,
        params={"classify__sample_weight": greek_only(nationalities)},
    )  # fmt: skip
    np.testing.assert_array_equal(result["test_score"], CHANCE)


def test_sample_weight_with_routing(small_names, tiny):
    names, nationalities = small_names
    weights = greek_only(nationalities)
    expected = tiny.predict_proba(names)
    with sklearn.config_context(enable_metadata_routing=True):
        with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
            tiny_pipeline().fit(names, nationalities, sample_weight=weights)

        ignores = tiny_pipeline()
        ignores[-1].set_fit_request(sample_weight=False).set_score_request(sample_weight=False)
        ignores.fit(names, nationalities)
        np.testing.assert_array_equal(ignores.predict_proba(names), expected)

        asks = tiny_pipeline(max_epochs=20)
        asks[-1].set_fit_request(sample_weight=True)
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        search = GridSearchCV(asks, {"classify__hidden_size": [4, 8]}, cv=FOLDS, scoring=scorer)
        search.fit(names, nationalities, sample_weight=weights)
        assert set(search.predict(names)) == {"Greek"}
        # The scores too are weighted: only Greek names count.
        np.testing.assert_array_equal(search.cv_results_["mean_test_score"], 1.0)
        assert search.score(names, nationalities, sample_weight=weights) == 1.0


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_of_a_pipeline_changes_no_answer(small_names, tiny, library):
    names, nationalities = small_names
    model = tiny_pipeline().set_output(transform=library).fit(names, nationalities)
    np.testing.assert_array_equal(model.predict_proba(names), tiny.predict_proba(names))
    assert model[-1].feature_names_in_.tolist() == [f"charencoder{k}" for k in range(12)]


def test_html_repr(tiny):
    with sklearn.config_context(display="diagram"):
        before = tiny_pipeline()._repr_mimebundle_()["text/html"]
        after = tiny._repr_mimebundle_()["text/html"]
    with sklearn.config_context(display="text"):
        assert "text/html" not in tiny._repr_mimebundle_()
    for html in (before, after):
        for text in ("CharEncoder", "NameNationalityClassifier", "hidden_size"):
            assert text in html
    # "Not fitted" is also what the tooltip of an estimator that is not fitted says.
    assert "<span>Not fitted</span>" in before
    assert "<span>Not fitted</span>" not in after
    assert tiny[-1]._repr_html_().count("<span>Fitted</span>") == 1


def test_nested_set_params(small_names):
    names, nationalities = small_names
    vote = VotingClassifier([("one", tiny_pipeline()), ("two", tiny_pipeline())], voting="soft")
    vote.set_params(
        one__classify__hidden_size=5, one__encode__max_length=6, two__classify__cell="rnn",
        two__encode=CharEncoder(max_length=7, lowercase=False),
    )  # fmt: skip
    params = vote.get_params()
    assert params["one__classify__hidden_size"] == 5
    assert params["two__encode__lowercase"] is False
    vote = clone(vote).fit(names, nationalities)
    one, two = vote.estimators_
    assert one[-1].weights_["cells.0.weight_hh"].shape == (15, 5)
    assert two[-1].weights_["cells.0.weight_hh"].shape == (8, 8)
    assert (one[-1].n_features_in_, two[-1].n_features_in_) == (6, 7)
    assert two[0].alphabet_ != two[0].alphabet_.lower()
    with pytest.raises(ValueError, match="Invalid parameter 'size' for estimator"):
        vote.set_params(one__classify__size=3)
    with pytest.raises(InvalidParameterError, match="'hidden_size' parameter"):
        tiny_pipeline().set_params(classify__hidden_size=0).fit(names, nationalities)
