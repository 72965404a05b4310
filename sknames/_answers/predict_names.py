"""The one door to a model's answers: labels, probabilities, and why a text has none."""

from collections.abc import Iterator
from contextlib import suppress
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from sklearn.utils import Bunch, check_array, gen_batches
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from .._base import validate_params
from .._base.labels_and_weights import check_weights
from .._encoding.not_names import why_not_names
from .._encoding.names import ids_of_names, read_names
from .._encoding.tidy import tidy
from .groups import climb
from .inside import check_threshold, unwrap

UNSURE = "unsure"
BLOCK = 8192  # names whose codes are held at a time


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
) -> Bunch:
    """Predict names: the most probable labels, their probabilities, and reasons for no answer.

    Everything in this package that answers for texts asks here: :class:`SelectiveClassifier`,
    :func:`predict_table`, :func:`estimate_shares`, the command line and the examples of services.

    Parameters
    ----------
    estimator : classifier
        Fitted classifier with `predict_proba`.
    X : iterable of str, or other input of the estimator
        Names. A missing one counts as empty; an empty list is accepted.
    top : int, default=1
        Number of answers for each name: the most probable labels, or a group and then these.
    threshold : float, "auto" or None, default="auto"
        Only a larger probability is an answer. "auto" takes that of a :class:`SelectiveClassifier`,
        if the estimator is one or holds one, or none; None takes none. A model with a
        `fallback` also falls back with a number.
    known_words : bool, default=False
        Whether to count the words of each name that were in training.

    Returns
    -------
    :class:`~sklearn.utils.Bunch`
        Arrays with a row for each name, also for one without an answer:

        - labels: array of shape (n_names, top), the answer, then the most probable labels, best
          first: the first of them is the answer itself, if that is not a group,
        - probabilities: array of shape (n_names, top), their probabilities,
        - levels: array of shape (n_names,) of str, what the answer is: "label", or of a
          :class:`SelectiveClassifier` with a `fallback` such as "region"; None without it,
        - reasons: array of shape (n_names,) of str, why there is no answer, else "", see
          :meth:`SelectiveClassifier.reasons`,
        - known_words: array of shape (n_names,) of int, 0 for what is not a name; None if not asked
          for, or if the estimator does not know,
        - proba, classes: arrays of shape (n_names, n_classes) and (n_classes,), the probabilities
          of all labels, and these labels,
        - names: the names as a list, or `X` if it does not hold texts.

    Raises
    ------
    ValueError
        If `top` is larger than the number of labels, or the threshold of a model inside does not
        hold.

    See Also
    --------
    predict_table : Add predictions to a table.

    Examples
    --------
    >>> from sknames import load_pretrained, predict_names
    >>> found = predict_names(load_pretrained(abstain=True), ["Mehmet Yılmaz", "Lee", "123"], top=2)
    >>> found.labels[:2].tolist(), found.probabilities[:2].round(2).tolist()
    ([['Turkish', 'German'], ['Korean', 'Chinese']], [[1.0, 0.0], [0.46, 0.35]])
    >>> found.reasons.tolist()
    ['', 'unsure', 'no known letter']
    """
    inside, classes = unwrap(estimator), estimator.classes_
    if top > len(classes):
        raise ValueError(f"top={top}: the model has {len(classes)} labels. Lower top.")
    if threshold == "auto":
        check_threshold(inside)
        threshold = inside.threshold
    if isinstance(X, Iterator):
        X = list(X)  # read more than once below
    names = X if inside.join is None else inside.join(X)
    with suppress(TypeError, ValueError):  # input of another kind of model
        names = read_names(names, handle_missing="empty")
        if "" in names:  # perhaps missing, which a model need not take
            X = names
    is_empty = isinstance(X, list) and not X
    proba = np.zeros((0, len(classes))) if is_empty else np.asarray(estimator.predict_proba(X))
    reasons = why_not_names(names, len(proba), inside.encoder)
    best = _top_classes(proba, top)
    known = _count_known_words(inside, names, reasons) if known_words else None
    labels, probabilities = classes[best], np.take_along_axis(proba, best, axis=1)
    level = None
    if threshold is not None:
        chain = climb(proba, best[:, 0], inside.levels)
        is_sure = chain > threshold
        reasons = np.where((reasons == "") & ~is_sure.any(axis=1), UNSURE, reasons)
        if inside.levels:
            rows, step = np.arange(len(proba)), is_sure.argmax(axis=1)  # 0 if none is sure
            answers = [labels[:, 0], *(of.groups[best[:, 0]] for of in inside.levels)]
            labels = labels.astype(object)  # which keeps the type of each answer
            for of_best in (labels, probabilities):  # behind a group, the best label comes first
                of_best[:, 1:] = np.where(step[:, None] > 0, of_best[:, :-1], of_best[:, 1:])
            labels[:, 0] = np.array(answers, dtype=object)[step, rows]
            probabilities[:, 0] = chain[rows, step]
            level = np.array(["label", *(of.name for of in inside.levels)], dtype=object)[step]
    return Bunch(
        labels=labels,
        probabilities=probabilities,
        levels=level,
        reasons=reasons,
        known_words=known,
        proba=proba,
        classes=classes,
        names=names,
    )


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


def predict_list(estimator, X, sample_weight=None):
    """Return probabilities and weights of texts, equal ids of names alike, and which are names."""
    found = predict_names(estimator, X, threshold=None)
    proba = check_array(found.proba, dtype=np.float64, input_name="predict_proba's probabilities")
    weights = check_weights(sample_weight, len(proba))
    ids = ids_of_names(found.names, len(proba), unwrap(estimator).encoder)
    return proba, weights, ids, found.reasons == ""


def _count_known_words(inside, names, reasons):
    """Return how many words of each name were in training, or None if the model does not know."""
    encoder, network = inside.encoder, getattr(inside.classifier, "network_", None)
    if encoder is None or network is None or network.words is None:
        return None
    known = np.zeros(len(names), dtype=np.int64)
    for some in gen_batches(len(names), BLOCK):
        codes = network.to_codes(np.asarray(encoder.transform(names[some])))
        n_words = np.array([max(1, len(n.split())) for n in tidy(names[some], encoder)])
        known[some] = network.words.count(codes, network.separator, n_words)
    return np.where(reasons == "", known, 0)
