"""Estimate the mix of a list from the probabilities of its names (label shift)."""

import numpy as np
from scipy.optimize import nnls
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches

from .._base import warn
from .._base.estimators import PAGES
from .._models.priors import assumed_priors

BLOCK = 8192  # rows that stay in the cache
PSEUDO_NAMES = 3
MAX_NEWTON_STEPS = 50
# Of the largest probability under the mix, on average, if classes are many. It is .61
# and more in 163 lists of real people by country or of all. It is .52 and .40 for names
# of 57 nationalities with logits divided by 2.6 and 3. There, adapting lowers the
# accuracy from .97 to .87 and .77.
LEAST_SURE = 0.6
# Standard deviation of the log odds by which a model is wrong about a class, on people
# of another source than those that it was calibrated on, if it does not say; see
# examples/benchmarks/results/shares.md.
MODEL_ERROR = 0.5


def sharpness_of(stack):
    """Return the power of a model's likelihood ratios that shares take."""
    sharpness = stack.assumed.sharpness
    return 1.0 if sharpness is None else sharpness


def settings_of_shares(stack, assumed_prior=None):
    """Return what the shares of a list take from a model.

    See `shares_of_probabilities`.
    """
    network = getattr(stack.innermost, "network_", None)
    error = getattr(network, "model_error", None)
    return {
        "assumed_prior": assumed_priors(stack, assumed_prior, of_people=True),
        "model_error": MODEL_ERROR if error is None else float(error[0]),
        "sharpness": sharpness_of(stack),
    }


def merge_rows(probabilities, weights):
    """Return distinct pairs of probabilities (a row) and weight, and their counts.

    They are sorted by the most probable class and its probability, so that results do
    not depend on the order of the names, and hardly on the processor.
    """
    table = np.column_stack([probabilities, weights]) + 0.0  # -0.0 becomes 0.0
    # numpy sorts bytes far faster than rows of numbers.
    rows, counts = np.unique(
        table.view(np.dtype((np.void, table.itemsize * table.shape[1])))[:, 0],
        return_counts=True,
    )
    table = rows.view(table.dtype).reshape(len(rows), table.shape[1])
    probabilities, weights = table[:, :-1], table[:, -1]
    order = np.lexsort([probabilities.max(axis=1), probabilities.argmax(axis=1)])
    return probabilities[order], weights[order], counts[order]


def likelihood_ratios(probabilities, assumed, sharpness=1.0):
    """Return each name's likelihoods under each class, scaled to a largest of 1.

    They are taken to a power, the sharpness: probabilities that are calibrated name by
    name may still be too cautious for the shares of a list. A row is 0 if it has no
    probability on classes with a positive prior.
    """
    ratios = np.divide(
        probabilities, assumed, out=np.zeros_like(probabilities), where=assumed > 0
    )
    largest = ratios.max(axis=1, keepdims=True)
    np.divide(ratios, largest, out=ratios, where=largest > 0)
    return ratios if sharpness == 1 else ratios**sharpness


def distinct_names(probabilities, weights, assumed, ids=None, sharpness=1.0):
    """Return likelihood ratios, weights and counts of the distinct names of a list.

    A name that occurs twenty times is not twenty observations of the model's error. So
    its weights are summed, and all weights are scaled to sum to the number of distinct
    names. Equal names have equal `ids`; with None, all are distinct. Rows with weight 0
    or without ratios are left out; ValueError if none remains. `counts` holds how many
    names share a row and weight.
    """
    n = len(probabilities)
    kept = weights > 0
    probabilities, weights = probabilities[kept], weights[kept]
    if ids is not None:
        _, first, row = np.unique(ids[kept], return_index=True, return_inverse=True)
        probabilities, weights = probabilities[first], np.bincount(row, weights)
    rows, weights, counts = merge_rows(probabilities, weights)
    ratios = likelihood_ratios(rows, assumed, sharpness)
    informs = ratios.any(axis=1)
    ratios, weights, counts = ratios[informs], weights[informs], counts[informs]
    if not len(ratios):
        raise ValueError(
            "No usable names: expected at least one with a positive weight, got "
            f"{n:,} without. Check the names and weights."
        )
    return ratios, weights * (counts.sum() / (weights @ counts)), counts


def estimate_mix(ratios, weights, counts, assumed, *, tol=1e-7, max_iter=200):
    """Estimate the shares of the classes from the result of `distinct_names`.

    Each name is predicted under the mix of the *other* names and some pseudo-names with
    the assumed priors; the shares are the mean prediction. This is collapsed
    variational Bayes (Asuncion et al. 2009). Plain expectation maximisation lets a name
    choose its own prior, and in a short list ends at the class of the largest
    likelihood ratio; in long lists both agree. Steps are extrapolated (SQUAREM,
    Varadhan and Roland 2008): 10 to 20 are usually enough.

    Return the shares, the shares with pseudo-names, which are the priors of another
    name of the list, and the number of steps.
    """
    n = counts.sum()
    sums, n_pseudo, before = _predict(ratios, weights, counts, assumed)
    pseudo = n_pseudo * assumed

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
        warn(
            f"The estimate of the mix did not converge in {max_iter} steps: a share "
            f"still changed by {change:.1e}, more than tol={tol}. Raise max_iter or "
            "tol.",
            ConvergenceWarning,
        )
    priors = (one + pseudo) / (n + pseudo.sum())
    _warn_if_unsure(
        before, _predict(ratios, weights, counts, priors)[2], (assumed > 0).sum(), n
    )
    return one / n, priors, n_iter


