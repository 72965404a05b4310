"""Read what is given for each name of a list: clusters, outcomes and weights."""

import numpy as np

from .._base.labels_and_weights import is_missing, with_none


def read_column(values, is_name, expected, remedy):
    """Return values of rows as an array, and the distinct ones of names, in order.

    Rows that are not names may lack one. Errors say what was `expected`, such as "a
    cluster", and what to do with names that lack it.
    """
    values = np.asarray(with_none(values), dtype=object)
    if values.shape != is_name.shape:
        raise ValueError(
            f"Expected {expected} for each of {len(is_name):,} names, got shape "
            f"{values.shape}."
        )
    is_blank = np.array([is_missing(value) for value in values], dtype=bool) & is_name
    if is_blank.any():
        position = int(is_blank.argmax())
        raise ValueError(
            f"Expected {expected} for each name, got {values[position]} at position "
            f"{position}. {remedy}"
        )
    return values, [*dict.fromkeys(values[is_name].tolist())]


def index_in(distinct, values, otherwise):
    """Return the index of each value among distinct ones, (n_rows,)."""
    index_of = {value: k for k, value in enumerate(distinct)}
    index = [index_of.get(value, otherwise) for value in values.tolist()]
    return np.array(index, dtype=np.intp)


def weights_where(is_used, weights):
    """Return weights of rows with 0 where they are not used, and may be blank."""
    weights = np.asarray(with_none(weights))
    if weights.dtype.kind == "O":  # where pd.NA is no number
        blank_as_nan = [np.nan if is_missing(w) else w for w in weights.tolist()]
        weights = np.array(blank_as_nan, dtype=np.float64)
    if weights.shape != is_used.shape:
        return weights  # which is an error elsewhere
    return np.where(is_used, weights, 0)
