"""Clean, compose and transliterate names."""

import re
import unicodedata
from functools import cache

import numpy as np
from anyascii import anyascii

APOSTROPHES = "`´‘’‛′‵＇ʹʻʼʽʾʿˈꞌ՚׳\u1fbd\u1fbf\u1fef\u1ffd"
QUOTATION_MARKS = "“”„‟«»‹›「」『』〝〞〟＂״"
HYPHENS = "−⁃"  # hyphens outside Unicode's category of dashes, Pd
BULLETS = "•∙"  # typed instead of the middle dot between words in Han
# Unicode's default ignorable characters, without the format characters.
IGNORABLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
VARIATION_SELECTORS = map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
COMMAS = "،、"
TATWEEL = "\u0640"
# Half-width and full-width forms and Arabic presentation forms, which occur in old
# files and PDFs. U+FF0E and U+FF1D, which separate foreign words in Japanese, stay.
FORM = re.compile("[\ufb50-\ufdff\ufe70-\ufeff\uff00-\uff0d\uff0f-\uff1c\uff1e-\uffef]")
PLAIN_FORMS = (
    dict.fromkeys(APOSTROPHES, "'")
    | dict.fromkeys(QUOTATION_MARKS, '"')
    | dict.fromkeys(HYPHENS, "-")
    | dict.fromkeys(BULLETS, "·")
    | dict.fromkeys(COMMAS, ",")
    | dict.fromkeys([*IGNORABLE, *VARIATION_SELECTORS, TATWEEL], "")
)
# Hebrew and Arabic blocks, in which marks are vowel points, except U+0653 to U+0655.
POINT = re.compile("[\u0590-\u0652\u0656-\u06ff\u08ca-\u08ff]")
# Consecutive combining marks, as in Unicode's stream-safe text format (UAX 15).
MAX_MARKS = 30
# Characters of a composed text. No name in the training data has 200 characters.
MAX_CHARACTERS = 500


def clean(names):
    """Remove artefacts of typing, copying and file formats from names.

    1. Replace half-width and full-width forms (U+FF00 to FFEF) and Arabic presentation
       forms (U+FB50 to FDFF, FE70 to FEFF) by their compatibility decomposition. Drop
       tatweel, format characters (zero-width, bidirectional, soft hyphens) and control
       characters other than white space; replace typographic apostrophes, quotation
       marks, hyphens and commas by plain ones.
    2. Replace runs of Unicode white space by one space, and strip both ends.
    3. Strip quotation marks around a name, and apostrophes if both sides have one.
    """
    cleaned = []
    for name in names:
        text = " ".join(name.translate(_PLAIN).split()).strip('" ')
        if text[:1] == text[-1:] == "'":
            text = text.strip("'\" ")
        cleaned.append(text)
    return cleaned


class Translation(dict):
    """Table for `str.translate` that calls a function for each new character."""

    def __init__(self, function):
        self.function = function

    def __missing__(self, point):
        self[point] = self.function(chr(point))
        return self[point]


def plain(character):
    """Return the plain form of a character, which may be the character itself or ""."""
    if character in PLAIN_FORMS:
        return PLAIN_FORMS[character]
    if FORM.match(character):
        # The compatibility form of a single mark begins with a space.
        usual = unicodedata.normalize("NFKC", character).strip()
        if usual != character:
            return "".join(map(plain, usual))
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category in ("Cf", "Cc"):  # format and control characters
        return ""
    if category == "Pd":  # dashes
        return "-"
    return character


_PLAIN = Translation(plain)


def code_points(text):
    """Return the code points of a text, (n_characters,)."""
    if text.isascii():
        return np.frombuffer(text.encode(), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def compose(names):
    """Normalize names to NFC, and cut them after 500 characters.

    In NFC, a letter with a mark is one character. At most 30 consecutive marks are
    kept, because normalization sorts them in quadratic time.
    """
    text = "".join(names)
    if not text.isascii():
        marks = ""
        for character in set(text):
            if unicodedata.combining(unicodedata.normalize("NFD", character)[0]):
                marks += character
        if marks:
            run = re.compile(f"([{marks}]{{{MAX_MARKS}}})[{marks}]+")
            names = [run.sub(r"\1", name) for name in names]
        names = [unicodedata.normalize("NFC", name) for name in names]
    return [name[:MAX_CHARACTERS] for name in names]


def lower(text):
    """Lower-case a text without changing its length."""
    # str.lower would turn İ into two characters. Dotless ı is read as i.
    return text.replace("İ", "I").lower().replace("ı", "i")


def without_accents(text):
    """Remove accents from a text; the result is decomposed (NFD)."""
    if text.isascii():
        return text
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", text))


@cache
def is_other_script(character):
    """Return whether a character is a letter of a non-Latin script."""
    name = unicodedata.name(character, "")
    is_latin = "LATIN" in name or "ORDINAL" in name  # "Dr.ª"
    return character.isalpha() and not is_latin


def transliterate(character):
    """Transliterate a character to ASCII; letters without a counterpart are kept.

    Hebrew and Arabic vowel points are removed, because names are mostly written without
    them. U+0653 to U+0655, which NFC may leave on Arabic letters, are not vowel points.
    """
    category = unicodedata.category(character)
    if category == "Mn" and POINT.match(character):
        return ""
    in_ascii = anyascii(character)
    if not in_ascii and category not in ("Mn", "Mc", "Me", "Cf"):
        return character
    return in_ascii


FOLDED = Translation(lambda character: transliterate(character).lower())
