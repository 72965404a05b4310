"""Tests of the fitted network: sizes, arrays, priors and codes."""

import io
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknames._network import forward as _forward
from sknames._network import ngrams as _ngrams
from sknames._network import quantized as _quantized
from sknames._network import words as _words
from sknames._network.network import QUANTIZED, Measured, Network, narrow
from tests.conftest import random_codes, random_network
from tools.retrain.rounding import quantize, rounded, with_temperature

SYMBOLS = np.array([2, 3, 5, 7], dtype=np.uint8)
N_CODES = 6
N_CLASSES = 3
SIZE = 5
KINDS = {
    "gru": {},
    "rnn of two layers": {"cell": "rnn", "num_layers": 2, "ngram_range": (2, 3)},
    "one-hot of three layers": {
        "embedding_dim": None,
        "num_layers": 3,
        "ngram_range": (3, 3),
    },
    "no n-grams": {"cell": "sigmoid_rnn", "ngram_range": None},
    "head and words": {"n_classes": 2, "n_labels": N_CLASSES},
}


def make(**params):
    params = {"n_classes": N_CLASSES, "ngram_range": (1, 3), "separator": 2} | params
    seen = random_codes(40, 6, N_CODES - 1)
    network = random_network(
        **{"hidden_size": SIZE, "embedding_dim": 4} | params, seen=seen, symbols=SYMBOLS
    )
    return replace(network, class_prior=np.array([0.5, 0.3, 0.2]))


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def kind(request):
    return {"cell": "gru", "num_layers": 1} | request.param


@pytest.fixture
def network(kind):
    return make(**kind)


# ---- Sizes and n-grams


@pytest.mark.parametrize("min_n, separator", [(1, None), (2, 1), (3, 4)])
def test_ngram_vocabulary_has_stored_keys_as_int64(min_n, separator):
    network = make(ngram_range=(min_n, 3), separator=separator)
    ngrams = network.ngrams
    assert (ngrams.min_n, ngrams.separator) == (min_n, separator)
    assert (ngrams.n_symbols, ngrams.end) == (7, 6)
    assert ngrams.offsets[-1] == network.n_ngrams > 5
    for ours, keys in zip(ngrams.keys, network.ngram_keys, strict=True):
        # A prefix times the symbols would not fit in four bytes.
        assert ours.dtype == np.int64
        assert_array_equal(ours, keys)


def test_min_n_is_found_if_longest_ngrams_are_missing():
    network = make(ngram_range=(2, 3))
    n_left = len(network.ngram_keys[1])
    weights = dict(network.weights)
    for name in ("ngram_idf", "ngram_weight"):
        weights[name] = weights[name][:n_left]
    keys = [*network.ngram_keys[:2], network.ngram_keys[2][:0]]
    network = replace(network, weights=weights, ngram_keys=keys)
    assert Network.from_arrays(network.to_arrays()).ngrams.min_n == 2


# ---- Arrays


def arrays_of(network):
    weights = _quantized.to_plain(network.weights)
    arrays = [network.symbols, *network.ngram_keys, *weights.values()]
    if network.words is not None:
        arrays += vars(network.words).values()
    return [*arrays, network.class_prior]


def test_arrays_of_network_are_read_only(network):
    for array in [*arrays_of(network), *arrays_of(rounded(network))]:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def assert_same(network, expected):
    assert (network.cell, network.separator) == (expected.cell, expected.separator)
    assert list(network.weights) == list(expected.weights)
    for ours, theirs in zip(arrays_of(network), arrays_of(expected), strict=True):
        assert_array_equal(ours, theirs, strict=True)


@pytest.mark.parametrize("coverage", [0.9, None])
def test_measured_statistics_survive_conversion_to_arrays_and_back(coverage):
    figures = {"model_error": 0.4, "sharpness": 1.5, "coverage": coverage}
    measured = Measured(np.array([0.5, -0.5]), np.array([7, 9]), **figures)
    network = replace(make(), measured=measured)
    again = Network.from_arrays(network.to_arrays())
    assert repr(again.measured) == repr(measured)  # floats, not 0-d arrays
    assert Network.from_arrays(make().to_arrays()).measured is None
    with pytest.raises(ValueError, match="read-only"):
        network.measured.class_bias[0] = 0


def halved(network):
    weights = dict(network.weights)
    for name in weights.keys() & {"ngram_weight"}:
        weights[name] = weights[name].astype("f2")
    return replace(network, weights=weights)


each_storage = pytest.mark.parametrize("store", [halved, rounded])


