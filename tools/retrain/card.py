"""Compute the model cards, which report the accuracy of models on held-out people."""

import json
from collections import Counter
from pathlib import Path

import numpy as np

from sknames import GroupedClassifier
from sknames._base.labels_and_weights import MIN_HELD_OUT
from sknames._models.priors import check_priors
from sknames.datasets._load_names import read_rows
from sknames.metrics import scorecard
from sknames.metrics._scorecard import scorecard_from
from tools.measuring import likeliest_shares, machine, table, text_table

from . import countries, people_in_scripts
from .gate import figures_table
from .kept_apart import MOST_REPORTED, SPELLINGS
from .known_words import count_known_words
from .operating_points import LEAST_PEOPLE, PREVALENCES, points_by_label
from .recipe import (
    FIRST_PHASE,
    ONE_APART,
    ONE_APART_IN_ARABIC,
    SECOND_PHASE,
    with_network,
)
from .tables import read_table

FEW = 1_000  # people; the card lists nationalities with fewer people in training
N_CONFUSIONS = 30
FIGURES = ("accuracy", "macro_f1", "top_3")
ROW = ("label", "n", "recall", "n_predicted", "precision")
MUST_NOT = "Do not make decisions about a person: a name does not show who bears it."
N_SHOWN = 1  # most confused labels of an operating point on the page
POINT_HEADER = [
    "label",
    "recall to reach",
    "threshold",
    "n",
    "recall",
    "others taken",
    *(f"PPV at {percent} %" for percent in PREVALENCES),
    "taken most",
]
PAGE = Path(__file__).with_name("model_card.txt")
PERMISSIVE = Path(__file__).with_name("permissive.json")
NO_SUCH = (
    "The model has no label for American, Argentine, Australian, Belgian, Canadian, "
    "Singaporean or Swiss names. For South African names, it only has the label "
    "Zulu."
)
HELD_OUT = (
    "Full names of people whose names are not in the training data in any spelling; "
    "most of their words are, in other names. new_words are names without a known word."
)


def figures_of(card):
    """Return the figures of a scorecard that model cards contain."""
    return {"n": card.n} | {key: float(getattr(card, key)) for key in FIGURES}


def by_group(groups, is_right):
    """Return the size and the accuracy of each group of people."""
    figures = {}
    for title, rows in groups.items():
        if rows.any():
            accuracy = float(is_right[rows].mean())
            figures[str(title)] = {"n": int(rows.sum()), "accuracy": accuracy}
    return figures


def by_label(card):
    """Return the figures of a scorecard for each label of the people."""
    columns = [card.by_class[key].tolist() for key in ROW]
    figures = {}
    for values in zip(*columns, strict=True):
        row = dict(zip(ROW, values, strict=True))
        label = row.pop("label")
        if not row["n_predicted"]:
            row["precision"] = None
        if row["n"]:
            figures[label] = row
    return figures


def by_mix(y, probabilities, classes):
    """Return the figures under several priors, and the error of the estimated shares.

    The error is the sum of the absolute errors of `likeliest_shares`.
    """
    true = np.bincount(np.searchsorted(classes, y), minlength=len(classes)) / len(y)
    estimated = likeliest_shares(probabilities)
    population = check_priors("population", classes)
    mixes = {
        "equal": np.ones(len(classes)),
        "tempered": check_priors("tempered", classes),
        "population": population,
        "estimated": estimated,
        "true": true,
    }
    # These weights make nationalities as frequent as in the world.
    weights = (population / np.maximum(true, 1 / len(y)))[np.searchsorted(classes, y)]
    found = {}
    for name, mix in mixes.items():
        proba = probabilities * mix
        proba /= proba.sum(axis=1, keepdims=True)
        card = scorecard_from(y, y, classes[proba.argmax(axis=1)], proba, classes)
        world = float(np.average(card.is_right, weights=weights))
        found[name] = figures_of(card) | {"accuracy_in_the_world": world}
    return found, float(np.abs(estimated - true).sum())


def decades_of(people, born):
    """Return a mask of the people born in each decade with known births, a dict."""
    rows = zip(people.names, people.labels.tolist(), strict=True)
    decades = np.array([born.get(row, np.nan) for row in rows], dtype=float) // 10 * 10
    known = np.unique(decades[~np.isnan(decades)]).astype(int).tolist()
    return {f"{decade}s": decades == decade for decade in known}


