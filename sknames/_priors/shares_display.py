"""Draw the shares of nationalities in a list of names."""

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._base.plotting import DisplayMixin, check_at_least_1, percent
from .shares import COLUMNS, Shares, estimate_shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(eq=False, repr=False)
class SharesDisplay(DisplayMixin):
    """Bar chart of the shares of nationalities in a list, with intervals, the largest first.

    Make one with :meth:`from_estimator` or :meth:`from_shares`; all parameters are kept as
    attributes.

    Parameters
    ----------
    label : ndarray of shape (n_classes,)
        The labels.
    share, low, high : ndarray of shape (n_classes,)
        Share of each label, and the ends of its interval.
    resamples : ndarray of shape (n_resamples, n_classes)
        Shares in resamples of the list. They give the interval of the last bar, the others.
    confidence_level : float
        Confidence level of the intervals.
    n_names : int or None, default=None
        Number of names, for the label of the axis.
    are_groups : bool, default=False
        Whether these are groups. Groups may overlap, so each has a bar.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes, matplotlib Figure
        The axes that `plot` drew on, and their figure.
    bars_ : matplotlib BarContainer
        The bars.
    errorbar_ : matplotlib ErrorbarContainer
        The intervals.

    See Also
    --------
    estimate_shares : Estimate the shares.

    Examples
    --------
    >>> import sknames
    >>> from sknames.datasets import make_names
    >>> names, _ = make_names(200, nationalities=["Dutch", "Turkish"], random_state=0)
    >>> model = sknames.load_pretrained()
    >>> display = sknames.SharesDisplay.from_estimator(model, names, n_top=2)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['Turkish', 'Dutch', '72 others']
    """

    __module__ = "sknames"

    label: NDArray[Any]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    resamples: NDArray[np.float64]
    _: KW_ONLY
    confidence_level: float
    n_names: int | None = None
    are_groups: bool = False

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        n_top: int = 15,
        ax: "Axes | None" = None,
        bar_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Estimate the shares of a list of names, and draw them.

        Parameters
        ----------
        estimator : classifier
            Fitted classifier with `predict_proba`.
        X : iterable of str, or other input of the estimator
            The list.
        n_top, ax, bar_kwargs : int, matplotlib Axes, dict
            Parameters of :meth:`plot`.
        **kwargs
            Further parameters of :func:`estimate_shares`.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        shares = estimate_shares(estimator, X, **kwargs)
        return cls.from_shares(shares, n_top=n_top, ax=ax, bar_kwargs=bar_kwargs)

    @classmethod
    def from_shares(cls, shares: Shares, **kwargs: Any) -> Self:
        """Draw shares that have been estimated.

        Parameters
        ----------
        shares : Shares
            Result of :func:`estimate_shares`, or the `groups` in it.
        **kwargs
            Parameters of :meth:`plot`.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        display = cls(
            *(shares[name] for name in (*COLUMNS, "resamples")),
            confidence_level=shares.confidence_level,
            n_names=shares.n_names,
            are_groups="groups" not in shares,
        )
        return display.plot(**kwargs)

    def plot(
        self, *, n_top: int = 15, ax: "Axes | None" = None, bar_kwargs: dict[str, Any] | None = None
    ) -> Self:
        """Draw the bars.

        Parameters
        ----------
        n_top : int, default=15
            Largest number of nationalities with a bar of their own. The last bar sums all others,
            and those with a share below 0.1 %. Groups all have a bar.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes new ones.
        bar_kwargs : dict or None, default=None
            Keyword arguments of ``ax.barh``.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        check_at_least_1("n_top", n_top)
        n = min(n_top, max(1, int((self.share >= 0.001).sum())))
        if n == len(self.share) - 1 or self.are_groups:
            n = len(self.share)
        order = np.argsort(-self.share, kind="stable")
        top, others = order[:n], order[n:]
        labels = [str(label) for label in self.label[top]]
        share, low, high = self.share[top], self.low[top], self.high[top]
        if len(others):
            labels.append(f"{len(others)} others")
            share = np.append(share, self.share[others].sum())
            limits = [(1 - self.confidence_level) / 2, (1 + self.confidence_level) / 2]
            of_others = np.quantile(self.resamples[:, others].sum(axis=1), limits)
            # The sum is at least as large as any of the shares in it.
            low = np.append(low, of_others[0])
            high = np.append(high, max(of_others[1], self.high[others].max()))
        width = max(6.4, 3.6 + 0.1 * max(map(len, labels)))
        ax = self._use_axes(ax, (width, 0.9 + 0.3 * len(labels)))
        reach = np.maximum(0, [share - low, high - share])
        y = np.arange(len(labels))
        colors = ["C0"] * n + ["0.6"] * (len(labels) - n)
        self.bars_ = ax.barh(y, share, **({"color": colors} | (bar_kwargs or {})))
        ink = ax.xaxis.label.get_color()  # light in a dark style
        self.errorbar_ = ax.errorbar(
            share, y, xerr=reach, fmt="none", ecolor=ink, capsize=3, elinewidth=1.2
        )
        ax.set_yticks(y, labels, parse_math=False)
        ax.yaxis.set_inverted(True)
        ax.set_xlim(left=0)
        percent(ax.xaxis)
        of = "" if self.n_names is None else f" of {self.n_names:,} names"
        ax.set_xlabel(f"share{of}, with {100 * self.confidence_level:.10g}% intervals")
        return self


def draw_shares(shares_by_title):
    """Return a figure with a panel for each of some shares, by title."""
    import matplotlib.pyplot as plt

    bars = [min(16, 1 + int((s.share >= 0.001).sum())) for s in shares_by_title.values()]
    size = {"figsize": (7.5, sum(0.9 + 0.3 * n for n in bars)), "height_ratios": bars}
    figure, axes = plt.subplots(len(bars), squeeze=False, layout="constrained", **size)
    for ax, (title, shares) in zip(axes[:, 0], shares_by_title.items(), strict=True):
        SharesDisplay.from_shares(shares, ax=ax).ax_.set_title(title, parse_math=False)
    return figure
