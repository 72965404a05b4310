"""Compute what the net, each n-gram and each word add to the logits of a name."""

from typing import Any

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import HasMethods

from .._base import validate_params
from .._base.shared_docs import share_docs
from .._base.unwrap import refusal, unwrap
from ._reading import READING, Reading


@share_docs(READING)
@validate_params({"estimator": [HasMethods(["predict_proba"])], "name": [str]})
def ngram_contributions(estimator: Any, name: str) -> Bunch:
    """Split the logits of a name exactly into those of the net, each n-gram and each word.

    A :class:`~sknames.NameNationalityClassifier` adds the logits of its recurrent net, of each
    n-gram in the name (its TF-IDF value times its weights) and of each word known from `fit`. The
    sum is ``net + contributions.sum(axis=0)``; its softmax gives the probabilities.

    Parameters
    ----------
    estimator : Pipeline
        Fitted pipeline of a :class:`~sknames.CharEncoder` and a
        :class:`~sknames.NameNationalityClassifier`; also in what predicts the same probabilities:
        a :class:`~sknames.SelectiveClassifier`, `FrozenEstimator` or search.
    {name}

    Returns
    -------
    :class:`~sklearn.utils.Bunch`
        The name, its n-grams and then its words, with

        {read}
        - ngrams: array of shape (n_ngrams,) of str, one entry for each occurrence. If n-grams stay
          within words, a space marks the ends of a word; otherwise "^" and "$" mark those of the
          name. Words have no marks,
        - spans: array of shape (n_ngrams, 2), the start and stop of each n-gram among the
          characters; the marks are at -1 and n_characters,
        - contributions: array of shape (n_ngrams, n_classes),
        - net: array of shape (n_classes,), the logits of the net with their bias.

    See Also
    --------
    character_importance : Measure the importance of characters, for any classifier.

    Notes
    -----
    Compare contributions between classes: the differences of two columns sum to the log odds of two
    classes. TF-IDF vectors have norm 1, so without one n-gram the others would contribute more.

    Examples
    --------
    >>> import sknames
    >>> from sknames.inspection import ngram_contributions
    >>> model = sknames.load_pretrained()
    >>> result = ngram_contributions(model, "Kowalski")
    >>> polish, czech = (list(result.classes).index(label) for label in ("Polish", "Czech"))
    >>> more = result.contributions[:, polish] - result.contributions[:, czech]
    >>> bool(more[list(result.ngrams).index("ski ")] > 0)
    True
    """
    read, inside = Reading(estimator, name), unwrap(estimator)
    classifier = inside.classifier
    if classifier is None or inside.changes:
        expected = "a Pipeline of CharEncoder and NameNationalityClassifier"
        step = "For other models, use character_importance."
        raise refusal(estimator, expected, step, "SelectiveClassifier")
    net, contributions, spans = classifier._logit_terms(read.as_given(read.codes))
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
