"""Measure the errors and coverage of estimated shares, rates and comparisons of lists.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_shares.py``, with the
training data of the shipped models in SKNAMES_DATA. It prints tables in Markdown for
the shipped nationality model, or the country model with ``--labels country``. Lists are
drawn from held-out people, see tools/retrain/kept_apart.py. The class bias of the
models was estimated on one half of them, and lists are drawn from the other half.

By default, the artificial-prevalence protocol is used. The people are split into two
halves. One of them is used by methods that need labels (the confusion matrix of
adjusted counting, the temperature). Mixes are drawn from a Dirichlet distribution, and
lists with each mix are drawn from the other half. ``--small`` measures lists of 3 to
1,000 distinct people instead, and ``--mixes`` lists of 300 and 1,000 people with
several fixed mixes.

Other options measure a given number of lists (of each length, source or kind):

- ``--europe 40``: 200 and 800 people of 24 countries, from the reported half of
  arczi21_test.tsv in SKNAMES_DATA/public, who are in no source of the training data;
- ``--clusters 40``: authors of papers, resampled by paper;
- ``--checked 40``: lists in which some rows have known labels;
- ``--rows 40``: the gain from each number of checked rows;
- ``--rates 40``: lists with an outcome;
- ``--few 40``: labels with few held-out people, compared with other labels;
- ``--lacking 40``: lists with people of countries that the model does not have;
- ``--sources 100``: lists of each source, where the class bias was estimated on the
  other sources. ``--write`` stores the coverage in the file of the bias, so that shares
  show it. ``--half choose --error 0.3`` is how the model error was chosen;
- ``--statistics 40``: functions of shares and rates by `sknames.estimate_statistic`,
  for new people of arczi21, and for goalscorers;
- ``--others 20``: a part of a list of 1,000 people compared with all other parts;
- ``--pairs 50``: pairs of lists: a list split at random, two mixes of one source, and
  one mix of two sources.

``--clusters`` to ``--lacking`` draw from one half of goalscorers.tsv in
SKNAMES_DATA/public, split by a hash of the name; ``--half choose`` uses the other half.
``--clusters`` with ``--people apart``, and ``--others``, draw from held-out people of
each source.
"""

import argparse
import json
import os
import warnings
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar, nnls
from sklearn.metrics import log_loss

from sknames import estimate_statistic, load_pretrained
from sknames._base.exact_limits import exact_interval
from sknames._base.labels_and_weights import MIN_HELD_OUT
from sknames._draws.mix import distinct_names, estimate_mix
from sknames._draws.resampling import Seeds
from sknames._lists.listed_model import errors_by_class
from sknames._models.groups import group_of_each
from sknames._models.stack import resolve
from sknames._results.parts import estimate_by
from sknames._results.rates import rates_of_list
from sknames._results.shares import shares_of_list
from sknames.pretrained._load_pretrained import FIGURES, FOLDER, TARGETS
from tools.measuring import (
    likeliest_shares,
    list_of_rows,
    machine,
    question_of,
    settings_of_shares,
    shares_of_rows,
    show,
    table,
    tempered_priors,
)
from tools.public_sets import is_reported, read_set
from tools.retrain import kept_apart
from tools.retrain.countries import nationalities_by_country
from tools.retrain.files import write_json
from tools.retrain.new_people import read_public, source_people
from tools.retrain.risk_coverage import OF_KNOWN_BIAS, class_bias

DATA = Path(os.environ.get("SKNAMES_DATA", "."))
LEAST = 15  # people of a label, for it to be in lists
SIZES = {100: 50, 1_000: 50, 10_000: 10}  # number of lists by number of names
# Weights of nationalities in lists similar to real ones. All others have weight 0.
EUROPE = """Albanian Belarusian Bosnian Bulgarian Croatian Czech Danish Dutch English
Estonian Finnish French German Greek Hungarian Irish Italian Latvian Lithuanian
Macedonian Norwegian Polish Portuguese Romanian Russian Scottish Serbian Slovak
Slovenian Spanish Swedish Ukrainian""".split()
AFRICA = """Ethiopian Ghanaian Kenyan Malagasy Nigerian Rwandan Senegalese Ugandan
Zambian""".split()
MIXES = {
    "Europe, equal": dict.fromkeys(EUROPE, 1),
    "Africa, equal": dict.fromkeys(AFRICA, 1),
    "Nordic": {"Swedish": 7, "Danish": 5, "Norwegian": 5, "Finnish": 2, "Icelandic": 1},
    "Slavic": {
        "Russian": 6,
        "Ukrainian": 5,
        "Bulgarian": 2,
        "Serbian": 2,
        "Croatian": 2,
    }
    | {"Belarusian": 2, "Macedonian": 1},
    "Asia": {"Chinese": 6, "Indian": 5, "Korean": 2, "Japanese": 2, "Vietnamese": 2}
    | {"Pakistani": 1, "Bengali": 1, "Nepali": 1},
    "football": {"Spanish": 5, "Portuguese": 4, "English": 3, "French": 2, "German": 2}
    | {"Italian": 2, "Dutch": 1, "Croatian": 1, "Nigerian": 1, "Senegalese": 1},
    "British Isles": {
        "English": 12,
        "Irish": 4,
        "Scottish": 3,
        "Indian": 1,
        "Pakistani": 1,
    },
}
SIZES_OF_MIXES = (300, 1_000)
N_LISTS = 10  # lists of each size and mix
HITS = [
    "as it is",
    "expectation maximisation",
    "adapted",
    "with a temperature",
    "the true mix",
]
# Numbers of names in the lists of a pair; largest number of labels in a mix; least
# number of people of each label.
PAIRS = [(100, 100), (100, 1_000), (500, 500), (1_000, 1_000)]
MOST_LABELS = 25
LEAST_OF_PAIRS = 15
LEAST_OF_SOURCE = 1_000  # people of a source, for it to be used
KINDS = "a list split at random", "two mixes of a source", "a mix of two sources"
DESIGNS = ("clusters", "checked", "rows", "rates", "statistics", "few", "lacking")
DESIGNS += ("europe", "others")
SIZES_IN_EUROPE = 200, 800
NAMES_WITH_OTHERS = 1_000
WEIGHTS_OF_PARTS = (0.02, 0.05, 0.2, 0.5, 0.8, 0.95)
N_OTHER_PARTS = 3
# Lists of one source: requested and least number of names; least number of people of a
# label; largest share of them in a list; and least number of intervals of a label, for
# its coverage to be shown.
LENGTHS = {800: 350, 10_000: 900}
LEAST_OF_LISTS = 5
MOST_TAKEN = 0.7
LEAST_INTERVALS = 8
SMALL = {3: 400, 10: 300, 30: 200, 100: 100, 300: 50, 1_000: 20}


# ---- People with probabilities


def unseen_people(target, least=LEAST):
    """Return probabilities of the shipped model, label indices, sources and settings.

    The people are held-out people of labels with at least `least` people. The settings
    are those of `settings_of_shares`.
    """
    model = load_pretrained(target)
    apart = kept_apart.load(target)[2]
    places = np.searchsorted(model.classes_, apart.labels)
    kept = (np.bincount(places, minlength=len(model.classes_)) >= least)[places]
    settings = settings_of_shares(resolve(model))
    return (
        model.predict_proba(apart.names)[kept],
        places[kept],
        apart.sources[kept],
        settings,
    )


