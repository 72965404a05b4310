"""Say whether a text is a name, and why not: all that judges texts asks here."""

import csv
import re
import unicodedata
from pathlib import Path

import numpy as np

from .spelling import compose, lower, without_accents
from .tidy import BRACKETS, has_initials
from .titles import TIDY, drop_titles

MISSING, NO_LETTER = "missing name", "no known letter"
ADDRESS, PLACEHOLDER = "address", "placeholder"
ORGANIZATION, SEVERAL = "organization", "several names"
BROKEN = "broken letters"

LONGEST_PHRASE = 7  # in tokens: S. de R. L. de C. V.


def _tokens(text):
    return _TOKEN.findall(text.replace(".", ""))


def _read_rules():
    """Return the rules for cleaned texts.

    JavaScript reads them in the metadata of an ONNX model. Besides patterns, these are
    lists of ``not_names.csv``, by their kind:

    - "placeholder": whole texts,
    - "borne": placeholders that people bear, as they are written behind a title or with
      another part of a name,
    - "inside": parts of texts, as they are written, mostly in scripts without spaces,
    - "word": words of organizations, also without accents,
    - "written": the same, as they are written,
    - "word_behind": words of organizations that may be names in front: "Inc Kim",
    - "phrase": tokens at either end of a text, joined, so that "S. p. A." is "SpA",
    - "weak_word" and "weak_form": words, and forms at either end as they are written,
      which people have, too; two of them, one a word, make an organization,
    - "in_brackets": legal forms that tell an organization in brackets, joined like
      phrases,
    - "front": what dotted capitals in front of a name may be, "S.A.R.L."; others are
      initials,
    - "several": between names,
    - "several_or_surname": the same, but "Thurn und Taxis" is one surname,
    - "between_given": the same between given names. These are "given", and
      "iberian_given", which are also the first of two surnames: "Martín Gómez, Luis",
    - "before_title": words for "and" in front of a title: "Signor e Signora Rossi",
    - "family": in front of a name.
    """
    behind = "[\x80-\x9f\xa1-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"  # the first byte
    rules = {
        "format": 3,  # raise it when an older index.mjs would misread it
        # Letters of UTF-8 that were read as Windows-1252 or Latin-1.
        "broken": f"[ÂÃÄÅÆÈ]{behind}|(?:[Ê-ß]{behind}){{2}}|[à-ï]{behind}{{2}}",
        # Email or web, of lower-cased texts.
        "address": r"[^ ]@[^ ]|://|(?:^|[ (<])www\."
        r"|[^ ]\.(?:(?:com|org|net|info|edu|gov)(?![^/,)> ])|[a-z]{2,3}/)",
        "final": r"\.?,?$",  # left out before a text is compared with placeholders
        # Entities of HTML, signs between names, but not that of "s/o", and words.
        "token": r"&[#0-9A-Za-z]+;|[&;+]|(?<! .)(?<!^.)/"
        r"|[^ !-/:-@\[-`{-~、，（）「」・]+",
    }
    with (
        Path(__file__)
        .with_name("not_names.csv")
        .open(encoding="utf-8", newline="") as file
    ):
        for row in csv.DictReader(file):
            texts = [text.replace("_", " ") for text in row["texts"].split()]
            rules.setdefault(row["kind"], []).extend(texts)
    for kind in ("placeholder", "word", "phrase", "in_brackets", "weak_word"):
        rules[kind] = list(map(lower, rules[kind]))
    for kind in ("word", "phrase"):
        rules[kind] = [
            *dict.fromkeys(rules[kind] + list(map(without_accents, rules[kind])))
        ]
    return rules


RULES = _read_rules()
_ADDRESS, _FINAL, _TOKEN, _BROKEN = (
    re.compile(RULES[key]) for key in ("address", "final", "token", "broken")
)
for joined in ("phrase", "in_brackets"):
    RULES[joined] = ["".join(_tokens(text)) for text in RULES[joined]]
_SETS = {
    kind: frozenset(texts) for kind, texts in RULES.items() if isinstance(texts, list)
}
_GIVEN = _SETS["given"] | _SETS["iberian_given"]
_TITLES = {
    title.removesuffix(".") + "."
    for title in {*TIDY["titles"]}.difference(TIDY["names"])
}
# With the dot that the table asks for, or without a dot.
_OTHER_TITLES = frozenset(TIDY["titles"]).difference(TIDY["names"])
_ANY_TITLES = {title.removesuffix(".") for title in TIDY["titles"]}
_IN_BRACKETS = [part for part in RULES["inside"] if "(" in part]
_INSIDE = re.compile("|".join(map(re.escape, RULES["inside"])))

