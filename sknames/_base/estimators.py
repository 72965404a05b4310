"""What estimators share: a link to their page, and whether what they hold is frozen."""

from typing import Any

from sklearn.utils.validation import check_is_fitted

# The site that `make -C docs html` builds.
PAGES = "https://sknames.github.io/sknames"


class DocLinkMixin:
    """Link scikit-learn's HTML representation to our documentation."""

    _doc_link_module = "sknames"
    _doc_link_template = PAGES + "/generated/{estimator_module}.{estimator_name}.html"


def is_frozen(estimator: Any) -> bool:
    """Return whether an estimator is never fitted again, since its clone is itself.

    Its type says so. Examples are scikit-learn's FrozenEstimator, and the models that
    ship.
    """
    clone = getattr(estimator, "__sklearn_clone__", None)
    return clone is not None and clone() is estimator


def check_is_frozen(estimator: Any, holder: Any) -> None:
    """Raise ValueError unless the estimator in a `holder` without labels is frozen."""
    if not is_frozen(estimator):
        got = " ".join(repr(estimator).split())
        raise ValueError(
            "Wrap the fitted model in FrozenEstimator(model), from sklearn.frozen: "
            f"{type(holder).__name__} learns no labels, so it takes a model that is "
            f"never fitted again. load_pretrained() is one. Got {got:.200}."
        )
    check_is_fitted(estimator)