def birth_years(names, nationalities, years):
    """Return the birth years of players without a namesake, by (name, nationality)."""
    rows = [*zip(names, nationalities, strict=True)]
    n = Counter(rows)
    born = {}
    for row, year in zip(rows, years.tolist(), strict=True):
        if n[row] == 1 and not np.isnan(year):
            born[row] = year
    return born


# ---- The cards


def listing(items):
    return ", ".join(items) or "none"


def tried():
    """Return the demonyms that were tried as nationalities and dropped."""
    rows = read_table("demonyms.csv")
    return [row["demonym"] for row in rows if row["reason"].startswith("tried")]


def learned(names, nationalities, lists, sources):
    """Return numbers of training names, and nationalities with few or no people."""
    rows = set(zip(names, nationalities, strict=True))
    seen = set()
    n_learned = {}
    n_people = Counter()
    for source, names_of in sources.items():
        pairs = {(name, label) for label, found in names_of.items() for name in found}
        new = pairs & rows - seen
        seen |= new
        n_learned[source] = len(new)
        n_people.update(label for _, label in new)
    listed = set(lists.target_names)
    return {
        "n_names": len(names),
        "n_distinct": len(rows),
        "n_names_of_people": n_learned,
        "n_names_by_nationality": dict(sorted(Counter(nationalities).items())),
        "from_lists_alone": sorted(listed - n_people.keys()),
        "from_few_people": {k: n for k, n in sorted(n_people.items()) if n < FEW},
        "from_people_alone": sorted(n_people.keys() - listed),
    }


def most_learned(amounts, known):
    """Return the largest number of people of a label in a training phase, by source.

    `known` is the result of `learned`. Only its sources are returned, because the
    others are for permissive weights.
    """
    sources = known["n_names_of_people"]
    return {source: amounts.most_people[source] for source in sources}


def at_most(most_of_source, label):
    """Describe the largest number of people of a label from each source."""
    limits = [f"{n:,} {source}" for source, n in most_of_source.items()]
    return f"at most {', '.join(limits)} per {label}"


def has_new_words(model, people):
    """Return a mask of the people whose names have no known word."""
    names = people.names.tolist()
    return count_known_words(model, names) == 0


def by_known_words(model, people, is_right):
    """Return the accuracy by the number of known words in a name."""
    n_known = count_known_words(model, people.names.tolist())
    groups = {"0": n_known == 0, "1": n_known == 1, "2 or more": n_known >= 2}
    return by_group(groups, is_right)


def of_new_words(model, people, **options):
    """Return the figures of people whose names have no known word.

    There are too few of them for macro-F1.
    """
    rows = has_new_words(model, people)
    new = people.at(rows)
    options = {key: value[rows] for key, value in options.items()}
    card = figures_of(scorecard(model, new.names, new.labels, **options))
    return {key: card[key] for key in ("n", "accuracy", "top_3")}


def measure(model, people, born, known):
    """Return the figures of the card of the nationality model.

    Parameters
    ----------
    model : Pipeline
        The model with uniform priors.
    people : People
        Held-out people to report.
    born : dict
        Result of `birth_years`.
    known : dict
        Result of `learned`.
    """
    y = people.labels
    classes = model.classes_
    card = scorecard(model, people.names, y)
    spelled = {}
    for spelling, respell in SPELLINGS.items():
        spelled[spelling] = scorecard(model, [*map(respell, people.names)], y)
    mixes, error = by_mix(y, model.predict_proba(people.names), classes)
    accented = np.array([not name.isascii() for name in people.names])
    levels = {"nationality": card.accuracy}
    for level in ("subregion", "region"):
        grouped = GroupedClassifier(model, groups=level)
        levels[level] = scorecard(grouped, people.names, y).accuracy
    return {
        "nationalities": classes.tolist(),
        "learned_from": "load_names(script='all'), make_names, "
        + at_most(most_learned(SECOND_PHASE, known), "nationality"),
        **known,
        "missing": f"People with any other nationality are misclassified. {NO_SUCH}",
        "must_not": MUST_NOT,
        "held_out": f"{HELD_OUT} Priors are uniform.",
        **figures_of(card),
        "log_loss": card.log_loss,
        "calibration_error": card.calibration_error,
        "new_words": of_new_words(model, people),
        "by_source": by_group(
            {source: people.sources == source for source in known["n_names_of_people"]},
            card.is_right,
        ),
        "by_known_words": by_known_words(model, people, card.is_right),
        "accuracy_by_level": levels,
        "accuracy_by_spelling": {key: of.accuracy for key, of in spelled.items()},
        "with_diacritics": by_group({"as written": accented}, card.is_right)
        | by_group({"in ASCII": accented}, spelled["in_ascii"].is_right),
        "by_birth_decade": by_group(decades_of(people, born), card.is_right),
        "by_frequencies": mixes,
        "error_of_estimated_frequencies": error,
        "by_nationality": by_label(card),
        "confusions": [[*row] for row in card.confusions[:N_CONFUSIONS]],
    }


