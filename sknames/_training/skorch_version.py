"""Check the version of skorch before its import, which may fail if it is old."""

from importlib.metadata import PackageNotFoundError, version

from sklearn.utils.fixes import parse_version

OLDEST_SKORCH = "1.2"  # as in pyproject.toml


def check_skorch():
    """Raise ImportError if skorch is too old."""
    try:
        installed = version("skorch")
    except PackageNotFoundError:
        return  # importing skorch raises an error that says what to install
    if parse_version(installed) < parse_version(OLDEST_SKORCH):
        raise ImportError(
            f"Expected skorch {OLDEST_SKORCH} or later, got {installed}. Upgrade it: "
            "pip install --upgrade skorch"
        )
