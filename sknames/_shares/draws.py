"""Hold an estimate of a list with its draws: each question maps them linearly."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._models.groups import array_of_labels
from .columns import index_in


@dataclass(frozen=True, kw_only=True)
class CheckedPart:
    """Hold what checked rows add to draws.

    Parameters
    ----------
    n_checked : int
        The number of checked rows.
    without : ndarray of shape (n_labels,) or None
        The shares without them, where they are some of the names.
    mean_prediction : ndarray of shape (n_labels,)
        The mean prediction of the list, 0 if all rows are checked.
    """

    __module__ = "sknames"

    n_checked: int
    without: NDArray[np.floating] | None
    mean_prediction: NDArray[np.floating]

    def mapped(self, change: Any) -> Self:
        """Return the same of what a linear map makes of the last axis."""
        return replace(
            self,
            without=None if self.without is None else change(self.without),
            mean_prediction=change(self.mean_prediction),
        )


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Hold the estimated shares of a list, and draws of them, by label.

    Those of rates have an axis of outcomes before that of labels.

    Parameters
    ----------
    labels : ndarray of shape (n_labels,)
        The labels.
    estimate : ndarray of shape (..., n_labels)
        The shares, NaN where there is none.
    draws : ndarray of shape (n_draws, ..., n_labels)
        The same in each draw.
    n_effective : float or ndarray of shape (n_labels,)
        So many names of equal weight hold as much information.
    checked : CheckedPart or None, default=None
        What checked rows add, if there are any.
    """

    __module__ = "sknames"

    labels: NDArray[Any]
    estimate: NDArray[np.floating]
    draws: NDArray[np.floating]
    n_effective: Any
    checked: CheckedPart | None = None

    @classmethod
    def known(cls, mix: dict[Any, float], n_draws: int) -> Self:
        """Return a known mix by label, in which nothing is left to chance."""
        estimate = np.array([*mix.values()], dtype=np.float64)
        return cls(
            labels=array_of_labels([*mix]),
            estimate=estimate,
            draws=np.tile(estimate, (n_draws, 1)),
            n_effective=np.inf,
        )

    def sums(self, members: dict[Any, Any]) -> Self:
        """Return the sums of the labels in each group."""
        is_in = np.zeros((len(self.labels), len(members)))
        column = {label: k for k, label in enumerate(self.labels.tolist())}
        for k, labels in enumerate(members.values()):
            is_in[[column[label] for label in labels], k] = 1
        return self._mapped(array_of_labels([*members]), lambda values: values @ is_in)

    def at(self, labels: NDArray[Any]) -> Self:
        """Return the estimates of labels, some of which may be missing.

        A missing one has no share, unless rows were checked: then it was not among
        them.
        """
        index = index_in(self.labels.tolist(), labels, otherwise=-1)

        def taken(values):
            taken = values[..., index]
            taken[..., index < 0] = 0
            return taken

        found = self._mapped(labels, taken)
        if self.checked is None:
            found.estimate[..., index < 0] = np.nan
        return found

    def _mapped(self, labels, change):
        """Return what a linear map makes of the last axis."""
        checked = self.checked
        return replace(
            self,
            labels=labels,
            estimate=change(self.estimate),
            draws=change(self.draws),
            checked=None if checked is None else checked.mapped(change),
        )
