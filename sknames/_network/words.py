"""Learn the classes of words, as logits to add to those of the net and the n-grams.

A rare surname says more than its n-grams, which other surnames share. For a word in n
rows, with a share s_k of class k if all K classes were equally frequent, the estimate
with one more row of no class is

    p(k | word) = (n s_k + 1 / K) / (n + 1)    (naive Bayes).

Up to a constant, its logarithm is ln(1 + K n s_k), which is 0 for most classes, so a
table of these is small. The net and the n-grams have learned frequent words, too. To
count these less, logits are multiplied by sqrt(DISCOUNT / (n + DISCOUNT)). Wang and
Manning (2012) also combine naive Bayes with a linear model.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from .prefixes import row_slices

# The key of a word with codes c is c_1 BASE^(m - 1) + ... + c_m modulo PRIME. Four of
# 10,000 unknown words collide with one of 830,000 known ones.
PRIME = 2**31 - 1
BASE = 1_103_515_245
INVERSE = pow(BASE, -1, PRIME)
DISCOUNT = 10  # a word in so many rows counts 1 / sqrt(2)
# Words of more classes are frequent, and known from the net and the n-grams. They have
# one entry of logit 0, so that they count as known.
MAX_CLASSES = 16


@dataclass(frozen=True, eq=False)
class Words:
    """Hold a table of words, with an entry for each class of a word."""

    keys: np.ndarray  # (n,), int32, sorted
    classes: np.ndarray  # (n,), the index of the class, sorted within a word
    logits: np.ndarray  # (n,), float16, what the word adds to the logit of the class

    @classmethod
    def fit(cls, codes, labels, weights, n_classes, separator, word_weight):
        """Learn the words of rows of codes, whose labels are indices of classes.

        `separator` is the code between words; without one, a row is one word.
        `word_weight` is a factor of the logits.
        """
        pairs, counts = np.zeros(0, np.int64), np.zeros(0)
        for some in row_slices(codes):
            rows, _, keys = _keys(codes[some], separator)
            more = keys * n_classes + labels[some][rows]
            pairs, index = np.unique(np.append(pairs, more), return_inverse=True)
            counts = np.bincount(index, weights=np.append(counts, weights[some][rows]))
        keys, classes = np.divmod(pairs, n_classes)
        new = np.diff(keys, prepend=-1) != 0
        word, starts = np.cumsum(new) - 1, np.flatnonzero(new)
        rates = counts / np.bincount(labels, weights=weights)[classes]
        n, sums = (np.add.reduceat(values, starts)[word] for values in (counts, rates))
        is_common = np.bincount(word)[word] > MAX_CLASSES
        kept = new | ~is_common
        narrow = classes.astype(np.min_scalar_type(n_classes - 1))
        logits = np.log1p(n_classes * n * rates / sums) * np.sqrt(
            DISCOUNT / (n + DISCOUNT)
        )
        logits[is_common] = 0
        words = cls(keys[kept].astype(np.int32), narrow[kept], logits[kept])
        return words.scaled(word_weight)

    def scaled(self, factor):
        """Multiply all logits, and round them to half precision."""
        logits = np.multiply(self.logits, factor, dtype=np.float64)
        return replace(self, logits=logits.astype(np.float16))

    def find(self, codes, separator):
        """Find the entries of the words in rows.

        Return the row of each, sorted, the column of the last code of its word, and the
        entry.
        """
        rows, last, keys = _keys(codes, separator)
        keys = keys.astype(
            self.keys.dtype
        )  # otherwise `searchsorted` would copy the table
        first = np.searchsorted(self.keys, keys)
        counts = np.searchsorted(self.keys, keys, side="right") - first
        offsets = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        return rows.repeat(counts), last.repeat(counts), first.repeat(counts) + offsets

    def count(self, codes, separator, n_words):
        """Count the words of each row that have an entry: (n_rows,).

        A row may hold each of its `n_words` words twice, as it is written and in Latin.
        A word is known if either form has an entry.
        """
        rows, last, _ = self.find(codes, separator)
        if separator is None:
            return np.bincount(np.unique(rows), minlength=len(codes))
        width = codes.shape[1]
        word = (codes == separator).cumsum(axis=1)[rows, last] % n_words[rows]
        return np.bincount(
            np.unique(rows * width + word) // width, minlength=len(codes)
        )

    def add_to(self, logits, codes, separator):
        """Add the logits of the words of rows to (n, n_classes) in place."""
        rows, _, entries = self.find(codes, separator)
        added = self.logits[entries].astype(logits.dtype)
        np.add.at(logits, (rows, self.classes[entries]), added)

    def logit_terms(self, codes, separator, n_classes):
        """Return what each word of a row adds, (n, n_classes), and its span (n, 2)."""
        _, last, entries = self.find(codes, separator)
        ends, of = np.unique(last, return_inverse=True)
        terms = np.zeros((len(ends), n_classes))
        terms[of, self.classes[entries]] = self.logits[entries]
        breaks = np.append(-1, np.flatnonzero(codes[0] == separator))
        first = breaks[np.searchsorted(breaks, ends) - 1] + 1
        return terms, np.stack([first, ends + 1], axis=1)


def _keys(codes, separator):
    """Return the row of each word in rows, the column of its last code, and its key."""
    codes = codes.astype(np.int64)
    is_letter = codes != 0
    if separator is not None:
        is_letter &= codes != separator
    is_last = is_letter.copy()
    is_last[:, :-1] &= ~is_letter[:, 1:]
    rows, last = np.nonzero(is_last)
    powers, inverse = _powers(codes.shape[1])
    sums = (codes * is_letter * inverse % PRIME).cumsum(axis=1)[rows, last]
    # Separators add nothing, so a word's sum begins at the end of the word before.
    before = np.append(0, sums[:-1]) * (np.diff(rows, prepend=-1) == 0)
    return rows, last, (sums - before) % PRIME * powers[last] % PRIME


@lru_cache
def _powers(n):
    powers, inverse = np.ones((2, n), dtype=np.int64)
    for k in range(1, n):
        powers[k], inverse[k] = (
            powers[k - 1] * BASE % PRIME,
            inverse[k - 1] * INVERSE % PRIME,
        )
    return powers, inverse
