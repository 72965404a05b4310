"""Find inputs that are not names, with the reason, and count the words that a model knows."""

import re

import numpy as np
from sklearn.pipeline import Pipeline

from .._encoding.read_names import read_names
from .._encoding.spelling import clean

BLANK, NO_NAME, NO_KNOWN_CHARACTER = "blank", "no name", "no known character"
BLOCK = 8192  # names whose codes are held at a time
ADDRESS = re.compile(r"\S@\S|://|\bwww\.", re.IGNORECASE)  # email or web


def why_no_names(X, n, encoder=None):
    """Return why each of n rows is not a name: "blank", "no name" or "no known character", or "".

    "no name" is an email or web address. Known characters are the alphabet of a fitted `encoder`,
    or all letters without one. If `X` does not hold names, all reasons are "".
    """
    reasons = np.full(n, "", dtype=f"<U{len(NO_KNOWN_CHARACTER)}")
    try:
        names = read_names(X, handle_missing="empty")[0]
    except (TypeError, ValueError):
        return reasons
    # The name itself needs a letter: transliterated, an emoji becomes a word.
    known = np.fromiter((any(map(str.isalpha, name)) for name in names), dtype=bool, count=n)
    if encoder is not None:
        is_letter = np.array([False, *map(str.isalpha, encoder.alphabet_), False])
        known &= is_letter[np.asarray(encoder.transform(names))].any(axis=1)
    reasons[~known] = NO_KNOWN_CHARACTER
    reasons[[bool(ADDRESS.search(name)) for name in names]] = NO_NAME
    reasons[[not name for name in clean(names)]] = BLANK
    return reasons


def find_encoder(estimator):
    """Return the fitted encoder at the start of an estimator, or None."""
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
        n_words = np.array([max(1, len(name)) for name in map(str.split, clean(names[some]))])
        known[some] = network.words.count(codes, network.separator, n_words)
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
