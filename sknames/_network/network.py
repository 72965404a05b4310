"""Define the fitted network, which training makes, and prediction, files and ONNX read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from .._base.saved_state import require
from .codes import code_of, to_codes
from .ngrams import NGrams, inverse_document_frequency
from .words import PRIME, Words

N_GATES = {"gru": 3, "rnn": 1, "sigmoid_rnn": 1}
KEYS = "ngram_keys."
WORDS = ("word_keys", "word_classes", "word_logits")
# The largest weights, which `rounded` stores in levels from 0 to HIGHEST a row.
LEVELS = ("ngram_weight", "next_symbol.weight")
HIGHEST = 15
# CharEncoder's code of the space, and the share of the rows that may begin with it.
SPACE, MAX_STRAY = 1, 0.01
MOST = 1e9  # products of larger weights would overflow
NEVER = -1e4  # the logit of a class with prior 0: finite, with a probability of exactly 0


@dataclass(frozen=True, eq=False)
class Network:
    """Hold what `fit` learns, as read-only arrays whose shapes give all sizes.

    The code of ``symbols[i]`` is ``i + 1``; 0 is padding, and the last code, ``n_symbols + 1``, a
    symbol that `fit` has not seen.
    """

    cell: str
    symbols: np.ndarray  # (n_symbols,), the distinct values of X without 0, sorted
    weights: Mapping  # float32 parameters by name, see `_layout`, with the "ngram_idf"
    ngram_keys: tuple = ()  # sorted keys of the n-grams of each length, see `NGrams`
    separator: int | None = None  # the code between words, if n-grams stay within words
    class_prior: Any = None  # (n_classes,), the priors that the logits assume, after training
    words: Words | None = None
    class_bias: Any = None  # (n_classes,), log odds to add to be right by class on people, or None

    def __post_init__(self):
        weights = {name: _read_only(array) for name, array in self.weights.items()}
        object.__setattr__(self, "symbols", _read_only(self.symbols))
        object.__setattr__(self, "weights", MappingProxyType(weights))
        object.__setattr__(self, "ngram_keys", tuple(map(_read_only, self.ngram_keys)))
        object.__setattr__(self, "class_prior", _read_only(self.class_prior))
        object.__setattr__(self, "class_bias", _read_only(self.class_bias))
        if self.words is not None:
            words = (self.words.keys, self.words.classes, self.words.logits)
            object.__setattr__(self, "words", Words(*map(_read_only, words)))

    @classmethod
    def untrained(cls, cell, symbols, codes, ngram_range, min_df, *, has_words=False):
        """Make a network without weights, with the n-grams in rows of codes.

        `ngram_range` and `min_df` are those of `NameNationalityClassifier`. `has_words` says
        whether words will be learned, too.
        """
        network = cls(cell, symbols, {})
        if ngram_range is None and not has_words:
            return network
        code = _space(symbols, codes)
        network = replace(network, separator=code)
        if ngram_range is None:
            return network
        ngrams, frequency = NGrams.fit(codes, ngram_range, min_df, network.n_codes + 1, code)
        if not len(frequency):
            return network
        weights = {"ngram_idf": inverse_document_frequency(frequency, len(codes))}
        return replace(network, weights=weights, ngram_keys=map(_narrow, ngrams.keys))

    @property
    def n_codes(self):
        """The number of codes: padding, the symbols, the unknown one."""
        return len(self.symbols) + 2

    @property
    def n_classes(self):
        """The number of classes."""
        return len(self.weights["output.bias"])

    @property
    def hidden_size(self):
        """The number of units of a layer's state."""
        return self.weights["output.weight"].shape[1]

    @property
    def num_layers(self):
        """The number of recurrent layers."""
        names = map(str, self.weights)
        return len({name.rpartition(".")[0] for name in names if name.startswith("cells.")})

    @property
    def embedding_dim(self):
        """The length of a symbol's vector, or None for one-hot input."""
        return self.weights["embedding"].shape[1] if "embedding" in self.weights else None

    @property
    def n_ngrams(self):
        """The number of n-gram features."""
        return len(self.weights.get("ngram_idf", ()))

    @cached_property
    def ngrams(self):
        """The NGrams that find n-grams in codes, or None."""
        if not self.n_ngrams:
            return None
        # Features are the n-grams from some shortest length on.
        sizes = np.cumsum([len(keys) for keys in self.ngram_keys][::-1])[::-1]
        min_n = 1 + int(np.flatnonzero(sizes == self.n_ngrams)[0])
        keys = [keys.astype(np.int64) for keys in self.ngram_keys]
        return NGrams(keys, self.n_codes + 1, min_n, self.separator)

    def to_codes(self, X):
        """Return the codes of an array of symbols."""
        return to_codes(X, self.symbols)

    def with_priors(self, priors):
        """Shift the output bias to other priors, (n_classes,), that sum to 1.

        A class with prior 0 is never predicted. Raise ValueError if a prior of 0 gets positive.
        """
        if (priors[self.class_prior == 0] > 0).any():
            raise ValueError(
                "A class of prior 0 cannot get a positive one, since the model does not know it. "
                "Start from a model in whose class_prior_ it is positive."
            )
        bias = np.full(len(priors), NEVER, dtype=np.float32)
        kept = priors > 0
        shift = np.log(priors[kept]) - np.log(self.class_prior[kept])
        bias[kept] = self.weights["output.bias"][kept] + shift
        return replace(self, weights=self.weights | {"output.bias": bias}, class_prior=priors)

    def with_temperature(self, temperature):
        """Divide all logits by a temperature (Guo et al. 2017), which flattens priors, too.

        A temperature above 1 makes the probabilities less sure, in the same order.
        """
        divided = {
            name: (array / np.float32(temperature)).astype(np.float32)
            for name, array in self.weights.items()
            if name in ("output.weight", "output.bias", "ngram_weight")
        }
        class_prior = self.class_prior ** (1 / temperature)
        class_prior /= class_prior.sum()
        words = None if self.words is None else self.words.scaled(1 / temperature)
        return replace(self, weights=self.weights | divided, class_prior=class_prior, words=words)

    def rounded(self):
        """Round most weights to 16 levels a row.

        Files hold these in a byte each, and compress them to less than half. It costs no accuracy:
        a name has some 30 n-grams, whose errors cancel out.
        """
        many = {name: self.weights[name] for name in LEVELS if name in self.weights}
        many = {name: numbers_of(*levels_of(weight)) for name, weight in many.items()}
        return replace(self, weights=self.weights | many)

    def to_arrays(self):
        """Return the network as a dict of arrays by name."""
        separator = [] if self.separator is None else [self.separator]
        arrays = {
            "cell": np.array(self.cell),
            "symbols": self.symbols,
            "separator": np.array(separator, dtype=np.int64),
            "class_prior": self.class_prior,
            **{f"{KEYS}{n}": keys for n, keys in enumerate(self.ngram_keys)},
            **self.weights,
        }
        if self.class_bias is not None:
            arrays["class_bias"] = self.class_bias
        if self.words is not None:
            # The differences of sorted keys are small, and compress better.
            keys = np.diff(self.words.keys, prepend=np.int32(0))
            words = keys, self.words.classes, _in_half(self.words.logits)
            arrays |= dict(zip(WORDS, words, strict=True))
        return arrays | self._compact_weights

    @cached_property
    def _compact_weights(self):
        """The weights in `LEVELS` as files hold them, cached since joblib pickles for each task."""
        found = {}
        for name in LEVELS:
            if name in self.weights:
                levels, scale, zero_point = levels_of(self.weights[name])
                if np.array_equal(numbers_of(levels, scale, zero_point), self.weights[name]):
                    found[name] = levels
                    found |= {f"{name}.scale": scale, f"{name}.zero_point": zero_point}
                else:
                    found[name] = _in_half(self.weights[name])
        return found

    @classmethod
    def from_arrays(cls, arrays, *, check=True):
        """Make a network from the arrays of `to_arrays`, checked unless their SHA-256 was."""
        if check:
            check_arrays(arrays)
        weights, words = dict(arrays), None
        class_bias = weights.pop("class_bias", None)
        keys = [weights.pop(name) for name in _key_names(arrays)]
        names = ("cell", "symbols", "separator", "class_prior")
        cell, symbols, separator, class_prior = map(weights.pop, names)
        if WORDS[0] in weights:
            steps, classes, logits = map(weights.pop, WORDS)
            words = Words(steps.cumsum(dtype=np.int32), classes, logits.astype(np.float32))
        for name in LEVELS:
            if f"{name}.scale" in weights:
                parts = (weights.pop(f"{name}.{part}") for part in ("scale", "zero_point"))
                weights[name] = numbers_of(weights[name], *parts)
            elif name in weights:
                weights[name] = weights[name].astype(np.float32, copy=False)
        separator = int(separator[0]) if len(separator) else None
        return cls(str(cell), symbols, weights, keys, separator, class_prior, words, class_bias)


