"""The fitted network in one place: its sizes, its arrays, and which arrays are none."""

import dataclasses
import io

import numpy as np
import pytest

from sknames._forward import Forward
from sknames._network import Network, _narrow
from sknames._ngrams import NGrams
from sknames._recurrent_net import RecurrentNet

N_GATES = {"gru": 3, "rnn": 1, "sigmoid_rnn": 1}
SYMBOLS = np.array([2, 3, 5, 7], dtype=np.uint8)
N_CODES, N_CLASSES, SIZE, DIM = 6, 3, 5, 4
# With 7 symbols and marks: 6 n-grams of one symbol, 4 that begin with one of them, 2 of these.
KEYS = [np.array(keys, dtype=np.int32) for keys in ([0, 1, 2, 3, 4, 6], [1, 8, 20, 41], [0, 27])]
N_NGRAMS = {1: 12, 2: 6, 3: 2}  # by the shortest length that counts


def parts(cell="gru", num_layers=1, one_hot=False, min_n=1, separator=2, has_prior=True):
    """The arguments of a Network whose parts fit; min_n=None: without n-grams."""
    rng = np.random.RandomState(0)
    shapes = {} if one_hot else {"embedding": (N_CODES, DIM)}
    rows, input_size = N_GATES[cell] * SIZE, N_CODES if one_hot else DIM
    for k in range(num_layers):
        shapes[f"cells.{k}.weight_ih"] = rows, SIZE if k else input_size
        shapes[f"cells.{k}.weight_hh"] = rows, SIZE
        shapes[f"cells.{k}.bias_ih"] = shapes[f"cells.{k}.bias_hh"] = (rows,)
    shapes |= {"output.weight": (N_CLASSES, SIZE), "output.bias": (N_CLASSES,)}
    shapes |= {"next_symbol.weight": (N_CODES, SIZE), "next_symbol.bias": (N_CODES,)}
    if min_n is not None:
        n_ngrams = N_NGRAMS[min_n]
        shapes |= {"ngram_idf": (n_ngrams,), "ngram_weight": (n_ngrams, N_CLASSES)}
    return {
        "cell": cell,
        "symbols": SYMBOLS.copy(),
        "weights": {name: rng.randn(*shape).astype(np.float32) for name, shape in shapes.items()},
        "ngram_keys": [] if min_n is None else [keys.copy() for keys in KEYS],
        "separator": separator,
        "class_prior": np.array([0.5, 0.3, 0.2]) if has_prior else None,
    }


EVERY_KIND = [
    {"cell": cell, "num_layers": num_layers, "one_hot": one_hot, "min_n": min_n}
    for cell in N_GATES
    for num_layers in (1, 2, 3)
    for one_hot in (False, True)
    for min_n in (None, 1, 2, 3)
]
FEW_KINDS = {
    "gru": {},
    "rnn of two layers": {"cell": "rnn", "num_layers": 2, "min_n": 2},
    "one-hot of three layers": {"one_hot": True, "num_layers": 3, "separator": None},
    "no n-grams": {"cell": "sigmoid_rnn", "min_n": None},
    "no priors": {"has_prior": False},
}


@pytest.fixture(params=FEW_KINDS.values(), ids=FEW_KINDS)
def network(request):
    return Network(**parts(**request.param))


# ---- What it knows


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: "-".join(map(str, kind.values())))
def test_sizes_follow_from_shapes(kind):
    network = Network(**parts(**kind))
    network.check()
    assert network.cell == kind["cell"]
    assert network.n_codes == N_CODES
    assert network.n_classes == N_CLASSES
    assert network.hidden_size == SIZE
    assert network.num_layers == kind["num_layers"]
    assert network.embedding_dim == (None if kind["one_hot"] else DIM)
    assert network.n_ngrams == N_NGRAMS.get(kind["min_n"], 0)
    net = RecurrentNet(
        n_codes=network.n_codes,
        n_classes=network.n_classes,
        cell=network.cell,
        hidden_size=network.hidden_size,
        num_layers=network.num_layers,
        embedding_dim=network.embedding_dim,
        n_ngrams=network.n_ngrams,
        dropout=0,
        embedding_dropout=0,
        ngram_dropout=0,
    )
    of_torch = {name: tuple(value.shape) for name, value in net.named_parameters()}
    ours = {name: value.shape for name, value in network.weights.items() if name != "ngram_idf"}
    assert ours == of_torch


