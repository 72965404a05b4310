"""Share checks, bases of estimators, saved states and displays among all folders."""

from collections.abc import Callable
from typing import Any

from sklearn.utils import _param_validation

from .arguments import Called, explain_arguments
from .callers import warn

__all__ = ["install", "validate_params", "warn"]


def install(extra: str) -> str:
    """Return the commands that install an extra, with and without a release."""
    return (
        f"pip install 'sknames[{extra}]', "
        f"or pip install '.[{extra}]' in a clone of sknames"
    )


def validate_params(constraints: dict[str, Any]) -> Callable[[Called], Called]:
    """Make a function check its arguments as in scikit-learn, and keep its types."""
    validate = _param_validation.validate_params(
        constraints, prefer_skip_nested_validation=True
    )

    def decorate(function: Called) -> Called:
        return explain_arguments(validate(function))

    return decorate
