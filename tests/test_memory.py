"""Tests of memory: a fit frees the previous net, and a prediction needs little."""

import gc
import sys
import weakref

import pytest

from sknames import CharEncoder, NameNationalityClassifier
from tests.conftest import run_process

# A net that is not freed takes 0.4 MB with its gradients and Adam's two moments.
SMALL = {"hidden_size": 64, "embedding_dim": 16, "max_epochs": 1, "random_state": 0}


@pytest.fixture(scope="module")
def codes(small_names):
    names, nationalities = small_names
    return CharEncoder(max_length=12).fit_transform(names[::5]), nationalities[::5]


@pytest.mark.parametrize("early_stopping", [False, True])
def test_second_fit_frees_memory_of_first_net(codes, early_stopping):
    model = NameNationalityClassifier(early_stopping=early_stopping, **SMALL)
    model.fit(*codes)
    net = weakref.ref(model.net_)
    module = weakref.ref(model.net_.module_)
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


def test_first_prediction_of_shipped_model_uses_less_than_85_mb():
    assert int(run_process(sys.executable, "-c", FIRST_ANSWER).stdout) < 85e6
