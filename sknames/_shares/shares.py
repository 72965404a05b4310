"""Estimate the mix of nationalities in a list of names, with intervals."""

from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_parameter_constraints,
)

from .._base import warn
from .._base.labels_and_weights import check_weights
from .._models.groups import M49, Groups, array_of_labels, members_of, summed
from .._models.predict_names import check_probabilities, predict_list
from .._models.priors import Priors, check_priors
from .._models.stack import resolve
from .checked import CheckedRows, estimate_from_checked, read_checked
from .columns import index_in, read_column, weights_where
from .estimate import EstimatedShares
from .mix import (
    MODEL_ERROR,
    DistinctNames,
    distinct_names,
    estimate_mix,
    likelihood_ratios,
    settings_of_shares,
)
from .one_blas_thread import one_blas_thread
from .resampling import (
    Clusters,
    ResampleSeeds,
    Units,
    index_of_people,
    once_in_each_cluster,
    resample,
)
from .results import FEW_HELD_OUT, FEW_NAMES, Shares

FEW_CLUSTERS = 30  # fewer than these raise a warning
DOUBTFUL = 0.005  # least standard deviation of a share in a confused pair

# What the parameters of `estimate_shares` may be.
CONSTRAINTS = {
    "estimator": [HasMethods(["predict_proba"])],
    "counts": ["array-like", None],
    "clusters": ["array-like", None],
    "y": ["array-like", None],
    "checked_weight": ["array-like", None],
    "assumed_prior": [str, dict, "array-like", None],
    "groups": [StrOptions({*M49}), HasMethods(["items"]), None],
    "confidence_level": [Interval(Real, 0, 1, closed="neither")],
    "n_resamples": [Interval(Integral, 2, None, closed="left")],
    "random_state": ["random_state"],
}


