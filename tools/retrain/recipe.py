"""Prepare the training data of the shipped models, and train them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from hashlib import sha256
from itertools import chain, islice
from unittest.mock import patch

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch, check_random_state

from sknames import CharEncoder, NameNationalityClassifier
from sknames._encoding import char_encoder
from sknames._text.in_latin import transliterated
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
from .tables import fold, read_table
from .ukrainian_names import read_ukrainian_names

# Seed of the shipped training, the median one of three.
SEED = 1

# ---- People

# One in 64 people is held out in every spelling, so that figures and thresholds can be
# measured for the shipped model itself.
ONE_APART = 64
# There are fewer people in Arabic script, so one in 12 of them is held out as well.
ONE_APART_IN_ARABIC = 12
# Biographies of nationalities with fewer than this are listed under others.
RARE = 300
# A fifth of the players of Kazakhstan, and some players of the others, are Russians.
RUSSIANS_AMONG = {"Kazakh", "Kyrgyz", "Turkmen", "Uzbek"}

# ---- Made names

# The frequency of a common name of rank k, from 0, is proportional to
# 1 / (k + RANKS_BEFORE), so that the first names differ little.
RANKS_BEFORE = 4

# ---- Spellings in Latin letters

# Share of the full names that are added with the last word first, as in registers.
LAST_WORD_FIRST = 0.25
# Share of the full names that are added with initials, as in bylines.
INITIALS = 0.03
# Share of the names with an apostrophe or a hyphen that are added without it, since
# many forms and files allow only letters. It is enough for the model to know OBrien as
# well as O'Brien.
LETTERS_ONLY = 0.25
# Share of the people for whom there is a rule who are added with a patronymic, see
# `patronymics`.
PATRONYMICS = 0.15
# Share of the full names whose first and last words are added as single words, for the
# linear layers. Many lists, and most people who try a model, have a surname or a given
# name only. Without these rows, the model associates parts of words with small
# countries because a few of their people have them.
WORDS_ALONE = 0.15
# Share of the names with diacritics or in native scripts that are added in ASCII.
# Diacritics and scripts say much about nationalities, but many lists lack them.
IN_ASCII = 1

# ---- Other scripts

# Share of the people who are added in the script of their nationality.
OWN_SCRIPT = 0.35
# Weight of a word of the handwritten lists, in occurrences, when the most frequent
# spelling in Arabic script is determined.
LISTED_IN_ARABIC = 20
# Share of the people who are added in each other script of their country.
IN_OTHERS_OF_LOCALS = 0.05
# Share of the people who are added in each script of `BLOCKS` and of India that is not
# listed in `FOREIGN_SCRIPTS`.
IN_RARE_SCRIPT = 0.0015
# Shares of the people who are added in each script, spelled as foreigners.
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
    "Thai": 0.04,  # its spelling differs much from its sounds
    "Han": 0.14,
    "Katakana": 0.1,
}
for _script in (*BLOCKS, *OTHERS_OF_LOCALS["Indian"]):
    FOREIGN_SCRIPTS.setdefault(_script, IN_RARE_SCRIPT)
# Least share of the people whose whole names are known in a foreign script who are
# added in this script. In their own script, all of them are added.
WHOLE_NAMES = 0.4
# Scripts of nationalities that are not classes, and a nationality with similar names.
# Names in these scripts are added with random labels, so that predictions are unsure.
OF_NO_CLASS = {"Lao": "Thai", "Thaana": "Arabic"}
# Share of the made-up Ukrainian names with a common given name.
COMMON_GIVEN = 0.7
# Number of attempts to find a name that can be spelled in a script without rules, or a
# surname of the right gender.
N_TRIED = 8
# Share of the Japanese people in kanji who are added in Katakana, for which Japanese
# forms ask.
JAPANESE_IN_KATAKANA = 0.4
# Number of made-up Japanese people, as many as there are in ENAMDICT.
MADE_JAPANESE = 53_000

# ---- How many


@dataclass(frozen=True)
class Amounts:
    """Numbers of names of each kind in the training data.

    The defaults are those of the first phase of the shipped training.
    """

    # Largest number of people of a nationality, by source of `typical_people`. A person
    # in several sources counts for the first. There are limits because sources do not
    # show how frequent nationalities are, so none should have far more names.
    most_people: Mapping[str, int] = field(
        default_factory=lambda: (
            {
                # Famous people, who differ from the people in users' lists.
                "biographies": 8_000,
                # Ordinary people, as in users' lists, so there are more of them.
                "chess players": 25_000,
                # People whose names are known in Arabic script and in Latin letters.
                "names in Arabic": 12_000,
            }
            # Ordinary people as well, who replace chess players in permissive models.
            | dict.fromkeys(SOURCES, 25_000)
        )
    )
    # Share of the full names in Latin letters whose first and last words are added as
    # single words, see `ends_of`.
    words_alone: float = 0.0
    # Largest number of people of a label who are added in other scripts; None for all.
    most_spelled: int | None = None
    # Least number of full names of a nationality. If there are fewer people, made-up
    # names are added, so that no nationality has far fewer names than others.
    min_full_names: int = 6_000
    # Least number of made-up names of a nationality, even if there are enough people.
    min_made_names: int = 1_000
    # Number of made-up names of a nationality in its native script.
    n_native_names: int = 1_500
    # Shares of the people who are added spelled as foreigners, by script.
    foreign_scripts: Mapping[str, float] = field(
        default_factory=lambda: FOREIGN_SCRIPTS
    )
    # Least number of names of a label in its own script. If there are fewer people,
    # they are spelled repeatedly.
    least_in_own_script: int = 3_000
    # Number of names in each script of `OF_NO_CLASS`.
    n_of_no_class: int = 1_500
    # Number of names made up from real Ukrainian ones in Cyrillic.
    made_ukrainian: int = 6_000
    # Number of Chinese, and of Japanese, people in Han drawn from dictionaries.
    most_in_han: int = 12_000
    # More names are drawn if a character is in fewer names than this.
    least_of_character: int = 10
    # Made-up names with each Chinese surname, half of them in traditional characters.
    n_of_surname: int = 24
    # Names of Koreans in Han, most of them in the characters that Koreans use.
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

# An n-gram is used if at least one in 90,000 names has it, which limits the file of
# weights to 12 MB.
NAMES_PER_MIN_DF = 90_000
# Characters that occur less often than `min_frequency` are replaced by ASCII.
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
# Settings of the training that are not parameters of the classifier.
HIDDEN = {
    "ngram_dropout": 0.65,
    # With thousands of characters, this loss would take half of the training time.
    "next_symbol_weight": 0.0,
    # Robust to noisy labels: Wikipedia categories and federations often differ from the
    # origin of a name.
    "gce_q": 0.2,
}
# The logits are a weighted mean of those of both phases. This is the weight of the
# first phase.
SHARE_OF_TRUNK = 0.2
# Weight of the words in the second phase.
WORD_WEIGHT = 0.7
# All logits are divided by it, because the generalized cross-entropy makes predictions
# too confident, also for held-out people.
TEMPERATURE = 1.8


def by_sounds():
    """Make encoders transliterate all words by sounds, without the table of words.

    The training data then resembles words that are not in the table.
    """
    return patch.object(char_encoder, "in_latin", transliterated)


def fit(names, nationalities, **params):
    """Train the pipeline in the first phase.

    `params` override the parameters of the classifier in `CLASSIFIER`.
    """
    # Imported late: importing torch reads SAME_BITS.
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
    """Train a linear layer on more people in the second phase.

    The layer is folded into the weights of the network. Then probabilities are
    calibrated, and most weights rounded.
    """
    # Imported late: importing torch reads SAME_BITS.
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
    """Return a copy of a fitted pipeline with another network for the same classes."""
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
    """Treat a symbol as one that `fit` has not seen.

    The symbol is the code of unknown characters, for which there is no ASCII either. In
    the training data, only a dozen Japanese names have such a character. Without this
    function, it would be evidence for Japanese in all names.
    """
    weights = dict(network.weights)
    weights["embedding"] = weights["embedding"].copy()
    code = network.to_codes(np.array([[symbol]])).item()
    weights["embedding"][code] = weights["embedding"][-1]
    # The weights of the next symbol are not trained, so they are random numbers, which
    # should not be stored in a file.
    for name in ("next_symbol.weight", "next_symbol.bias"):
        weights[name] = np.zeros_like(weights[name])
    return replace(network, weights=weights)


def training_names(material, amounts=FIRST_PHASE, *, seed=SEED):
    """Return the training names of the nationality model.

    1. All names of `load_names`, including names in native scripts.
    2. Names of people in the sources, limited by `amounts.most_people`. People who are
       in several sources, in any order of the words, count once. One person in 64, and
       the people of `in_scripts`, are held out.
    3. Full names made up from 1: for each nationality 1,000, or as many as are missing
       to 6,000 names with those of 2, and 1,500 in a native script. If common_names.csv
       has the most common names of a nationality, their frequencies are about those in
       this file. All other names are equally frequent.
    4. Shares of 1 to 3 in other spellings: with the last word first; with initials
       except for the last word; without apostrophes and hyphens; with patronymics; and
       the first and the last word as single words.
    5. All names of 1 to 4 with diacritics or in a native script, in ASCII.
    6. People of 2 in other scripts: a third of them in the script of their nationality,
       if it has one, and shares spelled as foreigners; Japanese and Chinese people in
       Han from dictionaries, some of the Japanese also in Katakana; people in Arabic
       script; and made-up Ukrainian names in Cyrillic. A quarter of these also with the
       last word first.

    Nationalities that `load_names` lacks only have names of people.

    Parameters
    ----------
    material : Material
        Without sources and dictionaries, 2 and 6 are left out.
    amounts : Amounts, default=FIRST_PHASE
        `SECOND_PHASE` is for `fit_more`.
    seed : int, default=SEED
        Seed of all random numbers.

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
    """Names and their labels."""

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
    """The data from which training names are drawn."""

    lists: Bunch  # result of `load_names`, in all scripts
    sources: dict = field(default_factory=dict)  # result of `typical_people`
    dictionaries: "Dictionaries | None" = None

    @cached_property
    def native(self):
        """Return the nationalities whose lists have names in a native script."""
        return set(self.lists.target[self.lists.script != "Latn"])

    @cached_property
    def common(self):
        """Return the result of `common_names`."""
        return common_names()

    @cached_property
    def also_apart(self):
        """Return the keys of other held-out people, see the function `also_apart`."""
        return also_apart(self.sources)

    def is_apart(self, person):
        """Return whether people with this key are held out."""
        return is_kept_apart(person) or person in self.also_apart

    def nationalities(self):
        """Return the nationalities of all sources, sorted."""
        return sorted(set(self.lists.target_names).union(*self.sources.values()))


