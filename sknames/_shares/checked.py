"""Estimate the mix of a list from its names and the labels of checked rows.

This is the difference estimator of survey sampling (Särndal et al. 1992), known as
prediction-powered inference (Angelopoulos et al. 2023).
"""

import unicodedata
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._base import warn
from .._base.labels_and_weights import (
    check_some_known,
    check_weights,
    is_missing,
    with_none,
)
from .._models.groups import array_of_labels, check_alike
from .columns import index_in, weights_where
from .draws import Draws, nearest_shares
from .resampling import draw_units

FEW_CHECKED = 100  # rows: with fewer, a warning
MOST_DEVIATIONS = 3  # of the sum of weights from the number of names, by chance
N_CHANCE = 99  # random draws of rows, of which none may differ as much as the checked


@dataclass(frozen=True)
class CheckedRows:
    """Hold the labels of checked rows.

    Parameters
    ----------
    label_index : ndarray of shape (n_rows,) of int
        The column of each row's label, -1 where it was not checked.
    classes : ndarray of shape (n_classes,)
        The labels of the model.
    new_labels : list
        Labels that it lacks; their columns follow.
    weights : ndarray of shape (n_rows,) or None
        1 / probability with which a row was drawn to be checked; None if all were
        drawn alike.
    """

    __module__ = "sknames"

    label_index: NDArray[np.integer]
    classes: NDArray[Any]
    new_labels: list[Any]
    weights: NDArray[np.floating] | None

    @property
    def labels(self):
        """The labels of the model, and the new ones."""
        if not self.new_labels:
            return self.classes
        return array_of_labels([*self.classes.tolist(), *self.new_labels])

    def __getitem__(self, rows):
        """Return some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, label_index=self.label_index[rows], weights=weights)

    def of_people(self, person_index, names, text_of_row):
        """Give all rows of a person the label of any of them.

        `person_index`, (n_rows,), has the index of each row's person. Raise ValueError
        if rows of one have different labels; it shows the name, if there are `names`,
        that of each text.
        """
        checked = np.flatnonzero(self.label_index >= 0)
        person_of_checked = person_index[checked]
        label_of_person = np.full(person_index.max() + 1, -1)
        label_of_person[person_of_checked] = self.label_index[checked]
        differs = label_of_person[person_of_checked] != self.label_index[checked]
        if differs.any():
            position = checked[differs][0]
            other = label_of_person[person_index[position]]
            who = f"the name at position {position}"
            if names is not None:
                text = position if text_of_row is None else text_of_row[position]
                who = repr(names[text])
            self._raise_two_labels([self.label_index[position], other], who)
        weights = self.weights
        if weights is not None:
            least = np.full(len(label_of_person), np.inf)
            np.minimum.at(least, person_of_checked, weights[checked])
            weights = np.where(label_of_person < 0, 0, least)[person_index]
        label_index = label_of_person[person_index]
        return replace(self, label_index=label_index, weights=weights)

    def _raise_two_labels(self, two, who):
        """Raise ValueError for a person with two labels, of these columns."""
        labels = self.labels[two].tolist()
        raise ValueError(
            f"Expected one label for a name within a cluster, got {labels[0]!r} and "
            f"{labels[1]!r} for {who}. Correct one, or give two people of a name "
            "clusters of their own."
        )


def read_checked(checked, checked_weight, stack, is_name):
    """Return labels of checked rows, as given to `estimate_shares`, as `CheckedRows`.

    Rows that are not names are not checked. Labels are those that the model predicts:
    the group that has a label, if it groups labels.
    """
    given = _check_labels(checked, len(is_name))
    classes = stack.classes.tolist()
    label_of = _read_labels(given, stack)
    new_labels = sorted({*label_of.values()} - {*classes})
    _warn_of_spellings(new_labels, classes)
    labels = np.array([label_of.get(label) for label in given.tolist()], dtype=object)
    label_index = index_in([*classes, *new_labels], labels, otherwise=-1)
    n_without_name = int(((label_index >= 0) & ~is_name).sum())
    if n_without_name:
        warn(
            f"{n_without_name:,} checked rows are not names, and are left out. Check "
            "rows that are names."
        )
        label_index[~is_name] = -1
    weights = _check_checked_weight(checked_weight, label_index >= 0)
    return CheckedRows(label_index, stack.classes, new_labels, weights)


def _read_labels(given, stack):
    """Return the label that the model predicts for each label that was given."""
    known = [label for label in dict.fromkeys(given.tolist()) if not is_missing(label)]
    if "" in known:
        raise ValueError(
            "Expected None in checked for rows that were not, got ''. A row that "
            'nobody could decide is "unknown".'
        )
    if len(known) == 0:
        raise ValueError(
            "Expected labels of some rows in checked, got none. Leave it out."
        )
    predicted = stack.as_predicted(np.array(known, dtype=object)).tolist()
    check_some_known(predicted, stack.classes)
    check_alike(
        [*stack.classes.tolist(), *predicted], "labels in checked and of the model"
    )
    return dict(zip(known, predicted, strict=True))


def _warn_of_spellings(new_labels, classes):
    """Warn of new labels that are spelled nearly as a class."""
    class_of = {_without_form(label): label for label in classes}
    pairs = []
    for label in new_labels:
        if _without_form(label) in class_of:
            pairs.append(f"{label!r} for {class_of[_without_form(label)]!r}")
    if pairs:
        warn(
            f"The labels of checked rows have {', '.join(pairs)}: expected the "
            "spelling of the model. They count as other labels. Correct them."
        )


def _without_form(label):
    """Return a label without case, blanks and accents."""
    letters = unicodedata.normalize("NFKD", str(label).casefold())
    return "".join(
        [c for c in letters if not c.isspace() and not unicodedata.combining(c)]
    )


def _check_labels(checked, n_rows):
    """Return labels as an array of objects; raise ValueError unless it has n_rows."""
    labels = np.asarray(with_none(checked), dtype=object)
    if labels.shape != (n_rows,):
        raise ValueError(
            f"Expected {n_rows:,} labels in checked, one for each name and None where "
            f"it was not checked; got shape {labels.shape}."
        )
    return labels


def _check_checked_weight(checked_weight, is_checked):
    """Return the weights of rows, 0 where none was checked, or None."""
    if checked_weight is None:
        return None
    weights = weights_where(is_checked, checked_weight)
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
    Draws
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
    expected = expected * (row_weights**2).sum()
    rng = np.random.RandomState(seeds.of_part(share))
    rng_of_units = rng
    if clusters is not None and seeds.are_of_parts:
        rng_of_units = np.random.RandomState(seeds.seed)
    n_effective = 1 / (unit_weights**2).sum()
    # Noise on labels without people could only take from the others.
    has_people = n_effective * share >= 1
    expected = np.where(np.outer(has_people, has_people), expected, 0)
    deviations = _resample(influences, seeds.n_draws, rng_of_units)
    deviations = _widen(deviations, influences, expected, unit_weights, rng)
    return Draws(
        labels=checked.labels,
        estimate=share,
        draws=nearest_shares(share + deviations),
        n_effective=n_effective,
        predicted=mean,
        without=None if is_complete else without,
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
    """Warn if rows do not look as if they were drawn at random.

    Raise ValueError if there are too few, or if their weights say that more were drawn
    than there are.
    """
    n_rows = len(predictions)
    n_checked = len(rows)
    if n_checked < 2:
        raise ValueError(
            f"Expected two or more names that are checked, got {n_checked}. Check more "
            "rows, 200 if you can."
        )
    if checked.weights is not None:
        _check_sum_of_weights(checked.weights[rows], n_rows)
    if n_checked == n_rows:
        return
    remedy = "Check rows that were drawn at random, as by `sknames shares --draw 200`."
    if rows[-1] == n_checked - 1:
        warn(f"The checked rows are the first ones of the list. {remedy}")
        return
    if _differ_by_chance(predictions, rows, checked.weights, clusters):
        return
    warn(
        "The checked rows differ from the others in their predicted mix, more than by "
        f"chance. {remedy} If some were more likely to be drawn, give checked_weight."
    )


def _check_sum_of_weights(weights, n_rows):
    """Warn if the weights of checked rows do not sum to the number of names.

    Raise ValueError for weights that only other rows could have.
    """
    hint = (
        "Weights are 1 / the probability with which a row was drawn: leave them out if "
        "all rows were equally likely."
    )
    n_checked = len(weights)
    if n_checked == n_rows and weights.max() > 1:
        raise ValueError(
            f"Expected checked_weight of 1, since all names are checked; got "
            f"{weights.max():g}. {hint}"
        )
    if n_checked < n_rows and weights.max() <= 1:
        raise ValueError(
            f"Expected checked_weight above 1, since {n_rows - n_checked:,} names are "
            f"not checked; got only 1. {hint}"
        )
    deviation = np.sqrt((weights * (weights - 1)).sum())
    if np.abs(weights.sum() - n_rows) > MOST_DEVIATIONS * deviation:
        warn(
            "The weights of checked rows should sum to about the number of names, "
            f"{n_rows:,}, but sum to {weights.sum():,.6g}. {hint}"
        )


def _differ_by_chance(predictions, rows, weights, clusters):
    """Return whether the mean prediction of checked rows may differ so by chance.

    It is compared with those of rows drawn at random, or of clusters if these were
    checked whole. Each of them has the weight of one that was checked.
    """
    sums = predictions - predictions.mean(axis=0)
    sizes = np.ones(len(sums))
    drawn_weights = np.full(len(rows), len(sums) / len(rows))
    if weights is not None:
        drawn_weights = weights[rows]
    if clusters is not None and _are_whole(clusters, rows):
        n_drawn = np.bincount(clusters.index[rows], minlength=clusters.n)
        drawn_weights = clusters[rows].sum(drawn_weights)[n_drawn > 0]
        drawn_weights /= n_drawn[n_drawn > 0]
        sizes = clusters.sum(sizes)
        rows = np.flatnonzero(n_drawn[sizes > 0])
        sums = clusters.sum(sums)[sizes > 0]
        sizes = sizes[sizes > 0]

    def distance(drawn):
        mean = drawn_weights @ sums[drawn] / (drawn_weights @ sizes[drawn])
        return mean @ mean

    # The others are drawn with replacement.
    left_to_chance = 1 - drawn_weights.sum() / (drawn_weights @ drawn_weights)
    checked_distance = distance(rows) / left_to_chance
    rng = np.random.RandomState(0)
    for _ in range(N_CHANCE):
        if distance(rng.randint(len(sums), size=len(rows))) >= checked_distance:
            return True
    return False


def _are_whole(clusters, rows):
    """Return whether all rows of the clusters of some rows are among these."""
    n_rows = np.bincount(clusters.index, minlength=clusters.n)
    n_checked = np.bincount(clusters.index[rows], minlength=clusters.n)
    return not ((n_checked > 0) & (n_checked < n_rows)).any()


def _best_power(truth, predictions, row_weights):
    """Return the power of predictions with the least variance, one for all labels."""
    # Around their mean, so that the mean of truth does not matter below.
    predictions = predictions - row_weights @ predictions
    squares = (row_weights @ predictions**2).sum()
    if squares == 0:
        return 1.0
    return np.clip((row_weights @ (truth * predictions)).sum() / squares, 0, 1)


def _resample(influences, n_draws, rng):
    """Return how far the shares of resamples of rows or clusters are from theirs.

    Their shape is (n_draws, n_labels).
    """
    deviations = np.empty((n_draws, influences.shape[1]))
    ones = np.ones(len(influences), dtype=int)
    for rows, drawn in draw_units(ones, n_draws, rng):
        deviations[rows] = (drawn - 1) @ influences
    return deviations * np.sqrt(_inflation(influences))


def _inflation(influences):
    """Return G / (G - 1) of the units that have an influence, of clusters or rows."""
    n_units = np.count_nonzero(influences.any(axis=1))
    return n_units / max(1, n_units - 1)


def _widen(deviations, influences, expected_covariance, unit_weights, rng):
    """Return the deviations of draws, as wide as those of a t distribution.

    Errors are rare and large, so that a few checked rows may hold none. So noise makes
    the covariance at least the one that the model expects, for any sum of labels. The
    variance itself is uncertain, in all labels alike: with as many degrees of freedom
    as the weights of the units have (Satterthwaite 1946).
    """
    observed = influences.T @ influences * _inflation(influences)
    values, vectors = np.linalg.eigh(expected_covariance - observed)
    root = vectors * np.sqrt(np.maximum(values, 0))
    wide = deviations + rng.normal(size=deviations.shape) @ root.T
    squares = unit_weights**2
    n_equal = squares.sum() ** 2 / (squares**2).sum()  # units of equal weight
    freedom = max(1.0, n_equal - 1)
    chi_square = rng.chisquare(freedom, size=(len(wide), 1))
    return wide * np.sqrt(freedom / chi_square)
