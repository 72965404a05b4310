"""Estimate the mix of a list from the probabilities of its names (label shift)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches

from .._base import NoEstimateError, warn
from .._base.estimators import PAGES

BLOCK = 8192  # rows at a time, so that they stay in the cache
PSEUDO_NAMES = 3  # the minimum; keeps the mix of a few names near the priors
MAX_NEWTON_STEPS = 50  # usually 3 to 5 are enough
MIN_NAMES_TO_DOUBT = 30  # with fewer, a model may look unsure by chance
# The lowest mean of the largest probabilities under the mix that raises no warning, for
# many classes. The mean is at least .61 in 163 lists of real people. It is .52 and .40
# for names of 57 nationalities if logits are divided by 2.6 and 3; there, predicting
# under the mix lowers the accuracy from .97 to .87 and .77.
LEAST_SURE = 0.6


@dataclass(frozen=True)
class DistinctNames:
    """The distinct names of a list; names with equal ratios and weights share a row.

    Parameters
    ----------
    ratios : ndarray of shape (n_rows, n_classes)
        Likelihoods of a name under each class, divided by the largest one.
    weights : ndarray of shape (n_rows,)
        Weight of each name of a row. The weights of all names sum to their number.
    counts : ndarray of shape (n_rows,) of int
        Number of names in each row.
    scale : float
        The factor by which the weights of the list were multiplied.
    """

    ratios: NDArray[np.floating]
    weights: NDArray[np.floating]
    counts: NDArray[np.integer]
    scale: float

    @property
    def n(self):
        """The number of distinct names."""
        return self.counts.sum()


@dataclass(frozen=True)
class Mix:
    """The estimated mix of a list.

    Parameters
    ----------
    shares : ndarray of shape (n_classes,)
        The share of each class.
    priors : ndarray of shape (n_classes,)
        The shares including pseudo-names: the priors of another name from this list.
    n_iter : int
        The number of steps of the estimation.
    """

    shares: NDArray[np.floating]
    priors: NDArray[np.floating]
    n_iter: int


def merge_rows(probabilities, weights):
    """Return distinct pairs of a row of probabilities and a weight, and their counts.

    The pairs are sorted by the most probable class and its probability, so that
    results do not depend on the order of the names and are nearly equal on all
    processors.
    """
    table = np.column_stack([probabilities, weights]) + 0.0  # -0.0 becomes 0.0
    # numpy sorts bytes much faster than rows of numbers.
    row_as_bytes = np.dtype((np.void, table.itemsize * table.shape[1]))
    rows, counts = np.unique(table.view(row_as_bytes)[:, 0], return_counts=True)
    table = rows.view(table.dtype).reshape(len(rows), table.shape[1])
    probabilities = table[:, :-1]
    order = np.lexsort([probabilities.max(axis=1), probabilities.argmax(axis=1)])
    return probabilities[order], table[order, -1], counts[order]


def likelihood_ratios(probabilities, assumed, sharpness=1.0):
    """Return the likelihoods of names under each class, divided by the largest one.

    They are raised to a power, the sharpness, because probabilities that are calibrated
    for single names may be too cautious for the shares of a list. A row is 0 if all its
    classes with a positive prior have the probability 0.
    """
    ratios = np.divide(
        probabilities, assumed, out=np.zeros_like(probabilities), where=assumed > 0
    )
    largest = ratios.max(axis=1, keepdims=True)
    np.divide(ratios, largest, out=ratios, where=largest > 0)
    return ratios**sharpness


def distinct_names(probabilities, weights, assumed, ids=None, sharpness=1.0, rows=None):
    """Return the distinct names of a list, as a `DistinctNames`.

    A name that occurs twenty times is not twenty observations of the model's error.
    Therefore, its weights are summed, and all weights are scaled to sum to the number
    of distinct names.

    Parameters
    ----------
    probabilities : ndarray of shape (n_texts, n_classes)
        Predicted probabilities.
    weights : ndarray of shape (n_rows,)
        Weights of the names. Names with the weight 0 are ignored.
    assumed : ndarray of shape (n_classes,)
        The priors that the probabilities assume.
    ids : ndarray of shape (n_rows,) of int or None, default=None
        Equal names have equal IDs. With None, all names are distinct.
    sharpness : float, default=1.0
        The power to which likelihood ratios are raised.
    rows : ndarray of shape (n_rows,) of int or None, default=None
        The row of each name's probabilities. With None, each name has its own.

    Raises
    ------
    NoEstimateError
        If no name has a positive weight and a positive likelihood.
    """
    n_rows = len(weights)
    (kept,) = np.nonzero(weights > 0)
    weights = weights[kept]
    if ids is not None:
        _, first, name_of_row = np.unique(
            ids[kept], return_index=True, return_inverse=True
        )
        kept = kept[first]
        weights = np.bincount(name_of_row, weights)
    if rows is not None:
        kept = rows[kept]
    distinct, weights, counts = merge_rows(probabilities[kept], weights)
    ratios = likelihood_ratios(distinct, assumed, sharpness)
    informs = ratios.any(axis=1)
    if not informs.any():
        raise NoEstimateError(
            "No usable names: expected at least one with a positive weight, got "
            f"{n_rows:,} without. Check the names and weights."
        )
    weights = weights[informs]
    counts = counts[informs]
    scale = counts.sum() / (weights @ counts)
    return DistinctNames(ratios[informs], weights * scale, counts, scale)


def estimate_mix(names, assumed, *, tol=1e-7, max_iter=200):
    """Estimate the shares of the classes in distinct names, as a `Mix`.

    Each name is predicted under the mix of the *other* names and some pseudo-names with
    the assumed priors; the shares are the mean prediction. This is collapsed
    variational Bayes (Asuncion et al. 2009). Plain expectation maximisation lets a name
    choose its own prior, and in a short list ends at the class of the largest
    likelihood ratio; in long lists both agree. Steps are extrapolated (SQUAREM,
    Varadhan and Roland 2008): 10 to 20 are usually enough.
    """
    n = names.n
    sums, _, largest_before = _predict(names, assumed)
    pseudo = count_pseudo_names(names, assumed) * assumed
    safe_sums = None  # sums to return to if an extrapolation is worse
    change = np.inf
    n_iter = 0
    while True:
        after_one = _leave_one_out(names, sums + pseudo)
        first_step = after_one - sums
        last_change = change
        change = np.abs(first_step).max() / n
        n_iter += 1
        if change <= tol or n_iter >= max_iter:
            break
        if safe_sums is not None and change > last_change:
            sums = safe_sums
            safe_sums = None
            continue
        safe_sums = _leave_one_out(names, after_one + pseudo)
        sums = _extrapolate(sums, first_step, safe_sums - after_one - first_step)
        sums *= n / sums.sum()
    _warn_if_not_converged(change, tol, max_iter)
    priors = (after_one + pseudo) / (n + pseudo.sum())
    _warn_if_unsure(largest_before, names, assumed, priors)
    return Mix(after_one / n, priors, n_iter)


def _warn_if_not_converged(change, tol, max_iter):
    """Warn if a share still changed by more than tol in the last step."""
    if change > tol:
        warn(
            f"The estimate of the mix did not converge in {max_iter} steps: a share "
            f"still changed by {change:.1e}, more than {tol}. Sum the "
            "labels that the model hardly tells apart: GroupedClassifier.",
            ConvergenceWarning,
            kind="not converged",
        )


def _extrapolate(sums, step, bend):
    """Return the sums after an extrapolated step, not negative.

    `bend` is the difference between the second step and the first step.
    """
    length = max(1, np.sqrt(step @ step / (bend @ bend or 1)))
    return np.maximum(0, sums + 2 * length * step + length**2 * bend)


def _predict(names, priors):
    """Predict the names under priors; return sums over the names.

    Returns
    -------
    sums, squares : ndarray of shape (n_classes,)
        Sums of the probabilities times the weights, and of their squares.
    mean_largest : float
        The mean of the largest probability of each name.
    """
    sums = np.zeros(len(priors))
    squares = np.zeros(len(priors))
    largest = 0.0
    for block in gen_batches(len(names.ratios), BLOCK):
        counts = names.counts[block]
        predictions = names.ratios[block] * priors
        predictions *= (names.weights[block] / predictions.sum(axis=1))[:, None]
        sums += counts @ predictions
        squares += counts @ predictions**2
        largest += counts @ predictions.max(axis=1)
    return sums, squares, largest / names.n


def count_pseudo_names(names, priors):
    """Return the number of pseudo-names with these priors, at least 3.

    If the mix of a list differs from the priors, two of its names have the same class
    more often than the priors predict. `likelier` measures how much more often, as the
    mean of sum(p * q / priors) over pairs of names with probabilities p and q. The
    closer it is to 1, the more pseudo-names are added. Without pseudo-names, an
    underconfident model would mistake chance for a mix.
    """
    sums, squares, _ = _predict(names, priors)
    likelier = 1.0
    n_pairs = names.n**2 - names.counts @ names.weights**2
    if n_pairs > 1e-9 * names.n**2:  # a single name has no pairs
        positive = priors > 0
        likelier = ((sums**2 - squares)[positive] / priors[positive]).sum() / n_pairs
    return PSEUDO_NAMES / max(1 - 1 / max(likelier, 1), 1e-9)


def _warn_if_unsure(before, names, assumed, priors):
    """Warn if the probabilities of at least 30 names hardly distinguish classes.

    `before` is the mean of the largest probabilities under the assumed priors. The mean
    under the estimated priors is checked as well, because an underconfident model
    assigns names of small classes to large classes.
    """
    _, _, after = _predict(names, priors)
    guess = 1 / np.count_nonzero(assumed)
    is_unsure_before = before < guess + (1 - guess) / 3
    is_unsure_after = after < LEAST_SURE * (1 - guess)
    if names.n >= MIN_NAMES_TO_DOUBT and (is_unsure_before or is_unsure_after):
        warn(
            "The model is unsure of these names: the probability of the most probable "
            f"class is {before:.2f} on average, and {after:.2f} under the mix. If its "
            "answers are right more often than that, the mix is wrong. Then calibrate "
            "it on held-out names, as the FAQ shows: "
            f"{PAGES}/faq.html#how-do-i-calibrate-a-model",
            kind="unsure model",
        )


def _leave_one_out(names, mix):
    """Sum the predictions of names, each under the mix of all other names.

    The prediction of a name with likelihood ratios r and weight w is q = r * (mix - w *
    q) / z, that is, q = r * mix / (z + w * r). Newton's method finds the z for which q
    sums to 1.
    """
    sums = np.zeros_like(mix)
    for block in gen_batches(len(names.ratios), BLOCK):
        r = names.ratios[block]
        w = names.weights[block, None]
        total = r @ mix
        # A lower bound, close in long lists.
        z = np.maximum(total - names.weights[block], 1e-3 * total)
        for _ in range(MAX_NEWTON_STEPS):
            divisor = z[:, None] + w * r
            share = r / divisor
            excess = share @ mix - 1
            move = excess / ((share / divisor) @ mix)
            z = np.maximum(z + move, 1e-3 * z)
            if np.abs(move).max() <= 1e-10 * z.max():
                break
        answers = r * mix / (z[:, None] + w * r)
        weights = names.counts[block] * names.weights[block]
        answers *= (weights / answers.sum(axis=1))[:, None]
        sums += answers.sum(axis=0)
    return sums


def slopes(ratios, mix, weights):
    """Return the gradient and the negative Hessian of weights @ log(mix) at the priors.

    `mix`, (n_rows,), is ratios @ priors.
    """
    n_classes = ratios.shape[1]
    gradient = np.zeros(n_classes)
    curvature = np.zeros((n_classes, n_classes))
    for block in gen_batches(len(ratios), BLOCK):
        scores = ratios[block] / mix[block, None]
        weighted = scores * weights[block, None]
        gradient += weighted.sum(axis=0)
        curvature += weighted.T @ scores
    return gradient, curvature


def newton_steps(priors, curvature, slope):
    """Maximize quadratic approximations of the log-likelihood at some priors.

    Shares are constrained to be non-negative. The constraint that they sum to 1 is
    replaced by a linear penalty (Kim et al. 2020).

    Parameters
    ----------
    priors : ndarray of shape (n_classes,)
        The priors.
    curvature : ndarray of shape (n_classes, n_classes)
        The negative Hessian at the priors.
    slope : ndarray of shape (n_problems, n_classes)
        The gradient at the priors, minus the sum of the weights, in each problem.

    Returns
    -------
    ndarray of shape (n_problems, n_classes)
        The shares that maximize the likelihood, scaled to sum to 1.
    """
    # The diagonal is 0 for classes that are impossible in all rows.
    diagonal = np.diag(curvature)
    scale = np.sqrt(np.maximum(diagonal, 1e-12 * diagonal.max()))
    curvature = curvature / scale / scale[:, None] + 1e-10 * np.eye(len(scale))
    targets = curvature @ (priors * scale) + slope / scale
    # Any negative target results in a share of 0. Huge negative targets, of classes
    # that are impossible in all rows, would make the other shares less precise.
    targets = np.maximum(targets, -targets.max(axis=1, keepdims=True))
    root = np.linalg.cholesky(curvature)
    rotated = np.linalg.solve(root, targets.T).T
    shares = np.array([nnls(root.T, target)[0] for target in rotated]) / scale
    return shares / shares.sum(axis=1, keepdims=True)
