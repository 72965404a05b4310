"""Mixins of estimators: links to pages, log-probabilities, tags, frozen estimators."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from .parameters import wrong_parameter
from .sklearn_private import InvalidParameterError

# The site that `make -C docs html` builds.
PAGES = "https://sknames.github.io/sknames"


class EstimatorMixin:
    """Link scikit-learn's HTML to our pages, and shorten errors about parameters."""

    _doc_link_module = "sknames"
    _doc_link_template = PAGES + "/generated/{estimator_module}.{estimator_name}.html"

    def _validate_params(self) -> None:
        try:
            super()._validate_params()  # type: ignore[misc]
        except InvalidParameterError as error:
            raise wrong_parameter(error) from None


class LogProbabilityMixin:
    """Take the logarithms of a classifier's probabilities."""

    def predict_log_proba(self: Any, X: Any) -> NDArray[np.floating]:
        """Predict the logarithms of the probabilities of the classes.

        Parameters
        ----------
        X : iterable of str, or array-like of shape (n_samples, n_features)
            Input of `predict_proba`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Natural logarithms; minus infinity for a class with prior 0. Columns are in
            the order of `classes_`.
        """
        with np.errstate(divide="ignore"):  # log(0) is minus infinity
            return np.log(self.predict_proba(X))


def input_tags_of(estimator: Any) -> Any:
    """Return the input tags of the step that reads the input of an estimator.

    The tags of scikit-learn's Pipeline say that it reads numbers, even where its first
    step reads text.
    """
    if isinstance(estimator, FrozenEstimator):
        return input_tags_of(estimator.estimator)
    if isinstance(estimator, Pipeline):
        return input_tags_of(estimator.steps[0][1])
    return get_tags(estimator).input_tags


def is_frozen(estimator: Any) -> bool:
    """Return whether `clone` returns the estimator itself, so it is never refitted.

    This depends on its type: FrozenEstimator and the shipped models are frozen.
    """
    clone = getattr(estimator, "__sklearn_clone__", None)
    return clone is not None and clone() is estimator


def check_is_frozen(estimator: Any, holder: Any) -> None:
    """Raise ValueError unless the estimator in a wrapper without labels is frozen."""
    if not is_frozen(estimator):
        raise ValueError(
            f"{type(holder).__name__} learns no labels, so it expected a model that is "
            "never fitted again, such as load_pretrained(); got "
            f"{type(estimator).__name__}. Wrap a fitted model: "
            "FrozenEstimator(model), from sklearn.frozen."
        )
    check_is_fitted(estimator)
