"""Tests of the reasons why texts are not names."""

import unicodedata
from itertools import product
from pathlib import Path
from string import ascii_uppercase

import numpy as np
import pytest
from hypothesis import example, given
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from sknames import (
    CharEncoder,
    JoinNames,
    PriorShiftClassifier,
    SelectiveClassifier,
    estimate_shares,
    load_pretrained,
    predict_table,
)
from sknames._text.names import Names, ReadingRules
from sknames._text.not_names import BROKEN, RULES, TIDY, _why_not_name
from sknames._text.spelling import clean, compose
from sknames.datasets import load_names
from tests.test_spelling import ANY, typed_with

DATA = Path(__file__).parent / "data"
ORGANIZATIONS = (
    Path(__file__).parent.parent / "examples" / "benchmarks" / "organizations.txt"
)


@pytest.mark.parametrize("with_encoder", [False, True])
def test_reason_why_text_is_not_a_name_does_not_depend_on_other_texts(
    shipped, judged, with_encoder
):
    rules = shipped[0]._rules if with_encoder else ReadingRules()
    texts = [*judged, *["Anna"] * 20]
    assert Names(texts, rules).reasons[: len(judged)].tolist() == [*judged.values()]
    for text, reason in judged.items():
        assert Names([text], rules).reasons.tolist() == [reason], text


def test_single_character_is_a_name_only_if_letter():
    texts = []
    for text in map(chr, range(0x110000)):
        is_assigned = unicodedata.category(text) not in ("Cn", "Cs")
        if is_assigned and text not in "㈱㈲㈜ﵬﵭ":  # company, Allah
            texts.append(text)
    found = Names(texts).reasons
    for text, plain, reason in zip(texts, clean(texts), found, strict=True):
        expected = "no known letter"
        if not plain or unicodedata.category(text) == "Cc":
            expected = "missing name"
        elif unicodedata.category(plain[0]).startswith("L"):
            expected = ""
        assert reason == expected, text


def test_every_legal_form_marks_organization():
    texts = (DATA / "legal_forms.txt").read_text(encoding="utf-8").splitlines()
    texts.append("Acme S. de R. L. de C. V.")  # seven tokens
    for form in RULES["in_brackets"]:
        texts.append(f"Berg ({form})")
        if form.isascii():
            texts += [f"Berg ({form.upper()})", f"Berg ({'.'.join(form)})"]
    is_other = Names(texts).reasons != "organization"
    assert np.array(texts)[is_other].tolist() == []


def test_at_least_354_benchmark_organizations_are_recognized():
    texts = ORGANIZATIONS.read_text(encoding="utf-8").splitlines()
    assert np.count_nonzero(Names(texts).reasons == "organization") >= 354


def test_words_that_mark_organizations_never_occur_in_shipped_names():
    names = load_names(script="all", return_X_y=True)[0]
    borne = {word for name in names for word in name.lower().replace("-", " ").split()}
    assert borne.isdisjoint(RULES["word"])
    assert {*Names(names).reasons} == {"", "placeholder"}  # Nan


@pytest.mark.parametrize("text", ["infant", "Vorname unbekannt", "male child"])
def test_placeholder_is_recognized_only_as_entire_text(text):
    texts = [text, text.upper(), f"({text})", f"Lee {text}"]
    assert Names(texts).reasons.tolist() == [*["placeholder"] * 3, ""]


def test_surnames_containing_and_are_not_several_names():
    path = DATA / "iberian_and_polish_names.txt"
    names = path.read_text(encoding="utf-8").splitlines()
    assert Names(names).reasons.tolist() == [""] * 50


@pytest.mark.parametrize("text", ["und Frau Kim", "e Signora Rossi", "y Sra. López"])
def test_word_for_and_at_start_of_text_does_not_mark_several_names(text):
    assert Names([text, f"Rossi {text}"]).reasons.tolist() == ["", "several names"]


@pytest.mark.parametrize("behind", ["{}{}", "{}.{}.", "{}. {}."])
def test_two_capital_letters_beside_a_name_are_initials(behind):
    texts = []
    for pair in product(ascii_uppercase, repeat=2):
        initials = behind.format(*pair)
        texts += [f"Smith {initials}", f"Smith, {initials}", f"{initials} Smith"]
    is_no_name = Names(texts).reasons != ""
    companies = {"Smith UG", "Smith, UG", "UG Smith"}
    assert {*np.array(texts)[is_no_name].tolist()} <= companies