@each_storage
def test_network_reloaded_from_saved_arrays_is_identical(network, store):
    network = store(network)
    content = io.BytesIO()
    np.savez(content, **network.to_arrays())
    content.seek(0)
    with np.load(content, allow_pickle=False) as file:
        arrays = dict(file)
    given = dict(arrays)
    assert_same(Network.from_arrays(arrays), network)
    assert arrays == given  # nothing is taken out of the caller's dict


@each_storage
@pytest.mark.parametrize("dtype", ["auto", "float64"])
def test_quantized_weights_predict_like_dequantized_weights(network, store, dtype):
    stored = store(network)
    floats = dict(stored.weights)
    for name in floats.keys() & {*QUANTIZED}:
        floats[name] = _quantized.dequantize(floats[name])
    ours = _forward.Forward(stored, dtype)
    plain = _forward.Forward(replace(stored, weights=floats), dtype)
    codes = np.arange(90).reshape(30, 3) % 5
    for rows in (codes[1:3], codes):
        assert_array_equal(ours.logits(rows), plain.logits(rows), strict=True)


# ---- Quantized weights


def random_rows(n_rows=9):
    """Some beyond 0, and the last all 0."""
    numbers = np.random.RandomState(0).normal(size=(n_rows, 5)).astype(np.float32)
    numbers[:1] += 10
    numbers[1:2] -= 3
    numbers[-1:] = 0
    return numbers


def test_quantize_rounds_to_the_nearest_of_sixteen_levels():
    rows = random_rows()
    for row, found in zip(rows, _quantized.dequantize(quantize(rows)), strict=True):
        step = (row.max(initial=0) - row.min(initial=0)) / 15
        # Scales are in half precision, and the outer half of an outermost step may be
        # cut off.
        at_end = np.isin(row, [row.min(), row.max()])
        assert (np.abs(found - row) <= step * (0.5 + 0.5 * at_end) + 5e-3).all()


