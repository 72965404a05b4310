"""Bases of estimators: link to their page, and share a fitted one with clones."""

from copy import copy
from typing import Any, Self

from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

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
