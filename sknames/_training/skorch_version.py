"""Check the release of skorch before its import, in which an old one may fail."""

from importlib.metadata import PackageNotFoundError, version

from sklearn.utils.fixes import parse_version

OLDEST_SKORCH = "1.2"  # as in pyproject.toml


def check_skorch():
    """Raise ImportError for a skorch that is too old."""
    try:
        installed = version("skorch")
    except PackageNotFoundError:
        return  # its import says what to install
    if parse_version(installed) < parse_version(OLDEST_SKORCH):
        raise ImportError(
            f"Expected skorch {OLDEST_SKORCH} or later, got {installed}. Upgrade it: "
            "pip install --upgrade skorch"
        )
