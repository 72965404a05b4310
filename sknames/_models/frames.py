"""Read and create pandas and polars DataFrames."""

from contextlib import suppress

import numpy as np


def to_frame(columns):
    """Return columns as a pandas DataFrame, or polars if only polars is installed."""
    with suppress(ImportError):
        import pandas as pd

        return pd.DataFrame(columns)
    with suppress(ImportError):
        return _polars_frame(columns)
    raise ImportError(
        "Expected pandas or polars for a table. Install one, or take its arrays."
    )


def _polars_frame(columns):
    """Return columns as a polars DataFrame, with null for missing values.

    From an object array, polars would create a column that its expressions do not
    accept. A column of missing values only is a column of text.
    """
    import polars as pl

    values = {}
    types = {}
    for name, column in columns.items():
        values[name] = column
        if column.dtype == object:
            values[name] = column.tolist()
            if {*values[name]} <= {None}:
                types[name] = str
    return pl.DataFrame(values, schema_overrides=types, nan_to_null=True, strict=False)


def is_table(X):
    """Return whether X is a pandas or polars DataFrame."""
    return hasattr(X, "columns") and (hasattr(X, "assign") or hasattr(X, "hstack"))


def with_columns(table, columns):
    """Append columns to a DataFrame, with types as in `to_frame`."""
    if hasattr(table, "hstack"):  # of polars
        return table.hstack(_polars_frame(columns))
    import pandas as pd

    # All at once: adding many columns one by one is slow.
    return pd.concat([table, pd.DataFrame(columns, index=table.index)], axis=1)


def fill_missing_names(X, names):
    """Return X with "" in place of missing names, because models may reject them.

    The type of X is kept where possible. `names` are the names in X, with "" for
    missing names.
    """
    if hasattr(X, "fill_null"):  # of polars
        return X.fill_null("")
    if hasattr(X, "fillna"):  # of pandas
        return X.astype(object).fillna("")
    if np.shape(X) == (len(names), 1):
        return np.array(names, dtype=object)[:, None]
    return [*names]
