"""Compare the classifier with thirty lines of skorch and with linear models.

All models are trained on names of the five languages in README, in five splits that
keep all spellings of a name together. The skorch net has the best of five settings on
the first split, which gives it an advantage. Accuracy, log loss, CPU seconds of `fit`
on one thread, and the size of the fitted pipeline's joblib file are measured.

Run ``python -m examples.benchmarks.bench_skorch --cache FOLDER``. It takes about ten
minutes on one core. ``--write`` writes the table into docs/skorch.md.
"""

import argparse
import io
from itertools import islice
from pathlib import Path

import joblib
import numpy as np
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from skorch import NeuralNetClassifier
from threadpoolctl import threadpool_limits
from torch import nn

from sknames import CharEncoder, NameNationalityClassifier, spelling_groups
from sknames.datasets import load_names
from tools.measuring import kept, linear, machine, show, standard_error, table, timed
from tools.pages import write_blocks

PAGE = Path(__file__).parents[2] / "docs" / "skorch.md"
LANGUAGES = ["Czech", "Hungarian", "Polish", "Romanian", "Turkish"]
N_SPLITS = 5
TEST_TO_TRAIN = 1 / (N_SPLITS - 1)


class NameGRU(nn.Module):
    """Classify rows of codes by the last state of a GRU, as in docs/skorch.md."""

    def __init__(self, hidden_size=128, dropout=0.3, n_codes=256):
        super().__init__()
        self.embedding = nn.Embedding(n_codes, 64, padding_idx=0)
        self.gru = nn.GRU(64, hidden_size, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden_size, len(LANGUAGES))

    def forward(self, codes):
        lengths = (codes != 0).sum(dim=1).clamp(min=1)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(codes.long()),
            lengths,
            batch_first=True,
            enforce_sorted=False,
        )
        _, last_state = self.gru(packed)
        return self.output(self.dropout(last_state[-1]))


def by_hand(**params):
    """Return a pipeline of a `CharEncoder` and a skorch net with `NameGRU`."""
    net = NeuralNetClassifier(
        NameGRU,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        batch_size=128,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
        **params,
    )
    return make_pipeline(CharEncoder(), net)


BY_HAND = [
    {"module__hidden_size": 64, "lr": 0.005, "max_epochs": 20},
    {"module__hidden_size": 128, "lr": 0.005, "max_epochs": 10},
    {"module__hidden_size": 128, "lr": 0.002, "max_epochs": 20},
    {"module__hidden_size": 128, "lr": 0.002, "max_epochs": 20, "module__dropout": 0.6},
    {"module__hidden_size": 256, "lr": 0.001, "max_epochs": 20, "module__dropout": 0.6},
]
ALONE = {"ngram_range": None, "word_weight": 0}
HAND = "30 lines of skorch and `nn.GRU`, the best of five settings"
OURS = "`NameNationalityClassifier()`"
MODELS = {
    "TF-IDF + LinearSVC": linear(LinearSVC()),
    "TF-IDF + LogisticRegression": linear(LogisticRegression(C=10, max_iter=1000)),
    HAND: None,  # chosen by `measure_by_hand`
    "`NameNationalityClassifier(ngram_range=None, word_weight=0)`": make_pipeline(
        CharEncoder(), NameNationalityClassifier(**ALONE, random_state=0)
    ),
    OURS: make_pipeline(CharEncoder(), NameNationalityClassifier(random_state=0)),
}


def read_names():
    """Return names, labels as integers, as skorch requires, and spelling groups."""
    names, labels = load_names(return_X_y=True)
    chosen = np.isin(labels, LANGUAGES)
    labels = np.searchsorted(LANGUAGES, labels[chosen]).astype(np.int64)
    return names[chosen], labels, spelling_groups(names[chosen])


def measure(model, n_splits=N_SPLITS):
    """Return the figures of a model, a dict of arrays of shape (n_splits,)."""
    names, labels, groups = read_names()
    folds = StratifiedGroupKFold(N_SPLITS, shuffle=True, random_state=0)
    figures = {"accuracy": [], "log loss": [], "seconds": [], "MB": []}
    splits = islice(folds.split(names, labels, groups), n_splits)
    for seed, (train, test) in enumerate(splits):
        torch.manual_seed(seed)
        fitted = clone(model)
        seconds, _ = timed(fitted.fit, names[train], labels[train])
        figures["seconds"].append(seconds)
        figures["accuracy"].append(fitted.score(names[test], labels[test]))
        loss = np.nan
        if hasattr(fitted, "predict_proba"):
            loss = log_loss(labels[test], fitted.predict_proba(names[test]))
        figures["log loss"].append(loss)
        file = io.BytesIO()
        joblib.dump(fitted, file)
        figures["MB"].append(len(file.getvalue()) / 1e6)
    return {name: np.array(values) for name, values in figures.items()}


def measure_by_hand():
    """Return the figures of the skorch net that is best on the first split."""
    models = [by_hand(**params) for params in BY_HAND]
    accuracies = [measure(model, n_splits=1)["accuracy"][0] for model in models]
    print(f"accuracy of skorch, first split: {np.round(accuracies, 3)}", flush=True)
    return measure(models[int(np.argmax(accuracies))])


def difference(figures, ours, name):
    """Return a mean with its paired difference from `ours` and the standard error."""
    values = figures[name]
    if np.isnan(values).any():
        return "-"
    gaps = values - ours[name]
    if not gaps.any():
        return f"{values.mean():.3f}"
    error = standard_error(gaps, TEST_TO_TRAIN)
    return f"{values.mean():.3f} ({gaps.mean():+.3f} ± {error:.3f})"


def report(results):
    """Return the table of the page."""
    names, *_ = read_names()
    rows = []
    for key, figures in results.items():
        rows.append(
            [
                key,
                difference(figures, results[OURS], "accuracy"),
                difference(figures, results[OURS], "log loss"),
                f"{figures['seconds'].mean():.1f}",
                f"{figures['MB'].mean():.1f}",
            ]
        )
    header = ["model", "accuracy", "log loss", "seconds", "MB"]
    note = (
        f"{len(names):,} names of {len(LANGUAGES)} languages. In brackets: the paired "
        "difference from the default, ± its standard error over five splits (corrected "
        "for their overlap, Nadeau and Bengio 2003). Seconds are CPU seconds of `fit` "
        "on one thread, MB the size of the joblib file."
    )
    return f"{table(header, rows)}\n\n{note}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, help="folder of results to reuse")
    parser.add_argument(
        "--write", action="store_true", help="write the table into docs/skorch.md"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = {}
    with threadpool_limits(1):
        for number, (key, model) in enumerate(MODELS.items()):
            path = arguments.cache and arguments.cache / f"{number}.npz"
            if key == HAND:
                results[key] = kept(path, measure_by_hand)
            else:
                results[key] = kept(path, measure, model)
            print(key, show(results[key]["accuracy"]), flush=True)
    text = report(results)
    print(f"{text}\n\n{machine()}")
    if arguments.write:
        write_blocks([PAGE], {"comparison of bench_skorch.py": text})


if __name__ == "__main__":
    main()