def by_label(proba, labels, once=False):
    """Return a function that draws probabilities of n people of a label k.

    With `once`, a person is drawn at most once.
    """

    def draw(k, n, rng):
        rows = np.flatnonzero(labels == k)
        return proba[
            rng.choice(rows, min(n, len(rows)) if once else n, replace=not once)
        ]

    return draw


# ---- Methods that estimate shares: functions of probabilities and their priors


def counting(proba, supposed):
    return np.bincount(proba.argmax(axis=1), minlength=proba.shape[1]) / len(proba)


def mean_probability(proba, supposed):
    return proba.mean(axis=0)


def adjusted_counting(known, labels):
    """Return a method that solves confusion @ shares = counts for shares >= 0.

    The confusion matrix is that of the people `known`, with these labels.
    """
    n = known.shape[1]
    confusion = np.eye(n)
    for k in np.unique(labels):
        confusion[:, k] = counting(known[labels == k], None)

    def adjusted(proba, supposed):
        shares = nnls(confusion, counting(proba, supposed))[0]
        return shares / shares.sum()

    return adjusted


def sknames_shares(proba, assumed, n_draws=200):
    classes = np.arange(proba.shape[1])
    return shares_of_rows(proba, classes, asked={"n_draws": n_draws}, **assumed)


def adapted(proba, supposed, power=1.0):
    names = distinct_names(proba, np.ones(len(proba)), supposed, sharpness=power)
    return estimate_mix(names, supposed).priors


def in_order(shares):
    return shares.share[np.argsort(shares.label)]


def maximum_likelihood(proba, supposed):
    return likeliest_shares(proba / supposed)


def sharpened(proba, supposed, temperature):
    """Return probabilities at a temperature, under the same priors."""
    powers = (proba / supposed) ** (1 / temperature) * supposed
    return powers / powers.sum(axis=1, keepdims=True)


def best_temperature(known, labels, supposed):
    """Return the temperature with the lowest log loss, if labels follow the priors."""
    weights = (supposed / np.maximum(1, np.bincount(labels, minlength=len(supposed))))[
        labels
    ]
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
    """Return probabilities and labels of `counts` people of each label."""
    drawn = {k: draw(k, counts[k], rng) for k in np.flatnonzero(counts)}
    return np.concatenate([*drawn.values()]), np.repeat(
        [*drawn], [*map(len, drawn.values())]
    )


def drawable(sizes, mixes, n_of_label):
    """Return mixes limited by the numbers of people that labels have."""
    mixes = np.minimum(sizes * mixes, n_of_label)
    return mixes / mixes.sum(axis=-1, keepdims=True)


def measure(sizes, draw_known, draw, most, classes, assumed, alpha, rng):
    """Print errors of shares, accuracies and coverages by the size of the list.

    Methods that need labels use people of `draw_known`, and lists are drawn by `draw`.
    `most` is the number of people of each label that a list can have.
    """
    supposed = assumed["assumed_prior"]
    power = assumed["sharpness"]
    each = np.isin(np.arange(len(supposed)), classes) * 300
    known, labels = draw_list(draw_known, each, rng)
    temperature = best_temperature(known, labels, supposed)
    ways = {
        "counting": counting,
        "mean probability": mean_probability,
        "adjusted counting": adjusted_counting(known, labels),
        "expectation maximisation": maximum_likelihood,
    }
    errors = []
    accuracies = []
    coverages = []
    for n, n_lists in sizes.items():
        error = {way: [] for way in [*ways, "sknames", "sknames, with a temperature"]}
        hits = {name: [] for name in HITS}
        inside = []
        inside_large = []
        for _ in range(n_lists):
            mix = np.zeros(len(supposed))
            mix[classes] = rng.dirichlet(np.full(len(classes), alpha))
            rows, y = draw_list(draw, rng.multinomial(n, mix), rng)
            mix = drawable(n, mix, most)
            cool = sharpened(rows, supposed, temperature)
            found = {way: estimate(rows, supposed) for way, estimate in ways.items()}
            shares = sknames_shares(rows, assumed)
            found["sknames"] = in_order(shares)
            found["sknames, with a temperature"] = in_order(
                sknames_shares(cool, assumed)
            )
            for way, share in found.items():
                error[way].append(np.abs(share - mix).sum())
            priors = (
                supposed,
                found["expectation maximisation"],
                adapted(rows, supposed, power),
            )
            under = [(rows, of) for of in (*priors, mix)]
            under.insert(3, (cool, adapted(cool, supposed, power)))
            for name, (answers, of) in zip(HITS, under, strict=True):
                hits[name].append(
                    np.mean((answers * (of / supposed)).argmax(axis=1) == y)
                )
            true = mix[shares.label]
            covers = (shares.low <= true) & (true <= shares.high)
            inside.append(covers[true > 0].mean())
            inside_large.append(covers[true > 0.02].mean())
        errors.append([f"{n:,}", *(show(values, 3) for values in error.values())])
        accuracies.append([f"{n:,}", *(show(values, 3) for values in hits.values())])
        coverages.append([f"{n:,}", show(inside, 3), show(inside_large, 3)])
    print(f"\nTemperature {temperature:.2f}.\n")
    print(
        table(["sum of absolute errors of the shares, names", *error], errors),
        end="\n\n",
    )
    print(table(["accuracy, names", *hits], accuracies), end="\n\n")
    header = [
        "coverage of 95 % intervals, names",
        "all in the mix",
        "of a share above 2 %",
    ]
    print(table(header, coverages), flush=True)


def mixes_of(target, classes):
    """Return the weights of all classes in each mix, a dict by title."""
    if target == "nationality":
        mixes = {
            name: np.array([m.get(c, 0) for c in classes]) for name, m in MIXES.items()
        }
    else:
        regions = group_of_each("region", classes)
        mixes = {
            f"{name}, equal": (regions == name).astype(int)
            for name in np.unique(regions)
        }
    return mixes | {
        "all, equal": np.ones(len(classes)),
        "all, tempered": tempered_priors(classes),
    }


def measure_mixes(target, rng):
    """Print errors of shares and coverages by mix, for lists of held-out people."""
    proba, places, _, assumed = unseen_people(target, 1)
    classes = load_pretrained(target).classes_
    bare = assumed | {"assumed_prior": tempered_priors(classes)}
    draw = by_label(proba, places)
    n_of = np.bincount(places, minlength=len(classes))
    mixes = mixes_of(target, classes)
    for n in SIZES_OF_MIXES:
        rows = []
        every = []
        for name in [*mixes, "uneven"]:
            found = []
            for _ in range(N_LISTS):
                mix = (
                    mixes[name]
                    if name in mixes
                    else rng.dirichlet(np.full(len(classes), 0.3))
                )
                mix = mix * (n_of > 0) / (mix * (n_of > 0)).sum()
                some, _ = draw_list(draw, rng.multinomial(n, mix), rng)
                shares = sknames_shares(some, assumed)
                true = mix[shares.label]
                covers = (shares.low <= true) & (true <= shares.high)
                plain_shares = in_order(sknames_shares(some, bare))
                errors = [counting(some, None), plain_shares, in_order(shares)]
                errors = [np.abs(share - mix).sum() for share in errors]
                large = covers[true > 0.02].mean() if (true > 0.02).any() else np.nan
                found.append([*errors, covers[true > 0].mean(), large])
            every.append(np.array(found).mean(axis=0))
            rows.append([name, *(f"{value:.3f}" for value in every[-1])])
        rows.append(["mean", *(f"{value:.3f}" for value in np.nanmean(every, axis=0))])
        header = [
            "counting",
            "without the bias",
            "estimate_shares",
            "covered",
            "above 2 %",
        ]
        print(f"\n### Lists of {n:,} of {len(proba):,} held-out people\n")
        print(
            table([f"sum of absolute errors, {N_LISTS} lists", *header], rows),
            flush=True,
        )


