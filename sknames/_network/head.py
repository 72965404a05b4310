"""Predict, in numpy, the classes of a head on the network of other classes."""

from dataclasses import replace

import numpy as np

from .forward import Forward
from .ngrams import ABSENT
from .product import Product, aligned_zeros, rows_to_multiply
from .quantized import dequantize


def make_forward(network, dtype):
    """Return the Forward of a network, or the Head; dtype as for `Forward`."""
    if "head.weight" in network.weights:
        return Head(network, dtype)
    return Forward(network, dtype)


class Head(Forward):
    """Compute the logits of a head, see `Network`, from those of the network below."""

    def __init__(self, network, dtype):
        weights = network.weights
        weight = weights["head.weight"].T[None]
        self.head_bias = weights["head.bias"]
        self.product = Product(weight)
        if dtype == "auto" and not self.product.is_fixed:
            dtype = "float64"
        weights_below = {
            name: array
            for name, array in weights.items()
            if not name.startswith("head.")
        }
        weights_below["ngram_weight"] = _Columns(weights)
        super().__init__(replace(network, weights=weights_below, words=None), dtype)
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
        head_logits = self._multiply(logits)
        head_logits += logits[:, len(self.bias) :] + self.head_bias
        return self.whole.add_words(head_logits, codes)

    def _multiply(self, logits):
        """Multiply the columns of the classes below by the head's weights, (n, C).

        These columns come first.
        """
        n = len(logits)
        n_filled = max(1, n)
        if self.product.is_fixed:
            n_filled = rows_to_multiply(n_filled, self.product.has_few)
        rows = aligned_zeros((n_filled, len(self.bias)), self.precision)
        rows[:n] = logits[:, : len(self.bias)]
        out = np.empty((1, n_filled, len(self.head_bias)), dtype=self.precision)
        self.product(rows, out)
        return out[0, :n]


class _Columns:
    """Hold weights of n-grams, for the classes below, then for those of the head."""

    def __init__(self, weights):
        self.below = weights["ngram_weight"]
        self.of_head = weights["head.ngram_weight"]
        features = weights["head.ngrams"]
        # Of each feature, its row among the weights of the head
        self.rows = np.full(len(weights["ngram_idf"]), ABSENT, dtype=np.int32)
        self.rows[features] = np.arange(len(features))

    def take(self, features, axis):
        """Return the rows of features, as a numpy array does."""
        below = dequantize(self.below.take(features, axis))
        rows = self.rows.take(features)
        of_head = dequantize(self.of_head.take(rows, axis))
        of_head[rows == ABSENT] = 0
        return np.concatenate([below, of_head], axis=-1)
