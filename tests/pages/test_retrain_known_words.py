"""The number of known words in a name, for the model card."""

import pytest

from sknames import load_pretrained
from tests.conftest import tiny_pipeline
from tools.retrain import known_words
from tools.retrain.known_words import count_known_words, without_initials


@pytest.mark.parametrize(
    ("name", "n_known"),
    [
        ("Novak Djokovic", 2),
        ("Djokovic Brzqovic", 1),
        ("Djokovic Djokovic", 2),
        ("Zilvan Quortz", 0),
        ("Иван Петров", 2),  # encoded twice, as written and in Latin letters
        ("Dr. Anna Kim", 2),
        ("Müller, A. M.", 1),
        ("A. B.", 0),
        ("Kim Ltd", 0),
        ("", 0),
    ],
)
def test_count_known_words_alone_or_in_batches_equals_expected_number(
    name, n_known, monkeypatch
):
    model = load_pretrained()
    assert count_known_words(model, [name]).tolist() == [n_known]
    monkeypatch.setattr(known_words, "BATCH", 2)
    in_batches = count_known_words(model, ["Kim", "123", name])
    assert in_batches.tolist() == [1, 0, n_known]


def test_count_known_words_of_quotation_mark_is_0():
    model = tiny_pipeline().set_params(encode__clean=False)
    model.fit(['" Anna', '" Anna', "Bo", "Cleo Bo"] * 5, ["x", "x", "y", "y"] * 5)
    assert count_known_words(model, ['"', "Bo"]).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A. B. Kim", "Kim"),
        ("A.-B. Kim", "Kim"),
        ("A.B.C. Kim", "Kim"),
        ("J Kim", "J Kim"),
        ("Jr. Kim", "Jr. Kim"),
        ("A.Bo Kim", "A.Bo Kim"),
        ("3. Kim", "3. Kim"),
    ],
)
def test_without_initials_removes_only_single_letters_with_dots(name, expected):
    assert without_initials(name) == expected
