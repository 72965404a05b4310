"""Read a list: the model's answers for its names, and what is given of each."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from typing import Any, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from .._base import NoEstimateError, warn
from .._base.codes import code_values
from .._base.labels_and_weights import check_weights, with_none
from .._base.saved import Saved
from .._draws.mix import (
    distinct_names,
    likelihood_ratios,
)
from .._draws.resampling import Clusters, digest_of_rows
from .._models.groups import summed
from .._models.predict_names import check_probabilities, predict_list
from .._models.stack import resolve
from .checked import FEW_CHECKED, CheckedRows, read_checked
from .columns import check_known, values_of, weights_where
from .listed_model import MODEL_ERROR, settings_of_shares

FEW_NAMES = 100  # fewer than these raise a warning
FEW_CLUSTERS = 30  # fewer than these raise a warning


@dataclass(frozen=True, kw_only=True)
class ListedModel(Saved):
    """Hold what a list takes from the model that predicted it.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The labels of the model.
    assumed_prior : ndarray of shape (n_columns,)
        Priors that the probabilities assume.
    model_error : float or ndarray of shape (n_columns,)
        Standard deviation of the log odds by which the model errs about each class.
    sharpness : float, default=1.0
        Power of its likelihood ratios.
    group_index : ndarray of shape (n_columns,) of int or None, default=None
        Where the classes are groups of the columns of probabilities: which one.
    members : dict or None, default=None
        The labels of each class that is a group.
    n_people : ndarray of shape (n_columns,) of int or None, default=None
        How many held-out people of each column have shown how it errs.
    coverage : float or None, default=None
        The part of true shares that its 95 % intervals held, on people of other
        sources; None if that was not measured.
    name : str or None, default=None
        A name that other probabilities do not have, if there is one.
    """

    classes: NDArray[Any]
    assumed_prior: NDArray[np.floating]
    model_error: Any = MODEL_ERROR
    sharpness: float = 1.0
    group_index: NDArray[np.integer] | None = None
    members: dict[Any, Any] | None = None
    n_people: NDArray[np.integer] | None = None
    coverage: float | None = None
    name: str | None = None


@dataclass(frozen=True)
class GivenColumns:
    """Hold what is given beside the names of a list, with a value for each row.

    Parameters
    ----------
    sample_weight, counts, clusters, checked : array-like of shape (n_rows,) or None
        Parameters of `estimate_shares`.
    """

    sample_weight: Any = None
    counts: Any = None
    clusters: Any = None
    checked: Any = None


@dataclass(frozen=True, kw_only=True)
class NameList(Saved):
    """Hold a list whose texts were predicted, and what is given of its rows.

    Parameters
    ----------
    model : ListedModel
        What is known of the model.
    probabilities : ndarray of shape (n_texts, n_columns)
        Probabilities of the texts.
    reasons : ndarray of shape (n_texts,) of str or None, default=None
        Why each text is no name, "" for a name; with None, all are names.
    ids : ndarray of shape (n_texts,) of int or None, default=None
        Equal for texts that are read alike; with None, all differ.
    keys : ndarray of shape (n_texts,) of int or None, default=None
        What each text is, whatever its position; with None, its probabilities.
    rows : ndarray of shape (n_rows,) of int or None, default=None
        The text of each row; with None, each has its own.
    counts : ndarray of shape (n_rows,) of int or None, default=None
        How often each row occurs; None is once.
    weights : ndarray of shape (n_rows,) or None, default=None
        Weights of the rows; None is 1 for all.
    clusters : Clusters or None, default=None
        The cluster of each row; with None, names are independent.
    checked : CheckedRows or None, default=None
        The labels of rows that were checked.
    """

    model: ListedModel
    probabilities: NDArray[np.floating]
    reasons: NDArray[Any] | None = None
    ids: NDArray[np.integer] | None = None
    keys: NDArray[np.integer] | None = None
    rows: NDArray[np.integer] | None = None
    counts: NDArray[np.integer] | None = None
    weights: NDArray[np.floating] | None = None
    clusters: Clusters | None = None
    checked: CheckedRows | None = None

    def __len__(self) -> int:
        """Return the number of rows, also of those that are not names."""
        return len(self.probabilities if self.rows is None else self.rows)

    def take(self, rows: Any) -> Self:
        """Return some of the rows, a mask or an index of them; no text is copied."""
        text_of_row = np.arange(len(self)) if self.rows is None else self.rows
        taken = {"rows": text_of_row[rows]}
        for name in ("counts", "weights", "clusters", "checked"):
            values = getattr(self, name)
            if values is not None:
                taken[name] = values[rows]
        return replace(self, **taken)

    def by_row(self, values: Any) -> Any:
        """Return values of texts as those of rows."""
        return values if self.rows is None else values[self.rows]

    @property
    def is_name(self) -> NDArray[np.bool_]:
        """Whether each row is a name, (n_rows,)."""
        if self.reasons is None:
            return np.full(len(self), True)
        return self.by_row(self.reasons == "")

    @property
    def row_counts(self) -> NDArray[np.integer]:
        """How often each row occurs that is a name, (n_rows,), 0 for the others."""
        if self.counts is None:
            return self.is_name.astype(np.int64)
        return self.counts * self.is_name

    @cached_property
    def row_weights(self) -> NDArray[np.floating]:
        """The weights of rows, (n_rows,), 0 of those that are not names."""
        weights = self.row_counts * 1.0
        return weights if self.weights is None else weights * self.weights

    @property
    def row_keys(self) -> NDArray[np.integer]:
        """What each row is, whatever its position, (n_rows,)."""
        keys: Any = self.keys
        if keys is None:
            keys = np.array([crc32(row) for row in self.probabilities.round(6)])
        return self.by_row(keys)

    @cached_property
    def digest(self) -> int:
        """A number of the rows that count, whatever their order."""
        columns = [self.row_keys]
        if self.clusters is not None:
            columns.append(self.clusters.index)
        return digest_of_rows(columns, self.row_weights)

    @property
    def n_names(self) -> int:
        """The number of names."""
        return int(self.row_counts.sum())

    @cached_property
    def n_of_reason(self) -> dict[str, int]:
        """The number of rows that are not names, by reason, the most frequent first."""
        n_of_reason: Counter[str] = Counter()
        if self.reasons is not None:
            (not_names,) = np.nonzero(~self.is_name)
            counts = np.ones(len(self), dtype=int)
            if self.counts is not None:
                counts = self.counts
            reasons = self.by_row(self.reasons)[not_names]
            for reason, n in zip(reasons, counts[not_names].tolist(), strict=True):
                n_of_reason[reason] += n
        in_order = sorted(n_of_reason.items(), key=lambda item: (-item[1], item[0]))
        return {reason: n for reason, n in in_order if n}  # counts may be 0

    @property
    def n_clusters(self) -> int | None:
        """The number of clusters with a weight, None without any."""
        if self.clusters is None:
            return None
        return len(np.unique(self.clusters.index[self.row_weights > 0]))

    @property
    def n_checked(self) -> int | None:
        """The number of checked rows, None if that was not asked."""
        if self.checked is None:
            return None
        is_checked = self.checked.label_index >= 0
        return int((is_checked & (self.row_weights > 0)).sum())

    @property
    def ratios(self) -> NDArray[np.floating]:
        """The likelihood ratios of the rows, (n_rows, n_columns)."""
        model = self.model
        probabilities = self.by_row(self.probabilities)
        return likelihood_ratios(probabilities, model.assumed_prior, model.sharpness)

    def distinct(self):
        """Return the distinct names with the weights that count."""
        ids = self.rows if self.ids is None else self.by_row(self.ids)
        return distinct_names(
            self.probabilities,
            self.row_weights,
            self.model.assumed_prior,
            ids=ids,
            sharpness=self.model.sharpness,
            rows=self.rows,
        )

    @property
    def new_labels(self) -> list[Any]:
        """Labels that only checked rows have."""
        return [] if self.checked is None else self.checked.new_labels

    @property
    def labels(self) -> NDArray[Any]:
        """The labels of the model, and those that only checked rows have."""
        return self.model.classes if self.checked is None else self.checked.labels

    def by_label(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return values of columns, (n, n_columns), by label."""
        if self.model.group_index is not None:
            values = summed(values, self.model.group_index)
        return np.pad(values, ((0, 0), (0, len(self.new_labels))))


