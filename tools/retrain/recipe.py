"""Prepare the training data of the shipped models, and train them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from hashlib import sha256
from itertools import chain, islice
from unittest.mock import patch

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch, check_random_state

from sknames import CharEncoder, NameNationalityClassifier
from sknames._encoding import char_encoder
from sknames._text.in_latin import in_latin
from sknames._text.spelling import fold
from sknames.datasets import load_names, make_names

from .arabic_names import as_locals_write, read_arabic_names, written_words
from .biographies import read_biographies
from .blocks import BLOCKS
from .chess_players import read_chess_players
from .dictionaries import SURNAMES, read_chinese, read_japanese, read_japanese_parts
from .other_scripts import (
    OTHERS_OF_LOCALS,
    WRITE_HAN,
    in_han,
    own_script,
    spell_person,
    to_katakana,
    to_latin,
)
from .patronymics import is_female, with_patronymic
from .people_tables import SOURCES, add_spellings, read_people
from .rounding import rounded, with_temperature
from .spellings import Spellings, add_collections, read_spellings, script_of
from .tables import read_table
from .ukrainian_names import read_ukrainian_names

# Of the training that ships, the one in the middle of three.
SEED = 1

# ---- People

# One in so many people is never learned, in no spelling, so that figures, thresholds
# and sets are those of the model that ships.
ONE_APART = 64
# Also one in so many of the people in Arabic script, of whom there are fewer.
ONE_APART_IN_ARABIC = 12
# Nationalities with fewer biographies than this have theirs listed under others.
RARE = 300
# A fifth of the players of Kazakhstan, and some of the others, are Russians.
RUSSIANS_AMONG = {"Kazakh", "Kyrgyz", "Turkmen", "Uzbek"}

# ---- Made names

# A common name of rank k, from 0, is as frequent as 1 / (k + this): the first ones
# differ little.
RANKS_BEFORE = 4

# ---- Spellings in Latin letters

# Share of the full names that are also learned as most registers have them.
LAST_WORD_FIRST = 0.25
# Share of the full names that are also learned with initials, as in bylines.
INITIALS = 0.03
# Share of the names with an apostrophe or a hyphen that are also learned without it,
# since many forms and files allow only letters: enough for the model to know OBrien as
# well as O'Brien.
LETTERS_ONLY = 0.25
# Share of the people with a rule who are also learned with a patronymic, see
# `patronymics`.
PATRONYMICS = 0.15
# Share of the full names of which the first and the last word are also learned alone,
# in the linear layers: many lists, and most people who try a model, have a surname or a
# given name only. Without these rows, the parts of words that few people of a small
# country bear are the mark of that country.
WORDS_ALONE = 0.15
# Share of the names with diacritics or in native scripts that are also learned in
# ASCII: both say much about a nationality, but many lists lack them.
IN_ASCII = 1

# ---- Other scripts

# Share of the people who are also learned in the script of their nationality.
OWN_SCRIPT = 0.35
# Occurrences that a word of the lists in Arabic script counts as, to find what most
# people write: the lists are written by hand.
LISTED_IN_ARABIC = 20
# Share of the people who are also learned in each other script of their country.
IN_OTHERS_OF_LOCALS = 0.05
# Share of the people who are also learned in each script of `BLOCKS` and of India that
# has no share of its own in `FOREIGN_SCRIPTS`.
IN_RARE_SCRIPT = 0.0015
# Shares of the people who are also learned as foreigners are spelled in each script.
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
    "Thai": 0.04,  # whose spelling is far from its sounds
    "Han": 0.14,
    "Katakana": 0.1,
}
for _script in (*BLOCKS, *OTHERS_OF_LOCALS["Indian"]):
    FOREIGN_SCRIPTS.setdefault(_script, IN_RARE_SCRIPT)
# Share of the people whose whole names are known in a foreign script who are also
# learned in it, at least. In their own script, all of these are.
WHOLE_NAMES = 0.4
# Scripts of nationalities that are no class, and one whose names are like theirs. They
# are learned under all classes alike, so that the answer is unsure.
OF_NO_CLASS = {"Lao": "Thai", "Thaana": "Arabic"}
# Share of the made Ukrainian names with a common given name.
COMMON_GIVEN = 0.7
# Names that are tried, to find one that can be spelled in a script without rules of
# sound, or a surname of the right gender.
N_TRIED = 8
# Share of the Japanese people in kanji who are also learned in Katakana, as forms ask
# for it.
JAPANESE_IN_KATAKANA = 0.4
# Japanese people made of surnames and given names, as many as ENAMDICT has.
MADE_JAPANESE = 53_000

# ---- How many


@dataclass(frozen=True)
class Amounts:
    """Say how many names of each kind a training draws.

    The defaults are those of the first phase of the model that ships.
    """

    # People of a nationality, at most, by source: those of `typical_people`. A person
    # in several counts for the first. There are limits since the sources say nothing
    # about how frequent nationalities are: none may have far more names than another.
    most_people: Mapping[str, int] = field(
        default_factory=lambda: (
            {
                # The famous, who are less like the people in users' lists.
                "biographies": 8_000,
                # Ordinary people, as in those lists, so the model learns more of them.
                "chess players": 25_000,
                # People whose names are known in Arabic script and in Latin letters.
                "names in Arabic": 12_000,
            }
            # Ordinary people as well, who stand in for chess players without these.
            | dict.fromkeys(SOURCES, 25_000)
        )
    )
    # Share of the full names in Latin letters whose ends are also learned alone, see
    # `ends_of`.
    words_alone: float = 0.0
    # People of a label who are also learned in other scripts, at most; None for all.
    most_spelled: int | None = None
    # Full names of a nationality, with those of people: made ones fill up to them, so
    # that no nationality has far fewer than others.
    min_full_names: int = 6_000
    # Made names of a nationality, at least, even where people fill up the above.
    min_made_names: int = 1_000
    # Made names of a nationality in its native script.
    n_native_names: int = 1_500
    # Shares of the people who are also learned as foreigners are spelled, by script.
    foreign_scripts: Mapping[str, float] = field(
        default_factory=lambda: FOREIGN_SCRIPTS
    )
    # Names of a label in its own script: few people are spelled repeatedly.
    least_in_own_script: int = 3_000
    # Names in each script of `OF_NO_CLASS`.
    n_of_no_class: int = 1_500
    # Names made of real Ukrainian ones in Cyrillic.
    made_ukrainian: int = 6_000
    # People in the writing of China, and of Japan, that are drawn from dictionaries.
    most_in_han: int = 12_000
    # Beyond, names are drawn that have a character which fewer names than this have.
    least_of_character: int = 10
    # Made names of each surname of China, half of them in traditional characters.
    n_of_surname: int = 24
    # Names of Koreans in Han, most of them in the characters that Koreans write.
    n_koreans: int = 8_000


FIRST_PHASE = Amounts()
SECOND_PHASE = replace(
    FIRST_PHASE,
    most_people={
        "biographies": 60_000,
        "chess players": 200_000,
        "names in Arabic": 20_000,
    }
    | dict.fromkeys(SOURCES, 200_000),
    words_alone=WORDS_ALONE,
    most_spelled=25_000,
)

# ---- Training

# An n-gram counts if at least one in so many names has it: the file is to stay below 12
# MB.
NAMES_PER_MIN_DF = 90_000
# Characters that occur less often than `min_frequency` are read in ASCII.
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
# The logits are a mean of those of the two phases, in which the first counts by this
# share.
SHARE_OF_TRUNK = 0.2
# How much the words count in the second phase.
WORD_WEIGHT = 0.7
# What logits are divided by: a generalized cross-entropy makes answers too confident,
# on people kept apart as well.
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
    # torch, which reads SAME_BITS when it is imported
    from sknames._training import train

    params = CLASSIFIER | {"min_df": max(1, len(names) // NAMES_PER_MIN_DF)} | params
    encoder = CharEncoder(**ENCODER)
    settings = train.Settings.of(NameNationalityClassifier(**params), **HIDDEN)
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


def fit_more(pipeline, names, nationalities, *, seed=SEED, verbose=0):
    """Let a linear layer on a trained pipeline learn more people: the second phase.

    The layer is folded into the weights of the network. Then calibrate the
    probabilities, and round most weights.
    """
    # torch, which reads SAME_BITS when it is imported
    from .linear import fit_layer, folded

    classifier = pipeline["classify"]
    labels = np.searchsorted(classifier.classes_, nationalities)
    network = replace(classifier.network_, words=None)
    layer, words = fit_layer(
        network,
        pipeline["encode"],
        names,
        labels,
        network.n_classes,
        network.n_ngrams,
        WORD_WEIGHT,
        seed=seed,
        verbose=verbose,
    )
    network = replace(folded(network, layer, SHARE_OF_TRUNK), words=words)
    return with_network(pipeline, rounded(with_temperature(network, TEMPERATURE)))


def with_network(pipeline, network):
    """Return the same fitted pipeline with another network of the same classes."""
    classifier = pipeline["classify"]
    classifier = NameNationalityClassifier._from_network(
        network,
        classifier.classes_,
        n_features_in=classifier.n_features_in_,
        history=classifier.history_,
        **classifier.get_params(),
    )
    return Pipeline([("encode", pipeline["encode"]), ("classify", classifier)])


def _forget(network, symbol):
    """Let a symbol say as much as one that `fit` has not seen.

    The unknown code stands for characters that even ASCII lacks. Of the names learned,
    only a dozen Japanese ones have one, too few for an n-gram: it would speak for
    Japanese in any name.
    """
    weights = dict(network.weights)
    weights["embedding"] = weights["embedding"].copy()
    code = network.to_codes(np.array([[symbol]])).item()
    weights["embedding"][code] = weights["embedding"][-1]
    # Without a loss, the weights of the next symbol are random: noise, which no file
    # should hold.
    for name in ("next_symbol.weight", "next_symbol.bias"):
        weights[name] = np.zeros_like(weights[name])
    return replace(network, weights=weights)


def training_names(material, amounts=FIRST_PHASE, *, seed=SEED):
    """Gather the names that the model learns.

    1. All names of `load_names`, including those in native scripts.
    2. Names of people of the sources, as many as `amounts.most_people` says. A person
       in several, in any order of the words, counts once; one in 64, and those of
       `in_scripts`, not at all.
    3. Full names made of 1: for each nationality 1,000, or as many as bring it to 6,000
       with those of 2, and 1,500 in a native script. If common_names.csv has the most
       common names of a nationality, they are about as common as there, and other names
       equally likely.
    4. Shares of 1 to 3 once more in other spellings: the last word first; initials for
       all words but the last; letters only; patronymics; and, of a share, the first
       and the last word alone.
    5. All of 1 to 4 that has diacritics or is in a native script once more in ASCII.
    6. People of 2 in other scripts: a third of those whose nationality has one in their
       own, and shares of all as foreigners are spelled; and Japanese and Chinese people
       in Han from dictionaries, some of the Japanese also in Katakana; people in Arabic
       script and made Ukrainian names in Cyrillic. A quarter of these also with the
       last word first.

    Nationalities that `load_names` lacks have only names of people.

    Parameters
    ----------
    material : Material
        Without sources and dictionaries, 2 and 6 are left out.
    amounts : Amounts, default=FIRST_PHASE
        `fit_more` is to learn those of `SECOND_PHASE`.
    seed : int, default=SEED
        Of all that is drawn.

    Returns
    -------
    names, nationalities : ndarray of shape (n_names,), dtype=object
        The names and their labels.
    """
    rng = check_random_state(seed)
    full = LabelledNames()
    with_patronymics = LabelledNames()
    alone = LabelledNames()
    spelled = LabelledNames()
    for nationality in material.nationalities():
        people = draw_people(nationality, material, amounts, rng)
        full.add(people, nationality)
        made = make_full_names(nationality, material, len(people), amounts, rng)
        full.add(made, nationality)
        registered = in_registers(people, nationality, "Latin", rng)
        with_patronymics.add(registered, nationality)
        words = words_alone(people + made, amounts.words_alone, rng)
        alone.add(words, nationality)
        people_spelled = people
        if amounts.most_spelled is not None:
            people_spelled = shuffled(people, rng)[: amounts.most_spelled]
        spellings = in_other_scripts(
            people_spelled, nationality, material.dictionaries, amounts, rng
        )
        spelled.add(spellings, nationality)
    latin_pairs = in_latin_spellings(material.lists, full, with_patronymics, alone, rng)
    script_pairs = in_scripts_of_all(
        material, spelled, full.labels, amounts, rng, check_random_state(seed)
    )
    return joined(*latin_pairs, *script_pairs)


@dataclass
class LabelledNames:
    """Hold names and the label of each."""

    names: list = field(default_factory=list)
    labels: list = field(default_factory=list)

    def add(self, names, label):
        self.names += names
        self.labels += [label] * len(names)

    def arrays(self):
        """Return names and labels, ndarrays of shape (n_names,), dtype=object."""
        return np.array(self.names, dtype=object), np.array(self.labels, dtype=object)


@dataclass(frozen=True)
class Material:
    """Hold what the names of a training are drawn from."""

    lists: Bunch  # of `load_names`, in all scripts
    sources: dict = field(default_factory=dict)  # see `typical_people`
    dictionaries: "Dictionaries | None" = None

    @cached_property
    def native(self):
        """Return the nationalities whose lists have names in a native script."""
        return set(self.lists.target[self.lists.script != "Latn"])

    @cached_property
    def common(self):
        """Return `common_names`."""
        return common_names()

    @cached_property
    def also_apart(self):
        """Return the keys of people who are not learned, see `also_apart`."""
        return also_apart(self.sources)

    def is_apart(self, person):
        """Whether nobody with the key of a person is learned."""
        return is_kept_apart(person) or person in self.also_apart

    def nationalities(self):
        """Return those of all sources, sorted."""
        return sorted(set(self.lists.target_names).union(*self.sources.values()))


def read_material(*, lists_only=False, permissive=False):
    """Read all sources, or only the lists of the package.

    With `permissive`, no source under the GPL or CC BY-SA is read.
    """
    lists = load_names(script="all")
    if lists_only:
        return Material(lists)
    if permissive:
        people = permissive_people(lists)
    else:
        people = typical_people(lists)
    return Material(lists, people, read_dictionaries(permissive=permissive))


def draw_people(nationality, material, amounts, rng):
    """Return a list of names of people of all sources, each person once."""
    people = {}
    for source, names_of in material.sources.items():
        new = {}
        for name in shuffled(names_of.get(nationality, []), rng):
            person = person_of(name)
            if person not in people and not material.is_apart(person):
                new[person] = name
        people.update(islice(new.items(), amounts.most_people[source]))
    return [*people.values()]


def make_full_names(nationality, material, n_people, amounts, rng):
    """Return a list of full names made of the lists, and of ones in a native script.

    `n_people` is how many full names of people the nationality has.
    """
    n_made = max(amounts.min_full_names - n_people, amounts.min_made_names)
    made = []
    if (nationality, "given") in material.common:
        given = _draw(nationality, "given", material, n_made, rng)
        surnames = _draw(nationality, "surname", material, n_made, rng)
        made += [*(given + " " + surnames)]
    elif nationality in material.lists.target_names:
        names, _ = make_names(n_made, nationalities=[nationality], random_state=rng)
        made += [*names]
    if nationality in material.native:
        names, _ = make_names(
            amounts.n_native_names,
            nationalities=[nationality],
            script="native",
            random_state=rng,
        )
        made += [*names]
    return made


def in_latin_spellings(lists, full, with_patronymics, alone, rng):
    """Return two pairs of names and labels: as they are written, and in ASCII.

    The first has all names of the lists, the full names, shares of them once more in
    other spellings, and the words alone. The second has those of the first that ASCII
    changes.
    """
    full_pair = full.arrays()
    as_written = joined((lists.data, lists.target), full_pair)
    as_written = joined(
        as_written,
        _respelled(*full_pair, turn, LAST_WORD_FIRST, rng),
        _respelled(*full_pair, initials, INITIALS, rng),
        _respelled(*as_written, letters_only, LETTERS_ONLY, rng),
        with_patronymics.arrays(),
        alone.arrays(),
    )
    return as_written, _respelled(*as_written, in_ascii, IN_ASCII, rng)


def words_alone(names, share, rng):
    """Return the ends of a share of the names, see `ends_of`: two rows each."""
    words = []
    if share > 0:  # without any, the other draws stay as they are
        for name, number in zip(names, rng.random_sample(len(names)), strict=True):
            if number < share:
                words += ends_of(name)
    return words


def ends_of(name):
    """Return the first and the last word of a full name in Latin letters.

    Return an empty list for other names: of a single word, with initials, or with a
    particle at an end, as in "van Dijk", which is no name alone.
    """
    words = name.split()
    if len(words) < 2:
        return []
    ends = [words[0], words[-1]]
    for word in words:
        letters = word.strip(".")
        if "." in word or len(letters) < 2 or (len(letters) == 2 and word.isupper()):
            return []
    if all(script_of(word[0]) == "Latin" and word[0].isupper() for word in ends):
        return ends
    return []


def in_scripts_of_all(material, spelled, labels, amounts, rng, rng_of_chinese):
    """Return three pairs of names and labels in other scripts than Latin.

    They are those spelled, to which it adds names of no class with any of the labels;
    a share of these with the last word first; and made Chinese names.
    """
    dictionaries = material.dictionaries
    chinese = LabelledNames()
    if dictionaries is not None:
        for name in of_no_class(material, amounts.n_of_no_class, rng):
            spelled.add([name], labels[rng.randint(len(labels))])
        made = made_chinese(dictionaries, amounts.n_of_surname, rng_of_chinese)
        chinese.add(made, "Chinese")
    pair = spelled.arrays()
    turned = _respelled(*pair, turn, LAST_WORD_FIRST, rng)
    return pair, turned, chinese.arrays()


def joined(*pairs):
    """Concatenate pairs of names and labels."""
    names = np.concatenate([pair[0] for pair in pairs])
    labels = np.concatenate([pair[1] for pair in pairs])
    return names, labels


def shuffled(names, rng):
    """Return a list of the names in random order."""
    return rng.permutation(np.array(names, dtype=object)).tolist()


@dataclass(frozen=True)
class Dictionaries:
    """Hold what is known of names in other scripts."""

    japanese: dict  # Latin letters of people in kanji
    chinese: list  # people in simplified characters
    spellings: Spellings
    # Names of each nationality in Arabic script: as locals write, normalized.
    arabic: dict
    # Names of each part, see `read_ukrainian_names`, and "common" given ones.
    ukrainian: dict
    # What writes a name in characters of a kind, and in Katakana, by other packages.
    in_han: Callable = in_han
    to_katakana: Callable = to_katakana


def read_dictionaries(*, permissive=False):
    """Return Japanese and Chinese people, spellings, Arabic and Ukrainian names.

    With `permissive`, the Japanese people are made of surnames and given names.
    """
    if permissive:
        japanese = made_japanese(read_japanese_parts(), MADE_JAPANESE)
        katakana = {}
    else:
        japanese, katakana = read_japanese()
    spellings = read_spellings(person_of)
    add_collections(spellings)
    add_spellings(spellings, person_of, permissive=permissive)
    for word, several in katakana.items():
        for spelling in several:
            spellings.add(word, spelling, "Katakana")
    lists = load_names(script="native")
    ukrainian = read_ukrainian_names()
    is_given = (lists.target == "Ukrainian") & (lists.part != "surname")
    ukrainian["common"] = lists.data[is_given].tolist()
    rows = read_arabic_names()
    arabic = people_in_arabic(rows, spellings, lists, nationality_of_countries())
    return Dictionaries(japanese, read_chinese(), spellings, arabic, ukrainian)


def people_in_arabic(rows, spellings, lists, label_of):
    """Return a dict of lists of people by label, as `Dictionaries` has them.

    Neither the people who are kept apart nor their namesakes are in it. `rows` are
    those of `read_arabic_names`, and `label_of` maps countries.
    """
    counts = Counter()
    for several in spellings.words["Arabic"].values():
        counts.update(several)
    for name in lists.data[lists.target == "Arabic"]:
        counts.update(dict.fromkeys(name.split(), LISTED_IN_ARABIC))
    written = written_words(counts)
    in_table, _ = in_scripts()
    apart = set()
    for arabic, latin, _ in rows:
        person = person_of(latin)
        if is_apart_in_arabic(person) or person in in_table:
            apart.add(arabic)
    names_of = defaultdict(dict)  # whose keys are the pairs, each once, in order
    for arabic, _, country in rows:
        label = label_of.get(country)
        if label and arabic not in apart:
            names_of[label][as_locals_write(arabic, country, written), arabic] = True
    return {label: [*pairs] for label, pairs in names_of.items()}


def nationality_of_countries(table="demonyms.csv"):
    """Return the first nationality of each country in a table, if it has any."""
    nationality_of = {}
    for row in read_table(table):
        if row["nationality"]:
            nationality_of.setdefault(row["alpha_2"], row["nationality"])
    return nationality_of


@cache
def in_scripts():
    """Return the keys of the people of people_in_scripts.csv, and their names there.

    They are not learned, see `people_in_scripts`.
    """
    rows = read_table("people_in_scripts.csv")
    keys = {person_of(row["latin"]) for row in rows}
    names = {row["name"] for row in rows}
    return keys, names


def not_tested(names):
    """Return the names in other scripts that are not in people_in_scripts.csv."""
    _, tested = in_scripts()
    return [name for name in names if name not in tested]


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
    in_table, _ = in_scripts()
    apart = set(in_table)
    for names in sources.get("names in Arabic", {}).values():
        apart.update(filter(is_apart_in_arabic, map(person_of, names)))
    return apart


def in_other_scripts(
    people,
    nationality,
    dictionaries,
    amounts,
    rng,
    *,
    country=None,
    is_first=True,
    characters=(0, 1),
):
    """Return names of people of a nationality in scripts other than Latin.

    Parameters
    ----------
    people : list of str
        Their names in Latin letters.
    nationality : str
    dictionaries : Dictionaries or None
        What `read_dictionaries` returns, or None without people.
    amounts : Amounts
    rng : RandomState
    country : str, default=None
        Their country, if the dictionaries have people in Arabic script by country.
    is_first : bool, default=True
        Whether to add Japanese and Korean people in Han, and Ukrainians, from the
        dictionaries.
    characters : tuple of int, default=(0, 1)
        The kinds of characters of Chinese people from the dictionaries: simplified,
        traditional.
    """
    if dictionaries is None:
        return []
    own = own_script(nationality)
    shares = shares_in_scripts(nationality, own, amounts.foreign_scripts)
    if own and people:
        shares[own] = max(OWN_SCRIPT, amounts.least_in_own_script / len(people))
    spellings = dictionaries.spellings
    in_own, in_foreign = spell_people(people, nationality, shares, spellings, rng)
    if nationality == "Chinese" and characters:
        names = shuffled(not_tested(dictionaries.chinese), rng)
        if country is None:
            names = drawn_of_all_characters(names, amounts)
        for k, name in enumerate(names):
            kind = characters[k % len(characters)]
            in_foreign.append(dictionaries.in_han(name, kind))
    elif nationality == "Japanese" and is_first:
        in_foreign += japanese_in_han(dictionaries, amounts, rng)
    elif nationality == "Korean" and is_first:
        in_foreign += made_koreans(dictionaries, amounts.n_koreans, rng)
    elif nationality == "Ukrainian" and dictionaries.ukrainian:
        in_own += made_ukrainians(dictionaries.ukrainian, amounts.made_ukrainian, rng)
    pairs = dictionaries.arabic.get(country or nationality, [])
    in_own += draw_arabic(pairs, amounts.most_people["names in Arabic"], rng)
    return in_foreign + in_own + in_registers(in_own, nationality, own, rng)


def shares_in_scripts(nationality, own, foreign_scripts):
    """Return the share of people of a nationality that is spelled in each other script.

    `own` is the script of the nationality, or None.
    """
    shares = dict(foreign_scripts)
    shares.pop(own, None)
    if nationality in WRITE_HAN:
        shares.pop("Han", None)
    if nationality == "Japanese":
        shares.pop("Katakana", None)
    for script in OTHERS_OF_LOCALS.get(nationality, ()):
        shares[script] = IN_OTHERS_OF_LOCALS
    return shares


def spell_people(people, nationality, shares, spellings, rng):
    """Return lists of names of people: in the nationality's own script, and in others.

    `shares` maps scripts to shares of the people; above 1, people are spelled again.
    """
    own = own_script(nationality)
    in_own = []
    in_foreign = []
    for name in people:
        person = person_of(name)
        numbers = rng.random_sample(len(shares))
        for (script, share), number in zip(shares.items(), numbers, strict=True):
            spelled = in_own if script == own else in_foreign
            if person in spellings.people[script]:
                share = max(share, 1 if script == own else WHOLE_NAMES)
            for _ in range(int(share + number)):
                spelling = _spelled(name, people, nationality, script, spellings, rng)
                if spelling:
                    spelled.append(spelling)
    return in_own, in_foreign


def draw_arabic(pairs, most, rng):
    """Return names of at most so many people in Arabic script, each in one or two."""
    names = []
    for k in rng.permutation(len(pairs))[:most]:
        as_written, normalized = pairs[k]
        names.append(as_written)
        if normalized != as_written:
            names.append(normalized)
    return names


def japanese_in_han(dictionaries, amounts, rng):
    """Return Japanese people in kanji, and some of them once more in Katakana."""
    latin_of = dictionaries.japanese
    drawn = drawn_of_all_characters(shuffled(not_tested(latin_of), rng), amounts)
    again = [name for name in drawn if rng.random_sample() < JAPANESE_IN_KATAKANA]
    return drawn + [dictionaries.to_katakana(latin_of[name]) for name in again]


def in_registers(people, nationality, script, rng):
    """Return some of the people's names with a patronymic, if there is a rule."""
    registered = []
    for name in people:
        if rng.random_sample() < PATRONYMICS:
            with_father = with_patronymic(name, nationality, script, rng)
            if with_father:
                registered.append(with_father)
    return registered


