"""Predict labels, their probabilities, and the reasons for which a model abstains."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import compress, islice, pairwise
from numbers import Integral
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import check_array

from .._base import validate_params, warn
from .._base.codes import code_values
from .._base.sklearn_private import HasMethods, Interval
from .._text.names import Names, read_names
from .frames import fill_missing_names, to_frame
from .groups import fallback_probabilities
from .stack import most_probable, resolve

UNSURE = "unsure"
BYLINE = re.compile(r"([^\W\d_]\. ?-?)+[^.\s]+")  # "A. M. Müller"
INITIALS = (
    "Most of these names have initials instead of given names. Then {}. Give full "
    "names if you have them."
)
COST_FOR_SHARES = (
    "the errors of shares are about half as large again, and intervals do not show it"
)
N_SHOWN = 10  # rows of printed predictions
SAMPLED_NAMES = 1000  # the first names of a list, in which initials are detected


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions for names: arrays with a row for each name.

    Names without a prediction have a row, too. :func:`predict_names` returns this
    object.

    Parameters
    ----------
    labels : ndarray of shape (n_names, top)
        The prediction, followed by the next labels in descending order of probability.
        If the prediction is a group, the labels after it begin with the most probable
        label.
    top_proba : ndarray of shape (n_names, top)
        Probabilities of `labels`.
    levels : ndarray of shape (n_names,) of str, or None
        Kind of the prediction: "label" or, for a :class:`SelectiveClassifier` with a
        `fallback`, a level such as "region". None for models without `fallback`.
    reasons : ndarray of shape (n_names,) of str
        Why there is no prediction, or "" if there is one, see
        :meth:`SelectiveClassifier.reasons`.
    proba : ndarray of shape (n_names, n_classes)
        Probabilities of all labels.
    classes : ndarray of shape (n_classes,)
        The labels, in the order of the columns of `proba`.
    names : list of str, or None
        The names, with "" for missing names. None if the input is not text.

    See Also
    --------
    predict_table : Add the same columns to a table.

    Examples
    --------
    >>> from sknames import load_pretrained, predict_names
    >>> found = predict_names(load_pretrained(threshold=0.9), ["Mehmet Yılmaz", "Lee"])
    >>> found.labels.tolist(), found.reasons.tolist()
    ([['Turkish'], ['Korean']], ['', 'unsure'])
    >>> list(found.columns())
    ['predicted', 'probability', 'reason']
    """

    __module__ = "sknames"

    labels: NDArray[Any]
    top_proba: NDArray[np.floating]
    levels: NDArray[np.object_] | None
    reasons: NDArray[np.object_]
    proba: NDArray[np.floating]
    classes: NDArray[Any]
    names: list[str] | None

    def columns(
        self, top: int | None = None, prefix: str = "", *, proba: bool = False
    ) -> dict[str, NDArray[Any]]:
        """Return the predictions as a dict of columns.

        Parameters
        ----------
        top : int or None, default=None
            Number of labels for each name. None returns all labels in `labels`.
        prefix : str, default=""
            Prefix of the column names.
        proba : bool, default=False
            Whether to add the probability of each label, which rows without a
            prediction have as well.

        Returns
        -------
        dict of str to array of shape (n_names,)
            Columns predicted, probability, predicted_2, probability_2 and so on, with
            None and NaN for names without a prediction; level, if the model has a
            `fallback`; the probability of each label, with `proba=True`; and reason.
        """
        no_answer = self.reasons != ""
        no_name = no_answer & (self.reasons != UNSURE)
        n_labels = self.labels.shape[1] if top is None else top
        columns = {}
        for k in range(n_labels):
            end = "" if k == 0 else f"_{k + 1}"
            probabilities = np.where(no_answer, np.nan, self.top_proba[:, k])
            columns[f"predicted{end}"] = _or_none(self.labels[:, k], no_answer)
            columns[f"probability{end}"] = probabilities
            if k == 0 and self.levels is not None:
                columns["level"] = _or_none(self.levels, no_answer)
        if proba:
            for label, column in zip(self.classes, self.proba.T, strict=True):
                columns[f"probability_{label}"] = np.where(no_name, np.nan, column)
        columns["reason"] = self.reasons
        return {prefix + name: values for name, values in columns.items()}

    def __repr__(self):
        columns = self.columns()
        if self.names is not None:
            columns = {"name": self.names} | columns
        n_names = len(self.reasons)
        rows = [[*columns]]
        for k in range(min(n_names, N_SHOWN)):
            rows.append([_as_text(column[k]) for column in columns.values()])
        widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        lines = []
        for row in rows:
            cells = map(str.ljust, row, widths)
            lines.append("  ".join(cells).rstrip())
        if n_names > N_SHOWN:
            lines.append(f"... {n_names:,} names, which to_frame() shows")
        return "\n".join(lines)

    def to_frame(self, top: int | None = None, prefix: str = "") -> Any:
        """Return the predictions as a pandas DataFrame with the columns of `columns`.

        If only polars is installed, a polars DataFrame is returned.

        Parameters
        ----------
        top : int or None, default=None
            Number of labels for each name. None returns all labels in `labels`.
        prefix : str, default=""
            Prefix of the column names.

        Returns
        -------
        DataFrame
            The columns, with a row for each name.
        """
        return to_frame(self.columns(top, prefix))


