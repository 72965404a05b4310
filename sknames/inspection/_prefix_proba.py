"""Predict after each character of a name, and draw the result."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from .._base import validate_params
from .._base.plotting import DisplayMixin, check_at_least_1
from .._base.sklearn_private import HasMethods
from ._drawing import draw_percentages, title_of, visible
from ._reading import Reading, fitted_stack


@validate_params({"estimator": [HasMethods(["predict_proba"])], "name": [str]})
def prefix_proba(estimator: Any, name: str) -> Bunch:
    """Predict after each character of a name.

    Each row is the prediction for a prefix of the name: "y", "ya", "yam" and so on. The
    last row is the prediction for the whole name. Trailing spaces are ignored, as in
    any name. If the model also reads a transliteration of the name to Latin letters,
    its characters follow those of the name.

    Parameters
    ----------
    estimator : Pipeline
        Fitted pipeline that begins with a :class:`~sknames.CharEncoder` and ends with a
        classifier that has `predict_proba`, such as :func:`~sknames.load_pretrained`. A
        :class:`~sknames.JoinNames` may precede the encoder, and the pipeline may be
        inside a wrapper of sknames, a `FrozenEstimator` or a search of scikit-learn.
    name : str
        The name.

    Returns
    -------
    :class:`~sklearn.utils.Bunch`
        The name and its prefixes, with

        - name: the name,
        - dropped: list of str, the parts that the model does not read, such as titles,
          degrees and text in brackets,
        - characters: array of shape (n_characters,), the characters that the model
          reads, after transliteration, with U+FFFD for unknown characters,
        - sources, source_index: arrays of shape (n_characters,), the character of the
          cleaned name from which each character was made, and its position,
        - classes: array of shape (n_classes,), the labels,
        - proba: array of shape (n_characters, n_classes).

    See Also
    --------
    PrefixProbabilityDisplay : Plot the probabilities.
    feature_contributions : Split a prediction into the contributions of features.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import prefix_proba
    >>> result = prefix_proba(sknames.load_pretrained(), "王伟")
    >>> "".join(result.characters), "".join(result.sources)
    ('王伟 wangwei', '王伟 王王王王伟伟伟')
    >>> result.proba.shape
    (10, 74)
    """
    reading = Reading(estimator, fitted_stack(estimator), name)
    codes = reading.codes  # (1, length)
    n = len(reading.characters)
    lengths = np.arange(1, n + 1)
    if reading.encoder.clean:
        # Without the spaces at the end of a prefix.
        lengths = np.maximum.accumulate(np.where(reading.characters == " ", 0, lengths))
        lengths[-1:] = n
    is_in_prefix = np.arange(codes.shape[1]) < lengths[:, None]
    prefixes = np.where(is_in_prefix, codes, 0).astype(codes.dtype)
    return reading.bunch(proba=reading.predict_proba(prefixes))


@dataclass(eq=False, repr=False)
class PrefixProbabilityDisplay(DisplayMixin):
    """Heat map of the most probable nationalities after each character of a name.

    Create a display with :meth:`from_estimator`. All parameters are attributes.

    Parameters
    ----------
    name : str
        The name.
    characters : array-like of shape (n_characters,)
        Characters that the model reads.
    proba : array-like of shape (n_characters, n_classes)
        Probabilities after each character.
    classes : array-like of shape (n_classes,)
        The labels, in the order of the columns.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes, matplotlib Figure
        The axes that `plot` drew on, and their figure.
    im_ : matplotlib AxesImage
        The heat map.
    text_ : ndarray of shape (n_shown, n_characters), dtype=matplotlib Text or None
        The percentages, from 1 on.

    See Also
    --------
    prefix_proba : Compute the probabilities.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import PrefixProbabilityDisplay
    >>> model = sknames.load_pretrained()
    >>> display = PrefixProbabilityDisplay.from_estimator(model, "Yamamoto", n_top=3)
    >>> display.im_.get_array().shape
    (3, 8)
    """

    __module__ = "sknames.inspection"

    name: str
    characters: NDArray[Any]
    proba: NDArray[Any]
    classes: NDArray[Any]

    @classmethod
    def from_estimator(cls, estimator: Any, name: str, **kwargs: Any) -> Self:
        """Predict after each character of a name, and draw the probabilities.

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
        **kwargs
            Parameters of :meth:`plot`.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        result = prefix_proba(estimator, name)
        display = cls(result.name, result.characters, result.proba, result.classes)
        return display.plot(**kwargs)

    def plot(
        self, *, n_top: int = 8, ax: Any = None, im_kwargs: dict[str, Any] | None = None
    ) -> Self:
        """Plot the heat map.

        Parameters
        ----------
        n_top : int, default=8
            Number of nationalities to show: those with the highest probability after
            any character, in the order of the whole name's probabilities.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes new ones.
        im_kwargs : dict or None, default=None
            Keyword arguments of ``ax.imshow``.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        check_at_least_1("n_top", n_top)
        n = len(self.characters)
        if n == 0:
            raise ValueError(
                f"Expected a name with a character to draw, got {self.name!r}."
            )
        proba = np.asarray(self.proba)
        top = np.argsort(-proba.max(axis=0), kind="stable")[:n_top]
        top = top[np.argsort(-proba[-1, top], kind="stable")]
        shown = proba[:, top].T  # (n_shown, n_characters)
        labels = [str(self.classes[k]) for k in top]
        # Inches: room for the labels on the left, for the characters and the rows.
        left = max(2.2, 1 + 0.1 * max(map(len, labels)))
        ax = self._use_axes(ax, (left + 0.45 * n, 1.3 + 0.32 * len(top)))
        style = {"cmap": "Blues", "vmin": 0, "vmax": 1, "aspect": "auto"}
        style |= im_kwargs or {}
        self.im_, self.text_ = draw_percentages(ax, shown, style)
        ax.set_xticks(range(n), visible(self.characters), parse_math=False)
        ax.set_yticks(range(len(top)), labels, parse_math=False)
        ax.set_xlabel("after each character, %")
        ax.set_title(title_of(self.name, self.characters), parse_math=False)
        return self
