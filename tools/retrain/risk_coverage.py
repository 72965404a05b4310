"""Compute the thresholds and class bias of a model on held-out people."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from sknames._models.groups import M49, read_fallback
from sknames._models.priors import exchange_priors
from sknames._text.names import Names
from sknames._wrappers.risk_coverage import (
    confidence_and_hits,
    risk_coverage_curve,
    tried_rows,
)
from sknames.pretrained._load_pretrained import (
    BIAS,
    CURVE,
    CURVE_COLUMNS,
    FALLBACK_CURVE,
    FIGURES,
)

from .files import write_csv, write_json

# Standard deviation of the model's error in the log odds of a class whose bias is
# known. `bench_shares.py --sources` measures the coverage of the resulting intervals.
OF_KNOWN_BIAS = 0.4
# Probabilities are used unchanged. A power of 1.25 gives smaller errors for lists of
# held-out people (.137 instead of .144), but for lists from other sources, the coverage
# of intervals falls from .941 to .917. See also light_trunk.md in the results.
SHARPNESS = 1.0
# Penalty on the squared log odds. A third of it is better for lists with all
# nationalities, but worse for lists with the most frequent ones: see
# examples/benchmarks/results/shares.md.
RIDGE = 3e-3
FEW_PEOPLE = 50  # people; a class with n < 50 has the penalty RIDGE * 50 / n


def class_bias(probabilities, labels, classes):
    """Return the shift of each class's log odds that calibrates its mean probability.

    The probabilities assume equally frequent classes. A negative shift means that the
    class is predicted too often, if all classes are equally frequent. Classes without
    people have the shift 0.
    """
    present, places = np.unique(labels, return_inverse=True)
    columns = np.searchsorted(classes, present)
    scores = np.log(np.maximum(probabilities[:, columns], 1e-12))
    counts = np.bincount(places)
    weights = (1 / counts / len(present))[places]
    ridge = RIDGE * np.maximum(1, FEW_PEOPLE / counts)

    def loss(bias):
        logs = log_softmax(scores + bias, axis=1)
        value = -weights @ logs[np.arange(len(logs)), places] + bias @ (ridge * bias)
        return value, weights @ np.exp(logs) - 1 / len(present) + 2 * ridge * bias

    bias = np.zeros(len(classes))
    bias[columns] = minimize(loss, bias[columns], jac=True, method="L-BFGS-B").x
    return bias


def write_thresholds(folder, model, people, priors):
    """Write the thresholds of a model with uniform priors for `load_pretrained`.

    `people` are the held-out people of the half that chooses.
    """
    (names, labels, _), classes = people, model.classes_
    probabilities = model.predict_proba(names)
    for name, groups in ((CURVE, ()), (FALLBACK_CURVE, M49)):
        curve = curve_of(probabilities, names, labels, classes, priors, groups)
        columns = zip(
            *(curve[key][tried_rows(curve)] for key in CURVE_COLUMNS), strict=True
        )
        rows = ([f"{value:.6f}" for value in row] for row in columns)
        write_csv(folder / name, CURVE_COLUMNS, rows)


def write_bias(folder, model, people, n_people):
    """Write the class bias of a model with uniform priors for `load_pretrained`.

    `people` are all held-out people of the half that chooses, and `n_people` is the
    number of held-out people of each class in both halves.
    """
    probabilities = model.predict_proba(people.names)
    bias = class_bias(probabilities, people.labels, model.classes_)
    rows = []
    for label, bias_of_label, n in zip(model.classes_, bias, n_people, strict=True):
        rows.append([label, f"{bias_of_label:.4f}", n])
    write_csv(folder / BIAS, ["label", "bias", "n_people"], rows)
    write_json(folder / FIGURES, {"model_error": OF_KNOWN_BIAS, "sharpness": SHARPNESS})


def weights_of(labels, classes, priors):
    """Return weights of people that make labels as frequent as the priors say."""
    places = np.searchsorted(classes, labels)
    counts = np.bincount(places, minlength=len(classes))
    return (priors / np.maximum(counts, 1))[places]


def curve_of(probabilities, names, labels, classes, priors, groups=()):
    """Return the risk-coverage curve under priors.

    The probabilities assume equally frequent classes.
    """
    shifted = exchange_priors(
        probabilities, np.full(len(classes), 1 / len(classes)), priors
    )
    is_name = Names(names.tolist()).reasons == ""
    fallback = read_fallback(groups, classes)
    confidence, hits = confidence_and_hits(shifted, is_name, labels, classes, fallback)
    return risk_coverage_curve(confidence, hits, weights_of(labels, classes, priors))
