"""The one door to a model's answers: labels, probabilities, and why a text has none."""

import re
from collections.abc import Iterator
from itertools import compress, islice
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import Bunch, check_array, gen_batches
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from .._base import validate_params, warn
from .._base.labels_and_weights import check_weights
from .._text.names import Names, read_names
from .._text.tidy import without_initials
from .frames import to_frame
from .groups import climb
from .inside import unwrap

UNSURE = "unsure"
BYLINE = re.compile(r"([^\W\d_]\. ?-?)+[^.\s]+")  # "A. M. Müller"
INITIALS = (
    "Most of these names have initials instead of given names. Then {}. Give full "
    "names if you have them."
)
SOME = 1000  # names that say how a list is written
BLOCK = 8192  # names whose codes are held at a time


class Predictions(Bunch):
    """The result of `predict_names`: a Bunch, also as columns or a table."""

    def columns(
        self, top: int | None = None, prefix: str = "", *, proba: bool = False
    ) -> dict[str, NDArray[Any]]:
        """Return the answers as columns, in the order that tables have.

        Parameters
        ----------
        top : int or None, default=None
            Number of labels for each name. None takes all that were asked for.
        prefix : str, default=""
            Prefix of the names of the columns.
        proba : bool, default=False
            Whether to add the probability of each label, also where the answer is
            unsure.

        Returns
        -------
        dict of str to array of shape (n_names,)
            predicted, probability, predicted_2, probability_2 and so on: None and NaN
            without an answer; and where there are any, level, set, the probabilities
            and known_words; reason.
        """
        no_answer, columns = self.reasons != "", {}
        for k in range(self.labels.shape[1] if top is None else top):
            end = f"_{k + 1}" if k else ""
            columns[f"predicted{end}"] = _or_none(self.labels[:, k], no_answer)
            columns[f"probability{end}"] = np.where(
                no_answer, np.nan, self.probabilities[:, k]
            )
            if self.levels is not None and not k:
                columns["level"] = _or_none(self.levels, no_answer)
        no_name = no_answer & (self.reasons != UNSURE)
        if "sets" in self:
            columns["set"] = _or_none(
                np.array([*map(";".join, self.sets)], dtype=str), no_name
            )
        if proba:
            for label, column in zip(self.classes, self.proba.T, strict=True):
                columns[f"probability_{label}"] = np.where(no_name, np.nan, column)
        if self.known_words is not None:
            columns["known_words"] = self.known_words
        columns["reason"] = self.reasons if len(no_answer) else self.reasons.astype(str)
        return {prefix + name: values for name, values in columns.items()}

    def to_frame(self, top: int | None = None, prefix: str = "") -> Any:
        """Return `columns` as a DataFrame of pandas.

        It is one of polars if only that is installed.

        Parameters
        ----------
        top : int or None, default=None
            Number of labels for each name. None takes all that were asked for.
        prefix : str, default=""
            Prefix of the names of the columns.

        Returns
        -------
        DataFrame
            The columns, with a row for each name.
        """
        return to_frame(self.columns(top, prefix), self.classes, prefix)


def _or_none(values, is_none):
    """Return values as objects, None where there is none.

    Without rows, they keep their type.
    """
    return np.where(is_none, None, values) if len(values) else values


