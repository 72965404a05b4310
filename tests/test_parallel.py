"""Scores are the same bits wherever they are computed; a forked process waits for no thread."""

import os
import re
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

import sknames
from sknames import CharEncoder, NameNationalityClassifier
from tests.conftest import run_process

FOLDS = StratifiedKFold(4, shuffle=True, random_state=0)
SMALL = {"hidden_size": 8, "embedding_dim": 4, "max_epochs": 3, "batch_size": 32, "lr": 0.02}


def make_pipeline():
    classify = NameNationalityClassifier(**SMALL, random_state=0)
    return Pipeline([("encode", CharEncoder(max_length=12)), ("classify", classify)])


def scores_of(names, nationalities, n_jobs=None):
    # Unlike accuracies, log losses change with any bit of a probability.
    return cross_val_score(
        make_pipeline(), names, nationalities, cv=FOLDS, scoring="neg_log_loss", n_jobs=n_jobs
    )


@pytest.fixture(scope="module")
def serial(small_names):
    scores = scores_of(*small_names)
    assert len(set(scores)) == 4
    return scores


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_cross_val_score_of_two_jobs_gives_the_same_bits(small_names, serial, backend):
    with joblib.parallel_config(backend):
        np.testing.assert_array_equal(scores_of(*small_names, n_jobs=2), serial)


@pytest.fixture(scope="module")
def cluster():
    """Two processes on this machine, and a client of theirs."""
    distributed = pytest.importorskip("distributed")
    # Dask's usual port for its web pages may be taken by another cluster on this machine.
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


# distributed's own sockets and event loops may still be open when its processes have ended.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_large_prediction_in_processes_gives_the_same_bits(small_names, tmp_path, monkeypatch):
    docs = Path(__file__).parent.parent / "docs" / "deploy.md"
    (code,) = re.findall(r"```python\n(from joblib import Parallel.*?)```", docs.read_text(), re.S)
    names, labels = small_names
    model = make_pipeline()
    scope = {"np": np, "pipeline": model, "names": names, "nationalities": labels}
    monkeypatch.chdir(tmp_path)
    exec(code, scope)
    expected = model.predict_proba(names)
    np.testing.assert_array_equal(np.load("probabilities.npy"), expected)
    found = scope["predict_proba"](model, names[:-1].tolist(), "of_three.npy", n_jobs=3)
    np.testing.assert_array_equal(found, expected[:-1])


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_dask_grid_search_gives_the_same_scores(small_names, cluster):
    grid = {"classify__cell": ["rnn", "gru"]}
    search = GridSearchCV(make_pipeline(), grid, cv=2, scoring="neg_log_loss")
    here = search.fit(*small_names).cv_results_["mean_test_score"]
    with joblib.parallel_config("dask"):
        search.fit(*small_names)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], here)
    done = cluster.run(lambda dask_worker: dask_worker.state.executed_count)
    assert sum(done.values()) > 0, "no worker did anything"


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore:The model is unsure")
def test_dask_shares_over_partitions_are_those_of_one_call(
    small_names, cluster, tmp_path, monkeypatch
):
    docs = Path(__file__).parent.parent / "docs" / "shares.md"
    (code,) = re.findall(r"```python\n(import dask.*?)```", docs.read_text("utf-8"), re.S)
    pandas = pytest.importorskip("pandas")
    names, labels = small_names
    model = make_pipeline().fit(names, labels)
    people = [*names[:90], *names[:60:2], *names[150:170], "7", "7"]
    monkeypatch.chdir(tmp_path)
    Path("people").mkdir()
    for i in range(3):
        pandas.DataFrame({"name": [*people[i::3], None]}).to_parquet(f"people/{i}.parquet")
    scope = {"sknames": sknames, "model": model}
    exec(code, scope)
    assert scope["people"].npartitions == 3
    found, expected = scope["shares"], sknames.estimate_shares(model, people)
    assert found.nationality.tolist() == expected.nationality.tolist()
    np.testing.assert_allclose(found.share, expected.share, atol=1e-6, rtol=0)
    assert (found.n_names, found.n_unreadable) == (142, 2)


