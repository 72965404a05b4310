"""What is asked of a list, apart from what is given of its names."""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from sklearn.utils import check_random_state
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_parameter_constraints,
)

from .._models.groups import M49
from .resampling import ResampleSeeds

# What the parameters of `estimate_shares` and `estimate_rates` may be.
CONSTRAINTS = {
    "estimator": [HasMethods(["predict_proba"])],
    "counts": ["array-like", None],
    "clusters": ["array-like", None],
    "y": ["array-like", None],
    "checked_weight": ["array-like", None],
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
            f"{type(groups).__name__}. For groups of rows, estimate each by itself."
        )
    validate_parameter_constraints(CONSTRAINTS, parameters, caller)


@dataclass(frozen=True)
class Question:
    """Hold what is asked of a list.

    Parameters
    ----------
    groups, confidence_level, n_draws, random_state
        Parameters of `estimate_shares`.
    """

    groups: Any = None
    confidence_level: float = 0.95
    n_draws: int = 1000
    random_state: Any = None

    def seeds(self, *, has_common_draws=False):
        """Return what decides the resamples, as `ResampleSeeds`."""
        seed = check_random_state(self.random_state).randint(2**31)
        return ResampleSeeds(self.n_draws, seed, has_common_draws)
