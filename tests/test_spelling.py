"""Names as they were typed -> names."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sknames._encoding.spelling import (
    LONGEST_TITLE,
    TITLES,
    TITLES_BEHIND,
    clean,
    compose,
    drop_titles,
)
from sknames.datasets import load_names, make_names

ANY = settings(max_examples=300, deadline=None, derandomize=True)
TYPED = st.text(
    st.characters(exclude_categories=()) | st.sampled_from(" \n\t\u00a0\u200b\ufeff\"'’“„`–-aB.,")
)

WAYS_TO_TYPE = {
    "line end": "{}\n",
    "space before": " {}",
    "tab": "\t{}",
    "no-break space": "\u00a0{}\u202f",
    "byte order mark": "\ufeff{}",
    "zero-width space": "{}\u200b",
    "variation selector": "{}\ufe0f",
    "quotes": '"{}"',
    "one quote": '"{}',
    "single quotes": "'{}'",
    "curly quotes": "“{}”",
    "French quotes": "« {} »",
    "quotes and spaces": ' " {} " ',
    "quotes of both kinds": "\"'{}'\"",
}
NAMES = ["Anna", "Seán O'Neill", "Müller-Lüdenscheidt", "王伟", "محمد علي", "'t Hooft", ""]


@pytest.mark.parametrize("way", WAYS_TO_TYPE.values(), ids=WAYS_TO_TYPE)
@pytest.mark.parametrize("name", NAMES)
def test_however_a_cell_was_typed_the_name_is_the_same(way, name):
    typed = way.format(name)
    expected = name.strip("'") if way == "'{}'" or "\"'" in way else name
    assert clean([typed]) == [expected]
    for others in (["Anna"], ["Anna"] * 50, ["Éa"] * 50):
        assert clean([*others, typed, *others]) == [*others, expected, *others]


@given(st.lists(TYPED, max_size=6), st.sampled_from([0, 40]))
@ANY
def test_clean_once_is_clean_and_a_name_is_cleaned_by_itself(names, n_others):
    names = names + ["Anna"] * n_others
    once = clean(names)
    assert clean(once) == once
    assert once == [clean([name])[0] for name in names]


def test_what_is_clean_is_not_copied():
    for names in (["Anna", "Seán O'Neill"] * 20, ["Anna-Maria", "O'Neill"] * 20, ["ANNA"] * 40):
        assert clean(names) is names
        assert compose(names) is names
    for names in ([" Anna"], ["Anna "] * 40):
        given = [*names]
        assert clean(names) == ["Anna"] * len(names) and names == given


@pytest.mark.parametrize(
    "typed, name",
    [
        ("Mr. John Smith", "John Smith"),
        ("Mr.John Smith", "John Smith"),
        ("Dr. Prof. Smith", "Smith"),
        ("Prof. Dr. h. c. Anna Köhler", "Anna Köhler"),
        ("John Smith Jr.", "John Smith"),
        ("John Smith, Ph. D.", "John Smith"),
        ("John Smith, M.D., Ph.D.", "John Smith"),
        ("John Smith, PhD,", "John Smith"),
        ("Mr. John Smith Jr., PhD", "John Smith"),
        ("田中さん", "田中"),
        ("王先生", "王"),
        ("김민수 씨", "김민수"),
        # never the whole name
        ("Dr.", "Dr."),
        ("Dr. ", "Dr. "),
        ("Mr. Dr.", "Dr."),
        ("Dr.先生", "先生"),
        ("", ""),
        # names, and what only begins or ends like a title
        ("Drake", "Drake"),
        ("Don Quijote", "Don Quijote"),
        ("Md. Rahman", "Md. Rahman"),
        ("Yo-Yo Ma", "Yo-Yo Ma"),
        ("Dr-No", "Dr-No"),
        ("Dr.-No", "Dr.-No"),
    ],
)
def test_drop_titles(typed, name):
    assert drop_titles([typed]) == [name]


@pytest.mark.parametrize("place, titles", [("before", TITLES), ("behind", TITLES_BEHIND)])
def test_every_title_in_any_case(place, titles):
    for title in " ".join(titles.values()).replace("_", " ").split(" "):
        assert len(title) < LONGEST_TITLE
    for word in " ".join(titles.values()).split():
        assert compose([word]) == [word]
        title = word.replace("_", " ")
        for typed in {title, title.upper(), title.title(), title.removesuffix(".") + "."}:
            typed = f"{typed} Anna Kim" if place == "before" else f"Anna Kim {typed}"
            assert drop_titles([typed]) == ["Anna Kim"], typed


@given(st.lists(TYPED | st.sampled_from(["Mr.", "Dr", "Jr.", ", PhD", "さん"]), max_size=6))
@ANY
def test_titles_never_leave_nothing(parts):
    name = clean([" ".join(parts)])[0]
    left = drop_titles([name])[0]
    assert left in name and bool(left.strip()) is bool(name.strip())
    assert drop_titles([left]) == [left]


def test_titles_are_hardly_ever_names():
    names, _ = make_names(20_000, random_state=0)
    changed = [name for name, left in zip(names, drop_titles(names), strict=True) if name != left]
    assert len(changed) <= 20, changed
    # A lone title is never dropped.
    listed = sorted(set(load_names(script="all").data))
    beside = [[f"{name} Xyzw" for name in listed], [f"Xyzw {name}" for name in listed]]
    before, behind = (
        {
            name
            for name, full, left in zip(listed, some, drop_titles(some), strict=True)
            if full != left
        }
        for some in beside
    )
    assert before == set("Bayan Doctor Gospodin Lord Sayın Ông Господин श्री श्रीमती นาย".split())
    assert behind == {"Bey", "Hanım", "Iv", "Junior", "Koch II", "Mba"}


def test_compose():
    names = ["Jose\u0301", "Ann", "\u212b", "\u0301a"]
    assert compose(names) == ["José", "Ann", "Å", "\u0301a"]
    marks = "".join(chr(point) for point in range(0x0300, 0x0300 + 30))
    assert compose(["q" + marks + "\u0330\u0331x"]) == compose(["q" + marks + "x"])
    assert compose(["q" + marks + "x"]) != compose(["q" + marks[:-1] + "x"])
    # of each name by itself: marks at the start of a name are not those at the end of another
    assert compose(["q" + marks, marks]) == compose(["q" + marks]) + compose([marks])
