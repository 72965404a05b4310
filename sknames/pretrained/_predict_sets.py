"""Predict adaptive sets of labels that contain the true one with a given probability.

A set takes the most probable labels until their sum exceeds a threshold. The threshold
is a quantile, over held-out names, of the probability of labels ranked above the true
one (Romano, Sesia and Candès 2020, without randomisation). So no set is empty.
"""

from dataclasses import replace
from functools import cache
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import HasMethods

from .._base import validate_params
from .._models.predict_names import Predictions, predict_list, predictions_of
from .._models.priors import check_priors
from .._models.stack import resolve
from ._load_pretrained import SETS, read_columns


def ranked(probabilities):
    """Return the classes of each row, and the probability before each.

    The most probable come first. `probabilities`, indices and sums are of shape
    (n, n_classes).
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ordered = np.take_along_axis(probabilities, order, axis=1).astype(np.float64)
    return order, ordered.cumsum(axis=1) - ordered


def sets_of(classes, probabilities, thresholds):
    """Return the labels of each set, the most probable first.

    `thresholds` is one number, or one for each class.
    """
    order, before = ranked(probabilities)
    is_in_set = before <= np.broadcast_to(thresholds, len(classes))[order]
    sets = []
    for columns, is_in in zip(order, is_in_set, strict=True):
        sets.append(classes[columns[is_in]].tolist())
    return sets


@validate_params(
    {
        "estimator": [HasMethods(["predict_proba"])],
        "confidence_level": [Real],
        "by_class": ["boolean"],
    }
)
def predict_sets(
    estimator: Any, X: Any, *, confidence_level: float = 0.9, by_class: bool = False
) -> Predictions:
    """Predict sets of nationalities that contain the true one with a given probability.

    A set has the most probable nationalities, until their sum exceeds a threshold: one
    nationality for a clear name, several for an unclear one. The thresholds come from
    people whose whole names were held out (adaptive conformal sets).

    Parameters
    ----------
    estimator : classifier
        Result of :func:`~sknames.load_pretrained` with its default priors. Around it, a
        :class:`~sknames.GroupedClassifier` gives sets of groups. For other models,
        calibrate sets on your own names with MAPIE.
    X : iterable of str, or table of one column
        Names.
    confidence_level : float, default=0.9
        Share of people whose true nationality is in their set, from 0.8 to 0.99.
    by_class : bool, default=False
        Whether to keep this share for each nationality, with thresholds of its own
        (class-conditional sets). Sets are more than twice as large. Nationalities with
        too few held-out people keep the common threshold.

    Returns
    -------
    Predictions
        What :func:`~sknames.predict_names` returns without a threshold, and `sets`:
        the set of each name, the most probable nationality first. Only a text that is
        no name has the empty set, and a reason.

    See Also
    --------
    sknames.load_pretrained : With ``abstain=True``, abstain from unsure predictions.

    Notes
    -----
    The confidence level holds on average over people with the nationality frequencies
    of ``priors="population"``, in each source of names that chose the thresholds, and
    not for nationalities that the model does not know.
    Thresholds by class come from some 50 people each, so the share of a nationality
    still varies.

    Examples
    --------
    >>> from sknames import load_pretrained
    >>> from sknames.pretrained import predict_sets
    >>> found = predict_sets(load_pretrained(), ["Mehmet Yılmaz", "Lee", "123"])
    >>> [sorted(labels) for labels in found.sets]
    [['Turkish'], ['Chinese', 'English', 'Indonesian', 'Korean', 'Malaysian'], []]
    >>> found.reasons.tolist()
    ['', '', 'no known letter']
    """
    stack = resolve(estimator)
    below, _ = stack.without_groups()
    listed = predict_list(below, X)
    sets = sets_of_probabilities(stack, listed.proba, confidence_level, by_class)
    for row in np.flatnonzero(listed.reasons != ""):
        sets[row] = []
    changed = replace(listed, proba=stack.change(listed.proba, len(below.layers)))
    return replace(predictions_of(stack, changed), sets=sets)


def sets_of_probabilities(stack, probabilities, confidence_level, by_class=False):
    """Return sets as `predict_sets` does, from probabilities before grouping."""
    below, index = stack.without_groups()
    classes = below.classes
    target = _target_of(below)
    columns = classes if by_class else ["all"]
    thresholds = set_thresholds(confidence_level, columns, target)
    sets = sets_of(classes, probabilities, thresholds)
    if index is None:
        return sets
    groups_of_classes = stack.classes[index].tolist()
    group_of = dict(zip(classes.tolist(), groups_of_classes, strict=True))
    return [[*dict.fromkeys(map(group_of.get, labels))] for labels in sets]


def _target_of(stack):
    """Return which shipped model this is; raise if it is none, or has other priors."""
    fingerprint = getattr(stack.network, "fingerprint", None)
    if fingerprint is None:
        raise _no_thresholds("another model")
    priors = check_priors("population", stack.classes)
    if not np.allclose(stack.assumed.class_prior, priors):
        raise _no_thresholds("other priors")
    return fingerprint.partition("-")[0]


def _no_thresholds(got):
    """Return the error for a model that no thresholds of sets are for."""
    return ValueError(
        "Expected load_pretrained() with its default priors, which the thresholds of "
        f"sets are for, got {got}. Take that model, or calibrate sets on names of your "
        "own, for example with MAPIE."
    )


@cache
def _columns_of_thresholds(target):
    """Return the file of thresholds as columns, read once a process.

    Behind "coverage" and "all" are labels.
    """
    return read_columns(SETS, target)


def set_thresholds(confidence_level=0.9, labels=("all",), target="nationality"):
    """Return thresholds of the smallest stored coverage that is high enough."""
    columns = _columns_of_thresholds(target)
    is_enough = columns["coverage"] > confidence_level - 1e-9
    if not 0.8 <= confidence_level or not is_enough.any():  # nor NaN
        raise ValueError(
            "Expected a confidence_level of sets from 0.8 to 0.99, got "
            f"{confidence_level!r}."
        )
    row = is_enough.argmax()  # the first
    return np.array([columns[label][row] for label in labels])
