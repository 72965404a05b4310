"""The people whose whole names are held out.

The names are few, and no figure here means anything.
"""

from collections import Counter

import numpy as np
import pytest

from sknames.datasets import make_names
from tools.retrain import held_out, recipe


@pytest.fixture(scope="module")
def sources():
    """Names of people by source; some are in both, with the last word first in the second."""
    rng = np.random.RandomState(0)
    first, second = (
        {
            nationality: [
                *dict.fromkeys(make_names(n, nationalities=[nationality], random_state=rng)[0])
            ]
            for nationality in ("French", "Irish")
        }
        for n in (600, 3_000)
    )
    for nationality, found in first.items():
        second[nationality] = [recipe.turn(name) for name in found[::2]] + second[nationality]
    first["Zulu"] = ["Sipho Dlamini"] * 3 + ["Shaka"] * 40  # too few people to hold out
    return first, second


def learned(sources):
    """All names in the spellings of the recipe, and the words of each on its own."""
    respellings = [recipe.turn, recipe.turn_with_comma, recipe.initials, recipe.letters_only]
    rows = []
    for names_of in sources:
        for nationality, found in names_of.items():
            for name in found:
                spelled = [name, *(respell(name) for respell in respellings), *name.split()]
                spelled += [recipe.in_ascii(other) for other in spelled]
                rows += [(other, nationality) for other in spelled]
    return tuple(np.array(rows, dtype=object).T)


def test_held_out_whole_names_are_left_out_and_their_parts_are_learned(sources):
    names, labels = learned(sources)
    test, test_labels = held_out.held_out_people(sources, 1)
    others = held_out.is_of_others(names, test)
    kept, kept_labels = names[others], labels[others]
    people = {recipe.person_of(name) for name in test}
    assert len(people) == len(test)
    assert people.isdisjoint(map(recipe.person_of, kept))
    bare = {recipe.person_of(name.replace(",", "")) for name in kept}
    assert people.isdisjoint(bare)
    assert {word for name in test for word in name.split()} <= set(kept)
    assert set(map(recipe.initials, test)).isdisjoint(kept)
    n_rows = Counter(zip(names, labels, strict=True))
    assert all(n <= n_rows[row] for row, n in Counter(zip(kept, kept_labels, strict=True)).items())
    assert 0.8 * len(names) < len(kept) < len(names)
    assert set(test_labels) == {"French", "Irish"}


def test_held_out_takes_a_tenth_of_each_source_and_others_in_each_fold(sources):
    first, second = sources
    all_held_out = [held_out.held_out_people(sources, fold) for fold in (0, 1)]
    for nationality in ("French", "Irish"):
        folds = [
            {recipe.person_of(name) for name in names[labels == nationality]}
            for names, labels in all_held_out
        ]
        of_first = {*map(recipe.person_of, first[nationality])}
        for people in folds:
            assert len(people) == len(of_first) // 10 + 100
            assert people <= of_first | {*map(recipe.person_of, second[nationality])}
        # A person of both sources may be drawn once as of each.
        assert len(folds[0] & folds[1]) < 30 and folds[0] & folds[1] <= of_first