# What is not a name has one of these words or signs, or does not start with a letter.
_TWO_INITIALS = re.compile(r"(?<![^ ,])[A-Z]\.[A-Z]\.(?![^ ,])")
_INITIALS = re.compile(r"(?:[A-Z]\.){2,}(?![^ ,])")
_HAS_INITIALS = re.compile(r"(?<![^ .,-])[^\W\d_a-z]{1,3}(?![^ .,-])")
_SEPARATORS = re.compile(r"[!-/:-@\[-`{-~、，（）「」・]")
_OF_WORDS = (
    "placeholder word word_behind written weak_word several several_or_surname "
    "between_given before_title family"
)
_WORDS = {
    word
    for kind in _OF_WORDS.split()
    for text in map(lower, RULES[kind])
    for word in _SEPARATORS.sub(" ", text.replace(".", "")).split()[-1:]
}
_WORDS |= {  # its last token
    text[k:]
    for of in ("phrase", "in_brackets")
    for text in RULES[of]
    for k in range(len(text))
}
_SIGNS = [
    *"@/&;+",
    "www.",
    "Www.",
    "WWW.",
    *(f".{c}" for c in "coniegCONIEG"),
    *RULES["inside"],
]
_SIGNS += map(
    chr, range(0x300, 0x370)
)  # accents that have to be composed with their letters
_RAREST = [re.sub("[ 0-9A-Za-z]", "", sign)[0] for sign in _SIGNS]
_RARE = re.compile(f"[{re.escape(''.join(_RAREST))}]")


def why_not_names(typed, texts, encoder=None):
    """Return why each clean text is not a name, and "" for a name, as str objects.

    They are what was typed, clean. `SelectiveClassifier.reasons` describes the reasons.
    An `encoder` says which letters are known; without one, all are.
    """
    reasons = np.full(len(texts), "", dtype=object)
    # Most texts have none of the signs, so few have to be looked at in full.
    joined = "\n".join(texts)
    words = _SEPARATORS.sub(" ", lower(joined).replace(".", "")).split("\n")
    odd = {
        row
        for row, some in enumerate(map(str.split, words))
        if not _WORDS.isdisjoint(some)
    }
    strange = {text[:1] for text in texts}
    strange = {first for first in strange if not (first and _is_known(first, encoder))}
    odd.update(
        row for row, text in enumerate(texts) if text[:1] in strange or text[-1:] == "."
    )
    found = {*_RARE.findall(joined)}
    for sign, character in zip(_SIGNS, _RAREST, strict=True):
        if character in found and sign in joined:
            odd.update(row for row, text in enumerate(texts) if sign in text)
    if "," in joined:
        commas = (row for row, text in enumerate(texts) if "," in text)
        odd.update(row for row in commas if _may_be_list(texts[row]))
    rows = sorted(odd)
    for row, text in zip(rows, compose([texts[row] for row in rows]), strict=True):
        reasons[row] = _why_not_name(text, encoder)
    if _BROKEN.search("\n".join(typed)):
        reasons[[bool(_BROKEN.search(text)) for text in typed]] = BROKEN
    return reasons


def _may_be_list(text):
    """Return whether a text with a comma may be a list of names."""
    has_initials_twice = len(_HAS_INITIALS.findall(text)) > 1
    return has_initials_twice or all(" " in part.strip() for part in text.split(","))


def _why_not_name(text, encoder):
    if all(unicodedata.category(character) == "Cc" for character in text):
        return MISSING
    if _ADDRESS.search(lower(text)):
        return ADDRESS
    if _stands_for_none(lower(_FINAL.sub("", text))):
        return PLACEHOLDER
    if _TITLES.issuperset(lower(text).split()) or is_titled_placeholder(text):
        return PLACEHOLDER
    is_company = any(form in text for form in _IN_BRACKETS) or not _SETS[
        "in_brackets"
    ].isdisjoint(
        "".join(_tokens(lower(inner))) for inner in BRACKETS.findall(text)
    )  # "(株)", "(GmbH)"
    rest = BRACKETS.sub(" ", text)
    read = rest if any(map(str.isalpha, rest)) else text
    if is_company or _INSIDE.search(read) or _is_organization(read):
        return ORGANIZATION
    if lower(read).split(" ", 1)[0] in _SETS["family"] or _is_couple(read):
        return SEVERAL
    for k, part in enumerate(read.split(",")):
        if _are_several(part, is_behind_comma=k > 0):
            return SEVERAL
    if _is_list(drop_titles(read).split(",")):
        return SEVERAL
    return "" if any(_is_known(character, encoder) for character in text) else NO_LETTER


