"""Share checks, bases of estimators, saved states and displays among all folders."""

import sys
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.utils import _param_validation

Function = TypeVar("Function", bound=Callable[..., Any])


# What lies between a user's line and ours.
_LIBRARIES = {"sknames", "sklearn", "skorch", "contextlib"}


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of the line that called the library, however deep this is in it."""
    frame, level = sys._getframe(), 1
    while (
        frame.f_back
        and frame.f_globals.get("__name__", "").partition(".")[0] in _LIBRARIES
    ):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def install(extra: str) -> str:
    """Return the commands that install an extra, with and without a release."""
    return (
        f"pip install 'sknames[{extra}]', "
        f"or pip install '.[{extra}]' in a clone of sknames"
    )


def validate_params(constraints: dict[str, Any]) -> Callable[[Function], Function]:
    """Make a function check its parameters as in scikit-learn, and keep its types."""
    return _param_validation.validate_params(
        constraints, prefer_skip_nested_validation=True
    )
