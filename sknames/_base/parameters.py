"""Check parameters beyond what scikit-learn checks, and shorten its errors."""

from typing import Any

from .sklearn_private import Interval, InvalidParameterError

MOST_SHOWN = 80  # characters of the value received, because errors end up in logs


def in_short(text: str) -> str:
    """Return a text on one line, cut to the length that errors show."""
    text = " ".join(text.split())
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."


def wrong_parameter(error: InvalidParameterError) -> InvalidParameterError:
    """Return an error of scikit-learn with a shorter value, and with the next step."""
    expected, _, rest = str(error).partition(" Got ")
    got = in_short(rest.rpartition(" instead.")[0])
    remedy = ""
    if "an array-like" in expected and got[:1] == "'":
        remedy = " Wrap a single one in a list."
    if "The 'estimator' parameter" in expected:
        remedy = " A model comes first."
    return InvalidParameterError(f"{expected} Got {got} instead.{remedy}")


class NumberInterval(Interval):
    """An interval of numbers that does not include booleans."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether a value is a number within the interval."""
        return not isinstance(val, bool) and super().is_satisfied_by(val)
