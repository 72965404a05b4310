"""Tests of words: they match a dict of strings, and improve a fitted classifier."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sknames import CharEncoder, NameNationalityClassifier
from sknames._network import words as _words
from sknames._network.words import MAX_CLASSES, Words
from sknames.datasets import make_names

SPACE = 1
NATIONALITIES = ["French", "Irish", "Polish", "Turkish"]


def encode(names):
    """Codes of names; the space is the first character of the alphabet."""
    encoder = CharEncoder(alphabet=" 'abcdefghijklmnopqrstuvwxyz").fit(names)
    return encoder.transform(names)


NAMES = [
    "anna li",
    "li",
    "li wu",
    "jan  wu",
    "",
    "bo li wu ",
    " o'li",
    "li li",
    "annali",
]
LABELS = np.array([0, 1, 1, 2, 0, 1, 2, 2, 0])
WEIGHTS = np.array([1, 0.5, 2, 1, 1, 1, 3, 0.25, 1])


def expected(names, labels, weights, n_classes, split):
    """{word: {class: its logit}}."""
    found = defaultdict(Counter)
    totals = np.bincount(labels, weights, n_classes)
    for name, label, weight in zip(names, labels, weights, strict=True):
        for word in split(name):
            found[word][label] += weight
    logits = {}
    for word, counts in found.items():
        rates = {label: n / totals[label] for label, n in counts.items()}
        n = sum(counts.values()) * n_classes / sum(rates.values())
        discount = math.sqrt(10 / (10 + sum(counts.values())))
        logits[word] = {
            label: discount * math.log1p(n * rate) for label, rate in rates.items()
        }
    return logits


def whole(name):
    """The one word of a name: the encoder leaves no white space at its ends."""
    return [" ".join(name.split())] if name.strip() else []


@pytest.mark.parametrize("separator, split", [(SPACE, str.split), (None, whole)])
@pytest.mark.parametrize("chunk_rows", [2, 1000])
def test_fitted_word_logits_equal_dict_implementation(
    chunk_rows, separator, split, monkeypatch
):
    chunk_codes = chunk_rows * encode(NAMES).shape[1]
    monkeypatch.setattr("sknames._network.prefixes.SLICE_CODES", chunk_codes)
    words = Words.fit(encode(NAMES), LABELS, WEIGHTS, 3, separator, 0.5)
    by_word = expected(NAMES, LABELS, WEIGHTS, 3, split)
    assert len(words.keys) == sum(map(len, by_word.values()))
    names = [*by_word, "ann", "nali", "li'", *NAMES, "wu  zz jan", "il", "wu"]
    found = np.zeros((len(names), 3))
    words.add_to(found, encode(names), separator)
    for name, row in zip(names, found, strict=True):
        sums = np.zeros(3)
        for word in split(name):
            for label, logit in by_word.get(word, {}).items():
                sums[label] += logit / 2
        assert_allclose(row, sums, rtol=1e-3, err_msg=name)


def test_words_of_more_than_max_classes_have_logit_0():
    n = MAX_CLASSES + 1
    names = ["de " + chr(ord("a") + k) * 4 for k in range(n)] + ["van xx"] * MAX_CLASSES
    labels = np.array([*range(n), *range(MAX_CLASSES)])
    words = Words.fit(encode(names), labels, np.ones(len(names)), n, SPACE, 1)
    codes = encode(["de", "van", "xx", "aaaa"])
    rows, last, entries = words.find(codes, SPACE)
    classes = [*range(MAX_CLASSES)]
    n_entries = [1, MAX_CLASSES, MAX_CLASSES, 1]
    assert_array_equal(rows, np.repeat([0, 1, 2, 3], n_entries))
    assert_array_equal(last, np.repeat([1, 2, 1, 3], n_entries))
    assert words.classes[entries].tolist() == [0, *classes, *classes, 0]
    assert words.logits[entries[0]] == 0
    assert (words.logits[entries[1:]] > 0).all()


def test_word_logits_support_300_classes():
    codes = np.arange(2, 302)[:, None]
    labels = np.arange(300)
    words = Words.fit(codes, labels, np.ones(300), 300, SPACE, 1)
    found = np.zeros((300, 300))
    words.add_to(found, codes, SPACE)
    assert_array_equal(found.nonzero(), [labels, labels])


def test_word_keys_rarely_collide():
    rng = np.random.RandomState(0)
    codes = rng.randint(2, 1_000, (200_000, 6))
    _, _, keys = _words._keys(codes, SPACE)
    assert len(np.unique(codes, axis=0)) - len(np.unique(keys)) < 30  # 9 by chance
    assert keys.min() >= 0
    assert keys.max() < 2**31


# ---- In a classifier


@pytest.fixture(scope="module")
def names():
    return make_names(1_200, nationalities=NATIONALITIES, random_state=0)


def classifier(**params):
    defaults = {"hidden_size": 8, "max_epochs": 2, "random_state": 0}
    return NameNationalityClassifier(**{"word_weight": 0.3} | defaults | params)


def test_default_word_weight_is_one_quarter(names):
    X = CharEncoder().fit_transform(names[0][:50])
    params = {"hidden_size": 2, "max_epochs": 1, "random_state": 0}
    y = names[1][:50]
    default = NameNationalityClassifier(**params).fit(X, y)
    expected = NameNationalityClassifier(**params, word_weight=0.25).fit(X, y)
    assert len(default.network_.words.keys)
    assert_array_equal(default.predict_proba(X), expected.predict_proba(X))


def test_early_stopping_uses_words_of_training_rows(names):
    classify = classifier(early_stopping=True, max_epochs=1)
    model = make_pipeline(CharEncoder(transliterate=True), classify).fit(*names)
    without = clone(model).set_params(namenationalityclassifier__word_weight=0)
    without.fit(*names)
    (with_words,) = model[-1].history_
    (plain,) = without[-1].history_
    assert with_words["train_loss"] == plain["train_loss"]
    assert with_words["valid_acc"] > plain["valid_acc"] + 0.03
