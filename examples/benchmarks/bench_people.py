"""How often the shipped recipe is right on people whose whole names are new, most parts known.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_people.py --cache folder``, with the
sources of the shipped model in SKNAMES_DATA. It prints tables in Markdown. The models are those of
held_out.py; --cache keeps their scores.
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
    top_3_hits,
)
from tools.retrain.held_out import scores_of, split

CONCENTRATIONS = {0.3: "very uneven", 1.0: "uneven"}  # of the Dirichlet distribution of mixes
N_LISTS, SIZE = 60, 1_000  # of each concentration; people of a list
MEASURES = [
    "accuracy, default priors and LinearSVC's own",
    "accuracy, mix estimated",
    "accuracy, true mix",
    "sum of the errors of the shares",
]


def hits(proba, mix, y, classes):
    """Return whether the first prediction is right, and one of the first three, (2, n)."""
    best = top_3_hits(proba * mix, y, classes)
    return np.array([best[:, 0], best.any(axis=1)], dtype=float)


def difference(ours, theirs):
    """Return the mean of paired differences with its standard error."""
    return differences(ours, theirs, np.zeros(len(ours), dtype=int))[0]


def by_priors(probas, y, classes):
    """Return the rows of a table in which all nationalities have equal weight."""
    labels, index, n_of = np.unique(y, return_inverse=True, return_counts=True)
    weights = len(y) / len(labels) / n_of[index]
    mixes = {
        "equal; LinearSVC's own": lambda proba: np.ones(len(classes)),
        "default, both": lambda proba: population_priors(classes),
        "mix estimated, both": lambda proba: likeliest_shares(proba, weights),
        "true mix, both": lambda proba: np.isin(classes, labels),
    }
    rows = []
    for title, mix in mixes.items():
        found = {key: hits(p, mix(p), y, classes) * weights for key, p in probas.items()}
        cells = [title]
        for key in ("ours", "svm"):
            cells.append(", ".join(f"{share:.4f}" for share in found[key].mean(axis=1)))
        for spelling in ("", " in ASCII"):
            cells.append(difference(found["ours" + spelling][0], found["svm" + spelling][0]))
        rows.append(cells)
    return rows


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
                right = [hits(proba, m, labels, classes)[0].mean() for m in (own[key], mix, true)]
                figures.append([*right, np.abs(mix - true).sum()])
        ours, svm = (np.array(found[key]).T for key in own)
        for measure, a, b in zip(MEASURES, ours, svm, strict=True):
            rows.append([title, measure, f"{a.mean():.4f}", f"{b.mean():.4f}", difference(a, b)])
    return rows


def report(title, y, classes, ours, svm):
    """Print both tables from sknames' probabilities and LinearSVC's scores."""
    probas = {}
    for suffix, key in {"": "as_written", " in ASCII": "in_ascii"}.items():
        probas["ours" + suffix] = ours[key]
        probas["svm" + suffix] = svm_probabilities(svm[key])
    print(f"\n{len(y):,} people of {len(np.unique(y))} nationalities, {title}:\n")
    header = ["priors", "sknames: accuracy, top-3", "LinearSVC", "difference", "in ASCII"]
    print(table(header, by_priors(probas, y, classes)), end="\n\n")
    header = ["mixes", "", "sknames", "LinearSVC", "difference"]
    print(table(header, by_list(probas, y, classes)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder for the scores")
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    print(machine())

    y = split(args.cache).people[1].astype(str)
    with threadpool_limits(1):
        classes, ours, _ = scores_of("ours", args.cache)
        svm = scores_of("svm", args.cache)[1]
    report("held out", y, classes, ours["people"], svm["people"])


if __name__ == "__main__":
    main()