def draw_pair(kind, sizes, labels, sources, n_classes, rng):
    """Return the rows of two lists, and the mixes; rows of a list are distinct."""
    known, n_of_source = np.unique(sources, return_counts=True)
    first, second = rng.choice(known[n_of_source >= LEAST_OF_SOURCE], 2, replace=False)
    found_in = [sources == first, sources == (second if kind == KINDS[2] else first)]
    there = np.array(
        [np.bincount(labels[rows], minlength=n_classes) for rows in found_in]
    )
    common = rng.permutation(np.flatnonzero(there.min(axis=0) >= LEAST_OF_PAIRS))[
        :MOST_LABELS
    ]
    mixes = np.zeros((2, n_classes))
    mixes[:, common] = rng.dirichlet(np.full(len(common), 0.5), 2)
    if kind != KINDS[1]:
        mixes[1] = mixes[0]
    sizes = [sum(sizes)] * 2 if kind == KINDS[0] else sizes
    lists = []
    for rows, n_of, mix, n in zip(found_in, there, mixes, sizes, strict=True):
        counts = np.minimum(rng.multinomial(n, mix), n_of)
        of = (np.flatnonzero(rows & (labels == k)) for k in range(n_classes))
        drawn = [
            rng.permutation(people)[:count]
            for people, count in zip(of, counts, strict=True)
        ]
        lists.append(rng.permutation(np.concatenate(drawn)))
    return lists, drawable(np.array(sizes)[:, None], mixes, there)


