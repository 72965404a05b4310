"""Show the states of the recurrent net along a name, and draw them."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import HasMethods

from .._base import validate_params
from .._base.plotting import DisplayMixin
from .._models.stack import refusal
from ._drawing import check_characters, title_of, visible
from ._reading import Reading, look_inside

# Where ensembles of scikit-learn keep their models.
SEVERAL = ("estimators_", "calibrated_classifiers_")


@validate_params({"estimator": [HasMethods(["predict_proba"])], "name": [str]})
def hidden_states(estimator: Any, name: str) -> Bunch:
    """Return the states of the recurrent net after each character of a name.

    The name is read as :func:`prefix_proba` reads it. The net starts with a state of
    zeros, and each character changes it. The last state, of the last layer, is all that
    the net knows of the name: the output layer makes the net's logits of it. N-grams
    and words add theirs, see :func:`feature_contributions`.

    Parameters
    ----------
    estimator : Pipeline
        Fitted pipeline of a :class:`~sknames.CharEncoder` and a
        :class:`~sknames.NameNationalityClassifier`, such as
        :func:`~sknames.load_pretrained`; also behind a :class:`~sknames.JoinNames`, and
        in the wrappers of sknames, a `FrozenEstimator` or a search of scikit-learn.
    name : str
        The name.

    Returns
    -------
    :class:`~sklearn.utils.Bunch`
        The name and its states, with

        - name: the name,
        - dropped: list of str, what the model does not read: titles, degrees, brackets,
        - characters: array of shape (n_characters,), what the model reads: the
          characters after transliteration, with U+FFFD for unknown ones,
        - sources, source_index: arrays of shape (n_characters,), the character of the
          cleaned name that each of these comes from, and its position there,
        - classes: array of shape (n_classes,), the labels,
        - states: array of shape (n_layers, n_characters, hidden_size); a name without
          characters has none,
        - logits: array of shape (n_characters, n_outputs), what the output layer makes
          of each state of the last layer. Outputs are the classes, but for the model of
          countries: its net predicts nationalities, and countries follow from these.

    Raises
    ------
    TypeError
        If the model has no recurrent net, has several, or changes the codes between
        encoder and net.

    See Also
    --------
    HiddenStatesDisplay : Draw the states.
    prefix_proba : Predict after each character.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import hidden_states
    >>> result = hidden_states(sknames.load_pretrained(), "Yamamoto")
    >>> result.states.shape, result.logits.shape
    ((1, 8, 64), (8, 74))
    """
    stack = look_inside(estimator)
    _check_has_one_net(estimator, stack)
    reading = Reading(estimator, stack, name)
    network = stack.network
    (codes,) = network.to_codes(reading.codes)
    forward = stack.innermost._forward
    states, logits = forward.hidden_states(codes[: len(reading.characters)])
    return reading.bunch(states=states, logits=logits)


def _check_has_one_net(estimator, stack):
    """Raise TypeError, with the reason, unless one net reads what the encoder makes."""
    innermost = stack.innermost
    kind = type(innermost).__name__
    if any(hasattr(innermost, name) for name in SEVERAL):
        reason = f"{kind} holds several models, and so no one net. Pass one of them."
    elif not hasattr(innermost, "network_"):
        reason = f"{kind} has no recurrent net, and so no states."
    elif stack.encoder is not None and stack.network is None:
        reason = (
            "Steps between encoder and net change the codes, so that no state belongs "
            "to a character. Leave them out."
        )
    else:
        return
    raise refusal(
        estimator,
        "a fitted Pipeline of CharEncoder and NameNationalityClassifier",
        reason,
    )


@dataclass(eq=False, repr=False)
class HiddenStatesDisplay(DisplayMixin):
    """Heat map of the state of the recurrent net after each character of a name.

    Make one with :meth:`from_estimator`; all parameters are kept as attributes.

    Parameters
    ----------
    name : str
        The name.
    characters : array-like of shape (n_characters,)
        Characters that the model reads.
    states : array-like of shape (n_layers, n_characters, hidden_size)
        The state of each layer after each character.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes, matplotlib Figure
        The axes that `plot` drew on, and their figure.
    im_ : matplotlib AxesImage
        The heat map.

    See Also
    --------
    hidden_states : Compute the states.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import HiddenStatesDisplay
    >>> model = sknames.load_pretrained()
    >>> display = HiddenStatesDisplay.from_estimator(model, "Yamamoto")
    >>> display.im_.get_array().shape
    (64, 8)
    """

    __module__ = "sknames.inspection"

    name: str
    characters: NDArray[Any]
    states: NDArray[Any]

    @classmethod
    def from_estimator(cls, estimator: Any, name: str, **kwargs: Any) -> Self:
        """Compute the states along a name, and draw them.

        Parameters
        ----------
        estimator : Pipeline
            Fitted pipeline, as in :func:`hidden_states`.
        name : str
            The name.
        **kwargs
            Parameters of :meth:`plot`.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        result = hidden_states(estimator, name)
        return cls(result.name, result.characters, result.states).plot(**kwargs)

    def plot(
        self,
        *,
        layer: int = -1,
        ax: Any = None,
        im_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the heat map.

        Parameters
        ----------
        layer : int, default=-1
            Index of the layer, by default the last one, which the output layer reads.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes new ones.
        im_kwargs : dict or None, default=None
            Keyword arguments of ``ax.imshow``.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        check_characters(self.name, self.characters)
        states = np.asarray(self.states)[layer]  # (n_characters, hidden_size)
        n, size = states.shape
        # The order of units means nothing: sorted, the last state is easy to follow.
        by_last = np.argsort(-states[-1], kind="stable")
        # Inches: room for the colour bar, for the characters and for the units.
        ax = self._use_axes(ax, (2.2 + 0.45 * n, 1.3 + min(0.04 * size, 5)))
        style = {"cmap": "RdBu", "vmin": -1, "vmax": 1, "aspect": "auto"}
        style |= im_kwargs or {}
        self.im_ = ax.imshow(states[:, by_last].T, **style)
        self.figure_.colorbar(self.im_, ax=ax, label="state")
        ax.set_xticks(range(n), visible(self.characters), parse_math=False)
        ax.set_yticks([])
        ax.set_ylabel(f"{size} units, by their last state")
        ax.set_title(title_of(self.name, self.characters), parse_math=False)
        return self
