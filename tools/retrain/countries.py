"""What the model of countries learns, and how: a head on the network of nationalities.

The logits of countries are linear in those of nationalities and in some of the n-grams that the
network finds anyway; words add theirs. So the head is as accurate as a network of its own, at a
third of its size: see examples/benchmarks/results/countries.md.
"""

from collections import defaultdict
from dataclasses import replace

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from sknames import NameNationalityClassifier
from sknames.datasets import load_names, load_nationalities

from .arabic_names import read_arabic_names
from .biographies import read_biographies
from .chess_players import read_chess_players
from .linear import fit_linear, fit_words
from .recipe import (
    LAST_WORD_FIRST,
    also_apart,
    in_other_scripts,
    is_kept_apart,
    latin_of_arabic,
    nationality_of_countries,
    people_in_arabic,
    person_of,
    read_dictionaries,
    turn,
)
from .rounding import rounded, with_temperature

SEED = 0
# People of a country, at most, of each source: see `recipe.MOST_PEOPLE`.
MOST_PEOPLE = {"biographies": 60_000, "chess players": 200_000, "names in Arabic": 20_000}
MOST_SPELLED = 8_000  # people of a country who are also learned in other scripts
LEAST = 10  # people of a country that the model is to know
LEAST_IN_OWN_SCRIPT = 1_000
# Countries of no nationality of the trunk that write in a script of their own.
WRITES = {"LA": "Laotian", "MV": "Maldivian", "BT": "Bhutanese", "ER": "Eritrean"}
WORD_WEIGHT = 0.6
TEMPERATURE = 1.74


def people_of_countries():
    """Return the names of the people of each country, a dict by source of dicts of lists."""
    biographies = read_biographies(column="alpha_2")
    chess_players = read_chess_players(column="alpha_2")[:2]
    sources = {}
    for source, columns in (("biographies", biographies), ("chess players", chess_players)):
        sources[source] = defaultdict(list)
        for name, country in zip(*columns, strict=True):
            sources[source][country].append(name)
    codes = {code for _, _, code in read_arabic_names()}
    sources["names in Arabic"] = latin_of_arabic({code: code for code in codes})
    return sources


def read_country_dictionaries():
    """Return what `read_dictionaries` does, with people in Arabic script by country."""
    dictionaries, codes = read_dictionaries(), {code for _, _, code in read_arabic_names()}
    arabic = people_in_arabic(
        dictionaries.spellings, load_names(script="native"), {code: code for code in codes}
    )
    return dictionaries._replace(arabic=arabic)


def training_names(sources, dictionaries=None):
    """Draw the names that the head learns from the result of `people_of_countries`.

    A person of a country in several sources counts once, and those kept apart do not count. With
    dictionaries, of `read_country_dictionaries`, some people are also spelled in other scripts.
    Return names and countries, ndarrays of object.
    """
    rng = check_random_state(SEED)
    names, countries = [], []
    without = also_apart(sources)
    nationalities = load_nationalities()
    first_of = dict(zip(nationalities.nationality, nationalities.alpha_2, strict=True))
    nationality_of = {
        country: nationality
        for nationality, several in reversed(first_of.items())
        for country in several.split()
    }
    nationality_of |= nationality_of_countries() | WRITES
    native = load_names(script="native")
    for country in sorted(set().union(*sources.values())):
        seen, drawn = without, []
        for source, names_of in sources.items():
            found = rng.permutation(np.array(names_of.get(country, []), dtype=object))
            new = {person_of(name): name for name in found}
            new = {
                person: name
                for person, name in new.items()
                if person not in seen and not is_kept_apart(person)
            }
            drawn += [*new.values()][: MOST_PEOPLE[source]]
            seen = seen | new.keys()
        if len(drawn) < LEAST:
            continue
        if dictionaries:
            nationality = nationality_of.get(country, "")
            is_first = first_of.get(nationality, country).split()[0] == country
            some = rng.permutation(np.array(drawn, dtype=object))[:MOST_SPELLED].tolist()
            drawn += in_other_scripts(
                some,
                nationality,
                dictionaries,
                rng,
                MOST_PEOPLE["names in Arabic"],
                country=country,
                is_first=is_first,
                least=LEAST_IN_OWN_SCRIPT,
            )
            if first_of.get(nationality) == country:
                drawn += native.data[native.target == nationality].tolist()
            drawn += [turn(name) for name in drawn if rng.random_sample() < LAST_WORD_FIRST]
        names += drawn
        countries += [country] * len(drawn)
    return np.array(names, dtype=object), np.array(countries, dtype=object)


def fit(pipeline, names, countries, *, verbose=0):
    """Train a head on a fitted pipeline, and return a pipeline that predicts countries.

    Its probabilities assume equally frequent countries.
    """
    encoder, classifier = pipeline["encode"], pipeline["classify"]
    network = replace(classifier.network_, words=None)
    classes, labels = np.unique(countries.astype(str), return_inverse=True)
    codes = network.to_codes(encoder.transform(names))
    weights = fit_linear(network, codes, labels, len(classes), verbose=verbose)
    words = fit_words(network, names, codes, labels, len(classes), WORD_WEIGHT)
    network = replace(
        network,
        weights=network.weights | weights,
        words=words,
        class_prior=np.full(len(classes), 1 / len(classes)),
        class_bias=None,
    )
    network = rounded(with_temperature(network, TEMPERATURE))
    classifier = NameNationalityClassifier._from_network(
        network, classes, n_features_in=classifier.n_features_in_, **classifier.get_params()
    )
    return Pipeline([("encode", encoder), ("classify", classifier)])