def drawn_of_all_characters(names, amounts):
    """Return the first names, and later ones with a rare character."""
    counts = Counter()
    drawn = []
    for k, name in enumerate(names):
        rarest = min(counts[character] for character in name)
        if k < amounts.most_in_han or rarest < amounts.least_of_character:
            counts.update(set(name))
            drawn.append(name)
    return drawn


def made_ukrainians(names, n, rng):
    """Make names of Ukrainian ones in Cyrillic; a woman has a woman's surname."""
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


def made_chinese(dictionaries, n, rng):
    """Make n names of each surname of China.

    They are few, for the letters of the rare surnames.
    """
    people = not_tested(dictionaries.chinese)
    given = [name[-2:] for name in people if len(name) == 3]
    made = []
    if not given:
        return made
    for surname in SURNAMES:
        for k in range(n):
            name = surname + given[rng.randint(len(given))]
            made.append(dictionaries.in_han(name, k % 2))
    return made


def made_japanese(readings, n):
    """Make at most n names of Japanese people in kanji.

    `readings` are those of `read_japanese_parts`. Return a dict of what each is in
    Latin letters, the surname first, as `read_japanese` does.
    """
    rng = check_random_state(0)
    surnames = [*readings["surname"].items()]
    given = [*readings["given"].items()]
    made = {}
    for _ in range(n):
        surname, reading_of_surname = surnames[rng.randint(len(surnames))]
        name, reading = given[rng.randint(len(given))]
        made[surname + name] = f"{to_latin(reading_of_surname)} {to_latin(reading)}"
    return made


