"""The names that the benchmarks of the shipped model hold out, and models trained without them.

One training serves them all, since it takes most of an hour. It holds out

- "words": one in eight words of names. A test name has no other word, so no part of it is known.
- "people": the whole names of some people, in every spelling. Most of their parts are known: no
  test name has a held-out word.
- the people of people_in_scripts.csv.
- "country_words" and "country_people": the same of the people whose country is known. The model of
  countries takes minutes of training on that of nationalities.
"""

import re
import time
import unicodedata
from collections import Counter
from hashlib import sha256
from itertools import chain

import numpy as np
from sklearn.base import clone
from sklearn.utils import Bunch

from sknames.datasets import load_names, make_names
from sknames.pretrained._load_pretrained import read
from tools.measuring import LINEAR, kept, plain

from . import countries, recipe
from .biographies import read_biographies
from .files import write_model
from .people_in_scripts import people as people_in_scripts
from .recipe import person_of

ONE_OF = 8  # parts of names is held out
PER_NATIONALITY = 100  # full names of a source to test on each time, at most
MADE = 50  # made names fill up to so many
N_TRIED = 40_000  # are made to find them
# Words within names that are no names.
PARTICLES = set(
    "al ap as az bar ben bin bint da de degli dei del della den der des di do dos du e el het "
    "i ibn ii iii la las le los mac mc na o of op san st ten ter the ul van vom von y z zu "
    "zur".split()
)
SPELLINGS = {"as_written": str, "turned": recipe.turn, "in_ascii": recipe.in_ascii}
TESTS = ("words", "people")
LEAST = 400
PER_SOURCE, ONE_IN = 100, 10  # people of a nationality and source: one in ten, at most a hundred


def split(cache, fold=0):
    """Return the training rows and the tests of a fold, which stay in the cache.

    Returns
    -------
    Bunch
        train, people, country_train, country_people : (names, labels);
        words, country_words : (names, labels, kinds).
    """
    parts = kept(cache / f"split-{fold}.npz", _split, fold)
    return Bunch(**{key: tuple(columns.astype(object)) for key, columns in parts.items()})


def _split(fold):
    lists = load_names(script="all")
    sources, of_countries = recipe.typical_people(lists), countries.people_of_countries()
    names, labels = held_out_people(sources.values(), fold)
    country_people, country_labels = held_out_people(of_countries.values(), fold)
    in_scripts = people_in_scripts()
    # In another script, a held-out word is spelled otherwise, so nobody who has one is learned.
    everyone = chain.from_iterable(found for of in sources.values() for found in of.values())
    have_one = {name for name in everyone if has_held_out(words(name), fold)}
    tested = [*names, *country_people]
    without = {*map(person_of, [*tested, *(row["latin"] for row in in_scripts), *have_one])}
    spelled, learned = np.array([row["name"] for row in in_scripts], dtype=object), []
    for second_phase in (False, True):
        names_of_phase = recipe.training_names(without=without, second_phase=second_phase)
        rest, words_test = held_out_split(*names_of_phase, lists, sources, fold)
        others = is_of_others(rest[0], tested) & ~np.isin(rest[0], spelled)
        learned.append([column[others] for column in rest])
    dictionaries = countries.read_country_dictionaries()
    country_train = countries.training_names(of_countries, dictionaries, without=without)
    country_words = fully_held_out(of_countries, fold, np.random.RandomState(0))
    parts = {
        "train": learned[0],
        "more": learned[1],
        "words": words_test,
        "people": _without_held_out(names, labels, fold),
        "country_train": _without_held_out(*country_train, fold),
        "country_words": np.array(country_words).T,
        "country_people": _without_held_out(country_people, country_labels, fold),
    }
    return {key: np.array(columns, dtype=str) for key, columns in parts.items()}


def scores_of(key, cache, fold=0):
    """Return classes, scores of each test by spelling, and the minutes that training took.

    The scores are probabilities, but for the SVM. Our model stays in the cache, as files.
    """
    found = kept(cache / f"{key}-{fold}.npz", _scores_of, key, cache, fold)
    by_test = {test: {key: found[f"{test}_{key}"] for key in SPELLINGS} for test in TESTS}
    return found["classes"], by_test, float(found["minutes"])


def _scores_of(key, cache, fold):
    parts, start = split(cache, fold), time.process_time()
    if key == "ours":
        model = recipe.fit_more(recipe.fit(*parts.train), *parts.more)
        write_model(model, cache / f"ours-{fold}")
    else:
        model = clone(LINEAR[key][1]).set_params(tfidfvectorizer__min_df=3).fit(*parts.train)
    minutes = (time.process_time() - start) / 60
    predict = getattr(model, "predict_proba", None) or model.decision_function
    scores = {
        f"{test}_{spelling}": predict([respell(name) for name in parts[test][0]])
        for test in TESTS
        for spelling, respell in SPELLINGS.items()
    }
    return {"classes": model.classes_.astype(str), "minutes": minutes, **scores}


def halves_of_people(cache):
    """Return the classes, and two halves of the held-out people: to choose by, and to report.

    Each has the probabilities, names and labels of its people.
    """
    classes, scores, _ = scores_of("ours", cache)
    people = scores["people"]["as_written"], *(of.astype(str) for of in split(cache).people)
    order = np.random.RandomState(0).permutation(len(people[0]))
    return classes, *(tuple(of[half] for of in people) for half in np.array_split(order, 2))


def of_half(names, half):
    """Return which names belong to one half of the held-out people whose country is known."""
    digests = (sha256(f"half:{person_of(name)}".encode()).digest() for name in names)
    return np.array([digest[0] % 2 for digest in digests]) == half


