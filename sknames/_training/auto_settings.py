"""Choose what "auto" and `regularization` mean: see examples/benchmarks/results/defaults.md."""

from math import ceil, inf, log2

DROPOUT = {"gru": 0.4, "rnn": 0.3, "sigmoid_rnn": 0.3}
EPOCHS = {"gru": 16, "rnn": 20, "sigmoid_rnn": 20}
BATCH_SIZE, LR, LARGE_LR, WORD_WEIGHT = 512, 0.005, 0.008, 0.25
MIN_BATCH_SIZE = 32
MIN_STEPS = 100
MAX_DROPOUT = 0.85
FEW_ROWS, MANY_ROWS = 8_192, 40_000
VERY_MANY_ROWS = 400_000
MIN_DF_OF_ROWS = 1 / 163_840  # leaves about 250,000 n-grams of a million names
# The values that `regularization` multiplies, and their maximum: a probability stays below 1, and
# embeddings are dropped with twice that of symbols.
REGULARIZATION = {
    "symbol_dropout": (0.05, 0.45),
    "ngram_dropout": (0.5, 0.95),
    "next_symbol_weight": (0.5, inf),
    "weight_decay": (0.02, inf),
}
# Settings that are not parameters: the share of distinct rows that early stopping holds out, and
# the exponent q of the generalized cross-entropy, see `Loss`.
OTHERS = {"validation_fraction": 0.1, "gce_q": 0.0}


def resolve_regularization(settings):
    """Add the values that `regularization` stands for, unless the settings have them."""
    strength = settings["regularization"]
    scaled = {name: min(most, x * strength) for name, (x, most) in REGULARIZATION.items()}
    return scaled | OTHERS | settings


def resolve_auto(settings, n_rows):
    """Resolve "auto" in the settings for `n_rows` distinct training rows.

    It adds settings for the n-gram weights: "ngram_lr", a multiple of the learning rate, and
    "ngram_eps", the epsilon of Adam. `resolve_device` resolves the device.
    """
    auto = {
        "dropout": DROPOUT[settings["cell"]],
        "batch_size": BATCH_SIZE,
        "max_epochs": EPOCHS[settings["cell"]],
        "lr": LR,
        "min_df": max(2, round(MIN_DF_OF_ROWS * n_rows)),
        "word_weight": WORD_WEIGHT,
    }
    if FEW_ROWS <= n_rows <= MANY_ROWS:
        # As accurate as batches of 256 at the other rate for 16 epochs, in two thirds of the time.
        # With more rows, or fewer, a higher rate gives a higher log loss.
        auto["max_epochs"] = round(0.8 * auto["max_epochs"])
        # The rate of early stopping is constant, and the lower one is then better.
        auto["lr"] = LR if settings["early_stopping"] else LARGE_LR
    if n_rows < FEW_ROWS:
        # Few rows need more dropout against overfitting, and more and smaller steps for n-grams.
        auto["dropout"] = min(MAX_DROPOUT, auto["dropout"] + 0.1 * log2(FEW_ROWS / n_rows))
        auto["batch_size"] = max(MIN_BATCH_SIZE, 2 ** round(log2(n_rows / 32)))
        auto["min_df"] = 1
    ngrams = {"ngram_lr": 1.0, "ngram_eps": 1e-8}
    if n_rows > MANY_ROWS:
        # Frequent n-grams get many steps in few epochs. A larger epsilon keeps Adam from moving
        # rare ones as far, on the evidence of a few names. With a generalized cross-entropy,
        # their gradients are small anyway.
        ngrams["ngram_lr"] = 2.0
        if not settings["gce_q"]:
            ngrams["ngram_eps"] = 2e-5
        auto["dropout"] -= 0.15
        auto["max_epochs"] = round(auto["max_epochs"] * 0.375)
    if n_rows > VERY_MANY_ROWS:
        # Larger data get more epochs.
        auto["batch_size"] = 1024
        auto["max_epochs"] = round(EPOCHS[settings["cell"]] * 0.625)
    chosen = {name: value for name, value in auto.items() if settings[name] == "auto"}
    settings = settings | chosen | ngrams
    if "max_epochs" in chosen:
        n_batches = ceil(n_rows / settings["batch_size"])
        settings["max_epochs"] = max(settings["max_epochs"], ceil(MIN_STEPS / n_batches))
    return settings