def made_koreans(dictionaries, n, rng):
    """Make n names of Koreans in Han: a surname and two syllables.

    Each is about as frequent as it is among people.
    """
    drawn = []
    for row in read_table("koreans_in_han.csv"):
        characters = [*row["characters"]]
        weights = 1 / (int(row["offset"]) + np.arange(len(characters)))
        n_syllables = 1 if row["part"] == "surname" else 2
        shape = (n, n_syllables)
        drawn.append(rng.choice(characters, shape, p=weights / weights.sum()))
    made = []
    for syllables in np.concatenate(drawn, axis=1):
        name = "".join(syllables)
        in_characters_of_koreans = rng.randint(3) > 0
        made.append(name if in_characters_of_koreans else dictionaries.in_han(name, 0))
    return made


def of_no_class(material, n, rng):
    """Yield at most n names in each script of `OF_NO_CLASS`.

    They are made of words of the table, or spelled from names of a nationality.
    """
    spellings = material.dictionaries.spellings
    for script, nationality in OF_NO_CLASS.items():
        words = [*chain.from_iterable(spellings.words[script].values())]
        people = []
        for source in ("chess players", "biographies"):
            for name in material.sources.get(source, {}).get(nationality, []):
                if not material.is_apart(person_of(name)):
                    people.append(name)
        for k in range(n):
            spelling = None
            if k % 2 and words:
                spelling = " ".join(rng.choice(words, 2))
            elif people:
                name = people[rng.randint(len(people))]
                spelling = _spelled(name, people, nationality, script, spellings, rng)
            if spelling:
                yield spelling


