"""Clean, compose, strip titles from and transliterate names."""

import re
import unicodedata

import numpy as np
from anyascii import anyascii

APOSTROPHES = "`´‘’‛′‵＇ʹʻʼʽʾʿˈꞌ՚׳\u1fbd\u1fbf\u1fef\u1ffd"
QUOTATION_MARKS = "“”„‟«»‹›「」『』〝〞〟＂״"
HYPHENS = "−⁃"  # not of Unicode's category of dashes
# Unicode's default ignorable characters, without the format characters.
IGNORABLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
VARIATION_SELECTORS = map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
PLAIN = (
    dict.fromkeys(APOSTROPHES, "'")
    | dict.fromkeys(QUOTATION_MARKS, '"')
    | dict.fromkeys(HYPHENS, "-")
    | dict.fromkeys([*IGNORABLE, *VARIATION_SELECTORS], "")
)
MIN_NAMES_TO_SEARCH = 16
# Unicode's stream-safe text format (UAX 15) has the same bound.
MAX_MARKS = 30

# A title that ends in a dot needs it, since it may be a name without; for the same reason "Don",
# "Pan", "Bay" and "M." are missing. An underscore stands for a space.
TITLES = {
    "all": "dr prof professor doctor dr._med dr._phil dr._rer._nat dr._h.c dr._h._c dr.-ing "
    "dr._hab",
    "English": "mr mrs ms miss mx mister sir dame lord lady rev reverend hon. capt. col. gen. lt. "
    "maj. sgt.",
    "German": "herr herrn frau frl fräulein mag. dipl.-ing",
    "French": "monsieur madame mademoiselle mme mlle",
    "Spanish": "sr sra srta señor señora señorita senor senora senorita doña dra profa lic.",
    "Portuguese": "senhor senhora eng.",
    "Italian": "sig. sig.ra sig.na signor signora signorina dott dott.ssa dottore dottoressa "
    "prof.ssa avv. ing. arch. on.",
    "Dutch": "dhr mevr mevrouw meneer mw drs ir.",
    "Danish, Norwegian, Swedish": "hr fru frk fröken frøken froken",
    "Finnish": "herra rouva neiti",
    "Estonian": "härra proua",
    "Lithuanian": "ponas ponia",
    "Polish": "pani mgr inż",
    "Czech, Slovak": "paní slečna mudr judr phdr rndr mvdr bc. doc.",
    "Hungarian": "ifj. id. özv.",
    "Romanian": "domnul doamna dl. dna.",
    "Albanian": "zoti zonja znj.",
    "Croatian, Serbian, Slovenian": "gospodin gospođa gospodja gospa gđa",
    "Turkish": "bayan sayın",
    "Greek": "κ. κα κος κύριος κυρία δρ",
    "Bulgarian, Russian, Ukrainian": "г-н г-жа господин госпожа д-р проф доктор",
    "Armenian": "պարոն տիկին",
    "Georgian": "ბატონი ქალბატონი",
    "Hebrew": "ד\"ר מר גברת גב' פרופ'",
    "Arabic": "الدكتور الدكتورة الأستاذ الأستاذة د.",
    "Persian": "آقای خانم دکتر",
    "Indian, Nepali": "shri shrimati smt श्री श्रीमती डॉ",
    "Indonesian": "bapak ibu dra.",
    "Filipino": "atty. engr. gng.",
    "Thai": "นาย นาง นางสาว ดร",
    "Vietnamese": "ông bà",
}
TITLES_BEHIND = {
    "all": "phd ph.d ph._d dphil d.phil md m.d mba msc m.sc bsc b.sc m.a. b.a.",
    "English": "jr sr jnr snr junior senior ii iii iv esq esquire dds d.d.s jd j.d cpa",
    "Czech, Slovak": "csc drsc",
    "Turkish": "bey hanım hanim",
    "Indonesian": "s.h s.e s.t s.pd s.kom m.si m.m",
    "Korean": "씨 님 선생님 박사 교수",
}
# Chinese and Japanese titles, written after the name without a space.
TITLES_ATTACHED = "さん さま 様 氏 殿 先生 女士 小姐 博士 教授"
LONGEST_TITLE = 16


def _alternatives(titles):
    """Return a pattern of titles, the longest first; a final dot is required where it is given."""
    words = sorted({word for line in titles for word in line.split()}, key=len, reverse=True)
    return "|".join(
        re.escape(word.removesuffix(".").replace("_", " ")) + (r"\." if word[-1] == "." else r"\.?")
        for word in words
    )


_BEFORE = re.compile(
    rf"(?:(?:{_alternatives(TITLES.values())})(?:\s+|(?<=\.)(?=[^\W\d_])))+(?=\S)", re.IGNORECASE
)
_BEHIND = re.compile(
    rf"(?<=[^\s,])(?:(?:\s*,\s*|\s+)(?:{_alternatives(TITLES_BEHIND.values())})"
    rf"|\s*(?:{'|'.join(TITLES_ATTACHED.split())})),?$",
    re.IGNORECASE,
)


