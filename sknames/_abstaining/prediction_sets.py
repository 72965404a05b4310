"""Sets of labels that hold the true one with a wanted probability: adaptive prediction sets.

A set takes the most probable labels until their probabilities exceed a threshold, which is a
quantile of what stands before the true label, on held-out names (Romano, Sesia and Candès 2020,
without randomisation). So no set is empty.
"""

import numpy as np


def ranked(probabilities):
    """Return the classes of each row, the most probable first, and the probability before each."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ordered = np.take_along_axis(probabilities, order, axis=1).astype(np.float64)
    return order, ordered.cumsum(axis=1) - ordered


def sets_of(classes, probabilities, threshold):
    """Return the labels of each set, the most probable first."""
    order, before = ranked(probabilities)
    sizes = (before <= threshold).sum(axis=1)
    return [classes[row[:n]].tolist() for row, n in zip(order, sizes, strict=True)]


def set_thresholds(probabilities, places, weights, coverages):
    """Return the thresholds that give these coverages of names whose true classes are `places`."""
    order, before = ranked(probabilities)
    scores = before[order == places[:, None]]
    rows = np.argsort(scores)
    reached = weights[rows].cumsum() / weights.sum()
    # One name more, of which nothing is known, as split conformal prediction has it.
    wanted = np.array(coverages) * (1 + (weights**2).sum() / weights.sum() ** 2)
    return scores[rows][np.searchsorted(reached, np.minimum(wanted, reached[-1]))]