def is_placeholder(part):
    """Return whether a part of a name stands for a missing one."""
    part = _FINAL.sub("", part)
    return part not in _SETS["borne"] and _stands_for_none(lower(part))


def is_titled_placeholder(text):
    """Return whether a placeholder stands behind titles: "Mr. Unknown"."""
    words = text.split()
    n_titles = 0
    while n_titles < len(words):
        if lower(words[n_titles]).removesuffix(".") not in _ANY_TITLES:
            break
        n_titles += 1
    return n_titles > 0 and is_placeholder(" ".join(words[n_titles:]))


def _stands_for_none(text):
    """Whether a text, or each of its words, is a placeholder, perhaps in brackets."""
    text, placeholders = text.strip("()[]"), _SETS["placeholder"]
    return text in placeholders or (
        " " in text and placeholders.issuperset(text.split())
    )


def _is_organization(text):
    # "S.P.A. Fernando" has initials, and "Smith U.G.", but "Rossi S.P.A." is a company.
    if (found := _INITIALS.match(text)) and found[0].replace(".", "") not in _SETS[
        "front"
    ]:
        text = text[found.end() :]
    tokens, full = _tokens(text), _tokens(_TWO_INITIALS.sub(" ", text))
    words = list(map(lower, tokens))
    n_weak = len(_SETS["weak_word"].intersection(words))
    return (
        not _SETS["word"].isdisjoint(map(lower, full))
        or not _SETS["word_behind"].isdisjoint(words[1:])
        or not _SETS["written"].isdisjoint(full)
        or not _SETS["phrase"].isdisjoint(
            _ends(words) - {*words[:1]}
        )  # "Spa" may be a name
        or (n_weak > 0 and n_weak + len(_SETS["weak_form"] & _ends(tokens)) > 1)
    )


def _ends(tokens):
    """Return up to seven tokens at either end, joined."""
    lengths = range(1, min(len(tokens), LONGEST_PHRASE) + 1)
    return {"".join(end) for k in lengths for end in (tokens[:k], tokens[-k:])}


def _is_couple(text):
    """Return whether a word for "and" stands in front of a title."""
    words = text.split()
    if text.isupper():  # else "Y" is an initial
        words = lower(text).split()
    for k in range(1, len(words) - 1):
        if words[k] in _SETS["before_title"]:
            title = lower(words[k + 1])
            if not {title, title.removesuffix(".")}.isdisjoint(_OTHER_TITLES):
                return True
    return False


def _is_list(parts):
    """Return whether the parts between commas are names.

    Each has initials, "Smith J, Doe J", or begins with a given name and ends with
    another word, "Anna Müller, Max Weber".
    """
    if len(parts) < 2:
        return False
    return all(map(has_initials, parts)) or all(map(_is_whole_name, parts))


def _is_whole_name(text):
    """Return whether a text begins with a given name, and ends with a surname."""
    words = text.split()
    if len(words) < 2 or words[0] not in _SETS["given"]:
        return False
    last = words[-1].removesuffix(".")
    return len(last) > 1 and last not in _GIVEN


def _are_several(text, is_behind_comma):
    """Return whether a word or sign for "and" stands between names."""
    tokens = _tokens(text)
    words = {*text.replace(".", "").split()}
    for k in range(1, len(tokens) - 1):
        is_inside_word = tokens[k].isalpha() and tokens[k] not in words  # "Young-ja"
        if not is_inside_word and _is_between_names(tokens, k, is_behind_comma):
            return True
    return False


def _is_between_names(tokens, k, is_behind_comma):
    """Return whether the k-th token stands between names, and is a word for "and"."""
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


def _is_known(character, encoder):
    """Whether a character is a letter that the encoder, if there is one, knows."""
    # The character itself is a letter: in ASCII, an emoji becomes a word.
    if encoder is None or not character.isalpha():
        return character.isalpha()
    alphabet = encoder.alphabet_
    return any(
        c.isalpha() and c in alphabet
        for c in encoder._speller(alphabet)[ord(character)]
    )
