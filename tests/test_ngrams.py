"""N-grams of codes against n-grams of strings, counted by `collections.Counter`."""

import itertools
from collections import Counter

import numpy as np
import pytest

from sknames._network.ngrams import (
    ABSENT,
    Lookup,
    NGrams,
    Symbols,
    inverse_document_frequency,
)
from sknames._network.prefixes import plan_prefixes

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
]
CASES = [(NAMES, *case, None) for case in RANGES] + [
    (SPACED, (1, 4), n, 1) for n in (1, 2)
]
each_range = pytest.mark.parametrize("ngram_range, min_df", RANGES, ids=str)
each_case = pytest.mark.parametrize(
    "names, ngram_range, min_df, separator", CASES, ids=str
)


def encode(names, length=None, scale=1):
    """Codes of names; a letter that is not in `LETTERS` is the unknown symbol."""
    length = max(map(len, names)) if length is None else length
    codes = np.zeros((len(names), length), dtype=np.uint32)
    for row, name in zip(codes, names, strict=True):
        places = [
            LETTERS.index(c) + 1 if c in LETTERS else len(LETTERS) + 1 for c in name
        ]
        row[: len(name)] = np.array(places, dtype=np.uint32) * scale
    return codes


def count(name, ngram_range, separator=None):
    text = f" {name} " if separator else f"^{name}$"
    return Counter(
        text[i : i + n]
        for n in range(ngram_range[0], ngram_range[1] + 1)
        for i in range(len(text) - n + 1)
        if not separator or " " not in text[i + 1 : i + n - 1]
    )


def document_frequency(names, ngram_range, min_df, separator=None):
    frequency = Counter(
        gram for name in names for gram in count(name, ngram_range, separator)
    )
    return {gram: n for gram, n in frequency.items() if n >= min_df}


def features_of(ngrams, scale=1):
    """The string of each feature, read off the keys."""
    letter = {0: "^", ngrams.end: "$", (len(LETTERS) + 1) * scale: "?"}
    letter |= {(i + 1) * scale: c for i, c in enumerate(LETTERS)}
    before, features = [""], []
    for n, keys in enumerate(ngrams.keys, start=1):
        prefixes, symbols = np.divmod(keys, ngrams.n_symbols)
        before = [
            before[p] + letter[s]
            for p, s in zip(prefixes.tolist(), symbols.tolist(), strict=True)
        ]
        if n >= ngrams.min_n:
            features += before
    return features


def fit(names, ngram_range, min_df, separator=None):
    return NGrams.fit(encode(names), ngram_range, min_df, len(LETTERS) + 3, separator)


@each_case
def test_fit_finds_the_ngrams_of_strings(names, ngram_range, min_df, separator):
    ngrams, frequency = fit(names, ngram_range, min_df, separator)
    found = dict(zip(features_of(ngrams), frequency.tolist(), strict=True))
    assert len(found) == len(frequency)
    assert found == document_frequency(names, ngram_range, min_df, separator)
    assert ngrams.offsets[-1] == len(frequency)
    assert len(ngrams.keys) == ngram_range[1]
    assert all((np.diff(keys) > 0).all() for keys in ngrams.keys)


def test_fit_without_frequent_ngrams_finds_none():
    ngrams, frequency = fit(NAMES, (2, 4), 100)
    assert len(frequency) == 0
    features, starts = ngrams.of_rows(encode(["anna", ""]))
    assert len(features) == 0
    np.testing.assert_array_equal(starts, [0, 0, 0])


@each_case
@pytest.mark.parametrize(
    "asked", [NAMES, SPACED, ["annika", "", "xanax", "dd"], [""]], ids=len
)
def test_of_rows_lists_each_occurrence(names, ngram_range, min_df, separator, asked):
    ngrams, _ = fit(names, ngram_range, min_df, separator)
    grams = np.array(features_of(ngrams))
    features, starts = ngrams.of_rows(encode(asked, length=9))
    assert features.dtype == np.int32
    assert starts[0] == 0 and starts[-1] == len(features)
    known = document_frequency(names, ngram_range, min_df, separator)
    for i, name in enumerate(asked):
        found = Counter(grams[features[starts[i] : starts[i + 1]]].tolist())
        expected = {
            g: n for g, n in count(name, ngram_range, separator).items() if g in known
        }
        assert found == expected


