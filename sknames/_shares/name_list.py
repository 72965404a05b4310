"""Read a list: the model's answers for its names, and what is given of each."""

from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._base import warn
from .._base.labels_and_weights import check_weights
from .._models.groups import members_of, summed
from .._models.predict_names import check_probabilities, predict_list
from .._models.priors import check_priors
from .._models.stack import resolve
from .checked import CheckedRows, read_checked
from .columns import index_in, read_column, weights_where
from .mix import (
    MODEL_ERROR,
    DistinctNames,
    distinct_names,
    likelihood_ratios,
    settings_of_shares,
)
from .resampling import Clusters, index_of_people, once_in_each_cluster

FEW_NAMES = 100  # fewer than these raise a warning
FEW_CLUSTERS = 30  # fewer than these raise a warning


@dataclass(frozen=True)
class GivenRows:
    """Hold what users give of each name.

    Parameters
    ----------
    sample_weight, counts, clusters, y, checked_weight
        Parameters of `estimate_shares`.
    """

    sample_weight: Any = None
    counts: Any = None
    clusters: Any = None
    y: Any = None
    checked_weight: Any = None


@dataclass(frozen=True)
class ListedModel:
    """Hold what a list takes from the model that predicted it.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The labels of the model.
    assumed_prior : str, dict or array-like of shape (n_columns,), default="uniform"
        Priors that the probabilities assume.
    model_error : float or ndarray of shape (n_columns,)
        Standard deviation of the log odds by which the model errs about each class.
    sharpness : float, default=1.0
        Power of its likelihood ratios.
    group_index : ndarray of shape (n_columns,) of int or None, default=None
        Where the classes are groups of the columns of probabilities: which one.
    members : dict or None, default=None
        The labels of each class that is a group.
    n_people : ndarray of shape (n_classes,) of int or None, default=None
        How many people of each class have shown how it errs.
    coverage : float or None, default=None
        The part of true shares that its 95 % intervals held, on people of other
        sources; None if that was not measured.
    """

    classes: NDArray[Any]
    assumed_prior: Any = "uniform"
    model_error: Any = MODEL_ERROR
    sharpness: float = 1.0
    group_index: NDArray[np.integer] | None = None
    members: dict[Any, Any] | None = None
    n_people: NDArray[np.integer] | None = None
    coverage: float | None = None


@dataclass(frozen=True)
class NameList:
    """Hold a list whose names were predicted, and what is given of them.

    Parameters
    ----------
    model : ListedModel
        What is known of the model.
    probabilities : ndarray of shape (n_rows, n_columns)
        Probabilities of the names.
    counts : ndarray of shape (n_rows,) of int or None, default=None
        How often each row occurs, 0 for what is not a name; None is once.
    not_names : dict of str to int
        The number of texts that are not names, by reason. Their rows have a count of 0
        or are missing.
    ids : ndarray of shape (n_rows,) of int or None, default=None
        Equal for equal names; with None, all are distinct.
    weights : ndarray of shape (n_rows,) or None, default=None
        Weights of the names; None is 1 for all.
    clusters : Clusters or None, default=None
        The cluster of each row; with None, names are independent.
    checked : CheckedRows or None, default=None
        The labels of rows that were checked.
    """

    model: ListedModel
    probabilities: NDArray[np.floating]
    counts: NDArray[np.integer] | None = None
    not_names: dict[str, int] = field(default_factory=dict)
    ids: NDArray[np.integer] | None = None
    weights: NDArray[np.floating] | None = None
    clusters: Clusters | None = None
    checked: CheckedRows | None = None

    def take(self, rows):
        """Return some of the rows; texts that are not names are counted elsewhere."""
        taken = {"not_names": {}}
        by_row = ("probabilities", "counts", "ids", "weights", "clusters", "checked")
        for name in by_row:
            values = getattr(self, name)
            if values is not None:
                taken[name] = values[rows]
        return replace(self, **taken)

    @property
    def row_counts(self):
        """How often each row occurs, (n_rows,)."""
        if self.counts is None:
            return np.ones(len(self.probabilities), dtype=int)
        return np.asarray(self.counts)

    @property
    def row_weights(self):
        """The weights of rows, (n_rows,), in which recurring names count as one."""
        weights = self.row_counts * 1.0
        if self.weights is not None:
            weights = self.weights * self.row_counts
        if self.clusters is not None:
            weights = once_in_each_cluster(weights, self.ids, self.clusters)
        return weights

    @property
    def n_names(self):
        """The number of names."""
        return int(self.row_counts.sum())

    @property
    def n_not_names(self):
        """The number of texts that are not names."""
        return sum(self.not_names.values())

    @property
    def new_labels(self):
        """Labels that only checked rows have."""
        return [] if self.checked is None else self.checked.new_labels

    @property
    def labels(self):
        """The labels of the model, and those that only checked rows have."""
        return self.model.classes if self.checked is None else self.checked.labels

    def by_label(self, values):
        """Return values of columns, (n_rows, n_columns), by label."""
        if self.model.group_index is not None:
            values = summed(values, self.model.group_index)
        return np.pad(values, ((0, 0), (0, len(self.new_labels))))

    def members(self, groups):
        """Return the labels of each group, in which those of checked rows may be."""
        labels = self.model.classes if isinstance(groups, str) else self.labels
        return members_of(groups, labels)


