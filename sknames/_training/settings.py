"""Hold the settings of training, and choose those that are "auto".

How each was chosen: examples/benchmarks/results/defaults.md.
"""

from dataclasses import dataclass
from math import ceil, inf, log2
from types import SimpleNamespace
from typing import Any, Self

import numpy as np

from .torch_settings import resolve_device

DROPOUT = {"gru": 0.4, "rnn": 0.3, "sigmoid_rnn": 0.3}
EPOCHS = {"gru": 16, "rnn": 20, "sigmoid_rnn": 20}
BATCH_SIZE, LR, LARGE_LR, WORD_WEIGHT = 512, 0.005, 0.008, 0.25
MIN_BATCH_SIZE = 32
MIN_STEPS = 100
MAX_DROPOUT = 0.85
FEW_ROWS, MANY_ROWS = 8_192, 40_000
VERY_MANY_ROWS = 400_000
MIN_DF_OF_ROWS = 1 / 163_840  # leaves about 250,000 n-grams of a million names
# The values that `regularization` multiplies, and their maximum: a probability stays
# below 1, and embeddings are dropped with twice that of symbols.
REGULARIZATION = {
    "symbol_dropout": (0.05, 0.45),
    "ngram_dropout": (0.5, 0.95),
    "next_symbol_weight": (0.5, inf),
    "weight_decay": (0.02, inf),
}


@dataclass
class Hidden:
    """Hold settings that are no parameters of the classifier; None means "auto"."""

    symbol_dropout: float | None = None
    ngram_dropout: float | None = None
    next_symbol_weight: float | None = None
    weight_decay: float | None = None
    ngram_lr: float | None = None  # of the n-gram weights, a multiple of `lr`
    ngram_eps: float | None = None  # the epsilon of Adam for the n-gram weights
    gce_q: float = 0.0  # the exponent of the generalized cross-entropy, see `Loss`


class Settings(SimpleNamespace):
    """Hold the parameters of `NameNationalityClassifier`, and hidden settings."""

    @classmethod
    def of(cls, classifier: Any, **hidden: Any) -> Self:
        """Take the parameters of a classifier, and hidden settings by name."""
        given = classifier.get_params(deep=False)
        # Grids give numpy numbers, of which torch rejects some, and small types
        # overflow.
        plain = {
            k: x.item() if isinstance(x, np.generic) else x for k, x in given.items()
        }
        return cls(**plain, **vars(Hidden(**hidden)))

    def resolved(self, n_rows: int) -> Self:
        """Return the settings for `n_rows` distinct training rows, none left "auto"."""
        auto: dict[str, Any] = {
            "dropout": DROPOUT[self.cell],
            "batch_size": BATCH_SIZE,
            "max_epochs": EPOCHS[self.cell],
            "lr": LR,
            "min_df": max(2, round(MIN_DF_OF_ROWS * n_rows)),
            "word_weight": WORD_WEIGHT,
            "ngram_lr": 1.0,
            "ngram_eps": 1e-8,
        }
        for name, (value, most) in REGULARIZATION.items():
            auto[name] = min(most, value * self.regularization)
        if FEW_ROWS <= n_rows <= MANY_ROWS:
            # As accurate as batches of 256 at the other rate for 16 epochs, in two
            # thirds of the time. With more rows, or fewer, a higher rate gives a higher
            # log loss.
            auto["max_epochs"] = round(0.8 * auto["max_epochs"])
            # The rate of early stopping is constant, and the lower one is then better.
            auto["lr"] = LR if self.early_stopping else LARGE_LR
        if n_rows < FEW_ROWS:
            # Few rows need more dropout against overfitting, and more and smaller steps
            # for n-grams.
            auto["dropout"] = min(
                MAX_DROPOUT, auto["dropout"] + 0.1 * log2(FEW_ROWS / n_rows)
            )
            auto["batch_size"] = max(MIN_BATCH_SIZE, 2 ** round(log2(n_rows / 32)))
            auto["min_df"] = 1
        if n_rows > MANY_ROWS:
            # Frequent n-grams get many steps in few epochs. A larger epsilon keeps Adam
            # from moving rare ones as far, on the evidence of a few names. With a
            # generalized cross-entropy, their gradients are small anyway.
            auto["ngram_lr"] = 2.0
            auto["ngram_eps"] = 1e-8 if self.gce_q else 2e-5
            auto["dropout"] -= 0.15
            auto["max_epochs"] = round(auto["max_epochs"] * 0.375)
        if n_rows > VERY_MANY_ROWS:
            # Larger data get more epochs.
            auto["batch_size"] = 1024
            auto["max_epochs"] = round(EPOCHS[self.cell] * 0.625)
        batch_size = (
            auto["batch_size"] if self.batch_size == "auto" else self.batch_size
        )
        n_batches = ceil(n_rows / batch_size)
        auto["max_epochs"] = max(auto["max_epochs"], ceil(MIN_STEPS / n_batches))
        chosen = {k: x for k, x in auto.items() if getattr(self, k) in ("auto", None)}
        return type(self)(
            **vars(self) | chosen | {"device": resolve_device(self.device)}
        )
