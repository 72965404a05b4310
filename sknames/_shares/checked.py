"""Estimate the mix of a list from its names and the labels of checked rows.

This is the difference estimator of survey sampling (Särndal et al. 1992), known as
prediction-powered inference (Angelopoulos et al. 2023).
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta
from scipy.stats import t as student

from .._base import warn
from .._base.labels_and_weights import check_some_known, check_weights, is_missing
from .._models.groups import check_alike
from .columns import index_in
from .estimate import EstimatedShares
from .resampling import draw_units

FEW_CHECKED = 100  # rows: with fewer, a warning
N_CHANCE = 99  # random draws of rows, of which none may differ as much as the checked


@dataclass(frozen=True)
class CheckedRows:
    """Hold the labels of checked rows.

    Parameters
    ----------
    label_index : ndarray of shape (n_rows,) of int
        The column of each row's label, -1 where it was not checked.
    new_labels : list
        Labels that the model lacks; their columns follow those of the model.
    weights : ndarray of shape (n_rows,) or None
        1 / probability with which a row was drawn to be checked; None if all were
        drawn alike.
    """

    label_index: NDArray[np.integer]
    new_labels: list[Any]
    weights: NDArray[np.floating] | None

    def __getitem__(self, rows):
        """Return some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        return CheckedRows(self.label_index[rows], self.new_labels, weights)


@dataclass(frozen=True, kw_only=True)
class CheckedShares(EstimatedShares):
    """Hold shares that checked rows correct, and what their intervals need.

    The fields of `EstimatedShares` come first; as many rows of a population without an
    end hold as much information as `n_effective` says.

    Parameters
    ----------
    mean_prediction : ndarray of shape (n_labels,)
        The mean prediction of the list, 0 if all rows are checked.
    covariance : ndarray of shape (n_labels, n_labels)
        The covariance of the shares that the checked rows show.
    expected_covariance : ndarray of shape (n_labels, n_labels)
        The one that the model expects.
    degrees_of_freedom : int
        Those of the t distribution.
    """

    mean_prediction: NDArray[np.floating]
    covariance: NDArray[np.floating]
    expected_covariance: NDArray[np.floating]
    degrees_of_freedom: int

    by_label: ClassVar[tuple[str, ...]] = (
        *EstimatedShares.by_label,
        "mean_prediction",
    )

    def sums(self, is_in):
        """Return the same for sums of labels, by `is_in`, (n_sums, n_labels)."""
        return replace(
            super().sums(is_in),
            covariance=is_in @ self.covariance @ is_in.T,
            expected_covariance=is_in @ self.expected_covariance @ is_in.T,
        )

    def reach(self, confidence_level):
        """Return how far the interval of each share reaches, (n_labels,)."""
        # Errors are rare and large, so that a few rows may hold none. Then the variance
        # is the one that the model expects.
        variance = np.maximum(
            self.covariance.diagonal(), self.expected_covariance.diagonal()
        )
        quantile = student.ppf((1 + confidence_level) / 2, self.degrees_of_freedom)
        return quantile * np.sqrt(np.maximum(variance, 0))  # rounding may leave -1e-20

    def least_reach(self, confidence_level):
        """Return how far the interval of each share reaches at least, (n_labels,)."""
        return np.maximum(self.reach(confidence_level), self.floor(confidence_level))

    def interval(self, confidence_level):
        """Return the ends of intervals, (n_labels,) each."""
        floor = self.floor(confidence_level)
        reach = np.maximum(self.reach(confidence_level), floor / 2)
        low = np.clip(self.share - reach, 0, 1 - floor)
        high = np.clip(self.share + reach, floor, 1)
        exact_low, exact_high = exact_interval(
            self.share, self.n_effective, confidence_level
        )
        has_only_checked = self.mean_prediction == 0
        low = np.where(has_only_checked, exact_low, low)
        high = np.where(has_only_checked, exact_high, high)
        return np.minimum(low, self.share), np.maximum(high, self.share)