def _predict(ratios, weights, counts, priors):
    """Sum predictions under priors, (n_classes,), and choose how many pseudo-names.

    If the list has a mix of its own, two of its names share a class more often than the
    priors predict. `likelier` measures this: the mean of sum(p * q / priors) over pairs
    of names. The closer it is to 1, the more pseudo-names there are, at least 3.
    Without them, an underconfident model would mistake chance for a mix. The mean of
    the largest probabilities comes last.
    """
    n, sums, squares, largest = counts.sum(), 0.0, 0.0, 0.0
    for some in gen_batches(len(ratios), BLOCK):
        answers = ratios[some] * priors
        answers *= (weights[some] / answers.sum(axis=1))[:, None]
        sums = sums + counts[some] @ answers
        squares = squares + counts[some] @ answers**2
        largest += counts[some] @ answers.max(axis=1)
    positive, pairs = priors > 0, n**2 - counts @ weights**2
    likelier = ((sums**2 - squares)[positive] / priors[positive]).sum()
    # A single name has no pairs.
    likelier = likelier / pairs if pairs > 1e-9 * n**2 else 1
    return sums, PSEUDO_NAMES / max(1 - 1 / max(likelier, 1), 1e-9), largest / n


def _warn_if_unsure(before, after, n_classes, n):
    """Warn if at least 30 names get probabilities that hardly tell classes apart.

    They may be so before the mix is estimated or under it: with an underconfident
    model, the small classes of a list lose names to the large ones.
    """
    guess = 1 / n_classes
    if n >= 30 and (
        before < guess + (1 - guess) / 3 or after < LEAST_SURE * (1 - guess)
    ):
        warn(
            "The model is unsure of these names: the probability of the most probable "
            f"class is {before:.2f} on average, and {after:.2f} under the mix. If its "
            "answers are right more often than that, the mix is wrong. Then calibrate "
            "it on held-out names, as the FAQ shows: "
            f"{PAGES}/faq.html#how-do-i-calibrate-a-model"
        )


def _leave_one_out(ratios, weights, counts, mix):
    """Sum the predictions of names, each under the mix without the name itself.

    With ratios r and weight w of a name, its prediction is q = r * (mix - w * q) / z,
    that is q = r * mix / (z + w * r). Newton's method finds the z for which it sums to
    1.
    """
    sums = np.zeros_like(mix)
    for some in gen_batches(len(ratios), BLOCK):
        r, w = ratios[some], weights[some, None]
        total = r @ mix
        # A lower bound, close in long lists.
        z = np.maximum(total - weights[some], 1e-3 * total)
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


def priors_of_probabilities(
    probabilities, weights, assumed, ids=None, sharpness=1.0, **limits
):
    """Estimate priors as `estimate_mix` does; return them and the number of steps."""
    names = distinct_names(probabilities, weights, assumed, ids, sharpness)
    return estimate_mix(*names, assumed, **limits)[1:]


def slopes(ratios, mix, weights):
    """Return gradient and negative Hessian of weights @ log(mix).

    mix is ratios @ priors.
    """
    n_classes = ratios.shape[1]
    gradient, curvature = np.zeros(n_classes), np.zeros((n_classes, n_classes))
    for some in gen_batches(len(ratios), BLOCK):
        scores = ratios[some] / mix[some, None]
        weighted = scores * weights[some, None]
        gradient += weighted.sum(axis=0)
        curvature += weighted.T @ scores
    return gradient, curvature


def newton_steps(priors, curvature, slope):
    """Maximise a quadratic log-likelihood near some priors.

    Shares are not negative. A linear penalty replaces the constraint that they sum to 1
    (Kim et al. 2020). Each row of `slope`, (n_problems, n_classes), is one problem: a
    gradient at the priors, minus the sum of the weights. `curvature` is the negative
    Hessian. Rows of the result sum to 1.
    """
    # The floor is for classes that are impossible in all rows.
    diagonal = np.diag(curvature)
    scale = np.sqrt(np.maximum(diagonal, 1e-12 * diagonal.max()))
    curvature = curvature / scale / scale[:, None] + 1e-10 * np.eye(len(scale))
    targets = curvature @ (priors * scale) + slope / scale
    # A negative target gives a share of 0, however negative it is. Huge ones, of
    # classes that are impossible in all rows, would cost the others their digits.
    targets = np.maximum(targets, -targets.max(axis=1, keepdims=True))
    root = np.linalg.cholesky(curvature)
    shares = (
        np.array([nnls(root.T, t)[0] for t in np.linalg.solve(root, targets.T).T])
        / scale
    )
    return shares / shares.sum(axis=1, keepdims=True)
