"""Estimate a function of the shares of a list or of several, with an interval."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._base import validate_params
from .._base.codes import array_of_labels, index_in
from .._base.sklearn_private import Interval
from .._draws.draws import Draws
from .._draws.intervals import percentiles
from .._lists.question import check_level
from .._models.groups import unknown_label
from .parts import Parts
from .rates import Rates
from .shares import Shares
from .table import read_only

ROUNDING = 1e-9  # larger relative differences are not rounding errors of processors

CONSTRAINTS = {
    "labels": ["array-like", None],
    "same_source": ["boolean", None],
    "confidence_level": [Interval(Real, 0, 1, closed="neither"), None],
}


@dataclass(frozen=True, eq=False)
class Statistic:
    """The estimate of a function of shares or rates, with its interval.

    :func:`estimate_statistic` returns this object.

    Parameters
    ----------
    estimate : float or ndarray
        The statistic, computed from the estimated shares or rates.
    low, high : float or ndarray
        The ends of its interval, in the shape of the estimate.
    confidence_level : float
        Confidence level of the interval.

    See Also
    --------
    estimate_shares : Estimate the shares of a list.

    Examples
    --------
    >>> import sknames
    >>> from sknames.datasets import make_names
    >>> names, _ = make_names(
    ...     200, nationalities=["Dutch", "Turkish"], random_state=0
    ... )
    >>> model = sknames.load_pretrained()
    >>> shares = sknames.estimate_shares(model, names, random_state=0)
    >>> found = sknames.estimate_statistic(
    ...     lambda share: share[0] / share[1], shares, labels=["Dutch", "Turkish"]
    ... )
    >>> found.low < found.estimate < found.high
    True
    """

    __module__ = "sknames"

    estimate: Any
    low: Any
    high: Any
    confidence_level: float


@validate_params(CONSTRAINTS)
def estimate_statistic(
    statistic: Callable[..., Any],
    *results: Any,
    labels: ArrayLike | None = None,
    same_source: bool | None = None,
    confidence_level: float | None = None,
) -> Statistic:
    """Estimate a function of the shares of lists, such as an index or a slope.

    Parameters
    ----------
    statistic : callable
        Function that takes one array for each result, and returns a number or an array.
        For shares, the array has the shape (n_labels,). For rates, it has the shape
        (n_labels, n_outcomes), and contains the share of the list with each label and
        outcome, with outcomes in the order of `outcomes`. For parts, there is one array
        with an additional first axis, in the order of ``list(parts)``. The arrays are
        read-only.
    *results : Shares or Rates, or Parts of these
        Results of one or several lists, or the parts of a list, which were estimated by
        the same model with the same parameters.
    labels : array-like of shape (n_labels,) or None, default=None
        Labels, or groups, that the arrays contain, in this order. None means all labels
        in the order of the `classes_` of the model, followed by labels that only
        checked rows have, or all groups in their order.
    same_source : bool or None, default=None
        Whether the lists come from the same source, so that the model makes the same
        errors in all of them, as in `Shares.compare`. None means True for parts of one
        list, and False otherwise.
    confidence_level : float or None, default=None
        Confidence level of the interval. None means the level of the results.

    Returns
    -------
    Statistic
        Object with the attributes estimate, low, high and confidence_level.

    Raises
    ------
    TypeError
        If the statistic is not callable, or does not return numbers.
    ValueError
        If there are no results, if they come from different models or parameters, do
        not have one of the labels, or have too few draws for the confidence level, or
        if the statistic is not finite or changes its shape.

    See Also
    --------
    estimate_shares : Estimate the shares of a list.
    estimate_rates : Estimate the rate of an outcome in each label.

    Notes
    -----
    The statistic is computed for each draw. Its interval consists of percentiles,
    extended in two ways. First, a nonlinear function is biased in the draws, so one end
    moves by twice the curvature bias, f(mean of draws) - mean of f(draws). Second, the
    interval of a label can end at an exact limit, because draws cannot contain a label
    that does not occur in the list. The interval then includes the statistic at this
    limit, with the other labels scaled. For several lists, these extensions are added
    as squares, treating the statistic as linear in each list. As a result, the interval
    of a share equals its row, the interval of a sum does not depend on how the sum is
    written, and the interval of a difference of two lists is the one that `compare`
    returns. For ratios and logarithms, it differs from transforming the ends of the
    rows.
    The estimate itself is not corrected, and the bias of the shares remains: sum sparse
    labels (`sparse_labels`) before a statistic that depends on them. On lists of real
    people, 95 % intervals of indices, ratios, slopes and rates covered 90 to 96 %
    of the true values: see examples/benchmarks/results/shares.md.

    Examples
    --------
    >>> import sknames
    >>> from sknames.datasets import make_names
    >>> names, _ = make_names(
    ...     200, nationalities=["Dutch", "Turkish"], random_state=0
    ... )
    >>> model = sknames.load_pretrained()
    >>> shares = sknames.estimate_shares(model, names, random_state=0)
    >>> def simpson(share):
    ...     return 1 - (share**2).sum()
    >>> found = sknames.estimate_statistic(simpson, shares)
    >>> round(found.estimate, 2)
    0.5
    """
    if not callable(statistic):
        raise TypeError(
            "Expected a function of shares as the first argument, got "
            f"{type(statistic).__name__}."
        )
    if not results:
        raise ValueError("Expected the shares of one list or more, got none.")
    are_parts = isinstance(results[0], Parts)
    if are_parts and (len(results) > 1 or same_source is False):
        raise ValueError(
            "Expected one result of parts, which are of one source; got "
            f"{len(results)} results and same_source={same_source}."
        )
    tables = _tables_of_parts(results[0]) if are_parts else results
    _check_tables(tables)
    if confidence_level is None:
        confidence_level = tables[0].confidence_level
    check_level(confidence_level, tables[0].n_draws)
    lists = _in_order(tables, same_source or are_parts, confidence_level)
    rows = _rows_of(labels, lists[0].drawn.labels)
    function = Function(statistic, lists, rows=rows, are_parts=are_parts)
    low, high = function.interval(confidence_level)
    estimate = function.estimate
    if not estimate.shape:
        return Statistic(estimate.item(), low.item(), high.item(), confidence_level)
    return Statistic(estimate, low, high, confidence_level)


@dataclass(frozen=True)
class ListInStatistic:
    """One of the lists from which a statistic is computed.

    Parameters
    ----------
    drawn : Draws
        The shares of the labels or, for rates, of each label and outcome.
    rows : Draws
        The estimates in the rows of the printed table: the shares, or the rates within
        each label.
    ends : ndarray of shape (2, n_labels) or (2, n_labels, n_outcomes)
        The ends of the intervals of these rows, NaN for rows without an interval.
    are_limits : ndarray of bool, of the shape of `ends`
        Whether an end is an exact limit beyond the percentiles of the draws.
    """

    drawn: Draws
    rows: Draws
    ends: NDArray[np.floating]
    are_limits: NDArray[np.bool_]

    def at_end(self, row, end):
        """Return the shares with one row set to the given end, and the others scaled.

        `row` is the index of a label, or of a label and an outcome. For rates, the rate
        of one outcome is set to the end, and only the other outcomes of the same label
        are scaled.
        """
        moved = self.drawn.estimate.copy()
        *label, last = row
        whole = moved[tuple(label)]  # all labels, or all outcomes of the label
        total = whole.sum()
        rest = total - whole[last]
        if rest > 0:
            whole *= total * (1 - end) / rest
        whole[last] = total * end
        return moved


class Function:
    """Compute a statistic of lists, with its interval.

    Parameters
    ----------
    statistic : callable
        The function passed by the user.
    lists : list of ListInStatistic
        The lists that are passed to the function, with the same labels and outcomes.
    rows : ndarray of int
        Indices of the labels that are passed to the function.
    are_parts : bool
        Whether the lists are parts, which are passed as one array.
    """

    def __init__(self, statistic, lists, *, rows, are_parts):
        self.statistic = statistic
        self.lists = lists
        self.rows = rows
        self.are_parts = are_parts
        self.shares = np.array([one.drawn.estimate for one in lists])
        self.estimate = self._value(self.shares, "the estimates")

    def _value(self, shares, where):
        """Return the statistic as an array; raise an error if it is not numeric.

        `shares` has the shape (n_lists, n_labels) or (n_lists, n_labels, n_outcomes).
        """
        # If the function could write to the arrays, later calls would get other values.
        shares = read_only(shares[:, self.rows])
        if self.are_parts:
            value = np.asarray(self.statistic(shares))
        else:
            value = np.asarray(self.statistic(*shares))
        if value.dtype.kind not in "biuf":
            raise TypeError(
                "Expected a statistic that is a number or an array of numbers, got "
                f"{value!s:.80} of {where}."
            )
        if not np.isfinite(value).all():
            raise ValueError(
                f"Expected a finite statistic, got {value!s:.80} of {where}. A share "
                "may be 0: return what it is then."
            )
        return value.astype(np.float64)

    def _moved(self, shares):
        """Return how far other shares move the statistic, or 0 if it raises an error.

        These shares need not occur in any draw, so a ratio may divide by 0.
        """
        try:
            with np.errstate(all="ignore"):
                value = self._value(shares, "other shares")
        except Exception:
            value = self.estimate
        return np.broadcast_to(value - self.estimate, self.estimate.shape)

    def interval(self, confidence_level):
        """Return the ends of the interval."""
        of_draws = self._reach_of_draws(confidence_level)
        squares = of_draws**2
        for k in range(len(self.lists)):
            of_limits, slopes = self._at_ends_of(k)
            if len(self.lists) > 1:
                of_draws = self._reach_of_draws_of(k, slopes, confidence_level)
            is_more = of_limits > (1 + ROUNDING) * of_draws
            squares += np.where(is_more, of_limits**2 - of_draws**2, 0)
        down, up = np.sqrt(squares)
        return self.estimate - down, self.estimate + up

    def _at_ends_of(self, k):
        """Return how the interval ends of the rows of list k move the statistic.

        The first array, (2, ...), contains the largest moves down and up among the ends
        that are exact limits. The second array contains the slope in each row, (n_rows,
        ...) or, for rates, (n_labels, n_outcomes, ...), or 0 if the row has no
        interval.
        """
        one = self.lists[k]
        of_limits = np.zeros((2, *self.estimate.shape))
        slopes = np.zeros((*one.rows.estimate.shape, *self.estimate.shape))
        for row, estimate in np.ndenumerate(one.rows.estimate):
            low, high = one.ends[:, *row]
            if np.isnan(low):
                continue
            farther = int(high - estimate >= estimate - low)
            for side, end in enumerate((low, high)):
                is_limit = one.are_limits[side, *row]
                if not is_limit and side != farther:
                    continue
                shares = self.shares.copy()
                shares[k] = one.at_end(row, end)
                move = self._moved(shares)
                if is_limit:
                    of_limits = np.maximum(of_limits, [-move, move])
                if side == farther:
                    slopes[row] = move / (end - estimate)
        return of_limits, slopes

    def _reach_of_draws_of(self, k, slopes, confidence_level):
        """Return how far percentiles reach down and up if only list k varies.

        The statistic is treated as linear in the rows. Its slope in a row with the
        estimate x, while the others are scaled, is (g - mean of g) / (1 - x), where g
        is the gradient.
        """
        rows = self.lists[k].rows
        deviations = rows.draws - rows.estimate
        weighted = np.nan_to_num(deviations * (1 - rows.estimate))
        moves = np.tensordot(weighted, slopes, axes=rows.estimate.ndim)
        return _reach(moves, confidence_level)

    def _reach_of_draws(self, confidence_level):
        """Return how far percentiles reach down and up, including curvature bias."""
        n_draws = len(self.lists[0].drawn.draws)
        moves = np.empty((n_draws, *self.estimate.shape))
        for row in range(n_draws):
            shares = np.array([one.drawn.draws[row] for one in self.lists])
            value = self._value(shares, f"draw {row}")
            if value.shape != self.estimate.shape:
                raise ValueError(
                    f"Expected a statistic of shape {self.estimate.shape}, as of the "
                    f"estimates, got {value.shape} of draw {row}."
                )
            moves[row] = value - self.estimate
        means = np.array([one.drawn.draws.mean(axis=0) for one in self.lists])
        bias = 2 * (self._moved(means) - moves.mean(axis=0))
        return _reach(moves, confidence_level) + np.maximum([-bias, bias], 0)


def _reach(moves, confidence_level):
    """Return how far percentiles of moves, (n_draws, ...), reach down and up."""
    low, high = percentiles(moves, np.zeros(moves.shape[1:]), confidence_level)
    return np.array([-low, high])


def _check_tables(tables):
    """Raise an error unless all are shares, or all are rates, and compatible."""
    for table in tables:
        if not isinstance(table, Shares | Rates) or type(table) is not type(tables[0]):
            raise TypeError(
                "Expected results of estimate_shares, or of estimate_rates, got "
                f"{type(table).__name__}."
            )
        tables[0]._check_compatible(table)
    for one, other in combinations(tables, 2):
        one._check_distinct(other)


def _tables_of_parts(parts):
    """Return the results of all parts; raise ValueError if there is no estimate."""
    for key, table in parts.items():
        if table is None:
            raise ValueError(
                f"Expected parts that all have an estimate, got none of {key!r:.80}. "
                "Leave these rows out."
            )
    return [*parts.values()]


def _rows_of(labels, in_order):
    """Return the indices of the requested labels, or of all labels if None."""
    if labels is None:
        return np.arange(len(in_order))
    known = in_order.tolist()
    asked = np.asarray(labels).tolist()
    for label in asked:
        if label not in known:
            raise unknown_label("labels", label, known)
    return index_in(known, asked, otherwise=-1)


def _in_order(tables, same_source, confidence_level):
    """Return the lists with the same labels in the same order.

    Draws of lists from the same source are paired, others are treated as independent.
    """
    labels = []
    for table in tables:
        of_table = table._labels_in_order if table.members is None else table.members
        labels += [label for label in of_table if label not in labels]
    lists = []
    for k, table in enumerate(tables):
        drawn = table._draws.at(array_of_labels(labels))
        rows = drawn.within_labels()
        if drawn.outcomes is None and np.isnan(drawn.estimate).any():
            label = labels[np.isnan(drawn.estimate).argmax()]
            raise ValueError(
                f"Expected results with the same labels, got {label!r} in the checked "
                "rows of one only. Check rows of all, or of none."
            )
        ends = np.array(rows.interval(confidence_level))
        ends[:, np.isnan(rows.estimate)] = np.nan
        of_draws = percentiles(rows.draws, rows.estimate, confidence_level)
        are_limits = np.abs(ends - of_draws) > ROUNDING
        position = 0 if same_source else k
        one = ListInStatistic(
            drawn=drawn.as_list(position),
            rows=rows.as_list(position),
            ends=ends,
            are_limits=are_limits,
        )
        lists.append(one)
    return lists
