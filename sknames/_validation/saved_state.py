"""Files of fitted estimators: the stamp that they bear, and the error for parts that do not fit."""

from inspect import signature

from .._version import __version__

# Of all files. Raise it when an older sknames would misread what this one writes.
FORMAT = 1


def stamped(state):
    """Return the state of an estimator with the format and the version that write it."""
    return state | {"_format": FORMAT, "_sknames_version": __version__}


def unstamped(state, cls):
    """Return the state of an estimator of a class without its stamp.

    A parameter that is newer than the file takes its default. An unknown format is a ValueError.
    """
    state = dict(state)
    found, writer = state.pop("_format", None), state.pop("_sknames_version", "unknown")
    if type(found) is not int or not 1 <= found <= FORMAT:
        raise ValueError(
            f"Expected a model in format {FORMAT}, which sknames {__version__} reads, got one in "
            f"format {found!r} (version of sknames that saved it: {writer}). Upgrade sknames, or "
            "fit the model again with this version."
        )
    defaults = {name: parameter.default for name, parameter in signature(cls).parameters.items()}
    return defaults | state


def require(condition, name, expected, got):
    """Raise ValueError unless a part of a saved model is as it was written."""
    if not condition:
        raise ValueError(
            f"{name} of the saved model: expected {expected}, got {got!r:.200}. The file was "
            "changed or is not whole: save the model again."
        )
