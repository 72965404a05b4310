"""Hold the estimates of a list with their draws, and derive other estimates."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._base.codes import array_of_labels, index_in
from .._base.labels_and_weights import MIN_HELD_OUT
from .._base.saved import Saved
from .intervals import compare_draws, interval

NO_ONE = 0.5  # estimated people; with fewer, a label has no rates
# The fields, besides the draws, that change under a linear map of the labels.
LINEAR = ("estimate", "predicted", "n_held_out", "of_sparse")
# Names or clusters of equal weight. With fewer, a difference is not tested, because
# their draws hardly vary.
MIN_NAMES_TO_TEST = 30
MIN_CLUSTERS_TO_TEST = 10


@dataclass(frozen=True, kw_only=True)
class Draws(Saved):
    """Hold the estimated shares of a list, and draws of them, by label.

    If a list has outcomes, the arrays contain the joint shares of labels and outcomes,
    with an additional last axis for the outcomes. The shapes below are those without
    outcomes.

    Parameters
    ----------
    labels : ndarray of shape (n_labels,)
        The labels.
    estimate : ndarray of shape (n_labels,)
        The shares, NaN where there is none.
    draws : ndarray of shape (n_draws, n_labels)
        The shares in each draw.
    n_effective : float or ndarray of shape (n_labels,)
        The number of names of equal weight that contain the same information.
    least_effective : int, default=30
        Differences are not tested if `n_effective` is smaller.
    outcomes : ndarray of shape (n_outcomes,) or None, default=None
        The outcomes, if there are any.
    predicted : ndarray of shape (n_labels,) or None, default=None
        The part of the shares that is predicted, in a list with checked rows: 0 if all
        rows are checked. None without checked rows.
    n_held_out : ndarray of shape (n_labels,) or None, default=None
        The number of held-out people on whom the model's errors were measured for each
        label; None if intervals do not depend on it.
    of_sparse : ndarray of shape (n_labels,) or None, default=None
        The part of each share that comes from sparse labels, with fewer than 20
        held-out people.
    """

    labels: NDArray[Any]
    estimate: NDArray[np.floating]
    draws: NDArray[np.floating]
    n_effective: Any
    least_effective: int = MIN_NAMES_TO_TEST
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
        """Return known shares by label as `Draws` without sampling error."""
        estimate = np.array([*mix.values()], dtype=np.float64)
        return cls(
            labels=array_of_labels([*mix]),
            estimate=estimate,
            draws=np.tile(estimate, (n_draws, 1)),
            n_effective=np.inf,
        )

    @classmethod
    def joint(cls, parts: list[Self], share: Self) -> Self:
        """Return the joint shares of labels and outcomes in a list.

        `parts` contains the shares of the same labels among the rows with each outcome.
        `share` has the share of each outcome in the list.
        """
        first = parts[0]

        def joined(name, factors):
            """Return values of all parts, multiplied by a factor for each part."""
            return np.stack([getattr(part, name) for part in parts], axis=-1) * factors

        predicted = None
        if first.predicted is not None:
            predicted = joined("predicted", share.estimate)
        return cls(
            labels=first.labels,
            outcomes=share.labels,
            estimate=joined("estimate", share.estimate),
            draws=joined("draws", share.draws[:, None]),
            # n names with an outcome are as informative as n / share names of the list.
            n_effective=joined("n_effective", 1 / share.estimate),
            least_effective=first.least_effective,
            predicted=predicted,
        )

    def as_rows(self, columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return values of each label, or label and outcome, as columns of a table."""
        keys = {"label": self.labels}
        if self.outcomes is not None:
            keys["label"] = self.labels.repeat(len(self.outcomes))
            keys["outcome"] = np.tile(self.outcomes, len(self.labels))
        return keys | {name: values.ravel() for name, values in columns.items()}

    def sums(self, members: dict[Any, Any]) -> Self:
        """Return the sum of the shares in each group, for each outcome.

        The share of a group of all labels is exactly 1, and so are its draws.
        """
        column_of = {label: column for column, label in enumerate(self.labels.tolist())}
        is_in = np.zeros((len(members), len(column_of)))
        for k, labels_of_group in enumerate(members.values()):
            is_in[k, [column_of[label] for label in labels_of_group]] = 1
        found = self._mapped([*members], partial(np.tensordot, is_in, axes=1))
        n_effective = np.broadcast_to(self.n_effective, self.estimate.shape).min(axis=0)
        if self.outcomes is None:
            has_all = is_in.all(axis=1)
            found.estimate[has_all] = 1
            found.draws[:, has_all] = 1
            n_effective = np.where(has_all, np.inf, n_effective)
        # Rounding may lift a sum above 1.
        np.minimum(found.estimate, 1, out=found.estimate)
        return replace(found, n_effective=n_effective)

    def at(self, labels: Any) -> Self:
        """Return the estimates of labels, some of which may be missing.

        A missing label does not have a share, unless rows were checked: then the share
        is 0, because the label was not among them.
        """
        index = index_in(self.labels.tolist(), labels, otherwise=-1)

        def taken(values):
            values = values[index]
            values[index < 0] = 0
            return values

        found = self._mapped(labels, taken)
        if self.predicted is None:
            found.estimate[index < 0] = np.nan
        n_effective = np.broadcast_to(self.n_effective, self.estimate.shape)[index]
        return replace(found, n_effective=n_effective)

    def largest_first(self) -> Self:
        """Return a copy with labels sorted by decreasing share, over all outcomes."""
        size = self.estimate.reshape(len(self.labels), -1).sum(axis=1)
        return self.at(self.labels[np.argsort(-size, kind="stable")])

    def _mapped(self, labels, change):
        """Return draws for new labels that are linear combinations of the old labels.

        `change` applies the linear map along the first axis of an array.
        """
        mapped = {"labels": array_of_labels([*labels])}
        for name in LINEAR:
            values = getattr(self, name)
            if values is not None:
                mapped[name] = change(values)
        draws = change(self.draws.swapaxes(0, 1)).swapaxes(0, 1)
        return replace(self, **mapped, draws=draws)

    def less(self, part: Self, weight: float) -> Self:
        """Return the shares of the rows outside a part.

        The draws of the list and of the part must resample the same rows, so that the
        sampling error of the part cancels. `n_effective` is calculated from the sums of
        squared weights (Kish 1965).

        Parameters
        ----------
        part : Draws
            The shares of the part.
        weight : float
            The weight of the part divided by that of the list.
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

    def within_labels(self) -> Self:
        """Return the share of each outcome within its label, if there are outcomes.

        The shares are NaN for a label with less than half a person.
        """
        if self.outcomes is None:
            return self
        n_people = (self.n_effective * self.estimate).sum(axis=-1, keepdims=True)
        of_label = self.estimate.sum(axis=-1, keepdims=True)
        estimate = np.full(self.estimate.shape, np.nan)
        np.divide(self.estimate, of_label, out=estimate, where=n_people >= NO_ONE)
        of_label = self.draws.sum(axis=-1, keepdims=True)
        draws = np.tile(estimate, (len(of_label), 1, 1))
        np.divide(self.draws, of_label, out=draws, where=of_label > 0)
        # Few people do not show a share near 0 or 1.
        n_effective = np.maximum(n_people, NO_ONE)
        return replace(self, estimate=estimate, draws=draws, n_effective=n_effective)

    def as_list(self, k: int) -> Self:
        """Return the draws of list k, reordered for lists from different sources.

        Draw i of each list contains the same errors of the model, but the errors are
        independent between lists from different sources. Therefore, the draws of each
        list are put in another order. The draws of the second list are reversed, so
        that swapping the lists of a comparison only negates the differences.
        """
        if k == 0:
            return self
        return replace(self, draws=np.roll(self.draws[::-1], k - 1, axis=0))

    @property
    def is_in_doubt(self) -> NDArray[np.bool_]:
        """Whether each share has no interval, because of sparse labels.

        The label, or group, is sparse itself, or at least half of its share comes from
        sparse labels.
        """
        if self.n_held_out is None or self.of_sparse is None:
            return np.full(self.estimate.shape, False)
        has_half = (self.of_sparse > 0) & (2 * self.of_sparse >= self.estimate)
        return (self.n_held_out < MIN_HELD_OUT) | has_half

    def interval(self, confidence_level: float) -> tuple[Any, Any]:
        """Return the ends of the intervals, NaN where `is_in_doubt` is True."""
        low, high = interval(self, confidence_level)
        low[self.is_in_doubt] = np.nan
        high[self.is_in_doubt] = np.nan
        return low, high

    def minus(self, other: Self, confidence_level: float) -> dict[str, Any]:
        """Return differences from other estimates, with intervals and p-values.

        The keys of the dict are "difference", "low", "high" and "p_value". The p-value
        is NaN where `is_in_doubt` is True for either share, and if a list has too few
        names or clusters for a test.
        """
        columns = compare_draws(self, other, confidence_level)
        is_in_doubt = self.is_in_doubt | other.is_in_doubt
        for name in ("low", "high", "p_value"):
            columns[name] = np.where(is_in_doubt, np.nan, columns[name])
        return columns


def nearest_shares(values):
    """Return the shares that are nearest to each row of values with a sum of 1.

    A constant is subtracted from all values that stay positive (Duchi et al. 2008).
    Scaling them instead would reduce a large share by what many small shares gain when
    they are limited to 0.
    """
    largest_first = -np.sort(-values, axis=1)
    excess = largest_first.cumsum(axis=1) - 1
    constants = excess / np.arange(1, values.shape[1] + 1)
    n_positive = (largest_first > constants).sum(axis=1)
    constant = constants[np.arange(len(values)), n_positive - 1]
    return np.maximum(values - constant[:, None], 0)