def measure_pairs(target, n_pairs, rng):
    """Print coverage and errors of comparisons by kind of pair and number of names."""
    proba, labels, sources, assumed = unseen_people(target, 1)
    table_rows = []
    for kind, sizes in product(KINDS, PAIRS):
        measured = []
        for _ in range(n_pairs):
            lists, mixes = draw_pair(kind, sizes, labels, sources, proba.shape[1], rng)
            if kind == KINDS[0]:
                lists = np.split(lists[0], [len(lists[0]) * sizes[0] // sum(sizes)])
                mixes = mixes[[0, 0]]
            one, other = (sknames_shares(proba[rows], assumed, 300) for rows in lists)
            is_same = kind != KINDS[2]
            found, wide = (
                one.compare(other, same_source=same) for same in (is_same, not is_same)
            )
            true = (mixes[0] - mixes[1])[found.label]
            large = mixes.max(axis=0)[found.label] > 0.02
            covers = ((found.low <= true) & (true <= found.high))[large].mean()
            widths = [(t.high - t.low)[large].mean() for t in (found, wide)]
            is_wrong = (found.sure & (found.difference * true <= 0)).any()
            measured.append([covers, *widths, is_wrong, found.sure.sum()])
        means = [f"{mean:.3f}" for mean in np.mean(measured, axis=0)]
        table_rows.append([kind, " and ".join(f"{n:,}" for n in sizes), *means])
    header = [
        "pair",
        "names",
        "covered",
        "width",
        "the other way",
        "a sure one is wrong",
    ]
    print(f"\n### {n_pairs} pairs of each kind, {target}\n")
    print(table([*header, "sure ones"], table_rows), flush=True)


def rows_of_labels(labels, counts, rng, once):
    """Return random rows of each label, as many as `counts` says, in order of labels.

    With `once`, rows are distinct, so there may be fewer.
    """
    drawn = []
    for label in np.flatnonzero(counts):
        rows = np.flatnonzero(labels == label)
        n = min(counts[label], len(rows)) if once else counts[label]
        drawn += rng.choice(rows, n, replace=not once).tolist()
    return np.array(drawn)


# ---- Lists of one source, with the class bias of other sources


@dataclass(frozen=True)
class Source:
    """People of one source, with settings that were estimated on other sources.

    Parameters
    ----------
    name : str
    proba : ndarray of shape (n_people, n_classes)
        Probabilities under uniform priors.
    labels : ndarray of shape (n_people,) of int
        Indices of labels.
    settings : dict
        Fields of `ListedModel`, see `settings_of_shares`.
    """

    name: str
    proba: np.ndarray
    labels: np.ndarray
    settings: dict

    def draw(self, size, regions, is_of_region, alpha, rng):
        """Return the distinct rows of a list, and the mix from which it was drawn.

        The shares of labels with few people are limited.
        """
        counts = np.bincount(self.labels, minlength=len(regions))
        can = counts >= LEAST_OF_LISTS
        if is_of_region:
            found, n_labels = np.unique(regions[can], return_counts=True)
            can &= regions == rng.choice(found[n_labels > 1])
        mix = np.zeros(len(regions))
        mix[can] = rng.dirichlet(np.full(can.sum(), alpha))
        expected = np.minimum(size * mix, MOST_TAKEN * counts)
        mix = expected / expected.sum()
        drawn = rng.multinomial(int(expected.sum()), mix)
        while (drawn > counts).any():
            drawn = rng.multinomial(int(expected.sum()), mix)
        return rows_of_labels(self.labels, drawn, rng, once=True), mix


def sources_of(target, half, error):
    """Yield each large source of held-out people, and the new people of public sets.

    `error` is the model error of a class whose bias is known.
    """
    model, _, _, (choosing, reported) = kept_apart.load(target)
    classes = model.classes_
    stack = resolve(load_pretrained(target, priors="uniform"))
    shipped = settings_of_shares(stack)
    shipped["model_error"] = errors_by_class(error, stack.assumed.measured.n_people)
    proba = model.predict_proba(choosing.names)
    people = choosing if half == "choose" else reported
    for source, n in zip(*np.unique(people.sources, return_counts=True), strict=True):
        if n < LEAST_OF_SOURCE or source == "names in Arabic":
            continue
        other = choosing.sources != source
        labels = choosing.labels[other]
        prior = np.exp(-class_bias(proba[other], labels, classes))
        n_people = np.bincount(np.searchsorted(classes, labels), minlength=len(classes))
        errors = errors_by_class(error, 2 * n_people)  # as if both halves were used
        settings = {"assumed_prior": prior / prior.sum(), "model_error": errors}
        here = people.at(people.sources == source)
        index = np.searchsorted(classes, here.labels)
        of_source = model.predict_proba(here.names)
        yield Source(source, of_source, index, shipped | settings)
    known = source_people()
    for name in ("arczi21", "goalscorers"):
        public = read_public(name, known)
        labels = np.array(as_labels(target, public.countries.tolist()))
        is_here = public.is_new & (public.is_reported == (half == "report"))
        is_here &= np.isin(labels, classes)
        index = np.searchsorted(classes, labels[is_here])
        of_source = model.predict_proba(public.names[is_here])
        yield Source(name, of_source, index, shipped)


def measure_sources(target, half, n_lists, error, is_written, rng):
    """Print the coverage of shares above 2 % by source and length of lists."""
    classes = load_pretrained(target).classes_
    regions = group_of_each("region", classes)
    subregions = group_of_each("subregion", classes)
    members = {name: np.flatnonzero(subregions == name) for name in {*subregions}}
    enough = resolve(load_pretrained(target)).assumed.measured.n_people >= MIN_HELD_OUT
    rows, coverages = [], []
    for source in sources_of(target, half, error):
        for size, least in LENGTHS.items():
            lists = []
            k = 0
            while len(lists) < n_lists:
                alpha = (1.0, 0.3)[k // 2 % 2]
                drawn, mix = source.draw(size, regions, k % 2 == 1, alpha, rng)
                k += 1
                if len(drawn) >= least:
                    shares = sknames_shares(source.proba[drawn], source.settings)
                    lists.append((len(drawn), shares, mix[shares.label]))
            row, coverage = judge_lists(lists, enough, classes, members)
            rows.append([source.name, *row])
            coverages.append(coverage)
    print(f"\n### {n_lists} lists of each source and length, {target}\n")
    header = ["source", "names", "covered above 2 %", "tenth percentile of labels"]
    header += ["labels under .8", "width", "subregions above 2 % covered", "width"]
    print(table(header, rows))
    coverage = np.mean(coverages)
    print(f"\nMean of sources and lengths: {coverage:.3f}", flush=True)
    if is_written:
        write_coverage(target, coverage)


def judge_lists(lists, enough, classes, members):
    """Return the cells of a row, and the mean coverage.

    `lists` has tuples of number of names, estimated shares and true shares. `enough` is
    a mask of the classes with at least 20 held-out people, and `members` has the
    classes of each subregion.
    """
    covered, widths, groups_covered, group_widths = [], [], [], []
    of_label = [[] for _ in classes]
    for _, shares, true in lists:
        is_large = (true > 0.02) & enough[shares.label]
        is_held = covers(shares, true)
        if is_large.any():
            covered.append(is_held[is_large].mean())
        widths += (shares.high - shares.low)[is_large].tolist()
        for row in np.flatnonzero(is_large):
            of_label[shares.label[row]].append(is_held[row])
        true_of = dict(zip(shares.label, true, strict=True))
        groups = shares.sums(members)
        true_groups = []
        for name in groups.label:
            true_groups.append(sum(true_of[label] for label in groups.members[name]))
        is_large = np.array(true_groups) > 0.02
        groups_covered.append(covers(groups, np.array(true_groups))[is_large].mean())
        group_widths += (groups.high - groups.low)[is_large].tolist()
    means = {}
    for label, held in zip(classes.tolist(), of_label, strict=True):
        if len(held) >= LEAST_INTERVALS:
            means[label] = np.mean(held)
    low = [f"{label} {mean:.2f}" for label, mean in means.items() if mean < 0.8]
    tenth = f"{np.quantile([*means.values()], 0.1):.2f}" if means else "-"
    n_names = f"{np.median([n for n, _, _ in lists]):,.0f}"
    cells = [n_names, show(covered, 3), tenth, ", ".join(low) or "none"]
    cells.append(f"{np.mean(widths):.3f}")
    cells += [show(groups_covered, 3), f"{np.mean(group_widths):.3f}"]
    return cells, np.mean(covered)


def write_coverage(target, coverage):
    """Write the coverage of a shipped model into its measured.json."""
    path = FOLDER / target / FIGURES
    measured = json.loads(path.read_text(encoding="utf-8"))
    write_json(path, measured | {"coverage": round(coverage, 4)})


# ---- Papers, checked rows and outcomes


@dataclass(frozen=True)
class People:
    """People with their true labels and the probabilities of the model.

    Parameters
    ----------
    names : ndarray of shape (n_people,) of str
    labels : ndarray of shape (n_people,) of int
        Indices of labels in `classes`.
    classes : ndarray of shape (n_labels,)
        Labels of the model, followed by labels that the model does not have.
    proba : ndarray of shape (n_people, n_known)
        Probabilities of the labels of the model.
    settings : dict
        Fields of `ListedModel`, see `settings_of_shares`.
    """

    names: np.ndarray
    labels: np.ndarray
    classes: np.ndarray
    proba: np.ndarray
    settings: dict

    @classmethod
    def of(cls, target, names, labels):
        """Return people with the probabilities of the shipped model."""
        model = load_pretrained(target)
        known = model.classes_.tolist()
        classes = np.array([*known, *sorted({*labels} - {*known})])
        index_of = {label: k for k, label in enumerate(classes.tolist())}
        index = np.array([index_of[label] for label in labels])
        settings = settings_of_shares(resolve(model))
        return cls(names, index, classes, model.predict_proba(names), settings)

    @property
    def known(self):
        """The labels of the model."""
        return self.classes[: self.proba.shape[1]]

    @property
    def is_known(self):
        """Mask of the people whose labels the model has."""
        return self.labels < len(self.known)

    def shares(self, people, n_draws=1000, **given):
        """Estimate the shares of a list of people, given as indices."""
        given = {"ids": people} | given
        asked = {"n_draws": n_draws}
        return shares_of_rows(
            self.proba[people], self.known, given, asked, **self.settings
        )

    def rates(self, people, outcome, n_draws=200):
        """Estimate the rates of an outcome in a list of people, given as indices."""
        given = {"ids": people, "outcomes": outcome}
        names = list_of_rows(self.proba[people], self.known, given, **self.settings)
        question = question_of(n_draws=n_draws)
        return rates_of_list(names, Seeds(question, names))

    def draw(self, counts, rng, once=False):
        """Return indices of people of each label, as many as `counts` says, shuffled.

        With `once`, people are distinct, so there may be fewer.
        """
        return rng.permutation(rows_of_labels(self.labels, counts, rng, once))

    def at(self, labels):
        """Return the indices of labels in `classes`."""
        index_of = {label: k for k, label in enumerate(self.classes.tolist())}
        return np.array([index_of[label] for label in labels.tolist()])


def covers(shares, true):
    """Return whether intervals cover the true values."""
    return (shares.low <= true) & (true <= shares.high)


def in_half(names, half):
    """Return a mask of the names in a half, "report" or "choose"."""
    return np.array([is_reported(name) for name in names]) == (half == "report")


def as_labels(target, countries):
    """Return a model's labels for countries; countries without a label stay codes."""
    if target == "country":
        return countries
    nationality_of = nationalities_by_country()
    return [nationality_of.get(country, country) for country in countries]


def goalscorers(target, half):
    """Return one half of the goalscorers, and their countries."""
    names, countries = read_set(DATA, "goalscorers")
    rows = in_half(names, half)
    names = names[rows]
    countries = countries[rows].tolist()
    return People.of(target, names, as_labels(target, countries)), np.array(countries)


def new_people(target, people, half):
    """Return the people of one half of a `PublicSet` who are in no source."""
    rows = people.is_new & (people.is_reported == (half == "report"))
    countries = people.countries[rows].tolist()
    return People.of(target, people.names[rows], as_labels(target, countries))


def people_apart(target, half):
    """Yield the name and the held-out people of each large source."""
    _, choose, report, _ = kept_apart.load(target)
    people = report if half == "report" else choose
    for source in np.unique(people.sources):
        rows = people.sources == source
        if rows.sum() >= LEAST_OF_SOURCE:
            yield source, People.of(target, people.names[rows], people.labels[rows])


def draw_mix(labels, alpha, rng):
    """Draw shares of the labels with 15 people or more, (n_labels,)."""
    n_of_label = np.bincount(labels)
    mix = np.zeros(len(n_of_label))
    common = np.flatnonzero(n_of_label >= LEAST)
    mix[common] = rng.dirichlet(np.full(len(common), alpha))
    return mix


def draw_papers(labels, mix, n_papers, rng, alike=0.75):
    """Draw papers of 2 to 5 authors, mostly of one label; return authors and papers."""
    people_of = [np.flatnonzero(labels == k) for k in range(len(mix))]
    people = []
    papers = []
    for paper in range(n_papers):
        first = rng.choice(len(mix), p=mix)
        for _ in range(rng.integers(2, 6)):
            is_alike = rng.random() < alike
            label = first if is_alike else rng.choice(len(mix), p=mix)
            people.append(rng.choice(people_of[label]))
            papers.append(paper)
    return np.array(people), np.array(papers)


def measure_clusters(people, n_pairs, rng):
    """Print coverage, and false and missed differences, of pairs of lists of papers.

    "names" ignores papers, and "papers" uses them as clusters. "apart" draws the same
    number of names independently.
    """
    labels = np.where(people.is_known, people.labels, -1)
    measured = {"apart": [], "names": [], "papers": []}
    for pair in range(n_pairs):
        mix = draw_mix(people.labels[people.is_known], 0.3, rng)
        shifted = mix.copy()
        large, small = np.argsort(-mix)[:2]
        moved = min(0.1, mix[large])
        shifted[large] -= moved
        shifted[small] += moved
        mixes = [mix, mix, shifted]
        lists = [draw_papers(labels, drawn, 100, rng) for drawn in mixes]
        apart_rng = np.random.default_rng(pair)
        for way, found in measured.items():
            tables = []
            for drawn, (rows, papers) in zip(mixes, lists, strict=True):
                given = {}
                if way == "apart":
                    counts = apart_rng.multinomial(len(rows), drawn)
                    rows = people.draw(counts, apart_rng)
                if way == "papers":
                    given["clusters"] = papers
                tables.append(people.shares(rows, 300, **given))
            true = np.pad(mix, (0, len(people.known) - len(mix)))
            true = true[people.at(tables[0].label)]
            covered = covers(tables[0], true)[true > 0.02]
            equal = tables[0].compare(tables[1], same_source=True)
            different = tables[0].compare(tables[2], same_source=True)
            hits = [different[people.classes[k]].sure for k in (large, small)]
            is_full = moved > 0.09
            found.append([covered.mean(), equal.sure.any(), np.mean(hits), is_full])
    rows = []
    for way, found in measured.items():
        covered, is_wrong, hits, is_full = np.array(found, dtype=float).T
        means = [covered, is_wrong, hits[is_full > 0]]
        rows.append([way, *(show(values, 3) for values in means)])
    header = ["drawn", "covered above 2 %", "equal lists differ"]
    print(f"\n### {n_pairs} pairs of lists of 100 papers\n")
    print(table([*header, "differences of .1 found"], rows), flush=True)


def check_rows(people, drawn, n_checked, rng):
    """Draw checked rows; return them as fields of a list, and their shares."""
    index = np.full(len(drawn), -1)
    checked = rng.choice(len(drawn), n_checked, replace=False)
    index[checked] = people.labels[drawn[checked]]
    new_labels = people.classes[len(people.known) :].tolist()
    counted = np.bincount(index[checked], minlength=len(people.classes)) / n_checked
    return {"label_index": index, "new_labels": new_labels}, counted


def measure_checked(people, n_lists, rng):
    """Print errors and coverage for lists with checked rows."""
    n_labels = len(people.classes)
    rows = []
    for n_checked in (200, 50):
        measured = []
        for k in range(n_lists):
            mix = draw_mix(people.labels, [0.1, 0.3, 1][k % 3], rng)
            drawn = people.draw(rng.multinomial(1000, mix), rng)
            true = np.bincount(people.labels[drawn], minlength=n_labels) / 1000
            checked_rows, counted = check_rows(people, drawn, n_checked, rng)
            shares = people.shares(drawn, **checked_rows, n_draws=500)
            alone = likeliest(people.proba[drawn], people.settings)
            alone = np.pad(alone, (0, n_labels - len(alone)))
            true_here = true[people.at(shares.label)]
            is_large = true_here > 0.02
            is_small = (true_here >= 0.003) & ~is_large
            is_covered = covers(shares, true_here)
            measured.append(
                [
                    np.abs(counted - true).sum(),
                    np.abs(shares._draws.predicted - true_here).sum(),
                    np.abs(alone - true).sum(),
                    np.abs(shares.share - true_here).sum(),
                    is_covered[is_large].mean(),
                    is_covered[is_small].mean() if is_small.any() else np.nan,
                    (shares.high - shares.low)[is_large].mean(),
                ]
            )
        means = [show(v[~np.isnan(v)], 3) for v in np.transpose(measured)]
        rows.append([f"{n_checked}", *means])
    header = [
        "checked of 1,000",
        "checked rows alone",
        "list alone",
        "list, expectation maximisation",
        "both",
        "covered above 2 %",
        ".3 to 2 %",
        "width above 2 %",
    ]
    print(f"\n### {n_lists} lists with checked rows: sum of absolute errors\n")
    print(table(header, rows), flush=True)


SHARES_TO_CHECK = (0.3, 0.1, 0.02)  # of three labels of a list
ROWS_TO_CHECK = (50, 100, 200, 400)


def measure_rows(people, n_lists, rng):
    """Print width and coverage of intervals by the number of checked rows.

    They are compared with exact intervals from the checked rows alone.
    """
    n_labels = len(people.classes)
    rows = []
    for n, n_checked in product((1_000, 10_000), ROWS_TO_CHECK):
        found = []
        for _ in range(n_lists):
            mix, chosen = mix_to_check(people, rng)
            drawn = people.draw(rng.multinomial(n, mix), rng)
            true = np.bincount(people.labels[drawn], minlength=n_labels) / n
            checked_rows, counted = check_rows(people, drawn, n_checked, rng)
            shares = people.shares(drawn, **checked_rows)
            row_of = np.argsort(people.at(shares.label))[chosen]
            # The finite-population correction, as rows are drawn from a list.
            n_effective = n_checked / (1 - n_checked / n)
            low, high = exact_interval(counted[chosen], n_effective, 0.95)
            is_held = covers(shares, true[people.at(shares.label)])[row_of]
            is_held_alone = (low <= true[chosen]) & (true[chosen] <= high)
            widths = (shares.high - shares.low)[row_of]
            found.append([is_held, widths, is_held_alone, high - low])
        held, widths, held_alone, widths_alone = np.mean(found, axis=0)
        cells = [f"{value:.3f}" for value in (*widths, *widths_alone)]
        means = [f"{held.mean():.3f}", f"{held_alone.mean():.3f}"]
        rows.append([f"{n_checked} of {n:,}", *cells, *means])
    shares_there = [f"share of {share:g}" for share in SHARES_TO_CHECK]
    alone = [f"{title}, rows alone" for title in shares_there]
    print(f"\n### {n_lists} lists of each length: width of 95 % intervals\n")
    header = ["checked", *shares_there, *alone, "covered", "covered, rows alone"]
    print(table(header, rows), flush=True)


def mix_to_check(people, rng):
    """Return a mix in which three labels have `SHARES_TO_CHECK`, and these labels."""
    counts = np.bincount(people.labels, minlength=len(people.classes))
    common = np.flatnonzero(counts >= LEAST)
    chosen = rng.choice(common[common < len(people.known)], 3, replace=False)
    others = np.setdiff1d(common, chosen)
    mix = np.zeros(len(people.classes))
    mix[chosen] = SHARES_TO_CHECK
    left = 1 - sum(SHARES_TO_CHECK)
    mix[others] = left * rng.dirichlet(np.full(len(others), 0.3))
    return mix, chosen


def measure_few(people, n_people, n_lists, rng):
    """Print the coverage for labels with few held-out people, and for other labels.

    `n_people` is the number of held-out people of each label of the model.
    """
    n_known = len(people.known)
    columns = []
    for k in range(n_lists):
        mix = draw_mix(people.labels[people.is_known], [0.1, 0.3, 1][k % 3], rng)
        weights = weights_of_people(people.labels, mix, n_known)
        drawn = rng.choice(len(weights), 1_000, p=weights)
        shares = people.shares(drawn, n_draws=200)
        at = people.at(shares.label)
        true = np.pad(mix, (0, n_known - len(mix)))[at]
        is_sparse = n_people[at] < MIN_HELD_OUT
        columns.append(
            np.column_stack([is_sparse, true, shares.share, shares.low, shares.high])
        )
    is_sparse, true, share, low, high = np.concatenate(columns).T
    rows = []
    for title, is_group in (("fewer", is_sparse == 1), ("others", is_sparse == 0)):
        ranges = {
            "above 2 %": true > 0.02,
            ".3 to 2 %": (true >= 0.003) & (true <= 0.02),
        }
        for range_, is_in in ranges.items():
            chosen = is_group & is_in
            is_covered = (low <= true) & (true <= high)
            figures = [
                is_covered[chosen].mean(),
                (high < true)[chosen].mean(),
                share[chosen].sum() / true[chosen].sum(),
            ]
            figures = [f"{figure:.3f}" for figure in figures]
            rows.append([title, range_, chosen.sum(), *figures])
    header = ["labels", "true share", "intervals", "covered", "too low"]
    title = f"labels with fewer than {MIN_HELD_OUT} held-out people, and others"
    print(f"\n### {n_lists} lists of 1,000: {title}\n")
    print(table([*header, "estimated / true"], rows), flush=True)


# ---- Functions of shares and of rates

N_DRAWS = 500
YEARS = np.arange(-2, 3)
KNOWN_SHARE = 0.1  # of a label, such as in a census
LEAST_OF_RATES = 100  # people of a label, for its rate to be estimated
GROWTH = 0.04  # of a label's share per year, before shares are normalized
# Shares of the strata among people of the first label and of others, and probabilities
# of the outcome in each stratum.
STRATA = np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]])
MORE = 0.1  # higher probability for the first label
CHANCES = np.array([0.2, 0.4, 0.6]) + [[MORE], [0]]


