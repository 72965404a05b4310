"""Warn the caller of the library."""

import sys
import warnings

# What lies between a user's line and ours.
_LIBRARIES = {"sknames", "sklearn", "skorch", "contextlib"}


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of the line that called the library, however deep this is in it."""
    frame = sys._getframe()
    level = 1
    while frame.f_back:
        library, _, _ = frame.f_globals.get("__name__", "").partition(".")
        if library not in _LIBRARIES:
            break
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
