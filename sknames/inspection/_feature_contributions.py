"""Compute and draw contributions of n-grams, words and other features to logits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from scipy.special import softmax
from sklearn.pipeline import make_pipeline
from sklearn.utils import Bunch

from .._base import validate_params
from .._base.plotting import DisplayMixin, check_at_least_1
from .._base.sklearn_private import (
    HasMethods,
    check_pandas_support,
    is_linear_classifier,
)
from .._models.layers import Shift
from .._models.stack import unsupported_model_error
from ._drawing import drawable, visible
from ._reading import Reading, column_of, fitted_stack

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Contributions:
    """Contributions of the features of a name to the logits of each label.

    :func:`feature_contributions` returns it.

    Parameters
    ----------
    name : str
        The name.
    classes : ndarray of shape (n_classes,)
        The labels.
    features : ndarray of shape (n_features,) of str
        The features that occur in the name. For a network, these are the n-grams, with
        one entry for each occurrence, followed by the words. If n-grams stay within
        words, a space marks the start and end of a word; otherwise "^" and "$" mark
        the start and end of the name. For a linear classifier, features are named as in
        `get_feature_names_out`.
    contributions : ndarray of shape (n_features, n_classes)
        The contribution of each feature to the logits.
    intercept : ndarray of shape (n_classes,)
        The rest of the logits: the logits of the recurrent net with its bias, or the
        intercept of the linear classifier.
    spans : ndarray of shape (n_features, 2), or None
        Start and stop of each feature in `characters`; the marks are at -1 and
        n_characters. None for linear classifiers.
    dropped, characters, sources, source_index : list or ndarray, or None
        The characters that were read, as in :func:`prefix_proba`. None for linear
        classifiers.

    See Also
    --------
    FeatureContributionsDisplay : Plot what separates two labels.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import feature_contributions
    >>> found = feature_contributions(sknames.load_pretrained(), "Kowalski")
    >>> found.contributions.shape == (len(found.features), len(found.classes))
    True
    """

    __module__ = "sknames.inspection"

    name: str
    classes: NDArray[Any]
    features: NDArray[Any]
    contributions: NDArray[np.floating]
    intercept: NDArray[np.floating]
    spans: NDArray[np.integer] | None = None
    dropped: list[str] | None = None
    characters: NDArray[Any] | None = None
    sources: NDArray[Any] | None = None
    source_index: NDArray[np.integer] | None = None

    def to_frame(self) -> "pd.DataFrame":
        """Return the contributions as a table.

        Returns
        -------
        DataFrame
            A row for each feature, a column for each label.
        """
        pd = check_pandas_support("Contributions.to_frame")
        return pd.DataFrame(
            self.contributions, index=self.features, columns=self.classes
        )

    def log_odds(self, label: Any = None, other: Any = None) -> Bunch:
        """Return the log odds of a label against another, split by feature.

        Parameters
        ----------
        label, other : str or int or None, default=None
            The labels. By default, they are the two most probable ones.

        Returns
        -------
        :class:`~sklearn.utils.Bunch`
            Both labels, the features and their contributions, the largest first, and
            the intercept.
        """
        logits = self.intercept + self.contributions.sum(axis=0)
        first = column_of(self.classes, label, logits)
        logits[first] = -np.inf
        second = column_of(self.classes, other, logits)
        odds = self.contributions[:, first] - self.contributions[:, second]
        largest_first = np.argsort(-np.abs(odds), kind="stable")
        return Bunch(
            label=self.classes.tolist()[first],
            other=self.classes.tolist()[second],
            features=self.features[largest_first],
            contributions=odds[largest_first],
            intercept=self.intercept[first] - self.intercept[second],
        )


@validate_params({"estimator": [HasMethods(["predict_proba"])], "name": [str]})
def feature_contributions(estimator: Any, name: str) -> Contributions:
    """Split the logits of a name exactly into the contributions of its features.

    The sum is ``intercept + contributions.sum(axis=0)``; its softmax gives the
    probabilities.

    - The logits of a :class:`~sknames.NameNationalityClassifier` are the sum of the
      logits of the recurrent net, of each n-gram in the name (its TF-IDF value times
      its weights) and of each word known from `fit`.
    - In a pipeline that ends with a linear classifier whose probabilities are a
      softmax, such as :func:`~sknames.make_own_labels_pipeline`, the contribution of a
      feature is its value times its coefficients. Features are n-grams and the
      nationalities of a :class:`~sknames.NameEncoder`.

    Parameters
    ----------
    estimator : Pipeline
        Fitted pipeline of one of these kinds. It may be in a
        :class:`~sknames.PriorShiftClassifier`, which adds to the intercept, a
        :class:`~sknames.SelectiveClassifier`, `FrozenEstimator` or search.
    name : str
        The name.

    Returns
    -------
    Contributions
        The features, and their contributions to the logits of each label.

    Raises
    ------
    TypeError
        If the model's logits are not a sum over features.

    See Also
    --------
    FeatureContributionsDisplay : Plot what separates two labels.
    prefix_proba : Predict after each character, for any classifier.

    Notes
    -----
    Compare contributions between classes: the differences of two columns sum to the log
    odds of two classes. TF-IDF vectors have norm 1, so without one n-gram the others
    would contribute more.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import feature_contributions
    >>> found = feature_contributions(sknames.load_pretrained(), "Kowalski").log_odds()
    >>> found.label, bool(found.contributions[0] > 0)
    ('Polish', True)
    """
    stack = fitted_stack(estimator)
    changing = [layer for layer in stack.layers if layer.changes_probabilities]
    adds_to_logits = all(isinstance(layer, Shift) for layer in changing)
    if adds_to_logits and stack.inner is None:
        with np.errstate(divide="ignore"):
            shift = np.sum([np.log(layer.factors) for layer in changing], axis=0)
        if is_linear_classifier(stack.base) and stack.steps:
            contributions = _of_linear(stack, name, shift)
            logits = contributions.intercept + contributions.contributions.sum(axis=0)
            proba = stack.predict_proba([name])
            # One-vs-rest classifiers such as SGDClassifier have no softmax.
            if np.allclose(softmax(logits), proba, rtol=0, atol=1e-6):
                return contributions
        if stack.network is not None:
            return _of_network(stack.base, Reading(estimator, stack, name), shift)
    raise unsupported_model_error(
        estimator,
        "a Pipeline of CharEncoder and NameNationalityClassifier, or one with a linear "
        "classifier whose probabilities are a softmax",
        "For other models, use prefix_proba.",
        "SelectiveClassifier",
    )


def _of_linear(stack, name, shift):
    """Return the contributions in a stack with a linear base.

    `shift`, (n_classes,), is what layers add to the logits.
    """
    n_joins = int(stack.join is not None)
    transform = make_pipeline(*stack.steps[n_joins:])
    values = transform.transform([name])
    if issparse(values):
        values = values.toarray()
    values = np.asarray(values)[0]  # (n_features,)
    coef = stack.base.coef_
    intercept = stack.base.intercept_
    if len(coef) == 1:  # two classes: only the second one has coefficients
        coef = np.concatenate([0 * coef, coef])
        intercept = np.concatenate([0 * intercept, intercept])
    present = np.flatnonzero(values)
    return Contributions(
        name=name,
        classes=stack.base.classes_,
        features=transform.get_feature_names_out()[present],
        contributions=(values * coef)[:, present].T,
        intercept=intercept + shift,
    )


def _of_network(classifier, reading, shift):
    """Return the contributions in a network to a name that was read."""
    network = classifier.network_
    codes = network.to_codes(reading.codes)
    logits_of_net, contributions, spans = classifier._forward.logit_terms(codes)
    start = "^"
    end = "$"
    if network.separator is not None:
        code = int(network.symbols[network.separator - 1])
        start = end = reading.encoder.alphabet_[code - 1]
    text = [start, *reading.characters, end]
    features = ["".join(text[first + 1 : last + 1]) for first, last in spans.tolist()]
    figures = reading.bunch(
        features=np.array(features, dtype=object),
        contributions=contributions,
        intercept=logits_of_net + shift,
        spans=spans,
    )
    return Contributions(**figures)


@dataclass(eq=False, repr=False)
class FeatureContributionsDisplay(DisplayMixin):
    """Bar chart of the features of a name that separate one label from another.

    Create a display with :meth:`from_estimator`. All parameters are attributes.

    Parameters
    ----------
    name : str
        The name.
    features : array-like of shape (n_features,)
        The features.
    contributions : array-like of shape (n_features,)
        Their contributions to the log odds, the largest first.
    label, other : str or int
        The labels.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes, matplotlib Figure
        The axes that `plot` drew on, and their figure.
    bars_ : matplotlib BarContainer
        The bars.

    See Also
    --------
    feature_contributions : Compute the contributions.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import FeatureContributionsDisplay
    >>> model = sknames.load_pretrained()
    >>> display = FeatureContributionsDisplay.from_estimator(model, "Kowalski", n_top=5)
    >>> len(display.bars_)
    5
    """

    __module__ = "sknames.inspection"

    name: str
    features: NDArray[Any]
    contributions: NDArray[Any]
    label: Any
    other: Any

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        name: str,
        *,
        label: Any = None,
        other: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Compute the contributions, and draw them.

        Parameters
        ----------
        estimator : Pipeline
            Fitted pipeline, as in :func:`feature_contributions`.
        name : str
            The name.
        label, other : str or int or None, default=None
            The labels to compare. None takes the most probable ones.
        **kwargs
            Parameters of :meth:`plot`.

        Returns
        -------
        Self
            The display, with its drawing.
        """
        odds = feature_contributions(estimator, name).log_odds(label, other)
        display = cls(name, odds.features, odds.contributions, odds.label, odds.other)
        return display.plot(**kwargs)

    def plot(
        self,
        *,
        n_top: int = 15,
        ax: Any = None,
        bar_kwargs: dict[str, Any] | None = None,
    ) -> Self:
        """Plot the bars.

        Parameters
        ----------
        n_top : int, default=15
            Largest number of features to show.
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
        values = np.asarray(self.contributions)[:n_top]
        labels = visible(self.features[:n_top])
        text = f"log odds of {self.label} against {self.other}"
        # Inches: room for the labels on the left, and for the text below.
        left = 0.1 * max(map(len, labels), default=0)
        width = max(6.4, 3.6 + left, 1 + left + 0.1 * len(text))
        ax = self._use_axes(ax, (width, 1.1 + 0.3 * len(labels)))
        style = {"color": np.where(values > 0, "C0", "C3")} | (bar_kwargs or {})
        self.bars_ = ax.barh(np.arange(len(labels)), values, **style)
        ax.set_yticks(np.arange(len(labels)), labels, parse_math=False)
        ax.yaxis.set_inverted(True)
        ax.set_xlabel(text, parse_math=False)
        ax.set_title(drawable(self.name), parse_math=False)
        return self
