"""Measure what abstaining gains, and whether the shipped model detects unlisted nationalities.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_abstaining.py --cache folder``, with the
sources of the shipped model in SKNAMES_DATA, and the --cache of held_out.py in tools/retrain. It
prints tables in Markdown; ``--curve-only`` stops before those of unlisted nationalities. One half
of the people whose whole names were held out has chosen the thresholds; the other is reported.
"""

import argparse
from collections import defaultdict
from itertools import product
from pathlib import Path

import numpy as np
from scipy.special import log_softmax
from sklearn.metrics import roc_auc_score

from sknames import load_pretrained
from sknames._priors.priors import exchange_priors
from sknames.datasets import load_names
from sknames.pretrained._predict_sets import set_thresholds, sets_of
from tools.measuring import kept, machine, population_priors, table
from tools.retrain import recipe
from tools.retrain.biographies import read_biographies
from tools.retrain.held_out import halves_of_people, scores_of, split
from tools.retrain.risk_coverage import curve_of, weights_of
from tools.retrain.tables import read_table

EACH = 100  # people of a nationality and source
N_STRINGS = 1_000
# Demonyms of peoples with names of all origins, and demonyms that are not of a people.
NO_PEOPLE = "American Australian British Canadian Dane Finn Pole Syriac Turk Vincentian".split()
NOT_PEOPLE = Path(__file__).with_name("not_people.csv")
N_OTHERS = 15  # nationalities that are answered most often are printed
COVERAGES = [0.8, 0.9, 0.95]
LEAST_PEOPLE = 20  # of a nationality whose coverage counts
RISKS = [0.04, 0.06, 0.08, 0.1, 0.12, 0.14, 0.2]


# ---- Names


def unseen():
    """Return people of our nationalities and of others whose full names are not in training."""
    seen = {recipe.person_of(name) for name in recipe.training_names()[0]}
    lists, rng = load_names(script="all"), np.random.RandomState(0)
    groups = defaultdict(list)
    for names_of in recipe.typical_people(lists).values():
        for nationality, names in names_of.items():
            names = [name for name in names if recipe.person_of(name) not in seen]
            groups[nationality] += rng.permutation(names)[:EACH].tolist()
    names, demonyms = read_biographies(raw=True)
    several = defaultdict(set)
    for name, demonym in zip(names, demonyms, strict=True):
        several[name].add(demonym)
    ours = {row["demonym"]: bool(row["nationality"]) for row in read_table("demonyms.csv")}
    for demonym in sorted({d for d, is_ours in ours.items() if not is_ours} - {*NO_PEOPLE}):
        theirs = [name for name, of in several.items() if of == {demonym} and " " in name]
        theirs = [name for name in theirs if recipe.person_of(name) not in seen]
        groups[f"other: {demonym}"] += rng.permutation(theirs)[:EACH].tolist()
    rows = [(name, group) for group, found in sorted(groups.items()) for name in found]
    names, labels = np.array(rows).T
    return {"names": names, "labels": labels}


def not_people(kind):
    """Return the names of "places" or "companies"."""
    rows = (line.split(",") for line in NOT_PEOPLE.read_text(encoding="utf-8").splitlines())
    return [name for found, name in rows if found == kind]


def random_strings():
    rng = np.random.RandomState(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(rng.choice(letters, rng.randint(4, 11))) for _ in range(2 * N_STRINGS)]
    return [f"{a} {b}".title() for a, b in zip(words[::2], words[1::2], strict=True)]


# ---- Held-out names: risk against coverage


def at_threshold(curve, threshold):
    row = np.flatnonzero(curve.threshold >= threshold)[-1]
    return f"{curve.coverage[row]:.3f}", f"{curve.risk[row]:.3f}"


