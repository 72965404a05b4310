"""Draw resamples of a list, each one step away from its estimated mix."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .mix import newton_steps, slopes

CHUNK = 1 << 22  # most counts in a chunk of resamples: 32 MB


@dataclass(frozen=True)
class Units:
    """Hold what is drawn: the distinct names of a list, equal ones as one row.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_classes)
        What one unit adds to the gradient of the log-likelihood.
    weights : ndarray of shape (n_rows,)
        Weight of one unit.
    counts : ndarray of shape (n_rows,) of int
        How many units are in each row.
    """

    scores: NDArray[np.floating]
    weights: NDArray[np.floating]
    counts: NDArray[np.integer]

    @classmethod
    def of_names(cls, names, share):
        """Return the units of distinct names under a mix."""
        mix = names.ratios @ share
        scores = names.ratios * (names.weights / mix)[:, None]
        return cls(scores, names.weights, names.counts)


def resample(names, share, errors, rng):
    """Return the shares of resamples of the distinct names.

    Their shape is (n_resamples, n_classes). Each is a Newton step away from the
    estimate, with a resampled gradient. The list's own gradient at the estimate is not
    0, and is subtracted; for classes with less than one name, only where it is
    positive. Errors of the model in the log odds, of this shape, add their first-order
    effect.
    """
    n = names.n
    units = Units.of_names(names, share)
    mix = names.ratios @ share
    gradient, curvature = slopes(names.ratios, mix, names.weights * names.counts)
    own = gradient - n
    is_rare = n * share < 1
    own[is_rare] = np.maximum(own[is_rare], 0)
    resamples = errors * gradient - (errors * share) @ curvature
    for rows, drawn in _draw(units.counts, len(errors), rng):
        chunk = resamples[rows]
        chunk += drawn @ units.scores - (drawn @ units.weights)[:, None] - own
        chunk[:] = newton_steps(share, curvature, chunk)
    return resamples


def _draw(counts, n_resamples, rng):
    """Yield how often each row of units is drawn, (n_in_chunk, n_rows), by chunks.

    A slice of the resamples comes first.
    """
    row_of_unit = np.repeat(np.arange(len(counts)), counts)
    n_units = len(row_of_unit)
    n_in_chunk = max(1, CHUNK // len(counts))
    for start in range(0, n_resamples, n_in_chunk):
        stop = min(start + n_in_chunk, n_resamples)
        drawn = np.empty((stop - start, len(counts)))
        for k in range(stop - start):
            units = rng.randint(n_units, size=n_units)
            drawn[k] = np.bincount(row_of_unit[units], minlength=len(counts))
        yield slice(start, stop), drawn
