"""Split the rows of a list by the values of columns."""

from contextlib import suppress

import numpy as np

from .._base.codes import code_values, index_in
from .columns import categories_of, columns_of, values_of

# Names of the columns of a table of parts; columns of `by` must have other names.
TAKEN = {"label", "outcome", "share", "rate", "other", "difference", "low", "high"}
TAKEN |= {"sure", "p_value", "n_people", "names", "not_names"}
# The draws of a part take some 300 kB.
MOST_PARTS = 2_000


def split_rows(by, n_rows):
    """Split the rows of a list by a column, or by a table of several columns.

    Return the names of the columns, and a dict with the rows of each part in their
    order. The key of a part is its value in the column, or a tuple of its values in
    several columns. None stands for a missing value. Keys are sorted, with missing
    values first and ordered categories in their own order. Keys that cannot be sorted
    are in order of appearance.
    """
    columns = columns_of(by, "by")
    taken = TAKEN & {*columns}
    if taken:
        raise ValueError(
            f"Expected a column of by that is not called {taken.pop()!r}, as one of "
            "the result is: rename it."
        )
    codes = []
    values_of_codes = []
    for column in columns.values():
        values = values_of(column, n_rows, "a value of by", "by")
        distinct, code = _code_in_order(values, categories_of(column))
        codes.append(code)
        values_of_codes.append(distinct)
    n_distinct = [len(distinct) for distinct in values_of_codes]
    places, index = np.unique(
        np.ravel_multi_index(codes, n_distinct), return_inverse=True
    )
    if len(places) > MOST_PARTS:
        raise ValueError(
            f"Expected {MOST_PARTS:,} parts at most, got {len(places):,} values of by. "
            "Give a column with fewer, as by years instead of days."
        )
    codes_of_parts = np.unravel_index(places, n_distinct)
    columns_of_keys = []
    for distinct, code in zip(values_of_codes, codes_of_parts, strict=True):
        columns_of_keys.append([distinct[k] for k in code])
    keys = [*zip(*columns_of_keys, strict=True)]
    if len(columns) == 1:
        keys = columns_of_keys[0]
    order = np.argsort(index, kind="stable")
    ends = np.bincount(index, minlength=len(places)).cumsum()
    rows_of_parts = np.split(order, ends[:-1])
    return [*columns], dict(zip(keys, rows_of_parts, strict=True))


def title_of(names, key):
    """Return what is printed above a part, given the names of the columns of by."""
    pairs = []
    for name, value in zip(names, values_of_key(names, key), strict=True):
        text = "(blank)" if value is None else str(value)
        pairs.append(f"{name}: {text or repr(text)}")
    return ", ".join(pairs)


def values_of_key(names, key):
    """Return the value of a part in each column of by."""
    return key if len(names) > 1 else (key,)


def _code_in_order(values, categories):
    """Return the distinct values of a column in order, None first, and their codes."""
    distinct, code = code_values(values)
    for value in distinct:
        if isinstance(value, tuple):
            raise TypeError(
                f"Expected values in by that are texts or numbers, got {value!r:.80}. "
                'Give several columns as a table, as by=df[["dep", "year"]].'
            )
    known = [value for value in distinct if value is not None]
    if categories is not None:
        known = [value for value in categories if value in {*known}]
    else:
        with suppress(TypeError):  # they are in order of appearance
            known = sorted(known)
    in_order = [None] * (len(known) < len(distinct)) + known
    return in_order, index_in(in_order, distinct, otherwise=-1)[code]
