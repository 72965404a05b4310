"""Tests of cleaning names as people type them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sknames._text.spelling import clean, compose

ANY = settings(max_examples=300, deadline=None, derandomize=True)
TYPED = st.text(
    st.characters(exclude_categories=())
    | st.sampled_from(" \n\t\u00a0\u200b\ufeff\"'’“„`–-aB.,")
)
# Words whose effect depends on their position and on the signs around them.
FORMS = """
Anna Juan Ana Smith Müller MÜLLER müller A. A.M. AM A J.-P. J-P NG LI O U é. Ý , . 。 ..
- ' " ( ) (Ana) (singer) (李伟) ★ 😀 * ™ † 👍🏽 田中 さん. 王先生 김 민수 씨.
Иван И.П. ПИ محمد
د. van der geb. S/O 2 _ A.Müller J.-P.Sartre ½ ㈱ a e i y u. en og ja + & und S.P.A.
U.G. S.A.R.L. MÃ¼ller Ð˜Ð² k.A (GmbH) [s.r.o.] (Ltd Spa
née szül. z domu (geb. Kim) infant ditto do. Kind aged 3 of
""".split()


def typed_with(words):
    """Return texts of words in any case, and of signs."""
    cases = [case(word) for word in words for case in (str, str.upper, str.title)]
    word = st.sampled_from(FORMS) | st.sampled_from(cases) | TYPED
    sign = st.sampled_from([*[" "] * 9, ", ", ". ", ".", "-", "'", "/"])
    parts = st.tuples(word, sign).map("".join)
    return st.lists(parts, max_size=4).map("".join)


WAYS_TO_TYPE = [
    "{}\n",
    " {}",
    "\t{}",
    "\u00a0{}\u202f",
    "\ufeff{}",
    "{}\u200b",
    "{}\ufe0f",
    "\x00{}\x08\x0e\x1b\x7f\x84\x86\x9f",
    '"{}"',
    '"{}',
    "“{}”",
    "« {} »",
    ' " {} " ',
]
NAMES = ["Anna", "Seán O'Neill", "Müller-Lüdenscheidt", "王伟", "محمد علي", ""]


@pytest.mark.parametrize("way", WAYS_TO_TYPE, ids=ascii)
def test_clean_removes_blanks_control_characters_and_quotation_marks_around_name(way):
    typed = [way.format(name) for name in [*NAMES, "'t Hooft"]]
    assert clean(typed) == [*NAMES, "'t Hooft"]


@pytest.mark.parametrize("way", ["'{}'", "\"'{}'\"", "' {} '"])
def test_clean_removes_apostrophes_on_both_sides_as_quotation_marks(way):
    assert clean([way.format(name) for name in NAMES]) == NAMES


@given(st.lists(TYPED, max_size=6))
@ANY
def test_clean_is_idempotent_and_independent_of_other_names(names):
    once = clean(names)
    assert clean(once) == once
    assert once == [clean([name])[0] for name in names]


@pytest.mark.parametrize(
    "typed, usual",
    [
        ("ﾔﾏﾀﾞ･ﾀﾛｳ", "ヤマダ・タロウ"),
        ("Ｗａｎｇ（王），", "Wang(王),"),
        ("ｷﾞ－｀ﾊﾟ", "ギ-'パ"),
        ("ﻣﺤﻤﺪ ﷲ", "محمد الله"),
        ("محـمـد\ufe76،", "محمد\u064e,"),
        ("ﾡￂ", "가"),
        # not these blocks, nor what Japanese put between foreign words
        ("ﬁ①²㍿", "ﬁ①²㍿"),
        ("ジャン＝Ｊ．Ｐ", "ジャン＝J．P"),
    ],
)
def test_clean_replaces_presentation_forms_with_usual_letters(typed, usual):
    assert compose(clean([typed])) == [usual]


def test_compose_joins_letters_and_combining_marks_within_each_name():
    names = ["Jose\u0301", "Ann", "\u212b", "\u0301a"]
    assert compose(names) == ["José", "Ann", "Å", "\u0301a"]
    marks = "".join(chr(point) for point in range(0x0300, 0x0300 + 30))
    assert compose(["q" + marks + "\u0330\u0331x"]) == compose(["q" + marks + "x"])
    assert compose(["q" + marks + "x"]) != compose(["q" + marks[:-1] + "x"])
    assert compose(["e\u0301" * 501, "Ann"]) == ["é" * 500, "Ann"]
    # Marks at the start of a name are not those at the end of another.
    assert compose(["q" + marks, marks]) == compose(["q" + marks]) + compose([marks])


def test_clean_replaces_bullets_between_words_with_middle_dots():
    assert clean(["罗伯特•莱万", "李∙四"]) == ["罗伯特·莱万", "李·四"]
