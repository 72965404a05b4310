"""Data and models that several tests share."""

import os

# scikit-learn skips a check of estimators without it, and reads it when it is first imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from sklearn.pipeline import Pipeline  # noqa: E402

from sknames import CharEncoder, NameNationalityClassifier, load_pretrained  # noqa: E402
from sknames.datasets import load_names  # noqa: E402

# Parameters of a classifier that learns `small_names` in some 40 ms, far better than chance.
TINY = {
    "hidden_size": 8,
    "embedding_dim": 4,
    "max_epochs": 3,
    "batch_size": 32,
    "lr": 0.02,
    "random_state": 0,
}


def tiny_pipeline(max_length=12, **params):
    """An encoder and a tiny classifier, not fitted; `params` are the classifier's."""
    classify = NameNationalityClassifier(**(TINY | params))
    return Pipeline([("encode", CharEncoder(max_length=max_length)), ("classify", classify)])


def random_codes(n_rows, n_columns, n_symbols, seed=0):
    """Rows of random symbols and lengths, some of them empty."""
    rng = np.random.RandomState(seed)
    codes = rng.randint(1, n_symbols + 1, size=(n_rows, n_columns)).astype(np.uint8)
    codes[np.arange(n_columns) >= rng.randint(0, n_columns + 1, size=(n_rows, 1))] = 0
    return codes


@pytest.fixture(scope="session")
def small_names():
    """200 real names of four nationalities, and their nationalities."""
    names, nationalities = load_names(return_X_y=True)
    chosen = [
        i
        for nationality in ("Greek", "Japanese", "Polish", "Turkish")
        for i in (nationalities == nationality).nonzero()[0][:100:2]
    ]
    return names[chosen], nationalities[chosen]


@pytest.fixture(scope="session")
def codes(small_names):
    """The codes of `small_names`, and their nationalities."""
    names, nationalities = small_names
    return CharEncoder(max_length=12).fit_transform(names), nationalities


@pytest.fixture(scope="session")
def tiny(small_names):
    """A tiny pipeline that has learned `small_names`. Copy it before any change."""
    return tiny_pipeline().fit(*small_names)


@pytest.fixture(scope="session")
def shipped():
    """The model that ships, under its own priors. Copy it before any change."""
    return load_pretrained()


@pytest.fixture(scope="session")
def shipped_uniform():
    """The model that ships, under uniform priors."""
    return load_pretrained(priors="uniform")
