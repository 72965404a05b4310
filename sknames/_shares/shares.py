"""Estimate the mix of nationalities in a list of names, with intervals."""

from numbers import Integral, Real
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from .._base import validate_params, warn
from .._base.labels_and_weights import check_weights
from .._models.frames import to_frame
from .._models.groups import M49, Groups, array_of_labels, members_of, summed
from .._models.predict_names import check_probabilities, predict_list
from .._models.priors import Priors, check_priors
from .._models.stack import resolve
from .mix import (
    MODEL_ERROR,
    distinct_names,
    estimate_mix,
    newton_steps,
    settings_of_shares,
    slopes,
)
from .one_blas_thread import one_blas_thread

CHUNK = 1 << 22  # most counts in a chunk of resamples
N_PRINTED = 10
FEW_NAMES = 100  # fewer than these raise a warning
WIDE = 0.3  # intervals of more get a note


COLUMNS = ("label", "share", "low", "high")


class Table(Bunch):
    """Hold columns of equal length, by label, and of groups under "groups"."""

    def to_frame(self) -> Any:
        """Return the table as a DataFrame of pandas.

        It is one of polars if only that is installed.
        """
        return to_frame({name: self[name] for name in self._columns})

    def __missing__(self, label):
        labels = self.label.tolist() if "label" in self else []
        if label not in labels:
            raise KeyError(
                f"Expected one of the labels {labels!s:.200}, got {label!r}."
            )
        row = labels.index(label)
        return Bunch(**{name: self[name].tolist()[row] for name in self._columns})

    def __dir__(self):
        return [*dict.__dir__(self), *self]

    def __repr__(self):
        groups = self.get("groups")
        has_groups = groups is not None and len(groups.label) > 0
        tables = [self, groups] if has_groups else [self]
        labels = [label for table in tables for label in table.label]
        width = max(len(str(label)) for label in ["label", *labels])
        lines = [
            f"{'label':<{width}}   " + self._header.format(100 * self.confidence_level)
        ]
        for table in tables:
            lines += ["of groups:"] if table is not self else []
            is_shown = (
                table._is_shown()
                if "groups" in table
                else np.full(len(table.label), True)
            )
            rows = zip(*(table[name][is_shown] for name in table._columns), strict=True)
            lines += [
                f"{label!s:<{width}}  " + table._line(*row) for label, *row in rows
            ]
            if not is_shown.all():  # groups may overlap, so no "others" sums them
                lines.append(f"{(~is_shown).sum()} others: " + table._sum(~is_shown))
        return "\n".join([*lines, *self._notes()])


