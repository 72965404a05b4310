"""What is checked of labels, weights and parameters, beyond what scikit-learn checks."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d


def is_missing(value):
    """Whether a value is None, NaN, NaT or pd.NA, which cannot be compared: its type is asked."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, Real) and value != value


def holds_strings(X):
    """Whether an array-like has a str or bytes among its items."""
    try:
        items = np.asarray(X, dtype=object).ravel()
    except ValueError:
        return False
    return any(isinstance(item, str | bytes) for item in items)


def check_labels(y, n_samples):
    """Labels as a 1-D array, none missing.

    Raises
    ------
    ValueError
        If y is None, of another shape or length, continuous, or has a missing label.
    """
    if y is None:
        raise ValueError("fit requires y to be passed, but the target y is None.")
    dtype = getattr(y, "dtype", None)
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biuUS":
        # The items themselves: numpy would make a str of a NaN beside strings.
        for position, label in enumerate(np.asarray(y, dtype=object).ravel()):
            if is_missing(label):
                raise ValueError(
                    f"y contains a missing label ({label}) at position {position}; every row needs "
                    "a label. Drop such rows first."
                )
            if isinstance(label, Real) and abs(label) == np.inf:
                raise ValueError(f"y contains infinity at position {position}. Correct that label.")
    labels = column_or_1d(y, warn=True)
    if len(labels) != n_samples:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"X has {n_samples}, y has {len(labels)}."
        )
    check_classification_targets(labels)
    return labels


def check_weights(sample_weight, n_samples):
    """Weights as float64 of shape (n_samples,), ones for None.

    Raises
    ------
    ValueError
        If they have another shape, or a weight is negative or no number, or all are 0.
    """
    if sample_weight is None:
        return np.ones(n_samples)
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, sample_weight, dtype=np.float64)
    weights = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.ndim != 1:
        raise ValueError("Sample weights must be 1D array or scalar")
    if weights.shape != (n_samples,):
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(n_samples,)}!")
    if (weights < 0).any():
        position = int((weights < 0).argmax())
        raise ValueError(
            f"Negative values in data passed to `sample_weight`: {weights[position]} at position "
            f"{position}. Use 0 to leave a row out."
        )
    if not weights.any():
        raise ValueError(
            "All values of sample_weight are zero; at least one row needs a positive weight."
        )
    return weights


def check_ngram_range(ngram_range):
    """Raise ValueError unless it is a pair (min_n, max_n) with 1 <= min_n <= max_n."""
    valid = len(ngram_range) == 2 and all(isinstance(n, Integral) for n in ngram_range)
    if not valid or not 1 <= ngram_range[0] <= ngram_range[1]:
        raise ValueError(
            f"ngram_range={ngram_range} is not a pair (min_n, max_n) of integers with "
            "1 <= min_n <= max_n. Use e.g. (1, 5), or None for no n-grams."
        )