def exact_interval(share, n, confidence_level):
    """Return the ends of the exact intervals of shares of n (Clopper and Pearson)."""
    tail = (1 - confidence_level) / 2
    count = share * n
    low = np.zeros(len(share))
    high = np.ones(len(share))
    some = count > 0
    low[some] = beta.ppf(tail, count[some], n - count[some] + 1)
    not_all = share < 1
    high[not_all] = beta.isf(tail, count[not_all] + 1, n - count[not_all])
    return low, high


def read_checked(y, checked_weight, classes, is_name):
    """Return labels of checked rows, as given to `estimate_shares`, as `CheckedRows`.

    Rows that are not names are not checked.
    """
    labels = _check_y(y, len(is_name))
    label_of_value = dict.fromkeys(labels.tolist())
    known = [label for label in label_of_value if not is_missing(label)]
    if "" in known:
        raise ValueError(
            "Expected None for rows of y that were not checked, got ''. A row that "
            'nobody could decide is "unknown".'
        )
    if len(known) == 0:
        raise ValueError("Expected labels of some rows in y, got none. Leave y out.")
    check_some_known(known, classes)
    check_alike([*classes.tolist(), *known], "labels in y and of the model")
    new_labels = sorted({*known} - {*classes.tolist()})
    label_index = index_in([*classes.tolist(), *new_labels], labels, otherwise=-1)
    n_without_name = int(((label_index >= 0) & ~is_name).sum())
    if n_without_name:
        warn(
            f"{n_without_name:,} checked rows are not names, and are left out. Check "
            "rows that are names."
        )
        label_index[~is_name] = -1
    weights = _check_checked_weight(checked_weight, label_index >= 0)
    return CheckedRows(label_index, new_labels, weights)


def _check_y(y, n_rows):
    """Return y as an array of objects; raise ValueError unless it has n_rows."""
    labels = np.asarray(y, dtype=object)
    if labels.shape != (n_rows,):
        raise ValueError(
            f"Expected y of {n_rows:,} labels, one for each name and None where it was "
            f"not checked; got shape {labels.shape}."
        )
    return labels


def _check_checked_weight(checked_weight, is_checked):
    """Return the weights of rows, 0 where none was checked, or None."""
    if checked_weight is None:
        return None
    weights = np.asarray(checked_weight, dtype=np.float64)
    if weights.shape == is_checked.shape:
        weights = np.where(is_checked, weights, 0)
    weights = check_weights(weights, len(is_checked), "checked_weight")
    least = weights[is_checked].min(initial=np.inf)
    if least < 1:
        raise ValueError(
            "Expected checked_weight of 1 or more, 1 / the probability with which each "
            f"checked row was drawn; got {least:g}."
        )
    return weights


def estimate_from_checked(predictions, weights, checked, clusters, without, seeds):
    """Correct the mean prediction of a list by its checked rows.

    Parameters
    ----------
    predictions : ndarray of shape (n_rows, n_labels)
        Probabilities of each name under the mix of the list, 0 for new labels.
    weights : ndarray of shape (n_rows,)
        Weights of the names, all positive.
    checked : CheckedRows
    clusters : Clusters or None
        The cluster of each row.
    without : ndarray of shape (n_labels,)
        The shares without checked rows.
    seeds : ResampleSeeds
        What decides the resamples.

    Returns
    -------
    CheckedShares
    """
    weights = weights / weights.sum()
    rows = np.flatnonzero(checked.label_index >= 0)
    is_complete = len(rows) == len(weights)
    _check_draw(predictions, rows, checked, clusters)
    if is_complete:  # then nothing is left to predict
        predictions = np.zeros_like(predictions)
    row_weights, left_to_chance = _weigh_checked(checked, rows, weights)
    if is_complete or clusters is not None:  # a sample of what has no end
        left_to_chance = np.ones(len(rows))
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
    if clusters is not None:
        unit_weights = clusters[rows].sum(row_weights)
        parts = power * (predictions - mean) * weights[:, None]
        parts[rows] += influences
        influences = clusters.sum(parts)
    expected = _expected_covariance(predictions, weights, power)
    return CheckedShares(
        share=share,
        resamples=_resample(share, influences, seeds),
        n_effective=1 / (unit_weights**2).sum(),
        n_checked=len(rows),
        without=None if is_complete else without,
        mean_prediction=mean,
        covariance=influences.T @ influences * _inflation(influences),
        expected_covariance=expected * (row_weights**2).sum(),
        degrees_of_freedom=max(1, np.count_nonzero(unit_weights) - 1),
    )