@pytest.mark.parametrize("min_n", [1, 2, 3])
@pytest.mark.parametrize("separator", [None, 1, 4])
def test_ngrams(min_n, separator):
    ngrams = Network(**parts(min_n=min_n, separator=separator)).ngrams
    assert (ngrams.min_n, ngrams.separator) == (min_n, separator)
    assert (ngrams.n_symbols, ngrams.end) == (7, 6)
    assert ngrams.offsets[-1] == N_NGRAMS[min_n]
    for ours, keys in zip(ngrams.keys, KEYS, strict=True):
        assert ours.dtype == np.int64  # a prefix times the symbols would not fit in four bytes
        np.testing.assert_array_equal(ours, keys)


def test_no_ngrams():
    assert Network(**parts(min_n=None)).ngrams is None
    none_is_frequent = [np.zeros(0, dtype=np.int32)] * 3
    network = Network(**parts(min_n=None) | {"ngram_keys": none_is_frequent})
    network.check()
    assert network.ngrams is None


def test_longest_ngrams_may_be_none():
    """None of the longest is frequent: the shortest length that counts is still told."""
    for min_n, n_ngrams in [(1, 10), (2, 4)]:
        given = parts(min_n=None) | {"ngram_keys": [*KEYS[:2], KEYS[2][:0]]}
        given["weights"]["ngram_idf"] = np.ones(n_ngrams, np.float32)
        given["weights"]["ngram_weight"] = np.ones((n_ngrams, N_CLASSES), np.float32)
        network = Network(**given)
        network.check()
        assert network.ngrams.min_n == min_n


# ---- Its arrays


def arrays_of(network):
    priors = [] if network.class_prior is None else [network.class_prior]
    return [network.symbols, *network.ngram_keys, *network.weights.values(), *priors]


def test_nothing_can_be_changed(network):
    for array in arrays_of(network):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(TypeError, match="item assignment"):
        network.weights["output.bias"] = np.zeros(N_CLASSES, np.float32)
    for field in dataclasses.fields(network):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(network, field.name, None)
    assert isinstance(network.ngram_keys, tuple)


def test_the_callers_parts_stay_as_they_were():
    given = parts()
    names, n_keys = list(given["weights"]), len(given["ngram_keys"])
    network = Network(**given)
    theirs = [given["symbols"], *given["ngram_keys"], *given["weights"].values()]
    theirs.append(given["class_prior"])
    for array, ours in zip(theirs, arrays_of(network), strict=True):
        assert array.flags.writeable
        assert np.shares_memory(array, ours)
    assert list(given["weights"]) == names
    # Whoever changes the dict or the list later changes no network.
    given["weights"].clear()
    given["ngram_keys"].clear()
    assert list(network.weights) == names and len(network.ngram_keys) == n_keys
    network.check()


def assert_same(network, expected):
    assert (network.cell, network.separator) == (expected.cell, expected.separator)
    assert type(network.cell) is str and type(network.separator) is type(expected.separator)
    assert list(network.weights) == list(expected.weights)
    for ours, theirs in zip(arrays_of(network), arrays_of(expected), strict=True):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        assert ours.tobytes() == theirs.tobytes()
        assert not ours.flags.writeable


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: "-".join(map(str, kind.values())))
@pytest.mark.parametrize("separator", [None, 4])
def test_arrays_and_back(kind, separator):
    network = Network(**parts(**kind, separator=separator))
    arrays = network.to_arrays()
    assert all(type(array) is np.ndarray for array in arrays.values())
    given = dict(arrays)
    again = Network.from_arrays(arrays)
    assert arrays == given  # the same arrays: nothing is taken out of the caller's dict
    assert_same(again, network)
    for ours, theirs in zip(arrays_of(again), arrays_of(network), strict=True):
        assert np.shares_memory(ours, theirs)
    assert list(again.to_arrays()) == list(arrays)


def test_arrays_are_files_without_objects(network):
    content = io.BytesIO()
    np.savez(content, **network.to_arrays())
    content.seek(0)
    with np.load(content, allow_pickle=False) as file:
        assert_same(Network.from_arrays(dict(file)), network)


# ---- Which arrays do not fit each other


def from_arrays(kind, **changes):
    """Take a network apart, change or drop (None) arrays, put it together again."""
    arrays = Network(**parts(**kind)).to_arrays() | changes
    return Network.from_arrays({k: value for k, value in arrays.items() if value is not None})


def assert_refused(kind, message, **changes):
    with pytest.raises(ValueError, match=message) as error:
        from_arrays(kind, **changes)
    assert str(error.value).endswith("Was the file changed?")


# Their absence shows in another array.
SHOWS_IN = {
    "embedding": (
        r"weights_\['cells\.0\.weight_ih'\] of the saved model: expected shape \(\d+, 6\), "
        r"got shape \(\d+, 4\)"
    ),
    "ngram_keys.2": (
        r"ngram_keys of the saved model: expected as many keys as weights_\['ngram_idf'\] has "
        r"values, \d+, got arrays of \[6, 4\] keys"
    ),
}


