"""Read the arguments of users, and say what those meant who guessed."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from sklearn.utils._param_validation import Interval, InvalidParameterError

from .callers import warn
from .labels_and_weights import with_none

Called = TypeVar("Called", bound=Callable[..., Any])

# What callers write by habit, or from other packages, and what to write here.
MEANT = {
    "NameNationalityClassifier": {
        "epochs": "Set the passes over the training rows by max_epochs.",
    },
    "estimate_rates": {
        "by": "Groups of rows are the outcome, or lists of their own.",
        "weights": "Weights of the names are sample_weight.",
    },
    "estimate_shares": {
        "by": "Estimate each group of rows by itself, as `sknames shares --by` does.",
        "weights": "Weights of the names are sample_weight.",
    },
    "load_names": {
        "nationalities": "It loads all: select rows by their label, or make_names "
        "makes people of some nationalities.",
    },
    "load_pretrained": {
        "model": "Choose the model by target: load_pretrained('country').",
    },
    "predict_table": {
        "columns": "Names in one column are column='name'; join several by JoinNames.",
        "proba": "The table has the probabilities of the first `top` labels; all are "
        "in predict_names(...).proba.",
    },
}


MOST_SHOWN = 80  # characters of what came, since errors end in logs


def in_short(text: str) -> str:
    """Return a text on one line, cut to what an error shows of what came."""
    text = " ".join(text.split())
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."


def wrong_parameter(error: InvalidParameterError) -> InvalidParameterError:
    """Return an error of scikit-learn with what came in short, and with a remedy."""
    expected, _, rest = str(error).partition(" Got ")
    got = in_short(rest.rpartition(" instead.")[0])
    remedy = ""
    if "an array-like" in expected and got[:1] == "'":
        remedy = " Wrap a single one in a list."
    if "The 'estimator' parameter" in expected:
        remedy = " A model comes first."
    return InvalidParameterError(f"{expected} Got {got} instead.{remedy}")


# Parameters with a value for each row of X.
BY_ROW = ("y", "outcome", "clusters", "sample_weight", "checked_weight", "counts")


def _read_rows(arguments):
    """Make masked entries missing ones, in place; warn of rows in another order."""
    index = getattr(arguments.get("X"), "index", None)
    for name in BY_ROW:
        if name not in arguments:
            continue
        arguments[name] = with_none(arguments[name])
        other = getattr(arguments[name], "index", None)
        are_of_pandas = hasattr(index, "equals") and hasattr(other, "equals")
        if are_of_pandas and not index.equals(other) and index.isin(other).all():
            warn(
                f"X and {name} have the same index labels in another order, and are "
                f"taken by position. To go by label, give {name}.loc[X.index]."
            )


class NumberInterval(Interval):
    """An interval of numbers, of which booleans are none."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether a value is a number in the interval."""
        return not isinstance(val, bool) and super().is_satisfied_by(val)


def explain_arguments(called: Called) -> Called:
    """Let a function or class say what was meant by arguments that it does not take.

    Signatures stay as they are: scikit-learn reads those of estimators.
    """
    if isinstance(called, type):
        called.__init__ = explain_arguments(called.__init__)  # type: ignore[misc]
        return called
    signature = inspect.signature(called)
    name = called.__qualname__.removesuffix(".__init__")

    @wraps(called)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            remedy = _remedy(name, signature.parameters, args, kwargs)
            raise TypeError(f"{name}(): {error}.{remedy}") from None
        _read_rows(bound.arguments)
        try:
            return called(*bound.args, **bound.kwargs)
        except InvalidParameterError as error:
            raise wrong_parameter(error) from None

    return call  # type: ignore[return-value]


def _remedy(name, parameters, args, kwargs):
    """Return what to write instead of arguments that a function does not take."""
    names = [parameter for parameter in parameters if parameter != "self"]
    only_by_name = []
    for parameter in names:
        if parameters[parameter].kind == inspect.Parameter.KEYWORD_ONLY:
            only_by_name.append(parameter)
    for keyword in kwargs:
        if keyword not in names:
            others = f"It takes {', '.join(names)}."
            return " " + MEANT.get(name, {}).get(keyword, others)
    n_by_position = len(parameters) - len(only_by_name)
    if len(args) > n_by_position and only_by_name:
        value = in_short(repr(args[n_by_position]))
        return f" Give {value} by name, as one of {', '.join(only_by_name)}."
    return ""
