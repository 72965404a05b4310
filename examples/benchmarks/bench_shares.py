"""Measure the error of estimated shares of a list, and the gain of adapting to them.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_shares.py``, with the sources of the
shipped model in SKNAMES_DATA, for that model on people whom it never learned; ``--labels country``
is the same for the model of countries. ``--tutorial`` trains a model on four fifths of the
tutorial's names, and uses the others. It takes ten minutes and prints tables in Markdown.

It uses the artificial-prevalence protocol. The people are split in two halves. One gives what needs
labels (the confusion matrix of adjusted counting, the temperature). Mixes are drawn from a
Dirichlet distribution, and by each mix lists of people from the other half. ``--small``
measures lists of 3 to 1,000 distinct people instead.

``--mixes`` measures lists of 300 and 1,000 people of several mixes instead, in minutes. The people
are those of tools/retrain/kept_apart.py that are reported. The others of them have shown the bias
by class of the shipped model.
"""

import argparse

import numpy as np
from scipy.optimize import minimize_scalar, nnls
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold

from sknames import PriorShiftClassifier, estimate_shares, load_pretrained
from sknames._priors.priors import assumed_priors
from sknames._wrappers.grouped_classifier import group
from sknames.pretrained._load_pretrained import TARGETS
from tools.measuring import (
    clean_names,
    likeliest_shares,
    machine,
    ours,
    plain,
    population_priors,
    show,
    table,
)
from tools.retrain import kept_apart

LEAST = 15  # people of a nationality
SIZES = {100: 50, 1_000: 50, 10_000: 10}  # names of a list: how many lists
# Weights of nationalities in lists like real ones; the others are none in them.
EUROPE = """Albanian Belarusian Bosnian Bulgarian Croatian Czech Danish Dutch English Estonian
Finnish French German Greek Hungarian Irish Italian Latvian Lithuanian Macedonian Norwegian Polish
Portuguese Romanian Russian Scottish Serbian Slovak Slovenian Spanish Swedish Ukrainian""".split()
AFRICA = "Ethiopian Ghanaian Kenyan Malagasy Nigerian Rwandan Senegalese Ugandan Zambian".split()
MIXES = {
    "Europe, equal": dict.fromkeys(EUROPE, 1),
    "Africa, equal": dict.fromkeys(AFRICA, 1),
    "Nordic": {"Swedish": 7, "Danish": 5, "Norwegian": 5, "Finnish": 2, "Icelandic": 1},
    "Slavic": {"Russian": 6, "Ukrainian": 5, "Bulgarian": 2, "Serbian": 2, "Croatian": 2}
    | {"Belarusian": 2, "Macedonian": 1},
    "Asia": {"Chinese": 6, "Indian": 5, "Korean": 2, "Japanese": 2, "Vietnamese": 2}
    | {"Pakistani": 1, "Bengali": 1, "Nepali": 1},
    "football": {"Spanish": 5, "Portuguese": 4, "English": 3, "French": 2, "German": 2}
    | {"Italian": 2, "Dutch": 1, "Croatian": 1, "Nigerian": 1, "Senegalese": 1},
    "British Isles": {"English": 12, "Irish": 4, "Scottish": 3, "Indian": 1, "Pakistani": 1},
}
SIZES_OF_MIXES, N_LISTS = (300, 1_000), 10  # lists of each size and mix
HITS = ["as it is", "expectation maximisation", "adapted", "with a temperature", "the true mix"]
SMALL = {3: 400, 10: 300, 30: 200, 100: 100, 300: 50, 1_000: 20}


# ---- People with probabilities


def unseen_people(target):
    """Return probabilities of the shipped model, labels, and the assumed priors."""
    apart = kept_apart.load(target)[2]
    return people(load_pretrained(target), apart.names, apart.labels)


def tutorial():
    """Return the same for a model trained on four fifths of the tutorial's names."""
    names, labels = clean_names()
    cv = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    train, test = next(cv.split(names, labels, [plain(name) for name in names]))
    model = ours(random_state=0).fit(names[train], labels[train])
    return people(model, names[test], labels[test])


def people(model, names, labels):
    places = np.searchsorted(model.classes_, labels)
    many = np.bincount(places, minlength=len(model.classes_)) >= LEAST
    kept = many[places]
    return model.predict_proba(names[kept]), places[kept], assumed_priors(model, of_people=True)


def by_label(proba, labels, once=False):
    """Draw people of a nationality by their labels, each perhaps once at most."""

    def draw(k, n, rng):
        rows = np.flatnonzero(labels == k)
        return proba[rng.choice(rows, min(n, len(rows)) if once else n, replace=not once)]

    return draw