@pytest.mark.parametrize("kind", FEW_KINDS.values(), ids=FEW_KINDS)
def test_any_missing_array_is_refused(kind):
    network = Network(**parts(**kind))
    for name in network.to_arrays():
        part = rf"weights_\['{name}'\]" if name in network.weights else name
        message = SHOWS_IN.get(name, rf"^The saved model lacks {part}\.")
        assert_refused(kind, message, **{name: None})


@pytest.mark.parametrize("kind", FEW_KINDS.values(), ids=FEW_KINDS)
def test_any_changed_weight_is_refused(kind):
    for name, value in Network(**parts(**kind)).weights.items():
        shape = ", ".join(map(str, value.shape))
        for changed, message in [
            (value[..., None], rf"expected shape \((n|\d+),.*\), got shape \({shape}, 1\)"),
            (value.sum(), "expected an array, got float32"),
            (value.astype(np.float64), "expected dtype float32, got dtype float64"),
            (value.astype(np.float16), "expected dtype float32, got dtype float16"),
            (value.astype(np.int32), "expected dtype float32, got dtype int32"),
            (value.astype(object), "expected dtype float32, got dtype object"),
            (value.astype(">f4"), "expected dtype float32, got dtype >f4"),
            (value.tolist(), "expected an array, got list"),
            *[(np.full_like(value, x), "expected finite values") for x in (np.nan, np.inf)],
            (
                np.where(np.arange(value.size).reshape(value.shape), value, -np.inf),
                "expected finite values",
            ),
        ]:
            if name == "ngram_weight" and "float16" in message:
                continue  # as it is saved
            message = rf"^weights_\['{name}'\] of the saved model: {message}"
            assert_refused(kind, message, **{name: changed})


@pytest.mark.parametrize("kind", FEW_KINDS.values(), ids=FEW_KINDS)
def test_a_temperature_divides_the_logits(kind):
    network = Network(**parts(**kind))
    flatter, codes = network.with_temperature(1.4), np.array([[1, 2, 3], [2, 0, 0], [0, 0, 0]])
    expected = Forward(network, "float64").logits(codes) / 1.4
    np.testing.assert_allclose(Forward(flatter, "float64").logits(codes), expected, atol=1e-6)
    if network.class_prior is None:
        assert flatter.class_prior is None
    else:
        ratios = flatter.class_prior**1.4 / network.class_prior
        np.testing.assert_allclose(ratios, ratios[0])
    flatter.check()


@pytest.mark.parametrize("factor, dtype", [(1.0, "f2"), (1 + 2**-20, "f4"), (1e6, "f4")])
def test_ngram_weights_are_saved_in_half_precision_where_it_holds_them(factor, dtype):
    given = parts()
    values = np.resize(np.float32([0, 1, -0.25, 9]), given["weights"]["ngram_weight"].shape)
    given["weights"]["ngram_weight"] = values * np.float32(factor)
    network = Network(**given)
    arrays = network.to_arrays()
    assert arrays["ngram_weight"].dtype == dtype
    again = Network.from_arrays(arrays)
    assert again.weights["ngram_weight"].dtype == np.float32
    np.testing.assert_array_equal(again.weights["ngram_weight"], network.weights["ngram_weight"])


MANY = {"ngram_weight", "next_symbol.weight"}


def test_rounded_weights_are_saved_in_four_bits(network):
    rounded = network.rounded()
    rounded.check()
    for name, weight in network.weights.items():
        is_same = np.array_equal(rounded.weights[name], weight)
        assert is_same is (name not in MANY)
        if not is_same:
            np.testing.assert_allclose(rounded.weights[name], weight, atol=0.4)
    arrays = rounded.to_arrays()
    for name in MANY & arrays.keys():
        assert [arrays[f"{name}{part}"].dtype for part in ("", ".scale", ".zero_point")] == [
            "u1", "f2", "u1"
        ]  # fmt: skip
    assert_same(Network.from_arrays(arrays), rounded)
    assert MANY.isdisjoint(k for k, v in network.to_arrays().items() if v.dtype != np.float32)


def test_weights_that_four_bits_hold_but_nearly_are_saved_as_they_are():
    given = parts()
    weight = np.resize(np.float32([0, 1, 7]), given["weights"]["ngram_weight"].shape) / 3
    weight[-1, 0] = np.nextafter(weight[-1, 0], np.float32(9))
    given["weights"]["ngram_weight"] = weight
    network = Network(**given)
    arrays = network.to_arrays()
    assert arrays["ngram_weight"].dtype == np.float32
    assert_same(Network.from_arrays(arrays), network)


