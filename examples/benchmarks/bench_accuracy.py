"""Compare the accuracy of sknames with linear models.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_accuracy.py --seeds 11-16``: it prints a
Markdown report. All models take some minutes a seed. What ``--cache FOLDER`` has is not run again;
empty it after a change of the code.
"""

import argparse
import operator
import os
import string
import sys
import time
import warnings
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from anyascii import anyascii
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score, log_loss
from sklearn.model_selection import StratifiedGroupKFold, train_test_split
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from sknames import CharEncoder, NameNationalityClassifier
from sknames.datasets import fetch_names
from sknames.metrics import expected_calibration_error
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


class FastText(ClassifierMixin, BaseEstimator):
    """Wrap fastText's classifier on words in lower case and their n-grams of 2 to 5 characters.

    It needs a package: ``pip install fasttext-numpy2-wheel``.
    """

    def __init__(self, random_state=0):
        self.random_state = random_state

    def fit(self, X, y):
        from fasttext import train_supervised

        self.classes_ = np.unique(y)
        params = {"minn": 2, "maxn": 5, "epoch": 50, "thread": 1, "verbose": 0}
        with TemporaryDirectory() as folder:
            path = Path(folder, "names.txt")
            lines = (f"__label__{b} {a.lower()}\n" for a, b in zip(X, y, strict=True))
            path.write_text("".join(lines))
            self.model_ = train_supervised(str(path), seed=self.random_state, **params)
        return self

    def predict_proba(self, X):
        names = [name.lower() for name in X]
        found = zip(*self.model_.predict(names, k=len(self.classes_)), strict=True)
        rows = [dict(zip(*labels_and_values, strict=True)) for labels_and_values in found]
        proba = np.array([[row.get(f"__label__{c}", 0) for c in self.classes_] for row in rows])
        return proba / proba.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


COUNTS = CountVectorizer(analyzer="char", ngram_range=(1, 3))
MODELS = {
    "majority": ("majority", DummyClassifier()),
    "nb": ("CountVectorizer char (1, 3) + MultinomialNB", make_pipeline(COUNTS, MultinomialNB())),
    "fasttext": ("fastText, n-grams of 2 to 5, 50 epochs", FastText()),
    **LINEAR,
}
CHEAP = {"hidden_size": 64, "embedding_dim": 32, "max_epochs": 12}
BALANCED = {"class_weight": "balanced", "logit_adjustment": 0}
ASCII_READER = make_pipeline(CharEncoder(transliterate=True), NameNationalityClassifier())
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

# ---- Splits: names, labels, positions of the training part, positions of the test part


def clean_split(seed):
    names, labels = clean_names()
    cv = StratifiedGroupKFold(10, shuffle=True, random_state=seed)
    return names, labels, *next(cv.split(names, labels, [plain(name) for name in names]))


def blog_split(seed):
    names, labels = fetch_names(raw=True, return_X_y=True)
    alphabet = set(string.ascii_letters + " .,:;-'")
    kept = [set(anyascii(name)) <= alphabet for name in names]
    names, labels = names[kept], labels[kept].astype(str)
    params = {"test_size": 0.1, "stratify": labels, "random_state": seed}
    return names, labels, *train_test_split(np.arange(len(names)), **params)


# ---- Measuring


def measure(run_id, key, seed, names, labels, train, test):
    """Fit and score a model; return metrics, confusion matrix, and where they were measured."""
    model = clone(MODELS[key][1])
    model.set_params(**{p: seed for p in model.get_params() if p.endswith("random_state")})
    fit_s, _ = timed(model.fit, names[train], labels[train])
    predict_s, predicted = zip(*(timed(model.predict, names[test]) for _ in range(3)), strict=True)
    predicted, y = predicted[0], labels[test]
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
    return {
        "top-3": hits.any(axis=1).mean(),
        "log loss": log_loss(y, proba, labels=classes),
        "ECE": expected_calibration_error(y, proba, labels=classes),
    }


