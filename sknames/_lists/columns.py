"""Read columns with a value for each row of a list, from any library of tables."""

from collections.abc import Mapping
from decimal import Decimal
from numbers import Real

import numpy as np

from .._base.codes import code_values
from .._base.labels_and_weights import is_missing, with_none

TOO_FINE = ("ns", "ps", "fs", "as")  # finer units than those of Python's dates


def columns_of(table, name):
    """Return the columns of a table or dict, or a single column, as a dict by name.

    A single column without a name of its own is called `name`.
    """
    if hasattr(table, "column_names"):  # a pyarrow table
        names = table.column_names
    elif isinstance(table, Mapping) or hasattr(table, "columns"):
        names = getattr(table, "columns", table)
    else:
        return {getattr(table, "name", None) or name: table}
    names = [*names]
    if not names:
        raise ValueError(f'Expected columns in {name}, as by=df["dep"], got none.')
    repeated = {column for column in names if names.count(column) > 1}
    if repeated:
        raise ValueError(
            f"Expected columns of {name} with names of their own, got several called "
            f'{repeated.pop()!r}. Rename them, or give one, as by=df["dep"].'
        )
    return {column: table[column] for column in names}


def values_of(column, n_rows, expected, parameter):
    """Return the values of a column of any library, (n_rows,), as Python objects.

    Missing values are None. `expected`, such as "a cluster", and `parameter`, the name
    of the parameter that takes the column, are used in error messages.
    """
    if isinstance(column, str | Real) or not hasattr(column, "__iter__"):
        raise ValueError(
            f"Expected {expected} for each of {n_rows:,} names, got {column!r:.80}. "
            f'Give the column itself, as {parameter}=df["dep"].'
        )
    items = _items(with_none(column))
    shape = getattr(column, "shape", (len(items),))
    if shape != (n_rows,):
        raise ValueError(
            f"Expected {expected} for each of {n_rows:,} names, got shape {shape}."
        )
    values = np.empty(n_rows, dtype=object)
    for row, value in enumerate(items):
        if isinstance(value, np.generic):
            value = value.item()
        if not is_missing(value):
            values[row] = value
    return values


def _items(column):
    """Return the values of a column as a list of Python objects."""
    if isinstance(column, np.ndarray) and column.dtype.kind == "M":
        if np.datetime_data(column.dtype)[0] in TOO_FINE:
            column = column.astype("M8[us]")
    for method in ("to_pylist", "to_list", "tolist"):  # of pyarrow, polars and numpy
        if hasattr(column, method):
            return getattr(column, method)()
    return list(column)


def categories_of(column):
    """Return the categories of an ordered column in order, or None if it has none."""
    dtype = getattr(column, "dtype", None)
    is_ordered = getattr(dtype, "ordered", type(dtype).__name__ == "Enum")  # in polars
    return _items(dtype.categories) if is_ordered else None


def distinct_values(values, is_name, expected, remedy):
    """Return the distinct values of the names, given the values of all rows.

    Rows that are not names may lack a value. For a name without a value, raise
    ValueError with a remedy.
    """
    is_blank = np.equal(values, None).astype(bool) & is_name
    if is_blank.any():
        raise ValueError(
            f"Expected {expected} for each name, got None at position "
            f"{is_blank.argmax()}. {remedy}"
        )
    distinct, _ = code_values(values[is_name])
    return distinct


def weights_where(is_used, weights):
    """Return weights with 0 for unused rows, whose weights may be missing.

    Raise TypeError if a weight is not a number, because float would read the text "1_0"
    as 10.
    """
    weights = np.asarray(with_none(weights))
    if weights.dtype.kind in "OUS":  # pd.NA cannot be compared as a number
        known = [np.nan if is_missing(w) else w for w in weights.tolist()]
        for weight in known:
            if not isinstance(weight, Real | Decimal):
                raise TypeError(
                    f"Expected weights that are numbers, got {weight!r:.80}. Convert "
                    "them, as by pd.to_numeric."
                )
        weights = np.array(known, dtype=np.float64)
    if weights.shape != is_used.shape:
        return weights  # `check_weights` raises an error
    return np.where(is_used, weights, 0)