def test_any_missing_or_other_part_of_four_bits_is_refused():
    arrays = Network(**parts(min_n=2)).rounded().to_arrays()  # of 6 n-grams and as many codes
    for name in MANY:
        for part, shape, dtype in [
            ("", (3, arrays[name].shape[1]), "uint8"),
            (".scale", (6,), "of kind f"),
            (".zero_point", (6,), "uint8"),
        ]:
            array, label = arrays[name + part], rf"weights_\['{name}{part}'\]"
            for changed, message in [
                (None, rf"^The saved model lacks {label}\."),
                (array[None], rf"^weights_\['{name}.*expected shape"),
                (array[:-1], rf"^weights_\['{name}.*expected shape"),
                (array.astype(np.int8), rf"^{label} of the saved model: expected dtype {dtype}"),
                (array.tolist(), rf"^{label} of the saved model: expected an array"),
            ]:
                others = {key: value for key, value in arrays.items() if key != name + part}
                if changed is not None:
                    others[name + part] = changed
                with pytest.raises(ValueError, match=message):
                    Network.from_arrays(others)
            assert array.shape == shape


@pytest.mark.parametrize("kind", FEW_KINDS.values(), ids=FEW_KINDS)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("n_more", [-1, 1])
def test_any_other_size_is_refused(kind, axis, n_more):
    """Which of two sizes is the wrong one, no one can know: an array and both are told."""
    for name, value in Network(**parts(**kind)).weights.items():
        if axis < value.ndim:
            size = value.shape[axis]
            changed = value.take(np.arange(size + n_more) % size, axis=axis)
            message = r"^weights_\['.*'\] of the saved model: expected shape \(.*\), got shape \(.*"
            assert_refused(kind, message, **{name: changed})


@pytest.mark.parametrize("size", ["hidden_size", "embedding_dim", "n_classes", "n_ngrams"])
def test_sizes_are_at_least_1(size):
    """Arrays that fit each other and of which nothing is left."""
    given = parts()
    axes = {
        "hidden_size": {
            "cells.0.weight_ih": (0,),
            "cells.0.weight_hh": (0, 1),
            "cells.0.bias_ih": (0,),
            "cells.0.bias_hh": (0,),
            "output.weight": (1,),
            "next_symbol.weight": (1,),
        },
        "embedding_dim": {"embedding": (1,), "cells.0.weight_ih": (1,)},
        "n_classes": {"output.weight": (0,), "output.bias": (0,), "ngram_weight": (1,)},
        "n_ngrams": {"ngram_idf": (0,), "ngram_weight": (0,)},
    }[size]
    for name, those in axes.items():
        for axis in those:
            given["weights"][name] = given["weights"][name].take(np.arange(0), axis=axis)
    if size == "n_ngrams":
        given["ngram_keys"] = []
    with pytest.raises(ValueError, match=rf"^{size} of the saved model: .* from 1, got 0\. Was"):
        Network(**given).check()


def with_value(array, place, value, dtype=None):
    array = array.astype(dtype or array.dtype)
    array[place] = value
    return array


NO_SYMBOLS = {
    "reversed": (SYMBOLS[::-1], r"got \[7 5 3 2\]"),
    "repeated": (with_value(SYMBOLS, 1, 2), r"got \[2 2 5 7\]"),
    "first repeated at the end": (with_value(SYMBOLS, 3, 2), r"got \[2 3 5 2\]"),
    "0": (with_value(SYMBOLS, 0, 0), r"got \[0 3 5 7\]"),
    "0 among others": (np.array([-1, 0, 1, 2]), r"got \[-1  0  1  2\]"),
    "-0.0": (np.array([-1, -0.0, 1, 2]), r"got \[-1. -0.  1.  2.\]"),
    "NaN": (with_value(SYMBOLS, 3, np.nan, np.float64), r"got \[ 2.  3.  5. nan\]"),
    "infinity": (with_value(SYMBOLS, 3, np.inf, np.float32), r"got \[ 2.  3.  5. inf\]"),
    "-infinity": (with_value(SYMBOLS, 0, -np.inf, np.float64), r"got \[-inf   3.   5.   7.\]"),
}
OTHER_SYMBOLS = {
    "str": (SYMBOLS.astype(str), "expected dtype of kind b or i or u or f, got dtype <U3"),
    "object": (SYMBOLS.astype(object), "expected dtype of kind .*, got dtype object"),
    "complex": (SYMBOLS.astype(complex), "expected dtype of kind .*, got dtype complex128"),
    "2-D": (SYMBOLS[None], r"expected shape \(n,\), got shape \(1, 4\)"),
    "0-D": (np.array(2), r"expected shape \(n,\), got shape \(\)"),
    "list": (SYMBOLS.tolist(), "expected an array, got list"),
}


