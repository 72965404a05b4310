"""Tests of tidying names."""

import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sknames import CharEncoder
from sknames._text.tidy import (
    TIDY,
    _apply_until_stable,
    clean,
    compose,
    dropped,
    without_signs,
)
from sknames._text.tidy import tidy as read
from sknames.datasets import load_names, make_names
from tests.test_spelling import ANY, TYPED, typed_with

DATA = Path(__file__).with_name("data")
with DATA.joinpath("typed_texts.csv").open(encoding="utf-8") as file:
    LIKE = {row["text"]: row["like"] for row in csv.DictReader(file) if row["like"]}


def tidy(texts, **params):
    """Return texts as an encoder that keeps their letters reads them."""
    params = {"tidy": True, "max_length": None} | params
    encoder = CharEncoder(transliterate=False, lowercase=False, **params)
    return encoder.inverse_transform(encoder.fit_transform(texts)).tolist()


@pytest.mark.parametrize("typed, name", LIKE.items())
def test_tidy_reduces_typed_text_to_name(typed, name):
    assert tidy([typed]) == tidy([name]) == [name]
    assert tidy(["Anna", typed, "Anna"]) == ["Anna", name, "Anna"]


LEFT = """
# names that are titles elsewhere
Md. Rahman | Rahman Md | Abdul Rahman Md | MS Dhoni | SR Nathan | Frank Mba
H. G. Wells | M. R. Khan | M. Night Shyamalan | Hj. Petersson | Mehmet Bey
Christine Chow Ma | Wei Ming Shi | ANNA MARIA SHI | Prince Boateng | Lord Byron
Oscar Junior | Major M. Hillard | Prince | King Charles | Earl Grey | Dean Martin
Don Quijote | Max Born | Lim Nee Soon | Michael Herr | السيد بدوي | Drake | Dr-No
Dr.-No | Major M Hillard | H. Budi Santoso | ABDUL KARIM SE | Anna Gen. Kim
Abdul Rahman Md. | Prince J Boateng | phil. collins | (Anna Kim) 12
# surnames in capitals, and what is no initial
NG Wei Ming | LI Na | HE Bingjiao | DO Thi Ha | MD Abdul Karim | MST Fatema
Minsu KIM | Thanh Ha LE | Hung VU | Bingjiao HE | Papa Malick BA | Yo-Yo MA
Kuan Yew XYZ | U Thant | O Jinhyok | Jinhyok O | MÜLLER AM | JOHN Y SMITH
Yu. Petrov | John F Kennedy | A. B. | K. R. Narayanan | Anna M. Müller
Müller, Anna, Berlin | 田中 太郎 | 😀 | *
# never the whole name, nor half of one
Dr. | Mr. Dr. | (Anna Kim) | (株) | 鵜殿 | 一氏 | นาย | นายิกา | 님 | , | .
# what is in brackets in another script
Li Wei (李伟) | 李伟 (Li Wei)
# a dot of initials, and words in Hangul that are no surname and given name
리 웨이 | 김 민 수 | 김 민수영 | 민수 김 | Kim 민수
"""
NAMES = [""]
for line in LEFT.strip().splitlines():
    if not line.startswith("#"):
        NAMES += line.split(" | ")


@pytest.mark.parametrize("name", NAMES)
def test_tidy_does_not_change_names_without_titles(name):
    assert tidy([name]) == [name]


@pytest.mark.parametrize("place", ["titles", "degrees", "initials"])
def test_tidy_removes_every_title_in_any_case(place):
    for title in TIDY[place]:
        assert unicodedata.is_normalized("NFC", title)
        cases = {title}
        if len(title.strip(".")) > 1:
            cases |= {title.upper(), title.title()}
        cases |= {case.removesuffix(".") + "." for case in cases}
        form = "{} Anna Kim" if place == "titles" else "Anna Kim, {}"
        for case in cases:
            assert tidy([form.format(case)]) == ["Anna Kim"], case


# For each table of words, a text with a word of it, and the tidy name.
IN_CONTEXT = {
    "following": ("Dr. {} Anna Kim", "Anna Kim"),
    "relative": ("Anna Kim {} Schmidt", "Anna Kim"),
    "birth": ("Anna Kim {} Schmidt", "Anna Kim"),
    "born": ("Anna Kim {} Leeds, England", "Anna Kim"),
    "offices": ("Anna Kim, {}", "Anna Kim"),
    "numerals": ("Ludwig {}", "Ludwig"),
    "haji": ("Drs. {} Budi Santoso", "Budi Santoso"),
    "attached": ("金民秀{}", "金民秀"),
    "attached_before": ("{}สมชาย", "สมชาย"),
    "korean_surnames": ("{} 민수", "{}민수"),
}


@pytest.mark.parametrize("table", IN_CONTEXT)
def test_tidy_applies_every_word_of_its_tables(table):
    typed, left = IN_CONTEXT[table]
    for word in TIDY[table]:
        assert tidy([typed.format(word)]) == [left.format(word)], word