class Shares(Table):
    """The result of `estimate_shares`."""

    _columns, _header = COLUMNS, "share   {:.10g} % interval"

    @staticmethod
    def _line(share, low, high):
        return f"{share:6.1%}   {low:.1%} to {high:.1%}"

    def _is_shown(self):
        return (self.share >= 0.0005) & (np.arange(len(self.share)) < N_PRINTED)

    def _sum(self, rows):
        return f"{self.share[rows].sum():.1%} together"

    def _notes(self):
        yield (
            f"{self.n_names + self.n_not_names:,} rows: {self.n_names:,} names "
            f"({self.n_distinct:,} distinct), {self.n_not_names:,} not names"
        )
        widths = self.high - self.low
        if "groups" in self and self.n_distinct >= FEW_NAMES and widths.max() > WIDE:
            yield (
                f"{self.label[widths.argmax()]} has a wide interval, since others have "
                'such names: sum labels, as by groups="subregion", or give a model the '
                "priors that you know"
            )
        for one, other, correlation in self.get("confused_pairs", []):
            yield (
                f"{one} and {other} are hard to tell apart here (correlation "
                f"{correlation:.2f}); group them for a narrower interval"
            )

    def compare(self, other: "Shares", *, same_source: bool = False) -> "Comparison":
        """Compare with the shares of another list, by the same model and parameters.

        Parameters
        ----------
        other : Shares
            The shares of the other list.
        same_source : bool, default=False
            Whether both lists are of one source, such as departments in one file, or
            years of one journal. Then the model's errors are alike in both, and the
            intervals narrower.

        Returns
        -------
        Comparison
            A Bunch that prints as a table, with

            - label: array of shape (n_classes,), the largest difference first,
            - share, other, difference: the shares here and in the other list, and the
              former minus the latter,
            - low, high: the ends of the interval of the difference,
            - sure: whether the lists differ in this label. This holds for all labels
              together: at a confidence level of 95 %, one in 20 pairs of lists of equal
              mixes has any,
            - groups: the same for the groups, or None,
            - n_names, n_names_of_other, confidence_level.

            Its method `to_frame` makes a DataFrame, and ``comparison["German"]`` is a
            row.

        Raises
        ------
        ValueError
            If the shares are of different models or parameters, or their groups have
            other labels.

        Notes
        -----
        The intervals are percentiles of the differences of resamples. A difference is
        sure if it exceeds the largest error in 95 % of the resamples, both in standard
        deviations. People who are in both lists make both cautious.
        """
        if not isinstance(other, Shares):
            raise TypeError(
                f"Expected the Shares of another list, got {type(other).__name__}."
            )
        self._check_alike(other)
        place = {label: k for k, label in enumerate(other.label.tolist())}
        columns = [place[label] for label in self.label.tolist()]
        share = other.share[columns]
        # All lists have the same errors of the model, in this order.
        resamples = (
            other.resamples if same_source else np.roll(other.resamples, 1, axis=0)
        )
        resamples, difference = (
            self.resamples - resamples[:, columns],
            self.share - share,
        )
        low, high = percentiles(resamples, difference, self.confidence_level)
        # What floors add to the intervals of shares adds to theirs like a variance (Zou
        # and Donner 2008).
        (down, up), (other_down, other_up) = self._added(), other._added()[:, columns]
        low = difference - np.sqrt((difference - low) ** 2 + down + other_up)
        high = difference + np.sqrt((high - difference) ** 2 + up + other_down)
        least = np.hypot(self.floor, other.floor) / norm.ppf(
            (1 + self.confidence_level) / 2
        )
        deviation = np.maximum(resamples.std(axis=0), least)
        # Without labels, as of groups={}, nothing varies.
        largest = (np.abs(resamples - difference) / deviation).max(axis=1, initial=0)
        sure = np.abs(difference) > deviation * np.quantile(
            largest, self.confidence_level
        )
        sure &= (low > 0) | (high < 0)  # the resamples of a few names hardly vary
        order = np.argsort(-np.abs(difference), kind="stable")
        values = (self.label, self.share, share, difference, low, high, sure)
        found = Comparison(
            **{
                name: v[order]
                for name, v in zip(Comparison._columns, values, strict=True)
            },
            n_names=self.n_names,
            n_names_of_other=other.n_names,
            confidence_level=self.confidence_level,
        )
        if "groups" in self:
            of_groups = {"same_source": same_source}
            found.groups = self.groups and self.groups.compare(
                other.groups, **of_groups
            )
        return found

    def _check_alike(self, other):
        """Raise ValueError unless other shares are of the same model and parameters."""
        theirs = other._settings()
        for name, mine in self._settings().items():
            if mine == theirs[name]:
                continue
            got = _only_in(mine, theirs[name]), _only_in(theirs[name], mine)
            raise ValueError(
                f"Expected shares with the same {name}, got {got[0]!s:.60} and "
                f"{got[1]!s:.60}. Estimate both by one model and the same parameters."
            )

    def _settings(self):
        """Return what compared shares must have in common, by what to call it."""
        groups = self.get("groups")
        return {
            "labels": set(self.label.tolist()),
            "groups in the model": _sorted(self.members_in_model),
            "groups": _sorted(self.members if groups is None else groups.members),
            "confidence_level": self.confidence_level,
            "n_resamples": len(self.resamples),
            "priors of the model": self.assumed_prior.round(9).tolist(),
            "error and sharpness of the model": (self.model_error, self.sharpness),
        }

    def _added(self):
        """Return what floors add to the squared reach of intervals.

        The shape is (2, n_classes), for down and up.
        """
        without = percentiles(self.resamples, self.share, self.confidence_level)
        ends = np.array([self.low, self.high])
        return (ends - self.share) ** 2 - (np.array(without) - self.share) ** 2


