"""Estimate the mix of a list from its names and the labels of checked rows.

This is the difference estimator of survey sampling (Särndal et al. 1992), known as
prediction-powered inference (Angelopoulos et al. 2023).
"""

import numpy as np
from scipy.stats import norm

from .._base import NoEstimateError, warn
from .draws import (
    FEW_CLUSTERS_TO_TEST,
    FEW_TO_TEST,
    Draws,
    nearest_shares,
)
from .resampling import deviations_of_sums, effective_number, inflation

FALSE_ALARMS = 0.01  # of random draws of rows, which are told not to look so
FEW_EXPECTED = 5  # people of a label: of fewer, a mean is far from normal
ROUNDING = 1e-12  # of mean probabilities, where all rows are alike


def estimate_from_checked(
    predictions,
    weights,
    labels,
    checked,
    clusters,
    *,
    n_draws,
    drawn_units,
    seed_of_noise,
):
    """Correct the mean prediction of a list by its checked rows.

    Parameters
    ----------
    predictions : ndarray of shape (n_rows, n_labels)
        Probabilities of each name under the mix of the list, 0 for new labels.
    weights : ndarray of shape (n_rows,)
        Weights of the names, all positive.
    labels : ndarray of shape (n_labels,)
    checked : CheckedRows
    clusters : Clusters or None
        The cluster of each row.
    n_draws : int
        The number of draws.
    drawn_units : list of (int, iterable)
        How the checked rows or the clusters are drawn, see `deviations_of_sums`.
    seed_of_noise : list of int
        The seed of what widens the draws.

    Returns
    -------
    Draws
    """
    weights = weights / weights.sum()
    rows = np.flatnonzero(checked.label_index >= 0)
    is_complete = len(rows) == len(weights)
    if is_complete:  # then nothing is left to predict
        predictions = np.zeros_like(predictions)
    row_weights = weights[rows] / weights[rows].sum()
    left_to_chance = 1 - len(rows) / len(weights)
    if is_complete or clusters is not None:  # a sample of what has no end
        left_to_chance = 1.0
    truth = np.eye(predictions.shape[1])[checked.label_index[rows]]
    power = _best_power(truth, predictions[rows], row_weights)
    errors = truth - power * predictions[rows]
    mean_error = row_weights @ errors
    mean = weights @ predictions
    share = np.maximum(power * mean + mean_error, 0)
    share /= share.sum()
    row_weights = row_weights * np.sqrt(left_to_chance)
    influences = (errors - mean_error) * row_weights[:, None]
    unit_weights = row_weights
    least_effective = FEW_TO_TEST
    if clusters is not None and not clusters.are_rows:
        least_effective = FEW_CLUSTERS_TO_TEST
    if clusters is not None:
        unit_weights = clusters[rows].sum(row_weights)
        parts = power * (predictions - mean) * weights[:, None]
        parts[rows] += influences
        influences = clusters.sum(parts)
    expected = _expected_covariance(predictions, weights, power)
    expected = expected * (row_weights**2).sum()
    n_effective = 1 / (unit_weights**2).sum()
    # Noise on labels without people could only take from the others.
    has_people = n_effective * share >= 1
    expected = np.where(np.outer(has_people, has_people), expected, 0)
    deviations = deviations_of_sums(influences, n_draws, drawn_units)
    rng_of_noise = np.random.RandomState(seed_of_noise)
    deviations = _widen(deviations, influences, expected, unit_weights, rng_of_noise)
    return Draws(
        labels=labels,
        estimate=share,
        draws=nearest_shares(share + deviations),
        n_effective=n_effective,
        least_effective=least_effective,
        predicted=mean,
    )


def _expected_covariance(predictions, weights, power):
    """Return the covariance of the errors of rows if probabilities are right."""
    mean = weights @ predictions
    mean_error = (1 - power) * mean
    second_moments = predictions.T @ (predictions * weights[:, None])
    products = np.diag(mean) + (power**2 - 2 * power) * second_moments
    return products - np.outer(mean_error, mean_error)


def check_draw(predictions, checked, clusters):
    """Warn if rows do not look as if they were drawn at random.

    The mean probability of each label, and that of the likeliest label of each row, are
    compared with those of the other rows, by a z-test. Raise ValueError if there are
    too few rows.
    """
    rows = np.flatnonzero(checked.label_index >= 0)
    n_rows = len(predictions)
    n_checked = len(rows)
    if n_checked < 2:
        raise NoEstimateError(
            f"Expected two or more names that are checked, got {n_checked}. Check more "
            "rows, 200 if you can."
        )
    if n_checked == n_rows:
        return
    remedy = (
        "Check rows that were drawn at random, as by `sknames shares --sample 200`."
    )
    if rows[-1] == n_checked - 1:
        warn(
            f"The checked rows are the first ones of the list. {remedy}",
            kind="not at random",
        )
        return
    scores = np.column_stack([predictions, predictions.max(axis=1)])
    n_smaller = min(n_checked, n_rows - n_checked)
    is_common = n_smaller * scores.mean(axis=0) >= FEW_EXPECTED
    contrast = np.full(n_rows, -1 / (n_rows - n_checked))
    contrast[rows] = 1 / n_checked
    parts = contrast[:, None] * (scores - scores.mean(axis=0))
    if clusters is not None:
        parts = clusters.sum(parts)
    deviation = np.sqrt((parts**2).sum(axis=0))
    limit = norm.isf(FALSE_ALARMS / 2 / scores.shape[1])  # for all scores together
    differs = np.abs(parts.sum(axis=0)) > limit * deviation + ROUNDING
    if (differs & is_common).any():
        warn(
            "The checked rows differ from the others in their probabilities, more than "
            f"by chance. {remedy} If rows of some outcomes, years or regions were more "
            "likely to be checked, give these as by.",
            kind="not at random",
        )


def _best_power(truth, predictions, row_weights):
    """Return the power of predictions with the least variance, one for all labels."""
    # Around their mean, so that the mean of truth does not matter below.
    predictions = predictions - row_weights @ predictions
    squares = (row_weights @ predictions**2).sum()
    if squares == 0:
        return 1.0
    return np.clip((row_weights @ (truth * predictions)).sum() / squares, 0, 1)


def _widen(deviations, influences, expected_covariance, unit_weights, rng):
    """Return the deviations of draws, widened to those of a t distribution.

    Errors are rare but large, so a small sample of checked rows may contain none.
    Therefore, noise is added until the variance of any sum of labels is at least the
    one that the model expects. All labels are then scaled by the same factor, because
    the variance itself is estimated, with degrees of freedom that depend on the weights
    of the units (Satterthwaite 1946).
    """
    observed = influences.T @ influences * inflation(influences)
    values, vectors = np.linalg.eigh(expected_covariance - observed)
    root = vectors * np.sqrt(np.maximum(values, 0))
    wide = deviations + rng.normal(size=deviations.shape) @ root.T
    freedom = max(1.0, effective_number(unit_weights**2) - 1)
    chi_square = rng.chisquare(freedom, size=(len(wide), 1))
    return wide * np.sqrt(freedom / chi_square)