@pytest.mark.parametrize("n_rows", [0, 1, 9, 999])
@pytest.mark.parametrize("size", [1e-3, 1, 50])
def test_quantize_is_idempotent(n_rows, size):
    numbers = _quantized.dequantize(quantize(random_rows(n_rows) * np.float32(size)))
    again = quantize(numbers)
    assert [part.dtype for part in vars(again).values()] == ["u1", "f2", "u1"]
    assert again.levels.max(initial=0) <= 15
    assert_array_equal(_quantized.dequantize(again), numbers, strict=True)
    nearly = numbers * np.float32(1 - 3e-7)  # a rounding error
    assert_array_equal(_quantized.dequantize(quantize(nearly)), numbers, strict=True)
    if n_rows:
        rows = np.array([[-1, 0], [0, n_rows // 2]])
        found = _quantized.dequantize(again.take(rows, axis=0))
        assert_array_equal(found, numbers[rows], strict=True)


def test_rounding_quantized_weights_again_changes_nothing(network):
    small = rounded(network)
    arrays = small.to_arrays()
    assert_same(rounded(small), small)
    again = Network.from_arrays(arrays).weights
    for name, weight in network.weights.items():
        if name in QUANTIZED:
            found = small.weights[name]
            assert_allclose(_quantized.dequantize(found), weight, atol=0.4)
            assert np.shares_memory(arrays[name], found.levels)
            assert np.shares_memory(again[name].levels, found.levels)
        else:
            assert np.shares_memory(arrays[name], weight)


# ---- Temperature


def test_temperature_divides_logits_and_flattens_priors(network):
    codes = np.array([[1, 2, 3], [2, 0, 0], [0, 0, 0]])
    flatter = with_temperature(network, 1.4)
    expected = _forward.Forward(network, "float64").logits(codes) / 1.4
    found = _forward.Forward(flatter, "float64").logits(codes)
    assert_allclose(found, expected, atol=1e-3)
    expected = network.class_prior ** (1 / 1.4)
    assert_allclose(flatter.class_prior, expected / expected.sum())
    if network.words is not None:
        expected = network.words.logits / 1.4
        assert_allclose(flatter.words.logits, expected, rtol=1e-3)


# ---- Priors


def test_with_priors_changes_only_bias_and_priors(network):
    priors = np.array([0.2, 0.2, 0.6])
    bias = "head.bias" if "head.bias" in network.weights else "output.bias"
    shifted = network.with_priors(priors)
    shift = shifted.weights[bias] - network.weights[bias]
    assert_allclose(shift, np.log(priors / [0.5, 0.3, 0.2]), atol=1e-6)
    for name, array in network.weights.items():
        if name != bias:
            assert np.shares_memory(shifted.weights[name], array)
    assert_array_equal(shifted.class_prior, priors)
    back = shifted.with_priors(network.class_prior).weights[bias]
    assert_allclose(back, network.weights[bias], atol=1e-6)


def test_class_with_prior_0_in_with_priors_has_probability_0():
    network = make().with_priors(np.array([0.4, 0.6, 0.0]))
    codes = np.array([[1, 2, 3, 4, 5]], dtype=np.uint8)
    (probabilities,) = _forward.Forward(network, "float64").probabilities(codes)
    assert probabilities[2] == 0
    assert (probabilities[:2] > 0).all()
    still = network.with_priors(np.array([0.5, 0.5, 0.0]))
    assert _forward.Forward(still, "float64").probabilities(codes)[0, 2] == 0
    message = "A class with prior 0 cannot get a positive prior"
    with pytest.raises(ValueError, match=message):
        network.with_priors(np.full(3, 1 / 3))


def test_ngram_keys_use_int32_if_they_fit():
    largest = np.iinfo(np.int32).max
    for keys, dtype in [([], "i4"), ([largest], "i4"), ([0, largest + 1], "i8")]:
        found = narrow(np.array(keys, dtype=np.int64))
        assert found.dtype == dtype
        assert found.tolist() == keys


# ---- Codes

# Data types for which codes are found in different ways.
DTYPES = ["bool", "uint8", "int8", "uint16", "int64", "float32"]
# Cast to small types, some of these change, and some become equal.
VALUES = np.array([-128, -1, 0, 1, 2, 3, 5, 100, 127, 255, 256, 300, 65_408, 65_536])


@pytest.mark.parametrize("of_symbols", DTYPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_to_codes_numbers_symbols_and_moves_padding_to_end(dtype, of_symbols):
    X = np.random.RandomState(0).choice(VALUES, (40, 20)).astype(dtype)
    before = X.copy()
    symbols = np.unique(VALUES[1::2].astype(of_symbols))
    code_of = {symbol: code for code, symbol in enumerate(symbols.tolist(), start=1)}
    for rows in (X, np.asfortranarray(X), X[::2, ::-1]):
        codes = Network("gru", symbols, {}).to_codes(rows)
        assert codes.dtype == np.uint8
        assert codes.shape == rows.shape
        for row, found in zip(rows.tolist(), codes.tolist(), strict=True):
            expected = [code_of.get(x, len(symbols) + 1) for x in row if x]
            padding = [0] * (len(row) - len(expected))
            assert found == expected + padding
    assert_array_equal(X, before)


@pytest.mark.parametrize(
    "symbols, row, codes",
    [
        ([], np.array([-1, 0, 2]), [1, 1, 0]),
        ([0.25, 1], np.array([0.5, 0.25, 1]), [3, 1, 2]),
        ([0.25, 1], np.array([0, 1, 2], np.uint8), [2, 3, 0]),
        ([1, 1 << 16], np.array([1, 65_535], np.uint16), [1, 3]),
        ([1, 1 << 16], np.array([1 << 16, 1], np.uint32), [2, 1]),
        ([1, 1 << 16], np.array([1 << 16, 1, 65_535]), [2, 1, 3]),
    ],
)
def test_to_codes_accepts_negative_large_and_fractional_symbols(symbols, row, codes):
    network = Network("gru", np.array(symbols), {})
    assert network.to_codes(row[None]).tolist() == [codes]


@pytest.mark.parametrize("n, dtype", [(253, np.uint8), (254, np.uint16)])
@pytest.mark.parametrize("of_x", [np.uint16, np.int64])
def test_dtype_of_codes_leaves_room_for_end_mark(n, dtype, of_x):
    network = Network("gru", np.arange(1, n + 1), {})
    codes = network.to_codes(np.array([[0, n, n + 1]], dtype=of_x))
    assert codes.tolist() == [[n, n + 1, 0]]
    assert codes.dtype == dtype


@pytest.mark.parametrize(
    "work",
    [
        Network("gru", np.arange(1, 4, dtype=np.uint8), {}).to_codes,
        lambda X: _ngrams.NGrams.fit(X, (1, 3), 1, 6, 1)[0].tfidf(X, np.ones(999)),
        lambda X: _words.Words.fit(
            X, np.arange(len(X)) % 2, np.ones(len(X)), 2, 1, 0.2
        ),
    ],
    ids=["codes", "n-grams", "words"],
)
def test_single_long_row_among_short_rows_needs_little_memory(work):
    X = np.zeros((1_000, 20_000), dtype=np.uint8)
    X[:, :12] = np.random.RandomState(0).randint(1, 4, size=(1_000, 12))
    X[17] = 2
    tracemalloc.start()
    work(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * X.size