def _only_in(mine, theirs):
    """Return what differs from theirs of sets and dicts, which may be long."""
    if isinstance(mine, set):
        return sorted(mine - theirs, key=str)
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return {key: value for key, value in mine.items() if theirs.get(key) != value}
    return mine


def _sorted(members):
    """Return the labels of each group in an order of their own, or None."""
    if members is None:
        return None
    return {group: sorted({*labels}, key=str) for group, labels in members.items()}


class Comparison(Table):
    """The result of :meth:`Shares.compare`."""

    _columns = ("label", "share", "other", "difference", "low", "high", "sure")
    _header = " share    other  difference   {:.10g} % interval"

    @staticmethod
    def _line(share, other, difference, low, high, sure):
        mark = "   sure" if sure else ""
        return (
            f"{share:6.1%}   {other:6.1%}   {difference:+8.1%}   "
            f"{low:+.1%} to {high:+.1%}{mark}"
        )

    def _is_shown(self):
        first = np.arange(len(self.label)) < N_PRINTED
        return self.sure | (first & (np.abs(self.difference) >= 0.0005))

    def _sum(self, rows):
        return "none is sure"

    def _notes(self):
        yield f"{self.n_names:,} names against {self.n_names_of_other:,}"


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


def shares_of_list(
    stack,
    listed,
    *,
    group_index=None,
    sample_weight=None,
    counts=None,
    assumed_prior=None,
    **settings,
):
    """Estimate shares as `estimate_shares` does, of a list that was predicted.

    With a `group_index`, the list has the probabilities below the outer groups.
    """
    below = stack if group_index is None else stack.without_groups()[0]
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
        **settings_of_shares(below, assumed_prior),
        group_index=group_index,
        members_in_model=stack.members,
        **settings,
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


def shares_of_probabilities(
    probabilities,
    classes,
    *,
    counts=None,
    not_names=None,
    ids=None,
    weights=None,
    assumed_prior="uniform",
    model_error=MODEL_ERROR,
    sharpness=1.0,
    group_index=None,
    members_in_model=None,
    groups=None,
    confidence_level=0.95,
    n_resamples=1000,
    random_state=None,
):
    """Estimate shares as `estimate_shares` does, from probabilities.

    `not_names` has the number of texts that are not names, by reason; their rows have a
    count of 0 or are missing. Equal names have equal `ids`; with None, all are
    distinct. With `group_index`, (n_columns,), the classes are groups of the columns of
    probabilities. `members_in_model` are the labels of each class that is a group.
    """
    n, n_columns = probabilities.shape
    weights = np.ones(n) if weights is None else weights
    counts = np.ones(n, dtype=int) if counts is None else np.asarray(counts)
    index = np.arange(n_columns) if group_index is None else group_index
    assumed = check_priors(assumed_prior, np.arange(n_columns), "assumed_prior")
    members = {} if groups is None else members_of(groups, classes)
    n_names = int(counts.sum())
    ratios, weights, counts = distinct_names(
        probabilities, weights * counts, assumed, ids, sharpness
    )
    n_distinct = int(counts.sum())
    not_names = not_names or {}
    n_not_names = sum(not_names.values())
    if n_distinct < FEW_NAMES:
        warn(
            f"The shares are rough: expected at least {FEW_NAMES} distinct names, "
            f"got {n_distinct}{_say_not_names(not_names, n_names + n_not_names)}. Read "
            "the intervals, not the shares."
        )
    # So many names of equal weight hold as much information (Kish 1965).
    n_effective = n_distinct**2 / (weights**2 @ counts)
    # Lists that are compared have the same errors, and picks of their own.
    errors = np.random.RandomState(0).normal(
        scale=model_error, size=(n_resamples, len(assumed))
    )
    with one_blas_thread:
        share = estimate_mix(ratios, weights, counts, assumed)[0]
        seed = check_random_state(random_state).randint(2**31)
        rng = np.random.RandomState([seed, crc32(share.round(6))])
        resamples = _resample(ratios, weights, counts, share, errors, rng)
    share, resamples = np.bincount(index, share), summed(resamples, index)
    # Resamples lack what the list lacks. So no interval is narrower than that of a
    # share of 0 or 1 (Clopper and Pearson 1934).
    floor = 1 - ((1 - confidence_level) / 2) ** (1 / n_effective)
    common = {"n_names": n_names, "n_distinct": n_distinct, "n_not_names": n_not_names}
    common |= {
        "assumed_prior": assumed,
        "model_error": model_error,
        "sharpness": sharpness,
        "members_in_model": members_in_model,
    }
    common |= {"confidence_level": confidence_level, "floor": floor}

    def table(labels, share, resamples, members):
        low, high = percentiles(resamples, share, confidence_level)
        low, high = np.minimum(low, 1 - floor), np.maximum(high, floor)
        return Shares(
            label=labels,
            share=share,
            low=low,
            high=high,
            resamples=resamples,
            members=members,
            **common,
        )

    order = np.argsort(-share, kind="stable")
    shares = table(classes[order], share[order], resamples[:, order], None)
    shares.confused_pairs = _confused_pairs(shares, n_effective)
    shares.groups = None
    if groups is not None:
        is_in = _is_in_group(members, classes)
        labels = array_of_labels([*members])
        shares.groups = table(labels, is_in @ share, resamples @ is_in.T, members)
    return shares


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


