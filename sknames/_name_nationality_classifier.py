"""Predict nationalities from codes."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from ._base.estimators import EstimatorMixin, LogProbabilityMixin
from ._base.labels_and_weights import check_labels, check_weights, weigh_classes
from ._base.saved_state import stamped, unstamped
from ._base.sklearn_private import Interval, StrOptions
from ._network.cells import STEPS
from ._network.codes import validate_symbols
from ._network.forward import Forward
from ._network.network import Network
from ._network.ngrams import check_ngram_range
from ._network.quantized import dequantize


class NameNationalityClassifier(
    EstimatorMixin, LogProbabilityMixin, ClassifierMixin, BaseEstimator
):
    """Classify rows of character codes with a recurrent net and a linear n-gram model.

    The logits of two models are added, and both are trained jointly ("wide and deep",
    Cheng et al. 2016): a recurrent net (Elman or GRU, written from scratch), which
    reads a row symbol by symbol, and a linear model on TF-IDF values of n-grams. On ten
    thousand names, the net alone is not more accurate than a linear model on n-grams,
    but the combination is.

    `X` is a 2-D array of symbols, such as the codes from `CharEncoder`. 0 is padding,
    all other values that occur in `fit` are symbols, and all remaining values are
    treated as an unknown symbol. 1 is the space between words, so codes of letters must
    start at 2. `fit` warns if more than one row in 100 begins with 1.

    Parameters
    ----------
    cell : {"gru", "rnn", "sigmoid_rnn"}, default="gru"
        Recurrent cell: "gru", a gated recurrent unit (Cho et al. 2014); "rnn", an Elman
        network (Elman 1990) with tanh, about twice as fast and slightly less accurate;
        or "sigmoid_rnn", an Elman network with the logistic function, as in Elman's
        paper.
    hidden_size : int, default=128
        Number of units in each layer. Time grows with the square of this number. With
        fewer than 64 units, accuracy decreases.
    num_layers : int, default=1
        Number of recurrent layers. More layers need far more data than ten thousand
        names.
    embedding_dim : int or None, default=64
        Length of the embedding vector of a symbol. None uses one-hot input instead.
    dropout : float or "auto", default="auto"
        Dropout probability of the hidden states that are input to a linear layer,
        rounded to a multiple of 1/256. "auto" is 0.4 for "gru" and 0.3 for the other
        cells. Below 8,192 distinct rows it is 0.1 more for each halving, up to 0.85;
        above 40,000 rows it is 0.15 less.
    regularization : float, default=1.0
        Strength of the other regularization. It multiplies:

        - the weight 0.5 of a second loss, the cross-entropy of each next symbol,
        - the probability 0.5 of dropping an n-gram of a row, up to 0.95,
        - the probability 0.05 of replacing a symbol by the unknown one (word dropout,
          Iyyer et al. 2015), up to 0.45,
        - the probability 0.1 of dropping an element of the embedding, up to 0.9,
        - the weight decay 0.02 of AdamW, except for n-gram weights.

        With 0, the unknown symbol has random weights, and training takes a tenth less
        time.
    ngram_range : tuple (min_n, max_n) or None, default=(1, 5)
        Shortest and longest n-grams, with marks for the start and end of a row. N-grams
        do not cross a space, as with ``analyzer="char_wb"`` in scikit-learn. None
        leaves only the recurrent net.
    min_df : int or "auto", default="auto"
        Minimum number of distinct rows in which an n-gram must occur. Higher values
        make a smaller model. "auto" is 1 below 8,192 distinct rows, then 2, and above
        409,600 rows one in 163,840. Wherever "auto" counts rows, a row with two labels
        counts twice.
    word_weight : float or "auto", default="auto"
        Weight of the logits of known words. The logit of a word compares how often it
        occurs in a class and in all classes (naive Bayes). Frequent words count less,
        because the net and the n-grams learn them. "auto" is 0.25, which raises
        accuracy on full names, since people share surnames and given names. A file
        grows by 8 bytes a word. With 0, words are not learned.
    logit_adjustment : float, default=0.15
        Training adds this multiple of the log class frequencies to the logits (Menon et
        al. 2021). The model then assumes the class frequencies to the power of 1 -
        `logit_adjustment`. 0.15 improves log loss and macro-F1 over 0, at the same
        accuracy. 1 assumes equally frequent classes, which raises balanced accuracy and
        lowers accuracy.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn.
    lr : float or "auto", default="auto"
        Maximum learning rate of AdamW. "auto" is 0.005, and 0.008 for 8,192 to 40,000
        distinct rows without early stopping. The rate rises during the first fifth of
        the steps, then falls to almost 0 (one-cycle policy, Smith and Topin 2019). In
        batches of fewer than 64 rows, steps beyond 10,000 are taken at the maximum.
        With early stopping the rate is constant. An `LRScheduler` among `callbacks`
        replaces the cycle. Above 40,000 distinct rows, n-gram weights learn at twice
        this rate.
    max_epochs : int or "auto", default="auto"
        Number of passes over the training rows. "auto" is 13 for "gru" and 16 for the
        other cells. Below 8,192 distinct rows it is 16 and 20, or as many as 100 steps
        take. Above 40,000 rows it is 6 and 8, above 400,000 rows 10 and 12.
    batch_size : int or "auto", default="auto"
        Number of rows in a training step. "auto" is 512. Below 8,192 distinct rows it
        is about a 32nd of them, at least 32; above 400,000 rows it is 1,024.
    early_stopping : bool, default=False
        Whether to hold out a tenth of the distinct rows, stop when the loss on them has
        not improved for `n_iter_no_change` epochs, and keep the weights of the best
        epoch. Rows with equal codes stay together. Use it with many epochs.
    n_iter_no_change : int, default=10
        Number of epochs without improvement after which early stopping stops.
    device : {"cpu", "cuda", "auto"}, default="cpu"
        Device to train on, in float32. "auto" is "cuda" if there is a CUDA device. This
        has not been run on a GPU yet, only in tests that substitute the CPU. Prediction
        always uses numpy.
    callbacks : list of skorch callbacks or None, default=None
        Callbacks of skorch to run during training. Scoring callbacks such as
        `EpochScoring` receive labels from `classes_`. They score held-out rows, which
        require ``early_stopping=True``, or training rows with ``on_train=True``.
        Records of the callbacks are not saved with the classifier.
    verbose : int, default=0
        Verbosity: 1 shows a progress bar, 2 logs each epoch of `history_`.
    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, the order of the rows and all dropout. With an
        int, each `fit` on the same CPU gives bit-identical results.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels seen in `fit`, sorted.
    class_prior_ : ndarray of shape (n_classes,)
        The priors that the probabilities assume: the weighted class frequencies of the
        training rows, to the power of 1 - `logit_adjustment`. A class without weight
        has 0, and is never predicted.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if `X` had names.
    network_ : object
        The network learned in `fit`, as read-only arrays; its type is private and may
        change.
    symbols_ : ndarray of shape (n_symbols,)
        The distinct values of `X` without 0, sorted, from `network_`.
    n_iter_ : int
        The number of epochs that `fit` trained.
    history_ : list of dict of str to int or float
        Record of each epoch. Only early stopping holds out rows.

        - "epoch": its number; "dur": its seconds,
        - "train_loss": the mean cross-entropy of the training rows, with dropout,
        - "valid_loss", "valid_acc": cross-entropy and accuracy of the held-out rows,
          with words,
        - "next_symbol_loss": the mean cross-entropy of each next symbol,
        - the records of `callbacks`,
        - "..._best": whether a value is the best so far.

        Losses are without logit adjustment.
    net_ : skorch.NeuralNetClassifier
        The trained net, for inspection and for further work in PyTorch: `module_`,
        `history` and `predict_proba` of codes. In loaded and copied classifiers, it is
        built from `network_` on first access, which requires torch and skorch. Shipped
        models do not have this attribute.

    See Also
    --------
    CharEncoder : Encode names as rows of codes.

    Notes
    -----
    Equal (row, label) pairs are merged before training, and their weights are added.
    Therefore a weight of 2 and a repeated row give bit-identical results, and the order
    of the rows does not matter.

    On the CPU, torch and BLAS use one thread, and the settings of the caller are
    restored afterwards. For parallel fits, use `n_jobs` of a scikit-learn
    meta-estimator. Prediction uses float32 if a trial shows that the result for a row
    does not depend on other rows, and otherwise float64, which takes twice as long.

    References
    ----------
    - Cheng et al., "Wide & Deep Learning for Recommender Systems", 2016.
    - Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014.
    - Elman, "Finding Structure in Time", 1990.
    - Iyyer et al., "Deep Unordered Composition Rivals Syntactic Methods", ACL 2015.
    - Menon et al., "Long-Tail Learning via Logit Adjustment", 2021.
    - Smith and Topin, "Super-Convergence", 2019.

    Examples
    --------
    >>> from sklearn.pipeline import Pipeline
    >>> from sknames import CharEncoder, NameNationalityClassifier
    >>> names = ["Yılmaz", "Demir", "Kaya", "Kowalski", "Nowak", "Wiśniewski"]
    >>> labels = ["Turkish"] * 3 + ["Polish"] * 3
    >>> classify = NameNationalityClassifier(random_state=0)
    >>> pipeline = Pipeline(
    ...     [("encode", CharEncoder()), ("classify", classify)]
    ... ).fit(names, labels)
    >>> pipeline.predict(["Jankowski", "Demirkaya"])
    array(['Polish', 'Turkish'], dtype='<U7')
    """

    __module__ = "sknames"

    classes_: NDArray[Any]
    n_features_in_: int
    feature_names_in_: NDArray[np.object_]
    network_: Network
    history_: list[dict[str, int | float]]
    _forward: Any
    _net: Any

    _parameter_constraints = {
        "cell": [StrOptions({*STEPS})],
        "hidden_size": [Interval(Integral, 1, None, closed="left")],
        "num_layers": [Interval(Integral, 1, None, closed="left")],
        "embedding_dim": [Interval(Integral, 1, None, closed="left"), None],
        "dropout": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
        "regularization": [Interval(Real, 0, None, closed="left")],
        "ngram_range": [tuple, None],
        "min_df": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        # With a larger weight, words alone would decide the prediction, and ONNX models
        # would lose precision.
        "word_weight": [Interval(Real, 0, 10, closed="both"), StrOptions({"auto"})],
        "logit_adjustment": [Interval(Real, 0, None, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "lr": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "max_epochs": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "batch_size": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "early_stopping": ["boolean"],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "device": [StrOptions({"cpu", "cuda", "auto"})],
        "callbacks": [list, None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        cell: Literal["gru", "rnn", "sigmoid_rnn"] = "gru",
        hidden_size: int = 128,
        num_layers: int = 1,
        embedding_dim: int | None = 64,
        dropout: float | Literal["auto"] = "auto",
        regularization: float = 1.0,
        ngram_range: tuple[int, int] | None = (1, 5),
        min_df: int | Literal["auto"] = "auto",
        word_weight: float | Literal["auto"] = "auto",
        logit_adjustment: float = 0.15,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        lr: float | Literal["auto"] = "auto",
        max_epochs: int | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        early_stopping: bool = False,
        n_iter_no_change: int = 10,
        device: Literal["cpu", "cuda", "auto"] = "cpu",
        callbacks: list[Any] | None = None,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.cell = cell
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.embedding_dim = embedding_dim
        self.dropout = dropout
        self.regularization = regularization
        self.ngram_range = ngram_range
        self.min_df = min_df
        self.word_weight = word_weight
        self.logit_adjustment = logit_adjustment
        self.class_weight = class_weight
        self.lr = lr
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change
        self.device = device
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of symbols, 0 for padding.
        y : array-like of shape (n_samples,)
            Labels, strings or integers.
        sample_weight : array-like of shape (n_samples,), float or None, default=None
            Weights of the rows, not negative. Rows with weight 0 are ignored.

        Returns
        -------
        self : NameNationalityClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If the training diverges.
        ImportError
            If torch, skorch or tqdm is not installed, or skorch is too old.
        """
        from ._training.skorch_version import check_skorch

        check_skorch()
        from ._training.train import Settings, fit

        self._validate_params()
        if self.ngram_range is not None:
            check_ngram_range(self.ngram_range)
        array = validate_symbols(self, X, reset=True)
        labels = check_labels(y, len(array))
        weights = check_weights(sample_weight, len(array))
        weights = weigh_classes(labels, weights, self.class_weight)
        self._set_fitted(*fit(array, labels, weights, Settings.of(self)))
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the most probable nationality of each name.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of symbols, 0 for padding.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels from `classes_`.
        """
        probabilities = self.predict_proba(X)  # checks that this is fitted
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """Predict the probabilities of the nationalities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of symbols, 0 for padding. A row's probabilities do not depend on other
            rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities; rows sum to 1, and columns are in the order of `classes_`.
        """
        # For a single name, check_is_fitted would take a tenth of the time.
        if not hasattr(self, "network_"):
            check_is_fitted(self, "network_")
        return self._forward.probabilities(self._codes(X))

    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the accuracy.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows of symbols, 0 for padding.
        y : array-like of shape (n_samples,)
            Their labels.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights of the rows.

        Returns
        -------
        float
            The share of correct predictions.
        """
        return super().score(X, check_labels(y), sample_weight)

    def _codes(self, X):
        """Validate and encode rows of symbols."""
        return self.network_.to_codes(validate_symbols(self, X, reset=False))

    @property
    def symbols_(self) -> NDArray[Any]:
        """The distinct values of `X`, without 0, sorted."""
        return self.network_.symbols

    @property
    def class_prior_(self) -> NDArray[np.float64]:
        """The priors that the probabilities assume."""
        return self.network_.class_prior

    @property
    def n_iter_(self) -> int:
        """The number of epochs that `fit` trained."""
        return len(self.history_)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Return the parameters of the network by name.

        Quantized arrays are returned as copies. The names and shapes of a cell's
        parameters are those of :class:`torch.nn.GRUCell` and
        :class:`torch.nn.RNNCell`.

        The code of a symbol is its index in `symbols_`, plus 1. Code 0 is padding, and
        ``len(symbols_) + 1`` is a symbol that `fit` has not seen. So there are
        n_codes = ``len(symbols_) + 2``.

        Returns
        -------
        dict of str to ndarray of float32
            The parameters, with

            - "embedding": array of shape (n_codes, `embedding_dim`), the vector of each
              code; missing if `embedding_dim` is None,
            - "cells.0.weight_ih": array of shape (n_gates * `hidden_size`,
              `embedding_dim`), with 3 gates for "gru" (reset, update, new) and 1
              otherwise; or (n_gates * `hidden_size`, n_codes), a column for each code,
              if `embedding_dim` is None,
            - "cells.0.weight_hh", "cells.0.bias_ih", "cells.0.bias_hh": the other
              parameters of the first layer; further layers follow as "cells.1" and so
              on,
            - "output.weight", "output.bias": the layer that maps the last state to
              logits,
            - "next_symbol.weight", "next_symbol.bias": the layer that predicts the next
              code, or the end as code 0, during training,
            - "ngram_weight", "ngram_idf": logits and inverse document frequency of each
              n-gram, if `ngram_range` is not None,
            - "head.weight", "head.bias", "head.ngram_weight", "head.ngrams": the layer
              that maps these logits and some of the n-grams to logits of countries, in
              ``load_pretrained("country")``.
        """
        check_is_fitted(self, "network_")
        weights = self.network_.weights
        return {name: dequantize(array) for name, array in weights.items()}

    @property
    def net_(self) -> Any:
        """The trained skorch net, for inspection and for further work in PyTorch.

        `predict`, `predict_proba` and `score` of the net accept the same codes as the
        methods of this classifier, and return the same results. In a loaded or copied
        classifier, the net is built from `network_` on first access. The classifier
        predicts with `network_`, so ``net_.load_params`` does not change its
        predictions.
        """
        check_is_fitted(self, "network_")
        if self._net is None:
            self._net = self._build_net()
        return self._net

    def _build_net(self):
        """Return a skorch net of `network_`; raise AttributeError without one."""
        if self.network_.fingerprint is not None:
            raise AttributeError(
                "Expected a network that fit made, to build net_ from; this one ships "
                "with sknames, and its weights are quantized. Call weights() for its "
                "parameters, or fit a clone of the classifier."
            )
        try:
            from ._training.train import net_of
        except ImportError as error:
            raise AttributeError(
                f"net_ is a net of skorch and torch. {error}"
            ) from error
        return net_of(self.network_, self.classes_, self.history_)

    @classmethod
    def _from_network(cls, network, classes, *, n_features_in, history=(), **params):
        """Return a classifier with a network; `params` are those of the constructor."""
        self = cls(**params)
        self._validate_params()
        self.n_features_in_ = n_features_in
        self._set_fitted(classes, network, list(history))
        return self

    def _set_fitted(self, classes, network, history, net=None):
        """Set the fitted attributes, and prepare for prediction."""
        self.classes_ = classes
        self.network_ = network
        self.history_ = history
        self._net = net
        self._forward = Forward(network, "auto")

    def _load(self):
        """Prepare the network in a file's state; raise an error if it is damaged."""
        network = Network.from_arrays(self.network_)
        for array in network.to_arrays().values():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise ValueError("some numbers are not finite")
        self._set_fitted(self.classes_, network, self.history_)
        codes = np.arange(1, network.n_codes)[None, -9:]  # one row: the last symbols
        (probabilities,) = self._forward.probabilities(codes)
        is_sorted = np.array_equal(np.unique(self.classes_), self.classes_)
        n_inputs = self._forward.table.shape[1]
        n_outputs = len(network.weights["next_symbol.bias"])
        if not is_sorted or not n_inputs == n_outputs == network.n_codes:
            raise ValueError(
                "the classes are not sorted, or the numbers of symbols differ"
            )
        n_classes = len(self.classes_)
        if not len(probabilities) == len(self.class_prior_) == n_classes:
            raise ValueError("the numbers of classes differ")

    def __getstate__(self):
        state = super().__getstate__().copy()
        if "network_" in state:
            state["network_"] = self.network_.to_arrays()
            del state["_net"], state["_forward"]
            # Clones lack records of the training, which would bring torch into the
            # file.
            state["callbacks"] = clone(self.callbacks, safe=False)
        return stamped(state)

    def __setstate__(self, state):
        super().__setstate__(unstamped(state))
        if hasattr(self, "network_"):
            try:
                self._load()
            except (
                ArithmeticError,
                AttributeError,
                LookupError,
                TypeError,
                ValueError,
            ) as error:
                raise ValueError(
                    "Expected a model that sknames saved, got one that is damaged or "
                    f"not ours ({type(error).__name__}: {error!s:.80}). Save the "
                    "model again."
                ) from error

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        return tags
