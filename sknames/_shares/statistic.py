"""Estimate a function of the shares of a list or of several, with an interval."""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, validate_parameter_constraints

from .._base import warn
from .._models.groups import array_of_labels
from .intervals import extended_percentiles

FEW_EFFECTIVE = 10  # people of a label: fewer are mostly chance
NOTABLE = 0.1  # of the width of an interval: how far a statistic moves without them

CONSTRAINTS = {
    "same_source": ["boolean"],
    "bounds": [tuple, list, None],
    "confidence_level": [Interval(Real, 0, 1, closed="neither")],
}


@dataclass(frozen=True)
class Statistic:
    """The result of `estimate_statistic`.

    Attributes
    ----------
    estimate : float or ndarray
        The statistic of the estimated shares.
    low, high : float or ndarray
        The ends of its interval, in the shape of the estimate.
    confidence_level : float
        Confidence level of the interval.
    """

    __module__ = "sknames"

    estimate: Any
    low: Any
    high: Any
    confidence_level: float


def estimate_statistic(
    statistic: Callable[..., Any],
    *results: Any,
    same_source: bool = False,
    bounds: tuple[float, float] | None = None,
    confidence_level: float = 0.95,
) -> Statistic:
    """Estimate a function of the shares of lists, such as an index or a slope.

    Parameters
    ----------
    statistic : callable
        Takes one array for each result, and returns a number or an array. Of shares,
        the array is (n_labels,), in the order of the labels of the first result. Of
        rates, it is (n_labels, n_outcomes), the shares of the list that have a label
        and an outcome, in the order of `labels` and `outcomes`.
    *results : Shares or Rates
        One list or several, by one model and with the same parameters.
    same_source : bool, default=False
        Whether the lists are of one source, as in `Shares.compare`. Then the
        model's errors are alike in all.
    bounds : tuple (lowest, highest) or None, default=None
        What the statistic cannot leave, such as ``(0, 1)`` or ``(0, np.inf)``. The
        interval is cut there.
    confidence_level : float, default=0.95
        Confidence level of the interval.

    Returns
    -------
    Statistic
        The estimate, the ends low and high of its interval, and confidence_level.

    Raises
    ------
    TypeError
        If the statistic cannot be called, or is not made of numbers.
    ValueError
        If there are no results, they are of different models or parameters, the bounds
        are reversed, or the statistic is not finite or changes its shape.

    Warns
    -----
    UserWarning
        If labels with fewer than ten effective people decide: without them, the
        statistic moves by a tenth of its interval or more.

    See Also
    --------
    estimate_shares : Estimate the shares of a list.
    estimate_rates : Estimate the rate of an outcome in each label.

    Notes
    -----
    The statistic is computed in each draw. Its interval is that of percentiles,
    extended on one side by twice the difference of the estimate and the median of the
    draws, and cut at the bounds. A function that is not linear has a bias in the
    estimate, since the list is a sample, and twice that in the draws. Errors of the
    model may make up for it, so that the other end stays. This rule is ours, neither BC
    nor BCa. The estimate is not moved, and the bias of the shares stays. On lists of
    real people, 95 % intervals of indices, ratios, slopes and rates held .89 to .98:
    see examples/benchmarks/results/shares.md.

    Examples
    --------
    >>> import sknames
    >>> from sknames.datasets import make_names
    >>> names, _ = make_names(
    ...     200, nationalities=["Dutch", "Turkish"], random_state=0
    ... )
    >>> model = sknames.load_pretrained()
    >>> shares = sknames.estimate_shares(model, names, random_state=0)
    >>> def simpson(share):
    ...     return 1 - (share**2).sum()
    >>> found = sknames.estimate_statistic(simpson, shares, bounds=(0, 1))
    >>> round(found.estimate, 2)
    0.5
    """
    _check(statistic, results, bounds, same_source, confidence_level)
    estimates, draws = _in_order(results, same_source)
    estimate = _value(statistic, estimates, "the estimates")
    replicates = np.empty((len(draws[0]), *estimate.shape))
    for k in range(len(replicates)):
        value = _value(statistic, [of_list[k] for of_list in draws], f"draw {k}")
        if value.shape != estimate.shape:
            raise ValueError(
                f"Expected a statistic of shape {estimate.shape}, as of the estimates, "
                f"got {value.shape} of draw {k}."
            )
        replicates[k] = value
    low, high = extended_percentiles(replicates, estimate, confidence_level)
    _warn_if_few_decide(statistic, results, estimates, estimate, high - low)
    if bounds is not None:
        low = np.clip(low, *bounds)
        high = np.clip(high, *bounds)
    if not estimate.shape:
        estimate, low, high = estimate.item(), low.item(), high.item()
    return Statistic(estimate, low, high, confidence_level)