def percentiles(resamples, estimate, confidence_level):
    """Return the ends of intervals, (n_classes,) each, which hold the estimate."""
    limits = [(1 - confidence_level) / 2, (1 + confidence_level) / 2]
    low, high = np.quantile(resamples, limits, axis=0)
    return np.minimum(low, estimate), np.maximum(high, estimate)


def _resample(ratios, weights, counts, share, errors, rng):
    """Return the shares of resamples of the distinct names.

    Their shape is (n_resamples, n_classes). Each is a Newton step away from the
    estimate, with a resampled gradient. The list's own gradient at the estimate is not
    0, and is subtracted; for classes with less than one name, only where it is
    positive. Errors of the model in the log odds, of this shape, add their first-order
    effect.
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
        drawn = np.array(
            [np.bincount(pick, minlength=len(counts)) for pick in picks], dtype=float
        )
        chunk += drawn @ scores - (drawn @ weights)[:, None] - own
        chunk[:] = newton_steps(share, curvature, chunk)
    return resamples


def _confused_pairs(shares, n_effective):
    """Find pairs that the model confuses: their sum is more certain than either.

    With known labels, resamples would vary like a multinomial distribution. Any further
    variance is doubt about the labels. A pair counts if doubt is at least half of its
    variance and mostly cancels in its sum.
    """
    doubtful = np.flatnonzero(shares.resamples.std(axis=0) > 0.005)
    labels = shares.label[doubtful].tolist()
    share = shares.share[doubtful]
    covariance = np.cov(shares.resamples[:, doubtful], rowvar=False)
    drawing = (np.diag(share) - np.outer(share, share)) / n_effective
    doubt = covariance - drawing
    pairs = []
    for j in range(len(share)):
        for i in range(j):
            of_both = doubt[i, i] + doubt[j, j]
            if of_both > drawing[i, i] + drawing[j, j] and -doubt[i, j] > of_both / 4:
                correlation = covariance[i, j] / np.sqrt(
                    covariance[i, i] * covariance[j, j]
                )
                pairs.append(
                    (float(covariance[i, j]), labels[i], labels[j], float(correlation))
                )
    return [pair[1:] for pair in sorted(pairs, key=lambda pair: pair[0])]