@pytest.mark.parametrize("symbols, got", NO_SYMBOLS.values(), ids=NO_SYMBOLS)
def test_symbols_are_sorted_numbers(symbols, got):
    message = f"^symbols_ .* expected sorted, distinct, finite values other than 0, {got}"
    assert_refused({}, message, symbols=symbols)


@pytest.mark.parametrize("symbols, message", OTHER_SYMBOLS.values(), ids=OTHER_SYMBOLS)
def test_symbols_are_an_array_of_numbers(symbols, message):
    assert_refused({}, f"^symbols_ of the saved model: {message}", symbols=symbols)


@pytest.mark.parametrize("n", [3, 5])
def test_symbols_are_as_many_as_the_codes(n):
    message = rf"^weights_\['embedding'\] .* expected shape \({n + 2}, 4\), got shape \(6, 4\)"
    assert_refused({}, message, symbols=np.arange(1, n + 1, dtype=np.uint8))


@pytest.mark.parametrize("values", [[-9, -2, 1, 10**9], [-0.5, 0.25, 1, 1e300]], ids=str)
def test_symbols_may_be_any_numbers(values):
    assert from_arrays({}, symbols=np.array(values)).symbols.tolist() == values


NO_KEYS = {
    "reversed": (KEYS[1][::-1].copy(), "expected sorted, distinct keys, got others"),
    "repeated": (with_value(KEYS[1], 1, 1), "expected sorted, distinct keys"),
    "negative": (with_value(KEYS[1], 0, -1), "expected keys from 0 to 41, got -1 to 41"),
    "too large": (with_value(KEYS[1], 3, 42), "expected keys from 0 to 41, got 1 to 42"),
    "floats": (KEYS[1].astype(np.float32), "expected dtype of kind i, got dtype float32"),
    "unsigned": (KEYS[1].astype(np.uint32), "expected dtype of kind i, got dtype uint32"),
    "objects": (KEYS[1].astype(object), "expected dtype of kind i, got dtype object"),
    "2-D": (KEYS[1][None], r"expected shape \(n,\), got shape \(1, 4\)"),
    "list": (KEYS[1].tolist(), "expected an array, got list"),
}


@pytest.mark.parametrize("keys, message", NO_KEYS.values(), ids=NO_KEYS)
def test_keys_are_sorted_and_in_range(keys, message):
    message = rf"^ngram_keys\.1 of the saved model: {message}"
    assert_refused({}, message, **{"ngram_keys.1": keys})


@pytest.mark.parametrize("order, limit", [(0, 7), (1, 6 * 7), (2, 4 * 7)])
def test_the_limits_of_keys_are_exact(order, limit):
    """A key is an n-gram one symbol shorter, and one of 7 symbols and marks."""
    name, keys = f"ngram_keys.{order}", KEYS[order]
    for place, key in [(0, 0), (-1, limit - 1)]:
        from_arrays({}, **{name: with_value(keys, place, key)})
    for place, key in [(0, -1), (-1, limit)]:
        message = rf"^ngram_keys\.{order} .* expected keys from 0 to {limit - 1}, got .*{key}"
        assert_refused({}, message, **{name: with_value(keys, place, key)})


def test_keys_are_as_many_as_the_ngrams():
    expected = r"^ngram_keys .* expected as many keys as weights_\['ngram_idf'\] has values, "
    fewer = {"ngram_keys.2": KEYS[2][:1]}
    assert_refused({}, expected + r"12, got arrays of \[6, 4, 1\] keys", **fewer)
    assert_refused({"min_n": 2}, expected + r"6, got arrays of \[6, 4, 1\] keys", **fewer)
    more = {"ngram_keys.3": np.array([0], dtype=np.int32)}
    assert_refused({"min_n": 3}, expected + r"2, got arrays of \[6, 4, 2, 1\] keys", **more)
    none = dict.fromkeys(["ngram_keys.0", "ngram_keys.1", "ngram_keys.2"])
    assert_refused({}, expected + r"12, got arrays of \[\] keys", **none)
    keys = {"ngram_keys.0": KEYS[0]}
    assert_refused({"min_n": None}, expected + r"0, got arrays of \[6\] keys", **keys)


