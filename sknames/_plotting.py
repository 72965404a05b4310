"""What the displays share: the axes that they draw on, and how they write names."""

from typing import TYPE_CHECKING, Any

from sklearn.utils._optional_dependencies import check_matplotlib_support

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


class DisplayMixin:
    """For displays, whose method `plot` draws on axes and keeps them."""

    ax_: "Axes"
    figure_: "Figure | SubFigure"

    def _use_axes(self, ax: Any, figsize: tuple[float, float]) -> Any:
        """Keep and return the given axes, or those of a new figure."""
        check_matplotlib_support(f"{type(self).__name__}.plot")
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(figsize=figsize, layout="constrained")[1]
        self.ax_, self.figure_ = ax, ax.figure
        return ax


def check_n_top(n_top):
    """Raise ValueError unless at least one nationality is drawn."""
    if n_top < 1:
        raise ValueError(f"Expected an n_top of at least 1 nationality, got {n_top}.")


def legend_label(name):
    """Return a name for a legend, where matplotlib would read a formula between dollar signs."""
    return str(name).replace("$", r"\$")


def percent(axis):
    """Write the ticks of an axis in percent."""
    axis.set_major_formatter(lambda value, _: f"{100 * value:.6g}%")
