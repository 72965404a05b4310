"""How far top probabilities are from the share that is right: the expected calibration error."""

import numpy as np

N_BINS = 15
N_RESAMPLES = 1000


def calibration_error(hit, confidence, n_bins=N_BINS, n_repeats=1):
    """Return the expected calibration error (Guo et al. 2017), and its 95 % interval.

    The interval is that of a bootstrap over the names, whose sums in the bins are drawn as normal
    ones. Chance adds to the error, and in each resample once more: so the interval is the basic
    one, which takes that off, and begins at 0 where a model whose probabilities are right would
    have such an error, too. Its upper end is at least what a share of wrong answers may be of which
    none was seen (Clopper and Pearson 1934): a bootstrap draws what was seen, and nothing else.

    Parameters
    ----------
    hit : ndarray of shape (n_answers,), bool
        Whether the most probable label is right.
    confidence : ndarray of shape (n_answers,)
        Its probability.
    n_bins : int
        Number of bins of equal width.
    n_repeats : float
        How often each name was judged, as in repeated cross-validation: repeats prove no more.

    Returns
    -------
    error, low, high : float
    by_chance : float
        What a model whose probabilities are right has on average, on as many names.
    """
    n = len(hit)
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    differences = confidence - hit
    gaps, squares, variances = (
        np.bincount(bins, weights=values, minlength=n_bins)
        for values in (differences, differences**2, confidence * (1 - confidence))
    )
    normal = np.random.default_rng(0).standard_normal((N_RESAMPLES, n_bins))
    error = np.abs(gaps).sum() / n
    spread = np.sqrt(n_repeats * np.maximum(squares - gaps**2 / n, 0))
    again = np.abs(gaps + spread * normal).sum(axis=1) / n
    chance = np.abs(np.sqrt(n_repeats * variances) * normal).sum(axis=1) / n
    low, high = 2 * error - np.percentile(again, [97.5, 2.5])
    if error <= np.percentile(chance, 97.5):
        low = 0
    high = max(high, 1 - 0.025 ** (n_repeats / n))
    return tuple(np.clip([error, low, high, chance.mean()], 0, 1).tolist())
