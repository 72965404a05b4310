"""Remove titles, degrees and relatives from names, using the words in titles.ini."""

import re
from configparser import ConfigParser
from functools import lru_cache
from itertools import chain
from pathlib import Path

from .spelling import lower

TITLE_TABLES = ("titles", "degrees", "initials", "offices")
# Tables whose words match in any case, and tables whose words match as written.
IN_ANY_CASE = (*TITLE_TABLES, "surnames", "names", "indonesian")
AS_WRITTEN = ("following", "haji", "relative", "birth", "born")


def read_tables(file):
    """Return {table: texts} for a file in this folder."""
    parser = ConfigParser(delimiters="=", comment_prefixes="#", interpolation=None)
    parser.read(Path(__file__).with_name(file), encoding="utf-8")
    tables = {}
    for table in parser.sections():
        texts = " ".join(parser[table].values()).split()
        tables[table] = [text.replace("_", " ") for text in texts]
    return tables


# The JavaScript port reads these tables from the metadata of an ONNX model.
TIDY = {
    "format": 5,  # increase it when an older index.mjs would misread the rules
    # Han, Kana and Hangul, in which the surname comes first even without a comma.
    "joined": "[\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff]",
    # Chinese, Korean and Vietnamese given names in plain Latin letters.
    "syllables": "(?:(?:[bcdfghjklmnpqrstvwxyz]|[cgknpst]h|n?gh?|qu|tr)?[aeiouy]{1,3}"
    "(?:ng|nh|ch|[nmklptc])?-?){1,2}",
    "signs": "*†‡※™℠〃",  # in addition to symbols (category So) without letters
    **read_tables("titles.ini"),
}


def _tables_by_word(tables):
    """Return {word: tables that contain the word}."""
    tables_of = {}
    for table in tables:
        for word in TIDY[table]:
            tables_of[word] = (*tables_of.get(word, ()), table)
    return tables_of


_TABLES_IN_ANY_CASE = _tables_by_word(IN_ANY_CASE)
_TABLES_AS_WRITTEN = _tables_by_word(AS_WRITTEN)
# Patterns of words typed with a space, "Ph. D.", and their form in the tables, "Ph.D.".
_SPACED = {}
for _typed in TIDY["spaced"]:
    _pattern = re.compile(rf"(?<![^\W\d_]){re.escape(_typed)}(?![^\W\d_])")
    _SPACED[_pattern] = _typed.replace(" ", "")
_DROPPED_WORDS = set()
for _text in _tables_by_word((*TITLE_TABLES, "relative", "birth", "born", "spaced")):
    _DROPPED_WORDS.add(lower(_text.split()[0]))
_DROPPED_WORDS |= {word + "." for word in _DROPPED_WORDS}
_SURNAME_PAIRS = frozenset(TIDY["surname_pairs"])
_ENDS = {title[-1] for title in TIDY["attached"]}
# \w does not match a vowel sign, which would make the title part of a syllable.
_ATTACHED_BEFORE = "|".join(map(re.escape, TIDY["attached_before"]))
_BEFORE = re.compile(rf"^(?:{_ATTACHED_BEFORE})+(?=\w)")
_BEHIND_DOT = re.compile(r"(?<=\.)(?=[^\W\d_])")
_INSIDE_DOT = re.compile(r"\.[^ .,]")
_BEHIND = ".。, "
_MARKS = re.compile("[ ,\"']+")
N_CACHED_WORDS = 4_096  # each word of a text is looked up several times


def may_have_title(name):
    """Return whether a name may have a title, degree or relative.

    Most names need only this quick check.
    """
    if not _DROPPED_WORDS.isdisjoint(lower(name).replace(",", " ").split()):
        return True
    if "." in name and _INSIDE_DOT.search(name):
        return True
    if name.isascii():
        return False
    return name.rstrip(_BEHIND)[-1:] in _ENDS or _BEFORE.search(name) is not None


def drop_titles(name):
    """Remove titles, degrees and relatives, but never the whole name."""
    if not may_have_title(name):
        return name
    text = name
    for spaced, word in _SPACED.items():
        text = spaced.sub(word, text)
    segments = []
    for k, segment in enumerate(text.split(",")):
        words, is_last = _words_of(
            segment, k, may_be_names=not any(map(str.isupper, text))
        )
        segments.append(words)
        if is_last:
            break
    context = _NameContext([*chain.from_iterable(segments)])
    segments = [context.untitled(words, k) for k, words in enumerate(segments)]
    untitled = ", ".join(" ".join(words) for words in segments if words)
    untitled = _without_attached(untitled)
    letters = _MARKS.sub("", untitled)
    if letters == "" or letters == _MARKS.sub("", name):
        return name  # with the original spaces and commas
    return untitled


def _words_of(segment, k, may_be_names):
    """Return the words after the k-th comma, and whether all later words are dropped.

    The words after "s/o" or "née" are dropped up to the next comma. A place or date of
    birth ends the name. With `may_be_names`, words for birth that consist of letters
    are kept, because they may be names.
    """
    words = []
    for word in filter(None, segment.split(" ")):
        words += _split_titles(word)
    for i in range(0 if k > 0 else 1, len(words)):
        if "relative" in _tables(words[i]) and i + 1 < len(words):
            return words[:i], False
        for phrase in (words[i], " ".join(words[i : i + 2])):
            if may_be_names and phrase.isalpha():
                continue
            key = phrase if phrase.isascii() else lower(phrase)
            tables = _TABLES_AS_WRITTEN.get(key, ())
            if "birth" in tables or "born" in tables:
                has_date = any(map(str.isdecimal, "".join(words[i:])))
                return words[:i], has_date or "born" in tables
    return words, False


