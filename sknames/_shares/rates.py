"""Estimate the rate of an outcome in each nationality of a list, with intervals."""

from __future__ import annotations  # so that help() shows ArrayLike by its name

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from .._models.groups import Groups, check_alike
from .._models.priors import Priors
from .columns import index_in, read_column
from .draws import Draws
from .estimate import draw_shares
from .intervals import compare_draws, interval
from .name_list import GivenRows, read_users_list, weigh
from .question import Question, check_parameters
from .resampling import draw_units
from .results import (
    Comparison,
    Differences,
    Row,
    Table,
    listing,
    notes_on_new_labels,
    read_only,
)

NO_ONE = 0.5  # estimated people of a label: with fewer, it has no rate
MOST_FLOATS = 20  # outcomes that are floats; more are measurements
FEW_PEOPLE = 10  # a label with fewer estimated people is not printed


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TableByOutcome(Table):
    """Hold a table with several rows a label, one for each outcome.

    Parameters
    ----------
    outcome : ndarray of shape (n_rows,)
        The outcome of each row.
    """

    outcome: NDArray[Any]

    _texts = ("label", "outcome")
    _by_label: ClassVar[tuple[str, ...]] = (
        "label",
    )  # columns with the same value in all rows of a label

    def _row(self, rows):
        """Return the rows of a label as one, with lists by outcome."""
        values = {}
        for name in self._columns:
            values[name] = getattr(self, name)[rows].tolist()
            if name in self._by_label:
                values[name] = values[name][0]
        return Row(**values)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Rates(TableByOutcome):
    """The result of `estimate_rates`, which describes the fields."""

    __module__ = "sknames"

    rate: NDArray[np.floating]
    low: NDArray[np.floating]
    high: NDArray[np.floating]
    n_people: NDArray[np.floating]
    labels: NDArray[Any]
    outcomes: NDArray[Any]
    n_names: int
    n_not_names: int
    new_labels: list[Any]
    _joint: Draws
    _members: dict[Any, list[Any]]

    _columns = ("label", "outcome", "rate", "low", "high", "n_people")
    _by_label = ("label", "n_people")
    _header = " rate   {:.10g} % interval"

    @property
    def joint_draws(self) -> NDArray[np.floating]:
        """The shares of the list that have a label and an outcome, in each draw.

        The shape is (n_draws, n_labels, n_outcomes), for reading only.
        """
        return read_only(self._draws.draws.swapaxes(1, 2))

    @property
    def _draws(self):
        """The joint shares of outcomes and labels, as `Draws`."""
        return self._joint.sums(self._members)

    def _settings(self):
        """Return what results must have in common, by what to call it."""
        return {
            "labels": set(self.labels.tolist()) - set(self.new_labels),
            "outcomes": self.outcomes.tolist(),
            "confidence_level": self.confidence_level,
            "n_draws": len(self._joint.draws),
        }

    @staticmethod
    def _line(rate, low, high, n_people):
        if np.isnan(rate):
            return f"     -   {n_people:.1f} estimated people"
        return f"{rate:6.1%}   {low:.1%} to {high:.1%}"

    def _is_shown(self):
        return self.n_people >= FEW_PEOPLE

    def _sum(self, rows):
        return f"fewer than {FEW_PEOPLE} estimated people each"

    def _counts(self):
        yield (
            f"{self.n_names + self.n_not_names:,} rows: {self.n_names:,} names, "
            f"{self.n_not_names:,} not names"
        )

    def _notes(self):
        yield from notes_on_new_labels(self.new_labels)
        yield (
            "rates of names, not of people: right if names do not depend on the "
            "outcome within a label"
        )

    def compare(self, label: Any = None, other: Any = None) -> RateComparison:
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
            It prints as a table, and has

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
        for given in (label, other):
            if given is not None and given not in self._members:
                raise KeyError(
                    f"Expected one of the labels {listing([*self])}, got {given!r}."
                )
        compared = [label]
        if label is None:
            n_people = self.n_people[:: len(self.outcomes)]
            compared = self.labels[n_people >= FEW_PEOPLE].tolist()
        members = {name: self._members[name] for name in compared}
        members_of_other = {}
        for name, labels in members.items():
            members_of_other[name] = self._others(labels)
            if other is not None:
                members_of_other[name] = self._members[other]
        rates = rates_of(self._joint.sums(members))
        other_rates = rates_of(self._joint.sums(members_of_other))
        return RateComparison(
            label=rates.labels,
            outcome=np.tile(self.outcomes, len(members)),
            rate=rates.estimate,
            other=other_rates.estimate,
            **compare_draws(rates, other_rates, self.confidence_level),
            other_label="all others" if other is None else other,
            confidence_level=self.confidence_level,
            is_of_groups=True,
        )

    def _others(self, members):
        """Return the labels that are none of a group."""
        labels = self._joint.labels.tolist()
        return [label for label in labels if label not in members]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RateComparison(Differences, TableByOutcome):
    """The result of :meth:`Rates.compare`, which describes the fields."""

    __module__ = "sknames"

    rate: NDArray[np.floating]
    other_label: Any

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
    _header = Comparison._header.replace("share", " rate")

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
    n_draws: int = 1000,
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
    n_draws : int, default=1000
        Number of draws of the list.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws.

    Returns
    -------
    Rates
        It prints as a table, and has

        - label, outcome, rate, low, high: arrays of shape (n_classes * n_outcomes,),
          the largest label first. A label without people has NaN, from 0 to 1,
        - n_people: the estimated number of people of the label in each row,
        - labels, outcomes: the distinct ones,
        - groups: the same for the groups, or None,
        - joint_draws: array of shape (n_draws, n_labels, n_outcomes), the shares of
          the list that have a label and an outcome, in each draw,
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
    estimate_statistic : Estimate a function of rates, such as a ratio.

    Notes
    -----
    The rate of outcome o in label l is P(o | l) = P(o) s(l | o) / sum over o' of P(o')
    s(l | o'), with the shares s that :func:`estimate_shares` estimates for each outcome
    (BIRDiE, McCartan et al. 2025). The intervals come from the draws of all
    outcomes, and the errors of the model are shared. Unlike in shares, labels with few
    held-out people have intervals: what their shares lack cancels in a rate.
    Regressing an outcome on predicted labels, or on the probability of one label
    alone, is biased. A linear regression on the probabilities of all labels but one
    can be right: see docs/shares.md.

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
    check_parameters("estimate_rates", locals())
    given = GivenRows(sample_weight, counts, clusters, y, checked_weight)
    question = Question(groups, confidence_level, n_draws, random_state)
    names = read_users_list(estimator, X, given, assumed_prior)
    return rates_of_list(names, outcome, question)


def rates_of_list(names, outcome, question):
    """Return the `Rates` of a `NameList`, from the mix of each outcome."""
    outcomes, outcome_index = check_outcome(outcome, names.row_counts > 0)
    seed = check_random_state(question.random_state).randint(2**31)
    question = replace(question, random_state=seed)
    seeds = question.seeds(has_common_draws=names.clusters is not None)
    share, share_draws = _outcome_shares(names, outcome_index, len(outcomes), seeds)
    if not share.all():
        raise ValueError(
            "Expected a positive weight for some name of each outcome, got none for "
            f"{outcomes[share.argmin()].item()!r}. Leave these rows out."
        )
    mixes = []
    for k in range(len(outcomes)):
        mixes.append(draw_shares(weigh(names.take(outcome_index == k)), seeds))
    draws = np.stack([mix.draws for mix in mixes], axis=1)
    joint = Draws(
        labels=names.labels,
        estimate=share[:, None] * np.stack([mix.estimate for mix in mixes]),
        draws=share_draws[:, :, None] * np.maximum(draws, 0),
        n_effective=sum(mix.n_effective for mix in mixes),
    )
    largest_first = np.argsort(-joint.estimate.sum(axis=0), kind="stable")
    joint = joint.at(joint.labels[largest_first])
    members = {label: [label] for label in joint.labels.tolist()}
    level = question.confidence_level
    rates = Rates(
        **_columns_of_rates(joint, members, outcomes, names.n_names, level),
        outcomes=outcomes,
        n_names=names.n_names,
        n_not_names=names.n_not_names,
        new_labels=names.new_labels,
        confidence_level=level,
        _joint=joint,
    )
    if question.groups is None:
        return rates
    members = names.members(question.groups)
    columns = _columns_of_rates(joint, members, outcomes, names.n_names, level)
    return replace(rates, groups=replace(rates, **columns, is_of_groups=True))


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


def _outcome_shares(listed, outcome_index, n_outcomes, seeds):
    """Return the share of each outcome, and draws, (n_draws, n_outcomes)."""
    counts = listed.row_counts
    weights = np.ones(len(counts))
    if listed.weights is not None:
        weights = listed.weights
    row_weights = weights * counts
    by_outcome = row_weights[:, None] * np.eye(n_outcomes)[outcome_index]
    share = by_outcome.sum(axis=0) / row_weights.sum()
    rng = seeds.rng(share)
    if listed.clusters is None:
        n_effective = row_weights.sum() ** 2 / (weights**2 @ counts)
        n = max(1, round(n_effective))
        resamples = rng.multinomial(n, share, size=seeds.n_draws)
    else:
        sums = listed.clusters.sum(by_outcome)
        resamples = np.empty((seeds.n_draws, n_outcomes))
        ones = np.ones(len(sums), dtype=int)
        for chunk, drawn in draw_units(ones, seeds.n_draws, rng):
            resamples[chunk] = drawn @ sums
    return share, resamples / resamples.sum(axis=1, keepdims=True)


def _columns_of_rates(joint, members, outcomes, n_names, confidence_level):
    """Return the columns of the rates of labels or groups, by name."""
    sums = joint.sums(members)
    rates = rates_of(sums)
    low, high = interval(rates, confidence_level)
    n_people = n_names * sums.estimate.sum(axis=0)
    return {
        "label": rates.labels,
        "outcome": np.tile(outcomes, len(members)),
        "rate": rates.estimate,
        "low": low,
        "high": high,
        "n_people": n_people.repeat(len(outcomes)),
        "labels": sums.labels,
        "_members": members,
    }


def rates_of(joint):
    """Return the rates of outcomes in labels, label by label, as `Draws`.

    Parameters
    ----------
    joint : Draws
        The share of the list that has an outcome and a label, (n_outcomes, n_labels).

    Returns
    -------
    Draws
        With n_labels * n_outcomes labels; one without people has no rate.
    """
    n_outcomes = len(joint.estimate)
    share = joint.estimate.sum(axis=0)
    n_people = joint.n_effective * share
    rate = np.full(joint.estimate.shape, np.nan)
    np.divide(joint.estimate, share, out=rate, where=n_people >= NO_ONE)
    shares = joint.draws.sum(axis=1, keepdims=True)
    draws = np.tile(rate, (len(shares), 1, 1))
    np.divide(joint.draws, shares, out=draws, where=shares > 0)
    return Draws(
        labels=joint.labels.repeat(n_outcomes),
        estimate=rate.T.ravel(),
        draws=draws.swapaxes(1, 2).reshape(len(draws), -1),
        # Few people show no rate near 0 or 1.
        n_effective=np.maximum(n_people, NO_ONE).repeat(n_outcomes),
    )