def _spelled(name, people, nationality, script, spellings, rng):
    """Return a name in a script, or None.

    If the person's cannot be spelled, because a word is in no collection, it is a name
    of the first words of one person and the last of another.
    """
    person = person_of(name)
    for _ in range(N_TRIED):
        spelled = spell_person(name, nationality, script, spellings, person, rng)
        if spelled:
            return spelled
        first, second = rng.randint(len(people), size=2)
        *given, _ = people[first].split()
        *_, surname = people[second].split()
        name = " ".join([*given, surname])
        person = None  # of a made name
    return None


def person_of(name):
    """Return a key that is equal for the same words in another order or spelling."""
    return " ".join(sorted(fold(name).split()))


@dataclass(frozen=True)
class CommonNames:
    """Hold the most common given names or surnames of a nationality."""

    share: float  # of its people who bear one of the names
    names: np.ndarray  # the most frequent first, dtype=object


def common_names():
    """Return {(nationality, part): CommonNames}.

    The shares are rough, and written by hand, like the names.
    """
    common = {}
    for row in read_table("common_names.csv"):
        names = [name.replace("_", " ") for name in row["names"].split()]
        common[row["nationality"], row["part"]] = CommonNames(
            share=float(row["share"]), names=np.array(names, dtype=object)
        )
    return common