@validate_params(
    {
        "estimator": [HasMethods(["predict_proba"])],
        "top": [Interval(Integral, 1, None, closed="left")],
        "threshold": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="both"), None],
        "known_words": ["boolean"],
    }
)
def predict_names(
    estimator: Any,
    X: Any,
    *,
    top: int = 1,
    threshold: float | Literal["auto"] | None = "auto",
    known_words: bool = False,
) -> Predictions:
    """Predict the most probable labels of names, and reasons for no answer.

    Labels come with their probabilities. All answers of this package come from here.

    Parameters
    ----------
    estimator : classifier
        Fitted classifier with `predict_proba`.
    X : iterable of str, or other input of the estimator
        Names. A missing one counts as empty; an empty list is accepted.
    top : int, default=1
        Number of answers for each name: the most probable labels, or a group and then
        these.
    threshold : float, "auto" or None, default="auto"
        Only a larger probability is an answer. "auto" uses the threshold of a
        :class:`SelectiveClassifier`, if the model is or holds one. None uses no
        threshold. A model with a `fallback` also falls back with a number.
    known_words : bool, default=False
        Whether to count the words of each name that were in training.

    Returns
    -------
    Predictions
        A Bunch of arrays with a row for each name, also for one without an answer:

        - labels: array of shape (n_names, top), the answer, then the next labels, the
          most probable first. Behind a group, they begin with the most probable one,
        - probabilities: array of shape (n_names, top), their probabilities,
        - levels: array of shape (n_names,) of str, what the answer is: "label", or of a
          :class:`SelectiveClassifier` with a `fallback` such as "region"; None without
          it,
        - reasons: array of shape (n_names,) of str, why there is no answer, else "",
          see :meth:`SelectiveClassifier.reasons`,
        - known_words: array of shape (n_names,) of int, 0 for what is not a name; None
          if not asked for, or if the estimator does not know,
        - proba, classes: arrays of shape (n_names, n_classes) and (n_classes,), the
          probabilities of all labels, and these labels,
        - names: list of str, the names, "" for a missing one; None if `X` holds no
          texts.

        Its method ``columns(top=None, prefix="")`` returns the columns that
        :func:`predict_table` adds, as a dict of arrays; `to_frame` makes a DataFrame of
        them.

    Raises
    ------
    ValueError
        If `top` is larger than the number of labels, or the threshold of a model inside
        does not hold.

    See Also
    --------
    predict_table : Add predictions to a table.

    Examples
    --------
    >>> from sknames import load_pretrained, predict_names
    >>> names = ["Mehmet Yılmaz", "Lee", "123"]
    >>> found = predict_names(load_pretrained(abstain=True), names, top=2)
    >>> found.labels[:2].tolist(), found.probabilities[:2].round(2).tolist()
    ([['Turkish', 'Armenian'], ['Korean', 'Chinese']], [[1.0, 0.0], [0.46, 0.39]])
    >>> found.reasons.tolist()
    ['', 'unsure', 'no known letter']
    """
    inside = unwrap(estimator)
    if threshold == "auto":
        inside.check_threshold()
        threshold = inside.threshold
    return predict_inside(
        inside, X, top=top, threshold=threshold, known_words=known_words
    )


def predict_inside(inside, X, *, top=1, threshold=None, known_words=False):
    """Predict as `predict_names` does, with a model that was looked into."""
    classes = inside.model.classes_
    if top > len(classes):
        raise ValueError(f"top={top}: the model has {len(classes)} labels. Lower top.")
    names, X = _read(X, inside)
    proba = (
        inside.model.predict_proba(X) if names != [] else np.zeros((0, len(classes)))
    )
    proba = np.asarray(proba)
    reasons = np.full(len(proba), "", dtype=object) if names is None else names.reasons
    best = _top_classes(proba, top)
    found = Predictions(
        labels=classes[best],
        probabilities=np.take_along_axis(proba, best, axis=1),
        levels=None,
        reasons=reasons,
        known_words=_count_known_words(inside, names, reasons) if known_words else None,
        proba=proba,
        classes=classes,
        names=names,
    )
    if threshold is not None:
        _fall_back(found, best[:, 0], threshold, inside.levels)
    return found


def _read(X, inside):
    """Return the names in an input, None without texts, and the model's input."""
    if isinstance(X, Iterator):
        X = list(X)
    if isinstance(X, list) and not X:
        return Names(X), X
    try:
        joined = X if inside.join is None else inside.join.transform(X)
        names = read_names(joined, handle_missing="empty").read_by(inside.encoder)
    except (TypeError, ValueError):
        return None, X
    if inside.encoder is not None:
        return names, names
    return names, _filled(X, names) if "" in names else X


