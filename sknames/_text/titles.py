"""Leave out titles, degrees and names at birth, by the words in titles.ini."""

import re
from collections import defaultdict
from configparser import ConfigParser
from itertools import chain
from pathlib import Path

from .spelling import lower

AS_WRITTEN = "following", "haji", "birth"  # tables whose words are not in any case
OF_TITLES = "titles", "degrees", "initials"


def _read_tables():
    parser = ConfigParser(delimiters="=", interpolation=None)
    parser.read(Path(__file__).with_name("titles.ini"), encoding="utf-8")
    return {
        table: " ".join(parser[table].values()).split() for table in parser.sections()
    }


# The words of the tables, which JavaScript reads in the metadata of an ONNX model.
TIDY = {
    "format": 2,  # raise it when an older index.mjs would misread it
    # Han, Kana and Hangul, where a surname stands before the given name also without a
    # comma.
    "joined": "[\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3130-\u318f"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff]",
    # Given names of China, Korea, Vietnam, in plain Latin letters.
    "syllables": "(?:(?:[bcdfghjklmnpqrstvwxyz]|[cgknpst]h|n?gh?|qu|tr)?[aeiouy]{1,3}"
    "(?:ng|nh|ch|[nmklptc])?-?){1,2}",
    "signs": "*†‡※™℠",  # and Unicode's other symbols that hold no letters
    **_read_tables(),
}
_TABLES_OF: dict[tuple[str, bool], tuple[str, ...]] = defaultdict(tuple)  # of each word
for table in {*OF_TITLES, "surnames", "names", "indonesian", *AS_WRITTEN}:
    for word in TIDY[table]:
        _TABLES_OF[word, table in AS_WRITTEN] += (table,)
_WORDS = {
    word + dot
    for table in (*OF_TITLES, "birth")
    for word in TIDY[table]
    for dot in ("", ".")
}
_SURNAME_PAIRS = frozenset(TIDY["surname_pairs"])
_SPACED = [(word.replace("_", " "), word.replace("_", "")) for word in TIDY["spaced"]]
_ENDS = {title[-1] for title in TIDY["attached"]}
# Not before a vowel sign: that is another syllable.
_BEFORE = re.compile(rf"(?:{'|'.join(map(re.escape, TIDY['attached_before']))})+(?=\w)")
_BEHIND_DOT = re.compile(r"(?<=\.)(?=[^\W\d_])")
_DOTTED = re.compile(
    "|".join([r"\.[^ .,]", *(re.escape(spaced) for spaced, _ in _SPACED)])
)
_BEHIND = ".。, "
_MARKS = re.compile("[ ,\"']+")


def may_have_title(name):
    """Return whether there may be something to leave out.

    Most names take no more time than this.
    """
    return (
        not _WORDS.isdisjoint(lower(name).replace(",", " ").split())
        or ("." in name and _DOTTED.search(name))
        or (
            not name.isascii()
            and (name.rstrip(_BEHIND)[-1:] in _ENDS or _BEFORE.match(name))
        )
    )


def drop_titles(name):
    """Leave out titles, degrees and names at birth, but never the whole name."""
    text = name
    for spaced, word in _SPACED:
        text = text.replace(spaced, word)
    segments = [_words_of(segment, k) for k, segment in enumerate(text.split(","))]
    words = [*chain(*segments)]
    if any(map(_tables, words)):  # else there are initials
        titled = _Titled(words)
        segments = [titled.drop(words, k) for k, words in enumerate(segments)]
    left = _without_attached(", ".join(" ".join(words) for words in segments if words))
    # A name that loses nothing keeps its spaces and commas.
    return left if _MARKS.sub("", left) not in ("", _MARKS.sub("", name)) else name


def _words_of(segment, k):
    """Return the words of the text before the first comma, or behind the k-th."""
    words = []
    for word in filter(None, segment.split(" ")):
        pieces = [word] if _tables(word) else _BEHIND_DOT.split(word)
        n_titles = 0  # "Prof.Dr.Anna" is three words
        while n_titles < len(pieces) - 1 and {"titles", "following"} & {
            *_tables(pieces[n_titles])
        }:
            n_titles += 1
        words += [*pieces[:n_titles], "".join(pieces[n_titles:])]
    births = [
        i for i, word in enumerate(words[:-1]) if "birth" in _tables(word) and (i or k)
    ]
    return words[: births[0]] if births else words


def _tables(word):
    """Return the tables that have a word, with or without its final dot."""
    key = word if len(word.rstrip(".")) == 1 else lower(word)
    return (
        _TABLES_OF.get((key, False), ())
        + _TABLES_OF.get((key.removesuffix("."), False), ())
        + _TABLES_OF.get((word, True), ())
    )


class _Titled:
    """Tell the titles among the words of a name."""

    def __init__(self, words):
        tables = [_tables(word) for word in words]
        of_titles = {*OF_TITLES}
        others = [
            w for w, own in zip(words, tables, strict=True) if of_titles.isdisjoint(own)
        ]
        self.n_others = len(others)
        self.n_full = sum(len(word) > 1 and "." not in word for word in others)
        self.in_capitals = " ".join(others).isupper()
        self.is_indonesian = any("indonesian" in own for own in tables)

    def drop(self, words, k):
        """Return words before the first comma, or after the k-th, without titles."""
        left, is_behind_title = [], False
        for i, word in enumerate(words):
            tables = _tables(word)
            if is_behind_title and "following" in tables:
                continue
            is_alone = k and self.n_others > 1 and "names" not in tables
            is_before = (is_behind_title or not i) and (i + 1 < len(words) or is_alone)
            is_surname = lower("_".join(words[i : i + 2])) in _SURNAME_PAIRS
            is_behind_title = not is_surname and self._is_title(word, tables, is_before)
            if not is_behind_title:
                left.append(word)
        is_list = all({"degrees", "initials"} & {*_tables(word)} for word in left)
        while len(left) > (k == 0) and self._is_degree(left[-1], is_list):
            left.pop()
        return left

    def _is_title(self, word, tables, is_before):
        """Whether a word is a title before a name, or, with a dot, anywhere."""
        if "haji" in tables:
            return is_before and self.is_indonesian and self.n_full > 1
        is_dotted = word.endswith(".") and {"titles", "degrees"}.intersection(
            tables, _tables(word[:-1])
        )
        is_title = is_dotted or (is_before and "titles" in tables)
        return bool(is_title) and not self._may_be_name(word, tables)

    def _is_degree(self, word, is_list):
        tables = _tables(word)
        if "degrees" in tables:
            return not self._may_be_name(word, tables)
        in_capitals = (
            word.isupper() and not self.in_capitals and "surnames" not in tables
        )
        is_sure = is_list or "." in word[:-1] or in_capitals
        return "initials" in tables and self.n_others > 1 and is_sure

    def _may_be_name(self, word, tables):
        """Whether a title may be a name, or two initials, here."""
        if "names" in tables:
            return self.n_full < 2
        return (
            len(word) == 2
            and word.isupper()
            and not self.in_capitals
            and self.n_others < 2
        )


def _without_attached(name):
    """Leave out titles that are attached to a name.

    Never leave out all of it, nor half of two letters.
    """
    if before := _BEFORE.match(name):
        name = name[before.end() :]
    ends, end = TIDY["attached"], len(name.rstrip(_BEHIND))
    length = end
    while title := next(
        (t for t in ends if name.endswith(t, 1 + (len(t) == 1), end)), ""
    ):
        end -= len(title)
        while end and name[end - 1] in _BEHIND:
            end -= 1
    return (name if end == length else name[:end]).strip(', "')
