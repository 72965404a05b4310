"""Define the base class of wrappers, which change a classifier's predictions."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
)
from sklearn.utils.validation import check_is_fitted

from .._base.estimators import EstimatorMixin, LogProbabilityMixin, input_tags_of
from .._base.labels_and_weights import (
    check_labels,
    check_weights,
)
from .._models.stack import resolve


class Wrapper(
    LogProbabilityMixin,
    ClassifierMixin,
    MetaEstimatorMixin,
    EstimatorMixin,
    BaseEstimator,
):
    """Change the probabilities or predictions of another classifier."""

    estimator: Any
    estimator_: Any

    def _inner(self):
        """Return `estimator_` after `fit`, and otherwise the given fitted estimator."""
        # check_is_fitted would take a tenth of the time of predicting one name.
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)
        return vars(self).get("estimator_", self.estimator)

    def _stack(self):
        """Return the stack of the classifier inside, with the layer of this wrapper."""
        inner = resolve(self._inner())
        return inner.add(self._layer(inner))

    def _layer(self, inner):
        """Return the layer that this wrapper adds to a stack."""
        raise NotImplementedError

    def _is_around_fitted(self):
        """Return whether the given estimator is fitted, so that `fit` is not needed."""
        if isinstance(self.estimator, Wrapper):  # its `classes_` is slow to compute
            return self.estimator.__sklearn_is_fitted__()
        return hasattr(self.estimator, "classes_")

    def predict_proba(self, X: Any) -> NDArray[np.floating]:
        """Predict the probabilities of the classes.

        Parameters
        ----------
        X : iterable of str, or other input of the estimator
            Names.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities; columns are in the order of `classes_`.
        """
        return self._stack().predict_proba(X)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable label of each name.

        Parameters
        ----------
        X : iterable of str, or other input of the estimator
            Names.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels from `classes_`.
        """
        return self._predict(self._stack(), X)

    def _predict(self, stack, X):
        stack.check_threshold()
        return stack.classes[stack.predict_proba(X).argmax(axis=1)]

    def score(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the accuracy: the share of names that are predicted correctly.

        Parameters
        ----------
        X : iterable of str, or other input of the estimator
            Names.
        y : array-like of shape (n_samples,)
            True labels of the names. If the classifier predicts groups, as a
            :class:`GroupedClassifier` does, labels and groups are accepted.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights of the names.

        Returns
        -------
        float
            The share of names whose prediction is the true label, or a group that
            contains the true label.
        """
        stack = self._stack()
        predicted = self._predict(stack, X)
        y = stack.as_predicted(check_labels(y, len(predicted)))
        is_right = stack.as_labels(predicted, y) == y
        weights = check_weights(sample_weight, len(is_right))
        return float(np.average(is_right, weights=weights))

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels of the estimator."""
        return self._inner().classes_

    @property
    def n_features_in_(self) -> int:
        """Number of columns, if the estimator has this attribute."""
        return self._inner().n_features_in_

    @property
    def feature_names_in_(self) -> NDArray[np.object_]:
        """Names of the columns, if the estimator has this attribute."""
        return self._inner().feature_names_in_

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata routing of `fit`.

        Returns
        -------
        MetadataRouter
            The metadata routing.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_is_fitted__(self):
        return "estimator_" in vars(self)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags = input_tags_of(self.estimator)
        tags.classifier_tags = get_tags(self.estimator).classifier_tags
        return tags
