"""How well people are told of whose names the shipped model has learned the parts.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_people.py --cache FILE``, with the wheel
of name2nat and Scid's file of players in SKNAMES_DATA. It trains LinearSVC on the names that the
shipped model has learned (20 minutes; --cache keeps its scores), and prints tables in Markdown.

The people are biographies that the recipe leaves over, since it takes at most so many of a
nationality. Their whole names are new to both models, in whatever order or spelling, while most of
the parts are not: the opposite of the model card's names, of which no part was learned.
"""

import argparse
from pathlib import Path

import numpy as np
from bench_accuracy import BASELINES, machine, standard_error, table
from bench_pretrained import SVM_SCALE
from scipy.special import softmax
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from sknames import load_pretrained
from sknames._priors import check_priors, estimate_priors, likelihood_ratios
from sknames._spelling import fold
from sknames.datasets import fetch_biographies
from sknames.pretrained._train import _person, training_names

LEAST, MOST = 400, 4_000  # people of a nationality; of those with fewer, mistakes are left over
CONCENTRATIONS = {0.3: "very uneven", 1.0: "uneven"}  # of the Dirichlet distribution of mixes
N_LISTS, SIZE = 60, 1_000  # of each concentration; people of a list
MEASURES = [
    "accuracy, default priors and LinearSVC's own",
    "accuracy, mix estimated",
    "accuracy, true mix",
    "sum of the errors of the shares",
]


def left_over(seen):
    """People of each nationality, in an order drawn at random."""
    names, labels = fetch_biographies(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(names))
    people = {_person(names[i]): i for i in order}
    rows = np.array([i for person, i in people.items() if person not in seen])
    kept = [rows[labels[rows] == label][:MOST] for label in np.unique(labels)]
    kept = np.concatenate([few for few in kept if len(few) >= LEAST])
    return names[kept], labels[kept]


def scores_of_svm(learned, spellings, cache):
    """Its classes, and its scores for the names in each spelling."""
    if cache is None or not cache.exists():
        model = clone(BASELINES["svm"][1]).set_params(tfidfvectorizer__min_df=3).fit(*learned)
        found = {key: model.decision_function(names) for key, names in spellings.items()}
        found["classes"] = model.classes_.astype(str)
        if cache is None:
            return found
        np.savez(cache, **found)
    return dict(np.load(cache))


def estimated(proba, weights):
    equal = np.full(proba.shape[1], 1 / proba.shape[1])
    return estimate_priors(likelihood_ratios(proba, equal), weights, equal)[0]


def hits(proba, mix, y):
    """Whether the first answer is right, and whether one of the first three is: (2, n)."""
    best = np.argsort(-proba * mix, axis=1, kind="stable")[:, :3] == y[:, None]
    return np.array([best[:, 0], best.any(axis=1)], dtype=float)


def difference(ours, theirs, weights):
    """The weighted mean of paired differences, with its standard error."""
    gaps = (ours - theirs) * weights
    return f"{gaps.mean():+.4f} ± {standard_error(gaps):.4f}"


def by_priors(probas, y, classes):
    """Rows of a table: each nationality weighs the same."""
    n_of = np.bincount(y, minlength=len(classes))
    weights = len(y) / np.count_nonzero(n_of) / n_of[y]
    mixes = {
        "equal; LinearSVC's own": lambda proba: np.ones(len(classes)),
        "default, both": lambda proba: check_priors("population", classes),
        "mix estimated, both": lambda proba: estimated(proba, weights),
        "true mix, both": lambda proba: n_of > 0,
    }
    rows = []
    for title, mix in mixes.items():
        found = {key: hits(proba, mix(proba), y) for key, proba in probas.items()}
        cells = [title]
        for key in ("ours", "svm"):
            cells.append(", ".join(f"{np.mean(hit * weights):.4f}" for hit in found[key]))
        cells.append(difference(found["ours"][0], found["svm"][0], weights))
        cells.append(difference(found["ours in ASCII"][0], found["svm in ASCII"][0], weights))
        rows.append(cells)
    return rows


def lists_of(y, concentration):
    """Rows of people for each list, and its mix."""
    rng, present = np.random.RandomState(0), np.unique(y)
    rows_of = [np.flatnonzero(y == k) for k in present]
    for _ in range(N_LISTS):
        mix = rng.dirichlet(np.full(len(present), concentration))
        counts = rng.multinomial(SIZE, mix)
        yield np.concatenate([rng.choice(rows, n) for rows, n in zip(rows_of, counts, strict=True)])


def by_list(probas, y, classes):
    """Rows of a table: means over lists of uneven mixes."""
    own = {"ours": check_priors("population", classes), "svm": np.ones(len(classes))}
    rows = []
    for concentration, title in CONCENTRATIONS.items():
        found = {key: [] for key in own}
        for some in lists_of(y, concentration):
            true = np.bincount(y[some], minlength=len(classes)) / SIZE
            for key, figures in found.items():
                proba = probas[key][some]
                mix = estimated(proba, np.ones(SIZE))
                right = [hits(proba, m, y[some])[0].mean() for m in (own[key], mix, true)]
                figures.append([*right, np.abs(mix - true).sum()])
        ours, svm = (np.array(found[key]).T for key in own)
        for measure, a, b in zip(MEASURES, ours, svm, strict=True):
            gap = difference(a, b, weights=1)
            rows.append([title, measure, f"{a.mean():.4f}", f"{b.mean():.4f}", gap])
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, help=".npz of LinearSVC's scores")
    args = parser.parse_args()
    learned = training_names()
    names, labels = left_over({_person(name) for name in learned[0]})
    ascii_names = np.array([fold(name) for name in names], dtype=object)
    spellings = {"as_written": names, "in_ascii": ascii_names}
    model = load_pretrained(priors="uniform")
    with threadpool_limits(1):
        svm = scores_of_svm(learned, spellings, args.cache)
    assert np.array_equal(svm["classes"], model.classes_)
    probas = {}
    for suffix, (key, spelled) in zip(["", " in ASCII"], spellings.items(), strict=True):
        probas["ours" + suffix] = model.predict_proba(spelled)
        probas["svm" + suffix] = softmax(SVM_SCALE * svm[key], axis=1)
    y = np.searchsorted(model.classes_, labels)

    print(f"{len(names):,} people of {len(np.unique(y))} nationalities; {machine()}\n")
    header = ["priors", "sknames: accuracy, top-3", "LinearSVC", "difference", "in ASCII"]
    print(table(header, by_priors(probas, y, model.classes_)), end="\n\n")
    header = ["mixes", "", "sknames", "LinearSVC", "difference"]
    print(table(header, by_list(probas, y, model.classes_)))


if __name__ == "__main__":
    main()
