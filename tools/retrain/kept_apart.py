"""Select the held-out people, for thresholds and figures of the shipped models.

`recipe.is_kept_apart` holds out a fixed share of the people of all sources, in every
spelling. Thresholds are chosen on one half of these people. Figures are reported for
the other half, which is not used to choose anything.
"""

from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sknames.datasets import load_names
from sknames.pretrained._load_pretrained import read_model

from . import countries, recipe
from .files import MODELS
from .recipe import is_apart_in_arabic, is_kept_apart, person_of

# Largest numbers of people of a label and source, in the half that chooses and in the
# half that is reported.
MOST_CHOOSING = 200
MOST_REPORTED = 100
# Other spellings of a full name, and parts of it, as lists may have them.
SPELLINGS = {
    "as_written": str,
    "turned": recipe.turn,
    "in_ascii": recipe.in_ascii,
    "last_word": lambda name: name.split()[-1],
    "first_word": lambda name: name.split()[0],
}


class People(NamedTuple):
    """People, one per row: full name, label and source."""

    names: NDArray[Any]
    labels: NDArray[Any]
    sources: NDArray[Any]

    def at(self, rows):
        """Return the people in these rows."""
        return People(*(column[rows] for column in self))

    def joined(self, others):
        """Return these people followed by others."""
        return People(*map(np.concatenate, zip(self, others, strict=True)))

    def few(self, most):
        """Return the first people of each label and source, at most `most` of each."""
        groups = np.unique([self.labels, self.sources], axis=1, return_inverse=True)[1]
        order = np.argsort(groups, kind="stable")
        starts = np.searchsorted(groups[order], groups[order])
        return self.at(np.sort(order[np.arange(len(order)) - starts < most]))


@cache
def read_people_apart(target):
    """Return the held-out people of all sources, with the labels of a target."""
    if target == "country":
        return people_apart(countries.read_people_of_countries())
    return people_apart(recipe.typical_people(load_names(script="all")))


def people_apart(sources):
    """Return the held-out people, in random order within each label and source.

    Parameters
    ----------
    sources : dict of dict of list of str
        Names by source and label: the result of `recipe.typical_people` or
        `countries.people_of_countries`.

    Returns
    -------
    People
        Names as objects, labels and sources as strings.
    """
    of_arabic = {
        person_of(name)
        for found in sources["names in Arabic"].values()
        for name in found
    }
    rows = []
    seen = set()
    for source, names_of in sources.items():
        for label in sorted(names_of):
            new = {}
            for name in sorted({*names_of[label]}):
                person = person_of(name)
                is_apart = is_kept_apart(person)
                is_apart |= person in of_arabic and is_apart_in_arabic(person)
                if is_apart and " " in name and (person, label) not in seen:
                    new.setdefault(person, name)
            drawn = np.random.RandomState(0).permutation(sorted(new))
            seen |= {(person, label) for person in drawn}
            rows += [(new[person], label, source) for person in drawn]
    names, labels, sources = zip(*rows, strict=True)
    return People(np.array(names, dtype=object), np.array(labels), np.array(sources))


def load(target="nationality", folder=None, people=None):
    """Return a model with uniform priors, and the held-out people with its labels.

    Parameters
    ----------
    target : {"nationality", "country"}, default="nationality"
    folder : Path, default=None
        Folder of the model. By default, it is the shipped model.
    people : People, default=None
        Held-out people. By default, they are the result of `read_people_apart`.

    Returns
    -------
    model : Pipeline
    choose, report : People
        Limited numbers of people of each half, see `MOST_CHOOSING`.
    halves : tuple of two People
        All people of each half.
    """
    model = read_model(folder or MODELS / target, priors="uniform")
    if people is None:
        people = read_people_apart(target)
    people = people.at(np.isin(people.labels, model.classes_))
    digests = (
        sha256(f"half:{person_of(name)}".encode()).digest() for name in people.names
    )
    is_reported = np.array([digest[0] % 2 == 1 for digest in digests])
    halves = people.at(~is_reported), people.at(is_reported)
    return model, halves[0].few(MOST_CHOOSING), halves[1].few(MOST_REPORTED), halves
