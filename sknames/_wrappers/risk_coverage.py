"""Compute risk and coverage of thresholds on the top probability, and choose one."""

import math

import numpy as np
from scipy.stats import beta
from sklearn.utils import Bunch

from .._models.groups import fallback_probabilities

# A risk tries the coverages 2 %, 4 %, ... 100 %, by bisection.
N_TRIED = 50
N_STEPS = math.ceil(math.log2(N_TRIED + 1))


def confidence_and_hits(probabilities, best, is_name, labels, classes, levels):
    """Return the probabilities of the best class and its groups, and if each is right.

    Both are (n, 1 + n_levels). What is no name has no confidence.
    """
    confidence = fallback_probabilities(probabilities, best, levels) * is_name[:, None]
    predicted = classes[best]
    hits = [predicted == labels]
    hits += [level.group_of(predicted) == level.group_of(labels) for level in levels]
    return confidence, np.column_stack(hits)


def risk_coverage_curve(confidence, hits, weights):
    """Return coverage and risk of each threshold as a Bunch of arrays.

    The highest comes first. A threshold is the largest probability without an answer,
    or 0. `confidence` and `hits`, (n,) or (n, n_levels), have the probability of each
    row's label, and whether it is right. Further columns have those of its groups. The
    finest one above the threshold is the answer. A probability of 0 is never answered.
    """
    confidence, hits = (of.reshape(len(weights), -1) for of in (confidence, hits))
    # Along falling thresholds, the coarsest group is answered first, and replaced by
    # finer ones.
    wrong = weights[:, None] * ~hits
    more_wrong = np.column_stack([wrong[:, :-1] - wrong[:, 1:], wrong[:, -1:]])
    more = np.zeros_like(confidence)
    more[:, -1] = weights
    confidence, more, more_wrong = (of.ravel() for of in (confidence, more, more_wrong))
    counts = (confidence > 0) & (np.repeat(weights, hits.shape[1]) > 0)
    if not counts.any():
        raise ValueError(
            f"None of the {len(hits)} names can be answered: expected at least one "
            "with a letter and a positive weight, to find the threshold on. Check X."
        )
    total = weights.sum()
    order = np.flatnonzero(counts)
    order = order[np.argsort(-confidence[order], kind="stable")]
    confidence, more, more_wrong = (of[order] for of in (confidence, more, more_wrong))
    last = np.flatnonzero(np.append(confidence[1:] != confidence[:-1], True))
    answered = more.cumsum()[last]
    return Bunch(
        threshold=np.append(confidence[last[:-1] + 1], 0.0),
        coverage=answered / total,
        risk=np.maximum(more_wrong.cumsum()[last] / answered, 0),  # a sum that rounds
        n_answered=answered**2 / (more**2).cumsum()[last],
    )


def row_of_coverage(curve, coverage):
    """Return the row of the highest threshold that reaches a coverage, or the last."""
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
            f"risk={risk:g} is not reached: of the {curve.coverage[row]:.0%} of the "
            f"names with the largest probabilities, {curve.risk[row]:.1%} of "
            f"{curve.n_answered[row]:.0f} answers are wrong, so the risk may be as "
            f"high as {bounds[best]:.3f} at confidence_level={confidence_level:g}. "
            "Give a larger risk, more names, or a coverage."
        )
    return int(rows[kept])


def upper_bounds(risk, n, alpha):
    """Return upper bounds for shares among n, each at confidence 1 - alpha."""
    wrong = risk * n
    right = np.maximum(n - wrong, 1e-12)  # the bound of Clopper and Pearson
    return np.where(risk < 1, beta.ppf(1 - alpha, wrong + 1, right), 1.0)