def read_users_list(
    estimator: Any, X: Any, given: GivenColumns, assumed_prior: Any
) -> NameList:
    """Return the list that parameters of `estimate_shares` describe."""
    stack = resolve(estimator)
    below, _ = below_groups(stack, assumed_prior)
    return read_list(stack, predict_list(below, X), given, assumed_prior=assumed_prior)


def below_groups(stack, assumed_prior=None):
    """Return what predicts the names of a list, and the group of each of its classes.

    Groups of a model are sums of shares, unless priors of the groups are given.
    """
    if assumed_prior is not None:
        return stack, None
    return stack.without_groups()


def read_list(stack, listed, given, *, assumed_prior=None, rows=None):
    """Return a list that `below_groups` predicted as a `NameList`.

    Parameters
    ----------
    stack : Stack
        The model.
    listed : PredictedList
        The texts.
    given : GivenColumns
        What is given beside the names.
    assumed_prior : object, default=None
        Priors that the probabilities assume, as in `estimate_shares`.
    rows : ndarray of shape (n_rows,) of int or None, default=None
        The text of each row; with None, each has its own.

    Returns
    -------
    NameList
    """
    below, group_index = below_groups(stack, assumed_prior)
    settings = settings_of_shares(below, assumed_prior)
    model = ListedModel(
        classes=stack.classes,
        group_index=group_index,
        members=stack.members,
        n_people=below.assumed.n_people,
        name=below.probability_key,
        **settings,
    )
    names = NameList(
        model=model,
        probabilities=check_probabilities(listed),
        reasons=listed.reasons,
        ids=listed.ids,
        keys=listed.keys,
        rows=rows,
    )
    _check_together(given)
    is_name = names.is_name
    counts = None
    if given.counts is not None:
        counts = _check_counts(given.counts, len(names))
    clusters = None
    if given.clusters is not None:
        clusters = check_clusters(given.clusters, is_name)
    checked = None
    if given.checked is not None:
        checked = read_checked(given.checked, stack, is_name)
    return replace(
        names,
        counts=counts,
        weights=_check_weights(given.sample_weight, is_name),
        clusters=clusters,
        checked=checked,
    )