def by_probability(proba):
    """Draw people by the probabilities, as if the model were calibrated."""

    def draw(k, n, rng):
        return proba[rng.choice(len(proba), n, p=proba[:, k] / proba[:, k].sum())]

    return draw


# ---- Ways to estimate shares: one half of the people -> (probabilities, priors) -> shares


def counting(proba, supposed):
    return np.bincount(proba.argmax(axis=1), minlength=proba.shape[1]) / len(proba)


def mean_probability(proba, supposed):
    return proba.mean(axis=0)


def adjusted_counting(known, labels):
    """Solve confusion @ shares = counts, with shares that are not negative."""
    n = known.shape[1]
    confusion = np.eye(n)
    for k in np.unique(labels):
        confusion[:, k] = counting(known[labels == k], None)

    def adjusted(proba, supposed):
        shares = nnls(confusion, counting(proba, supposed))[0]
        return shares / shares.sum()

    return adjusted


class Answers(BaseEstimator):
    """Return given probabilities for the names a0, a1 and so on, like a fitted model."""

    def __init__(self, proba, class_prior):
        self.proba, self.class_prior_ = proba, class_prior
        self.classes_ = np.arange(proba.shape[1])

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return self.proba[[int(name[1:]) for name in X]]


def sknames_shares(proba, supposed, n_resamples=200):
    model, names = Answers(proba, supposed), numbered(proba)
    return estimate_shares(model, names, n_resamples=n_resamples, random_state=0)


def numbered(proba):
    return [f"a{row}" for row in range(len(proba))]


def adapted(proba, supposed):
    return (
        PriorShiftClassifier(FrozenEstimator(Answers(proba, supposed)))
        .fit(numbered(proba))
        .class_prior_
    )


def in_order(shares):
    return shares.share[np.argsort(shares.label)]


def maximum_likelihood(proba, supposed):
    return likeliest_shares(proba / supposed)


def sharpened(proba, supposed, temperature):
    """Return probabilities at a temperature, with the same assumed priors."""
    powers = (proba / supposed) ** (1 / temperature) * supposed
    return powers / powers.sum(axis=1, keepdims=True)


def best_temperature(known, labels, supposed):
    """Return the temperature with the smallest log loss, under the assumed priors."""
    weights = (supposed / np.maximum(1, np.bincount(labels, minlength=len(supposed))))[labels]
    found = minimize_scalar(
        lambda t: log_loss(
            labels,
            sharpened(known, supposed, t),
            sample_weight=weights,
            labels=np.arange(len(supposed)),
        ),
        bounds=(0.3, 3),
        method="bounded",
    )
    return found.x


# ---- Measuring


def draw_list(draw, counts, rng):
    """Return probabilities and nationalities of given numbers of people of each."""
    drawn = {k: draw(k, counts[k], rng) for k in np.flatnonzero(counts)}
    return np.concatenate([*drawn.values()]), np.repeat([*drawn], [*map(len, drawn.values())])


def measure(sizes, draw_known, draw, classes, supposed, alpha, rng):
    """Print errors of shares, accuracies and coverages by the size of the list.

    Labels come from the people of draw_known; lists are drawn from draw.
    """
    each = np.isin(np.arange(len(supposed)), classes) * 300
    known, labels = draw_list(draw_known, each, rng)
    temperature = best_temperature(known, labels, supposed)
    ways = {
        "counting": counting,
        "mean probability": mean_probability,
        "adjusted counting": adjusted_counting(known, labels),
        "expectation maximisation": maximum_likelihood,
    }
    errors, accuracies, coverages = [], [], []
    for n, n_lists in sizes.items():
        error = {way: [] for way in [*ways, "sknames", "sknames, with a temperature"]}
        hits = {name: [] for name in HITS}
        inside, inside_large = [], []
        for _ in range(n_lists):
            mix = np.zeros(len(supposed))
            mix[classes] = rng.dirichlet(np.full(len(classes), alpha))
            rows, y = draw_list(draw, rng.multinomial(n, mix), rng)
            cool = sharpened(rows, supposed, temperature)
            found = {way: estimate(rows, supposed) for way, estimate in ways.items()}
            shares = sknames_shares(rows, supposed)
            found["sknames"] = in_order(shares)
            found["sknames, with a temperature"] = in_order(sknames_shares(cool, supposed, 2))
            for way, share in found.items():
                error[way].append(np.abs(share - mix).sum())
            priors = supposed, found["expectation maximisation"], adapted(rows, supposed)
            under = [(rows, of) for of in (*priors, mix)]
            under.insert(3, (cool, adapted(cool, supposed)))
            for name, (answers, of) in zip(HITS, under, strict=True):
                hits[name].append(np.mean((answers * (of / supposed)).argmax(axis=1) == y))
            true = mix[shares.label]
            covers = (shares.low <= true) & (true <= shares.high)
            inside.append(covers[true > 0].mean())
            inside_large.append(covers[true > 0.02].mean())
        errors.append([f"{n:,}", *(show(values, 3) for values in error.values())])
        accuracies.append([f"{n:,}", *(show(values, 3) for values in hits.values())])
        coverages.append([f"{n:,}", show(inside, 3), show(inside_large, 3)])
    print(f"\nTemperature {temperature:.2f}.\n")
    print(table(["sum of absolute errors of the shares, names", *error], errors), end="\n\n")
    print(table(["accuracy, names", *hits], accuracies), end="\n\n")
    header = ["coverage of 95 % intervals, names", "all in the mix", "of a share above 2 %"]
    print(table(header, coverages), flush=True)


