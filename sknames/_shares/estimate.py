"""Hold the estimated shares of a list, with what their intervals need."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .results import percentiles


def exact_limit(n, confidence_level):
    """Return the upper limit of a share of 0 of n (Clopper and Pearson 1934)."""
    return 1 - ((1 - confidence_level) / 2) ** (1 / n)


@dataclass(frozen=True, kw_only=True)
class EstimatedShares:
    """Hold the estimated shares of a list, and what their intervals need.

    Here these come from resamples, as those of a model alone do.

    Parameters
    ----------
    share : ndarray of shape (n_labels,)
        The shares.
    resamples : ndarray of shape (n_resamples, n_labels)
        The shares in each resample.
    n_effective : float
        So many names of equal weight hold as much information.
    n_checked : int or None, default=None
        The number of checked rows.
    without : ndarray of shape (n_labels,) or None, default=None
        The shares without the checked rows, where these are some of the names.
    """

    share: NDArray[np.floating]
    resamples: NDArray[np.floating]
    n_effective: float
    n_checked: int | None = None
    without: NDArray[np.floating] | None = None

    # Those whose last axis is labels.
    by_label: ClassVar[tuple[str, ...]] = ("share", "resamples", "without")

    def sums(self, is_in):
        """Return the same for sums of labels, by `is_in`, (n_sums, n_labels)."""
        summed = {}
        for name in self.by_label:
            values = getattr(self, name)
            if values is not None:
                summed[name] = values @ is_in.T
        return replace(self, **summed)

    def floor(self, confidence_level):
        """Return how far the interval of a share of 0 reaches."""
        return exact_limit(self.n_effective, confidence_level)

    def least_reach(self, confidence_level):
        """Return how far the interval of each share reaches at least, (n_labels,)."""
        return np.full(len(self.share), self.floor(confidence_level))

    def interval(self, confidence_level):
        """Return the ends of intervals, (n_labels,) each."""
        low, high = percentiles(self.resamples, self.share, confidence_level)
        # Resamples lack what the list lacks. So no interval is narrower than that of a
        # share of 0 or 1.
        floor = self.floor(confidence_level)
        return np.minimum(low, 1 - floor), np.maximum(high, floor)
