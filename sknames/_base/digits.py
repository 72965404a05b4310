"""Name what an object holds by a few digits."""

import hashlib

import numpy as np

PLAIN = (str, bytes, bytearray, int, float, complex, type(None))
# What estimators add to their state besides what they learned; the last is an address.
STAMPS = {"_sklearn_version", "_sknames_version", "_format", "_stop_words_id"}
# Hexadecimal digits of a fingerprint.
OF_BASE = 6  # by chance, two in 17 million are alike
OF_LAYER = 4


def digits_of(value, n):
    """Return the first n hexadecimal digits of a digest of a value.

    They are of the bits of its arrays and the texts of the rest, as files keep them.
    So they are the same in each process, before and after saving.
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
        digest.update(f"{sorted(map(repr, value))} ".encode())
    elif hasattr(value, "__qualname__"):  # a class or a function
        module = getattr(value, "__module__", None)  # which methods of str lack
        digest.update(f"{module}.{value.__qualname__} ".encode())
    else:
        digest.update(f"{type(value).__name__} ".encode())
        _add(digest, _state(value))


def _state(value):
    """Return what an object holds, as pickle reads it, without stamps."""
    state = value.__getstate__()
    if not isinstance(state, dict):
        return state
    return {name: state[name] for name in state if name not in STAMPS}
