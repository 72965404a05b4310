"""People of sets that others made: who is new, who chooses, and who is reported.

The sets are in the folder "public" of the sources, see bench_public.py and
bench_countries.py. The models learn nobody of them on purpose.
"""

from hashlib import sha256

import numpy as np

from sknames.datasets import load_nationalities
from sknames.datasets._fetch_names import data_folder

from .biographies import clean_title, read_biographies
from .chess_players import clean_entry, read_chess_players
from .countries import people_of_countries
from .recipe import person_of

ISO = {"GK": "GR"}  # how arczi21 writes Greece


def is_reported(name):
    """Return whether a name of a set is reported; the other half chooses settings.

    The name is as the set has it.
    """
    return sha256(name.encode()).digest()[0] % 2 == 1


def read_countries(name):
    """Return the names and the countries of "goalscorers" or "arczi21_test"."""
    path = data_folder(None) / "public" / f"{name}.tsv"
    names = []
    countries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        person, country = line.split("\t")
        names.append(person)
        countries.append(ISO.get(country, country))
    return np.array(names, dtype=object), np.array(countries)


def source_people():
    """Return the people in all sources of people, as `person_of` writes them.

    These are the sources of `people_of_countries`. Of biographies and chess players,
    also those are counted whom the models do not learn. Dictionaries of people in
    Chinese characters do not count.
    """
    titles = {*read_biographies(raw=True)[0]}
    entries = {*read_chess_players(raw=True)[0]}
    names = titles | entries
    names.update(map(clean_title, titles))
    names.update(map(clean_entry, entries))
    for names_of_country in people_of_countries().values():
        for found in names_of_country.values():
            names.update(found)
    return {person_of(name) for name in names if name}


def country_shares(nationalities, countries):
    """Return how many people of each nationality live in each country.

    Parameters
    ----------
    nationalities : list of str
    countries : list of str
        Those to choose among, as ISO 3166-1 codes.

    Returns
    -------
    ndarray of shape (n_nationalities, n_countries)
        Each row sums to 1, or to 0 without one of the countries.
    """
    countries = np.asarray(countries)
    table = load_nationalities()
    shares = np.zeros((len(nationalities), len(countries)))
    rows = zip(table.nationality, table.alpha_2, table.millions, strict=True)
    millions_of = {label: (codes, millions) for label, codes, millions in rows}
    for row, label in zip(shares, nationalities, strict=True):
        codes, millions = millions_of[label]
        for code, people in zip(codes.split(), millions.split(), strict=True):
            row[countries == code] = float(people)
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
