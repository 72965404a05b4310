"""Measure coverage and error rates of models that abstain, for docs/abstaining.md.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_abstaining.py``, with the
training data of the shipped models in SKNAMES_DATA. It prints Markdown tables for the
nationality and the country model. ``--curve-only`` leaves out the tables of texts
without a label in the model. The people are held out by tools/retrain/kept_apart.py:
thresholds were chosen on one half of them, and results are reported for the other half.
"""

import argparse
from collections import defaultdict
from itertools import chain, product
from pathlib import Path

import numpy as np

from sknames import load_pretrained
from sknames._models.groups import M49, read_fallback
from sknames._models.priors import exchange_priors
from sknames._text.names import Names
from sknames._wrappers.risk_coverage import confidence_and_hits
from sknames.datasets import load_names
from sknames.pretrained._load_pretrained import RISK, TARGETS
from tools.measuring import machine, table, tempered_priors
from tools.retrain import kept_apart, recipe
from tools.retrain.biographies import read_biographies
from tools.retrain.card import has_new_words
from tools.retrain.risk_coverage import curve_of, weights_of
from tools.retrain.tables import read_table

EACH = 100  # people of each nationality that is not a label
N_STRINGS = 1_000
# Demonyms of countries with names of all origins, and demonyms that do not denote a
# nationality of ours.
NO_PEOPLE = (
    "American Australian British Canadian Dane Finn Pole Syriac Turk Vincentian".split()
)
NOT_PEOPLE = Path(__file__).with_name("not_people.csv")
# The default risk of each model, and a few others.
RISKS = sorted(
    {0.06, 0.1, 0.2}.union(*(of_targets.values() for of_targets in RISK.values()))
)


# ---- Names


def people_of_others():
    """Return names from biographies of nationalities that the model does not have."""
    sources = recipe.typical_people(load_names(script="all"))
    rng = np.random.RandomState(0)
    ours = chain.from_iterable(
        found for of in sources.values() for found in of.values()
    )
    seen = {*map(recipe.person_of, ours)}
    several = defaultdict(set)
    for name, demonym in zip(*read_biographies(raw=True), strict=True):
        several[name].add(demonym)
    known = {
        row["demonym"]: bool(row["nationality"]) for row in read_table("demonyms.csv")
    }
    rows = []
    for demonym in sorted(
        {d for d, is_ours in known.items() if not is_ours} - {*NO_PEOPLE}
    ):
        theirs = [
            name for name, of in several.items() if of == {demonym} and " " in name
        ]
        theirs = [name for name in theirs if recipe.person_of(name) not in seen]
        rows += rng.permutation(theirs)[:EACH].tolist()
    return rows


def not_people(kind):
    """Return the names of "places" or "companies"."""
    rows = (
        line.split(",") for line in NOT_PEOPLE.read_text(encoding="utf-8").splitlines()
    )
    return [name for found, name in rows if found == kind]


