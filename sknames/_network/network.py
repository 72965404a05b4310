"""Define the fitted network, which training makes, and prediction, files and ONNX read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from .._base.saved_state import require
from .codes import code_table, to_codes
from .ngrams import NGrams, inverse_document_frequency
from .quantized import Quantized, join, split
from .words import PRIME, Words

N_GATES = {"gru": 3, "rnn": 1, "sigmoid_rnn": 1}
KEYS = "ngram_keys."
WORDS = ("word_keys", "word_classes", "word_logits")
# The largest weights, which may be Quantized.
LEVELS = ("ngram_weight", "next_symbol.weight", "head.ngram_weight")
# The arrays of `to_arrays`, in a line those that are there together: kinds of the dtype, and sizes,
# each the same wherever it stands. {k} counts layers, and lengths of n-grams.
LAYOUT = (
    "cell U, symbols biuf symbols, separator i separators, class_prior f {labels}, "
    "output.weight f classes units, output.bias f classes, "
    "next_symbol.weight f codes units, next_symbol.bias f codes",
    "cells.{k}.weight_ih f gates {inputs}, cells.{k}.weight_hh f gates units, "
    "cells.{k}.bias_ih f gates, cells.{k}.bias_hh f gates",
    "class_bias f {labels}",
    "embedding f codes inputs",
    "ngram_keys.{k} i keys.{k}",
    "ngram_idf f ngrams, ngram_weight f ngrams classes",
    "head.weight f labels classes, head.bias f labels, "
    "head.ngrams i own, head.ngram_weight f own labels",
    "word_keys i entries, word_classes iu entries, word_logits f entries",
)
# CharEncoder's code of the space, and the share of the rows that may begin with it.
SPACE, MAX_STRAY = 1, 0.01
NEVER = -1e4  # the logit of a class with prior 0: finite, with a probability of exactly 0


@dataclass(frozen=True, eq=False)
class Network:
    """Hold what `fit` learns, as read-only arrays whose shapes give all sizes.

    The code of ``symbols[i]`` is ``i + 1``; 0 is padding, and the last code, ``n_symbols + 1``, a
    symbol that `fit` has not seen.

    Weights of a "head" turn the logits of net and n-grams into those of other classes: it is linear
    in them, "head.weight" and "head.bias", and in some of the same n-grams, "head.ngram_weight",
    the sorted features of which are "head.ngrams". Priors and words are then of these classes.
    """

    cell: str
    symbols: np.ndarray  # (n_symbols,), the distinct values of X without 0, sorted
    weights: Mapping  # float32 parameters by name, with the "ngram_idf"; see `LEVELS`
    ngram_keys: tuple = ()  # sorted keys of the n-grams of each length, see `NGrams`
    separator: int | None = None  # the code between words, if n-grams stay within words
    class_prior: Any = None  # (n_classes,), the priors that the logits assume, after training
    words: Words | None = None
    class_bias: Any = None  # (n_classes,), log odds that correct the bias on people, or None

    def __post_init__(self):
        for name, value in [*vars(self).items()]:
            object.__setattr__(self, name, _read_only(value))

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
        return replace(network, weights=weights, ngram_keys=[*map(_narrow, ngrams.keys)])

    @property
    def n_codes(self):
        """The number of codes: padding, the symbols, the unknown one."""
        return len(self.symbols) + 2

    @property
    def n_classes(self):
        """The number of classes."""
        return len(self.weights[self._bias])

    @property
    def _bias(self):
        """The name of the weights that the priors of the classes shift."""
        return "head.bias" if "head.bias" in self.weights else "output.bias"

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
        return to_codes(X, self.symbols, self._code_table)

    @cached_property
    def _code_table(self):
        return code_table(self.symbols)

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
        bias[kept] = self.weights[self._bias][kept] + shift
        return replace(self, weights=self.weights | {self._bias: bias}, class_prior=priors)

    def to_arrays(self):
        """Return the network as a dict of arrays by name."""
        separator = [] if self.separator is None else [self.separator]
        arrays = {
            "cell": np.array(self.cell),
            "symbols": self.symbols,
            "separator": np.array(separator, dtype=np.int64),
            "class_prior": self.class_prior,
            **{f"{KEYS}{n}": keys for n, keys in enumerate(self.ngram_keys)},
            **split(self.weights),
        }
        if self.class_bias is not None:
            arrays["class_bias"] = self.class_bias
        if self.words is not None:
            # The differences of sorted keys are small, and compress better.
            keys = np.diff(self.words.keys, prepend=np.int32(0))
            arrays |= dict(zip(WORDS, (keys, self.words.classes, self.words.logits), strict=True))
        return arrays

    @classmethod
    def from_arrays(cls, arrays, *, check=True):
        """Make a network from the arrays of `to_arrays`.

        Unchecked are those of a file whose SHA-256 was. They are taken over: the first answer takes
        less memory if the keys of words are summed in place.
        """
        if check:
            check_arrays(arrays)
        weights, words = join(arrays), None
        class_bias = weights.pop("class_bias", None)
        keys = [weights.pop(name) for name in _key_names(arrays)]
        names = ("cell", "symbols", "separator", "class_prior")
        cell, symbols, separator, class_prior = map(weights.pop, names)
        if WORDS[0] in weights:
            steps, classes, logits = map(weights.pop, WORDS)
            out = None if check else steps
            words = Words(steps.cumsum(dtype=np.int32, out=out), classes, logits)
        separator = int(separator[0]) if len(separator) else None
        return cls(str(cell), symbols, weights, keys, separator, class_prior, words, class_bias)


def check_arrays(arrays):
    """Raise ValueError unless arrays fit together, are finite, and hold no index out of bounds."""
    require(isinstance(arrays, Mapping), "network_", "a dict of arrays", arrays)
    require(str(arrays.get("cell")) in N_GATES, "cell", [*N_GATES], arrays.get("cell"))
    layout = _layout(arrays)
    require(arrays.keys() == layout.keys(), "network_", f"the arrays {[*layout]}", [*arrays])
    symbols, n_units = arrays["symbols"], (0, *np.shape(arrays["output.weight"]))[-1]
    sizes = {"codes": np.size(symbols) + 2, "gates": N_GATES[str(arrays["cell"])] * n_units}
    sizes["separators"] = min(1, np.size(arrays["separator"]))
    for name, (kinds, *shape) in layout.items():
        array = arrays[name]
        got = [array.dtype.kind, *array.shape] if isinstance(array, np.ndarray) else [type(array)]
        for size, n in zip(shape, got[1:], strict=False):
            sizes.setdefault(size, n)
        shape = [sizes.get(size) for size in shape]
        expected = f"an array of kind {kinds} and shape {shape}"
        require(got[0] in [*kinds] and got[1:] == shape, name, expected, got)
        require(got[0] != "f" or np.isfinite(array).all(), name, "finite values", array)

    require((symbols[1:] > symbols[:-1]).all(), "symbols", "sorted, distinct values", symbols)
    n_of_length = [1]
    for name in _key_names(arrays):
        # A key is the index of an (n - 1)-gram times the number of codes, plus a code.
        _require_indices(name, arrays[name], n_of_length[-1] * (len(symbols) + 3))
        n_of_length.append(len(arrays[name]))
    n_ngrams = sizes.get("ngrams", 0)  # all from some shortest length on
    expected = f"as many values as n-grams, {n_of_length[1:]}"
    require(n_ngrams in np.cumsum([0, *n_of_length[:0:-1]]), "ngram_idf", expected, n_ngrams)
    _require_indices("head.ngrams", arrays.get("head.ngrams", np.zeros(0, int)), n_ngrams)
    if WORDS[0] in arrays:
        steps, classes = (arrays[name] for name in WORDS[:2])
        n_classes = len(arrays["class_prior"])
        require(np.isin(classes, range(n_classes)).all(), WORDS[1], "indices of classes", classes)
        entries = steps.cumsum(dtype=np.int64) * n_classes + classes
        _require_indices(WORDS[0], entries, PRIME * n_classes)


def _layout(arrays):
    """Return the kinds of the dtype and the sizes of each array that should be there, by name."""
    labels = "labels" if "head.weight" in arrays else "classes"
    inputs, layout = "inputs" if "embedding" in arrays else "codes", {}
    for line in LAYOUT:
        for k in range(len(arrays)):
            text = line.format(k=k, inputs="units" if k else inputs, labels=labels)
            group = {name: sizes for name, *sizes in map(str.split, text.split(","))}
            if group.keys().isdisjoint(arrays):
                break
            layout |= group
    for name, (_, *sizes) in [*layout.items()]:
        if f"{name}.scale" in arrays:
            rows = {f"{name}.scale": ["f", sizes[0]], f"{name}.zero_point": ["u", sizes[0]]}
            layout |= {name: ["u", *sizes], **rows}
    return layout


def _require_indices(name, array, n):
    """Raise ValueError unless an array has sorted, distinct integers from 0 to n - 1."""
    values = np.concatenate([[-1], array, [n]])
    rises = (values[1:] > values[:-1]).all()  # np.diff would wrap around below 0
    require(rises, name, f"sorted, distinct integers from 0 to {n - 1}", array)


def _key_names(arrays):
    return [f"{KEYS}{n}" for n in range(sum(name.startswith(KEYS) for name in arrays))]


def _space(symbols, codes):
    """Return the code of the space, or None if too many rows begin with that symbol."""
    code = 1 + np.flatnonzero(symbols == SPACE)
    if not len(code) or np.count_nonzero(codes[:, 0] == code) > MAX_STRAY * len(codes):
        return None
    return int(code[0])


def _narrow(keys):
    """Return sorted keys in 4 bytes each if that is enough."""
    fit = not len(keys) or keys[-1] <= np.iinfo(np.int32).max
    return keys.astype(np.int32 if fit else np.int64)


def _read_only(value):
    """Return arrays, and what holds some, as what cannot be written to."""
    if isinstance(value, Quantized | Words):
        return type(value)(*map(_read_only, vars(value).values()))
    if isinstance(value, Mapping):
        return MappingProxyType({name: _read_only(array) for name, array in value.items()})
    if isinstance(value, list | tuple):
        return tuple(map(_read_only, value))
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value
