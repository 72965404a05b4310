"""Say what callers meant who guessed how to pass an argument."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from sklearn.utils._param_validation import Interval

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
            signature.bind(*args, **kwargs)
        except TypeError as error:
            remedy = _remedy(name, signature.parameters, args, kwargs)
            raise TypeError(f"{name}(): {error}.{remedy}") from None
        return called(*args, **kwargs)

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
        value = f"{args[n_by_position]!r:.60}"
        return f" Give {value} by name, as one of {', '.join(only_by_name)}."
    return ""
