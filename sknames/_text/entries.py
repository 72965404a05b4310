"""Read the name in an entry of a register, by words of titles.ini.

With it stand names at birth, relations, roles, ages, and marks for "the same".
"""

import re
from itertools import chain, takewhile

from .spelling import lower
from .titles import TIDY

# The last bracket may be missing.
BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]?")

_ROLES = frozenset(TIDY["roles"])
_ROLES_BORNE = frozenset(TIDY["roles_borne"])
_ROLES_IN_CAPITALS = frozenset(TIDY["roles_in_capitals"])
_BORN = frozenset(TIDY["born"])
_BIRTH_OF_HUNGARIANS = frozenset(TIDY["birth_of_hungarians"])
_HUNGARIAN_GIVEN = frozenset(TIDY["hungarian_given"])
_BIRTH = _BORN.union(_BIRTH_OF_HUNGARIANS, TIDY["birth"])
_BESIDE_NUMBERS = _ROLES.union(TIDY["ages"])
_NO_GIVEN_NAME = frozenset(TIDY["no_given_name"])
_DITTO = frozenset(TIDY["ditto"])
_IN_FRONT = _ROLES.union(TIDY["ditto_in_front"])
_PARTICLES = frozenset(TIDY["particles"])
# The first words of all tables, as they may be written.
_WORDS = {
    phrase.split()[0]
    for phrase in chain(
        _BESIDE_NUMBERS, _ROLES_IN_CAPITALS, _NO_GIVEN_NAME, _DITTO, _BIRTH
    )
}
_WORDS |= {word + "." for word in _WORDS}
_WORDS |= {word.upper() for word in _WORDS if not word.isascii()}


def may_be_entry(text):
    """Return whether there may be more in a text than a name and titles."""
    return not _WORDS.isdisjoint(text.replace(",", " ").split())


def with_birth_last(text):
    """Return a text where a name at birth in brackets ends the part between commas."""
    for match in BRACKETS.finditer(text):
        inside = match[1]
        words = inside.split()
        if _name_at_birth(words, _n_words_for_birth(words, inside.isupper())):
            behind, comma, rest = text[match.end() :].partition(",")
            return f"{text[: match.start()]} {behind} {inside}{comma}{rest}"
    return text


def name_in_entry(entry):
    """Return an entry by the name at birth, without relations and marks.

    It has no brackets and titles. It stays if it has no capitals, in which words of
    names stand out.
    """
    if not may_be_entry(entry) or not any(map(str.isupper, entry)):
        return entry
    in_capitals = entry.isupper()
    parts = [part.split() for part in entry.split(",") if part.strip()]
    parts_of_name = _by_name_at_birth(_without_marks(parts), in_capitals)
    if not parts_of_name or parts_of_name == parts:
        return entry
    return ", ".join(map(" ".join, parts_of_name))


def is_without_name(text):
    """Return whether all words are relations and marks: "do., infant"."""
    words = text.strip("()[]").replace(",", " ").split()
    if len(words) == 1 and words[0] in _ROLES_BORNE:
        return False
    others = [word for word in words if word not in _DITTO]
    return len(words) > 0 and (not others or _is_relation(others))


def _without_marks(parts):
    """Leave out ditto marks and roles in front, and relations behind commas."""
    first, *others = parts
    n_in_front = len([*takewhile(_IN_FRONT.__contains__, first)])
    name = first[n_in_front:]
    if name and name[0][0].isupper():
        first = name
    elif len(first) == 1 and first[0] in _DITTO:
        first = []
    kept = [first] if first else []
    may_have_nouns = len(first) > 0 and first[0][0].isupper()
    for words in others:
        is_noun = may_have_nouns and _ROLES_IN_CAPITALS.issuperset(words)
        if not (is_noun or _is_relation(words)):
            kept.append(words)
    return kept


def _is_relation(words):
    """Return whether words are about a person: "infant", "wife of John", "aged 3"."""
    if " ".join(words) in _NO_GIVEN_NAME:
        return True
    if words[0] in _ROLES and words[1:2] == ["of"]:
        return True
    stems = {word.removesuffix(".") for word in words}
    numbers = {stem for stem in stems if stem[:1].isdecimal()}
    rest = stems - numbers
    if numbers:
        return len(rest) > 0 and rest <= _BESIDE_NUMBERS
    return rest <= _ROLES


def _by_name_at_birth(parts, in_capitals):
    """Return the parts between commas, with names at birth for last names.

    A place or a date of birth is left out, with all behind it.
    """
    for k, words in enumerate(parts):
        for i in range(len(words)):
            n = _n_words_for_birth(words[i : i + 2], in_capitals)
            if n == 0 or k == i == 0:
                continue
            next_part = chain([","], *parts[k + 1 : k + 2])
            name_at_birth = _name_at_birth([*words[i:], *next_part], n)
            if not name_at_birth:
                return [part for part in (*parts[:k], words[:i]) if part]
            others = [*parts[:k], words[:i], *parts[k + 1 :]]
            first, *others = [part for part in others if part]
            is_hungarian = lower(words[i]) in _BIRTH_OF_HUNGARIANS
            if k > 0 and others:
                first = name_at_birth
            elif len(first) == 1 and not others:
                first = first + name_at_birth
            elif is_hungarian and lower(first[0]) not in _HUNGARIAN_GIVEN:
                first = name_at_birth + first[1:]
            else:
                first = _without_last_name(first) + name_at_birth
            return _by_name_at_birth([first, *others], in_capitals)
    return parts


def _n_words_for_birth(words, in_capitals):
    """Return how many words at the start are for birth: one, two or none."""
    for n in (1, 2):
        phrase = " ".join(words[:n])
        if in_capitals and not phrase.isascii():
            phrase = lower(phrase)
        if phrase in _BIRTH:
            return n
    return 0


def _name_at_birth(words, n):
    """Return the name behind n words for birth, or none before a place or a date."""
    if n == 0 or words[0] in _BORN:
        return []
    name = [*takewhile(_may_be_of_name, words[n:])]
    behind = " ".join(words[n + len(name) :]).lstrip(", ")
    is_date = behind[:1].isdecimal()  # "May 1994"
    return [] if is_date or _PARTICLES.issuperset(name) else name


def _may_be_of_name(word):
    """Return whether a word may be part of a name at birth."""
    return word in _PARTICLES or (word[0].isalpha() and not word.islower())


def _without_last_name(words):
    """Leave out words in capitals in front of others, or the last with its particles.

    Two capitals, or dotted ones, may be initials.
    """
    in_capitals = [*takewhile(str.isupper, words)]
    others = words[len(in_capitals) :]
    has_surname = any(len(word) > 2 and "." not in word for word in in_capitals)
    if has_surname and any(map(str.islower, "".join(others))):
        return others
    n = len(words) - 1
    while n > 0 and words[n - 1] in _PARTICLES:
        n -= 1
    return words[:n]