@pytest.mark.parametrize(
    "separator, message",
    [
        (np.array([0]), "separator .* expected None or an integer from 1 to 4, got 0"),
        (np.array([-1]), "separator .* expected None or an integer from 1 to 4, got -1"),
        (np.array([5]), "separator .* expected None or an integer from 1 to 4, got 5"),
        (np.array([1.0]), "separator .* expected dtype of kind i, got dtype float64"),
        (np.array(["1"]), "separator .* expected dtype of kind i, got dtype <U1"),
        (np.array([None]), "separator .* expected dtype of kind i, got dtype object"),
        (np.array(1), r"separator .* expected shape \(n,\), got shape \(\)"),
        (np.array([[1]]), r"separator .* expected shape \(n,\), got shape \(1, 1\)"),
        (np.array([1, 2]), "separator .* expected one value or none, got 2"),
        (1, "separator .* expected an array, got int"),
    ],
    ids=repr,
)
def test_the_separator_is_a_code(separator, message):
    assert_refused({}, f"^{message}", separator=separator)


@pytest.mark.parametrize("separator", [0, 5, 1.0, "1", [1], np.nan, np.array([1, 2])], ids=repr)
def test_the_separator_is_an_integer(separator):
    message = "^separator .* expected None or an integer from 1 to 4, got "
    with pytest.raises(ValueError, match=message):
        Network(**parts() | {"separator": separator}).check()


def test_any_symbol_may_be_the_separator():
    for separator in (None, 1, 4):
        Network(**parts(separator=separator)).check()


NO_PRIORS = {
    "one fewer": (np.array([0.5, 0.5]), r"expected shape \(3,\), got shape \(2,\)"),
    "2-D": (np.full((3, 1), 1 / 3), r"expected shape \(n,\), got shape \(3, 1\)"),
    "list": ([0.5, 0.3, 0.2], "expected an array, got list"),
    "float32": (np.array([0.5, 0.3, 0.2], np.float32), "expected dtype float64, got dtype float32"),
    "negative": (np.array([0.5, 0.7, -0.2]), "expected shares that sum to 1, got"),
    "NaN": (np.array([0.5, 0.5, np.nan]), "expected shares that sum to 1, got"),
    "infinity": (np.array([0.5, 0.5, np.inf]), "expected shares that sum to 1, got"),
    "other sum": (np.array([0.5, 0.3, 0.3]), r"expected shares that sum to 1, got \[0.5 0.3 0.3\]"),
}


@pytest.mark.parametrize("priors, message", NO_PRIORS.values(), ids=NO_PRIORS)
def test_priors_are_shares_of_the_classes(priors, message):
    assert_refused({}, f"^class_prior of the saved model: {message}", class_prior=priors)


def test_priors_may_be_0():
    from_arrays({}, class_prior=np.array([0.0, 0.0, 1.0]))


# ---- Other priors


def test_with_priors_shifts_the_bias_alone():
    network, priors = Network(**parts()), np.array([0.2, 0.2, 0.6])
    shifted = network.with_priors(priors)
    shifted.check()
    shift = shifted.weights["output.bias"] - network.weights["output.bias"]
    np.testing.assert_allclose(shift, np.log(priors / [0.5, 0.3, 0.2]), atol=1e-6)
    for name, array in network.weights.items():
        assert np.shares_memory(shifted.weights[name], array) or name == "output.bias"
    np.testing.assert_array_equal(shifted.class_prior, priors)
    back = shifted.with_priors(network.class_prior).weights["output.bias"]
    np.testing.assert_allclose(back, network.weights["output.bias"], atol=1e-6)


def test_a_prior_of_0():
    """The probability is exactly 0, the bias finite, and there is no way back."""
    network = Network(**parts()).with_priors(np.array([0.4, 0.6, 0.0]))
    network.check()
    codes = np.array([[1, 2, 3, 4, 5]], dtype=np.uint8)
    (probabilities,) = Forward(network, "float64").probabilities(codes)
    assert probabilities[2] == 0 and (probabilities[:2] > 0).all()
    still = network.with_priors(np.array([0.5, 0.5, 0.0]))
    assert Forward(still, "float64").probabilities(codes)[0, 2] == 0
    with pytest.raises(ValueError, match="A class of prior 0 cannot get a positive one"):
        network.with_priors(np.full(3, 1 / 3))


def test_priors_that_are_not_known_cannot_be_exchanged():
    network = Network(**parts(has_prior=False))
    with pytest.raises(ValueError, match="suppose are not known.* file is of format 2 or older"):
        network.with_priors(np.full(3, 1 / 3))


@pytest.mark.parametrize(
    "cell, message",
    [
        (np.array("lstm"), "expected 'gru' or 'rnn' or 'sigmoid_rnn', got 'lstm'"),
        (np.array(""), "expected 'gru' or 'rnn' or 'sigmoid_rnn', got ''"),
        (np.array(["gru"]), r"expected shape \(\), got shape \(1,\)"),
        (np.array(b"gru"), r"expected dtype of kind U, got dtype \|S3"),
        (np.array("gru", dtype=object), "expected dtype of kind U, got dtype object"),
        (np.array(3), "expected dtype of kind U, got dtype int64"),
        ("gru", "expected an array, got str"),
    ],
    ids=repr,
)
def test_the_cell_is_one_of_three(cell, message):
    assert_refused({}, f"^cell of the saved model: {message}", cell=cell)