@each_range
def test_tfidf_of_a_row_has_length_1(ngram_range, min_df):
    ngrams, frequency = fit(NAMES, ngram_range, min_df)
    codes, idf = encode(["xx", *NAMES, "", "xx", "annx", "xx"]), 1 / frequency**0.5
    features, starts, values = ngrams.tfidf(codes, idf)
    n_empty = 0
    for first, last in itertools.pairwise(starts):
        expected = idf[features[first:last]]
        np.testing.assert_allclose(
            values[first:last] * np.linalg.norm(expected), expected, rtol=1e-12
        )
        n_empty += first == last
    assert (n_empty >= 3) == (ngram_range[0] > 1)
    for found, listed in zip((features, starts), ngrams.of_rows(codes), strict=True):
        np.testing.assert_array_equal(found, listed)


@each_case
@pytest.mark.parametrize("share", [True, False])
def test_find_on_a_tree_is_find_in_rows(names, ngram_range, min_df, separator, share):
    ngrams, _ = fit(names, ngram_range, min_df, separator)
    codes = encode([*NAMES, *SPACED, "xan", "annx"])
    plan = plan_prefixes(codes, share=share)
    text = np.concatenate(
        [plan.symbols.astype(np.int64), np.full(len(codes), ngrams.end)]
    )
    parents = np.concatenate([plan.parents, plan.ends])
    found = np.stack(ngrams.find(text, parents), axis=1)
    features, starts = ngrams.of_rows(codes)
    for i in range(len(codes)):
        node, on_path = len(plan.symbols) + i, Counter(found[0].tolist())
        while node != 0:
            on_path.update(found[node].tolist())
            node = parents[node]
        del on_path[ABSENT]
        assert on_path == Counter(features[starts[i] : starts[i + 1]].tolist())


@pytest.mark.parametrize("n_symbols", [2**16 + 1, 2**31, 2**32 - 1])
def test_fit_of_many_symbols_does_not_overflow(n_symbols):
    scale = (n_symbols - 3) // (len(LETTERS) + 1)
    codes = encode(NAMES, scale=scale)
    assert codes.max() > n_symbols // 2
    ngrams, frequency = NGrams.fit(codes, (1, 4), 2, n_symbols)
    found = dict(zip(features_of(ngrams, scale=scale), frequency.tolist(), strict=True))
    assert found == document_frequency(NAMES, (1, 4), 2)
    small, _ = fit(NAMES, (1, 4), 2)
    for big, expected in zip(
        ngrams.of_rows(codes), small.of_rows(encode(NAMES)), strict=True
    ):
        np.testing.assert_array_equal(big, expected)


@pytest.mark.parametrize("n_symbols", [3, 64, 65, 200])
@pytest.mark.parametrize("share", [0, 0.4, 1])
def test_lookup_finds_keys_by_prefix_and_symbol(n_symbols, share):
    prefixes, symbols = np.mgrid[-1:4, :n_symbols].reshape(2, -1)
    wanted = prefixes * n_symbols + symbols
    keys = wanted[
        (prefixes >= 0) & (np.random.RandomState(0).uniform(size=len(wanted)) < share)
    ]
    numbers = {key: i for i, key in enumerate(keys.tolist())}
    found = Lookup(keys, 4, n_symbols)(prefixes, Symbols(symbols))
    assert found.tolist() == [numbers.get(key, ABSENT) for key in wanted.tolist()]


@pytest.mark.parametrize("chunk_rows", [1, 7, 1000])
def test_fit_in_chunks_gives_the_same_arrays(chunk_rows, monkeypatch):
    rng = np.random.RandomState(0)
    codes = rng.randint(1, 4, size=(50, 6)).astype(np.uint8)
    codes[np.arange(6) >= rng.randint(0, 7, size=(50, 1))] = 0

    def everything():
        ngrams, frequency = NGrams.fit(codes, (2, 3), 2, 5, separator=1)
        idf = inverse_document_frequency(frequency, len(codes))
        return [*ngrams.keys, frequency, *ngrams.tfidf(codes, idf)]

    expected = everything()
    monkeypatch.setattr(
        "sknames._network.prefixes.SLICE_CODES", chunk_rows * codes.shape[1]
    )
    for found, whole in zip(everything(), expected, strict=True):
        np.testing.assert_array_equal(found, whole)
        assert found.dtype == whole.dtype
