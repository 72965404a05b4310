"""Convert names in other scripts to Latin letters."""

import re
from functools import cache
from pathlib import Path

from .spelling import transliterate

# Each line has a word in plain Latin letters and its spellings in other scripts,
# separated by tabs. The first line has no Latin word; its words occur in local names,
# which are transliterated. The file is written by tools/retrain/latin_words.py.
LATIN_WORDS = Path(__file__).with_name("latin_words.tsv.xz")
# Words are separated by spaces, hyphens, or the marks used in Chinese and Japanese.
WORD = re.compile("[^ ·・‧•･．＝=-]+")


def in_latin(name):
    """Convert a name to Latin letters, as pairs of text and index in the name.

    In a foreign name, words are looked up in a table of Latin forms, because no rule
    of transliteration turns 莱万多夫斯基 into Lewandowski. A name counts as foreign if
    it has at least two words and none of them is a word of local names. All other
    characters are transliterated.
    """
    words = [*WORD.finditer(name)]
    if len(words) < 2:
        return transliterated(name)
    latin = [_latin_words().get(word[0].lower()) for word in words]
    if "" in latin:
        return transliterated(name)
    pieces = []
    for word, form in zip(words, latin, strict=True):
        start = word.start()
        if pieces:
            pieces.append((" ", start - 1))
        if form is None:
            pieces += transliterated(word[0], start)
        else:
            length = len(word[0])  # the form is spread evenly over the word
            for k, character in enumerate(form):
                pieces.append((character, start + k * length // len(form)))
    return pieces


def transliterated(text, start=0):
    """Transliterate each character; return pairs of ASCII text and index in the name.

    The text begins at index `start` of the name.
    """
    return [(transliterate(c), k) for k, c in enumerate(text, start)]


def latin_words_text():
    """Return the lines of the table."""
    try:
        import lzma
    except ImportError as error:
        raise ImportError(
            "Expected a Python with the module lzma, which reads the table of foreign "
            f"names; this one was built without it ({error}). Install another Python, "
            "or install the headers of xz (on Debian liblzma-dev) and build this one "
            "again."
        ) from error
    return lzma.decompress(LATIN_WORDS.read_bytes()).decode()


@cache
def _latin_words():
    """Return {spelling: Latin word}; words of local names are mapped to ""."""
    latin_words = {}
    for line in latin_words_text().splitlines():
        latin, *spellings = line.split("\t")
        latin_words.update(dict.fromkeys(spellings, latin))
    return latin_words
