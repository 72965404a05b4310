"""Draw the share of wrong answers against the share of answered names."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Bunch

from .._base.labels_and_weights import check_weights
from .._base.plotting import legend_label, percent
from .._wrappers.risk_coverage import risk_coverage_curve
from ._top_label import TopLabelDisplay, top_label, wilson_interval

FEW_ANSWERED = 0.1  # of the inputs: a risk of fewer does not set the limits


@dataclass(eq=False, repr=False)
class RiskCoverageDisplay(TopLabelDisplay):
    """Draw a risk-coverage curve: the share of errors against that of answered inputs.

    The answers with the highest probabilities come first; a good curve is low on the
    left. Make one with :meth:`from_estimator`, :meth:`from_predictions`, or for the
    curve of a :class:`~sknames.SelectiveClassifier` with :meth:`from_curve`, which also
    counts inputs that are not names. All parameters are kept as attributes.

    Parameters
    ----------
    coverage : ndarray of shape (n_thresholds,)
        The share of inputs that each threshold answers.
    risk : ndarray of shape (n_thresholds,)
        The share of wrong answers among these.
    n_answered : ndarray of shape (n_thresholds,)
        Number of these inputs, for 95 % intervals (Wilson 1927).
    name : str or None, default=None
        Name of the model, for the legend.
    chosen : tuple (coverage, risk) or None, default=None
        Coverage and risk of a threshold to mark.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes, matplotlib Figure
        The axes that `plot` drew on, and their figure.
    line_ : matplotlib Line2D
        The curve.
    band_ : matplotlib PolyCollection
        Its intervals.

    See Also
    --------
    sknames.SelectiveClassifier : Answer only above a threshold.
    ReliabilityDisplay : Draw whether probabilities are calibrated.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sknames.metrics import RiskCoverageDisplay
    >>> X, y = make_classification(400, n_informative=5, n_classes=3, random_state=0)
    >>> model = LogisticRegression().fit(X[:200], y[:200])
    >>> display = RiskCoverageDisplay.from_estimator(model, X[200:], y[200:])
    >>> bool(display.risk[display.coverage <= 0.5][-1] < display.risk[-1])
    True
    """

    __module__ = "sknames.metrics"

    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]
    n_answered: NDArray[np.float64]
    _: KW_ONLY
    name: str | None = None
    chosen: tuple[float, float] | None = None

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_proba: ArrayLike,
        *,
        labels: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the curve of given probabilities.

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
            Weights of the names, not negative.
        name : str or None, default=None
            Name of the model, for the legend.
        **kwargs
            Parameters of :meth:`plot`.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        hits, confidence = top_label(y_true, y_proba, labels)
        weights = check_weights(sample_weight, len(hits))
        curve = risk_coverage_curve(confidence, hits, weights)
        return cls.from_curve(curve, name=name, **kwargs)

    @classmethod
    def from_curve(
        cls,
        curve: Bunch,
        chosen: tuple[float, float] | None = None,
        *,
        name: str | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw a curve that has been computed.

        Parameters
        ----------
        curve : Bunch
            Arrays `coverage`, `risk` and `n_answered`, such as the
            `risk_coverage_curve_` of a :class:`~sknames.SelectiveClassifier`.
        chosen : tuple (coverage, risk) or None, default=None
            Threshold to mark, such as ``(model.coverage_, model.risk_)``.
        name : str or None, default=None
            Name of the model, for the legend.
        **kwargs
            Parameters of :meth:`plot`.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        return cls(
            curve.coverage, curve.risk, curve.n_answered, name=name, chosen=chosen
        ).plot(**kwargs)

    def plot(self, *, ax: Any = None, name: str | None = None, **kwargs: Any) -> Self:
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes new ones.
        name : str or None, default=None
            Name of the model, for the legend.
        **kwargs
            Keyword arguments of ``ax.plot``.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        ax = self._use_axes(ax, (6.0, 4.0))
        name = self.name if name is None else name
        style = {"label": None if name is None else legend_label(name)}
        if len(self.risk) == 1:
            style["marker"] = "o"
        (self.line_,) = ax.plot(self.coverage, self.risk, **(style | kwargs))
        color = self.line_.get_color()
        low, high = wilson_interval(self.risk, self.n_answered)
        self.band_ = ax.fill_between(
            self.coverage, low, high, color=color, alpha=0.2, linewidth=0
        )
        if self.chosen is not None:
            ax.plot(*self.chosen, "o", color=color)
        top = _top_of_axes(ax)
        # Leave room for a risk of 0, and for points at the ends.
        end = 1.02 if top == 1 else top
        ax.set(xlim=(-0.02, 1.02), ylim=(-0.02 * top, end))
        percent(ax.xaxis)
        percent(ax.yaxis)
        ax.set_xlabel("share of inputs that is answered")
        ax.set_ylabel("share of wrong answers, with 95 % intervals")
        if name:
            ax.legend(loc="upper left")
        return self


def _top_of_axes(ax):
    """Return the risk up to which axes show the curves on them, at most 1."""
    top = 0.02
    for line in ax.lines:
        coverage, risk = np.array(line.get_data(), dtype=float)
        is_curve = line.get_transform() == ax.transData  # and not of axvline
        if is_curve and len(risk):
            largest = risk[coverage >= FEW_ANSWERED].max(initial=0)
            top = max(top, 1.5 * risk[-1], 1.1 * largest)
    return min(1, top)
