"""Priors of classes: how they may be given, estimated from a list, and exchanged (label shift)."""

import csv
import warnings
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import nnls
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array

POPULATION = Path(__file__).parent / "pretrained" / "population.csv"
BLOCK = 8192  # rows that stay in the cache

Priors: TypeAlias = Literal["uniform", "population"] | Mapping[Any, float] | ArrayLike


def check_priors(priors, classes, name="priors"):
    """Priors in any form they may be given in, as float64 in the order of the classes.

    Parameters
    ----------
    priors : {"uniform", "population"}, dict or Series by label, or array-like of shape (n_classes,)
        "population" is the square root of a rough number of bearers in the world: halfway, on a
        log scale, between a list of the world's people and one of equally many of each. Labels that
        a dict does not name have 0.
    classes : ndarray of shape (n_classes,)
    name : str
        Of the parameter, for errors.

    Returns
    -------
    ndarray of shape (n_classes,)
        They sum to 1.

    Raises
    ------
    ValueError
        If they name an unknown class, are of another number, negative, or do not sum to 1.
    """
    if priors is None or isinstance(priors, str):
        if priors not in ("uniform", "population"):
            raise ValueError(
                f"Expected {name} 'uniform' or 'population', or numbers by label, got {priors!r}."
            )
        values = np.ones(len(classes)) if priors == "uniform" else _by_population(classes, name)
        return values / values.sum()
    # A Series has labels, too: by position they might be others'.
    by_label = priors.to_dict() if hasattr(priors, "to_dict") else priors
    if isinstance(by_label, Mapping):
        place = {label: k for k, label in enumerate(classes.tolist())}
        unknown = [label for label in by_label if label not in place]
        if unknown:
            raise ValueError(
                f"{name} names {', '.join(map(repr, unknown))}, which the model does not tell. Its "
                f"classes_ are {', '.join(map(str, place))}."
            )
        values = np.zeros(len(classes))
        for label, value in by_label.items():
            if not isinstance(value, Real):
                raise ValueError(f"{name} of {label!r} should be a number, got {value!r}.")
            values[place[label]] = value
    else:
        values = check_array(priors, ensure_2d=False, dtype=np.float64, input_name=name)
        if values.shape != (len(classes),):
            raise ValueError(
                f"Expected {name} of shape ({len(classes)},), in the order of classes_, got shape "
                f"{values.shape}. Give a dict to name only some."
            )
    if not (values >= 0).all():  # nor NaN
        k = int(np.flatnonzero(~(values >= 0))[0])
        raise ValueError(
            f"{name} of {classes[k]!s} is {values[k]}; expected 0 or more. 0 is never predicted."
        )
    if not abs(values.sum() - 1) < 1e-6:
        raise ValueError(f"{name} sum to {values.sum():.6g}; expected 1. Divide them by their sum.")
    return values / values.sum()


def _by_population(classes, name):
    with open(POPULATION, encoding="utf-8", newline="") as file:
        millions = {row["nationality"]: float(row["millions"]) for row in csv.DictReader(file)}
    unknown = [str(label) for label in classes.tolist() if label not in millions]
    if unknown:
        raise ValueError(
            f"{name}='population' has no number of bearers for {', '.join(unknown)}. Give {name} "
            "as a dict."
        )
    return np.sqrt([millions[label] for label in classes.tolist()])


def supposed_priors(estimator, given=None):
    """The priors that the probabilities of a fitted classifier suppose, in the order of classes_.

    They are those given, else its `class_prior_`, or that of the estimator within whose
    probabilities it passes on, else uniform.
    """
    classes = estimator.classes_
    while given is None and (within := _whose_probabilities(estimator)) is not None:
        estimator = within
    if given is None:
        given = getattr(estimator, "class_prior_", None)
    return check_priors("uniform" if given is None else given, classes, "class_prior")


def _whose_probabilities(estimator):
    """The estimator whose probabilities another one gives as they are, or None."""
    if isinstance(estimator, Pipeline):
        return estimator[-1]
    if isinstance(estimator, FrozenEstimator):
        return estimator.estimator
    return getattr(estimator, "best_estimator_", None)  # of a search for parameters


def exchange_priors(probabilities, supposed, priors):
    """Probabilities under other priors than those that they suppose.

    A row that the priors exclude, with a positive probability of none of their classes, gets the
    priors themselves.
    """
    factor = np.divide(priors, supposed, out=np.zeros_like(priors), where=supposed > 0)
    shifted = probabilities * (factor / (factor.max() or 1))
    total = shifted.sum(axis=1, keepdims=True)
    return np.divide(shifted, total, out=np.tile(priors, (len(shifted), 1)), where=total > 0)


def merge_rows(probabilities, weights, counts):
    """Distinct pairs of a row of probabilities and a weight, and how often each occurs.

    They are sorted, so that what is computed of them does not depend on the order of the names: by
    the most probable class, then by its probability, which hardly depends on the processor either.
    Rows of weight 0 and rows that do not occur are left out.
    """
    kept = (weights > 0) & (counts > 0)
    table = np.column_stack([probabilities[kept], weights[kept]]) + 0.0  # of -0.0
    # As bytes: numpy sorts rows of numbers far more slowly.
    rows, place = np.unique(
        table.view(np.dtype((np.void, table.itemsize * table.shape[1])))[:, 0], return_inverse=True
    )
    table = rows.view(table.dtype).reshape(len(rows), table.shape[1])
    counts = np.bincount(place, weights=counts[kept], minlength=len(rows))
    probabilities, weights = table[:, :-1], table[:, -1]
    order = np.lexsort([probabilities.max(axis=1), probabilities.argmax(axis=1)])
    return probabilities[order], weights[order], counts[order]


