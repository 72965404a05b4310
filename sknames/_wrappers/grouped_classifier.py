"""Predict countries, regions or other groups of nationalities."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.validation import _is_fitted, column_or_1d

from .._base.mixins import ArgmaxMixin, DocLinkMixin, FittingWrapperMixin
from .._priors.priors import assumed_priors

LEVELS = ("subregion", "region", "country")


class GroupedClassifier(DocLinkMixin, ArgmaxMixin, FittingWrapperMixin, BaseEstimator):
    """Predict groups of labels: sum the probabilities of a classifier.

    Parameters
    ----------
    estimator : classifier
        Classifier with `predict_proba`. `fit` fits a clone, unless it is in a
        :class:`~sklearn.frozen.FrozenEstimator`. If it is fitted, as :func:`load_pretrained` is,
        `fit` is not needed.
    groups : dict or {"subregion", "region", "country"}, default="region"
        The group of each label, such as ``{"Danish": "Scandinavian", "Swedish": "Scandinavian"}``;
        other labels form their own groups. Or a column of
        :func:`~sknames.datasets.load_nationalities`, if the labels are nationalities there:

        - "subregion" and "region" are those where names come from. English, Spanish and Portuguese
          names are European.
        - "country" is where people live: a nationality is split among its countries by the millions
          of people with such names. A Portuguese name is Brazilian with a probability of 0.95.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone. Only present after `fit`.
    classes_ : ndarray of shape (n_groups,)
        The groups, sorted. Countries are ISO 3166-1 alpha-2 codes.
    class_prior_ : ndarray of shape (n_groups,)
        The priors that the probabilities assume: sums of the estimator's.
    n_features_in_ : int
        Number of columns, if the estimator has this attribute.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the estimator has this attribute.

    See Also
    --------
    PriorShiftClassifier : Adapt predictions to a list, most accurately inside this classifier.
    sknames.datasets.load_nationalities : Load the countries and regions of nationalities.

    Notes
    -----
    `fit` takes labels of the estimator, and `predict` returns groups. `score`, and with it
    `cross_val_score`, takes either. Other metrics of scikit-learn compare labels with groups.

    Countries without one of the 74 nationalities are never predicted. A name does not show where a
    person lives: countries that share a language are predicted by their size alone.

    Examples
    --------
    >>> import sknames
    >>> model = sknames.GroupedClassifier(sknames.load_pretrained(), "subregion")
    >>> model.predict(["Novak Djokovic", "Wanjiru Kamau"]).tolist()
    ['Southern Europe', 'Eastern Africa']
    """

    __module__ = "sknames"

    estimator_: Any

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "groups": [StrOptions({*LEVELS}), HasMethods(["keys"])],
    }

    def __init__(
        self,
        estimator: Any,
        groups: Mapping[Any, Any] | Literal["subregion", "region", "country"] = "region",
    ) -> None:
        self.estimator = estimator
        self.groups = groups

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Fit a clone of the estimator.

        Parameters
        ----------
        X : iterable of str, or other input of the estimator
            Names.
        y : array-like of shape (n_samples,)
            Labels of the estimator, not groups.
        **params
            Parameters of the estimator's `fit`, such as `sample_weight`.

        Returns
        -------
        self : GroupedClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If `groups` do not match the labels.
        """
        self._validate_params()
        if get_config()["enable_metadata_routing"]:
            params = process_routing(self, "fit", **params).estimator.fit
        estimator = clone(self.estimator).fit(X, y, **params)
        group(self.groups, estimator.classes_)  # raises if they do not match
        self.estimator_ = estimator
        return self

    def _change(self, probabilities):
        groups, shares = self._grouping
        sums = np.zeros((len(probabilities), len(groups)), dtype=probabilities.dtype)
        # The bits of a matrix product would depend on the number of rows.
        for k, group in zip(*np.nonzero(shares), strict=True):
            sums[:, group] += probabilities[:, k] * float(shares[k, group])
        return sums

    @property
    def classes_(self) -> NDArray[Any]:
        """The groups, sorted."""
        return self._grouping[0]

    @property
    def class_prior_(self) -> NDArray[np.float64]:
        """The priors that the probabilities assume."""
        return assumed_priors(self._inner()) @ self._shares_of_groups

    @property
    def _grouping(self):
        """The groups, and the share of each class in each group."""
        return group(self.groups, self._inner().classes_)

    @property
    def _shares_of_groups(self):
        """The share of each class in each group, (n_classes, n_groups)."""
        return self._grouping[1]

    def _groups_of(self, y):
        """Return the group of each label in `y`; groups, and labels of no class, stay."""
        groups, shares = self._grouping
        group_of, y = {}, column_or_1d(y).tolist()
        for label, row in zip(self._inner().classes_.tolist(), shares, strict=True):
            if row.max() == 1:
                group_of[label] = groups.tolist()[row.argmax()]
            elif label in y:
                raise ValueError(
                    f"Expected groups, such as {groups[row.argmax()]!s}, got {label!r}, which is "
                    f"divided among {np.count_nonzero(row)} of them. Give the groups."
                )
        return np.array([group_of.get(label, label) for label in y])

    def __sklearn_is_fitted__(self):
        return _is_fitted(getattr(self, "estimator_", self.estimator))


def group(groups, classes):
    """Return the groups, sorted, and the share of each class that each group has."""
    labels = classes.tolist()
    if isinstance(groups, str):
        groups_of = _groups_of_nationalities(groups)
        unknown = [label for label in labels if label not in groups_of]
        if unknown:
            raise ValueError(
                f"groups={groups!r} expects the nationalities of load_nationalities, got "
                f"{', '.join(map(repr, unknown))}. Give the groups as a dict."
            )
    else:
        groups = dict(groups.items())
        unknown = [label for label in groups if label not in labels]
        if unknown:
            raise ValueError(
                f"Expected groups of {', '.join(map(str, labels))}, the labels of the model; got "
                f"{', '.join(map(repr, unknown))}."
            )
        for name in groups.values():
            if groups.get(name, name) != name:
                raise ValueError(
                    f"Expected names of groups that are no label of another group, got {name!r}, "
                    f"which is in the group {groups[name]!r}. Rename the group."
                )
        groups_of = {label: {groups.get(label, label): 1.0} for label in labels}
    names = [name for label in labels for name in groups_of[label]]
    if len({isinstance(name, str) for name in names}) > 1:
        raise ValueError(
            f"Expected groups that are all strings, or all numbers, got {[*dict.fromkeys(names)]}. "
            "Labels that groups does not name form their own groups."
        )
    unique = np.unique(names)
    column = {name: k for k, name in enumerate(unique.tolist())}
    shares = np.zeros((len(labels), len(unique)))
    for row, label in zip(shares, labels, strict=True):
        for name, share in groups_of[label].items():
            row[column[name]] = share
    return unique, shares


@cache
def _groups_of_nationalities(level):
    """Return the share of each nationality in each group, as a dict of dicts."""
    from ..datasets import load_nationalities  # sklearn.datasets is slow to import

    table = load_nationalities()
    if level != "country":
        return {k: {name: 1.0} for k, name in zip(table.nationality, table[level], strict=True)}
    groups_of = {}
    for name, *columns in zip(table.nationality, table.alpha_2, table.millions, strict=True):
        countries, millions = (column.split() for column in columns)
        total = sum(map(float, millions))
        groups_of[name] = {c: float(n) / total for c, n in zip(countries, millions, strict=True)}
    return groups_of
