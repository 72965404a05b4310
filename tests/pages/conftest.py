"""The data, models and ways to start processes that `tests` shares."""

from tests.conftest import (  # noqa: F401
    all_names,
    home,
    judged,
    shipped,
    small_names,
    tiny,
)
