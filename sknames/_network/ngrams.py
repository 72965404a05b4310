"""Find n-grams of codes, and compute their TF-IDF values.

A name, or with a separator each of its words, is read as start mark, symbols, end mark.
An n-gram is an (n - 1)-gram, its prefix, plus one symbol. So the n-grams that end at a
position follow from those that end one position before, in a text or a tree of
prefixes, and no string is built.

"anna", with the codes a = 1 and n = 2, the start mark ^ = 0 and the end mark $ = 4 of 5
codes:

    text         ^ a n n a $     =  0 1 2 2 1 4
    1-grams      ^ a n $         keys 0 1 2 4       in this order: a has index 1, n 2
    2-grams      ^a an a$ na nn  keys 1 7 9 11 12   an = (a, n) = 1 * 5 + 2 = 7, index 1
    3-grams      ^an ann na$ nna keys 2 7 19 21     ann = (an, n) = 1 * 5 + 2 = 7

The key of an n-gram is the index of its prefix among the (n - 1)-grams, times the
number of codes, plus its last code. Its index is the position of its key among the
sorted keys.
"""

from numbers import Integral

import numpy as np

from .prefixes import row_slices

START = 0  # the code of padding, which no symbol has
ABSENT = -1
NGRAM_SCALE = 4.0  # factor of n-gram logits
N_BITS = 64  # in a uint64


class NGrams:
    """Hold a vocabulary of n-grams.

    `keys` lists, for each n = 1, 2, ..., the sorted keys of its n-grams, int64.
    `n_symbols` counts start mark, symbols and end mark. N-grams shorter than `min_n`
    only lead to longer ones, and are not features. A `separator`, the code between
    words, replaces both marks; an n-gram continues after it only if it begins with it.
    """

    def __init__(self, keys, n_symbols, min_n, separator=None):
        self.keys = keys
        self.n_symbols = n_symbols
        self.min_n = min_n
        self.separator = separator
        self.end = n_symbols - 1
        self.lookups = [
            Lookup(k, n_prefixes, n_symbols)
            for k, n_prefixes in zip(keys, [1, *map(len, keys)], strict=False)
        ]
        sizes = [len(k) if n >= min_n else 0 for n, k in enumerate(keys, start=1)]
        self.offsets = np.concatenate([[0], np.cumsum(sizes)])

    @classmethod
    def fit(cls, codes, ngram_range, min_df, n_symbols, separator=None):
        """Collect the n-grams in at least `min_df` rows of codes, (n_rows, length).

        Return NGrams, and the number of rows of each feature.
        """
        min_n, max_n = ngram_range
        chunks = [flatten(codes[rows], n_symbols - 1) for rows in row_slices(codes)]
        symbols = [_symbols(text, n_symbols, separator) for text, _ in chunks]
        prefixes = [np.zeros_like(text) for text, _ in chunks]
        all_keys, counts = [], []
        for n in range(1, max_n + 1):
            keys = [
                prefix * np.int64(n_symbols) + symbol
                for prefix, symbol in zip(prefixes, symbols, strict=True)
            ]
            distinct, frequency = _document_frequency(
                keys, [rows for _, rows in chunks]
            )
            all_keys.append(distinct[frequency >= min_df])
            if n >= min_n:
                counts.append(frequency[frequency >= min_df])
            lookup = Lookup(all_keys[-1], len(all_keys[-2]) if n > 1 else 1, n_symbols)
            for i, (text, _) in enumerate(chunks):
                grams = lookup(prefixes[i], Symbols(symbols[i]))
                prefixes[i] = _go_on(grams, n, text, _before(text), separator)
        return cls(all_keys, n_symbols, min_n, separator), np.concatenate(counts)

    def find(self, text, parents):
        """Find the n-grams that end at each position of a text (n,).

        The text has symbols and marks. `parents` (n,) are the positions before; they do
        not matter for start marks. Return features or ABSENT, (n_lengths, n).
        """
        symbols = Symbols(_symbols(text, self.n_symbols, self.separator))
        prefixes = np.zeros_like(text)
        features = np.full((len(self.lookups) + 1 - self.min_n, len(text)), ABSENT)
        for n, lookup in enumerate(self.lookups, start=1):
            grams = lookup(prefixes, symbols)
            if n >= self.min_n:
                of_length = features[n - self.min_n]
                np.add(grams, self.offsets[n - 1], out=of_length, where=grams != ABSENT)
            prefixes = _go_on(grams, n, text, parents, self.separator)
        return features

    def of_rows(self, codes):
        """Return the features of all occurrences, row by row, and each row's start."""
        features, counts = [], []
        for some in row_slices(codes):
            text, rows = flatten(codes[some], self.end)
            of_text = self.find(text, _before(text)).T
            present = of_text != ABSENT
            features.append(of_text[present].astype(np.int32))
            counts.append(
                np.bincount(
                    rows, weights=present.sum(axis=1), minlength=len(codes[some])
                )
            )
        starts = np.concatenate([[0], *counts]).cumsum().astype(np.int64)
        return np.concatenate(features), starts

    def tfidf(self, codes, idf):
        """Return the TF-IDF vectors of rows, each of norm 1: features, starts, values.

        Each occurrence is one entry, also if an n-gram occurs twice. So the squared
        norm is a running sum along the row, like the logits.
        """
        features, starts = self.of_rows(codes)
        values = idf[features]
        for rows in row_slices(codes):
            some = starts[rows.start : rows.stop + 1]
            of_chunk, counts = values[some[0] : some[-1]], np.diff(some)
            full = counts > 0  # `reduceat` cannot sum rows without entries
            if full.any():
                squares = np.add.reduceat(of_chunk**2, some[:-1][full] - some[0])
                of_chunk /= np.repeat(np.sqrt(squares), counts[full])
        return features, starts, values