def likelihood_ratios(probabilities, supposed):
    """How likely a name is among each class, but for a factor of the row: the largest is 1.

    A row of zeros says nothing of the classes whose priors are positive.
    """
    ratios = np.divide(
        probabilities, supposed, out=np.zeros_like(probabilities), where=supposed > 0
    )
    largest = ratios.max(axis=1, keepdims=True)
    return np.divide(ratios, largest, out=ratios, where=largest > 0)


def informative_rows(probabilities, weights, counts, supposed):
    """Likelihood ratios of the distinct rows that tell anything of a mix, their weights and counts.

    See `merge_rows` and `likelihood_ratios`; there may be none.
    """
    rows, weights, counts = merge_rows(probabilities, weights, counts)
    ratios = likelihood_ratios(rows, supposed)
    informs = ratios.any(axis=1)
    return ratios[informs], weights[informs], counts[informs]


def estimate_priors(ratios, weights, start, *, tol=1e-9, max_iter=200):
    """The priors under which the rows are most likely, by expectation maximisation.

    1. A step of Saerens, Latinne and Decaestecker (2002) gives the mean of the probabilities under
       the priors so far. It never makes the rows less likely, but takes hundreds of steps.
    2. A step of Newton's method, see `newton_steps`, is taken instead where it leads further, as it
       does near the maximum: some 15 steps are enough.

    The log-likelihood is concave, so that its gradient bounds how far the maximum is: that is what
    tells convergence.

    Parameters
    ----------
    ratios : ndarray of shape (n_rows, n_classes)
        See `likelihood_ratios`; no row of zeros.
    weights : ndarray of shape (n_rows,)
    start : ndarray of shape (n_classes,)
        The priors to start from; those of 0 stay 0.
    tol : float
        The log-likelihood per unit of weight is at most so far from its maximum.
    max_iter : int
        Steps; a `ConvergenceWarning` tells if they do not suffice.

    Returns
    -------
    priors : ndarray of shape (n_classes,)
    n_iter : int
    """
    weights = weights / weights.sum()
    free = start > 0
    rows = ratios if free.all() else np.ascontiguousarray(ratios[:, free])
    priors, n_iter = start[free] / start[free].sum(), 0
    mix = rows @ priors
    while True:
        gain, curvature = slopes(rows, mix, weights)
        gap = gain.max() - 1
        if gap <= tol or n_iter == max_iter:
            break
        n_iter += 1
        newton = newton_steps(priors, curvature, (gain - 1)[None])[0]
        steps = [newton, priors * gain]
        mixes = [rows @ step for step in steps]
        with np.errstate(divide="ignore"):  # a step that excludes a row is never taken
            newton, expectation = (weights @ np.log(mix) for mix in mixes)
        # At the maximum they differ by rounding alone, and Newton's is the one that gets there.
        further = int(expectation > newton + 1e-13)
        priors, mix = steps[further], mixes[further]
    if gap > tol:
        warnings.warn(
            f"The estimate of the priors did not converge in {max_iter} steps: the log-likelihood "
            f"per name may be {gap:.1e} below its maximum, more than tol={tol}. Raise max_iter or "
            "tol.",
            ConvergenceWarning,
            stacklevel=3,
        )
    found = np.zeros(len(start))
    found[free] = priors
    return found, n_iter


def slopes(ratios, mix, weights):
    """Gradient and minus the second derivative of weights @ log(mix), mix = ratios @ priors."""
    n_classes = ratios.shape[1]
    gradient, curvature = np.zeros(n_classes), np.zeros((n_classes, n_classes))
    for first in range(0, len(ratios), BLOCK):
        some = slice(first, first + BLOCK)
        scores = ratios[some] / mix[some, None]
        weighted = scores * weights[some, None]
        gradient += weighted.sum(axis=0)
        curvature += weighted.T @ scores
    return gradient, curvature


def newton_steps(priors, curvature, slope):
    """Where the log-likelihood near some priors is largest, among shares that are not negative.

    The sum of the shares times that of the weights is subtracted from it, in place of the
    constraint that they sum to 1 (Kim et al. 2020).

    Parameters
    ----------
    priors : ndarray of shape (n_classes,)
    curvature : ndarray of shape (n_classes, n_classes)
        Minus the second derivative.
    slope : ndarray of shape (n_problems, n_classes)
        Gradients at the priors, less the sum of the weights; each is a problem of its own.

    Returns
    -------
    ndarray of shape (n_problems, n_classes)
        Rows sum to 1.
    """
    # The floor is for classes that no row has any chance of.
    diagonal = np.diag(curvature)
    scale = np.sqrt(np.maximum(diagonal, 1e-12 * diagonal.max()))
    curvature = curvature / scale / scale[:, None] + 1e-10 * np.eye(len(scale))
    targets = curvature @ (priors * scale) + slope / scale
    # No curvature is negative, so that a share of a negative target is 0, however negative it is:
    # huge ones, of classes that no row has any chance of, would cost the others their digits.
    targets = np.maximum(targets, -targets.max(axis=1, keepdims=True))
    root = np.linalg.cholesky(curvature)
    shares = np.array([nnls(root.T, t)[0] for t in np.linalg.solve(root, targets.T).T]) / scale
    return shares / shares.sum(axis=1, keepdims=True)