def read_users_list(estimator, X, given, assumed_prior):
    """Return the names of a list as a `NameList`, with what users give."""
    stack = resolve(estimator)
    below, _ = below_groups(stack, assumed_prior)
    return read_list(stack, predict_list(below, X), given, assumed_prior)


def below_groups(stack, assumed_prior=None):
    """Return what predicts the names of a list, and the group of each of its classes.

    Groups of a model are sums of shares, unless priors of the groups are given.
    """
    if assumed_prior is not None:
        return stack, None
    return stack.without_groups()


def read_list(stack, listed, given, assumed_prior=None):
    """Return a list that `below_groups` predicted as a `NameList`."""
    reasons = listed.reasons
    is_name = reasons == ""
    n_of_each = _check_counts(given.counts, len(is_name))
    _check_together(given)
    clusters = None
    if given.clusters is not None:
        clusters = check_clusters(given.clusters, is_name)
    checked = None
    if given.y is not None:
        checked = read_checked(given.y, given.checked_weight, stack, is_name)
        if clusters is not None:
            person_index = index_of_people(listed.ids, clusters)
            checked = checked.of_people(person_index, listed.names)
    below, group_index = below_groups(stack, assumed_prior)
    model = ListedModel(
        stack.classes,
        group_index=group_index,
        members=stack.members,
        n_people=stack.assumed.n_people,
        **settings_of_shares(below, assumed_prior),
    )
    return NameList(
        model,
        check_probabilities(listed),
        counts=n_of_each * is_name,
        not_names=_count_not_names(reasons, n_of_each),
        ids=listed.ids,
        weights=_check_weights(given.sample_weight, is_name),
        clusters=clusters,
        checked=checked,
    )


def _check_together(given):
    """Raise ValueError for what may not be given together, or alone."""
    if given.counts is not None and not (given.clusters is None and given.y is None):
        name = "y" if given.clusters is None else "clusters"
        raise ValueError(
            f"Expected {name} or counts, got both: with counts, a row is not one "
            "person. Give every name its own row, and leave counts out."
        )
    if given.checked_weight is not None and given.y is None:
        raise ValueError("Got checked_weight without y. Give y, too.")


def _check_weights(sample_weight, is_name):
    """Return the weights of rows; those that are not names may lack one."""
    if sample_weight is not None and not isinstance(sample_weight, Real):
        sample_weight = weights_where(is_name, sample_weight)
    return check_weights(sample_weight, len(is_name))


