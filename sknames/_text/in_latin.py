"""Read a name of another script in Latin letters."""

import re
from functools import cache
from pathlib import Path

from .spelling import transliterate

# Lines of a word in plain Latin letters and its spellings, separated by tabs; the first
# line, with no Latin word, has words of locals. Written by
# tools/retrain/latin_words.py.
LATIN_WORDS = Path(__file__).with_name("latin_words.tsv.xz")
# Words stand between spaces, hyphens and the marks that Chinese and Japanese put there.
WORD = re.compile("[^ ·・‧•･．＝=-]+")


def in_latin(name, by_words=True):
    """Return a name in Latin letters, as pieces of text with their characters' indices.

    In a foreign name, a word that the table has becomes its Latin form: no rule of
    sound knows that 莱万多夫斯基 is Lewandowski. A name is foreign if it has two words
    or more, and none of a local. All other characters are transliterated.
    """
    words = [*WORD.finditer(name)] if by_words else []
    if len(words) < 2:
        return _transliterated(name, 0)
    latin = [_latin_words().get(word[0].lower()) for word in words]
    if "" in latin:
        return _transliterated(name, 0)
    pieces = []
    for word, form in zip(words, latin, strict=True):
        start = word.start()
        if pieces:
            pieces.append((" ", start - 1))
        if form is None:
            pieces += _transliterated(word[0], start)
        else:
            length = len(word[0])  # over which the form is spread evenly
            for k, character in enumerate(form):
                pieces.append((character, start + k * length // len(form)))
    return pieces


def _transliterated(text, start):
    """Return the characters of a text in ASCII, each with its index in the name."""
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
    """Return {spelling: Latin word}; the Latin word of a local's spelling is empty."""
    latin_words = {}
    for line in latin_words_text().splitlines():
        latin, *spellings = line.split("\t")
        latin_words.update(dict.fromkeys(spellings, latin))
    return latin_words
