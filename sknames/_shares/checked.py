"""Estimate the mix of a list from its names and the labels of checked rows.

This is the difference estimator of survey sampling (Särndal et al. 1992), known as
prediction-powered inference (Angelopoulos et al. 2023).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta
from scipy.stats import t as student

from .._base import warn
from .._base.labels_and_weights import check_some_known, check_weights, is_missing
from .._models.groups import array_of_labels, check_alike
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

    def take(self, rows):
        """Return some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        return CheckedRows(self.label_index[rows], self.new_labels, weights)


@dataclass(frozen=True)
class CheckedEstimate:
    """Hold shares that checked rows correct, and what their intervals need.

    Parameters
    ----------
    share : ndarray of shape (n_labels,)
        The shares.
    resamples : ndarray of shape (n_resamples, n_labels)
        The shares in each resample.
    influences : ndarray of shape (n_units, n_labels)
        By how much each checked row, or each cluster, moved the shares.
    doubts : ndarray of shape (n_labels,)
        The least variance of each share: what the model expects by its own
        probabilities.
    doubt_of : callable
        Return the same for sums of labels.
    is_new : ndarray of shape (n_labels,) of bool
        Whether only the checked rows have the label.
    n_checked, power, degrees_of_freedom : int, float and int
        The number of checked rows, the power of predictions, and that of t.
    n_effective : float
        As many rows of a population without an end hold as much information.
    without : ndarray of shape (n_labels,) or None
        The shares that the names alone give; None if all rows are checked.
    """

    share: NDArray[np.floating]
    resamples: NDArray[np.floating]
    influences: NDArray[np.floating]
    doubts: NDArray[np.floating]
    doubt_of: Any
    is_new: NDArray[np.bool_]
    n_checked: int
    power: float
    degrees_of_freedom: int
    n_effective: float
    without: NDArray[np.floating] | None

    def sums(self, is_in):
        """Return the same for sums of labels, by `is_in`, (n_sums, n_labels)."""
        return CheckedEstimate(
            share=is_in @ self.share,
            resamples=self.resamples @ is_in.T,
            influences=self.influences @ is_in.T,
            doubts=self.doubt_of(is_in),
            doubt_of=None,
            is_new=is_in @ ~self.is_new == 0,
            n_checked=self.n_checked,
            power=self.power,
            degrees_of_freedom=self.degrees_of_freedom,
            n_effective=self.n_effective,
            without=None if self.without is None else is_in @ self.without,
        )

    def reach(self, confidence_level):
        """Return how far the interval of each share reaches, (n_labels,)."""
        variance = (self.influences**2).sum(axis=0) * _inflation(self.influences)
        # Errors are rare and large, so that a few rows may hold none. Then the variance
        # is the one that the model expects.
        variance = np.maximum(variance, self.doubts)
        quantile = student.ppf((1 + confidence_level) / 2, self.degrees_of_freedom)
        return quantile * np.sqrt(variance)

    def interval(self, confidence_level):
        """Return the ends of intervals, (n_labels,) each."""
        floor = exact_limit(self.n_effective, confidence_level)
        reach = np.maximum(self.reach(confidence_level), floor / 2)
        low = np.clip(self.share - reach, 0, 1 - floor)
        high = np.clip(self.share + reach, floor, 1)
        exact_low, exact_high = exact_interval(
            self.share, self.n_effective, confidence_level
        )
        low = np.where(self.is_new, exact_low, low)
        high = np.where(self.is_new, exact_high, high)
        return np.minimum(low, self.share), np.maximum(high, self.share)


def exact_limit(n, confidence_level):
    """Return the upper limit of a share of 0 of n (Clopper and Pearson 1934)."""
    return 1 - ((1 - confidence_level) / 2) ** (1 / n)


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
    column_of = {label: k for k, label in enumerate(classes.tolist())}
    new_labels = sorted({*known} - column_of.keys())
    for label in new_labels:
        column_of[label] = len(column_of)
    columns = [column_of.get(label, -1) for label in labels.tolist()]
    label_index = np.array(columns, dtype=np.intp)
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


def labels_with_new(classes, checked):
    """Return the labels of the model and those that only checked rows have."""
    if not checked.new_labels:
        return classes
    return array_of_labels([*classes.tolist(), *checked.new_labels])