def _draw(nationality, part, material, n, rng):
    """Draw n given names or surnames, as many common ones as people bear."""
    common = material.common[nationality, part]
    lists = material.lists
    rows = (lists.target == nationality) & (lists.script == "Latn")
    rows &= (lists.part == part) | (lists.part == "both")
    by_rank = 1 / (RANKS_BEFORE + np.arange(len(common.names)))
    frequent = rng.choice(common.names, n, p=by_rank / by_rank.sum())
    is_common = rng.random_sample(n) < common.share
    return np.where(is_common, frequent, rng.choice(lists.data[rows], n))


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
    shortened = []
    for word in others:
        is_particle = not word[0].isupper()  # as in J. van Dijk
        shortened.append(word if is_particle else f"{word[0]}.")
    return " ".join([*shortened, last])


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


def latin_of_arabic(rows, label_of):
    """Return the Latin names of each label of the countries of `read_arabic_names`."""
    names_of = defaultdict(list)
    for _, latin, country in rows:
        label = label_of.get(country)
        if label:
            names_of[label].append(latin)
    return names_of


def typical_biographies(lists, names, nationalities, rare=RARE):
    """Return the names of each nationality in the biographies that are typical of it.

    Nationalities with hardly any biographies are listed under others: Kári Árnason is
    English. A name whose surname belongs, in our lists, only to such nationalities is
    left out.
    """
    counts = Counter(nationalities)
    rare = {label for label in lists.target_names if counts[label] < rare}
    bearers = _bearers(lists, "surname")
    typical = defaultdict(list)
    for name, nationality in zip(names, nationalities, strict=True):
        by_surname = bearers.get(fold(name).split()[-1], set())
        if nationality in by_surname or not by_surname or not by_surname <= rare:
            typical[nationality].append(name)
    return typical


