"""The fitted network, in one place: training makes one; prediction, files and exporters read it."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from ._ngrams import NGrams, find_separator, inverse_document_frequency
from ._saved_state import check_array, check_choice, check_holds, check_integer, refuse, rises, some
from ._symbols import code_of, to_codes
from ._words import MAX_CLASSES, PRIME, Words

N_GATES = {"gru": 3, "rnn": 1, "sigmoid_rnn": 1}
KEYS = "ngram_keys."
WORDS = ("word_keys", "word_classes", "word_logits")
# Most of the numbers. `fit` learns them in half precision; `rounded` leaves 16 levels a row.
LEVELS = ("ngram_weight", "next_symbol.weight")
HIGHEST = 15
# The logit of a class of prior 0: finite, and its probability is exactly 0.
NEVER = -1e4


@dataclass(frozen=True, eq=False)
class Network:
    """What `fit` learns: how rows of symbols become logits of the classes.

    Its arrays are read-only, and all its sizes follow from their shapes.

    Parameters
    ----------
    cell : {"gru", "rnn", "sigmoid_rnn"}
    symbols : ndarray of shape (n_symbols,)
        The distinct values of X without 0, sorted. The code of ``symbols[i]`` is ``i + 1``; 0 is
        padding, and the last code, ``n_symbols + 1``, a symbol that `fit` has not seen.
    weights : dict of str to ndarray of float32
        The parameters by name (`_shapes` lists them), and "ngram_idf", the inverse document
        frequencies of the n-grams that count.
    ngram_keys : sequence of ndarray, default=()
        The n-grams of each length as sorted keys (see `NGrams`); empty without n-grams.
    separator : int or None, default=None
        The code between words, if n-grams keep to words.
    class_prior : ndarray of shape (n_classes,) or None, default=None
        The priors of the classes that the logits assume; None before training.
    words : Words or None, default=None
        The words that count beside the n-grams.
    """

    cell: str
    symbols: np.ndarray
    weights: Mapping
    ngram_keys: tuple = ()
    separator: int | None = None
    class_prior: np.ndarray | None = None
    words: Words | None = None

    def __post_init__(self):
        weights = {name: _read_only(array) for name, array in self.weights.items()}
        object.__setattr__(self, "symbols", _read_only(self.symbols))
        object.__setattr__(self, "weights", MappingProxyType(weights))
        object.__setattr__(self, "ngram_keys", tuple(map(_read_only, self.ngram_keys)))
        object.__setattr__(self, "class_prior", _read_only(self.class_prior))
        if self.words is not None:
            words = (self.words.keys, self.words.classes, self.words.logits)
            object.__setattr__(self, "words", Words(*map(_read_only, words)))

    @classmethod
    def untrained(cls, cell, symbols, codes, ngram_range, min_df, separator, *, has_words=False):
        """A network that knows its n-grams, from rows of codes, and has no weights yet.

        `ngram_range`, `min_df` and `separator` are the parameters of `NameNationalityClassifier`;
        `has_words` says whether words are to be learned, too.
        """
        network = cls(cell, symbols, {})
        if ngram_range is None and not has_words:
            return network
        auto = separator == "auto"
        code = find_separator(codes) if auto else code_of(separator, symbols)
        if not auto and separator is not None and code is None:
            warnings.warn(
                f"separator={separator} does not occur in X, so each row counts as one word. Give "
                "the code of the space, for CharEncoder alphabet_.index(' ') + 1, or None.",
                UserWarning,
                stacklevel=3,
            )
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
        """Number of codes: padding, the symbols, the unknown one."""
        return len(self.symbols) + 2

    @property
    def n_classes(self):
        """Number of classes."""
        return len(self.weights["output.bias"])

    @property
    def hidden_size(self):
        """Number of units of a layer's state."""
        return self.weights["output.weight"].shape[1]

    @property
    def num_layers(self):
        """Number of recurrent layers."""
        names = map(str, self.weights)
        return len({name.rpartition(".")[0] for name in names if name.startswith("cells.")})

    @property
    def embedding_dim(self):
        """Length of the vector of a symbol, or None for one-hot input."""
        return self.weights["embedding"].shape[1] if "embedding" in self.weights else None

    @property
    def n_ngrams(self):
        """Number of n-grams that count."""
        return len(self.weights.get("ngram_idf", ()))

    @cached_property
    def ngrams(self):
        """The NGrams that find n-grams in codes, or None."""
        if not self.n_ngrams:
            return None
        # All lengths count from some shortest one on.
        sizes = np.cumsum([len(keys) for keys in self.ngram_keys][::-1])[::-1]
        min_n = 1 + int(np.flatnonzero(sizes == self.n_ngrams)[0])
        keys = [keys.astype(np.int64) for keys in self.ngram_keys]
        return NGrams(keys, self.n_codes + 1, min_n, self.separator)

    def to_codes(self, X):
        """Codes of an array of symbols, see `to_codes`."""
        return to_codes(X, self.symbols)

    def with_priors(self, priors):
        """The same network under other priors of the classes: a shift of the output bias.

        Parameters
        ----------
        priors : ndarray of shape (n_classes,)
            They sum to 1; a class of prior 0 is never predicted.

        Raises
        ------
        ValueError
            If a prior is 0 and is to be positive.
        """
        if (priors[self.class_prior == 0] > 0).any():
            raise ValueError(
                "A class of prior 0 cannot get a positive one: the model no longer knows it, or has"
                " never seen it. Start from a model in whose class_prior_ it is positive."
            )
        bias = np.full(len(priors), NEVER, dtype=np.float32)
        kept = priors > 0
        shift = np.log(priors[kept]) - np.log(self.class_prior[kept])
        bias[kept] = self.weights["output.bias"][kept] + shift
        return replace(self, weights=self.weights | {"output.bias": bias}, class_prior=priors)

    def with_temperature(self, temperature):
        """The same network with all logits divided by a temperature (Guo et al. 2017).

        Above 1, its probabilities are less sure; which is the largest does not change. Priors other
        than equal ones become as flat.
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
        """The same network with most of its weights rounded to 16 levels a row.

        Files then hold them in a byte each, and compress them to less than half. It costs no
        accuracy: a name has some 30 n-grams, and their errors cancel out.
        """
        many = {name: self.weights[name] for name in LEVELS if name in self.weights}
        many = {name: numbers_of(*levels_of(weight)) for name, weight in many.items()}
        return replace(self, weights=self.weights | many)

    def to_arrays(self):
        """Take it apart into a dict of arrays by name."""
        separator = [] if self.separator is None else [self.separator]
        arrays = {
            "cell": np.array(self.cell),
            "symbols": self.symbols,
            "separator": np.array(separator, dtype=np.int64),
            "class_prior": self.class_prior,
            **{f"{KEYS}{n}": keys for n, keys in enumerate(self.ngram_keys)},
            **self.weights,
        }
        if self.words is not None:
            # Sorted, so that differences have fewer digits: a compressed file is smaller.
            keys = np.diff(self.words.keys, prepend=np.int32(0))
            words = keys, self.words.classes, _in_half(self.words.logits)
            arrays |= dict(zip(WORDS, words, strict=True))
        return arrays | self._compact_weights

    @cached_property
    def _compact_weights(self):
        """The weights in `LEVELS` as files hold them; each task of joblib is sent them anew."""
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
    def from_arrays(cls, arrays):
        """Put together what `to_arrays` took apart.

        Parameters
        ----------
        arrays : dict of str to ndarray

        Raises
        ------
        ValueError
            If they do not fit each other: it names one, what was expected and what came.
        """
        if not isinstance(arrays, Mapping):
            refuse("network_", "a dict of arrays", type(arrays).__name__)
        n_lengths = sum(str(name).startswith(KEYS) for name in arrays)
        names = [
            "cell",
            "symbols",
            "separator",
            "class_prior",
            *(f"{KEYS}{n}" for n in range(n_lengths)),
        ]
        check_holds(arrays, names)
        weights = dict(arrays)
        for name in LEVELS:
            if f"{name}.scale" in weights:
                parts = (weights.pop(f"{name}.{part}") for part in ("scale", "zero_point"))
                weights[name] = numbers_of(weights[name], *parts)
            elif name in weights:
                weights[name] = weights[name].astype(np.float32, copy=False)
        cell, symbols, separator, class_prior, *keys = (weights.pop(name) for name in names)
        check_array(cell, "cell", shape=(), kinds="U")
        check_array(separator, "separator", kinds="i")
        if len(separator) > 1:
            refuse("separator", "one value or none", str(len(separator)))
        separator = int(separator[0]) if len(separator) else None
        check_array(class_prior, "class_prior", kinds="f")
        words = None
        if any(name in weights for name in WORDS):
            check_holds(weights, WORDS)
            steps, classes, logits = (weights.pop(name) for name in WORDS)
            check_array(steps, WORDS[0], kinds="i")
            check_array(logits, WORDS[2], kinds="f")
            numbers = steps.cumsum(dtype=np.int64)
            if not ((0 <= steps).all() and numbers.max(initial=0) < PRIME):
                refuse(WORDS[0], f"steps to numbers below {PRIME}", some(steps))
            words = Words(numbers.astype(np.int32), classes, logits.astype(np.float32))
        network = cls(str(cell), symbols, weights, keys, separator, class_prior, words)
        network.check()
        return network

    def check(self):
        """Raise ValueError if the arrays do not fit each other.

        It names one, what was expected and what came.
        """
        check_choice("cell", self.cell, N_GATES)
        check_array(self.symbols, "symbols_", kinds="biuf")
        if not rises(self.symbols) or not np.isfinite(self.symbols).all() or 0 in self.symbols:
            refuse("symbols_", "sorted, distinct, finite values other than 0", some(self.symbols))
        expected = set()
        for name, shape in self._shapes():
            if not np.isfinite(self._check_weights(name, shape)).all():
                refuse(f"weights_[{name!r}]", "finite values", "others")
            expected.add(name)
        if set(self.weights) != expected:
            more = ", ".join(sorted(map(str, set(self.weights) - expected)))
            refuse("weights_", "no further arrays", more)
        self._check_ngram_keys()
        if self.words is not None:
            self._check_words()
        if self.separator is not None:
            check_integer("separator", self.separator, 1, len(self.symbols), "None or ")
        if self.class_prior is not None:
            check_array(self.class_prior, "class_prior", (self.n_classes,), dtype=np.float64)
            # NaN is neither above nor below.
            if not (self.class_prior >= 0).all() or not abs(self.class_prior.sum() - 1) < 1e-6:
                refuse("class_prior", "shares that sum to 1", some(self.class_prior))

    def _shapes(self):
        """Yield name and shape of each array of `weights`, from few sizes that the first tell."""
        n_codes = self.n_codes
        size = self._size("hidden_size", "cells.0.weight_hh", axis=1)
        n_classes = self._size("n_classes", "output.weight", axis=0)
        input_size, rows = n_codes, N_GATES[self.cell] * size
        if "embedding" in self.weights:
            input_size = self._size("embedding_dim", "embedding", axis=1)
            yield "embedding", (n_codes, input_size)
        for layer in range(self.num_layers):
            yield f"cells.{layer}.weight_ih", (rows, size if layer else input_size)
            yield f"cells.{layer}.weight_hh", (rows, size)
            yield f"cells.{layer}.bias_ih", (rows,)
            yield f"cells.{layer}.bias_hh", (rows,)
        for name, n in [("output", n_classes), ("next_symbol", n_codes)]:
            yield f"{name}.weight", (n, size)
            yield f"{name}.bias", (n,)
        if "ngram_idf" in self.weights or "ngram_weight" in self.weights:
            n_ngrams = self._size("n_ngrams", "ngram_weight", axis=0)
            yield "ngram_weight", (n_ngrams, n_classes)
            yield "ngram_idf", (n_ngrams,)

    def _size(self, name, array, axis):
        size = self._check_weights(array, (None, None)).shape[axis]
        check_integer(name, size, 1)
        return size

    def _check_weights(self, name, shape):
        label = f"weights_[{name!r}]"
        check_holds({f"weights_[{name!r}]" for name in self.weights}, [label])
        check_array(self.weights[name], label, shape, dtype=np.float32)
        return self.weights[name]

    def _check_words(self):
        """Entries are sorted by word and class, and refer to classes that there are."""
        keys, classes, logits = self.words.keys, self.words.classes, self.words.logits
        check_array(keys, WORDS[0], dtype=np.int32)
        check_array(classes, WORDS[1], keys.shape, kinds="iu")
        check_array(logits, WORDS[2], keys.shape, dtype=np.float32)
        if not (classes < self.n_classes).all() or not (classes >= 0).all():
            refuse(WORDS[1], f"classes from 0 to {self.n_classes - 1}", some(classes))
        if not rises(keys.astype(np.int64) * self.n_classes + classes):
            refuse(WORDS[0], "sorted, distinct entries", "others")
        if (keys[MAX_CLASSES:] == keys[:-MAX_CLASSES]).any():
            refuse(WORDS[0], f"at most {MAX_CLASSES} entries of a word", "more")
        if not np.isfinite(logits).all():
            refuse(WORDS[2], "finite values", "others")

    def _check_ngram_keys(self):
        """Each length's keys are sorted, and name an n-gram that is one symbol shorter."""
        n_before, n_symbols = 1, self.n_codes + 1
        for n, keys in enumerate(self.ngram_keys):
            name = f"{KEYS}{n}"
            check_array(keys, name, kinds="i")
            if not rises(keys):
                refuse(name, "sorted, distinct keys", "others")
            if len(keys) and not 0 <= keys[0] <= keys[-1] < n_before * n_symbols:
                most = n_before * n_symbols - 1
                refuse(name, f"keys from 0 to {most}", f"{keys[0]} to {keys[-1]}")
            n_before = len(keys)
        sizes = np.cumsum([len(keys) for keys in self.ngram_keys][::-1], dtype=np.int64)
        if self.n_ngrams not in (sizes if self.n_ngrams else [int(sizes.max(initial=0))]):
            refuse(
                "ngram_keys",
                f"as many keys as weights_['ngram_idf'] has values, {self.n_ngrams}",
                f"arrays of {[len(keys) for keys in self.ngram_keys]} keys",
            )


