"""Estimate the rate of an outcome in each nationality of a list, with intervals."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Bunch, check_random_state

from .._models.groups import Groups, array_of_labels, check_alike
from .._models.priors import Priors
from .columns import index_in, read_column
from .estimate import exact_limit
from .resampling import draw_units
from .results import (
    ComparedValues,
    Comparison,
    Table,
    compare_estimates,
    notes_on_new_labels,
    percentiles,
)
from .shares import estimate_weighted, is_in_group, read_users_list, weigh

NO_ONE = 0.5  # estimated people of a label: with fewer, it has no rate
MOST_FLOATS = 20  # outcomes that are floats; more are measurements
FEW_PEOPLE = 10  # a label with fewer estimated people is not printed


class Rates(Table):
    """The result of `estimate_rates`."""

    _columns = ("label", "outcome", "rate", "low", "high")
    _texts = ("label", "outcome")
    _header = " rate   {:.10g} % interval"

    @staticmethod
    def _line(rate, low, high):
        text = f"{rate:6.1%}   {low:.1%} to {high:.1%}"
        return text.replace("nan%", "   -")

    def _row(self, label):
        """Return the rows of a label as a Bunch of lists."""
        is_label = self.label == label
        if not np.any(is_label):
            return super()._row(label)
        row = Bunch(**{name: self[name][is_label].tolist() for name in self._columns})
        row.label = row.label[0]
        return row

    def _is_shown(self):
        return self.n_people >= FEW_PEOPLE

    def _sum(self, rows):
        return f"fewer than {FEW_PEOPLE} estimated people each"

    def _notes(self):
        yield (
            f"{self.n_names + self.n_not_names:,} rows: {self.n_names:,} names, "
            f"{self.n_not_names:,} not names"
        )
        yield from notes_on_new_labels(self.new_labels)
        yield (
            "rates of names, not of people: right if names do not depend on the "
            "outcome within a label"
        )

    def compare(self, label: Any = None, other: Any = None) -> "RateComparison":
        """Compare the rates of two labels, or of one with all others.

        Parameters
        ----------
        label : label or None, default=None
            The first label. None compares each label that has 10 estimated people or
            more with all others.
        other : label or None, default=None
            The second label. None takes all others; of a group, the labels that are
            not in it.

        Returns
        -------
        RateComparison
            A Bunch that prints as a table, with

            - label, outcome: arrays of shape (n_rows,), a row for each outcome,
            - rate, other, difference: the rates, and the first minus the second,
            - low, high: the ends of the interval of the difference,
            - sure: whether the rates differ, for all rows together,
            - p_value: the same as p-values,
            - confidence_level.

        Raises
        ------
        KeyError
            If a label is not in the list of labels.
        """
        labels = self.labels.tolist()
        for given in (label, other):
            if given is not None and given not in labels:
                raise KeyError(
                    f"Expected one of the labels {labels!s:.200}, got {given!r}."
                )
        if label is None:
            n_people = self.n_people[:: len(self.outcomes)]
            rows = np.flatnonzero(n_people >= FEW_PEOPLE)
        else:
            rows = np.array([labels.index(label)])
        is_first = self.is_in[rows]
        is_other = 1 - is_first
        if other is not None:
            is_other = np.tile(self.is_in[labels.index(other)], (len(rows), 1))
        rates = self._rates_of(is_first)
        other_rates = self._rates_of(is_other)
        return RateComparison(
            label=self.labels[rows].repeat(len(self.outcomes)),
            outcome=np.tile(self.outcomes, len(rows)),
            rate=rates.value,
            other=other_rates.value,
            **compare_estimates(rates, other_rates, self.confidence_level),
            other_label="all others" if other is None else other,
            confidence_level=self.confidence_level,
        )

    def _rates_of(self, is_in):
        """Return the rates of labels together, by `is_in`, (n_sums, n_classes)."""
        return rates_of(
            is_in @ self.joint,
            is_in @ self.joint_resamples,
            self.n_effective,
            self.confidence_level,
        )


class RateComparison(Table):
    """The result of :meth:`Rates.compare`."""

    _columns = (
        "label",
        "outcome",
        "rate",
        "other",
        "difference",
        "low",
        "high",
        "sure",
    )
    _texts = ("label", "outcome")
    _header = Comparison._header.replace("share", " rate")
    _line = staticmethod(Comparison._line)

    def _notes(self):
        yield f"compared with {self.other_label}"


def estimate_rates(
    estimator: Any,
    X: Any,
    *,
    outcome: ArrayLike,
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
) -> Rates:
    """Estimate the rate of an outcome in each nationality of a list.

    This assumes that names do not depend on the outcome given the nationality. Then the
    mix of each outcome gives the rates, by Bayes' rule. These are rates of names, not
    of people: they find disparities, and judge nobody.

    Parameters
    ----------
    estimator : classifier
        Fitted classifier with `predict_proba`, such as :func:`load_pretrained`.
    X : iterable of str, or other input of the estimator
        The list.
    outcome : array-like of shape (n_names,)
        The outcome of each name, such as "invited", or whether it is so: two values or
        more, and 20 at most if they are floats.
    sample_weight : array-like of shape (n_names,) or None, default=None
        Weights of the names. This and all that follows is as in
        :func:`estimate_shares`.
    counts : array-like of shape (n_names,), int, or None, default=None
        How often each name occurs with its outcome.
    clusters : array-like of shape (n_names,) or None, default=None
        The paper, family, team or household of each name.
    y : array-like of shape (n_names,) or None, default=None
        Labels of rows that were checked, None for the others.
    checked_weight : array-like of shape (n_names,) or None, default=None
        1 / the probability with which each checked row was drawn.
    assumed_prior : {"uniform", "population"}, dict, array-like of shape (n_classes,) \
