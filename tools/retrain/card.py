"""Compute the model cards: how accurate a model is on people whom it never learned."""

from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score

from sknames import predict_names
from sknames._answers.groups import group_of_each, summed
from sknames._priors.priors import check_priors, exchange_priors
from sknames.datasets._load_names import read_rows
from sknames.metrics import expected_calibration_error
from tools.measuring import (
    LINEAR,
    SVM_SCALE,
    differences,
    likeliest_shares,
    machine,
    population_priors,
    svm_probabilities,
    table,
    top_3_hits,
)

from . import countries, people_in_scripts
from .kept_apart import MOST_REPORTED, scores_of
from .recipe import MORE_PEOPLE, MOST_PEOPLE, ONE_APART, ONE_APART_IN_ARABIC
from .tables import read_table

FEW = 1_000  # people are few to learn a nationality from
SHORT = {"ours": "sknames", "svm": "LinearSVC", "logreg": "LogisticRegression"}
TITLES = {"ours": "**sknames, the shipped model**"}
TITLES |= {key: title for key, (title, _) in LINEAR.items()}
N_RESAMPLES = 200  # for the interval of the calibration error and the error of macro-F1
LEVELS = ("nationality", "subregion", "region")
KNOWN_WORDS = ["0", "1", "2 or more"]
MUST_NOT = "Do not decide about a person by it: a name does not tell who bears it."


# ---- Statistics


def hits_by_level(proba, labels, classes):
    """Return whether each most probable nationality, subregion and region is right, by level."""
    hits, places = {}, np.searchsorted(classes, labels)
    for level in LEVELS:
        groups = {} if level == "nationality" else level
        index = np.unique(group_of_each(groups, classes), return_inverse=True)[1]
        hits[level] = summed(proba, index).argmax(axis=1) == index[places]
    return hits


def figures(y, scores, classes, weights=None):
    """Return n, accuracy, macro-F1 over the labels of these people, and top-3."""
    hits = top_3_hits(scores, y, classes)
    return {
        "n": len(y),
        "accuracy": float(np.average(hits[:, 0], weights=weights)),
        "macro_f1": macro_f1(y, classes[scores.argmax(axis=1)], weights),
        "top_3": float(np.average(hits.any(axis=1), weights=weights)),
    }


def calibration(y, proba, classes):
    """Return the log loss, and the calibration error with its interval."""
    errors = [
        expected_calibration_error(y[rows], proba[rows], labels=classes) for rows in resamples(y)
    ]
    return {
        "log_loss": float(losses(y, proba, classes).mean()),
        "calibration_error": expected_calibration_error(y, proba, labels=classes),
        "calibration_error_interval": np.quantile(errors, [0.025, 0.975]).tolist(),
    }


def resamples(y):
    """Yield the rows of people drawn with replacement."""
    rng = np.random.RandomState(0)
    return (rng.randint(len(y), size=len(y)) for _ in range(N_RESAMPLES))


def losses(y, scores, classes):
    return -np.log(scores[np.arange(len(y)), np.searchsorted(classes, y)])


def macro_f1(y, predicted, weights=None):
    """Return macro-F1 over the labels of these people."""
    labels = np.unique(y)
    found = f1_score(y, predicted, labels=labels, average="macro", sample_weight=weights)
    return float(found)


def paired(y, ours, theirs, classes, key):
    """Return rows of the differences of our scores to those of a linear model, with their error."""
    title = SHORT[key]
    predicted = [classes[scores.argmax(axis=1)] for scores in (ours, theirs)]
    rows = [[f"accuracy, to {title}", differences(*(labels == y for labels in predicted))]]
    gaps = [
        np.subtract(*(macro_f1(y[some], labels[some]) for labels in predicted))
        for some in resamples(y)
    ]
    gap = np.subtract(*(macro_f1(y, labels) for labels in predicted))
    rows.append([f"macro-F1, to {title}", f"{gap:+.4f} ± {np.std(gaps):.4f}"])
    if key != "svm":
        both = (losses(y, scores, classes) for scores in (ours, theirs))
        rows.append([f"log loss, to {title}", differences(*both)])
    return rows


def by_group(groups, hits):
    """Return n, and the share that is right by model, of each group of people."""
    return {
        str(title): {"n": int(rows.sum())}
        | {"accuracy": {key: float(hit[rows].mean()) for key, hit in hits.items()}}
        for title, rows in groups.items()
        if rows.any()
    }


def by_nationality(y, predicted):
    found = {}
    for nationality in np.unique(y).tolist():
        hits = int(np.sum((y == nationality) & (predicted == nationality)))
        n, n_predicted = int(np.sum(y == nationality)), int(np.sum(predicted == nationality))
        found[nationality] = {
            "n": n,
            "recall": hits / n,
            "n_predicted": n_predicted,
            "precision": hits / n_predicted if n_predicted else None,
        }
    return found


