"""Encode names by the probabilities of a fitted model."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ._base.estimators import EstimatorMixin, check_is_frozen
from ._base.saved_state import stamped, unstamped
from ._base.sklearn_private import HasMethods, StrOptions
from ._base.version import __version__
from ._encoding.name_features import NameFeatures
from ._text.names import NamesMixin, read_names
from .pretrained._load_pretrained import TARGETS, load_pretrained, pretrained_sha256

NATIONALITY = "nationality"


class NameEncoder(NamesMixin, EstimatorMixin, BaseEstimator):
    """Encode names by the probabilities of a fitted model, for any other estimator.

    Your labels will rarely match the model's nationalities, but what it learned from a
    million names helps with other labels, too. A few hundred labelled names with these
    features and n-grams reach the accuracy of several thousand names with n-grams
    alone.

    The features are the square roots of the class probabilities, so a row has norm 1,
    like a row of TF-IDF values. Equal names are computed once.

    The model is never fitted again: it is one that ships, or a frozen one of yours.

    Parameters
    ----------
    model : {"nationality", "country"} or frozen classifier, default="nationality"
        Fitted model.

        - "nationality" or "country": a model that ships, ``load_pretrained(model,
          priors="uniform")``.
        - A fitted classifier that takes names and has `predict_proba`, usually a
          Pipeline that begins with a :class:`CharEncoder`, in scikit-learn's
          `FrozenEstimator`. It predicts under its own priors. One in a file is
          ``FrozenEstimator(load_model(path))``.
    handle_missing : {"error", "empty"}, default="error"
        What to do with a missing name, as in :class:`CharEncoder`.

    Attributes
    ----------
    model_ : classifier
        The fitted model.

    See Also
    --------
    make_own_labels_pipeline : Learn labels from these features and n-grams.
    load_pretrained : Load the model that ships, to predict its nationalities.
    sklearn.pipeline.FeatureUnion : Concatenate features; `transformer_weights` scale
        them.

    Notes
    -----
    A row depends on its name alone, to the bit: on neither the order of the names nor
    the batch.

    A file of an encoder with "nationality" or "country" does not hold the model: only
    an sknames that ships the same model reads it.
    ``NameEncoder(load_pretrained(priors="uniform"))`` saves the model, too.

    Nationality is protected from discrimination in many places, and a model with such
    features can discriminate: do not decide about a person by it.

    Examples
    --------
    >>> from sknames import NameEncoder
    >>> encoder = NameEncoder()
    >>> encoder.fit_transform(["Ana Souza", "Kim Min-jun"]).shape
    (2, 74)
    """

    __module__ = "sknames"
    _fitted = "model_"

    _parameter_constraints = {
        "model": [StrOptions({*TARGETS}), HasMethods(["predict_proba"])],
        "handle_missing": [StrOptions({"error", "empty"})],
    }

    def __init__(
        self,
        model: Any = NATIONALITY,
        *,
        handle_missing: Literal["error", "empty"] = "error",
    ) -> None:
        self.model = model
        self.handle_missing = handle_missing

    def _fit(self, X):
        """Set the model, and return the names as a list."""
        self._validate_params()
        names = read_names(X, self.handle_missing)
        self.model_, self._sha256 = self._load_model()
        return names

    def _load_model(self):
        """Return the fitted model and, if it is a shipped one, its digest."""
        if isinstance(self.model, str) and self.model in TARGETS:
            model = load_pretrained(self.model, priors="uniform")
            return model, pretrained_sha256(target=self.model)
        check_is_frozen(self.model, self)
        try:
            got = np.shape(self.model.predict_proba([""]))
        except Exception as error:  # of any type: the model may be any classifier
            got = error
        expected = (1, len(self.model.classes_))
        if got != expected:
            raise ValueError(
                f"Expected a model that gives probabilities of shape {expected} for "
                f"one name, got {got} from {type(self.model).__name__}. Give a fitted "
                "Pipeline that begins with a CharEncoder and predicts one label a name."
            )
        return self.model, None

    def _encode(self, names):
        """Return the features of names, (n, n_features), float32."""
        distinct = list(dict.fromkeys(names))
        probabilities = self.model_.predict_proba(distinct)
        rows = np.sqrt(np.asarray(probabilities, dtype=np.float64)).astype(np.float32)
        if len(distinct) == len(names):
            return rows
        row_of = {name: row for row, name in enumerate(distinct)}
        return rows[[row_of[name] for name in names]]

    def get_feature_names_out(
        self, input_features: object = None
    ) -> NDArray[np.object_]:
        """Return the names of the columns, such as "nameencoder_Turkish".

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_features,), dtype=object
            Names of the columns.
        """
        check_is_fitted(self, "model_")
        prefix = type(self).__name__.lower()
        columns = [f"{prefix}_{label}" for label in self.model_.classes_.tolist()]
        return np.array(columns, dtype=object)

    def __getstate__(self):
        state = super().__getstate__().copy()
        if state.get("_sha256") is not None:
            del state["model_"]
        return stamped(state)

    def __setstate__(self, state):
        version = state.get("_sknames_version")
        state = unstamped(state)
        if state.get("_sha256") is not None:
            state["model_"] = _shipped(state["_sha256"], version)
        super().__setstate__(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def _shipped(sha256, version):
    """Return the shipped model with this digest; raise ValueError without one."""
    for target in TARGETS:
        if sha256 == pretrained_sha256(target=target):
            return load_pretrained(target, priors="uniform")
    raise ValueError(
        f"Expected the model that ships with sknames {version}, which this NameEncoder "
        f"was fitted with, got that of sknames {__version__}. Install "
        f"sknames=={version}, or fit again with this one."
    )


def make_own_labels_pipeline(model: Any = NATIONALITY) -> Pipeline:
    """Make a classifier that learns labels of your own, from a few hundred names on.

    It learns from the probabilities that a fitted model gives to its nationalities, and
    from n-grams. Up to about 200,000 names, it is more accurate than a
    :class:`NameNationalityClassifier` from scratch. It needs no torch.

    Parameters
    ----------
    model : {"nationality", "country"} or frozen classifier, default="nationality"
        Fitted model, as in :class:`NameEncoder`.

    Returns
    -------
    :class:`~sklearn.pipeline.Pipeline`
        An unfitted pipeline: "features", :class:`NameFeatures` of a
        :class:`NameEncoder`, "model", and a
        :class:`~sklearn.feature_extraction.text.TfidfVectorizer`, "ngrams"; and
        "classify", a :class:`~sklearn.linear_model.LogisticRegression`.

    See Also
    --------
    NameEncoder : The features alone, for other classifiers.
    PriorShiftClassifier : Adapt its predictions to a list. Give it the frequencies of
        the training
        labels as `assumed_prior`.

    Examples
    --------
    >>> from sknames import make_own_labels_pipeline
    >>> names = ["Ana Souza", "João Lima", "Bia Alves", "Rui Costa"]
    >>> names += ["Kim Min-jun", "Lee Ji-woo", "Park Seo-yeon", "Choi Ha-eun"]
    >>> teams = ["home"] * 4 + ["guest"] * 4
    >>> model = make_own_labels_pipeline().fit(names, teams)
    >>> model.predict(["Pedro Oliveira", "Jung Soo-ah"])
    array(['home', 'guest'], dtype='<U5')
    """
    from sklearn.linear_model import LogisticRegression  # takes 7 MB

    ngrams = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 5), max_features=30_000
    )
    classify = LogisticRegression(C=3, solver="saga", tol=0.01, random_state=0)
    features = NameFeatures([("model", NameEncoder(model)), ("ngrams", ngrams)])
    return Pipeline([("features", features), ("classify", classify)])
