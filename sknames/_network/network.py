"""The fitted network, which training creates and prediction, files and ONNX read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from .codes import encode
from .ngrams import NGrams
from .prefixes import compact, row_slices
from .quantized import Quantized, from_plain, to_plain
from .words import Words

# Prefixes of the names of arrays in `Network.to_arrays`.
KEYS = "ngram_keys."  # and the position in `Network.ngram_keys`
MEASURED = "measured."  # and a field of `Measured`
WORDS = "word_"  # and a field of `Words`
# The largest weights, which may be Quantized.
QUANTIZED = ("ngram_weight", "next_symbol.weight", "head.ngram_weight")
NEVER = -1e4  # logit of a class with prior 0; finite, but its softmax is exactly 0


@dataclass(frozen=True, eq=False)
class Measured:
    """Statistics of a shipped model on held-out people."""

    class_bias: np.ndarray  # (n_classes,), log odds that correct the bias on people
    n_people: np.ndarray  # (n_classes,), number of held-out people
    model_error: float  # standard deviation of the log odds after this correction
    sharpness: float = 1.0  # exponent of likelihood ratios when estimating shares
    coverage: float | None = None  # tested coverage of the 95 % intervals of shares


@dataclass(frozen=True, eq=False)
class Network:
    """Fitted parameters, as read-only arrays; their shapes determine all sizes.

    The code of ``symbols[i]`` is ``i + 1``. Code 0 is padding, and the last code,
    ``n_symbols + 1``, is for symbols that did not occur in `fit`.

    An optional head predicts other classes. It is linear in the logits of net and
    n-grams ("head.weight", "head.bias") and in some of the same n-grams: "head.ngrams"
    are their sorted features, and "head.ngram_weight" their weights. With a head,
    priors and words refer to the classes of the head.
    """

    cell: str
    symbols: np.ndarray  # (n_symbols,), the distinct values of X without 0, sorted
    weights: Mapping  # float32 parameters by name, and "ngram_idf"; see `QUANTIZED`
    ngram_keys: tuple = ()  # sorted keys of the n-grams of each length, see `NGrams`
    separator: int | None = None  # the code between words, if n-grams stay within words
    class_prior: Any = None  # (n_classes,), assumed by the logits; None before `fit`
    words: Words | None = None
    measured: Measured | None = None  # only for shipped models
    fingerprint: str | None = None  # only for shipped models; priors do not change it

    def __post_init__(self):
        for name, value in list(vars(self).items()):
            object.__setattr__(self, name, _read_only(value))

    @property
    def n_codes(self):
        """The number of codes: padding, the symbols and the unknown code."""
        return len(self.symbols) + 2

    @property
    def n_classes(self):
        """The number of classes."""
        return len(self.weights[self._bias])

    @property
    def _bias(self):
        """The name of the bias to which changes of the class priors are added."""
        return "head.bias" if "head.bias" in self.weights else "output.bias"

    @property
    def hidden_size(self):
        """The number of units of each layer."""
        return self.weights["output.weight"].shape[1]

    @property
    def num_layers(self):
        """The number of recurrent layers."""
        return sum(
            name.startswith("cells.") and name.endswith(".weight_hh")
            for name in self.weights
        )

    @property
    def n_ngrams(self):
        """The number of n-gram features."""
        return len(self.weights.get("ngram_idf", ()))

    @cached_property
    def ngrams(self):
        """The vocabulary of n-grams, or None if the network has no n-grams."""
        if not self.n_ngrams:
            return None
        # Features are all n-grams of at least min_n symbols. Find min_n from the number
        # of n-grams of at least each length.
        n_keys = [len(keys) for keys in self.ngram_keys]
        n_as_long = np.cumsum(n_keys[::-1])[::-1]
        min_n = 1 + int(np.flatnonzero(n_as_long == self.n_ngrams)[0])
        keys = [keys.astype(np.int64) for keys in self.ngram_keys]
        return NGrams(self.n_codes + 1, min_n, self.separator, keys)

    def to_codes(self, X):
        """Encode rows of symbols (n, length), and move padding to the right.

        Trailing columns of zeros are removed to save time.
        """
        used = X.any(axis=0).nonzero()[0]
        X = X[:, : used.max(initial=0) + 1]
        if X.dtype.kind != "u" or X.dtype.itemsize > 2:
            return compact(encode(X, self.symbols))
        table = self._code_of_16_bits
        codes = np.empty(X.shape, table.dtype)
        for rows in row_slices(X):  # because `take` converts X to int64
            table.take(X[rows], out=codes[rows], mode="clip")
        return compact(codes)

    @cached_property
    def _code_of_16_bits(self):
        """The code of each 16-bit value, (65,536,)."""
        return encode(np.arange(1 << 16), self.symbols)

    def with_priors(self, priors):
        """Return a network with other priors by shifting the output bias.

        `priors` (n_classes,) sum to 1. A class with prior 0 is never predicted. A prior
        that was 0 cannot become positive: this raises ValueError.
        """
        if (priors[self.class_prior == 0] > 0).any():
            raise ValueError(
                "A class with prior 0 cannot get a positive prior, because the model "
                "does not know the class. Start from a model whose class_prior_ is "
                "positive for this class."
            )
        bias = np.full(len(priors), NEVER, dtype=np.float32)
        kept = priors > 0
        shift = np.log(priors[kept]) - np.log(self.class_prior[kept])
        bias[kept] = self.weights[self._bias][kept] + shift
        weights = self.weights | {self._bias: bias}
        return replace(self, weights=weights, class_prior=priors)

    def to_arrays(self):
        """Return the network as a dict of arrays by name."""
        separator = [] if self.separator is None else [self.separator]
        arrays = {
            "cell": np.array(self.cell),
            "symbols": self.symbols,
            "separator": np.array(separator, dtype=np.int64),
            "class_prior": self.class_prior,
            **{f"{KEYS}{n}": keys for n, keys in enumerate(self.ngram_keys)},
            **to_plain(self.weights),
        }
        if self.fingerprint is not None:
            arrays["fingerprint"] = np.array(self.fingerprint)
        for prefix, part in ((MEASURED, self.measured), (WORDS, self.words)):
            if part is not None:
                for name, value in vars(part).items():
                    if value is not None:
                        arrays[prefix + name] = np.asarray(value)
        if self.words is not None:
            # Differences of sorted keys are small numbers, which compress better.
            arrays["word_keys"] = np.diff(self.words.keys, prepend=np.int32(0))
        return arrays

    @classmethod
    def from_arrays(cls, arrays):
        """Create a network from the arrays of `to_arrays`."""
        weights = from_plain(arrays)
        keys = _pop(weights, KEYS)
        measured = _pop(weights, MEASURED)
        words = _pop(weights, WORDS)
        if words:
            words["keys"] = words["keys"].cumsum(dtype=np.int32)
        separator = weights.pop("separator")
        fingerprint = weights.pop("fingerprint", None)
        return cls(
            cell=str(weights.pop("cell")),
            symbols=weights.pop("symbols"),
            ngram_keys=[keys[str(n)] for n in range(len(keys))],
            separator=int(separator[0]) if len(separator) else None,
            class_prior=weights.pop("class_prior"),
            words=Words(**words) if words else None,
            fingerprint=None if fingerprint is None else str(fingerprint),
            measured=Measured(**measured) if measured else None,
            weights=weights,  # the remaining arrays
        )

    def __reduce__(self):
        # `weights` is a mappingproxy, which cannot be pickled.
        return type(self).from_arrays, (self.to_arrays(),)


def _pop(arrays, prefix):
    """Remove the values whose names have a prefix; return them by the rest of the name.

    Arrays without dimensions are returned as numbers.
    """
    values = {}
    for name in list(arrays):
        if name.startswith(prefix):
            array = arrays.pop(name)
            values[name.removeprefix(prefix)] = array if array.ndim else array.item()
    return values


def narrow(keys):
    """Return sorted keys as int32 if they fit, else as int64."""
    if len(keys) and keys[-1] > np.iinfo(np.int32).max:
        return keys.astype(np.int64)
    return keys.astype(np.int32)


def _read_only(value):
    """Make arrays read-only, including those in tuples, mappings and dataclasses."""
    if isinstance(value, Quantized | Words | Measured):
        return type(value)(*map(_read_only, vars(value).values()))
    if isinstance(value, Mapping):
        arrays = {name: _read_only(array) for name, array in value.items()}
        return MappingProxyType(arrays)
    if isinstance(value, list | tuple):
        return tuple(map(_read_only, value))
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value = value.view()  # the owner of the array may still write to it
        value.flags.writeable = False
    return value