def by_mix(y, probabilities, classes):
    """Figures of one list of people under several suppositions of how frequent classes are."""
    true = np.bincount(np.searchsorted(classes, y), minlength=len(classes)) / len(y)
    estimated, root = likeliest_shares(probabilities), population_priors(classes)
    bearers = root**2
    # As if nationalities were as frequent among the names as in the world.
    weights = (bearers / np.maximum(true, 1 / len(y)))[np.searchsorted(classes, y)]
    found = {}
    for name, mix in {
        "equal": np.ones(len(classes)),
        "population, square root": root,
        "population": bearers,
        "estimated": estimated,
        "true": true,
    }.items():
        scores = probabilities * mix
        hits = classes[scores.argmax(axis=1)] == y
        f = figures(y, scores, classes)
        found[name] = f | {"accuracy_in_the_world": float(np.average(hits, weights=weights))}
    return found, float(np.abs(estimated - true).sum())


def decades_of(people, born):
    """Return the people by decade of birth, if it is known."""
    rows = zip(people.names, people.labels.tolist(), strict=True)
    decades = np.array([born.get(row, np.nan) for row in rows], dtype=float) // 10 * 10
    known = np.unique(decades[~np.isnan(decades)]).astype(int).tolist()
    return {f"{decade}s": decades == decade for decade in known}


def birth_years(names, nationalities, years):
    """{(name, nationality): year}, of the players whose name is one person's."""
    rows = [*zip(names, nationalities, strict=True)]
    n = Counter(rows)
    return {
        row: year
        for row, year in zip(rows, years.tolist(), strict=True)
        if n[row] == 1 and not np.isnan(year)
    }


# ---- The cards


PAGE = Path(__file__).with_name("model_card.txt")
NO_SUCH = (
    "There is no American, Argentine, Australian, Belgian, Canadian, Singaporean or Swiss name. "
    "Of South African names there are only Zulu ones."
)
HELD_OUT = (
    "Full names of people whom the model never learned, in no spelling; most of their words are "
    "known from others. new_words are those with no known word."
)


def listing(items):
    return ", ".join(items) or "none"


def tried():
    """The demonyms that were tried as nationalities and left out."""
    rows = read_table("demonyms.csv")
    return [row["demonym"] for row in rows if row["reason"].startswith("tried")]


def learned(names, nationalities, lists, sources):
    """What the training names are of: numbers of names, and the nationalities known least."""
    rows, seen, n_learned = set(zip(names, nationalities, strict=True)), set(), {}
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


def at_most(most_people, label):
    """Say how many people of a label each source gives, at most."""
    return ", ".join(f"at most {n:,} {source} a {label}" for source, n in most_people.items())


def count_known_words(model, people):
    """Return the people by how many words of the name the model knows."""
    found = predict_names(model, people.names.tolist(), known_words=True).known_words
    return {title: np.minimum(found, 2) == n for n, title in enumerate(KNOWN_WORDS)}


def of_new_words(y, scores, classes, rows, weights=None):
    """Return the figures of the people with no known word, who are too few for macro-F1."""
    weights = None if weights is None else weights[rows]
    found = figures(y[rows], scores[rows], classes, weights)
    return {key: found[key] for key in ("n", "accuracy", "top_3")}


