"""Why a model answers as it does, by the prefixes, characters and n-grams of a name."""

from copy import copy
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from .._char_encoder import REPLACEMENT, CharEncoder
from .._name_nationality_classifier import NameNationalityClassifier
from .._prior_shift_classifier import PriorShiftClassifier
from .._selective_classifier import SelectiveClassifier
from .._validate_params import validate_params

TINY = np.finfo(np.float64).tiny


@validate_params({"model": [HasMethods(["predict_proba"])], "name": [str]})
def prefix_proba(model: Any, name: str) -> Bunch:
    """Predict after each character of a name.

    Each row is what it would say if the name ended there: the probabilities of "y", of "ya", of
    "yam" and so on, the last those of the whole name. A space at an end is not read, as in any
    name.

    Parameters
    ----------
    model : Pipeline
        Fitted pipeline. It begins with a :class:`~sknames.CharEncoder` and ends with a classifier
        that has `predict_proba`, as :func:`~sknames.load_pretrained` and your own do. A
        :class:`~sknames.PriorShiftClassifier`, :class:`~sknames.SelectiveClassifier`,
        `FrozenEstimator` or `GridSearchCV` of such a pipeline will do, too.
    name : str
        The name.

    Returns
    -------
    :class:`~sklearn.utils.Bunch`
        The name and its prefixes, with

        - name: the name,
        - characters: array of shape (n_characters,), what the model reads: after transliteration,
          and U+FFFD for what it does not know,
        - sources, source_places: arrays of shape (n_characters,), the character of the name that
          each of these comes from, and its place in the name once that is clean,
        - proba: array of shape (n_characters, n_classes),
        - classes: array of shape (n_classes,).

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError
        If the model does not begin with a :class:`~sknames.CharEncoder`.

    See Also
    --------
    PrefixProbabilityDisplay : Draw the probabilities.
    character_importance : Measure which characters matter.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import prefix_proba
    >>> found = prefix_proba(sknames.load_pretrained(), "王伟")
    >>> "".join(found.characters), "".join(found.sources)
    ('wangwei', '王王王王伟伟伟')
    >>> found.proba.shape
    (7, 74)
    """
    read = _Reading(model, name)
    n = len(read.characters)
    lengths = np.arange(1, n + 1)
    if read.encoder.clean:
        lengths = np.maximum.accumulate(np.where(read.is_space, 0, lengths))
        lengths[-1:] = n  # the whole name is as it is
    rows = np.where(np.arange(read.codes.shape[1]) < lengths[:, None], read.codes, 0)
    return read.bunch(proba=read.predict_proba(rows.astype(read.codes.dtype)))


@validate_params(
    {"model": [HasMethods(["predict_proba"])], "name": [str], "label": "no_validation"}
)
def character_importance(model: Any, name: str, *, label: Any = None) -> Bunch:
    """Measure how much each character of a name matters for an answer, by occlusion.

    One character at a time is replaced by one that the model does not know (Zeiler and Fergus
    2014). The importance is how far that lowers the log odds of the answer: above 0 the character
    speaks for it, below 0 against it. The importances of a name have no particular sum.

    Parameters
    ----------
    model : Pipeline
        Fitted pipeline, as in :func:`prefix_proba`.
    name : str
        The name.
    label : str or int or None, default=None
        Answer to explain, one of the model's classes. None takes the most probable one.

    Returns
    -------
    :class:`~sklearn.utils.Bunch`
        The name and its importances, with

        - name, characters, sources, source_places, classes: as of :func:`prefix_proba`,
        - importance: array of shape (n_characters,), differences of natural logarithms,
        - label: the answer,
        - proba: array of shape (n_classes,), of the whole name.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError
        If the model does not begin with a :class:`~sknames.CharEncoder`.
    ValueError
        If the label is none of its classes.

    See Also
    --------
    CharacterImportanceDisplay : Draw the importances.
    ngram_contributions : Answer the same question for n-grams.

    Notes
    -----
    It says what this model has used, and not what makes a name Polish: of two characters that say
    the same, each alone seems to matter little.

    References
    ----------
    Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import character_importance
    >>> found = character_importance(sknames.load_pretrained(), "Kowalski")
    >>> found.label, found.importance.shape
    ('Polish', (8,))
    """
    read = _Reading(model, name)
    n = len(read.characters)
    hidden = read.codes.repeat(n, axis=0)
    hidden[np.arange(n), np.arange(n)] = read.encoder.unknown_code_
    proba = read.predict_proba(np.concatenate([read.codes, hidden]))
    k = read.place(label, proba[0])
    others = np.delete(proba, k, axis=1).sum(axis=1)
    odds = np.log(np.maximum(proba[:, k], TINY)) - np.log(np.maximum(others, TINY))
    return read.bunch(importance=odds[0] - odds[1:], label=read.classes.tolist()[k], proba=proba[0])


