"""Estimate the rate of an outcome in each nationality of a list, with intervals."""

from __future__ import annotations  # so that help() shows ArrayLike by its name

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._base import validate_params
from .._lists.columns import values_of
from .._lists.name_list import GivenColumns, read_users_list
from .._lists.question import CONSTRAINTS, Question
from .._models.priors import Priors
from .parts import Parts, estimate_by
from .rates import Rates, rates_of_list


@validate_params(CONSTRAINTS)
def estimate_rates(
    estimator: Any,
    X: Any,
    *,
    outcome: ArrayLike,
    sample_weight: ArrayLike | None = None,
    counts: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    checked: ArrayLike | None = None,
    assumed_prior: Priors | None = None,
    confidence_level: float = 0.95,
    n_draws: int = 1000,
    random_state: int | np.random.RandomState | None = None,
    by: Any = None,
) -> Rates | Parts:
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
        more, 100 at most, and 20 at most if they are floats.
    sample_weight : array-like of shape (n_names,) or None, default=None
        Weights of the names. This and all that follows is as in
        :func:`estimate_shares`.
    counts : array-like of shape (n_names,), int, or None, default=None
        How often each name occurs with its outcome.
    clusters : array-like of shape (n_names,) or None, default=None
        The paper, family, team or household of each name.
    checked : array-like of shape (n_names,) or None, default=None
        Labels of rows that were checked, None for the others. They are drawn at random
        within each outcome; expected are 10 or more of each.
    assumed_prior : {"tempered", "population", "uniform"}, dict, array-like of shape \
(n_classes,) or None, default=None
        Priors that the probabilities assume.
    confidence_level : float, default=0.95
        Confidence level of the intervals.
    n_draws : int, default=1000
        Number of draws of the list.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws.
    by : array-like of shape (n_names,), table, dict of columns or None, default=None
        What splits the list, such as years or regions.

    Returns
    -------
    Rates, or Parts if `by` is given
        :class:`Parts` have the rates of each part by its value in `by`. Rates print as
        a table, and have

        - label, outcome, rate, low, high: arrays of shape (n_classes * n_outcomes,),
          the largest label first. A label without people has NaN, from 0 to 1,
        - n_people: the estimated number of people of the label in each row,
        - labels, outcomes: the distinct ones,
        - joint_draws: array of shape (n_draws, n_labels, n_outcomes), the shares of
          the list that have a label and an outcome, in each draw,
        - n_names, n_not_names, new_labels, confidence_level: as of
          :func:`estimate_shares`.

        Labels with fewer than 10 estimated people are not printed; `to_frame` has them.
        ``rates["Irish"]`` are the rows of a label, and ``rates.sums("region")`` has the
        rates of groups of labels. ``rates.compare("Irish", "Dutch")``
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
    outcomes, and the errors of the model are shared. They hold for the chances that
    gave the outcomes: the rows, or the clusters, are a sample, also where they are
    checked. Unlike in shares, labels with few
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
    given = GivenColumns(sample_weight, counts, clusters, checked)
    question = Question.of_parameters(
        confidence_level=confidence_level,
        n_draws=n_draws,
        random_state=random_state,
    )
    names = read_users_list(estimator, X, given, assumed_prior)
    outcomes = values_of(outcome, len(names), "an outcome", "outcome")

    def rates_of_part(part, rows, seeds):
        return rates_of_list(part, outcomes[rows], question, seeds)

    return estimate_by(names, by, question, rates_of_part)
