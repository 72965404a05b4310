"""Mixins of estimators: the link to their page, and the use of a fitted model as it is."""

from copy import deepcopy
from typing import Any, Self

from sklearn.base import BaseEstimator, clone

# As `make -C docs html` lays out the pages, published by the owner of the repository.
PAGES = "https://sknames.github.io/sknames"


class DocLinkMixin:
    """Let scikit-learn's HTML representation link to our documentation instead of its own."""

    _doc_link_module = "sknames"
    _doc_link_template = PAGES + "/generated/{estimator_module}.{estimator_name}.html"


class SharedModelMixin(BaseEstimator):
    """For estimators of which one parameter, `_shared`, is a fitted model that they never fit.

    As with `FrozenEstimator`, clones hold the model itself: a clone of it would not be fitted. Its
    parameters are not theirs: set through one of them, they would change the answers of all.
    """

    _shared: str

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