def estimate_shares(
    estimator: Any,
    X: Any,
    *,
    sample_weight: ArrayLike | None = None,
    counts: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    y: ArrayLike | None = None,
    checked_weight: ArrayLike | None = None,
    assumed_prior: Priors | None = None,
    groups: Groups | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int | np.random.RandomState | None = None,
) -> Shares:
    """Estimate the share of each nationality in a list of names.

    Counting predicted labels gives wrong shares, because classification errors are not
    symmetric. The mean prediction under the mix of the list does better, see
    :class:`PriorShiftClassifier`.

    Parameters
    ----------
    estimator : classifier
        Fitted classifier with `predict_proba`, such as :func:`load_pretrained`.
    X : iterable of str, or other input of the estimator
        The list. Missing names and texts that are not names, see
        :meth:`SelectiveClassifier.reasons`, are counted separately.
    sample_weight : array-like of shape (n_names,) or None, default=None
        Weights of the names, such as survey weights, not negative.
    counts : array-like of shape (n_names,), int, or None, default=None
        How often each name occurs in the list. Distinct names with counts give the same
        result as the whole list, in less memory.
    clusters : array-like of shape (n_names,) or None, default=None
        The paper, family, team or household of each name, if names within one are
        alike. A cluster is then drawn with all its rows, and a name counts once within
        it, with the label of any of its rows. Expected are 30 clusters or more.
    y : array-like of shape (n_names,) or None, default=None
        Labels of rows that were checked, None, NaN or ``pd.NA`` for the others. They
        must not come from reading the name, and the rows must be drawn at random;
        expected are 100 or more. A row that nobody could decide is "unknown". Labels
        that the model lacks get a share, too; those that it groups count for the group.
    checked_weight : array-like of shape (n_names,) or None, default=None
        1 / the probability with which each checked row was drawn, if it was not the
        same for all. `sample_weight` weighs the list.
    assumed_prior : {"uniform", "population"}, dict, array-like of shape (n_classes,) \
or None, default=None
        Priors that the probabilities assume, as in :class:`PriorShiftClassifier`.
    groups : dict, {"subregion", "region"} or None, default=None
        Labels to sum, such as ``{"Nordic": ["Danish", "Norwegian", "Swedish"]}``, in
        any form that :class:`GroupedClassifier` takes. Each sum gets an interval.
        Groups may overlap, and leave labels out.
    confidence_level : float, default=0.95
        Confidence level of the intervals.
    n_resamples : int, default=1000
        Number of bootstrap resamples.
    random_state : int, RandomState instance or None, default=None
        Seed of the resamples. An int gives the same intervals for the same list in each
        call.

    Returns
    -------
    Shares
        A Bunch that prints as a table, and of which ``shares["German"]`` is a row, with

        - label, share, low, high: arrays of shape (n_classes,), the largest share
          first,
        - groups: the same for the groups, in their order, or None; its `members` are
          the labels of each group,
        - confused_pairs: tuples (label, label, correlation) of nationalities that the
          model confuses, the least certain pair first; the sum of a pair is more
          certain than either,
        - few_held_out: labels of which fewer than 20 people have shown how the model
          errs. They cannot be distinguished from their neighbours in a list, and
          their shares are too small. With `y`, there are none,
        - n_names, n_distinct: the number of names, and of distinct ones,
        - n_not_names: the number of texts that are not names,
        - n_clusters, n_checked: the number of clusters, and of checked rows, or None,
        - new_labels: labels of checked rows that the model lacks,
        - confidence_level,
        - resamples: array of shape (n_resamples, n_classes), the shares in each
          resample,
        - floor: how far the interval of a share of 0 reaches,
        - assumed_prior, model_error, sharpness: what is assumed of the model, see
          Notes,
        - members_in_model: the labels of each group that the model itself predicts, or
          None.

        Its method `to_frame` makes a DataFrame. ``shares.compare(others)`` compares the
        shares of two lists: what differs, with intervals, and which differences are
        sure.

    Raises
    ------
    ValueError
        If no text is a name.

    Warns
    -----
    UserWarning
        If there are fewer than 100 distinct names, 30 clusters or 100 checked rows, if
        the checked rows do not look as if they were drawn at random, or if the model is
        unsure of the names, see :class:`PriorShiftClassifier`.

    See Also
    --------
    SharesDisplay : Draw the shares.
    PriorShiftClassifier : Predict single names under the mix of the list.

    Notes
    -----
    The intervals are percentiles of a bootstrap (Efron 1979) over distinct names, each
    resample one constrained Newton step away from the estimate. They cover chance, and
    errors of the model that are typical for people of another source. For these, the
    log odds of each class vary with a standard deviation of 0.5, or what held-out
    people showed for a model that ships. Without `assumed_prior`, the bias by class
    that the shipped model has shown on held-out people is corrected. Its likelihood
    ratios are taken to a power, the sharpness, that these people chose.

    With `clusters`, these are drawn. If names recur in several, the wider of resampling
    clusters and names is taken.

    With `y`, the share of a label is the mean prediction, corrected by the mean error
    on the checked rows: the difference estimator of survey sampling (Särndal et al.
    1992), known as prediction-powered inference (Angelopoulos et al. 2023). Predictions
    are multiplied by a power that makes the variance least. The intervals hold for this
    list, not for a population that it is drawn from; with `clusters`, for that of the
    clusters. If all rows are checked, the shares are counts with exact intervals.

    Examples
    --------
    >>> import sknames
    >>> from sknames.datasets import make_names
    >>> turkish, _ = make_names(120, nationalities=["Turkish"], random_state=0)
    >>> dutch, _ = make_names(80, nationalities=["Dutch"], random_state=0)
    >>> model = sknames.load_pretrained()
    >>> names = [*turkish, *dutch]
    >>> shares = sknames.estimate_shares(model, names)
    >>> shares.label[:2].tolist(), shares.share[:2].round(2).tolist()
    (['Turkish', 'Dutch'], [0.6, 0.4])
    """
    listed = read_users_list(
        estimator,
        X,
        caller="estimate_shares",
        sample_weight=sample_weight,
        counts=counts,
        clusters=clusters,
        y=y,
        checked_weight=checked_weight,
        assumed_prior=assumed_prior,
        groups=groups,
        confidence_level=confidence_level,
        n_resamples=n_resamples,
        random_state=random_state,
    )
    return estimate(listed)


