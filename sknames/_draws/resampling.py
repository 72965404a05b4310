"""Resample the names or clusters of a list, and estimate shares of each one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from .mix import newton_steps, slopes

CHUNK = 1 << 22  # counts of units that are drawn at a time: 32 MB
MOST_KEPT = 1 << 26  # counts of clusters that are kept for other parts: 64 MB

# Last part of the seeds of all draws other than the units of a list.
OUTCOMES = 1
NOISE = 2
CLUSTERS = 3


def digest_of_rows(columns, weights):
    """Return a 64-bit hash of the rows with a positive weight, in any order.

    `columns` are integer arrays of shape (n_rows,). A repeated row has the same hash as
    one row with the sum of the weights. The unit of the weights does not matter.
    """
    has_weight = weights > 0
    rows = _mixed([column[has_weight].astype(np.uint64) for column in columns])
    distinct, index = np.unique(rows, return_inverse=True)
    sums = np.bincount(index, weights[has_weight])
    sums = (sums / sums.sum()).round(12)
    return int(_mixed([distinct, sums]).sum())


def _mixed(columns):
    """Return a hash of each row, (n_rows,), by the finalizer of SplitMix64."""
    mixed = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        mixed ^= column.view(np.uint64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed


class Seeds:
    """Seed the draws of all lists in a call by the contents of the lists.

    A seed does not depend on estimates, on positions, or on the call. Therefore, a list
    has the same draws in each call, and different lists have independent draws. A part
    has the same draws as a list of its rows.

    Parameters
    ----------
    question : Question
        The number of draws, and the seed that the user has chosen.
    names : NameList
        All rows of the call. Their clusters have the same draws in all parts.
    """

    def __init__(self, question, names):
        self.question = question
        self.n_draws = question.n_draws
        self._of_clusters = self._seed(names.digest, CLUSTERS)
        self._n_drawn = Counter()
        self._cluster_counts = None  # (n_draws, n_clusters), after they were drawn

    def _seed(self, digest, *others):
        return [self.question.seed, digest >> 32, digest & 0xFFFFFFFF, *others]

    def of_names(self, names):
        """Return the seed of a list or part; a repeated list gets another seed.

        The seed followed by `OUTCOMES` or `NOISE` is the seed of other random numbers.
        """
        digest = names.digest
        n_before = self._n_drawn[digest]
        self._n_drawn[digest] += 1
        return self._seed(digest, n_before)

    def key_of(self, names):
        """Return a key of the names of a list that was just drawn.

        The key is the digest of the rows, and the number of lists with this digest that
        were drawn.
        """
        return names.digest, self._n_drawn[names.digest]

    def draw(self, counts, seed):
        """Yield how often units are drawn with replacement, in chunks of draws.

        `counts`, (n_rows,), is the number of units in each row. Each chunk is a slice
        of the draws, and an array of shape (n_in_chunk, n_rows).
        """
        rng = np.random.RandomState(seed)
        row_of_unit = np.repeat(np.arange(len(counts)), counts)
        n_units = len(row_of_unit)
        if n_units == 0:  # for example a part without checked rows
            return
        for rows in _chunks_of_draws(self.n_draws, len(counts)):
            drawn = np.empty((rows.stop - rows.start, len(counts)))
            for k in range(len(drawn)):
                units = rng.randint(n_units, size=n_units)
                drawn[k] = np.bincount(row_of_unit[units], minlength=len(counts))
            yield rows, drawn

    def draw_clusters(self, chosen, n_clusters, most_kept=MOST_KEPT):
        """Yield how often the chosen clusters are drawn, as `draw` does.

        All `n_clusters` of the table are drawn together. If these are at most
        `most_kept` counts, they are kept for other parts and outcomes.
        """
        drawn = self.draw(np.ones(n_clusters, dtype=int), self._of_clusters)
        if self.n_draws * n_clusters > most_kept:
            for rows, counts in drawn:
                yield rows, counts[:, chosen]
            return
        if self._cluster_counts is None:
            # No cluster is drawn more than 255 times in a list of so many clusters.
            kept = np.empty((self.n_draws, n_clusters), dtype=np.uint8)
            for rows, counts in drawn:
                kept[rows] = counts
            self._cluster_counts = kept
        for rows in _chunks_of_draws(self.n_draws, len(chosen)):
            yield rows, self._cluster_counts[rows][:, chosen].astype(np.float64)

    def errors(self, model_error, n_classes):
        """Return errors of the model in log-odds, (n_draws, n_classes).

        They are the same for all lists.
        """
        shape = (self.n_draws, n_classes)
        return np.random.RandomState(0).normal(scale=model_error, size=shape)


@dataclass(frozen=True)
class Clusters:
    """The cluster of each row, such as a paper, family or household.

    Parameters
    ----------
    index : ndarray of shape (n_rows,) of int
        The cluster of each row.
    n : int
        The number of clusters in the whole table, some of which may have no row here.
    """

    index: NDArray[np.integer]
    n: int

    def __getitem__(self, rows):
        """Return the clusters of some of the rows."""
        return replace(self, index=self.index[rows])

    def of_own(self):
        """Return the clusters that have rows, and their indices in the whole table."""
        chosen, index = np.unique(self.index, return_inverse=True)
        return Clusters(index, len(chosen)), chosen

    def sum(self, values):
        """Sum values, (n_rows,) or (n_rows, n_columns), by cluster."""
        sums = np.zeros((self.n, *values.shape[1:]))
        np.add.at(sums, self.index, values)
        return sums


@dataclass(frozen=True)
class DrawnUnits:
    """Names or clusters that are drawn together.

    Parameters
    ----------
    scores : ndarray of shape (n_units, n_classes)
        Each unit's part of the gradient of the log-likelihood, see `scores_of_rows`.
    weights : ndarray of shape (n_units,)
        Weights of the units.
    chunks : iterable
        How often the units are drawn, see `Seeds.draw`.
    """

    scores: NDArray[np.floating]
    weights: NDArray[np.floating]
    chunks: Iterable[Any]


def scores_of_rows(ratios, weights, share):
    """Return the gradient of each row's weighted log-likelihood at the shares."""
    return ratios * (weights / (ratios @ share))[:, None]


