"""What all rooms use: checks, mixins, saved states, shared docstrings, a look inside models."""

from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.utils import _param_validation

Function = TypeVar("Function", bound=Callable[..., Any])


def validate_params(constraints: dict[str, Any]) -> Callable[[Function], Function]:
    """Decorate a function to check its parameters as in scikit-learn, and keep its types."""
    return _param_validation.validate_params(constraints, prefer_skip_nested_validation=True)
