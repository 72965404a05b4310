"""The linear layer that is folded into a network, or becomes its head."""

import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier, fingerprint
from sknames._network.forward import Forward, softmax
from sknames.datasets import make_names
from tools.retrain import countries, linear, recipe
from tools.retrain.files import read_model, write_model
from tools.retrain.linear import FORMS

KINDS = ["French", "Polish", "Spanish"]


@pytest.fixture(scope="module")
def base():
    """A model of three nationalities, and names that it was not trained on."""
    params = {"hidden_size": 8, "max_epochs": 3, "min_df": 2, "random_state": 0}
    model = Pipeline(
        [("encode", CharEncoder()), ("classify", NameNationalityClassifier(**params))]
    )
    names, labels = make_names(900, nationalities=KINDS, random_state=0)
    return model.fit(names, labels), make_names(
        1_500, nationalities=KINDS, random_state=1
    )


def test_folded_network_averages_logits_of_network_and_head(base):
    (model, (names, labels)), share = base, 0.25
    network = replace(model["classify"].network_, words=None)
    network = network.with_priors(np.array([0.6, 0.3, 0.1]))
    index = np.searchsorted(KINDS, labels)
    head, _ = linear.fit_layer(network, model["encode"], names, index, 3, 500, 0.6)
    codes = network.to_codes(model["encode"].transform(names))
    of_head = Forward(replace(network, weights=network.weights | head), "float64")
    own = Forward(network, "float64").logits(codes) - np.log(network.class_prior)
    mixed = share * own + (1 - share) * of_head.logits(codes)
    folded = linear.folded(network, head, share)
    assert "head.bias" not in folded.weights
    assert np.allclose(folded.class_prior, 1 / 3)
    found = softmax(Forward(folded, "float64").logits(codes))
    assert_allclose(found, softmax(mixed), atol=1e-5)


def test_fit_more_improves_score_and_quantizes_ngram_weights(base):
    model, more = base
    second = recipe.fit_more(model, *more)
    network = second["classify"].network_
    assert second.score(*more) > model.score(*more)
    assert network.weights["ngram_weight"].levels.max() == 15
    assert "head.bias" not in network.weights
    assert len(network.words.keys) > 100
    assert second["encode"].alphabet_ == model["encode"].alphabet_


@pytest.fixture(scope="module")
def encoded():
    """Names in several forms: encoder, network, codes, labels and forms of codes."""
    names = np.array(
        ["anna li", "a. li", "jose élan", "иван петр", "иван", "li яна"], dtype=object
    )
    encoder = CharEncoder(transliterate=False).fit(names)
    X = encoder.transform(names)
    labels = np.array([0, 0, 1, 1, 1, 0])
    params = {"hidden_size": 2, "max_epochs": 1, "min_df": 1}
    network = NameNationalityClassifier(**params).fit(X, labels).network_
    codes = network.to_codes(X)
    return (
        encoder,
        network,
        codes,
        labels,
        linear.forms_of_codes(network, encoder.alphabet_),
    )


def test_form_of_name_or_word_is_highest_form_of_its_letters(encoded):
    _, network, codes, _, forms = encoded
    named = [FORMS[form] for form in forms[codes].max(axis=1)]
    assert named == ["plain", "dotted", "accented", "Cyrillic", "Cyrillic", "Cyrillic"]
    of_words = linear.forms_of_words(codes, forms, network.separator)
    assert [FORMS[k] for k in of_words[2]][:9] == ["plain"] * 5 + ["accented"] * 4
    assert [FORMS[k] for k in of_words[5]][:6] == ["plain"] * 3 + ["Cyrillic"] * 3