def alike(y, power=0.0):
    """Return weights that make countries as frequent as their population ** power.

    By default, countries are equally frequent.
    """
    millions_of = {row[0]: float(row[3]) for row in read_rows("countries.csv")}
    labels, rows, counts = np.unique(y, return_inverse=True, return_counts=True)
    sizes = [millions_of.get(label, 0.1) ** power for label in labels]
    return (np.array(sizes) / counts)[rows]


def measure_countries(model, people, training_labels):
    """Return the figures of the card of the country model.

    Parameters
    ----------
    model : Pipeline
        The model with uniform priors.
    people : People
        Held-out people to report.
    training_labels : ndarray of shape (n_names,)
        Labels of the training names.
    """
    y = people.labels
    classes = model.classes_
    priors = check_priors("tempered", classes)
    default = with_network(model, model["classify"].network_.with_priors(priors))
    weights = {"sample_weight": alike(y, 0.5)}
    by_inhabitants = scorecard(default, people.names, y, **weights)
    equal = scorecard(model, people.names, y, sample_weight=alike(y))
    by_default = by_label(by_inhabitants)
    by_country = {}
    for code in classes.tolist():
        by_country[code] = {"n": 0, "recall": None, "recall_by_default": None}
    for code, row in by_label(equal).items():
        by_country[code] = {
            "n": row["n"],
            "recall": row["recall"],
            "recall_by_default": by_default[code]["recall"],
        }
    lacking = sorted(
        {row[0] for row in read_rows("countries.csv")} - {*classes.tolist()}
    )
    return {
        "must_not": MUST_NOT,
        "labels": "ISO 3166-1 alpha-2 codes of countries; XK is Kosovo",
        "n_countries": len(classes),
        "learned_from": at_most(countries.AMOUNTS.most_people, "country"),
        "n_names": len(training_labels),
        "n_names_by_country": dict(sorted(Counter(training_labels).items())),
        "held_out": f"{HELD_OUT} Priors are the default ones, and countries are "
        'weighted by the square root of their population; figures called "alike" and '
        '"recall" are for uniform priors and equal weights.',
        **figures_of(by_inhabitants),
        "new_words": of_new_words(default, people, **weights),
        **{f"{key}_alike": float(getattr(equal, key)) for key in FIGURES},
        "by_country": by_country,
        "missing": "People from other countries and territories are misclassified. "
        f"Of load_countries, these are missing: {listing(lacking)}.",
    }


def of_people_apart(points, classes, n_people, best):
    """Return the entries of the card that use both halves of the held-out people.

    Parameters
    ----------
    points : list of dict
        Result of `operating_points`.
    classes : ndarray of shape (n_classes,)
    n_people : ndarray of shape (n_classes,) of int
        Number of held-out people of each class, in both halves.
    best : ndarray of shape (n_people_apart,) of int
        Predicted class of each held-out person under the default priors.
    """
    has_points = n_people >= min(LEAST_PEOPLE.values())
    return {
        "sparse_labels": classes[n_people < MIN_HELD_OUT].tolist(),
        "never_predicted": np.delete(classes, best).tolist(),
        "without_operating_points": classes[~has_points].tolist(),
        "operating_points": points_by_label(points),
    }


def point_rows(points):
    """Return the rows of the table of operating points."""
    rows = []
    for label, points_of_label in points.items():
        for recall, point in points_of_label.items():
            row = [label, recall, f"{point['threshold']:.2f}", point["n"]]
            row.append(with_interval(point, "recall", ".2f"))
            row.append(with_interval(point, "others_taken", ".4f"))
            for percent in PREVALENCES:
                row.append(with_interval(point, f"ppv_{percent}", ".2f"))
            taken = list(point["taken_most"].items())[:N_SHOWN]
            row.append(", ".join(f"{other} {share:.2f}" for other, share in taken))
            rows.append(row)
    return rows


