"""What the model that ships learns, and how."""

from collections import Counter, defaultdict
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from sknames import CharEncoder, NameNationalityClassifier
from sknames._encoding.in_latin import in_latin
from sknames._encoding.spelling import fold
from sknames.datasets import load_names, make_names

from .biographies import read_biographies
from .chess_players import read_chess_players
from .dictionaries import read_chinese, read_japanese
from .other_scripts import WRITE_HAN, in_han, own_script, spell_person, to_katakana
from .rounding import rounded, with_temperature
from .spellings import read_spellings
from .tables import read_table

SEED = 0
# Numbers of names of a nationality. The sources say nothing about how frequent nationalities are,
# so none may have far more names than another, and made names fill up the rest. Players are
# ordinary people, as in users' lists, so the model learns more of them than of the famous.
MOST_PEOPLE = {"biographies": 8_000, "chess players": 25_000}
MIN_FULL_NAMES = 6_000
MIN_MADE_NAMES = 1_000
N_NATIVE_NAMES = 1_500
# Nationalities with fewer biographies than this have theirs listed under others.
RARE = 300
# A fifth of the players of Kazakhstan, and some of the others, are Russians.
RUSSIANS_AMONG = {"Kazakh", "Kyrgyz", "Turkmen", "Uzbek"}
# Shares of the full names that are learned once more in the spellings of lists: with the last word
# first, as in most registers, and also with a comma after it; with initials, as in bylines.
LAST_WORD_FIRST = 0.25
LAST_WORD_AND_COMMA = 0.05
INITIALS = 0.03
# Share of the names with an apostrophe or a hyphen that are also learned without it, since many
# forms and files allow only letters: enough for the model to know OBrien as well as O'Brien.
LETTERS_ONLY = 0.25
# Shares of the people who are learned once more in another script: in that of their nationality,
# and as foreigners are spelled in each. Those whose whole names are known in a script are more.
OWN_SCRIPT = 0.35
FOREIGN_SCRIPTS = {
    "Cyrillic": 0.09,
    "Greek": 0.025,
    "Arabic": 0.07,
    "Hebrew": 0.07,
    "Hangul": 0.07,
    "Georgian": 0.025,
    "Armenian": 0.02,
    "Devanagari": 0.025,
    "Bengali": 0.02,
    "Tamil": 0.02,
    "Thai": 0.02,
    "Han": 0.14,
    "Katakana": 0.1,
}
WHOLE_NAMES = 0.4
N_TRIED = 8  # names, to find one that can be spelled in a script without rules of sound
# Of Japanese people in kanji, so many are learned once more in Katakana, as forms ask for it.
JAPANESE_IN_KATAKANA = 0.4
# People in the writing of China and Japan, from dictionaries; of the Chinese, half in traditional
# characters.
MOST_IN_HAN = 12_000
# Diacritics and native scripts say much about a nationality, but many lists lack them. So names
# that have them are also learned without.
IN_ASCII = 1

# An n-gram counts if at least one in so many names has it: the file is to stay below 12 MB.
NAMES_PER_MIN_DF = 90_000
# Characters that occur less often are read in ASCII.
ENCODER = {"transliterate": "both", "min_frequency": 20, "max_length": 64}
CLASSIFIER = {
    "hidden_size": 192,
    "dropout": 0.4,
    "word_weight": 0.4,
    "logit_adjustment": 1.0,
    "lr": 0.003,
    "batch_size": 512,
    "max_epochs": 8,
    "random_state": SEED,
}
# Settings of training that are no parameters of the classifier.
HIDDEN = {
    "ngram_dropout": 0.65,
    "next_symbol_weight": 0.3,
    # Categories of Wikipedia and federations often differ from where a name is common.
    "gce_q": 0.2,
}


# A generalized cross-entropy makes answers too confident. The first temperature suits people whose
# names have no word seen in training. With both, answers are too modest for these by about as much
# as they are too confident for people of whose names the model has seen most words.
TEMPERATURES = 1.4, 1.15


class Encoder(CharEncoder):
    """Read all words by their sounds, so that training learns the sounds of those in no table."""

    _in_latin = staticmethod(partial(in_latin, by_words=False))


