"""Measure which characters of a name matter for a prediction, and draw them."""

from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import HasMethods

from .._base import validate_params
from .._base.plotting import DisplayMixin
from ._drawing import check_characters, draw_cells, title_of, visible
from ._reading import Reading, column_of, look_inside

TINY = np.finfo(np.float64).tiny  # in place of 0, whose logarithm is infinite


@validate_params(
    {
        "estimator": [HasMethods(["predict_proba"])],
        "name": [str],
        "label": "no_validation",
    }
)
def character_importance(estimator: Any, name: str, *, label: Any = None) -> Bunch:
    """Measure how much each character of a name matters for a prediction, by occlusion.

    Each character in turn is replaced by one that the model does not know (Zeiler and
    Fergus 2014). The importance is the fall of the log odds of the label: above 0 the
    character speaks for the label, below 0 against it. Importances do not add up to a
    fixed total.

    Parameters
    ----------
    estimator : Pipeline
        Fitted pipeline that begins with a :class:`~sknames.CharEncoder` and ends with a
        classifier that has `predict_proba`, such as :func:`~sknames.load_pretrained`;
        also behind a :class:`~sknames.JoinNames`, and in the wrappers of sknames, a
        `FrozenEstimator` or a search of scikit-learn.
    name : str
        The name.
    label : str or int or None, default=None
        Label to explain, one of the model's classes. None takes the most probable one.

    Returns
    -------
    :class:`~sklearn.utils.Bunch`
        The name and its importances, with

        - name: the name,
        - dropped: list of str, what the model does not read: titles, degrees, brackets,
        - characters: array of shape (n_characters,), what the model reads: the
          characters after transliteration, with U+FFFD for unknown ones,
        - sources, source_index: arrays of shape (n_characters,), the character of the
          cleaned name that each of these comes from, and its position there,
        - classes: array of shape (n_classes,), the labels,
        - importance: array of shape (n_characters,), differences of natural logarithms,
        - label: the label,
        - proba: array of shape (n_classes,), the prediction for the whole name.

    See Also
    --------
    CharacterImportanceDisplay : Draw the importances.
    feature_contributions : Answer the same question for n-grams, exactly.

    Notes
    -----
    It shows what this model uses, not what makes a name Polish. If two characters carry
    the same information, each alone seems to matter little.

    References
    ----------
    Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import character_importance
    >>> result = character_importance(sknames.load_pretrained(), "Kowalski")
    >>> result.label, result.importance.shape
    ('Polish', (8,))
    """
    reading = Reading(estimator, look_inside(estimator), name)
    n = len(reading.characters)
    hidden = reading.codes.repeat(n, axis=0)
    hidden[np.arange(n), np.arange(n)] = reading.encoder.unknown_code_
    proba = reading.predict_proba(np.concatenate([reading.codes, hidden]))
    k = column_of(reading.classes, label, proba[0])
    others = np.delete(proba, k, axis=1).sum(axis=1)
    odds = np.log(np.maximum(proba[:, k], TINY)) - np.log(np.maximum(others, TINY))
    return reading.bunch(
        importance=odds[0] - odds[1:],
        label=reading.classes.tolist()[k],
        proba=proba[0],
    )


@dataclass(eq=False, repr=False)
class CharacterImportanceDisplay(DisplayMixin):
    """Draw a name: characters for a label are blue, those against it are red.

    Make one with :meth:`from_estimator`; all parameters are kept as attributes.

    Parameters
    ----------
    name : str
        The name.
    characters : array-like of shape (n_characters,)
        Characters that the model reads.
    importance : array-like of shape (n_characters,)
        How far the log odds of the label fall without each of them.
    label : str or int
        The label.
    probability : float or None, default=None
        Probability of the label, for the title.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes, matplotlib Figure
        The axes that `plot` drew on, and their figure.
    im_ : matplotlib AxesImage
        The colours.
    text_ : ndarray of shape (n_characters,), dtype=matplotlib Text
        The characters.

    See Also
    --------
    character_importance : Compute the importances.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import CharacterImportanceDisplay
    >>> model = sknames.load_pretrained()
    >>> display = CharacterImportanceDisplay.from_estimator(model, "Иван")
    >>> "".join(text.get_text() for text in display.text_)
    'иван␣ivan'
    """

    __module__ = "sknames.inspection"

    name: str
    characters: NDArray[Any]
    importance: NDArray[Any]
    label: Any
    _: KW_ONLY
    probability: float | None = None

    @classmethod
    def from_estimator(
        cls, estimator: Any, name: str, *, label: Any = None, **kwargs: Any
    ) -> Self:
        """Measure the importance of each character of a name, and draw it.

        Parameters
        ----------
        estimator : Pipeline
            Fitted pipeline that begins with a :class:`~sknames.CharEncoder` and ends
            with a classifier that has `predict_proba`, such as
            :func:`~sknames.load_pretrained`; also behind a :class:`~sknames.JoinNames`,
            and in the wrappers of sknames, a `FrozenEstimator` or a search of
            scikit-learn.
        name : str
            The name.
        label : str or int or None, default=None
            Label to explain. None takes the most probable one.
        **kwargs
            Parameters of :meth:`plot`.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        result = character_importance(estimator, name, label=label)
        probability = float(result.proba[result.classes == result.label][0])
        return cls(
            result.name,
            result.characters,
            result.importance,
            result.label,
            probability=probability,
        ).plot(**kwargs)

    def plot(self, *, ax: Any = None, im_kwargs: dict[str, Any] | None = None) -> Self:
        """Draw the name.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes new ones.
        im_kwargs : dict or None, default=None
            Keyword arguments of ``ax.imshow``, such as `cmap`, or `vmin` and `vmax` for
            equal colours on several pictures.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        check_characters(self.name, self.characters)
        importance = np.asarray(self.importance)
        n = len(self.characters)
        # Inches: room for the characters, and for the text below with the label.
        width = max(4.6, 0.6 + 0.5 * n, 3.6 + 0.09 * len(str(self.label)))
        ax = self._use_axes(ax, (width, 1.9))
        reach = max(np.abs(importance).max(), 1e-9)
        style = {"cmap": "RdBu", "vmin": -reach, "vmax": reach} | (im_kwargs or {})
        texts = {(0, k): text for k, text in enumerate(visible(self.characters))}
        self.im_, drawn = draw_cells(ax, importance[None], texts, "x-large", style)
        (self.text_,) = drawn
        ax.set_xticks(
            range(n), [f"{value:+.1f}" for value in importance], fontsize="small"
        )
        ax.set_yticks([])
        for side in ax.spines.values():
            side.set_visible(False)
        ax.set_xlabel(
            f"what each character adds to the log odds of {self.label}",
            parse_math=False,
        )
        title = title_of(self.name, self.characters)
        if self.probability is not None:
            title += f": {self.label} {self.probability:.0%}"
        ax.set_title(title, parse_math=False)
        return self
