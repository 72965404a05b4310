"""Add predictions to a table of names, as the command `sknames predict` does."""

from collections.abc import Hashable, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from .._base import validate_params
from .._base.sklearn_private import HasMethods, Interval
from .._encoding.char_encoder import CHUNK_NAMES
from .._encoding.join_names import JoinNames, find_column
from .._text.names import Names, check_is_in_memory, read_names
from .frames import is_table, to_frame, with_columns
from .predict_names import predict_names


@validate_params(
    {
        "estimator": [HasMethods(["predict_proba"])],
        "column": "no_validation",
        "top": [Interval(Integral, 1, None, closed="left")],
        "prefix": [str],
    }
)
def predict_table(
    estimator: Any,
    X: Any,
    *,
    column: Hashable | Sequence[Hashable] = None,
    top: int = 1,
    prefix: str = "",
) -> Any:
    """Add the most probable nationalities of names, with probabilities, to a table.

    The command ``sknames predict`` adds the same columns to a file.

    Parameters
    ----------
    estimator : classifier
        Fitted classifier that takes names, such as :func:`load_pretrained`.
    X : DataFrame or Series of pandas or polars, or iterable of str
        Names, alone or in a table with other columns.
    column : str or other name of a column, list or tuple of these, or None, \
default=None
        Column with the names, or several columns to join as in :class:`JoinNames`. None
        uses the only column or the column "name". Upper and lower case are
        distinguished only if several columns match.
    top : int, default=1
        Number of labels for each name.
    prefix : str, default=""
        Prefix of the new column names.

    Returns
    -------
    DataFrame
        The table with the new columns appended; its index and columns are unchanged. It
        is a polars DataFrame if the input comes from polars or if only polars is
        installed, and a pandas DataFrame otherwise. The new columns are

        - predicted, probability: the most probable nationality and its probability,
        - predicted_2, probability_2 and so on, up to `top`,
        - level: the kind of the prediction, such as "label" or "region"; only for a
          :class:`SelectiveClassifier` with a `fallback`,
        - reason: why a row has no prediction, or "" if it has one, see
          :meth:`SelectiveClassifier.reasons`. Only a :class:`SelectiveClassifier` has
          the reason "unsure".

    Raises
    ------
    ValueError
        If the table already has a column with the name of a new one.
    ImportError
        If `X` is not a table and neither pandas nor polars is installed.

    See Also
    --------
    load_pretrained : Load a shipped model; with ``abstain=True``, it withholds unsure
        predictions.

    Examples
    --------
    >>> import pandas as pd
    >>> from sknames import load_pretrained, predict_table
    >>> people = {"name": ["Mehmet Yılmaz", None], "age": [31, 45]}
    >>> people = pd.DataFrame(people, index=["a", "b"])
    >>> added = predict_table(load_pretrained(), people, top=3)
    >>> added.columns.tolist()
    ['name', 'age', 'predicted', 'probability', 'predicted_2', 'probability_2', \
'predicted_3', 'probability_3', 'reason']
    >>> added.loc["a", ["predicted", "predicted_2", "reason"]].tolist()
    ['Turkish', 'German', '']
    >>> added.loc["b", "reason"]
    'missing name'
    """
    table, X = _read(X, column)
    names = read_names(X, "empty") if len(X) else []
    chunks = []
    # An empty list is predicted as one empty chunk, so that it has the columns.
    for start in range(0, max(1, len(names)), CHUNK_NAMES):
        chunk = Names(names[start : start + CHUNK_NAMES])
        predictions = predict_names(estimator, chunk, top=top)
        chunks.append(predictions.columns(prefix=prefix))
    new = {}
    for name in chunks[0]:
        if name in table.columns:
            raise ValueError(
                f"The table has a column {name!r} already: rename it, or give a prefix."
            )
        new[name] = np.concatenate([columns[name] for columns in chunks])
    return with_columns(table, new)


def _read(X, column):
    """Return the input as a pandas or polars table, and the names in it."""
    check_is_in_memory(X)
    if hasattr(X, "to_frame"):  # a Series
        return X.to_frame(X.name or "name"), X
    if not is_table(X):
        is_empty = isinstance(X, list) and not X
        names = X if is_empty else read_names(X, "empty")
        return to_frame({"name": np.array(names, dtype=object)}), names
    columns = list(X.columns)
    if column is None:
        column = columns if len(columns) == 1 else "name"
    # A tuple is the name of one column, if columns have several levels.
    are_several = isinstance(column, list | tuple) and column not in columns
    wanted = column if are_several else [column]
    columns_of_names = []
    for name in wanted:
        matches = find_column(columns, name)
        if len(matches) != 1:
            raise ValueError(
                f"Expected one column {name!r}, got {columns!r:.80}. Give the column "
                "of names, or a list of columns to join, such as column=['given', "
                "'family']."
            )
        columns_of_names += matches
    if len(columns_of_names) == 1 or not len(X):
        return X, X[columns_of_names[0]]
    return X, JoinNames().transform(X[columns_of_names])
