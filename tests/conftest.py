"""Data that several tests share."""

import os

# scikit-learn skips a check of estimators without it, and reads it when it is first imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import pytest  # noqa: E402

from sknames import load_pretrained  # noqa: E402
from sknames.datasets import load_names  # noqa: E402


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
def shipped():
    """The model that ships, under its own priors."""
    return load_pretrained()
