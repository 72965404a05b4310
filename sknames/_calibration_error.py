"""How far top probabilities are from the share that is right: the expected calibration error."""

import numpy as np

N_BINS = 15
N_RESAMPLES = 1000


def calibration_sums(hit, confidence, n_bins=N_BINS):
    """What the calibration error follows from, to be added up over parts of the names.

    Parameters
    ----------
    hit : ndarray of shape (n_names,), bool
        Whether the most probable label is right.
    confidence : ndarray of shape (n_names,)
        Its probability.
    n_bins : int

    Returns
    -------
    ndarray of shape (3, n_bins)
        In each bin of equal width: the sum of the differences, of their squares, and of their
        variances if the probabilities are right.
    """
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = confidence - hit
    weights = gaps, gaps**2, confidence * (1 - confidence)
    return np.stack([np.bincount(bins, weights=w, minlength=n_bins) for w in weights])


def calibration_error(sums, n_names, n_repeats=1):
    """The expected calibration error (Guo et al. 2017), and its 95 % interval.

    Of names that were each judged `n_repeats` times, the sums and `n_names` are of all repeats. The
    interval is that of a bootstrap over the names, whose sums in the bins are drawn as normal
    ones. Chance adds to the error, and in each resample once more: so the interval is the basic
    one, which takes that off, and begins at 0 where a model whose probabilities are right would
    have such an error, too. Its upper end is at least what a share of wrong answers may be of which
    none was seen (Clopper and Pearson 1934): a bootstrap draws what was seen, and nothing else.

    Returns
    -------
    error, low, high : float
    by_chance : float
        What a model whose probabilities are right has on average, on as many names.
    """
    gaps, squares, variances = sums
    normal = np.random.default_rng(0).standard_normal((N_RESAMPLES, len(gaps)))
    error = np.abs(gaps).sum() / n_names
    spread = np.sqrt(n_repeats * np.maximum(squares - gaps**2 / n_names, 0))
    again = np.abs(gaps + spread * normal).sum(axis=1) / n_names
    chance = np.abs(np.sqrt(n_repeats * variances) * normal).sum(axis=1) / n_names
    low, high = 2 * error - np.percentile(again, [97.5, 2.5])
    if error <= np.percentile(chance, 97.5):
        low = 0
    high = max(high, 1 - 0.025 ** (n_repeats / n_names))
    return tuple(np.clip([error, low, high, chance.mean()], 0, 1).tolist())
