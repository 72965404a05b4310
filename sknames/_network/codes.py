"""Check arrays of symbols, and encode them."""

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from .._base import warn
from .prefixes import compact, row_slices


def validate_symbols(estimator, X, *, reset):
    """Check X as scikit-learn's `validate_data` does; `reset` in `fit`.

    For strings, the error names the encoder.
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
    """Return whether X is as `CharEncoder` makes it.

    Skipping checks makes one name faster.
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
    """Return whether an array-like has a str or bytes among its items."""
    try:
        items = np.asarray(X, dtype=object).ravel()
    except ValueError:
        return False
    return any(isinstance(item, str | bytes) for item in items)


def code_table(symbols):
    """Return the code of each value that two bytes hold, (65,536,), unsigned."""
    n = len(symbols)
    table = np.full(1 << 16, n + 1, dtype=np.min_scalar_type(n + 2))
    table[0] = 0
    # fit may have seen negative, larger and fractional values.
    values = symbols.astype(np.float64)
    possible = np.flatnonzero((values > 0) & (values < len(table)) & (values % 1 == 0))
    table[symbols[possible].astype(np.intp)] = possible + 1
    return table


def to_codes(X, symbols, table=None):
    """Encode an array of any numbers (n, length), in which each 0 is padding.

    Return ``i + 1`` for ``symbols[i]``, ``n_symbols + 1`` for any other value, and 0 on
    the right, in the smallest unsigned integer type. Symbols are sorted. `table` is
    their `code_table`, made here by default. Columns of 0 at the end are left out, to
    save time.
    """
    if table is None:
        table = code_table(symbols)
    used = X.any(axis=0).nonzero()[0]
    width = used[-1] + 1 if len(used) else 1
    X = X[:, :width]
    if X.dtype.kind == "u" and X.dtype.itemsize <= 2:
        codes = np.empty(X.shape, table.dtype)
        for rows in row_slices(X):  # `take` widens codes to eight bytes each
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
