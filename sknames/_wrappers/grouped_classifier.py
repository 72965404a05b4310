"""Predict regions or other groups of nationalities or countries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.validation import _is_fitted, column_or_1d

from .._base.labels_and_weights import check_labels
from .._base.mixins import ArgmaxMixin, DocLinkMixin, FittingWrapperMixin
from .._priors.priors import assumed_priors

LEVELS = ("subregion", "region")


@dataclass(eq=False, repr=False)
class GroupedClassifier(DocLinkMixin, ArgmaxMixin, FittingWrapperMixin, BaseEstimator):
    """Predict groups of labels: sum the probabilities of a classifier.

    Parameters
    ----------
    estimator : classifier
        Classifier with `predict_proba`. `fit` fits a clone, unless it is in a
        :class:`~sklearn.frozen.FrozenEstimator`. If it is fitted, as :func:`load_pretrained` is,
        `fit` is not needed.
    groups : dict or {"subregion", "region"}, default="region"
        The group of each label, such as ``{"Danish": "Scandinavian", "Swedish": "Scandinavian"}``;
        other labels form their own groups. Or a column of these tables, if the labels are there:

        - of :func:`~sknames.datasets.load_nationalities`: where names come from. English, Spanish
          and Portuguese names are European.
        - of :func:`~sknames.datasets.load_countries`: where people live.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone. Only present after `fit`.
    classes_ : ndarray of shape (n_groups,)
        The groups, sorted.
    class_prior_ : ndarray of shape (n_groups,)
        The priors that the probabilities assume: sums of the estimator's.
    n_features_in_, feature_names_in_ : int, ndarray of shape (`n_features_in_`,)
        Number and names of the columns, if the estimator has these attributes.

    See Also
    --------
    PriorShiftClassifier : Adapt predictions to a list, most accurately inside this classifier.
    load_pretrained : Load the model that ships, of nationalities or countries.

    Notes
    -----
    `fit` takes labels of the estimator, and `predict` returns groups. `score`, and with it
    `cross_val_score`, takes either. Other metrics of scikit-learn compare labels with groups.

    Examples
    --------
    >>> import sknames
    >>> model = sknames.GroupedClassifier(sknames.load_pretrained(), "subregion")
    >>> model.predict(["Novak Djokovic", "Wanjiru Kamau"]).tolist()
    ['Southern Europe', 'Eastern Africa']
    """

    __module__ = "sknames"

    estimator: Any
    groups: Mapping[Any, Any] | Literal["subregion", "region"] = "region"

    estimator_: Any = field(init=False)

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "groups": [StrOptions({*LEVELS}), HasMethods(["keys"])],
    }

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
        """
        self._validate_params()
        check_labels(y)
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
            sums[:, group] += probabilities[:, k]
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
        labels = self._inner().classes_.tolist()
        group_of = dict(zip(labels, groups[shares.argmax(axis=1)].tolist(), strict=True))
        return np.array([group_of.get(label, label) for label in column_or_1d(y).tolist()])

    def __sklearn_is_fitted__(self):
        return _is_fitted(getattr(self, "estimator_", self.estimator))


def group(groups, classes):
    """Return the groups, sorted, and which of them each class is in, as 0 or 1."""
    labels = classes.tolist()
    if isinstance(groups, str):
        group_of = _groups_of_tables(groups)
        unknown = [label for label in labels if label not in group_of]
        if unknown:
            raise ValueError(
                f"groups={groups!r} expects nationalities of load_nationalities or codes of "
                f"load_countries, got {', '.join(map(repr, unknown))}. Give the groups as a dict."
            )
    else:
        group_of = dict(groups.items())
        unknown = [label for label in group_of if label not in labels]
        if unknown:
            raise ValueError(
                f"Expected groups of {', '.join(map(str, labels))}, the labels of the model; got "
                f"{', '.join(map(repr, unknown))}."
            )
        for name in group_of.values():
            if group_of.get(name, name) != name:
                raise ValueError(
                    f"Expected names of groups that are no label of another group, got {name!r}, "
                    f"which is in the group {group_of[name]!r}. Rename the group."
                )
    names = [group_of.get(label, label) for label in labels]
    if len({isinstance(name, str) for name in names}) > 1:
        raise ValueError(
            f"Expected groups that are all strings, or all numbers, got {[*dict.fromkeys(names)]}. "
            "Labels that groups does not name form their own groups."
        )
    unique, index = np.unique(names, return_inverse=True)
    return unique, np.eye(len(unique))[index]


@cache
def _groups_of_tables(level):
    """Return the group of each nationality and of each country."""
    from ..datasets import load_countries, load_nationalities  # sklearn.datasets is slow to import

    if level not in LEVELS:
        raise ValueError(
            f"Expected groups 'region' or 'subregion', or a dict, got {level!r}. To predict "
            "countries, take load_pretrained('country')."
        )
    group_of = {}
    for table, labels in (load_nationalities(), "nationality"), (load_countries(), "alpha_2"):
        group_of |= zip(table[labels], table[level], strict=True)
    return group_of