def run(kind, make_split, seeds, keys, cache, run_id):
    """Return results as {model: {seed: record}}, from the cache if it has them."""
    results = {key: {} for key in keys if key != "fasttext" or find_spec("fasttext")}
    for seed in seeds:
        split = make_split(seed)
        for key, records in results.items():
            path = cache and cache / f"{kind}-{seed}-{key}.npz"
            records[seed] = kept(path, measure, run_id, key, seed, *split)
            shown = {name: f"{records[seed][name]:.4f}" for name in ("accuracy", "macro-F1")}
            print(f"{kind} split, seed {seed}, {key}: {shown}", file=sys.stderr)
    return results


# ---- Statistics


def values(results, model, metric, minus=None):
    """Return a metric, or its difference to another model's, at each seed that has it."""
    records = results.get(model, {}).items()
    found = {seed: r[metric] for seed, r in records if metric in r}
    if minus is not None:
        theirs = results.get(minus, {})
        found = {s: x - theirs[s][metric] for s, x in found.items() if s in theirs}
    return np.array(list(found.values()))


def fit_ratios(results):
    """Return the time of the GRU over that of LogisticRegression, if one run timed both."""
    pairs = [(r, results.get("logreg", {}).get(s)) for s, r in results.get("gru", {}).items()]
    pairs = [(a["fit, CPU s"], b["fit, CPU s"]) for a, b in pairs if b and a["run"] == b["run"]]
    return np.array([a / b for a, b in pairs])


def confusion(results, model):
    """Sum the confusion matrices of all seeds."""
    return np.sum([r["confusion"] for r in results[model].values()], axis=0)


# ---- The report


PAGE = Path(__file__).with_name("accuracy_page.txt")
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
    digits = dict.fromkeys(["accuracy", "balanced accuracy", "macro-F1", "top-3", "log loss"], 4)
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
    header = ["", "names", "n", "recall", "LinearSVC's recall", "precision", "n predicted"]
    if "gru" not in results:
        return "Not run."
    gru, total = confusion(results, "gru"), Counter(labels.tolist())
    svm = confusion(results, "svm") if "svm" in results else np.zeros_like(gru)
    rows = []
    for i, language in enumerate(np.unique(labels).tolist()):
        n, hits, predicted = gru[i].sum(), gru[i, i], gru[:, i].sum()
        recalls = [share(hits, n), share(svm[i, i], svm[i].sum())]
        rows.append([language, total[language], n, *recalls, share(hits, predicted), predicted])
    return table(header, sorted(rows, key=lambda row: row[1]))


def imbalance_table(results, labels):
    languages, small = (
        np.unique(labels).tolist(),
        ["Vietnamese", "Portuguese", "Korean", "Scottish"],
    )
    metrics, rows = ["accuracy", "balanced accuracy", "macro-F1"], []
    for key in ["gru", "balanced", "adjust", "no-adjust"]:
        if key in results:
            matrix, at = confusion(results, key), [languages.index(language) for language in small]
            recalls = [share(matrix[i, i], matrix[i].sum()) for i in at]
            rows.append(
                [MODELS[key][0], *(show(values(results, key, m)) for m in metrics), *recalls]
            )
    return table(["", *metrics, *(f"recall, {language}" for language in small)], rows)


def blog_table(blog):
    rows = [["the blog's RNN, as published", "0.722"], ["the blog's GRU, as published", "0.814"]]
    rows += [[MODELS[key][0], show(values(blog, key, "accuracy"))] for key in blog]
    return table(["", "accuracy"], rows)