def random_strings():
    rng = np.random.RandomState(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = [
        "".join(rng.choice(letters, rng.randint(4, 11))) for _ in range(2 * N_STRINGS)
    ]
    return [f"{a} {b}".title() for a, b in zip(words[::2], words[1::2], strict=True)]


# ---- Held-out people: risk and coverage


def at_threshold(curve, threshold):
    """Return coverage and risk at a threshold as text, "-" if nobody reaches it."""
    rows = np.flatnonzero(curve.threshold >= threshold)
    return (
        f"{of[rows[-1]]:.3f}" if len(rows) else "-"
        for of in (curve.coverage, curve.risk)
    )


def by_level(proba, people, classes, priors, threshold):
    """Return shares predicted by label, subregion and region, and the error rate."""
    shifted = exchange_priors(proba, np.full(len(classes), 1 / len(classes)), priors)
    is_name = Names(people.names.tolist()).reasons == ""
    levels = read_fallback(M49, classes)
    y = people.labels
    confidence, hits = confidence_and_hits(shifted, is_name, y, classes, levels)
    weights = weights_of(y, classes, priors)
    answered = confidence > threshold
    level = np.where(answered.any(axis=1), answered.argmax(axis=1), -1)
    shares = [np.average(level == k, weights=weights) for k in range(1 + len(M49))]
    wrong = (
        weights @ ((level >= 0) & ~hits[np.arange(len(level)), level]) / weights.sum()
    )
    return [*(f"{share:.3f}" for share in shares), f"{wrong / sum(shares):.3f}"]


def tables_of_curves(target, model, choose, report):
    """Print coverages and risks of thresholds, without and with a fallback."""
    classes = model.classes_
    new = report.at(has_new_words(model, report))
    mixes = {
        "tempered": tempered_priors(classes),
        "uniform": model[-1].class_prior_,
    }
    groups = [(choose, "tempered"), *product((report, new), mixes)]
    proba = {id(people): model.predict_proba(people.names) for people, _ in groups}
    curves = [
        curve_of(proba[id(people)], people.names, people.labels, classes, mixes[priors])
        for people, priors in groups
    ]
    rows = []
    rows_with_fallback = []
    for risk in RISKS:
        try:
            threshold = load_pretrained(target, risk=risk).threshold_
            with_fallback = load_pretrained(target, risk=risk, fallback=[*M49])
        except ValueError:  # no threshold keeps the error rate below this risk
            continue
        if not threshold or not with_fallback.threshold_:  # even without abstaining
            continue
        cells = [at_threshold(curve, threshold) for curve in curves]
        rows.append(
            [f"{risk:.0%}", f"{threshold:.3f}", *(", ".join(cell) for cell in cells)]
        )
        threshold = with_fallback.threshold_
        cells = by_level(
            proba[id(report)], report, classes, mixes["tempered"], threshold
        )
        rows_with_fallback.append([f"{risk:.0%}", f"{threshold:.3f}", *cells])
    of = ["people", "people, uniform", "no known word", "no known word, uniform"]
    print("Each cell: coverage, risk.\n")
    print(table(["wanted risk", "threshold", "half that chose", *of], rows), end="\n\n")
    header = ["wanted risk, with fallback", "threshold", target, *M49, "wrong answers"]
    print(table(header, rows_with_fallback), end="\n\n")


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--curve-only",
        action="store_true",
        help="print only the tables of held-out people",
    )
    args = parser.parse_args()
    print(f"- {machine()}\n")
    loaded = {target: kept_apart.load(target) for target in TARGETS}
    for target, (model, choose, report, _) in loaded.items():
        n_people = len(choose.names) + len(report.names)
        print(f"### {n_people:,} held-out people, in two halves: {target}\n")
        tables_of_curves(target, model, choose, report)
    if not args.curve_only:
        tables_of_others(loaded[TARGETS[0]][2])


def tables_of_others(people):
    """Print how often the model predicts a label for texts without a right label.

    `people` are held-out people with labels of the model, for comparison.
    """
    model = load_pretrained(abstain=True)
    groups = {
        "people of others": people_of_others(),
        "random letters": random_strings(),
        "places": not_people("places"),
        "companies": not_people("companies"),
    }
    groups = {group: model.predict_proba(members) for group, members in groups.items()}
    known = model.predict_proba(people.names)
    weights = weights_of(people.labels, model.classes_, tempered_priors(model.classes_))
    print("### How many are answered\n")
    thresholds = [0, 0.5, model.threshold_, 0.9]
    rows = [["people of the 74", *answered(known, thresholds, weights)]]
    rows += [[group, *answered(proba, thresholds)] for group, proba in groups.items()]
    header = ["", "n", *(f"above {threshold:.2f}" for threshold in thresholds)]
    print(table(header, rows), end="\n\n")
    wrong = model.classes_[known.argmax(axis=1)] != people.labels
    for threshold in thresholds:
        some = known.max(axis=1) > threshold
        error = np.average(wrong[some], weights=weights[some])
        print(
            f"- above {threshold:.2f}, {error:.3f} of the answers for the 74 are wrong"
        )


def answered(proba, thresholds, weights=None):
    """Return the number of names, and the share of them above each threshold."""
    sure = proba.max(axis=1)
    shares = (np.average(sure > threshold, weights=weights) for threshold in thresholds)
    return [len(proba), *(f"{share:.2f}" for share in shares)]


if __name__ == "__main__":
    main()
