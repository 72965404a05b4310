"""Round the weights of a network to 16 levels, and soften its probabilities."""

from dataclasses import replace

import numpy as np

from sknames._network.network import QUANTIZED
from sknames._network.quantized import Quantized, dequantize

HIGHEST = 15  # the last level
WORD_LEVELS = np.float16(16)  # logits of words are multiples of 1 / 16


def with_temperature(network, temperature):
    """Divide all logits by a temperature (Guo et al. 2017), including log priors.

    A temperature above 1 makes predictions less confident, in the same order.
    """
    last = ("output.weight", "output.bias", "ngram_weight")
    if "head.bias" in network.weights:
        last = ("head.weight", "head.bias", "head.ngram_weight")
    divided = {
        name: dequantize(array) / np.float32(temperature)
        for name, array in network.weights.items()
        if name in last
    }
    class_prior = network.class_prior ** (1 / temperature)
    class_prior /= class_prior.sum()
    words = None if network.words is None else network.words.scaled(1 / temperature)
    weights = network.weights | divided
    return replace(network, weights=weights, class_prior=class_prior, words=words)


def rounded(network):
    """Round most weights to 16 levels per row, see `quantize`, and the logits of words.

    A weight takes one byte, and less than half a byte in a compressed file. The
    accuracy does not suffer: a name has about 30 n-grams, whose errors cancel out.
    """
    many = {
        name: network.weights[name] for name in QUANTIZED if name in network.weights
    }
    many = {name: quantize(dequantize(array)) for name, array in many.items()}
    words = network.words
    if words is not None:
        words = replace(words, logits=np.rint(words.logits * WORD_LEVELS) / WORD_LEVELS)
    return replace(network, weights=network.weights | many, words=words)


def quantize(numbers):
    """Round each row of numbers to 16 levels.

    The levels include 0, and range from the smallest to the largest number, or 0.
    Rounding again changes nothing.
    """
    lowest = numbers.min(axis=1, initial=0)
    highest = numbers.max(axis=1, initial=0)
    exact = (highest - lowest) / np.float32(HIGHEST)
    scale = exact.astype(np.float16)
    # The scale is rounded down so that a row uses all levels. Then rounding again gives
    # the same scale.
    is_above = scale > exact * np.float32(1 + 1e-6)
    scale = np.where(is_above, np.nextafter(scale, np.float16(0)), scale)
    step = np.where(scale, scale, 1).astype(np.float32)  # rows of zeros have scale 0
    zero_point = np.floor(-lowest / step + 0.5)
    levels = np.rint(numbers / step[:, None] + zero_point[:, None]).clip(0, HIGHEST)
    return Quantized(levels.astype(np.uint8), scale, zero_point.astype(np.uint8))