def measure(model, people, linear, born, known):
    """Return all figures of the model of nationalities, as the card has them.

    Parameters
    ----------
    model : Pipeline
        Under equal priors.
    people : People
        Those to report.
    linear : dict of dict
        What `linear_scores` returned, by model.
    born : dict
        Of `birth_years`.
    known : dict
        Of `learned`.
    """
    y, classes = people.labels, model.classes_
    assert all(np.array_equal(found["classes"], classes) for found in linear.values())
    scores = {"ours": scores_of(model, people.names)} | linear
    straight = {key: of["as_written"] for key, of in scores.items()}
    predicted = {key: classes[of.argmax(axis=1)] for key, of in straight.items()}
    found = {key: figures(y, of, classes) for key, of in straight.items()}
    for key in straight.keys() - {"svm"}:
        found[key] |= calibration(y, straight[key], classes)
    hits = {key: labels == y for key, labels in predicted.items()}
    right = {spelling: classes[of.argmax(axis=1)] == y for spelling, of in scores["ours"].items()}
    mixes, mix_errors = {}, {}
    # Not LogisticRegression: it supposes the frequencies of its training names.
    for key in [key for key in ("ours", "svm") if key in straight]:
        proba = svm_probabilities(straight[key]) if key == "svm" else straight[key]
        mixes[key], mix_errors[key] = by_mix(y, proba, classes)
    words = count_known_words(model, people)
    has_diacritics = np.array([not name.isascii() for name in people.names])
    in_ascii = {key: classes[of["in_ascii"].argmax(axis=1)] == y for key, of in scores.items()}
    missed = ~hits["ours"]
    wrong = Counter(zip(y[missed].tolist(), predicted["ours"][missed].tolist(), strict=True))
    return {
        "nationalities": classes.tolist(),
        "learned_from": "load_names(script='all'), make_names, "
        + at_most(MORE_PEOPLE, "nationality"),
        **known,
        "missing": f"Every other nationality; its names are given to one of these. {NO_SUCH}",
        "must_not": MUST_NOT,
        "held_out": f"{HELD_OUT} Priors are equal.",
        **found["ours"],
        "new_words": of_new_words(y, straight["ours"], classes, words["0"]),
        "baselines": {
            TITLES[key]: found[key] | {"minutes": float(of["minutes"])}
            for key, of in linear.items()
        },
        "differences": [
            row
            for key in linear
            for row in paired(y, straight["ours"], straight[key], classes, key)
        ],
        "by_source": by_group({source: people.sources == source for source in MOST_PEOPLE}, hits),
        "by_known_words": by_group(words, hits),
        "accuracy_by_level": {
            level: float(hit.mean())
            for level, hit in hits_by_level(straight["ours"], y, classes).items()
        },
        "accuracy_by_spelling": {key: float(hit.mean()) for key, hit in right.items()},
        "with_diacritics": by_group({"as written": has_diacritics}, hits)
        | by_group({"in ASCII": has_diacritics}, in_ascii),
        "by_birth_decade": by_group(decades_of(people, born), hits),
        "by_frequencies": mixes,
        "error_of_estimated_frequencies": mix_errors,
        "by_nationality": by_nationality(y, predicted["ours"]),
        "baselines_recall": {
            TITLES[key]: {k: row["recall"] for k, row in by_nationality(y, predicted[key]).items()}
            for key in linear
        },
        "confusions": [[*pair, n] for pair, n in wrong.most_common(30)],
    }


def alike(y, power=0.0):
    """Return weights that give countries equal frequencies, or a power of their inhabitants."""
    millions = {row[0]: float(row[3]) for row in read_rows("countries.csv")}
    labels, rows, counts = np.unique(y, return_inverse=True, return_counts=True)
    return (np.array([millions.get(c, 0.1) ** power for c in labels]) / counts)[rows]


def measure_countries(model, people, training_labels):
    """Return the card of the model of countries.

    Parameters
    ----------
    model : Pipeline
        Under equal priors.
    people : People
        Those to report.
    training_labels : ndarray of shape (n_names,)
        Of the names that it learned.
    """
    y, classes = people.labels, model.classes_
    equal, priors = (check_priors(name, classes) for name in ("uniform", "population"))
    proba = model.predict_proba(people.names)
    shifted, weights = exchange_priors(proba, equal, priors), alike(y, 0.5)
    new = count_known_words(model, people)["0"]
    alike_too = figures(y, proba, classes, alike(y))
    recalls = by_nationality(y, classes[proba.argmax(axis=1)])
    lacking = sorted({row[0] for row in read_rows("countries.csv")} - {*classes.tolist()})
    return {
        "must_not": MUST_NOT,
        "labels": "ISO 3166-1 alpha-2 codes of countries; XK is Kosovo",
        "n_countries": len(classes),
        "learned_from": at_most(countries.MOST_PEOPLE, "country"),
        "n_names": len(training_labels),
        "n_names_by_country": dict(sorted(Counter(training_labels).items())),
        "held_out": f"{HELD_OUT} Priors are the default ones, and countries as frequent as the "
        'square root of their inhabitants; those "alike" and recalls have equal priors.',
        **figures(y, shifted, classes, weights),
        "new_words": of_new_words(y, shifted, classes, new, weights),
        **{f"{key}_alike": alike_too[key] for key in ("accuracy", "macro_f1", "top_3")},
        "by_country": {
            code: {key: row[key] for key in ("n", "recall")} for code, row in recalls.items()
        },
        "missing": "Names of people of other countries and territories "
        f"({', '.join(lacking)} in load_countries) are given to one of these.",
    }


