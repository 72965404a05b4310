from collections import Counter, UserDict, defaultdict
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from sknames.datasets import make_names


@pytest.fixture(scope="module")
def parts(all_names):
    """The surnames and the given names of each nationality."""
    parts = defaultdict(set)
    rows = zip(all_names.data, all_names.target, all_names.part, strict=True)
    for name, nationality, part in rows:
        for one in part.replace("both", "surname given").split():
            parts[nationality, one].add(name)
    return parts


def first_parts(name, nationality, parts):
    """Return the parts that may come first, if the name is read as both of them."""
    found = []
    for i in range(1, len(name)):
        halves = [name[:i], name[i:].removeprefix(" ")]
        for order in (["given", "surname"], ["surname", "given"]):
            first, last = (parts[nationality, part] for part in order)
            if halves[0] in first and halves[1] in last:
                found.append(order[0])
    return {*found}


def test_make_names_gives_arrays_of_strings():
    for array in make_names(1000, random_state=0):
        assert array.shape == (1000,)
        assert array.dtype == object
        assert {type(item) for item in array} == {str}
    assert make_names()[0].shape == (100,)


@pytest.mark.parametrize("script", ["Latn", "Cyrl", "native", "all"])
def test_generated_names_combine_given_name_and_surname(script, parts):
    drawn = make_names(3000, script=script, random_state=1)
    for name, nationality in zip(*drawn, strict=True):
        assert first_parts(name, nationality, parts), (name, nationality)


@pytest.mark.parametrize(
    "nationality, share", [("Polish", 0), ("Turkish", 0), ("Hungarian", 0.5)]
)
def test_order_of_generated_latin_names_follows_nationality(nationality, share, parts):
    names, _ = make_names(2000, nationalities=[nationality], random_state=2)
    firsts = [first_parts(name, nationality, parts) for name in names]
    n_surname_first = firsts.count({"surname"})
    n_sure = n_surname_first + firsts.count({"given"})
    assert n_sure > 1000  # others can be read either way
    assert n_surname_first / n_sure == pytest.approx(share, abs=0.05)


def test_generated_han_hangul_and_kana_names_start_with_surname_without_space(parts):
    asked = ["Chinese", "Japanese", "Korean"]
    drawn = make_names(2000, nationalities=asked, script="native", random_state=3)
    assert {*drawn[1]} == {*asked}
    for name, nationality in zip(*drawn, strict=True):
        assert " " not in name
        assert "surname" in first_parts(name, nationality, parts)


def test_each_generated_name_is_in_a_single_script():
    names, _ = make_names(
        500, nationalities=["Indian"], script="native", random_state=4
    )
    blocks = [{ord(c) // 128 for c in name if c.isalpha()} for name in names]
    assert {len(several) for several in blocks} == {1}
    assert len(set().union(*blocks)) == 3  # Devanagari, Gujarati, Oriya


def test_make_names_with_same_random_state_gives_identical_names():
    first = make_names(50, random_state=0)[0].tolist()
    state = np.random.RandomState(0)
    assert make_names(50, random_state=state)[0].tolist() == first
    assert make_names(50, random_state=state)[0].tolist() != first


@pytest.mark.parametrize(
    "arguments, least_distinct",
    [({}, 0.98), ({"full": False}, 0.6), ({"script": "all"}, 0.98)],
)
def test_generated_names_have_equal_shares_of_nationalities_and_rarely_repeat(
    arguments, least_distinct
):
    drawn = make_names(20_000, random_state=0, **arguments)
    counts = np.unique(drawn[1], return_counts=True)[1]
    # The standard deviation of a count is 5 % of the mean.
    assert counts / 20_000 == pytest.approx(np.full(57, 1 / 57), rel=0.25)
    assert len({*zip(*drawn, strict=True)}) > least_distinct * 20_000


def test_make_names_draws_nationalities_with_given_weights(parts):
    weights = {"Turkish": 3, "Japanese": 0, "Dutch": 9}
    drawn = make_names(4000, nationalities=weights, random_state=0)
    # The standard deviation of a share is .007.
    counts = Counter(drawn[1])
    assert counts["Dutch"] / 4000 == pytest.approx(0.75, abs=0.03)
    assert counts["Dutch"] + counts["Turkish"] == 4000
    assert all(first_parts(*pair, parts) for pair in zip(*drawn, strict=True))


def test_generated_single_words_are_half_given_names_and_half_surnames(parts):
    names, nationalities = make_names(5_000, full=False, random_state=0)
    kinds = Counter()
    for name, nationality in zip(names, nationalities, strict=True):
        kinds[
            name in parts[nationality, "given"], name in parts[nationality, "surname"]
        ] += 1
    n_given = kinds[True, False]
    assert kinds[False, False] == 0
    assert n_given / (n_given + kinds[False, True]) == pytest.approx(0.5, abs=0.03)


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
def test_make_names_with_invalid_arguments_raises(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_names(**arguments)


def test_make_names_accepts_weights_in_any_mapping():
    shares = {"Dutch": 0.9, "Turkish": 0.1}
    expected = make_names(20, nationalities=shares, random_state=0)
    for mapping in (MappingProxyType(shares), UserDict(shares), pd.Series(shares)):
        found = make_names(20, nationalities=mapping, random_state=0)
        assert_array_equal(found, expected)
