"""NameNationalityClassifier: codes -> probabilities -> nationalities."""

import warnings
from functools import partial
from importlib.util import find_spec
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import check_is_fitted, validate_data

from ._forward import Forward, one_blas_thread, softmax
from ._ngrams import NGrams, inverse_document_frequency
from ._prefixes import compact
from ._rows import merge, split
from ._validation import (
    check_class_weight,
    check_labels,
    check_ngram_range,
    check_stamp,
    check_state,
    check_weights,
    holds_strings,
    scale_weights,
)
from ._version import __version__

# Of the state that is saved. Raise it when an older sknames could no longer read the state.
FORMAT = 1
FITTED = {
    "classes_",
    "symbols_",
    "weights_",
    "ngram_keys_",
    "history_",
    "n_features_in_",
    "_module_params",
    "_separator",
}

# The settings that suit each cell best (docs/accuracy.md), and the steps that small data need at
# least.
AUTO_DROPOUT = {"gru": 0.4, "rnn": 0.3}
AUTO_EPOCHS = {"gru": 16, "rnn": 20}
AUTO_BATCH_SIZE = 256
AUTO_STEPS = 100


class NameNationalityClassifier(ClassifierMixin, BaseEstimator):
    """Tell nationalities from rows of character codes, with a recurrent net and n-grams.

    The classifier adds two logits for each class and is trained on both at once ("wide and deep",
    Cheng et al. 2016):

    1. those of a recurrent net (Elman or GRU, written from scratch) that has read the row symbol
       by symbol,
    2. those of the row's n-grams of symbols, with TF-IDF values, as a linear model sees them.

    A net alone does not beat a linear model of n-grams on some ten thousand names; the two
    together do.

    Input is a 2-D array of symbols: 0 is padding and is passed over, every other value seen in
    `fit` is a symbol, and a value not seen in `fit` is the unknown symbol. `CharEncoder` makes
    such arrays of names.

    Parameters
    ----------
    cell : {"gru", "rnn"}, default="gru"
        The recurrent cell: a gated recurrent unit (Cho et al. 2014), or Elman's network (1990),
        which is about twice as fast and a little less accurate.
    hidden_size : int, default=128
        Number of units of a layer's state. Time grows with its square; below 64 accuracy falls.
    num_layers : int, default=1
        Number of recurrent layers. More help only with far more data than some ten thousand names.
    nonlinearity : {"tanh", "sigmoid"}, default="tanh"
        Of the "rnn" cell; the "gru" cell ignores it.
    embedding_dim : int or None, default=64
        Length of the vector that stands for a symbol. None stands for one-hot input.
    dropout : float or "auto", default="auto"
        Probability with which a unit of a state that a linear layer reads is dropped in training,
        rounded to a multiple of 1/256. "auto" is 0.4 for "gru" and 0.3 for "rnn". Lower it where
        there are many more names.
    embedding_dropout : float, default=0.1
        The same for the symbols' vectors.
    symbol_dropout : float, default=0.05
        Probability with which a symbol is replaced by the unknown symbol in training (word
        dropout, Iyyer et al. 2015), so that the net knows what to do with symbols it has never
        seen. With 0 an unknown symbol has random weights.
    ngram_range : tuple (min_n, max_n) or None, default=(1, 5)
        Lengths of the n-grams that count, of rows with a mark at the start and one at the end.
        None leaves the recurrent net alone.
    separator : int, float or None, default=None
        The symbol between the words of a row. With it, an n-gram does not cross words, and a word
        has the same ones wherever it stands in the row (as with ``analyzer="char_wb"`` of
        scikit-learn's vectorizers): set it for rows of several words, in any order. `CharEncoder`'s
        code of the space is ``alphabet_.index(" ") + 1``, 1 as a rule.
    min_df : int, default=2
        An n-gram counts if it occurs in at least so many distinct rows. Higher values make a
        smaller model.
    ngram_dropout : float, default=0.5
        Probability with which an n-gram of a row is dropped in training, rounded as `dropout` is.
    next_symbol_weight : float, default=0.5
        Weight of a second loss in training, the cross-entropy of predicting each next symbol,
        which regularises the net. 0 switches it off and saves a tenth of the time.
    logit_adjustment : float, default=0.15
        In training, this multiple of the log class frequencies is added to the logits (Menon et
        al. 2021), so that prediction leans less to frequent classes. 0 gives the highest accuracy
        where test data have the training data's frequencies; 1 the highest balanced accuracy.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn.
    optimizer : {"adamw", "adam", "sgd"}, default="adamw"
        The rule of the updates, of `torch.optim`.
    lr : float, default=0.005
        Learning rate; with the "one_cycle" schedule, its maximum.
    lr_schedule : {"one_cycle", "constant"}, default="one_cycle"
        "one_cycle" raises the learning rate during the first fifth of the steps and lowers it to
        almost 0 (Smith and Topin 2019).
    weight_decay : float, default=0.02
        Of the optimizer; the n-gram weights are exempt.
    gradient_clip_value : float or None, default=1.0
        Largest norm of a gradient; None for no limit.
    max_epochs : int or "auto", default="auto"
        Number of passes over the training rows. "auto" is 16 for "gru" and 20 for "rnn", and more
        on small data, until 100 steps are taken.
    batch_size : int or "auto", default="auto"
        Rows in one step. "auto" is 256, or all if there are fewer.
    early_stopping : bool, default=False
        Whether to hold out a part of the rows, to stop when its loss has not improved for
        `n_iter_no_change` epochs, and to keep the weights of the best epoch. Use it with
        ``lr_schedule="constant"`` and many epochs; the default schedule ends by itself.
    validation_fraction : float, default=0.1
        Share of the distinct rows that early stopping holds out. Rows with equal codes stay on one
        side.
    n_iter_no_change : int, default=10
        Epochs without improvement after which early stopping stops.
    device : {"cpu", "cuda", "auto"}, default="cpu"
        Where to train. "auto" is "cuda" if there is one. Prediction goes through torch where there
        is a CUDA device and `device` is not "cpu", else through numpy.
    dtype : {"float64", "float32"}, default="float64"
        In which prediction on the CPU computes. "float32" is about twice as fast; probabilities
        then depend on the other rows of a call by up to 5e-6 instead of 1e-12. Training is in
        float32.
    callbacks : list of skorch callbacks or None, default=None
        Called in training, after our own; those that score, such as `EpochScoring`, before early
        stopping. They are given labels out of `classes_`, and score held-out rows, which need
        ``early_stopping=True``, or with ``on_train=True`` the rows of training.
    verbose : int, default=0
        1 shows a progress bar, 2 logs each epoch: what `history_` keeps.
    random_state : int, RandomState instance or None, default=None
        Of the initial weights, the order of rows and all dropout. An int gives the same bits in
        each `fit` on one CPU.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels seen in `fit`, sorted.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `X` had names.
    symbols_ : ndarray of shape (n_symbols,)
        The distinct values of `X`, without 0, sorted.
    weights_ : dict of str to ndarray of float32
        The parameters of the network by name.
    ngram_keys_ : list of ndarray
        The n-grams that count, an array for each length (see `sknames._ngrams.NGrams`); empty
        without n-grams.
    history_ : list of dict
        For each epoch its number ("epoch"), the mean cross-entropy of the classes, without logit
        adjustment, over the rows of training with dropout ("train_loss") and over the held-out
        rows without ("valid_loss"), the part of the held-out rows whose label is predicted
        ("valid_acc"), the cross-entropy of the next symbol ("next_symbol_loss"), seconds ("dur"),
        and what `callbacks` record. Only early stopping holds rows out.
    net_ : skorch.NeuralNetClassifier
        The trained net, built from `weights_` when asked for after loading. Its `predict` and
        `predict_proba` take arrays as those of the classifier do.

    See Also
    --------
    CharEncoder : Names -> codes.

    Notes
    -----
    Equal (row, label) pairs are merged before training and their weights added. So a weight of 2
    and a repeated row are the same thing to the bit, and the order of the rows does not matter.

    CPU work uses one thread of torch and BLAS and restores the caller's setting; use `n_jobs` of a
    scikit-learn meta-estimator for parallel fits. Work on a CUDA device goes through torch.

    References
    ----------
    - Cheng et al., "Wide & Deep Learning for Recommender Systems", 2016.
    - Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014.
    - Elman, "Finding Structure in Time", 1990.
    - Iyyer et al., "Deep Unordered Composition Rivals Syntactic Methods for Text
      Classification", 2015.
    - Menon et al., "Long-Tail Learning via Logit Adjustment", 2021.
    - Smith and Topin, "Super-Convergence", 2019.

    Examples
    --------
    >>> from sklearn.pipeline import Pipeline
    >>> from sknames import CharEncoder, NameNationalityClassifier
    >>> names = ["Yılmaz", "Demir", "Kaya", "Kowalski", "Nowak", "Wiśniewski"]
    >>> labels = ["Turkish"] * 3 + ["Polish"] * 3
    >>> classify = NameNationalityClassifier(random_state=0)
    >>> pipeline = Pipeline([("encode", CharEncoder()), ("classify", classify)]).fit(names, labels)
    >>> pipeline.predict(["Lewandowski"])
    array(['Polish'], dtype='<U7')
    """

    __module__ = "sknames"

    _parameter_constraints = {
        "cell": [StrOptions({"gru", "rnn"})],
        "hidden_size": [Interval(Integral, 1, None, closed="left")],
        "num_layers": [Interval(Integral, 1, None, closed="left")],
        "nonlinearity": [StrOptions({"tanh", "sigmoid"})],
        "embedding_dim": [Interval(Integral, 1, None, closed="left"), None],
        "dropout": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
        "embedding_dropout": [Interval(Real, 0, 1, closed="left")],
        "symbol_dropout": [Interval(Real, 0, 1, closed="left")],
        "ngram_range": [tuple, None],
        "separator": [Real, None],
        "min_df": [Interval(Integral, 1, None, closed="left")],
        "ngram_dropout": [Interval(Real, 0, 1, closed="left")],
        "next_symbol_weight": [Interval(Real, 0, None, closed="left")],
        "logit_adjustment": [Interval(Real, 0, None, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "optimizer": [StrOptions({"adamw", "adam", "sgd"})],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "lr_schedule": [StrOptions({"one_cycle", "constant"})],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "gradient_clip_value": [Interval(Real, 0, None, closed="neither"), None],
        "max_epochs": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "device": [StrOptions({"cpu", "cuda", "auto"})],
        "dtype": [StrOptions({"float64", "float32"})],
        "callbacks": [list, None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        cell="gru",
        hidden_size=128,
        num_layers=1,
        nonlinearity="tanh",
        embedding_dim=64,
        dropout="auto",
        embedding_dropout=0.1,
        symbol_dropout=0.05,
        ngram_range=(1, 5),
        separator=None,
        min_df=2,
        ngram_dropout=0.5,
        next_symbol_weight=0.5,
        logit_adjustment=0.15,
        class_weight=None,
        optimizer="adamw",
        lr=0.005,
        lr_schedule="one_cycle",
        weight_decay=0.02,
        gradient_clip_value=1.0,
        max_epochs="auto",
        batch_size="auto",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        device="cpu",
        dtype="float64",
        callbacks=None,
        verbose=0,
        random_state=None,
    ):
        self.cell = cell
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.nonlinearity = nonlinearity
        self.embedding_dim = embedding_dim
        self.dropout = dropout
        self.embedding_dropout = embedding_dropout
        self.symbol_dropout = symbol_dropout
        self.ngram_range = ngram_range
        self.separator = separator
        self.min_df = min_df
        self.ngram_dropout = ngram_dropout
        self.next_symbol_weight = next_symbol_weight
        self.logit_adjustment = logit_adjustment
        self.class_weight = class_weight
        self.optimizer = optimizer
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.weight_decay = weight_decay
        self.gradient_clip_value = gradient_clip_value
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.device = device
        self.dtype = dtype
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of symbols, 0 for padding.
        y : array-like of shape (n_samples,)
            Labels: strings or integers.
        sample_weight : array-like of shape (n_samples,), float or None, default=None
            Weights of the rows, not negative; rows of weight 0 are left out.

        Returns
        -------
        self : NameNationalityClassifier

        Raises
        ------
        ValueError
            If `X` holds strings or missing values, a label is missing, all weights are 0, or the
            training diverges.
        """
        before = self.__dict__.copy()
        try:
            return self._fit(X, y, sample_weight)
        except BaseException:
            # Also an interrupt leaves the estimator as it was: never half fitted.
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _fit(self, X, y, sample_weight):
        self._validate_params()
        if self.ngram_range is not None:
            check_ngram_range(self.ngram_range)
        X = self._validate_X(X, reset=True)
        y = check_labels(y, len(X))
        weights = check_weights(sample_weight, len(X))
        self.classes_, y = np.unique(y, return_inverse=True)
        weights = self._weigh_classes(y, weights)
        X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]
        self.symbols_ = np.unique(X[X != 0])
        codes, y, weights = merge(self._to_codes(X), y, weights)
        ngrams = self._train(codes, y, weights, check_random_state(self.random_state))
        self._forward = self._build_forward(ngrams)
        return self

    def _weigh_classes(self, y, weights):
        """Multiply the weights of rows with those of their classes."""
        if self.class_weight is None:
            return weights
        if isinstance(self.class_weight, dict):
            check_class_weight(self.class_weight)
        present = np.unique(y[weights > 0])
        by_class = np.zeros(len(self.classes_))
        by_class[present] = compute_class_weight(
            self.class_weight,
            classes=self.classes_[present],
            y=self.classes_[y[weights > 0]],
            sample_weight=weights[weights > 0],
        )
        weights = weights * scale_weights(by_class)[y]
        if not weights.any():
            raise ValueError(
                f"class_weight={self.class_weight} leaves no row with a positive weight; at least "
                "one class needs a positive one."
            )
        return weights

    def _train(self, codes, y, weights, rng):
        """Train on distinct rows; set `weights_`, `ngram_keys_`, `history_`; return NGrams."""
        from . import _training

        seed = rng.randint(np.iinfo(np.int32).max)
        train = np.arange(len(codes))
        valid = np.arange(0)
        if self.early_stopping:
            train, valid = split(codes, y, self.validation_fraction, rng)
        self.weights_, self.ngram_keys_, self._separator = {}, [], None
        ngrams = self._fit_ngrams(codes[train])
        idf = self.weights_.get("ngram_idf")
        share = np.bincount(y[train], weights=weights[train], minlength=len(self.classes_))
        share /= share.sum()
        # A row whose weight is a multiple of the mean is drawn so often, each time with its part
        # of the weight: small steps in many batches train better than one large step in one, which
        # clipping would cut.
        repeats = np.maximum(1, np.rint(weights[train] / weights[train].mean())).astype(np.int64)
        weights[train] /= repeats
        train = train.repeat(repeats)
        weights /= weights[train].mean()
        if len(valid):
            # The losses of training and validation are then weighted means, both.
            weights[valid] /= weights[valid].mean()

        def rows(index):
            values = None
            if ngrams is not None:
                values = ngrams.tfidf(codes[index], idf)
            return _training.Rows(codes[index], y[index], weights[index].astype(np.float32), values)

        batch_size = min(
            len(train), AUTO_BATCH_SIZE if self.batch_size == "auto" else self.batch_size
        )
        n_batches = -(-len(train) // batch_size)
        max_epochs = self.max_epochs
        if max_epochs == "auto":
            max_epochs = max(AUTO_EPOCHS[self.cell], -(-AUTO_STEPS // n_batches))
        self._module_params = {
            "n_codes": len(self.symbols_) + 2,
            "n_classes": len(self.classes_),
            "cell": self.cell,
            "hidden_size": self.hidden_size,
            "num_layers": self.num_layers,
            "nonlinearity": self.nonlinearity,
            "embedding_dim": self.embedding_dim,
            "n_ngrams": len(self.weights_.get("ngram_idf", ())),
            "dropout": AUTO_DROPOUT[self.cell] if self.dropout == "auto" else self.dropout,
            "embedding_dropout": self.embedding_dropout,
            "ngram_dropout": self.ngram_dropout,
        }
        self._net = _training.build_net(
            self._module_params,
            prior=self.logit_adjustment * np.log(share, out=np.zeros_like(share), where=share > 0),
            next_symbol_weight=self.next_symbol_weight,
            symbol_dropout=self.symbol_dropout,
            optimizer=self.optimizer,
            lr=self.lr,
            weight_decay=self.weight_decay,
            lr_schedule=self.lr_schedule,
            gradient_clip_value=self.gradient_clip_value,
            batch_size=batch_size,
            max_epochs=max_epochs,
            n_batches=n_batches,
            valid_rows=rows(valid) if len(valid) else None,
            n_iter_no_change=self.n_iter_no_change,
            callbacks=self.callbacks,
            verbose=self.verbose,
            device=_training.resolve_device(self.device),
            random_state=rng,
            classes=self.classes_,
            rows_of=partial(_rows_of_symbols, symbols=self.symbols_, ngrams=ngrams, idf=idf),
        )
        _training.train(self._net, rows(train), seed)
        self.weights_.update(_training.weights_of(self._net))
        self.history_ = _training.history_of(self._net)
        return ngrams

    def _fit_ngrams(self, codes):
        """Set `ngram_keys_` and "ngram_idf" of `weights_`; return NGrams, or None if none count."""
        if self.ngram_range is None:
            return None
        place = np.flatnonzero(self.symbols_ == self.separator)
        if self.separator is not None and not len(place):
            warnings.warn(
                f"separator={self.separator} does not occur in X, so each row counts as one word. "
                "Give the code of the space, for CharEncoder alphabet_.index(' ') + 1, or None.",
                UserWarning,
                stacklevel=5,
            )
        self._separator = int(place[0]) + 1 if len(place) else None
        ngrams, frequency = NGrams.fit(
            codes, self.ngram_range, self.min_df, len(self.symbols_) + 3, self._separator
        )
        if not len(frequency):
            return None
        self.ngram_keys_ = [_narrow(keys) for keys in ngrams.keys]
        self.weights_["ngram_idf"] = inverse_document_frequency(frequency, len(codes))
        return ngrams

    def predict_proba(self, X):
        """Probabilities of the nationalities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of symbols, 0 for padding. A row's probabilities do not depend on the other rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Rows sum to 1; columns are in the order of `classes_`.
        """
        # check_is_fitted takes a tenth of the time of one name.
        if not hasattr(self, "weights_"):
            check_is_fitted(self, "weights_")
        codes = self._to_codes(self._validate_X(X, reset=False))
        if self.device != "cpu" and find_spec("torch"):
            from . import _training

            if _training.resolve_device("auto") == "cuda":
                return softmax(_training.logits(self.net_, self._rows_to_predict(codes)))
        if self._forward.dtype != self.dtype:
            self._forward = self._build_forward(self._forward.ngrams)
        with one_blas_thread(len(codes)):
            return self._forward.probabilities(codes)

    def predict(self, X):
        """The most probable nationality of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of symbols, 0 for padding.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels out of `classes_`.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def _rows_to_predict(self, codes):
        return _rows_to_predict(codes, self._forward.ngrams, self.weights_.get("ngram_idf"))

    @property
    def net_(self):
        """The trained skorch net; after loading, it is built from `weights_`."""
        check_is_fitted(self, "weights_")
        if self._net is None:
            from . import _training

            net = _training.build_net(
                self._module_params,
                prior=np.zeros(len(self.classes_)),
                device="cpu" if self.device == "cpu" else _training.resolve_device("auto"),
                classes=self.classes_,
                rows_of=partial(
                    _rows_of_symbols,
                    symbols=self.symbols_,
                    ngrams=self._forward.ngrams,
                    idf=self.weights_.get("ngram_idf"),
                ),
            )
            _training.load_weights(net, self.weights_)
            self._net = net
        return self._net

    def _ngrams(self):
        if not self.ngram_keys_:
            return None
        keys = [keys.astype(np.int64) for keys in self.ngram_keys_]
        n_features = len(self.weights_["ngram_idf"])
        sizes = np.cumsum([len(k) for k in keys][::-1])[::-1]
        min_n = 1 + int(np.flatnonzero(sizes == n_features)[0])
        return NGrams(keys, len(self.symbols_) + 3, min_n, self._separator)

    def _build_forward(self, ngrams):
        return Forward(
            self.weights_,
            ngrams,
            cell=self._module_params["cell"],
            num_layers=self._module_params["num_layers"],
            nonlinearity=self._module_params["nonlinearity"],
            dtype=self.dtype,
        )

    def _validate_X(self, X, reset):
        """Check `X`; strings get an error that names the encoder."""
        if not reset and self._is_encoded(X):
            return X
        try:
            X = validate_data(self, X, reset=reset)
            if X.dtype.kind not in "biuf":
                X = check_array(X, dtype=np.float64)
        except (ValueError, TypeError) as error:
            if holds_strings(X):
                raise ValueError(
                    f"{type(self).__name__} expected a 2-D array of integer codes and got strings. "
                    "Encode names with CharEncoder first, e.g. in a Pipeline([('encode', "
                    "CharEncoder()), ('classify', NameNationalityClassifier())])."
                ) from error
            raise
        if X.dtype.kind == "f" and not (X == np.rint(X)).all():
            warnings.warn(
                "X has values that are not integers; each distinct value is taken as a symbol of "
                "its own. Encode names with CharEncoder to get integer codes.",
                UserWarning,
                stacklevel=3,
            )
        return X

    def _is_encoded(self, X):
        """Whether X is as `CharEncoder` gives it: nothing can be wrong, and one name is faster."""
        return (
            type(X) is np.ndarray
            and X.dtype.kind == "u"
            and X.ndim == 2
            and len(X) > 0
            and X.shape[1] == self.n_features_in_
            and not hasattr(self, "feature_names_in_")
        )

    def _to_codes(self, X):
        return _to_codes(X, self.symbols_)

    def __getstate__(self):
        state = super().__getstate__().copy()
        if "weights_" in state:
            state["_net"] = state["_forward"] = None
            state["_sknames_version"] = __version__
            state["_format"] = FORMAT
        return state

    def __setstate__(self, state):
        state = dict(state)
        fitted = not FITTED.isdisjoint(state)
        if fitted:
            check_stamp(state, __version__, FORMAT)
            check_state(state, FITTED | set(self._get_param_names()))
            state["_net"] = None
        state.pop("_sknames_version", None)
        state.pop("_format", None)
        super().__setstate__(state)
        if fitted:
            self._forward = self._build_forward(self._ngrams())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        return tags


def _narrow(keys):
    """Sorted keys in 4 bytes where they fit."""
    return keys.astype(
        np.int32 if len(keys) == 0 or keys[-1] <= np.iinfo(np.int32).max else np.int64
    )


def _to_codes(X, symbols):
    """0 for padding, 1 to n for symbols, n + 1 for the unknown one; padding on the right."""
    n = len(symbols)
    dtype = np.min_scalar_type(n + 2)
    if X.dtype.kind == "u" and X.dtype.itemsize <= 2:
        largest = np.iinfo(X.dtype).max
        table = np.full(largest + 1, n + 1, dtype=dtype)
        table[0] = 0
        possible = np.arange(n)
        if symbols.dtype != X.dtype:
            # fit may have seen negative, larger and fractional values.
            possible = np.flatnonzero((symbols > 0) & (symbols <= largest) & (symbols % 1 == 0))
        table[symbols[possible].astype(np.intp)] = possible + 1
        return compact(table.take(X))
    if not n:
        return compact((X != 0).astype(dtype))
    place = np.searchsorted(symbols, X)
    place[place == n] = 0
    codes = np.where(symbols[place] == X, place + 1, n + 1)
    codes[X == 0] = 0
    return compact(codes.astype(dtype))


def _rows_of_symbols(X, symbols, ngrams, idf):
    """What the net reads of an array as `predict` takes it; it holds no estimator."""
    return _rows_to_predict(_to_codes(check_array(X), symbols), ngrams, idf)


def _rows_to_predict(codes, ngrams, idf):
    from ._training import Rows

    values = None if ngrams is None else ngrams.tfidf(codes, idf)
    return Rows(codes, np.zeros(len(codes), np.int64), np.ones(len(codes), np.float32), values)