@dataclass(frozen=True)
class Asked:
    """A statistic of lists, and its true value.

    Parameters
    ----------
    title : str
    statistic : callable
        Function for `estimate_statistic`.
    results : tuple of Shares or Rates
    counted : tuple of ndarray
        Shares of predicted labels in the same lists, in the order of classes.
    true : float
    """

    title: str
    statistic: Any
    results: tuple
    counted: tuple
    true: float


def simpson(share):
    return 1 - (share**2).sum()


def effective_number(share):
    return 1 / (share**2).sum()


def simpson_difference(share, other):
    return simpson(share) - simpson(other)


def ask_shares(people, mix, n, rng):
    """Yield the statistics of shares, for lists of n people with a mix."""
    large = mix > 0
    second = np.zeros(len(mix))
    second[large] = (mix[large] + rng.permutation(mix[large])) / 2
    second = capped(people, second, n)
    lists = [list_of(people, drawn, n, rng) for drawn in (mix, second)]
    results, counted = zip(*lists, strict=True)
    alone = results[:1], counted[:1]
    label = np.argsort(-mix)[1]

    def ratio(share):
        return share[label] / KNOWN_SHARE

    yield Asked("Gini-Simpson", simpson, *alone, simpson(mix))
    true = effective_number(mix)
    yield Asked("1 / sum of squares", effective_number, *alone, true)
    true = simpson_difference(mix, second)
    title = "Gini-Simpson, difference of two lists"
    yield Asked(title, simpson_difference, results, counted, true)
    yield Asked("ratio to a known share", ratio, *alone, mix[label] / KNOWN_SHARE)
    yield ask_slope(people, mix, label, n, rng)


