"""NameEncoder: names -> what a fitted model thinks of them, for other estimators."""

import os
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.validation import check_is_fitted

from ._doc_link import DocLinkMixin
from ._forward import Forward
from ._one_blas_thread import one_blas_thread
from ._read_names import Names, NamesMixin, read_names
from ._saved_state import stamped, unstamped
from ._shared_model import SharedModelMixin
from ._version import __version__
from .pretrained._load_pretrained import load_pretrained, pretrained_sha256

PRETRAINED = "pretrained"
WITH_STATE = {"state", "both"}
# Of probabilities before the logarithm: how far below this they are would outweigh all the rest.
LEAST = 1e-3
# Of the logarithms: rows are then about as long as those of TF-IDF, which are of norm 1.
SCALE = 0.1


class NameEncoder(DocLinkMixin, SharedModelMixin, NamesMixin, TransformerMixin, BaseEstimator):
    """Encode names as what a fitted model thinks of them: features for any other estimator.

    Nobody's labels are exactly the model's nationalities, but what it has learned from a million
    names tells much of others, too. With these features beside n-grams, a few hundred labelled
    names do what takes several thousand from n-grams alone:

    1. Equal names are computed once.
    2. The model gives the probability of each of its classes.
    3. Of these the square roots are taken. A row is then of norm 1, as one of TF-IDF values is, and
       the distance of two rows is, but for a factor, the Hellinger distance of what the model
       thinks of two names.

    Parameters
    ----------
    model : "pretrained", path or fitted classifier, default="pretrained"
        Fitted model to ask about the names. It is never refitted or changed, and a clone
        shares it.

        - "pretrained": the model that ships, with all nationalities equally frequent:
          ``load_pretrained(priors="uniform")``.
        - A fitted classifier that takes names and has `predict_proba`, as a rule a Pipeline that
          begins with a :class:`CharEncoder`. It answers under its own priors.
        - The path of such a Pipeline in a skops file, which is read in `fit`. A pickle, as joblib's
          files are, can run any code and is not read: load it yourself, if you trust whoever made
          it, and pass the model.
    output : {"sqrt_proba", "log_proba", "state", "both"}, default="sqrt_proba"
        Features to return.

        - "sqrt_proba": the square roots of the probabilities of the model's classes.
        - "log_proba": their logarithms, of at least 0.001, less the mean of the row (centred
          log-ratio, Aitchison 1982), times 0.1. Linear models learned less from them.
        - "state": the last state of the model's recurrent net, numbers from -1 to 1, which needs a
          Pipeline that ends in a :class:`NameNationalityClassifier`. Names that are spelled alike
          are near.
        - "both": "sqrt_proba" and then "state".
    handle_missing : {"error", "empty"}, default="error"
        What to do with a missing name, as in :class:`CharEncoder`.

    Attributes
    ----------
    model_ : classifier
        The fitted model.
    feature_names_in_ : ndarray of shape (1,)
        Name of the column, if `fit` was given a table. Another name is accepted later.

    See Also
    --------
    load_pretrained : Its nationalities themselves.
    sklearn.pipeline.FeatureUnion : Puts features beside each other; its `transformer_weights` scale
        them.

    Notes
    -----
    A row depends on its name alone, to the bit: on neither the order of the names nor the batch.

    A file of an encoder of the shipped model does not hold the model but names it. It can be read
    by each sknames that ships the same one; another refuses it, since features would mean something
    else. ``NameEncoder(load_pretrained(priors="uniform"))`` takes the model along.

    Nationality, and what is near it, is protected from discrimination in many places. A model of
    people that has such features can discriminate by them: do not decide about a person by it.

    References
    ----------
    - Aitchison, "The Statistical Analysis of Compositional Data", 1982.

    Examples
    --------
    Labels that the shipped model has never heard of, from eight names:

    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline, make_union
    >>> from sknames import NameEncoder
    >>> names = ["Ana Souza", "João Lima", "Bia Alves", "Rui Costa"]
    >>> names += ["Kim Min-jun", "Lee Ji-woo", "Park Seo-yeon", "Choi Ha-eun"]
    >>> teams = ["home"] * 4 + ["guest"] * 4
    >>> ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5))
    >>> model = make_pipeline(make_union(NameEncoder(), ngrams), LogisticRegression(C=10))
    >>> model.fit(names, teams).predict(["Pedro Oliveira", "Jung Soo-ah"])
    array(['home', 'guest'], dtype='<U5')
    """

    __module__ = "sknames"
    _shared = "model"

    _parameter_constraints = {
        "model": [str, os.PathLike, HasMethods(["predict_proba"])],
        "output": [StrOptions({"sqrt_proba", "log_proba", "state", "both"})],
        "handle_missing": [StrOptions({"error", "empty"})],
    }

    def __init__(
        self,
        model: Any = PRETRAINED,
        *,
        output: Literal["sqrt_proba", "log_proba", "state", "both"] = "sqrt_proba",
        handle_missing: Literal["error", "empty"] = "error",
    ) -> None:
        self.model = model
        self.output = output
        self.handle_missing = handle_missing

    def fit(self, X: Names, y: object = None) -> Self:
        """Take the model, and see that it answers. Nothing is learned from the names.

        Parameters
        ----------
        X : iterable of str, or table of one column
            Names.
        y : None
            Ignored.

        Returns
        -------
        self : NameEncoder
            The fitted encoder.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        ValueError, TypeError
            If `X` is not a collection or single column of at least one str, the model does not take
            names, or a file may not be read.
        """
        self._fit(X)
        return self

    def fit_transform(self, X: Names, y: object = None) -> NDArray[np.float32]:
        """Fit to names, which may come from a generator, and encode them.

        Parameters
        ----------
        X : iterable of str, or table of one column
            Names.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_names, n_features), float32
            Features.

        Raises
        ------
        NotFittedError, ValueError, TypeError
            As `fit`.
        """
        return self._encode(self._fit(X))

    def _fit(self, X):
        """Take the model, and give the names, which may have come from a generator."""
        self._validate_params()
        names, header = read_names(X, self.handle_missing)
        model, sha256 = self._load_model()
        states = _States(model) if self.output in WITH_STATE else None
        self.model_, self._sha256, self._states = model, sha256, states
        self._keep_header(header)
        return names

    def _load_model(self):
        """The fitted model and, if it is the one that ships, its fingerprint."""
        if isinstance(self.model, str) and self.model == PRETRAINED:
            return load_pretrained(priors="uniform"), pretrained_sha256()
        if isinstance(self.model, str | os.PathLike):
            from ._model_files import load_model  # not before: it needs skops

            # With its folder: a Path("pretrained") is a file, not the model that ships.
            return load_model(os.path.join(os.curdir, self.model)), None
        try:
            check_is_fitted(self.model)
        except NotFittedError as error:
            raise NotFittedError(
                f"NameEncoder takes a fitted model and never fits it. {error} Fit it first, or "
                "take model='pretrained'."
            ) from error
        try:
            found = np.shape(self.model.predict_proba([""]))
        except Exception as error:  # each model has its own
            raise ValueError(
                "NameEncoder's model should take a list of names, but "
                f"{type(self.model).__name__} does not ({error}). Give a fitted Pipeline that "
                "begins with a CharEncoder."
            ) from error
        if found != (1, len(self.model.classes_)):
            raise ValueError(
                f"Expected probabilities of shape (1, {len(self.model.classes_)}) of the model for "
                f"one name, got {found}. Give a classifier with one label a name."
            )
        return self.model, None

    def transform(self, X: Names) -> NDArray[np.float32]:
        """Encode names.

        Parameters
        ----------
        X : iterable of str, or table of one column
            Names.

        Returns
        -------
        ndarray of shape (n_names, n_features), float32
            Features.

        Raises
        ------
        ValueError, TypeError
            If `X` is not a collection or single column of at least one str.
        """
        check_is_fitted(self, "model_")
        return self._encode(read_names(X, self.handle_missing)[0])

    def _states_of_model(self):
        # Made where they are asked for: `output` may have been set since `fit`.
        if self._states is None:
            self._states = _States(self.model_)
        return self._states

    def _encode(self, names):
        places = {name: place for place, name in enumerate(dict.fromkeys(names))}
        distinct, parts = list(places), []
        if self.output != "state":
            probabilities = np.asarray(self.model_.predict_proba(distinct), dtype=np.float64)
            features = _log_ratios if self.output == "log_proba" else np.sqrt
            parts.append(features(probabilities))
        if self.output in WITH_STATE:
            parts.append(self._states_of_model()(distinct))
        rows = np.hstack(parts).astype(np.float32)
        if len(places) == len(names):
            return rows
        return rows[[places[name] for name in names]]

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return the names of the columns, such as "nameencoder_Turkish" or "nameencoder_state0".

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
        columns = []
        if self.output != "state":
            columns += self.model_.classes_.tolist()
        if self.output in WITH_STATE:
            size = self._states_of_model().network.hidden_size
            columns += [f"state{i}" for i in range(size)]
        prefix = type(self).__name__.lower()
        return np.array([f"{prefix}_{column}" for column in columns], dtype=object)

    def __getstate__(self):
        state = super().__getstate__().copy()
        if "model_" in state:
            del state["_states"]
            if self._sha256 is not None:
                del state["model_"]
        return stamped(state)

    def __setstate__(self, state):
        version = state.get("_sknames_version")
        state = unstamped(state, type(self))
        if state.get("_sha256") is not None:
            state["model_"] = _shipped(state["_sha256"], version)
        super().__setstate__(state)
        if hasattr(self, "model_"):
            self._states = None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


