"""Check labels and weights beyond what scikit-learn checks."""

from numbers import Real
from reprlib import repr as shorten

import numpy as np
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d


def is_missing(value):
    """Return whether a value is None, NaN, NaT or pd.NA."""
    if isinstance(value, str):
        return False
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, Real | np.datetime64) and bool(value != value)


def check_labels(y, n_samples=None):
    """Return labels as a 1-D array; raise ValueError if one is missing or continuous.

    Another number than `n_samples`, if it is given, raises, too.
    """
    if y is None:
        raise ValueError("fit requires y to be passed, but the target y is None.")
    dtype = getattr(y, "dtype", None)
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biuUS":
        # As objects: numpy would turn a NaN among strings into the string "nan".
        for position, label in enumerate(np.asarray(y, dtype=object).ravel()):
            is_infinite = isinstance(label, Real) and abs(label) == np.inf
            if is_infinite or is_missing(label):
                got = "infinity" if is_infinite else f"a missing label ({label})"
                raise ValueError(
                    f"Expected a label in every row, but y contains {got} at position "
                    f"{position}. Drop such rows."
                )
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


def check_some_known(y, classes):
    """Raise ValueError if no label is a class, perhaps since the spelling differs."""
    y = [*dict.fromkeys(np.ravel(y).tolist())]
    classes = [*dict.fromkeys(np.ravel(classes).tolist())]
    if set(y).isdisjoint(classes):
        raise ValueError(
            "None of the labels is one of the model's: expected some of "
            f"{shorten(classes)}, got {shorten(y)}."
        )


def check_weights(sample_weight, n_samples, name="sample_weight"):
    """Return weights as float64 of shape (n_samples,), ones for None.

    Raise ValueError unless all are at least 0 and one is positive. Errors show `name`.
    """
    if sample_weight is None:
        sample_weight = 1.0
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, sample_weight, dtype=np.float64)
    weights = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name=name
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
    return weights


def weigh_classes(y, weights, class_weight):
    """Multiply the weights of rows by those of their classes.

    These are a dict, "balanced" or None. Classes whose rows all have weight 0 are
    ignored.
    """
    if class_weight is None:
        return weights
    if isinstance(class_weight, dict):
        for label, weight in class_weight.items():
            if (
                not isinstance(weight, Real)
                or not 0 <= weight <= np.finfo(np.float64).max
            ):
                raise ValueError(
                    "Expected finite numbers of at least 0 in class_weight, got "
                    f"{weight!r} for class {label!r}. Use 0 to leave a class out."
                )
    # A dict may name any class; "balanced" sees only classes with weight.
    counts = weights > 0 if class_weight == "balanced" else np.ones(len(y), dtype=bool)
    classes, index = np.unique(y[counts], return_inverse=True)
    by_class = compute_class_weight(
        class_weight, classes=classes, y=y[counts], sample_weight=weights[counts]
    )
    weights = weights.copy()
    weights[counts] *= by_class[index]
    if not weights.any():
        raise ValueError(
            f"Expected a positive weight for some row; class_weight={class_weight!r} "
            f"gives {by_class} to {classes}. Change it, or the sample_weight."
        )
    return weights
