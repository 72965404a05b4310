"""Fits leave nothing behind, and one long name takes no memory for all."""

import gc
import sys
import tracemalloc
import weakref

import numpy as np
import pytest

from sknames import CharEncoder, NameNationalityClassifier
from sknames._network.codes import to_codes
from sknames._network.ngrams import NGrams
from sknames._network.words import Words
from tests.conftest import run_process

# A net that stayed would weigh 0.4 MB with its gradients and Adam's two moments.
SMALL = {"hidden_size": 64, "embedding_dim": 16, "max_epochs": 1, "random_state": 0}


@pytest.fixture(scope="module")
def codes(small_names):
    names, nationalities = small_names
    return CharEncoder(max_length=12).fit_transform(names[::5]), nationalities[::5]


@pytest.mark.parametrize("early_stopping", [False, True])
def test_second_fit_frees_the_first_net(codes, early_stopping):
    model = NameNationalityClassifier(early_stopping=early_stopping, **SMALL).fit(
        *codes
    )
    net, module = weakref.ref(model.net_), weakref.ref(model.net_.module_)
    model.fit(*codes)
    gc.collect()
    assert net() is None
    assert module() is None


FIRST_ANSWER = """
import psutil, sklearn.pipeline
before = psutil.Process().memory_info().rss
import sknames
model = sknames.load_pretrained()
model.predict(["Kowalski"])
print(psutil.Process().memory_info().rss - before)
"""


def test_shipped_model_takes_few_bytes_beyond_scikit_learn():
    assert int(run_process(sys.executable, "-c", FIRST_ANSWER).stdout) < 85e6


@pytest.mark.parametrize(
    "work",
    [
        lambda X: to_codes(X, np.arange(1, 4, dtype=np.uint8)),
        lambda X: NGrams.fit(X, (1, 3), 1, 6, 1)[0].of_rows(X),
        lambda X: Words.fit(X, np.arange(len(X)) % 2, np.ones(len(X)), 2, 1, 0.2),
    ],
    ids=["codes", "n-grams", "words"],
)
def test_one_long_row_takes_few_bytes_a_code(work):
    X = np.zeros((1_000, 20_000), dtype=np.uint8)
    X[:, :12] = np.random.RandomState(0).randint(1, 4, size=(1_000, 12))
    X[17] = 2
    tracemalloc.start()
    work(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * X.size