def _before(text):
    return np.arange(-1, len(text) - 1)


def _document_frequency(keys, rows):
    """Return the sorted distinct keys of n-grams, and in how many rows each occurs.

    `keys` (negative where there is no n-gram) and `rows` are lists of arrays, one for
    each chunk.
    """
    all_keys, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for some, row in zip(keys, rows, strict=True):
        by_key = np.argsort(some, kind="stable")
        some, row = some[by_key], row[by_key]
        new_key, new_row = (np.diff(array, prepend=-1) != 0 for array in (some, row))
        new_key &= some >= 0
        first = np.flatnonzero(new_key)
        all_keys.append(some[first])
        if len(first):
            counts.append(
                np.add.reduceat((new_key | new_row)[first[0] :], first - first[0])
            )
    distinct, index = np.unique(np.concatenate(all_keys), return_inverse=True)
    frequency = np.bincount(
        index, weights=np.concatenate(counts), minlength=len(distinct)
    )
    return distinct, frequency.astype(np.int64)


def flatten(codes, end):
    """Concatenate rows with their marks.

    Return the text (n,) and the row of each position (n,).
    """
    lengths = np.count_nonzero(codes, axis=1)
    dtype = np.int32 if end <= np.iinfo(np.int32).max else np.int64
    marked = np.zeros((len(codes), codes.shape[1] + 2), dtype=dtype)
    marked[:, 1:-1] = codes
    marked[np.arange(len(codes)), lengths + 1] = end
    keep = np.arange(marked.shape[1]) < lengths[:, None] + 2
    return marked[keep], np.repeat(np.arange(len(codes), dtype=np.int32), lengths + 2)


class Lookup:
    """Find the index of an n-gram from its prefix's index and its last symbol.

    The prefix is an (n - 1)-gram. Sorted keys of the same prefix stand together. So the
    position of a key is that of the prefix's first key plus the number of its symbols
    below, which the bits of an integer count. A binary search finds symbols that have
    no bit.
    """

    def __init__(self, keys, n_prefixes, n_symbols):
        self.keys, self.n_symbols = keys, n_symbols
        prefixes = keys // n_symbols
        symbols = Symbols(keys - prefixes * n_symbols)
        symbols.bit[symbols.others] = 0
        first = np.append(0, np.bincount(prefixes, minlength=n_prefixes).cumsum())
        # The bits of a prefix are distinct, so their sum is their union. ABSENT, -1,
        # has none.
        sums = np.append(np.uint64(0), symbols.bit.cumsum(dtype=np.uint64))
        self.bits = np.append(np.diff(sums[first]), np.uint64(0))
        self.first = first.astype(np.int32)

    def __call__(self, prefixes, symbols):
        bits = self.bits[prefixes]
        grams = self.first[prefixes] + np.bitwise_count(bits & symbols.below)
        grams[bits & symbols.bit == 0] = ABSENT
        if len(symbols.others) and len(self.keys):
            others = symbols.others
            wanted = prefixes[others] * np.int64(self.n_symbols) + symbols.codes[others]
            position = np.searchsorted(self.keys, wanted)
            position[position == len(self.keys)] = 0
            grams[others] = np.where(self.keys[position] == wanted, position, ABSENT)
        return grams


class Symbols:
    """Hold codes, a bit for each, and the positions of those that have none."""

    def __init__(self, codes):
        self.codes = codes
        self.bit = np.uint64(1) << (codes & (N_BITS - 1)).astype(np.uint64)
        self.below = self.bit - np.uint64(1)
        self.others = np.flatnonzero(codes >= N_BITS)


def _symbols(text, n_symbols, separator):
    """Replace the marks in a text by the separator, if there is one."""
    if separator is None:
        return text
    return np.where((text == START) | (text == n_symbols - 1), separator, text)


def _go_on(grams, n, text, parents, separator):
    """Return the n-grams that continue at each position: those that end at its parent.

    None continues at a start mark; after a separator, only the separator itself does.
    """
    prefixes = grams[parents]
    prefixes[text == START] = ABSENT
    if separator is not None and n > 1:
        prefixes[text[parents] == separator] = ABSENT
    return prefixes


def check_ngram_range(ngram_range):
    """Raise ValueError unless it is a pair (min_n, max_n) with 1 <= min_n <= max_n."""
    valid = len(ngram_range) == 2 and all(isinstance(n, Integral) for n in ngram_range)
    if not valid or not 1 <= ngram_range[0] <= ngram_range[1]:
        raise ValueError(
            "Expected ngram_range to be integers (min_n, max_n) with 1 <= min_n <= "
            f"max_n, or None for no n-grams, got {ngram_range}."
        )


def inverse_document_frequency(document_frequency, n_rows):
    """Return ln((1 + n) / (1 + df)) + 1, as scikit-learn's `TfidfTransformer` does."""
    return (np.log((1 + n_rows) / (1 + document_frequency)) + 1).astype(np.float32)
