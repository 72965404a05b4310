"""ngram_contributions: what the net, each n-gram and each word add to the logits of a name."""

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch
from sklearn.utils._param_validation import HasMethods

from .._name_nationality_classifier import NameNationalityClassifier
from .._validation import validate_params
from ._reading import Reading


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
    A contribution means something only beside that to another class: the difference of two columns
    sums to the log odds between two classes. TF-IDF values are scaled to a length of 1 over the
    name: without one of its n-grams, the others would add more than they do.

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
    read = Reading(model, name)
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
        start = end = read.encoder.alphabet_[code - 1]
    text = [start, *read.characters, end]
    ngrams = ["".join(text[first + 1 : last + 1]) for first, last in spans.tolist()]
    return read.bunch(
        ngrams=np.array(ngrams, dtype=object), spans=spans, contributions=contributions, net=net
    )
