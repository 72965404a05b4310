"""Settings of training, and the values that "auto" stands for.

The experiments behind each value are in examples/benchmarks/results/defaults.md.
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
MIN_STEPS = 100  # batches; the smallest data get more epochs to reach this number
ADAM_EPS = 1e-8  # torch's default
# Share of the rows that must contain an n-gram. A million names have about 250,000 such
# n-grams.
SHARE_OF_ROWS = 1 / 163_840
# Values that `regularization` multiplies, and their maximum. Dropout probabilities stay
# below 1; embeddings are dropped with twice the probability of symbols.
REGULARIZATION = {
    "symbol_dropout": (0.05, 0.45),
    "ngram_dropout": (0.5, 0.95),
    "next_symbol_weight": (0.5, inf),
    "weight_decay": (0.02, inf),
}

SMALL_DATA = 8_192  # distinct rows; below, some settings depend on the number of rows
MAX_DROPOUT = 0.85  # for the smallest data
MIN_BATCH_SIZE = 32  # rows, for the smallest data


@dataclass(frozen=True)
class DataSize:
    """Values of "auto" for training data up to a number of rows."""

    max_rows: float  # maximum number of distinct rows
    added_dropout: float = 0.0  # added to `DROPOUT`
    epochs: float = 1.0  # a factor of `EPOCHS`
    batch_size: int = 512
    lr: float = LR  # unless early stopping keeps the rate constant
    ngram_lr: float = 1.0
    ngram_eps: float = ADAM_EPS


DATA_SIZES = (
    DataSize(max_rows=SMALL_DATA - 1),
    # As accurate as batches of 256 with the default lr for all epochs, in two thirds of
    # the time. With more or fewer rows, a higher lr gives a higher log loss.
    DataSize(max_rows=40_000, epochs=0.8, lr=0.008),
    # Frequent n-grams get many steps in few epochs. A larger epsilon limits Adam's
    # steps for rare n-grams, which are seen in a few names only.
    DataSize(
        max_rows=400_000,
        added_dropout=-0.15,
        epochs=0.375,
        ngram_lr=2.0,
        ngram_eps=2e-5,
    ),
    # Like the size above, but with more epochs of larger batches.
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
    """Parameters of `NameNationalityClassifier`, and hidden settings."""

    # Parameters, documented in the classifier. Some may be "auto".
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
    class_weight: Any  # unused: the classifier multiplies row weights by it
    lr: float | str
    max_epochs: int | str
    batch_size: int | str
    early_stopping: bool
    n_iter_no_change: int
    device: str
    callbacks: list | None
    verbose: int
    random_state: Any
    # Hidden settings, which are not parameters. None means "auto".
    symbol_dropout: float | None = None
    ngram_dropout: float | None = None
    next_symbol_weight: float | None = None
    weight_decay: float | None = None
    ngram_lr: float | None = None  # learning rate of n-gram weights, a factor of `lr`
    ngram_eps: float | None = None  # Adam's epsilon for n-gram weights
    gce_q: float = 0.0  # exponent of the generalized cross-entropy, see `Loss`

    @classmethod
    def of(cls, classifier: Any, **hidden: Any) -> Self:
        """Create settings from the parameters of a classifier and hidden settings."""
        params = classifier.get_params(deep=False)
        for name, value in params.items():
            # Parameter grids contain numpy numbers. torch rejects some of them, and
            # small integer types overflow.
            if isinstance(value, np.generic):
                params[name] = value.item()
        return cls(**params, **hidden)

    def resolved(self, n_rows: int) -> Self:
        """Replace "auto" by the values for `n_rows` distinct training rows."""
        size = next(size for size in DATA_SIZES if n_rows <= size.max_rows)
        dropout = DROPOUT[self.cell] + size.added_dropout
        batch_size = size.batch_size
        min_df = max(2, round(SHARE_OF_ROWS * n_rows))
        if n_rows < SMALL_DATA:
            # Small data need more dropout against overfitting, and more, smaller steps
            # for the n-grams.
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
            # With early stopping, lr is constant, and a lower value is better.
            "lr": LR if self.early_stopping else size.lr,
            "min_df": min_df,
            "word_weight": WORD_WEIGHT,
            "ngram_lr": size.ngram_lr,
            # The generalized cross-entropy has small gradients.
            "ngram_eps": ADAM_EPS if self.gce_q else size.ngram_eps,
        }
        for name, (value, maximum) in REGULARIZATION.items():
            auto[name] = min(maximum, value * self.regularization)
        chosen: dict[str, Any] = {"device": resolve_device(self.device)}
        for name, value in auto.items():
            if getattr(self, name) in ("auto", None):
                chosen[name] = value
        return replace(self, **chosen)