def estimate_from_checked(predictions, weights, checked, clusters, without, seeds):
    """Correct the mean prediction of a list by its checked rows.

    Parameters
    ----------
    predictions : ndarray of shape (n_rows, n_labels)
        Probabilities of each row under the mix of the list, 0 for new labels.
    weights : ndarray of shape (n_rows,)
        Weights of the rows, 0 for those that are not names.
    checked : CheckedRows
    clusters : Clusters or None
        The cluster of each row.
    without : ndarray of shape (n_labels,)
        The shares without checked rows.
    seeds : ResampleSeeds
        What decides the resamples.

    Returns
    -------
    CheckedEstimate
    """
    in_list = weights > 0
    predictions = predictions[in_list]
    weights = weights[in_list]
    checked = checked.take(in_list)
    if clusters is not None:
        clusters = clusters.take(in_list)
    rows = np.flatnonzero(checked.label_index >= 0)
    is_complete = len(rows) == len(weights)
    _check_number(len(rows), is_complete)
    if not is_complete:
        _warn_of_draw(predictions, rows, checked, clusters)
    # The weight of a checked row in the list, and the part that was not left to chance.
    draw_weights = np.ones(len(rows))
    is_drawn = np.full(len(rows), len(rows) / len(weights))
    if checked.weights is not None:
        draw_weights = checked.weights[rows]
        is_drawn = 1 / draw_weights
    if is_complete or clusters is not None:  # the list itself is a sample
        is_drawn = np.zeros(len(rows))
    row_weights = weights[rows] * draw_weights
    row_weights /= row_weights.sum()
    truth = np.eye(predictions.shape[1])[checked.label_index[rows]]
    power = 0.0
    if not is_complete:
        power = _best_power(truth, predictions[rows], row_weights)
    mean = weights @ predictions / weights.sum()
    errors = truth - power * predictions[rows]
    mean_error = row_weights @ errors
    share = np.maximum(power * mean + mean_error, 0)
    share /= share.sum()
    influences = (errors - mean_error) * row_weights[:, None]
    if clusters is None:
        influences *= np.sqrt(1 - is_drawn)[:, None]
        unit_weights = row_weights * np.sqrt(1 - is_drawn)
        n_units = len(rows)
    else:
        parts = power * (predictions - mean) * (weights / weights.sum())[:, None]
        parts[rows] += influences
        influences = clusters.sum(parts)
        unit_weights = clusters.take(rows).sum(row_weights)
        n_units = np.count_nonzero(unit_weights)
    row_variance = (row_weights**2 * (1 - is_drawn)).sum()

    def doubt_of(is_in=None):
        """Return the variances of sums of labels that the model expects."""
        if is_complete:
            return np.zeros(truth.shape[1] if is_in is None else len(is_in))
        answers = predictions if is_in is None else predictions @ is_in.T
        return row_variance * _expected_variance(answers, weights, power)

    return CheckedEstimate(
        share=share,
        resamples=_resample(share, influences, seeds),
        influences=influences,
        doubts=doubt_of(),
        doubt_of=doubt_of,
        is_new=np.full(len(share), is_complete) | (predictions.max(axis=0) == 0),
        n_checked=len(rows),
        power=float(power),
        degrees_of_freedom=max(1, n_units - 1),
        n_effective=1 / (unit_weights**2).sum(),
        without=None if is_complete else without,
    )


def _check_number(n_checked, is_complete):
    """Raise ValueError if too few rows are checked, warn if few are."""
    if n_checked < 2:
        raise ValueError(
            f"Expected two or more checked names in y, got {n_checked}. Check more "
            "rows, 200 if you can."
        )
    if n_checked < FEW_CHECKED and not is_complete:
        warn(
            f"Only {n_checked} rows are checked: expected at least {FEW_CHECKED}. The "
            "intervals of small shares may be too narrow. Check more rows."
        )


def _warn_of_draw(predictions, rows, checked, clusters):
    """Warn if the checked rows do not look as if they were drawn at random."""
    n_rows = len(predictions)
    remedy = "Check rows that were drawn at random, as by `sknames shares --draw 200`."
    if rows[-1] == len(rows) - 1:
        warn(f"The checked rows are the first ones of the list. {remedy}")
        return
    if checked.weights is not None or clusters is not None:
        return
    mean = predictions.mean(axis=0)
    deviation = predictions.std(axis=0)
    varies = deviation > 0
    scale = deviation[varies] * np.sqrt(1 - len(rows) / n_rows)

    def distance(means):
        return (((means - mean)[varies] / scale) ** 2).sum()

    checked_distance = distance(predictions[rows].mean(axis=0))
    scale = deviation[varies]  # rows are drawn with replacement
    rng = np.random.RandomState(0)
    for _ in range(N_CHANCE):
        drawn = rng.randint(n_rows, size=len(rows))
        if distance(predictions[drawn].mean(axis=0)) >= checked_distance:
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


def _expected_variance(answers, weights, power):
    """Return the variance of errors, (n_labels,), if probabilities are right."""
    weights = weights / weights.sum()
    squares = answers * (1 - 2 * power * answers) + power**2 * answers**2
    mean = (1 - power) * (weights @ answers)
    return np.maximum(weights @ squares - mean**2, 0)


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