def test_decomposed_letter_is_known_if_alphabet_has_composed_letter():
    encoder = CharEncoder.from_alphabet(" é", 9, transliterate=False)
    texts = ["e\u0301", "e", "E\u0301", "王", "王 é"]
    no = "no known letter"
    assert Names(texts, encoder._rules).reasons.tolist() == ["", no, "", no, ""]
    # The letter ʔ is read as an apostrophe.
    encoder = CharEncoder.from_alphabet(" '", 9)
    assert Names(["ʔ"], encoder._rules).reasons.tolist() == [no]


def test_selective_classifier_and_predict_table_give_same_reasons(shipped, judged):
    texts = [*judged]
    reasons = [*judged.values()]
    found = load_pretrained(abstain=True).reasons(texts)
    assert np.where(found == "unsure", "", found).tolist() == reasons
    columns = [[*text.split(" ", 1), ""][:2] for text in texts]
    joins = FrozenEstimator(make_pipeline(JoinNames(), shipped))
    joins = SelectiveClassifier(joins, coverage=1).fit(
        columns, ["Polish"] * len(columns)
    )
    assert joins.reasons(columns).tolist() == reasons
    table = predict_table(shipped, texts)
    assert table["reason"].tolist() == reasons


@pytest.mark.filterwarnings("ignore:The shares are rough", "ignore:The model is unsure")
def test_texts_that_are_not_names_do_not_change_shares(shipped, judged):
    others = [text for text, reason in judged.items() if reason]
    names = ["Niamh Byrne", "Seán Murphy", "Aoife Walsh", "Niamh Byrne"]
    expected = estimate_shares(shipped, names, n_draws=200)
    rows = [[None, text] for text in [*others, *names, *others]]
    found = estimate_shares(make_pipeline(JoinNames(), shipped), rows, n_draws=200)
    np.testing.assert_allclose(found.share, expected.share, atol=1e-7)
    assert (found.n_names, found.n_not_names) == (4, 2 * len(others))
    assert (
        f"{4 + 2 * len(others)} rows: 4 names (3 distinct), {2 * len(others)} not"
        in repr(found)
    )
    expected, found = (
        PriorShiftClassifier(shipped).fit(X) for X in (names, names + others)
    )
    np.testing.assert_allclose(found.class_prior_, expected.class_prior_, atol=1e-7)
    with pytest.raises(ValueError, match="No usable names"):
        PriorShiftClassifier(shipped).fit(others)


WORDS = [*TIDY["titles"], *TIDY["degrees"], "example.com", "www.", "Kim", "J", "É"]
for texts in RULES.values():
    if isinstance(texts, list):
        WORDS += texts


@given(typed_with(WORDS))
@example("www. Anna")
@ANY
def test_quick_check_of_names_agrees_with_full_check(typed):
    few_letters = CharEncoder.from_alphabet(" anm", 9)._rules
    for rules in (ReadingRules(), few_letters):
        (reason,) = Names([typed], rules).reasons
        if reason != BROKEN:
            assert reason == _why_not_name(*compose(clean([typed])), rules.knows_letter)


@pytest.mark.parametrize(
    "text, reason",
    [
        ("Ab " + "II " * 165 + "I", ""),  # 499 characters
        ("Ab " + "II " * 165 + "II", "several names"),
        ("née X " * 20_000, "several names"),
        ("Foo Ltd" + ", Kim" * 100, "organization"),
        ("𐍈" * 500, "several names"),
    ],
)
def test_long_text_is_read_up_to_500_characters(text, reason):
    names = Names([text, text[:500]])
    assert names.reasons.tolist() == [reason, reason]
    assert names.tidy[0] == names.tidy[1]


@pytest.mark.parametrize("text", ["ᏣᎳᎩ", "ⵎⵓⵃⵎⴷ", "ꦱꦸꦲꦂꦠ"])
def test_text_in_unknown_script_is_not_a_name(shipped, text):
    reasons = Names([text, f"{text} Anna"], shipped[0]._rules).reasons
    assert reasons.tolist() == ["no known letter", ""]
    in_ascii = CharEncoder(transliterate=True).fit(["tsalagi mumd suhart"])
    assert Names([text], in_ascii._rules).reasons.tolist() == [""]
