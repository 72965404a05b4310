"""What is checked of labels and weights, beyond what scikit-learn checks; what is missing."""

from numbers import Real

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d


def is_missing(value):
    """Whether a value is None, NaN, NaT or pd.NA, which cannot be compared: its type is asked."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, Real | np.datetime64) and bool(value != value)


def check_labels(y, n_samples):
    """Return labels as a 1-D array; raise ValueError if one is missing, or they are continuous."""
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


def check_some_known(y, classes):
    """Raise ValueError if none of the labels is a class: then they are written otherwise."""
    if not np.isin(y, classes).any():
        raise none_known(np.unique(y), classes)


def none_known(labels, classes):
    """The error for labels of which none is a class."""
    return ValueError(
        f"None of the labels is one of the model's: expected some of {_some(classes)}, got "
        f"{_some(labels)}."
    )


def _some(labels):
    labels = labels.tolist() if isinstance(labels, np.ndarray) else [*labels]
    return ", ".join(map(repr, labels[:5])) + ", ..." * (len(labels) > 5)


def check_weights(sample_weight, n_samples, name="sample_weight"):
    """Return weights as float64 of shape (n_samples,), ones for None, scaled by `scale_weights`.

    Not all are 0, and none is negative. `name` is that of the parameter, for errors.
    """
    if sample_weight is None:
        sample_weight = 1.0
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, sample_weight, dtype=np.float64)
    weights = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if weights.ndim != 1:
        raise ValueError("Sample weights must be 1D array or scalar")
    if weights.shape != (n_samples,):
        raise ValueError(f"{name}.shape == {weights.shape}, expected {(n_samples,)}!")
    if (weights < 0).any():
        position = int((weights < 0).argmax())
        raise ValueError(
            f"Negative values in data passed to `{name}`: {weights[position]} at position "
            f"{position}. Use 0 to leave a row out."
        )
    if not weights.any():
        raise ValueError(
            f"All values of {name} are zero; at least one row needs a positive weight."
        )
    return scale_weights(weights)


def weigh_classes(y, weights, class_weight):
    """Multiply the weights of rows with those of their classes: a dict, "balanced" or None.

    Classes whose rows all have weight 0 do not count.
    """
    if class_weight is None:
        return weights
    if isinstance(class_weight, dict):
        for label, weight in class_weight.items():
            if not isinstance(weight, Real) or not 0 <= weight <= np.finfo(np.float64).max:
                raise ValueError(
                    f"Expected finite numbers in class_weight, not negative, got {weight!r} for "
                    f"class {label!r}. Use 0 to leave a class out. Only the ratios matter."
                )
    # Given weights may be of any class; balanced ones are those of the classes that count.
    counts = weights > 0 if class_weight == "balanced" else np.ones(len(y), dtype=bool)
    classes, index = np.unique(y[counts], return_inverse=True)
    with np.errstate(over="ignore"):
        by_class = compute_class_weight(
            class_weight, classes=classes, y=y[counts], sample_weight=weights[counts]
        )
    if not np.isfinite(by_class).all():
        label = classes[~np.isfinite(by_class)].tolist()[0]
        raise ValueError(
            f"class_weight={class_weight!r} gives class {label!r} no finite weight: the class "
            "has almost zero weight. Give its rows a weight of 0, or a larger one."
        )
    weights = weights.copy()
    weights[counts] *= scale_weights(by_class)[index]
    if not weights.any():
        raise ValueError(
            f"class_weight={class_weight} leaves no row with a positive weight; at least one class "
            "needs a positive one."
        )
    return weights


def scale_weights(weights):
    """Weights multiplied by the power of two that brings the largest below 1.

    Only their ratios matter, and a sum of large ones could overflow. A power of two changes no
    digit.
    """
    _, exponent = np.frexp(weights.max())
    return np.ldexp(weights, -exponent)
