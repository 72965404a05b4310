"""Estimate the mix of nationalities in a list of names, with intervals."""

from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from .._base import validate_params, warn
from .._base.labels_and_weights import check_weights, is_missing
from .._models.groups import M49, Groups, array_of_labels, members_of, summed
from .._models.predict_names import check_probabilities, predict_list
from .._models.priors import Priors, check_priors
from .._models.stack import resolve
from .checked import (
    CheckedRows,
    estimate_from_checked,
    exact_limit,
    labels_with_new,
    read_checked,
)
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
    clustered_rows,
    once_in_each_cluster,
    resample,
)
from .results import COLUMNS as COLUMNS
from .results import FEW_HELD_OUT, FEW_NAMES, Shares, percentiles
from .results import Comparison as Comparison

FEW_CLUSTERS = 30  # fewer than these raise a warning
DOUBTFUL = 0.005  # least standard deviation of a share in a confused pair


# What the parameters may be that shares and rates have in common.
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


@validate_params(CONSTRAINTS)
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
        it. Expected are 30 clusters or more.
    y : array-like of shape (n_names,) or None, default=None
        Labels of rows that were checked, None, NaN or ``pd.NA`` for the others. They
        must not come from reading the name, and the rows must be drawn at random;
        expected are 100 or more. A row that nobody could decide is "unknown". Labels
        that the model lacks get a share, too.
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
    stack = resolve(estimator)
    below = stack
    index = None
    if assumed_prior is None:
        below, index = stack.without_groups()
    return shares_of_list(
        stack,
        predict_list(below, X),
        group_index=index,
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


@dataclass(frozen=True)
class Rows:
    """Hold the rows of a list, without their probabilities.

    Parameters
    ----------
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

    counts: NDArray[np.integer] | None = None
    not_names: dict[str, int] = field(default_factory=dict)
    ids: NDArray[np.integer] | None = None
    weights: NDArray[np.floating] | None = None
    clusters: Clusters | None = None
    checked: CheckedRows | None = None

    def take(self, chosen):
        """Return some of the rows; texts that are not names are counted elsewhere."""
        parts = {}
        for name in ("counts", "ids", "weights"):
            values = getattr(self, name)
            parts[name] = None if values is None else values[chosen]
        for name in ("clusters", "checked"):
            held = getattr(self, name)
            parts[name] = None if held is None else held.take(chosen)
        return Rows(**parts)


@dataclass(frozen=True)
class ListedModel:
    """Hold what the shares of a list take from a model.

    Parameters
    ----------
    assumed_prior : str, dict or array-like of shape (n_columns,), default="uniform"
        Priors that the probabilities assume.
    model_error : float
        Standard deviation of the log odds by which it errs about a class.
    sharpness : float, default=1.0
        Power of its likelihood ratios.
    group_index : ndarray of shape (n_columns,) of int or None, default=None
        Where the classes are groups of the columns of probabilities: which one.
    members_in_model : dict or None, default=None
        The labels of each class that is a group.
    n_people : ndarray of shape (n_classes,) of int or None, default=None
        How many people of each class have shown how it errs.
    """

    assumed_prior: Any = "uniform"
    model_error: float = MODEL_ERROR
    sharpness: float = 1.0
    group_index: NDArray[np.integer] | None = None
    members_in_model: dict[Any, Any] | None = None
    n_people: NDArray[np.integer] | None = None


@dataclass(frozen=True)
class Asked:
    """Hold what is asked for: parameters of `estimate_shares`.

    `has_common_draws` is as in `ResampleSeeds`.
    """

    groups: Any = None
    confidence_level: float = 0.95
    n_resamples: int = 1000
    random_state: Any = None
    has_common_draws: bool = False

    @property
    def seeds(self):
        """What decides the resamples."""
        return ResampleSeeds.of(
            self.n_resamples, self.random_state, has_common_draws=self.has_common_draws
        )


def shares_of_list(stack, listed, **parameters):
    """Estimate shares as `estimate_shares` does, of a list that was predicted.

    With a `group_index` among the parameters, the list has the probabilities below the
    outer groups.
    """
    parameters = read_list(stack, listed, **parameters)
    return shares_of_probabilities(
        check_probabilities(listed), stack.classes, **parameters
    )


def read_list(
    stack,
    listed,
    *,
    sample_weight=None,
    counts=None,
    clusters=None,
    y=None,
    checked_weight=None,
    assumed_prior=None,
    **parameters,
):
    """Check what users give with a list, for `shares_of_probabilities`."""
    below = stack
    if parameters.get("group_index") is not None:
        below = stack.without_groups()[0]
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
    checked = None
    if y is not None:
        checked = read_checked(y, checked_weight, stack.classes, is_name)
    return {
        "counts": n_of_each * is_name,
        "not_names": _count_not_names(reasons, n_of_each),
        "ids": listed.ids,
        "weights": check_weights(sample_weight, n_rows),
        "clusters": clusters,
        "checked": checked,
        "members_in_model": stack.members,
        "n_people": stack.assumed.n_people,
        **settings_of_shares(below, assumed_prior),
        **parameters,
    }


def check_clusters(clusters, is_name):
    """Return the cluster of each row as `Clusters`; raise ValueError for a wrong one.

    Rows that are not names may lack one.
    """
    values = np.asarray(clusters, dtype=object)
    if values.shape != is_name.shape:
        raise ValueError(
            f"Expected clusters of {len(is_name):,} names, one for each; got shape "
            f"{values.shape}."
        )
    distinct = dict.fromkeys(values[is_name].tolist())
    if any(map(is_missing, distinct)):
        missing = [is_missing(value) for value in values]
        position = int(np.argmax(np.array(missing) & is_name))
        raise ValueError(
            f"Expected a cluster for each name, got {values[position]} at position "
            f"{position}. Give a name without others a cluster of its own."
        )
    if len(distinct) == 1:
        raise ValueError(
            f"Expected two or more clusters, got only {next(iter(distinct))!r}. With "
            "one, nothing shows how clusters differ."
        )
    index_of = {value: k for k, value in enumerate(distinct)}
    index = [index_of.get(value, 0) for value in values.tolist()]
    return Clusters(np.array(index, dtype=np.intp), len(distinct))


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


def shares_of_probabilities(probabilities, classes, **parameters):
    """Estimate shares as `estimate_shares` does, from probabilities.

    The parameters are fields of `Rows`, `ListedModel` and `Asked`.
    """
    rows = take_fields(Rows, parameters)
    model = take_fields(ListedModel, parameters)
    asked = take_fields(Asked, parameters)
    if parameters:
        raise TypeError(f"Got unknown parameters {', '.join(parameters)}.")
    return estimate(probabilities, classes, rows, model, asked)


def take_fields(kind, parameters):
    """Return a dataclass of the parameters that are its fields, and take them out."""
    names = {field.name for field in fields(kind)} & parameters.keys()
    return kind(**{name: parameters.pop(name) for name in names})


@dataclass(frozen=True)
class ModelEstimate:
    """Hold shares by a model alone, and what their intervals need.

    Parameters
    ----------
    share : ndarray of shape (n_labels,)
        The shares.
    resamples : ndarray of shape (n_resamples, n_labels)
        The shares in each resample.
    n_effective : float
        So many names of equal weight hold as much information.
    """

    share: NDArray[np.floating]
    resamples: NDArray[np.floating]
    n_effective: float

    def sums(self, is_in):
        """Return the same for sums of labels, by `is_in`, (n_sums, n_labels)."""
        return ModelEstimate(
            is_in @ self.share, self.resamples @ is_in.T, self.n_effective
        )

    def interval(self, confidence_level):
        """Return the ends of intervals, (n_labels,) each."""
        low, high = percentiles(self.resamples, self.share, confidence_level)
        # Resamples lack what the list lacks. So no interval is narrower than that of a
        # share of 0 or 1.
        floor = exact_limit(self.n_effective, confidence_level)
        return np.minimum(low, 1 - floor), np.maximum(high, floor)


def estimate(probabilities, classes, rows, model, asked):
    """Estimate the shares of a list from its probabilities, (n_rows, n_columns)."""
    n_rows, n_columns = probabilities.shape
    counts = np.ones(n_rows, dtype=int)
    if rows.counts is not None:
        counts = np.asarray(rows.counts)
    weights = counts * 1.0
    if rows.weights is not None:
        weights = rows.weights * counts
    if rows.clusters is not None:
        weights = once_in_each_cluster(weights, rows.ids, rows.clusters)
    assumed = check_priors(model.assumed_prior, np.arange(n_columns), "assumed_prior")
    names = distinct_names(probabilities, weights, assumed, rows.ids, model.sharpness)
    n_names = int(counts.sum())
    _warn_if_few(names.n, rows.not_names, n_names)
    if rows.clusters is not None:
        _warn_if_few_clusters(rows.clusters.take(weights > 0))
    listed = WeightedList(probabilities, weights, names, assumed, rows, model)
    with one_blas_thread:
        mix = estimate_mix(names, assumed)
        if rows.checked is None:
            estimated = _estimate_by_model(listed, mix, asked.seeds)
        else:
            estimated = _estimate_by_checked(listed, mix, asked.seeds)
            classes = labels_with_new(classes, rows.checked)
    common = {
        "n_names": n_names,
        "n_distinct": int(names.n),
        "n_not_names": sum(rows.not_names.values()),
        "assumed_prior": assumed,
        "model_error": model.model_error,
        "sharpness": model.sharpness,
        "members_in_model": model.members_in_model,
        "confidence_level": asked.confidence_level,
        "floor": exact_limit(estimated.n_effective, asked.confidence_level),
        "n_effective": float(estimated.n_effective),
        "n_clusters": None,
        "n_checked": None,
    }
    if rows.clusters is not None:
        common["n_clusters"] = len(np.unique(rows.clusters.index[weights > 0]))
    if rows.checked is not None:
        common["n_checked"] = estimated.n_checked
        common["power"] = estimated.power
        common["new_labels"] = rows.checked.new_labels
    shares = _tables(classes, estimated, common, asked.groups)
    shares.few_held_out = []
    if model.n_people is not None and rows.checked is None:
        shares.few_held_out = classes[model.n_people < FEW_HELD_OUT].tolist()
    return shares


@dataclass(frozen=True)
class WeightedList:
    """Hold a list with the weights that count, and its distinct names.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_columns)
        Probabilities of the rows.
    weights : ndarray of shape (n_rows,)
        Weights of the rows, 0 for what is not a name.
    names : DistinctNames
        The distinct names.
    assumed : ndarray of shape (n_columns,)
        Priors that the probabilities assume.
    rows : Rows
        What is given with the probabilities.
    model : ListedModel
        What is known of the model.
    """

    probabilities: NDArray[np.floating]
    weights: NDArray[np.floating]
    names: DistinctNames
    assumed: NDArray[np.floating]
    rows: Rows
    model: ListedModel

    @property
    def group_index(self):
        """The class of each column of probabilities."""
        if self.model.group_index is None:
            return np.arange(len(self.assumed))
        return self.model.group_index


def _estimate_by_model(listed, mix, seeds):
    """Return the shares of a list, and their resamples, as `ModelEstimate`."""
    share = mix.shares
    errors = seeds.errors(listed.model.model_error, len(share))
    by_name = Units.of_names(listed.names, share)
    n_effective = by_name.n_effective
    clustered = None
    if listed.rows.clusters is not None:
        clustered = clustered_rows(listed)
    resamples = None
    if clustered is None or clustered.has_recurring_names:
        resamples = resample(listed.names, share, errors, seeds.rng(share))
    if clustered is not None:
        by_cluster = Units.of_clusters(clustered, share)
        n_effective = min(n_effective, by_cluster.n_effective)
        resamples_of_clusters = resample(
            listed.names, share, errors, seeds.rng(share), by_cluster
        )
        resamples = _wider(resamples, resamples_of_clusters)
    index = listed.group_index
    return ModelEstimate(
        np.bincount(index, share), summed(resamples, index), n_effective
    )


def _wider(by_name, by_cluster):
    """Return the resamples that vary more, those of clusters if there are no others."""
    if by_name is None or by_name.var(axis=0).sum() <= by_cluster.var(axis=0).sum():
        return by_cluster
    return by_name


def _estimate_by_checked(listed, mix, seeds):
    """Return the shares of a list that checked rows correct, as `CheckedEstimate`."""
    index = listed.group_index
    checked = listed.rows.checked
    n_new = len(checked.new_labels)
    ratios = likelihood_ratios(
        listed.probabilities, listed.assumed, listed.model.sharpness
    )
    predictions = ratios * mix.priors
    sums = predictions.sum(axis=1, keepdims=True)
    np.divide(predictions, sums, out=predictions, where=sums > 0)
    predictions = np.pad(summed(predictions, index), ((0, 0), (0, n_new)))
    return estimate_from_checked(
        predictions,
        listed.weights,
        checked,
        listed.rows.clusters,
        np.pad(np.bincount(index, mix.shares), (0, n_new)),
        seeds,
    )


def _tables(classes, estimated, common, groups):
    """Return the `Shares` of classes, the largest first, with those of the groups."""
    table_of_groups = None
    if groups is not None:
        members = _members(groups, classes, common.get("new_labels", []))
        is_in = _is_in_group(members, classes)
        labels = array_of_labels([*members])
        table_of_groups = _table(labels, estimated.sums(is_in), common)
        table_of_groups.members = members
    shares = _table(classes, estimated, common)
    order = np.argsort(-shares.share, kind="stable")
    for name in ("label", "share", "low", "high", "deviation", "without"):
        if shares[name] is not None:
            shares[name] = shares[name][order]
    shares.resamples = shares.resamples[:, order]
    shares.members = None
    shares.confused_pairs = []
    if common["n_checked"] is None:
        shares.confused_pairs = _confused_pairs(shares, estimated.n_effective)
    shares.groups = table_of_groups
    return shares


def _members(groups, classes, new_labels):
    """Return the labels of each group; those that the model lacks may be in them."""
    if isinstance(groups, str):
        return members_of(groups, classes[: len(classes) - len(new_labels)])
    return members_of(groups, classes)


def _table(labels, estimated, common):
    """Return shares with labels and intervals."""
    level = common["confidence_level"]
    low, high = estimated.interval(level)
    deviation = None
    without = None
    if common["n_checked"] is not None:
        deviation = estimated.reach(level) / norm.ppf((1 + level) / 2)
        without = estimated.without
    return Shares(
        label=labels,
        share=estimated.share,
        low=low,
        high=high,
        resamples=estimated.resamples,
        deviation=deviation,
        without=without,
        **common,
    )


def _warn_if_few(n_distinct, not_names, n_names):
    """Warn if a list has too few distinct names for an estimate."""
    if n_distinct < FEW_NAMES:
        n_rows = n_names + sum(not_names.values())
        warn(
            f"The shares are rough: expected at least {FEW_NAMES} distinct names, "
            f"got {n_distinct}{_say_not_names(not_names, n_rows)}. Read "
            "the intervals, not the shares."
        )


def _warn_if_few_clusters(clusters):
    """Warn if a list has too few clusters to show how they differ."""
    n_clusters = len(np.unique(clusters.index))
    if n_clusters < FEW_CLUSTERS:
        warn(
            f"There are {n_clusters} clusters: expected at least {FEW_CLUSTERS}. With "
            "fewer, the intervals are too narrow."
        )


def _say_not_names(not_names, n_rows):
    """Say how many rows are not names, and why, if any are."""
    if not not_names:
        return ""
    in_order = sorted(not_names.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{n:,} {reason}" for reason, n in in_order)
    n = sum(not_names.values())
    return f" ({n:,} of {n_rows:,} rows are not names: {listed})"


def _is_in_group(members, classes):
    """Return whether each class is in each group, as 1 or 0, (n_groups, n_classes)."""
    is_in = np.zeros((len(members), len(classes)))
    column = {label: k for k, label in enumerate(classes.tolist())}
    for row, labels in enumerate(members.values()):
        is_in[row, [column[label] for label in labels]] = 1
    return is_in


def _confused_pairs(shares, n_effective):
    """Find pairs that the model confuses: their sum is more certain than either.

    With known labels, resamples would vary like a multinomial distribution. Any further
    variance is doubt about the labels. A pair counts if doubt is at least half of its
    variance and mostly cancels in its sum.
    """
    doubtful = np.flatnonzero(shares.resamples.std(axis=0) > DOUBTFUL)
    labels = shares.label[doubtful].tolist()
    share = shares.share[doubtful]
    covariance = np.cov(shares.resamples[:, doubtful], rowvar=False)
    drawing = (np.diag(share) - np.outer(share, share)) / n_effective
    doubt = covariance - drawing
    pairs = []
    for j in range(len(share)):
        for i in range(j):
            doubt_of_both = doubt[i, i] + doubt[j, j]
            is_doubt = doubt_of_both > drawing[i, i] + drawing[j, j]
            if is_doubt and -doubt[i, j] > doubt_of_both / 4:
                deviations = np.sqrt(covariance[i, i] * covariance[j, j])
                correlation = float(covariance[i, j] / deviations)
                pair = (labels[i], labels[j], correlation)
                pairs.append((float(covariance[i, j]), pair))
    pairs.sort(key=lambda covariance_and_pair: covariance_and_pair[0])
    return [pair for _, pair in pairs]