def sizes_of_sets(probabilities, _, labels, classes, priors, coverage, by_class):
    shifted = exchange_priors(probabilities, np.full(len(classes), 1 / len(classes)), priors)
    sets = sets_of(classes, shifted, set_thresholds(coverage, classes if by_class else ["all"]))
    weights = weights_of(labels, classes, priors)
    sizes = np.array([len(found) for found in sets])
    hits = [label in found for label, found in zip(labels, sets, strict=True)]
    shares = [np.average(x, weights=weights) for x in (hits, sizes, sizes == 1)]
    found, n_of = np.unique(labels, return_counts=True)
    of_class = [np.mean(np.array(hits)[labels == k]) for k in found[n_of >= LEAST_PEOPLE]]
    shares += [min(of_class), np.quantile(of_class, 0.1)]
    return [*(f"{share:.3f}" for share in shares), sizes.max()]


# ---- Scores to detect unlisted nationalities


def scores(model, names):
    """Return scores that are high for names of nationalities that the model knows."""
    classifier = model["classify"]
    X = model["encode"].transform(names)
    codes = classifier.network_.to_codes(X)
    probabilities = model.predict_proba(names)
    log_likelihood = next_character(classifier.weights_, codes)
    order = np.sort(probabilities, axis=1)
    return {
        "largest probability": order[:, -1],
        "largest minus second": order[:, -1] - order[:, -2],
        "minus entropy": (probabilities * np.log(np.maximum(probabilities, 1e-300))).sum(axis=1),
        "next character, mean log-likelihood": log_likelihood,
        "log of largest probability + next character": np.log(order[:, -1]) + log_likelihood,
    }


