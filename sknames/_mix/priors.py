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

POPULATION = Path(__file__).parent / "population.csv"
BLOCK = 8192  # rows that stay in the cache
PSEUDO_NAMES = 3
MAX_NEWTON_STEPS = 50

Priors: TypeAlias = Literal["uniform", "population"] | Mapping[Any, float] | ArrayLike


def check_priors(priors, classes, name="priors"):
    """Return priors in any form they may be given in, as float64 in the order of the classes.

    "population" is the square root of a rough number of bearers in the world: halfway, on a log
    scale, between a list of the world's people and one of equally many of each. Labels that a dict
    or Series does not name have 0. `name` is that of the parameter, for errors.
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


def supposed_priors(estimator, given=None, *, of_people=False):
    """The priors that the probabilities of a fitted classifier suppose, in the order of classes_.

    They are those given, else its `class_prior_`, or that of the estimator within whose
    probabilities it passes on, else uniform. `of_people` takes off the bias by class that the
    model that ships has on people, so that their mix is right.
    """
    classes, bias = estimator.classes_, None
    while given is None and (within := _whose_probabilities(estimator)) is not None:
        estimator = within
    if given is None:
        given = getattr(estimator, "class_prior_", None)
        bias = getattr(estimator, "_class_bias", None)
    priors = check_priors("uniform" if given is None else given, classes, "class_prior")
    if of_people and bias is not None:
        priors = priors * np.exp(-bias)
        priors /= priors.sum()
    return priors


def _whose_probabilities(estimator):
    """The estimator whose probabilities another one gives as they are, or None."""
    if isinstance(estimator, Pipeline):
        return estimator[-1]
    if isinstance(estimator, FrozenEstimator):
        return estimator.estimator
    if hasattr(estimator, "abstain_label_"):
        return estimator.estimator_
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


def merge_rows(probabilities, weights):
    """Distinct pairs of a row of probabilities and a weight, and how often each occurs.

    They are sorted, so that what is computed of them does not depend on the order of the names: by
    the most probable class, then by its probability, which hardly depends on the processor either.
    """
    table = np.column_stack([probabilities, weights]) + 0.0  # of -0.0
    # As bytes: numpy sorts rows of numbers far more slowly.
    rows, counts = np.unique(
        table.view(np.dtype((np.void, table.itemsize * table.shape[1])))[:, 0], return_counts=True
    )
    table = rows.view(table.dtype).reshape(len(rows), table.shape[1])
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


def distinct_names(probabilities, weights, supposed, numbers=None):
    """Return what the distinct names of a list say about its mix: ratios, weights, counts.

    A name that comes twenty times is not twenty observations of the model's error. Its weights are
    summed, and the weights of all names are scaled to sum to the number of distinct ones. Equal
    names have equal `numbers`; None: all are distinct. Rows of weight 0 are left out, and so are
    those whose ratios (see `likelihood_ratios`) are all 0. `counts` tell how many names have the
    same row and weight, see `merge_rows`.
    """
    kept = weights > 0
    probabilities, weights = probabilities[kept], weights[kept]
    if numbers is not None:
        _, first, place = np.unique(numbers[kept], return_index=True, return_inverse=True)
        probabilities, weights = probabilities[first], np.bincount(place, weights)
    rows, weights, counts = merge_rows(probabilities, weights)
    ratios = likelihood_ratios(rows, supposed)
    informs = ratios.any(axis=1)
    ratios, weights, counts = ratios[informs], weights[informs], counts[informs]
    return ratios, weights * (counts.sum() / (weights @ counts or 1)), counts


def estimate_mix(ratios, weights, counts, supposed, *, tol=1e-7, max_iter=200):
    """Estimate the shares of the classes among distinct names, and the priors of their answers.

    Each name is answered under the mix of the *other* names and of some pseudo-names that have the
    assumed priors; the shares are the mean of these answers. This is collapsed variational Bayes
    (Asuncion et al. 2009). Leaving a name out matters in short lists: expectation maximisation
    lets a single name choose its own prior, and ends in the class of the largest likelihood ratio.
    In long lists, both agree.

    Steps are extrapolated (SQUAREM, Varadhan and Roland 2008): some 10 to 20 are enough.

    It takes what `distinct_names` gives. It returns the shares, the shares among names and
    pseudo-names, which are the priors to assume of another name of the list, and the number of
    steps.
    """
    n = counts.sum()
    sums, n_pseudo = _answers_so_far(ratios, weights, counts, supposed)
    pseudo = n_pseudo * supposed

    def step(sums):
        return _leave_one_out(ratios, weights, counts, sums + pseudo)

    safe, change, n_iter = None, np.inf, 0
    while True:
        one = step(sums)
        first, last = one - sums, change
        n_iter += 1
        change = np.abs(first).max() / n
        if change <= tol or n_iter >= max_iter:
            break
        if safe is not None and change > last:
            sums, safe = safe, None
            continue
        two = step(one)
        bend = two - one - first
        length = max(1, np.sqrt(first @ first / (bend @ bend or 1)))
        sums, safe = np.maximum(0, sums + 2 * length * first + length**2 * bend), two
        sums *= n / sums.sum()
    if change > tol:
        warnings.warn(
            f"The estimate of the mix did not converge in {max_iter} steps: a share still changed "
            f"by {change:.1e}, more than tol={tol}. Raise max_iter or tol.",
            ConvergenceWarning,
            stacklevel=3,
        )
    return one / n, (one + pseudo) / (n + pseudo.sum()), n_iter


def _answers_so_far(ratios, weights, counts, supposed):
    """Look at the answers under the assumed priors.

    Two names of a list with a mix of its own have the same class more often than the assumed priors
    say: `likelier`, the mean of sum(answer * answer / priors) over pairs of names. The less it
    exceeds 1, the more pseudo-names there are: 3, or more where the list shows no mix of its own.
    Without them, a model that is less sure than it is right would take chance for a mix. It returns
    the sum of the answers, of shape (n_classes,), and the number of pseudo-names.
    """
    n, sums, squares, largest = counts.sum(), 0.0, 0.0, 0.0
    for first in range(0, len(ratios), BLOCK):
        some = slice(first, first + BLOCK)
        answers = ratios[some] * supposed
        answers *= (weights[some] / answers.sum(axis=1))[:, None]
        sums = sums + counts[some] @ answers
        squares = squares + counts[some] @ answers**2
        largest += counts[some] @ answers.max(axis=1)
    positive, pairs = supposed > 0, n**2 - counts @ weights**2
    _warn_if_unsure(largest / n, positive.sum(), n)
    likelier = ((sums**2 - squares)[positive] / supposed[positive]).sum()
    likelier = likelier / pairs if pairs > 1e-9 * n**2 else 1  # one name alone has no mix
    return sums, PSEUDO_NAMES / max(1 - 1 / max(likelier, 1), 1e-9)


def _warn_if_unsure(confidence, n_classes, n):
    """Warn of a model that is hardly surer than a guess, from some names on."""
    guess = 1 / n_classes
    if n >= 30 and confidence < guess + (1 - guess) / 3:
        warnings.warn(
            "The model is unsure of these names: the probability of the most probable class is "
            f"{confidence:.2f} on average. If its answers are right more often than that, the mix "
            "is wrong. Then calibrate it on held-out names, for example with scikit-learn's "
            "CalibratedClassifierCV(method='temperature').",
            stacklevel=6,
        )


def _leave_one_out(ratios, weights, counts, mix):
    """Sum the answers of names, each under the mix without the name itself.

    With r the ratios of a name and w its weight, its answer is q = r * (mix - w * q) / z, so that
    q = r * mix / (z + w * r). Newton's method finds the z for which it sums to 1.
    """
    sums = np.zeros_like(mix)
    for first in range(0, len(ratios), BLOCK):
        some = slice(first, first + BLOCK)
        r, w = ratios[some], weights[some, None]
        total = r @ mix
        z = np.maximum(total - weights[some], 1e-3 * total)  # not above it, and near in long lists
        for _ in range(MAX_NEWTON_STEPS):
            share = r / (z[:, None] + w * r)
            excess = share @ mix - 1
            move = excess / ((share / (z[:, None] + w * r)) @ mix)
            z = np.maximum(z + move, 1e-3 * z)
            if np.abs(move).max() <= 1e-10 * z.max():
                break
        answers = r * mix / (z[:, None] + w * r)
        answers *= (counts[some] * weights[some] / answers.sum(axis=1))[:, None]
        sums += answers.sum(axis=0)
    return sums


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
    constraint that they sum to 1 (Kim et al. 2020). Each row of `slope`, (n_problems, n_classes),
    is a problem of its own: a gradient at the priors, less the sum of the weights. `curvature` is
    minus the second derivative. Rows of the result sum to 1.
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