@dataclass(frozen=True)
class NameList:
    """Hold a list whose names were predicted, what is given with it, and what is asked.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_columns)
        Probabilities of the names.
    classes : ndarray of shape (n_classes,)
        The labels of the model.
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
    assumed_prior : str, dict or array-like of shape (n_columns,), default="uniform"
        Priors that the probabilities assume.
    model_error : float
        Standard deviation of the log odds by which the model errs about a class.
    sharpness : float, default=1.0
        Power of its likelihood ratios.
    group_index : ndarray of shape (n_columns,) of int or None, default=None
        Where the classes are groups of the columns of probabilities: which one.
    members_in_model : dict or None, default=None
        The labels of each class that is a group.
    n_people : ndarray of shape (n_classes,) of int or None, default=None
        How many people of each class have shown how it errs.
    groups, confidence_level, n_resamples, random_state
        Parameters of `estimate_shares`.
    has_common_draws : bool, default=False
        As in `ResampleSeeds`.
    """

    probabilities: NDArray[np.floating]
    classes: NDArray[Any]
    counts: NDArray[np.integer] | None = None
    not_names: dict[str, int] = field(default_factory=dict)
    ids: NDArray[np.integer] | None = None
    weights: NDArray[np.floating] | None = None
    clusters: Clusters | None = None
    checked: CheckedRows | None = None
    assumed_prior: Any = "uniform"
    model_error: float = MODEL_ERROR
    sharpness: float = 1.0
    group_index: NDArray[np.integer] | None = None
    members_in_model: dict[Any, Any] | None = None
    n_people: NDArray[np.integer] | None = None
    groups: Any = None
    confidence_level: float = 0.95
    n_resamples: int = 1000
    random_state: Any = None
    has_common_draws: bool = False

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
    def seeds(self):
        """What decides the resamples."""
        seed = check_random_state(self.random_state).randint(2**31)
        return ResampleSeeds(self.n_resamples, seed, self.has_common_draws)

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
    def new_labels(self):
        """Labels that only checked rows have."""
        return [] if self.checked is None else self.checked.new_labels

    @property
    def labels(self):
        """The labels of the model, and those that only checked rows have."""
        if not self.new_labels:
            return self.classes
        return array_of_labels([*self.classes.tolist(), *self.new_labels])

    def by_label(self, values):
        """Return values of columns, (n_rows, n_columns), by label."""
        if self.group_index is not None:
            values = summed(values, self.group_index)
        return np.pad(values, ((0, 0), (0, len(self.new_labels))))

    def members(self):
        """Return the labels of each group that was asked for.

        Those that only checked rows have may be in it.
        """
        labels = self.classes if isinstance(self.groups, str) else self.labels
        return members_of(self.groups, labels)


def read_users_list(estimator, X, *, caller, assumed_prior=None, **given):
    """Return the names of a list as a `NameList`, with what users give.

    The parameters are those of `estimate_shares`, and the function that has them.
    """
    parameters = {"estimator": estimator, "assumed_prior": assumed_prior, **given}
    validate_parameter_constraints(CONSTRAINTS, parameters, caller)
    stack = resolve(estimator)
    below, _ = below_groups(stack, assumed_prior)
    return read_list(
        stack, predict_list(below, X), assumed_prior=assumed_prior, **given
    )


def below_groups(stack, assumed_prior=None):
    """Return what predicts the names of a list, and the group of each of its classes.

    Groups of a model are sums of shares, unless priors of the groups are given.
    """
    if assumed_prior is not None:
        return stack, None
    return stack.without_groups()


