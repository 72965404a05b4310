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
from scipy.sparse import csr_array, vstack

from .prefixes import row_lengths, row_slices

START = 0  # the code of padding, which no symbol has
ABSENT = -1  # the index of an n-gram that is not in the vocabulary
NGRAM_SCALE = 4.0  # factor of n-gram logits
N_BITS = 64  # in a uint64


class NGrams:
    """Vocabulary of n-grams.

    `n_symbols` counts the start mark, the symbols and the end mark. N-grams shorter
    than `min_n` are prefixes of longer n-grams, but not features. A `separator`, the
    code between words, replaces both marks. Only n-grams that begin with the separator
    continue after it. `keys` lists, for each n = 1, 2, ..., the sorted keys of its
    n-grams, int64.

    Features are sorted by length, then by key. The features of length n begin at
    ``offsets[n - 1]``.
    """

    def __init__(self, n_symbols, min_n, separator=None, keys=()):
        self.n_symbols = n_symbols
        self.min_n = min_n
        self.separator = separator
        self.end = n_symbols - 1
        self.keys = []
        self.lookups = []
        self.offsets = [0]
        for keys_of_length in keys:
            self._append(keys_of_length)

    def _append(self, keys):
        """Add the n-grams of the next length, and return their Lookup."""
        n_prefixes = len(self.keys[-1]) if self.keys else 1
        lookup = Lookup(keys, n_prefixes, self.n_symbols)
        self.keys.append(keys)
        self.lookups.append(lookup)
        n_features = len(keys) if len(self.keys) >= self.min_n else 0
        self.offsets.append(self.offsets[-1] + n_features)
        return lookup

    @classmethod
    def fit(cls, codes, ngram_range, min_df, n_symbols, separator=None):
        """Collect the n-grams in at least `min_df` rows of codes, (n_rows, length).

        Return NGrams, and the number of rows that contain each feature, (n_features,),
        int64.
        """
        min_n, max_n = ngram_range
        ngrams = cls(n_symbols, min_n, separator)
        chunks = []
        for rows in row_slices(codes):
            text, row = flatten(codes[rows], ngrams.end)
            chunks.append((_Reader(text, None, n_symbols, separator), row))
        frequencies = []
        for n in range(1, max_n + 1):
            keys, frequency = _document_frequency(chunks, n_symbols)
            is_frequent = frequency >= min_df
            lookup = ngrams._append(keys[is_frequent])
            if n >= min_n:
                frequencies.append(frequency[is_frequent])
            for reader, _ in chunks:
                reader.find(lookup)
        return ngrams, np.concatenate(frequencies)

    def find(self, text, parents=None):
        """Find the n-grams that end at each position of a text, see `_Reader`.

        Return features or ABSENT, (n_lengths, n).
        """
        reader = _Reader(text, parents, self.n_symbols, self.separator)
        features = np.full((len(self.lookups) + 1 - self.min_n, len(text)), ABSENT)
        for n, lookup in enumerate(self.lookups, start=1):
            ngrams = reader.find(lookup)
            if n >= self.min_n:
                out = features[n - self.min_n]
                np.add(ngrams, self.offsets[n - 1], out=out, where=ngrams != ABSENT)
        return features

    def tfidf(self, codes, idf):
        """Return the TF-IDF vectors of rows with norm 1, a csr_array (n, n_features).

        Each occurrence of an n-gram is an entry of its own, in the order of the text.
        Therefore the squared norm is a running sum along the row, like the logits.
        `idf` (n_features,) and the values have the same dtype.
        """
        chunks = []
        for rows in row_slices(codes):
            text, row = flatten(codes[rows], self.end)
            features_at = self.find(text).T
            is_present = features_at != ABSENT
            features = features_at[is_present].astype(np.int32)
            row = row.repeat(is_present.sum(axis=1))
            counts = np.bincount(row, minlength=len(codes[rows]))
            starts = np.append(0, counts.cumsum()).astype(np.int32)
            values = idf[features]
            is_filled = counts > 0
            squares = np.add.reduceat(values**2, starts[:-1][is_filled])
            values /= np.sqrt(squares).repeat(counts[is_filled])
            shape = (len(counts), len(idf))
            chunks.append(csr_array((values, features, starts), shape))
        return vstack(chunks, format="csr")