def read_material(*, lists_only=False, permissive=False):
    """Read all sources, or only the lists of the package.

    With `permissive`, sources under the GPL or CC BY-SA are left out.
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
    """Return names of people of a nationality from all sources, each person once."""
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
    """Return a list of full names made up from the lists, also in a native script.

    `n_people` is the number of people of the nationality in the training data.
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

    The first pair has all names of the lists, the full names, shares of them in other
    spellings, and the single words. The second has those names in ASCII that ASCII
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
    """Return the first and last words of a share of the names, see `ends_of`."""
    words = []
    if share > 0:  # a share of 0 draws no random numbers
        for name, number in zip(names, rng.random_sample(len(names)), strict=True):
            if number < share:
                words += ends_of(name)
    return words


def ends_of(name):
    """Return the first and the last word of a full name in Latin letters.

    Return an empty list for other names: single words, names with initials, and names
    with a particle at one end, as in "van Dijk", because a particle is not a name.
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
    """Return three pairs of names and labels in scripts other than Latin.

    The first pair has the names in `spelled`, to which names of `of_no_class` with
    random labels are added; the second, a share of these with the last word first; the
    third, made-up Chinese names.
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
    """Names, and spellings of names, in other scripts."""

    japanese: dict  # maps people in kanji to Latin letters
    chinese: list  # people in simplified characters
    spellings: Spellings
    # Names in Arabic script by nationality: pairs of local and normalized spelling.
    arabic: dict
    # Result of `read_ukrainian_names`, with "common" given names.
    ukrainian: dict
    # Functions that write a name in simplified or traditional characters, and in
    # Katakana. They use packages that only training with people needs.
    in_han: Callable = in_han
    to_katakana: Callable = to_katakana