def _check_together(given):
    """Raise ValueError for what may not be given together."""
    if given.counts is not None:
        for name in ("clusters", "checked"):
            if getattr(given, name) is not None:
                raise ValueError(
                    f"Expected {name} or counts, got both: with counts, a row is not "
                    "one person. Give every name its own row, and leave counts out."
                )


def _check_counts(counts, n):
    """Return counts as an array; raise ValueError unless they are counts."""
    counts = np.asarray(with_none(counts))
    if counts.shape != (n,) or counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ValueError(
            f"Expected counts of {n} names, integers from 0; got {counts.dtype} of "
            f"shape {counts.shape}, {counts!s:.80}. Give other numbers as "
            "sample_weight."
        )
    if counts.sum(dtype=np.float64) >= 2**63:
        raise ValueError(
            f"Expected counts that sum to less than 2 ** 63, got {counts.max()!s} at "
            f"position {counts.argmax()}. Divide them, and give them as sample_weight."
        )
    return counts.astype(np.int64)


def _check_weights(sample_weight, is_name):
    """Return the weights of rows; those that are not names may lack one."""
    if sample_weight is None:
        return None
    if not isinstance(sample_weight, Real):
        sample_weight = weights_where(is_name, sample_weight)
    return check_weights(sample_weight, len(is_name))


def check_clusters(clusters, is_name):
    """Return the cluster of each row as `Clusters`; raise ValueError for a wrong one.

    Rows that are not names may lack one.
    """
    values = values_of(clusters, len(is_name), "a cluster", "clusters")
    remedy = "Give a name without others a cluster of its own."
    check_known(values, is_name, "a cluster", remedy)
    distinct, code = code_values(values[is_name])
    # In an order of their own, so that the order of rows does not decide who is drawn.
    order = sorted(range(len(distinct)), key=lambda k: str(distinct[k]))
    rank = np.empty(len(distinct), dtype=np.intp)
    rank[order] = np.arange(len(distinct))
    index = np.zeros(len(is_name), dtype=np.intp)
    index[is_name] = rank[code]
    return Clusters(index, len(distinct))


def check_size(names, n_distinct, of_outcome=""):
    """Warn if a list has few distinct names or clusters; raise for one cluster.

    `of_outcome` says which rows these are.
    """
    if n_distinct < FEW_NAMES:
        not_names = ""
        n_of_reason = names.n_of_reason
        if n_of_reason:
            n = sum(n_of_reason.values())
            of_each = [f"{n:,} {reason}" for reason, n in n_of_reason.items()]
            n_rows = names.n_names + n
            not_names = (
                f" ({n:,} of {n_rows:,} rows are not names: {', '.join(of_each)})"
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
    """Warn if too few rows of a list are checked."""
    n_checked = names.n_checked
    n_people = np.count_nonzero(names.row_weights)
    if n_checked is not None and n_checked < min(FEW_CHECKED, n_people):
        warn(
            f"Only {n_checked} rows are checked: expected at least {FEW_CHECKED}. The "
            "intervals of small shares may be too narrow. Check more rows.",
            kind="few checked",
        )
