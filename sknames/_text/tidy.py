"""Normalize how a name is written: signs, brackets, titles, commas, initials."""

import re
import unicodedata
from collections import Counter
from itertools import chain

from .spelling import FOLDED, clean, compose, is_other_script, lower, without_accents
from .titles import TIDY, drop_titles, may_have_title

LEAST_TITLED = 0.01
MOST_READINGS = 9  # passes over one name, until one changes nothing
BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]?")
_KOREAN = re.compile(rf"({'|'.join(TIDY['korean_surnames'])}) ([가-힣]{{1,2}})")
_LETTER = r"[^\W\d_]"
_GLUED = re.compile(rf"((?:{_LETTER}\.-?)+)({_LETTER}[^.]+)")  # "J.-P.Sartre"
_SHORT_SURNAMES, _SURNAMES = (
    frozenset(TIDY[of]) for of in ("short_surnames", "long_surnames")
)
_NUMERALS = frozenset(TIDY["numerals"])
_SYLLABLES, _JOINED = (re.compile(TIDY[pattern]) for pattern in ("syllables", "joined"))
# Names without these have no other form.
_HAS_FORM = re.compile(r"[,.(\[。]|^\W*\w[ -]|^[가-힣]| [^\sa-z]{1,6}$")


def tidy(names, encoder=None):
    """Return names as they are read.

    They are clean, composed, and without titles, brackets and signs. Given names, or
    initials, come first. A fitted encoder says by `clean` and `tidy_` which steps to
    take; without one, take all. Judge first whether a text is a name: "(株)" shows
    that it is not.
    """
    cleans = encoder is None or encoder.clean
    drops = encoder is None or encoder.tidy_
    if cleans:
        names = names.clean if hasattr(names, "clean") else clean(names)  # of `Names`
    names = compose(names)  # before titles are looked for, whose letters are composed
    if cleans:
        names = without_signs(names)
    if not (cleans or drops):
        return names
    return [
        _settled(name, cleans, drops)
        if _HAS_FORM.search(name) or (drops and may_have_title(name))
        else name
        for name in names
    ]


def are_titled(names):
    """Return whether so many clean names have a title or degree that these are data."""
    n = sum(
        drop_titles(name) != name for name in compose(names) if may_have_title(name)
    )
    return n >= LEAST_TITLED * len(names)


def dropped(name, encoder):
    """Return the pieces of a name that an encoder leaves out."""
    (typed,) = compose(clean([name]) if encoder.clean else [name])
    words = typed.split()
    rest, are_read = Counter(map(_key, tidy([name], encoder)[0].split())), []
    for word in words:
        are_read.append(rest[_key(word)] > 0)
        rest[_key(word)] -= are_read[-1]
    left, pieces = " ".join(rest.elements()), [""]
    for word, is_read in zip(words, are_read, strict=True):
        key = _key(word)
        if (
            not is_read and key and key in left.replace(" ", "")
        ):  # "김 민수", "Müller AM"
            is_read = True
        elif (
            not is_read and left and (at := word.lower().find(left)) >= 0
        ):  # "Dr.Anna", "田中さん"
            word = word[:at] + word[at + len(left) :]
        pieces[-1:] = [pieces[-1], ""] if is_read else [f"{pieces[-1]} {word}"]
    pieces = [piece.strip(", ") for piece in pieces]
    return [piece for piece in pieces if piece.strip(".。- ")]


def _key(word):
    return "".join(filter(str.isalnum, word)).lower()


def spellings(names):
    """Return names in ASCII letters and lower case, tidy, for comparison."""
    return [name.translate(FOLDED) for name in tidy(names)]


def without_signs(names):
    """Leave out emoji, flags, stars and other signs, but never the whole name."""
    text = "".join(names)
    if text.isascii() and "*" not in text:
        return names
    blank = {ord(character): " " for character in {*text} if _is_sign(character)}
    return (
        [clean([name.translate(blank)])[0] or name for name in names]
        if blank
        else names
    )


def _is_sign(character):
    """Return whether a character is a sign or a skin tone.

    A sign that holds letters, such as ㈱, is none.
    """
    if character in TIDY["signs"]:
        return True
    is_symbol = unicodedata.category(character) == "So" or "🏻" <= character <= "🏿"
    return is_symbol and unicodedata.normalize("NFKD", character) == character


def _settled(name, cleans, drops):
    """Return a name as it is read, which is the same if it is read once more."""
    for _ in range(MOST_READINGS):
        before = name
        if drops:
            name = without_brackets(name)
            name = drop_titles(name) if may_have_title(name) else name
        if cleans:
            name = clean([_punctuate(name, drops)])[0]
        if name == before:
            break
    return name


def without_brackets(name):
    """Leave out what stands in brackets, unless only it is Latin, or only it is not.

    Names in brackets behind a single word stay.
    """
    rest = BRACKETS.sub(" ", name)
    if rest == name or not any(map(str.isalpha, rest)):
        return name
    is_other = any(map(is_other_script, rest))
    is_surname = len(rest.split()) == 1

    def replace(found):
        letters, words = [*filter(str.isalpha, found[1])], found[1].split()
        if letters and any(map(is_other_script, letters)) != is_other:
            return found[0]
        are_names = all(
            w[0].isupper() and w.isupper() == rest.strip().isupper() for w in words
        )
        return f" {found[1]} " if is_surname and are_names else " "

    return BRACKETS.sub(replace, name)


