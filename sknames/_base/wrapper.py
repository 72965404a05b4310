"""Bases of estimators: link to their page, share a fitted one with clones, wrap a classifier."""

from copy import copy
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from .unwrap import check_threshold, labels_as_predicted, unwrap

# The site that `make -C docs html` builds.
PAGES = "https://sknames.github.io/sknames"


class DocLinkMixin:
    """Link scikit-learn's HTML representation to our documentation."""

    _doc_link_module = "sknames"
    _doc_link_template = PAGES + "/generated/{estimator_module}.{estimator_name}.html"


def is_fitted(estimator: Any) -> bool:
    """Return whether an estimator is fitted."""
    try:
        check_is_fitted(estimator)
    except (NotFittedError, TypeError):  # or no estimator
        return False
    return True


class Holder(DocLinkMixin, BaseEstimator):
    """Hold an estimator as a parameter: a fitted one is used as it is, also by clones.

    So a fitted one is as in scikit-learn's FrozenEstimator. Its own parameters cannot be set
    through the holder, since that would change the predictions of all clones.
    """

    _held = "estimator"

    @property
    def _is_frozen(self):
        return is_fitted(getattr(self, self._held))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, and those of an estimator that is not fitted.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the parameters of the estimator, too, if it is not fitted.

        Returns
        -------
        dict of str to object
            Parameters by name.
        """
        return super().get_params(deep=deep and not self._is_frozen)

    def set_params(self, **params: Any) -> Self:
        """Set parameters, but none of a fitted estimator.

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
            if name.startswith(f"{self._held}__") and self._held not in params and self._is_frozen:
                raise ValueError(
                    f"{type(self).__name__} and its clones use one fitted {self._held} as it is, "
                    f"so {name!r} cannot be set. Set it, then fit the {self._held}."
                )
        return super().set_params(**params)

    def __sklearn_clone__(self):
        if not self._is_frozen:
            return super().__sklearn_clone__()
        frozen = copy(self)
        setattr(frozen, self._held, FrozenEstimator(getattr(self, self._held)))
        twin = super(Holder, frozen).__sklearn_clone__()
        setattr(twin, self._held, getattr(self, self._held))
        return twin

    def _check_is_frozen(self):
        """Raise NotFittedError unless the estimator is fitted, where there are no labels."""
        try:
            check_is_fitted(getattr(self, self._held))
        except NotFittedError as error:
            raise NotFittedError(
                f"{type(self).__name__} takes a fitted {self._held}, since it gets no labels. "
                f"{error} Fit it first, or take load_pretrained()."
            ) from error


class Wrapper(ClassifierMixin, MetaEstimatorMixin, Holder):
    """Predict with another classifier, and change its probabilities or answers."""

    estimator: Any
    estimator_: Any

    def _fit_estimator(self, X, y, **params):
        """Return the estimator, if it is fitted, or a fitted clone."""
        if self._is_frozen:
            return self.estimator
        if get_config()["enable_metadata_routing"]:
            params = process_routing(self, "fit", **params).estimator.fit
        return clone(self.estimator).fit(X, y, **params)

    def _check_inside(self, inner):
        """Raise ValueError if a threshold inside would not hold for what this predicts."""
        check_threshold(unwrap(inner).changed(None, None, None, self))

    @property
    def _holder(self):
        """The attribute that holds the classifier which predicts."""
        return "estimator_" if "estimator_" in vars(self) else "estimator"

    def _inner(self):
        """Return the fitted classifier inside."""
        if "estimator_" not in vars(self):  # the check would take a tenth of the time of one name
            check_is_fitted(self)
        return getattr(self, self._holder)

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
        probabilities = self.predict_proba(X)  # first, since it checks that this is fitted
        self._check_inside(self._inner())
        return self.classes_[probabilities.argmax(axis=1)]

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

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata to what `fit` uses.

        Returns
        -------
        MetadataRouter
            The routing.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        if not self._is_frozen:  # else it is not fitted again
            mapping = MethodMapping().add(caller="fit", callee="fit")
            router.add(estimator=self.estimator, method_mapping=mapping)
        return router

    def __sklearn_tags__(self):
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.input_tags, tags.classifier_tags = inner.input_tags, inner.classifier_tags
        return tags