@pytest.mark.parametrize("cell", [None, 3, ["gru"], np.array("gru"), np.zeros(2)], ids=repr)
def test_the_cell_is_a_str(cell):
    with pytest.raises(ValueError, match="^cell .* expected 'gru' or 'rnn' or 'sigmoid_rnn', got "):
        Network(**parts() | {"cell": cell}).check()


@pytest.mark.parametrize("cell", N_GATES)
@pytest.mark.parametrize("written", N_GATES)
def test_a_cell_of_other_gates_is_refused(cell, written):
    """What tells the two of one gate apart is the name alone."""
    kind, other = {"cell": written}, np.array(cell)
    if N_GATES[cell] == N_GATES[written]:
        assert from_arrays(kind, cell=other).cell == cell
    else:
        expected, got = ((n * SIZE, DIM) for n in (N_GATES[cell], N_GATES[written]))
        message = rf"^weights_\['cells\.0\.weight_ih'\] .* expected shape \({expected[0]}, 4\), "
        assert_refused(kind, message + rf"got shape \({got[0]}, 4\)", cell=other)


@pytest.mark.parametrize("name", ["more", "output", "embedding.weight", "cell2"])
def test_further_arrays_are_refused(name):
    message = f"^weights_ of the saved model: expected no further arrays, got {name}. Was"
    assert_refused({}, message, **{name: np.zeros(1, np.float32)})


def test_further_arrays_of_any_name_are_refused():
    arrays = Network(**parts()).to_arrays() | {1: np.zeros(1), "more": np.zeros(1), None: 0}
    with pytest.raises(ValueError, match="expected no further arrays, got 1, None, more"):
        Network.from_arrays(arrays)


def test_a_layer_without_the_one_below_is_refused():
    arrays = Network(**parts(num_layers=3)).to_arrays()
    arrays = {name: array for name, array in arrays.items() if not name.startswith("cells.1.")}
    with pytest.raises(ValueError, match=r"lacks weights_\['cells\.1\.weight_ih'\]"):
        Network.from_arrays(arrays)


@pytest.mark.parametrize("arrays", [None, [], "arrays", 3, np.zeros(2)], ids=repr)
def test_arrays_are_a_dict(arrays):
    message = (
        f"^network_ of the saved model: expected a dict of arrays, got {type(arrays).__name__}"
    )
    with pytest.raises(ValueError, match=message):
        Network.from_arrays(arrays)


# ---- Before training

CODES = np.array([[1, 2, 0], [1, 3, 0], [1, 3, 2], [4, 0, 0]], dtype=np.uint8)


@pytest.mark.parametrize("ngram_range", [(1, 1), (1, 3), (2, 2), (2, 5)], ids=str)
@pytest.mark.parametrize("min_df", [1, 2])
@pytest.mark.parametrize("separator, code", [(None, None), (2, 1), (7, 4)])
def test_untrained(ngram_range, min_df, separator, code):
    """What it knows of n-grams is what NGrams finds; a separator is given as symbol."""
    network = Network.untrained("rnn", SYMBOLS, CODES, ngram_range, min_df, separator)
    expected, frequency = NGrams.fit(CODES, ngram_range, min_df, 7, code)
    assert (network.cell, network.separator) == ("rnn", code)
    assert network.symbols.tolist() == SYMBOLS.tolist()
    assert list(network.weights) == ["ngram_idf"]
    idf = network.weights["ngram_idf"]
    assert idf.dtype == np.float32
    np.testing.assert_allclose(idf, np.log(5 / (1 + frequency)) + 1, rtol=1e-6)
    assert [keys.tolist() for keys in network.ngram_keys] == [k.tolist() for k in expected.keys]
    assert {keys.dtype for keys in network.ngram_keys} == {np.dtype(np.int32)}
    assert network.ngrams.min_n == ngram_range[0]
    assert network.ngrams.separator == code


@pytest.mark.parametrize(
    "ngram_range, min_df, has_words, code",
    [(None, 1, False, None), (None, 1, True, 1), ((1, 5), 5, False, 1)],
)
def test_untrained_without_ngrams(ngram_range, min_df, has_words, code):
    network = Network.untrained("gru", SYMBOLS, CODES, ngram_range, min_df, 2, has_words=has_words)
    assert network.n_codes == N_CODES
    assert (dict(network.weights), network.ngram_keys, network.separator) == ({}, (), code)
    assert network.ngrams is None