def _check(statistic, results, bounds, same_source, confidence_level):
    """Raise an error unless there is a statistic, and results that go together."""
    given = {
        "bounds": bounds,
        "same_source": same_source,
        "confidence_level": confidence_level,
    }
    validate_parameter_constraints(CONSTRAINTS, given, "estimate_statistic")
    if not callable(statistic):
        raise TypeError(
            "Expected a function of shares as the first argument, got "
            f"{type(statistic).__name__}."
        )
    if not results:
        raise ValueError("Expected the shares of one list or more, got none.")
    for result in results:
        if not hasattr(result, "_draws") or type(result) is not type(results[0]):
            raise TypeError(
                "Expected results of estimate_shares, or of estimate_rates, got "
                f"{type(result).__name__}."
            )
        results[0]._check_alike(result)
    if bounds is not None and not (len(bounds) == 2 and bounds[0] < bounds[1]):
        raise ValueError(f"Expected bounds (lowest, highest), got {bounds}.")


def _value(statistic, shares, where):
    """Return a statistic as an array; raise an error unless it has finite numbers."""
    value = np.asarray(statistic(*shares))
    if value.dtype.kind not in "biuf":
        raise TypeError(
            f"Expected a statistic that is a number or an array of numbers, got "
            f"{value!s:.80} of {where}."
        )
    if not np.isfinite(value).all():
        raise ValueError(
            f"Expected a finite statistic, got {value!s:.80} of {where}. A share may "
            "be 0: return what it is then."
        )
    return value.astype(np.float64)


def _in_order(results, same_source):
    """Return the shares of each result by the labels of the first one, and draws."""
    labels = results[0]._draws.labels.tolist()
    for other in results[1:]:
        labels += [
            label for label in other._draws.labels.tolist() if label not in labels
        ]
    estimates = []
    draws = []
    for k, result in enumerate(results):
        drawn = result._draws.at(array_of_labels(labels))
        # All lists have the same errors of the model, in this order. Moved by another
        # number in each, the errors of any two are independent.
        shift = 0 if same_source else k
        # Labels come first, and outcomes if there are any.
        estimates.append(drawn.estimate.T)
        draws.append(np.roll(drawn.draws, shift, axis=0).swapaxes(1, -1))
    return estimates, draws


def _warn_if_few_decide(statistic, results, estimates, estimate, width):
    """Warn if the statistic moves without labels that few people have."""
    without = []
    for result, shares in zip(results, estimates, strict=True):
        share = shares if shares.ndim == 1 else shares.sum(axis=1)
        is_few = result._draws.n_effective * share < FEW_EFFECTIVE
        kept = shares.copy()
        kept[is_few] = 0
        without.append(kept)
    with np.errstate(all="ignore"):
        moved = np.abs(np.asarray(statistic(*without)) - estimate)
    is_little = (moved == 0) | (moved < NOTABLE * width)  # not if it is NaN
    if not is_little.all():
        warn(
            f"Labels with fewer than {FEW_EFFECTIVE} people decide the statistic: "
            "without them, it moves by a tenth of its interval or more. Group labels, "
            "or take one that depends on large shares."
        )
