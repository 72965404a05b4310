"""Split the rows of a list by the values of columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._base.labels_and_weights import is_missing, with_none
from .._models.frames import columns_of

# Columns of a table of parts, which columns of `by` may not be called like.
TAKEN = {"label", "outcome", "share", "rate", "other", "difference", "low", "high"}
TAKEN |= {"sure", "n_people", "names", "not_names"}


@dataclass(frozen=True)
class Split:
    """Hold the parts of a list.

    Parameters
    ----------
    names : list of str
        What the columns are called.
    keys : list
        The values of each part in the columns: a value, or a tuple of several, None for
        a missing one.
    rows : list of ndarray of int
        The rows of each part, in their order.
    """

    __module__ = "sknames"

    names: list[str]
    keys: list[Any]
    rows: list[NDArray[np.integer]]

    def title(self, key: Any) -> str:
        """Return what stands above a part."""
        values = key if len(self.names) > 1 else [key]
        pairs = []
        for name, value in zip(self.names, values, strict=True):
            pairs.append(f"{name}: {'(blank)' if value is None else value}")
        return ", ".join(pairs)


def split_rows(by: Any, n_rows: int) -> Split:
    """Return the parts of a list by a column, or by a table of several.

    Keys are sorted, missing values first. Those that cannot be sorted are in order of
    appearance.
    """
    columns = columns_of(with_none(by), "by")
    for name, values in columns.items():
        if len(values) != n_rows:
            raise ValueError(
                f"Expected by with a value for each of {n_rows:,} names, got "
                f"{len(values):,} of {name!r}."
            )
        if name in TAKEN:
            raise ValueError(
                f"Expected a column of by that is not called {name!r}, as one of the "
                "result is: rename it."
            )
    values = [_known(values) for values in columns.values()]
    keys = values[0] if len(values) == 1 else [*zip(*values, strict=True)]
    try:
        index_of = {key: k for k, key in enumerate(dict.fromkeys(keys))}
    except TypeError as error:
        raise TypeError(
            f"Expected values in by that are texts or numbers, got {error}."
        ) from None
    index = np.array([index_of[key] for key in keys], dtype=np.intp)
    in_order = _sorted([*index_of])
    order = np.argsort(index, kind="stable")
    ends = np.bincount(index, minlength=len(index_of)).cumsum()
    rows = dict(zip(index_of, np.split(order, ends[:-1]), strict=True))
    return Split([*columns], in_order, [rows[key] for key in in_order])


def _known(values):
    """Return values of Python, with None for missing ones."""
    known = []
    for value in values:
        value = value.item() if isinstance(value, np.generic) else value
        known.append(None if is_missing(value) else value)
    return known


def _sorted(keys):
    """Return keys in order, if they have one."""

    def place(key):
        values = key if isinstance(key, tuple) else (key,)
        return [(value is not None, value) for value in values]

    try:
        return sorted(keys, key=place)
    except TypeError:
        return keys
