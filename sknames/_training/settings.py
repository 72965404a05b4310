"""Hold the settings of training, and choose those that are "auto".

How each was chosen: examples/benchmarks/results/defaults.md.
"""

from dataclasses import dataclass, replace
from math import ceil, inf, log2
from typing import Any, Self

import numpy as np

from .torch_settings import resolve_device

DROPOUT = {"gru": 0.4, "rnn": 0.3, "sigmoid_rnn": 0.3}
EPOCHS = {"gru": 16, "rnn": 20, "sigmoid_rnn": 20}
LR = 0.005
WORD_WEIGHT = 0.25
MIN_STEPS = 100  # batches; the smallest data get more epochs to reach them
ADAM_EPS = 1e-8  # torch's default
SHARE_OF_ROWS = 1 / 163_840  # with an n-gram; about 250,000 n-grams of a million names
# The values that `regularization` multiplies, and their maximum: a probability stays
# below 1, and embeddings are dropped with twice that of symbols.
REGULARIZATION = {
    "symbol_dropout": (0.05, 0.45),
    "ngram_dropout": (0.5, 0.95),
    "next_symbol_weight": (0.5, inf),
    "weight_decay": (0.02, inf),
}

SMALL_DATA = 8_192  # distinct rows; below, some settings change with each halving
MAX_DROPOUT = 0.85  # of the smallest data
MIN_BATCH_SIZE = 32  # rows, of the smallest data


@dataclass(frozen=True)
class DataSize:
    """Hold what "auto" chooses for training data up to some size."""

    max_rows: float  # distinct rows; more of them are a larger size
    added_dropout: float = 0.0  # to `DROPOUT`
    epochs: float = 1.0  # a multiple of `EPOCHS`
    batch_size: int = 512
    lr: float = LR  # unless early stopping keeps the rate constant
    ngram_lr: float = 1.0
    ngram_eps: float = ADAM_EPS


DATA_SIZES = (
    DataSize(max_rows=SMALL_DATA - 1),
    # As accurate as batches of 256 at the other rate for all epochs, in two thirds of
    # the time. With more rows, or fewer, a higher rate gives a higher log loss.
    DataSize(max_rows=40_000, epochs=0.8, lr=0.008),
    # Frequent n-grams get many steps in few epochs. A larger epsilon keeps Adam from
    # moving rare ones as far, on the evidence of a few names.
    DataSize(
        max_rows=400_000,
        added_dropout=-0.15,
        epochs=0.375,
        ngram_lr=2.0,
        ngram_eps=2e-5,
    ),
    # The same, but larger data get more epochs, of larger batches.
    DataSize(
        max_rows=inf,
        added_dropout=-0.15,
        epochs=0.625,
        batch_size=1024,
        ngram_lr=2.0,
        ngram_eps=2e-5,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Hold the parameters of `NameNationalityClassifier`, and hidden settings."""

    # Parameters, as the classifier documents them; some may be "auto".
    cell: str
    hidden_size: int
    num_layers: int
    embedding_dim: int | None
    dropout: float | str
    regularization: float
    ngram_range: tuple[int, int] | None
    min_df: int | str
    word_weight: float | str
    logit_adjustment: float
    class_weight: Any  # not read: the classifier multiplies it into the weights of rows
    lr: float | str
    max_epochs: int | str
    batch_size: int | str
    early_stopping: bool
    n_iter_no_change: int
    device: str
    callbacks: list | None
    verbose: int
    random_state: Any
    # Hidden settings, which are no parameters; None stands for "auto".
    symbol_dropout: float | None = None
    ngram_dropout: float | None = None
    next_symbol_weight: float | None = None
    weight_decay: float | None = None
    ngram_lr: float | None = None  # of the n-gram weights, a multiple of `lr`
    ngram_eps: float | None = None  # the epsilon of Adam for the n-gram weights
    gce_q: float = 0.0  # the exponent of the generalized cross-entropy, see `Loss`

    @classmethod
    def of(cls, classifier: Any, **hidden: Any) -> Self:
        """Take the parameters of a classifier, and hidden settings by name."""
        params = classifier.get_params(deep=False)
        for name, value in params.items():
            # Grids give numpy numbers, of which torch rejects some, and small types
            # overflow.
            if isinstance(value, np.generic):
                params[name] = value.item()
        return cls(**params, **hidden)

    def resolved(self, n_rows: int) -> Self:
        """Return the settings for `n_rows` distinct training rows, none left "auto"."""
        size = next(size for size in DATA_SIZES if n_rows <= size.max_rows)
        dropout = DROPOUT[self.cell] + size.added_dropout
        batch_size = size.batch_size
        min_df = max(2, round(SHARE_OF_ROWS * n_rows))
        if n_rows < SMALL_DATA:
            # Few rows need more dropout against overfitting, and their n-grams need
            # more, smaller steps.
            dropout += 0.1 * log2(SMALL_DATA / n_rows)
            batch_size = max(MIN_BATCH_SIZE, 2 ** round(log2(n_rows / 32)))
            min_df = 1
        if not isinstance(self.batch_size, str):
            batch_size = self.batch_size
        epochs = round(size.epochs * EPOCHS[self.cell])
        n_batches = ceil(n_rows / batch_size)
        auto: dict[str, Any] = {
            "dropout": min(MAX_DROPOUT, dropout),
            "batch_size": batch_size,
            "max_epochs": max(epochs, ceil(MIN_STEPS / n_batches)),
            # The lower rate is better where it is constant.
            "lr": LR if self.early_stopping else size.lr,
            "min_df": min_df,
            "word_weight": WORD_WEIGHT,
            "ngram_lr": size.ngram_lr,
            # A generalized loss has small gradients.
            "ngram_eps": ADAM_EPS if self.gce_q else size.ngram_eps,
        }
        for name, (value, maximum) in REGULARIZATION.items():
            auto[name] = min(maximum, value * self.regularization)
        chosen: dict[str, Any] = {"device": resolve_device(self.device)}
        for name, value in auto.items():
            if getattr(self, name) in ("auto", None):
                chosen[name] = value
        return replace(self, **chosen)
