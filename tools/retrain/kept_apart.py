"""People whom the model that ships never learns, for its figures, thresholds and sets.

The rule is `recipe.is_kept_apart`: one person in so many of all sources, in every spelling.
"""

import numpy as np

from sknames.datasets import load_names

from . import countries, recipe
from .recipe import is_apart_in_arabic, is_kept_apart, person_of

PER_SOURCE = 100  # people of a label and source, at most


def people_apart(column="nationality"):
    """Return the full names of people kept apart, at most 100 of a label and source.

    Parameters
    ----------
    column : {"nationality", "alpha_2"}, default="nationality"
        What the labels are: nationalities, or countries as ISO 3166-1 codes.

    Returns
    -------
    names, labels : ndarray of shape (n_people,), dtype=object
    """
    if column == "nationality":
        sources = recipe.typical_people(load_names(script="all"))
    else:
        sources = countries.people_of_countries()
    of_arabic = {person_of(name) for found in sources["names in Arabic"].values() for name in found}
    rows, seen = [], set()
    for names_of in sources.values():
        for label in sorted(names_of):
            new = {}
            for name in sorted({*names_of[label]}):
                person = person_of(name)
                is_apart = is_kept_apart(person)
                is_apart |= person in of_arabic and is_apart_in_arabic(person)
                if is_apart and " " in name and (person, label) not in seen:
                    new.setdefault(person, name)
            drawn = np.random.RandomState(0).permutation(sorted(new))[:PER_SOURCE]
            seen |= {(person, label) for person in drawn}
            rows += [(new[person], label) for person in drawn]
    return tuple(np.array(column, dtype=object) for column in zip(*rows, strict=True))
