"""Draw resamples of a list, each one step away from its estimated mix."""

from collections import Counter
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from .mix import newton_steps, slopes

CHUNK = 1 << 22  # most counts in a chunk of resamples: 32 MB


class Seeds:
    """Decide the draws of a list, or of its parts, of which no two draw alike.

    Lists that are compared draw by their shares, since equal draws would cancel.

    Parameters
    ----------
    n_draws : int
        How many draws there are.
    seed : int
        The seed that was asked for.
    are_of_parts : bool, default=False
        Whether these are parts of one list. Then clusters are drawn alike in all.
    n_before : int, default=0
        How many lists with the same shares may have been drawn before.
    """

    def __init__(self, n_draws, seed, *, are_of_parts=False, n_before=0):
        self.n_draws = n_draws
        self.seed = seed
        self.are_of_parts = are_of_parts
        self.n_before = n_before
        self.n_with_share = Counter()

    def of_part(self, share):
        """Return the seed of a list or part with these shares."""
        digits = crc32(share.round(6))
        n_before = self.n_before + self.n_with_share[digits]
        self.n_with_share[digits] += 1
        return [self.seed, digits, n_before] if n_before else [self.seed, digits]

    def of_clusters(self, seed_of_part):
        """Return the seed that draws clusters, where the rest has that of its part."""
        return self.seed if self.are_of_parts else seed_of_part

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
        """As many units of equal weight hold as much information (Kish 1965)."""
        return (self.weights @ self.counts) ** 2 / (self.weights**2 @ self.counts)


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
    """

    __module__ = "sknames"

    index: NDArray[np.integer]
    n: int

    def __getitem__(self, rows):
        """Return the clusters of some of the rows."""
        return Clusters(self.index[rows], self.n)

    def sum(self, values):
        """Sum values, (n_rows,) or (n_rows, n_columns), by cluster."""
        sums = np.zeros((self.n, *values.shape[1:]))
        np.add.at(sums, self.index, values)
        return sums


def resample(names, share, errors, rng, units):
    """Return the shares of resamples of the units of a list, its names or clusters.

    Their shape is (n_draws, n_classes). Each is a Newton step away from the
    estimate, with a resampled gradient. The list's own gradient at the estimate is not
    0, and is subtracted; for classes with less than one name, only where it is
    positive. Errors of the model in the log odds, of this shape, add their first-order
    effect.
    """
    n = names.n
    mix = names.ratios @ share
    gradient, curvature = slopes(names.ratios, mix, names.weights * names.counts)
    own = gradient - n
    is_rare = n * share < 1
    own[is_rare] = np.maximum(own[is_rare], 0)
    resamples = errors * gradient - (errors * share) @ curvature
    for rows, drawn in draw_units(units.counts, len(errors), rng):
        chunk = resamples[rows]
        step = drawn @ units.scores - (drawn @ units.weights)[:, None] - own
        chunk += units.factor * step
        chunk[:] = newton_steps(share, curvature, chunk)
    return resamples


def draw_units(counts, n_draws, rng):
    """Yield how often each row of units is drawn, (n_in_chunk, n_rows), by chunks.

    A slice of the resamples comes first.
    """
    row_of_unit = np.repeat(np.arange(len(counts)), counts)
    n_units = len(row_of_unit)
    n_in_chunk = max(1, CHUNK // len(counts))
    for start in range(0, n_draws, n_in_chunk):
        stop = min(start + n_in_chunk, n_draws)
        drawn = np.empty((stop - start, len(counts)))
        for k in range(stop - start):
            units = rng.randint(n_units, size=n_units)
            drawn[k] = np.bincount(row_of_unit[units], minlength=len(counts))
        yield slice(start, stop), drawn