def check_arrays(arrays):
    """Raise ValueError unless arrays match each other, as those of `Network.to_arrays` do."""
    require(isinstance(arrays, Mapping), "network_", "a dict of arrays", arrays)
    layout = _layout(arrays)
    for name, array in arrays.items():
        require(name in layout, name, "no such array", type(array))
    for name, (dtypes, shape) in layout.items():
        array = arrays.get(name)
        got = (array.dtype.str[1:], array.shape) if isinstance(array, np.ndarray) else type(array)
        is_right = isinstance(array, np.ndarray) and got[0].startswith(dtypes) and got[1] == shape
        require(is_right, name, f"an array of dtype {' or '.join(dtypes)} and shape {shape}", got)
        if array.dtype.kind == "f":  # a NaN fails the comparison
            most = float(np.finfo(array.dtype).max) if name == "symbols" else MOST
            is_small = float(np.abs(array).max(initial=0)) <= most
            require(is_small, name, f"finite values of at most {most:g}", array)
    _check_values(arrays)


def _layout(arrays):
    """Return the dtypes and the shape of each array by name, from the sizes of a few of them."""

    def size(name, axis=0):
        shape = np.shape(arrays.get(name))
        return shape[axis] if axis < len(shape) else 0

    n_symbols, n_classes = size("symbols"), size("output.weight")
    n_codes, hidden_size = n_symbols + 2, size("output.weight", 1)
    n_rows, input_size = N_GATES.get(str(arrays.get("cell")), 0) * hidden_size, n_codes
    layout = {
        "cell": (("U",), ()),
        "symbols": (("b", "i", "u", "f"), (n_symbols,)),
        "separator": (("i",), (min(size("separator"), 1),)),
        "class_prior": (("f8",), (n_classes,)),
    }
    if "class_bias" in arrays:
        layout["class_bias"] = layout["class_prior"]
    layout |= {name: (("i",), (size(name),)) for name in _key_names(arrays)}
    shapes = {}
    if "embedding" in arrays:
        input_size = size("embedding", 1)
        shapes["embedding"] = (n_codes, input_size)
    for k in range(max(1, sum(name.endswith(".weight_hh") for name in arrays))):
        shapes |= {
            f"cells.{k}.weight_ih": (n_rows, hidden_size if k else input_size),
            f"cells.{k}.weight_hh": (n_rows, hidden_size),
            f"cells.{k}.bias_ih": (n_rows,),
            f"cells.{k}.bias_hh": (n_rows,),
        }
    for name, n in [("output", n_classes), ("next_symbol", n_codes)]:
        shapes |= {f"{name}.weight": (n, hidden_size), f"{name}.bias": (n,)}
    if _key_names(arrays):
        shapes |= {"ngram_idf": (size("ngram_idf"),)}
        shapes |= {"ngram_weight": (size("ngram_idf"), n_classes)}
    layout |= {name: (("f4",), shape) for name, shape in shapes.items()}
    for name in shapes.keys() & set(LEVELS):
        layout[name] = ("f2", "f4"), shapes[name]
        if f"{name}.scale" in arrays:
            layout[name] = ("u1",), shapes[name]
            layout[f"{name}.scale"] = ("f2",), shapes[name][:1]
            layout[f"{name}.zero_point"] = ("u1",), shapes[name][:1]
    if "word_keys" in arrays:
        dtypes = ("i4",), ("u", "i"), ("f2", "f4")
        layout |= {
            name: (kinds, (size("word_keys"),)) for name, kinds in zip(WORDS, dtypes, strict=True)
        }
    return layout


