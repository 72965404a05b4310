"""Draw the shares of nationalities in lists of names, and how lists differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._base.plotting import DisplayMixin, check_at_least_1, legend_label, percent
from .shares import COLUMNS, Comparison, Shares, Table, estimate_shares, percentiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Drawn: TypeAlias = Shares | Comparison | Mapping[Any, Shares] | Mapping[Any, Comparison]
SLIDE = (11, 6.2)  # inches, of several lists
MOST_BARS = 90  # on it


@dataclass(eq=False, repr=False)
class SharesDisplay(DisplayMixin):
    """Draw a bar chart of the shares of nationalities in a list, with intervals.

    The largest share comes first. Several lists stand side by side. Of a comparison,
    the bars are the differences, pale where they are not sure. Make one with
    :meth:`from_estimator` or :meth:`from_shares`.

    Parameters
    ----------
    shares : Shares, Comparison or dict of these
        What to draw, or several of them by title, which have the same labels.

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
            Result of :func:`estimate_shares`, the `groups` in it, or what its `compare`
            returns; or several of them by title, such as ``{"north": shares, "south":
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
        """Draw the bars.

        Parameters
        ----------
        n_top : int, default=15
            Largest number of nationalities with a bar of their own; fewer if there are
            many lists. The last bar sums all others, and those with a share below 0.1
            %; other differences are left out. Groups all have a bar.
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
        tables: Any = (
            {"": self.shares} if isinstance(self.shares, Table) else self.shares
        )
        if not tables:
            raise ValueError(
                "Expected shares to draw, got none. Draw lists that have names."
            )
        several = len(tables) > 1
        first = next(iter(tables.values()))
        is_comparison = isinstance(first, Comparison)
        size = np.abs([_bars(table, first.label)[0] for table in tables.values()])
        if several:
            n_top = min(n_top, max(1, MOST_BARS // len(tables)))
        n = min(n_top, max(1, int((size.max(axis=0) >= 0.001).sum())))
        if n == len(first.label) - 1 or "groups" not in first:
            n = len(first.label)
        order = np.argsort(-size.mean(axis=0), kind="stable")
        top, others = first.label[order[:n]], first.label[order[n:]]
        labels = [str(label) for label in top]
        if len(others) and not is_comparison:  # nothing sums their differences
            labels.append(f"{len(others)} others")
        width = max(6.4, 3.6 + 0.1 * max(map(len, labels)))
        ax = self._use_axes(ax, SLIDE if several else (width, 0.9 + 0.3 * len(labels)))
        ink = ax.xaxis.label.get_color()  # light in a dark style
        style: dict[str, Any] = {
            "ecolor": ink,
            "capsize": 3 / len(tables),
            "elinewidth": 1.2,
        }
        self.bars_, self.errorbars_ = [], []
        for k, (title, table) in enumerate(tables.items()):
            value, low, high, sure = _bars(table, top, others)
            y = np.arange(len(labels)) + 0.8 * ((k + 0.5) / len(tables) - 0.5)
            drawn: Any = {
                "color": [_color(k, len(tables), is_sure) for is_sure in sure]
            }
            if not several:
                drawn["color"][n:] = ["0.6"] * (len(labels) - n)
            name = (
                "(blank)"
                if str(title) in ("", "None", "nan", "<NA>")
                else legend_label(title)
            )
            drawn |= {"label": f"{name} ({_n_names(table)})"} | (bar_kwargs or {})
            self.bars_.append(ax.barh(y, value, 0.8 / len(tables), **drawn))
            reach = [value - low, high - value]
            self.errorbars_.append(
                ax.errorbar(value, y, xerr=reach, fmt="none", **style)
            )
        ax.set_yticks(np.arange(len(labels)), labels, parse_math=False)
        ax.set_ylim(len(labels) - 0.4, -0.6)  # the largest first, without a margin
        percent(ax.xaxis)
        text = "difference" if is_comparison else "share"
        if not several:
            text += f"{' between' if is_comparison else ' of'} {_n_names(first)}"
        text += f", with {100 * first.confidence_level:.10g}% intervals"
        ax.set_xlabel(text + "; pale: not sure" * is_comparison)
        if is_comparison:
            ax.axvline(0, color=ink, linewidth=0.8)
        else:
            ax.set_xlim(left=0)
        if several:
            ax.legend()
        return self


def _bars(table, top, others=()):
    """Return what is drawn: value, low, high, sure.

    It has some labels, and the sum of the others.
    """
    place = {label: k for k, label in enumerate(table.label.tolist())}
    rows, rest = ([place[label] for label in list(labels)] for labels in (top, others))
    if isinstance(table, Comparison):
        return [table[name][rows] for name in ("difference", "low", "high", "sure")]
    bars = [table[name][rows] for name in COLUMNS[1:]]
    if rest:
        share = table.share[rest].sum()
        low, high = percentiles(
            table.resamples[:, rest].sum(axis=1), share, table.confidence_level
        )
        # The sum is at least as large as any of the shares in it.
        sums = share, low, max(high, table.high[rest].max())
        bars = [np.append(*pair) for pair in zip(bars, sums, strict=True)]
    return [*bars, np.full(len(bars[0]), True)]


def _n_names(table):
    """Say how many names a list has, or both that are compared."""
    n = (
        table.n_names,
        *([table.n_names_of_other] if isinstance(table, Comparison) else []),
    )
    return " and ".join(f"{some:,}" for some in n) + " names"


def _color(k, n, is_sure):
    """Return the color of the bars of list k out of n."""
    import matplotlib as mpl

    # The cycle of colors begins again after 10.
    color = f"C{k}" if n <= 10 else mpl.colormaps["viridis"](0.2 + 0.8 * k / n)
    return mpl.colors.to_rgba(color, 1 if is_sure else 0.35)
