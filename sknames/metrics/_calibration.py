"""Measure and draw how far top probabilities are from the share of right answers."""

from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval

from .._base import validate_params
from .._base.labels_and_weights import check_weights
from .._base.plotting import check_at_least_1, legend_label
from ._top_label import TopLabelDisplay, effective_number, top_label, wilson_interval

N_BINS = 15  # as in Guo et al. (2017)
DIAGONAL = "perfectly calibrated"  # in the legend


def calibration_error(hit, confidence, weights, n_bins=N_BINS):
    """Return the expected calibration error (Guo et al. 2017), and that by chance.

    `hit` and `confidence` are what `top_label` returns, `weights` those of the names.
    The second value is the mean error of a calibrated model on such names, whose sums
    in the bins are nearly normal.
    """
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, weights * (confidence - hit))
    variances = np.bincount(bins, weights**2 * confidence * (1 - confidence))
    # |x| of a normal x with mean 0 is sqrt(2 / pi) times its standard deviation.
    by_chance = np.sqrt(2 / np.pi * np.maximum(variances, 0)).sum()
    total = weights.sum()
    return float(np.abs(gaps).sum() / total), float(by_chance / total)


@validate_params(
    {
        "y_true": ["array-like"],
        "y_proba": ["array-like"],
        "labels": ["array-like", None],
        "n_bins": [Interval(Integral, 1, None, closed="left")],
    }
)
def expected_calibration_error(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    n_bins: int = N_BINS,
) -> float:
    """Compute the expected calibration error of the most probable label.

    It is the mean difference between top probability and accuracy, over bins of equal
    width (Guo et al. 2017). 0 is the best. With few names it is too large, because
    chance adds to it.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true labels.
    y_proba : array-like of shape (n_samples, n_classes)
        Probabilities from `predict_proba`.
    labels : array-like of shape (n_classes,) or None, default=None
        Labels of the columns, such as `classes_`. None takes those in `y_true`, sorted.
    sample_weight : array-like of shape (n_samples,) or None, default=None
        Weights of the names, not negative.
    n_bins : int, default=15
        Number of bins.

    Returns
    -------
    float
        The error, from 0 to 1.

    See Also
    --------
    ReliabilityDisplay : Draw the differences.

    References
    ----------
    - Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", 2017.

    Examples
    --------
    >>> from sknames.metrics import expected_calibration_error
    >>> error = expected_calibration_error(["a", "b"], [[0.9, 0.1], [0.2, 0.8]])
    >>> round(error, 2)
    0.15
    """
    hits, confidence = top_label(y_true, y_proba, labels)
    weights = check_weights(sample_weight, len(hits))
    error, _ = calibration_error(hits, confidence, weights, n_bins)
    return error


@dataclass(eq=False, repr=False)
class ReliabilityDisplay(TopLabelDisplay):
    """Draw a reliability diagram: accuracy of the top label against its probability.

    Each point has about the same number of names. Points on the diagonal are
    calibrated; points below it are overconfident. scikit-learn's
    :class:`~sklearn.calibration.CalibrationDisplay` draws one class against the rest
    instead.

    Make one with :meth:`from_estimator` or :meth:`from_predictions`; all parameters are
    kept as attributes.

    Parameters
    ----------
    confidence : ndarray of shape (n_bins,)
        Mean probability of the most probable label, by bin.
    accuracy : ndarray of shape (n_bins,)
        The share of these labels that is right.
    low, high : ndarray of shape (n_bins,)
        Ends of their 95 % intervals (Wilson 1927).
    n_samples : ndarray of shape (n_bins,)
        Number of names in each bin.
    calibration_error : float
        Expected calibration error, see :func:`expected_calibration_error`.
    name : str or None, default=None
        Name of the model, for the legend.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes, matplotlib Figure
        The axes that `plot` drew on, and their figure.
    errorbar_ : matplotlib ErrorbarContainer
        The points and their intervals.

    See Also
    --------
    RiskCoverageDisplay : Draw the error rate against the share of answered names.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sknames.metrics import ReliabilityDisplay
    >>> X, y = make_classification(400, n_informative=5, n_classes=3, random_state=0)
    >>> model = LogisticRegression().fit(X[:200], y[:200])
    >>> display = ReliabilityDisplay.from_estimator(model, X[200:], y[200:], n_bins=5)
    >>> display.n_samples.tolist()
    [40, 40, 40, 40, 40]
    """

    __module__ = "sknames.metrics"

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n_samples: NDArray[np.int_]
    calibration_error: float
    _: KW_ONLY
    name: str | None = None

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_proba: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        n_bins: int = 10,
        name: str | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the reliability of given probabilities.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            The true labels.
        y_proba : array-like of shape (n_samples, n_classes)
            Probabilities from `predict_proba`.
        labels : array-like of shape (n_classes,) or None, default=None
            Labels of the columns, such as `classes_`. None takes those in `y_true`,
            sorted.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights of the names, not negative. Intervals are those of the effective
            number of names (Kish 1965).
        n_bins : int, default=10
            Number of points, at most.
        name : str or None, default=None
            Name of the model, for the legend.
        **kwargs
            Parameters of :meth:`plot`.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        check_at_least_1("n_bins", n_bins)
        hits, confidence = top_label(y_true, y_proba, labels)
        weights = check_weights(sample_weight, len(hits))
        counts = weights > 0
        hits = hits[counts]
        confidence = confidence[counts]
        weights = weights[counts]
        parts = np.array_split(np.sort(confidence), min(n_bins, len(confidence)))
        # Equal probabilities share a bin, so that the order of the names does not
        # matter.
        starts = np.unique([part[0] for part in parts])
        bins = np.searchsorted(starts, confidence, side="right") - 1
        n_samples = np.bincount(bins)
        total = np.bincount(bins, weights=weights)
        accuracy = np.bincount(bins, weights=weights * hits) / total
        n_effective = effective_number(weights, bins, len(n_samples))
        low, high = wilson_interval(accuracy, n_effective)
        mean = np.bincount(bins, weights=weights * confidence) / total
        error, _ = calibration_error(hits, confidence, weights)
        display = cls(mean, accuracy, low, high, n_samples, error, name=name)
        return display.plot(**kwargs)

    def plot(self, *, ax: Any = None, name: str | None = None, **kwargs: Any) -> Self:
        """Draw the points.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes new ones.
        name : str or None, default=None
            Name of the model, for the legend.
        **kwargs
            Keyword arguments of ``ax.errorbar``.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        ax = self._use_axes(ax, (4.8, 4.8))
        if not any(line.get_label() == DIAGONAL for line in ax.lines):
            ax.plot([0, 1], [0, 1], ":", color="0.5", label=DIAGONAL)
        name = self.name if name is None else name
        label = f"calibration error {self.calibration_error:.3f}"
        if name:
            label = f"{legend_label(name)}, {label}"
        style = {"marker": "o", "capsize": 3, "label": label} | kwargs
        lengths = np.maximum(0, [self.accuracy - self.low, self.high - self.accuracy])
        self.errorbar_ = ax.errorbar(
            self.confidence, self.accuracy, yerr=lengths, **style
        )
        # Leave room for points at 0 and 1.
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        ax.set_xlabel("probability of the most probable label")
        ax.set_ylabel("accuracy, with 95 % intervals")
        ax.legend(loc="upper left")
        return self
