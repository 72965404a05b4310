"""Measure accuracy with own labels by the number of training names.

Linear models are trained from scratch, and on features of the shipped model. Run
``SKNAMES_DATA=folder python examples/benchmarks/bench_own_labels.py --cache FOLDER``,
with the wheel of name2nat, Scid's file of players and the tutorial's names in
SKNAMES_DATA. It prints the tables of results/own_labels.md, and ``--write`` writes them
and a short table into pages. Results in the cache are reused.

Labels are those of the sources: demonyms, federations, languages. People in the shipped
model's training data, in any spelling or order of the words, are left out. Single words
of the remaining names may be in the training data.
"""

import argparse
import sys
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from sknames import NameEncoder
from sknames.metrics._scorecard import calibration_error
from tools.measuring import clean_names, kept, linear, machine, show, table
from tools.pages import write_blocks
from tools.retrain.biographies import clean_title, read_biographies
from tools.retrain.chess_players import clean_entry, read_chess_players
from tools.retrain.recipe import person_of, read_material, training_names

SIZES = [100, 500, 2_000, 5_000, 10_000]
SHOWN_SIZES = [500, 5_000]  # numbers of training names in the guide
N_TEST = 3_000
N_LABELS = 127  # largest number of labels, the most frequent ones
LEAST = 40  # people of each label
# The frequency of a label is its number of people to this power; otherwise half of all
# people would be from the United States.
POWER = 0.57

MODELS = {
    "svm": "n-grams + LinearSVC, from scratch",
    "union": "NameEncoder beside n-grams + LinearSVC",
    "union_less": "NameEncoder beside n-grams + LinearSVC(C=0.3)",
    "logreg": "NameEncoder + LogisticRegression(C=10)",
    "vote_svm": "the last two, averaged",
}


# ---- Names with labels


def demonyms(seen):
    """Return people of the biographies with exactly one demonym, and the demonyms.

    `seen` has the `person_of` keys of the shipped model's training names.
    """
    found = {}
    for title, demonym in zip(*read_biographies(raw=True), strict=True):
        name = clean_title(title)
        if " " in name:
            found.setdefault(name, set()).add(demonym)
    rows = [(name, *several) for name, several in found.items() if len(several) == 1]
    return some(rows, seen)


def federations(seen):
    """Return chess players and their federations; see `demonyms` for `seen`."""
    found = {}
    for entry, federation, _ in zip(*read_chess_players(raw=True), strict=True):
        name = clean_entry(entry)
        if name and federation.isalpha():
            found.setdefault(name, federation)
    return some(list(found.items()), seen)


def some(rows, seen):
    """Return people who are not in `seen`, limited by `POWER`, in random order."""
    rows = [row for row in rows if person_of(row[0]) not in seen]
    counts = Counter(label for _, label in rows)
    counts = {label: n for label, n in counts.most_common(N_LABELS) if n >= LEAST}
    scale = (N_TEST + max(SIZES)) * 1.05 / sum(n**POWER for n in counts.values())
    rng = np.random.RandomState(0)
    left = dict(counts)
    kept = []
    for label, n in counts.items():
        left[label] = min(n, max(LEAST, round(scale * n**POWER)))
    for i in rng.permutation(len(rows)):
        if left.get(rows[i][1], 0):
            left[rows[i][1]] -= 1
            kept.append(rows[i])
    names, labels = zip(*kept, strict=True)
    return np.array(names, dtype=object), np.array(labels)


def languages(seen):
    """Return the PyTorch tutorial's surnames and their languages."""
    names, labels = clean_names()
    kept = np.array([person_of(name) not in seen for name in names])
    order = np.random.RandomState(0).permutation(np.flatnonzero(kept))
    return names[order], labels[order]


LABEL_SETS = {
    "demonyms": ("Demonyms of biographies", demonyms),
    "federations": ("Federations of chess players", federations),
    "languages": ("Languages of the tutorial's surnames", languages),
}


# ---- Measuring


def scores_of(key, names, rows, labels, train, test, before):
    """Return classes and scores of test names; `before` has those of other models."""
    if key == "vote_svm":
        # Multiplied by 6, the scores of the SVM are roughly calibrated logits.
        classes, of_logreg = before["logreg"]
        return classes, (of_logreg + softmax(6 * before["union_less"][1], axis=1)) / 2
    if key == "logreg":
        model = LogisticRegression(C=10).fit(rows[train], labels[train])
        return model.classes_, model.predict_proba(rows[test])
    vectorize = linear(None)[0]
    parts = [vectorize.fit_transform(names[train]), vectorize.transform(names[test])]
    if key != "svm":
        parts = [
            hstack([csr_matrix(rows[some]), part], format="csr")
            for some, part in zip([train, test], parts, strict=True)
        ]
    model = LinearSVC(C=0.3 if key == "union_less" else 1).fit(parts[0], labels[train])
    return model.classes_, model.decision_function(parts[1])


