"""What is checked of files: who wrote them, and whether their parts are as they were written."""

import re
import warnings
from inspect import Parameter, signature
from numbers import Integral

import numpy as np

from ._missing import is_missing


def default_params(cls):
    """The parameters of a class that have defaults; a subclass may have others."""
    parameters = signature(cls).parameters.items()
    return {
        name: parameter.default
        for name, parameter in parameters
        if parameter.default is not Parameter.empty
    }


def check_stamp(state, version, format_):
    """Compare the version and format that a saved state bears with those of this package.

    Parameters
    ----------
    state : dict
        Of a fitted estimator, with "_sknames_version" and "_format", which old files may lack.
    version : str
        Of this package.
    format_ : int
        The newest format that this package reads, and the one it writes.

    Raises
    ------
    ValueError
        If the format is newer, or no number. A newer version, or none, only warns.
    """
    writer, found = state.get("_sknames_version"), state.get("_format", 0)
    by = "an unknown older version of sknames" if writer is None else f"sknames {writer}"
    saved = f"This model was saved by {by}"
    here = f"this is sknames {version}"
    if not isinstance(found, Integral):
        raise ValueError(f"{saved} in format {found!r}, but a format is an integer; {here}.")
    if found > format_:
        raise ValueError(
            f"{saved} in format {found}; {here}, which reads formats up to {format_}. Upgrade "
            "sknames, or fit the model again with this version."
        )
    if writer is None:
        warnings.warn(
            f"{saved} in format {found}; {here}, which writes format {format_}. Check what the "
            "model predicts, or fit it again with this version.",
            UserWarning,
            stacklevel=3,
        )
    elif _release(writer) > _release(version):
        warnings.warn(
            f"{saved}; {here}, which is older. Upgrade sknames, or check what the model predicts.",
            UserWarning,
            stacklevel=3,
        )


def _release(version):
    return tuple(map(int, re.findall(r"\d+", str(version))[:3]))


def read_state(state, keys, format_, version):
    """The state of a classifier in the newest format, without its stamp.

    Parameters
    ----------
    state : dict
    keys : set of str
        What it must hold then if the classifier is fitted, as any of them tells.
    format_, version
        See `check_stamp`.

    Raises
    ------
    ValueError
        If it cannot be read, or lacks a part.
    """
    if keys.isdisjoint(state):
        return _migrate_params(state)
    check_stamp(state, version, format_)
    state = migrate(state)
    check_holds(state, keys)
    if not isinstance(state["history_"], list):
        refuse("history_", "a list", type(state["history_"]).__name__)
    return {name: state[name] for name in state if name not in ("_sknames_version", "_format")}


# Of format 1.
SIZES = ("n_codes", "n_classes", "hidden_size", "num_layers", "embedding_dim", "n_ngrams")
GONE = {"nonlinearity", "optimizer", "lr_schedule", "gradient_clip_value", "embedding_dropout"}


def migrate(state):
    """Bring the state of a fitted classifier to the newest format.

    Format 2 did not tell the priors that the probabilities suppose.

    Format 1 held the parts of the network beside each other, and its sizes once more: "_sizes" is
    for `Network.from_arrays` to compare. Before "separator" existed, n-grams went across words.
    """
    if state.get("_format", 0) > 2:
        return state
    if state.get("_format", 0) > 1:
        network, unknown = state.get("network_"), {"class_prior": np.zeros(0)}
        return state | {"network_": unknown | network} if isinstance(network, dict) else state
    parts = {"weights_": dict, "ngram_keys_": list, "symbols_": np.ndarray, "_module_params": dict}
    needed = {*parts, "_separator"} if "separator" in state else set(parts)
    check_holds(state, needed)
    for name, type_ in parts.items():
        if not isinstance(state[name], type_):
            refuse(name, f"a {type_.__name__}", type(state[name]).__name__)
    weights, ngram_keys, symbols, net = (state[name] for name in parts)
    for name, choices in [("cell", ["gru", "rnn"]), ("nonlinearity", ["tanh", "sigmoid"])]:
        check_choice(f"_module_params[{name!r}]", net.get(name), choices)
    separator = state.get("_separator")
    if separator is not None:
        check_integer("_separator", separator, 1, symbols.size, "None or ")
    gone = {*parts, "_separator", "_forward", "_net"}
    new = {name: value for name, value in state.items() if name not in gone}
    return _migrate_params(new) | {
        "network_": {
            **weights,
            **{f"ngram_keys.{n}": keys for n, keys in enumerate(ngram_keys)},
            # Not the parameter, which may have been set for another fit.
            "cell": np.array(_migrate_params(net)["cell"]),
            "symbols": symbols,
            "separator": np.array([] if separator is None else [separator], dtype=np.int64),
            "class_prior": np.zeros(0),
        },
        "_sizes": {name: net.get(name) for name in SIZES},
    }


def _migrate_params(params):
    """Parameters of any format as those of the newest; what else there is stays."""
    new = {name: value for name, value in params.items() if name not in GONE}
    if [str(params.get(name)) for name in ("cell", "nonlinearity")] == ["rnn", "sigmoid"]:
        new["cell"] = "sigmoid_rnn"
    return new


def check_classes(classes):
    """Labels as `np.unique` gives them, none missing."""
    check_array(classes, "classes_")
    try:
        valid = len(classes) > 0 and rises(classes) and not any(map(is_missing, classes.tolist()))
    except (TypeError, ValueError):  # of a comparison
        valid = False
    if not valid:
        refuse("classes_", "sorted, distinct labels, none missing", some(classes))


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