def _filled(X, names):
    """Return an input without missing names, of its type if possible.

    A model need not take missing names.
    """
    if hasattr(X, "fill_null"):  # of polars
        return X.fill_null("")
    if hasattr(X, "fillna"):  # of pandas
        return X.astype(object).fillna("")
    if np.shape(X) == (len(names), 1):
        return np.array(names, dtype=object)[:, None]
    return [*names]


def _fall_back(found, best, threshold, levels):
    """Set, in place, labels or groups that are sure, and the reason where none is."""
    chain = climb(found.proba, best, levels)
    is_sure = chain > threshold
    found.reasons = np.where(
        (found.reasons == "") & ~is_sure.any(axis=1), UNSURE, found.reasons
    )
    if levels:
        rows, step = np.arange(len(chain)), is_sure.argmax(axis=1)  # 0 if none is sure
        answers = [found.labels[:, 0], *(of.groups[best] for of in levels)]
        # Objects keep the type of each answer.
        found.labels = found.labels.astype(object)
        # The best label follows a group.
        for of_best in (found.labels, found.probabilities):
            of_best[:, 1:] = np.where(
                step[:, None] > 0, of_best[:, :-1], of_best[:, 1:]
            )
        found.labels[:, 0] = np.array(answers, dtype=object)[step, rows]
        found.probabilities[:, 0] = chain[rows, step]
        found.levels = np.array(["label", *(of.name for of in levels)], dtype=object)[
            step
        ]


def _top_classes(proba, top):
    """Return the indices of the `top` most probable classes, the first of equal ones.

    Their shape is (n_names, top). For small `top`, it is faster than sorting.
    """
    rest, rows = np.array(proba), np.arange(len(proba))
    best = np.empty((len(rest), top), dtype=np.intp)
    for k in range(top):
        best[:, k] = rest.argmax(axis=1)
        rest[rows, best[:, k]] = -1
    return best


def predict_list(inside, X, sample_weight=None):
    """Return probabilities, weights and ids of texts, and why they are no names.

    Names that are read alike have equal ids.
    """
    found = predict_inside(inside, X)
    proba = check_array(
        found.proba, dtype=np.float64, input_name="predict_proba's probabilities"
    )
    weights = check_weights(sample_weight, len(proba))
    ids = _ids_of_rows(X, len(proba)) if found.names is None else found.names.ids
    if have_initials(found):
        cost = (
            "the errors of shares are about half as large again, and intervals do not "
            "show it"
        )
        warn(INITIALS.format(cost))
    return proba, weights, ids, found.reasons


def have_initials(found):
    """Return whether most names of predictions have initials instead of given names."""
    names = [] if found.names is None else found.names.tidy
    are_names = (found.reasons == "") | (found.reasons == UNSURE)
    some = [*islice(compress(names, are_names), SOME)]
    return 2 * sum(BYLINE.fullmatch(name) is not None for name in some) > len(some)


def _ids_of_rows(X, n):
    """Return ids, equal for equal rows of numbers; other rows all differ."""
    if issparse(X):
        X = X.tocsr()
        parts = (np.split(entries, X.indptr[1:-1]) for entries in (X.indices, X.data))
        rows = [
            (i.tobytes(), values.tobytes()) for i, values in zip(*parts, strict=True)
        ]
    else:
        X = np.asarray(X)
        rows = [row.tobytes() for row in X] if X.dtype.kind in "biuf" else range(n)
    ids = {}
    return np.array([ids.setdefault(row, len(ids)) for row in rows], dtype=np.intp)


def _count_known_words(inside, names, reasons):
    """Count the words of each name seen in training, None if the model cannot."""
    encoder, network = inside.encoder, inside.network
    if encoder is None or network is None or network.words is None:
        return None
    known = np.zeros(len(names), dtype=np.int64)
    for some in gen_batches(len(names), BLOCK):
        full = [*map(without_initials, names.tidy[some])]
        codes = network.to_codes(encoder._codes(full))
        n_words = np.array([max(1, len(name.split())) for name in full])
        known[some] = network.words.count(codes, network.separator, n_words)
    return np.where(reasons == "", known, 0)
