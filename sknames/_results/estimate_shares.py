"""Estimate the mix of nationalities in a list of names, with intervals."""

from __future__ import annotations  # so that help() shows ArrayLike by its name

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._base import validate_params
from .._lists.name_list import GivenColumns, read_users_list
from .._lists.question import CONSTRAINTS, Question
from .._models.priors import Priors
from .parts import Parts, estimate_by
from .shares import Shares, shares_of_list


@validate_params(CONSTRAINTS)
def estimate_shares(
    estimator: Any,
    X: Any,
    *,
    sample_weight: ArrayLike | None = None,
    counts: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    checked: ArrayLike | None = None,
    assumed_prior: Priors | None = None,
    confidence_level: float = 0.95,
    n_draws: int = 1000,
    random_state: int | np.random.RandomState | None = None,
    by: Any = None,
) -> Shares | Parts:
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
        alike. A cluster is then drawn with all its rows. Expected are 30 clusters or
        more.
    checked : array-like of shape (n_names,) or None, default=None
        Labels of rows that were checked, None, NaN or ``pd.NA`` for the others. They
        must not come from reading the name, and the rows must be a simple random
        sample; expected are 100 or more. A row that nobody could decide is "unknown".
        Labels that the model lacks get a share, too; those that it groups count for
        the group.
    assumed_prior : {"tempered", "population", "uniform"}, dict, array-like of shape \
(n_classes,) or None, default=None
        Priors that the probabilities assume, as in :class:`PriorShiftClassifier`.
    confidence_level : float, default=0.95
        Confidence level of the intervals.
    n_draws : int, default=1000
        Number of draws of the list: at least five beyond each end of an interval,
        which are 200 at a level of 95 % and 1,000 at 99 %.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws. An int gives the same intervals for the same list in each
        call.
    by : array-like of shape (n_names,), table, dict of columns or None, default=None
        What splits the list, such as years or regions: the value of each row in a
        column, or in several.

    Returns
    -------
    Shares, or Parts if `by` is given
        :class:`Parts` have the shares of each part by its value in `by`. Shares print
        as a table. ``shares["German"]`` is a row, and iterating gives the labels. They
        have

        - label, share, low, high: arrays of shape (n_classes,), the largest share
          first,
        - sparse_labels: labels of which fewer than 20 people have shown how the model
          errs. They cannot be distinguished from their neighbours in a list, and
          their shares are too small. So their `low` and `high` are NaN, and those of a
          group if its labels together are so few, or if sparse labels make half of its
          share. With `checked`, there are none,
        - n_names, n_distinct: the number of names, and of distinct ones,
        - n_not_names: the number of texts that are not names,
        - n_clusters, n_checked: the number of clusters, and of checked rows, or None,
        - new_labels: labels of checked rows that the model lacks,
        - confidence_level,
        - draws: array of shape (n_draws, n_classes), the shares in each draw, for
          :func:`estimate_statistic`. They are bootstrap replicates with the model's
          error, not posterior draws: do not report the part of them above a limit as
          a probability,
        - coverage: the part of true shares above 2 % that such intervals held, without
          `checked`, on people of other sources; None if that was not measured.

        ``shares.sums("subregion")`` sums labels over groups, with intervals.
        ``shares.compare(others)`` compares the shares of two lists: what differs, with
        intervals, and which differences are sure. ``parts.compare()`` compares each
        part with all others. The method `to_frame` makes a DataFrame.

    Raises
    ------
    ValueError
        If no text is a name, or there are too few draws for the confidence level.

    Warns
    -----
    UserWarning
        If there are fewer than 100 distinct names, 30 clusters or 100 checked rows, if
        the checked rows do not look as if they were drawn at random, or if the model is
        unsure of the names, see :class:`PriorShiftClassifier`.

    See Also
    --------
    SharesDisplay : Draw the shares.
    estimate_statistic : Estimate a function of shares, such as an index of diversity.
    PriorShiftClassifier : Predict single names under the mix of the list.

    Notes
    -----
    The intervals are percentiles of a bootstrap (Efron 1979) over distinct names, each
    resample one constrained Newton step away from the estimate. They cover chance, and
    errors of the model that are typical for people of another source. For these, the
    log odds of each class vary with a standard deviation of 0.5. For a model that
    ships, it is what held-out people showed, and more of a class with few of them.
    Without `assumed_prior`, the bias by class
    that the shipped model has shown on held-out people is corrected. Its likelihood
    ratios are taken to a power, the sharpness, that these people chose.

    With `clusters`, these are drawn. If names recur in several, the wider of resampling
    clusters and names is taken.

    With `checked`, the share of a label is the mean prediction, corrected by the mean
    error on the checked rows: the difference estimator of survey sampling (Särndal et
    al. 1992), known as prediction-powered inference (Angelopoulos et al. 2023).
    Predictions are multiplied by a power that makes the variance least. The intervals
    hold for this list, not for a population that it is drawn from; with `clusters`, for
    that of the clusters. If all rows are checked, the shares are counts with exact
    intervals.

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
    given = GivenColumns(sample_weight, counts, clusters, checked)
    question = Question.of_parameters(
        confidence_level=confidence_level,
        n_draws=n_draws,
        random_state=random_state,
    )
    names = read_users_list(estimator, X, given, assumed_prior)

    def shares_of_part(part, rows, seeds):
        return shares_of_list(part, question, seeds)

    return estimate_by(names, by, question, shares_of_part)
