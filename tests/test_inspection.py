"""Tests of prefix probabilities and feature contributions."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sknames import (
    CharEncoder,
    JoinNames,
    NameNationalityClassifier,
    PriorShiftClassifier,
    make_own_labels_pipeline,
)
from sknames.datasets import load_names
from sknames.inspection import (
    feature_contributions,
    prefix_proba,
)

NAMES = ["Kowalski", "Anna Maria", "王伟", "Γιώργος", "Þórður", "عمر", "O’Brien 7"]
ODD_NAMES = ["a", "☃☃", "''a", "-- --", " a  b ", "'ab'", "e\u0301"]
ODD_NAMES += ["x" * 80, "x" * 19 + " y"]


@pytest.fixture(scope="module")
def model(small_names):
    params = {"hidden_size": 16, "embedding_dim": 16, "word_weight": 0}
    classify = NameNationalityClassifier(**params, random_state=0)
    model = Pipeline([("encode", CharEncoder(max_length=20)), ("classify", classify)])
    names, labels = small_names
    return model.fit([*names, "Maria Popescu-Pappas"], [*labels, "Greek"])


def log_odds(proba):
    return np.log(proba / (1 - proba))


# ---- Characters


@pytest.fixture(scope="module")
def some_names():
    return load_names(script="all").data[::197]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"clean": False},
        {"transliterate": False},
        {"transliterate": "unknown", "min_frequency": 9},
        {"lowercase": False, "max_length": 5},
        {"tidy": False},
        {"alphabet": "abc"},
        {"transliterate": "both", "min_frequency": 1},
    ],
    ids=str,
)
def test_characters_of_prefix_proba_match_encoded_name(params, some_names):
    encoder = CharEncoder(**{"max_length": 30} | params)
    model = make_pipeline(encoder, DummyClassifier())
    model.fit(some_names[::2], np.arange(len(some_names[::2])) % 2)
    for name in [*some_names, *NAMES, *ODD_NAMES, "", "Frau Dr. Müller"]:
        found = prefix_proba(model, name)
        codes = encoder.transform([name])
        assert "".join(found.characters) == encoder.inverse_transform(codes)[0]
        assert len(found.proba) == np.count_nonzero(codes)


def test_transliterated_characters_have_native_characters_as_sources(shipped):
    found = prefix_proba(shipped, " 王王伟 ")
    assert "".join(found.characters) == "王王伟 wangwangwei"
    assert "".join(found.sources) == "王王伟 王王王王王王王王伟伟伟"
    assert found.source_index.tolist() == [0, 1, 2, 3] + [0] * 4 + [1] * 4 + [2] * 3
    assert found.name == " 王王伟 "


def test_foreign_names_in_chinese_have_latin_spelling_and_sources(shipped):
    found = prefix_proba(shipped, "罗伯特·莱万多夫斯基")
    assert "".join(found.characters) == "罗伯特·莱万多夫斯基 robert lewandowski"
    assert "".join(found.sources[11:]) == "罗罗伯伯特特·莱莱万万多多夫夫斯斯基"
    assert found.source_index[11:18].tolist() == [0, 0, 1, 1, 2, 2, 3]
    found = prefix_proba(shipped, "罗伯特·王王·莱万多夫斯基")
    assert "".join(found.characters[14:]) == "robert wangwang lewandowski"
    assert found.source_index[20:30].tolist() == [3, *[4] * 4, *[5] * 4, 6]


# ---- Prefixes


@pytest.mark.parametrize("name", ["Kowalska", "Anna maria", "ab' cd"])
def test_prefix_proba_equals_predict_proba_of_each_prefix(model, name):
    found = prefix_proba(model, name)
    assert found.proba.shape == (len(name), 4)
    assert_array_equal(found.classes, model.classes_)
    prefixes = [name[: k + 1] for k in range(len(name))]
    assert_allclose(found.proba, model.predict_proba(prefixes), rtol=1e-9)


@pytest.mark.parametrize("name", NAMES + ODD_NAMES)
def test_last_row_of_prefix_proba_equals_predict_proba_of_name(model, name):
    found = prefix_proba(model, name)
    assert_allclose(found.proba[-1:], model.predict_proba([name]), rtol=1e-9)
    assert_allclose(found.proba.sum(axis=1), 1)


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "\x00", "'"])
def test_prefix_proba_of_name_without_characters_has_no_rows(model, name):
    assert prefix_proba(model, name).proba.shape == (0, 4)


# ---- Contributions


@pytest.mark.parametrize(
    "ngram_range, lengths", [((1, 5), range(1, 6)), ((3, 4), [3, 4]), (None, [])]
)
@pytest.mark.parametrize("separator, marks", [(" ", "  "), ("-", "^$")])
def test_feature_contributions_sum_to_logits(
    small_names, ngram_range, lengths, separator, marks
):
    pairs = zip(small_names[0][::2], small_names[0][1::2], strict=True)
    names = [f"{first}{separator}{second}" for first, second in pairs]
    params = {"hidden_size": 4, "max_epochs": 2, "word_weight": 0.3}
    classify = NameNationalityClassifier(
        **params, ngram_range=ngram_range, random_state=0
    )
    model = make_pipeline(CharEncoder(max_length=30), classify)
    model.fit(names, small_names[1][::2])
    for name in ["Anna Maria", "王伟", "anna anna", "☃", "", "x" * 40, names[0]]:
        found = feature_contributions(model, name)
        logits = found.intercept + found.contributions.sum(axis=0)
        assert_allclose(softmax(logits), model.predict_proba([name])[0], atol=1e-5)
        text = marks[0] + "".join(found.characters) + marks[1]
        pieces = [text[first + 1 : last + 1] for first, last in found.spans]
        assert found.features.tolist() == pieces
    # For a training name, all n-grams are known, and its words follow them.
    words = names[0].lower().split()
    n_words = len(words)
    assert pieces[-n_words:] == words
    k = model.classes_.tolist().index(small_names[1][0])
    assert (found.contributions[-n_words:, k] > 0).all()
    expected = []
    for n in lengths:
        grams = [text[start : start + n] for start in range(len(text) - n + 1)]
        expected += [gram for gram in grams if " " not in gram[1:-1]]
    assert sorted(pieces[:-n_words]) == sorted(expected)


# ---- Features of own labels


@pytest.mark.parametrize(
    "labels", [["a", "b", "b", "a"], ["x", "y", "z", "z"]], ids=len
)
def test_contributions_of_custom_labels_are_values_times_coefficients(
    tiny, small_names, labels
):
    names = small_names[0]
    y = np.repeat(labels, 50)
    own = make_own_labels_pipeline(FrozenEstimator(tiny)).fit(names, y)
    for model in (own, make_pipeline(JoinNames(), own)):
        found = feature_contributions(model, "Herr Jan Nowak")
        assert found.name == "Herr Jan Nowak"
        assert found.classes.tolist() == sorted({*labels})
        logits = found.intercept + found.contributions.sum(axis=0)
        expected = model.predict_proba(["Herr Jan Nowak"])[0]
        assert_allclose(softmax(logits), expected, rtol=1e-6)
    table = found.to_frame()
    features = own[0].get_feature_names_out()
    values = own[0].transform(["Jan Nowak"]).toarray()[0]
    assert found.features.tolist() == features[values != 0].tolist()
    assert "model__nameencoder_Greek" in found.features
    assert table.columns.tolist() == found.classes.tolist()
    k = np.flatnonzero(values)[-1]  # an n-gram
    coef = own[1].coef_[:, k]
    row = table.loc[features[k]].to_numpy()
    expected = values[k] * (coef[-1] - (len(coef) > 1) * coef[0])
    assert_allclose(row[-1] - row[0], expected)


def test_class_with_prior_0_has_intercept_of_minus_infinity(tiny):
    never = PriorShiftClassifier(tiny, priors=[0, 0.2, 0.3, 0.5])
    assert feature_contributions(never, "Jan").intercept[0] == -np.inf


def test_log_odds_compare_two_best_labels_or_given_labels(model):
    found = feature_contributions(model, "Anna Kowalska")
    proba = model.predict_proba(["Anna Kowalska"])[0]
    first, second, third, last = np.argsort(-proba)
    for given, columns in [
        ([], (first, second)),
        ([second], (second, first)),
        ([last, third], (last, third)),
    ]:
        odds = found.log_odds(*model.classes_[given])
        label, other = columns
        assert odds.label == model.classes_[label]
        assert odds.other == model.classes_[other]
        assert_allclose(
            odds.contributions.sum() + odds.intercept,
            np.log(proba[label] / proba[other]),
            atol=1e-5,
        )
        differences = found.contributions[:, label] - found.contributions[:, other]
        largest_first = np.argsort(-np.abs(differences), kind="stable")
        assert_array_equal(odds.contributions, differences[largest_first])
        assert_array_equal(odds.features, found.features[largest_first])
    with pytest.raises(ValueError, match="^label got 'Klingon', but the model"):
        found.log_odds("Greek", "Klingon")


# ---- Models


def test_prefix_proba_supports_any_classifier_after_encoder(small_names):
    one_hot = OneHotEncoder(handle_unknown="ignore")
    model = make_pipeline(CharEncoder(), one_hot, MultinomialNB()).fit(*small_names)
    found = prefix_proba(model, "Anna Ma")
    prefixes = ["a", "an", "ann", "anna", "anna ", "anna m", "anna ma"]
    assert_allclose(found.proba, model.predict_proba(prefixes))


def test_feature_contributions_require_linear_model_with_softmax(small_names):
    names, labels = small_names
    sgd = SGDClassifier(loss="log_loss")
    ngrams = make_pipeline(TfidfVectorizer(analyzer="char"), sgd)
    found = feature_contributions(ngrams.fit(names, labels == "Greek"), "Kowalski")
    assert found.classes.tolist() == [False, True]
    one_for_each_class = ngrams.fit(names, labels)
    message = "whose probabilities are a softmax, .* use prefix_proba"
    with pytest.raises(TypeError, match=message):
        feature_contributions(one_for_each_class, "Kowalski")
    alone = LogisticRegression().fit([[0], [1]], [0, 1])
    with pytest.raises(TypeError, match="or one with a linear classifier"):
        feature_contributions(alone, "Kowalski")


def test_prefix_proba_supports_calibration_only_after_encoder(tiny, small_names):
    names, labels = small_names
    encoder = tiny[0]
    classifier = tiny[1]
    calibrated = CalibratedClassifierCV(FrozenEstimator(classifier))
    model = make_pipeline(encoder, calibrated).fit(names, labels)
    found = prefix_proba(model, "Ana")
    expected = model.predict_proba(["a", "an", "ana"])
    assert_allclose(found.proba, expected, rtol=1e-6)
    around = CalibratedClassifierCV(FrozenEstimator(tiny)).fit(names, labels)
    for outer in (around, make_pipeline(JoinNames(), around)):
        with pytest.raises(TypeError, match="a calibration, pass the model inside"):
            prefix_proba(outer, "Ana")


def test_inspection_with_invalid_arguments_raises(model):
    with pytest.raises(ValueError, match="^label got 'Greece'.* such as .'Greek'.:"):
        feature_contributions(model, "Anna").log_odds("Greece")
    with pytest.raises(TypeError, match="begins with a CharEncoder"):
        prefix_proba(model["classify"], "Anna")
    with pytest.raises(
        ValueError, match="'name' parameter of prefix_proba must be .*'str'"
    ):
        prefix_proba(model, ["Anna"])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_inspection_does_not_depend_on_set_output(small_names, tiny, library):
    own = clone(tiny).set_output(transform=library).fit(*small_names)
    expected = prefix_proba(tiny, "Ana")
    found = prefix_proba(own, "Ana")
    for key in ("characters", "proba"):
        assert_array_equal(found[key], expected[key])
    found = feature_contributions(own, "Ana").to_frame()
    assert found.equals(feature_contributions(tiny, "Ana").to_frame())


def test_contributions_to_frame_without_pandas_raises_with_hint(shipped, monkeypatch):
    found = feature_contributions(shipped, "Kowalski")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="Contributions.to_frame requires pandas"):
        found.to_frame()
