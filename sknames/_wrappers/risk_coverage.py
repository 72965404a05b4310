"""Compute risk and coverage of each threshold on the top probability, and choose a threshold."""

import math

import numpy as np
from scipy.stats import beta
from sklearn.utils import Bunch

# A risk tries the coverages 2 %, 4 %, ... 100 %, by bisection.
N_TRIED = 50
N_STEPS = math.ceil(math.log2(N_TRIED + 1))


def risk_coverage_curve(confidence, hits, weights):
    """Return coverage and risk of each threshold, the highest first, as a Bunch of arrays.

    A threshold is the largest probability that is not answered, or 0. A confidence of 0 is never
    answered; `hits` says whether a prediction is right.
    """
    counts = (confidence > 0) & (weights > 0)
    if not counts.any():
        raise ValueError(
            f"None of the {len(confidence)} names can be answered: expected at least one with a "
            "letter and a positive weight, to find the threshold on. Check X."
        )
    total = weights.sum()
    order = np.flatnonzero(counts)
    order = order[np.argsort(-confidence[order], kind="stable")]
    confidence, hits, weights = confidence[order], hits[order], weights[order]
    last = np.flatnonzero(np.append(confidence[1:] != confidence[:-1], True))
    answered = weights.cumsum()[last]
    return Bunch(
        threshold=np.append(confidence[last[:-1] + 1], 0.0),
        coverage=answered / total,
        risk=(weights * ~hits).cumsum()[last] / answered,
        n_answered=answered**2 / (weights**2).cumsum()[last],
    )


def row_of_coverage(curve, coverage):
    """Return the row of the highest threshold that reaches a coverage, or the last row."""
    enough = curve.coverage >= coverage - 1e-12
    return int(enough.argmax()) if enough.any() else len(enough) - 1


def tried_rows(curve):
    """Return the rows of the thresholds that are tried for a risk."""
    wanted = curve.coverage[-1] * np.arange(1, N_TRIED + 1) / N_TRIED
    return np.unique([row_of_coverage(curve, coverage) for coverage in wanted])


def row_of_risk(curve, risk, confidence_level):
    """Return the row of the lowest threshold with a proven risk, by bisection."""
    rows = tried_rows(curve)
    alpha = (1 - confidence_level) / N_STEPS
    bounds = upper_bounds(curve.risk[rows], curve.n_answered[rows], alpha)
    kept, lost, tried = -1, len(rows), []
    while lost - kept > 1:
        middle = (kept + lost) // 2
        tried.append(middle)
        kept, lost = (middle, lost) if bounds[middle] <= risk else (kept, middle)
    if kept < 0:
        best = min(tried, key=bounds.__getitem__)
        row = rows[best]
        raise ValueError(
            f"risk={risk:g} is not reached: of the {curve.coverage[row]:.0%} of the names with the "
            f"largest probabilities, {curve.risk[row]:.1%} of {curve.n_answered[row]:.0f} answers "
            f"are wrong, which proves no less than {bounds[best]:.3f} at "
            f"confidence_level={confidence_level:g}. Give a larger risk, more names, or a coverage."
        )
    return int(rows[kept])


def upper_bounds(risk, n, alpha):
    """Return upper confidence bounds for shares seen among n, each at level 1 - alpha."""
    wrong = risk * n
    right = np.maximum(n - wrong, 1e-12)  # the bound of Clopper and Pearson
    return np.where(risk < 1, beta.ppf(1 - alpha, wrong + 1, right), 1.0)
