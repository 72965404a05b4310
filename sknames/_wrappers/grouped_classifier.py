"""Predict regions or other groups of nationalities or countries."""

from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import clone
from sklearn.utils.metadata_routing import process_routing

from .._base.estimators import is_frozen
from .._base.labels_and_weights import check_labels
from .._base.sklearn_private import HasMethods, StrOptions
from .._models.groups import M49, Groups, group_of_each
from .._models.layers import Sum
from .wrapper import Wrapper


class GroupedClassifier(Wrapper):
    """Predict groups of labels by summing the probabilities of a classifier.

    If the estimator is fitted, the wrapper predicts without `fit`. `fit` fits a clone
    unless the estimator is frozen, that is, a shipped model or scikit-learn's
    `FrozenEstimator`.

    Parameters
    ----------
    estimator : classifier
        Classifier with `predict_proba`.
    groups : dict or {"subregion", "region"}, default="region"
        The group of each label, such as ``{"Danish": "Nordic", "Swedish": "Nordic"}``,
        or the labels of each group, ``{"Nordic": ["Danish", "Swedish"]}``. Each label
        can be in at most one group. If `fit` learns the labels, groups may contain
        additional labels. Alternatively, "subregion" or "region", a column of one of
        these tables, which must have all labels:

        - :func:`~sknames.datasets.load_nationalities`: where names come from. English,
          Spanish and Portuguese names are European.
        - :func:`~sknames.datasets.load_countries`: where people live.
    others : str, int, float or None, default=None
        Name of the group of all labels that are not in `groups`. With None, each of
        these labels is a group of its own. A single group and `others` make two
        classes, so scikit-learn's tools for binary classification can be used.

    Attributes
    ----------
    estimator_ : classifier
        The fitted estimator. Only present after `fit`.
    classes_ : ndarray of shape (n_groups,)
        The groups, sorted.
    class_prior_ : ndarray of shape (n_groups,)
        The priors that the probabilities assume: the sum of the estimator's priors in
        each group.
    n_features_in_, feature_names_in_ : int, ndarray of shape (`n_features_in_`,)
        Number and names of the columns, if the estimator has these attributes.

    See Also
    --------
    PriorShiftClassifier : Adapt predictions to a list. It is most accurate inside a
        GroupedClassifier, not around one.
    load_pretrained : Load a shipped model, for nationalities or for countries.

    Notes
    -----
    `fit` takes labels of the estimator, and `predict` returns groups. `score`, and
    therefore `cross_val_score`, accepts both labels and groups. With other metrics of
    scikit-learn, map the true labels to groups first.

    Examples
    --------
    >>> import sknames
    >>> model = sknames.GroupedClassifier(sknames.load_pretrained(), groups="subregion")
    >>> model.predict(["Novak Djokovic", "Wanjiru Kamau"]).tolist()
    ['Southern Europe', 'Eastern Africa']
    >>> celtic = {"Celtic": ["Irish", "Scottish"]}
    >>> model.set_params(groups=celtic, others="others").predict(
    ...     ["Novak Djokovic", "Niamh Byrne"]
    ... ).tolist()
    ['others', 'Celtic']
    """

    __module__ = "sknames"

    estimator_: Any

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "groups": [StrOptions({*M49}), HasMethods(["items"])],
        "others": [str, Real, None],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        groups: Groups = "region",
        others: str | float | None = None,
    ) -> None:
        self.estimator = estimator
        self.groups = groups
        self.others = others

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Fit a clone of the estimator.

        Parameters
        ----------
        X : iterable of str, or other input of the estimator
            Names.
        y : array-like of shape (n_samples,) or None, default=None
            Labels of the estimator, not groups. A frozen estimator needs no labels.
        **params
            Parameters of the estimator's `fit`, such as `sample_weight`.

        Returns
        -------
        self : GroupedClassifier
            The fitted classifier.
        """
        self._validate_params()
        frozen = is_frozen(self.estimator)
        if frozen:
            y = None  # ignored, because it may contain groups instead of labels
        else:
            check_labels(y)
        if get_config()["enable_metadata_routing"]:
            params = process_routing(self, "fit", **params).estimator.fit
        estimator = clone(self.estimator).fit(X, y, **params)
        self._grouped = self._group(estimator.classes_, may_lack=not frozen)
        self.estimator_ = estimator
        self._stack().check_threshold()
        return self

    def _group(self, classes, *, may_lack=False):
        """Return the groups, sorted, and the index of each class's group."""
        groups = group_of_each(
            self.groups, classes, may_lack=may_lack, others=self.others
        )
        return np.unique(groups, return_inverse=True)

    def _layer(self, inner):
        """Return the layer that this wrapper adds to a stack."""
        if "_grouped" in vars(self):
            groups, index = self._grouped
        else:
            groups, index = self._group(inner.classes)
        return Sum(inner.classes, groups, index)

    @property
    def classes_(self) -> NDArray[Any]:
        """The groups, sorted."""
        return self._stack().classes.copy()

    @property
    def class_prior_(self) -> NDArray[np.float64]:
        """The priors that the probabilities assume."""
        return self._stack().assumed.class_prior

    def __sklearn_is_fitted__(self):
        return super().__sklearn_is_fitted__() or self._is_around_fitted()
