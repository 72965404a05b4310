"""What the model that ships learns, and how."""

from collections import Counter, defaultdict
from dataclasses import replace
from functools import cache, partial
from hashlib import sha256
from itertools import chain, islice
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from sknames import CharEncoder, NameNationalityClassifier
from sknames._encoding import char_encoder
from sknames._text.in_latin import in_latin
from sknames._text.spelling import fold
from sknames.datasets import load_names, make_names

from .arabic_names import as_locals_write, read_arabic_names, written_words
from .biographies import read_biographies
from .blocks import BLOCKS
from .chess_players import read_chess_players
from .dictionaries import SURNAMES, read_chinese, read_japanese
from .other_scripts import (
    OTHERS_OF_LOCALS,
    WRITE_HAN,
    in_han,
    own_script,
    spell_person,
    to_katakana,
)
from .patronymics import is_female, with_patronymic
from .people_tables import add_spellings
from .rounding import rounded, with_temperature
from .spellings import Spellings, add_collections, read_spellings
from .tables import read_table
from .ukrainian_names import read_ukrainian_names

SEED = 0
# Numbers of names of a nationality. The sources say nothing about how frequent
# nationalities are, so none may have far more names than another, and made names fill
# up the rest. Players are ordinary people, as in users' lists, so the model learns more
# of them than of the famous.
MOST_PEOPLE = {"biographies": 8_000, "chess players": 25_000, "names in Arabic": 12_000}
# The second phase learns more people, and spells so many of a nationality in other
# scripts.
MORE_PEOPLE = {
    "biographies": 60_000,
    "chess players": 200_000,
    "names in Arabic": 20_000,
}
MOST_SPELLED = 25_000
# The logits are a mean of those of the two phases, in which the first counts by this
# share.
SHARE_OF_TRUNK = 0.2
WORD_WEIGHT = 0.7
# One in so many people is never learned, in no spelling, so that figures, thresholds
# and sets are those of the model that ships; more of those in Arabic script, of whom
# there are fewer.
ONE_APART, ONE_APART_IN_ARABIC = 64, 12
MIN_FULL_NAMES = 6_000
MIN_MADE_NAMES = 1_000
N_NATIVE_NAMES = 1_500
# Nationalities with fewer biographies than this have theirs listed under others.
RARE = 300
# A fifth of the players of Kazakhstan, and some of the others, are Russians.
RUSSIANS_AMONG = {"Kazakh", "Kyrgyz", "Turkmen", "Uzbek"}
# Shares of the full names that are learned once more in the spellings of lists: with
# the last word first, as in most registers, and with initials, as in bylines.
LAST_WORD_FIRST = 0.25
INITIALS = 0.03
# Share of the names with an apostrophe or a hyphen that are also learned without it,
# since many forms and files allow only letters: enough for the model to know OBrien as
# well as O'Brien.
LETTERS_ONLY = 0.25
# Share of the people with a rule who are learned once more with a patronymic, see
# `patronymics`.
PATRONYMICS = 0.15
# Shares of the people who are learned once more in another script: in that of their
# nationality, and as foreigners are spelled in each. Those whose whole names are known
# in a script are more.
OWN_SCRIPT, LEAST_IN_OWN_SCRIPT = 0.35, 3_000
IN_OTHERS_OF_LOCALS = 0.05
FOREIGN_SCRIPTS = (
    {
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
    | dict.fromkeys([*BLOCKS, *OTHERS_OF_LOCALS["Indian"]], 0.0015)
    | {"Tamil": 0.02}
)
WHOLE_NAMES = 0.4
# Scripts of nationalities that are no class, and one whose names are like theirs. They
# are learned under all classes alike, so that the answer is unsure.
OF_NO_CLASS, N_OF_NO_CLASS = {"Lao": "Thai", "Thaana": "Arabic"}, 1_500
# Names made of real Ukrainian ones in Cyrillic; of the given names, so many are common
# ones.
MADE_UKRAINIAN, COMMON_GIVEN = 6_000, 0.7
N_TRIED = 8  # names, to find one that can be spelled in a script without rules of sound
# Of Japanese people in kanji, so many are learned once more in Katakana, as forms ask
# for it.
JAPANESE_IN_KATAKANA = 0.4
# People in the writing of China and Japan, from dictionaries; of the Chinese, half in
# traditional characters. Beyond, those with a character that fewer than ten names have,
# and made ones.
MOST_IN_HAN, LEAST_OF_CHARACTER, N_OF_SURNAME = 12_000, 10, 24
# Names of Koreans in Han, most of them in the characters that Koreans write.
N_KOREANS = 8_000
# Diacritics and native scripts say much about a nationality, but many lists lack them.
# So names that have them are also learned without.
IN_ASCII = 1

# An n-gram counts if at least one in so many names has it: the file is to stay below 12
# MB.
NAMES_PER_MIN_DF = 90_000
# Characters that occur less often are read in ASCII.
ENCODER = {"tidy": True, "transliterate": "both", "min_frequency": 5, "max_length": 64}
CLASSIFIER = {
    "hidden_size": 64,
    "dropout": 0.4,
    "word_weight": 0.4,
    "logit_adjustment": 1.0,
    "lr": 0.004,
    "batch_size": 512,
    "max_epochs": 4,
    "random_state": SEED,
}
# Settings of training that are no parameters of the classifier.
HIDDEN = {
    "ngram_dropout": 0.65,
    # With thousands of characters it would take half of the time.
    "next_symbol_weight": 0.0,
    # Categories of Wikipedia and federations often differ from where a name is common.
    "gce_q": 0.2,
}


# A generalized cross-entropy makes answers too confident, on people kept apart as well.
TEMPERATURE = 1.8


def by_sounds():
    """Let encoders read all words by their sounds.

    So training learns the words that are in no table.
    """
    return patch.object(char_encoder, "in_latin", partial(in_latin, by_words=False))


def fit(names, nationalities, **params):
    """Train the pipeline: the first phase.

    `params` are those of the classifier that differ from `CLASSIFIER`.
    """
    from sknames._training import (
        train,
    )  # torch, which reads SAME_BITS when it is imported

    params = CLASSIFIER | {"min_df": max(1, len(names) // NAMES_PER_MIN_DF)} | params
    encoder, settings = CharEncoder(**ENCODER), NameNationalityClassifier(**params)
    settings = train.Settings.of(settings, **HIDDEN)
    with by_sounds():
        X = encoder.fit_transform(names)
    classes, network, history, _ = train.fit(
        X, nationalities, np.ones(len(X)), settings
    )
    network = _forget(network, encoder.unknown_code_)
    classifier = NameNationalityClassifier._from_network(
        network, classes, n_features_in=encoder.max_length_, history=history, **params
    )
    return Pipeline([("encode", encoder), ("classify", classifier)])


def fit_more(pipeline, names, nationalities, *, verbose=0):
    """Let a linear layer on a trained pipeline learn more people: the second phase.

    The layer is folded into the weights of the network. Then calibrate the
    probabilities, and round most weights.
    """
    from .linear import (
        fit_layer,
        folded,
    )  # torch, which reads SAME_BITS when it is imported

    encoder, classifier = pipeline["encode"], pipeline["classify"]
    labels = np.searchsorted(classifier.classes_, nationalities)
    network, options = replace(classifier.network_, words=None), {"verbose": verbose}
    settings = network.n_classes, network.n_ngrams, WORD_WEIGHT
    layer, words = fit_layer(network, encoder, names, labels, *settings, **options)
    network = replace(folded(network, layer, SHARE_OF_TRUNK), words=words)
    return with_network(pipeline, rounded(with_temperature(network, TEMPERATURE)))


def with_network(pipeline, network):
    """Return the same fitted pipeline with another network of the same classes."""
    encoder, classifier = pipeline["encode"], pipeline["classify"]
    classifier = NameNationalityClassifier._from_network(
        network,
        classifier.classes_,
        n_features_in=classifier.n_features_in_,
        history=classifier.history_,
        **classifier.get_params(),
    )
    return Pipeline([("encode", encoder), ("classify", classifier)])


def _forget(network, symbol):
    """Let a symbol say as much as one that `fit` has not seen.

    The unknown code stands for characters that even ASCII lacks. Of the names learned,
    only a dozen Japanese ones have one, too few for an n-gram: it would speak for
    Japanese in any name.
    """
    embedding = network.weights["embedding"].copy()
    embedding[network.to_codes(np.array([[symbol]])).item()] = embedding[-1]
    # Without a loss, the weights of the next symbol are random: noise, which no file
    # should hold.
    names = ("next_symbol.weight", "next_symbol.bias")
    untrained = {name: np.zeros_like(network.weights[name]) for name in names}
    return replace(
        network, weights=network.weights | {"embedding": embedding} | untrained
    )


def training_names(*, lists_only=False, second_phase=False):
    """Gather the names that the model learns.

    1. All names of `load_names`, including those in native scripts.
    2. Names of people: at most 8,000 of a nationality from `read_biographies`, 25,000
       from `read_chess_players`, and 12,000 from `read_arabic_names`. A person in
       several, whatever the order of the words, counts once; one in 64, and those of
       `in_scripts`, not at all.
    3. Full names made of 1: for each nationality 1,000, or as many as bring it to 6,000
       with those of 2, and 1,500 in a native script. If common_names.csv has the most
       common names of a nationality, they are about as common as there, and other names
       equally likely.
    4. Shares of 1 to 3 once more in other spellings: the last word first; initials for
       all words but the last; letters only; patronymics.
    5. All of 1 to 4 that has diacritics or is in a native script once more in ASCII.
    6. People of 2 in other scripts: a third of those whose nationality has one in their
       own, and shares of all as foreigners are spelled; and Japanese and Chinese people
       in Han from dictionaries, some of the Japanese also in Katakana; people in Arabic
       script and made Ukrainian names in Cyrillic. A quarter of these also with the
       last word first.

    Nationalities that `load_names` lacks have only names of people.

    Parameters
    ----------
    lists_only : bool, default=False
        Whether to leave out 2 and 6.
    second_phase : bool, default=False
        Whether to take `MORE_PEOPLE` of a nationality from each source, for `fit_more`.

    Returns
    -------
    names, nationalities : ndarray of shape (n_names,), dtype=object
        The names and their labels.
    """
    rng, most_people = (
        check_random_state(SEED),
        MORE_PEOPLE if second_phase else MOST_PEOPLE,
    )
    lists, native = (
        load_names(script="all"),
        set(load_names(script="native").target_names),
    )
    sources = {} if lists_only else typical_people(lists)
    without = also_apart(sources)
    common = common_names()
    dictionaries = None if lists_only else read_dictionaries()
    full, labels, other, other_labels, registers = [], [], [], [], []
    for nationality in sorted(set(lists.target_names).union(*sources.values())):
        people = {}
        for source, names_of in sources.items():
            names = rng.permutation(
                np.array(names_of.get(nationality, []), dtype=object)
            )
            new = {
                person: name
                for name in names
                if (person := person_of(name)) not in people
                and not is_kept_apart(person)
                and person not in without
            }
            people |= dict(islice(new.items(), most_people[source]))
        full += people.values()
        n_made = max(MIN_FULL_NAMES - len(people), MIN_MADE_NAMES)
        if (nationality, "given") in common:
            given, surnames = (
                _draw(lists, nationality, part, *common[nationality, part], n_made, rng)
                for part in ("given", "surname")
            )
            full += [*(given + " " + surnames)]
        elif nationality in lists.target_names:
            full += [
                *make_names(n_made, nationalities=[nationality], random_state=rng)[0]
            ]
        if nationality in native:
            made, _ = make_names(
                N_NATIVE_NAMES,
                nationalities=[nationality],
                script="native",
                random_state=rng,
            )
            full += [*made]
        registers += in_registers(people.values(), nationality, "Latin", rng)
        some = [*people.values()]
        if second_phase:
            some = rng.permutation(np.array(some, dtype=object))[:MOST_SPELLED].tolist()
        in_arabic = most_people["names in Arabic"]
        spelled = in_other_scripts(some, nationality, dictionaries, rng, in_arabic)
        other += spelled
        other_labels += [nationality] * len(spelled)
        labels += [nationality] * (len(full) - len(labels))
    full, labels = np.array(full, dtype=object), np.array(labels, dtype=object)
    names, nationalities = np.append(lists.data, full), np.append(lists.target, labels)
    respelled = [
        _respelled(full, labels, respell, share, rng)
        for respell, share in (
            (turn, LAST_WORD_FIRST),
            (initials, INITIALS),
        )
    ]
    respelled.append(_respelled(names, nationalities, letters_only, LETTERS_ONLY, rng))
    respelled.append(tuple(np.array(registers, dtype=object).reshape(-1, 2).T))
    names, nationalities = map(
        np.concatenate, zip((names, nationalities), *respelled, strict=True)
    )
    plain = _respelled(names, nationalities, in_ascii, IN_ASCII, rng)
    for name in [] if lists_only else of_no_class(dictionaries.spellings, sources, rng):
        other.append(name)
        other_labels.append(labels[rng.randint(len(labels))])
    other, other_labels = (np.array(of, dtype=object) for of in (other, other_labels))
    turned = _respelled(other, other_labels, turn, LAST_WORD_FIRST, rng)
    surnames = (
        []
        if lists_only
        else made_chinese(dictionaries.chinese, check_random_state(SEED))
    )
    chinese = (
        np.array(surnames, dtype=object),
        np.full(len(surnames), "Chinese", dtype=object),
    )
    pairs = (names, nationalities), plain, (other, other_labels), turned, chinese
    names, nationalities = map(np.concatenate, zip(*pairs, strict=True))
    return names, nationalities


class Dictionaries(NamedTuple):
    """Hold what is known of names in other scripts."""

    japanese: dict  # Latin letters of people in kanji
    chinese: list
    spellings: Spellings
    # Names of each nationality in Arabic script: as locals write, normalized.
    arabic: dict = {}
    # Names of each part, see `read_ukrainian_names`, and "common" given ones.
    ukrainian: dict = {}


def read_dictionaries():
    """Return Japanese and Chinese people, spellings, Arabic and Ukrainian names."""
    (japanese, katakana), spelled = read_japanese(), in_scripts()[1]
    japanese = {name: latin for name, latin in japanese.items() if name not in spelled}
    chinese = [name for name in read_chinese() if name not in spelled]
    spellings = read_spellings(person_of)
    add_collections(spellings)
    add_spellings(spellings, person_of)
    for word, several in katakana.items():
        for spelling in several:
            spellings.add(word, spelling, "Katakana")
    lists = load_names(script="native")
    ukrainian = read_ukrainian_names()
    is_given = (lists.target == "Ukrainian") & (lists.part != "surname")
    ukrainian["common"] = lists.data[is_given].tolist()
    arabic = people_in_arabic(spellings, lists, nationality_of_countries())
    return Dictionaries(japanese, chinese, spellings, arabic, ukrainian)


def people_in_arabic(spellings, lists, label_of):
    """Return a dict of lists of people by label, as `Dictionaries` has them.

    Neither the people who are kept apart nor their namesakes are in it. `label_of` maps
    countries.
    """
    counts = Counter()
    for several in spellings.words["Arabic"].values():
        counts.update(several)
    for name in lists.data[lists.target == "Arabic"]:
        counts.update(dict.fromkeys(name.split(), 20))  # they are written by hand
    written, rows = written_words(counts), read_arabic_names()
    apart = {
        arabic
        for arabic, latin, _ in rows
        if is_apart_in_arabic(person := person_of(latin)) or person in in_scripts()[0]
    }
    found = defaultdict(dict)
    for arabic, _, country in rows:
        if arabic not in apart and (label := label_of.get(country)):
            found[label][as_locals_write(arabic, country, written), arabic] = True
    return {label: [*names] for label, names in found.items()}


def nationality_of_countries():
    """Return the nationality whose names most people of a country have, if any."""
    rows = read_table("demonyms.csv")
    return {
        row["alpha_2"]: row["nationality"]
        for row in reversed(rows)
        if row["nationality"]
    }


@cache
def in_scripts():
    """Return the keys of the people of people_in_scripts.csv, and their names there.

    They are not learned, see `people_in_scripts`.
    """
    rows = read_table("people_in_scripts.csv")
    return {person_of(row["latin"]) for row in rows}, {row["name"] for row in rows}


def is_kept_apart(person, one_in=ONE_APART):
    """Whether nobody with the key of a person, see `person_of`, is learned."""
    return int.from_bytes(sha256(f"apart:{person}".encode()).digest()[:4]) % one_in == 0


def is_apart_in_arabic(person):
    """Whether nobody with this key is learned if they are in `read_arabic_names`."""
    return is_kept_apart(person) or is_kept_apart(person, ONE_APART_IN_ARABIC)


def also_apart(sources):
    """Return the keys of people of the sources who are not learned either.

    They come on top of those of `is_kept_apart`.
    """
    of_arabic = chain.from_iterable(sources.get("names in Arabic", {}).values())
    return {*filter(is_apart_in_arabic, map(person_of, of_arabic)), *in_scripts()[0]}


def in_other_scripts(
    people,
    nationality,
    dictionaries,
    rng,
    in_arabic,
    *,
    country=None,
    is_first=True,
    characters=(0, 1),
    least=None,
):
    """Return names of people of a nationality in scripts other than Latin.

    Parameters
    ----------
    people : list of str
        Their names in Latin letters.
    nationality : str
    dictionaries : Dictionaries or None
        What `read_dictionaries` returns, or None without people.
    rng : RandomState
    in_arabic : int
        How many people in Arabic script to add from the dictionaries, at most.
    country : str, default=None
        Their country, if the dictionaries have people in Arabic script by country.
    is_first : bool, default=True
        Whether to add Japanese and Korean people in Han, and Ukrainians, from the
        dictionaries.
    characters : tuple of int, default=(0, 1)
        The kinds of characters of Chinese people from the dictionaries: simplified,
        traditional.
    least : int, default=None
        How many names in the nationality's own script there should be at least. By
        default, `LEAST_IN_OWN_SCRIPT`.
    """
    if dictionaries is None:
        return []
    japanese, chinese, spellings = dictionaries[:3]
    own = own_script(nationality)
    shares = {
        script: share for script, share in FOREIGN_SCRIPTS.items() if script != own
    }
    if nationality in WRITE_HAN:
        shares.pop("Han", None)
    if nationality == "Japanese":
        shares.pop("Katakana", None)
    shares |= dict.fromkeys(OTHERS_OF_LOCALS.get(nationality, ()), IN_OTHERS_OF_LOCALS)
    if own and people:
        least = LEAST_IN_OWN_SCRIPT if least is None else least
        shares[own] = max(OWN_SCRIPT, least / len(people))
    spelled, in_own = [], []
    for name in people:
        drawn = rng.random_sample(len(shares))
        person = person_of(name)
        for (script, share), number in zip(shares.items(), drawn, strict=True):
            if person in spellings.people[script]:
                share = max(share, 1 if script == own else WHOLE_NAMES)
            found = in_own if script == own else spelled
            for _ in range(int(share + number)):
                found += _spelled(name, people, nationality, script, spellings, rng)
    if nationality == "Chinese" and characters:
        drawn = rng.permutation(np.array(chinese, dtype=object))
        drawn = drawn if country else drawn_of_all_characters(drawn)
        spelled += [
            in_han(name, characters[k % len(characters)])
            for k, name in enumerate(drawn)
        ]
    elif nationality == "Japanese" and is_first:
        drawn = drawn_of_all_characters(
            rng.permutation(np.array([*japanese], dtype=object))
        )
        spelled += [*drawn]
        again = [name for name in drawn if rng.random_sample() < JAPANESE_IN_KATAKANA]
        spelled += [to_katakana(japanese[name]) for name in again]
    elif nationality == "Korean" and is_first:
        spelled += made_koreans(rng)
    elif nationality == "Ukrainian" and dictionaries.ukrainian:
        in_own += made_ukrainians(dictionaries.ukrainian, MADE_UKRAINIAN, rng)
    several = dictionaries.arabic.get(country or nationality, [])
    for k in rng.permutation(len(several))[:in_arabic]:
        in_own += dict.fromkeys(several[k])
    registered = in_registers(in_own, nationality, own, rng)
    return spelled + in_own + [name for name, _ in registered]


def in_registers(people, nationality, script, rng):
    """Return rows of some of the people with a patronymic, and the nationality."""
    drawn = (name for name in people if rng.random_sample() < PATRONYMICS)
    found = (with_patronymic(name, nationality, script, rng) for name in drawn)
    return [(name, nationality) for name in found if name]


def drawn_of_all_characters(names):
    """Return the first names, and later ones with a rare character."""
    counts, drawn = Counter(), []
    for k, name in enumerate(names):
        if k < MOST_IN_HAN or min(counts[c] for c in name) < LEAST_OF_CHARACTER:
            counts.update({*name})
            drawn.append(name)
    return drawn


def made_ukrainians(names, n, rng):
    """Make full names of Ukrainian ones in Cyrillic; a woman has a woman's surname."""
    made = []
    for _ in range(n):
        part = "common" if rng.random_sample() < COMMON_GIVEN else "given"
        given = names[part][rng.randint(len(names[part]))]
        for _ in range(N_TRIED):
            surname = names["surname"][rng.randint(len(names["surname"]))]
            if is_female(given, surname) == is_female(given, ""):
                break
        made.append(f"{given} {surname}")
    return made


def made_chinese(names, rng):
    """Make names of each surname of China.

    They are few, for the letters of the rare surnames.
    """
    given = [name[-2:] for name in names if len(name) == 3]
    return [
        in_han(surname + given[rng.randint(len(given))], k % 2)
        for surname in SURNAMES
        for k in range(N_OF_SURNAME if given else 0)
    ]


def made_koreans(rng):
    """Make names of Koreans in Han: a surname and two syllables.

    Each is about as frequent as it is among people.
    """
    drawn = []
    for row in read_table("koreans_in_han.csv"):
        characters = [*row["characters"]]
        weights = 1 / (int(row["offset"]) + np.arange(len(characters)))
        shape = N_KOREANS, 1 if row["part"] == "surname" else 2
        drawn.append(rng.choice(characters, shape, p=weights / weights.sum()))
    names = map("".join, np.concatenate(drawn, axis=1))
    return [name if rng.randint(3) else in_han(name, 0) for name in names]


def of_no_class(spellings, sources, rng):
    """Yield names in the scripts of `OF_NO_CLASS`.

    They are made of words of the table, or spelled from names of a nationality.
    """
    for script, nationality in OF_NO_CLASS.items():
        words = [
            word for several in spellings.words[script].values() for word in several
        ]
        people = (
            sources["chess players"][nationality] + sources["biographies"][nationality]
        )
        for k in range(N_OF_NO_CLASS):
            if k % 2 and words:
                yield " ".join(rng.choice(words, 2))
            elif people:
                name = people[rng.randint(len(people))]
                yield from _spelled(name, people, nationality, script, spellings, rng)


def _spelled(name, people, nationality, script, spellings, rng):
    """Return a list of one name in a script, or of none.

    If the person's cannot be spelled, because a word is in no collection, it is a name
    of the first words of one person and the last of another.
    """
    person = person_of(name)
    for _ in range(N_TRIED):
        if spelled := spell_person(name, nationality, script, spellings, person, rng):
            return [spelled]
        one, other = (people[k].split() for k in rng.randint(len(people), size=2))
        name, person = " ".join([*one[:-1], other[-1]]), None
    return []


def person_of(name):
    """Return a key that is equal for the same words in another order or spelling."""
    return " ".join(sorted(fold(name).split()))


def common_names():
    """Return {(nationality, part): (share, names)}.

    The share is that of its people who bear one of the names. The most frequent name
    comes first. The shares are rough, and written by hand, like the names.
    """
    return {
        (row["nationality"], row["part"]): (
            float(row["share"]),
            [name.replace("_", " ") for name in row["names"].split()],
        )
        for row in read_table("common_names.csv")
    }


def _draw(lists, nationality, part, share, common, n, rng):
    """Draw n given names or surnames.

    One is common with probability `share`, otherwise any.
    """
    rows = (lists.target == nationality) & (lists.script == "Latn")
    rows &= (lists.part == part) | (lists.part == "both")
    by_rank = 1 / (4 + np.arange(len(common)))
    frequent = rng.choice(np.array(common, dtype=object), n, p=by_rank / by_rank.sum())
    return np.where(
        rng.random_sample(n) < share, frequent, rng.choice(lists.data[rows], n)
    )


def _respelled(names, labels, respell, share, rng):
    """Return a share of the names in another spelling, with their labels.

    Names that it does not change are left out.
    """
    rows = np.flatnonzero(rng.random_sample(len(names)) < share)
    respelled = np.array([respell(name) for name in names[rows]], dtype=object)
    changed = respelled != names[rows]
    return respelled[changed], labels[rows][changed]


def turn(name):
    *others, last = name.split()
    return " ".join([last, *others])


def initials(name):
    *others, last = name.split()
    others = [
        f"{word[0]}." if word[0].isupper() else word for word in others
    ]  # J. van Dijk
    return " ".join([*others, last])


def in_ascii(name):
    return name if name.isascii() else fold(name)


def letters_only(name):
    return name.replace("'", "").replace("-", " ")


def _bearers(lists, part):
    """Return the nationalities in our lists that have each name.

    `part` is "surname" or "given".
    """
    rows = (lists.part == part) | (lists.part == "both")
    bearers = defaultdict(set)
    for name, nationality in zip(lists.data[rows], lists.target[rows], strict=True):
        bearers[fold(name)].add(nationality)
    return bearers


def typical_people(lists):
    """Return people's names that are typical of their nationality, by source."""
    return {
        "biographies": typical_biographies(lists),
        "chess players": typical_players(lists),
        "names in Arabic": latin_of_arabic(nationality_of_countries()),
    }


def latin_of_arabic(label_of):
    """Return the Latin names of each label of the countries in `read_arabic_names`."""
    found = defaultdict(list)
    for _, latin, country in read_arabic_names():
        if label := label_of.get(country):
            found[label].append(latin)
    return found


def typical_biographies(lists):
    """Return the names of each nationality in the biographies that are typical of it.

    Nationalities with hardly any biographies are listed under others: Kári Árnason is
    English. A name whose surname belongs, in our lists, only to such nationalities is
    left out.
    """
    names, nationalities = read_biographies()
    counts = Counter(nationalities)
    rare = {
        nationality for nationality in lists.target_names if counts[nationality] < RARE
    }
    bearers = _bearers(lists, "surname")
    typical = defaultdict(list)
    for name, nationality in zip(names, nationalities, strict=True):
        by_surname = bearers.get(fold(name).split()[-1], set())
        if nationality in by_surname or not by_surname or not by_surname <= rare:
            typical[nationality].append(name)
    return typical


def typical_players(lists):
    """Return the names of each nationality's chess players that are typical of it.

    If many players of a federation are Russians, those with a Russian given name are
    left out.
    """
    names, nationalities, _ = read_chess_players()
    given = _bearers(lists, "given")
    typical = defaultdict(list)
    for name, nationality in zip(names, nationalities, strict=True):
        by_given = given.get(fold(name).split()[0], set())
        is_russian = "Russian" in by_given and by_given.isdisjoint(RUSSIANS_AMONG)
        if not (nationality in RUSSIANS_AMONG and is_russian):
            typical[nationality].append(name)
    return typical
