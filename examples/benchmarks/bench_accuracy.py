"""Compare the accuracy of sknames with linear models.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_accuracy.py --seeds 11-16``.
It prints tables in Markdown. Each seed takes a few minutes on one thread. Figures are
means over the seeds with their standard errors. Results in ``--cache FOLDER`` are
reused, so empty the folder after changing the code.

For each seed, the first fold of ``StratifiedGroupKFold(10, shuffle=True,
random_state=seed)`` is the test set. Names that are equal in ASCII and lower case are a
group, so they are never in both sets. The seed is also the models' `random_state`.
"""

import argparse
import os
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
)
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from sknames import CharEncoder, NameNationalityClassifier
from sknames.metrics._scorecard import calibration_error
from tools.measuring import (
    LINEAR,
    clean_names,
    in_ascii,
    kept,
    machine,
    ours,
    plain,
    show,
    some_of,
    standard_error,
    table,
    timed,
    top_3_hits,
)

COUNTS = CountVectorizer(analyzer="char", ngram_range=(1, 3))
MODELS = {
    "majority": ("majority", DummyClassifier()),
    "nb": (
        "CountVectorizer char (1, 3) + MultinomialNB",
        make_pipeline(COUNTS, MultinomialNB()),
    ),
    **LINEAR,
}
CHEAP = {"hidden_size": 64, "embedding_dim": 32, "max_epochs": 12}
BALANCED = {"class_weight": "balanced", "logit_adjustment": 0}
ASCII_READER = make_pipeline(
    CharEncoder(transliterate=True), NameNationalityClassifier()
)
MODELS |= {
    "svm-ascii": ("LinearSVC, names in ASCII", in_ascii(LINEAR["svm"][1])),
    "gru": ("**sknames, default (GRU)**", ours()),
    "gru-ascii": ("sknames, `CharEncoder(transliterate=True)`", ASCII_READER),
    "rnn": ('sknames, `cell="rnn"`', ours(cell="rnn")),
    "net": ("sknames, net alone (`ngram_range=None`)", ours(ngram_range=None)),
    "cheap": ("sknames, cheap (hidden 64, embedding 32, 12 epochs)", ours(**CHEAP)),
    "balanced": ('sknames, `class_weight="balanced"`, no adjustment', ours(**BALANCED)),
    "no-adjust": ("sknames, `logit_adjustment=0`", ours(logit_adjustment=0)),
    "adjust": ("sknames, `logit_adjustment=1`", ours(logit_adjustment=1)),
}


def clean_split(seed):
    """Return names, labels, and the indices of the training and test sets."""
    names, labels = clean_names()
    cv = StratifiedGroupKFold(10, shuffle=True, random_state=seed)
    return (
        names,
        labels,
        *next(cv.split(names, labels, [plain(name) for name in names])),
    )


# ---- Measuring


def measure(run_id, key, seed, names, labels, train, test):
    """Fit and score a model; return metrics, the confusion matrix and the machine."""
    model = clone(MODELS[key][1])
    model.set_params(
        **{p: seed for p in model.get_params() if p.endswith("random_state")}
    )
    fit_s, _ = timed(model.fit, names[train], labels[train])
    predict_s, predicted = zip(
        *(timed(model.predict, names[test]) for _ in range(3)), strict=True
    )
    predicted = predicted[0]
    y = labels[test]
    metrics = {
        "accuracy": np.mean(predicted == y),
        "balanced accuracy": balanced_accuracy_score(y, predicted),
        "macro-F1": f1_score(y, predicted, average="macro", zero_division=0),
        "fit, CPU s": fit_s,
        "predict, names/CPU s": len(y) / min(predict_s),
    }
    if hasattr(model, "predict_proba"):
        metrics |= score_proba(model.predict_proba(names[test]), y, model.classes_)
    matrix = confusion_matrix(y, predicted, labels=np.unique(labels))
    return metrics | {"confusion": matrix, "run": run_id, "machine": machine()}


def score_proba(proba, y, classes):
    hits = top_3_hits(proba, y, classes)
    error, _ = calibration_error(hits[:, 0], proba.max(axis=1), np.ones(len(y)))
    return {
        "top-3": hits.any(axis=1).mean(),
        "log loss": log_loss(y, proba, labels=classes),
        "ECE": error,
    }


def run(seeds, keys, cache, run_id):
    """Return results as {model: {seed: record}}, reusing those in the cache."""
    results = {key: {} for key in keys}
    for seed in seeds:
        split = clean_split(seed)
        for key, records in results.items():
            path = cache and cache / f"{seed}-{key}.npz"
            records[seed] = kept(path, measure, run_id, key, seed, *split)
            shown = {
                name: f"{records[seed][name]:.4f}" for name in ("accuracy", "macro-F1")
            }
            print(f"seed {seed}, {key}: {shown}", file=sys.stderr)
    return results


# ---- Statistics


def values(results, model, metric, minus=None):
    """Return a metric of a model for each seed, minus that of the model `minus`."""
    records = results.get(model, {}).items()
    found = {seed: r[metric] for seed, r in records if metric in r}
    if minus is not None:
        theirs = results.get(minus, {})
        found = {s: x - theirs[s][metric] for s, x in found.items() if s in theirs}
    return np.array(list(found.values()))