def ask_slope(people, mix, label, n, rng):
    """Return the slope of a label's share, which grows over five lists."""
    mixes = []
    for year in YEARS:
        moved = mix.copy()
        moved[label] += GROWTH * (year - YEARS[0])
        mixes.append(capped(people, moved, n))
    lists = [list_of(people, moved, n, rng) for moved in mixes]
    results, counted = zip(*lists, strict=True)

    def slope(*shares):
        return np.polyfit(YEARS, [share[label] for share in shares], 1)[0]

    true = np.polyfit(YEARS, [moved[label] for moved in mixes], 1)[0]
    return Asked("slope of a share over five lists", slope, results, counted, true)


def ask_rates(people, mix, n, rng):
    """Yield the statistics of rates of two labels with many people."""
    n_of_label = np.bincount(people.labels, minlength=len(mix))[: len(mix)]
    is_large = n_of_label >= LEAST_OF_RATES
    pair = rng.choice(np.flatnonzero(is_large & (mix > 0)), 2, replace=False)
    mix = mix / 2
    mix[pair] += 0.25
    counts = rng.multinomial(n, capped(people, mix, n))
    drawn = people.draw(counts, rng, once=True)
    is_other = (people.labels[drawn] != pair[0]).astype(int)
    ends = STRATA.cumsum(axis=1)[is_other]
    stratum = (rng.random((len(drawn), 1)) > ends[:, :2]).sum(axis=1)
    chance = CHANCES[is_other, stratum]
    outcome = 2 * stratum + (rng.random(len(drawn)) < chance)
    rates = people.rates(drawn, outcome, N_DRAWS)
    counted = np.zeros((len(people.known), 6))
    np.add.at(counted, (people.proba[drawn].argmax(axis=1), outcome), 1 / len(drawn))

    def standardised(joint):
        people, invited = by_stratum(joint)
        rate = invited[pair] / np.maximum(people[pair], 1e-9)
        return (rate[0] - rate[1]) @ people.sum(axis=0) / people.sum()

    def ratio(joint):
        people, invited = by_stratum(joint)
        rate = invited[pair].sum(axis=1) / np.maximum(people[pair].sum(axis=1), 1e-9)
        return rate[0] / np.maximum(rate[1], 1e-9)

    found = (rates,), (counted,)
    yield Asked("difference of standardised rates", standardised, *found, MORE)
    of_pair = (STRATA * CHANCES).sum(axis=1)
    yield Asked("ratio of rates", ratio, *found, of_pair[0] / of_pair[1])


def by_stratum(joint):
    """Return all people, and people with the outcome, (n_labels, 3) each."""
    joint = joint.reshape(len(joint), 3, 2)
    return joint.sum(axis=2), joint[:, :, 1]


def measure_statistics(target, half, n_lists, rng):
    """Print the coverage of intervals of `estimate_statistic`.

    The labels are those with 20 held-out people or more.
    """
    enough = resolve(load_pretrained(target)).assumed.measured.n_people >= MIN_HELD_OUT
    public = read_public("arczi21", source_people())
    sets = {
        "new people of arczi21": new_people(target, public, half),
        "goalscorers": goalscorers(target, half)[0],
    }
    measured = {}
    for name, people in sets.items():
        print(f"- {len(people.labels):,} {name}, {target}")
        n_new = len(people.classes) - len(people.known)
        labels = people.labels[np.pad(enough, (0, n_new))[people.labels]]
        for n, k in product(SIZES_OF_MIXES, range(n_lists)):
            mix = draw_mix(labels, [0.1, 0.3, 1][k % 3], rng)
            mix = capped(people, np.pad(mix, (0, len(people.known) - len(mix))), n)
            for ask in (ask_shares, ask_rates):
                for asked in ask(people, mix, n, rng):
                    judged = judge_statistic(asked, people, n, rng)
                    measured.setdefault((n, asked.title), []).append(judged)
    rows = []
    for (n, title), judged in measured.items():
        held, held_by_counting, width, error = np.transpose(judged)
        shown = [show(held, 3), show(held_by_counting, 3), f"{width.mean():.3f}"]
        rows.append([f"{n:,}", title, *shown, show(error, 3)])
    print(f"\n### {n_lists} lists of each length and set\n")
    header = ["names", "statistic", "covered", "covered by counting", "width"]
    print(table([*header, "estimate less truth"], rows), flush=True)


