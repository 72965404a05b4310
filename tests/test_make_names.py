from collections import Counter

import numpy as np
import pytest

from sknames.datasets import make_names


@pytest.fixture(scope="module")
def parts(all_names):
    """The surnames and the given names of each nationality."""
    names = all_names
    parts = {
        (n, part): set() for n in names.target_names for part in ("surname", "given")
    }
    for name, nationality, part in zip(
        names.data, names.target, names.part, strict=True
    ):
        for one in ("surname", "given") if part == "both" else (part,):
            parts[nationality, one].add(name)
    return parts


def orders(name, nationality, parts):
    """The orders in which the name can be read as a given name and a surname."""
    found = set()
    for i in range(1, len(name)):
        first = name[:i]
        last = name[i:].removeprefix(" ")
        if (
            first in parts[nationality, "given"]
            and last in parts[nationality, "surname"]
        ):
            found.add("given first")
        if (
            first in parts[nationality, "surname"]
            and last in parts[nationality, "given"]
        ):
            found.add("surname first")
    return found


def test_make_names_gives_arrays_of_strings():
    names, nationalities = make_names(1000, random_state=0)
    for array in (names, nationalities):
        assert array.shape == (1000,)
        assert array.dtype == object
        assert {type(item) for item in array} == {str}
    assert make_names()[0].shape == (100,)
    assert make_names(1)[1].shape == (1,)


@pytest.mark.parametrize("script", ["Latn", "Cyrl", "native", "all"])
def test_names_are_made_of_both_parts(script, parts):
    for name, nationality in zip(
        *make_names(3000, script=script, random_state=1), strict=True
    ):
        assert orders(name, nationality, parts), (name, nationality)


@pytest.mark.parametrize(
    "nationality, share",
    [
        ("Polish", 0),
        ("Turkish", 0),
        ("Hungarian", 0.5),
        ("Vietnamese", 0.5),
        ("Korean", 0.5),
    ],
)
def test_order_in_latin_letters(nationality, share, parts):
    names, _ = make_names(2000, nationalities=[nationality], random_state=2)
    found = Counter()
    for name in names:
        found.update([tuple(sorted(orders(name, nationality, parts)))])
    surname_first = found["surname first",]
    given_first = found["given first",]
    assert surname_first + given_first > 1000  # others can be read either way
    assert abs(surname_first / (surname_first + given_first) - share) < 0.05


def test_han_hangul_and_kana_have_the_surname_first_and_no_space(parts):
    asked = ["Chinese", "Japanese", "Korean"]
    names, nationalities = make_names(
        2000, nationalities=asked, script="native", random_state=3
    )
    assert set(nationalities) == set(asked)
    for name, nationality in zip(names, nationalities, strict=True):
        assert " " not in name
        assert "surname first" in orders(name, nationality, parts)


def test_parts_are_in_one_script():
    names, _ = make_names(
        500, nationalities=["Indian"], script="native", random_state=4
    )
    blocks = [{ord(c) // 128 for c in name if c.isalpha()} for name in names]
    assert {len(several) for several in blocks} == {1}
    assert len(set().union(*blocks)) == 3  # Devanagari, Gujarati, Oriya
    assert {*make_names(200, script="Cyrl", random_state=0)[1]} == {
        "Bulgarian", "Kazakh", "Macedonian", "Russian", "Serbian", "Ukrainian"
    }  # fmt: skip


def test_random_state_gives_the_same_names():
    first = make_names(50, random_state=0)[0].tolist()
    state = np.random.RandomState(0)
    assert make_names(50, random_state=state)[0].tolist() == first
    assert make_names(50, random_state=state)[0].tolist() != first


@pytest.mark.parametrize("arguments", [{}, {"full": False}, {"script": "all"}], ids=str)
def test_draws_have_equal_shares_and_rarely_repeat(arguments):
    names, nationalities = make_names(20_000, random_state=0, **arguments)
    counts = np.array(list(Counter(nationalities).values()))
    assert len(counts) == 57
    # The standard deviation of a count is 5 % of the mean.
    assert (abs(counts / counts.mean() - 1) < 0.25).all()
    n_distinct = len(set(zip(names, nationalities, strict=True)))
    assert n_distinct / len(names) > (0.98 if arguments.get("full", True) else 0.6)


def test_nationalities_are_drawn_by_their_weights(parts):
    weights = {"Turkish": 3, "Japanese": 0, "Dutch": 9}
    names, drawn = make_names(4000, nationalities=weights, random_state=0)
    counts = Counter(drawn)
    # The standard deviation of a share is .007.
    assert counts["Dutch"] / 4000 == pytest.approx(0.75, abs=0.03)
    assert counts["Dutch"] + counts["Turkish"] == 4000
    for name, nationality in zip(names[:200], drawn, strict=False):
        assert orders(name, nationality, parts)


def test_single_parts_are_half_given_names_and_half_surnames(parts):
    names, nationalities = make_names(5_000, full=False, random_state=0)
    n_given = n_surnames = 0
    for name, nationality in zip(names, nationalities, strict=True):
        is_given = name in parts[nationality, "given"]
        is_surname = name in parts[nationality, "surname"]
        assert is_given or is_surname
        if is_given != is_surname:
            n_given += is_given
            n_surnames += is_surname
    assert n_given / (n_given + n_surnames) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"n_samples": 0}, "'n_samples' parameter of make_names"),
        ({"nationalities": ["Polish", "Klingon"]}, "Albanian, .* Zulu, .* Got Klingon"),
        (
            {"nationalities": ["Polish"], "script": "native"},
            "Arabic, .* Ukrainian, .* Got Polish",
        ),
        ({"nationalities": []}, "Got none of them"),
        ({"nationalities": [1, None]}, "Got 1, None"),
        ({"nationalities": np.array([["Greek"]])}, r"Got \['Greek'\]"),
        ({"nationalities": {"Klingon": 1}}, "Got Klingon"),
        ({"nationalities": {"Greek": 1, "Polish": -1}}, "-1 at position 1"),
    ],
)
def test_bad_arguments_raise(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_names(**arguments)