def test_log_priors_are_computed_within_each_form():
    labels = np.repeat([0, 1], [3_000, 1_000])
    forms = np.repeat([0, 2, 0, 2, 5], [2_400, 600, 500, 450, 50])
    found = np.exp(linear.log_priors(labels, forms, 2))
    # Class 0 has three times as many rows, but within a form, its share is that of the
    # form's rows.
    assert_allclose(found[2, 1] / found[2, 0], 450 / 600, rtol=0.05)
    assert_allclose(found[0, 1] / found[0, 0], 500 / 2_400, rtol=0.05)
    design = np.full((len(FORMS), 2), 0.5)
    design[5] = 0.4, 0.1
    found = np.exp(linear.log_priors(labels, forms, 2, design))
    # A class without a row in the form counts as 20 rows of all classes.
    of_none = 0.75 * (20 * 50 / 4_000) / 3_020 / 0.4
    assert_allclose(found[5, 0], of_none, rtol=1e-3)
    assert_allclose(found[5, 1], 0.25 * (50.25 / 1_020) / 0.1, rtol=1e-3)


def test_log_priors_assume_at_least_a_tenth_of_accented_names():
    labels = np.repeat([0, 1], [3_000, 1_000])
    forms = np.repeat([0, 2, 0, 2], [2_990, 10, 500, 500])
    found = np.exp(linear.log_priors(labels, forms, 2))
    assert_allclose(found[2], [0.75 * 0.1, 0.25 * 0.5], rtol=0.02)


def test_fit_words_keeps_repeated_words_and_favours_their_class(encoded):
    encoder, network, codes, labels, forms = encoded
    is_other = np.arange(6) > 2
    words = linear.fit_words(network, codes, labels, forms, is_other, 2, 1.0)
    asked = ["anna", "li", "иван", "élan", "петр", "яна"]
    codes_of_asked = network.to_codes(encoder.transform(asked))
    rows, _, _ = words.find(codes_of_asked, network.separator)
    assert np.unique(rows).tolist() == [0, 1, 2, 3]
    assert (np.diff(words.keys.astype(int)) >= 0).all()
    entries = words.find(codes[:1], network.separator)[2]
    assert {*words.classes[entries]} == {0}
    assert (words.logits[entries] > 0).all()


# ---- The head of the country model


def test_country_head_read_from_files_predicts_same_probabilities(base, tmp_path):
    model, (names, labels) = base
    codes = np.array(
        [{"French": "FR", "Polish": "PL", "Spanish": "MX"}[k] for k in labels]
    )
    codes[labels == "Spanish"][::2] = "AR"
    head = countries.fit(model, names, codes)
    assert head.classes_.tolist() == ["FR", "MX", "PL"]
    assert head.score(names, codes) > 0.8
    assert_allclose(head["classify"].class_prior_, 1 / 3)
    write_model(model, tmp_path / "nationality")
    write_model(head, tmp_path / "country", "nationality")
    again = read_model(tmp_path / "country")
    assert re.fullmatch("country-[0-9a-f]{6}", fingerprint(again))
    some = names[:50]
    assert_allclose(again.predict_proba(some), head.predict_proba(some), atol=2e-3)
    sizes = [
        (tmp_path / k / "model.npz").stat().st_size for k in ("country", "nationality")
    ]
    assert sizes[0] < sizes[1]


def test_assumed_shares_in_scripts_are_highest_for_countries_of_script():
    classes = np.array(["BA", "CN", "DE", "GR", "IN", "NP", "RU", "TW"])
    rare = recipe.IN_RARE_SCRIPT
    some = recipe.IN_OTHERS_OF_LOCALS
    found = countries.shares_in_scripts(classes)
    of = {script: found[FORMS.index(script)].tolist() for script in FORMS}
    assert of["accented"] == [1] * 8
    own = countries.SHARE_OF_LOCALS
    other = countries.SHARE_OF_OTHERS
    assert of["Greek"] == [other] * 3 + [own] + [other] * 4
    assert of["Cyrillic"][0] < of["Cyrillic"][6] == own
    assert of["Devanagari"][4] < of["Devanagari"][5] == own
    assert of["Han"][1] == own > of["Han"][7] > of["Han"][2] == other
    assert of["Burmese"] == [rare] * 8
    assert of["Telugu"] == [rare] * 4 + [some] + [rare] * 3
    assert rare < other


def test_with_accents_restores_accents_of_keyboard_spellings():
    people = ["Novak Đoković", "Ana Djokovic", "Søren Dahl", "Ida Soeren", "Al Dahl"]
    assert countries.with_accents(people, []) == ["Ana Đoković", "Ida Søren"]
