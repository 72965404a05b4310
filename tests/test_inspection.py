"""Explanations by prefixes, characters and n-grams."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from sknames import (
    CharEncoder,
    GroupedClassifier,
    JoinNames,
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    load_pretrained,
    make_own_labels_pipeline,
)
from sknames._network.forward import Forward
from sknames._network.ngrams import NGRAM_SCALE
from sknames._text.names import Names
from sknames.datasets import load_names
from sknames.inspection import (
    character_importance,
    feature_contributions,
    hidden_states,
    prefix_proba,
)

NAMES = ["Kowalski", "Anna Maria", "王伟", "Γιώργος", "Þórður", "عمر", "O’Brien 7"]
ODD_NAMES = ["a", "☃☃", "''a", "-- --", " a  b ", "'ab'", "e\u0301"]
ODD_NAMES += ["x" * 80, "x" * 19 + " y"]


@pytest.fixture(scope="module")
def model(small_names):
    """A fitted pipeline that computes in float64."""
    params = {"hidden_size": 16, "embedding_dim": 16, "word_weight": 0}
    classify = NameNationalityClassifier(**params, random_state=0)
    model = Pipeline([("encode", CharEncoder(max_length=20)), ("classify", classify)])
    names, labels = small_names
    model.fit([*names, "Maria Popescu-Pappas"], [*labels, "Greek"])
    classify._forward = Forward(classify.network_, "float64")
    return model


def log_odds(proba):
    return np.log(proba / (1 - proba))


# ---- What is read


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
def test_characters_are_those_of_the_codes(params, some_names):
    encoder = CharEncoder(**{"max_length": 30} | params).fit(some_names[::2])
    for name in [*some_names, *NAMES, *ODD_NAMES, "", "Frau Dr. Müller"]:
        pairs = encoder._spell(*Names([name], encoder._rules).tidy)
        codes = encoder.transform([name])
        known = ["\ufffd" if c not in encoder.alphabet_ else c for c, *_ in pairs]
        assert "".join(known) == encoder.inverse_transform(codes)[0]
        assert len(pairs) == np.count_nonzero(codes)


def test_native_scripts_are_transliterated_with_their_sources(shipped):
    found = prefix_proba(shipped, " 王王伟 ")
    assert "".join(found.characters) == "王王伟 wangwangwei"
    assert "".join(found.sources) == "王王伟 王王王王王王王王伟伟伟"
    assert found.source_index.tolist() == [0, 1, 2, 3] + [0] * 4 + [1] * 4 + [2] * 3
    assert found.name == " 王王伟 "
    codes = shipped["encode"].transform(["王王伟"])
    for n in (3, 8, 15):
        row = np.where(np.arange(codes.shape[1]) < n, codes, 0)
        expected = shipped["classify"].predict_proba(row)[0]
        assert_allclose(found.proba[n - 1], expected, atol=1e-6)


def test_words_in_another_script_are_read_as_latin_ones_with_their_sources(shipped):
    found = character_importance(shipped, "罗伯特·莱万多夫斯基")
    assert "".join(found.characters) == "罗伯特·莱万多夫斯基 robert lewandowski"
    assert "".join(found.sources[11:]) == "罗罗伯伯特特·莱莱万万多多夫夫斯斯基"
    assert found.source_index[11:18].tolist() == [0, 0, 1, 1, 2, 2, 3]
    found = character_importance(shipped, "罗伯特·王王·莱万多夫斯基")
    assert "".join(found.characters[14:]) == "robert wangwang lewandowski"
    assert found.source_index[20:30].tolist() == [3, *[4] * 4, *[5] * 4, 6]


# ---- Prefixes


@pytest.mark.parametrize("name", ["Kowalska", "Anna maria", "ab' cd"])
def test_prefix_is_predicted_as_a_name(model, name):
    found = prefix_proba(model, name)
    assert found.proba.shape == (len(name), 4)
    assert_array_equal(found.classes, model.classes_)
    prefixes = [name[: k + 1] for k in range(len(name))]
    assert_allclose(found.proba, model.predict_proba(prefixes), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES + ODD_NAMES)
def test_last_prefix_is_the_whole_name(model, name):
    found = prefix_proba(model, name)
    assert_allclose(found.proba[-1:], model.predict_proba([name]), rtol=1e-9)
    assert_allclose(found.proba.sum(axis=1), 1)


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "\x00", "'"])
def test_name_without_characters_gives_no_rows(model, name):
    assert prefix_proba(model, name).proba.shape == (0, 4)
    assert character_importance(model, name).importance.shape == (0,)


# ---- Characters


@pytest.mark.parametrize("label", [None, "Turkish"])
def test_importance_is_the_change_by_hiding(model, label):
    name = "Anna Kowalska"
    assert "7" not in model["encode"].alphabet_  # so that it is an unknown character
    found = character_importance(model, name, label=label)
    assert found.label == (label or model.predict([name])[0])
    column = list(model.classes_).index(found.label)
    hidden = [name[:k] + "7" + name[k + 1 :] for k in range(len(name))]
    (whole,) = model.predict_proba([name])
    without = model.predict_proba(hidden)
    expected = log_odds(whole[column]) - log_odds(without[:, column])
    assert_allclose(found.importance, expected, atol=1e-9)
    assert_allclose(found.proba, whole)


# ---- N-grams


@pytest.mark.parametrize("ngram_range", [(1, 5), (3, 4), None])
@pytest.mark.parametrize("separator", [" ", None])
def test_contributions_sum_to_the_logits(small_names, ngram_range, separator):
    between = separator or "-"
    pairs = zip(small_names[0][::2], small_names[0][1::2], strict=True)
    names = [f"{first}{between}{second}" for first, second in pairs]
    params = {"hidden_size": 4, "max_epochs": 2, "word_weight": 0}
    classify = NameNationalityClassifier(
        **params, ngram_range=ngram_range, random_state=0
    )
    model = Pipeline([("encode", CharEncoder(max_length=30)), ("classify", classify)])
    model.fit(names, small_names[1][::2])
    classify._forward = Forward(classify.network_, "float64")
    for name in [names[0], "Anna Maria", "王伟", "anna anna", "☃", "", "x" * 40]:
        found = feature_contributions(model, name)
        logits = found.intercept + found.contributions.sum(axis=0)
        proba = np.exp(logits) / np.exp(logits).sum()
        assert_allclose(proba, model.predict_proba([name])[0], atol=1e-6)
        marks = "  " if separator and ngram_range else "^$"
        text = "".join([marks[0], *found.characters, marks[1]])
        for ngram, (first, last) in zip(found.features, found.spans, strict=True):
            assert ngram == text[first + 1 : last + 1]
            assert ngram_range[0] <= len(ngram) <= ngram_range[1]
            if separator:
                assert " " not in ngram[1:-1]
        if ngram_range is None:
            assert len(found.features) == 0


def test_contributions_are_values_times_weights(model):
    name = "Anna Kowalska"
    found = feature_contributions(model, name)
    network = model["classify"].network_
    codes = network.to_codes(model["encode"].transform([name]))
    features, _, values = network.ngrams.tfidf(codes, network.weights["ngram_idf"])
    terms = NGRAM_SCALE * values[:, None] * network.weights["ngram_weight"][features]
    assert len(terms) == len(found.features) > 20
    ours = np.lexsort(found.contributions.T.round(5))
    theirs = np.lexsort(terms.T.round(5))
    assert_allclose(found.contributions[ours], terms[theirs], atol=1e-5)


# ---- Features of own labels


@pytest.mark.parametrize(
    "labels", [["a", "b", "b", "a"], ["x", "y", "z", "z"]], ids=len
)
def test_contributions_of_own_labels_are_values_times_coefficients(
    tiny, small_names, labels
):
    names = small_names[0]
    y = np.repeat(labels, 50)
    own = make_own_labels_pipeline(FrozenEstimator(tiny)).fit(names, y)
    shifted = PriorShiftClassifier(own, priors="uniform")
    classes = np.unique(labels)
    n = len(set(labels))
    priors = np.arange(n) / np.arange(n).sum()
    given = PriorShiftClassifier(own, priors=priors, assumed_prior="uniform")
    joined = make_pipeline(JoinNames(), own)
    for model in (own, joined, FrozenEstimator(shifted), given):
        found = feature_contributions(model, "Herr Jan Nowak")
        assert found.name == "Herr Jan Nowak"
        assert found.classes.tolist() == classes.tolist()
        logits = found.intercept + found.contributions.sum(axis=0)
        proba = np.exp(logits - logits.max())
        expected = model.predict_proba(["Herr Jan Nowak"])[0]
        assert_allclose(proba / proba.sum(), expected, rtol=1e-6)
    assert found.intercept[0] == -np.inf  # of a prior of 0
    table = found.to_frame()
    features = found.features.tolist()
    names = own[0].get_feature_names_out()
    values = own[0].transform(["Jan Nowak"]).toarray()[0]
    assert features == names[values != 0].tolist()
    assert "model__nameencoder_Greek" in features
    assert table.columns.tolist() == classes.tolist()
    k = values.size - 1 - np.argmax(values[::-1] != 0)  # an n-gram
    value = values[k]
    coef = own[1].coef_[:, k]
    row = table.loc[names[k]].to_numpy()
    assert_allclose(row[-1] - row[0], value * (coef[-1] - (n > 2) * coef[0]))


def test_log_odds_are_of_the_most_probable_labels_or_of_those_asked_for(model):
    found = feature_contributions(model, "Anna Kowalska")
    proba = model.predict_proba(["Anna Kowalska"])[0]
    first, second, *others = model.classes_[np.argsort(-proba)]
    for labels, pair in [((), (first, second)), ((second,), (second, first)),
                         ((others[0], others[1]), others[:2])]:  # fmt: skip
        odds = found.log_odds(*labels)
        assert (odds.label, odds.other) == tuple(pair)
        one, other = (proba[model.classes_ == label].item() for label in pair)
        sum_of_odds = odds.contributions.sum() + odds.intercept
        assert sum_of_odds == pytest.approx(np.log(one / other))
        assert (np.diff(np.abs(odds.contributions)) <= 0).all()
        table = found.to_frame()[pair[0]] - found.to_frame()[pair[1]]
        assert odds.contributions[0] in table[[odds.features[0]]].to_numpy()
    with pytest.raises(ValueError, match="^label got 'Klingon', but the model"):
        found.log_odds("Greek", "Klingon")


# ---- Models


def test_any_classifier_behind_the_encoder_is_explained(small_names):
    one_hot = OneHotEncoder(handle_unknown="ignore")
    model = make_pipeline(CharEncoder(), one_hot, MultinomialNB()).fit(*small_names)
    found = prefix_proba(model, "Anna Ma")
    prefixes = ["a", "an", "ann", "anna", "anna ", "anna m", "anna ma"]
    assert_allclose(found.proba, model.predict_proba(prefixes))
    assert character_importance(model, "Kowalski").importance.any()
    with pytest.raises(TypeError, match="For other models, use character_importance"):
        feature_contributions(model, "Kowalski")


def test_other_linear_models_are_explained_if_they_have_a_softmax(small_names):
    names, labels = small_names
    sgd = SGDClassifier(loss="log_loss")
    ngrams = make_pipeline(TfidfVectorizer(analyzer="char"), sgd)
    found = feature_contributions(ngrams.fit(names, labels == "Greek"), "Kowalski")
    assert found.classes.tolist() == [False, True]
    one_for_each_class = ngrams.fit(names, labels)
    message = "whose probabilities are a softmax, .* use character_imp"
    with pytest.raises(TypeError, match=message):
        feature_contributions(one_for_each_class, "Kowalski")
    alone = LogisticRegression().fit([[0], [1]], [0, 1])
    with pytest.raises(TypeError, match="or one with a linear classifier"):
        feature_contributions(alone, "Kowalski")
    grouped = GroupedClassifier(load_pretrained())
    message = "FrozenEstimator and SelectiveClassifier; got Grouped"
    with pytest.raises(TypeError, match=message):
        feature_contributions(grouped, "Kowalski")


def test_calibration_is_explained_behind_the_encoder_and_not_around_it(
    tiny, small_names
):
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


@pytest.mark.parametrize(
    "explain",
    [prefix_proba, character_importance, feature_contributions, hidden_states],
)
def test_unfitted_model_raises(model, explain):
    holders = PriorShiftClassifier(model), SelectiveClassifier(model, coverage=0.5)
    for unfitted in (clone(model), *holders):
        with pytest.raises(NotFittedError):
            explain(unfitted, "Anna")


def test_wrong_parameters_raise(model):
    with pytest.raises(ValueError, match="^label got 'Greece'.* such as .'Greek'.:"):
        character_importance(model, "Anna", label="Greece")
    for explain in (prefix_proba, hidden_states):
        with pytest.raises(TypeError, match="begins with a CharEncoder"):
            explain(model["classify"], "Anna")
    with pytest.raises(
        ValueError, match="'name' parameter of prefix_proba must be .*'str'"
    ):
        prefix_proba(model, ["Anna"])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_explanation_does_not_depend_on_set_output(small_names, tiny, library):
    own = clone(tiny).set_output(transform=library).fit(*small_names)
    for function in (prefix_proba, character_importance, feature_contributions):
        expected, found = (function(model, "Ana") for model in (tiny, own))
        if function is feature_contributions:
            expected, found = vars(expected), vars(found)
        assert found.keys() == expected.keys()
        for key in found.keys() - {"name", "label"}:
            assert_array_equal(found[key], expected[key])


def test_contributions_to_frame_without_pandas_says_what_it_needs(shipped, monkeypatch):
    found = feature_contributions(shipped, "Kowalski")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="Contributions.to_frame requires pandas"):
        found.to_frame()


# ---- Hidden states


def test_states_belong_to_the_characters_that_are_read(model):
    found = hidden_states(model, "Dr. Anna Maria")
    expected = prefix_proba(model, "Dr. Anna Maria")
    for key in ("name", "dropped", "characters", "sources", "source_index", "classes"):
        assert_array_equal(found[key], expected[key])
    alone = hidden_states(model, "Anna")
    assert_allclose(found.states[:, :4], alone.states, atol=1e-6)


def test_states_of_a_head_are_those_of_its_trunk(shipped, shipped_uniform):
    countries = load_pretrained("country")
    for found in (hidden_states(countries, "Li"), hidden_states(shipped_uniform, "Li")):
        expected = hidden_states(shipped, "Li")
        assert_array_equal(found.states, expected.states)
    assert hidden_states(countries, "Li").logits.shape == (2, len(shipped.classes_))


def test_states_in_wrappers_are_those_inside(model):
    expected = hidden_states(model, "Anna").states
    for wrapper in (
        FrozenEstimator(model),
        GroupedClassifier(model, groups={}),
        make_pipeline(JoinNames(), *model),
    ):
        found = hidden_states(wrapper, "Anna").states
        assert_array_equal(found, expected)


def test_name_without_characters_has_no_states(model):
    assert hidden_states(model, "").states.shape == (1, 0, 16)


def with_voting(model, names, labels):
    return VotingClassifier([("a", model)], voting="soft").fit(names, labels)


def with_calibrations(model, names, labels):
    return CalibratedClassifierCV(model, cv=2).fit(names, labels)


def with_a_step_between(model, names, labels):
    reverse = FunctionTransformer(lambda codes: codes[:, ::-1])
    return make_pipeline(model["encode"], reverse, model["classify"])


def with_a_step_before(model, names, labels):
    return make_pipeline(FunctionTransformer(), model["encode"], model["classify"])


def without_a_net(model, names, labels):
    return make_pipeline(CharEncoder(max_length=9), MultinomialNB()).fit(names, labels)


@pytest.mark.parametrize(
    "make, reason",
    [
        (with_voting, "VotingClassifier holds several models"),
        (with_calibrations, "CalibratedClassifierCV holds several models"),
        (with_a_step_between, "Steps between encoder and net"),
        (with_a_step_before, "begins with a CharEncoder"),
        (without_a_net, "MultinomialNB has no recurrent net"),
    ],
)
def test_model_without_one_net_for_the_codes_says_why(tiny, small_names, make, reason):
    with pytest.raises(TypeError, match=reason):
        hidden_states(make(tiny, *small_names), "Anna")
