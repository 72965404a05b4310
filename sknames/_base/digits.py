"""Name what an object holds by a few digits."""

import copyreg
import hashlib
from types import ModuleType

import numpy as np

PLAIN = (str, bytes, bytearray, int, float, complex, type(None))
# What estimators add to their state besides what they learned: the seconds of an epoch
# are in the history, and the last is an address.
STAMPS = {
    "_sklearn_version",
    "_sknames_version",
    "_format",
    "history_",
    "_stop_words_id",
}
# Hexadecimal digits of a fingerprint.
OF_BASE = 6  # by chance, two in 17 million are alike
OF_LAYER = 4
OF_ITEM = 16  # only to sort the items of a set
# Where the state of a tree of scikit-learn has the counters of its searches.
TREE_COUNTERS = slice(7, 11)


def digits_of(value, n):
    """Return the first n hexadecimal digits of a digest of a value.

    They are of the bits of its arrays and the texts of the rest, as files keep them.
    So they are the same in each process, before and after saving. Raise TypeError if it
    holds what no file keeps.
    """
    digest = hashlib.blake2b()
    _add(digest, value)
    return digest.hexdigest()[:n]


def _add(digest, value):
    """Add a value to a digest."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "OU":
        value = value.tolist()  # texts have no fixed width then
    if isinstance(value, np.ndarray) and value.dtype.names:
        # Between the fields of a row are bytes that mean nothing.
        value = {name: value[name] for name in value.dtype.names}
    if isinstance(value, PLAIN):
        digest.update(f"{value!r} ".encode())
    elif isinstance(value, np.ndarray):
        digest.update(f"{value.dtype.str} {value.shape} ".encode())
        digest.update(value.tobytes())
    elif isinstance(value, list | tuple):
        digest.update(f"{len(value)} items ".encode())
        for item in value:
            _add(digest, item)
    elif isinstance(value, dict):
        digest.update(f"{len(value)} keys ".encode())
        for key in sorted(value, key=repr):
            _add(digest, key)
            _add(digest, value[key])
    elif isinstance(value, set | frozenset):
        _add(digest, sorted(digits_of(item, OF_ITEM) for item in value))
    elif _has_name(value):
        if "<" in value.__qualname__:  # such as <lambda>
            raise _unreadable(value.__qualname__)
        module = getattr(value, "__module__", None)  # which methods of str lack
        digest.update(f"{module}.{value.__qualname__} ".encode())
    else:
        digest.update(f"{type(value).__name__} ".encode())
        _add(digest, _parts(value))


def _has_name(value):
    """Return whether a value is a class or a function that its name stands for."""
    # A method of an object is not known by its name alone.
    is_free = isinstance(getattr(value, "__self__", None), ModuleType | None)
    return is_free and callable(value) and hasattr(value, "__qualname__")


def _parts(value):
    """Return what an object is made again from, as pickle does, without stamps."""
    reduce = copyreg.dispatch_table.get(type(value))
    try:
        parts = value.__reduce_ex__(4) if reduce is None else reduce(value)
    except TypeError as error:
        raise _unreadable(f"a {type(value).__name__}") from error
    if isinstance(parts, str):  # the name of a function of numpy
        return parts
    maker, arguments, *rest = parts
    state, items, pairs = [*rest, None, None, None][:3]
    if isinstance(state, dict):
        state = {name: state[name] for name in state if name not in STAMPS}
    if hasattr(value, "get_tree_stats"):  # each search changes counters of a tree
        state = state[: TREE_COUNTERS.start] + state[TREE_COUNTERS.stop :]
    return maker, arguments, state, [*(items or ())], [*(pairs or ())]


def _unreadable(what):
    """Return the error for what no file keeps."""
    return TypeError(
        f"Expected a model that joblib can save, got {what} in it, which has no "
        "fingerprint. Take functions and classes of a module instead."
    )