def resample(names, share, errors, drawn_units, factor=1.0):
    """Return the shares of resamples of a list, (n_draws, n_classes).

    The shares of a resample are one Newton step away from the estimate. The step
    depends on the gradient of the resample, minus the gradient of the list, which is
    not 0 at the estimate. For classes with less than one name, only a positive gradient
    of the list is subtracted. The model's errors add their first-order effect.

    Parameters
    ----------
    names : DistinctNames
        The distinct names of the list.
    share : ndarray of shape (n_classes,)
        The estimated shares.
    errors : ndarray of shape (n_draws, n_classes)
        Errors of the model in log-odds.
    drawn_units : iterable of DrawnUnits
        All names or clusters of the list, each of them once.
    factor : float, default=1.0
        The factor by which the difference of the gradients is multiplied.
    """
    mix = names.ratios @ share
    gradient, curvature = slopes(names.ratios, mix, names.weights * names.counts)
    own = gradient - names.n
    is_rare = names.n * share < 1
    own[is_rare] = np.maximum(own[is_rare], 0)
    steps = np.zeros(errors.shape)
    for units in drawn_units:
        for rows, counts in units.chunks:
            step = counts @ units.scores - (counts @ units.weights)[:, None]
            steps[rows] += factor * step
    steps -= factor * own
    steps += errors * gradient - (errors * share) @ curvature
    return newton_steps(share, curvature, steps)


def deviations_of_sums(blocks, n_draws):
    """Return the deviations of resampled sums from the sum of all units.

    Each item of `blocks` has the influences of units that are drawn together, (n_units,
    n_columns), and the chunks of `Seeds.draw`. The influences of all units sum to 0.
    The deviations have the shape (n_draws, n_columns). They are multiplied by the root
    of the `inflation`, because resamples of few units vary too little.
    """
    influences = np.concatenate([values for values, _ in blocks])
    deviations = np.zeros((n_draws, influences.shape[1]))
    for values, chunks in blocks:
        for rows, counts in chunks:
            deviations[rows] += (counts - 1) @ values
    return deviations * np.sqrt(inflation(influences))


def inflation(influences):
    """Return G / (G - 1), where G is the number of units with any influence."""
    n_units = np.count_nonzero(influences.any(axis=1))
    return n_units / max(1, n_units - 1)


def _chunks_of_draws(n_draws, n_counts):
    """Return slices of the draws whose counts fit into memory."""
    return gen_batches(n_draws, max(1, CHUNK // n_counts))
