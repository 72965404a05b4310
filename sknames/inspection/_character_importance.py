"""CharacterImportanceDisplay: a name, coloured by how much each character matters."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._optional_dependencies import check_matplotlib_support

from ._explanations import character_importance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


class CharacterImportanceDisplay:
    """The characters of a name, blue where they speak for an answer, red where against it.

    Make one with :meth:`from_estimator`; all parameters are kept as attributes.

    Parameters
    ----------
    name : str
        The name.
    characters : array-like of shape (n_characters,)
        Characters that the model reads.
    importance : array-like of shape (n_characters,)
        How far the log odds of the answer fall without each of them.
    label : str or int
        The answer.
    probability : float or None, default=None
        Probability of the answer, for the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the characters.
    figure_ : matplotlib Figure
        The figure with the axes.
    im_ : matplotlib AxesImage
        The colours.
    text_ : ndarray of shape (n_characters,), dtype=matplotlib Text
        The characters.

    See Also
    --------
    character_importance : Compute the importances.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import sknames
    >>> from sknames.inspection import CharacterImportanceDisplay
    >>> model = sknames.load_pretrained()
    >>> display = CharacterImportanceDisplay.from_estimator(model, "王伟")
    >>> "".join(text.get_text() for text in display.text_)
    'wangwei'
    """

    __module__ = "sknames.inspection"

    ax_: "Axes"
    figure_: "Figure | SubFigure"
    im_: Any
    text_: NDArray[np.object_]

    def __init__(
        self,
        name: str,
        characters: NDArray[Any],
        importance: NDArray[Any],
        label: Any,
        *,
        probability: float | None = None,
    ) -> None:
        self.name = name
        self.characters = characters
        self.importance = importance
        self.label = label
        self.probability = probability

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        name: str,
        *,
        label: Any = None,
        ax: Any = None,
        im_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Hide one character of a name at a time from a model, and draw what that changes.

        Parameters
        ----------
        model : Pipeline
            Fitted pipeline, as in :func:`prefix_proba`.
        name : str
            The name.
        label : str or int or None, default=None
            Answer to explain. None takes the most probable one.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes new ones.
        im_kwargs : dict or None, default=None
            Keyword arguments of ``ax.imshow``.

        Returns
        -------
        CharacterImportanceDisplay
            The display, with its drawing.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        found = character_importance(model, name, label=label)
        probability = float(found.proba[found.classes == found.label][0])
        display = cls(
            found.name, found.characters, found.importance, found.label, probability=probability
        )
        return display.plot(ax=ax, im_kwargs=im_kwargs)

    def plot(self, *, ax: Any = None, im_kwargs: dict[str, Any] | None = None) -> Self:
        """Draw the name.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes new ones.
        im_kwargs : dict or None, default=None
            Keyword arguments of ``ax.imshow``, such as `cmap`, or `vmin` and `vmax` for equal
            colours on several pictures.

        Returns
        -------
        self : CharacterImportanceDisplay
            The display, with its drawing.

        Raises
        ------
        ValueError
            If the name has no character to read.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        import matplotlib.pyplot as plt

        from ._drawing import check_characters, image_style, ink_on, ticks_of, title_of

        check_characters(self.name, self.characters)
        importance, n = np.asarray(self.importance), len(self.characters)
        if ax is None:
            width = max(4.6, 0.6 + 0.5 * n, 3.6 + 0.09 * len(str(self.label)))
            _, ax = plt.subplots(figsize=(width, 1.9), layout="constrained")
        reach = max(np.abs(importance).max(), 1e-9)
        style = image_style(im_kwargs, cmap="RdBu", vmin=-reach, vmax=reach)
        self.im_ = ax.imshow(importance[None], **style)
        self.text_ = np.array(
            [
                ax.text(
                    place,
                    0,
                    character,
                    ha="center",
                    va="center",
                    fontsize="x-large",
                    color=ink_on(self.im_, value),
                )
                for place, (character, value) in enumerate(
                    zip(ticks_of(self.characters), importance, strict=True)
                )
            ]
        )
        ax.set_xticks(range(n), [f"{value:+.1f}" for value in importance], fontsize="small")
        ax.set_yticks([])
        ax.tick_params(length=0)
        for side in ax.spines.values():
            side.set_visible(False)
        ax.set_xlabel(f"what each character adds to the log odds of {self.label}", parse_math=False)
        answer = "" if self.probability is None else f": {self.label} {self.probability:.0%}"
        ax.set_title(f"{title_of(self.name, self.characters)}{answer}", parse_math=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self
