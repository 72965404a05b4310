"""Arrays of symbols: what the classifier takes, and the codes that the network numbers them by."""

import warnings

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from .prefixes import compact, row_slices

LARGEST_EXACT = 2.0**53  # of the integers that float64 tells from their neighbours


def validate_symbols(estimator, X, *, reset):
    """Check the X of an estimator, as `sklearn.utils.validation.validate_data` does.

    Parameters
    ----------
    estimator : BaseEstimator
    X : array-like of shape (n_samples, n_features)
    reset : bool
        Whether it is the X of `fit`.

    Returns
    -------
    ndarray of numbers

    Raises
    ------
    ValueError
        Where scikit-learn raises it, and where integers are rounded. If X holds strings, it names
        the encoder.
    """
    if not reset and _is_encoded(estimator, X):
        return X
    are_floats = getattr(getattr(X, "dtype", None), "kind", None) == "f"
    try:
        X = validate_data(estimator, X, reset=reset)
        if X.dtype.kind not in "biuf":
            X = check_array(X, dtype=np.float64)
    except (ValueError, TypeError) as error:
        if _holds_strings(X):
            raise ValueError(
                f"{type(estimator).__name__} expected a 2-D array of integer codes and got "
                "strings. Encode names with CharEncoder first, e.g. in a Pipeline([('encode', "
                "CharEncoder()), ('classify', NameNationalityClassifier())])."
            ) from error
        raise
    if X.dtype.kind != "f":
        return X
    largest = float(np.abs(X).max(initial=0))  # float16 would not hold what it is compared with
    if largest > LARGEST_EXACT and not are_floats:
        raise ValueError(
            "Expected symbols of one type, or up to 2**53, since those of several types become "
            f"floats, which round larger integers; got {largest:.17g}. Give X as an array of one "
            "integer type, or number its values."
        )
    if not (X == np.rint(X)).all():
        warnings.warn(
            "X has values that are not integers; each distinct value is taken as a symbol of "
            "its own. Encode names with CharEncoder to get integer codes.",
            UserWarning,
            stacklevel=4,
        )
    return X


def without_padding(X):
    """An array without the last columns that are 0 in all rows, which cost time and memory."""
    used = X.any(axis=0).nonzero()[0]
    return X[:, : used[-1] + 1 if len(used) else 1]


def _is_encoded(estimator, X):
    """Whether X is as `CharEncoder` gives it: nothing can be wrong, and one name is faster."""
    return (
        type(X) is np.ndarray
        and X.dtype.kind == "u"
        and X.ndim == 2
        and len(X) > 0
        and X.shape[1] == estimator.n_features_in_
        and not hasattr(estimator, "feature_names_in_")
    )


def _holds_strings(X):
    """Whether an array-like has a str or bytes among its items."""
    try:
        items = np.asarray(X, dtype=object).ravel()
    except ValueError:
        return False
    return any(isinstance(item, str | bytes) for item in items)


def code_of(symbol, symbols):
    """The code of one symbol, or None if it has none."""
    place = np.flatnonzero(symbols == symbol)
    return int(place[0]) + 1 if len(place) else None


def to_codes(X, symbols):
    """Number an array of symbols.

    Parameters
    ----------
    X : ndarray of shape (n, length)
        Any numbers; 0 is padding wherever it stands.
    symbols : ndarray of shape (n_symbols,)
        The values that have a code, sorted.

    Returns
    -------
    ndarray of shape (n, length), of the smallest unsigned integer type
        ``i + 1`` for ``symbols[i]``, ``n_symbols + 1`` for any other value, 0 on the right.
    """
    n = len(symbols)
    dtype = np.min_scalar_type(n + 2)
    if X.dtype.kind == "u" and X.dtype.itemsize <= 2:
        largest = np.iinfo(X.dtype).max
        table = np.full(largest + 1, n + 1, dtype=dtype)
        table[0] = 0
        possible = np.arange(n)
        if symbols.dtype != X.dtype:
            # fit may have seen negative, larger and fractional values; a float16 has no 65,535.
            values = symbols.astype(np.float64)
            possible = np.flatnonzero((values > 0) & (values <= largest) & (values % 1 == 0))
        table[symbols[possible].astype(np.intp)] = possible + 1
        codes = np.empty(X.shape, dtype)
        for rows in row_slices(X):  # numpy widens what it takes to eight bytes each
            table.take(X[rows], out=codes[rows], mode="clip")
        return compact(codes)
    if not n:
        return compact((X != 0).astype(dtype))
    sought, possible = X, True
    if {symbols.dtype.kind, X.dtype.kind} == {"i", "u"}:
        # numpy would compare int64 with uint64 as floats, which round.
        sought = X.astype(symbols.dtype)
        possible = (sought.astype(X.dtype) == X) & ((sought < 0) == (X < 0))
    place = np.searchsorted(symbols, sought)
    place[place == n] = 0
    codes = np.where((symbols[place] == sought) & possible, place + 1, n + 1)
    codes[X == 0] = 0
    return compact(codes.astype(dtype))
