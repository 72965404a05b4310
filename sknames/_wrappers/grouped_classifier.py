"""Predict countries, regions or other groups of nationalities."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import _is_fitted, check_is_fitted

from .._base.mixins import ArgmaxMixin, DocLinkMixin
from .._priors.priors import assumed_priors

LEVELS = ("subregion", "region", "country")


class GroupedClassifier(
    DocLinkMixin, ArgmaxMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator
):
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
    `fit` takes labels of the estimator, and `predict` returns groups. To `score`, give groups.

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

    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        """Predict the probabilities of the groups.

        Parameters
        ----------
        X : iterable of str, or other input of the estimator
            Names.

        Returns
        -------
        ndarray of shape (n_samples, n_groups)
            Probabilities; columns are in the order of `classes_`.
        """
        estimator, labels, shares = self._parts()
        probabilities = np.asarray(estimator.predict_proba(X))
        sums = np.zeros((len(probabilities), len(labels)), dtype=probabilities.dtype)
        # The bits of a matrix product would depend on the number of rows.
        for k, group in zip(*np.nonzero(shares), strict=True):
            sums[:, group] += probabilities[:, k] * float(shares[k, group])
        return sums

    @property
    def classes_(self) -> NDArray[Any]:
        """The groups, sorted."""
        return self._parts()[1]

    @property
    def class_prior_(self) -> NDArray[np.float64]:
        """The priors that the probabilities assume."""
        estimator, _, shares = self._parts()
        return assumed_priors(estimator) @ shares

    @property
    def n_features_in_(self) -> int:
        """Number of columns, if the estimator has this attribute."""
        return self._parts()[0].n_features_in_

    @property
    def feature_names_in_(self) -> NDArray[np.object_]:
        """Names of the columns, if the estimator has this attribute."""
        return self._parts()[0].feature_names_in_

    @property
    def _shares_of_groups(self):
        """The share of each class in each group."""
        return self._parts()[2]

    def _parts(self):
        """Return the fitted estimator, the groups, and the share of each class in each group."""
        check_is_fitted(self)
        estimator = getattr(self, "estimator_", self.estimator)
        return estimator, *group(self.groups, estimator.classes_)

    def __sklearn_is_fitted__(self):
        return _is_fitted(getattr(self, "estimator_", self.estimator))

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata to `fit` of the estimator.

        Returns
        -------
        MetadataRouter
            The routing.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_tags__(self):
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.input_tags, tags.classifier_tags = inner.input_tags, inner.classifier_tags
        return tags


def group(groups, classes):
    """Return the groups, sorted, and the share of each class that each group has."""
    labels = classes.tolist()
    if isinstance(groups, str):
        parts = _parts_of_nationalities(groups)
        unknown = [label for label in labels if label not in parts]
        if unknown:
            raise ValueError(
                f"groups={groups!r} expects the nationalities of load_nationalities, got "
                f"{', '.join(map(repr, unknown))}. Give the groups as a dict."
            )
    else:
        unknown = [label for label in groups.keys() if label not in labels]
        if unknown:
            raise ValueError(
                f"Expected groups of {', '.join(map(str, labels))}, the labels of the model; got "
                f"{', '.join(map(repr, unknown))}."
            )
        parts = {label: {groups.get(label, label): 1.0} for label in labels}
    names = [name for label in labels for name in parts[label]]
    if len({isinstance(name, str) for name in names}) > 1:
        raise ValueError(
            f"Expected groups that are all strings, or all numbers, got {[*dict.fromkeys(names)]}. "
            "Labels that groups does not name form their own groups."
        )
    unique = np.unique(names)
    place = {name: k for k, name in enumerate(unique.tolist())}
    shares = np.zeros((len(labels), len(unique)))
    for row, label in zip(shares, labels, strict=True):
        for name, share in parts[label].items():
            row[place[name]] = share
    return unique, shares


@cache
def _parts_of_nationalities(level):
    from ..datasets import load_nationalities  # sklearn.datasets is slow to import

    table = load_nationalities()
    if level != "country":
        return {k: {name: 1.0} for k, name in zip(table.nationality, table[level], strict=True)}
    parts = {}
    for name, *columns in zip(table.nationality, table.alpha_2, table.millions, strict=True):
        countries, millions = (column.split() for column in columns)
        total = sum(map(float, millions))
        parts[name] = {c: float(n) / total for c, n in zip(countries, millions, strict=True)}
    return parts
