"""Compare n-grams of codes with n-grams of strings in a `collections.Counter`."""

import itertools
from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.feature_extraction.text import TfidfTransformer

from sknames._network.ngrams import (
    ABSENT,
    Lookup,
    NGrams,
    Symbols,
    inverse_document_frequency,
)
from tests.conftest import random_codes

NAMES = [
    "anna",
    "annie",
    "nan",
    "",
    "a",
    "nnnn",
    "ian",
    "anna",
    "diana",
    "aidan",
    "inn",
]
# With a separator, each word is read as `analyzer="char_wb"` of scikit-learn reads it.
SPACED = ["an ia", "ia an", "a", " nn", "an  i ", ""]
LETTERS = [" ", *sorted(set("".join(NAMES)))]
RANGES = [
    ((1, 1), 1),
    ((1, 5), 1),
    ((1, 5), 2),
    ((2, 4), 2),
    ((3, 3), 1),
    ((1, 3), 3),
    ((2, 9), 1),
    ((2, 4), 100),  # no n-gram is in 100 names
]
CASES = [(NAMES, *case, None) for case in RANGES]
CASES += [(SPACED, (1, 4), 1, 1), (SPACED, (1, 4), 2, 1)]
each_case = pytest.mark.parametrize(
    "names, ngram_range, min_df, separator", CASES, ids=str
)


def encode(names, length=None):
    """Codes of names; a letter that is not in `LETTERS` is the unknown symbol."""
    code_of = {letter: code for code, letter in enumerate(LETTERS, start=1)}
    unknown = len(LETTERS) + 1
    if length is None:
        length = max(map(len, names))
    codes = np.zeros((len(names), length), dtype=np.uint32)
    for row, name in zip(codes, names, strict=True):
        row[: len(name)] = [code_of.get(letter, unknown) for letter in name]
    return codes


def count(name, ngram_range, separator=None):
    text = f" {name} " if separator else f"^{name}$"
    counts = Counter()
    for n in range(ngram_range[0], ngram_range[1] + 1):
        for start in range(len(text) - n + 1):
            gram = text[start : start + n]
            if not separator or " " not in gram[1:-1]:
                counts[gram] += 1
    return counts


def document_frequency(names, ngram_range, min_df, separator=None):
    frequency = Counter()
    for name in names:
        frequency.update({*count(name, ngram_range, separator)})
    return {gram: n for gram, n in frequency.items() if n >= min_df}


def features_of(ngrams):
    """The string of each feature, read off the keys."""
    letter_of = {0: "^", ngrams.end: "$"}
    for code, letter in enumerate([*LETTERS, "?"], start=1):
        letter_of[code] = letter
    grams = [""]
    features = []
    for n, keys in enumerate(ngrams.keys, start=1):
        longer = []
        for key in keys.tolist():
            prefix, symbol = divmod(key, ngrams.n_symbols)
            longer.append(grams[prefix] + letter_of[symbol])
        grams = longer
        if n >= ngrams.min_n:
            features += grams
    return features


def fit(names, ngram_range, min_df, separator=None):
    return NGrams.fit(encode(names), ngram_range, min_df, len(LETTERS) + 3, separator)


def occurrences(ngrams, codes):
    """Return the features of all occurrences by row, and the start of each row."""
    tfidf = ngrams.tfidf(codes, np.ones(ngrams.offsets[-1]))
    return tfidf.indices, tfidf.indptr


@each_case
def test_fitted_ngrams_equal_ngrams_counted_in_strings(
    names, ngram_range, min_df, separator
):
    ngrams, frequency = fit(names, ngram_range, min_df, separator)
    found = dict(zip(features_of(ngrams), frequency.tolist(), strict=True))
    assert len(found) == len(frequency)
    assert found == document_frequency(names, ngram_range, min_df, separator)
    assert ngrams.offsets[-1] == len(frequency)
    assert len(ngrams.keys) == ngram_range[1]
    for keys in ngrams.keys:
        assert (np.diff(keys) > 0).all()