def with_interval(point, name, digits):
    """Return a figure of an operating point with its confidence interval, as text."""
    low = format(point[f"{name}_low"], digits)
    high = format(point[f"{name}_high"], digits)
    return f"{point[name]:{digits}} ({low}-{high})"


def parameter_table(models):
    """Return a table of the numbers of parameters; `models` maps targets to models."""
    shapes = {}
    counts = {}
    for target, model in models.items():
        classify = model["classify"]
        weights = classify.weights()
        weights.pop("head.ngrams", None)  # indices of n-grams, not parameters
        counts[target] = {name: weight.size for name, weight in weights.items()}
        counts[target]["words"] = len(classify.network_.words.logits)
        counts[target]["all"] = sum(counts[target].values())
        for name, weight in weights.items():
            shapes[name] = " × ".join(f"{n:,}" for n in weight.shape)
    rows = []
    for name in [*shapes, "words", "all"]:
        of_models = [f"{count.get(name, 0):,}" for count in counts.values()]
        rows.append([f"`{name}`", shapes.get(name, ""), *of_models])
    return table(["parameters", "shape", *counts], rows)


def page(cards, models, measured_on=None):
    """Return the page of the model cards in Markdown.

    `cards` and `models` are dicts by target. `measured_on` describes the machine that
    measured the figures; by default, it is this machine.
    """
    card = cards["nationality"]
    texts = texts_of_training(card, models["nationality"])
    texts["parameters"] = parameter_table(models)
    texts |= texts_of_figures(card)
    texts["machine"] = measured_on or machine()
    texts |= texts_of_labels(card)
    texts |= texts_of_countries(cards["country"])
    texts["common_names"] = common_names_tables(cards)
    texts["permissive"] = permissive_tables(json.loads(PERMISSIVE.read_bytes()))
    return PAGE.read_text(encoding="utf-8").format(**texts)


def texts_of_training(card, model):
    """Return the texts of the page about the model and its training data, by name."""
    n_people = card["n_names_of_people"]
    people = []
    for source, most in most_learned(FIRST_PHASE, card).items():
        n_names = f"{n_people[source]:,} names"
        people.append(f"- {source}: {n_names}, at most {most:,} per nationality;")
    more = []
    for source, most in most_learned(SECOND_PHASE, card).items():
        more.append(f"{most:,} {source}")
    few_people = [f"{name} ({n})" for name, n in card["from_few_people"].items()]
    network = model["classify"].network_
    return {
        "n_characters": len(model["encode"].alphabet_),
        "hidden_size": network.hidden_size,
        "n_ngrams": network.n_ngrams,
        "n_words": len(np.unique(network.words.keys)),
        "n_classes": len(card["nationalities"]),
        "no_such": NO_SUCH,
        "tried": listing(tried()),
        "n_names": card["n_names"],
        "n_distinct": card["n_distinct"],
        "people": "\n".join(people),
        "more": ", ".join(more),
        "lists_alone": listing(card["from_lists_alone"]),
        "few": FEW,
        "few_people": listing(few_people),
        "people_alone": listing(card["from_people_alone"]),
        "one_apart": ONE_APART,
        "one_apart_in_arabic": ONE_APART_IN_ARABIC,
    }


def texts_of_figures(card):
    """Return the texts of the page about all held-out people and groups of them."""
    keys = (*FIGURES, "log_loss", "calibration_error")
    overall = [f"{card[key]:.4f}" for key in keys]
    mixes = []
    for name, figures in card["by_frequencies"].items():
        keys = (*FIGURES, "accuracy_in_the_world")
        mixes.append([name, *(f"{figures[key]:.4f}" for key in keys)])
    n_in_scripts = 0
    for who, n, *_ in card["by_script"]:
        if who.startswith("all"):
            n_in_scripts += n
    of_scripts = people_in_scripts.HEADER
    of_mixes = "priors|accuracy|macro-F1|top-3|accuracy, by population"
    return card["accuracy_by_spelling"] | {
        "wrong": percent(1 - card["accuracy"]),
        "wrong_new": percent(1 - card["new_words"]["accuracy"]),
        "per_source": MOST_REPORTED,
        "n": card["n"],
        "overall": table(
            ["accuracy", "macro-F1", "top-3", "log loss", "ECE"], [overall]
        ),
        "known_words": group_table("known words", card["by_known_words"]),
        "sources": group_table("people of", card["by_source"]),
        "subregion": card["accuracy_by_level"]["subregion"],
        "region": card["accuracy_by_level"]["region"],
        "in_ascii_table": group_table("names with diacritics", card["with_diacritics"]),
        "n_in_scripts": n_in_scripts,
        "scripts": table(of_scripts, card["by_script"]),
        "cyrillic": table([*of_scripts, "wrong answers"], card["locals_in_cyrillic"]),
        "decades": group_table("born in the", card["by_birth_decade"]),
        "mixes": table(of_mixes.split("|"), mixes),
        "mix_error": card["error_of_estimated_frequencies"],
    }


