"""Provide axes, checks and text for the displays."""

from numbers import Integral
from typing import TYPE_CHECKING, Any

from .sklearn_private import check_matplotlib_support

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


class DisplayMixin:
    """Store the axes that `plot` draws on."""

    ax_: "Axes"
    figure_: "Figure | SubFigure"

    def _use_axes(self, ax: Any, figsize: tuple[float, float]) -> Any:
        """Store and return the given axes, or the axes of a new figure."""
        check_matplotlib_support(f"{type(self).__name__}.plot")
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=figsize, layout="constrained")
        self.ax_ = ax
        self.figure_ = ax.figure
        return ax


def check_at_least_1(name, value):
    """Raise ValueError unless a number of things to draw is positive."""
    if not isinstance(value, Integral) or value < 1:
        raise ValueError(
            f"Expected {name} to be an integer of at least 1, got {value!r:.80}."
        )


def legend_label(name):
    """Return a name for a legend, with its dollar signs escaped.

    matplotlib would read the text between dollar signs as a formula.
    """
    return str(name).replace("$", r"\$")


def percent(axis):
    """Format the ticks of an axis as percentages."""
    axis.set_major_formatter(lambda value, _: f"{100 * value:.6g}%")