def fit_ratios(results):
    """Return ratios of the fit times of GRU and LogisticRegression in the same run."""
    pairs = [
        (r, results.get("logreg", {}).get(s)) for s, r in results.get("gru", {}).items()
    ]
    pairs = [
        (a["fit, CPU s"], b["fit, CPU s"])
        for a, b in pairs
        if b and a["run"] == b["run"]
    ]
    return np.array([a / b for a, b in pairs])


def confusion(results, model):
    """Sum the confusion matrices of all seeds."""
    return np.sum([r["confusion"] for r in results[model].values()], axis=0)


# ---- The report


PAIRS = {
    "GRU - SVM, accuracy": ("gru", "accuracy", "svm"),
    "GRU - SVM, macro-F1": ("gru", "macro-F1", "svm"),
    "RNN - SVM, accuracy": ("rnn", "accuracy", "svm"),
    "RNN - SVM, macro-F1": ("rnn", "macro-F1", "svm"),
    "GRU - LogisticRegression, log loss": ("gru", "log loss", "logreg"),
    "GRU - LogisticRegression, accuracy": ("gru", "accuracy", "logreg"),
}


def share(part, whole):
    return f"{part / whole:.3f}" if whole else "-"


def metrics_table(results, keys):
    digits = dict.fromkeys(
        ["accuracy", "balanced accuracy", "macro-F1", "top-3", "log loss"], 4
    )
    digits |= {"ECE": 4, "fit, CPU s": 1, "predict, names/CPU s": 0}
    rows = [
        [MODELS[k][0], *(show(values(results, k, m), digits[m]) for m in digits)]
        for k in keys
        if k in results
    ]
    return table(["", *digits], rows)


def paired_table(results):
    rows = []
    for title, pair in PAIRS.items():
        if len(x := values(results, *pair)):
            wins = np.sum(x < 0 if "loss" in title else x > 0)
            errors = [f"{standard_error(x, ratio):.4f}" for ratio in (0, 1 / 9)]
            errors = errors if len(x) > 1 else ["-", "-"]
            rows.append([title, f"{x.mean():+.4f}", *errors, f"{wins} of {len(x)}"])
    return table(["", "mean", "standard error", "Nadeau-Bengio", "wins"], rows)


def language_table(results, labels):
    header = [
        "",
        "names",
        "n",
        "recall",
        "LinearSVC's recall",
        "precision",
        "n predicted",
    ]
    if "gru" not in results:
        return "Not run."
    gru = confusion(results, "gru")
    total = Counter(labels.tolist())
    svm = confusion(results, "svm") if "svm" in results else np.zeros_like(gru)
    rows = []
    for i, language in enumerate(np.unique(labels).tolist()):
        n = gru[i].sum()
        hits = gru[i, i]
        predicted = gru[:, i].sum()
        recalls = [share(hits, n), share(svm[i, i], svm[i].sum())]
        rows.append(
            [language, total[language], n, *recalls, share(hits, predicted), predicted]
        )
    return table(header, sorted(rows, key=lambda row: row[1]))


def imbalance_table(results, labels):
    languages = np.unique(labels).tolist()
    small = ["Vietnamese", "Portuguese", "Korean", "Scottish"]
    metrics = ["accuracy", "balanced accuracy", "macro-F1"]
    rows = []
    for key in ["gru", "balanced", "adjust", "no-adjust"]:
        if key in results:
            matrix = confusion(results, key)
            at = [languages.index(language) for language in small]
            recalls = [share(matrix[i, i], matrix[i].sum()) for i in at]
            rows.append(
                [
                    MODELS[key][0],
                    *(show(values(results, key, m)) for m in metrics),
                    *recalls,
                ]
            )
    return table(["", *metrics, *(f"recall, {language}" for language in small)], rows)


def report(results, keys):
    """Print the tables in Markdown."""
    labels = clean_names()[1]
    ratios = fit_ratios(results)
    for where in sorted(
        {str(r["machine"]) for of in results.values() for r in of.values()}
    ):
        print(f"- {where}")
    paired = f"Paired differences; time, GRU / LogisticRegression {show(ratios, 2)}"
    for title, text in {
        f"Clean splits of {len(labels):,} names": metrics_table(results, keys),
        paired: paired_table(results),
        "Languages, rare ones first": language_table(results, labels),
        "Class imbalance": imbalance_table(results, labels),
    }.items():
        print(f"\n## {title}\n\n{text}")


def parse_seeds(text):
    """Return the seeds in a text such as 11-13,21."""
    ends = [[int(end) for end in part.split("-")] for part in text.split(",")]
    return [seed for end in ends for seed in range(end[0], end[-1] + 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seeds", default="11-16", help="seeds of the splits, such as 11-13,21"
    )
    parser.add_argument(
        "--models",
        type=some_of(MODELS),
        default=[*MODELS],
        help=f"models to compare, of {','.join(MODELS)}",
    )
    parser.add_argument("--cache", type=Path, help="folder of results to reuse")
    args = parser.parse_args()

    torch.set_num_threads(1)
    run_id = f"{time.time():.0f}-{os.getpid()}"
    with threadpool_limits(1), warnings.catch_warnings():
        # Ignored warnings: test names are longer than all training names, the solver
        # stops after 100 iterations, a test set lacks a language.
        warnings.simplefilter("ignore", UserWarning)
        # Import torch before times are measured.
        ours(max_epochs=1).fit(["a", "b"], ["a", "b"])
        results = run(parse_seeds(args.seeds), args.models, args.cache, run_id)
    report(results, args.models)


if __name__ == "__main__":
    main()
