"""What is asked of a list, apart from what is given of its names."""

from dataclasses import dataclass
from math import ceil
from numbers import Integral, Real
from typing import Any, Self

from sklearn.utils import check_random_state

from .._base.parameters import wrong_parameter
from .._base.saved import Saved
from .._base.sklearn_private import (
    HasMethods,
    Interval,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
)
from .._draws.resampling import Seeds
from .._models.groups import M49

LEAST_IN_TAIL = 5  # draws: with fewer, the ends of an interval are mostly chance
ROUNDING = 1e-6  # of the number of draws; 1 - .95 is .05 and some bits
# What the parameters of `estimate_shares` and `estimate_rates` may be.
CONSTRAINTS = {
    "estimator": [HasMethods(["predict_proba"])],
    "counts": ["array-like", None],
    "clusters": ["array-like", None],
    "checked": ["array-like", None],
    "assumed_prior": [str, dict, "array-like", None],
    "groups": [StrOptions({*M49}), HasMethods(["items"]), None],
    "confidence_level": [Interval(Real, 0, 1, closed="neither")],
    "n_draws": [Interval(Integral, 2, None, closed="left")],
    "random_state": ["random_state"],
}


def check_parameters(caller, parameters):
    """Raise ValueError or TypeError unless parameters, by name, may be so."""
    groups = parameters["groups"]
    if not (groups is None or isinstance(groups, str) or hasattr(groups, "items")):
        raise TypeError(
            "Expected groups of labels, as {'Nordic': ['Danish', 'Swedish']}, got a "
            f"{type(groups).__name__}. For parts of the rows, give it as by, such as "
            'by=df["dep"].'
        )
    checked = {name: value for name, value in parameters.items() if name != "by"}
    try:
        validate_parameter_constraints(CONSTRAINTS, checked, caller)
    except InvalidParameterError as error:
        raise wrong_parameter(error) from None
    check_level(parameters["confidence_level"], parameters["n_draws"])


def check_level(confidence_level, n_draws):
    """Raise ValueError if draws cannot show intervals of this level."""
    least = ceil(2 * LEAST_IN_TAIL / (1 - confidence_level) - ROUNDING)
    if n_draws < least:
        raise ValueError(
            f"Expected n_draws={least:,} or more for a confidence_level of "
            f"{confidence_level:g}, so that {LEAST_IN_TAIL} draws are beyond each end "
            f"of an interval, got {n_draws:,}. Raise n_draws, or lower the level."
        )


@dataclass(frozen=True)
class Question(Saved):
    """Hold what is asked of a list.

    Parameters
    ----------
    groups, confidence_level, n_draws
        Parameters of `estimate_shares`.
    seed : int, default=0
        What `random_state` gave.
    """

    groups: Any = None
    confidence_level: float = 0.95
    n_draws: int = 1000
    seed: int = 0

    @classmethod
    def of_parameters(cls, parameters: dict[str, Any]) -> Self:
        """Return the question that the parameters of a call, by name, ask."""
        return cls(
            groups=parameters["groups"],
            confidence_level=parameters["confidence_level"],
            n_draws=parameters["n_draws"],
            seed=check_random_state(parameters["random_state"]).randint(2**31),
        )

    def seeds(self, names):
        """Return what decides the draws of a `NameList` and of its parts."""
        return Seeds(self.n_draws, self.seed, names)