def check_clusters(clusters, is_name):
    """Return the cluster of each row as `Clusters`; raise ValueError for a wrong one.

    Rows that are not names may lack one.
    """
    remedy = "Give a name without others a cluster of its own."
    values, distinct = read_column(clusters, is_name, "a cluster", remedy)
    if len(distinct) == 1:
        raise ValueError(
            f"Expected two or more clusters, got only {distinct[0]!r}. With one, "
            "nothing shows how clusters differ."
        )
    # In an order of their own, so that the order of rows does not decide who is drawn.
    distinct.sort(key=str)
    return Clusters(index_in(distinct, values, otherwise=0), len(distinct))


def _count_not_names(reasons, n_of_each):
    """Return how many texts are not names, by reason."""
    not_names = {}
    for reason in {*reasons.tolist()} - {""}:
        n = int(n_of_each[reasons == reason].sum())
        if n:  # counts may be 0
            not_names[reason] = n
    return not_names


def _check_counts(counts, n):
    """Return counts as an array, ones for None; raise unless they are counts."""
    if counts is None:
        return np.ones(n, dtype=np.int64)
    counts = np.asarray(counts)
    if counts.shape != (n,) or counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ValueError(
            f"Expected counts of {n} names, integers from 0; got {counts.dtype} of "
            f"shape {counts.shape}, {counts!s:.200}. Give other numbers as "
            "sample_weight."
        )
    return counts


@dataclass(frozen=True)
class WeightedList:
    """Hold a list with the weights that count, and its distinct names.

    Parameters
    ----------
    listed : NameList
    weights : ndarray of shape (n_rows,)
        Weights of the rows, 0 for what is not a name.
    names : DistinctNames
        The distinct names.
    assumed : ndarray of shape (n_columns,)
        Priors that the probabilities assume.
    """

    listed: NameList
    weights: NDArray[np.floating]
    names: DistinctNames
    assumed: NDArray[np.floating]

    @property
    def n_clusters(self):
        """The number of clusters with a weight, None without any."""
        if self.listed.clusters is None:
            return None
        return len(np.unique(self.listed.clusters.index[self.weights > 0]))

    @property
    def ratios(self):
        """The likelihood ratios of the rows."""
        return likelihood_ratios(
            self.listed.probabilities, self.assumed, self.listed.model.sharpness
        )


def weigh(listed):
    """Return a list with the weights that count; warn if it is short."""
    columns = np.arange(listed.probabilities.shape[1])
    assumed = check_priors(listed.model.assumed_prior, columns, "assumed_prior")
    weights = listed.row_weights
    names = distinct_names(
        listed.probabilities, weights, assumed, listed.ids, listed.model.sharpness
    )
    weighted = WeightedList(listed, weights, names, assumed)
    _warn_if_few(names.n, listed)
    n_clusters = weighted.n_clusters
    if n_clusters is not None and n_clusters < FEW_CLUSTERS:
        warn(
            f"There are {n_clusters} clusters: expected at least {FEW_CLUSTERS}. With "
            "fewer, the intervals are too narrow."
        )
    return weighted


def _warn_if_few(n_distinct, listed):
    """Warn if a list has too few distinct names for an estimate."""
    if n_distinct < FEW_NAMES:
        n_rows = listed.n_names + listed.n_not_names
        warn(
            f"The shares are rough: expected at least {FEW_NAMES} distinct names, "
            f"got {n_distinct}{_say_not_names(listed.not_names, n_rows)}. Read "
            "the intervals, not the shares."
        )


def _say_not_names(not_names, n_rows):
    """Say how many rows are not names, and why, if any are."""
    if not not_names:
        return ""
    in_order = sorted(not_names.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{n:,} {reason}" for reason, n in in_order)
    n = sum(not_names.values())
    return f" ({n:,} of {n_rows:,} rows are not names: {listed})"
