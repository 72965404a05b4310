"""Predict adaptive sets of labels that contain the true one with a given probability.

A set takes the most probable labels until their sum exceeds a threshold. The threshold is a
quantile, over held-out names, of the probability of labels ranked above the true one (Romano, Sesia
and Candès 2020, without randomisation). So no set is empty.
"""

from typing import Any

import numpy as np

from ._load_pretrained import SETS, read_columns


def ranked(probabilities):
    """Return the classes of each row, the most probable first, and the probability before each."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ordered = np.take_along_axis(probabilities, order, axis=1).astype(np.float64)
    return order, ordered.cumsum(axis=1) - ordered


def sets_of(classes, probabilities, thresholds):
    """Return the labels of each set, the most probable first; `thresholds` is one, or by class."""
    order, before = ranked(probabilities)
    is_in = before <= np.broadcast_to(thresholds, len(classes))[order]
    return [classes[row[some]].tolist() for row, some in zip(order, is_in, strict=True)]


def calibrate_sets(probabilities, places, weights, coverages):
    """Return the thresholds that give these coverages of names whose true classes are `places`."""
    order, before = ranked(probabilities)
    scores = before[order == places[:, None]]
    rows = np.argsort(scores)
    reached = weights[rows].cumsum() / weights.sum()
    # Split conformal prediction adds one name whose score is unknown.
    wanted = np.array(coverages) * (1 + (weights**2).sum() / weights.sum() ** 2)
    return scores[rows][np.searchsorted(reached, np.minimum(wanted, reached[-1]))]


def predict_sets(
    model: Any, names: Any, *, coverage: float = 0.9, by_class: bool = False
) -> list[list[str]]:
    """Predict sets of nationalities that contain the true one with a given probability.

    A set has the most probable nationalities, until their sum exceeds a threshold: one nationality
    for a clear name, several for an unclear one. The thresholds come from people whose whole names
    were held out (adaptive conformal sets).

    Parameters
    ----------
    model : classifier
        Result of :func:`~sknames.load_pretrained`. For other models, calibrate sets on your own
        names with MAPIE.
    names : iterable of str
        Names.
    coverage : float, default=0.9
        Share of people whose true nationality is in their set, from 0.8 to 0.99.
    by_class : bool, default=False
        Whether to keep the coverage for each nationality, with thresholds of its own
        (class-conditional sets). Sets are more than twice as large. Nationalities with too few
        held-out people keep the common threshold.

    Returns
    -------
    list of list of str
        The set of each name, the most probable nationality first. No set is empty.

    Raises
    ------
    ValueError
        If the coverage is out of range.

    See Also
    --------
    sknames.load_pretrained : With ``abstain=True``, abstain from unsure predictions.

    Notes
    -----
    The coverage holds on average over people with the nationality frequencies of
    ``priors="population"``, and not for nationalities that the model does not know. Thresholds by
    class come from some 50 people each, so the coverage of a nationality still varies.

    Examples
    --------
    >>> from sknames import load_pretrained
    >>> from sknames.pretrained import predict_sets
    >>> sets = predict_sets(load_pretrained(), ["Mehmet Yılmaz", "Lee"])
    >>> sets[0]
    ['Turkish']
    >>> sorted(sets[1])
    ['Chinese', 'English', 'Korean']
    """
    labels = model.classes_ if by_class else ["all"]
    return sets_of(model.classes_, model.predict_proba(names), set_thresholds(coverage, labels))


def set_thresholds(coverage=0.9, labels=("all",)):
    """Return thresholds of the smallest stored coverage that is at least the given one."""
    columns = read_columns(SETS)
    enough = np.array(columns["coverage"], dtype=float) > coverage - 1e-9
    if not 0.8 <= coverage or not enough.any():  # nor NaN
        raise ValueError(f"Expected a coverage of sets from 0.8 to 0.99, got {coverage!r}.")
    return np.array([columns[label][enough.argmax()] for label in labels], dtype=float)