def read_list(
    stack,
    listed,
    *,
    assumed_prior=None,
    sample_weight=None,
    counts=None,
    clusters=None,
    y=None,
    checked_weight=None,
    **asked,
):
    """Return a list that `below_groups` predicted as a `NameList`."""
    reasons = listed.reasons
    n_rows = len(reasons)
    is_name = reasons == ""
    n_of_each = _check_counts(counts, n_rows)
    if counts is not None and (clusters is not None or y is not None):
        name = "y" if clusters is None else "clusters"
        raise ValueError(
            f"Expected {name} or counts, got both: with counts, a row is not one "
            "person. Give every name its own row, and leave counts out."
        )
    if checked_weight is not None and y is None:
        raise ValueError("Got checked_weight without y. Give y, too.")
    if clusters is not None:
        clusters = check_clusters(clusters, is_name)
    if sample_weight is not None and not isinstance(sample_weight, Real):
        sample_weight = weights_where(is_name, sample_weight)
    checked = None
    if y is not None:
        checked = read_checked(y, checked_weight, stack, is_name)
        if clusters is not None:
            person_index = index_of_people(listed.ids, clusters)
            checked = checked.of_people(person_index, listed.names)
    below, group_index = below_groups(stack, assumed_prior)
    return NameList(
        check_probabilities(listed),
        stack.classes,
        counts=n_of_each * is_name,
        not_names=_count_not_names(reasons, n_of_each),
        ids=listed.ids,
        weights=check_weights(sample_weight, n_rows),
        clusters=clusters,
        checked=checked,
        group_index=group_index,
        members_in_model=stack.members,
        n_people=stack.assumed.n_people,
        **settings_of_shares(below, assumed_prior),
        **asked,
    )


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


def shares_of_probabilities(probabilities, classes, **fields):
    """Estimate shares from probabilities; the others are fields of `NameList`."""
    return estimate(NameList(probabilities, classes, **fields))


def estimate(listed):
    """Return the `Shares` of a list, the largest first."""
    weighted = weigh(listed)
    estimated = estimate_weighted(weighted)
    level = listed.confidence_level
    common = {
        "n_names": int(listed.row_counts.sum()),
        "n_distinct": int(weighted.names.n),
        "n_not_names": sum(listed.not_names.values()),
        "n_clusters": weighted.n_clusters,
        "n_checked": estimated.n_checked,
        "new_labels": listed.new_labels,
        "assumed_prior": weighted.assumed,
        "model_error": listed.model_error,
        "sharpness": listed.sharpness,
        "members_in_model": listed.members_in_model,
        "confidence_level": level,
        "floor": estimated.floor(level),
    }
    order = np.argsort(-estimated.share, kind="stable")
    labels = listed.labels[order]
    estimated = estimated.sums(np.eye(len(order))[order])
    shares = _shares_table(labels, estimated, common)
    shares.members = None
    shares.confused_pairs = []
    if listed.checked is None:
        shares.confused_pairs = confused_pairs(shares, estimated.n_effective)
    shares.few_held_out = []
    if listed.n_people is not None and listed.checked is None:
        few = listed.n_people < FEW_HELD_OUT
        shares.few_held_out = listed.classes[few].tolist()
    shares.groups = None
    if listed.groups is not None:
        members = listed.members()
        sums = estimated.sums(is_in_group(members, labels))
        shares.groups = _shares_table(array_of_labels([*members]), sums, common)
        shares.groups.members = members
    return shares


def _shares_table(labels, estimated, common):
    """Return shares with labels and intervals."""
    level = common["confidence_level"]
    low, high = estimated.interval(level)
    return Shares(
        label=labels,
        share=estimated.share,
        low=low,
        high=high,
        resamples=estimated.resamples,
        estimated=estimated,
        least_reach=estimated.least_reach(level),
        without=estimated.without,
        **common,
    )


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
            self.listed.probabilities, self.assumed, self.listed.sharpness
        )