def test_tidy_keeps_titles_that_may_be_names():
    for word in TIDY["names"]:
        assert tidy([f"{word.title()} Kim"]) == [f"{word.title()} Kim"]
    for word in TIDY["offices"]:
        if word not in TIDY["titles"]:
            assert tidy([f"Kim Anna {word.title()}"]) == [f"Kim Anna {word.title()}"]
    for word in TIDY["surnames"]:
        assert tidy([f"Anna Mary {word.upper()}"]) == [f"Anna Mary {word.upper()}"]


def test_tidy_removes_haji_beside_every_indonesian_word():
    for word in TIDY["indonesian"]:
        text = "{} H. Budi Santoso" if word in TIDY["titles"] else "H. Budi Santoso, {}"
        assert tidy([text.format(word)]) == ["Budi Santoso"], word


def test_tidy_skips_steps_that_parameters_switch_off():
    name = "  Dr. 김 민수 (김)."
    for params, left in [
        ({"tidy": True}, "김민수"),
        ({}, "Dr. 김 민수 (김)"),  # since all names of `fit` have a title
        ({"tidy": False}, "Dr. 김 민수 (김)"),
        ({"clean": False, "tidy": True}, "김 민수 ."),
        ({"clean": False, "tidy": False}, name),
    ]:
        assert tidy([name], **{"tidy": "auto"} | params) == [left]


@given(
    st.lists(
        TYPED | st.sampled_from(["Mr.", "Dr", ", PhD", "さん", "(x)", "née", "42,"]),
        max_size=6,
    )
)
@ANY
def test_tidy_never_empties_a_name(parts):
    typed = " ".join(parts)
    (left,) = tidy([typed])
    (cleaned,) = tidy([typed], tidy=False)
    assert bool(left) is bool(cleaned)
    # Alphabets have no surrogates, which are therefore decoded as U+FFFD.
    assert tidy([left.replace("\ufffd", "\ud800")], tidy=False) == [left]


@given(
    st.lists(
        st.sampled_from(["Mr.", "Dr", "Jr.", ", PhD", "H.", "MA", "(x)"]), max_size=6
    )
)
@ANY
def test_tidy_is_idempotent(parts):
    left = tidy([" ".join([*parts[:3], "Anna", "Kim", *parts[3:]])])
    assert tidy(left) == left
    assert "Kim" in left[0]


WORDS = []
for words in TIDY.values():
    if isinstance(words, list):
        WORDS += words


@given(typed_with(WORDS))
@ANY
def test_quick_check_of_titles_agrees_with_full_tidying(typed):
    cleaned = clean([typed])
    (text,) = without_signs(compose(cleaned))
    assert read(cleaned) == [_apply_until_stable(text, cleans=True, drops=True)]


def changed(texts):
    """Return the texts that tidying changes."""
    cleaned = clean(texts)
    before_and_after = zip(texts, cleaned, read(cleaned), strict=True)
    return {text for text, typed, left in before_and_after if typed != left}


def test_tidy_rarely_changes_shipped_names():
    assert len(changed(make_names(20_000, random_state=0)[0])) <= 20
    # A lone title is never dropped.
    listed = [*load_names(script="all").data]
    assert changed(listed) == {"Koch II"}  # the second player of this name in a team
    listed.remove("Koch II")
    before = changed([f"{name} Xyzw" for name in listed])
    before = {text.removesuffix(" Xyzw") for text in before}
    behind = changed([f"Xyzw {name}" for name in listed])
    behind = {text.removeprefix("Xyzw ") for text in behind}
    arabic = {f"الحاج {name}" for name in ("حسن", "عارف", "عيسى")}
    assert before == {*"Doctor Sayın Ông Господин श्री श्रीमती นาย".split()} | arabic
    assert behind == {"VI"}


@pytest.mark.parametrize(
    "typed, pieces",
    [
        ("Frau Dr. Anna Müller, PhD", ["Frau Dr.", "PhD"]),
        ("田中さん", ["さん"]),
        ("Fatima Müller née Haddad", ["née Haddad"]),
        ("Fatima (née Haddad) Müller", ["(née Haddad)"]),
        ("Anna Müller, MEP", ["MEP"]),
        (" Anna  Müller", []),
        ("김 민수", []),
    ],
)
def test_dropped_returns_pieces_missing_from_tidy_name(typed, pieces):
    assert dropped(typed, cleans=True, drops=True) == pieces
    assert dropped(typed, cleans=True, drops=False) == []


@pytest.mark.parametrize(
    "name, parts",
    [
        ("Dr.Anna Müller", ["Dr."]),  # "Anna" is read
        ("Kim Anna (Kim)", ["(Kim)"]),  # the first "Kim" is read
        ("田中先生 様", ["先生 様"]),
        ("김 민수 (김)", []),  # read as one word
        ("Anna 42,42", ["42"]),  # the first "42" is read
    ],
)
def test_dropped_lists_each_unread_piece_once(name, parts):
    assert dropped(name, cleans=True, drops=True) == parts
