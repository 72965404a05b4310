"""Explanations: of prefixes, characters and n-grams, and their pictures."""

import matplotlib
import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sknames import (
    CharEncoder,
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    load_pretrained,
)
from sknames._ngrams import NGRAM_SCALE
from sknames.datasets import load_names
from sknames.inspection import (
    CharacterImportanceDisplay,
    PrefixProbabilityDisplay,
    character_importance,
    ngram_contributions,
    prefix_proba,
)

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

NAMES = ["Kowalski", "Anna Maria", "王伟", "Γιώργος", "Þórður", "عمر", "O’Brien 7"]
ODD_NAMES = ["a", "☃☃", "''a", "-- --", " a  b ", "x" * 80, "'ab'", "e\u0301", "\x00"]


@pytest.fixture(scope="module")
def model(small_names):
    """A fitted pipeline that computes in float64."""
    classify = NameNationalityClassifier(
        hidden_size=16, embedding_dim=16, dtype="float64", random_state=0
    )
    model = Pipeline([("encode", CharEncoder(max_length=20)), ("classify", classify)])
    names, labels = small_names
    return model.fit([*names, "Maria Popescu-Pappas"], [*labels, "Greek"])


@pytest.fixture(scope="module")
def shipped():
    return load_pretrained()


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def log_odds(proba):
    return np.log(proba / (1 - proba))


# ---- What is read


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"clean": False},
        {"transliterate": False},
        {"transliterate": "unknown", "min_frequency": 9},
        {"lowercase": False, "max_length": 5},
        {"drop_titles": True},
        {"alphabet": "abc"},
    ],
    ids=str,
)
def test_characters_are_those_of_the_codes(params):
    names = load_names(script="all").data[::97]
    encoder = CharEncoder(**{"max_length": 30} | params).fit(names[::2])
    for name in [*names, *NAMES, *ODD_NAMES, "", "Frau Dr. Müller"]:
        pairs, codes = encoder._spell(name), encoder.transform([name])
        known = ["\ufffd" if c not in encoder.alphabet_ else c for c, *_ in pairs]
        assert "".join(known) == encoder.inverse_transform(codes)[0]
        assert len(pairs) == np.count_nonzero(codes)


def test_native_scripts_are_shown_as_they_are_read(shipped):
    found = prefix_proba(shipped, " 王王伟 ")
    assert "".join(found.characters) == "wangwangwei"
    assert "".join(found.sources) == "王王王王王王王王伟伟伟"
    assert found.source_places.tolist() == [0] * 4 + [1] * 4 + [2] * 3
    assert found.name == " 王王伟 "


# ---- Prefixes


@pytest.mark.parametrize("name", ["Kowalska", "Anna Maria", "ab' cd"])
def test_prefixes_are_names(model, name):
    found = prefix_proba(model, name)
    assert found.proba.shape == (len(name), 4)
    np.testing.assert_array_equal(found.classes, model.classes_)
    prefixes = [name[: k + 1] for k in range(len(name))]
    np.testing.assert_allclose(found.proba, model.predict_proba(prefixes), rtol=1e-12)


def test_prefixes_of_what_is_read(shipped):
    found = prefix_proba(shipped, "王伟")
    expected = shipped.predict_proba(["wangwei"[: k + 1] for k in range(7)])
    np.testing.assert_allclose(found.proba, expected, atol=1e-6)


@pytest.mark.parametrize("name", NAMES + ODD_NAMES)
def test_the_last_prefix_is_the_whole_name(model, name):
    found = prefix_proba(model, name)
    np.testing.assert_allclose(found.proba[-1:], model.predict_proba([name]), rtol=1e-9)
    np.testing.assert_allclose(found.proba.sum(axis=1), 1)


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "'"])
def test_nothing_to_read(model, name):
    assert prefix_proba(model, name).proba.shape == (0, 4)
    assert character_importance(model, name).importance.shape == (0,)
    for display in (PrefixProbabilityDisplay, CharacterImportanceDisplay):
        with pytest.raises(ValueError, match="no character of .* is read"):
            display.from_estimator(model, name)


# ---- Characters


@pytest.mark.parametrize("label", [None, "Greek"])
def test_importance_is_what_hiding_changes(model, label):
    name = "Anna Kowalska"
    assert "7" not in model["encode"].alphabet_  # so that it is an unknown character
    found = character_importance(model, name, label=label)
    assert found.label == (label or model.predict([name])[0])
    column = list(model.classes_).index(found.label)
    hidden = [name[:k] + "7" + name[k + 1 :] for k in range(len(name))]
    (whole,), without = model.predict_proba([name]), model.predict_proba(hidden)
    expected = log_odds(whole[column]) - log_odds(without[:, column])
    np.testing.assert_allclose(found.importance, expected, atol=1e-9)
    np.testing.assert_allclose(found.proba, whole)


