"""PrefixProbabilityDisplay: a picture of what a model believes after each character of a name."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._optional_dependencies import check_matplotlib_support

from ._explanations import prefix_proba

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


class PrefixProbabilityDisplay:
    """Heat map of the most probable nationalities along a name.

    Make one with :meth:`from_estimator`; all parameters are kept as attributes.

    Parameters
    ----------
    name : str
        The name.
    characters : array-like of shape (n_characters,)
        Characters that the model reads.
    proba : array-like of shape (n_characters, n_classes)
        The probabilities after each character.
    classes : array-like of shape (n_classes,)
        The labels, in the order of the columns.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the heat map.
    figure_ : matplotlib Figure
        The figure with the axes.
    im_ : matplotlib AxesImage
        The heat map.
    text_ : ndarray of shape (n_shown, n_characters), dtype=matplotlib Text or None
        The percentages, from 1 on.

    See Also
    --------
    prefix_proba : Compute the probabilities.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import sknames
    >>> from sknames.inspection import PrefixProbabilityDisplay
    >>> model = sknames.load_pretrained()
    >>> display = PrefixProbabilityDisplay.from_estimator(model, "Yamamoto", n_top=3)
    >>> display.im_.get_array().shape
    (3, 8)
    """

    __module__ = "sknames.inspection"

    ax_: "Axes"
    figure_: "Figure | SubFigure"
    im_: Any
    text_: NDArray[np.object_]

    def __init__(
        self, name: str, characters: NDArray[Any], proba: NDArray[Any], classes: NDArray[Any]
    ) -> None:
        self.name = name
        self.characters = characters
        self.proba = proba
        self.classes = classes

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        name: str,
        *,
        n_top: int = 8,
        ax: Any = None,
        im_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Ask a model after each character of a name, and draw its answers.

        Parameters
        ----------
        model : Pipeline
            Fitted pipeline, as in :func:`prefix_proba`.
        name : str
            The name.
        n_top : int, default=8
            Number of nationalities to show, see :meth:`plot`.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes new ones.
        im_kwargs : dict or None, default=None
            Keyword arguments of ``ax.imshow``.

        Returns
        -------
        PrefixProbabilityDisplay
            The display, with its drawing.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        found = prefix_proba(model, name)
        display = cls(found.name, found.characters, found.proba, found.classes)
        return display.plot(n_top=n_top, ax=ax, im_kwargs=im_kwargs)

    def plot(
        self,
        *,
        n_top: int = 8,
        ax: Any = None,
        im_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the heat map.

        Parameters
        ----------
        n_top : int, default=8
            Number of nationalities to show: those that reach the highest probability anywhere
            along the name, in the order of the whole name's.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes new ones.
        im_kwargs : dict or None, default=None
            Keyword arguments of ``ax.imshow``.

        Returns
        -------
        self : PrefixProbabilityDisplay
            The display, with its drawing.

        Raises
        ------
        ValueError
            If the name has no character to read, or `n_top` is less than 1.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        import matplotlib.pyplot as plt

        from ._drawing import check_characters, image_style, ink_on, ticks_of, title_of

        if n_top < 1:
            raise ValueError(f"Expected an n_top of at least 1 nationality, got {n_top}.")
        check_characters(self.name, self.characters)
        proba, n = np.asarray(self.proba), len(self.characters)
        top = np.argsort(-proba.max(axis=0), kind="stable")[:n_top]
        top = top[np.argsort(-proba[-1, top], kind="stable")]
        shown = proba[:, top].T
        labels = [str(self.classes[k]) for k in top]
        if ax is None:
            beside = max(2.2, 1 + 0.1 * max(map(len, labels)))
            size = beside + 0.45 * n, 1.3 + 0.32 * len(top)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        style = image_style(im_kwargs, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        self.im_ = ax.imshow(shown, **style)
        self.text_ = np.full(shown.shape, None, dtype=object)
        for place, value in np.ndenumerate(shown):
            if value >= 0.005:
                self.text_[place] = ax.text(
                    *place[::-1],
                    f"{100 * value:.0f}",
                    ha="center",
                    va="center",
                    fontsize="small",
                    color=ink_on(self.im_, value),
                )
        ax.set_xticks(range(n), ticks_of(self.characters), parse_math=False)
        ax.set_yticks(range(len(top)), labels, parse_math=False)
        ax.tick_params(length=0)
        ax.set_xlabel("after each character, %")
        ax.set_title(title_of(self.name, self.characters), parse_math=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self