def read_dictionaries(*, permissive=False):
    """Return the `Dictionaries` of all sources.

    With `permissive`, Japanese people are made up from surnames and given names.
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
    """Return the people in Arabic script by label, see `Dictionaries`.

    Held-out people and their namesakes are left out. `rows` is the result of
    `read_arabic_names`, and `label_of` maps countries to labels.
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
    names_of = defaultdict(dict)  # the keys are distinct pairs in order
    for arabic, _, country in rows:
        label = label_of.get(country)
        if label and arabic not in apart:
            names_of[label][as_locals_write(arabic, country, written), arabic] = True
    return {label: [*pairs] for label, pairs in names_of.items()}


def nationality_of_countries(table="demonyms.csv"):
    """Return the first nationality of each country in a table, a dict."""
    nationality_of = {}
    for row in read_table(table):
        if row["nationality"]:
            nationality_of.setdefault(row["alpha_2"], row["nationality"])
    return nationality_of


@cache
def in_scripts():
    """Return the keys of the people in people_in_scripts.csv, and their names there.

    These people are held out, see `people_in_scripts`.
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
    """Return whether people with this key, see `person_of`, are held out."""
    return int.from_bytes(sha256(f"apart:{person}".encode()).digest()[:4]) % one_in == 0


def is_apart_in_arabic(person):
    """Return whether people with this key are held out if they have an Arabic name."""
    return is_kept_apart(person) or is_kept_apart(person, ONE_APART_IN_ARABIC)


def also_apart(sources):
    """Return the keys of held-out people in addition to those of `is_kept_apart`."""
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
        Result of `read_dictionaries`, or None if there are no sources.
    amounts : Amounts
    rng : RandomState
    country : str, default=None
        Country of the people, if `dictionaries.arabic` is by country.
    is_first : bool, default=True
        Whether to add Japanese and Korean people in Han from the dictionaries.
    characters : tuple of int, default=(0, 1)
        Kinds of characters of Chinese people from the dictionaries: simplified (0),
        traditional (1).
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
    """Return the share of people of a nationality to spell in each other script.

    `own` is the script of the nationality, or "".
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

    `shares` maps scripts to shares of the people. With a share above 1, people are
    spelled repeatedly.
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
    """Return names of at most `most` people in Arabic script, in both spellings."""
    names = []
    for k in rng.permutation(len(pairs))[:most]:
        as_written, normalized = pairs[k]
        names.append(as_written)
        if normalized != as_written:
            names.append(normalized)
    return names