def mixes_of(target, classes):
    """Return weights of the classes by mix."""
    if target == "nationality":
        mixes = {name: np.array([m.get(c, 0) for c in classes]) for name, m in MIXES.items()}
    else:
        regions, shares = group("region", classes)
        mixes = {f"{name}, equal": shares[:, k] for k, name in enumerate(regions)}
    return mixes | {
        "all, equal": np.ones(len(classes)),
        "all, population": population_priors(classes),
    }


def measure_mixes(target, rng):
    """Print errors of shares and coverages, by mix, of lists of people kept apart."""
    model, apart = load_pretrained(target), kept_apart.load(target)[2]
    classes, population = model.classes_, population_priors(model.classes_)
    corrected = assumed_priors(model, of_people=True)
    proba, places = model.predict_proba(apart.names), np.searchsorted(classes, apart.labels)
    draw, n_of = by_label(proba, places), np.bincount(places, minlength=len(classes))
    mixes = mixes_of(target, classes)
    for n in SIZES_OF_MIXES:
        rows, every = [], []
        for name in [*mixes, "uneven"]:
            found = []
            for _ in range(N_LISTS):
                mix = mixes[name] if name in mixes else rng.dirichlet(np.full(len(classes), 0.3))
                mix = mix * (n_of > 0) / (mix * (n_of > 0)).sum()
                some, _ = draw_list(draw, rng.multinomial(n, mix), rng)
                shares = sknames_shares(some, corrected)
                true = mix[shares.label]
                covers = (shares.low <= true) & (true <= shares.high)
                plain_shares = in_order(sknames_shares(some, population, 2))
                errors = [counting(some, None), plain_shares, in_order(shares)]
                errors = [np.abs(share - mix).sum() for share in errors]
                large = covers[true > 0.02].mean() if (true > 0.02).any() else np.nan
                found.append([*errors, covers[true > 0].mean(), large])
            every.append(np.array(found).mean(axis=0))
            rows.append([name, *(f"{value:.3f}" for value in every[-1])])
        rows.append(["mean", *(f"{value:.3f}" for value in np.nanmean(every, axis=0))])
        header = ["counting", "without the bias", "estimate_shares", "covered", "above 2 %"]
        print(f"\n### Lists of {n:,} of {len(proba):,} people kept apart\n")
        print(table([f"sum of absolute errors, {N_LISTS} lists", *header], rows), flush=True)


def main():
    """Measure the chosen lists."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tutorial", action="store_true", help="instead of the shipped model")
    parser.add_argument("--small", action="store_true", help="lists of 3 to 1,000 people")
    parser.add_argument("--alpha", type=float, default=0.3, help="of the Dirichlet distribution")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--labels", choices=TARGETS, default=TARGETS[0], help="of which model")
    parser.add_argument("--mixes", action="store_true", help="lists of several mixes")
    args = parser.parse_args()
    print(f"- {machine()}")
    if args.mixes:
        measure_mixes(args.labels, np.random.default_rng(args.seed))
        return
    proba, labels, supposed = tutorial() if args.tutorial else unseen_people(args.labels)
    classes, rng = np.unique(labels), np.random.default_rng(args.seed)
    print(f"- {len(proba):,} people of {len(classes)} labels, Dirichlet({args.alpha})")
    print("\n### Real people")
    known = rng.random(len(labels)) < 0.5
    sizes = SMALL if args.small else SIZES
    of_known = by_label(proba[known], labels[known])
    draw = by_label(proba[~known], labels[~known], once=args.small)
    measure(sizes, of_known, draw, classes, supposed, args.alpha, rng)
    if args.small:
        return
    print("\n### A world in which the model is calibrated: people drawn by their probabilities")
    draw = by_probability(proba)
    measure(SIZES, draw, draw, classes, proba.mean(axis=0), args.alpha, rng)


if __name__ == "__main__":
    main()
