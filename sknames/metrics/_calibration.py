"""ReliabilityDisplay: whether a classifier is as right as it is sure."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._optional_dependencies import check_matplotlib_support

from ._calibration_error import calibration_error
from ._top_label import top_label, wilson_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


class ReliabilityDisplay:
    """How often the most probable label is right, against how probable it is.

    Each point is as many names as the others, the next surest ones; only equally sure ones are
    never parted. Points on the diagonal are as right as they are sure; below it they are too sure.
    scikit-learn's :class:`~sklearn.calibration.CalibrationDisplay` is for two classes, and of many
    it shows one against the rest, almost all of whose probabilities are near 0.

    Make one with :meth:`from_estimator` or :meth:`from_predictions`; all parameters are kept as
    attributes.

    Parameters
    ----------
    confidence : ndarray of shape (n_bins,)
        Mean probability of the most probable label, by bin.
    accuracy : ndarray of shape (n_bins,)
        The share of these labels that is right.
    low : ndarray of shape (n_bins,)
        Lower ends of their 95 % intervals (Wilson 1927).
    high : ndarray of shape (n_bins,)
        Upper ends of these intervals.
    n_samples : ndarray of shape (n_bins,)
        Number of names in each bin.
    calibration_error : float
        Expected calibration error, see :func:`expected_calibration_error`.
    name : str or None, default=None
        Name of the model, for the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the points.
    figure_ : matplotlib Figure
        The figure with the axes.
    errorbar_ : matplotlib ErrorbarContainer
        The points and their intervals.

    See Also
    --------
    RiskCoverageDisplay : Draw what answering less gains.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
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

    ax_: "Axes"
    figure_: "Figure | SubFigure"
    errorbar_: Any

    def __init__(
        self,
        confidence: NDArray[np.float64],
        accuracy: NDArray[np.float64],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        n_samples: NDArray[np.int_],
        calibration_error: float,
        *,
        name: str | None = None,
    ) -> None:
        self.confidence = confidence
        self.accuracy = accuracy
        self.low = low
        self.high = high
        self.n_samples = n_samples
        self.calibration_error = calibration_error
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        n_bins: int = 10,
        name: str | None = None,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the reliability of a fitted classifier on names that it has not learned from.

        Parameters
        ----------
        estimator : classifier
            Fitted classifier with `predict_proba`.
        X : iterable of str, or whatever the estimator takes
            Names.
        y : array-like of shape (n_samples,)
            Their labels.
        n_bins : int, default=10
            Number of points, at most.
        name : str or None, default=None
            Name of the model, for the legend. By default, that of its class.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes new ones.
        **kwargs
            Keyword arguments of ``ax.errorbar``.

        Returns
        -------
        ReliabilityDisplay
            The display, with its drawing.
        """
        name = type(estimator).__name__ if name is None else name
        proba = estimator.predict_proba(X)
        labels = estimator.classes_
        return cls.from_predictions(
            y, proba, labels=labels, n_bins=n_bins, name=name, ax=ax, **kwargs
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_proba: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        n_bins: int = 10,
        name: str | None = None,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the reliability of given probabilities.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            The true labels.
        y_proba : array-like of shape (n_samples, n_classes)
            Probabilities.
        labels : array-like of shape (n_classes,) or None, default=None
            The labels of the columns. None stands for those in `y_true`, sorted.
        n_bins : int, default=10
            Number of points, at most.
        name : str or None, default=None
            Name of the model, for the legend.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes new ones.
        **kwargs
            Keyword arguments of ``ax.errorbar``.

        Returns
        -------
        ReliabilityDisplay
            The display, with its drawing.
        """
        check_matplotlib_support(f"{cls.__name__}.from_predictions")
        if n_bins < 1:
            raise ValueError(f"Expected an n_bins of at least 1 point, got {n_bins}.")
        hits, confidence = top_label(y_true, y_proba, labels)
        parts = np.array_split(np.sort(confidence), min(n_bins, len(confidence)))
        # In one bin if equally sure, so that the order of the names does not matter.
        starts = np.unique([part[0] for part in parts])
        bins = np.searchsorted(starts, confidence, side="right") - 1
        sizes = np.bincount(bins)
        accuracy = np.bincount(bins, weights=hits) / sizes
        low, high = wilson_interval(accuracy, sizes)
        display = cls(
            np.bincount(bins, weights=confidence) / sizes,
            accuracy,
            low,
            high,
            sizes,
            calibration_error(hits, confidence)[0],
            name=name,
        )
        return display.plot(ax=ax, **kwargs)

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
        self : ReliabilityDisplay
            The display, with its drawing.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        from ..inspection._drawing import legend_label

        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=(4.8, 4.8), layout="constrained")[1]
        if not any(line.get_label() == "as right as sure" for line in ax.lines):
            ax.plot([0, 1], [0, 1], ":", color="0.5", label="as right as sure")
        name = self.name if name is None else name
        label = f"calibration error {self.calibration_error:.3f}"
        if name:
            label = f"{legend_label(name)}, {label}"
        style = {"marker": "o", "capsize": 3, "label": label}
        self.errorbar_ = ax.errorbar(
            self.confidence,
            self.accuracy,
            yerr=np.maximum(0, [self.accuracy - self.low, self.high - self.accuracy]),
            **(style | kwargs),
        )
        # So that points at 0 and 1 are not cut.
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        ax.set_xlabel("probability of the most probable label")
        ax.set_ylabel("share of these labels that is right, 95 % intervals")
        ax.legend(loc="upper left")
        self.ax_, self.figure_ = ax, ax.figure
        return self
