"""Plot the shares of nationalities in lists of names, and how lists differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._base.codes import index_in
from .._base.counts import counted
from .._base.plotting import DisplayMixin, check_at_least_1, legend_label, percent
from .._base.sklearn_private import check_matplotlib_support
from .._draws.intervals import percentiles
from .comparison import Comparison
from .estimate_shares import estimate_shares
from .shares import Shares
from .table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Drawn: TypeAlias = Shares | Comparison | Mapping[Any, Shares] | Mapping[Any, Comparison]
SLIDE = (11, 6.2)  # size in inches of a figure with several lists
MOST_BARS = 90  # more bars in a figure of this size cannot be distinguished
ROWS_OF_LEGEND = 25  # rows that fit into this figure; more lists need another column
LEAST_DRAWN = 0.001  # a share whose interval starts below this may be 0
LEAST_WITHOUT_INTERVAL = 0.01  # smaller shares without an interval are not drawn
BLANK = ("", "None", "nan", "<NA>", "(blank)")  # titles of parts with a missing value


@dataclass(eq=False, repr=False)
class SharesDisplay(DisplayMixin):
    """Draw a bar chart of the shares of nationalities in a list, with intervals.

    The largest share comes first. The bars of several lists are drawn side by side. For
    a comparison, the bars show the differences, and are pale if a difference is not
    sure. Create a display with :meth:`from_estimator` or :meth:`from_shares`.

    Parameters
    ----------
    shares : Shares, Comparison or dict of these
        The shares or the comparison to draw, or a dict of several by title, with the
        same labels.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes, matplotlib Figure
        The axes that `plot` drew on, and their figure.
    bars_ : list of matplotlib BarContainer
        The bars of each list.
    errorbars_ : list of matplotlib ErrorbarContainer
        The intervals of each list.

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

    shares: Drawn

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
    def from_shares(cls, shares: Drawn, **kwargs: Any) -> Self:
        """Draw shares that have been estimated.

        Parameters
        ----------
        shares : Shares, Comparison or dict of these
            Result of :func:`estimate_shares`, or of its methods `sums` and `compare`,
            or a dict of several results by title, such as ``{"north": shares, "south":
            others}``.
        **kwargs
            Parameters of :meth:`plot`.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        return cls(shares).plot(**kwargs)

    def plot(
        self,
        *,
        n_top: int = 15,
        ax: "Axes | None" = None,
        bar_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the bars.

        Parameters
        ----------
        n_top : int, default=15
            Maximum number of nationalities with a bar of their own; fewer if there are
            many lists. Nationalities whose interval starts below 0.1 % in all lists do
            not get a bar, either. The last bar is the sum of all other shares. In a
            comparison, all other differences are left out. Groups always have a bar.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None creates new axes.
        bar_kwargs : dict or None, default=None
            Keyword arguments of ``ax.barh``.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        check_at_least_1("n_top", n_top)
        tables = _tables_by_title(self.shares)
        top, others = _choose_labels([*tables.values()], n_top)
        bars = {title: _bars(table, top, others) for title, table in tables.items()}
        labels = [str(label) for label in top]
        if next(iter(bars.values())).has_others:
            labels.append(counted(len(others), "other"))
        self._use_axes(ax, _size_of(labels, len(tables)))
        self.bars_: list[Any] = []
        self.errorbars_: list[Any] = []
        for k, title in enumerate(tables):
            style = {"label": self._legend_text(title, tables[title])}
            self._draw_bars(bars[title], k, len(tables), style | (bar_kwargs or {}))
        self._describe([*tables.values()])
        self.ax_.set_yticks(np.arange(len(labels)), labels, parse_math=False)
        self.ax_.set_ylim(len(labels) - 0.4, -0.6)  # the largest first, no margin
        return self

    def _legend_text(self, title, table):
        """Return the legend text of a table; a single table does not have a title."""
        if isinstance(self.shares, Table):
            return _n_names(table)
        name = legend_label(title)
        if str(title) in BLANK:
            name = "(blank)"
        return f"{name} ({_n_names(table)})"

    def _draw_bars(self, bars, k, n_tables, style):
        """Draw the bars and intervals of table k of several."""
        y = np.arange(len(bars.value)) + 0.8 * ((k + 0.5) / n_tables - 0.5)
        colors = [_color(k, n_tables, is_sure) for is_sure in bars.sure]
        if n_tables == 1 and bars.has_others:
            colors[-1] = "0.6"
        style = {"color": colors} | style
        self.bars_.append(self.ax_.barh(y, bars.value, 0.8 / n_tables, **style))
        reach = [bars.value - bars.low, bars.high - bars.value]
        errorbars = self.ax_.errorbar(
            bars.value,
            y,
            xerr=reach,
            fmt="none",
            ecolor=self.ax_.xaxis.label.get_color(),  # light in a dark style
            capsize=3 / n_tables,
            elinewidth=1.2,
        )
        self.errorbars_.append(errorbars)

    def _describe(self, tables):
        """Label the axis, add a legend for several tables, and draw a line at 0."""
        table = tables[0]
        axis = self.ax_.xaxis
        percent(axis)
        text = "share"
        ending = ""
        if isinstance(table, Comparison):
            text = "difference"
            ending = "; pale: not sure"
            self.ax_.axvline(0, color=axis.label.get_color(), linewidth=0.8)
        else:
            self.ax_.set_xlim(0)
        if len(tables) == 1:
            text += f" {'between' if _is_pair(table) else 'of'} {_n_names(table)}"
        else:
            place = {}
            if self.figure_.get_layout_engine() is not None:
                # The layout engine makes room for the legend to the right of the axes.
                place = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
            n_columns = 1 + len(self.bars_) // ROWS_OF_LEGEND
            self.ax_.legend(ncols=n_columns, **place)
        intervals = f"{100 * table.confidence_level:.10g}% intervals"
        if getattr(table, "coverage", None) is not None:
            intervals = f"intervals (coverage {100 * table.coverage:.0f}% in tests)"
        self.ax_.set_xlabel(f"{text}, with {intervals}{ending}")


@dataclass(frozen=True)
class Bars:
    """Hold the values drawn for a table, arrays of shape (n_bars,).

    Parameters
    ----------
    value, low, high : ndarray of float
        Lengths of the bars, and ends of their intervals.
    sure : ndarray of bool
        Whether each difference is sure; always True for shares.
    has_others : bool, default=False
        Whether the last bar is the sum of all other shares.
    """

    value: NDArray[np.floating]
    low: NDArray[np.floating]
    high: NDArray[np.floating]
    sure: NDArray[np.bool_]
    has_others: bool = False


def _tables_by_title(shares):
    """Return the tables to draw by title; a single table has the title ""."""
    tables = {"": shares}
    if isinstance(shares, Mapping) and not isinstance(shares, Table):
        tables = {title: table for title, table in shares.items() if table is not None}
    for table in tables.values():
        if not isinstance(table, Table):
            raise TypeError(
                "Expected what estimate_shares or its compare returns, or a dict of "
                f"these, got {type(table).__name__}. For names, take "
                "SharesDisplay.from_estimator."
            )
        if "share" not in table._columns:
            raise TypeError(
                "Expected shares or a comparison of shares, got rates, which have an "
                "outcome in each row. Plot the columns of to_frame()."
            )
    if not tables:
        raise ValueError(
            "Expected shares to draw, got none. Draw lists that have names."
        )
    return tables


def _size_of(labels, n_tables):
    """Return the width and height of a figure, in inches."""
    if n_tables > 1:
        return SLIDE
    width = max(6.4, 3.6 + 0.1 * max(map(len, labels)))
    return width, 0.9 + 0.3 * len(labels)


def _choose_labels(tables, n_top):
    """Return the labels with a bar of their own, the largest first, and the others.

    A share gets a bar if its interval excludes values near 0 in some list. A share
    without an interval gets a bar if it is large.
    """
    labels = tables[0].label
    bars = [_bars(table, labels) for table in tables]
    sizes = np.abs([table.value for table in bars])
    if isinstance(tables[0], Comparison):
        is_large = sizes.max(axis=0) >= LEAST_DRAWN
    else:
        lows = np.array([table.low for table in bars])
        is_large = np.nan_to_num(lows).max(axis=0) >= LEAST_DRAWN
        has_no_interval = np.isnan(lows).any(axis=0)
        is_large |= has_no_interval & (sizes.max(axis=0) >= LEAST_WITHOUT_INTERVAL)
    if len(tables) > 1:
        n_top = min(n_top, max(1, MOST_BARS // len(tables)))
    n = min(n_top, max(1, int(is_large.sum())))
    if n == len(labels) - 1 or tables[0].members is not None:
        n = len(labels)
    order = np.lexsort([-sizes.mean(axis=0), ~is_large])
    return labels[order[:n]], labels[order[n:]]


def _bars(table, top, others=()):
    """Return the bars of the labels in `top`, and for shares the sum of `others`."""
    labels = table.label.tolist()
    rows = index_in(labels, list(top), otherwise=-1)
    if isinstance(table, Comparison):
        return Bars(
            table.difference[rows], table.low[rows], table.high[rows], table.sure[rows]
        )
    value = table.share[rows]
    low = table.low[rows]
    high = table.high[rows]
    rest = index_in(labels, list(others), otherwise=-1)
    if len(rest):
        share = table.share[rest].sum()
        summed = table.draws[:, rest].sum(axis=1)
        low_of_sum, high_of_sum = percentiles(summed, share, table.confidence_level)
        value = np.append(value, share)
        low = np.append(low, low_of_sum)
        # The sum is at least as large as any of the shares in it.
        largest = np.nan_to_num(table.high[rest]).max()
        high = np.append(high, max(high_of_sum, largest))
    return Bars(value, low, high, np.full(len(value), True), len(rest) > 0)


def _n_names(table):
    """Return a text with the number of names in a list, or in both compared lists."""
    if _is_pair(table):
        return f"{table.n_names:,} and {table.n_names_of_other:,} names"
    return counted(table.n_names, "name")


def _is_pair(table):
    """Return whether a table compares two lists, not a list with known shares."""
    return isinstance(table, Comparison) and table.n_names_of_other is not None


def _color(k, n, is_sure):
    """Return the color of the bars of list k out of n."""
    import matplotlib as mpl

    color = f"C{k}"
    if n > 10:  # the default cycle has only 10 colors
        color = mpl.colormaps["viridis"](0.2 + 0.8 * k / n)
    return mpl.colors.to_rgba(color, 1 if is_sure else 0.35)
