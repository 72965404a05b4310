"""Models, a cache, statistics and tables that benchmarks and model cards share."""

import os
import platform
import time
from argparse import ArgumentTypeError
from importlib.metadata import version
from pathlib import Path
from zlib import crc32

import numpy as np
from anyascii import anyascii
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from sknames import CharEncoder, NameNationalityClassifier, __version__
from sknames._draws.resampling import Seeds
from sknames._lists.listed_model import ListedModel
from sknames._lists.name_list import NameList, check_clusters
from sknames._lists.question import Question
from sknames._models.priors import check_priors
from sknames._results.shares import shares_of_list
from sknames.datasets import fetch_names

SVM_SCALE = 3  # softmax(SVM_SCALE * scores) is roughly calibrated


# ---- Running


def kept(path, make, *args):
    """Return the arrays in an .npz file, a dict; if it is missing, write it first.

    ``make(*args)`` computes the arrays. If `path` is None, they are not written.
    """
    if path is None:
        return make(*args)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **make(*args))
    with np.load(path) as file:
        return dict(file)


def timed(function, *args):
    """Return the CPU seconds that a call takes, and its result.

    CPU seconds hardly depend on what else runs on the machine.
    """
    start = time.process_time()
    result = function(*args)
    return time.process_time() - start, result


def some_of(known):
    """Return a type for argparse: some of the `known` names, separated by commas.

    Parsed names are in the order of `known`.
    """

    def parse(text):
        if unknown := {*text.split(",")} - {*known}:
            raise ArgumentTypeError(
                f"unknown {sorted(unknown)}; choose from {[*known]}"
            )
        return [name for name in known if name in text.split(",")]

    return parse


# ---- Names and models


def plain(name):
    """Return the name in ASCII and lower case."""
    return anyascii(name).lower()


def clean_names():
    """Return the tutorial's names and labels, without duplicates after `plain`."""
    names, labels = fetch_names(return_X_y=True)
    pairs = [
        f"{plain(name)}\n{label}" for name, label in zip(names, labels, strict=True)
    ]
    first = np.sort(np.unique(pairs, return_index=True)[1])
    return names[first], labels[first].astype(str)


def linear(classifier):
    """Return a pipeline that classifies names by the n-grams of their letters."""
    return make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5)), classifier
    )


def all_plain(names):
    return [plain(name) for name in names]


def in_ascii(model):
    return make_pipeline(FunctionTransformer(all_plain), model)


LINEAR = {
    "svm": ("TF-IDF char_wb (1, 5) + LinearSVC(C=1)", linear(LinearSVC(C=1))),
    "logreg": ("TF-IDF + LogisticRegression(C=10)", linear(LogisticRegression(C=10))),
}


def ours(**params):
    return make_pipeline(CharEncoder(), NameNationalityClassifier(**params))


def svm_probabilities(scores):
    return softmax(SVM_SCALE * scores, axis=1)


def question_of(**asked):
    """Return a `Question` with these parameters, and defaults for all others."""
    defaults = {"confidence_level": 0.95, "n_draws": 1000}
    return Question.of_parameters(**defaults | {"random_state": 0} | asked)


def list_of_rows(probabilities, classes, given=(), **model):
    """Return a `NameList` of distinct names with these probabilities.

    `given` overrides other fields of the list, with a value for each row as clusters,
    and `model` sets fields of its `ListedModel`.
    """
    columns = np.arange(probabilities.shape[1])
    prior = check_priors(model.pop("assumed_prior", "uniform"), columns)
    n = len(probabilities)
    fields = {
        "model": ListedModel(classes=classes, assumed_prior=prior, **model),
        "probabilities": probabilities,
        "reasons": np.full(n, ""),
        "ids": np.arange(n),
        "keys": np.array([crc32(row) for row in probabilities.round(6)]),
        "rows": np.arange(n),
        "counts": np.ones(n, dtype=np.int64),
        "weights": np.ones(n),
    }
    fields |= dict(given)
    if "clusters" in fields:
        fields["clusters"] = check_clusters(fields["clusters"], np.full(n, True))
    return NameList(**fields)


