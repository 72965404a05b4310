"""Measure accuracy on people with new whole names but mostly familiar name parts.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_people.py --cache folder``, with the
wheel of name2nat and Scid's file of players in SKNAMES_DATA. It prints tables in Markdown, after
training LinearSVC three times and the recipe of the shipped model twice (two and a half hours;
--cache keeps the scores). The model card's names, in contrast, have no word seen in training.


1. People of all nationalities whose whole names neither model learns, in any spelling.
2. Biographies that the recipe leaves out, since it limits the number for each nationality: far more
   people, but only of the nationalities with the most names. Here sknames is the shipped model.
"""

import argparse
from pathlib import Path

import numpy as np
from bench_pretrained import SPELLINGS, scores_of
from common import (
    differences,
    estimate_mix,
    machine,
    population_priors,
    svm_probabilities,
    table,
    top_3_hits,
)
from threadpoolctl import threadpool_limits

from sknames import load_pretrained
from sknames.datasets import load_names
from tools.retrain import recipe
from tools.retrain.biographies import read_biographies
from tools.retrain.recipe import person_of

FOLDS = 2  # each with other people
PER_SOURCE, ONE_OF = 100, 10  # held out, of a nationality and source: one in ten, at most a hundred
LEAST, MOST = 400, 4_000  # left over, of a nationality; of those with fewer, mistakes are left over
CONCENTRATIONS = {0.3: "very uneven", 1.0: "uneven"}  # of the Dirichlet distribution of mixes
N_LISTS, SIZE = 60, 1_000  # of each concentration; people of a list
MEASURES = [
    "accuracy, default priors and LinearSVC's own",
    "accuracy, mix estimated",
    "accuracy, true mix",
    "sum of the errors of the shares",
]


def held_out(names, nationalities, sources, fold):
    """Return training rows without the whole names of some people, and these people.

    `sources` are dicts of names of people by nationality. Each `fold` holds out other people.
    """
    rng = np.random.RandomState(0)
    people = {}
    for nationality in sorted(set().union(*sources)):
        for names_of in sources:
            found = {person_of(name): name for name in names_of.get(nationality, []) if " " in name}
            found = [*found.items()]
            drawn = (found[i] for i in rng.permutation(len(found)))
            new = [(person, (name, nationality)) for person, name in drawn if person not in people]
            n = min(PER_SOURCE, len(found) // ONE_OF)
            people |= dict(new[fold * n : (fold + 1) * n])
    test = tuple(np.array([*people.values()], dtype=object).T)
    spellings = (str, recipe.initials, recipe.letters_only)
    orders = [order for name in test[0] for order in (name, recipe.turn(name))]
    spelled = {person_of(respell(name)) for name in orders for respell in spellings}
    kept = np.array([person_of(name.replace(",", "")) not in spelled for name in names])
    return (names[kept], nationalities[kept]), test


def left_over(seen, most=MOST):
    """Return names and nationalities of people, limited for each, in random order."""
    names, labels = read_biographies()
    order = np.random.RandomState(0).permutation(len(names))
    people = {person_of(names[i]): i for i in order}
    rows = np.array([i for person, i in people.items() if person not in seen])
    kept = [rows[labels[rows] == label][:most] for label in np.unique(labels)]
    kept = np.concatenate([few for few in kept if len(few) >= LEAST])
    return names[kept], labels[kept]


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
        "mix estimated, both": lambda proba: estimate_mix(proba, weights),
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
                mix = estimate_mix(proba)
                right = [hits(proba, m, labels, classes)[0].mean() for m in (own[key], mix, true)]
                figures.append([*right, np.abs(mix - true).sum()])
        ours, svm = (np.array(found[key]).T for key in own)
        for measure, a, b in zip(MEASURES, ours, svm, strict=True):
            rows.append([title, measure, f"{a.mean():.4f}", f"{b.mean():.4f}", difference(a, b)])
    return rows


def held_out_scores(key, folds, cache):
    """Return classes, and each person's scores by spelling, of the model that lacks the person."""
    found = [
        scores_of(key, f"held_out-{fold}", train, names, cache)
        for fold, (train, (names, _)) in enumerate(folds)
    ]
    scores = {key: np.concatenate([scores[key] for _, scores, _ in found]) for key in SPELLINGS}
    return found[0][0], scores


def shipped_scores(names):
    """Return the scores of the model that ships, as `scores_of` does."""
    model = load_pretrained(priors="uniform")
    spelled = {key: [respell(name) for name in names] for key, respell in SPELLINGS.items()}
    return model.classes_, {key: model.predict_proba(names) for key, names in spelled.items()}


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

    learned = recipe.training_names()
    sources = recipe.typical_people(load_names(script="all")).values()
    folds = [held_out(*learned, sources, fold) for fold in range(FOLDS)]
    y = np.concatenate([labels for _, (_, labels) in folds])
    with threadpool_limits(1):
        classes, ours = held_out_scores("ours", folds, args.cache)
        svm = held_out_scores("svm", folds, args.cache)[1]
    report("held out", y, classes, ours, svm)

    names, y = left_over({person_of(name) for name in learned[0]})
    with threadpool_limits(1):
        svm = scores_of("svm", "left_over", learned, names, args.cache)[1]
    report("left over by the recipe", y, *shipped_scores(names), svm)


if __name__ == "__main__":
    main()
