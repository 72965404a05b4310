"""Predict, in numpy, the classes of a head on the network of other classes."""

from dataclasses import replace

import numpy as np

from .forward import Forward
from .ngrams import ABSENT
from .product import Product, aligned_zeros, rows_to_multiply
from .quantized import dequantize


def make_forward(network, dtype):
    """Return the Forward of a network, or the Head; dtype as for `Forward`."""
    return (Head if "head.weight" in network.weights else Forward)(network, dtype)


class Head(Forward):
    """Compute the logits of a head, see `Network`, from those of the network below."""

    def __init__(self, network, dtype):
        weights = network.weights
        weight, self.head_bias = weights["head.weight"].T[None], weights["head.bias"]
        self.product = Product(weight)
        if dtype == "auto" and not self.product.is_fixed:
            dtype = "float64"
        below = {name: x for name, x in weights.items() if not name.startswith("head.")}
        below["ngram_weight"] = _Columns(weights)
        super().__init__(replace(network, weights=below, words=None), dtype)
        if self.precision != weight.dtype:
            self.product = Product(weight.astype(self.precision))
        self.whole = network

    def logit_terms(self, codes):
        """Split the logits of one row, see `Forward.logit_terms`."""
        net, terms, spans = super().logit_terms(codes)
        terms = self._multiply(terms) + terms[:, len(net) :]
        net = self._multiply(net[None])[0] + self.head_bias
        return net, *self.whole.with_word_terms(terms, spans, codes)

    def _finish(self, logits, codes):
        """Return the head's logits; its n-grams are the last columns of `logits`."""
        of_head = self._multiply(logits)
        of_head += logits[:, len(self.bias) :] + self.head_bias
        return self.whole.add_words(of_head, codes)

    def _multiply(self, logits):
        """Multiply the columns of the classes below by the head's weights, (n, C).

        These columns come first.
        """
        n, n_filled = len(logits), max(1, len(logits))
        if self.product.is_fixed:
            n_filled = rows_to_multiply(n_filled, self.product.has_few)
        rows = aligned_zeros((n_filled, len(self.bias)), self.precision)
        rows[:n] = logits[:, : len(self.bias)]
        of_head = np.empty((1, n_filled, len(self.head_bias)), dtype=self.precision)
        self.product(rows, of_head)
        return of_head[0, :n]


class _Columns:
    """Hold weights of n-grams, for the classes below, then for those of the head."""

    def __init__(self, weights):
        self.below, self.own = weights["ngram_weight"], weights["head.ngram_weight"]
        self.rows = np.full(len(weights["ngram_idf"]), ABSENT, dtype=np.int32)
        self.rows[weights["head.ngrams"]] = np.arange(len(weights["head.ngrams"]))

    def take(self, features, axis):
        """Return some rows, as a numpy array does."""
        rows = self.rows.take(features)
        own = dequantize(self.own.take(rows, axis))
        own[rows == ABSENT] = 0
        return np.concatenate(
            [dequantize(self.below.take(features, axis)), own], axis=-1
        )
