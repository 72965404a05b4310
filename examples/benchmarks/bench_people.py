"""How often the shipped model is right in lists of people whom it never learned, beside LinearSVC.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_people.py --cache folder``, with the
sources of the shipped model in SKNAMES_DATA. It prints a table in Markdown; the model card has
one of all these people under several priors. The people are those of kept_apart.py in
tools/retrain; the cache is that of `tools.retrain.measure`, with LinearSVC.
"""

import argparse
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from tools.measuring import (
    differences,
    likeliest_shares,
    machine,
    population_priors,
    svm_probabilities,
    table,
)
from tools.retrain import kept_apart

CONCENTRATIONS = {0.3: "very uneven", 1.0: "uneven"}  # of the Dirichlet distribution of mixes
N_LISTS, SIZE = 60, 1_000  # of each concentration; people of a list
MEASURES = [
    "accuracy, default priors and LinearSVC's own",
    "accuracy, mix estimated",
    "accuracy, true mix",
    "sum of the errors of the shares",
]


def accuracy(proba, y, classes):
    return np.mean(classes[proba.argmax(axis=1)] == y)


def lists_of(y, concentration):
    """Return the rows of the people of each list."""
    rng = np.random.RandomState(0)
    rows_of = [np.flatnonzero(y == label) for label in np.unique(y)]
    for _ in range(N_LISTS):
        mix = rng.dirichlet(np.full(len(rows_of), concentration))
        counts = rng.multinomial(SIZE, mix)
        yield np.concatenate([rng.choice(rows, n) for rows, n in zip(rows_of, counts, strict=True)])


def by_list(probas, y, classes):
    """Return the rows of a table of means over lists of uneven mixes."""
    own = {"ours": population_priors(classes), "svm": np.ones(len(classes))}
    rows = []
    for concentration, title in CONCENTRATIONS.items():
        found = {key: [] for key in own}
        for some in lists_of(y, concentration):
            labels = y[some]
            true = np.bincount(np.searchsorted(classes, labels), minlength=len(classes)) / SIZE
            for key, figures in found.items():
                proba = probas[key][some]
                mix = likeliest_shares(proba)
                right = [accuracy(proba * m, labels, classes) for m in (own[key], mix, true)]
                figures.append([*right, np.abs(mix - true).sum()])
        ours, svm = (np.array(found[key]).T for key in own)
        for measure, a, b in zip(MEASURES, ours, svm, strict=True):
            rows.append([title, measure, f"{a.mean():.4f}", f"{b.mean():.4f}", differences(a, b)])
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, help="folder for the scores of LinearSVC")
    args = parser.parse_args()
    print(machine())
    model, _, people = kept_apart.load()
    with threadpool_limits(1):
        svm = kept_apart.linear_scores("svm", people.names, args.cache)
    ours = kept_apart.scores_of(model, people.names)["as_written"]
    probas = {"ours": ours, "svm": svm_probabilities(svm["as_written"])}
    y, classes = people.labels, model.classes_
    print(f"\n{len(y):,} people of {len(np.unique(y))} nationalities, kept apart:\n")
    header = ["mixes", "", "sknames", "LinearSVC", "difference"]
    print(table(header, by_list(probas, y, classes)))


if __name__ == "__main__":
    main()
