"""Compute risk and coverage of thresholds on the top probability, and choose one."""

import math

import numpy as np
from sklearn.utils import Bunch

from .._base.exact_limits import upper_limits
from .._models.groups import fallback_probabilities

# For `risk`, the coverages 2 %, 4 %, ... 100 % are tried by bisection. More candidates
# would need more steps, and leave each step a smaller probability of failure.
N_TRIED = 50
N_STEPS = math.ceil(math.log2(N_TRIED + 1))  # six


def confidence_and_hits(probabilities, is_name, labels, classes, fallback):
    """Return probabilities and hits for the best class and for its groups.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)
    is_name : ndarray of shape (n,) of bool
        Rows that are not names get the probability 0.
    labels : ndarray of shape (n,)
        True labels.
    classes : ndarray of shape (n_classes,)
    fallback : sequence of FallbackLevel
        Levels of groups, from fine to coarse.

    Returns
    -------
    confidence : ndarray of shape (n, 1 + n_levels)
        Probability of the best class, followed by those of its groups.
    hits : ndarray of shape (n, 1 + n_levels) of bool
        Whether the best class, or its group, is correct.
    """
    best = probabilities.argmax(axis=1)
    confidence = fallback_probabilities(probabilities, best, fallback)
    predicted = classes[best]
    hits = [predicted == labels]
    for level in fallback:
        hits.append(level.group_of(predicted) == level.group_of(labels))
    return confidence * is_name[:, None], np.column_stack(hits)


def risk_coverage_curve(confidence, hits, weights):
    """Return coverage and risk of each threshold as a Bunch of arrays.

    The highest threshold comes first. Each threshold is the largest probability for
    which the model abstains, or 0. The first columns of `confidence` and `hits`, both
    (n, 1 + n_levels), contain the probability of each row's label and whether the label
    is correct. Further columns contain the same for its groups, from fine to coarse.
    The finest level above the threshold is predicted. If all probabilities of a row are
    0, the model always abstains.
    """
    # The gains are the weights that are added when the threshold falls below each
    # probability. The coarsest group is predicted first, and finer levels replace it.
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
    is_last = np.append(confidence[1:] != confidence[:-1], True)  # of ties
    last = np.flatnonzero(is_last)
    answered = answered_gain.cumsum()[last]
    n_wrong = wrong_gain.cumsum()[last]
    squares = (answered_gain**2).cumsum()[last]
    return Bunch(
        threshold=np.append(confidence[last[:-1] + 1], 0.0),
        coverage=answered / weights.sum(),
        risk=n_wrong / answered,
        n_answered=answered**2 / squares,
    )


def row_of_coverage(curve, coverage):
    """Return the row of the highest threshold with enough coverage, or the last row."""
    is_enough = curve.coverage >= coverage - 1e-12  # tolerance for rounding
    if not is_enough.any():
        return len(is_enough) - 1
    return int(is_enough.argmax())


def tried_rows(curve):
    """Return the rows of the thresholds to try for a risk."""
    wanted = curve.coverage[-1] * np.arange(1, N_TRIED + 1) / N_TRIED
    return np.unique([row_of_coverage(curve, coverage) for coverage in wanted])


def row_of_risk(curve, risk, confidence_level):
    """Return the row of the lowest threshold that limits the risk, by bisection."""
    rows = tried_rows(curve)
    alpha = (1 - confidence_level) / N_STEPS
    bounds = upper_limits(curve.risk[rows], curve.n_answered[rows], alpha)
    kept = -1  # the last index whose upper bound is at most `risk`
    lost = len(rows)  # the first index whose upper bound is larger
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
