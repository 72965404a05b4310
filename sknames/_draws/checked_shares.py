"""Correct the shares of a list by the labels of checked rows.

This is the difference estimator of survey sampling (Särndal et al. 1992), known as
prediction-powered inference (Angelopoulos et al. 2023).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from .._base import NoEstimateError, warn
from .._base.labels_and_weights import effective_number
from .resampling import deviations_of_sums, inflation

FALSE_ALARMS = 0.01  # the proportion of random samples that raise a warning
MIN_EXPECTED = 5  # people with a label; the mean of fewer is far from normal
ROUNDING = 1e-12  # in mean probabilities if all rows are equal


@dataclass(frozen=True)
class CorrectedShares:
    """Shares that are corrected by checked rows, with the data to draw their errors.

    Parameters
    ----------
    share : ndarray of shape (n_labels,)
        The shares.
    predicted : ndarray of shape (n_labels,)
        The mean prediction, 0 if all rows are checked.
    n_effective : float
        The number of checked rows, or clusters, of equal weight that contain the same
        information.
    influences : ndarray of shape (n_units, n_labels)
        What each unit adds to the shares. Units are checked rows or clusters.
    unit_weights : ndarray of shape (n_units,)
        Weights of the units, of which only the ratios matter.
    expected_covariance : ndarray of shape (n_labels, n_labels)
        The covariance of the shares if the predicted probabilities are right.
    """

    share: NDArray[np.floating]
    predicted: NDArray[np.floating]
    n_effective: float
    influences: NDArray[np.floating]
    unit_weights: NDArray[np.floating]
    expected_covariance: NDArray[np.floating]

    def draw_deviations(self, drawn, n_draws, rng):
        """Return deviations of the draws from the shares, (n_draws, n_labels).

        Errors are rare but large, so a small sample of checked rows may contain none.
        Therefore, noise is added until the variance of any sum of labels is at least
        the one that the model expects. All labels are then scaled by the same factor,
        because the variance itself is estimated, with degrees of freedom that depend on
        the weights of the units (Satterthwaite 1946).

        Parameters
        ----------
        drawn : list of (int, iterable)
            Numbers of units that are drawn together, and the chunks of `Seeds.draw`.
        n_draws : int
            The number of draws.
        rng : RandomState
            The source of the noise.
        """
        blocks = []
        start = 0
        for n_units, chunks in drawn:
            blocks.append((self.influences[start : start + n_units], chunks))
            start += n_units
        deviations = deviations_of_sums(blocks, n_draws)
        # Noise on labels without people could only take from the others.
        has_people = self.n_effective * self.share >= 1
        expected = np.where(
            np.outer(has_people, has_people), self.expected_covariance, 0
        )
        observed = self.influences.T @ self.influences * inflation(self.influences)
        values, vectors = np.linalg.eigh(expected - observed)
        root = vectors * np.sqrt(np.maximum(values, 0))
        deviations += rng.normal(size=deviations.shape) @ root.T
        freedom = max(1.0, effective_number(self.unit_weights**2) - 1)
        chi_square = rng.chisquare(freedom, size=(n_draws, 1))
        return deviations * np.sqrt(freedom / chi_square)


def correct_by_checked(predictions, weights, label_index, clusters):
    """Correct the mean prediction of a list by its checked rows.

    Parameters
    ----------
    predictions : ndarray of shape (n_rows, n_labels)
        Probabilities of each name under the mix of the list, 0 for new labels.
    weights : ndarray of shape (n_rows,)
        Weights of the names, all positive.
    label_index : ndarray of shape (n_rows,) of int
        The label of each checked row, -1 for other rows.
    clusters : Clusters or None
        The cluster of each row. Clusters are a sample from a population. With None,
        only the choice of the checked rows is random.

    Returns
    -------
    CorrectedShares
    """
    weights = weights / weights.sum()
    rows = np.flatnonzero(label_index >= 0)
    row_weights = weights[rows] / weights[rows].sum()
    left_to_chance = 1.0
    if len(rows) == len(weights):  # no prediction is needed
        predictions = np.zeros_like(predictions)
    elif clusters is None:  # the rows are a finite population
        left_to_chance = 1 - len(rows) / len(weights)
    truth = np.eye(predictions.shape[1])[label_index[rows]]
    power = _best_power(truth, predictions[rows], row_weights)
    errors = truth - power * predictions[rows]
    mean_error = row_weights @ errors
    mean = weights @ predictions
    share = np.maximum(power * mean + mean_error, 0)
    row_weights *= np.sqrt(left_to_chance)
    influences = (errors - mean_error) * row_weights[:, None]
    expected = _expected_covariance(predictions, weights, power)
    expected *= (row_weights**2).sum()
    unit_weights = row_weights
    if clusters is not None:
        unit_weights = clusters[rows].sum(row_weights)
        of_rows = power * (predictions - mean) * weights[:, None]
        of_rows[rows] += influences
        influences = clusters.sum(of_rows)
    return CorrectedShares(
        share=share / share.sum(),
        predicted=mean,
        n_effective=effective_number(unit_weights) / left_to_chance,
        influences=influences,
        unit_weights=unit_weights,
        expected_covariance=expected,
    )


def _expected_covariance(predictions, weights, power):
    """Return the covariance of the errors of a row if its probabilities are right."""
    mean = weights @ predictions
    mean_error = (1 - power) * mean
    second_moments = predictions.T @ (predictions * weights[:, None])
    products = np.diag(mean) + (power**2 - 2 * power) * second_moments
    return products - np.outer(mean_error, mean_error)


def _best_power(truth, predictions, row_weights):
    """Return the factor of the predictions that minimizes the total variance."""
    # Around their mean, so that the mean of truth does not matter below.
    predictions = predictions - row_weights @ predictions
    squares = (row_weights @ predictions**2).sum()
    if squares == 0:
        return 1.0
    return np.clip((row_weights @ (truth * predictions)).sum() / squares, 0, 1)


def check_draw(predictions, names):
    """Warn if the checked rows do not look like a random sample of a list.

    A z-test compares the mean probability of each label, and of the most probable label
    of each row, with the means of the other rows. Raise ValueError if fewer than two
    rows are checked.

    Parameters
    ----------
    predictions : ndarray of shape (n_rows, n_labels)
        Probabilities of the names.
    names : NameList
        The names, in the order of the list.
    """
    rows = np.flatnonzero(names.label_index >= 0)
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
    is_common = n_smaller * scores.mean(axis=0) >= MIN_EXPECTED
    contrast = np.full(n_rows, -1 / (n_rows - n_checked))
    contrast[rows] = 1 / n_checked
    terms = contrast[:, None] * (scores - scores.mean(axis=0))
    if names.clusters is not None:
        terms = names.clusters.sum(terms)
    deviation = np.sqrt((terms**2).sum(axis=0))
    limit = norm.isf(FALSE_ALARMS / 2 / scores.shape[1])  # for all scores together
    differs = np.abs(terms.sum(axis=0)) > limit * deviation + ROUNDING
    if (differs & is_common).any():
        warn(
            "The checked rows differ from the others in their probabilities, more than "
            f"by chance. {remedy} If rows of some outcomes, years or regions were more "
            "likely to be checked, give these as by.",
            kind="not at random",
        )
