"""Files of fitted estimators: the stamp that they bear, and the error for parts that do not fit."""

from inspect import signature
from numbers import Integral

import numpy as np

from ._version import __version__

# Of all files. Raise it when an older sknames would misread what this one writes.
FORMAT = 1


def stamped(state):
    """Return the state of an estimator with the format and the version that write it."""
    return state | {"_format": FORMAT, "_sknames_version": __version__}


def unstamped(state, cls):
    """Return the state of an estimator of a class without its stamp.

    A parameter that is newer than the file takes its default.

    Raises
    ------
    ValueError
        If this version does not know the format.
    """
    state = dict(state)
    found, writer = state.pop("_format", None), state.pop("_sknames_version", "unknown")
    if type(found) is not int or not 1 <= found <= FORMAT:
        raise ValueError(
            f"Expected a model in format {FORMAT}, which sknames {__version__} reads, got one in "
            f"format {found!r} (version of sknames that saved it: {writer}). Upgrade sknames, or "
            "fit the model again with this version."
        )
    defaults = {name: parameter.default for name, parameter in signature(cls).parameters.items()}
    return defaults | state


def require(condition, name, expected, got):
    """Raise ValueError unless a part of a saved model is as it was written."""
    if not condition:
        raise ValueError(
            f"{name} of the saved model: expected {expected}, got {got!r:.200}. The file was "
            "changed or is not whole: save the model again."
        )


def rises(array):
    """Whether each value is larger than the one before."""
    return (array[1:] > array[:-1]).all()  # np.diff would wrap around below 0


def some(array):
    """An array in a line of a message."""
    return np.array2string(array, threshold=6, edgeitems=3, max_line_width=1000)


def check_integer(name, value, least, most=None, or_else=""):
    """Refuse what is no integer from least to most (None: of any size)."""
    right = isinstance(value, Integral) and not isinstance(value, bool)
    if right and least <= value and (most is None or value <= most):
        return
    to = "" if most is None else f" to {most}"
    expected = f"{least}" if least == most else f"an integer from {least}{to}"
    refuse(name, or_else + expected, repr(value))


def check_choice(name, value, choices):
    """Refuse what is none of some strings."""
    if not isinstance(value, str) or value not in choices:
        refuse(name, " or ".join(map(repr, choices)), repr(value))


def check_array(array, name, shape=(None,), kinds=None, dtype=None):
    """Refuse what is no array of this shape (None in it: any size), kinds and dtype (None: any)."""
    if not isinstance(array, np.ndarray):
        refuse(name, "an array", type(array).__name__)
    sizes_fit = (n in (None, size) for n, size in zip(shape, array.shape, strict=False))
    if array.ndim != len(shape) or not all(sizes_fit):
        letters = iter("nmk")
        expected = ", ".join(next(letters) if n is None else str(n) for n in shape)
        refuse(name, f"shape ({expected}{',' * (len(shape) == 1)})", f"shape {array.shape}")
    if dtype is not None and array.dtype != dtype:
        refuse(name, f"dtype {np.dtype(dtype)}", f"dtype {array.dtype}")
    if kinds is not None and array.dtype.kind not in kinds:
        refuse(name, f"dtype of kind {' or '.join(kinds)}", f"dtype {array.dtype}")


def check_holds(parts, names):
    """Refuse a dict of parts that lacks some, which the error names."""
    missing = sorted(set(names) - set(parts))
    if missing:
        raise ValueError(f"The saved model lacks {', '.join(missing)}. Was the file changed?")


def refuse(name, expected, got):
    """Raise ValueError for a part that is not as it was written."""
    raise ValueError(
        f"{name} of the saved model: expected {expected}, got {got}. Was the file changed?"
    )
