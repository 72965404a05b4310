"""Warnings, hints on extras, and validation of parameters, for the whole package."""

import inspect
import sys
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from . import sklearn_private
from .parameters import wrong_parameter

Called = TypeVar("Called", bound=Callable[..., Any])
# The modules that may stand between the user's line and the warning.
_LIBRARIES = {"sknames", "sklearn", "skorch", "contextlib"}


class NoEstimateError(ValueError):
    """Raised if a list, or a part of a list, is too small for an estimate."""


def warn(
    message: str, category: type[Warning] = UserWarning, kind: str | None = None
) -> None:
    """Issue a warning that points to the line of user code that called the package.

    Warnings of one `kind` differ only in their numbers, so that warnings on many parts
    of a list can be summarized as one.
    """
    frame = sys._getframe()
    warning = category(message)
    warning.kind = kind  # type: ignore[attr-defined]
    level = 1
    while frame.f_back:
        library, _, _ = frame.f_globals.get("__name__", "").partition(".")
        if library not in _LIBRARIES:
            break
        frame = frame.f_back
        level += 1
    warnings.warn(warning, stacklevel=level)


def install(extra: str) -> str:
    """Return the commands that install an extra, from a release or from a clone."""
    return (
        f"pip install 'sknames[{extra}]', "
        f"or pip install '.[{extra}]' in a clone of sknames"
    )


def validate_params(constraints: dict[str, Any]) -> Callable[[Called], Called]:
    """Make a function validate its arguments, as scikit-learn does."""
    validate = sklearn_private.validate_params(
        constraints, prefer_skip_nested_validation=True
    )

    def decorate(function: Called) -> Called:
        validated = validate(function)
        signature = inspect.signature(function)

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                signature.bind(*args, **kwargs)
            except TypeError:
                return function(*args, **kwargs)  # raises: Python names the function
            try:
                return validated(*args, **kwargs)
            except sklearn_private.InvalidParameterError as error:
                raise wrong_parameter(error) from None

        return call  # type: ignore[return-value]

    return decorate
