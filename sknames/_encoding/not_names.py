"""Say whether a text is a name, and why not: all that judges texts asks here."""

import re
import unicodedata

import numpy as np

from .read_names import read_names
from .spelling import clean, compose

MISSING, NO_LETTER = "missing name", "no known letter"
# Reasons and the patterns of cleaned texts that have them, which JavaScript reads as Python does.
PATTERNS = {
    "address": r"[^ ]@[^ ]|://|(?:^|[ (<])(?:www|Www|WWW)\.",  # email or web
}
SIGNS = ("@", "://", "www.", "WWW.", "Www.")  # of an address, one at least
_PATTERNS = {reason: re.compile(pattern) for reason, pattern in PATTERNS.items()}


def why_not_names(X, n, encoder=None):
    """Return why each of n texts is not a name, and "" for a name, as str objects.

    - "missing name": missing, or of white space, quotation marks and invisible characters only,
    - "address": of email or the web,
    - "no known letter": without a letter, or without one that a fitted `encoder` knows.

    If `X` does not hold texts, such as numbers, all reasons are "".
    """
    reasons = np.full(n, "", dtype=object)
    try:
        texts = clean(read_names(X, handle_missing="empty")[0])
    except (TypeError, ValueError):
        return reasons
    # Most texts begin with a letter, so few have to be looked at in full.
    usual = {head for head in {text[:1] for text in texts} if _is_known(head, encoder)}
    odd = {row for row, text in enumerate(texts) if text[:1] not in usual}
    joined = "\n".join(texts)
    for sign in SIGNS:
        if sign in joined:
            odd.update(row for row, text in enumerate(texts) if sign in text)
    rows = sorted(odd)
    for row, text in zip(rows, compose([texts[row] for row in rows]), strict=True):
        reasons[row] = _why_not_name(text, encoder)
    return reasons


def _why_not_name(text, encoder):
    if all(unicodedata.category(character) == "Cc" for character in text):
        return MISSING
    for reason, pattern in _PATTERNS.items():
        if pattern.search(text):
            return reason
    return "" if any(_is_known(character, encoder) for character in text) else NO_LETTER


def _is_known(character, encoder):
    """Whether a character is a letter that the encoder, if there is one, knows."""
    # The character itself is a letter: in ASCII, an emoji becomes a word.
    if encoder is None or not character.isalpha():
        return character.isalpha()
    alphabet = encoder.alphabet_
    return any(c.isalpha() and c in alphabet for c in encoder._fold_character(character, alphabet))