def _split_titles(word):
    """Split leading titles from a word: "Prof.Dr.Anna" becomes three words."""
    if "." not in word or _tables(word):
        return [word]
    pieces = _BEHIND_DOT.split(word)
    n_titles = 0
    while n_titles < len(pieces) - 1:
        if {"titles", "following"}.isdisjoint(_tables(pieces[n_titles])):
            break
        n_titles += 1
    return [*pieces[:n_titles], "".join(pieces[n_titles:])]


@lru_cache(N_CACHED_WORDS)
def _tables(word):
    """Return the tables that contain a word, with or without its final dot."""
    is_letter = len(word.rstrip(".")) == 1
    key = word if is_letter else lower(word)
    return (
        _TABLES_IN_ANY_CASE.get(key, ())
        + _TABLES_IN_ANY_CASE.get(key.removesuffix("."), ())
        + _TABLES_AS_WRITTEN.get(word, ())
    )


class _NameContext:
    """The words of a name that are not titles, degrees or initials.

    These words decide whether an ambiguous word is a title or part of the name.

    Attributes
    ----------
    n_words : int
        Number of these words.
    n_full : int
        Number of these words that have more than one letter and no dot.
    in_capitals : bool
        Whether all of these words are in capitals.
    is_indonesian : bool
        Whether the name has an Indonesian title or degree.
    """

    def __init__(self, words):
        """Create an instance from all words of a name."""
        title_tables = set(TITLE_TABLES)
        others = [word for word in words if title_tables.isdisjoint(_tables(word))]
        self.n_words = len(others)
        self.n_full = sum(len(word) > 1 and "." not in word for word in others)
        self.in_capitals = " ".join(others).isupper()
        self.is_indonesian = any("indonesian" in _tables(word) for word in words)

    def untitled(self, words, k):
        """Remove titles from the words before the first comma or after the k-th."""
        are_offices = all("offices" in _tables(word) for word in words)
        if are_offices and k > 0 and self.n_words > 1:
            return []
        left = []
        is_behind_title = False
        for i, word in enumerate(words):
            tables = _tables(word)
            if is_behind_title and "following" in tables:
                continue
            is_alone = k > 0 and self.n_words > 1 and "names" not in tables
            is_in_front = is_behind_title or i == 0
            is_before = is_in_front and (i + 1 < len(words) or is_alone)
            is_behind_title = self._is_title(word, tables, is_before)
            if is_behind_title:
                pair = lower(" ".join(words[i : i + 2]))
                is_behind_title = pair not in _SURNAME_PAIRS
            if not is_behind_title:
                left.append(word)
        degrees = {"degrees", "initials"}
        is_list = not any(degrees.isdisjoint(_tables(word)) for word in left)
        n_least = 1 if k == 0 else 0
        while len(left) > n_least and self._is_degree(left, is_list):
            left.pop()
        return left

    def _is_title(self, word, tables, is_before):
        """Return whether a word is a title: before a name, or anywhere with a dot."""
        if "haji" in tables:
            return is_before and self.is_indonesian and self.n_full > 1
        is_title = is_before and "titles" in tables
        if word.endswith("."):
            with_and_without_dot = set(tables).intersection(_tables(word[:-1]))
            if not with_and_without_dot.isdisjoint(["titles", "degrees"]):
                is_title = True
        return is_title and not self._may_be_name(word, tables)

    def _is_degree(self, words, is_list):
        """Return whether the last word is a degree, or initials that mean a degree."""
        word = words[-1]
        tables = _tables(word)
        if "degrees" in tables:
            return not self._may_be_name(word, tables)
        stands_out = word.isupper() and not self.in_capitals
        # In "Anatolio NDONG MBA", capitals mark surnames.
        in_front = words[-2] if len(words) > 1 else ""
        if in_front.isupper() and "initials" not in _tables(in_front):
            stands_out = False
        in_capitals = stands_out and "surnames" not in tables
        is_sure = is_list or in_capitals or "." in word[:-1]
        return "initials" in tables and self.n_words > 1 and is_sure

    def _may_be_name(self, word, tables):
        """Return whether a title may be a name or initials here: "FRAU Quentin"."""
        if "names" in tables:
            return self.n_full < 2
        if self.n_words > 1 or self.in_capitals or not word.isupper():
            return False
        return len(word) == 2 or "surnames" in tables


def _without_attached(name):
    """Remove titles that are attached to a name without a space.

    At least one character remains, and at least two if the title is one character.
    """
    name = _BEFORE.sub("", name)
    stem = name.rstrip(_BEHIND)
    while title := _attached_title(stem):
        stem = stem.removesuffix(title).rstrip(_BEHIND)
        name = stem
    return name.strip(', "')


def _attached_title(name):
    """Return the attached title at the end of a name, or ""."""
    for title in TIDY["attached"]:
        n_least = 2 if len(title) == 1 else 1  # characters that must remain
        if name.endswith(title, n_least):
            return title
    return ""
