"""Read and create pandas and polars DataFrames."""

from contextlib import suppress
from importlib import import_module

import numpy as np


def to_frame(columns, labels=(), prefix=""):
    """Return columns as a pandas DataFrame, or polars if only polars is installed.

    Labels and prefix are as in `_polars_frame`.
    """
    with suppress(ImportError):
        return import_module("pandas").DataFrame(columns)
    with suppress(ImportError):
        return _polars_frame(import_module("polars").DataFrame, columns, labels, prefix)
    raise ImportError(
        "Expected pandas or polars for a table. Install one, or take its arrays."
    )


def _polars_frame(frame_type, columns, labels, prefix):
    """Return columns as a polars DataFrame, with null for missing values.

    Object columns contain text or, for predictions, values of the type of the model's
    labels. From an object array, polars would create a column that its expressions do
    not accept.
    """
    values = {}
    types = {}
    for name, column in columns.items():
        if column.dtype != object:
            values[name] = column
            continue
        answers = column.tolist()
        values[name] = answers
        types[name] = str
        if name.startswith(f"{prefix}predicted"):
            given = [value for value in answers if value is not None]
            # Groups may have another type than labels.
            if len({type(value) for value in [*labels.tolist(), *given]}) == 1:
                types[name] = frame_type({"label": labels})["label"].dtype
    return frame_type(values, schema_overrides=types, nan_to_null=True, strict=False)


def is_table(X):
    """Return whether X is a pandas or polars DataFrame."""
    return hasattr(X, "columns") and (hasattr(X, "assign") or hasattr(X, "hstack"))


def with_columns(table, columns, labels, prefix):
    """Append columns to a DataFrame, with types as in `to_frame`."""
    if hasattr(table, "hstack"):  # of polars
        return table.hstack(_polars_frame(type(table), columns, labels, prefix))
    # All at once: adding many columns one by one is slow.
    pd = import_module("pandas")
    return pd.concat([table, pd.DataFrame(columns, index=table.index)], axis=1)


def filled(X, names):
    """Return X with missing names replaced by "", because models may reject them.

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
