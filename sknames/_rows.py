"""Rows before training: equal ones are one, and some may be held out."""

import warnings

import numpy as np

from ._prefixes import row_keys


def merge(codes, y, weights):
    """Distinct (codes, label) pairs in lexicographic order, with the sum of their weights.

    Weights are part of the order: equal rows are then summed in the same order whatever order they
    came in.
    """
    order = np.lexsort([weights, y, *row_keys(codes)[::-1]])
    codes, y, weights = codes[order], y[order], weights[order]
    new = _differs_from_above(codes)
    new[1:] |= y[1:] != y[:-1]
    return codes[new], y[new].astype(np.int64), np.add.reduceat(weights, np.flatnonzero(new))


def split(codes, y, fraction, rng):
    """Indices of the rows to train on and of those to validate on.

    Rows of equal codes stay on one side, and of each class a row stays in training; if nothing is
    then left to validate on, a warning says so.
    """
    group = np.cumsum(_differs_from_above(codes)) - 1
    order = rng.permutation(group[-1] + 1)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    held_out = rank[group] < max(1, round(fraction * len(order)))
    for label in np.unique(y[held_out]):
        if held_out[y == label].all():
            held_out[group == group[np.flatnonzero(y == label)[0]]] = False
    if not held_out.any():
        warnings.warn(
            "early_stopping=True found no rows to hold out, since each class has only one distinct "
            "row; training takes all epochs. Give more rows, or set early_stopping=False.",
            UserWarning,
            stacklevel=5,
        )
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _differs_from_above(codes):
    """Whether each row differs from the one before, bool of shape (n,)."""
    new = np.ones(len(codes), dtype=bool)
    new[1:] = (codes[1:] != codes[:-1]).any(axis=1)
    return new
