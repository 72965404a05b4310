"""Names and labels of different kinds: the default beside LinearSVC reading the same names.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_kinds.py``: it prints the table of
results/accuracy.md and takes a quarter of an hour. The folder holds the tutorial's names,
name2nat's wheel and wikilabels13.tsv.gz: a line of name, tab and label for each of the people in
WikiLabels.tar.gz of github.com/appeler/ethnicolr. A set without its file is left out.

Each draw holds out names in all their spellings. The standard error is that over the draws.
"""

import argparse
import gzip
import os
import sys
import time
import unicodedata
from pathlib import Path

import numpy as np
from common import LINEAR, clean_names, machine, ours, show, table
from sklearn.base import clone
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_limits

from sknames import spelling_groups
from sknames.datasets import load_names
from tools.retrain.biographies import read_biographies

REGIONS = {
    "Western Europe": "Danish Dutch English Finnish French German Greek Icelandic Irish Italian "
    "Norwegian Portuguese Scottish Spanish Swedish",
    "Eastern Europe": "Albanian Bulgarian Croatian Czech Estonian Hungarian Latvian Lithuanian "
    "Macedonian Polish Romanian Russian Serbian Slovak Slovenian Ukrainian",
    "Africa and Middle East": "Arabic Armenian Azerbaijani Ethiopian Georgian Ghanaian Hebrew "
    "Kenyan Nigerian Persian Turkish Zulu",
}
REGION_OF = {name: region for region, names in REGIONS.items() for name in names.split()}


def nationalities():
    return load_names(return_X_y=True)


def regions():
    names, labels = nationalities()
    return names, np.array([REGION_OF.get(label, "Asia") for label in labels])


def cyrillic_and_arabic():
    names, labels = load_names(script="native", return_X_y=True)
    scripts = [unicodedata.name(name[0]).partition(" ")[0] for name in names]
    kept = np.isin(scripts, ["CYRILLIC", "ARABIC"])
    return names[kept], labels[kept]


def ethnicities():
    path = Path(os.environ.get("SKNAMES_DATA", ""), "wikilabels13.tsv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        names, labels = zip(*(line.rstrip("\n").split("\t") for line in file), strict=True)
    return np.array(names, dtype=object), np.array(labels)


# title, names and labels, names to train on, draws
KINDS = {
    "few": ("Few surnames, 18 languages", clean_names, 500, 10),
    "few-57": ("Few names, 57 nationalities", nationalities, 1_000, 10),
    "scripts": ("Names in Cyrillic or Arabic letters", cyrillic_and_arabic, 8_000, 5),
    "words": ("Names of one word, 57 nationalities", nationalities, 20_000, 3),
    "regions": ("The same names, 4 regions", regions, 20_000, 3),
    "ethnicities": ("Full names, 13 ethnicities", ethnicities, 30_000, 3),
    "biographies": ("Full names, 63 nationalities", read_biographies, 30_000, 3),
}
N_TEST = 5_000


def measure(names, labels, n_train, draw):
    """Return the accuracy and macro-F1 of LinearSVC and of the default, and their CPU seconds."""
    groups = spelling_groups(names)
    order = np.random.default_rng(draw).permutation(groups.max() + 1)[groups]
    order = np.argsort(order, kind="stable")  # groups in random order
    n_test = min(N_TEST, len(names) // 5)
    while groups[order[n_test]] == groups[order[n_test - 1]]:
        n_test += 1
    train = np.random.default_rng(draw).permutation(order[n_test:])[:n_train]
    test, scores = order[:n_test], []
    for model in (clone(LINEAR["svm"][1]), ours(random_state=draw)):
        start = time.process_time()
        predicted = model.fit(names[train], labels[train]).predict(names[test])
        f1 = f1_score(labels[test], predicted, average="macro", zero_division=0)
        scores.append([np.mean(predicted == labels[test]), f1, time.process_time() - start])
    return scores


def row(key):
    title, read, n_train, draws = KINDS[key]
    names, labels = read()
    x = np.array([measure(names, labels.astype(str), n_train, draw) for draw in range(draws)])
    print(key, x.mean(axis=0).round(4).tolist(), file=sys.stderr, flush=True)
    cells = [show(x[:, 1, m] - x[:, 0, m], sign="+") for m in (0, 1)]
    cells += [f"{x[:, m, 2].mean():.1f}" for m in (0, 1)]
    means = [f"{x[:, m, 0].mean():.4f}" for m in (0, 1)]
    return [title, f"{n_train:,}", draws, *means, *cells]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kinds", default=",".join(KINDS))
    args = parser.parse_args()
    header = ["", "names", "draws", "LinearSVC", "default", "difference", "of macro-F1"]
    header += ["LinearSVC, CPU s", "default, CPU s"]
    rows = []
    with threadpool_limits(1):
        for key in args.kinds.split(","):
            try:
                rows.append(row(key))
            except OSError as error:
                print(f"{key}: {error}", file=sys.stderr)
    print(f"{machine()}; one thread\n\n{table(header, rows)}")


if __name__ == "__main__":
    main()
