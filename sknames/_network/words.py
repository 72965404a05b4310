"""Learn logits of whole words, which are added to those of the net and the n-grams.

A rare surname is more informative than its n-grams, which other surnames share. Take a
word that occurs in n rows, and let s_k be the share of class k among these rows after
weighting all K classes equally. With one pseudo-row that is split evenly among the
classes, naive Bayes estimates

    p(k | word) = (n s_k + 1 / K) / (n + 1).

Up to a constant, the logarithm is ln(1 + K n s_k). It is 0 for most classes, so the
table of logits is small. The net and the n-grams know frequent words as well. To give
these less weight, their logits are multiplied by sqrt(DISCOUNT / (n + DISCOUNT)). Wang
and Manning (2012) also combine naive Bayes with a linear model.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from .prefixes import row_slices

# The key of a word with codes c is c_1 BASE^(m - 1) + ... + c_m modulo PRIME. With
# 830,000 known words, four of 10,000 unknown words have the key of a known word.
PRIME = 2**31 - 1
BASE = 1_103_515_245
INVERSE = pow(BASE, -1, PRIME)
DISCOUNT = 10  # rows; logits of a word in this many rows are divided by sqrt(2)
# Words that occur in more classes are frequent, so the net and the n-grams know them.
# They have one entry with logit 0, so that tools count them as known.
MAX_CLASSES = 16


@dataclass(frozen=True, eq=False)
class Words:
    """Table of words, with one entry for each class in which a word occurs."""

    keys: np.ndarray  # (n,), int32, sorted
    classes: np.ndarray  # (n,), indices of classes, sorted within each word
    logits: np.ndarray  # (n,), float16, added to the logit of the class

    @classmethod
    def fit(cls, codes, labels, weights, n_classes, separator, word_weight):
        """Learn the words in rows of codes.

        Codes are (n, length); labels, which are indices of classes, and weights are
        (n,). `separator` is the code between words; if it is None, each row is one
        word. Logits are multiplied by `word_weight`.
        """
        # Each pair of a word's key and a class is stored as one integer.
        pairs = np.zeros(0, np.int64)
        counts = np.zeros(0)  # the total weight of the rows with each pair
        for chunk in row_slices(codes):
            rows, _, keys = _keys(codes[chunk], separator)
            all_pairs = np.append(pairs, keys * n_classes + labels[chunk][rows])
            all_counts = np.append(counts, weights[chunk][rows])
            pairs, index = np.unique(all_pairs, return_inverse=True)
            counts = np.bincount(index, weights=all_counts)
        keys, classes = np.divmod(pairs, n_classes)
        is_new_word = np.diff(keys, prepend=-1) != 0
        starts = np.flatnonzero(is_new_word)
        word = np.cumsum(is_new_word) - 1  # (n_entries,), the index of its word
        rates = counts / np.bincount(labels, weights=weights)[classes]
        n = np.add.reduceat(counts, starts)[word]
        sums = np.add.reduceat(rates, starts)[word]
        discounts = np.sqrt(DISCOUNT / (n + DISCOUNT))
        logits = np.log1p(n_classes * n * rates / sums) * discounts
        is_common = np.bincount(word)[word] > MAX_CLASSES
        logits[is_common] = 0
        is_kept = is_new_word | ~is_common
        return cls(
            keys=keys[is_kept].astype(np.int32),
            classes=classes[is_kept].astype(np.min_scalar_type(n_classes - 1)),
            logits=logits[is_kept],
        ).scaled(word_weight)

    def scaled(self, factor):
        """Multiply all logits by a factor, and round them to half precision."""
        logits = np.multiply(self.logits, factor, dtype=np.float64)
        return replace(self, logits=logits.astype(np.float16))

    def find(self, codes, separator):
        """Find the entries of all words in rows of codes.

        Return the row of each entry (sorted), the column of the last code of its word,
        and the index of the entry: integers, (n_entries,).
        """
        rows, last, keys = _keys(codes, separator)
        # With another dtype, `searchsorted` would copy the table.
        keys = keys.astype(self.keys.dtype)
        first = np.searchsorted(self.keys, keys)
        counts = np.searchsorted(self.keys, keys, side="right") - first
        shifts = first - (counts.cumsum() - counts)
        entries = np.arange(counts.sum()) + shifts.repeat(counts)
        return rows.repeat(counts), last.repeat(counts), entries

    def add_to(self, logits, codes, separator):
        """Add the logits of the words in each row to `logits`, (n, n_classes)."""
        rows, _, entries = self.find(codes, separator)
        added = self.logits[entries].astype(logits.dtype)
        np.add.at(logits, (rows, self.classes[entries]), added)

    def logit_terms(self, codes, separator, n_classes):
        """Return the logits of each word, (n, n_classes), and its span, (n, 2)."""
        _, last, entries = self.find(codes, separator)
        ends, word = np.unique(last, return_inverse=True)
        terms = np.zeros((len(ends), n_classes))
        terms[word, self.classes[entries]] = self.logits[entries]
        separators = np.append(-1, np.flatnonzero(codes[0] == separator))
        first = separators[np.searchsorted(separators, ends) - 1] + 1
        return terms, np.stack([first, ends + 1], axis=1)


def _keys(codes, separator):
    """Find all words; return their rows, the columns of their last codes and keys."""
    codes = codes.astype(np.int64)
    is_letter = codes != 0
    if separator is not None:
        is_letter &= codes != separator
    is_last = is_letter.copy()
    is_last[:, :-1] &= ~is_letter[:, 1:]
    rows, last = np.nonzero(is_last)
    powers = _powers(BASE, codes.shape[1])
    inverse_powers = _powers(INVERSE, codes.shape[1])
    terms = codes * is_letter * inverse_powers % PRIME
    sums = terms.cumsum(axis=1)[rows, last]
    # Separators add 0, so the sum at the end of the previous word is subtracted.
    is_in_same_row = np.diff(rows, prepend=-1) == 0
    sums_before = np.append(0, sums[:-1]) * is_in_same_row
    return rows, last, (sums - sums_before) % PRIME * powers[last] % PRIME


@lru_cache
def _powers(base, n):
    """Return base**0 to base**(n - 1) modulo PRIME, (n,), int64."""
    powers = np.ones(n, dtype=np.int64)
    for k in range(1, n):
        powers[k] = powers[k - 1] * base % PRIME
    return powers
