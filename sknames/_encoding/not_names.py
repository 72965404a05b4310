"""Say whether a text is a name, and why not: all that judges texts asks here."""

import re
import unicodedata
from itertools import product

import numpy as np

from .read_names import read_names
from .spelling import clean, code_points, compose

MISSING, NO_LETTER = "missing name", "no known letter"
ADDRESS, ORGANIZATION, PLACEHOLDER = "address", "organization", "placeholder"

# Legal forms behind and before a name, in any case, without a final dot; "_" is a space.
FORMS = (
    "ltd limited inc incorporated corp corporation llc llp plc pty pvt gmbh mbh kgaa co._kg co_kg "
    "aktiengesellschaft sarl s.à_r.l s.a.r.l eurl srl s.r.l s.p.a ltda lda aps a/s oyj "
    "bvba sp._z_o.o sp_z_oo s.r.o sro d.o.o eood uab kft zrt nyrt a.ş ltd._şti sh.p.k bhd tbk "
    'ооо оао зао пао оод еоод α.ε ε.π.ε սպը փբը შპს בע"מ'
)
FORMS_BEFORE = "ооо оао пао uab شركة شرکت"
# Those that are also names, as they are written in a text that is not all capitals.
WRITTEN = "AG KG e.V SE S.A SA S.A.S SAS S.L SL SpA SPA B.V BV N.V NV AB AS OÜ Oy AD AŞ a.s ТОВ"
WRITTEN_BEFORE = "АО ЗАО ТОВ ТзОВ PT SIA"
# Those anywhere, without a space.
INSIDE = "会社 公司 회사 (株) （株） ㈱ (有) （有） (주) （주） ㈜ บริษัท จำกัด".split()
# Texts for a missing name, in any case, that are the names of nearly nobody.
PLACEHOLDERS = (
    r"nan none null n/a n.a \n <na> #n/a #ref! #value! #name? #null! #num! #div/0! xxx xxxx "
    "unknown undefined anonymous noname no_name not_available not_provided not_known test tbd tba "
    "unbekannt inconnu desconocido sconosciuto неизвестно 不明 未知"
)
# Those that people bear, as they are written beside another part of a name.
BORNE = {"Nan", "Null", "Test"}


def _behind(forms):
    spaced = forms.replace(".", "._").replace("__", "_")
    return [" " + form.replace("_", " ") for form in f"{forms} {spaced}".split()]


def _before(forms):
    return [form + mark for form in forms.split() for mark in ' "']


# The rules for cleaned texts, which JavaScript reads in the metadata of an ONNX model.
RULES = {
    # Email or web, of lower-cased texts.
    "address": r"[^ ]@[^ ]|://|(?:^|[ (<])www\."
    r"|[^ ]\.(?:(?:com|org|net|info|edu|gov)(?![^/,)> ])|[a-z]{2,3}/)",
    "final": r"\.?,?$",  # left out before a text is compared
    "ends": _behind(FORMS),
    "starts": _before(FORMS_BEFORE),
    "inside": INSIDE,
    "written_ends": _behind(WRITTEN),
    "written_starts": _before(WRITTEN_BEFORE),
    "placeholders": [words.replace("_", " ") for words in PLACEHOLDERS.split()],
}


def _in_any_case(texts):
    cases = (["iIİ" if x == "i" else x.lower() + x.upper() for x in text] for text in texts)
    return {"".join(letters) for case in cases for letters in product(*case)}


def _index(*points):
    """Return an index below 2**21 of up to three code points, its own if they are of ASCII."""
    index = 0
    for point in points:
        index = index * 128 + point
    return index & ((1 << 21) - 1)