def japanese_in_han(dictionaries, amounts, rng):
    """Return Japanese people in kanji, and some of them also in Katakana."""
    latin_of = dictionaries.japanese
    drawn = drawn_of_all_characters(shuffled(not_tested(latin_of), rng), amounts)
    again = [name for name in drawn if rng.random_sample() < JAPANESE_IN_KATAKANA]
    return drawn + [dictionaries.to_katakana(latin_of[name]) for name in again]


def in_registers(people, nationality, script, rng):
    """Return names of some of the people with a patronymic, if there is a rule."""
    registered = []
    for name in people:
        if rng.random_sample() < PATRONYMICS:
            with_father = with_patronymic(name, nationality, script, rng)
            if with_father:
                registered.append(with_father)
    return registered


def drawn_of_all_characters(names, amounts):
    """Return the first `amounts.most_in_han` names, and others with rare characters."""
    counts = Counter()
    drawn = []
    for k, name in enumerate(names):
        rarest = min(counts[character] for character in name)
        if k < amounts.most_in_han or rarest < amounts.least_of_character:
            counts.update(set(name))
            drawn.append(name)
    return drawn


def made_ukrainians(names, n, rng):
    """Make up n Ukrainian names in Cyrillic; women have feminine surnames."""
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
    """Make up n names with each Chinese surname, so that rare surnames are learned."""
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
    """Make up at most n names of Japanese people in kanji.

    `readings` is the result of `read_japanese_parts`. Return a dict that maps names in
    kanji to Latin letters, the surname first, as `read_japanese` does.
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
    """Make up n names of Koreans in Han: a surname and two syllables.

    Surnames and syllables are about as frequent as among people.
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

    Half of them are made up from words in the script, and half are names of people of
    the similar nationality, spelled in the script.
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

    If the name cannot be spelled, because no collection has a word of it, the result is
    made up from the given names of one person and the surname of another.
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
        person = None  # a made-up name has no key
    return None