def typical_players(lists, names, nationalities):
    """Return the names of each nationality's chess players that are typical of it.

    If many players of a federation are Russians, those with a Russian given name are
    left out.
    """
    given = _bearers(lists, "given")
    typical = defaultdict(list)
    for name, nationality in zip(names, nationalities, strict=True):
        by_given = given.get(fold(name).split()[0], set())
        is_russian = "Russian" in by_given and by_given.isdisjoint(RUSSIANS_AMONG)
        if not (nationality in RUSSIANS_AMONG and is_russian):
            typical[nationality].append(name)
    return typical


def typical_people(lists):
    """Return people's names that are typical of their nationality, by source."""
    biographies = read_biographies()
    players, nationalities, _ = read_chess_players()
    in_arabic = read_arabic_names()
    return {
        "biographies": typical_biographies(lists, *biographies),
        "chess players": typical_players(lists, players, nationalities),
        "names in Arabic": latin_of_arabic(in_arabic, nationality_of_countries()),
    }


def permissive_people(lists):
    """Return people's names by source, without chess players and rugby players.

    Those of a country have the nationality that its chess players have.
    """
    nationality_of = nationality_of_countries("federations.csv")
    in_arabic = read_arabic_names()
    sources = {
        "biographies": typical_biographies(lists, *read_biographies()),
        "names in Arabic": latin_of_arabic(in_arabic, nationality_of_countries()),
    }
    for source, names_of in read_people(permissive=True).items():
        names = []
        nationalities = []
        for country in sorted(names_of.keys() & nationality_of.keys()):
            names += names_of[country]
            nationalities += [nationality_of[country]] * len(names_of[country])
        sources[source] = typical_players(lists, names, nationalities)
    return sources
