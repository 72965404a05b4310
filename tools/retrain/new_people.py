"""Find the people in public test sets who are not in the training data.

`tools.public_sets` reads the sets. The models learn nobody of them on purpose, but some
of the people, or namesakes, are in the sources.
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

ISO = {"GK": "GR"}  # how arczi21 writes Greece


@dataclass(frozen=True)
class PublicSet:
    """Hold people of a public set: one row a person.

    Attributes
    ----------
    names : ndarray of shape (n,), dtype=object
    countries : ndarray of shape (n,)
        ISO 3166-1 codes.
    is_new : ndarray of shape (n,), dtype=bool
        Whether no source of people has the person.
    is_reported : ndarray of shape (n,), dtype=bool
        See `is_reported` of `tools.public_sets`.
    """

    names: np.ndarray
    countries: np.ndarray
    is_new: np.ndarray
    is_reported: np.ndarray


def read_public(name, known):
    """Return a public set of countries; `known` is what `source_people` returns."""
    names, labels = public_sets.read_set(data_folder(None), name)
    countries = [ISO.get(label, label) for label in labels.tolist()]
    is_new = [person_of(found) not in known for found in names]
    is_reported = [public_sets.is_reported(found) for found in names]
    return PublicSet(
        names, np.array(countries), np.array(is_new), np.array(is_reported)
    )


def public_people(target, known):
    """Return the people of public sets whom no source has, of the reported half.

    Parameters
    ----------
    target : {"nationality", "country"}
        By nationality, people have that of most people of their country.
    known : set of str
        What `source_people` returns.

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
    """Return the people in all sources of people, as `person_of` writes them.

    These are the sources of `people_of_countries`. Of biographies and chess players,
    also those are counted whom the models do not learn. Dictionaries of people in
    Chinese characters do not count.
    """
    titles = read_biographies(raw=True)[0]
    entries = read_chess_players(raw=True)[0]
    return persons(titles, entries, read_people_of_countries())


def persons(titles, entries, sources):
    """Return the people of titles of articles, of entries of players and of sources."""
    names = {*titles, *entries}
    names.update(map(clean_title, titles))
    names.update(map(clean_entry, entries))
    for names_of_country in sources.values():
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
