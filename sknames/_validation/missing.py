"""What counts as missing."""

from numbers import Real

import numpy as np


def is_missing(value):
    """Whether a value is None, NaN, NaT or pd.NA, which cannot be compared: its type is asked."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, Real | np.datetime64) and bool(value != value)