def _as_text(value):
    """Return a value of a column as text, "" for None and NaN."""
    if value is None or value != value:
        return ""
    return f"{value:.2f}" if isinstance(value, float | np.floating) else str(value)


def _or_none(values, is_none):
    """Return values as objects, with None where `is_none` is True."""
    return np.where(is_none, None, values)


@validate_params(
    {
        "estimator": [HasMethods(["predict_proba"])],
        "top": [Interval(Integral, 1, None, closed="left")],
    }
)
def predict_names(
    estimator: Any,
    X: Any,
    *,
    top: int = 1,
) -> Predictions:
    """Predict the most probable labels of names, with probabilities and reasons.

    A reason says why a name has no prediction. Only a :class:`SelectiveClassifier`
    abstains when it is unsure; its `estimator_` always predicts a label.

    Parameters
    ----------
    estimator : classifier
        Fitted classifier with `predict_proba`.
    X : iterable of str, or other input of the estimator
        Names. Missing names are treated as empty names. An empty list is accepted.
    top : int, default=1
        Number of columns of labels: the prediction and the next labels in descending
        order of probability.

    Returns
    -------
    Predictions
        Labels, their probabilities and reasons, with a row for each name.

    Raises
    ------
    ValueError
        If `top` is larger than the number of labels, or a wrapper around a
        :class:`SelectiveClassifier` changes the probabilities.

    See Also
    --------
    predict_table : Add predictions to a table.
    Predictions : The returned object.

    Examples
    --------
    >>> from sknames import load_pretrained, predict_names
    >>> names = ["Mehmet Yılmaz", "Lee", "123"]
    >>> found = predict_names(load_pretrained(abstain=True), names, top=2)
    >>> found.labels[:2].tolist(), found.top_proba[:2].round(2).tolist()
    ([['Turkish', 'German'], ['Korean', 'Chinese']], [[1.0, 0.0], [0.45, 0.19]])
    >>> found.reasons.tolist()
    ['', 'unsure', 'no known letter']
    """
    stack = resolve(estimator)
    stack.check_threshold()
    return predictions_of(stack, predict_list(stack, X), top=top)


@dataclass(frozen=True)
class PredictedList:
    """A list with the probabilities that a model predicts for it.

    Parameters
    ----------
    X : object
        The list as passed by the user.
    names : Names or None
        The names in the list, or None if the list is not text.
    proba : ndarray of shape (n_names, n_classes)
        Probabilities of all labels.
    """

    X: Any
    names: Names | None
    proba: NDArray[np.floating]

    @property
    def reasons(self):
        """Why each text is not a name; "" for names and for input other than texts."""
        if self.names is None:
            return np.full(len(self.proba), "", dtype=object)
        return self.names.reasons

    @property
    def ids(self):
        """Integer IDs; rows that are identical to the model have the same ID."""
        rows = self._as_bytes()
        if rows is None:
            return np.arange(len(self.proba))
        _, ids = code_values(rows)
        return ids

    @property
    def keys(self):
        """Checksums of the rows' contents, independent of their order, (n_names,)."""
        rows = self._as_bytes()
        if rows is None:
            rows = [row.tobytes() for row in self.proba.round(6)]
        return np.array([crc32(row) for row in rows], dtype=np.uint32)

    def _as_bytes(self):
        """Return the tidy names or rows of numbers as bytes; None for other input."""
        if self.names is not None:
            return [name.encode(errors="surrogatepass") for name in self.names.tidy]
        if issparse(self.X):
            rows = []
            matrix = self.X.tocsr()
            for start, stop in pairwise(matrix.indptr):
                columns = matrix.indices[start:stop]
                values = matrix.data[start:stop]
                rows.append(columns.tobytes() + values.tobytes())
            return rows
        matrix = np.asarray(self.X)
        if matrix.dtype.kind in "biuf":
            return [row.tobytes() for row in matrix]
        return None

    def take(self, rows):
        """Return a list of names with only some of its rows."""
        return PredictedList(None, self.names.take(rows), self.proba[rows])


