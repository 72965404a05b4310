"""Predict adaptive sets of labels that contain the true one with a given probability.

A set takes the most probable labels until their sum exceeds a threshold. The threshold
is a quantile, over held-out names, of the probability of labels ranked above the true
one (Romano, Sesia and Candès 2020, without randomisation). So no set is empty.
"""

from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import HasMethods

from .._base import validate_params
from .._models.inside import unwrap
from .._models.predict_names import predict_inside
from .._models.priors import check_priors
from ._load_pretrained import SETS, TARGETS, read_columns


def ranked(probabilities):
    """Return the classes of each row, and the probability before each.

    The most probable come first.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ordered = np.take_along_axis(probabilities, order, axis=1).astype(np.float64)
    return order, ordered.cumsum(axis=1) - ordered


def sets_of(classes, probabilities, thresholds):
    """Return the labels of each set, the most probable first.

    `thresholds` is one number, or one for each class.
    """
    order, before = ranked(probabilities)
    is_in = before <= np.broadcast_to(thresholds, len(classes))[order]
    return [classes[row[some]].tolist() for row, some in zip(order, is_in, strict=True)]


@validate_params(
    {
        "estimator": [HasMethods(["predict_proba"])],
        "coverage": [Real],
        "by_class": ["boolean"],
    }
)
def predict_sets(
    estimator: Any, X: Any, *, coverage: float = 0.9, by_class: bool = False
) -> list[list[str]]:
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
    coverage : float, default=0.9
        Share of people whose true nationality is in their set, from 0.8 to 0.99.
    by_class : bool, default=False
        Whether to keep the coverage for each nationality, with thresholds of its own
        (class-conditional sets). Sets are more than twice as large. Nationalities with
        too few held-out people keep the common threshold.

    Returns
    -------
    list of list of str
        The set of each name, the most probable nationality first. Only a text that is
        no name has the empty set.

    See Also
    --------
    sknames.load_pretrained : With ``abstain=True``, abstain from unsure predictions.

    Notes
    -----
    The coverage holds on average over people with the nationality frequencies of
    ``priors="population"``, and not for nationalities that the model does not know.
    Thresholds by class come from some 50 people each, so the coverage of a nationality
    still varies.

    Examples
    --------
    >>> from sknames import load_pretrained
    >>> from sknames.pretrained import predict_sets
    >>> sets = predict_sets(load_pretrained(), ["Mehmet Yılmaz", "Lee"])
    >>> sets[0]
    ['Turkish']
    >>> sorted(sets[1])
    ['Chinese', 'Korean']
    """
    inside = unwrap(estimator)
    found = predict_inside(inside.without_groups()[0], X)
    sets = sets_of_probabilities(inside, found.proba, coverage, by_class)
    return [
        [] if reason else one for one, reason in zip(sets, found.reasons, strict=True)
    ]


def sets_of_probabilities(inside, proba, coverage, by_class=False):
    """Return sets as `predict_sets` does, from probabilities before grouping."""
    below, index = inside.without_groups()
    of, classes = _which_thresholds(below), below.model.classes_
    thresholds = set_thresholds(coverage, classes if by_class else ["all"], of)
    sets = sets_of(classes, proba, thresholds)
    if index is None:
        return sets
    group_of = dict(
        zip(classes.tolist(), inside.model.classes_[index].tolist(), strict=True)
    )
    return [[*dict.fromkeys(group_of[label] for label in one)] for one in sets]


def _which_thresholds(inside):
    """Return which thresholds fit a shipped model and its priors; raise if none."""
    classes, of = inside.model.classes_, None
    if inside.class_bias is not None:
        of = next(
            (x for x in TARGETS if classes.tolist() == [*read_columns(SETS, x)][2:]),
            None,
        )
    if of is None or not np.allclose(
        inside.class_prior, check_priors("population", classes)
    ):
        raise ValueError(
            "Expected load_pretrained() with its default priors, which the thresholds "
            f"of sets are for, got {'other priors' if of else 'another model'}. Take "
            "that model, or calibrate sets on names of your own, for example with "
            "MAPIE."
        )
    return of


def set_thresholds(coverage=0.9, labels=("all",), of="nationality"):
    """Return thresholds of the smallest stored coverage of at least `coverage`."""
    columns = read_columns(SETS, of)
    enough = np.array(columns["coverage"], dtype=float) > coverage - 1e-9
    if not 0.8 <= coverage or not enough.any():  # nor NaN
        raise ValueError(
            f"Expected a coverage of sets from 0.8 to 0.99, got {coverage!r}."
        )
    return np.array([columns[label][enough.argmax()] for label in labels], dtype=float)
