"""The words of the rows: which classes they occur in, as logits beside those of net and n-grams.

A rare surname says more than its n-grams do, which other surnames share. With n rows that have a
word, a share s_k of them in class k if all classes were equally frequent, and K classes,

    p(k | word) = (n s_k + 1 / K) / (n + 1)

is its estimate with one more row of no class (naive Bayes). Up to a constant, its logarithm is
ln(1 + K n s_k): 0 for all classes but a few, so that a table of these is small. Net and n-grams
have learned frequent words, too, which would count twice: logits are multiplied by
sqrt(DISCOUNT / (n + DISCOUNT)). Wang and Manning (2012) let naive Bayes and a linear model speak
together, too.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from .prefixes import row_slices

# A word is found by a number: c_1 BASE^(m - 1) + ... + c_m modulo PRIME, with c its codes. Of
# 10,000 unknown words, two have the number of one of 430,000 known ones.
PRIME = 2**31 - 1
BASE = 1_103_515_245
INVERSE = pow(BASE, -1, PRIME)
# A word of so many rows counts for 1 / sqrt(2).
DISCOUNT = 10
# Words of more classes are frequent ones, of which the net and the n-grams learn more. They have
# one entry of logit 0, so that they are known.
MAX_CLASSES = 16


@dataclass(frozen=True, eq=False)
class Words:
    """A table of words and their classes.

    Parameters
    ----------
    keys : ndarray of shape (n,), int32
        The number of each entry's word, sorted. A word has an entry for each of its classes, or
        one if they are many.
    classes : ndarray of shape (n,), integers
        The number of the class; those of a word are sorted.
    logits : ndarray of shape (n,), float32
        What the word adds to the logit of the class.
    """

    keys: np.ndarray
    classes: np.ndarray
    logits: np.ndarray

    @classmethod
    def fit(cls, codes, labels, weights, n_classes, separator, word_weight):
        """Learn the words of rows.

        Parameters
        ----------
        codes : ndarray of shape (n_rows, length)
            Rows of codes, padded with 0 on the right.
        labels : ndarray of shape (n_rows,)
            Numbers of the classes.
        weights : ndarray of shape (n_rows,)
            How many rows each counts for.
        n_classes : int
        separator : int or None
            The code between words. Without one, a row is one word.
        word_weight : float
            Factor of the logits.
        """
        pairs, counts = np.zeros(0, np.int64), np.zeros(0)
        for some in row_slices(codes):
            rows, _, keys = _keys(codes[some], separator)
            more = keys * n_classes + labels[some][rows]
            pairs, places = np.unique(np.append(pairs, more), return_inverse=True)
            counts = np.bincount(places, weights=np.append(counts, weights[some][rows]))
        keys, classes = np.divmod(pairs, n_classes)
        new = np.diff(keys, prepend=-1) != 0
        word, starts = np.cumsum(new) - 1, np.flatnonzero(new)
        rates = counts / np.bincount(labels, weights=weights)[classes]
        n, sums = (np.add.reduceat(values, starts)[word] for values in (counts, rates))
        is_common = np.bincount(word)[word] > MAX_CLASSES
        kept = new | ~is_common
        narrow = classes.astype(np.min_scalar_type(n_classes - 1))
        logits = np.log1p(n_classes * n * rates / sums) * np.sqrt(DISCOUNT / (n + DISCOUNT))
        logits[is_common] = 0
        words = cls(keys[kept].astype(np.int32), narrow[kept], logits[kept])
        return words.scaled(word_weight)

    def scaled(self, factor):
        """The same with all logits multiplied, in half precision, which files hold them in."""
        logits = (self.logits * factor).astype(np.float16).astype(np.float32)
        return replace(self, logits=logits)

    def find(self, codes, separator):
        """Find the words of rows that have an entry.

        Returns
        -------
        rows : ndarray of shape (n,)
            The row of each entry found, sorted.
        last : ndarray of shape (n,)
            The column of the last code of its word.
        entries : ndarray of shape (n,)
        """
        rows, last, keys = _keys(codes, separator)
        keys = keys.astype(self.keys.dtype)  # or the whole table would be widened to find a word
        first = np.searchsorted(self.keys, keys)
        counts = np.searchsorted(self.keys, keys, side="right") - first
        offsets = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        return rows.repeat(counts), last.repeat(counts), first.repeat(counts) + offsets

    def count(self, codes, separator):
        """Count the words of each row that have an entry: (n_rows,)."""
        rows, last, _ = self.find(codes, separator)
        width = codes.shape[1]
        return np.bincount(np.unique(rows * width + last) // width, minlength=len(codes))

    def add_to(self, logits, codes, separator):
        """Add the logits of the words of rows, from first to last, to (n, n_classes) in place."""
        rows, _, entries = self.find(codes, separator)
        np.add.at(logits, (rows, self.classes[entries]), self.logits[entries])

    def parts(self, codes, separator, n_classes):
        """What each word of one row adds, as in `Forward.parts`: terms (n, n_classes) and spans."""
        _, last, entries = self.find(codes, separator)
        ends, of = np.unique(last, return_inverse=True)
        terms = np.zeros((len(ends), n_classes))
        terms[of, self.classes[entries]] = self.logits[entries]
        breaks = np.append(-1, np.flatnonzero(codes[0] == separator))
        first = breaks[np.searchsorted(breaks, ends) - 1] + 1
        return terms, np.stack([first, ends + 1], axis=1)


def _keys(codes, separator):
    """The words of rows, row by row: the row of each, the column of its last code, its number."""
    codes = codes.astype(np.int64)
    is_letter = codes != 0
    if separator is not None:
        is_letter &= codes != separator
    is_last = is_letter.copy()
    is_last[:, :-1] &= ~is_letter[:, 1:]
    rows, last = np.nonzero(is_last)
    powers, inverse = _powers(codes.shape[1])
    sums = (codes * is_letter * inverse % PRIME).cumsum(axis=1)[rows, last]
    # What lies between words adds nothing, so a word's sum begins where that before it ends.
    before = np.append(0, sums[:-1]) * (np.diff(rows, prepend=-1) == 0)
    return rows, last, (sums - before) % PRIME * powers[last] % PRIME


@lru_cache
def _powers(n):
    powers, inverse = np.ones((2, n), dtype=np.int64)
    for k in range(1, n):
        powers[k], inverse[k] = powers[k - 1] * BASE % PRIME, inverse[k - 1] * INVERSE % PRIME
    return powers, inverse