# What the scripts below share. A child that hangs tells where, and ends by itself.
START = """
import faulthandler, os, sys, threading
import numpy as np
from threadpoolctl import ThreadpoolController
from sknames._base.one_blas_thread import one_blas_thread

def blas_threads():
    return [x["num_threads"] for x in blas.info() if x["user_api"] == "blas"]

def fork(child):
    pid = os.fork()
    if pid == 0:
        faulthandler.dump_traceback_later(20, exit=True)
        try:
            child()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return pid

def check(pid):
    assert os.waitpid(pid, 0)[1] == 0

def fork_beside(work, child):
    done = threading.Event()

    def repeat():
        while not done.is_set():
            work()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    for _ in range(30):
        check(fork(child))
    done.set()
    thread.join()

blas = ThreadpoolController()
blas.limit(limits=2, user_api="blas")
"""
FORKS = {
    "beside a fit": """
import torch
from skorch.callbacks import Callback
from sknames import NameNationalityClassifier
from sknames._training.batches import Batches
from sknames._training.recurrent_net import Dropout
from sknames._training.rows import Rows

X = np.random.RandomState(0).randint(1, 9, size=(100, 5)).astype(np.uint8)
y = np.arange(100) % 3

def fit(**params):
    model = NameNationalityClassifier(
        hidden_size=5, embedding_dim=4, max_epochs=3, random_state=0, **params
    )
    return model.fit(X, y)

def threads():
    found = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return [torch.get_num_threads(), *found]

torch.set_num_threads(2)
probabilities = fit().predict_proba(X)

# In a fit of another thread, which holds the settings of torch at the fork.
reached, go_on, found = threading.Event(), threading.Event(), []

class Pause(Callback):
    def on_epoch_end(self, net, **kwargs):
        reached.set()
        go_on.wait()

def child():
    assert threads() == [2, 2]
    for _ in range(2):
        np.testing.assert_array_equal(fit().predict_proba(X), probabilities)
    assert threads() == [2, 2]

thread = threading.Thread(target=lambda: found.append(fit(callbacks=[Pause()])), daemon=True)
thread.start()
reached.wait()
pid = fork(child)
go_on.set()
thread.join()
check(pid)
np.testing.assert_array_equal(found[0].predict_proba(X), probabilities)
assert threads() == [2, 2]

# In a draw of torch or numpy: the locks of generators are held for some of the time.
dropout, ones = Dropout(0.5), torch.ones(1_000_000)
fork_beside(lambda: dropout(ones), lambda: torch.rand(1))
rows = Rows(np.zeros((50, 50_000), np.uint8), np.zeros(50, np.int64), np.ones(50, np.float32))
batches = Batches(rows, 50, np.random.mtrand._rand, 9, 0.5)
fork_beside(lambda: next(iter(batches)), lambda: np.random.rand())

# In a callback: the fit goes on in both.
pids = []

class Fork(Callback):
    def on_epoch_end(self, net, **kwargs):
        assert torch.get_num_threads() == 1
        if not pids:
            pids.append(os.fork())
            if pids == [0]:
                faulthandler.dump_traceback_later(20, exit=True)

model = fit(callbacks=[Fork()])
np.testing.assert_array_equal(model.predict_proba(X), probabilities)
assert threads() == [2, 2]
np.testing.assert_array_equal(fit().predict_proba(X), probabilities)
if pids != [0]:
    check(pids[0])
""",
    "beside a prediction": """
reached, go_on = threading.Event(), threading.Event()

def predict():
    with one_blas_thread(1000):
        reached.set()
        go_on.wait()

def child():
    # The other thread will not give the number of threads of BLAS back to the child.
    assert blas_threads() == before, blas_threads()
    with one_blas_thread(1000):
        assert blas_threads() == [1] * len(before)
    assert blas_threads() == before

before = blas_threads()
assert set(before) == {2}
thread = threading.Thread(target=predict, daemon=True)
thread.start()
reached.wait()
assert blas_threads() == [1] * len(before)
check(fork(child))
assert blas_threads() == [1] * len(before)
go_on.set()
thread.join()
assert blas_threads() == before

# In the guard of a prediction.
def guarded():
    with one_blas_thread(1000):
        pass

with one_blas_thread(1000):
    pid = fork(guarded)
check(pid)
fork_beside(guarded, guarded)
""",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.parametrize("script", FORKS.values(), ids=FORKS)
def test_fork_child_waits_for_no_thread_of_its_parent(script, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(sknames.__file__).parents[1]))
    # In Python 3.12 and later, a fork beside threads warns.
    run_process(sys.executable, "-W", "ignore", "-c", START + script)