@each_case
@pytest.mark.parametrize(
    "asked", [NAMES, SPACED, ["annika", "", "xanax", "dd"], [""]], ids=len
)
def test_tfidf_returns_each_occurrence_of_known_ngrams(
    names, ngram_range, min_df, separator, asked
):
    ngrams, _ = fit(names, ngram_range, min_df, separator)
    grams = np.array(features_of(ngrams))
    features, starts = occurrences(ngrams, encode(asked, length=9))
    assert features.dtype == np.int32
    assert starts[0] == 0
    assert starts[-1] == len(features)
    known = document_frequency(names, ngram_range, min_df, separator)
    for name, first, last in zip(asked, starts[:-1], starts[1:], strict=True):
        expected = count(name, ngram_range, separator)
        for gram in expected.keys() - known.keys():
            del expected[gram]
        assert Counter(grams[features[first:last]].tolist()) == expected


@each_case
def test_tfidf_values_of_each_row_have_norm_1(names, ngram_range, min_df, separator):
    ngrams, frequency = fit(names, ngram_range, min_df, separator)
    codes = encode(["xx", *NAMES, "", "xx", "annx", "xx"])
    idf = 1 / frequency**0.5
    tfidf = ngrams.tfidf(codes, idf)
    assert tfidf.shape == (len(codes), len(idf))
    for first, last in itertools.pairwise(tfidf.indptr):
        expected = idf[tfidf.indices[first:last]]
        length = np.linalg.norm(expected)
        assert_allclose(tfidf.data[first:last] * length, expected, rtol=1e-12)


@pytest.mark.parametrize("n_symbols", [2**16 + 1, 2**31])
def test_ngram_keys_of_many_symbols_do_not_overflow(n_symbols):
    codes = encode(NAMES)
    spread = codes * np.uint32((n_symbols - 3) // (len(LETTERS) + 1))
    assert spread.max() > n_symbols // 2
    small, expected = fit(NAMES, (1, 4), 2)
    ngrams, frequency = NGrams.fit(spread, (1, 4), 2, n_symbols)
    assert_array_equal(frequency, expected)
    for found, few in zip(
        occurrences(ngrams, spread), occurrences(small, codes), strict=True
    ):
        assert_array_equal(found, few)


@pytest.mark.parametrize("n_symbols", [3, 64, 65, 200])
@pytest.mark.parametrize("share", [0, 0.4, 1])
def test_lookup_finds_keys_by_prefix_and_symbol(n_symbols, share):
    prefixes, symbols = np.mgrid[-1:4, :n_symbols].reshape(2, -1)
    wanted = prefixes * n_symbols + symbols
    is_key = np.random.RandomState(0).uniform(size=len(wanted)) < share
    keys = wanted[is_key & (prefixes >= 0)]
    numbers = {key: i for i, key in enumerate(keys.tolist())}
    expected = [numbers.get(key, ABSENT) for key in wanted.tolist()]
    found = Lookup(keys, 4, n_symbols)(prefixes, Symbols(symbols))
    assert found.tolist() == expected


@pytest.mark.parametrize("chunk_rows", [1, 7])
def test_fitting_ngrams_in_chunks_gives_identical_arrays(chunk_rows, monkeypatch):
    codes = random_codes(50, 6, 3)

    def everything():
        ngrams, frequency = NGrams.fit(codes, (2, 3), 2, 5, separator=1)
        idf = inverse_document_frequency(frequency, len(codes))
        tfidf = ngrams.tfidf(codes, idf)
        arrays = [frequency, tfidf.indices, tfidf.indptr, tfidf.data]
        return [*ngrams.keys, *arrays]

    expected = everything()
    monkeypatch.setattr("sknames._network.prefixes.SLICE_CODES", chunk_rows * 6)
    for found, whole in zip(everything(), expected, strict=True):
        assert_array_equal(found, whole, strict=True)


def test_inverse_document_frequency_equals_scikit_learn():
    counts = np.array([[1, 0, 3], [2, 0, 0], [1, 1, 0], [4, 0, 0]])
    frequency = np.array([4, 1, 1])
    expected = TfidfTransformer().fit(counts).idf_
    found = inverse_document_frequency(frequency, len(counts))
    assert_allclose(found, expected, rtol=1e-6)