def _expected_covariance(predictions, weights, power):
    """Return the covariance of the errors of rows if probabilities are right."""
    mean = weights @ predictions
    mean_error = (1 - power) * mean
    second_moments = predictions.T @ (predictions * weights[:, None])
    products = np.diag(mean) + (power**2 - 2 * power) * second_moments
    return products - np.outer(mean_error, mean_error)


def _weigh_checked(checked, rows, weights):
    """Return weights of the checked rows, and the part of each that chance decided."""
    draw_weights = np.full(len(rows), len(weights) / len(rows))
    if checked.weights is not None:
        draw_weights = checked.weights[rows]
    row_weights = weights[rows] * draw_weights
    return row_weights / row_weights.sum(), 1 - 1 / draw_weights


def _check_draw(predictions, rows, checked, clusters):
    """Warn if rows are few, or do not look as if they were drawn at random.

    Raise ValueError if there are too few.
    """
    n_rows = len(predictions)
    n_checked = len(rows)
    if n_checked < 2:
        raise ValueError(
            f"Expected two or more checked names in y, got {n_checked}. Check more "
            "rows, 200 if you can."
        )
    if n_checked == n_rows:
        return
    if checked.weights is not None and checked.weights[rows].max() <= 1:
        raise ValueError(
            f"Expected checked_weight above 1, since {n_rows - n_checked:,} names are "
            "not checked; got only 1. Weights are 1 / the probability with which a row "
            "was drawn: leave them out if all rows were equally likely."
        )
    if n_checked < FEW_CHECKED:
        warn(
            f"Only {n_checked} rows are checked: expected at least {FEW_CHECKED}. The "
            "intervals of small shares may be too narrow. Check more rows."
        )
    remedy = "Check rows that were drawn at random, as by `sknames shares --draw 200`."
    if rows[-1] == n_checked - 1:
        warn(f"The checked rows are the first ones of the list. {remedy}")
        return
    if checked.weights is not None or clusters is not None:
        return
    deviation = predictions.std(axis=0)
    varies = deviation > 0
    scores = (predictions - predictions.mean(axis=0))[:, varies] / deviation[varies]
    checked_distance = (scores[rows].mean(axis=0) ** 2).sum()
    checked_distance /= 1 - n_checked / n_rows  # the others are drawn with replacement
    rng = np.random.RandomState(0)
    for _ in range(N_CHANCE):
        drawn = rng.randint(n_rows, size=n_checked)
        if (scores[drawn].mean(axis=0) ** 2).sum() >= checked_distance:
            return
    warn(
        "The checked rows differ from the others in their predicted mix, more than by "
        f"chance. {remedy} If some were more likely to be drawn, give checked_weight."
    )


def _best_power(truth, predictions, row_weights):
    """Return the power of predictions with the least variance, one for all labels."""
    predictions = predictions - row_weights @ predictions
    truth = truth - row_weights @ truth
    squares = (row_weights @ predictions**2).sum()
    if squares == 0:
        return 1.0
    return np.clip((row_weights @ (truth * predictions)).sum() / squares, 0, 1)


def _resample(share, influences, seeds):
    """Return the shares in resamples of checked rows, or of clusters."""
    resamples = np.empty((seeds.n_resamples, len(share)))
    factor = np.sqrt(_inflation(influences))
    ones = np.ones(len(influences), dtype=int)
    for rows, drawn in draw_units(ones, seeds.n_resamples, seeds.rng(share)):
        resamples[rows] = share + factor * ((drawn - 1) @ influences)
    return resamples


def _inflation(influences):
    """Return G / (G - 1) of the units that have an influence, of clusters or rows."""
    n_units = np.count_nonzero(influences.any(axis=1))
    return n_units / max(1, n_units - 1)