@validate_params({"model": [HasMethods(["predict_proba"])], "name": [str]})
def ngram_contributions(model: Any, name: str) -> Bunch:
    """Split the logits of a name into what its net and each of its n-grams add, exactly.

    The logits of a :class:`~sknames.NameNationalityClassifier` are those of its recurrent net and,
    for each n-gram in the name, its TF-IDF value times its weights, and of each word that `fit`
    learned, if it learned words:
    ``net + contributions.sum(axis=0)``, whose softmax are the probabilities.

    Parameters
    ----------
    model : Pipeline
        Fitted pipeline of a :class:`~sknames.CharEncoder` and a
        :class:`~sknames.NameNationalityClassifier`. A :class:`~sknames.SelectiveClassifier`,
        `FrozenEstimator` or `GridSearchCV` of such a pipeline will do, too.
    name : str
        The name.

    Returns
    -------
    :class:`~sklearn.utils.Bunch`
        The name, its n-grams and, behind them, its words, with

        - name, characters, sources, source_places, classes: as of :func:`prefix_proba`,
        - ngrams: array of shape (n_ngrams,) of str, each as often as it occurs. Where n-grams keep
          to words, a space stands for an end of a word; else "^" and "$" for those of the name. A
          word has neither,
        - spans: array of shape (n_ngrams, 2), where each n-gram starts and stops among the
          characters; the marks are at -1 and n_characters,
        - contributions: array of shape (n_ngrams, n_classes),
        - net: array of shape (n_classes,), the logits of the net with their bias.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError
        If the model is no such pipeline.

    See Also
    --------
    character_importance : Answer the same question for characters and any classifier.

    Notes
    -----
    A softmax stays the same when a number is added to all logits, so that a contribution means
    something only beside that to another class: the difference of two columns sums to the log odds
    between two classes. TF-IDF values are scaled to a length of 1 over the name: without one of its
    n-grams, the others would add more than they do.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import ngram_contributions
    >>> model = sknames.load_pretrained()
    >>> found = ngram_contributions(model, "Kowalski")
    >>> polish, czech = (list(found.classes).index(label) for label in ("Polish", "Czech"))
    >>> more = found.contributions[:, polish] - found.contributions[:, czech]
    >>> bool(more[list(found.ngrams).index("ski ")] > 0)
    True
    """
    read = _Reading(model, name)
    steps = read.rest.steps if isinstance(read.rest, Pipeline) else []
    if len(steps) != 1 or not isinstance(steps[0][1], NameNationalityClassifier):
        raise TypeError(
            "Expected a Pipeline of CharEncoder and NameNationalityClassifier, whose n-grams are "
            f"terms of a sum, and got {model}. Use character_importance instead."
        )
    classifier = steps[0][1]
    net, contributions, spans = classifier._logit_parts(read.as_given(read.codes))
    network = classifier.network_
    start, end = "^", "$"
    if network.separator is not None:
        code = int(network.symbols[network.separator - 1])
        # The space may be no character of a given alphabet.
        start = end = [*read.encoder.alphabet_, REPLACEMENT][code - 1]
    text = [start, *read.characters, end]
    ngrams = ["".join(text[first + 1 : last + 1]) for first, last in spans.tolist()]
    return read.bunch(
        ngrams=np.array(ngrams, dtype=object), spans=spans, contributions=contributions, net=net
    )


class _Reading:
    """A name as a model's encoder reads it, and the rest of the model."""

    def __init__(self, model, name):
        check_is_fitted(model)
        self.encoder, self.rest = _split(model, model)
        self.classes = self.rest.classes_
        self.name = name
        self._given = self.encoder.transform([name])  # a table, if set_output asks for it
        self.codes = np.asarray(self._given)
        spelt = self.encoder._spell(name)
        self.is_space = np.array([c == " " for c, _, _ in spelt], dtype=bool)
        known = [c if c in self.encoder.alphabet_ else REPLACEMENT for c, _, _ in spelt]
        self.characters = np.array(known, dtype=object)
        self.sources = np.array([own for _, own, _ in spelt], dtype=object)
        self.source_places = np.array([place for *_, place in spelt], dtype=int)

    def as_given(self, codes):
        """Codes as the rest of the model gets them, and as it was fitted: it knows the columns."""
        columns = getattr(self._given, "columns", None)
        if columns is None:
            return codes
        return type(self._given)(dict(zip(columns, codes.T, strict=True)))

    def predict_proba(self, codes):
        if not len(codes):
            return np.empty((0, len(self.classes)))
        return np.asarray(self.rest.predict_proba(self.as_given(codes)), dtype=np.float64)

    def place(self, label, proba):
        """The column of a label."""
        if label is None:
            return int(proba.argmax())
        places = np.flatnonzero(self.classes == label)
        if not len(places):
            known = ", ".join(map(repr, self.classes[:5].tolist()))
            raise ValueError(f"label={label!r} is none of the model's classes: {known}, ...")
        return int(places[0])

    def bunch(self, **found):
        return Bunch(
            name=self.name,
            characters=self.characters,
            sources=self.sources,
            source_places=self.source_places,
            classes=self.classes,
            **found,
        )


def _split(part, model):
    """The encoder of a model of names, and what takes its codes and answers as the model does."""
    if isinstance(part, Pipeline) and isinstance(part.steps[0][1], CharEncoder):
        return part.steps[0][1], part[1:]
    if isinstance(part, SelectiveClassifier):
        return _split(part.estimator_, model)
    if hasattr(part, "best_estimator_"):
        return _split(part.best_estimator_, model)
    if isinstance(part, FrozenEstimator):
        return _split(part.estimator, model)
    if isinstance(part, PriorShiftClassifier):
        encoder, rest = _split(part.estimator, model)
        part = copy(part)
        part.estimator = rest
        return encoder, part
    raise TypeError(
        f"Expected a fitted Pipeline that begins with a CharEncoder, and got {model}. Put the "
        "encoder into it: Pipeline([('encode', CharEncoder()), ('classify', ...)])."
    )
