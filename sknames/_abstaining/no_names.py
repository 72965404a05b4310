"""What is no name, and why; and how much a model knows of a name."""

import re

import numpy as np
from sklearn.pipeline import Pipeline

from .._encoding.read_names import read_names
from .._encoding.spelling import clean

BLANK, NO_NAME, NO_KNOWN_CHARACTER = "blank", "no name", "no known character"
BLOCK = 8192  # names whose codes are held at a time
# Of a mail, or of a page.
ADDRESS = re.compile(r"\S@\S|://|\bwww\.", re.IGNORECASE)


def why_no_names(X, n, encoder=None):
    """Return why each of n rows is no name, or "" where it may be one.

    The reasons are "blank", "no name" for an address of a mail or a page, and "no known character".
    The alphabet of a fitted `encoder` tells which characters are known; without it, all letters
    are. Where `X` is no collection of names, nothing is said of it.
    """
    reasons = np.full(n, "", dtype=f"<U{len(NO_KNOWN_CHARACTER)}")
    try:
        names = read_names(X, handle_missing="empty")[0]
    except (TypeError, ValueError):
        return reasons
    # The name itself, too: as ASCII, an emoji is a word.
    known = np.fromiter((any(map(str.isalpha, name)) for name in names), dtype=bool, count=n)
    if encoder is not None:
        is_letter = np.array([False, *map(str.isalpha, encoder.alphabet_), False])
        known &= is_letter[np.asarray(encoder.transform(names))].any(axis=1)
    reasons[~known] = NO_KNOWN_CHARACTER
    reasons[[bool(ADDRESS.search(name)) for name in names]] = NO_NAME
    reasons[[not name for name in clean(names)]] = BLANK
    return reasons


def find_encoder(estimator):
    """Return the fitted encoder that an estimator hands its names to first, or None."""
    return _find(estimator, "alphabet_", 0)


def count_known_words(estimator, names):
    """Return how many words of each name were in training, or None if the model does not know."""
    encoder, classifier = find_encoder(estimator), _find(estimator, "network_", -1)
    if encoder is None or classifier is None or classifier.network_.words is None:
        return None
    network, known = classifier.network_, np.zeros(len(names), dtype=np.int64)
    for first in range(0, len(names), BLOCK):
        some = slice(first, first + BLOCK)
        codes = network.to_codes(np.asarray(encoder.transform(names[some])))
        known[some] = network.words.count(codes, network.separator)
    return known


def _find(estimator, attribute, step):
    """Return the part of an estimator that has an attribute; `step` is where it is in pipelines."""
    while not (estimator is None or hasattr(estimator, attribute)):
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[step][1]
        else:
            inner = ("best_estimator_", "estimator_", "estimator")
            inner = (getattr(estimator, name) for name in inner if hasattr(estimator, name))
            estimator = next(inner, None)
    return estimator
