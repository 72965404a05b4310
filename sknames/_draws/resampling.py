"""Draw resamples of a list, each one step away from its estimated mix."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .mix import newton_steps, slopes

CHUNK = 1 << 22  # most counts in a chunk of resamples: 32 MB
MOST_KEPT = 1 << 26  # most counts of clusters that are kept for other parts: 64 MB


# What a list draws, besides its units.
OUTCOMES = 1
NOISE = 2
CLUSTERS = 3


def digest_of_rows(columns, weights):
    """Return a number of 64 bits of the rows with a weight, in any order.

    `columns` are arrays of shape (n_rows,) of int. A row that comes twice is one of
    twice the weight.
    """
    has_weight = weights > 0
    rows = _mixed([column[has_weight].astype(np.uint64) for column in columns])
    distinct, index = np.unique(rows, return_inverse=True)
    sums = np.bincount(index, weights[has_weight])
    sums = (sums / sums.sum()).round(12)  # whatever the unit of the weights
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
    """Decide the draws of the lists in a call, by what these hold.

    No seed depends on an estimate, a position or a call. So lists that share people
    draw alike and others do not, and a part draws as the list of its rows.

    Parameters
    ----------
    n_draws : int
        How many draws there are.
    seed : int
        The seed that was asked for.
    names : NameList
        All rows of the call, whose clusters are drawn alike in all of its parts.
    """

    def __init__(self, n_draws, seed, names):
        self.n_draws = n_draws
        self.seed = seed
        self._of_clusters = self._seed(names.digest, CLUSTERS)
        self._n_drawn = Counter()
        self._cluster_counts = None  # in each draw, once they are known

    def _seed(self, digest, *others):
        return [self.seed, digest >> 32, digest & 0xFFFFFFFF, *others]

    def of_names(self, names):
        """Return the seed of a list or part; the next one with such rows has another.

        Behind it, `OUTCOMES` or `NOISE` gives one for what else it draws.
        """
        digest = names.digest
        n_before = self._n_drawn[digest]
        self._n_drawn[digest] += 1
        return self._seed(digest, n_before)

    def key_of(self, names):
        """Return what sets the names of a list that was just drawn apart from others.

        These are a digest of its rows, and how many lists with such rows were drawn.
        """
        return names.digest, self._n_drawn[names.digest]

    def draw(self, counts, seed):
        """Yield how often units are drawn, as `draw_units` does."""
        return draw_units(counts, self.n_draws, np.random.RandomState(seed))

    def draw_clusters(self, chosen, n_clusters, most_kept=MOST_KEPT):
        """Yield how often some clusters are drawn, as `draw_units` does.

        All `n_clusters` of the table are drawn together, and kept for other parts and
        outcomes if these are not more than `most_kept` counts.
        """
        is_kept = self.n_draws * n_clusters <= most_kept
        if self._cluster_counts is None or not is_kept:
            drawn = self.draw(np.ones(n_clusters, dtype=int), self._of_clusters)
            if not is_kept:
                for rows, counts in drawn:
                    yield rows, counts[:, chosen]
                return
            # A cluster is drawn more than 255 times in no list that has so many.
            kept = np.empty((self.n_draws, n_clusters), dtype=np.uint8)
            for rows, counts in drawn:
                kept[rows] = counts
            self._cluster_counts = kept
        for rows in chunks_of_draws(self.n_draws, len(chosen)):
            yield rows, self._cluster_counts[rows][:, chosen].astype(np.float64)

    def errors(self, model_error, n_classes):
        """Return errors of the model in log odds, the same for all lists."""
        shape = (self.n_draws, n_classes)
        return np.random.RandomState(0).normal(scale=model_error, size=shape)


@dataclass(frozen=True)
class Units:
    """Hold what is drawn: the distinct names of a list, or its clusters.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_classes)
        What one unit adds to the gradient of the log-likelihood.
    weights : ndarray of shape (n_rows,)
        Weight of one unit.
    counts : ndarray of shape (n_rows,) of int
        How many units are in each row.
    factor : float, default=1.0
        What a step of the resamples is multiplied by; a few units vary too little.
    """

    scores: NDArray[np.floating]
    weights: NDArray[np.floating]
    counts: NDArray[np.integer]
    factor: float = 1.0

    @classmethod
    def of_names(cls, names, share):
        """Return the distinct names, equal ones as one row, under a mix."""
        scores = _scores(names.ratios, names.weights, share)
        return cls(scores, names.weights, names.counts)

    @classmethod
    def of_clusters(cls, ratios, weights, clusters, share):
        """Return the clusters of rows, each with all its rows, under a mix."""
        scores = clusters.sum(_scores(ratios, weights, share))
        sums = clusters.sum(weights)
        n_units = np.count_nonzero(sums)
        factor = np.sqrt(n_units / max(1, n_units - 1))
        return cls(scores, sums, np.ones(len(sums), dtype=int), factor)

    @property
    def n_effective(self):
        """As many units of equal weight hold as much information."""
        return effective_number(self.weights, self.counts)


def effective_number(weights, counts=None):
    """Return how many units of equal weight hold as much information (Kish 1965).

    `counts` say how many units have each weight.
    """
    if counts is None:
        counts = np.ones(len(weights))
    return (weights @ counts) ** 2 / (weights**2 @ counts)


def _scores(ratios, weights, share):
    """Return what rows add to the gradient of the log-likelihood under a mix."""
    return ratios * (weights / (ratios @ share))[:, None]


@dataclass(frozen=True)
class Clusters:
    """Hold the cluster of each row: a paper, family or household.

    Parameters
    ----------
    index : ndarray of shape (n_rows,) of int
        The cluster of each row.
    n : int
        The number of clusters in the table, of which a list may lack some.
    are_rows : bool, default=False
        Whether each row is a cluster of its own, which no other list has.
    """

    index: NDArray[np.integer]
    n: int
    are_rows: bool = False

    @classmethod
    def of_rows(cls, n):
        """Return n rows as clusters of their own."""
        return cls(np.arange(n), n, are_rows=True)

    def __getitem__(self, rows):
        """Return the clusters of some of the rows."""
        return replace(self, index=self.index[rows])

    def of_own(self):
        """Return the clusters that have rows, and which ones of the table these are."""
        chosen, index = np.unique(self.index, return_inverse=True)
        return replace(self, index=index, n=len(chosen)), chosen

    def sum(self, values):
        """Sum values, (n_rows,) or (n_rows, n_columns), by cluster."""
        sums = np.zeros((self.n, *values.shape[1:]))
        np.add.at(sums, self.index, values)
        return sums


def resample(names, share, errors, drawn_units):
    """Return the shares of resamples of the units of a list, its names or clusters.

    Their shape is (n_draws, n_classes). Each is a Newton step away from the
    estimate, with a resampled gradient. The list's own gradient at the estimate is not
    0, and is subtracted; for classes with less than one name, only where it is
    positive. Errors of the model in the log odds, of this shape, add their first-order
    effect. `drawn_units` are pairs of `Units` and chunks of `draw_units`, such as those
    of each part of a list; none of the units is in two.
    """
    n = names.n
    mix = names.ratios @ share
    gradient, curvature = slopes(names.ratios, mix, names.weights * names.counts)
    own = gradient - n
    is_rare = n * share < 1
    own[is_rare] = np.maximum(own[is_rare], 0)
    steps = np.zeros(errors.shape)
    for units, chunks in drawn_units:
        for rows, drawn in chunks:
            step = drawn @ units.scores - (drawn @ units.weights)[:, None]
            steps[rows] += units.factor * step
    steps -= drawn_units[0][0].factor * own
    steps += errors * gradient - (errors * share) @ curvature
    return newton_steps(share, curvature, steps)


def deviations_of_sums(influences, n_draws, drawn_units):
    """Return how far sums over resamples of units are from the sum over the units.

    `influences`, (n_units, n_columns), are what each unit adds, and sum to 0.
    `drawn_units` are pairs: how many units are drawn together, and their chunks of
    `draw_units`. The shape is (n_draws, n_columns). A few units vary too little, so
    that deviations are multiplied by the root of their `inflation`.
    """
    deviations = np.zeros((n_draws, influences.shape[1]))
    start = 0
    for n_units, chunks in drawn_units:
        units = influences[start : start + n_units]
        start += n_units
        for rows, drawn in chunks:
            deviations[rows] += (drawn - 1) @ units
    return deviations * np.sqrt(inflation(influences))


def inflation(influences):
    """Return G / (G - 1) of the G units that have an influence, of clusters or rows."""
    n_units = np.count_nonzero(influences.any(axis=1))
    return n_units / max(1, n_units - 1)


def draw_units(counts, n_draws, rng):
    """Yield how often each row of units is drawn, (n_in_chunk, n_rows), by chunks.

    A slice of the resamples comes first.
    """
    row_of_unit = np.repeat(np.arange(len(counts)), counts)
    n_units = len(row_of_unit)
    if n_units == 0:  # as of parts without checked rows
        return
    for rows in chunks_of_draws(n_draws, len(counts)):
        drawn = np.empty((rows.stop - rows.start, len(counts)))
        for k in range(len(drawn)):
            units = rng.randint(n_units, size=n_units)
            drawn[k] = np.bincount(row_of_unit[units], minlength=len(counts))
        yield rows, drawn


def chunks_of_draws(n_draws, n_counts):
    """Yield slices of the draws whose counts fit the memory."""
    n_in_chunk = max(1, CHUNK // n_counts)
    for start in range(0, n_draws, n_in_chunk):
        yield slice(start, min(start + n_in_chunk, n_draws))
