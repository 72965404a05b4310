"""Find n-grams of codes, and compute their TF-IDF values.

A name (with a separator, each of its words) is read as start mark, symbols, end mark.
An n-gram is an (n - 1)-gram, its prefix, plus one symbol. Therefore the n-grams that
end at a position are computed from those that end at the previous position, in a text
or in a tree of prefixes, without building strings.

Example: "anna" has the codes a = 1 and n = 2. There are 5 codes, with the start mark
^ = 0 and the end mark $ = 4:

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
ABSENT = -1  # the index of an n-gram that is not in the vocabulary
NGRAM_SCALE = 4.0  # factor of n-gram logits
N_BITS = 64  # in a uint64


class NGrams:
    """Vocabulary of n-grams.

    `keys` lists, for each n = 1, 2, ..., the sorted keys of its n-grams, int64.
    `n_symbols` counts the start mark, the symbols and the end mark. N-grams shorter
    than `min_n` are prefixes of longer n-grams, but not features. A `separator`, the
    code between words, replaces both marks. Only n-grams that begin with the separator
    continue after it.

    Features are sorted by length, then by key. The features of length n begin at
    ``offsets[n - 1]``.
    """

    def __init__(self, keys, n_symbols, min_n, separator=None):
        self.keys = keys
        self.n_symbols = n_symbols
        self.min_n = min_n
        self.separator = separator
        self.end = n_symbols - 1
        self.lookups = []
        n_features = []
        n_prefixes = 1
        for n, keys_of_length in enumerate(keys, start=1):
            self.lookups.append(Lookup(keys_of_length, n_prefixes, n_symbols))
            n_prefixes = len(keys_of_length)
            n_features.append(n_prefixes if n >= min_n else 0)
        self.offsets = np.concatenate([[0], np.cumsum(n_features)])

    @classmethod
    def fit(cls, codes, ngram_range, min_df, n_symbols, separator=None):
        """Collect the n-grams in at least `min_df` rows of codes, (n_rows, length).

        Return NGrams, and the number of rows that contain each feature, (n_features,),
        int64.
        """
        min_n, max_n = ngram_range
        chunks = []
        for rows in row_slices(codes):
            chunks.append(_Chunk(codes[rows], n_symbols, separator))
        keys = []
        frequencies = []
        n_prefixes = 1
        for n in range(1, max_n + 1):
            counts = [_document_frequency(chunk.keys(), chunk.rows) for chunk in chunks]
            keys_of_length, frequency = _sum_by_key(counts)
            is_frequent = frequency >= min_df
            keys.append(keys_of_length[is_frequent])
            if n >= min_n:
                frequencies.append(frequency[is_frequent])
            lookup = Lookup(keys[-1], n_prefixes, n_symbols)
            n_prefixes = len(keys[-1])
            for chunk in chunks:
                chunk.grow(lookup, n)
        return cls(keys, n_symbols, min_n, separator), np.concatenate(frequencies)

    def find(self, text, parents=None):
        """Find the n-grams that end at each position of a text (n,).

        The text has symbols and marks. `parents` (n,) are the previous positions, which
        are ignored for start marks; with None, the text is sequential. Return features
        or ABSENT, (n_lengths, n).
        """
        if parents is None:
            parents = _positions_before(text)
        symbols = Symbols(_symbols(text, self.n_symbols, self.separator))
        prefixes = np.zeros_like(text)
        features = np.full((len(self.lookups) + 1 - self.min_n, len(text)), ABSENT)
        for n, lookup in enumerate(self.lookups, start=1):
            ngrams = lookup(prefixes, symbols)
            if n >= self.min_n:
                out = features[n - self.min_n]
                np.add(ngrams, self.offsets[n - 1], out=out, where=ngrams != ABSENT)
            prefixes = _next_prefixes(ngrams, n, text, parents, self.separator)
        return features

    def of_rows(self, codes):
        """Return the features of all occurrences by row, and the start of each row.

        Features are int32, (n_entries,); starts are int64, (n_rows + 1,).
        """
        features = []
        counts = []
        for chunk in row_slices(codes):
            text, rows = flatten(codes[chunk], self.end)
            features_at = self.find(text).T
            is_present = features_at != ABSENT
            features.append(features_at[is_present].astype(np.int32))
            n_present = is_present.sum(axis=1)
            n_rows = len(codes[chunk])
            counts.append(np.bincount(rows, weights=n_present, minlength=n_rows))
        starts = np.concatenate([[0], *counts]).cumsum().astype(np.int64)
        return np.concatenate(features), starts

    def tfidf(self, codes, idf):
        """Return the TF-IDF vectors of rows with norm 1: features, starts and values.

        Each occurrence of an n-gram is an entry of its own. Therefore the squared norm
        is a running sum along the row, like the logits. `idf` (n_features,) and the
        values are float32.
        """
        features, starts = self.of_rows(codes)
        values = idf[features]
        for rows in row_slices(codes):
            _normalize(values, starts[rows.start : rows.stop + 1])
        return features, starts, values


class _Chunk:
    """Rows of codes as one text, from which `NGrams.fit` collects longer n-grams.

    `prefixes` (n,) are the indices of the n-grams that end before each position, or
    ABSENT. The symbol at the position continues them. The empty prefix has index 0.
    """

    def __init__(self, codes, n_symbols, separator):
        self.n_symbols = n_symbols
        self.separator = separator
        self.text, self.rows = flatten(codes, n_symbols - 1)
        self.symbols = _symbols(self.text, n_symbols, separator)
        self.prefixes = np.zeros_like(self.text)

    def keys(self):
        """Return the key of the n-gram at each position, negative without a prefix."""
        return self.prefixes * np.int64(self.n_symbols) + self.symbols

    def grow(self, lookup, n):
        """Look up the n-grams of length n, which become the prefixes of longer ones."""
        ngrams = lookup(self.prefixes, Symbols(self.symbols))
        parents = _positions_before(self.text)
        self.prefixes = _next_prefixes(ngrams, n, self.text, parents, self.separator)


def _positions_before(text):
    """Return the previous position of each position of a text, -1 for the first."""
    return np.arange(-1, len(text) - 1)


def _document_frequency(keys, rows):
    """Return the sorted distinct keys of n-grams and the number of rows of each.

    `keys` (n,) are negative where there is no n-gram; `rows` (n,) are sorted.
    """
    by_key = np.argsort(keys, kind="stable")
    keys = keys[by_key]
    rows = rows[by_key]
    is_new_row = np.diff(rows, prepend=-1) != 0
    is_new_key = np.diff(keys, prepend=-1) != 0
    is_new_key &= keys >= 0
    first = np.flatnonzero(is_new_key)
    if not len(first):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    is_counted = is_new_key | is_new_row  # True once for each key and row
    return keys[first], np.add.reduceat(is_counted[first[0] :], first - first[0])


def _sum_by_key(counts):
    """Merge pairs of distinct keys (n,) and counts (n,); add the counts of each key."""
    keys, frequencies = zip(*counts, strict=True)
    distinct, index = np.unique(np.concatenate(keys), return_inverse=True)
    weights = np.concatenate(frequencies)
    sums = np.bincount(index, weights=weights, minlength=len(distinct))
    return distinct, sums.astype(np.int64)


def _normalize(values, starts):
    """Divide the values of each row by its norm, in place.

    Row i has the entries from starts[i] to starts[i + 1].
    """
    first = starts[0]
    counts = np.diff(starts)
    is_filled = counts > 0  # `reduceat` cannot sum rows without entries
    if not is_filled.any():
        return
    values = values[first : starts[-1]]
    squares = np.add.reduceat(values**2, starts[:-1][is_filled] - first)
    values /= np.repeat(np.sqrt(squares), counts[is_filled])


def flatten(codes, end):
    """Concatenate rows, each between a start mark and an end mark.

    Return the text (n,) and the row of each position (n,), both integers.
    """
    lengths = np.count_nonzero(codes, axis=1)
    dtype = np.int32 if end <= np.iinfo(np.int32).max else np.int64
    marked = np.zeros((len(codes), codes.shape[1] + 2), dtype=dtype)
    marked[:, 1:-1] = codes
    marked[np.arange(len(codes)), lengths + 1] = end
    n_kept = lengths + 2  # with both marks
    is_kept = np.arange(marked.shape[1]) < n_kept[:, None]
    return marked[is_kept], np.repeat(np.arange(len(codes), dtype=np.int32), n_kept)


class Lookup:
    """Find the index of an n-gram from its prefix's index and its last symbol.

    The prefix is an (n - 1)-gram. In the sorted keys, those with the same prefix are
    adjacent. Therefore the index of a key is the index of the first key with the same
    prefix plus the number of smaller symbols after this prefix, which is counted with
    the bits of an integer. Symbols without a bit are found by binary search.
    """

    def __init__(self, keys, n_prefixes, n_symbols):
        self.keys = keys
        self.n_symbols = n_symbols
        prefixes = keys // n_symbols
        symbols = Symbols(keys - prefixes * n_symbols)
        symbols.bit[symbols.others] = 0
        first = np.append(0, np.bincount(prefixes, minlength=n_prefixes).cumsum())
        # The bits of a prefix are distinct, so their sum is their union. The last entry
        # is for ABSENT, -1, which has no bits.
        sums = np.append(np.uint64(0), symbols.bit.cumsum(dtype=np.uint64))
        self.bits = np.append(np.diff(sums[first]), np.uint64(0))
        self.first = first.astype(np.int32)

    def __call__(self, prefixes, symbols):
        """Look up n-grams by prefixes (n,) and n Symbols; return indices or ABSENT."""
        bits = self.bits[prefixes]
        ngrams = self.first[prefixes] + np.bitwise_count(bits & symbols.below)
        ngrams[bits & symbols.bit == 0] = ABSENT
        if len(symbols.others) and len(self.keys):
            others = symbols.others
            wanted = prefixes[others] * np.int64(self.n_symbols) + symbols.codes[others]
            index = np.searchsorted(self.keys, wanted)
            index[index == len(self.keys)] = 0
            ngrams[others] = np.where(self.keys[index] == wanted, index, ABSENT)
        return ngrams


class Symbols:
    """Codes (n,) with a bit for each, and the positions of codes without a bit."""

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


def _next_prefixes(ngrams, n, text, parents, separator):
    """Return the n-gram that ends at the parent of each position, or ABSENT.

    No n-gram continues at a start mark. After a separator, only an n-gram that consists
    of the separator continues.
    """
    prefixes = ngrams[parents]
    prefixes[text == START] = ABSENT
    if separator is not None and n > 1:
        prefixes[text[parents] == separator] = ABSENT
    return prefixes


def check_ngram_range(ngram_range):
    """Raise ValueError unless 1 <= min_n <= max_n for ngram_range (min_n, max_n)."""
    is_pair = len(ngram_range) == 2
    are_integers = all(isinstance(n, Integral) for n in ngram_range)
    if not (is_pair and are_integers and 1 <= ngram_range[0] <= ngram_range[1]):
        raise ValueError(
            "Expected ngram_range to be integers (min_n, max_n) with 1 <= min_n <= "
            f"max_n, or None for a model without n-grams, got {ngram_range}."
        )


def inverse_document_frequency(document_frequency, n_rows):
    """Return ln((1 + n) / (1 + df)) + 1, as in scikit-learn's `TfidfTransformer`."""
    return (np.log((1 + n_rows) / (1 + document_frequency)) + 1).astype(np.float32)
