"""Compute risk and coverage of thresholds on the top probability, and choose one."""

import math

import numpy as np
from sklearn.utils import Bunch

from .._base.exact_limits import upper_limits
from .._models.groups import fallback_probabilities

# For a risk, the coverages 2 %, 4 %, ... 100 % are tried by bisection. With more of
# them, more steps would share the probability of failure.
N_TRIED = 50
N_STEPS = math.ceil(math.log2(N_TRIED + 1))  # six


def confidence_and_hits(probabilities, best, is_name, labels, classes, fallback):
    """Return the probabilities of the best class and its groups, and the hits.

    `probabilities`, (n, n_classes), are those of `classes`; `best`, (n,), has the index
    of the best class, and `is_name`, (n,), whether a row is a name. The results are
    floats and booleans, (n, 1 + n_levels). Rows that are not names have confidence 0.
    """
    confidence = fallback_probabilities(probabilities, best, fallback)
    predicted = classes[best]
    hits = [predicted == labels]
    for level in fallback:
        hits.append(level.group_of(predicted) == level.group_of(labels))
    return confidence * is_name[:, None], np.column_stack(hits)


def risk_coverage_curve(confidence, hits, weights):
    """Return coverage and risk of each threshold as a Bunch of arrays.

    The highest comes first. A threshold is the largest probability without an answer,
    or 0. `confidence` and `hits`, (n,) or (n, n_levels), have the probability of each
    row's label, and whether it is right. Further columns have those of its groups. The
    finest one above the threshold is the answer. A probability of 0 is never answered.
    """
    confidence = confidence.reshape(len(weights), -1)
    hits = hits.reshape(len(weights), -1)
    # The gains are what a threshold below each probability adds. The coarsest group is
    # answered first, and finer ones replace it.
    wrong = weights[:, None] * ~hits
    wrong_gain = wrong.copy()
    wrong_gain[:, :-1] -= wrong[:, 1:]
    answered_gain = np.zeros_like(confidence)
    answered_gain[:, -1] = weights
    is_answerable = (confidence > 0) & (weights[:, None] > 0)
    if not is_answerable.any():
        raise ValueError(
            f"None of the {len(hits)} names can be answered: expected at least one "
            "with a letter and a positive weight, to find the threshold on. Check X."
        )
    falling = np.argsort(-confidence[is_answerable], kind="stable")
    confidence = confidence[is_answerable][falling]
    answered_gain = answered_gain[is_answerable][falling]
    wrong_gain = wrong_gain[is_answerable][falling]
    is_last = np.append(confidence[1:] != confidence[:-1], True)  # of equal ones
    last = np.flatnonzero(is_last)
    answered = answered_gain.cumsum()[last]
    n_wrong = wrong_gain.cumsum()[last]
    squares = (answered_gain**2).cumsum()[last]
    return Bunch(
        threshold=np.append(confidence[last[:-1] + 1], 0.0),
        coverage=answered / weights.sum(),
        risk=np.maximum(n_wrong / answered, 0),  # a rounded sum may be below 0
        n_answered=answered**2 / squares,
    )


def row_of_coverage(curve, coverage):
    """Return the row of the highest threshold with a coverage, else the last one."""
    is_enough = curve.coverage >= coverage - 1e-12  # tolerance for rounding
    if not is_enough.any():
        return len(is_enough) - 1
    return int(is_enough.argmax())


def tried_rows(curve):
    """Return the rows of the thresholds to try for a risk."""
    wanted = curve.coverage[-1] * np.arange(1, N_TRIED + 1) / N_TRIED
    return np.unique([row_of_coverage(curve, coverage) for coverage in wanted])


def row_of_risk(curve, risk, confidence_level):
    """Return the row of the lowest threshold with a proven risk, by bisection."""
    rows = tried_rows(curve)
    alpha = (1 - confidence_level) / N_STEPS
    bounds = upper_limits(curve.risk[rows], curve.n_answered[rows], alpha)
    kept = -1  # the last index with a proven risk
    lost = len(rows)  # the first one without
    tried = []
    while lost - kept > 1:
        middle = (kept + lost) // 2
        tried.append(middle)
        if bounds[middle] <= risk:
            kept = middle
        else:
            lost = middle
    if kept < 0:
        best = min(tried, key=bounds.__getitem__)
        row = rows[best]
        raise ValueError(
            f"risk={risk:g} is not reached: of the {curve.coverage[row]:.0%} of the "
            f"names with the largest probabilities, {curve.risk[row]:.1%} of "
            f"{curve.n_answered[row]:.0f} answers are wrong, so the risk may be as "
            f"high as {bounds[best]:.3f} at confidence_level={confidence_level:g}. "
            "Give a larger risk, more names, or a coverage."
        )
    return int(rows[kept])
