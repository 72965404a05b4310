"""Estimate the mix of nationalities in a list of names, with intervals."""

from __future__ import annotations  # so that help() shows ArrayLike by its name

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._base import validate_params
from .._lists.question import CONSTRAINTS
from .._models.priors import Priors
from .parts import Parts, estimate_users_list
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

    Counting predicted labels gives biased shares, because classification errors are not
    symmetric. This function averages the predictions under the mix of the list, as
    :class:`PriorShiftClassifier` does, and adds intervals.

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
        Cluster of each name, such as a paper, family, team or household, if names in
        the same cluster are alike. The bootstrap then draws whole clusters. There
        should be at least 30 clusters.
    checked : array-like of shape (n_names,) or None, default=None
        True labels of rows that were checked by hand, and None, NaN or ``pd.NA`` for
        all other rows. The labels must not be guessed from the names, and the checked
        rows must be a simple random sample of at least 100 rows. Use "unknown" for a
        checked row whose label could not be found. Labels that the model does not have
        get a share, too. If the model groups labels, a label counts for its group.
    assumed_prior : {"tempered", "population", "uniform"}, dict, array-like of shape \
(n_classes,) or None, default=None
        Priors that the probabilities assume, as in :class:`PriorShiftClassifier`.
    confidence_level : float, default=0.95
        Confidence level of the intervals.
    n_draws : int, default=1000
        Number of bootstrap draws. At least five draws must lie beyond each end of an
        interval, so a level of 95 % needs 200 draws, and 99 % needs 1,000.
    random_state : int, RandomState instance or None, default=None
        Seed of the bootstrap. With an int, every call returns the same intervals for
        the same list.
    by : array-like of shape (n_names,), table, dict of columns or None, default=None
        One or several columns that split the list into parts, such as years or
        regions, with a value for each row.

    Returns
    -------
    Shares, or Parts if `by` is given
        :class:`Parts` map each value of `by` to the shares of this part. Shares print
        as a table. ``shares["German"]`` is the row of a label, and iterating yields the
        labels. Attributes:

        - label, share, low, high: arrays of shape (n_classes,), sorted by decreasing
          share,
        - sparse_labels: labels with fewer than 20 held-out people, whose
          classification errors are therefore not known. In a list, they cannot be
          distinguished from similar labels, and their shares are underestimated. Their
          `low` and `high` are NaN. This also applies to a group that has fewer than 20
          held-out people, or at least half of whose share comes from sparse labels.
          Empty if `checked` is given,
        - n_names, n_distinct: number of names, and of distinct names,
        - n_not_names: number of texts that are not names,
        - n_clusters, n_checked: number of clusters and of checked rows, or None,
        - new_labels: labels of checked rows that the model does not have,
        - confidence_level,
        - draws: array of shape (n_draws, n_classes), the shares in each draw, for
          :func:`estimate_statistic`. These are bootstrap replicates that include the
          errors of the model. They are not posterior draws: do not report the
          proportion of draws above a limit as a probability,
        - coverage: proportion of true shares above 2 % that such intervals covered in
          tests on people from other sources, without `checked`; None if it was not
          measured.

        ``shares.sums("subregion")`` sums the shares of groups of labels, with
        intervals. ``shares.compare(other)`` compares two lists and returns the
        differences, their intervals and which of them are significant.
        ``parts.compare()`` compares each part with all other parts. The method
        `to_frame` returns a DataFrame.

    Raises
    ------
    ValueError
        If none of the texts is a name, or if `n_draws` is too small for the confidence
        level.

    Warns
    -----
    UserWarning
        If there are fewer than 100 distinct names, 30 clusters or 100 checked rows, if
        the checked rows do not look like a random sample, or if the model is unsure
        about the names, see :class:`PriorShiftClassifier`.

    See Also
    --------
    SharesDisplay : Plot the shares.
    estimate_statistic : Estimate a function of shares, such as an index of diversity.
    PriorShiftClassifier : Predict single names under the mix of the list.

    Notes
    -----
    The intervals are percentiles of a bootstrap (Efron 1979) over distinct names. The
    shares of each resample are one constrained Newton step away from the estimate. The
    intervals include sampling error and the classification errors that are typical for
    people from another source: the log-odds of each class vary with a standard
    deviation of 0.5. For a shipped model, this deviation was measured on held-out
    people, and is larger for classes with few of them. Without `assumed_prior`, the
    bias of each class of a shipped model on held-out people is corrected, and its
    likelihood ratios are raised to a power, the sharpness, that was tuned on these
    people.

    With `clusters`, the bootstrap draws clusters. If a name occurs in several clusters,
    the wider interval of resampling clusters and resampling names is returned.

    With `checked`, the share of a label is the mean prediction minus the mean error on
    the checked rows. This is the difference estimator of survey sampling (Särndal et
    al. 1992), also known as prediction-powered inference (Angelopoulos et al. 2023).
    The predictions are scaled to minimize the variance. The intervals refer to this
    list, not to a population from which it was drawn; with `clusters`, they refer to
    the population of the clusters. If all rows are checked, the shares are counts with
    exact intervals.

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
    return estimate_users_list(
        shares_of_list,
        estimator,
        X,
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