def weigh(listed):
    """Return a list with the weights that count; warn if it is short."""
    columns = np.arange(listed.probabilities.shape[1])
    assumed = check_priors(listed.assumed_prior, columns, "assumed_prior")
    weights = listed.row_weights
    names = distinct_names(
        listed.probabilities, weights, assumed, listed.ids, listed.sharpness
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


def estimate_weighted(weighted):
    """Return the shares of a list, as `EstimatedShares`."""
    with one_blas_thread:
        mix = estimate_mix(weighted.names, weighted.assumed)
        if weighted.listed.checked is None:
            return _estimate_by_model(weighted, mix.shares)
        return _estimate_by_checked(weighted, mix)


def _estimate_by_model(weighted, share):
    """Return the shares that the model alone gives, as `EstimatedShares`."""
    listed = weighted.listed
    names = weighted.names
    seeds = listed.seeds
    errors = seeds.errors(listed.model_error, len(share))
    by_name = Units.of_names(names, share)
    n_effective = by_name.n_effective
    drawn_units = [by_name]
    if listed.clusters is not None:
        by_cluster, has_recurring_names = _clusters_of(weighted, share)
        n_effective = min(n_effective, by_cluster.n_effective)
        drawn_units = [by_cluster]
        if has_recurring_names:
            drawn_units.append(by_name)
    resamples = []
    for units in drawn_units:
        resamples.append(resample(names, share, errors, seeds.rng(share), units))
    widest = max(resamples, key=lambda shares: shares.var(axis=0).sum())
    return EstimatedShares(
        share=listed.by_label(share[None])[0],
        resamples=listed.by_label(widest),
        n_effective=float(n_effective),
    )


def _clusters_of(weighted, share):
    """Return the clusters of a list as `Units`, and whether a name is in several."""
    listed = weighted.listed
    ratios = weighted.ratios
    informs = (weighted.weights > 0) & ratios.any(axis=1)
    has_recurring_names = False
    if listed.ids is not None:
        n_rows_of_name = np.unique(listed.ids[informs], return_counts=True)[1]
        has_recurring_names = bool((n_rows_of_name > 1).any())
    weights = weighted.weights[informs] * weighted.names.scale
    clusters = listed.clusters[informs]
    units = Units.of_clusters(ratios[informs], weights, clusters, share)
    return units, has_recurring_names


def _estimate_by_checked(weighted, mix):
    """Return the shares of a list that checked rows correct, as `CheckedShares`."""
    is_name = weighted.weights > 0
    listed = weighted.listed.take(is_name)
    predictions = weighted.ratios[is_name] * mix.priors
    sums = predictions.sum(axis=1, keepdims=True)
    np.divide(predictions, sums, out=predictions, where=sums > 0)
    return estimate_from_checked(
        listed.by_label(predictions),
        weighted.weights[is_name],
        listed.checked,
        listed.clusters,
        listed.by_label(mix.shares[None])[0],
        listed.seeds,
    )


def _warn_if_few(n_distinct, listed):
    """Warn if a list has too few distinct names for an estimate."""
    if n_distinct < FEW_NAMES:
        n_rows = int(listed.row_counts.sum()) + sum(listed.not_names.values())
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


def is_in_group(members, classes):
    """Return whether each class is in each group, as 1 or 0, (n_groups, n_classes)."""
    is_in = np.zeros((len(members), len(classes)))
    column = {label: k for k, label in enumerate(classes.tolist())}
    for row, labels in enumerate(members.values()):
        is_in[row, [column[label] for label in labels]] = 1
    return is_in


def confused_pairs(shares, n_effective):
    """Find pairs that the model confuses: their sum is more certain than either.

    With known labels, resamples would vary like a multinomial distribution. Any further
    variance is doubt about the labels. A pair counts if doubt is at least half of its
    variance and mostly cancels in its sum.
    """
    doubtful = np.flatnonzero(shares.resamples.std(axis=0) > DOUBTFUL)
    if len(doubtful) < 2:
        return []
    labels = shares.label[doubtful].tolist()
    share = shares.share[doubtful]
    covariance = np.cov(shares.resamples[:, doubtful], rowvar=False)
    drawing = (np.diag(share) - np.outer(share, share)) / n_effective
    doubt = covariance - drawing
    first, second = np.triu_indices(len(labels), 1)
    doubt_of_both = np.diag(doubt)[first] + np.diag(doubt)[second]
    is_doubt = doubt_of_both > np.diag(drawing)[first] + np.diag(drawing)[second]
    is_confused = is_doubt & (-doubt[first, second] > doubt_of_both / 4)
    pairs = []
    for k in np.argsort(covariance[first, second], kind="stable"):
        i = first[k]
        j = second[k]
        if is_confused[k]:
            deviations = np.sqrt(covariance[i, i] * covariance[j, j])
            pairs.append((labels[i], labels[j], float(covariance[i, j] / deviations)))
    return pairs