class _Reader:
    """Find the n-grams of a text, one length after another.

    The text (n,) has symbols and marks. `parents` (n,) are the previous positions,
    which are ignored for start marks; with None, the text is sequential. `prefixes`
    (n,) are the indices of the n-grams that end at the parents, or ABSENT. The symbol
    at the position continues them. The empty prefix has index 0.
    """

    def __init__(self, text, parents, n_symbols, separator):
        if parents is None:
            parents = np.arange(-1, len(text) - 1)
        self.parents = parents
        self.is_start = text == START
        self.is_behind_separator = np.zeros(len(text), dtype=bool)
        if separator is not None:
            self.is_behind_separator = text[parents] == separator
            is_mark = self.is_start | (text == n_symbols - 1)
            text = np.where(is_mark, separator, text)
        self.symbols = Symbols(text)
        self.prefixes = np.zeros_like(text)
        self.n_found = 0

    def find(self, lookup):
        """Return the n-gram of the next length that ends at each position, or ABSENT.

        No n-gram continues at a start mark. After a separator, only an n-gram that
        consists of the separator continues.
        """
        ngrams = lookup(self.prefixes, self.symbols)
        self.prefixes = ngrams[self.parents]
        self.prefixes[self.is_start] = ABSENT
        if self.n_found:
            self.prefixes[self.is_behind_separator] = ABSENT
        self.n_found += 1
        return ngrams


def _document_frequency(chunks, n_symbols):
    """Return the sorted keys of the next n-grams, and the number of rows of each.

    Chunks are pairs of a reader and the row of each position.
    """
    keys = []
    counts = []
    for reader, row in chunks:
        is_known = reader.prefixes != ABSENT
        prefixes = reader.prefixes[is_known].astype(np.int64)
        key = prefixes * n_symbols + reader.symbols.codes[is_known]
        n_rows = int(row[-1]) + 1
        pairs = np.unique(key * n_rows + row[is_known])
        distinct, count = np.unique(pairs // n_rows, return_counts=True)
        keys.append(distinct)
        counts.append(count)
    distinct, index = np.unique(np.concatenate(keys), return_inverse=True)
    frequency = np.bincount(index, weights=np.concatenate(counts))
    return distinct, frequency.astype(np.int64)


def add_marks(codes, lengths, end):
    """Put marks around the symbols of rows; return int32 (n, length + 2)."""
    marked = np.zeros((len(codes), codes.shape[1] + 2), dtype=np.int32)
    marked[:, 1:-1] = codes
    marked[np.arange(len(codes)), lengths + 1] = end
    return marked


def flatten(codes, end):
    """Concatenate rows, each between a start mark and an end mark.

    Return the text (n,) and the row of each position (n,), both integers.
    """
    lengths = row_lengths(codes)
    marked = add_marks(codes, lengths, end)
    n_kept = lengths + 2  # including both marks
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
        first = np.append(0, np.bincount(prefixes, minlength=n_prefixes).cumsum())
        # The bits of a prefix are distinct, so their sum is their union. The last entry
        # is for ABSENT, -1, which has no bits.
        sums = np.append(np.uint64(0), symbols.bit.cumsum(dtype=np.uint64))
        self.bits = np.append(np.diff(sums[first]), np.uint64(0))
        self.first = first.astype(np.int32)

    def __call__(self, prefixes, symbols):
        """Look up n-grams by prefixes (n,) and n Symbols; return indices or ABSENT."""
        bits = self.bits[prefixes]
        smaller = bits & (symbols.bit - np.uint64(1))
        ngrams = self.first[prefixes] + np.bitwise_count(smaller)
        ngrams[bits & symbols.bit == 0] = ABSENT
        if len(symbols.others) and len(self.keys):
            others = symbols.others
            wanted = prefixes[others] * np.int64(self.n_symbols) + symbols.codes[others]
            index = np.searchsorted(self.keys, wanted)
            index[index == len(self.keys)] = 0
            ngrams[others] = np.where(self.keys[index] == wanted, index, ABSENT)
        return ngrams


class Symbols:
    """Codes (n,), with a bit for each smaller than N_BITS; `others` are the rest."""

    def __init__(self, codes):
        self.codes = codes
        self.bit = np.uint64(1) << (codes & (N_BITS - 1)).astype(np.uint64)
        self.others = np.flatnonzero(codes >= N_BITS)
        self.bit[self.others] = 0


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
