"""The fitted network, which training creates and prediction, files and ONNX read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from .codes import encode, to_codes
from .ngrams import NGrams
from .quantized import Quantized, from_plain, to_plain
from .words import Words

KEYS = "ngram_keys."  # prefix of the names of n-gram keys in `Network.to_arrays`
MEASURED = "measured."  # prefix of the names of the fields of `Network.measured`
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
        return NGrams(keys, self.n_codes + 1, min_n, self.separator)

    def to_codes(self, X):
        """Return the codes of an array of symbols."""
        return to_codes(X, self.symbols, self._code_of_16_bits)

    @cached_property
    def _code_of_16_bits(self):
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
        if self.measured is not None:
            for name, value in vars(self.measured).items():
                if value is not None:
                    arrays[MEASURED + name] = np.asarray(value)
        if self.fingerprint is not None:
            arrays["fingerprint"] = np.array(self.fingerprint)
        if self.words is not None:
            # Differences of sorted keys are small numbers, which compress better.
            arrays["word_keys"] = np.diff(self.words.keys, prepend=np.int32(0))
            arrays["word_classes"] = self.words.classes
            arrays["word_logits"] = self.words.logits
        return arrays

    @classmethod
    def from_arrays(cls, arrays, *, in_place=False):
        """Create a network from the arrays of `to_arrays`.

        With `in_place`, the array of word keys is overwritten, which saves memory.
        """
        weights = from_plain(arrays)
        n_lengths = sum(name.startswith(KEYS) for name in arrays)
        keys = [weights.pop(f"{KEYS}{n}") for n in range(n_lengths)]
        separator = weights.pop("separator")
        fingerprint = weights.pop("fingerprint", None)
        measured = {}
        for name in arrays:
            if name.startswith(MEASURED):
                value = weights.pop(name)
                key = name.removeprefix(MEASURED)
                measured[key] = float(value) if value.ndim == 0 else value
        words = None
        if "word_keys" in weights:
            differences = weights.pop("word_keys")
            out = differences if in_place else None
            words = Words(
                keys=differences.cumsum(dtype=np.int32, out=out),
                classes=weights.pop("word_classes"),
                logits=weights.pop("word_logits"),
            )
        return cls(
            cell=str(weights.pop("cell")),
            symbols=weights.pop("symbols"),
            ngram_keys=keys,
            separator=int(separator[0]) if len(separator) else None,
            class_prior=weights.pop("class_prior"),
            words=words,
            fingerprint=None if fingerprint is None else str(fingerprint),
            measured=Measured(**measured) if measured else None,
            weights=weights,  # the remaining arrays
        )

    def __reduce__(self):
        # `weights` is a mappingproxy, which cannot be pickled.
        return type(self).from_arrays, (self.to_arrays(),)


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
