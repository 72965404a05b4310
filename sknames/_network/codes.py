"""Validate arrays of symbols and encode them as codes."""

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from .._base import warn


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


def encode(X, symbols):
    """Return the code of each number in an array.

    The code of ``symbols[i]`` is ``i + 1``; `symbols` are sorted. The code of 0 is 0,
    and all other values have the code ``n_symbols + 1``. Codes have the smallest
    unsigned integer type.
    """
    n = len(symbols)
    codes = np.where(np.isin(X, symbols), np.searchsorted(symbols, X) + 1, n + 1)
    codes[X == 0] = 0
    return codes.astype(np.min_scalar_type(n + 2))