def _punctuate(name, orders):
    """Leave out uninformative punctuation in a name, and put its parts in order.

    These are commas and dots at the ends, but no dot behind one or two Latin letters,
    and the comma between the words of another script. Koreans write no space behind the
    surname.
    """
    is_latin = name.isascii() or not any(map(is_other_script, name))
    stem = _without_end(name, is_latin)
    parts = [*filter(None, (part.strip() for part in stem.split(",")))]
    if not orders or len(parts) > 2 or _JOINED.search(name):
        stem = (", " if is_latin else " ").join(parts)
    elif parts := [
        *filter(None, (_without_end(part, is_latin).split() for part in parts))
    ]:
        stem = " ".join(_in_order(*parts))
    korean = _KOREAN.fullmatch(stem)
    return korean[1] + korean[2] if korean else stem or name


def _without_end(text, is_latin):
    stem = text.rstrip(".。, ")
    last = stem.rpartition(" ")[2]
    is_short = "." in last or (is_latin and len(last) < 3)
    return (text if is_short else stem).strip(", ")


def _in_order(words, given=()):
    """Return the words of a name in order: initials and given names, then the surname.

    Initials are "A.", "A.M.", "J.-P.", and in a name with small letters "AM" behind
    another word, unless they are a short surname, and "A" in front of it. A numeral
    behind a name is left out.
    """
    is_mixed = any(map(str.islower, chain(*words, *given)))
    others = [
        _plain(w) for w in (*given, *words) if w[1:].islower() and not w[0].islower()
    ]
    words = _without_numeral(words, others)
    given = _without_numeral(given, others)
    if given:
        initials = [_initials(word, is_mixed) for word in given]
        given = [*chain(*initials)] if all(initials) else given
        *before, last = words
        if (
            "." not in last
            and _initials(last, is_mixed)
            and not _is_surname(last, others)
        ):
            # Read once more, it would be initials.
            last = last.capitalize() if len(last) > 1 else last.lower()
        words = [*given, *before, last]
    n = len(words)
    while (
        n
        and _initials(words[n - 1], is_mixed)
        and not _is_surname(words[n - 1], others)
    ):
        is_behind_particle = n > 1 and words[n - 2].islower()  # "de la O"
        if is_behind_particle and "." not in words[n - 1]:
            break
        n -= 1
    if not any(len(word) > 1 and not _initials(word, False) for word in words[:n]):
        return words
    front, is_leading = (
        [initial for w in words[n:] for initial in _initials(w, is_mixed)],
        True,
    )
    for word in chain(*(_split(word) for word in words[:n])):
        is_alone = len(word) == 1 and _plain(word) not in TIDY["vowel_surnames"]
        is_leading = is_leading and bool(_initials(word, is_alone))
        front += _initials(word, is_leading and is_mixed) or [word]
    return front


def _without_numeral(words, others):
    """Leave out a numeral behind a name, "Ludwig II", unless it is a surname there."""
    if len(words) > 1:
        numeral = words[-1].removesuffix(".")
        in_front = others[-1:]  # "Anna VI" has a surname, and "George VI" has none
        if numeral in _NUMERALS and not _is_surname(numeral, in_front):
            return words[:-1]
    return words


def has_initials(text):
    """Whether a text has a word and, behind or in front of it, initials."""
    words = text.split()
    is_mixed = any(map(str.islower, text))
    n_initials = sum(bool(_initials(word, is_mixed)) for word in words)
    is_name = any(
        len(w) > 1 and w[0].isupper() and not _initials(w, is_mixed) for w in words
    )
    return is_name and n_initials > 0


def without_initials(name):
    """Return a tidy name without its initials, which say little."""
    return " ".join(word for word in name.split() if not _initials(word, False))


def _split(word):
    glued = _GLUED.fullmatch(word)
    return [glued[1], glued[2]] if glued else [word]


def _initials(word, or_capitals):
    """Return the initials in "A.M.", or perhaps "AM", as "A." and "M.", or none."""
    letters = [*filter(None, re.split("[.-]", word))]
    if "." not in word or any(len(letter) > 1 for letter in letters):
        letters = word.removesuffix(".").replace("-", "") if or_capitals else ""
        letters = letters if len(letters) < 4 and letters.isupper() else ""
    return (
        [f"{letter}." for letter in letters] if all(map(str.isalpha, letters)) else []
    )


def _is_surname(word, others):
    """Whether one to three capitals are a surname behind other words: "Minsu KIM"."""
    word = _plain(word)
    if len(word) > 1 and len(others) > 1:
        return len(word) == 3 or word in _SHORT_SURNAMES
    if len(word) == 3 or not others:
        return word in _SHORT_SURNAMES
    is_given = _SYLLABLES.fullmatch(others[-1]) and others[-1] not in _SURNAMES
    return bool(is_given) and word in _SHORT_SURNAMES


def _plain(word):
    """Return a word in lower case and without accents."""
    return without_accents(lower(word)).replace("đ", "d")