def clean(names):
    """Remove traces of typing, copying and files from names.

    1. Drop format characters (zero-width, bidirectional, soft hyphens); replace typographic
       apostrophes, quotation marks and hyphens by plain ones.
    2. Replace runs of Unicode white space by one space, and strip the ends.
    3. Strip quotation marks around a name, and apostrophes if both sides have one.

    Return the same list if nothing changes.
    """
    rows = range(len(names)) if len(names) < MIN_NAMES_TO_SEARCH else _suspects(names)
    if len(rows):
        names = list(names)
        for row in rows:
            names[row] = _clean(names[row])
    return names


def _clean(name):
    name = " ".join(name.translate(_PLAIN).split()).strip('" ')
    if name[:1] == name[-1:] == "'":
        name = name.strip("'\" ")
    return name


class _Translation(dict):
    """Map each code point by a function of its character, computed on first use."""

    def __init__(self, of_character):
        self.of_character = of_character

    def __missing__(self, point):
        self[point] = self.of_character(chr(point))
        return self[point]


def plain(character):
    """Return the plain form of a character in a name: itself, another one, or nothing."""
    if character in PLAIN:
        return PLAIN[character]
    if character.isspace():
        return " "
    return {"Cf": "", "Pd": "-"}.get(unicodedata.category(character), character)


_PLAIN = _Translation(plain)


def _suspects(names):
    """Return the rows that `_clean` may change, several times as fast as cleaning all.

    They hold a character with another plain form, or a space, quotation mark or apostrophe next to
    a space or at an end.
    """
    text = "\n".join(["", *names, ""])
    if text.count("\n") > len(names) + 1:
        return range(len(names))
    points = code_points(text)
    kind = np.zeros(max(int(points.max()) + 1, 128), dtype=np.uint8)
    kind[[ord(c) for c in characters(points) if _PLAIN[ord(c)] != c]] = 1
    kind[[ord(c) for c in "\n \"'"]] = 2
    kinds = kind.take(points)
    suspect = kinds[1:] & 1
    suspect |= kinds[1:] & kinds[:-1]
    ends = np.flatnonzero(points == ord("\n"))[1:] - 1
    return np.unique(np.searchsorted(ends, np.flatnonzero(suspect))).tolist()


def code_points(text):
    """Return the code points of a text, (n_characters,)."""
    if text.isascii():
        return np.frombuffer(text.encode(), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def drop_titles(names):
    """Remove titles from both ends of clean, composed names, but never the whole name."""
    return [_drop_titles(name) for name in names]


def _drop_titles(name):
    if before := _BEFORE.match(name):
        name = name[before.end() :]
    end = len(name)
    # One title at a time, so that the time stays linear.
    while behind := _BEHIND.search(name, max(0, end - LONGEST_TITLE), end):
        end = behind.start()
    return name[:end]


def compose(names):
    """Return names in Unicode's normal form C, where a letter with a mark is one character.

    At most 30 marks in a row are kept, since normalization sorts them in quadratic time. Return the
    same list if nothing changes.
    """
    text = "\n".join(names)
    if text.isascii():
        return names
    marks = "".join(
        c
        for c in characters(code_points(text))
        if unicodedata.combining(unicodedata.normalize("NFD", c)[0])
    )
    if marks:
        run = re.compile(f"([{re.escape(marks)}]{{{MAX_MARKS}}})[{re.escape(marks)}]+")
        if run.search(text):
            names = [run.sub(r"\1", name) for name in names]
            text = "\n".join(names)
    if unicodedata.is_normalized("NFC", text):
        return names
    return [unicodedata.normalize("NFC", name) for name in names]


def characters(points):
    """Return the distinct characters of `code_points`, or all of ASCII."""
    if points.dtype == np.uint8:
        return list(map(chr, range(128)))
    return [chr(point) for point in np.flatnonzero(np.bincount(points))]


def fold(name):
    """Return a name in ASCII letters and lower case."""
    return anyascii(name).lower()


def is_other_script(character):
    """Whether a character is a letter of another script than Latin."""
    return character.isalpha() and "LATIN" not in unicodedata.name(character, "")


def transliterate(character):
    """Return one character in ASCII, or itself if it is a letter without a counterpart.

    Hebrew and Arabic points become nothing, not vowels: names are mostly written without. The signs
    that NFC leaves on Arabic letters, from U+0653 to U+0655, are no points.
    """
    category, in_ascii = unicodedata.category(character), anyascii(character)
    if category == "Mn" and re.match("[\u0590-\u0652\u0656-\u06ff\u08ca-\u08ff]", character):
        return ""
    is_letter = category not in ("Mn", "Mc", "Me", "Cf")
    return character if is_letter and not in_ascii else in_ascii


_FOLDED = _Translation(lambda character: transliterate(character).lower())


def spellings(names):
    """Return names in ASCII letters and lower case, cleaned, for comparison."""
    return [name.translate(_FOLDED) for name in compose(clean(names))]