def bars_table(clean, blog):
    gained, loss = values(clean, "gru", "accuracy", "svm"), ("gru", "log loss", "logreg")
    bars = {
        "GRU, accuracy": (values(clean, "gru", "accuracy"), "at least", 0.85),
        "GRU, macro-F1": (values(clean, "gru", "macro-F1"), "at least", 0.56),
        "GRU, log loss": (values(clean, "gru", "log loss"), "at most", 0.495),
        "GRU - SVM, accuracy": (gained, "more than", 0),
        "GRU - SVM, share of wins": (gained > 0, "at least", 5 / 6),
        "GRU - SVM, macro-F1": (values(clean, "gru", "macro-F1", "svm"), "at least", 0.03),
        "GRU - LogisticRegression, log loss": (values(clean, *loss), "at most", -0.04),
        "RNN, accuracy": (values(clean, "rnn", "accuracy"), "at least", 0.848),
        "RNN, macro-F1": (values(clean, "rnn", "macro-F1"), "at least", 0.545),
        "net alone, accuracy": (values(clean, "net", "accuracy"), "at least", 0.825),
        "blog's split, GRU, accuracy": (values(blog, "gru", "accuracy"), "at least", 0.85),
        "blog's split, RNN, accuracy": (values(blog, "rnn", "accuracy"), "at least", 0.84),
        "fit time, GRU / LogisticRegression": (fit_ratios(clean), "at most", 1.0),
    }
    holds = {"at least": operator.ge, "at most": operator.le, "more than": operator.gt}
    rows = []
    for what, (x, sense, limit) in bars.items():
        verdict = "not run"
        if len(x):
            short = f"**short by {abs(x.mean() - limit):.5f}**"
            verdict = "pass" if holds[sense](x.mean(), limit) else short
        rows.append([what, f"{sense} {limit:.4f}", f"{x.mean():.4f}" if len(x) else "-", verdict])
    return table(["mean over the seeds", "bar", "measured", ""], rows)


def leak(names, labels, train, test):
    """Return the share of the test rows whose name is in the training part."""
    seen = {plain(name) for name in names[train]}
    return np.mean([plain(name) in seen for name in names[test]])


def report(args, clean, blog):
    labels, ratios = clean_names()[1], fit_ratios(clean)
    records = [r for by_seed in [*clean.values(), *blog.values()] for r in by_seed.values()]
    command = f"bench_accuracy.py --seeds {args.seeds} --models {','.join(args.models)}"
    return PAGE.read_text(encoding="utf-8").format(
        command=f"python examples/benchmarks/{command} --blog-seed {args.blog_seed}",
        machines="\n".join(f"- {where}" for where in sorted({str(r["machine"]) for r in records})),
        n_clean=len(labels),
        metrics=metrics_table(clean, args.models),
        n_ratios=len(ratios),
        ratio=show(ratios, 2),
        paired=paired_table(clean),
        languages=language_table(clean, labels),
        imbalance=imbalance_table(clean, labels),
        blog_seed=args.blog_seed,
        leak=leak(*blog_split(args.blog_seed)),
        blog=blog_table(blog),
        bars=bars_table(clean, blog),
    )


def parse_seeds(text):
    """Return the seeds of a list like 11-13,21."""
    ends = [[int(end) for end in part.split("-")] for part in text.split(",")]
    return [seed for end in ends for seed in range(end[0], end[-1] + 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="11-16", help="of the clean splits, like 11-13,21")
    parser.add_argument("--models", type=some_of(MODELS), default=[*MODELS], help=",".join(MODELS))
    parser.add_argument("--blog-seed", type=int, default=42)
    parser.add_argument("--cache", type=Path, help="folder of finished results")
    parser.add_argument("--output", type=Path, help="Markdown file to write the report to")
    args = parser.parse_args()

    torch.set_num_threads(1)
    common = {"cache": args.cache, "run_id": f"{time.time():.0f}-{os.getpid()}"}
    blog_keys = [key for key in args.models if key in ("svm", "gru", "rnn")]
    with threadpool_limits(1), warnings.catch_warnings():
        # Names longer than the training part's, the 100 iterations, languages not in a test part.
        warnings.simplefilter("ignore", UserWarning)
        ours(max_epochs=1).fit(["a", "b"], ["a", "b"])  # or the first fit is charged for imports
        clean = run("clean", clean_split, parse_seeds(args.seeds), args.models, **common)
        blog = run("blog", blog_split, [args.blog_seed], blog_keys, **common)
    text = report(args, clean, blog)
    print(text)
    if args.output:
        args.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
