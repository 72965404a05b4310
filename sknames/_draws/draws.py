"""Hold an estimate of a list with its draws: each question is a function of them."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array, kron

from .._base.codes import array_of_labels, index_in
from .._base.labels_and_weights import MIN_HELD_OUT
from .._base.saved import Saved
from .intervals import compare_draws, interval

NO_ONE = 0.5  # estimated people: of fewer, nothing is a part
# What a linear map of rows maps, next to the draws.
LINEAR = ("estimate", "predicted", "n_held_out", "of_sparse")
# Names or clusters of equal weight: with fewer, a difference is not tested, since
# their draws hardly vary.
FEW_TO_TEST = 30
FEW_CLUSTERS_TO_TEST = 10


@dataclass(frozen=True, kw_only=True)
class Draws(Saved):
    """Hold the estimated shares of a list, and draws of them, by label.

    Each estimate is a row. Of a list with outcomes, a row has a label and an outcome,
    and the rows of a label follow each other.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        The label of each row.
    estimate : ndarray of shape (n_rows,)
        The shares, NaN where there is none.
    draws : ndarray of shape (n_draws, n_rows)
        The same in each draw.
    n_effective : float or ndarray of shape (n_rows,)
        The shares are of so many names of equal weight, which hold as much information.
    least_effective : int, default=30
        With fewer than that, differences are not tested.
    outcomes : ndarray of shape (n_rows,) or None, default=None
        The outcome of each row, if there are outcomes.
    predicted : ndarray of shape (n_rows,) or None, default=None
        The part of the shares that is predicted, in a list with checked rows: 0 if all
        are. None without checked rows.
    n_held_out : ndarray of shape (n_rows,) or None, default=None
        How many held-out people have shown how the model errs about each label; None
        if that does not matter.
    of_sparse : ndarray of shape (n_rows,) or None, default=None
        The part of each share that sparse labels have, of fewer than 20 such people.
    """

    labels: NDArray[Any]
    estimate: NDArray[np.floating]
    draws: NDArray[np.floating]
    n_effective: Any
    least_effective: int = FEW_TO_TEST
    outcomes: NDArray[Any] | None = None
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
        """Return the shares of a list that have a label and an outcome.

        `parts` are the shares of each outcome, with the same labels, and `share` has
        the share of each outcome.
        """
        first = parts[0]

        def in_rows(name, factors):
            """Return values of all parts, times those of each part, as rows."""
            values = np.stack([getattr(part, name) for part in parts], axis=-1)
            return (values * factors).reshape(*values.shape[:-2], -1)

        n_effective = np.array([part.n_effective for part in parts]) / share.estimate
        predicted = None
        if first.predicted is not None:
            predicted = in_rows("predicted", share.estimate)
        return cls(
            labels=first.labels.repeat(len(parts)),
            outcomes=np.tile(share.labels, len(first.labels)),
            estimate=in_rows("estimate", share.estimate),
            draws=in_rows("draws", share.draws[:, None]),
            # A share of an outcome is of its names, one of the list of as many as
            # there were if all outcomes were like it.
            n_effective=np.tile(n_effective, len(first.labels)),
            least_effective=first.least_effective,
            predicted=predicted,
        )

    @property
    def n_outcomes(self) -> int:
        """The number of rows of each label."""
        return 1 if self.outcomes is None else len({*self.outcomes.tolist()})

    @property
    def distinct_labels(self) -> NDArray[Any]:
        """The labels, each once."""
        return self.labels[:: self.n_outcomes]

    def sums(self, members: dict[Any, Any]) -> Self:
        """Return the sums of the labels in each group, of each outcome.

        The sum of all rows is 1, and leaves nothing to chance.
        """
        row_of = {label: row for row, label in enumerate(self.distinct_labels.tolist())}
        rows = []
        groups = []
        for group, labels in enumerate(members.values()):
            for label in dict.fromkeys(labels):
                rows.append(row_of[label])
                groups.append(group)
        is_in = csr_array(
            (np.ones(len(rows)), (rows, groups)), shape=(len(row_of), len(members))
        )
        is_in = kron(is_in, eye_array(self.n_outcomes), format="csr")
        found = self._mapped([*members], lambda values: values @ is_in)
        has_all = is_in.sum(axis=0) == len(self.labels)
        found.estimate[has_all] = 1
        found.draws[:, has_all] = 1
        # Rounding may lift a sum above 1.
        np.minimum(found.estimate, 1, out=found.estimate)
        n_effective = self._by_label(self.n_effective).min(axis=0)
        n_effective = np.where(has_all, np.inf, np.tile(n_effective, len(members)))
        return replace(found, n_effective=n_effective)

    def at(self, labels: Any) -> Self:
        """Return the estimates of labels, some of which may be missing.

        A missing one has no share, unless rows were checked: then it was not among
        them.
        """
        index = index_in(self.distinct_labels.tolist(), labels, otherwise=-1)

        def taken(values):
            taken = self._by_label(values)[..., index, :]
            taken[..., index < 0, :] = 0
            return taken.reshape(*values.shape[:-1], -1)

        found = self._mapped(labels, taken)
        if self.predicted is None:
            is_missing = (index < 0).repeat(self.n_outcomes)
            found.estimate[is_missing] = np.nan
        if np.ndim(self.n_effective):
            n_effective = self._by_label(self.n_effective)[index].ravel()
            found = replace(found, n_effective=n_effective)
        return found

    def _by_label(self, values):
        """Return values of rows, (..., n_rows), as (..., n_labels, n_outcomes)."""
        values = np.broadcast_to(values, (*np.shape(values)[:-1], len(self.labels)))
        return values.reshape(*values.shape[:-1], -1, self.n_outcomes)

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
        """Return rows of other labels, with what a linear map makes of the values."""
        mapped: dict[str, Any] = {"draws": change(self.draws)}
        for name in LINEAR:
            values = getattr(self, name)
            mapped[name] = None if values is None else change(values)
        if self.outcomes is not None:
            outcomes = self.outcomes[: self.n_outcomes]
            mapped["outcomes"] = np.tile(outcomes, len(labels))
        labels = array_of_labels([*labels]).repeat(self.n_outcomes)
        return replace(self, labels=labels, **mapped)

    def within_labels(self) -> Self:
        """Return the share of each outcome within its label.

        A label without people has none.
        """

        def of_label(values):
            """Return the sum of all rows of the label of each row."""
            sums = self._by_label(values).sum(axis=-1)
            return sums.repeat(self.n_outcomes, axis=-1)

        n_effective = of_label(self.n_effective * self.estimate)
        estimate = np.full(self.estimate.shape, np.nan)
        shares = of_label(self.estimate)
        np.divide(self.estimate, shares, out=estimate, where=n_effective >= NO_ONE)
        shares = of_label(self.draws)
        draws = np.tile(estimate, (len(shares), 1))
        np.divide(self.draws, shares, out=draws, where=shares > 0)
        return replace(
            self,
            estimate=estimate,
            draws=draws,
            # Few people show no share near 0 or 1.
            n_effective=np.maximum(n_effective, NO_ONE),
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
        return (self.n_held_out < MIN_HELD_OUT) | has_half

    def interval(self, confidence_level: float) -> tuple[Any, Any]:
        """Return the ends of the intervals, NaN of shares in doubt."""
        low, high = interval(self, confidence_level)
        low[self.is_in_doubt] = np.nan
        high[self.is_in_doubt] = np.nan
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