def test_untrained_warns_of_a_separator_that_is_no_symbol():
    with pytest.warns(UserWarning, match="^separator=4 does not occur in X, so each row counts"):
        network = Network.untrained("gru", SYMBOLS, CODES, (1, 2), 1, 4)
    assert network.separator is None and network.n_ngrams
    Network.untrained("gru", SYMBOLS, CODES, None, 1, 4)  # nothing to separate


def test_keys_take_four_bytes_where_they_fit():
    largest = np.iinfo(np.int32).max
    for keys, dtype in [([], np.int32), ([largest], np.int32), ([0, largest + 1], np.int64)]:
        narrow = _narrow(np.array(keys, dtype=np.int64))
        assert narrow.dtype == dtype and narrow.tolist() == keys


# ---- Codes

INTEGERS = [np.dtype(f"{sign}{n}") for sign in "ui" for n in (1, 2, 4, 8)]
DTYPES = ["bool", *INTEGERS, "float16", "float32", "float64"]


def expected_codes(X, symbols):
    """Value by value, in the words of the docstring."""
    known = {symbol: i + 1 for i, symbol in enumerate(symbols.tolist())}
    rows = [[known.get(value, len(known) + 1) for value in row if value] for row in X.tolist()]
    return [row + [0] * (X.shape[1] - len(row)) for row in rows]


@pytest.mark.parametrize("of_symbols", DTYPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_codes_of_any_numbers(dtype, of_symbols):
    """Known, unknown, negative, fractional and large values, padding anywhere."""
    rng = np.random.RandomState(0)

    def numbers(values, dtype):
        if np.dtype(dtype).kind in "iu":
            info = np.iinfo(dtype)
            values = [int(x) for x in values if x == int(x) and info.min <= x <= info.max]
        return np.array(values).astype(dtype)

    values = [-128, -1, -0.5, 0, 0.25, 1, 2, 3, 5, 100, 127, 255, 256, 300, 40_000]
    X = rng.choice(numbers(values, dtype), (40, 7))
    symbols = np.unique(numbers(values[::2] + [3], of_symbols))
    symbols = symbols[symbols != 0]
    before = X.copy()
    codes = Network("gru", symbols, {}).to_codes(X)
    assert codes.tolist() == expected_codes(X, symbols)
    assert codes.dtype == np.uint8 and codes.shape == X.shape
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(Network("gru", symbols, {}).to_codes(np.asfortranarray(X)), codes)
    every_other = Network("gru", symbols, {}).to_codes(X[::2, ::-1])
    assert every_other.tolist() == expected_codes(X[::2, ::-1], symbols)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_codes_without_symbols(dtype):
    """A fit on padding alone knows no symbol: all are unknown."""
    X = np.array([[0, 1, 0], [0, 0, 0]], dtype=dtype)
    codes = Network("gru", np.zeros(0, np.uint8), {}).to_codes(X)
    assert codes.tolist() == [[1, 0, 0], [0, 0, 0]] and codes.dtype == np.uint8


@pytest.mark.parametrize("of_symbols", [np.int64, np.uint64])
@pytest.mark.parametrize("of_x", [np.int64, np.uint64])
def test_codes_of_integers_that_floats_would_round(of_symbols, of_x):
    symbols = np.array([2**60, 2**60 + 1, 2**62], dtype=of_symbols)
    X = np.array([[2**60 + 1, 2**60, 2**60 + 2, 2**62]], dtype=of_x)
    network = Network("gru", symbols, {})
    assert network.to_codes(X).tolist() == [[2, 1, 4, 3]]
    of_other_sign = np.array([[-5, 3]] if of_x == np.int64 else [[2**64 - 5, 3]], dtype=of_x)
    symbols = np.array([3, 2**64 - 5] if of_symbols == np.uint64 else [-5, 3], dtype=of_symbols)
    expected = [2, 1] if of_symbols == np.uint64 else [1, 2]
    if of_symbols != of_x:
        expected[0] = 3
    assert Network("gru", symbols, {}).to_codes(of_other_sign).tolist() == [expected]


@pytest.mark.parametrize("n, dtype", [(253, np.uint8), (254, np.uint16), (300, np.uint16)])
@pytest.mark.parametrize("of_x", [np.uint16, np.int64])
def test_codes_leave_room_for_the_mark_of_the_end(n, dtype, of_x):
    """n symbols, the unknown one, and behind it the end."""
    symbols = np.arange(1, n + 1, dtype=np.uint16)
    codes = Network("gru", symbols, {}).to_codes(np.array([[0, n, n + 1]], dtype=of_x))
    assert codes.tolist() == [[n, n + 1, 0]] and codes.dtype == dtype