def judge_statistic(asked, people, n, rng):
    """Return whether intervals cover the truth, also by counting, width and error.

    Intervals by counting are percentiles of a bootstrap of predicted labels.
    """
    found = estimate_statistic(asked.statistic, *asked.results, same_source=True)
    draws = np.empty(N_DRAWS)
    for k in range(N_DRAWS):
        drawn = []
        for shares in asked.counted:
            cells = rng.multinomial(n, shares.ravel()) / n
            drawn.append(cells.reshape(shares.shape))
        draws[k] = asked.statistic(*drawn)
    low, high = np.quantile(draws, [0.025, 0.975])
    is_held = found.low <= asked.true <= found.high
    is_held_by_counting = low <= asked.true <= high
    error = found.estimate - asked.true
    return is_held, is_held_by_counting, found.high - found.low, error


def list_of(people, mix, n, rng):
    """Draw n people with a mix; return estimated shares, and shares of predictions."""
    drawn = people.draw(rng.multinomial(n, mix), rng, once=True)
    shares = people.shares(drawn, n_draws=N_DRAWS)
    return shares, counting(people.proba[drawn], None)


def capped(people, mix, n):
    """Return a similar mix that a list of n distinct people can have."""
    n_of_label = np.bincount(people.labels, minlength=len(mix))[: len(mix)]
    for _ in range(100):
        mix = np.minimum(mix, MOST_TAKEN * n_of_label / n)
        mix = mix / mix.sum()
    return mix


def likeliest(proba, settings):
    """Return the shares by expectation maximisation, called EMQ in QuaPy."""
    return likeliest_shares(proba / settings["assumed_prior"])


KINDS_OF_OUTCOMES = ["by label", "by country in the label", "by spelling"]


def measure_rates(people, countries, n_lists, rng):
    """Print errors, slopes and coverage of rates of an outcome.

    The truth is first the rate among the people in the list, and then the mean of their
    probabilities, which differs from the rate at random.
    """
    country_index = np.unique(countries, return_inverse=True)[1]
    is_spelled = np.array([not name.isascii() for name in people.names])
    rows = []
    for n, kind in product((1000, 4000), KINDS_OF_OUTCOMES):
        found = []
        for _ in range(n_lists):
            mix = draw_mix(people.labels[people.is_known], 0.3, rng)
            weights = weights_of_people(people.labels, mix, len(people.known))
            drawn = rng.choice(len(weights), n, p=weights)
            labels = people.labels[drawn]
            chance = rng.beta(4, 4, len(people.classes))[labels]
            if kind == "by country in the label":
                moved = rng.normal(scale=0.15, size=country_index.max() + 1)
                chance = np.clip(chance + moved[country_index[drawn]], 0.02, 0.98)
            if kind == "by spelling":
                chance = np.clip(chance + 0.15 * is_spelled[drawn], 0.02, 0.98)
            outcome = (rng.random(n) < chance).astype(int)
            rates = people.rates(drawn, outcome)
            found.append(judge_rates(rates, people, drawn, outcome, chance))
        means = [show(values, 3) for values in np.transpose(found)]
        rows.append([f"{n:,}, {kind}", *means])
    header = [
        "names, outcome",
        "error",
        "counted",
        "weighted",
        "slope",
        "counted",
        "weighted",
        "covered",
        "error from chances",
        "covered",
    ]
    print(f"\n### {n_lists} lists with an outcome, labels above 3 %\n")
    print(table(header, rows), flush=True)


def judge_rates(rates, people, drawn, outcome, chance):
    """Return errors, slopes and coverage of the rates of labels above 3 %."""
    labels = people.labels[drawn]
    proba = people.proba[drawn]
    n_known = len(people.known)
    at = people.at(rates.labels)
    is_large = np.bincount(labels, minlength=n_known)[at] > 0.03 * len(drawn)
    at = at[is_large]

    def rates_by(index, values):
        n_of_each = np.maximum(1, np.bincount(index, minlength=n_known))
        return (np.bincount(index, values, minlength=n_known) / n_of_each)[at]

    true = rates_by(labels, outcome)
    chances = rates_by(labels, chance)
    is_yes = rates.outcome == 1
    rate = rates.rate[is_yes][is_large]
    low = rates.low[is_yes][is_large]
    high = rates.high[is_yes][is_large]
    counted = rates_by(proba.argmax(axis=1), outcome)
    weighted = (outcome @ proba / proba.sum(axis=0))[at]
    ways = (rate, counted, weighted)
    return [
        *(np.abs(way - true).mean() for way in ways),
        *(np.polyfit(true, way, 1)[0] for way in ways),
        ((low <= true) & (true <= high)).mean(),
        np.abs(rate - chances).mean(),
        ((low <= chances) & (chances <= high)).mean(),
    ]


def measure_lacking(people, n_lists, rng):
    """Print errors of shares in lists where many people have labels of no class."""
    rows = []
    outside = np.flatnonzero(~people.is_known)
    for n_outside in (0, 500, 800):
        errors = []
        for _ in range(n_lists):
            mix = draw_mix(people.labels[people.is_known], 0.3, rng)
            drawn = people.draw(rng.multinomial(1000 - n_outside, mix), rng)
            drawn = np.concatenate([drawn, rng.choice(outside, n_outside)])
            true = np.bincount(people.labels[drawn], minlength=len(people.classes))
            true = true[: len(people.known)] / 1000
            counted = counting(people.proba[drawn], None)
            shares = in_order(people.shares(drawn, n_draws=200))
            common = true > 0.02 * true.sum()
            ways = (counted, shares)
            errors.append([np.abs(way - true)[common].mean() for way in ways])
        means = [show(values, 3) for values in np.transpose(errors)]
        rows.append([f"{n_outside / 10:.0f} %", *means])
    print(f"\n### {n_lists} lists of 1,000, labels above 2 % of those that it has\n")
    header = ["of other labels", "error of counting", "error of `estimate_shares`"]
    print(table(header, rows), flush=True)


def measure_europe(people, n_lists, rng):
    """Print errors and coverage for lists of people who are in no source."""
    rows = []
    for n in SIZES_IN_EUROPE:
        found = []
        for _ in range(n_lists):
            counts = rng.multinomial(n, draw_mix(people.labels, 1, rng))
            drawn = people.draw(counts, rng, once=True)
            shares = people.shares(drawn, n_draws=200)
            true = np.bincount(people.labels[drawn], minlength=len(people.known))
            true = true / len(drawn)
            true_here = true[people.at(shares.label)]
            counted = counting(people.proba[drawn], None)
            found.append(
                [
                    np.abs(counted - true).sum(),
                    np.abs(shares.share - true_here).sum(),
                    covers(shares, true_here)[true_here > 0.02].mean(),
                ]
            )
        rows.append([f"{n}", *(show(values, 3) for values in np.transpose(found))])
    print(f"\n### {n_lists} lists of each size, Dirichlet(1)\n")
    header = ["names", "counting", "estimate_shares", "covered above 2 %"]
    print(table(header, rows), flush=True)


