"""Compute what held-out people show of the shipped model: thresholds, sets, bias by class."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from sknames._encoding.not_names import why_not_names
from sknames._priors.priors import exchange_priors
from sknames._wrappers.risk_coverage import risk_coverage_curve, tried_rows
from sknames.pretrained._load_pretrained import BIAS, CURVE, CURVE_COLUMNS, SETS
from sknames.pretrained._predict_sets import ranked

from .files import write_csv

# Of the squares of the log odds. A third of it is better for lists of all nationalities, and worse
# for lists of those with the most names: see examples/benchmarks/results/shares.md.
RIDGE = 3e-3


def class_bias(probabilities, labels, classes):
    """Return the log odds that make probabilities, under equal frequencies, right by class.

    A class is predicted too often, on average over people of whom each class has as many, where
    its log odds are below 0. Those of a class without people are 0.
    """
    present, places = np.unique(labels, return_inverse=True)
    columns = np.searchsorted(classes, present)
    scores = np.log(np.maximum(probabilities[:, columns], 1e-12))
    weights = (1 / np.bincount(places) / len(present))[places]

    def loss(bias):
        logs = log_softmax(scores + bias, axis=1)
        value = -weights @ logs[np.arange(len(logs)), places] + RIDGE * bias @ bias
        return value, weights @ np.exp(logs) - 1 / len(present) + 2 * RIDGE * bias

    bias = np.zeros(len(classes))
    bias[columns] = minimize(loss, bias[columns], jac=True, method="L-BFGS-B").x
    return bias


def write_thresholds(folder, probabilities, names, labels, classes, priors):
    """Write what people show who were held out to choose by: thresholds, sets and class bias.

    Probabilities are under equal frequencies. The files are those that the package reads.
    """
    curve = curve_of(probabilities, names, labels, classes, priors)
    columns = zip(*(curve[name][tried_rows(curve)] for name in CURVE_COLUMNS), strict=True)
    rows = ([f"{value:.6f}" for value in row] for row in columns)
    write_csv(folder / CURVE, CURVE_COLUMNS, rows)
    rows = sets_thresholds(probabilities, labels, classes, priors)
    rows = ([f"{row[0]:.2f}", *(f"{value:.6f}" for value in row[1:])] for row in rows)
    write_csv(folder / SETS, ["coverage", "all", *classes], rows)
    rows = zip(classes, class_bias(probabilities, labels, classes), strict=True)
    write_csv(folder / BIAS, ["label", "bias"], ([label, f"{bias:.4f}"] for label, bias in rows))


def weights_of(labels, classes, priors):
    """Return weights that give nationalities the frequencies of the priors."""
    places = np.searchsorted(classes, labels)
    counts = np.bincount(places, minlength=len(classes))
    return (priors / np.maximum(counts, 1))[places]


def curve_of(probabilities, names, labels, classes, priors):
    """Return the risk-coverage curve under priors, from probabilities under equal frequencies."""
    shifted = exchange_priors(probabilities, np.full(len(classes), 1 / len(classes)), priors)
    is_name = why_not_names(names.tolist(), len(names)) == ""
    confidence = np.where(is_name, shifted.max(axis=1), 0)
    hits = classes[shifted.argmax(axis=1)] == labels
    return risk_coverage_curve(confidence, hits, weights_of(labels, classes, priors))


def sets_thresholds(probabilities, labels, classes, priors):
    """Return rows of a coverage, the threshold of all classes, and that of each class alone."""
    shifted = exchange_priors(probabilities, np.full(len(classes), 1 / len(classes)), priors)
    places, weights = np.searchsorted(classes, labels), weights_of(labels, classes, priors)
    coverages = np.arange(80, 100) / 100
    columns = [calibrate_sets(shifted, places, weights, coverages)]
    for k in range(len(classes)):
        some, of_class = places == k, columns[0].copy()
        # Below, even the largest score of so few people promises less.
        enough = coverages <= some.sum() / (some.sum() + 1)
        if enough.any():
            ones = np.ones(some.sum())
            of_class[enough] = calibrate_sets(shifted[some], places[some], ones, coverages[enough])
        columns.append(of_class)
    return zip(coverages, *columns, strict=True)


def calibrate_sets(probabilities, true, weights, coverages):
    """Return the thresholds of these coverages, from names whose `true` are indices of classes."""
    order, before = ranked(probabilities)
    scores = before[order == true[:, None]]
    rows = np.argsort(scores)
    reached = weights[rows].cumsum() / weights.sum()
    # Split conformal prediction adds one name whose score is unknown.
    wanted = np.array(coverages) * (1 + (weights**2).sum() / weights.sum() ** 2)
    return scores[rows][np.searchsorted(reached, np.minimum(wanted, reached[-1]))]