class Classifier(NameNationalityClassifier):
    """Train with hidden settings."""

    _hidden_settings = HIDDEN


def make_pipeline(**params):
    """Make the pipeline to train, with other parameters of the classifier if given."""
    encoder, classifier = Encoder(**ENCODER), Classifier(**CLASSIFIER | params)
    return Pipeline([("encode", encoder), ("classify", classifier)])


def fit(names, nationalities, **params):
    """Train the pipeline, calibrate its probabilities, and round most of its weights."""
    min_df = max(1, len(names) // NAMES_PER_MIN_DF)
    pipeline = make_pipeline(**{"min_df": min_df} | params).fit(names, nationalities)
    network = _forget(pipeline["classify"].network_, pipeline["encode"].unknown_code_)
    for temperature in TEMPERATURES:
        network = rounded(with_temperature(network, temperature))
    return with_network(pipeline, network)


def with_network(pipeline, network):
    """Return the same fitted pipeline with another network of the same classes."""
    encoder, classifier = pipeline["encode"], pipeline["classify"]
    encoder = CharEncoder.from_alphabet(
        encoder.alphabet_, encoder.max_length_, **encoder.get_params()
    )
    classifier = NameNationalityClassifier.from_network(
        network,
        classifier.classes_,
        n_features_in=classifier.n_features_in_,
        history=classifier.history_,
        **classifier.get_params(),
    )
    return Pipeline([("encode", encoder), ("classify", classifier)])


def _forget(network, symbol):
    """Let a symbol say as much as one that `fit` has not seen.

    The unknown code stands for characters that even ASCII lacks. Of the names learned, only a dozen
    Japanese ones have one, too few for an n-gram: it would speak for Japanese in any name.
    """
    embedding = network.weights["embedding"].copy()
    embedding[network.to_codes(np.array([[symbol]])).item()] = embedding[-1]
    return replace(network, weights=network.weights | {"embedding": embedding})


def training_names(wheel=None, players=None, *, lists_only=False, without=()):
    """Gather the names that the model learns.

    1. All names of `load_names`, including those in native scripts.
    2. Names of people: at most 8,000 of a nationality from `read_biographies`, and 25,000 from
       `read_chess_players`. A person in both, whatever the order of the words, counts once.
    3. Full names made of 1: for each nationality 1,000, or as many as bring it to 6,000 with those
       of 2, and 1,500 in a native script. If common_names.csv has the most common names of a
       nationality, they are about as common as there, and other names equally likely.
    4. Shares of 1 to 3 once more in other spellings: the last word first, with or without a comma
       after it; initials for all words but the last; letters only.
    5. All of 1 to 4 that has diacritics or is in a native script once more in ASCII.
    6. People of 2 in other scripts: a third of those whose nationality has one in their own, and
       shares of all as foreigners are spelled; and Japanese and Chinese people in Han from
       dictionaries, some of the Japanese also in Katakana. A quarter of these also with the last
       word first.

    Nationalities that `load_names` lacks have only names of people.

    Parameters
    ----------
    wheel : str or path-like, default=None
        Path of the wheel of name2nat, as in `read_biographies`.
    players : str or path-like, default=None
        Path of Scid's spelling file, as in `read_chess_players`.
    lists_only : bool, default=False
        Whether to leave out 2 and 6.
    without : collection of str, default=()
        Keys of `person_of` of people to leave out of 2 and 6.

    Returns
    -------
    names, nationalities : ndarray of shape (n_names,), dtype=object
        The names and their labels.
    """
    rng = check_random_state(SEED)
    lists, native = load_names(script="all"), set(load_names(script="native").target_names)
    sources = {} if lists_only else typical_people(lists, wheel, players)
    common = common_names()
    dictionaries = None if lists_only else read_dictionaries()
    full, labels, other, other_labels = [], [], [], []
    for nationality in sorted(set(lists.target_names).union(*sources.values())):
        people = {}
        for source, names_of in sources.items():
            names = rng.permutation(np.array(names_of.get(nationality, []), dtype=object))
            new = {
                person: name
                for name in names
                if (person := person_of(name)) not in people and person not in without
            }
            people |= dict(islice(new.items(), MOST_PEOPLE[source]))
        full += people.values()
        n_made = max(MIN_FULL_NAMES - len(people), MIN_MADE_NAMES)
        if (nationality, "given") in common:
            given, surnames = (
                _draw(lists, nationality, part, *common[nationality, part], n_made, rng)
                for part in ("given", "surname")
            )
            full += [*(given + " " + surnames)]
        elif nationality in lists.target_names:
            full += [*make_names(n_made, nationalities=[nationality], random_state=rng)[0]]
        if nationality in native:
            made, _ = make_names(
                N_NATIVE_NAMES, nationalities=[nationality], script="native", random_state=rng
            )
            full += [*made]
        spelled = in_other_scripts([*people.values()], nationality, dictionaries, rng)
        other += spelled
        other_labels += [nationality] * len(spelled)
        labels += [nationality] * (len(full) - len(labels))
    full, labels = np.array(full, dtype=object), np.array(labels, dtype=object)
    names, nationalities = np.append(lists.data, full), np.append(lists.target, labels)
    respelled = [
        _respelled(full, labels, respell, share, rng)
        for respell, share in (
            (turn, LAST_WORD_FIRST),
            (turn_with_comma, LAST_WORD_AND_COMMA),
            (initials, INITIALS),
        )
    ]
    respelled.append(_respelled(names, nationalities, letters_only, LETTERS_ONLY, rng))
    names, nationalities = map(np.concatenate, zip((names, nationalities), *respelled, strict=True))
    plain = _respelled(names, nationalities, in_ascii, IN_ASCII, rng)
    other, other_labels = (np.array(of, dtype=object) for of in (other, other_labels))
    turned = _respelled(other, other_labels, turn, LAST_WORD_FIRST, rng)
    pairs = (names, nationalities), plain, (other, other_labels), turned
    names, nationalities = map(np.concatenate, zip(*pairs, strict=True))
    return names, nationalities


def read_dictionaries():
    """Return Japanese people, Chinese people, and the spellings of words and of others."""
    japanese, katakana = read_japanese()
    spellings = read_spellings(person_of)
    for word, several in katakana.items():
        for spelling in several:
            spellings.add(word, spelling, "Katakana")
    return japanese, read_chinese(), spellings


def in_other_scripts(people, nationality, dictionaries, rng):
    """Return names of people of a nationality in scripts other than Latin.

    Dictionaries are what `read_dictionaries` returns, or None without people.
    """
    if dictionaries is None:
        return []
    japanese, chinese, spellings = dictionaries
    own = own_script(nationality)
    shares = {script: share for script, share in FOREIGN_SCRIPTS.items() if script != own}
    if nationality in WRITE_HAN:
        shares.pop("Han", None)
    if nationality == "Japanese":
        shares.pop("Katakana", None)
    if own:
        shares[own] = OWN_SCRIPT
    spelled = []
    for name in people:
        drawn = rng.random_sample(len(shares))
        person = person_of(name)
        for (script, share), number in zip(shares.items(), drawn, strict=True):
            known = person in spellings.people[script]
            if number < (max(share, WHOLE_NAMES) if known else share):
                spelled += _spelled(name, people, nationality, script, spellings, rng)
    if nationality == "Japanese":
        drawn = rng.permutation(np.array([*japanese], dtype=object))[:MOST_IN_HAN]
        spelled += [*drawn]
        again = drawn[rng.random_sample(len(drawn)) < JAPANESE_IN_KATAKANA]
        spelled += [to_katakana(japanese[name]) for name in again]
    elif nationality == "Chinese":
        drawn = rng.permutation(np.array(chinese, dtype=object))[:MOST_IN_HAN]
        spelled += [in_han(name, k % 2) for k, name in enumerate(drawn)]
    return spelled


def _spelled(name, people, nationality, script, spellings, rng):
    """Return a list of one name in a script, or of none.

    If the person's cannot be spelled, because a word is in no collection, it is a name of the first
    words of one person and the last of another.
    """
    person = person_of(name)
    for _ in range(N_TRIED):
        if spelled := spell_person(name, nationality, script, rng, spellings, person):
            return [spelled]
        one, other = (people[k].split() for k in rng.randint(len(people), size=2))
        name, person = " ".join([*one[:-1], other[-1]]), None
    return []


def person_of(name):
    """Return a key that is equal for the same words in another order or spelling."""
    return " ".join(sorted(fold(name).split()))


def common_names():
    """Return {(nationality, part): (share of its people who bear one of the names, names)}.

    The most frequent name comes first. The shares are rough, and written by hand, like the names.
    """
    return {
        (row["nationality"], row["part"]): (
            float(row["share"]),
            [name.replace("_", " ") for name in row["names"].split()],
        )
        for row in read_table("common_names.csv")
    }


def _draw(lists, nationality, part, share, common, n, rng):
    """Draw n given names or surnames: a common one with probability `share`, otherwise any."""
    rows = (lists.target == nationality) & (lists.script == "Latin")
    rows &= (lists.part == part) | (lists.part == "both")
    by_rank = 1 / (4 + np.arange(len(common)))
    frequent = rng.choice(np.array(common, dtype=object), n, p=by_rank / by_rank.sum())
    return np.where(rng.random_sample(n) < share, frequent, rng.choice(lists.data[rows], n))


def _respelled(names, labels, respell, share, rng):
    """Return a share of the names in another spelling, if that changes them, with their labels."""
    rows = np.flatnonzero(rng.random_sample(len(names)) < share)
    respelled = np.array([respell(name) for name in names[rows]], dtype=object)
    changed = respelled != names[rows]
    return respelled[changed], labels[rows][changed]


def turn(name, comma=""):
    *others, last = name.split()
    return " ".join([last + comma, *others]) if others else name


def turn_with_comma(name):
    return turn(name, ",")


def initials(name):
    *others, last = name.split()
    others = [f"{word[0]}." if word[0].isupper() else word for word in others]  # J. van Dijk
    return " ".join([*others, last])


def in_ascii(name):
    return name if name.isascii() else fold(name)


def letters_only(name):
    return name.replace("'", "").replace("-", " ")


def _bearers(lists, part):
    """Return the nationalities in our lists that have each name as a "surname" or "given" name."""
    rows = (lists.part == part) | (lists.part == "both")
    bearers = defaultdict(set)
    for name, nationality in zip(lists.data[rows], lists.target[rows], strict=True):
        bearers[fold(name)].add(nationality)
    return bearers


def typical_people(lists, wheel=None, players=None):
    """Return the names of people of each nationality that are typical of it, by source."""
    return {
        "biographies": typical_biographies(wheel, lists),
        "chess players": typical_players(players, lists),
    }


def typical_biographies(wheel, lists):
    """Return the names of each nationality in the biographies that are typical of it.

    Nationalities with hardly any biographies are listed under others: Kári Árnason is English. A
    name whose surname belongs, in our lists, only to such nationalities is left out.
    """
    names, nationalities = read_biographies(wheel)
    counts = Counter(nationalities)
    rare = {nationality for nationality in lists.target_names if counts[nationality] < RARE}
    bearers = _bearers(lists, "surname")
    typical = defaultdict(list)
    for name, nationality in zip(names, nationalities, strict=True):
        by_surname = bearers.get(fold(name).split()[-1], set())
        if nationality in by_surname or not by_surname or not by_surname <= rare:
            typical[nationality].append(name)
    return typical


def typical_players(path, lists):
    """Return the names of each nationality's chess players that are typical of it.

    If many players of a federation are Russians, those with a Russian given name are left out.
    """
    names, nationalities, _ = read_chess_players(path)
    given = _bearers(lists, "given")
    typical = defaultdict(list)
    for name, nationality in zip(names, nationalities, strict=True):
        by_given = given.get(fold(name).split()[0], set())
        is_russian = "Russian" in by_given and by_given.isdisjoint(RUSSIANS_AMONG)
        if not (nationality in RUSSIANS_AMONG and is_russian):
            typical[nationality].append(name)
    return typical