def predict_list(stack, X):
    """Return a list with its predicted probabilities, as a `PredictedList`."""
    n_classes = len(stack.classes)
    if isinstance(X, Iterator):
        X = list(X)
    if isinstance(X, list) and not X:
        return PredictedList(X, Names(X), np.zeros((0, n_classes)))
    names = None
    with suppress(TypeError, ValueError):  # raised if X does not contain texts
        joined = X if stack.join is None else stack.join.transform(X)
        names = read_names(joined, handle_missing="empty").read_by(stack.rules)
    if names is None:
        proba = stack.predict_proba(X)
    elif stack.encoder is None:
        readable = fill_missing_names(X, names) if "" in names else X
        proba = stack.predict_proba(readable)
    else:
        proba = stack.predict_names(names)
    return PredictedList(X, names, proba)


def predictions_of(stack, predicted, *, top=1):
    """Return the `Predictions` of a predicted list."""
    n_classes = len(stack.classes)
    if top > n_classes:
        raise ValueError(f"top={top}: the model has {n_classes} labels. Lower top.")
    best = most_probable(predicted.proba, top)
    predictions = Predictions(
        labels=stack.classes[best],
        top_proba=np.take_along_axis(predicted.proba, best, axis=1),
        levels=None,
        reasons=predicted.reasons,
        proba=predicted.proba,
        classes=stack.classes,
        names=None if predicted.names is None else [*predicted.names],
    )
    if stack.threshold is None:
        return predictions
    return _abstain(predictions, best[:, 0], stack.threshold)


def answers_of(stack, predicted):
    """Return the prediction for each row of a list, (n,), or the abstain label."""
    threshold = stack.threshold
    if threshold is None:
        stack.check_threshold()
        return stack.classes[predicted.proba.argmax(axis=1)]
    predictions = predictions_of(stack, predicted)
    labels = predictions.labels[:, 0]
    # Otherwise, an abstain label would turn booleans into numbers, and large integers
    # into floats.
    if labels.dtype == bool or labels.dtype == np.uint64:
        labels = labels.astype(object)
    is_answered = predictions.reasons == ""
    return np.where(is_answered, labels, np.asarray(threshold.abstain_label))


def _abstain(predictions, best, threshold):
    """Return predictions that abstain, or fall back on groups, where they are unsure.

    `best`, (n_names,), contains the column of each row's most probable label.
    """
    fallback = threshold.fallback
    probabilities = fallback_probabilities(predictions.proba, best, fallback)
    is_sure = probabilities > threshold.least
    is_unsure = (predictions.reasons == "") & ~is_sure.any(axis=1)
    reasons = np.where(is_unsure, UNSURE, predictions.reasons)
    if not fallback:
        return replace(predictions, reasons=reasons)
    # The finest level above the threshold; 0, the label itself, if there is none.
    finest_sure = is_sure.argmax(axis=1)
    labels = predictions.labels.astype(object)  # keeps each answer's type
    top_proba = predictions.top_proba.copy()
    levels = np.full(len(best), "label", dtype=object)
    for k, level in enumerate(fallback, start=1):
        rows = finest_sure == k
        # The group comes first, then the labels, the most probable first.
        labels[rows, 1:] = labels[rows, :-1]
        labels[rows, 0] = level.groups[best[rows]].tolist()
        top_proba[rows, 1:] = top_proba[rows, :-1]
        top_proba[rows, 0] = probabilities[rows, k]
        levels[rows] = level.name
    return replace(
        predictions, labels=labels, top_proba=top_proba, levels=levels, reasons=reasons
    )


def check_probabilities(predicted):
    """Return the probabilities of a list as float64; warn if its names have initials.

    For names with initials, intervals understate the uncertainty of shares.
    """
    if predicted.names is not None and have_initials(
        predicted.names.tidy, predicted.reasons
    ):
        warn(INITIALS.format(COST_FOR_SHARES))
    return check_array(
        predicted.proba, dtype=np.float64, input_name="predict_proba's probabilities"
    )


def have_initials(tidied, reasons):
    """Return whether most tidied names have initials instead of given names."""
    are_names = (reasons == "") | (reasons == UNSURE)
    sample = [*islice(compress(tidied, are_names), SAMPLED_NAMES)]
    n_bylines = sum(BYLINE.fullmatch(name) is not None for name in sample)
    return 2 * n_bylines > len(sample)