def measure(key, classes, scores, y):
    best = classes[np.argsort(-scores, axis=1, kind="stable")[:, :5]] == y[:, None]
    found = {"accuracy": best[:, 0].mean(), "top-5": best.any(axis=1).mean()}
    if key in {"logreg", "vote_svm"}:
        proba = scores / scores.sum(axis=1, keepdims=True)
        found["ECE"], _ = calibration_error(
            best[:, 0], proba.max(axis=1), np.ones(len(y))
        )
    return {name: float(value) for name, value in found.items()}


def measure_all(names, rows, labels, train, test):
    """Return the metrics of all models, a dict by "model metric"."""
    found = {}
    metrics = {}
    for key in MODELS:
        found[key] = scores_of(key, names, rows, labels, train, test, found)
        of_key = measure(key, *found[key], labels[test])
        metrics |= {f"{key} {metric}": value for metric, value in of_key.items()}
    return metrics


def run(sets, draws, cache):
    """Return {(label set, n, draw): metrics} and facts on each set, using the cache."""
    found = {}
    about = {}
    seen = {person_of(known) for known in training_names(read_material())[0]}
    for name in sets:
        names, labels = LABEL_SETS[name][1](seen)
        n_test = min(N_TEST, len(names) - max(SIZES))
        rows = NameEncoder().fit_transform(names)
        about[name] = {
            "names": len(names),
            "labels": len(np.unique(labels)),
            "test": n_test,
        }
        for draw, n in product(range(draws), SIZES):
            order = np.random.RandomState(draw).permutation(len(names))
            args = names, rows, labels, order[n_test:][:n], order[:n_test]
            path = cache and cache / f"{name}-{n}-{draw}.npz"
            found[name, n, draw] = metrics = kept(path, measure_all, *args)
            print(name, n, draw, metrics, file=sys.stderr, flush=True)
    return found, about


# ---- The report


def values(found, label_set, key, n, metric, minus=None):
    """Return a metric for each draw, minus that of the model `minus` if given."""
    cells = [
        cell for (s, size, _), cell in found.items() if (s, size) == (label_set, n)
    ]
    cells = [cell for cell in cells if f"{key} {metric}" in cell]
    theirs = [cell[f"{minus} {metric}"] if minus else 0 for cell in cells]
    return [cell[f"{key} {metric}"] - x for cell, x in zip(cells, theirs, strict=True)]


def report(found, about):
    """Return all tables in Markdown."""
    parts = [f"- {machine()}"]
    for label_set, facts in about.items():
        parts.append(f"### {LABEL_SETS[label_set][0]}")
        n_labels = facts["labels"]
        parts.append(
            f"{n_labels} different labels, {facts['test']:,} names to test on."
        )
        header = [f"{n:,} names" for n in SIZES]
        for metric, minus in [
            ("accuracy", None), ("accuracy", "svm"), ("top-5", None), ("ECE", None)
        ]:  # fmt: skip
            title = metric if minus is None else "less LinearSVC from scratch, accuracy"
            lines = []
            for key, title_of in MODELS.items():
                cells = [values(found, label_set, key, n, metric, minus) for n in SIZES]
                if any(cells) and key != minus:
                    lines.append(
                        [title_of, *(show(x, 3, "+" if minus else "") for x in cells)]
                    )
            parts.append(table([title, *header], lines))
    return "\n\n".join(parts)


def short_table(found, about):
    """Return the accuracy of two models, for a page of the guide."""
    lines = []
    for label_set, facts in about.items():
        for n in SHOWN_SIZES:
            cells = []
            for key in ("svm", "union_less"):
                cells.append(
                    f"{np.mean(values(found, label_set, key, n, 'accuracy')):.3f}"
                )
            title = f"{LABEL_SETS[label_set][0]}, {facts['labels']}"
            lines.append([title, f"{n:,}", *cells])
    models = "n-grams + LinearSVC", "`NameEncoder` + n-grams + LinearSVC"
    return table(["labels", "training names", *models], lines)


def main():
    """Measure the chosen label sets."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", default=",".join(LABEL_SETS))
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--cache", type=Path)
    parser.add_argument(
        "--write",
        nargs="*",
        default=[],
        type=Path,
        help="pages into which the tables are written",
    )
    args = parser.parse_args()
    with threadpool_limits(1):
        found, about = run(args.sets.split(","), args.draws, args.cache)
    tables = {
        "tables of bench_own_labels.py": report(found, about),
        "short table of bench_own_labels.py": short_table(found, about),
    }
    print("\n\n".join(tables.values()))
    write_blocks(args.write, tables)


if __name__ == "__main__":
    main()
