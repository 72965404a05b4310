"""Encode values as integers."""

import numpy as np


def code_values(values):
    """Return the distinct values, in order of appearance, and the index of each."""
    index_of = {}
    try:
        index = [index_of.setdefault(value, len(index_of)) for value in values]
    except TypeError as error:
        raise TypeError(
            f"Expected values that are texts or numbers, got {error}."
        ) from None
    return [*index_of], np.array(index, dtype=np.intp)


def index_in(distinct, values, otherwise):
    """Return the index of each value in a list of distinct values, (n_rows,)."""
    index_of = {value: k for k, value in enumerate(distinct)}
    index = [index_of.get(value, otherwise) for value in values]
    return np.array(index, dtype=np.intp)


def array_of_labels(labels):
    """Return labels as an array; large integers stay integers."""
    array = np.array(labels)
    if array.dtype.kind == "f" and all(isinstance(label, int) for label in labels):
        return np.array(labels, dtype=np.uint64)
    return array
