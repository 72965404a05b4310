"""The estimators inside scikit-learn's own: real names, no mocks."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score, log_loss, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from skorch.callbacks import EpochScoring

from sknames import CharEncoder, NameNationalityClassifier
from tests.conftest import TINY, tiny_pipeline

SKLEARN = tuple(map(int, sklearn.__version__.split(".")[:2]))
CHANCE = 0.25
FOLDS = StratifiedKFold(2, shuffle=True, random_state=0)


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
