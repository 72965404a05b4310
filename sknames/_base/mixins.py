"""Mixins of estimators: link to their page, and share a fitted model."""

from copy import deepcopy
from typing import Any, Self

from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

# The site that `make -C docs html` builds.
PAGES = "https://sknames.github.io/sknames"


def copy_features(estimator, target):
    """Give an estimator the `n_features_in_` and `feature_names_in_` of another, if it has them."""
    for name in ("n_features_in_", "feature_names_in_"):
        vars(target).pop(name, None)
        if hasattr(estimator, name):
            setattr(target, name, getattr(estimator, name))


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
        return self.classes_[probabilities.argmax(axis=1)]


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

        Raises
        ------
        ValueError
            If there is no such parameter, or it is one of the fitted model.
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
