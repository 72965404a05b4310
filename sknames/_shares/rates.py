"""Estimate the rate of an outcome in each nationality of a list, with intervals."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Bunch, check_random_state

from .._base import validate_params
from .._base.labels_and_weights import is_missing
from .._models.groups import Groups, check_alike
from .._models.predict_names import check_probabilities, predict_list
from .._models.priors import Priors
from .._models.stack import resolve
from .checked import exact_limit
from .resampling import draw_units
from .results import Table, judge_differences, percentiles
from .shares import (
    CONSTRAINTS,
    Asked,
    ListedModel,
    Rows,
    estimate,
    read_list,
    take_fields,
)

NO_ONE = 0.5  # estimated people of a label: with fewer, it has no rate
FEW_PEOPLE = 10  # a label with fewer estimated people is not printed


class Rates(Table):
    """The result of `estimate_rates`."""

    _columns = ("label", "outcome", "rate", "low", "high")

    @property
    def _header(self):
        width = max(len(str(outcome)) for outcome in ["outcome", *self.outcomes])
        return f"{'outcome':<{width}}    rate   {{:.10g}} % interval"

    def _line(self, outcome, rate, low, high):
        width = max(len(str(outcome)) for outcome in ["outcome", *self.outcomes])
        text = f" {outcome!s:<{width}}  {rate:6.1%}   {low:.1%} to {high:.1%}"
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

    def _others(self, is_hidden):
        n_labels = is_hidden.sum() // len(self.outcomes)
        return f"{n_labels} others: fewer than {FEW_PEOPLE} estimated people each"

    def _notes(self):
        yield (
            f"{self.n_names + self.n_not_names:,} rows: {self.n_names:,} names, "
            f"{self.n_not_names:,} not names"
        )
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
            The second label; None takes all others.

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
            first = np.flatnonzero(n_people >= FEW_PEOPLE).tolist()
        else:
            first = [labels.index(label)]
        second = None if other is None else labels.index(other)
        return self._compare(first, second)

    def _compare(self, first, second):
        """Compare labels, by their positions, with another one or all others."""
        columns = {name: [] for name in ("label", "outcome", "rate", "other")}
        ends = {name: [] for name in ("low", "high", "resamples", "least_reach")}
        for position in first:
            is_other = np.arange(len(self.labels)) != position
            if second is not None:
                is_other = np.arange(len(self.labels)) == second
            mine = self._rates_of(np.arange(len(self.labels)) == position)
            theirs = self._rates_of(is_other)
            columns["label"] += [self.labels[position]] * len(self.outcomes)
            columns["outcome"] += self.outcomes.tolist()
            columns["rate"].append(mine.rate)
            columns["other"].append(theirs.rate)
            difference = mine.rate - theirs.rate
            resamples = mine.resamples - theirs.resamples
            low, high = percentiles(resamples, difference, self.confidence_level)
            below = (difference - low) ** 2 + mine.down + theirs.up
            above = (high - difference) ** 2 + mine.up + theirs.down
            ends["low"].append(np.maximum(difference - np.sqrt(below), -1))
            ends["high"].append(np.minimum(difference + np.sqrt(above), 1))
            ends["resamples"].append(resamples)
            reach = np.hypot(mine.floor, theirs.floor)
            ends["least_reach"].append(np.full(len(difference), reach))
        rate = np.concatenate(columns["rate"])
        other = np.concatenate(columns["other"])
        low = np.concatenate(ends["low"])
        high = np.concatenate(ends["high"])
        is_known = ~np.isnan(rate - other)
        p_value = np.ones(len(rate))
        sure = np.zeros(len(rate), dtype=bool)
        p_value[is_known], sure[is_known] = judge_differences(
            np.concatenate(ends["resamples"], axis=1)[:, is_known],
            (rate - other)[is_known],
            np.concatenate(ends["least_reach"])[is_known],
            self.confidence_level,
        )
        return RateComparison(
            label=np.array(columns["label"]),
            outcome=np.array(columns["outcome"]),
            rate=rate,
            other=other,
            difference=rate - other,
            low=np.where(is_known, low, -1),
            high=np.where(is_known, high, 1),
            sure=sure & ((low > 0) | (high < 0)),
            p_value=p_value,
            other_label="all others" if second is None else self.labels[second],
            outcomes=self.outcomes,
            confidence_level=self.confidence_level,
        )

    def _rates_of(self, is_in):
        """Return rates of the people of some labels together, and their intervals."""
        return _rates_of(
            self.joint[is_in].sum(axis=0),
            self.joint_resamples[:, is_in].sum(axis=1),
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

    @property
    def _width(self):
        return max(len(str(outcome)) for outcome in ["outcome", *self.outcomes])

    @property
    def _header(self):
        return (
            f"{'outcome':<{self._width}}    rate    other  difference   "
            "{:.10g} % interval"
        )

    def _line(self, outcome, rate, other, difference, low, high, sure):
        mark = "   sure" if sure else ""
        text = (
            f" {outcome!s:<{self._width}}  {rate:6.1%}   {other:6.1%}   "
            f"{difference:+8.1%}   {low:+.1%} to {high:+.1%}{mark}"
        )
        return text.replace("nan%", "   -")

    def _notes(self):
        yield f"compared with {self.other_label}"


@validate_params(CONSTRAINTS | {"outcome": ["array-like"]})
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
        more.
    sample_weight : array-like of shape (n_names,) or None, default=None
        Weights of the names, not negative.
    counts : array-like of shape (n_names,), int, or None, default=None
        How often each name occurs in the list.
    clusters : array-like of shape (n_names,) or None, default=None
        The paper, family, team or household of each name.
    y, checked_weight : array-like of shape (n_names,) or None, default=None
        Labels of rows that were checked, as in :func:`estimate_shares`.
    assumed_prior : {"uniform", "population"}, dict, array-like of shape (n_classes,) \
or None, default=None
        Priors that the probabilities assume, as in :class:`PriorShiftClassifier`.
    groups : dict, {"subregion", "region"} or None, default=None
        Labels to sum, as in :func:`estimate_shares`.
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
        - n_names, n_not_names, confidence_level.

        Labels with fewer than 10 estimated people are not printed; `to_frame` has them.
        ``rates["Irish"]`` are the rows of a label. ``rates.compare("Irish", "Dutch")``
        compares two labels, ``rates.compare("Irish")`` one with all others, and
        ``rates.compare()`` each with all others.

    Raises
    ------
    ValueError
        If there is only one outcome, or one is missing.

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
    stack = resolve(estimator)
    below = stack
    index = None
    if assumed_prior is None:
        below, index = stack.without_groups()
    return rates_of_list(
        stack,
        predict_list(below, X),
        outcome,
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


def rates_of_list(stack, listed, outcome, **parameters):
    """Estimate rates as `estimate_rates` does, of a list that was predicted."""
    outcomes, outcome_index = check_outcome(outcome, listed.reasons == "")
    parameters = read_list(stack, listed, **parameters)
    return rates_of_probabilities(
        check_probabilities(listed),
        stack.classes,
        outcomes,
        outcome_index,
        **parameters,
    )


def check_outcome(outcome, is_name):
    """Return the distinct outcomes in order, and the index of each row's.

    Rows that are not names may lack one.
    """
    values = np.asarray(outcome, dtype=object)
    if values.shape != is_name.shape:
        raise ValueError(
            f"Expected an outcome for each of {len(is_name):,} names, got shape "
            f"{values.shape}."
        )
    distinct = dict.fromkeys(values[is_name].tolist())
    if any(map(is_missing, distinct)):
        missing = np.array([is_missing(value) for value in values]) & is_name
        position = int(missing.argmax())
        raise ValueError(
            f"Expected an outcome for each name, got {values[position]} at position "
            f"{position}. Drop such rows, or make them an outcome of their own."
        )
    check_alike(distinct, "outcomes")
    if len(distinct) < 2:
        raise ValueError(
            f"Expected two or more outcomes, got {[*distinct]}. With one, the shares "
            "of the list say all: take estimate_shares."
        )
    outcomes = sorted(distinct)
    index_of = {value: k for k, value in enumerate(outcomes)}
    index = [index_of.get(value, 0) for value in values.tolist()]
    return np.array(outcomes), np.array(index, dtype=np.intp)


def rates_of_probabilities(
    probabilities, classes, outcomes, outcome_index, **parameters
):
    """Estimate rates as `estimate_rates` does, from probabilities.

    The parameters are those of `shares_of_probabilities`.
    """
    rows = take_fields(Rows, parameters)
    model = take_fields(ListedModel, parameters)
    asked = take_fields(Asked, parameters)
    seed = check_random_state(asked.random_state).randint(2**31)
    has_clusters = rows.clusters is not None
    asked = replace(asked, random_state=seed, has_common_draws=has_clusters)
    tables = []
    for k in range(len(outcomes)):
        has_outcome = outcome_index == k
        table = estimate(
            probabilities[has_outcome], classes, rows.take(has_outcome), model, asked
        )
        tables.append(table)
    share, share_resamples = _outcome_shares(rows, outcome_index, len(outcomes), asked)
    rates = _join(tables, outcomes, share, share_resamples)
    rates.n_not_names = sum(rows.not_names.values())
    rates.groups = None
    if asked.groups is not None:
        groups = [table.groups for table in tables]
        rates.groups = _join(groups, outcomes, share, share_resamples)
        rates.groups.n_not_names = rates.n_not_names
    return rates


def _outcome_shares(rows, outcome_index, n_outcomes, asked):
    """Return the share of each outcome, and resamples, (n_resamples, n_outcomes)."""
    weights = np.ones(len(outcome_index))
    if rows.weights is not None:
        weights = rows.weights
    counts = np.ones(len(outcome_index))
    if rows.counts is not None:
        counts = rows.counts
    row_weights = weights * counts
    by_outcome = row_weights[:, None] * (
        outcome_index[:, None] == np.arange(n_outcomes)
    )
    share = by_outcome.sum(axis=0) / row_weights.sum()
    seeds = asked.seeds
    if rows.clusters is not None:
        sums = rows.clusters.sum(by_outcome)
        resamples = np.empty((seeds.n_resamples, n_outcomes))
        ones = np.ones(len(sums), dtype=int)
        for chunk, drawn in draw_units(ones, seeds.n_resamples, seeds.rng(share)):
            resamples[chunk] = drawn @ sums
    else:
        n_effective = row_weights.sum() ** 2 / (weights**2 @ counts)
        rng = seeds.rng(share)
        n = max(1, round(n_effective))
        resamples = rng.multinomial(n, share, size=seeds.n_resamples)
    return share, resamples / resamples.sum(axis=1, keepdims=True)


def _join(tables, outcomes, share, share_resamples):
    """Return the rates from the shares of each outcome."""
    labels = np.sort(tables[0].label)
    if "groups" not in tables[0]:
        labels = tables[0].label  # groups have an order
    joint = np.empty((len(labels), len(outcomes)))
    joint_resamples = np.empty((len(share_resamples), *joint.shape))
    n_effective = 0.0
    for k, table in enumerate(tables):
        row_of = {label: row for row, label in enumerate(table.label.tolist())}
        rows = [row_of[label] for label in labels.tolist()]
        joint[:, k] = share[k] * table.share[rows]
        resamples = np.maximum(table.resamples[:, rows], 0)
        joint_resamples[:, :, k] = share_resamples[:, k, None] * resamples
        n_effective += table.n_effective
    if "groups" in tables[0]:
        order = np.argsort(-joint.sum(axis=1), kind="stable")
        labels = labels[order]
        joint = joint[order]
        joint_resamples = joint_resamples[:, order]
    n_names = sum(table.n_names for table in tables)
    level = tables[0].confidence_level
    estimates = [
        _rates_of(joint[row], joint_resamples[:, row], n_effective, level)
        for row in range(len(labels))
    ]
    n_people = n_names * joint.sum(axis=1)
    return Rates(
        label=labels.repeat(len(outcomes)),
        outcome=np.tile(outcomes, len(labels)),
        rate=np.concatenate([row.rate for row in estimates]),
        low=np.concatenate([row.low for row in estimates]),
        high=np.concatenate([row.high for row in estimates]),
        n_people=n_people.repeat(len(outcomes)),
        labels=labels,
        outcomes=outcomes,
        joint=joint,
        joint_resamples=joint_resamples,
        n_effective=n_effective,
        n_names=n_names,
        confidence_level=level,
    )


def _rates_of(joint, joint_resamples, n_effective, confidence_level):
    """Return the rates of outcomes among people, (n_outcomes,), and intervals.

    `joint` is the share of these people with each outcome in the list.
    """
    total = joint.sum()
    n_outcomes = len(joint)
    n_people = n_effective * total
    if n_people < NO_ONE:
        rate = np.full(n_outcomes, np.nan)
        zeros = np.zeros(n_outcomes)
        resamples = np.zeros((len(joint_resamples), n_outcomes))
        return Bunch(
            rate=rate,
            low=zeros,
            high=zeros + 1,
            down=zeros,
            up=zeros,
            floor=1.0,
            resamples=resamples,
        )
    floor = exact_limit(n_people, confidence_level)
    rate = joint / total
    totals = joint_resamples.sum(axis=1, keepdims=True)
    resamples = np.divide(
        joint_resamples,
        totals,
        out=np.tile(rate, (len(totals), 1)),
        where=totals > 0,
    )
    without = np.array(percentiles(resamples, rate, confidence_level))
    # Few people show no rate near 0 or 1 (Clopper and Pearson 1934).
    low = np.minimum(without[0], 1 - floor)
    high = np.maximum(without[1], floor)
    down, up = (np.array([low, high]) - rate) ** 2 - (without - rate) ** 2
    return Bunch(
        rate=rate,
        low=low,
        high=high,
        down=down,
        up=up,
        floor=floor,
        resamples=resamples,
    )