def _check_values(arrays):
    """Raise ValueError for arrays of the right shapes with wrong values."""
    cell, symbols, separator = (arrays[name] for name in ("cell", "symbols", "separator"))
    require(str(cell) in N_GATES, "cell", [*N_GATES], cell)
    is_sorted = _rises(symbols) and 0 not in symbols
    require(is_sorted, "symbols", "sorted, distinct values other than 0", symbols)
    is_code = ((separator >= 1) & (separator <= len(symbols))).all()
    require(is_code, "separator", f"a code from 1 to {len(symbols)}, or none", separator)
    prior = arrays["class_prior"]
    are_shares = (prior >= 0).all() and abs(prior.sum() - 1) < 1e-6
    require(are_shares, "class_prior", "shares that sum to 1", prior)
    n_before, sizes = 1, []
    for name in _key_names(arrays):
        # A key is the number of an (n - 1)-gram times the number of codes, plus a code.
        keys, end = arrays[name], n_before * (len(symbols) + 3)
        is_sorted = _rises(keys) and (keys[:1] >= 0).all() and (keys[-1:] < end).all()
        require(is_sorted, name, f"sorted, distinct keys from 0 to {end - 1}", keys)
        n_before = len(keys)
        sizes.append(n_before)
    n_ngrams = len(arrays.get("ngram_idf", ()))
    counts = np.cumsum(sizes[::-1]).tolist() or [0]  # features start at some shortest length
    require(n_ngrams in counts, "ngram_idf", f"as many values as n-grams, {sizes}", n_ngrams)
    if "word_keys" in arrays:
        steps, classes, _ = (arrays[name] for name in WORDS)
        keys, n_classes = steps.cumsum(dtype=np.int64), len(prior)
        are_numbers = (steps >= 0).all() and keys.max(initial=0) < PRIME
        require(are_numbers, WORDS[0], f"steps to numbers below {PRIME}", steps)
        are_classes = (classes >= 0).all() and (classes < n_classes).all()
        require(are_classes, WORDS[1], f"classes from 0 to {n_classes - 1}", classes)
        is_sorted = _rises(keys * n_classes + classes)
        require(is_sorted, WORDS[0], "sorted, distinct entries", steps)