def test_removing_what_matters_lowers_the_probability_most(model, small_names):
    """On held-out names, and by another change than that which measured the importance."""
    names = load_names()
    seen = set(names.groups[np.isin(names.data, small_names[0])])
    rows = [
        row
        for label in model.classes_
        for row in np.flatnonzero(names.target == label)[1:200:2][:50]
        if names.groups[row] not in seen and len(names.data[row]) > 2
    ]
    assert len(rows) > 150
    gains = []
    for name in names.data[rows]:
        found = character_importance(model, name)
        read, column = "".join(found.characters), list(model.classes_).index(found.label)
        without = [read[:k] + read[k + 1 :] for k in range(len(read))]
        falls = found.proba[column] - model.predict_proba(without)[:, column]
        gains.append(falls[found.importance.argmax()] - falls.mean())  # the mean: a random one
    assert np.mean(gains) > 5 * np.std(gains) / np.sqrt(len(gains))


def test_one_class_has_nothing_to_explain(small_names):
    classify = NameNationalityClassifier(hidden_size=2, max_epochs=1, random_state=0)
    model = make_pipeline(CharEncoder(), classify).fit(small_names[0], ["Greek"] * 200)
    np.testing.assert_array_equal(character_importance(model, "Anna").importance, np.zeros(4))


# ---- N-grams


@pytest.mark.parametrize("ngram_range", [(1, 5), (3, 4), None])
@pytest.mark.parametrize("separator", ["auto", None])
def test_contributions_sum_to_the_logits(small_names, ngram_range, separator):
    names = [f"{name} {other}" for name, other in zip(*[iter(small_names[0])] * 2, strict=True)]
    classify = NameNationalityClassifier(
        hidden_size=4,
        max_epochs=2,
        ngram_range=ngram_range,
        separator=separator,
        dtype="float64",
        random_state=0,
    )
    model = Pipeline([("encode", CharEncoder(max_length=30)), ("classify", classify)])
    model.fit(names, small_names[1][::2])
    for name in [names[0], "Anna Maria", "王伟", "anna anna", "☃", "", "x" * 40]:
        found = ngram_contributions(model, name)
        logits = found.net + found.contributions.sum(axis=0)
        proba = np.exp(logits) / np.exp(logits).sum()
        np.testing.assert_allclose(proba, model.predict_proba([name])[0], atol=1e-6)
        marks = "  " if separator and ngram_range else "^$"
        text = "".join([marks[0], *found.characters, marks[1]])
        for ngram, (first, last) in zip(found.ngrams, found.spans, strict=True):
            assert ngram == text[first + 1 : last + 1]
            assert ngram_range[0] <= len(ngram) <= ngram_range[1]
            assert not separator or " " not in ngram[1:-1]
        assert ngram_range is not None or not len(found.ngrams)


def test_contributions_are_values_times_weights(model):
    name = "Anna Kowalska"
    found = ngram_contributions(model, name)
    network = model["classify"].network_
    codes = network.to_codes(model["encode"].transform([name]))
    features, _, values = network.ngrams.tfidf(codes, network.weights["ngram_idf"])
    terms = NGRAM_SCALE * values[:, None] * network.weights["ngram_weight"][features]
    assert len(terms) == len(found.ngrams) > 20
    order, theirs = (np.lexsort(array.T.round(5)) for array in (found.contributions, terms))
    np.testing.assert_allclose(found.contributions[order], terms[theirs], atol=1e-5)


def test_contributions_of_the_shipped_model(shipped):
    for name in ("Kowalski", "王伟"):
        found = ngram_contributions(shipped, name)
        logits = found.net + found.contributions.sum(axis=0)
        proba = np.exp(logits) / np.exp(logits).sum()
        np.testing.assert_allclose(proba, shipped.predict_proba([name])[0], atol=1e-5)
    assert "wang" in found.ngrams


# ---- Models


def test_any_classifier_behind_the_encoder(small_names):
    steps = CharEncoder(), OneHotEncoder(handle_unknown="ignore"), MultinomialNB()
    model = make_pipeline(*steps).fit(*small_names)
    found = prefix_proba(model, "Anna M")
    prefixes = ["a", "an", "ann", "anna", "anna ", "anna m"]
    np.testing.assert_allclose(found.proba, model.predict_proba(prefixes))
    assert character_importance(model, "Kowalski").importance.any()
    with pytest.raises(TypeError, match="Use character_importance instead"):
        ngram_contributions(model, "Kowalski")