def country_model(cache, fold=0):
    """Return the model of countries on ours without the held-out people, both from the cache."""
    folder = cache / f"countries-{fold}"
    if not folder.exists():
        scores_of("ours", cache, fold)
        people = split(cache, fold).country_train
        write_model(countries.fit(read(cache / f"ours-{fold}"), *people), folder)
    return read(folder)


def _without_held_out(names, labels, fold):
    others = np.array([not has_held_out(words(name), fold) for name in names])
    return names[others], labels[others]


def words(name):
    """Return the names in a name, in plain ASCII letters and lower case."""
    return {w for w in re.split("[^a-z]+", plain(name)) if w and w not in PARTICLES}


def all_words(name):
    """The same, with all that a name without spaces may be put together from."""
    found = words(name)
    if " " not in name and unicodedata.name(name[0]).startswith(("CJK", "HANGUL", "HIRA", "KATA")):
        for k in range(1, len(name)):
            found |= words(name[:k]) | words(name[k:])
    return found


def is_held_out(word, eighth):
    return sha256(f"held out:{word}".encode()).digest()[0] % ONE_OF == eighth


def has_held_out(found, eighth):
    return any(is_held_out(word, eighth) for word in found)


def is_all_held_out(name, eighth, least=1):
    """Whether a name has at least so many words, and all are held out."""
    found = words(name)
    return len(found) >= least and all(is_held_out(word, eighth) for word in found)


def held_out_split(names, nationalities, lists, sources, eighth):
    """Rows to train on, without any held-out part, and rows to test on, with no other part.

    Parameters
    ----------
    names, nationalities : ndarray of object
        All that the recipe learns.
    lists : Bunch
        Of `load_names`.
    sources : dict of dict of list of str
        Names of people by source and nationality. Who is in two sources is of the first.
    eighth : int
        Which of all parts is held out.

    Returns
    -------
    train : tuple (names, nationalities) of ndarray of object
    test : tuple (names, nationalities, kinds) of ndarray of object
    """
    others = np.array([not has_held_out(all_words(name), eighth) for name in names])
    rng = np.random.RandomState(0)
    test = fully_held_out(sources, eighth, rng)
    n_people = Counter(nationality for _, nationality, _ in test)
    for nationality in sorted(lists.target_names):
        if n_people[nationality] < MADE:
            made, _ = make_names(N_TRIED, nationalities=[nationality], random_state=rng)
            made = [name for name in dict.fromkeys(made) if is_all_held_out(name, eighth, 2)]
            people = {recipe.person_of(name) for name, label, _ in test if label == nationality}
            made = [name for name in made if recipe.person_of(name) not in people]
            made = made[: MADE - n_people[nationality]]
            test += [(name, nationality, "full name, made") for name in made]
    rows = zip(lists.data, lists.target, lists.part, lists.script, strict=True)
    for name, nationality, part, script in rows:
        if is_all_held_out(name, eighth):
            kind = "given name" if part == "given" else "surname"
            test.append((name, nationality, kind if script == "Latin" else "native script"))
    return (names[others], nationalities[others]), tuple(np.array(test, dtype=object).T)


def fully_held_out(sources, eighth, rng):
    """Draw people of each source and label of whose names every word is held out.

    Return rows of name, label and kind. Arguments are as in `held_out_split`.
    """
    test = []
    for label in sorted(set().union(*sources.values())):
        seen = set()
        for source, names_of in sources.items():
            found = [n for n in names_of.get(label, []) if is_all_held_out(n, eighth, 2)]
            people = {recipe.person_of(name): name for name in found}
            full = [name for person, name in people.items() if person not in seen]
            seen |= people.keys()
            full = [full[i] for i in rng.permutation(len(full))[:PER_NATIONALITY]]
            test += [(name, label, f"full name, {source}") for name in full]
    return test


def held_out_people(sources, fold):
    """Draw people whose whole names are held out, others in each fold.

    Parameters
    ----------
    sources : iterable of dict of list of str
        Names of people by nationality, one of each source.
    fold : int

    Returns
    -------
    names, nationalities : ndarray of object
    """
    rng = np.random.RandomState(0)
    people = {}
    for nationality in sorted(set().union(*sources)):
        for names_of in sources:
            found = {person_of(name): name for name in names_of.get(nationality, []) if " " in name}
            found = [*found.items()]
            drawn = (found[i] for i in rng.permutation(len(found)))
            new = [(person, (name, nationality)) for person, name in drawn if person not in people]
            n = min(PER_SOURCE, len(found) // ONE_IN)
            people |= dict(new[fold * n : (fold + 1) * n])
    return tuple(np.array([*people.values()], dtype=object).T)


def is_of_others(names, people):
    """Return whether each name belongs to none of the people, in any spelling of the recipe."""
    spellings = (str, recipe.initials, recipe.letters_only)
    orders = [order for name in people for order in (name, recipe.turn(name))]
    spelled = {person_of(respell(name)) for name in orders for respell in spellings}
    return np.array([person_of(name.replace(",", "")) not in spelled for name in names])


def left_over(seen, most):
    """Return people whom the recipe leaves over, at most so many of each nationality.

    They are biographies, in an order drawn at random; `seen` has the keys of those learned. Of a
    nationality with fewer than LEAST, only mistakes are left over.
    """
    names, labels = read_biographies()
    order = np.random.RandomState(0).permutation(len(names))
    people = {person_of(names[i]): i for i in order}
    rows = np.array([i for person, i in people.items() if person not in seen])
    found = [rows[labels[rows] == label][:most] for label in np.unique(labels)]
    found = np.concatenate([few for few in found if len(few) >= LEAST])
    return names[found], labels[found]
