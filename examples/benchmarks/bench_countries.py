"""Measure the accuracy of the country model on held-out people and public test sets.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_countries.py``, with
``--model FOLDER`` for another model. SKNAMES_DATA must contain the training data of the
shipped models, and in a folder "public" the sets goalscorers and arczi21, see
tools/public_sets.py. "New" people are people of these sets who are in no source of the
training data, in the half that is not used to choose settings. The held-out people are
those of tools/retrain/kept_apart.py, on whom neither the network nor its head was
trained. Settings were chosen on one half of them, and the other half is reported: see
results/countries.md. The baseline divides each nationality among its countries by
population, see `datasets.load_nationalities`.
"""

import argparse
from pathlib import Path

import numpy as np

from sknames import load_pretrained
from sknames.datasets import load_nationalities
from sknames.datasets._load_names import read_rows
from sknames.pretrained._load_pretrained import read_model
from tools.measuring import machine, table, top_3_hits
from tools.retrain import kept_apart
from tools.retrain.card import alike, has_new_words
from tools.retrain.new_people import country_shares, read_public, source_people

# Countries that share a language. If nationalities are divided by population, only the
# largest of them is ever predicted.
SAME_LANGUAGE = "US BR MX AR CO CL ES PT GB AT CH BE EG MA NG AU SG".split()


def countries_of_nationalities():
    """Return the countries of all nationalities, sorted."""
    return np.unique(" ".join(load_nationalities().alpha_2).split())


def by_population(model, names, countries):
    """Return probabilities of countries, from nationalities divided by population."""
    return model.predict_proba(names) @ country_shares(model.classes_, countries)


def tempered(classes):
    """Return priors by title, from the population of each country."""
    millions = {row[0]: float(row[3]) for row in read_rows("countries.csv")}
    people = np.array([millions[country] for country in classes])
    powers = {
        "uniform": 0,
        "inhabitants, fourth root": 0.25,
        "inhabitants, square root": 0.5,
    }
    return {
        name: people**power / (people**power).sum() for name, power in powers.items()
    }


def figures(y, scores, classes, weights=None):
    """Return the accuracy and the top-3 accuracy as text."""
    hits = top_3_hits(scores, y, classes)
    return [
        f"{np.average(h, weights=weights):.3f}" for h in (hits[:, 0], hits.any(axis=1))
    ]


def main():
    """Print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--model", type=Path, help="folder of the model (default: the shipped model)"
    )
    parser.add_argument(
        "--half",
        type=int,
        default=1,
        help="half of the held-out people: 1, which is reported, or 0, on which "
        "settings were chosen (default: 1)",
    )
    options = parser.parse_args()
    print(f"On {machine()}.\n")
    model, *halves = kept_apart.load("country", options.model)
    tables_of_people(model, halves[options.half])
    model = read_model(options.model) if options.model else load_pretrained("country")
    public_tables(model)


def tables_of_people(model, people):
    """Print the figures for held-out people, and for those without a known word."""
    classes = model.classes_
    priors = tempered(model.classes_)
    base = load_pretrained()
    new = has_new_words(model, people)
    countries = countries_of_nationalities()
    for description, some in {
        "held out": people,
        "no known word": people.at(new),
    }.items():
        names = some.names
        y = some.labels
        proba = model.predict_proba(names)
        weights = (alike(y), alike(y, 0.5))
        split_by_population = by_population(base, names, countries)
        rows = [("by population", countries, split_by_population)]
        rows += [(name, classes, proba * prior) for name, prior in priors.items()]
        print(f"## {len(y):,} people, {description}\n")
        header = [
            "priors",
            "accuracy, countries alike",
            "first three",
            "as sqrt(inhabitants)",
        ]
        lines = [
            [name, *(x for w in weights for x in figures(y, scores, labels, w))]
            for name, labels, scores in rows
        ]
        print(table([*header, "first three"], lines))
        hits = classes[proba.argmax(axis=1)] == y
        recall = sorted(
            (hits[y == c].mean(), c, int((y == c).sum())) for c in np.unique(y)
        )
        print(
            "\nRecall, countries alike:",
            ", ".join(f"{c} {r:.2f} ({n})" for r, c, n in recall),
        )
        same = [f"{c} {r:.2f}" for r, c, _ in recall if c in SAME_LANGUAGE]
        print(f"\nOf languages of several countries: {', '.join(same)}\n")


def public_tables(model):
    """Print the figures for public sets, with default and uniform priors."""
    known = source_people()
    classes = model.classes_
    base = load_pretrained()
    all_countries = countries_of_nationalities()
    for name in ("goalscorers", "arczi21"):
        people = read_public(name, known)
        names = people.names
        y = people.countries
        new = people.is_new & people.is_reported
        proba = model.predict_proba(names)
        countries = np.unique(y) if name == "arczi21" else all_countries
        rows = [
            ("by population", countries, by_population(base, names, countries)),
            ("default priors", classes, proba),
            ("equal priors", classes, proba / model[-1].class_prior_),
        ]
        if name == "arczi21":
            rows = [
                (key, c[np.isin(c, y)], scores[:, np.isin(c, y)])
                for key, c, scores in rows
            ]
        lines = [
            [key, *figures(y, scores, c), *figures(y[new], scores[new], c)]
            for key, c, scores in rows
        ]
        print(f"## {name}: {len(y):,} people, {new.sum():,} of them new and reported\n")
        print(
            table(["", "all", "first three", "new", "first three"], lines), end="\n\n"
        )
        _, labels, scores = rows[-1]
        hits = labels[scores.argmax(axis=1)] == y
        recall = sorted(
            (hits[y == c].mean(), c) for c in np.unique(y) if (y == c).sum() >= 50
        )
        print("Recall:", ", ".join(f"{c} {r:.2f}" for r, c in recall), end="\n\n")


if __name__ == "__main__":
    main()
