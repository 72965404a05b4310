"""Tests of CharEncoder: names are encoded as in a table of examples."""

import json
import sys
import tracemalloc
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sknames import CharEncoder
from tests.conftest import run_process

READINGS = json.loads(
    Path(__file__)
    .with_name("data")
    .joinpath("readings.json")
    .read_text(encoding="utf-8")
)
NAMES = READINGS["names"]


@pytest.fixture
def in_chunks(monkeypatch):
    """Encode names in chunks of two."""
    monkeypatch.setattr("sknames._encoding.char_encoder.CHUNK_NAMES", 2)


@pytest.mark.parametrize(
    "expected", READINGS["encoders"], ids=lambda row: str(row["params"])
)
def test_encoded_names_equal_reference_table(in_chunks, expected):
    params = expected["params"]
    alphabet = expected["alphabet"]
    encoder = CharEncoder(tidy=False, **params).fit(iter(NAMES))
    assert encoder.alphabet_ == alphabet
    assert encoder.unknown_code_ == len(alphabet) + 1
    codes = encoder.transform(NAMES)
    assert encoder.inverse_transform(codes).tolist() == expected["readings"]
    assert codes.dtype == np.min_scalar_type(len(alphabet) + 1)
    longest = max(1, *map(len, expected["readings"]))
    n_columns = params.get("max_length", 64) or longest
    assert codes.shape[1] == encoder.max_length_ == n_columns


CHARACTERS = st.characters(exclude_categories=()) | st.sampled_from(
    "aAzßİıﬁé\u0301\u0327\u0345\0\ud800Σ王 \n"
    "\t\"'’„\u00a0\u200b\ufeff–`·・＝,.،。ﾞ\u0640\ufe70"
)
TEXTS = st.lists(st.text(CHARACTERS), min_size=1, max_size=8)
TRANSLITERATE = st.sampled_from([True, False, "unknown", "both"])