or None, default=None
        Priors that the probabilities assume.
    groups : dict, {"subregion", "region"} or None, default=None
        Labels to sum. Each sum gets rates.
    confidence_level : float, default=0.95
        Confidence level of the intervals.
    n_resamples : int, default=1000
        Number of bootstrap resamples.
    random_state : int, RandomState instance or None, default=None
        Seed of the resamples.

    Returns
    -------
    Rates
        A Bunch that prints as a table, with

        - label, outcome, rate, low, high: arrays of shape (n_classes * n_outcomes,),
          the largest label first. A label without people has NaN, from 0 to 1,
        - n_people: the estimated number of people of the label in each row,
        - labels, outcomes: the distinct ones,
        - groups: the same for the groups, or None,
        - n_names, n_not_names, new_labels, confidence_level: as of
          :func:`estimate_shares`.

        Labels with fewer than 10 estimated people are not printed; `to_frame` has them.
        ``rates["Irish"]`` are the rows of a label. ``rates.compare("Irish", "Dutch")``
        compares two labels, ``rates.compare("Irish")`` one with all others, and
        ``rates.compare()`` each with all others.

    Raises
    ------
    ValueError
        If there is only one outcome, one is missing, or one has no weight.

    See Also
    --------
    estimate_shares : Estimate the mix of a list.

    Notes
    -----
    The rate of outcome o in label l is P(o | l) = P(o) s(l | o) / sum over o' of P(o')
    s(l | o'), with the shares s that :func:`estimate_shares` estimates for each outcome
    (BIRDiE, McCartan et al. 2025). The intervals come from the resamples of all
    outcomes, and the errors of the model are shared. Regressing an outcome on
    probabilities or predicted labels is biased towards no difference.

    Examples
    --------
    >>> import numpy as np
    >>> import sknames
    >>> from sknames.datasets import make_names
    >>> names, labels = make_names(
    ...     600, nationalities=["Dutch", "Turkish"], random_state=0
    ... )
    >>> chance = np.where(labels == "Dutch", 0.6, 0.3)
    >>> invited = np.random.default_rng(0).random(600) < chance
    >>> model = sknames.load_pretrained()
    >>> rates = sknames.estimate_rates(model, names, outcome=invited, random_state=0)
    >>> rates["Dutch"].outcome, np.round(rates["Dutch"].rate, 1).tolist()
    ([False, True], [0.4, 0.6])
    >>> rates.compare("Dutch", "Turkish").sure.tolist()
    [True, True]
    """
    listed = read_users_list(
        estimator,
        X,
        caller="estimate_rates",
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
    return rates_of_list(listed, outcome)


def rates_of_list(listed, outcome):
    """Return the `Rates` of a `NameList`, from the mix of each outcome."""
    outcomes, outcome_index = check_outcome(outcome, listed.row_counts > 0)
    seed = check_random_state(listed.random_state).randint(2**31)
    has_clusters = listed.clusters is not None
    listed = replace(listed, random_state=seed, has_common_draws=has_clusters)
    share, share_resamples = _outcome_shares(listed, outcome_index, len(outcomes))
    if not share.all():
        raise ValueError(
            "Expected a positive weight for some name of each outcome, got none for "
            f"{outcomes[share.argmin()].item()!r}. Leave these rows out."
        )
    estimates = []
    for k in range(len(outcomes)):
        estimates.append(estimate_weighted(weigh(listed.take(outcome_index == k))))
    joint = share * np.stack([mix.share for mix in estimates], axis=1)
    joint_resamples = np.stack([mix.resamples for mix in estimates], axis=2)
    joint_resamples = share_resamples[:, None] * np.maximum(joint_resamples, 0)
    common = {
        "outcomes": outcomes,
        "joint": joint,
        "joint_resamples": joint_resamples,
        "n_effective": sum(mix.n_effective for mix in estimates),
        "n_names": int(listed.row_counts.sum()),
        "n_not_names": sum(listed.not_names.values()),
        "new_labels": listed.new_labels,
        "confidence_level": listed.confidence_level,
    }
    labels = listed.labels
    order = np.argsort(-joint.sum(axis=1), kind="stable")
    rates = _rates_table(labels[order], np.eye(len(labels))[order], common)
    rates.groups = None
    if listed.groups is not None:
        members = listed.members()
        is_in = is_in_group(members, labels)
        rates.groups = _rates_table(array_of_labels([*members]), is_in, common)
    return rates


def check_outcome(outcome, is_name):
    """Return the distinct outcomes in order, and the index of each row's.

    Rows that are not names may lack one.
    """
    remedy = "Drop such rows, or make them an outcome of their own."
    values, distinct = read_column(outcome, is_name, "an outcome", remedy)
    check_alike(distinct, "outcomes")
    if len(distinct) < 2:
        raise ValueError(
            f"Expected two or more outcomes, got {distinct}. With one, the shares "
            "of the list say all: take estimate_shares."
        )
    n_floats = sum(map(_is_float, distinct))
    if n_floats > MOST_FLOATS:
        raise ValueError(
            f"Expected outcomes of some kinds, got {n_floats:,} different numbers. Bin "
            "them, as by pd.cut(outcome, 3).astype(str)."
        )
    outcomes = sorted(distinct)
    return np.array(outcomes), index_in(outcomes, values, otherwise=0)


def _is_float(outcome):
    """Return whether an outcome is a float, or the text of a number with decimals."""
    if not isinstance(outcome, str):
        return isinstance(outcome, float)
    try:
        return not float(outcome).is_integer()
    except ValueError:
        return False


def _outcome_shares(listed, outcome_index, n_outcomes):
    """Return the share of each outcome, and resamples, (n_resamples, n_outcomes)."""
    counts = listed.row_counts
    weights = np.ones(len(counts))
    if listed.weights is not None:
        weights = listed.weights
    row_weights = weights * counts
    by_outcome = row_weights[:, None] * np.eye(n_outcomes)[outcome_index]
    share = by_outcome.sum(axis=0) / row_weights.sum()
    seeds = listed.seeds
    rng = seeds.rng(share)
    if listed.clusters is None:
        n_effective = row_weights.sum() ** 2 / (weights**2 @ counts)
        n = max(1, round(n_effective))
        resamples = rng.multinomial(n, share, size=seeds.n_resamples)
    else:
        sums = listed.clusters.sum(by_outcome)
        resamples = np.empty((seeds.n_resamples, n_outcomes))
        ones = np.ones(len(sums), dtype=int)
        for chunk, drawn in draw_units(ones, seeds.n_resamples, rng):
            resamples[chunk] = drawn @ sums
    return share, resamples / resamples.sum(axis=1, keepdims=True)


def _rates_table(labels, is_in, common):
    """Return the rates of labels or groups, by `is_in`, (n_rows, n_classes)."""
    n_outcomes = len(common["outcomes"])
    n_people = common["n_names"] * (is_in @ common["joint"]).sum(axis=1)
    table = Rates(
        label=labels.repeat(n_outcomes),
        outcome=np.tile(common["outcomes"], len(labels)),
        n_people=n_people.repeat(n_outcomes),
        labels=labels,
        is_in=is_in,
        **common,
    )
    rates = table._rates_of(is_in)
    table.rate = rates.value
    table.low = rates.low
    table.high = rates.high
    return table


def rates_of(joint, joint_resamples, n_effective, confidence_level):
    """Return the rates of outcomes in labels, label by label.

    Parameters
    ----------
    joint : ndarray of shape (n_labels, n_outcomes)
        The share of the list that has a label and an outcome.
    joint_resamples : ndarray of shape (n_resamples, n_labels, n_outcomes)
        The same in each resample.
    n_effective : float
        So many names of equal weight hold as much information.
    confidence_level : float

    Returns
    -------
    ComparedValues
        With n_labels * n_outcomes rows; a label without people has no rate.
    """
    share = joint.sum(axis=1, keepdims=True)
    n_people = n_effective * share
    has_people = n_people >= NO_ONE
    rate = np.divide(joint, share, out=np.full(joint.shape, np.nan), where=has_people)
    shares = joint_resamples.sum(axis=2, keepdims=True)
    resamples = np.tile(rate, (len(shares), 1, 1))
    np.divide(joint_resamples, shares, out=resamples, where=shares > 0)
    low, high = percentiles(resamples, rate, confidence_level)
    # Few people show no rate near 0 or 1 (Clopper and Pearson 1934).
    floor = exact_limit(np.maximum(n_people, NO_ONE), confidence_level)
    floor = np.broadcast_to(floor, joint.shape)
    return ComparedValues(
        value=rate.ravel(),
        resamples=resamples.reshape(len(resamples), -1),
        low=np.where(has_people, np.minimum(low, 1 - floor), 0).ravel(),
        high=np.where(has_people, np.maximum(high, floor), 1).ravel(),
        least_reach=floor.ravel(),
    )