def measure_others(people, n_lists, rng):
    """Print the coverage for differences between a part of a list and all other parts.

    The mix of the others is the mean of the part's mix and a permutation of it. The
    others are estimated as the list minus the part, as `Parts.compare` does, and from
    their own rows.
    """
    rows = []
    for weight in WEIGHTS_OF_PARTS:
        found = []
        for _ in range(n_lists):
            mix = draw_mix(people.labels, 0.3, rng)
            other_mix = mix.copy()
            has_people = mix > 0
            permuted = rng.permutation(mix[has_people])
            other_mix[has_people] = (mix[has_people] + permuted) / 2
            mix = capped(people, mix, NAMES_WITH_OTHERS)
            other_mix = capped(people, other_mix, NAMES_WITH_OTHERS)
            found.append(judge_others(people, weight, mix, other_mix, rng))
        columns = [values[~np.isnan(values)] for values in np.transpose(found)]
        rows.append([f"{weight}", *(show(values, 3) for values in columns)])
    header = ["part of the list", "less the part: covered", "width", "error of others"]
    header += ["own rows: covered", "width", "error of others"]
    print(f"\n### {n_lists} lists of {NAMES_WITH_OTHERS:,}\n")
    print(table(header, rows), flush=True)


def judge_others(people, weight, mix, other_mix, rng):
    """Return coverage, width, and error of the others, for both estimates."""
    n_in_part = round(weight * NAMES_WITH_OTHERS)
    n_of_label = rng.multinomial(n_in_part, mix)
    n_of_others = rng.multinomial(NAMES_WITH_OTHERS - n_in_part, other_mix)
    rows_in_part = []
    rows_of_others = []
    for label in np.flatnonzero(n_of_label + n_of_others):  # nobody is in both parts
        rows = rng.permutation(np.flatnonzero(people.labels == label))
        rows_in_part.append(rows[: n_of_label[label]])
        rest = rows[n_of_label[label] :]
        rows_of_others.append(rest[: n_of_others[label]])
    in_part = np.concatenate(rows_in_part)
    others = rng.permutation(np.concatenate(rows_of_others))
    drawn = np.concatenate([in_part, others])
    by = np.arange(len(drawn)) % N_OTHER_PARTS
    by[: len(in_part)] = -1
    question = question_of(n_draws=300)
    given = {"ids": drawn}
    names = list_of_rows(people.proba[drawn], people.known, given, **people.settings)
    parts = estimate_by(names, by, question, shares_of_list)
    from_own_rows = people.shares(others, n_draws=300)
    less_the_part = parts.compare()[-1]
    if less_the_part is None:  # too few others
        return np.full(6, np.nan)
    judged = []
    for compared in (
        less_the_part,
        parts[-1].compare(from_own_rows, same_source=True),
    ):
        at = people.at(compared.label)
        true = np.append(mix, np.zeros(len(people.known)))[at]
        true_of_others = np.append(other_mix, np.zeros(len(people.known)))[at]
        is_large = np.maximum(true, true_of_others) > 0.02
        is_large &= ~np.isnan(compared.low)
        judged += [
            covers(compared, true - true_of_others)[is_large].mean(),
            (compared.high - compared.low)[is_large].mean(),
            np.abs(compared.other - true_of_others)[is_large].mean(),
        ]
    return judged


def measure_designs(args, rng):
    """Measure the lists of the options in `DESIGNS`."""
    if args.people == "apart" or args.others:
        for source, people in people_apart(args.labels, args.half):
            print(f"- {len(people.labels):,} {source}, {args.labels}")
            rng = np.random.default_rng(args.seed)
            if args.clusters:
                measure_clusters(people, args.clusters, rng)
            if args.others:
                measure_others(people, args.others, rng)
        return
    if args.europe:
        public = read_public("arczi21", source_people())
        people = new_people(args.labels, public, "report")
        print(f"- {len(people.labels):,} new people of arczi21, {args.labels}")
        measure_europe(people, args.europe, rng)
        return
    if args.statistics:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about few people
            measure_statistics(args.labels, args.half, args.statistics, rng)
        return
    people, countries = goalscorers(args.labels, args.half)
    print(f"- {len(countries):,} goalscorers, half to {args.half}, {args.labels}")
    if args.clusters:
        measure_clusters(people, args.clusters, rng)
    if args.checked:
        measure_checked(people, args.checked, rng)
    if args.rows:
        measure_rows(people, args.rows, rng)
    if args.few:
        n_people = resolve(load_pretrained(args.labels)).assumed.measured.n_people
        measure_few(people, n_people, args.few, rng)
    if args.rates:
        measure_rates(people, countries, args.rates, rng)
    if args.lacking:
        measure_lacking(people, args.lacking, rng)


def weights_of_people(labels, mix, known):
    """Return the probability of each person under a mix of labels."""
    mix = np.pad(mix, (0, max(0, labels.max() + 1 - len(mix))))
    weights = mix[labels] / np.bincount(labels)[labels]
    weights[labels >= known] = 0
    return weights / weights.sum()


def main():
    """Measure the lists of the chosen option."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--small", action="store_true", help="lists of 3 to 1,000 people"
    )
    parser.add_argument(
        "--alpha",
        type=float,
        default=0.3,
        help="parameter of the Dirichlet distribution (default: 0.3)",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--labels",
        choices=TARGETS,
        default=TARGETS[0],
        help="labels of the shipped model",
    )
    parser.add_argument("--mixes", action="store_true", help="lists of several mixes")
    parser.add_argument(
        "--pairs", type=int, default=0, help="number of pairs of lists of each kind"
    )
    parser.add_argument(
        "--sources",
        type=int,
        default=0,
        help="number of lists of each source and length",
    )
    parser.add_argument(
        "--error",
        type=float,
        default=OF_KNOWN_BIAS,
        help="model error in the log odds, for --sources",
    )
    parser.add_argument(
        "--write", action="store_true", help="store the coverage of --sources"
    )
    for name in DESIGNS:
        parser.add_argument(
            f"--{name}", type=int, default=0, help="number of lists of this kind"
        )
    parser.add_argument(
        "--people",
        choices=["goalscorers", "apart"],
        default="goalscorers",
        help="people of --clusters; apart are held-out people",
    )
    parser.add_argument(
        "--half",
        choices=["report", "choose"],
        default="report",
        help="half of the people from which lists are drawn",
    )
    args = parser.parse_args()
    print(f"- {machine()}")
    rng = np.random.default_rng(args.seed)
    if any(getattr(args, name) for name in DESIGNS):
        measure_designs(args, rng)
        return
    if args.sources:
        given = args.labels, args.half, args.sources, args.error, args.write
        measure_sources(*given, rng)
        return
    if args.mixes:
        measure_mixes(args.labels, rng)
        return
    if args.pairs:
        measure_pairs(args.labels, args.pairs, rng)
        return
    proba, labels, _, assumed = unseen_people(args.labels)
    classes = np.unique(labels)
    print(f"- {len(proba):,} people of {len(classes)} labels, Dirichlet({args.alpha})")
    print("\n### Real people")
    known = rng.random(len(labels)) < 0.5
    sizes = SMALL if args.small else SIZES
    of_known = by_label(proba[known], labels[known])
    draw = by_label(proba[~known], labels[~known], once=args.small)
    most = np.inf
    if args.small:
        most = np.bincount(labels[~known], minlength=proba.shape[1])
    measure(sizes, of_known, draw, most, classes, assumed, args.alpha, rng)


if __name__ == "__main__":
    main()
