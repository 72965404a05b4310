"""Validate arrays of symbols and encode them as codes."""

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from .._base import warn
from .prefixes import compact, row_slices


def validate_symbols(estimator, X, *, reset):
    """Validate X with scikit-learn's `validate_data`; `reset` is True in `fit`.

    If X contains strings, the error message recommends CharEncoder.
    """
    if not reset and _is_encoded(estimator, X):
        return X
    try:
        X = validate_data(estimator, X, reset=reset)
        if X.dtype.kind not in "biuf":
            X = check_array(X, dtype=np.float64)
    except (ValueError, TypeError) as error:
        if _holds_strings(X):
            raise ValueError(
                f"{type(estimator).__name__} expected a 2-D array of integer codes and "
                "got strings. Encode names with CharEncoder first: "
                "make_pipeline(CharEncoder(), NameNationalityClassifier())."
            ) from error
        raise
    if X.dtype.kind == "f" and not (X == np.rint(X)).all():
        warn(
            "X has values that are not integers; each distinct value becomes a symbol. "
            "Encode names with CharEncoder to get integer codes.",
        )
    return X


def _is_encoded(estimator, X):
    """Return whether X has the form of the output of `CharEncoder`.

    Such arrays skip validation, which makes predicting a single name faster.
    """
    return (
        type(X) is np.ndarray
        and X.dtype.kind == "u"
        and X.ndim == 2
        and len(X) > 0
        and X.shape[1] == estimator.n_features_in_
        and not hasattr(estimator, "feature_names_in_")
    )


def _holds_strings(X):
    """Return whether any item of an array-like is a str or bytes."""
    try:
        items = np.asarray(X, dtype=object).ravel()
    except ValueError:
        return False
    return any(isinstance(item, str | bytes) for item in items)


def code_table(symbols):
    """Return the code of each 16-bit value, (65,536,), unsigned."""
    n = len(symbols)
    table = np.full(1 << 16, n + 1, dtype=np.min_scalar_type(n + 2))
    table[0] = 0
    # Symbols may also be negative, larger or fractional; these are not in the table.
    values = symbols.astype(np.float64)
    possible = np.flatnonzero((values > 0) & (values < len(table)) & (values % 1 == 0))
    table[symbols[possible].astype(np.intp)] = possible + 1
    return table


def to_codes(X, symbols, table=None):
    """Encode an array of numbers (n, length), in which 0 is padding.

    The code of ``symbols[i]`` is ``i + 1``; `symbols` are sorted. All other values have
    the code ``n_symbols + 1``. Codes have the smallest unsigned integer type, and
    padding is moved to the right. `table` is the `code_table` of the symbols, computed
    if None. Trailing columns of zeros are removed to save time.
    """
    if table is None:
        table = code_table(symbols)
    used = X.any(axis=0).nonzero()[0]
    width = used[-1] + 1 if len(used) else 1
    X = X[:, :width]
    if X.dtype.kind == "u" and X.dtype.itemsize <= 2:
        codes = np.empty(X.shape, table.dtype)
        for rows in row_slices(X):  # because `take` converts codes to int64
            table.take(X[rows], out=codes[rows], mode="clip")
        return compact(codes)
    n = len(symbols)
    if not n:
        return compact((X != 0).astype(table.dtype))
    index = np.searchsorted(symbols, X)
    index[index == n] = 0
    codes = np.where(symbols[index] == X, index + 1, n + 1)
    codes[X == 0] = 0
    return compact(codes.astype(table.dtype))
