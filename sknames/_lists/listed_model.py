"""Read what the shares of a list take from a model."""

from typing import Any

import numpy as np

from .._models.priors import assumed_priors

# Standard deviation of the log odds by which a model is wrong about a class, on people
# of another source than those that it was calibrated on, if it does not say; see
# examples/benchmarks/results/shares.md.
MODEL_ERROR = 0.5


def errors_by_class(model_error, n_people):
    """Return the standard deviation of the log odds by which a model errs, by class.

    Parameters
    ----------
    model_error : float
        That of a class whose bias is known, on people of another source.
    n_people : ndarray of shape (n_classes,) of int
        Held-out people of each class. Half of them have shown its bias, with a variance
        of 2 / the half.
    """
    return np.sqrt(model_error**2 + 4 / np.maximum(n_people, 1))


def settings_of_shares(stack, assumed_prior=None) -> dict[str, Any]:
    """Return what the shares of a list take from a model, fields of `ListedModel`."""
    network: Any = getattr(stack.innermost, "network_", None)
    measured = getattr(network, "measured", None)
    model_error = MODEL_ERROR
    coverage = None
    n_people = stack.assumed.n_people
    if measured is not None and n_people is not None:
        model_error = errors_by_class(measured.model_error, n_people)
        if assumed_prior is None and stack.within is None:  # not of a calibration
            coverage = measured.coverage
    return {
        "coverage": coverage,
        "assumed_prior": assumed_priors(stack, assumed_prior, of_people=True),
        "model_error": model_error,
        "sharpness": stack.sharpness,
    }
