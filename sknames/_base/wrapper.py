"""Mixins of estimators: link to their page, wrap a classifier, and share a fitted model."""

from copy import deepcopy
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import check_is_fitted

from .unwrap import check_answers, labels_as_predicted

# The site that `make -C docs html` builds.
PAGES = "https://sknames.github.io/sknames"


class DocLinkMixin:
    """Link scikit-learn's HTML representation to our documentation."""

    _doc_link_module = "sknames"
    _doc_link_template = PAGES + "/generated/{estimator_module}.{estimator_name}.html"


class ArgmaxMixin(BaseEstimator):
    """Predict the label with the largest of the probabilities."""

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable label of each name.

        Parameters
        ----------
        X : iterable of str, or other input of `predict_proba`
            Names.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels from `classes_`.
        """
        probabilities = self.predict_proba(X)  # first, since it checks that this is fitted
        check_answers(self)
        return self.classes_[probabilities.argmax(axis=1)]


class WrapperMixin(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Predict with another classifier: `estimator_`, or `estimator` if `fit` makes no clone."""

    estimator: Any

    def _inner(self):
        """Return the fitted classifier inside."""
        check_is_fitted(self)
        return getattr(self, "estimator_", self.estimator)

    def _change(self, probabilities):
        """Return the probabilities of this classifier from those of the one inside."""
        return probabilities

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
        return self._change(np.asarray(self._inner().predict_proba(X)))

    def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy.

        Parameters
        ----------
        X : iterable of str, or other input of the estimator
            Names.
        y : array-like of shape (n_samples,)
            Their labels. Around a :class:`GroupedClassifier`, groups or the labels in them.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights of the names.

        Returns
        -------
        float
            The share of right predictions.
        """
        return super().score(X, labels_as_predicted(self, y), sample_weight)

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

    def __sklearn_tags__(self):
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.input_tags, tags.classifier_tags = inner.input_tags, inner.classifier_tags
        return tags


class FittingWrapperMixin(WrapperMixin):
    """Route metadata to `fit` of the classifier that is cloned."""

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata to what `fit` uses.

        Returns
        -------
        MetadataRouter
            The routing.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self).add_self_request(self)
        return self._add_routes(router.add(estimator=self.estimator, method_mapping=mapping))

    def _add_routes(self, router):
        """Return the routing with what else `fit` uses."""
        return router


class SharedModelMixin(BaseEstimator):
    """Share a fitted model, the parameter named `_shared`, between an estimator and its clones.

    A clone of the model would not be fitted. Its parameters cannot be set through the estimator,
    since that would change the predictions of all clones.
    """

    _shared: str

    def _check_shared_is_fitted(self):
        """Raise NotFittedError unless the shared model is fitted."""
        try:
            check_is_fitted(getattr(self, self._shared))
        except NotFittedError as error:
            raise NotFittedError(
                f"{type(self).__name__} takes a fitted {self._shared} and never fits it. {error} "
                "Fit it first, or take load_pretrained()."
            ) from error

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, without those of the fitted model.

        Parameters
        ----------
        deep : bool, default=True
            Ignored: the fitted model is used as it is.

        Returns
        -------
        dict of str to object
            Parameters by name.
        """
        return super().get_params(deep=False)

    def set_params(self, **params: Any) -> Self:
        """Set parameters, but none of the fitted model.

        Parameters
        ----------
        **params
            Parameters by name.

        Returns
        -------
        self : estimator
            The estimator.
        """
        for name in params:
            if name.startswith(f"{self._shared}__"):
                raise ValueError(
                    f"{type(self).__name__} and its clones use one fitted {self._shared} as it is, "
                    f"so {name!r} cannot be set. Set it before that {self._shared} is fitted."
                )
        return super().set_params(**params)

    def __sklearn_clone__(self):
        params = self.get_params()
        shared = {self._shared: params.pop(self._shared)}
        twin = type(self)(**shared, **{k: clone(v, safe=False) for k, v in params.items()})
        for name in ("_metadata_request", "_sklearn_output_config"):
            if hasattr(self, name):
                setattr(twin, name, deepcopy(getattr(self, name)))
        return twin
