"""Estimate the mix of nationalities in a list of names, with intervals."""

from __future__ import annotations  # so that help() shows ArrayLike by its name

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._models.groups import Groups
from .._models.priors import Priors
from .estimate import draw_shares
from .intervals import interval
from .name_list import GivenRows, ListedModel, NameList, read_users_list, weigh
from .question import Question, check_parameters
from .results import FEW_HELD_OUT, Shares

MEASURED = 0.95  # the confidence level whose coverage was measured
DOUBTFUL = 0.005  # least standard deviation of a share in a confused pair


def estimate_shares(
    estimator: Any,
    X: Any,
    *,
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
    clusters : array-like of shape (n_names,) or None, default=None
        The paper, family, team or household of each name, if names within one are
        alike. A cluster is then drawn with all its rows, and a name counts once within
        it, with the label of any of its rows. Expected are 30 clusters or more.
    y : array-like of shape (n_names,) or None, default=None
        Labels of rows that were checked, None, NaN or ``pd.NA`` for the others. They
        must not come from reading the name, and the rows must be drawn at random;
        expected are 100 or more. A row that nobody could decide is "unknown". Labels
        that the model lacks get a share, too; those that it groups count for the group.
    checked_weight : array-like of shape (n_names,) or None, default=None
        1 / the probability with which each checked row was drawn, if it was not the
        same for all. `sample_weight` weighs the list.
    assumed_prior : {"uniform", "population"}, dict, array-like of shape (n_classes,) \
or None, default=None
        Priors that the probabilities assume, as in :class:`PriorShiftClassifier`.
    groups : dict, {"subregion", "region"} or None, default=None
        Labels to sum, such as ``{"Nordic": ["Danish", "Norwegian", "Swedish"]}``, in
        any form that :class:`GroupedClassifier` takes. Each sum gets an interval.
        Groups may overlap, and leave labels out.
    confidence_level : float, default=0.95
        Confidence level of the intervals.
    n_draws : int, default=1000
        Number of draws of the list.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws. An int gives the same intervals for the same list in each
        call.

    Returns
    -------
    Shares
        It prints as a table. ``shares["German"]`` is a row, and iterating gives the
        labels. It has

        - label, share, low, high: arrays of shape (n_classes,), the largest share
          first,
        - groups: the same for the groups, in their order, or None; its `members` are
          the labels of each group,
        - confused_pairs: tuples (label, label, correlation) of nationalities that the
          model confuses, the least certain pair first; the sum of a pair is more
          certain than either,
        - few_held_out: labels of which fewer than 20 people have shown how the model
          errs. They cannot be distinguished from their neighbours in a list, and
          their shares are too small. So their `low` and `high` are NaN, but a group
          that holds them has an interval. With `y`, there are none,
        - n_names, n_distinct: the number of names, and of distinct ones,
        - n_not_names: the number of texts that are not names,
        - n_clusters, n_checked: the number of clusters, and of checked rows, or None,
        - new_labels: labels of checked rows that the model lacks,
        - confidence_level,
        - draws: array of shape (n_draws, n_classes), the shares in each draw, for
          :func:`estimate_statistic`. They are bootstrap replicates with the model's
          error, not posterior draws: do not report the part of them above a limit as
          a probability,
        - floor: how far the interval of a share of 0 reaches,
        - assumed_prior, model_error, sharpness: what is assumed of the model, see
          Notes,
        - coverage: the part of true shares above 2 % that such intervals held, without
          `y`, on people of other sources; None if that was not measured,
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

    With `y`, the share of a label is the mean prediction, corrected by the mean error
    on the checked rows: the difference estimator of survey sampling (Särndal et al.
    1992), known as prediction-powered inference (Angelopoulos et al. 2023). Predictions
    are multiplied by a power that makes the variance least. The intervals hold for this
    list, not for a population that it is drawn from; with `clusters`, for that of the
    clusters. If all rows are checked, the shares are counts with exact intervals.

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
    check_parameters("estimate_shares", locals())
    given = GivenRows(sample_weight, counts, clusters, y, checked_weight)
    question = Question(groups, confidence_level, n_draws, random_state)
    return estimate(read_users_list(estimator, X, given, assumed_prior), question)


def shares_of_probabilities(probabilities, classes, **values):
    """Estimate shares from probabilities.

    The others are fields of `ListedModel`, `NameList` and `Question`.
    """
    of_model = {"classes": classes} | _taken(ListedModel, values)
    question = Question(**_taken(Question, values))
    names = NameList(ListedModel(**of_model), probabilities, **values)
    return estimate(names, question)


def _taken(kind, values):
    """Take from values, by name, those that are fields of a dataclass."""
    names = {field.name for field in fields(kind)}
    return {name: values.pop(name) for name in names & {*values}}


def estimate(names, question):
    """Return the `Shares` of a `NameList`, the largest first."""
    weighted = weigh(names)
    drawn = draw_shares(weighted, question.seeds())
    drawn = drawn.at(drawn.labels[np.argsort(-drawn.estimate, kind="stable")])
    model = names.model
    few_held_out = []
    confused = []
    coverage = None
    if names.checked is None:
        if question.confidence_level == MEASURED and model.group_index is None:
            coverage = model.coverage
        confused = confused_pairs(drawn)
        if model.n_people is not None:
            few_held_out = model.classes[model.n_people < FEW_HELD_OUT].tolist()
    columns = _columns_of_shares(drawn, question.confidence_level)
    is_few = np.isin(drawn.labels, few_held_out)
    for end in ("low", "high"):
        columns[end] = np.where(is_few, np.nan, columns[end])
    shares = Shares(
        **columns,
        confidence_level=question.confidence_level,
        n_names=names.n_names,
        n_distinct=int(weighted.names.n),
        n_not_names=names.n_not_names,
        n_clusters=weighted.n_clusters,
        n_checked=None if drawn.checked is None else drawn.checked.n_checked,
        new_labels=names.new_labels,
        assumed_prior=weighted.assumed,
        model_error=model.model_error,
        sharpness=model.sharpness,
        coverage=coverage,
        members_in_model=model.members,
        confused_pairs=confused,
        few_held_out=few_held_out,
    )
    if question.groups is None:
        return shares
    members = names.members(question.groups)
    groups = replace(
        shares,
        **_columns_of_shares(drawn.sums(members), question.confidence_level),
        is_of_groups=True,
        members=members,
        confused_pairs=[],
        few_held_out=[],
        coverage=None,
    )
    return replace(shares, groups=groups)


def _columns_of_shares(drawn, confidence_level):
    """Return the columns of `Draws`, with intervals, by name."""
    low, high = interval(drawn, confidence_level)
    columns = {"label": drawn.labels, "share": drawn.estimate, "_draws": drawn}
    return columns | {"low": low, "high": high}


def confused_pairs(drawn):
    """Find pairs that the model confuses: their sum is more certain than either.

    With known labels, draws would vary like a multinomial distribution. Any further
    variance is doubt about the labels. A pair counts if doubt is at least half of its
    variance and mostly cancels in its sum.
    """
    doubtful = np.flatnonzero(drawn.draws.std(axis=0) > DOUBTFUL)
    if len(doubtful) < 2:
        return []
    labels = drawn.labels[doubtful].tolist()
    share = drawn.estimate[doubtful]
    covariance = np.cov(drawn.draws[:, doubtful], rowvar=False)
    drawing = (np.diag(share) - np.outer(share, share)) / drawn.n_effective
    doubt = covariance - drawing
    first, second = np.triu_indices(len(labels), 1)
    doubt_of_both = np.diag(doubt)[first] + np.diag(doubt)[second]
    is_doubt = doubt_of_both > np.diag(drawing)[first] + np.diag(drawing)[second]
    is_confused = is_doubt & (-doubt[first, second] > doubt_of_both / 4)
    pairs = []
    for k in np.argsort(covariance[first, second], kind="stable"):
        i = first[k]
        j = second[k]
        if is_confused[k]:
            deviations = np.sqrt(covariance[i, i] * covariance[j, j])
            pairs.append((labels[i], labels[j], float(covariance[i, j] / deviations)))
    return pairs
