"""Estimate the rate of an outcome in each nationality of a list, with intervals."""

from __future__ import annotations  # so that help() shows ArrayLike by its name

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._base import validate_params
from .._lists.question import CONSTRAINTS
from .._models.priors import Priors
from .parts import Parts, estimate_users_list
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

    The rates follow by Bayes' rule from the mix of the names with each outcome. This
    assumes that, within a nationality, names and outcomes are independent. The rates
    are rates of names, not of people. They can reveal disparities, but say nothing
    about individuals.

    Parameters
    ----------
    estimator : classifier
        Fitted classifier with `predict_proba`, such as :func:`load_pretrained`.
    X : iterable of str, or other input of the estimator
        The list.
    outcome : array-like of shape (n_names,)
        Outcome of each name, such as "invited" or "rejected", or True or False. There
        must be between 2 and 100 distinct outcomes, and at most 20 if they are floats.
    sample_weight : array-like of shape (n_names,) or None, default=None
        Weights of the names. This parameter and the following ones have the same
        meaning as in :func:`estimate_shares`.
    counts : array-like of shape (n_names,), int, or None, default=None
        How often each name occurs with its outcome.
    clusters : array-like of shape (n_names,) or None, default=None
        Cluster of each name, such as a paper, family, team or household.
    checked : array-like of shape (n_names,) or None, default=None
        True labels of rows that were checked by hand, and None for all other rows. The
        checked rows must be a random sample of at least 10 rows of each outcome.
    assumed_prior : {"tempered", "population", "uniform"}, dict, array-like of shape \
(n_classes,) or None, default=None
        Priors that the probabilities assume.
    confidence_level : float, default=0.95
        Confidence level of the intervals.
    n_draws : int, default=1000
        Number of bootstrap draws.
    random_state : int, RandomState instance or None, default=None
        Seed of the bootstrap.
    by : array-like of shape (n_names,), table, dict of columns or None, default=None
        One or several columns that split the list into parts, such as years or regions.

    Returns
    -------
    Rates, or Parts if `by` is given
        :class:`Parts` map each value of `by` to the rates of this part. Rates print as
        a table. Attributes:

        - label, outcome, rate, low, high: arrays of shape (n_classes * n_outcomes,),
          sorted by decreasing share of the label. If a label has no people, its rate is
          NaN and its interval is from 0 to 1,
        - n_people: estimated number of people with the label of each row,
        - labels, outcomes: distinct labels and outcomes,
        - joint_draws: array of shape (n_draws, n_labels, n_outcomes), the share of the
          list with each label and outcome in each draw,
        - n_names, n_not_names, new_labels, confidence_level: as in
          :func:`estimate_shares`.

        Labels with fewer than 10 estimated people are not printed, but `to_frame`
        includes them. ``rates["Irish"]`` returns the rows of a label, and
        ``rates.sums("region")`` the rates of groups of labels.
        ``rates.compare("Irish", "Dutch")`` compares two labels,
        ``rates.compare("Irish")`` compares one label with all others, and
        ``rates.compare()`` compares each label with all others.

    Raises
    ------
    ValueError
        If there is only one outcome, or if an outcome is missing or has no weight.

    See Also
    --------
    estimate_shares : Estimate the mix of a list.
    estimate_statistic : Estimate a function of rates, such as a ratio.

    Notes
    -----
    The rate of outcome o in label l is P(o | l) = P(o) s(l | o) / sum over o' of P(o')
    s(l | o'), with the shares s that :func:`estimate_shares` estimates for each outcome
    (BIRDiE, McCartan et al. 2025). The intervals are computed from the draws of all
    outcomes, which share the errors of the model. They refer to the process that
    produced the outcomes: rows, or clusters, are a sample, even if they were checked.
    Unlike shares, rates have intervals for sparse labels as well, because the
    underestimation of their shares cancels in a rate. Regressing an outcome on
    predicted labels, or on the probability of one label alone, is biased. A linear
    regression on the probabilities of all labels but one can be unbiased: see
    docs/shares.md.

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
    return estimate_users_list(
        rates_of_list,
        estimator,
        X,
        outcome=outcome,
        sample_weight=sample_weight,
        counts=counts,
        clusters=clusters,
        checked=checked,
        assumed_prior=assumed_prior,
        confidence_level=confidence_level,
        n_draws=n_draws,
        random_state=random_state,
        by=by,
    )
