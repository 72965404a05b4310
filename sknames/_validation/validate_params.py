"""validate_params: scikit-learn's, for functions that keep their types."""

from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.utils import _param_validation

Function = TypeVar("Function", bound=Callable[..., Any])


def validate_params(constraints: dict[str, Any]) -> Callable[[Function], Function]:
    """Decorate a function to check its parameters, see `sklearn.utils._param_validation`."""
    return _param_validation.validate_params(constraints, prefer_skip_nested_validation=True)