@given(
    TEXTS,
    st.booleans(),
    TRANSLITERATE,
    st.booleans(),
    st.sampled_from([1, 2, 5]),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_text_is_encoded_independently_of_other_texts(
    names, clean, transliterate, lowercase, least
):
    encoder = CharEncoder(
        clean=clean,
        tidy=False,
        transliterate=transliterate,
        lowercase=lowercase,
        min_frequency=least,
    )
    codes = encoder.fit_transform(names)
    alone = [encoder.transform([name]) for name in names]
    assert_array_equal(np.concatenate(alone), codes)
    first, *others = encoder.alphabet_
    kinds = {*map(unicodedata.category, encoder.alphabet_)}
    assert first == " "
    assert others == sorted({*others} - {" "})
    assert kinds.isdisjoint(["Cc", "Cs"])


@pytest.mark.parametrize(
    "params, unreachable",
    [
        ({"alphabet": "abC"}, "C"),
        ({"alphabet": "aéß", "transliterate": True}, "éß"),
        ({"alphabet": "aéÉ", "transliterate": False}, "É"),
        ({"alphabet": "a\u212b", "transliterate": False, "lowercase": False}, "\u212b"),
    ],
)
def test_unreachable_characters_in_alphabet_warn(params, unreachable):
    with pytest.warns(
        UserWarning, match=f"{unreachable!r} of alphabet never occur"
    ) as record:
        CharEncoder(**params).fit(["a"])
    assert record[0].filename == __file__


@pytest.mark.parametrize(
    "alphabet, max_length", [(None, 5), ("", 5), (" aa", 5), ("ab", 5), (" a", 0)]
)
def test_from_alphabet_with_invalid_alphabet_or_length_raises(alphabet, max_length):
    message = f"space first, .* got {alphabet!r} and {max_length}\\. .* save the model"
    with pytest.raises(ValueError, match=message):
        CharEncoder.from_alphabet(alphabet, max_length)


AB = CharEncoder().fit(["ab"])


def change_state(**change):
    CharEncoder.__new__(CharEncoder).__setstate__(AB.__getstate__() | change)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: CharEncoder(alphabet="").fit(["a"]), r"hold .* with \[\] repeated"),
        (lambda: CharEncoder(alphabet="abca").fit(["a"]), r"\['a'\] repeated"),
        (lambda: change_state(unknown_code_=9), "file .* was changed"),
        (lambda: change_state(max_length_="3"), "file .* was changed"),
        (
            lambda: AB.inverse_transform([[1, 2], [0, 9]]),
            "to 4, got 9 in row 1, col.* 1",
        ),
        (lambda: AB.inverse_transform([[-1]]), "from 0 .*, got -1"),
        (lambda: AB.inverse_transform([[1, 1.5]]), r"got 1\.5 in row 0, column 1"),
    ],
    ids=[
        "empty alphabet",
        "repeated character",
        "changed unknown code",
        "changed length",
        "code too large",
        "negative code",
        "fractional code",
    ],
)
def test_invalid_alphabet_saved_state_or_codes_raise(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_numpy_max_length_becomes_int():
    encoder = CharEncoder.from_alphabet(" ab", np.array([5])[0])
    assert json.dumps(encoder.max_length_) == "5"


def test_empty_names_get_one_column_of_padding():
    codes = CharEncoder(max_length=None).fit_transform(["", ""])
    assert codes.tolist() == [[0], [0]]


def test_names_longer_than_in_fit_warn_with_count(in_chunks):
    encoder = CharEncoder(max_length=None).fit(["abcd", "a"])
    message = "2 of 4 names are longer .* and were cut to its 4 characters"
    with pytest.warns(UserWarning, match=message) as record:
        codes = encoder.transform(["abcda", "b", "abßd", "dcba"])
    assert record[0].filename == __file__
    expected = [[2, 3, 4, 5], [3, 0, 0, 0], [2, 3, 6, 6], [5, 4, 3, 2]]
    assert codes.tolist() == expected


@pytest.mark.parametrize(
    "usual, longest",
    [
        (["Ana"], 200),  # 10 characters are usual at least
        ([*["Ana"] * 98, "a" * 11], 220),  # 99 % have at most 11
    ],
)
def test_fit_warns_about_name_longer_than_20_times_usual_length(usual, longest):
    encoder = CharEncoder(max_length=None)
    assert encoder.fit([*usual, "a" * longest]).max_length_ == longest
    message = f"position {len(usual)} has {longest + 1} characters, .* at most "
    message += rf"{longest // 20}\..* max_length={longest // 10}\."
    with pytest.warns(UserWarning, match=message) as record:
        encoder.fit([*usual, "a" * (longest + 1)])
    assert record[0].filename == __file__
    assert encoder.max_length_ == longest + 1
    assert CharEncoder().fit([*usual, "a" * 2000]).max_length_ == 64


def test_padded_codes_use_one_byte_each():
    encoder = CharEncoder(max_length=20_000).fit(["ab"])
    tracemalloc.start()
    codes = encoder.transform(["ab", "", "a"] * 100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert codes.shape == (300, 20_000)
    assert codes.sum() == 700
    assert peak < 1.2 * codes.nbytes


@pytest.mark.parametrize(
    "n_characters, dtype",
    [(254, "uint8"), (255, "uint16"), (65_534, "uint16"), (65_535, "uint32")],
)
def test_codes_have_smallest_sufficient_dtype(n_characters, dtype):
    ideographs = [chr(0x20000 + k) for k in range(n_characters - 1)]
    encoder = CharEncoder.from_alphabet(
        " " + "".join(ideographs), 2, clean=False, tidy=False, transliterate=False
    )
    codes = encoder.transform(["".join(ideographs[-2:]), "a"])
    assert codes.dtype == dtype
    assert codes.tolist() == [[n_characters - 1, n_characters], [n_characters + 1, 0]]


def test_inverse_transform_skips_padding_zeros():
    encoder = CharEncoder().fit(["Ana"])
    codes = pd.DataFrame([[0.0, 2, 0, 2, 0, 0, 0, 2]])
    names = encoder.inverse_transform(codes)
    assert names.dtype == object
    assert names.tolist() == ["aaa"]


@pytest.mark.parametrize(
    "missing", [None, float("nan"), np.datetime64("NaT", "s"), pd.NA, pd.NaT], ids=repr
)
def test_handle_missing_empty_encodes_missing_name_as_empty_name(missing):
    encoder = CharEncoder(handle_missing="empty", max_length=3)
    codes = encoder.fit_transform(["Ana", missing, "Bo", missing])
    assert_array_equal(codes, encoder.fit_transform(["Ana", "", "Bo", ""]))
    assert encoder.transform([missing]).tolist() == [[0, 0, 0]]
    with pytest.raises(TypeError, match=r"got int \(5\) at position 2"):
        encoder.transform(["Ana", missing, 5])


@pytest.mark.parametrize(
    "n_titled, is_tidy", [(0, True), (1, True), (2, False), (200, False)]
)
def test_tidy_auto_keeps_titles_if_one_percent_of_names_have_titles(n_titled, is_tidy):
    names = ["Dr. Anna Kim"] * n_titled + ["Kim, Anna (HR)"] * (200 - n_titled)
    encoder = CharEncoder().fit(names)
    assert encoder.tidy_ is is_tidy
    expected = CharEncoder(tidy=is_tidy).fit(names)
    assert encoder.alphabet_ == expected.alphabet_
    texts = ["Herr Kim", "Kim, Anna 😀"]
    assert_array_equal(encoder.transform(texts), expected.transform(texts))
    assert encoder.fit(["Anna"]).tidy_ is True  # chosen anew


@pytest.mark.parametrize(
    "title",
    ["Dr.\u200b", "ＤＲ", "Fräulein", "Fra\u0308ulein", "κύριος", "κυ\u0301ριος"],
)
def test_tidy_auto_counts_titles_in_any_spelling(title):
    typed = [f"{title} Anna Kim"]
    assert CharEncoder().fit(typed).tidy_ is False
    encoder = CharEncoder(tidy=True).fit(typed)
    with_title, without = encoder.transform([*typed, "Anna Kim"])
    assert_array_equal(with_title, without)


def test_from_alphabet_tidies_names_by_default():
    for tidy, is_tidy in (("auto", True), (True, True), (False, False)):
        encoder = CharEncoder.from_alphabet(" ab", 9, tidy=tidy)
        assert encoder.tidy_ is is_tidy


def test_failed_fit_keeps_encoder_state():
    encoder = CharEncoder().fit(["abc"])
    before = vars(encoder).copy()
    with pytest.raises(ValueError, match="missing"):
        encoder.fit(["longer", None])
    encoder.alphabet = before["alphabet"] = ""
    with pytest.raises(ValueError, match="alphabet"):
        encoder.fit(["longer"])
    assert vars(encoder) == before


@pytest.mark.parametrize(
    "transliterate, expected",
    [("unknown", "üao"), ("both", "üao"), (True, "uao"), (False, "üåø")],
)
def test_characters_rarer_than_min_frequency_are_transliterated(
    transliterate, expected
):
    """ü occurs five times, ø four times, and å once."""
    names = ["üüü", "Ü", "ü", "å", "øøøø"]
    encoder = CharEncoder(transliterate=transliterate).fit(names)
    assert encoder.alphabet_ == " " + "".join(sorted(expected))
    assert encoder.inverse_transform(encoder.transform(["üåø"])).tolist() == [expected]


def test_python_without_lzma_raises_with_hint():
    code = "import sys; sys.modules['_lzma'] = None; import sknames; "
    code += "sknames.load_pretrained().predict(['罗伯特·莱万多夫斯基'])"
    root = Path(__file__).parent.parent
    run = run_process(sys.executable, "-c", code, code=1, cwd=root)
    assert "ImportError: Expected a Python with the module lzma" in run.stderr