def settings_of_shares(stack):
    """Return the fields of a model's `ListedModel` that estimated shares depend on."""
    model = ListedModel.of_stack(stack)
    names = ("coverage", "assumed_prior", "model_error", "sharpness")
    return {name: getattr(model, name) for name in names}


def shares_of_rows(probabilities, classes, given=(), asked=(), **model):
    """Estimate the shares of a list of names with these probabilities.

    See `list_of_rows`; `asked` overrides parameters of `question_of`.
    """
    names = list_of_rows(probabilities, classes, given, **model)
    return shares_of_list(names, Seeds(question_of(**dict(asked)), names))


# ---- Statistics


def top_3_hits(scores, y, classes):
    """Return whether each of the three most probable classes is the label.

    The result has shape (n, 3); the most probable class comes first.
    """
    return classes[np.argsort(-scores, axis=1, kind="stable")[:, :3]] == y[:, None]


def standard_error(x, test_to_train=0.0):
    """Return the standard error of a mean.

    `test_to_train`, the ratio of the sizes, gives the correction of Nadeau and Bengio.
    """
    if len(x) < 2:
        return np.nan
    return np.sqrt((1 / len(x) + test_to_train) * np.var(x, ddof=1))


def differences(ours, theirs, folds=None):
    """Return the mean of paired differences with its standard error, as text.

    With several folds, mean and standard error are those of the means of the folds;
    with one fold or none, those of the names.
    """
    gaps = np.asarray(ours, dtype=float) - theirs
    error = standard_error(gaps)
    if folds is not None:
        gaps = np.bincount(folds, weights=gaps) / np.bincount(folds)
        error = standard_error(gaps) if len(gaps) > 1 else error
    return f"{gaps.mean():+.4f}" + (f" ± {error:.4f}" if np.isfinite(error) else "")


def tempered_priors(classes):
    """Return the priors "tempered" for these classes."""
    return check_priors("tempered", classes)


def likeliest_shares(probabilities, tolerance=1e-9):
    """Return the maximum-likelihood estimate of the shares of the classes.

    The probabilities assume equally frequent classes. This is plain EM (Saerens et al.
    2002).
    """
    shares = np.full(probabilities.shape[1], 1 / probabilities.shape[1])
    while True:
        proba = probabilities * shares
        proba /= proba.sum(axis=1, keepdims=True)
        before = shares
        shares = proba.mean(axis=0)
        if np.abs(shares - before).max() < tolerance:
            return shares


# ---- Reports


def machine():
    """Describe the machine, and the versions of Python and the packages."""
    processor = platform.processor()
    info = Path("/proc/cpuinfo")
    if not processor and info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        models = [line for line in lines if line.startswith("model name")]
        processor = models[0].partition(": ")[2] if models else platform.machine()
    packages = ["numpy", "scipy", "scikit-learn", "torch", "skorch"]
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    system = f"{processor}, {os.cpu_count()} cores, {platform.system()}"
    return (
        f"{system}; Python {platform.python_version()}, {versions}, "
        f"sknames {__version__}"
    )


def table(header, rows):
    """Return a table in Markdown."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def text_table(header, rows):
    """Return a table as plain text, for a code block in a page."""
    import pandas as pd  # only this function needs it

    titles = [row[0] for row in rows]
    frame = pd.DataFrame([row[1:] for row in rows], titles, header[1:])
    return frame.rename_axis(columns=header[0]).to_string()


def show(x, digits=4, sign=""):
    """Return the mean of numbers with its standard error, as text."""
    error = f" ± {standard_error(x):,.{digits}f}" if len(x) > 1 else ""
    return f"{np.mean(x):{sign},.{digits}f}{error}" if len(x) else "-"
