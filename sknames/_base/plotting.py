"""Share axes, checks and text between the displays."""

from typing import TYPE_CHECKING, Any

from sklearn.utils._optional_dependencies import check_matplotlib_support

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


class DisplayMixin:
    """Keep the axes that `plot` draws on. Displays share these texts, see `share_docs`.

    {axes}
    ax_, figure_ : matplotlib Axes, matplotlib Figure
        The axes that `plot` drew on, and their figure.

    {name}
    name : str or None, default=None
        Name of the model, for the legend.

    {labelled}
    y_true : array-like of shape (n_samples,)
        The true labels.
    y_proba : array-like of shape (n_samples, n_classes)
        Probabilities from `predict_proba`.
    labels : array-like of shape (n_classes,) or None, default=None
        Labels of the columns, such as `classes_`. None takes those in `y_true`, sorted.

    {plot_kwargs}
    **kwargs
        Parameters of :meth:`plot`.

    {ax}
    ax : matplotlib Axes or None, default=None
        Axes to draw on. None makes new ones.

    {drawn}

    Returns
    -------
    Self
        The display, with its drawing.
    """

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


def check_at_least_1(name, value):
    """Raise ValueError unless a number of things to draw is positive."""
    if value < 1:
        raise ValueError(f"Expected {name} to be at least 1, got {value}.")


def legend_label(name):
    """Return a name for a legend; matplotlib would read text between dollar signs as a formula."""
    return str(name).replace("$", r"\$")


def percent(axis):
    """Write the ticks of an axis in percent."""
    axis.set_major_formatter(lambda value, _: f"{100 * value:.6g}%")