def page(card, model, options):
    """Return the card in Markdown."""
    keys = ["ours", *(key for key in LINEAR if TITLES[key] in card["baselines"])]
    linear, heads = keys[1:], [SHORT[key] for key in keys]
    found = {"ours": card} | {key: card["baselines"][TITLES[key]] for key in linear}
    overall = [
        [TITLES[key]]
        + [f"{f[name]:.4f}" for name in ("accuracy", "macro_f1", "top_3")]
        + (
            [
                f"{f['log_loss']:.4f}",
                "{:.4f} ({:.4f} to {:.4f})".format(
                    f["calibration_error"], *f["calibration_error_interval"]
                ),
            ]
            if "log_loss" in f
            else ["-", "-"]
        )
        + [f"{f['minutes']:.0f}" if "minutes" in f else "-"]
        for key, f in found.items()
    ]
    mixes = [
        [SHORT[key], name]
        + [f"{f[k]:.4f}" for k in ("accuracy", "macro_f1", "top_3", "accuracy_in_the_world")]
        for key, of in card["by_frequencies"].items()
        for name, f in of.items()
    ]
    mix_errors = "; ".join(
        f"{SHORT[key]} {error:.3f}" for key, error in card["error_of_estimated_frequencies"].items()
    )
    recalls = [card["baselines_recall"][TITLES[key]] for key in linear]
    nationality_rows = [
        [
            nationality,
            f["n"],
            f"{f['recall']:.3f}",
            *(f"{recall[nationality]:.3f}" for recall in recalls),
            "-" if f["precision"] is None else f"{f['precision']:.3f}",
            f["n_predicted"],
        ]
        if (f := card["by_nationality"].get(nationality))
        else [nationality, 0, *["-"] * (len(recalls) + 3)]
        for nationality in card["nationalities"]
    ]
    untested = [name for name in card["nationalities"] if name not in card["by_nationality"]]
    n_people, network = card["n_names_of_people"], model["classify"].network_
    return PAGE.read_text(encoding="utf-8").format(
        options=options,
        machine=machine(),
        wrong=percent(1 - card["accuracy"]),
        wrong_new=percent(1 - card["new_words"]["accuracy"]),
        n_characters=len(model["encode"].alphabet_),
        hidden_size=model["classify"].hidden_size,
        n_ngrams=network.n_ngrams,
        n_words=len(np.unique(network.words.keys)),
        n_classes=len(card["nationalities"]),
        no_such=NO_SUCH,
        tried=listing(tried()),
        n_names=card["n_names"],
        n_distinct=card["n_distinct"],
        people="\n".join(
            f"- {source}: {n_people[source]:,} names, at most {most:,} of a nationality;"
            for source, most in MOST_PEOPLE.items()
        ),
        more=", ".join(f"{most:,} {source}" for source, most in MORE_PEOPLE.items()),
        lists_alone=listing(card["from_lists_alone"]),
        few=FEW,
        few_people=listing(f"{name} ({n})" for name, n in card["from_few_people"].items()),
        people_alone=listing(card["from_people_alone"]),
        one_apart=ONE_APART,
        one_apart_in_arabic=ONE_APART_IN_ARABIC,
        per_source=MOST_REPORTED,
        n=card["n"],
        untested=f" Nobody could be tested of: {', '.join(untested)}." if untested else "",
        overall=table(
            ["", "accuracy", "macro-F1", "top-3", "log loss", "ECE (95 %)", "fit, min"], overall
        ),
        known_words=group_table("known words", heads, card["by_known_words"]),
        sources=group_table("people of", heads, card["by_source"]),
        paired=table(["sknames minus", "mean ± standard error"], card["differences"])
        if linear
        else "No other model was run.",
        subregion=card["accuracy_by_level"]["subregion"],
        region=card["accuracy_by_level"]["region"],
        **card["accuracy_by_spelling"],
        in_ascii_table=group_table("names with diacritics", heads, card["with_diacritics"]),
        n_in_scripts=sum(row[1] for row in card["by_script"] if row[0].startswith("all")),
        scripts=table(people_in_scripts.HEADER, card["by_script"]),
        cyrillic=table([*people_in_scripts.HEADER, "wrong answers"], card["locals_in_cyrillic"]),
        decades=group_table("born in the", heads, card["by_birth_decade"]),
        svm_note="\n- LinearSVC has no probabilities: its scores go through a softmax, times "
        f"{SVM_SCALE}."
        if "svm" in keys
        else "",
        mixes=table(
            ["", "frequencies", "accuracy", "macro-F1", "top-3", "accuracy, as in the world"], mixes
        ),
        mix_errors=f"Sum of the absolute errors of the estimated shares: {mix_errors}.",
        by_nationality=table(
            ["", "n", "recall", *(f"{SHORT[key]}'s recall" for key in linear)]
            + ["precision", "n predicted"],
            nationality_rows,
        ),
        n_wrong=card["n"] - round(card["accuracy"] * card["n"]),
        confusions=table(
            ["is", "was taken for", "n", "of"],
            [[a, b, n, card["by_nationality"][a]["n"]] for a, b, n in card["confusions"]],
        ),
    )


def percent(share):
    return f"{100 * share:.0f} %"


def group_table(title, heads, groups):
    """Return the table of accuracies in what `by_group` returned."""
    rows = [
        [name, row["n"], *(f"{x:.4f}" for x in row["accuracy"].values())]
        for name, row in groups.items()
    ]
    return table([title, "n", *heads], rows)
