"""Prepare one step of each cell in numpy, for prediction."""

from functools import partial

import numpy as np

from .product import aligned

BLOCK_NODES = 256  # maximum number of nodes in a step; a multiple of PRODUCT_ROWS


class RNNStep:
    """Compute h = f(added + h_prev U), with U = W_hh transposed.

    The sigmoid is tanh(a / 2) / 2 + 1 / 2.
    """

    def __init__(self, weight_ih, weight_hh, bias_ih, bias_hh, is_sigmoid=False):
        self.is_sigmoid = is_sigmoid
        scale = 0.5 if is_sigmoid else 1
        self.recurrent = scale * weight_hh.T[None]
        self.input = scale * weight_ih.T[None]
        self.bias = scale * (bias_ih + bias_hh)[None, None]

    def __call__(self, added, products, h_prev, out):
        """Write h (n, H) into `out`, from `added` and `products` (1, n, H)."""
        np.add(added[0], products[0], out=out)
        np.tanh(out, out=out)
        if self.is_sigmoid:
            out += 1
            out *= 0.5


class GRUStep:
    """Compute a GRU with sigmoid(a) = tanh(a / 2) / 2 + 1 / 2.

    numpy's tanh is faster than its exp. With R and Z the tanh of half the gates'
    arguments, and the halves moved into the weights, n = tanh(x_n + (R + 1) hn / 2) and
    h = n + (Z + 1) (h_prev - n) / 2.
    """

    def __init__(self, weight_ih, weight_hh, bias_ih, bias_hh):
        size = weight_hh.shape[1]
        # Halves for R and Z only.
        half = np.array([0.5, 0.5, 1], dtype=weight_hh.dtype)[:, None, None]
        bias_ih = bias_ih.reshape(3, 1, size)
        bias_hh = bias_hh.reshape(3, 1, size)
        recurrent = weight_hh.reshape(3, size, size).swapaxes(1, 2)
        self.recurrent = 0.5 * recurrent
        self.input = half * weight_ih.reshape(3, size, -1).swapaxes(1, 2)
        self.bias = half * np.concatenate([bias_ih[:2] + bias_hh[:2], bias_ih[2:]])
        # Repeated for all rows of a block, because numpy adds arrays of equal shapes
        # several times faster than it broadcasts.
        self.bias_new = aligned((bias_hh[2] / 2).repeat(BLOCK_NODES, axis=0))

    def __call__(self, added, products, h_prev, out):
        """Write h (n, H) into `out`, from `added` and `products` (3, n, H)."""
        gates = products[:2]
        new = products[2]
        gates += added[:2]
        np.tanh(gates, out=gates)
        gates += 1
        new += self.bias_new[: len(new)]
        new *= gates[0]
        new += added[2]
        np.tanh(new, out=new)
        np.subtract(h_prev, new, out=out)
        out *= gates[1]
        out *= 0.5
        out += new


STEPS = {
    "gru": GRUStep,
    "rnn": RNNStep,
    "sigmoid_rnn": partial(RNNStep, is_sigmoid=True),
}


def make_step(cell, weights, layer):
    """Create the step of a layer from the weights of a network."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return STEPS[cell](**{name: weights[f"cells.{layer}.{name}"] for name in names})
