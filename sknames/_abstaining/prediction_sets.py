"""Predict adaptive sets of labels that contain the true one with a given probability.

A set takes the most probable labels until their sum exceeds a threshold. The threshold is a
quantile, over held-out names, of the probability of labels ranked above the true one (Romano, Sesia
and Candès 2020, without randomisation). So no set is empty.
"""

import numpy as np


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


def set_thresholds(probabilities, places, weights, coverages):
    """Return the thresholds that give these coverages of names whose true classes are `places`."""
    order, before = ranked(probabilities)
    scores = before[order == places[:, None]]
    rows = np.argsort(scores)
    reached = weights[rows].cumsum() / weights.sum()
    # Split conformal prediction adds one name whose score is unknown.
    wanted = np.array(coverages) * (1 + (weights**2).sum() / weights.sum() ** 2)
    return scores[rows][np.searchsorted(reached, np.minimum(wanted, reached[-1]))]