def test_models_that_hold_a_pipeline(model):
    priors = {"Greek": 0.7, "Polish": 0.1, "Turkish": 0.2}
    adapted = PriorShiftClassifier(FrozenEstimator(model), priors=priors).fit(None)
    found = prefix_proba(adapted, "Anna")
    expected = adapted.predict_proba(["A", "An", "Ann", "Anna"])
    np.testing.assert_allclose(found.proba, expected, rtol=1e-9)
    assert adapted.estimator.estimator is model  # as it was
    selective = load_pretrained(abstain=True)
    found = prefix_proba(selective, "Anna").proba
    np.testing.assert_array_equal(found, prefix_proba(selective.estimator_, "Anna").proba)


def test_contributions_of_models_that_answer_as_the_pipeline_they_hold(shipped):
    expected = ngram_contributions(shipped, "Anna").contributions
    for holder in (FrozenEstimator(shipped), load_pretrained(abstain=True)):
        found = ngram_contributions(holder, "Anna").contributions
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(TypeError, match="Use character_importance instead"):
        ngram_contributions(PriorShiftClassifier(shipped, priors="uniform").fit(None), "Anna")


def test_a_search_answers_by_its_best_estimator(small_names):
    classify = NameNationalityClassifier(hidden_size=2, max_epochs=1, random_state=0)
    pipeline = make_pipeline(CharEncoder(max_length=20), classify)
    search = GridSearchCV(pipeline, {"namenationalityclassifier__hidden_size": [2, 3]}, cv=2)
    search.fit(*small_names)
    expected = prefix_proba(search.best_estimator_, "Anna").proba
    for holder in (search, FrozenEstimator(search)):
        np.testing.assert_array_equal(prefix_proba(holder, "Anna").proba, expected)


@pytest.mark.parametrize("explain", [prefix_proba, character_importance, ngram_contributions])
def test_models_that_are_not_fitted(model, explain):
    holders = PriorShiftClassifier(model), SelectiveClassifier(model, coverage=0.5)
    for unfitted in (clone(model), *holders):
        with pytest.raises(NotFittedError):
            explain(unfitted, "Anna")


def test_an_encoder_that_refuses_unknown_characters(small_names):
    classify = NameNationalityClassifier(hidden_size=2, max_epochs=1, random_state=0)
    model = make_pipeline(CharEncoder(handle_unknown="error"), classify).fit(*small_names)
    assert character_importance(model, "Anna").importance.shape == (4,)


def test_what_is_refused(model):
    with pytest.raises(ValueError, match="label='Klingon' is none of the model's classes: 'Gre"):
        character_importance(model, "Anna", label="Klingon")
    with pytest.raises(TypeError, match="begins with a CharEncoder"):
        prefix_proba(model["classify"], "Anna")
    with pytest.raises(ValueError, match="'name' parameter of prefix_proba must be .*'str'"):
        prefix_proba(model, ["Anna"])


# ---- Pictures


def test_prefix_picture(model):
    display = PrefixProbabilityDisplay.from_estimator(model, "Anna Maria", n_top=3)
    ticks = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert ticks == list("anna␣maria")
    assert display.ax_.get_title() == "Anna Maria"
    with pytest.raises(ValueError, match="n_top of at least 1 nationality, got -1"):
        display.plot(n_top=-1)
    shown = [label.get_text() for label in display.ax_.get_yticklabels()]
    proba = prefix_proba(model, "Anna Maria").proba
    top = {model.classes_[k] for k in np.argsort(-proba.max(axis=0))[:3]}
    assert set(shown) == top
    columns = [list(model.classes_).index(label) for label in shown]
    assert (np.diff(proba[-1, columns]) <= 0).all()  # the whole name's order
    np.testing.assert_array_equal(display.im_.get_array(), proba[:, columns].T)
    texts = [[text and text.get_text() for text in row] for row in display.text_]
    expected = np.where(proba < 0.005, None, np.char.mod("%.0f", 100 * proba))
    assert texts == expected[:, columns].T.tolist()


def test_importance_picture(model):
    display = CharacterImportanceDisplay.from_estimator(model, "Kowalski", label="Polish")
    found = character_importance(model, "Kowalski", label="Polish")
    assert [text.get_text() for text in display.text_] == list("kowalski")
    np.testing.assert_array_equal(display.im_.get_array()[0], found.importance)
    assert display.im_.norm.vmin == -display.im_.norm.vmax == -np.abs(found.importance).max()
    labels = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert labels == [f"{value:+.1f}" for value in found.importance]
    probability = model.predict_proba(["Kowalski"])[0, list(model.classes_).index("Polish")]
    assert display.ax_.get_title() == f"Kowalski: Polish {probability:.0%}"
    assert display.ax_.get_xlabel().endswith("log odds of Polish")


