"""Compute what thresholds of the shipped model give: coverage, risk, and sets that hold."""

import csv

import numpy as np

from sknames._abstaining.no_names import why_no_names
from sknames._abstaining.prediction_sets import set_thresholds
from sknames._abstaining.risk_coverage import risk_coverage_curve, tried_rows
from sknames._mix.priors import exchange_priors
from sknames.pretrained._load_pretrained import CURVE, CURVE_COLUMNS, FOLDER, SETS


def weights_of(labels, classes, priors):
    """Return weights that give nationalities the frequencies of the priors."""
    places = np.searchsorted(classes, labels)
    counts = np.bincount(places, minlength=len(classes))
    return (priors / np.maximum(counts, 1))[places]


def curve_of(probabilities, names, labels, classes, priors):
    """Return the risk-coverage curve under priors, from probabilities under equal frequencies."""
    shifted = exchange_priors(probabilities, np.full(len(classes), 1 / len(classes)), priors)
    is_name = why_no_names(names.tolist(), len(names)) == ""
    confidence = np.where(is_name, shifted.max(axis=1), 0)
    hits = classes[shifted.argmax(axis=1)] == labels
    return risk_coverage_curve(confidence, hits, weights_of(labels, classes, priors))


def write_curve(curve):
    """Write a curve for `load_pretrained(abstain=True)`."""
    rows = tried_rows(curve)
    columns = [curve[name][rows] for name in CURVE_COLUMNS]
    with (FOLDER / CURVE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(CURVE_COLUMNS)
        writer.writerows([f"{value:.6f}" for value in row] for row in zip(*columns, strict=True))


def write_sets(probabilities, labels, classes, priors):
    """Write the thresholds of sets to where `predict_sets` reads them; arguments as `curve_of`."""
    shifted = exchange_priors(probabilities, np.full(len(classes), 1 / len(classes)), priors)
    places, weights = np.searchsorted(classes, labels), weights_of(labels, classes, priors)
    coverages = np.arange(80, 100) / 100
    thresholds = set_thresholds(shifted, places, weights, coverages)
    rows = zip(coverages, thresholds, strict=True)
    text = "".join(f"{coverage:.2f},{threshold:.6f}\n" for coverage, threshold in rows)
    (FOLDER / SETS).write_text("coverage,threshold\n" + text, encoding="utf-8")
