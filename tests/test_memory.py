"""Fits leave nothing behind."""

import gc
import weakref

import numpy as np
import psutil
import pytest

from sknames import CharEncoder, NameNationalityClassifier

# A net that stayed would weigh 0.4 MB with its gradients and Adam's two moments.
SMALL = {"hidden_size": 64, "embedding_dim": 16, "max_epochs": 1, "random_state": 0}


@pytest.fixture(scope="module")
def codes(small_names):
    names, nationalities = small_names
    return CharEncoder(max_length=12).fit_transform(names[::5]), nationalities[::5]


def resident():
    gc.collect()
    return psutil.Process().memory_info().rss


@pytest.mark.parametrize("cell", ["gru", "rnn"])
def test_many_fits_do_not_grow(codes, cell):
    model = NameNationalityClassifier(cell=cell, **SMALL)

    def fit(n):
        for _ in range(n):
            model.fit(*codes).predict_proba(codes[0])

    fit(20)
    before = resident()
    fit(200)
    assert (resident() - before) / 2**20 < 16


def test_predictions_do_not_grow(codes):
    model = NameNationalityClassifier(**SMALL).fit(*codes)
    many = np.tile(codes[0], (50, 1))
    for _ in range(20):
        model.predict_proba(many)
    before = resident()
    for _ in range(200):
        model.predict_proba(many)
    assert (resident() - before) / 2**20 < 16


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_net_goes_with_its_fit(codes, early_stopping):
    model = NameNationalityClassifier(early_stopping=early_stopping, **SMALL).fit(*codes)
    net, module = weakref.ref(model.net_), weakref.ref(model.net_.module_)
    model.fit(*codes)
    gc.collect()
    assert net() is None
    assert module() is None
