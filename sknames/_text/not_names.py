"""Decide whether a text is a name, and why not."""

import re
from itertools import dropwhile, pairwise

import numpy as np

from .spelling import MAX_CHARACTERS, compose, lower, without_accents
from .tidy import BRACKETS, has_initials
from .titles import TIDY, drop_titles, read_tables

MISSING = "missing name"
NO_LETTER = "no known letter"
ADDRESS = "address"
PLACEHOLDER = "placeholder"
ORGANIZATION = "organization"
SEVERAL = "several names"
BROKEN = "broken letters"

LONGEST_PHRASE = 7  # in tokens: S. de R. L. de C. V.
DOMAINS = ("com", "org", "net", "info", "edu", "gov")
# Continuation bytes of UTF-8, decoded as Windows-1252 or Latin-1.
_BEHIND_FIRST = "[\x80-\x9f\xa1-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"

_PATTERNS = {
    # Letters in UTF-8 that were decoded as Windows-1252 or Latin-1.
    "broken": f"[ÂÃÄÅÆÈ]{_BEHIND_FIRST}|É[\x99™]|(?:[Ê-ß]{_BEHIND_FIRST}){{2}}"
    f"|[à-ï]{_BEHIND_FIRST}{{2}}",
    # Email and web addresses, in lower-cased texts.
    "address": r"[^ ]@[^ ]|://|(?:^|[ (<])www\.(?![ ,])"
    rf"|[^ ]\.(?:(?:{'|'.join(DOMAINS)})(?![^/,)> ])|[a-z]{{2,3}}/)",
    "final": r"\.?,?$",  # removed before a text is compared with placeholders
    # HTML entities, signs between names (but not the slash in "s/o"), and words.
    "token": r"&[#0-9A-Za-z]+;|[&;+]|(?<! .)(?<!^.)/"
    r"|[^ !-/:-@\[-`{-~、，（）「」・]+",
}
_BROKEN = re.compile(_PATTERNS["broken"])
_ADDRESS = re.compile(_PATTERNS["address"])
_FINAL = re.compile(_PATTERNS["final"])
_TOKEN = re.compile(_PATTERNS["token"])


def _tokens(text):
    """Split a text into words and signs between names."""
    return _TOKEN.findall(text.replace(".", ""))


def _joined(text):
    """Join the tokens of a text without spaces: "S. p. A." becomes "SpA"."""
    return "".join(_tokens(text))


def _read_lists():
    """Return the tables of ``not_names.ini``, lower-cased or joined where needed."""
    lists = read_tables("not_names.ini")
    for kind in ("placeholder", "word", "phrase", "in_brackets", "weak_word"):
        lists[kind] = [lower(text) for text in lists[kind]]
    for kind in ("word", "phrase"):
        plain = [without_accents(text) for text in lists[kind]]
        lists[kind] = [*dict.fromkeys(lists[kind] + plain)]
    for kind in ("phrase", "in_brackets", "weak_form"):
        lists[kind] = [_joined(text) for text in lists[kind]]
    return lists


_LISTS = _read_lists()
# The JavaScript port reads these from the metadata of an ONNX model.
RULES = {
    "format": 4,  # increase it when an older index.mjs would misread the rules
    **_PATTERNS,
    **_LISTS,
}
_SETS = {kind: frozenset(texts) for kind, texts in _LISTS.items()}
_GIVEN = _SETS["given"] | _SETS["iberian_given"]
_INSIDE = re.compile("|".join(map(re.escape, _LISTS["inside"])))
_WITH_BRACKETS = [part for part in _LISTS["inside"] if "(" in part]
_INSIDE_BRACKETS = re.compile("|".join(map(re.escape, _WITH_BRACKETS)))
# Titles that cannot be names, as written in titles.ini: with a final dot if the word
# may be a name without the dot.
_SURE_TITLES = frozenset(TIDY["titles"]).difference(TIDY["names"])
_DOTTED_TITLES = {title.removesuffix(".") + "." for title in _SURE_TITLES}
_ANY_TITLES = {title.removesuffix(".") for title in TIDY["titles"]}

_TWO_INITIALS = re.compile(r"(?<![^ ,])[A-Z]\.[A-Z]\.(?![^ ,])")
_INITIALS_IN_FRONT = re.compile(r"(?:[A-Z]\.){2,}(?![^ ,])")