def person_of(name):
    """Return a key that does not depend on the order of words, accents or case."""
    return " ".join(sorted(fold(name).split()))


@dataclass(frozen=True)
class CommonNames:
    """The most common given names or surnames of a nationality."""

    share: float  # of the people of the nationality with one of the names
    names: np.ndarray  # the most frequent first, dtype=object


def common_names():
    """Return the common names of nationalities, a dict by (nationality, part).

    Names and shares are written by hand. The shares are rough.
    """
    common = {}
    for row in read_table("common_names.csv"):
        names = [name.replace("_", " ") for name in row["names"].split()]
        common[row["nationality"], row["part"]] = CommonNames(
            share=float(row["share"]), names=np.array(names, dtype=object)
        )
    return common


def _draw(nationality, part, material, n, rng):
    """Draw n given names or surnames, with realistic frequencies of common ones."""
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

    Names that `respell` does not change are left out.
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
    """Return the nationalities of each name in the lists, a dict of sets.

    `part` is "surname" or "given".
    """
    rows = (lists.part == part) | (lists.part == "both")
    bearers = defaultdict(set)
    for name, nationality in zip(lists.data[rows], lists.target[rows], strict=True):
        bearers[fold(name)].add(nationality)
    return bearers


def latin_of_arabic(rows, label_of):
    """Return the Latin names in rows of `read_arabic_names` by label, a dict of lists.

    `label_of` maps countries to labels.
    """
    names_of = defaultdict(list)
    for _, latin, country in rows:
        label = label_of.get(country)
        if label:
            names_of[label].append(latin)
    return names_of


def typical_biographies(lists, names, nationalities, rare=RARE):
    """Return the typical names of each nationality in the biographies.

    People of nationalities with fewer than `rare` biographies are listed under other
    nationalities: Kári Árnason, an Icelander, is listed as English. So a name is left
    out if, in our lists, only such nationalities have the surname.
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
    """Return the typical names of each nationality's chess players.

    If many players of a federation are Russians, players with a Russian given name are
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
    """Return names typical of their nationality, by source and nationality."""
    biographies = read_biographies()
    players, nationalities, _ = read_chess_players()
    in_arabic = read_arabic_names()
    return {
        "biographies": typical_biographies(lists, *biographies),
        "chess players": typical_players(lists, players, nationalities),
        "names in Arabic": latin_of_arabic(in_arabic, nationality_of_countries()),
    }


def permissive_people(lists):
    """Return names by source and nationality, without chess players and rugby players.

    Countries are mapped to nationalities as the federations of chess players are.
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
