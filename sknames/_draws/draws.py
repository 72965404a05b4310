"""Hold an estimate of a list with its draws: each question is a function of them."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._base.codes import array_of_labels, index_in
from .._base.labels_and_weights import FEW_HELD_OUT
from .._base.saved import Saved
from .intervals import compare_draws, interval

NO_ONE = 0.5  # estimated people: of fewer, nothing is a part
# What a linear map of labels maps next to the draws.
BY_LABEL = ("estimate", "predicted", "n_held_out", "of_sparse")
# Names or clusters of equal weight: with fewer, a difference is not tested, since
# their draws hardly vary.
FEW_TO_TEST = 30
FEW_CLUSTERS_TO_TEST = 10


@dataclass(frozen=True, kw_only=True)
class Draws(Saved):
    """Hold the estimated shares of a list, and draws of them, by label.

    Of a list that is split, such as by an outcome, there is an axis of parts before
    that of labels.

    Parameters
    ----------
    labels : ndarray of shape (n_labels,)
        The labels.
    estimate : ndarray of shape ([n_parts,] n_labels)
        The shares, NaN where there is none.
    draws : ndarray of shape (n_draws, [n_parts,] n_labels)
        The same in each draw.
    n_effective : float or ndarray, which broadcasts to the estimate
        The shares are of so many names of equal weight, which hold as much information.
    least_effective : int, default=30
        With fewer than that, differences are not tested.
    predicted : ndarray in the shape of the estimate, or None
        The part of the shares that is predicted, in a list with checked rows: 0 if all
        are. None without checked rows.
    n_held_out : ndarray of shape (n_labels,), or None
        How many held-out people have shown how the model errs about each label; None
        if that does not matter.
    of_sparse : ndarray in the shape of the estimate, or None
        The part of each share that sparse labels have, of fewer than 20 such people.
    """

    labels: NDArray[Any]
    estimate: NDArray[np.floating]
    draws: NDArray[np.floating]
    n_effective: Any
    least_effective: int = FEW_TO_TEST
    predicted: NDArray[np.floating] | None = None
    n_held_out: NDArray[np.integer] | None = None
    of_sparse: NDArray[np.floating] | None = None

    @property
    def is_tested(self) -> NDArray[np.bool_]:
        """Whether there are enough names or clusters to test each share."""
        enough = np.asarray(self.n_effective) >= self.least_effective
        return np.broadcast_to(enough, self.estimate.shape)

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

    @classmethod
    def joint(cls, parts: list[Self], share: Self) -> Self:
        """Return the shares of a list that have a part and a label.

        `parts` are the draws of each part, and `share` has their shares of the list.
        """
        first = parts[0]
        draws = np.stack([part.draws for part in parts], axis=1)
        predicted = None
        if first.predicted is not None:
            of_parts = np.array([part.predicted for part in parts])
            predicted = share.estimate[:, None] * of_parts
        n_effective = np.array([part.n_effective for part in parts])
        return cls(
            labels=first.labels,
            estimate=share.estimate[:, None] * [part.estimate for part in parts],
            draws=share.draws[:, :, None] * draws,
            # A share of a part is of the part's names, one of the list of as many as
            # there were if all parts were like it.
            n_effective=(n_effective / share.estimate)[:, None],
            least_effective=first.least_effective,
            predicted=predicted,
        )

    def sums(self, members: dict[Any, Any]) -> Self:
        """Return the sums of the labels in each group.

        The sum of all labels is 1, and leaves nothing to chance.
        """
        is_in = np.zeros((len(self.labels), len(members)))
        column = {label: k for k, label in enumerate(self.labels.tolist())}
        for k, labels in enumerate(members.values()):
            is_in[[column[label] for label in labels], k] = 1
        found = self._mapped(array_of_labels([*members]), lambda values: values @ is_in)
        if self.estimate.ndim > 1:
            return found
        has_all = is_in.all(axis=0)
        found.estimate[has_all] = 1
        found.draws[:, has_all] = 1
        n_effective = np.where(has_all, np.inf, np.min(self.n_effective))
        return replace(
            found,
            # Rounding may lift a sum above 1.
            estimate=np.minimum(found.estimate, 1),
            n_effective=n_effective,
        )

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
        if self.estimate.ndim == 1 and np.ndim(self.n_effective):  # of groups
            found = replace(found, n_effective=self.n_effective[index])
        if self.predicted is None:
            found.estimate[..., index < 0] = np.nan
        return found

    def less(self, part: Self, weight: float) -> Self:
        """Return the shares of the rest of a list, less a part of this weight.

        The list draws its rows as the part does, so that the chance of the part does
        not count twice. `n_effective` is from the sums of squares of the weights (Kish
        1965).
        """
        part = part.at(self.labels)
        estimate = (self.estimate - weight * part.estimate) / (1 - weight)
        draws = (self.draws - weight * part.draws) / (1 - weight)
        of_sparse = self.of_sparse
        if of_sparse is not None and part.of_sparse is not None:
            of_sparse = (of_sparse - weight * part.of_sparse) / (1 - weight)
        squares = 1 / self.n_effective - weight**2 / part.n_effective
        return replace(
            self,
            estimate=nearest_shares(estimate[None])[0],
            draws=nearest_shares(draws),
            of_sparse=of_sparse,
            # Rounded, since 30 names may be 29.999999999999996.
            n_effective=np.round((1 - weight) ** 2 / squares, 6),
        )

    def _mapped(self, labels, change):
        """Return what a linear map makes of the last axis."""
        mapped = {"labels": labels, "draws": change(self.draws)}
        for name in BY_LABEL:
            values = getattr(self, name)
            mapped[name] = None if values is None else change(values)
        return replace(self, **mapped)

    def within(self, whole: str) -> Self:
        """Return the shares within each "part", or within each "label".

        A part or label without people has none.
        """
        axis = {"part": -1, "label": -2}[whole]
        share = self.estimate.sum(axis=axis, keepdims=True)
        n_effective = (self.n_effective * self.estimate).sum(axis=axis, keepdims=True)
        has_people = n_effective >= NO_ONE
        estimate = np.full(self.estimate.shape, np.nan)
        np.divide(self.estimate, share, out=estimate, where=has_people)
        shares = self.draws.sum(axis=axis, keepdims=True)
        draws = np.tile(estimate, (len(shares), 1, 1))
        np.divide(self.draws, shares, out=draws, where=shares > 0)
        return replace(
            self,
            estimate=estimate,
            draws=draws,
            # Few people show no share near 0 or 1.
            n_effective=np.maximum(n_effective, NO_ONE),
        )

    def by_row(self) -> Self:
        """Return the parts of the first label, those of the second, and so on."""
        n_parts = len(self.estimate)
        n_effective = np.broadcast_to(self.n_effective, self.estimate.shape)
        predicted = None if self.predicted is None else self.predicted.T.ravel()
        return replace(
            self,
            labels=self.labels.repeat(n_parts),
            estimate=self.estimate.T.ravel(),
            draws=self.draws.swapaxes(1, 2).reshape(len(self.draws), -1),
            n_effective=n_effective.T.ravel(),
            predicted=predicted,
        )

    def as_list(self, k: int) -> Self:
        """Return the draws as those of list k of several of other sources.

        The errors of the model are the same in all lists, in the same order. Paired in
        another order, they are independent in any two. Those of two lists are paired
        from both ends, so that two comparisons mirror each other.
        """
        if k == 0:
            return self
        return replace(self, draws=np.roll(self.draws[::-1], k - 1, axis=0))

    @property
    def is_in_doubt(self) -> NDArray[np.bool_]:
        """Whether a share has no interval: sparse, or sparse labels make half of it."""
        if self.n_held_out is None or self.of_sparse is None:
            return np.full(len(self.labels), False)
        has_half = (self.of_sparse > 0) & (2 * self.of_sparse >= self.estimate)
        return (self.n_held_out < FEW_HELD_OUT) | has_half

    def interval(self, confidence_level: float) -> tuple[Any, Any]:
        """Return the ends of the intervals, NaN of shares in doubt."""
        low, high = interval(self, confidence_level)
        low[..., self.is_in_doubt] = np.nan
        high[..., self.is_in_doubt] = np.nan
        return low, high

    def minus(self, other: Self, confidence_level: float) -> dict[str, Any]:
        """Return how the labels differ from those of others, as columns by name.

        These are difference, low, high, sure and p_value, which is NaN where nothing
        was tested: of shares in doubt, and where a list has too few names or clusters.
        """
        columns = compare_draws(self, other, confidence_level)
        is_in_doubt = self.is_in_doubt | other.is_in_doubt
        for name in ("low", "high", "p_value"):
            columns[name] = np.where(is_in_doubt, np.nan, columns[name])
        p_value = columns.pop("p_value")
        columns["sure"] = p_value < 1 - confidence_level
        columns["p_value"] = p_value
        return columns


def nearest_shares(values):
    """Return the shares that are nearest to each row of values with a sum of 1.

    A constant is subtracted from those that stay positive (Duchi et al. 2008). To scale
    them would take from a large share what many small ones gain by their limit of 0.
    """
    largest_first = -np.sort(-values, axis=1)
    excess = largest_first.cumsum(axis=1) - 1
    constants = excess / np.arange(1, values.shape[1] + 1)
    n_positive = (largest_first > constants).sum(axis=1)
    constant = constants[np.arange(len(values)), n_positive - 1]
    return np.maximum(values - constant[:, None], 0)
