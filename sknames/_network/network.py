"""Define the fitted network; training makes it, prediction, files and ONNX read it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from .codes import code_table, to_codes
from .ngrams import NGrams
from .quantized import Quantized, from_plain, to_plain
from .words import Words

N_GATES = {"gru": 3, "rnn": 1, "sigmoid_rnn": 1}
KEYS = "ngram_keys."  # the beginning of their names in `Network.to_arrays`
MEASURED = "measured."  # the beginning of the names of what is in `Network.measured`
# The largest weights, which may be Quantized.
QUANTIZED = ("ngram_weight", "next_symbol.weight", "head.ngram_weight")
NEVER = -1e4  # the logit of a class with prior 0: finite, but its probability is 0


@dataclass(frozen=True, eq=False)
class Measured:
    """Hold what held-out people show of a model that ships."""

    class_bias: np.ndarray  # (n_classes,), log odds that correct the bias on people
    n_people: np.ndarray  # (n_classes,), how many people of each were held out
    model_error: float  # the standard deviation of the log odds that are left
    sharpness: float = 1.0  # the power of likelihood ratios in shares
    coverage: float | None = None  # the share of 95 % intervals that held, when tested


@dataclass(frozen=True, eq=False)
class Network:
    """Hold what `fit` learns, as read-only arrays whose shapes give all sizes.

    The code of ``symbols[i]`` is ``i + 1``; 0 is padding, and the last code,
    ``n_symbols + 1``, a symbol that `fit` has not seen.

    A "head" predicts other classes. It is linear in the logits of net and n-grams
    ("head.weight", "head.bias"), and in some of the same n-grams: "head.ngrams" are
    their sorted features, "head.ngram_weight" their weights. Priors and words are then
    those of the head's classes.
    """

    cell: str
    symbols: np.ndarray  # (n_symbols,), the distinct values of X without 0, sorted
    weights: Mapping  # float32 parameters by name, and "ngram_idf"; see `QUANTIZED`
    ngram_keys: tuple = ()  # sorted keys of the n-grams of each length, see `NGrams`
    separator: int | None = None  # the code between words, if n-grams stay within words
    class_prior: Any = None  # (n_classes,), what the logits assume; None before `fit`
    words: Words | None = None
    measured: Measured | None = None  # of a model that ships
    fingerprint: str | None = None  # of a model that ships, which priors do not change

    def __post_init__(self):
        for name, value in list(vars(self).items()):
            object.__setattr__(self, name, _read_only(value))

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
        """The NGrams that find n-grams in codes, or None."""
        if not self.n_ngrams:
            return None
        # Features are the n-grams from a shortest length on: how many are as long?
        n_keys = [len(keys) for keys in self.ngram_keys]
        n_as_long = np.cumsum(n_keys[::-1])[::-1]
        min_n = 1 + int(np.flatnonzero(n_as_long == self.n_ngrams)[0])
        keys = [keys.astype(np.int64) for keys in self.ngram_keys]
        return NGrams(keys, self.n_codes + 1, min_n, self.separator)

    def to_codes(self, X):
        """Return the codes of an array of symbols."""
        return to_codes(X, self.symbols, self._code_table)

    @cached_property
    def _code_table(self):
        """The code of each value that two bytes hold, made once."""
        return code_table(self.symbols)

    def weights_in(self, dtype):
        """Return the weights by name in a dtype, but for those in `QUANTIZED`."""
        weights = {}
        for name, weight in self.weights.items():
            if name not in QUANTIZED:
                weights[name] = weight.astype(dtype, copy=False)
        return weights

    def with_priors(self, priors):
        """Shift the output bias to other priors, (n_classes,), that sum to 1.

        A class with prior 0 is never predicted. Raise ValueError if a prior that was 0
        becomes positive.
        """
        if (priors[self.class_prior == 0] > 0).any():
            raise ValueError(
                "A class of prior 0 cannot get a positive one, since the model does "
                "not know it. Start from a model in whose class_prior_ it is positive."
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
            # The differences of sorted keys are small, and compress better.
            arrays["word_keys"] = np.diff(self.words.keys, prepend=np.int32(0))
            arrays["word_classes"] = self.words.classes
            arrays["word_logits"] = self.words.logits
        return arrays

    @classmethod
    def from_arrays(cls, arrays, *, in_place=False):
        """Make a network from the arrays of `to_arrays`.

        The first answer takes less memory if the keys of words are summed in place.
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
            weights=weights,  # what is left
        )

    def __reduce__(self):
        # Views of dictionaries, which `weights` is, cannot be pickled.
        return type(self).from_arrays, (self.to_arrays(),)


def narrow(keys):
    """Return sorted keys in 4 bytes each if that is enough."""
    if len(keys) and keys[-1] > np.iinfo(np.int32).max:
        return keys.astype(np.int64)
    return keys.astype(np.int32)


def _read_only(value):
    """Return arrays as read-only ones, also those inside of tuples and mappings."""
    if isinstance(value, Quantized | Words | Measured):
        return type(value)(*map(_read_only, vars(value).values()))
    if isinstance(value, Mapping):
        arrays = {name: _read_only(array) for name, array in value.items()}
        return MappingProxyType(arrays)
    if isinstance(value, list | tuple):
        return tuple(map(_read_only, value))
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value = value.view()  # the owner may still write to it
        value.flags.writeable = False
    return value
