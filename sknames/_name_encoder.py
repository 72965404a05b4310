"""Encode names as the class probabilities of a fitted model."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ._base.codes import code_values
from ._base.estimators import EstimatorMixin, check_is_frozen
from ._base.saved_state import stamped, unstamped
from ._base.sklearn_private import HasMethods, StrOptions
from ._base.version import __version__
from ._encoding.name_features import NameFeatures
from ._text.names import NamesMixin, read_names
from .pretrained._load_pretrained import TARGETS, load_pretrained, pretrained_sha256

NATIONALITY = "nationality"


class NameEncoder(NamesMixin, EstimatorMixin, BaseEstimator):
    """Encode names as class probabilities of a fitted model, for use in any estimator.

    Your labels will rarely match the nationalities of the model, but a model that was
    trained on a million names helps to predict other labels as well. With these
    features and n-grams, a few hundred labelled names reach the accuracy of several
    thousand names with n-grams alone.

    The features are the square roots of the class probabilities, so a row has norm 1,
    like a row of TF-IDF values. Equal names are predicted once.

    The model is never refitted: it is a shipped model, or your own frozen model.

    Parameters
    ----------
    model : {"nationality", "country"} or frozen classifier, default="nationality"
        Fitted model.

        - "nationality" or "country": a shipped model, ``load_pretrained(model,
          priors="uniform")``.
        - A fitted classifier that accepts names and has `predict_proba`, usually a
          Pipeline that begins with a :class:`CharEncoder`, in scikit-learn's
          `FrozenEstimator`. It predicts with its own priors. Load a saved model as
          ``FrozenEstimator(load_model(path))``.
    handle_missing : {"error", "empty"}, default="error"
        How to handle missing names, as in :class:`CharEncoder`.

    Attributes
    ----------
    model_ : classifier
        The fitted model.

    See Also
    --------
    make_own_labels_pipeline : Train a model on these features and n-grams.
    load_pretrained : Load a shipped model to predict nationalities or countries.
    sklearn.pipeline.FeatureUnion : Concatenate features; `transformer_weights` scale
        them.

    Notes
    -----
    The features of a name are bit-identical, whatever other names are encoded with it.

    A saved encoder with "nationality" or "country" does not contain the model, so it
    can only be loaded with an sknames version that ships the same model. An encoder
    ``NameEncoder(load_pretrained(priors="uniform"))`` is saved with the model.

    Many laws prohibit discrimination by nationality, and a model with these features
    can discriminate. Do not use it for decisions about individuals.

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
        """Load and check the model, and return the names."""
        self._validate_params()
        names = read_names(X, self.handle_missing)
        self.model_, self._sha256 = self._load_model()
        return names

    def _load_model(self):
        """Return the fitted model, and the digest of its files if it is shipped."""
        if isinstance(self.model, str):  # one of TARGETS
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
        distinct, index = code_values(names)
        probabilities = self.model_.predict_proba(distinct)
        rows = np.sqrt(np.asarray(probabilities, dtype=np.float64)).astype(np.float32)
        return rows[index]

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
    """Return the shipped model with a digest; raise ValueError if there is none."""
    for target in TARGETS:
        if sha256 == pretrained_sha256(target=target):
            return load_pretrained(target, priors="uniform")
    raise ValueError(
        f"Expected the model that ships with sknames {version}, which this NameEncoder "
        f"was fitted with, got that of sknames {__version__}. Install "
        f"sknames=={version}, or fit again with this one."
    )


def make_own_labels_pipeline(model: Any = NATIONALITY) -> Pipeline:
    """Create a classifier for your own labels, for a few hundred or more names.

    Its features are the class probabilities of a fitted model, and n-grams. Up to about
    200,000 training names, it is more accurate than a
    :class:`NameNationalityClassifier` trained from scratch. It does not need torch.

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
    PriorShiftClassifier : Adapt its predictions to a list. Pass the frequencies of the
        training labels as `assumed_prior`.

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