class _States:
    """The last states of a pipeline's recurrent net: the logits of a net that puts them out."""

    def __init__(self, model):
        network = getattr(model[-1], "network_", None) if isinstance(model, Pipeline) else None
        if network is None:
            raise ValueError(
                "The states are those of a NameNationalityClassifier, which should be the last "
                f"step of NameEncoder's model, a Pipeline; got {type(model).__name__}. Give "
                "another model, or set output='sqrt_proba'."
            )
        size = network.hidden_size
        weights = {name: w for name, w in network.weights.items() if not name.startswith("ngram")}
        weights["output.weight"] = np.eye(size, dtype=np.float32)
        weights["output.bias"] = np.zeros(size, dtype=np.float32)
        self.network = replace(
            network, weights=weights, ngram_keys=(), separator=None, class_prior=None, words=None
        )
        self.encode, self.forward = model[:-1].transform, Forward(self.network, model[-1].dtype)

    def __call__(self, names):
        codes = self.network.to_codes(np.asarray(self.encode(names)))
        with one_blas_thread(len(codes)):
            return self.forward.logits(codes)


def _log_ratios(probabilities):
    logs = np.log(np.maximum(probabilities, LEAST))
    return SCALE * (logs - logs.mean(axis=1, keepdims=True))


def _shipped(sha256, version):
    """The model that ships, if it is the one that was fitted with."""
    if sha256 != pretrained_sha256():
        raise ValueError(
            f"This NameEncoder was fitted with the model that ships with sknames {version}, and "
            f"sknames {__version__} ships another, so that its features mean something else. "
            f"Install sknames=={version}, or fit again with this one."
        )
    return load_pretrained(priors="uniform")
