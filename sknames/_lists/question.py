"""Define and check the settings of the estimates for a list."""

from dataclasses import dataclass
from math import ceil
from numbers import Integral, Real
from typing import Any, Self

from sklearn.utils import check_random_state

from .._base.sklearn_private import HasMethods, Interval

LEAST_IN_TAIL = 5  # draws; with fewer, the ends of an interval vary too much
ROUNDING = 1e-6  # draws; floating-point error, since 1 - .95 is not exactly .05
# Valid values of the parameters of `estimate_shares` and `estimate_rates`.
CONSTRAINTS = {
    "estimator": [HasMethods(["predict_proba"])],
    "counts": ["array-like", None],
    "clusters": ["array-like", None],
    "checked": ["array-like", None],
    "assumed_prior": [str, dict, "array-like", None],
    "confidence_level": [Interval(Real, 0, 1, closed="neither")],
    "n_draws": [Interval(Integral, 2, None, closed="left")],
    "random_state": ["random_state"],
}


def check_level(confidence_level, n_draws):
    """Raise ValueError if there are too few draws for intervals of this level."""
    least = ceil(2 * LEAST_IN_TAIL / (1 - confidence_level) - ROUNDING)
    if n_draws < least:
        raise ValueError(
            f"Expected n_draws={least:,} or more for a confidence_level of "
            f"{confidence_level:g}, so that {LEAST_IN_TAIL} draws are beyond each end "
            f"of an interval, got {n_draws:,}. Raise n_draws, or lower the level."
        )


@dataclass(frozen=True)
class Question:
    """Hold the settings of the estimates for a list: intervals, draws and seed.

    Parameters
    ----------
    confidence_level, n_draws
        Parameters of `estimate_shares`.
    seed : int, default=0
        A seed that was drawn from `random_state`.
    """

    confidence_level: float = 0.95
    n_draws: int = 1000
    seed: int = 0

    @classmethod
    def of_parameters(
        cls, *, confidence_level: float, n_draws: int, random_state: Any
    ) -> Self:
        """Return the settings for these parameters of `estimate_shares`."""
        check_level(confidence_level, n_draws)
        seed = check_random_state(random_state).randint(2**31)
        return cls(confidence_level, n_draws, seed)
