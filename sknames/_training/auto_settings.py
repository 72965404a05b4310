"""What "auto" means for parameters of the classifier: docs/settings.md tells why."""

from math import ceil, log2

DROPOUT = {"gru": 0.4, "rnn": 0.3, "sigmoid_rnn": 0.3}
EPOCHS = {"gru": 16, "rnn": 20, "sigmoid_rnn": 20}
BATCH_SIZE = 256
MIN_BATCH_SIZE = 32
MIN_STEPS = 100
MAX_DROPOUT = 0.85
# Between these, settings do not depend on the number of rows.
FEW_ROWS, MANY_ROWS = 8_192, 40_000
VERY_MANY_ROWS = 400_000
# With a million rows, so large a share of them leaves 250,000 n-grams of names.
MIN_DF_OF_ROWS = 1 / 163_840


def resolve_auto(settings, n_rows):
    """The parameters of `NameNationalityClassifier`, with what "auto" means for so many rows.

    `n_rows` are distinct rows to train on. What "auto" means for `separator` and `device` is found
    elsewhere: in the rows and on the machine. How the n-gram weights learn is added: "ngram_lr",
    their multiple of the learning rate, and "ngram_eps", their epsilon of Adam.
    """
    auto = {
        "dropout": DROPOUT[settings["cell"]],
        "batch_size": BATCH_SIZE,
        "max_epochs": EPOCHS[settings["cell"]],
        "min_df": max(2, round(MIN_DF_OF_ROWS * n_rows)),
    }
    if n_rows < FEW_ROWS:
        # A net overfits on few rows: it is held back, and the n-grams take more and smaller steps.
        auto["dropout"] = min(MAX_DROPOUT, auto["dropout"] + 0.1 * log2(FEW_ROWS / n_rows))
        auto["batch_size"] = max(MIN_BATCH_SIZE, 2 ** round(log2(n_rows / 32)))
        auto["min_df"] = 1
    ngrams = {"ngram_lr": 1.0, "ngram_eps": 1e-8}
    if n_rows > MANY_ROWS:
        # What many rows have in common is met often within few epochs. Adam would move a rare
        # n-gram as far, on the word of a few names, were its gradients not small beside epsilon. A
        # loss that doubts labels takes no such word at face value.
        ngrams["ngram_lr"] = 2.0
        if not settings["label_doubt"]:
            ngrams["ngram_eps"] = 2e-5
        auto["dropout"] -= 0.15
        auto["batch_size"] = 512
        auto["max_epochs"] = round(auto["max_epochs"] * 0.375)
    if n_rows > VERY_MANY_ROWS:
        # There is more to learn in them than a net of this size learns in so few epochs.
        auto["batch_size"] = 1024
        auto["max_epochs"] = round(EPOCHS[settings["cell"]] * 0.625)
    chosen = {name: value for name, value in auto.items() if settings[name] == "auto"}
    settings = settings | chosen | ngrams
    if "max_epochs" in chosen:
        n_batches = ceil(n_rows / settings["batch_size"])
        settings["max_epochs"] = max(settings["max_epochs"], ceil(MIN_STEPS / n_batches))
    return settings
