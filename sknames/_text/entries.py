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
_BIRTH_OF_HUNGARIANS = frozenset(TIDY["birth_of_hungarians"])
_BIRTH = _BIRTH_OF_HUNGARIANS.union(TIDY["birth"])
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
        if _name_behind_birth(inside.split(), inside.isupper()):
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
    parts_of_name = _without_marks(parts, in_capitals)
    parts_of_name = _by_name_at_birth(parts_of_name, in_capitals)
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


def _without_marks(parts, in_capitals):
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
        has_birth = words[0] in _BIRTH
        is_note = has_birth and not _name_behind_birth(words, in_capitals)
        if not (is_noun or is_note or _is_relation(words)):
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
    """Return the parts between commas, with the name at birth for the last name.

    That is the part before the first comma, or the last word of a name without one.
    """
    for k, words in enumerate(parts):
        for i in range(len(words)):
            name_at_birth = _name_behind_birth(words[i:], in_capitals)
            if not name_at_birth or k == i == 0:
                continue
            others = [*parts[:k], words[:i], *parts[k + 1 :]]
            first, *others = [part for part in others if part]
            if k > 0 and others:
                return [name_at_birth, *others]
            if lower(words[i]) in _BIRTH_OF_HUNGARIANS:
                return [name_at_birth + first[1:], *others]
            return [_without_last_name(first) + name_at_birth, *others]
    return parts


def _name_behind_birth(words, in_capitals):
    """Return the name behind a word for birth at the start, or no words."""
    for n in (1, 2):
        phrase = " ".join(words[:n])
        if in_capitals and not phrase.isascii():
            phrase = lower(phrase)
        if phrase in _BIRTH:
            name = [*takewhile(_may_be_of_name, words[n:])]
            is_date = " ".join(words[n + len(name) :])[:1].isdecimal()  # "May 1994"
            return [] if is_date or _PARTICLES.issuperset(name) else name
    return []


def _may_be_of_name(word):
    """Return whether a word may be part of a name at birth."""
    return word in _PARTICLES or (word[0].isalpha() and not word.islower())


def _without_last_name(words):
    """Leave out the last word, and the particles before it."""
    n = len(words) - 1
    while n > 0 and words[n - 1].islower():
        n -= 1
    return words[:n]
