"""Scores are the same bits wherever they are computed."""

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier

distributed = pytest.importorskip("distributed")

FOLDS = StratifiedKFold(4, shuffle=True, random_state=0)
SMALL = {"hidden_size": 8, "embedding_dim": 4, "max_epochs": 3, "batch_size": 32, "lr": 0.02}


def scores_of(names, nationalities, n_jobs=None):
    """Log-losses: unlike accuracies they change with any bit of a probability."""
    classify = NameNationalityClassifier(**SMALL, random_state=0)
    pipeline = Pipeline([("encode", CharEncoder(max_length=12)), ("classify", classify)])
    return cross_val_score(
        pipeline, names, nationalities, cv=FOLDS, scoring="neg_log_loss", n_jobs=n_jobs
    )


@pytest.fixture(scope="module")
def serial(small_names):
    scores = scores_of(*small_names)
    assert len(set(scores)) == 4
    return scores


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_two_jobs(small_names, serial, backend):
    with joblib.parallel_config(backend, n_jobs=2):
        np.testing.assert_array_equal(scores_of(*small_names), serial)


def test_n_jobs(small_names, serial):
    np.testing.assert_array_equal(scores_of(*small_names, n_jobs=2), serial)


@pytest.fixture(scope="module")
def cluster():
    """Two processes on this machine, and a client of theirs."""
    with (
        distributed.LocalCluster(
            n_workers=2, processes=True, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


# distributed's own sockets and event loops may still be open when its processes have ended.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_dask(small_names, serial, cluster):
    with joblib.parallel_config("dask"):
        np.testing.assert_array_equal(scores_of(*small_names, n_jobs=2), serial)
    done = cluster.run(lambda dask_worker: dask_worker.state.executed_count)
    assert sum(done.values()) > 0, "no worker did anything"


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_model_found_by_dask_is_the_one_found_here(small_names, cluster):
    names, nationalities = small_names
    classify = NameNationalityClassifier(**SMALL, random_state=0)
    pipeline = Pipeline([("encode", CharEncoder(max_length=12)), ("classify", classify)])
    search = GridSearchCV(pipeline, {"classify__cell": ["rnn", "gru"]}, cv=FOLDS)
    here = search.fit(names, nationalities).cv_results_["mean_test_score"]
    with joblib.parallel_config("dask"):
        search.fit(names, nationalities)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], here)
    assert len(search.predict(names)) == len(names)