def _narrow(keys):
    """Sorted keys in 4 bytes where they fit."""
    fit = not len(keys) or keys[-1] <= np.iinfo(np.int32).max
    return keys.astype(np.int32 if fit else np.int64)


def levels_of(numbers):
    """Round rows of numbers to 16 levels each (Jacob et al. 2018).

    ``number = (level - zero_point) * scale``, with a scale and a zero point of each row. 0 is a
    level, and the first and the last are the smallest and the largest number, or 0. Numbers that
    are rounded already stay the same.

    Returns
    -------
    levels : ndarray of shape (n, m), uint8
    scale : ndarray of shape (n,), float16
    zero_point : ndarray of shape (n,), uint8
    """
    with np.errstate(all="ignore"):  # numbers that half precision cannot scale do not come back
        lowest, highest = numbers.min(axis=1, initial=0), numbers.max(axis=1, initial=0)
        exact = (highest - lowest) / np.float32(HIGHEST)
        scale = exact.astype(np.float16)
        # Rounded down, so that a row fills all levels, by which its scale is found again.
        is_above = scale > exact * np.float32(1 + 1e-6)
        scale = np.where(is_above, np.nextafter(scale, np.float16(0)), scale)
        step = np.where(scale, scale, 1).astype(np.float32)  # all numbers of a row may be 0
        zero_point = np.floor(-lowest / step + 0.5)
        levels = np.rint(numbers / step[:, None] + zero_point[:, None]).clip(0, HIGHEST)
        return levels.astype(np.uint8), scale, zero_point.astype(np.uint8)


def numbers_of(levels, scale, zero_point):
    """Return the numbers that `levels_of` took apart, float32."""
    numbers = levels.astype(np.float32)
    numbers -= zero_point[:, None]
    numbers *= scale[:, None].astype(np.float32)
    return numbers


def _in_half(array):
    """An array in two bytes a number if they hold it, otherwise as it is."""
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half if np.array_equal(half, array) else array


def _read_only(array):
    if isinstance(array, np.ndarray):  # what else comes is for `check` to refuse
        array = array.view()
        array.flags.writeable = False
    return array