@pytest.mark.parametrize("display", [PrefixProbabilityDisplay, CharacterImportanceDisplay])
def test_names_are_no_formulas(model, display):
    shown = display.from_estimator(model, "$\\frac$")
    shown.figure_.canvas.draw()
    assert shown.ax_.get_title().startswith("$\\frac$, read as")


@pytest.mark.parametrize("display", [PrefixProbabilityDisplay, CharacterImportanceDisplay])
def test_a_norm_has_limits_of_its_own(model, display):
    norm = matplotlib.colors.Normalize(-3, 3)
    assert display.from_estimator(model, "Anna", im_kwargs={"norm": norm}).im_.norm is norm


@pytest.mark.parametrize("cmap", [None, "viridis", "gray", "RdBu", "Blues_r"])
@pytest.mark.parametrize("display", [PrefixProbabilityDisplay, CharacterImportanceDisplay])
def test_text_can_be_read_on_any_colours(shipped, display, cmap):
    style = None if cmap is None else {"cmap": cmap}
    shown = display.from_estimator(shipped, "Yamamoto", im_kwargs=style)
    texts, values = shown.text_.ravel(), np.asarray(shown.im_.get_array()).ravel()
    written = np.array([text is not None for text in texts])
    below = shown.im_.to_rgba(values[written])
    ink = [matplotlib.colors.to_rgb(text.get_color())[0] for text in texts[written]]
    assert (abs(below[:, :3].mean(axis=1) - ink) > 0.3).all()


@pytest.mark.parametrize("name", ["Lee", "Aliyev"])
def test_labels_of_short_names_are_not_cut(shipped, name):
    display = CharacterImportanceDisplay.from_estimator(shipped, name, label="Azerbaijani")
    display.figure_.canvas.draw()
    reach = display.ax_.xaxis.label.get_window_extent()
    assert reach.x0 >= 0 and reach.x1 <= display.figure_.bbox.width


def test_long_labels_are_not_cut():
    """Of a model of one's own."""
    label, characters = "Bosnian, Croatian, Montenegrin or Serbian", np.array(["l", "i"])
    proba = np.full((2, 2), 0.5)
    for display in (
        PrefixProbabilityDisplay("Li", characters, proba, np.array([label, "Chinese"])).plot(),
        CharacterImportanceDisplay("Li", characters, proba[0], label).plot(),
    ):
        display.figure_.canvas.draw()
        texts = [*display.ax_.get_yticklabels(), display.ax_.xaxis.label, display.ax_.title]
        reach = [text.get_window_extent() for text in texts]
        assert min(box.x0 for box in reach) >= 0
        assert max(box.x1 for box in reach) <= display.figure_.bbox.width


@pytest.mark.parametrize("display", [PrefixProbabilityDisplay, CharacterImportanceDisplay])
def test_pictures_of_all_scripts(shipped, display):
    """Without a warning of characters that the font lacks, here of Chinese ones."""
    _, ax = plt.subplots()
    shown = display.from_estimator(shipped, "王伟☃", ax=ax, im_kwargs={"cmap": "cividis"})
    assert shown.ax_ is ax and shown.im_.get_cmap().name == "cividis"
    shown.figure_.canvas.draw()
    assert ax.get_title().startswith("read as wangwei\ufffd")
    shown = display.from_estimator(shipped, "Ὀδυσσεύς")
    assert shown.ax_.get_title().startswith("Ὀδυσσεύς, read as oδυσσεύς")


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("explain", [prefix_proba, character_importance, ngram_contributions])
def test_whatever_the_encoder_puts_out(small_names, model, shipped, library, explain):
    own = clone(model).set_output(transform=library).fit(*small_names)
    expected = explain(clone(model).fit(*small_names), "Ana"), explain(shipped, "Ana")
    with sklearn.config_context(transform_output=library):
        found = explain(own, "Ana"), explain(load_pretrained(), "Ana")
        assert load_pretrained(abstain=True).reasons(["Ana 1", "1"]).tolist()[1] != ""
    for some, others in zip(found, expected, strict=True):
        assert some.keys() == others.keys()
        for key in some.keys() - {"name", "label"}:
            np.testing.assert_array_equal(some[key], others[key])
