"""Estimate the mix of nationalities in a list of names, with intervals."""

from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from .._base import validate_params, warn
from .._base.labels_and_weights import check_weights
from .._base.one_blas_thread import one_blas_thread
from .._models.groups import M49, Groups, array_of_labels, members_of, summed
from .._models.predict_names import check_probabilities, predict_list
from .._models.priors import Priors, check_priors
from .._models.stack import resolve
from .mix import MODEL_ERROR, distinct_names, estimate_mix, settings_of_shares
from .resampling import resample
from .results import COLUMNS as COLUMNS
from .results import FEW_NAMES, Shares, percentiles
from .results import Comparison as Comparison

DOUBTFUL = 0.005  # least standard deviation of a share in a confused pair


@validate_params(
    {
        "estimator": [HasMethods(["predict_proba"])],
        "counts": ["array-like", None],
        "assumed_prior": [str, dict, "array-like", None],
        "groups": [StrOptions({*M49}), HasMethods(["items"]), None],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "n_resamples": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }
)
def estimate_shares(
    estimator: Any,
    X: Any,
    *,
    sample_weight: ArrayLike | None = None,
    counts: ArrayLike | None = None,
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
        - n_names, n_distinct: the number of names, and of distinct ones,
        - n_not_names: the number of texts that are not names,
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
        If there are fewer than 100 distinct names, or the model is unsure of the names,
        see :class:`PriorShiftClassifier`.

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
        assumed_prior=assumed_prior,
        groups=groups,
        confidence_level=confidence_level,
        n_resamples=n_resamples,
        random_state=random_state,
    )


@dataclass(frozen=True)
class Rows:
    """Hold the rows of a list, beside their probabilities.

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
    """

    counts: NDArray[np.integer] | None = None
    not_names: dict[str, int] = field(default_factory=dict)
    ids: NDArray[np.integer] | None = None
    weights: NDArray[np.floating] | None = None


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
    """

    assumed_prior: Any = "uniform"
    model_error: float = MODEL_ERROR
    sharpness: float = 1.0
    group_index: NDArray[np.integer] | None = None
    members_in_model: dict[Any, Any] | None = None


@dataclass(frozen=True)
class Asked:
    """Hold what is asked for: parameters of `estimate_shares`."""

    groups: Any = None
    confidence_level: float = 0.95
    n_resamples: int = 1000
    random_state: Any = None


def shares_of_list(
    stack, listed, *, sample_weight=None, counts=None, assumed_prior=None, **parameters
):
    """Estimate shares as `estimate_shares` does, of a list that was predicted.

    With a `group_index` among the parameters, the list has the probabilities below the
    outer groups.
    """
    below = stack
    if parameters.get("group_index") is not None:
        below = stack.without_groups()[0]
    probabilities = check_probabilities(listed)
    n_of_each = _check_counts(counts, len(probabilities))
    reasons = listed.reasons
    return shares_of_probabilities(
        probabilities,
        stack.classes,
        counts=n_of_each * (reasons == ""),
        not_names=_count_not_names(reasons, n_of_each),
        ids=listed.ids,
        weights=check_weights(sample_weight, len(probabilities)),
        members_in_model=stack.members,
        **settings_of_shares(below, assumed_prior),
        **parameters,
    )


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
    rows = _take_fields(Rows, parameters)
    model = _take_fields(ListedModel, parameters)
    asked = _take_fields(Asked, parameters)
    if parameters:
        raise TypeError(f"Got unknown parameters {', '.join(parameters)}.")
    return _estimate(probabilities, classes, rows, model, asked)


def _take_fields(kind, parameters):
    """Return a dataclass of the parameters that are its fields, and take them out."""
    names = {field.name for field in fields(kind)} & parameters.keys()
    return kind(**{name: parameters.pop(name) for name in names})


def _estimate(probabilities, classes, rows, model, asked):
    """Estimate the shares of a list from its probabilities, (n_rows, n_columns)."""
    n_rows, n_columns = probabilities.shape
    weights = np.ones(n_rows) if rows.weights is None else rows.weights
    counts = np.ones(n_rows, dtype=int)
    if rows.counts is not None:
        counts = np.asarray(rows.counts)
    index = np.arange(n_columns)
    if model.group_index is not None:
        index = model.group_index
    assumed = check_priors(model.assumed_prior, np.arange(n_columns), "assumed_prior")
    members = {}
    if asked.groups is not None:
        members = members_of(asked.groups, classes)
    names = distinct_names(
        probabilities, weights * counts, assumed, rows.ids, model.sharpness
    )
    n_names = int(counts.sum())
    _warn_if_few(names.n, rows.not_names, n_names)
    with one_blas_thread:
        share = estimate_mix(names, assumed).shares
        resamples = _resample_names(names, share, model.model_error, asked)
    # So many names of equal weight hold as much information (Kish 1965).
    n_effective = names.n**2 / (names.weights**2 @ names.counts)
    shares = Shares(
        n_names=n_names,
        n_distinct=int(names.n),
        n_not_names=sum(rows.not_names.values()),
        assumed_prior=assumed,
        model_error=model.model_error,
        sharpness=model.sharpness,
        members_in_model=model.members_in_model,
        confidence_level=asked.confidence_level,
        # Resamples lack what the list lacks. So no interval is narrower than that of a
        # share of 0 or 1 (Clopper and Pearson 1934).
        floor=1 - ((1 - asked.confidence_level) / 2) ** (1 / n_effective),
    )
    share = np.bincount(index, share)
    resamples = summed(resamples, index)
    groups = None
    if asked.groups is not None:
        is_in = _is_in_group(members, classes)
        labels = array_of_labels([*members])
        groups = _with_intervals(shares, labels, is_in @ share, resamples @ is_in.T)
        groups.members = members
    order = np.argsort(-share, kind="stable")
    shares = _with_intervals(shares, classes[order], share[order], resamples[:, order])
    shares.members = None
    shares.confused_pairs = _confused_pairs(shares, n_effective)
    shares.groups = groups
    return shares


def _warn_if_few(n_distinct, not_names, n_names):
    """Warn if a list has too few distinct names for an estimate."""
    if n_distinct < FEW_NAMES:
        n_rows = n_names + sum(not_names.values())
        warn(
            f"The shares are rough: expected at least {FEW_NAMES} distinct names, "
            f"got {n_distinct}{_say_not_names(not_names, n_rows)}. Read "
            "the intervals, not the shares."
        )


def _resample_names(names, share, model_error, asked):
    """Return the shares of resamples, by the seed that is asked for and the list."""
    # Lists that are compared have the same errors, and picks of their own.
    errors = np.random.RandomState(0).normal(
        scale=model_error, size=(asked.n_resamples, len(share))
    )
    seed = check_random_state(asked.random_state).randint(2**31)
    rng = np.random.RandomState([seed, crc32(share.round(6))])
    return resample(names, share, errors, rng)


def _with_intervals(shares, labels, share, resamples):
    """Return shares with labels, estimates, their resamples and intervals."""
    low, high = percentiles(resamples, share, shares.confidence_level)
    return Shares(
        label=labels,
        share=share,
        low=np.minimum(low, 1 - shares.floor),
        high=np.maximum(high, shares.floor),
        resamples=resamples,
        **shares,
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
