"""Find inputs that are not names, with the reason."""

import re

import numpy as np

from .read_names import read_names
from .spelling import clean

BLANK, NO_NAME, NO_KNOWN_CHARACTER = "blank", "no name", "no known character"
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
