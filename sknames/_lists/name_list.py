"""Read a list: the model's probabilities of its names, and the list's columns."""

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._base import NoEstimateError, warn
from .._base.codes import array_of_labels, index_in
from .._base.labels_and_weights import check_weights, with_none
from .._draws.mix import DistinctNames, distinct_names, likelihood_ratios
from .._draws.resampling import Clusters, digest_of_rows
from .._models.groups import sum_by_group
from .._models.predict_names import check_probabilities, predict_list
from .._models.stack import resolve
from .checked import FEW_CHECKED, read_checked
from .columns import distinct_values, values_of, weights_where
from .listed_model import ListedModel, below_groups

FEW_NAMES = 100  # distinct names; fewer raise a warning
FEW_CLUSTERS = 30  # fewer raise a warning
# The fields of a list with a value for each row.
COLUMNS = ("rows", "counts", "weights", "clusters", "label_index", "outcomes")


@dataclass(frozen=True, kw_only=True)
class NameList:
    """A list of names with the model's probabilities and the columns of the list.

    Rows with equal texts may share their probabilities: each row has the index of its
    text.

    Parameters
    ----------
    model : ListedModel
        Properties of the model.
    probabilities : ndarray of shape (n_texts, n_columns)
        Probabilities of the texts.
    reasons : ndarray of shape (n_texts,) of str
        Why each text is not a name; "" for names.
    ids : ndarray of shape (n_texts,) of int
        Integer IDs; texts that are identical to the model have the same ID.
    keys : ndarray of shape (n_texts,) of int
        Checksums of the texts, independent of their order.
    rows : ndarray of shape (n_rows,) of int
        The index of each row's text.
    counts : ndarray of shape (n_rows,) of int
        How often each row occurs.
    weights : ndarray of shape (n_rows,)
        Weights of the rows.
    clusters : Clusters or None, default=None
        The cluster of each row; None for independent names.
    label_index : ndarray of shape (n_rows,) of int or None, default=None
        The index in `labels` of each checked row's label, -1 for other rows; None
        without checked rows.
    new_labels : list, default=[]
        Labels of checked rows that are not classes of the model.
    outcomes : ndarray of shape (n_rows,) of object or None, default=None
        The outcome of each row, None where it is missing; None without outcomes.
    """

    model: ListedModel
    probabilities: NDArray[np.floating]
    reasons: NDArray[Any]
    ids: NDArray[np.integer]
    keys: NDArray[np.integer]
    rows: NDArray[np.integer]
    counts: NDArray[np.integer]
    weights: NDArray[np.floating]
    clusters: Clusters | None = None
    label_index: NDArray[np.integer] | None = None
    new_labels: list[Any] = field(default_factory=list)
    outcomes: NDArray[Any] | None = None

    def __len__(self) -> int:
        """Return the number of rows, including those that are not names."""
        return len(self.rows)

    def take(self, rows: Any) -> Self:
        """Return some of the rows, given as a mask or an index, with the same texts."""
        taken = {}
        for name in COLUMNS:
            values = getattr(self, name)
            if values is not None:
                taken[name] = values[rows]
        return replace(self, **taken)

    def by_row(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the value of each row, given the values of the texts."""
        return values[self.rows]

    @property
    def is_name(self) -> NDArray[np.bool_]:
        """Whether each row is a name, (n_rows,)."""
        return self.by_row(self.reasons == "")

    @property
    def row_counts(self) -> NDArray[np.integer]:
        """How often each row occurs, (n_rows,), 0 for rows that are not names."""
        return self.counts * self.is_name

    @cached_property
    def row_weights(self) -> NDArray[np.floating]:
        """The weights of rows times their counts, (n_rows,), 0 without a name."""
        return self.row_counts * self.weights

    @cached_property
    def digest(self) -> int:
        """A hash of the rows with a positive weight, independent of their order."""
        columns = [self.by_row(self.keys)]
        if self.clusters is not None:
            columns.append(self.clusters.index)
        return digest_of_rows(columns, self.row_weights)

    @property
    def n_names(self) -> int:
        """The number of names."""
        return int(self.row_counts.sum())

    @property
    def n_not_names(self) -> int:
        """The number of texts that are not names."""
        return sum(self.n_of_reason.values())

    @cached_property
    def n_of_reason(self) -> dict[str, int]:
        """The number of rows that are not names by reason, in descending order."""
        is_text = ~self.is_name
        reasons = self.by_row(self.reasons)[is_text]
        n_of_reason: Counter[str] = Counter()
        for reason, n in zip(reasons, self.counts[is_text].tolist(), strict=True):
            n_of_reason[reason] += n
        in_order = sorted(n_of_reason.items(), key=lambda item: (-item[1], item[0]))
        return {reason: n for reason, n in in_order if n}  # counts may be 0

    @property
    def n_clusters(self) -> int | None:
        """The number of clusters with a positive weight, or None without clusters."""
        if self.clusters is None:
            return None
        return len(np.unique(self.clusters.index[self.row_weights > 0]))

    @property
    def n_checked(self) -> int | None:
        """The number of checked rows with a positive weight, or None without them."""
        if self.label_index is None:
            return None
        is_checked = self.label_index >= 0
        return int((is_checked & (self.row_weights > 0)).sum())

    @property
    def ratios(self) -> NDArray[np.floating]:
        """The likelihood ratios of the rows, (n_rows, n_columns)."""
        model = self.model
        probabilities = self.by_row(self.probabilities)
        return likelihood_ratios(probabilities, model.assumed_prior, model.sharpness)

    @cached_property
    def distinct(self) -> DistinctNames:
        """The distinct names with a positive weight."""
        return distinct_names(
            self.probabilities,
            self.row_weights,
            self.model.assumed_prior,
            ids=self.by_row(self.ids),
            sharpness=self.model.sharpness,
            rows=self.rows,
        )

    @property
    def labels(self) -> NDArray[Any]:
        """The classes of the model, followed by the new labels."""
        classes = self.model.classes
        if not self.new_labels:
            return classes
        return array_of_labels([*classes.tolist(), *self.new_labels])

    def by_label(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the sums of columns by label, (n, n_labels), 0 for new labels."""
        if self.model.group_index is not None:
            values = sum_by_group(values, self.model.group_index)
        return np.pad(values, ((0, 0), (0, len(self.new_labels))))


def read_users_list(estimator, X, *, assumed_prior, **columns):
    """Predict the names in X, and return them as a `NameList`.

    `columns` are passed to `read_list`.
    """
    stack = resolve(estimator)
    below, _ = below_groups(stack, assumed_prior)
    listed = predict_list(below, X)
    return read_list(stack, listed, assumed_prior=assumed_prior, **columns)


def read_list(
    stack,
    listed,
    *,
    rows=None,
    assumed_prior=None,
    sample_weight=None,
    counts=None,
    clusters=None,
    checked=None,
    outcome=None,
):
    """Return a predicted list with its columns as a `NameList`.

    Parameters
    ----------
    stack : Stack
        The model.
    listed : PredictedList
        The texts, as predicted by the model without its groups, see `below_groups`.
    rows : ndarray of shape (n_rows,) of int or None, default=None
        The index of each row's text. With None, each text is a row.
    assumed_prior, sample_weight, counts, clusters, checked : object, default=None
        Parameters of `estimate_shares`, with a value for each row.
    outcome : object, default=None
        Parameter of `estimate_rates`.

    Returns
    -------
    NameList
        The list.
    """
    model = ListedModel.of_stack(stack, assumed_prior)
    probabilities = check_probabilities(listed)
    if rows is None:
        rows = np.arange(len(probabilities))
    is_name = (listed.reasons == "")[rows]
    if counts is not None:
        _check_is_without_counts(clusters, "clusters")
        _check_is_without_counts(checked, "checked")
    counts = _read_counts(counts, len(rows))
    if clusters is not None:
        clusters = check_clusters(clusters, is_name)
    label_index = None
    new_labels = []
    if checked is not None:
        label_index, new_labels = read_checked(checked, stack, is_name)
    if outcome is not None:
        outcome = values_of(outcome, len(rows), "an outcome", "outcome")
    return NameList(
        model=model,
        probabilities=probabilities,
        reasons=listed.reasons,
        ids=listed.ids,
        keys=listed.keys,
        rows=rows,
        counts=counts,
        weights=_read_weights(sample_weight, is_name),
        clusters=clusters,
        label_index=label_index,
        new_labels=new_labels,
        outcomes=outcome,
    )


def _check_is_without_counts(column, name):
    """Raise ValueError if a column is passed that cannot be combined with counts."""
    if column is not None:
        raise ValueError(
            f"Expected {name} or counts, got both: with counts, a row is not "
            "one person. Give every name its own row, and leave counts out."
        )


def _read_counts(counts, n_rows):
    """Return counts as int64, or ones for None; raise ValueError for invalid counts."""
    if counts is None:
        return np.ones(n_rows, dtype=np.int64)
    counts = np.asarray(with_none(counts))
    is_valid = counts.shape == (n_rows,) and counts.dtype.kind in "iu"
    if not is_valid or (counts < 0).any():
        raise ValueError(
            f"Expected counts of {n_rows} names, integers from 0; got {counts.dtype} "
            f"of shape {counts.shape}, {counts!s:.80}. Give other numbers as "
            "sample_weight."
        )
    if counts.sum(dtype=np.float64) >= 2**63:
        raise ValueError(
            f"Expected counts that sum to less than 2 ** 63, got {counts.max()!s} at "
            f"position {counts.argmax()}. Divide them, and give them as sample_weight."
        )
    return counts.astype(np.int64)


def _read_weights(sample_weight, is_name):
    """Return the weights of rows; rows that are not names may lack a weight."""
    if sample_weight is None:
        return np.ones(len(is_name))
    if not isinstance(sample_weight, Real):
        sample_weight = weights_where(is_name, sample_weight)
    return check_weights(sample_weight, len(is_name))


def check_clusters(clusters, is_name):
    """Return the cluster of each row as `Clusters`.

    Raise ValueError if a name does not have a cluster. Other rows may lack a cluster.
    """
    remedy = "Give a name without others a cluster of its own."
    values = values_of(clusters, len(is_name), "a cluster", "clusters")
    distinct = distinct_values(values, is_name, "a cluster", remedy)
    distinct.sort(key=str)  # the order of rows must not decide which ones are drawn
    return Clusters(index_in(distinct, values, otherwise=0), len(distinct))


def check_size(names, of_outcome=""):
    """Warn if a list has few distinct names or clusters, and raise for one cluster.

    `of_outcome` follows the names or clusters in messages, such as " of the outcome 1".
    """
    n_distinct = names.distinct.n
    if n_distinct < FEW_NAMES:
        not_names = ""
        n = names.n_not_names
        if n:
            of_each = [f"{n:,} {reason}" for reason, n in names.n_of_reason.items()]
            not_names = (
                f" ({n:,} of {names.n_names + n:,} rows are not names: "
                f"{', '.join(of_each)})"
            )
        warn(
            f"The shares are rough: expected at least {FEW_NAMES} distinct names"
            f"{of_outcome}, got {n_distinct}{not_names}. Read the intervals, not the "
            "shares.",
            kind="few names",
        )
    n_clusters = names.n_clusters
    if n_clusters == 1:
        raise NoEstimateError(
            f"Expected two or more clusters{of_outcome}, got one. With one, nothing "
            "shows how clusters differ."
        )
    if n_clusters is not None and n_clusters < FEW_CLUSTERS:
        warn(
            f"There are {n_clusters} clusters{of_outcome}: expected at least "
            f"{FEW_CLUSTERS}. With fewer, the intervals are too narrow.",
            kind="few clusters",
        )


def warn_if_few_checked(names):
    """Warn if few rows of a list are checked."""
    n_checked = names.n_checked
    n_people = np.count_nonzero(names.row_weights)
    if n_checked is not None and n_checked < min(FEW_CHECKED, n_people):
        warn(
            f"Only {n_checked} rows are checked: expected at least {FEW_CHECKED}. The "
            "intervals of small shares may be too narrow. Check more rows.",
            kind="few checked",
        )
