"""Check labels and weights beyond what scikit-learn checks."""

from decimal import Decimal
from numbers import Real
from reprlib import repr as shorten

import numpy as np
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

# Labels with fewer held-out people are sparse: lists underestimate their shares.
# Intervals covered .6 to .8 of the true shares of sparse labels, and .89 to .96 of the
# shares of other labels: see examples/benchmarks/results/shares.md.
MIN_HELD_OUT = 20
WEIGHTS = (
    1e-100,
    1e100,
)  # any array of weights that fits into memory has a finite sum of squares


def is_missing(value):
    """Return whether a value is None, NaN, NaT or pd.NA."""
    if isinstance(value, str):
        return False
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, Real | Decimal | np.datetime64) and bool(value != value)


def with_none(values):
    """Return values with None in place of the masked entries of numpy arrays."""
    if np.ma.is_masked(values):
        return np.where(values.mask, None, values.data)
    return values


def check_labels(y, n_samples=None):
    """Return labels as a 1-D array; raise ValueError if one is missing or continuous.

    If `n_samples` is given, any other number of labels also raises.
    """
    if y is None:
        raise ValueError(
            "This requires y to be passed, but the target y is None. Give the label of "
            "each row of X."
        )
    y = with_none(y)
    dtype = getattr(y, "dtype", None)
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biuUS":
        # As objects: numpy would turn a NaN among strings into the string "nan".
        for position, label in enumerate(np.asarray(y, dtype=object).ravel()):
            _check_label(label, position)
    labels = column_or_1d(y, warn=True)
    if n_samples is not None:
        check_consistent_length(range(n_samples), labels)
    if type_of_target(labels) == "unknown":
        raise ValueError(
            "Unknown label type: expected strings or integers, got objects of type "
            f"{type(labels[0]).__name__} ({labels[0]}). Convert them, e.g. "
            "[str(label) for label in y]."
        )
    check_classification_targets(labels)
    return labels


def _check_label(label, position):
    """Raise ValueError if a label is missing or infinite."""
    if is_missing(label):
        got = f"a missing label ({label})"
    elif isinstance(label, Real) and abs(label) == np.inf:
        got = "infinity"
    else:
        return
    raise ValueError(
        f"Expected a label in every row, but y contains {got} at position {position}. "
        "Drop such rows."
    )


def check_some_known(y, classes):
    """Raise ValueError if no label is a class, as when the spelling differs."""
    labels = _distinct(y)
    known = _distinct(classes)
    if set(labels).isdisjoint(known):
        raise ValueError(
            "None of the labels is one of the model's: expected some of "
            f"{shorten(known)}, got {shorten(labels)}. If these are groups, predict "
            "them by GroupedClassifier(model, groups=..., others=...); if they are "
            "codes of countries, take load_pretrained('country')."
        )


def _distinct(labels):
    """Return the distinct labels, in the order in which they first occur."""
    return list(dict.fromkeys(np.ravel(labels).tolist()))


def check_weights(sample_weight, n_samples, name="sample_weight"):
    """Return weights as float64 of shape (n_samples,), ones for None.

    Raise ValueError unless all are 0 or within `WEIGHTS`, and one is positive. Errors
    show `name`.
    """
    if sample_weight is None:
        sample_weight = 1.0
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, sample_weight, dtype=np.float64)
    weights = check_array(
        with_none(sample_weight), ensure_2d=False, dtype=np.float64, input_name=name
    )
    if weights.shape != (n_samples,):
        raise ValueError(
            f"Expected {name} of shape {(n_samples,)}, got {weights.shape}."
        )
    if (weights < 0).any() or not weights.any():
        raise ValueError(
            f"Expected {name} of zero or more, and a positive one; got "
            f"{weights.min():g} at position {weights.argmin()}. Use 0 to leave a row "
            "out."
        )
    _check_range(weights, name)
    return weights


def _check_range(weights, name):
    """Raise ValueError if a positive weight is too small or too large to be summed."""
    smallest, largest = WEIGHTS
    is_wrong = (weights > 0) & ((weights < smallest) | (weights > largest))
    if is_wrong.any():
        position = is_wrong.argmax()
        raise ValueError(
            f"Expected {name} of 0, or from {smallest:g} to {largest:g}, got "
            f"{weights[position]:g} at position {position}. Divide all by one number, "
            "and use 0 for what does not count."
        )


def weigh_classes(y, weights, class_weight):
    """Multiply the weights of rows by those of their classes.

    The weights of classes are a dict, "balanced" or None. Classes whose rows all have
    weight 0 are ignored.
    """
    if class_weight is None:
        return weights
    if isinstance(class_weight, dict):
        largest = np.finfo(np.float64).max
        for label, weight in class_weight.items():
            if not isinstance(weight, Real) or not 0 <= weight <= largest:
                raise ValueError(
                    "Expected finite numbers of at least 0 in class_weight, got "
                    f"{weight!r} for class {label!r}. Use 0 to leave a class out."
                )
    # A dict may name any class; "balanced" sees only classes with weight.
    is_seen = np.ones(len(y), dtype=bool)
    if class_weight == "balanced":
        is_seen = weights > 0
    classes, index = np.unique(y[is_seen], return_inverse=True)
    by_class = compute_class_weight(
        class_weight, classes=classes, y=y[is_seen], sample_weight=weights[is_seen]
    )
    weights = weights.copy()
    weights[is_seen] *= by_class[index]
    if not weights.any():
        raise ValueError(
            f"Expected a positive weight for some row; class_weight="
            f"{class_weight!r:.80} gives 0 to all. Change it, or the "
            "sample_weight."
        )
    _check_range(weights, "sample_weight times class_weight")
    return weights


def effective_number(weights, counts=None):
    """Return how many rows of equal weight contain the same information (Kish 1965).

    `counts` is the number of rows with each weight, 1 by default.
    """
    if counts is None:
        counts = np.ones(len(weights))
    return (weights @ counts) ** 2 / (weights**2 @ counts)
