"""Compute short digests of arrays and settings."""

import hashlib

import numpy as np

# Numbers of hexadecimal digits in a fingerprint.
MODEL_DIGITS = 6  # two models have the same digits with a chance of 1 in 17 million
LAYER_DIGITS = 4


def digits_of(value, n):
    """Return the first n hexadecimal digits of a digest of a value.

    The value is an array, a text, a number or None, or a dict, list or tuple of these.
    The digest is of the bits of arrays, so it is the same in each process, before and
    after saving.
    """
    digest = hashlib.blake2b()
    _add(digest, value)
    return digest.hexdigest()[:n]


def _add(digest, value):
    """Add a value to a digest."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray) and value.dtype.kind in "OU":
        value = value.tolist()  # the width of a text array depends on its longest text
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype.str} {value.shape} ".encode())
        digest.update(value.tobytes())
    elif isinstance(value, list | tuple):
        digest.update(f"{len(value)} items ".encode())
        for item in value:
            _add(digest, item)
    elif isinstance(value, dict):
        digest.update(f"{len(value)} keys ".encode())
        for key in sorted(value):
            _add(digest, key)
            _add(digest, value[key])
    else:
        digest.update(f"{value!r} ".encode())
