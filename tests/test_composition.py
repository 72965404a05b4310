"""The estimators inside scikit-learn's own: real names, no mocks."""

import numpy as np
import pytest
import sklearn
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_validate,
)
from skorch.callbacks import EpochScoring

from tests.conftest import tiny_pipeline

CHANCE = 0.25
FOLDS = StratifiedKFold(2, shuffle=True, random_state=0)


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
