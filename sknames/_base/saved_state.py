"""Add a format and version to saved estimators, and check them on loading."""

from .version import __version__

FORMAT = 1  # raise it when an older sknames would misread new files


def stamped(state):
    """Return the state of an estimator with its format and version."""
    return state | {"_format": FORMAT, "_sknames_version": __version__}


def unstamped(state):
    """Return the state of an estimator without its format and version.

    Raise ValueError for another format.
    """
    state = state.copy()
    format_ = state.pop("_format", None)
    writer = state.pop("_sknames_version", "unknown")
    if type(format_) is not int or format_ != FORMAT:
        raise ValueError(
            f"Expected a model in format {FORMAT}, which sknames {__version__} reads, "
            f"got one in format {format_!r} (version of sknames that saved it: "
            f"{writer}). Upgrade sknames, or fit the model again with this version."
        )
    return state