def next_character(weights, codes):
    """Return the mean log-likelihood of the characters after the first, and of the end."""
    w = {name: array.astype(float) for name, array in weights.items()}
    size = w["cells.0.weight_hh"].shape[1]
    h, total = np.zeros((len(codes), size)), np.zeros(len(codes))
    padded = np.column_stack([codes, np.zeros(len(codes), dtype=codes.dtype)]).astype(int)
    for now, after in zip(padded.T[:-1], padded.T[1:], strict=True):
        x = w["embedding"][now] @ w["cells.0.weight_ih"].T + w["cells.0.bias_ih"]
        g = h @ w["cells.0.weight_hh"].T + w["cells.0.bias_hh"]
        reset, update = (
            1 / (1 + np.exp(-(x[:, part] + g[:, part])))
            for part in (slice(size), slice(size, 2 * size))
        )
        new = np.tanh(x[:, 2 * size :] + reset * g[:, 2 * size :])
        alive = now != 0
        h = np.where(alive[:, None], new + update * (h - new), h)
        log_p = log_softmax(h @ w["next_symbol.weight"].T + w["next_symbol.bias"], axis=1)
        total += np.where(alive, log_p[np.arange(len(codes)), after], 0)
    return total / np.maximum(1, (codes != 0).sum(axis=1))


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True, help="of held_out.py")
    parser.add_argument("--curve-only", action="store_true", help="of the held-out names")
    args = parser.parse_args()
    print(f"- {machine()}\n")

    parts = split(args.cache)
    classes, choose, report = halves_of_people(args.cache)
    scores_by_test = scores_of("ours", args.cache)[1]
    names = (part.astype(str) for part in parts.words[:2])
    unknown = scores_by_test["words"]["as_written"], *names
    uniform = np.full(len(classes), 1 / len(classes))
    mixes = {"population": population_priors(classes), "uniform": uniform}
    groups = [(choose, "population"), *product((report, unknown), mixes)]
    curves = [curve_of(*names, classes, mixes[priors]) for names, priors in groups]
    n_people = len(choose[0]) + len(report[0])
    print(f"### {n_people:,} held-out people in two halves, and names of unknown parts\n")
    rows = []
    for risk in RISKS:
        try:
            threshold = load_pretrained(abstain=risk).threshold_
        except ValueError:  # not proven
            continue
        cells = [at_threshold(curve, threshold) for curve in curves]
        rows.append([f"{risk:.0%}", f"{threshold:.3f}", *(", ".join(cell) for cell in cells)])
    of = ["people", "people, uniform", "unknown parts", "unknown parts, uniform"]
    print("Each cell: coverage, risk.\n")
    print(table(["wanted risk", "threshold", "half that chose", *of], rows), end="\n\n")
    groups = {"people": report, "names of unknown parts": unknown}
    rows = [
        [group, priors, "each" if by_class else "all", f"{coverage:.0%}"]
        + sizes_of_sets(*names, classes, mixes[priors], coverage, by_class)
        for group, names in groups.items()
        for priors, by_class in (*product(mixes, [False]), ("population", True))
        for coverage in COVERAGES
    ]
    header = ["", "frequencies", "wanted of", "", "covered", "mean size", "of one"]
    header += ["worst nationality", "one in ten below", "largest"]
    print("### Prediction sets\n", table(header, rows), sep="\n", end="\n\n")
    if args.curve_only:
        return

    found = kept(args.cache / "unseen.npz", unseen)
    names, labels = found["names"], found["labels"]
    is_other = np.char.startswith(labels, "other: ")
    groups = {
        "people of the 74": names[~is_other].tolist(),
        "people of others": names[is_other].tolist(),
        "random letters": random_strings(),
        "places": not_people("places"),
        "companies": not_people("companies"),
    }
    model = load_pretrained(abstain=True)
    pipeline = model.estimator_.estimator
    found = {group: scores(pipeline, members) for group, members in groups.items()}
    known = found.pop("people of the 74")
    weights = weights_of(labels[~is_other], classes, mixes["population"])
    print("### AUROC of scores: people of the 74 nationalities against what is none of theirs\n")
    rows = [
        [score] + [f"{auroc(values, other[score], weights):.3f}" for other in found.values()]
        for score, values in known.items()
    ]
    print(table(["score", *found], rows), end="\n\n")

    print("### How many are answered\n")
    thresholds = [0, 0.5, model.threshold_, 0.9]
    rows, of_others = [], []
    for group, members in groups.items():
        sure = pipeline.predict_proba(members).max(axis=1)
        w = weights if group == "people of the 74" else np.ones(len(members))
        shares = [np.average(sure > threshold, weights=w) for threshold in thresholds]
        rows.append([group, len(members), *(f"{share:.2f}" for share in shares)])
    predicted = model.classes_[pipeline.predict_proba(names).argmax(axis=1)]
    sure = pipeline.predict_proba(names).max(axis=1)
    for other in np.unique(labels[is_other]):
        of = labels == other
        if of.sum() < EACH:
            continue
        values, counts = np.unique(predicted[of], return_counts=True)
        top = ", ".join(values[np.argsort(-counts)[:2]])
        shares = [np.mean(sure[of] > threshold) for threshold in thresholds]
        label = f"{other.removeprefix('other: ')} ({top})"
        of_others.append([label, of.sum(), *(f"{share:.2f}" for share in shares)])
    rows += sorted(of_others, key=lambda row: row[4], reverse=True)[:N_OTHERS]
    header = ["", "n", *(f"above {threshold:.2f}" for threshold in thresholds)]
    print(table(header, rows), end="\n\n")
    right = predicted[~is_other] == labels[~is_other]
    for threshold in thresholds:
        answered = sure[~is_other] > threshold
        error = 1 - np.average(right[answered], weights=weights[answered])
        print(f"- above {threshold:.2f}, {error:.3f} of the answers for the 74 are wrong")


def auroc(known, other, weights):
    """Return the AUROC with both groups weighted equally."""
    y = np.repeat([1, 0], [len(known), len(other)])
    both = np.concatenate([weights / weights.sum(), np.full(len(other), 1 / len(other))])
    return roc_auc_score(y, np.concatenate([known, other]), sample_weight=both)


if __name__ == "__main__":
    main()