def _words_outside_names():
    """Return lower-cased words that names seldom have.

    A text that is not a name has one of these words or one of `_SIGNS`, or is a list.
    """
    words = set()
    for kind in (
        "placeholder",
        "word",
        "word_behind",
        "written",
        "weak_word",
        "several",
        "several_or_surname",
        "between_given",
        "before_title",
        "family",
    ):
        for text in _LISTS[kind]:
            words.update(_tokens(lower(text))[-1:])
    for text in _LISTS["phrase"]:
        # The last token of the phrase is one of these suffixes.
        words.update(text[k:] for k in range(len(text)))
    return words


_WORDS = _words_outside_names()
# Signs that names seldom have, and dots inside a word or at the end of a text.
_SIGNS = re.compile(r"[!-&(-+/:-@\[-`{-~、，（）「」・]|\.(?![ ,])")


def why_not_names(typed, texts, knows_letter=str.isalpha):
    """Return why each text is not a name, or "" for a name, as str objects.

    `texts` are the `typed` texts after `clean`. `SelectiveClassifier.reasons` describes
    the reasons. `knows_letter` returns whether a letter is known; by default, all are.
    """
    reasons = np.full(len(texts), "", dtype=object)
    texts = compose(texts)
    first_characters = {text[:1] for text in texts}
    known = {first for first in first_characters if _is_known(first, knows_letter)}
    for row, text in enumerate(texts):
        if text[:1] not in known or _is_unusual(text):
            reasons[row] = _why_not_name(text, knows_letter)
    are_broken = [_BROKEN.search(text) is not None for text in typed]
    reasons[are_broken] = BROKEN
    return reasons


def _is_unusual(text):
    """Return whether a text has a word or sign that names seldom have, or is a list.

    All other texts that begin with a letter are names and skip the full check.
    """
    if len(text) == MAX_CHARACTERS or _SIGNS.search(text):
        return True
    if ("." in text or not text.isascii()) and _INSIDE.search(text):
        return True
    if not _WORDS.isdisjoint(_tokens(lower(text))):
        return True
    return "," in text and sum(" " in part for part in text.split(",")) > 1


def _why_not_name(text, knows_letter):
    """Return the reason why a text (in NFC) is not a name, or "" for a name."""
    if text == "":
        return MISSING
    if _ADDRESS.search(lower(text)):
        return ADDRESS
    if _has_only_placeholders(lower(_FINAL.sub("", text))):
        return PLACEHOLDER
    if _DOTTED_TITLES.issuperset(lower(text).split()) or is_titled_placeholder(text):
        return PLACEHOLDER
    outside = BRACKETS.sub(" ", text)
    read = outside if any(map(str.isalpha, outside)) else text
    in_brackets = [_joined(lower(inside)) for inside in BRACKETS.findall(text)]
    if _INSIDE_BRACKETS.search(text) or _has_any("in_brackets", in_brackets):
        return ORGANIZATION  # "(株)", "(GmbH)"
    if _is_organization(read):
        return ORGANIZATION
    if not any(_is_known(character, knows_letter) for character in text):
        return NO_LETTER
    if len(text) == MAX_CHARACTERS or _names_several_people(read):
        return SEVERAL
    return ""


def is_placeholder(part):
    """Return whether a part of a name is a placeholder for a missing value."""
    part = _FINAL.sub("", part)
    return part not in _SETS["borne"] and _has_only_placeholders(lower(part))


def is_titled_placeholder(text):
    """Return whether a text consists of titles and a placeholder: "Mr. Unknown"."""
    words = text.split()
    behind = [*dropwhile(_may_be_title, words)]
    return len(behind) < len(words) and is_placeholder(" ".join(behind))


def _may_be_title(word):
    """Return whether a word is a title, with or without its final dot."""
    return lower(word).removesuffix(".") in _ANY_TITLES


def _has_only_placeholders(text):
    """Return whether a text, or each of its words, is a placeholder.

    The text may be in brackets.
    """
    text = text.strip("()[]")
    placeholders = _SETS["placeholder"]
    if text in placeholders:
        return True
    return " " in text and placeholders.issuperset(text.split())


