"""Train the country model, a linear head on the nationality network.

The logits of countries are a linear function of the logits of nationalities and of some
of the n-grams that the network finds; words are added. This head is as accurate as a
separate network, at a third of its size: see examples/benchmarks/results/countries.md.
"""

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from sknames import NameNationalityClassifier
from sknames.datasets import load_countries, load_names, load_nationalities

from .arabic_names import read_arabic_names
from .biographies import read_biographies
from .chess_players import read_chess_players
from .other_scripts import OTHERS_OF_LOCALS, own_script
from .people_tables import SOURCES, read_people
from .recipe import (
    FOREIGN_SCRIPTS,
    IN_OTHERS_OF_LOCALS,
    LAST_WORD_FIRST,
    SECOND_PHASE,
    SEED,
    in_ascii,
    in_other_scripts,
    latin_of_arabic,
    people_in_arabic,
    person_of,
    shuffled,
    turn,
    words_alone,
)
from .rounding import rounded, with_temperature
from .spellings import SCRIPTS
from .tables import fold

# Amounts for each country, instead of each nationality.
AMOUNTS = replace(
    SECOND_PHASE,
    most_people={**SECOND_PHASE.most_people, **dict.fromkeys(SOURCES, 20_000)},
    most_spelled=8_000,
    least_in_own_script=1_000,
)
LEAST = 7  # people; countries with fewer people are not classes
# The rows of countries with fewer rows than LEAST_ROWS are repeated, up to MOST_TIMES.
# Otherwise the generalized cross-entropy treats a class of twenty rows as noise.
LEAST_ROWS = 1_500
MOST_TIMES = 30
# Countries that write in a script of their own, but whose nationality the trunk lacks.
WRITES = {"LA": "Laotian", "MV": "Maldivian", "BT": "Bhutanese", "ER": "Eritrean"}
# Kinds of Chinese characters (0: simplified, 1: traditional), see `in_han`.
CHARACTERS = {"CN": (0,), "TW": (1,), "HK": (1,)}
# Assumed share of the names of a country that are written in a script. The share in the
# training data is not realistic, because it depends on sources and limits. The share is
# higher for countries that write in the script, and differs if they write in several.
# For all other countries, it is at most the share in the training data.
SHARE_OF_LOCALS = 0.35
SHARE_OF_OTHERS = 0.02
SHARES = {
    "Han": {"CN": 0.35, "TW": 0.2, "HK": 0.2, "JP": 0.35, "SG": 0.1, "KR": 0.05},
    "Katakana": {"JP": 0.1},
    "Cyrillic": {"ME": 0.02, "BA": 0.02},
    "Devanagari": {"IN": 0.02},
    # Eritreans also write in Arabic script.
    "Ethiopic": {"ER": 0.2},
}
# How letters that keyboards lack are written: Soerensen for Sørensen.
DIGRAPHS = str.maketrans(
    {"å": "aa", "đ": "dj"}
    | {c: f"{vowel}e" for c, vowel in ("øo", "öo", "æa", "äa", "üu")}
)
N_NGRAMS = 43_000
WORD_WEIGHT = 0.7
TEMPERATURE = 1.7


def read_people_of_countries(*, permissive=False):
    """Return `people_of_countries` of all sources, or of the permissive ones only."""
    players = [], []
    if not permissive:
        players = read_chess_players(column="alpha_2")[:2]
    return people_of_countries(
        read_biographies(column="alpha_2"),
        players,
        read_arabic_names(),
        read_people(permissive=permissive),
    )


def people_of_countries(biographies, players, rows, others):
    """Return the names of people by source and country.

    Parameters
    ----------
    biographies, players : tuple of (names, countries)
    rows : list of tuple of str
        Result of `read_arabic_names`.
    others : dict of dict of list of str
        Names of people in other sources, by source and country.

    Returns
    -------
    dict of dict of list of str
    """
    sources = {}
    for source, columns in (("biographies", biographies), ("chess players", players)):
        sources[source] = defaultdict(list)
        for name, country in zip(*columns, strict=True):
            sources[source][country].append(name)
    sources["names in Arabic"] = latin_of_arabic(rows, as_they_are(rows))
    return sources | others


def as_they_are(rows):
    """Map each country in rows of `read_arabic_names` to itself, its own label."""
    return {code: code for _, _, code in rows}


def read_material(material, *, permissive=False):
    """Return the material of nationalities with people of all sources by country."""
    people = read_people_of_countries(permissive=permissive)
    return by_country(material, people, read_arabic_names())


def by_country(material, sources, rows):
    """Return the material of nationalities with people by country instead.

    `sources` is the result of `people_of_countries`, and `rows` that of
    `read_arabic_names`.
    """
    dictionaries = material.dictionaries
    lists = load_names(script="native")
    arabic = people_in_arabic(rows, dictionaries.spellings, lists, as_they_are(rows))
    return replace(
        material,
        sources=sources,
        dictionaries=replace(dictionaries, arabic=arabic),
    )


def first_countries():
    """Return the countries of each nationality, the country of origin first."""
    table = load_nationalities()
    return dict(zip(table.nationality, map(str.split, table.alpha_2), strict=True))


def nationalities_by_country():
    """Return the nationality of most people in each country, by their names."""
    table = load_nationalities()
    rows = []
    columns = table.nationality, table.alpha_2, table.millions
    for nationality, codes, millions in zip(*columns, strict=True):
        for country, n in zip(codes.split(), millions.split(), strict=True):
            rows.append((float(n), nationality, country))
    found = {country: nationality for _, nationality, country in sorted(rows)}
    return found | WRITES


