"""Count the words of names that a model knows."""

import numpy as np

from .._base.unwrap import unwrap
from .._encoding.not_names import why_not_names
from .._encoding.spelling import clean

BLOCK = 8192  # names whose codes are held at a time


def count_known_words(estimator, names):
    """Return how many words of each name were in training, or None if the model does not know.

    It is 0 for texts that are not names.
    """
    encoder, classifier = unwrap(estimator)[:2]
    if encoder is None or classifier is None or classifier.network_.words is None:
        return None
    network, known = classifier.network_, np.zeros(len(names), dtype=np.int64)
    for first in range(0, len(names), BLOCK):
        some = slice(first, first + BLOCK)
        codes = network.to_codes(np.asarray(encoder.transform(names[some])))
        n_words = np.array([max(1, len(name)) for name in map(str.split, clean(names[some]))])
        known[some] = network.words.count(codes, network.separator, n_words)
    known[why_not_names(names, len(names), encoder) != ""] = 0
    return known
