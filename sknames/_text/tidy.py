"""Normalize names: signs, brackets, titles, commas and initials."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import chain

from .spelling import FOLDED, clean, compose, is_other_script, lower, without_accents
from .titles import N_CACHED_WORDS, TIDY, drop_titles, may_have_title

# If at least this share of the names has a title, titles are part of the data.
MIN_TITLED_SHARE = 0.01
# Passes over a name: removing something may expose another title or initial. The last
# pass changes nothing; real names need up to three.
MAX_PASSES = 5
# "ABC" may be initials; "ABCD" is a word.
MAX_INITIALS = 3
# A Korean surname and given name, which are usually written without a space.
_KOREAN = re.compile(rf"({'|'.join(TIDY['korean_surnames'])}) ([가-힣]{{1,2}})")
# The closing bracket may be missing.
BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]?")
_LETTER = r"[^\W\d_]"
# Initials and a word without a space between them: "J.-P.Sartre".
_GLUED = re.compile(rf"((?:{_LETTER}\.-?)+)({_LETTER}[^.]+)")
_SHORT_SURNAMES = frozenset(TIDY["short_surnames"])
_LONG_SURNAMES = frozenset(TIDY["long_surnames"])
_NUMERALS = frozenset(TIDY["numerals"])
_SYLLABLES = re.compile(TIDY["syllables"])
_JOINED = re.compile(TIDY["joined"])
# Names that do not match, and have no title, are tidy already.
_HAS_FORM = re.compile(r"[,.(\[。]|^\W*\w[ -]|^[가-힣]| [^\sa-z]{1,6}$")


def tidy(names, cleans=True, drops=True):
    """Return names in the form that models read.

    Names are normalized to NFC. With `cleans`, signs are removed; the names must
    already be cleaned by `clean` in spelling.py. With `drops`, titles and brackets are
    removed, and given names or initials are put first.

    Decide whether a text is a name before calling this function, because texts such as
    "(株)", which show that it is not a name, are removed.
    """
    names = compose(names)  # first, because the tables of titles are composed
    if cleans:
        names = without_signs(names)
    tidied = []
    for name in names:
        if (drops and may_have_title(name)) or _HAS_FORM.search(name):
            name = _apply_until_stable(name, cleans, drops)
        tidied.append(name)
    return tidied


def are_titled(names):
    """Return whether at least one clean name in 100 has a title or degree."""
    n_titled = sum(drop_titles(name) != name for name in compose(names))
    return n_titled >= MIN_TITLED_SHARE * len(names)


def dropped(name, cleans, drops):
    """Return the pieces of a name that `tidy` removes."""
    typed = clean([name]) if cleans else [name]
    words = compose(typed)[0].split()
    (tidied,) = tidy(typed, cleans, drops)
    unmatched = Counter(_key(word) for word in tidied.split())
    for k, word in enumerate(words):
        key = _key(word)
        if unmatched[key] > 0:
            unmatched[key] -= 1
            words[k] = ""
    # Words of the tidy name that were typed in another form.
    rest = " ".join(unmatched.elements())
    of_rest = re.compile(re.escape(rest), re.IGNORECASE)
    pieces = [""]
    for word in words:
        key = _key(word)
        is_half = key != "" and key in rest.replace(" ", "")  # "김" of "김민수"
        if word == "" or is_half:
            pieces.append("")
        else:
            pieces[-1] += " " + of_rest.sub("", word, count=1)  # "Anna" of "Dr.Anna"
    pieces = [piece.strip(", ") for piece in pieces]
    return [piece for piece in pieces if piece.strip(".。- ")]


def _key(word):
    """Return the letters and digits of a word, in lower case."""
    return "".join(filter(str.isalnum, word)).lower()


def spellings(names):
    """Return tidy names in lower-case ASCII letters, for comparison."""
    return [name.translate(FOLDED) for name in tidy(clean(names))]


def without_signs(names):
    """Remove emoji, flags, stars and other signs, but never the whole name."""
    signs = [*filter(_is_sign, set("".join(names)))]
    if not signs:
        return names
    blanks = str.maketrans(dict.fromkeys(signs, " "))
    return [clean([name.translate(blanks)])[0] or name for name in names]


def _is_sign(character):
    """Return whether a character is a sign or a skin tone.

    A symbol that consists of letters, such as ㈱, is not a sign.
    """
    if character in TIDY["signs"]:
        return True
    is_symbol = unicodedata.category(character) == "So" or "🏻" <= character <= "🏿"
    return is_symbol and unicodedata.normalize("NFKD", character) == character


def _apply_until_stable(name, cleans, drops):
    """Tidy a name repeatedly until it no longer changes."""
    for _ in range(MAX_PASSES):
        before = name
        if drops:
            name = drop_titles(without_brackets(name))
        if cleans:
            (name,) = clean([_punctuate(name, drops)])
        if name == before:
            break
    return name


def without_brackets(name):
    """Remove text in brackets if it is in the same script as the rest of the name.

    Names in brackets after a single word are kept.
    """
    outside = BRACKETS.sub(" ", name)
    if outside == name or not any(map(str.isalpha, outside)):
        return name
    is_other = any(map(is_other_script, outside))
    is_surname = len(outside.split()) == 1
    in_capitals = outside.isupper()

    def replace(match):
        inside = match[1]
        has_letter = any(map(str.isalpha, inside))
        if has_letter and any(map(is_other_script, inside)) != is_other:
            return match[0]
        words = inside.split()
        are_names = all(w[0].isupper() and w.isupper() == in_capitals for w in words)
        return f" {inside} " if is_surname and are_names else " "

    return BRACKETS.sub(replace, name)


def _punctuate(name, orders):
    """Remove uninformative punctuation from a name, and put its parts in order.

    Commas and dots at the ends are removed, except dots after one or two Latin letters.
    In other scripts, a comma between words is removed. The space after a Korean surname
    is removed as well.
    """
    is_latin = name.isascii() or not any(map(is_other_script, name))
    stem = _strip_end(name, is_latin)
    parts = [*filter(None, map(str.strip, stem.split(",")))]
    if orders:  # "Anna Müller, 42"
        parts = [part for part in parts if any(map(str.isalpha, part))]
    if not orders or len(parts) > 2 or _JOINED.search(name):
        stem = (", " if is_latin else " ").join(parts)
    else:
        words_of_parts = [_strip_end(part, is_latin).split() for part in parts]
        words_of_parts = [*filter(None, words_of_parts)]
        if words_of_parts:
            stem = " ".join(_in_order(*words_of_parts))
    korean = _KOREAN.fullmatch(stem)
    if korean:
        return korean[1] + korean[2]
    return stem or name


def _strip_end(text, is_latin):
    """Remove commas and dots at the end, except the dot of an initial."""
    stem = text.rstrip(".。, ")
    last = stem.rpartition(" ")[2]
    is_short = "." in last or (is_latin and len(last) < 3)
    return (text if is_short else stem).strip(", ")


class _Capitals:
    """Decide whether words in capitals are initials, a surname or a numeral.

    Attributes
    ----------
    may_be_initials : bool
        Whether words in capitals may be initials: the name also has small letters.
    others : list of str
        The words of the name with a capital and small letters, given names first.
    """

    def __init__(self, words):
        """Create an instance from the words of a name, given names first."""
        self.may_be_initials = _has_small_letter("".join(words))
        self.others = []
        for word in words:
            if word[1:].islower() and not word[0].islower():
                self.others.append(word)

    def initials(self, word):
        """Return the initials in a word, or an empty list."""
        return _initials(word, self.may_be_initials)

    def are_initials(self, word):
        """Return whether a word is initials and not a surname: "AM", but not "KIM"."""
        return bool(self.initials(word)) and not _is_surname(word, self.others)

    def without_numeral(self, words):
        """Remove a numeral after a name, "Ludwig II", unless it is a surname."""
        if len(words) < 2:
            return words
        numeral = words[-1].removesuffix(".")
        # "VI" is a surname in "Anna VI" and a numeral in "George VI".
        if numeral in _NUMERALS and not _is_surname(numeral, self.others[-1:]):
            return words[:-1]
        return words

    def n_before_initials(self, words):
        """Return the number of words before the initials at the end."""
        for n in range(len(words), 0, -1):
            word = words[n - 1]
            if not self.are_initials(word):
                return n
            is_behind_particle = n > 1 and words[n - 2].islower()  # "de la O"
            if is_behind_particle and "." not in word:
                return n
        return 0


def _in_order(words, given=()):
    """Put the words of a name in order: initials and given names, then the surname.

    Initials are "A.", "A.M." and "J.-P.". If the name has small letters, "AM" after
    another word and "A" before another word are initials as well, but not a short
    surname such as "NG". A numeral after a name is removed.
    """
    capitals = _Capitals([*given, *words])
    words = capitals.without_numeral(words)
    given = capitals.without_numeral(given)
    if given:
        words = _with_surname_last(words, given, capitals)
    n = capitals.n_before_initials(words)
    if not any(len(word) > 1 and not _initials(word, False) for word in words[:n]):
        return words  # only single letters and dotted initials
    front = []
    for word in words[n:]:
        front += capitals.initials(word)
    is_leading = True
    for word in _split_initials(words[:n]):
        is_letter = len(word) == 1 and _plain(word) not in TIDY["vowel_surnames"]
        is_leading = is_leading and bool(_initials(word, is_letter))
        initials = _initials(word, is_leading and capitals.may_be_initials)
        front += initials or [word]
    return front


def _with_surname_last(words, given, capitals):
    """Return given names, or their initials, followed by the words before the comma."""
    initials_of_given = [capitals.initials(word) for word in given]
    if all(initials_of_given):
        given = [*chain.from_iterable(initials_of_given)]
    surname = words[-1]
    if "." not in surname and capitals.are_initials(surname):
        # The next pass would read a surname in capitals as initials.
        surname = surname.capitalize() if len(surname) > 1 else surname.lower()
    return [*given, *words[:-1], surname]


def _has_small_letter(text):
    return any(map(str.islower, text))


def has_initials(text):
    """Return whether a text has both a capitalized word and initials."""
    has_word = False
    any_initials = False
    may_be_initials = _has_small_letter(text)
    for word in text.split():
        if _initials(word, may_be_initials):
            any_initials = True
        elif len(word) > 1 and word[0].isupper():
            has_word = True
    return has_word and any_initials


def _split_initials(words):
    """Split initials from words: "J.P.Sartre" becomes two words."""
    pieces = []
    for word in words:
        glued = _GLUED.fullmatch(word)
        pieces += glued.groups() if glued else [word]
    return pieces


@lru_cache(N_CACHED_WORDS)
def _initials(word, or_capitals):
    """Return the initials in a word, "A.M." as "A." and "M.", or an empty list.

    With `or_capitals`, "AM" is read as initials as well.
    """
    letters = []
    if "." in word:
        letters = [*filter(None, word.replace("-", ".").split("."))]
    if not letters or max(map(len, letters)) > 1:
        if not or_capitals:
            return []
        capitals = word.removesuffix(".").replace("-", "")
        is_short = len(capitals) <= MAX_INITIALS
        if not (is_short and capitals.isupper()):
            return []
        letters = [*capitals]
    if not "".join(letters).isalpha():
        return []
    return [letter + "." for letter in letters]


def _is_surname(word, others):
    """Return whether capitals after other words are a surname: "Minsu KIM"."""
    word = _plain(word)
    is_listed = word in _SHORT_SURNAMES
    if len(word) > 1 and len(others) > 1:
        return is_listed or len(word) == MAX_INITIALS
    if len(word) == MAX_INITIALS or not others:
        return is_listed
    # The word before has to be a Chinese, Korean or Vietnamese given name.
    last = _plain(others[-1])
    is_given = _SYLLABLES.fullmatch(last) is not None and last not in _LONG_SURNAMES
    return is_listed and is_given


def _plain(word):
    """Return a word in lower case and without accents."""
    return without_accents(lower(word)).replace("đ", "d")