def training_names(material, amounts=AMOUNTS, *, seed=SEED):
    """Draw the training names of the country model from `read_material`.

    People who are in several sources of a country are drawn once, and held-out people
    are left out. Names with accents are added in ASCII, and names without accents are
    added with the accents that locals write. The first and last words of some names are
    added as single words, and some people in other scripts.

    Returns
    -------
    names, countries : ndarray of shape (n_names,), dtype=object
    """
    rng = check_random_state(seed)
    names = []
    countries = []
    sources = material.sources
    lists = material.lists
    first_of = first_countries()
    nationality_of = nationalities_by_country()
    known = {*load_countries().alpha_2}  # the priors need their populations
    for country in sorted(known & set().union(*sources.values())):
        seen = set()
        drawn = []
        for source, names_of in sources.items():
            found = rng.permutation(np.array(names_of.get(country, []), dtype=object))
            new = {person_of(name): name for name in found}
            new = {
                person: name
                for person, name in new.items()
                if person not in seen and not material.is_apart(person)
            }
            drawn += [*new.values()][: amounts.most_people[source]]
            seen = seen | new.keys()
        if len(drawn) < LEAST:
            continue
        nationality = nationality_of.get(country, "")
        of_nationality = lists.target == nationality
        is_native = lists.script != "Latn"
        people = drawn
        listed = lists.data[of_nationality & ~is_native].tolist()
        drawn = drawn + [in_ascii(name) for name in people if not name.isascii()]
        drawn += with_accents(people, listed)
        alone = words_alone(drawn, amounts.words_alone, rng)
        firsts = first_of.get(nationality, [country])
        drawn += in_other_scripts(
            shuffled(people, rng)[: amounts.most_spelled],
            nationality,
            material.dictionaries,
            amounts,
            rng,
            country=country,
            is_first=firsts[0] == country,
            characters=CHARACTERS.get(country, ()),
        )
        if firsts == [country]:
            drawn += lists.data[of_nationality & is_native].tolist()
        drawn += [turn(name) for name in drawn if rng.random_sample() < LAST_WORD_FIRST]
        drawn += alone
        names += drawn
        countries += [country] * len(drawn)
    return np.array(names, dtype=object), np.array(countries, dtype=object)


def with_accents(people, listed):
    """Return those names in ASCII that can be written with accents, with the accents.

    A word gets its most frequent accents among the people of the country who have
    accents, and among the `listed` names of its nationality, which are spelled as
    locals spell them.
    """
    counts = defaultdict(Counter)
    for name in [*(name for name in people if not name.isascii()), *listed]:
        for word in name.split():
            for key in {fold(word), fold(word.lower().translate(DIGRAPHS))}:
                counts[key][word] += 1
    most = {key: max(several, key=several.get) for key, several in counts.items()}
    restored = (
        " ".join(most.get(word.lower(), word) for word in name.split())
        for name in people
        if name.isascii()
    )
    return [name for name in restored if not name.isascii()]


def repeated(names, countries):
    """Return names and countries, with the full names of rare countries repeated.

    Single words are not repeated: otherwise the model would associate common surnames
    with small countries, such as Smith with Guernsey.
    """
    _, labels, n_rows = np.unique(
        countries.astype(str), return_inverse=True, return_counts=True
    )
    times = np.minimum(np.ceil(LEAST_ROWS / n_rows), MOST_TIMES).astype(int)[labels]
    times[[" " not in name for name in names]] = 1
    rows = np.repeat(np.arange(len(names)), times)
    return names[rows], countries[rows]


def shares_in_scripts(classes):
    """Return the assumed share of each country's names in each form, see `log_priors`.

    The result has shape (n_forms, n_classes).
    """
    from .linear import FORMS, N_LATIN  # imports torch

    shares = np.ones((len(FORMS), len(classes)))
    for form, script in enumerate(SCRIPTS, start=N_LATIN):
        shares[form] = min(SHARE_OF_OTHERS, FOREIGN_SCRIPTS.get(script, 1))
    nationality_of = nationalities_by_country()
    for k, country in enumerate(classes.tolist()):
        nationality = nationality_of.get(country, "")
        for form, script in enumerate(SCRIPTS, start=N_LATIN):
            if script == own_script(nationality):
                shares[form, k] = SHARE_OF_LOCALS
            elif script in OTHERS_OF_LOCALS.get(nationality, ()):
                shares[form, k] = IN_OTHERS_OF_LOCALS
            shares[form, k] = SHARES.get(script, {}).get(country, shares[form, k])
    return shares


def fit(pipeline, names, countries, *, seed=SEED, verbose=0):
    """Train a head on a fitted pipeline, and return a pipeline that predicts countries.

    Rare countries have a higher weight, see `repeated`. Probabilities assume that all
    countries are equally frequent.
    """
    # Imported late: importing torch reads SAME_BITS.
    from .linear import fit_layer

    encoder = pipeline["encode"]
    classifier = pipeline["classify"]
    names, countries = repeated(names, countries)
    classes, labels = np.unique(countries.astype(str), return_inverse=True)
    network = replace(classifier.network_, words=None)
    settings = (N_NGRAMS, WORD_WEIGHT)
    options = {"design": shares_in_scripts(classes), "seed": seed, "verbose": verbose}
    weights, words = fit_layer(
        network, encoder, names, labels, len(classes), *settings, **options
    )
    network = replace(
        network,
        weights=network.weights | weights,
        words=words,
        class_prior=np.full(len(classes), 1 / len(classes)),
        measured=None,
    )
    network = rounded(with_temperature(network, TEMPERATURE))
    classifier = NameNationalityClassifier._from_network(
        network,
        classes,
        n_features_in=classifier.n_features_in_,
        **classifier.get_params(),
    )
    return Pipeline([("encode", encoder), ("classify", classifier)])
