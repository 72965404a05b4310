"""Find the people in public test sets who are not in the training data.

`tools.public_sets` reads the sets. They are not training data, but some of their
people, or namesakes, are also in the sources of the training data.
"""

from dataclasses import dataclass

import numpy as np

from sknames.datasets import load_nationalities
from sknames.datasets._fetch_names import data_folder
from tools import public_sets

from .biographies import clean_title, read_biographies
from .chess_players import clean_entry, read_chess_players
from .countries import nationalities_by_country, read_people_of_countries
from .kept_apart import People
from .recipe import person_of

ISO = {"GK": "GR"}  # the code of Greece in arczi21


@dataclass(frozen=True)
class PublicSet:
    """People of a public set, one per row.

    Attributes
    ----------
    names : ndarray of shape (n,), dtype=object
    countries : ndarray of shape (n,)
        ISO 3166-1 codes.
    is_new : ndarray of shape (n,), dtype=bool
        Whether the person is in none of the sources of people.
    is_reported : ndarray of shape (n,), dtype=bool
        Whether the person is in the half that is reported, see `tools.public_sets`.
    """

    names: np.ndarray
    countries: np.ndarray
    is_new: np.ndarray
    is_reported: np.ndarray


def read_public(name, known):
    """Return a public set of countries; `known` is the result of `source_people`."""
    names, labels = public_sets.read_set(data_folder(None), name)
    countries = [ISO.get(label, label) for label in labels.tolist()]
    is_new = [person_of(found) not in known for found in names]
    is_reported = [public_sets.is_reported(found) for found in names]
    return PublicSet(
        names, np.array(countries), np.array(is_new), np.array(is_reported)
    )


def public_people(target, known):
    """Return those people in the reported half of public sets who are in no source.

    Parameters
    ----------
    target : {"nationality", "country"}
        If "nationality", the label of a person is the nationality of most people in
        their country.
    known : set of str
        Result of `source_people`.

    Returns
    -------
    kept_apart.People
        The sources are the names of the sets.
    """
    nationality_of = nationalities_by_country() if target == "nationality" else {}
    rows = []
    for name in sorted(public_sets.CHOOSING):
        public = read_public(name, known)
        for k in np.flatnonzero(public.is_new & public.is_reported):
            country = public.countries[k].item()
            rows.append((public.names[k], nationality_of.get(country, country), name))
    names, labels, sources = zip(*rows, strict=True)
    return People(np.array(names, dtype=object), np.array(labels), np.array(sources))


def source_people():
    """Return the people in all sources of `people_of_countries`, as `person_of` keys.

    Biographies and chess players without a label, which are not in the training data,
    are included. Dictionaries of people in Chinese characters are not.
    """
    titles = read_biographies(raw=True)[0]
    entries = read_chess_players(raw=True)[0]
    return persons(titles, entries, read_people_of_countries())


def persons(titles, entries, sources):
    """Return the keys of the people in titles of biographies, players and sources."""
    names = {*titles, *entries}
    names.update(map(clean_title, titles))
    names.update(map(clean_entry, entries))
    for names_of_country in sources.values():
        for found in names_of_country.values():
            names.update(found)
    return {person_of(name) for name in names if name}


def country_shares(nationalities, countries):
    """Return how each nationality is divided among some countries, by population.

    Parameters
    ----------
    nationalities : list of str
    countries : list of str
        ISO 3166-1 codes.

    Returns
    -------
    ndarray of shape (n_nationalities, n_countries)
        Each row sums to 1, or to 0 if none of the countries has the nationality.
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