def _has_any(kind, texts):
    """Return whether any of the texts is in a table of the rules."""
    return not _SETS[kind].isdisjoint(texts)


def _is_organization(text):
    """Return whether a text has a word, phrase or legal form of organizations."""
    if _INSIDE.search(text):
        return True
    # "S.P.A. Fernando" and "Smith U.G." have initials; "Rossi S.P.A." is a company.
    initials = _INITIALS_IN_FRONT.match(text)
    if initials and initials[0].replace(".", "") not in _SETS["front"]:
        text = text[initials.end() :]
    tokens_but_initials = _tokens(_TWO_INITIALS.sub(" ", text))
    if _has_any("written", tokens_but_initials):
        return True
    if _has_any("word", map(lower, tokens_but_initials)):
        return True
    tokens = _tokens(text)
    words = [lower(token) for token in tokens]
    if _has_any("word_behind", words[1:]):
        return True
    phrases = _ends(words) - set(words[:1])  # "Spa" as the first word may be a name
    if _has_any("phrase", phrases):
        return True
    n_weak_words = len(_SETS["weak_word"].intersection(words))
    n_weak_forms = len(_SETS["weak_form"].intersection(_ends(tokens)))
    return n_weak_words > 0 and n_weak_words + n_weak_forms > 1


def _ends(tokens):
    """Return all runs of up to seven tokens at the start or the end, joined."""
    ends = set()
    for k in range(1, min(len(tokens), LONGEST_PHRASE) + 1):
        ends.add("".join(tokens[:k]))
        ends.add("".join(tokens[-k:]))
    return ends


def _names_several_people(text):
    """Return whether a text names several people."""
    if lower(text).split(" ", 1)[0] in _SETS["family"] or _is_couple(text):
        return True
    for k, part in enumerate(text.split(",")):
        if _has_conjunction(part, is_behind_comma=k > 0):
            return True
    # Either all parts have initials ("Smith J, Doe J"), or all begin with a given name
    # and end with a surname ("Anna Müller, Max Weber").
    parts = drop_titles(text).split(",")
    if len(parts) < 2:
        return False
    return all(map(has_initials, parts)) or all(map(_is_whole_name, parts))


def _is_couple(text):
    """Return whether a word for "and" is followed by a title."""
    # In mixed case, "Y" is an initial.
    words = (lower(text) if text.isupper() else text).split()
    for word, following in pairwise(words[1:]):
        title = lower(following)
        is_title = not _SURE_TITLES.isdisjoint([title, title.removesuffix(".")])
        if is_title and word in _SETS["before_title"]:
            return True
    return False


def _is_whole_name(text):
    """Return whether a text begins with a given name and ends with a surname."""
    words = text.split()
    if len(words) < 2 or words[0] not in _SETS["given"]:
        return False
    last = words[-1].removesuffix(".")
    return len(last) > 1 and last not in _GIVEN


def _has_conjunction(text, is_behind_comma):
    """Return whether names are joined by a word or sign for "and"."""
    tokens = _tokens(text)
    words = set(text.replace(".", "").split())
    for k in range(1, len(tokens) - 1):
        is_inside_word = tokens[k].isalpha() and tokens[k] not in words  # "Young-ja"
        if not is_inside_word and _is_between_names(tokens, k, is_behind_comma):
            return True
    return False


def _is_between_names(tokens, k, is_behind_comma):
    """Return whether the k-th token is a word for "and" between names."""
    token = tokens[k]
    if token in _SETS["several"]:
        return True
    n_behind = len(tokens) - k - 1
    if token in _SETS["between_given"] and tokens[k + 1] in _GIVEN:
        if tokens[k - 1] in _GIVEN or (n_behind > 1 and tokens[0] in _GIVEN):
            return True
    if token not in _SETS["several_or_surname"] or tokens[k - 1] == "von":
        return False  # "von und zu Gilsa" is a surname
    if is_behind_comma and "von" not in tokens[:k]:  # "Müller, Hans und Eva"
        return True
    return n_behind >= max(k, 2)  # "Thurn und Taxis" is a surname


def _is_known(character, knows_letter):
    """Return whether a character is a known letter."""
    # Check the character itself, because an emoji becomes a word in ASCII.
    return character.isalpha() and knows_letter(character)