def _key_names(arrays):
    return [f"{KEYS}{n}" for n in range(sum(name.startswith(KEYS) for name in arrays))]


def _rises(array):
    """Return whether each value is larger than the one before."""
    return (array[1:] > array[:-1]).all()  # np.diff would wrap around below 0


def _space(symbols, codes):
    """Return the code of the space, or None if too many rows begin with that symbol."""
    code = code_of(SPACE, symbols)
    if code is not None and np.count_nonzero(codes[:, 0] == code) > MAX_STRAY * len(codes):
        return None
    return code


def _narrow(keys):
    """Return sorted keys in 4 bytes each if that is enough."""
    fit = not len(keys) or keys[-1] <= np.iinfo(np.int32).max
    return keys.astype(np.int32 if fit else np.int64)


def levels_of(numbers):
    """Round each row of numbers to 16 levels (Jacob et al. 2018); return levels and parameters.

    ``number = (level - zero_point) * scale``, with a scale (float16) and a zero point (uint8) for
    each row. 0 is a level; the first and last levels are the smallest and largest number, or 0.
    Rounding twice changes nothing.
    """
    with np.errstate(all="ignore"):  # some numbers have no scale in half precision
        lowest, highest = numbers.min(axis=1, initial=0), numbers.max(axis=1, initial=0)
        exact = (highest - lowest) / np.float32(HIGHEST)
        scale = exact.astype(np.float16)
        # A scale rounded down lets a row fill all levels, so that rounding again finds it.
        is_above = scale > exact * np.float32(1 + 1e-6)
        scale = np.where(is_above, np.nextafter(scale, np.float16(0)), scale)
        step = np.where(scale, scale, 1).astype(np.float32)  # rows of zeros have scale 0
        zero_point = np.floor(-lowest / step + 0.5)
        levels = np.rint(numbers / step[:, None] + zero_point[:, None]).clip(0, HIGHEST)
        return levels.astype(np.uint8), scale, zero_point.astype(np.uint8)


def numbers_of(levels, scale, zero_point):
    """Return the float32 numbers of levels."""
    numbers = levels.astype(np.float32)
    numbers -= zero_point[:, None]
    numbers *= scale[:, None].astype(np.float32)
    return numbers


def _in_half(array):
    """Return an array in half precision if that loses nothing, or as it is."""
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half if np.array_equal(half, array) else array


def _read_only(array):
    if isinstance(array, np.ndarray):
        array = array.view()
        array.flags.writeable = False
    return array
