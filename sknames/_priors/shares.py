"""Estimate the mix of nationalities in a list of names, with intervals."""

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Bunch, check_array, check_random_state
from sklearn.utils._param_validation import HasMethods, Interval

from .._answers.inside import ungroup
from .._answers.predict_names import predict_list
from .._base import validate_params, warn
from .._base.labels_and_weights import check_weights
from .._base.one_blas_thread import one_blas_thread
from .priors import (
    MODEL_ERROR,
    Priors,
    assumed_priors,
    check_priors,
    distinct_names,
    estimate_mix,
    model_error,
    newton_steps,
    slopes,
)

if TYPE_CHECKING:
    import pandas as pd

CHUNK = 1 << 22  # most counts in a chunk of resamples
N_PRINTED = 10
FEW_NAMES = 100  # fewer than these raise a warning


class Shares(Bunch):
    """The result of `estimate_shares`: a Bunch that prints as a table."""

    def to_frame(self) -> "pd.DataFrame":
        """Return the table as a DataFrame with the columns label, share, low and high."""
        import pandas as pd

        return pd.DataFrame({name: self[name] for name in COLUMNS})

    def __repr__(self):
        percent = f"{100 * self.confidence_level:.10g} %"
        groups = self.get("groups") or {"label": []}
        labels = [*self.label, *groups["label"], "label"]
        width = max(len(str(label)) for label in labels)
        lines = [f"{'label':<{width}}   share   {percent} interval"]
        n_shown = len(self.share)
        if "groups" in self:  # the groups themselves may overlap, so no "others" sums them
            n_shown = min(N_PRINTED, int((self.share >= 0.0005).sum()))
        lines += [
            _line(*row, width) for row in zip(*(self[c][:n_shown] for c in COLUMNS), strict=True)
        ]
        n_more = len(self.share) - n_shown
        if n_more:
            lines.append(f"{n_more} others: {self.share[n_shown:].sum():.1%} together")
        if len(groups["label"]):
            lines.append("of groups:")
            lines += [_line(*row, width) for row in zip(*(groups[c] for c in COLUMNS), strict=True)]
        lines.append(
            f"{self.n_names + self.n_not_names:,} rows: {self.n_names:,} names "
            f"({self.n_distinct:,} distinct), {self.n_not_names:,} not names"
        )
        for one, other, correlation in self.get("confused_pairs", []):
            lines.append(
                f"{one} and {other} are hard to tell apart here (correlation {correlation:.2f}); "
                "group them for a narrower interval"
            )
        return "\n".join(lines)


COLUMNS = ("label", "share", "low", "high")


def _line(label, share, low, high, width):
    return f"{label!s:<{width}}  {share:6.1%}   {low:.1%} to {high:.1%}"