# What is not a name has one of these signs, starts or ends, or does not start with a letter. Ends
# of two letters are whole texts, which the starts find.
_SIGNS = ("@", "/", "www.", "Www.", "WWW.", *(f".{c}" for c in "coniegCONIEG"), *INSIDE)
_STARTS = _in_any_case(start[:2] for start in RULES["starts"] + RULES["written_starts"])
_ENDS = _in_any_case(
    (end + final)[-3:]
    for end in RULES["ends"] + RULES["written_ends"] + RULES["placeholders"]
    for final in ("", ".", ",", ".,")
)
_IS_ODD = np.zeros(1 << 21, dtype=bool)
_IS_ODD[[_index(*map(ord, text)) for text in _STARTS | _ENDS]] = True
_ADDRESS, _FINAL = re.compile(RULES["address"]), re.compile(RULES["final"])
_PLACEHOLDERS = frozenset(RULES["placeholders"])
_EITHER_CASE = tuple(RULES["starts"]), tuple(RULES["ends"])
_AS_WRITTEN = tuple(RULES["written_starts"]), tuple(RULES["written_ends"])


def why_not_names(X, n, encoder=None):
    """Return why each of n texts is not a name, and "" for a name, as str objects.

    `SelectiveClassifier.reasons` describes them. An `encoder` says which letters are known; without
    one, all are. If `X` does not hold texts, such as numbers, all reasons are "".
    """
    reasons = np.full(n, "", dtype=object)
    try:
        texts = clean(read_names(X, handle_missing="empty")[0])
    except (TypeError, ValueError):
        return reasons
    # Most texts start and end as names do, so few have to be looked at in full.
    joined = "\n".join(["", *texts, ""])
    points = code_points(joined)
    breaks = np.flatnonzero(points == ord("\n"))
    first, second, *last = (
        points.take(indices, mode="clip").astype(int)
        for indices in [*(breaks[:-1] + k for k in (1, 2)), *(breaks[1:] - k for k in (3, 2, 1))]
    )
    firsts = np.flatnonzero(np.bincount(first))
    known = [point for point in firsts if _is_known(chr(point), encoder)]
    is_odd = _IS_ODD[_index(first, second)] | _IS_ODD[_index(*last)] | ~np.isin(first, known)
    odd = {*np.flatnonzero(is_odd).tolist()}
    for sign in _SIGNS:
        if sign in joined:
            odd.update(row for row, text in enumerate(texts) if sign in text)
    rows = sorted(odd)
    for row, text in zip(rows, compose([texts[row] for row in rows]), strict=True):
        reasons[row] = _why_not_name(text, encoder)
    return reasons


def _why_not_name(text, encoder):
    if all(unicodedata.category(character) == "Cc" for character in text):
        return MISSING
    if _ADDRESS.search(_lower(text)):
        return ADDRESS
    end = _FINAL.sub("", text)
    if (
        any(form in text for form in INSIDE)
        or _has_form(_lower(text), _lower(end), *_EITHER_CASE)
        or (text != text.upper() and _has_form(text, end, *_AS_WRITTEN))
    ):
        return ORGANIZATION
    if _stands_for_none(_lower(end)):
        return PLACEHOLDER
    return "" if any(_is_known(character, encoder) for character in text) else NO_LETTER


def is_placeholder(part):
    """Return whether a part of a name stands for a missing one."""
    return part not in BORNE and _stands_for_none(_lower(_FINAL.sub("", part)))


def _stands_for_none(text):
    """Whether a text, or each of its words, is a placeholder, perhaps in brackets."""
    text = text.strip("()[]")
    return text in _PLACEHOLDERS or (" " in text and _PLACEHOLDERS.issuperset(text.split()))


def _lower(text):
    return text.replace("İ", "I").lower()  # else Turkish capitals would get a dot above


def _has_form(text, end, starts, ends):
    return text.startswith(starts) or end.endswith(ends)


def _is_known(character, encoder):
    """Whether a character is a letter that the encoder, if there is one, knows."""
    # The character itself is a letter: in ASCII, an emoji becomes a word.
    if encoder is None or not character.isalpha():
        return character.isalpha()
    alphabet = encoder.alphabet_
    return any(c.isalpha() and c in alphabet for c in encoder._fold_character(character, alphabet))
