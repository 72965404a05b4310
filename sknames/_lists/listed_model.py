"""Read the properties of a model that the shares of a list depend on."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._base.saved import Saved
from .._models.priors import assumed_priors

# Standard deviation of a model's errors in the log-odds of a class, on people from
# another source than the calibration data, if it was not measured: see
# examples/benchmarks/results/shares.md.
MODEL_ERROR = 0.5


@dataclass(frozen=True, kw_only=True)
class ListedModel(Saved):
    """The properties of a model that the shares of a list depend on.

    Each column stands for a label whose probability is predicted. The classes are these
    labels, or groups of them.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The classes of the model.
    assumed_prior : ndarray of shape (n_columns,)
        Priors that the probabilities assume.
    model_error : float or ndarray of shape (n_columns,)
        Standard deviation of the model's errors in the log-odds of each class.
    sharpness : float, default=1.0
        The power to which likelihood ratios are raised.
    group_index : ndarray of shape (n_columns,) of int or None, default=None
        The class of each column if the classes are groups of columns.
    members : dict or None, default=None
        The labels of each class that is a group.
    n_people : ndarray of shape (n_columns,) of int or None, default=None
        The number of held-out people of each column, on whom the model's errors were
        measured.
    coverage : float or None, default=None
        The proportion of true shares that 95 % intervals covered on people from other
        sources; None if it was not measured.
    name : str or None, default=None
        A key of the probabilities, see `Stack.probability_key`.
    """

    classes: NDArray[Any]
    assumed_prior: NDArray[np.floating]
    model_error: Any = MODEL_ERROR
    sharpness: float = 1.0
    group_index: NDArray[np.integer] | None = None
    members: dict[Any, Any] | None = None
    n_people: NDArray[np.integer] | None = None
    coverage: float | None = None
    name: str | None = None

    @classmethod
    def of_stack(cls, stack: Any, assumed_prior: Any = None) -> Self:
        """Return the properties of a model, with the given priors or its own."""
        below, group_index = below_groups(stack, assumed_prior)
        model_error = MODEL_ERROR
        coverage = None
        n_people = None
        measured = below.assumed.measured
        if measured is not None:
            n_people = measured.n_people
            model_error = errors_by_class(measured.model_error, n_people)
            # Coverage was not measured for other priors or after a calibration.
            if assumed_prior is None and below.inner is None:
                coverage = measured.coverage
        return cls(
            classes=stack.classes,
            assumed_prior=assumed_priors(below, assumed_prior, of_people=True),
            model_error=model_error,
            sharpness=below.sharpness,
            group_index=group_index,
            members=stack.members,
            n_people=n_people,
            coverage=coverage,
            name=below.probability_key,
        )


def below_groups(stack, assumed_prior=None):
    """Return the stack that predicts the names of a list, and each class's group index.

    The shares of groups are sums of shares of labels, unless priors of the groups are
    given.
    """
    if assumed_prior is not None:
        return stack, None
    return stack.without_groups()


def errors_by_class(model_error, n_people):
    """Return the standard deviation of a model's errors in log-odds, (n_classes,).

    Parameters
    ----------
    model_error : float
        Standard deviation for a class whose bias is known, on people from another
        source.
    n_people : ndarray of shape (n_classes,) of int
        Held-out people of each class. The bias of a class was measured on half of them,
        with a variance of 2 / half.
    """
    return np.sqrt(model_error**2 + 4 / np.maximum(n_people, 1))