@validate_params(
    {
        "estimator": [HasMethods(["predict_proba"])],
        "counts": ["array-like", None],
        "class_prior": [str, dict, "array-like", None],
        "groups": [dict, None],
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
    class_prior: Priors | None = None,
    groups: Mapping[str, Sequence[Any]] | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int | np.random.RandomState | None = None,
) -> Shares:
    """Estimate the share of each nationality in a list of names.

    Counting predicted labels gives wrong shares, because classification errors are not symmetric.
    The mean prediction under the mix of the list does better, see :class:`PriorShiftClassifier`.

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
        How often each name occurs in the list. Distinct names with counts give the same result as
        the whole list, in less memory.
    class_prior : {"uniform", "population"}, dict, array-like of shape (n_classes,) or None, \
default=None
        Priors that the probabilities assume, as in :class:`PriorShiftClassifier`.
    groups : dict of str to list of labels, or None, default=None
        Nationalities to sum, such as ``{"Scandinavian": ["Danish", "Norwegian", "Swedish"]}``. Each
        sum gets an interval. Groups may overlap.
    confidence_level : float, default=0.95
        Confidence level of the intervals.
    n_resamples : int, default=1000
        Number of bootstrap resamples.
    random_state : int, RandomState instance or None, default=None
        Seed of the resamples. An int gives the same intervals in each call.

    Returns
    -------
    Shares
        A Bunch that prints as a table, with

        - label, share, low, high: arrays of shape (n_classes,), the largest share first,
        - groups: the same for the groups, in their order, or None,
        - confused_pairs: tuples (label, label, correlation) of nationalities that the model
          confuses, the least certain pair first; the sum of a pair is more certain than either,
        - n_names, n_distinct: the number of names, and of distinct ones,
        - n_not_names: the number of texts that are not names,
        - confidence_level,
        - resamples: array of shape (n_resamples, n_classes), the shares in each resample.

        Its method `to_frame` makes a DataFrame.

    Raises
    ------
    ValueError
        If no text is a name.

    Warns
    -----
    UserWarning
        If there are fewer than 100 distinct names, or the model is unsure of the names, see
        :class:`PriorShiftClassifier`.

    See Also
    --------
    SharesDisplay : Draw the shares.
    PriorShiftClassifier : Predict single names under the mix of the list.

    Notes
    -----
    The intervals are percentiles of a bootstrap (Efron 1979) over distinct names, each resample one
    constrained Newton step away from the estimate. They cover chance, and errors of the model that
    are typical for people of another source. For these, the log odds of each class vary with a
    standard deviation of 0.5, or what held-out people showed for a model that ships. Without
    `class_prior`, the bias by class that the shipped model has shown on held-out people is
    corrected.

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
    inner, shares_of_groups = (estimator, None) if class_prior is not None else ungroup(estimator)
    probabilities, weights, ids, are_names = predict_list(inner, X, sample_weight)
    n_of_each = _check_counts(counts, len(probabilities))
    return shares_of_probabilities(
        probabilities,
        estimator.classes_,
        counts=n_of_each * are_names,
        ids=ids,
        n_not_names=int(n_of_each[~are_names].sum()),
        weights=weights,
        class_prior=assumed_priors(inner, class_prior, of_people=True),
        model_error=model_error(inner),
        shares_of_groups=shares_of_groups,
        groups=groups,
        confidence_level=confidence_level,
        n_resamples=n_resamples,
        random_state=random_state,
    )


def _check_counts(counts, n):
    if counts is None:
        return np.ones(n, dtype=np.int64)
    counts = np.asarray(counts)
    if counts.shape != (n,) or counts.dtype.kind not in "iu" or (counts < 0).any():
        raise ValueError(
            f"Expected counts of {n} names, integers from 0; got {counts.dtype} of shape "
            f"{counts.shape}, {counts!s:.200}. Give other numbers as sample_weight."
        )
    return counts


def shares_of_probabilities(
    probabilities,
    classes,
    *,
    counts=None,
    n_not_names=0,
    ids=None,
    weights=None,
    class_prior="uniform",
    model_error=MODEL_ERROR,
    shares_of_groups=None,
    groups=None,
    confidence_level=0.95,
    n_resamples=1000,
    random_state=None,
):
    """Estimate shares as `estimate_shares` does, from probabilities.

    `n_not_names` texts are not names; their rows have a count of 0 or are missing. Equal names have
    equal `ids`; with None, all are distinct. With `shares_of_groups`, (n_columns, n_classes),
    the probabilities are those of what the classes group.
    """
    probabilities = check_array(probabilities, dtype=np.float64, input_name="probabilities")
    weights = check_weights(weights, len(probabilities), "weights")
    counts = np.ones(len(probabilities), dtype=int) if counts is None else np.asarray(counts)
    columns = classes if shares_of_groups is None else np.arange(len(shares_of_groups))
    assumed = check_priors(class_prior, columns, "class_prior")
    members = _members(groups, classes)
    n_names = int(counts.sum())
    ratios, weights, counts = distinct_names(probabilities, weights * counts, assumed, ids)
    n_distinct = int(counts.sum())
    if n_distinct < FEW_NAMES:
        warn(
            f"The shares are rough: expected at least {FEW_NAMES} distinct names, "
            f"got {n_distinct}. Read the intervals, not the shares."
        )
    # So many names of equal weight hold as much information (Kish 1965).
    n_effective = n_distinct**2 / (weights**2 @ counts)
    with one_blas_thread:
        share = estimate_mix(ratios, weights, counts, assumed)[0]
        rng = check_random_state(random_state)
        errors = rng.normal(scale=model_error, size=(n_resamples, len(share)))
        resamples = _resample(ratios, weights, counts, share, errors, rng)
    if shares_of_groups is not None:
        share, resamples = share @ shares_of_groups, resamples @ shares_of_groups
    order = np.argsort(-share, kind="stable")
    limits = [(1 - confidence_level) / 2, (1 + confidence_level) / 2]
    common = {"n_names": n_names, "n_distinct": n_distinct, "n_not_names": n_not_names}
    common["confidence_level"] = confidence_level

    def table(labels, share, resamples):
        low, high = np.quantile(resamples, limits, axis=0)
        # Resamples lack what the list lacks. So no interval is narrower than that of a share of 0
        # or 1 (Clopper and Pearson 1934).
        none = limits[0] ** (1 / n_effective)
        low, high = np.minimum(low, none), np.maximum(high, 1 - none)
        # An estimate may lie outside the percentiles.
        low, high = np.minimum(low, share), np.maximum(high, share)
        return Shares(label=labels, share=share, low=low, high=high, resamples=resamples, **common)

    shares = table(classes[order], share[order], resamples[:, order])
    shares.confused_pairs = _confused_pairs(shares, n_effective)
    shares.groups = None
    if groups is not None:
        shares.groups = table(np.array(list(groups)), members @ share, resamples @ members.T)
    return shares


def _members(groups, classes):
    """Return which classes each group has, as 0 or 1, of shape (n_groups, n_classes)."""
    known = set(classes.tolist())
    for group, labels in (groups or {}).items():
        is_list = not isinstance(labels, str) and hasattr(labels, "__len__")
        if not (is_list and len(labels) and known.issuperset(labels)):
            raise ValueError(
                f"Expected a list of nationalities in groups[{group!r}], out of the model's "
                f"classes_ {', '.join(map(str, classes))}; got {labels!r}."
            )
    rows = [np.isin(classes, list(labels)) for labels in (groups or {}).values()]
    return np.array(rows, dtype=float).reshape(-1, len(classes))


def _resample(ratios, weights, counts, share, errors, rng):
    """Return the shares of resamples of the distinct names, of shape (n_resamples, n_classes).

    Each is a Newton step away from the estimate, with a resampled gradient. The list's own gradient
    at the estimate is not 0, and is subtracted; for classes with less than one name, only where it
    is positive. Errors of the model in the log odds, of this shape, add their first-order effect.
    """
    n, mix = counts.sum(), ratios @ share
    gradient, curvature = slopes(ratios, mix, weights * counts)
    own = gradient - n
    own[n * share < 1] = np.maximum(own[n * share < 1], 0)
    scores = ratios * (weights / mix)[:, None]
    owner = np.repeat(np.arange(len(counts)), counts)
    resamples = errors * gradient - (errors * share) @ curvature
    n_chunk = max(1, CHUNK // len(counts))
    for first in range(0, len(errors), n_chunk):
        chunk = resamples[first : first + n_chunk]
        picks = (owner[rng.randint(len(owner), size=len(owner))] for _ in chunk)
        drawn = np.array([np.bincount(pick, minlength=len(counts)) for pick in picks], dtype=float)
        chunk += drawn @ scores - (drawn @ weights)[:, None] - own
        chunk[:] = newton_steps(share, curvature, chunk)
    return resamples


def _confused_pairs(shares, n_effective):
    """Find pairs whose sum is more certain than either, because the model confuses them.

    With known labels, resamples would vary like a multinomial distribution. Any further variance is
    doubt about the labels. A pair counts if doubt is at least half of its variance and mostly
    cancels in its sum.
    """
    doubtful = np.flatnonzero(shares.resamples.std(axis=0) > 0.005)
    labels, share = shares.label[doubtful], shares.share[doubtful]
    covariance = np.cov(shares.resamples[:, doubtful], rowvar=False)
    drawing = (np.diag(share) - np.outer(share, share)) / n_effective
    doubt = covariance - drawing
    pairs = []
    for j in range(len(share)):
        for i in range(j):
            of_both = doubt[i, i] + doubt[j, j]
            if of_both > drawing[i, i] + drawing[j, j] and -doubt[i, j] > of_both / 4:
                correlation = covariance[i, j] / np.sqrt(covariance[i, i] * covariance[j, j])
                pairs.append((float(covariance[i, j]), labels[i], labels[j], float(correlation)))
    return [pair[1:] for pair in sorted(pairs, key=lambda pair: pair[0])]
