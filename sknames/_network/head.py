"""Predict with a head, which maps the logits of a network to other classes."""

import numpy as np

from .ngrams import ABSENT
from .product import Product
from .quantized import dequantize


def rows_of_head(weights):
    """Return the row of each n-gram in the head's weights, or ABSENT, int32."""
    features = weights["head.ngrams"]
    rows = np.full(len(weights["ngram_idf"]), ABSENT, dtype=np.int32)
    rows[features] = np.arange(len(features))
    return rows


class Head:
    """Compute the logits of a head from those of the network below, see `Network`."""

    def __init__(self, weights, dtype):
        self.product = Product(weights["head.weight"].T[None].astype(dtype, copy=False))
        self.bias = weights["head.bias"]
        self.ngram_weight = weights["head.ngram_weight"]
        self.rows = rows_of_head(weights)

    def ngram_weights(self, features):
        """Return the weights of n-grams (...), or 0 for n-grams unknown to the head."""
        rows = self.rows.take(features)
        weights = dequantize(self.ngram_weight.take(rows, axis=0))
        weights[rows == ABSENT] = 0
        return weights