def texts_of_labels(card):
    """Return the texts of the page about each nationality."""
    by_nationality = card["by_nationality"]
    rows = []
    untested = []
    for nationality in card["nationalities"]:
        figures = by_nationality.get(nationality)
        if figures is None:
            untested.append(nationality)
            rows.append([nationality, 0, "-", "-", "-"])
            continue
        precision = "-"
        if figures["precision"] is not None:
            precision = f"{figures['precision']:.3f}"
        recall = f"{figures['recall']:.3f}"
        n_predicted = figures["n_predicted"]
        rows.append([nationality, figures["n"], recall, precision, n_predicted])
    confusions = []
    for label, answer, n in card["confusions"]:
        confusions.append([label, answer, n, by_nationality[label]["n"]])
    note = ""
    if untested:
        note = f" Nationalities without held-out people: {', '.join(untested)}."
    return {
        "untested": note,
        "by_nationality": table(["", "n", "recall", "precision", "n predicted"], rows),
        "sparse_labels": listing(card["sparse_labels"]),
        "never_predicted": listing(card["never_predicted"]),
        "min_held_out": MIN_HELD_OUT,
        "least_people": min(LEAST_PEOPLE.values()),
        "without_points": listing(card["without_operating_points"]),
        "points": table(POINT_HEADER, point_rows(card["operating_points"])),
        "n_wrong": card["n"] - round(card["accuracy"] * card["n"]),
        "confusions": table(["label", "predicted", "n", "of"], confusions),
    }


def texts_of_countries(card):
    """Return the texts of the page about each country."""
    country_of = {row[0]: row[2] for row in read_rows("countries.csv")}
    marks = dict.fromkeys(card["sparse_labels"], "*")
    marks |= dict.fromkeys(card["never_predicted"], "**")
    rows = []
    for code, figures in card["by_country"].items():
        title = f"{code} {country_of[code]}{marks.get(code, '')}"
        recalls = [figures["recall"], figures["recall_by_default"]]
        cells = ["-" if recall is None else f"{recall:.2f}" for recall in recalls]
        rows.append([title, figures["n"], *cells])
    return {
        "n_countries": len(card["by_country"]),
        "by_country": text_table(["", "n", "recall", "by default"], rows),
    }


def common_names_tables(cards):
    """Return a titled table of the figures of `gate.check` for each model."""
    tables = []
    for target, card in cards.items():
        tables.append(f"{target}:\n\n{figures_table(card['common_names'])}")
    return "\n\n".join(tables)


def permissive_tables(found):
    """Return the results of `tools.retrain.permissive` as plain text tables."""
    parts = []
    for target, both in found.items():
        models = [both["ships"], both["permissive"]]
        rows = []
        for source, row in both["ships"]["by_source"].items():
            of_models = [model["by_source"][source]["accuracy"] for model in models]
            cells = [f"{accuracy:.3f}" for accuracy in of_models]
            rows.append([f"accuracy, {source}", f"{row['n']:,}", *cells])
        recalls = [f"{model['recall']:.3f}" for model in models]
        rows.append(["macro recall", "", *recalls])
        rows.append(["labels", "", *(model["n_labels"] for model in models)])
        header = [target, "people", "shipped before", "permissive"]
        lacking = f"labels missing from permissive: {listing(both['lacking'])}"
        parts.append(f"{text_table(header, rows)}\n{lacking}")
    return "\n\n".join(parts)


def percent(share):
    return f"{100 * share:.0f} %"


def group_table(title, groups):
    """Return a table of the result of `by_group`."""
    rows = [[name, row["n"], f"{row['accuracy']:.4f}"] for name, row in groups.items()]
    return table([title, "n", "accuracy"], rows)
