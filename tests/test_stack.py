"""What is inside a model, and that no wrapper changes what its inside says."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from scipy.special import softmax
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from sklearn.semi_supervised import SelfTrainingClassifier

from sknames import (
    CharEncoder,
    GroupedClassifier,
    JoinNames,
    NameEncoder,
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    estimate_shares,
    fingerprint,
    predict_names,
    predict_table,
)
from sknames._models.stack import Stack, resolve
from sknames.inspection import character_importance, feature_contributions, prefix_proba
from sknames.onnx import to_onnx
from sknames.pretrained import FrozenPipeline, predict_sets

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")


def assumed_priors(model):
    """The priors that a model's probabilities assume, in the order of `classes_`."""
    stack = resolve(model)
    return stack.assumed.checked_prior(stack.classes)


def priors_of_people(model):
    """The same without the bias that the model has on people."""
    weights = assumed_priors(model) * np.exp(-resolve(model).assumed.class_bias)
    return weights / weights.sum()


BIAS = np.array([0.5, -0.3, 0.0, 0.2])
PRIORS = np.array([0.4, 0.3, 0.2, 0.1])
GROUPS = {"Greek": "Europe", "Polish": "Europe", "Turkish": "Asia", "Japanese": "Asia"}


@pytest.fixture(scope="module")
def model(tiny, shipped):
    figures = {"class_bias": BIAS, "n_people": np.array([1, 2, 4, 8]), "sharpness": 1.3}
    measured = replace(shipped[-1].network_.measured, **figures)
    network = replace(tiny[-1].network_.with_priors(PRIORS), measured=measured)
    classify = NameNationalityClassifier._from_network(
        network, tiny.classes_, n_features_in=12
    )
    return FrozenPipeline([("encode", tiny[0]), ("classify", classify)])


def searched(model):
    search = GridSearchCV(make_pipeline(CharEncoder(), NameNationalityClassifier()), {})
    search.best_estimator_ = model
    return search


def selective(model):
    names = ["Ana", "Yuki", "Jan", "Ali"]
    y = model.classes_
    return SelectiveClassifier(FrozenEstimator(model), coverage=0.5).fit(
        names[: len(y)], y
    )


def shifted(model):
    return PriorShiftClassifier(model, priors=assumed_priors(model))


def joined(model):
    return make_pipeline(JoinNames(), model)


def grouped(model):
    return GroupedClassifier(model, groups={})


def calibrated(model, power=1.0):
    found = CalibratedClassifierCV(FrozenEstimator(model), method="temperature", cv=2)
    n = len(model.classes_)
    found.fit(["Ana", "Yuki", "Jan", "Ali"][:n] * 2, [*model.classes_] * 2)
    found.calibrated_classifiers_[0].calibrators[0].beta_ = power
    return found


def nested(model):
    inner = grouped(shifted(searched(model)))
    return selective(joined(FrozenEstimator(inner)))


WRAPPERS = {
    "copy": lambda model: pickle.loads(pickle.dumps(model)),
    "frozen": FrozenEstimator,
    "searched": searched,
    "selective": selective,
    "shifted": shifted,
    "joined": joined,
    "grouped": grouped,
    "calibrated": calibrated,
    "nested": nested,
}
wrappers = pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)


@wrappers
def test_wrapper_says_what_its_inside_says(model, small_names, wrap):
    wrapped = wrap(model)
    names = [*small_names[0][::3], "Mike", "123"]
    assert resolve(wrapped).encoder.alphabet_ == model[0].alphabet_
    assert_allclose(assumed_priors(wrapped), PRIORS)
    expected = predict_names(model, names, known_words=True).known_words
    found = predict_names(wrapped, names, known_words=True).known_words
    assert found.tolist() == expected.tolist()
    assert found.sum() > 50
    expected = NameEncoder(model).fit_transform(names)
    found = NameEncoder(FrozenEstimator(wrapped)).fit_transform(names)
    assert_allclose(found, expected, rtol=1e-5)
    if wrap is not calibrated:
        for explain in (prefix_proba, character_importance):
            expected = explain(model, "Ana").proba
            assert_allclose(explain(wrapped, "Ana").proba, expected, 1e-5)


@wrappers
def test_shares_of_a_wrapper_are_those_of_its_inside(model, small_names, wrap):
    names = [*small_names[0][::3], "Mike", "123"]
    expected = estimate_shares(model, names, random_state=0)
    found = estimate_shares(wrap(model), names, random_state=0)
    assert found.label.tolist() == expected.label.tolist()
    for column in ("share", "low", "high", "n_not_names"):
        values = getattr(expected, column)
        assert_allclose(getattr(found, column), values, atol=1e-5)
    unbiased = estimate_shares(model, names, assumed_prior=PRIORS, n_draws=2)
    differences = np.sort(found.share) - np.sort(unbiased.share)
    assert abs(differences).max() > 0.01  # the bias counts


@wrappers
def test_table_of_a_wrapper_is_that_of_its_inside(model, small_names, wrap):
    wrapped = wrap(model)
    names = [*small_names[0][::3], "Mike", "123"]
    table = pd.DataFrame({"given": "Ana", "family": names})
    options = {"column": ["given", "family"], "known_words": True}
    found = predict_table(wrapped, table, **options)
    if resolve(wrapped).threshold is None:
        expected = predict_table(model, table, **options)
        pd.testing.assert_frame_equal(found, expected, rtol=1e-5)
    else:
        assert 20 < (found["reason"] == "unsure").sum() < 50
        expected = wrapped.predict([f"Ana {name}" for name in names])
        assert found["predicted"].fillna("unknown").tolist() == expected.tolist()


def test_threshold_counts_where_probabilities_are_its_own(model):
    careful = selective(model)
    assert resolve(searched(careful)).threshold.least == careful.threshold_
    changed = grouped(joined(careful))
    assert resolve(changed).threshold is None
    assert estimate_shares(changed, ["Ana", "Jan"], n_draws=2).label.tolist()
    for answer in (
        changed.predict,
        partial(predict_table, changed),
        PriorShiftClassifier(FrozenEstimator(careful)).fit,
        PriorShiftClassifier(FrozenEstimator(changed)).fit,
    ):
        message = "the threshold of the SelectiveClassifier in it does not"
        with pytest.raises(ValueError, match=message):
            answer(["Ana"])
    around = selective(FrozenEstimator(changed))
    assert resolve(around).threshold.least == around.threshold_
    (answer,) = around.predict(["Ana"])
    assert answer in {*changed.classes_, "unknown"}
    with pytest.raises(NotFittedError):
        resolve(SelectiveClassifier(model, coverage=0.5))


@pytest.mark.parametrize(
    "wrap",
    [FrozenEstimator, searched, selective, joined, shifted],
    ids=lambda wrap: wrap.__name__,
)
def test_ngrams_of_what_predicts_alike_are_explained(model, wrap):
    expected = feature_contributions(model, "Ana Nowak")
    found = feature_contributions(wrap(model), "Ana Nowak")
    assert_array_equal(found.contributions, expected.contributions)
    assert_allclose(found.intercept, expected.intercept)


@pytest.mark.parametrize("wrap", [grouped, calibrated])
def test_ngrams_of_what_predicts_otherwise_are_not_explained(model, wrap):
    message = "For other models, use character_importance"
    with pytest.raises(TypeError, match=message):
        feature_contributions(wrap(model), "Ana Nowak")


def of_finer_groups(model):
    finer = GroupedClassifier(model.estimator, groups={"Greek": "Polish"})
    groups = {label: GROUPS[label] for label in finer.classes_}
    return GroupedClassifier(finer, groups=groups)


@pytest.mark.parametrize(
    "wrap", [lambda model: model, joined, FrozenEstimator, selective, of_finer_groups]
)
def test_shares_of_groups_are_sums_of_those_of_classes(model, small_names, wrap):
    names = small_names[0][:130]
    groups = {}
    for label, group in GROUPS.items():
        groups.setdefault(group, []).append(label)
    wrapped = wrap(GroupedClassifier(model, groups=GROUPS))
    found = estimate_shares(wrapped, names, random_state=0)
    expected = estimate_shares(model, names, groups=groups, random_state=0).groups
    order = np.argsort(-expected.share)
    assert found.label.tolist() == expected.label[order].tolist()
    for column in ("share", "low", "high"):
        values = getattr(expected, column)[order]
        assert_allclose(getattr(found, column), values, atol=1e-9)
    both = {"both": ["Asia", "Europe"]}
    again = estimate_shares(wrapped, names, groups=both)
    assert_allclose(again.groups.share, 1)


def test_shares_under_given_priors_are_of_probabilities_of_groups(model, small_names):
    names = small_names[0][:130]
    given = GroupedClassifier(model, groups=GROUPS)
    expected = estimate_shares(given, names, n_draws=2)
    options = {"assumed_prior": given.class_prior_, "n_draws": 2}
    found = estimate_shares(given, names, **options)
    assert abs(found.share - expected.share).max() > 0.01
    never = PriorShiftClassifier(given, priors={"Europe": 1})
    assert estimate_shares(never, names, n_draws=2)["Asia"].share == 0


def test_join_and_encoder_are_found_in_pipelines(model):
    assert resolve(make_pipeline(joined(model))).join is not None
    inside = resolve(make_pipeline(model[0], FunctionTransformer(), model[1]))
    assert inside.encoder is model[0]
    assert inside.network is None


def test_bias_of_a_group_is_that_of_its_classes_together(model):
    finer = GroupedClassifier(model, groups={"Greek": "Polish"})
    groups = GroupedClassifier(finer, groups={"Polish": "Europe"})
    outer = PriorShiftClassifier(groups, priors=[0.5, 0.25, 0.25])
    people = PRIORS * np.exp(-BIAS)
    greek, japanese, polish, turkish = people
    summed = np.array([greek + polish, japanese, turkish])
    found = priors_of_people(groups)
    assert_allclose(found, summed / summed.sum())
    of_finer = priors_of_people(finer)
    assert_allclose(of_finer, summed[[1, 0, 2]] / summed.sum())
    assumed = [PRIORS[0] + PRIORS[2], PRIORS[1], PRIORS[3]]
    expected = summed / assumed * [0.5, 0.25, 0.25]
    of_outer = priors_of_people(outer)
    assert_allclose(of_outer, expected / expected.sum())
    only_greek = PriorShiftClassifier(model, priors={"Greek": 1})
    never = GroupedClassifier(only_greek, groups=GROUPS)
    assert_allclose(priors_of_people(never), [0, 1])
    assert_array_equal(resolve(shifted(never)).layers[-1].factors, [0, 1])


def test_people_of_a_group_are_those_of_its_classes_together(model):
    groups = GroupedClassifier(model, groups=GROUPS)
    assert groups.classes_.tolist() == ["Asia", "Europe"]
    assert resolve(shifted(groups)).assumed.n_people.tolist() == [10, 5]
    # A temperature changes what is assumed, and not of whom it is known.
    assert resolve(calibrated(model, 0.5)).assumed.n_people.tolist() == [1, 2, 4, 8]


def test_temperature_flattens_priors_and_bias(model):
    found = calibrated(model, 0.5)
    assert_allclose(assumed_priors(found), PRIORS**0.5 / (PRIORS**0.5).sum())
    people = (PRIORS * np.exp(-BIAS)) ** 0.5
    of_people = priors_of_people(found)
    assert_allclose(of_people, people / people.sum())
    expected = model.predict_proba(["Ana"]) ** 0.5
    proba = found.predict_proba(["Ana"])
    assert_allclose(proba, expected / expected.sum(), rtol=1e-5)
    # Likelihood ratios are sharpened as much more.
    names = ["Ana", "Yuki", "Jan", "Ali"]
    assert estimate_shares(model, names, n_draws=2).sharpness == 1.3
    assert estimate_shares(found, names, n_draws=2).sharpness == 2.6


def test_other_calibration_assumes_other_priors(model, small_names):
    found = CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid")
    found.fit(*small_names)
    assert_allclose(assumed_priors(found), 0.25)
    assert resolve(found).assumed.class_bias is None
    assert resolve(found).assumed.sharpness is None
    assert resolve(found).encoder is model[0]
    learner = Pipeline(model.steps).set_params(classify__max_epochs=1)
    fold = (np.arange(200), np.arange(200))
    ensemble = CalibratedClassifierCV(learner, ensemble=True, cv=[fold, fold])
    inside = resolve(ensemble.fit(*small_names))
    assert inside.assumed.class_prior is None
    assert inside.encoder is None


def test_what_holds_several_models_has_no_inside():
    X = np.random.RandomState(0).randn(60, 2)
    y = np.repeat([0, 1], [54, 6])
    template = GaussianNB().fit(X, y)
    bagged = BaggingClassifier(template, 2, random_state=0).fit(X, np.arange(60) % 2)
    several = OneVsRestClassifier(template).fit(X, np.arange(60) % 3)
    voting = VotingClassifier([("a", template)], voting="soft").fit(X, y)
    for model in (bagged, several, voting):
        assert resolve(model) == Stack(base=model)
        assert set(assumed_priors(model)) == {1 / len(model.classes_)}
    assert_allclose(resolve(template).assumed.class_prior, [0.9, 0.1])
    some = np.where(np.arange(60) % 4, y, -1)  # -1 has no label
    for one, labels in [
        (FixedThresholdClassifier(template), y),
        (SelfTrainingClassifier(template), some),
    ]:
        expected = one.fit(X, labels).estimator_.class_prior_
        assert_array_equal(resolve(one).assumed.class_prior, expected)


def test_fit_again_drops_the_bias(model, small_names):
    again = clone(Pipeline(model.steps)).set_params(classify__max_epochs=1)
    again.fit(*small_names)
    assert resolve(again).assumed.class_bias is None
    assert resolve(model).assumed.class_bias is not None


def test_what_is_inside_other_models():
    rows = ["ana", "bo"] * 3
    y = [0, 1] * 3
    encoder = CharEncoder()
    between = make_pipeline(encoder, OneHotEncoder(), MultinomialNB()).fit(rows, y)
    inside = resolve(between)
    assert inside.encoder is encoder
    assert inside.network is None
    assert inside.assumed.class_prior is None
    words = make_pipeline(CountVectorizer(), MultinomialNB()).fit(rows, y)
    assert resolve(words).encoder is None
    bayes = make_pipeline(CharEncoder(), GaussianNB()).fit(rows, [0, 1, 1, 1, 1, 1])
    assumed = resolve(searched(bayes)).assumed
    assert_allclose(assumed.class_prior, [1 / 6, 5 / 6])
    behind = resolve(make_pipeline("passthrough", NameNationalityClassifier()))
    assert behind.network is None
    other = resolve(make_pipeline(JoinNames()))
    assert other.encoder is other.network is None


@pytest.mark.parametrize("wrap", [FrozenEstimator, joined])
def test_sets_are_those_of_the_shipped_model(shipped, wrap):
    names = ["Mehmet Yılmaz", "Lee"]
    expected = predict_sets(shipped, names).sets
    assert predict_sets(wrap(shipped), names).sets == expected
    if wrap is joined:
        table = pd.DataFrame({"given": ["Mehmet", None], "family": ["Yılmaz", "Lee"]})
        assert predict_sets(wrap(shipped), table).sets == expected


# Each order of two wrappers of a model with the classes Greek, Japanese, Polish and
# Turkish: whether it is allowed, whether groups are dropped for shares, and whether it
# can be converted to ONNX.
ORDERS = """
inner       outer       allowed drops   onnx
grouped     grouped     yes     yes     yes
grouped     shifted     yes     no      yes
grouped     selective   yes     yes     yes
grouped     decided     yes     yes     yes
grouped     calibrated  yes     no      no
grouped     frozen      yes     yes     yes
grouped     joined      yes     yes     yes
shifted     grouped     yes     yes     yes
shifted     shifted     yes     no      yes
shifted     selective   yes     no      yes
shifted     calibrated  yes     no      no
selective   grouped     no      yes     yes
selective   shifted     no      no      yes
selective   selective   yes     no      yes
selective   calibrated  no      no      no
selective   joined      yes     no      yes
decided     selective   yes     yes     yes
calibrated  grouped     yes     yes     no
calibrated  shifted     yes     no      no
calibrated  selective   yes     no      no
"""
ROWS = [row.split() for row in ORDERS.strip().splitlines()[1:]]


def in_groups(model):
    if len(model.classes_) == 2:
        return GroupedClassifier(model, groups={"Asia": ["Asia"], "Europe": ["Europe"]})
    return GroupedClassifier(model, groups=GROUPS)


def falling(n):
    """Return priors in the ratio n : ... : 2 : 1."""
    return np.arange(n, 0, -1) / (n * (n + 1) / 2)


def given_priors(model):
    return PriorShiftClassifier(model, priors=falling(len(model.classes_)))


def decided(model):
    binary = model if len(model.classes_) == 2 else in_groups(model)
    found = FixedThresholdClassifier(
        binary, threshold=0.3, pos_label="Europe", response_method="predict_proba"
    )
    found.estimator_ = binary
    return found


MAKERS = {
    "grouped": in_groups,
    "shifted": given_priors,
    "selective": selective,
    "decided": decided,
    "calibrated": calibrated,
    "frozen": FrozenEstimator,
    "joined": joined,
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(row[:2]))
def test_order_of_two_wrappers(model, small_names, row):
    inner, outer, allowed, drops, onnx = row
    wrapped = MAKERS[outer](MAKERS[inner](model))
    stack = resolve(wrapped)
    names = [*small_names[0][:40], "123"]

    proba = wrapped.predict_proba(names)
    assert_array_equal(stack.predict_proba(names), proba)

    if allowed == "yes":
        predictions = predict_names(wrapped, names)
        is_answered = predictions.reasons == ""
        answers = predictions.labels[is_answered, 0]
        expected = wrapped.predict(names)[is_answered]
        assert_array_equal(answers, expected)
    else:
        message = f"^{type(wrapped).__name__} .* of the SelectiveClassifier in it does"
        with pytest.raises(ValueError, match=message):
            predict_names(wrapped, names)

    below, index = stack.without_groups()
    assert (index is not None) == (drops == "yes")
    if index is not None:
        summed = below.predict_proba(names)
        assert_array_equal(stack.change(summed, len(below.layers)), proba)

    if onnx == "yes":
        metadata = {p.key: p.value for p in to_onnx(wrapped).metadata_props}
        assert json.loads(metadata["classes"]) == stack.classes.tolist()
        assert ("abstain" in metadata) == (stack.threshold is not None)
        assert ("decision" in metadata) == ("decided" in (inner, outer))
    else:
        with pytest.raises(TypeError, match="Convert the one inside"):
            to_onnx(wrapped)

    stored = skops.io.dumps(wrapped)
    unknown = skops.io.get_untrusted_types(data=stored)
    again = skops.io.loads(stored, trusted=unknown)
    assert not [name for name in unknown if "._" in name and "sknames" in name]
    assert_array_equal(again.predict_proba(names), proba)


def test_decision_is_that_of_the_threshold_classifier(model, small_names):
    names = small_names[0]
    expected = decided(model).predict(names)
    assert (expected != in_groups(model).predict(names)).any()
    predictions = predict_names(decided(model), names, top=2)
    assert_array_equal(predictions.labels[:, 0], expected)
    assert (predictions.labels[:, 0] != predictions.labels[:, 1]).all()


def test_parameters_of_an_unfitted_wrapper_take_effect_at_once(model):
    groups = in_groups(model)
    assert groups.predict(["Ana"]) in ("Asia", "Europe")
    groups.set_params(groups={"Greek": "Polish"})
    assert groups.classes_.tolist() == ["Japanese", "Polish", "Turkish"]
    shift = given_priors(model)
    before = shift.predict_proba(["Ana"])
    shift.set_params(priors={"Turkish": 1})
    assert_array_equal(shift.predict_proba(["Ana"]), [[0, 0, 0, 1]])
    assert before[0, 0] > 0


def test_names_of_predictions_are_a_plain_list(model, small_names):
    names = small_names[0][:5].tolist()
    predictions = predict_names(model, names)
    assert type(predictions.names) is list
    predictions.names.reverse()
    again = predict_names(model, predictions.names)
    assert_array_equal(again.proba, predictions.proba[::-1])


def test_threads_share_a_model(model, small_names):
    wrapped = selective(in_groups(given_priors(model)))
    expected = wrapped.predict_proba(small_names[0])
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(wrapped.predict_proba, [small_names[0]] * 8):
            assert_array_equal(found, expected)


def test_fitting_the_inside_again_takes_effect():
    X = np.array([[0.0], [1.0], [2.0], [3.0]])
    inner = GaussianNB().fit(X, [0, 0, 1, 1])
    wrapped = PriorShiftClassifier(inner, priors={0: 0.25, 1: 0.75})
    before = wrapped.predict_proba(X)
    inner.fit(X, [1, 1, 0, 0])
    assert_allclose(resolve(wrapped).base.class_prior_, [0.5, 0.5])
    assert (wrapped.predict(X) != before.argmax(axis=1)).any()


@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_numbers_pass_through_the_layers(container):
    rng = np.random.RandomState(0)
    y = np.repeat(["a", "b", "c"], 20)
    X = container(rng.poisson(np.repeat([[1, 5], [5, 1], [5, 5]], 20, axis=0)))
    inner = MultinomialNB().fit(X, y)
    groups = GroupedClassifier(inner, groups={"a": "ab", "b": "ab"})
    wrapped = SelectiveClassifier(FrozenEstimator(groups), coverage=0.5).fit(X, y)
    proba = inner.predict_proba(X)
    expected = np.column_stack([proba[:, 0] + proba[:, 1], proba[:, 2]])
    assert_allclose(wrapped.predict_proba(X), expected)
    predictions = predict_names(wrapped, X)
    assert predictions.names is None
    assert {*predictions.reasons} == {"", "unsure"}


# ---- Wrappers of wrappers


def test_threshold_classifier_around_a_selective_one_raises(model):
    for careful in (selective(in_groups(model)), in_groups(selective(model))):
        wrapped = FixedThresholdClassifier(FrozenEstimator(careful), threshold=0.3)
        wrapped.estimator_ = wrapped.estimator
        with pytest.raises(ValueError, match="Put the SelectiveClassifier around the"):
            predict_names(wrapped, ["Ana"])


@pytest.mark.parametrize("change", [in_groups, given_priors])
def test_probabilities_that_a_threshold_classifier_decides_by_stay(model, change):
    changed = change(decided(model))
    careful = SelectiveClassifier(changed, threshold=0.1)
    message = f"^{type(changed).__name__} .* of the FixedThresholdClassifier in it does"
    for answer in (changed.predict, partial(predict_names, careful, threshold=0.5)):
        with pytest.raises(ValueError, match=message):
            answer(["Ana"])


@pytest.mark.parametrize(
    "ensemble",
    [
        lambda careful: CalibratedClassifierCV(careful, ensemble=True, cv=2),
        lambda careful: CalibratedClassifierCV(careful, ensemble=False, cv=2),
        lambda careful: VotingClassifier([("a", careful)], voting="soft"),
        lambda careful: VotingClassifier(
            [("a", GaussianNB()), ("b", make_pipeline(careful))], voting="soft"
        ),
    ],
)
def test_threshold_inside_several_estimators_raises(ensemble):
    X = np.array([[0.0], [1.0], [2.0], [3.0]])
    y = [0, 0, 1, 1]
    careful = SelectiveClassifier(GaussianNB(), threshold=0.9)
    fitted = ensemble(careful).fit(X, y)
    message = f"^{type(fitted).__name__} .* of the SelectiveClassifier in it does not"
    with pytest.raises(ValueError, match=message):
        predict_names(fitted, X)
    assert SelectiveClassifier(fitted, threshold=0.9).reasons(X).shape == (4,)


@pytest.mark.parametrize(
    "several",
    [OneVsRestClassifier(LogisticRegression()), MultiOutputClassifier(GaussianNB())],
    ids=lambda model: type(model).__name__,
)
def test_classifier_of_several_labels_raises(several):
    X = np.array([[0.0], [1.0], [2.0], [3.0]])
    fitted = several.fit(X, [[0, 1], [1, 0], [1, 1], [0, 0]])
    frozen = FrozenEstimator(fitted)
    for answer in (
        partial(predict_names, fitted),
        GroupedClassifier(fitted, groups={}).predict,
        PriorShiftClassifier(frozen).fit,
        partial(SelectiveClassifier(frozen, coverage=0.5).fit, y=[0, 1, 0, 1]),
        partial(estimate_shares, frozen),
    ):
        message = f"one label for each name, got the {type(several).__name__} of"
        with pytest.raises(TypeError, match=message):
            answer(X)
    assert fingerprint(fitted).startswith(type(several).__name__)


def test_error_names_the_wrapper_that_first_changes_probabilities(model):
    careful = selective(model)
    shift = given_priors(careful)
    calibration = calibrated(careful)
    for wrapped, owner in [
        (shift, "PriorShiftClassifier"),
        (in_groups(shift), "PriorShiftClassifier"),
        (joined(given_priors(in_groups(careful))), "GroupedClassifier"),
        (in_groups(calibration), "CalibratedClassifierCV"),
        (calibrated(calibration), "CalibratedClassifierCV"),
    ]:
        with pytest.raises(ValueError, match=f"^{owner} changes probabilities"):
            predict_names(wrapped, ["Ana"])
    # A threshold on top holds, no matter what is below.
    assert selective(calibrated(calibration)).predict(["123"]) == "unknown"


def test_probability_at_the_threshold_is_no_answer():
    X = np.array([[0.0], [1.0]])
    even = DummyClassifier(strategy="uniform").fit(X, ["a", "b"])
    for least, reason in [(0.5, "unsure"), (0.4999, "")]:
        careful = SelectiveClassifier(even, threshold=least)
        assert careful.reasons(X).tolist() == [reason, reason]
        assert predict_names(even, X, threshold=least).reasons[0] == reason
    at_least = FixedThresholdClassifier(even, threshold=0.5, pos_label="b")
    assert at_least.fit(X, ["a", "b"]).predict(X).tolist() == ["b", "b"]
    assert_array_equal(predict_names(at_least, X).labels, [["b"], ["b"]])


def test_best_of_equal_probabilities_are_in_the_order_of_the_classes():
    best = Stack().best(np.array([[0.0, 1.0, 0.0]]), top=3)
    assert best.tolist() == [[1, 0, 2]]


def test_members_of_groups_in_groups_are_the_innermost_labels(model):
    finer = GroupedClassifier(model, groups={"Greek": "South", "Turkish": "South"})
    groups = {"South": "West", "Polish": "West", "Japanese": "East"}
    wrapped = joined(GroupedClassifier(given_priors(finer), groups=groups))
    members = {"East": ["Japanese"], "West": ["Greek", "Polish", "Turkish"]}
    shares = estimate_shares(wrapped, ["Ana", "Jan"], n_draws=2)
    assert shares.members_in_model == members
    assert resolve(model).members is None


@pytest.mark.parametrize("ensemble", [True, False])
def test_labels_of_groups_inside_a_calibration_are_mapped(model, small_names, ensemble):
    names, y = small_names
    finer = {"Greek": "South", "Turkish": "South", "Polish": "North"}
    groups = GroupedClassifier(model, groups=finer)
    calibration = CalibratedClassifierCV(FrozenEstimator(groups), ensemble=ensemble)
    calibration.fit(names, resolve(groups).as_predicted(y))
    members = {"Japanese": ["Japanese"], "North": ["Polish"]}
    members["South"] = ["Greek", "Turkish"]
    assert resolve(calibration).members == members
    two = {"South": "West", "North": "West", "Japanese": "East"}
    outer = GroupedClassifier(calibration, groups=two)
    west = ["Polish", "Greek", "Turkish"]
    assert resolve(outer).members == {"East": ["Japanese"], "West": west}
    labels = ["Greek", "Polish", "Japanese", "other"]
    assert resolve(outer).as_predicted(labels).tolist() == [
        "West",
        "West",
        "East",
        "other",
    ]
    assert outer.score(names, y) > 0.5
    checked = np.where(np.arange(len(y)) % 2, y, None)
    shares = estimate_shares(outer, names, checked=checked, n_draws=2)
    assert {*shares.label} == {"West", "East"}


def test_columns_are_joined_around_a_calibration_and_twice(model, small_names):
    names = small_names[0][:30]
    columns = pd.DataFrame({"given": None, "family": names})
    calibration = calibrated(model, 0.5)
    for wrapped in (joined(calibration), joined(joined(calibration))):
        expected = predict_names(calibration, names, known_words=True)
        found = predict_names(wrapped, columns, known_words=True)
        assert_array_equal(found.proba, expected.proba)
        assert_array_equal(found.known_words, expected.known_words)
        assert found.known_words.sum() > 10
        assert found.names == names.tolist()
    twice = joined(joined(model))
    found = feature_contributions(twice, "Ana").contributions
    expected = feature_contributions(model, "Ana").contributions
    assert_array_equal(found, expected)
    assert_array_equal(twice.predict(columns), model.predict(names))


def test_shifts_are_in_the_intercept_of_contributions(model, small_names):
    names, y = small_names
    ngrams = CountVectorizer(analyzer="char", ngram_range=(1, 2))
    linear = make_pipeline(ngrams, LogisticRegression()).fit(names, y)
    for inner in (model, linear):
        priors = np.array([0.1, 0.2, 0.3, 0.4])
        twice = PriorShiftClassifier(given_priors(inner), priors=priors)
        found = feature_contributions(twice, "Ana")
        expected = twice.predict_proba(["Ana"])[0]
        assert abs(expected - inner.predict_proba(["Ana"])[0]).max() > 0.01
        logits = found.intercept + found.contributions.sum(axis=0)
        assert_allclose(softmax(logits), expected, rtol=1e-4)


WRAPPED = {
    "first two in a group": lambda model: GroupedClassifier(
        model, groups={"+".join(model.classes_[:2]): model.classes_[:2]}
    ),
    "falling priors": given_priors,
    "threshold of .4": lambda model: with_threshold(model, 0.4),
    "threshold of .6": lambda model: with_threshold(model, 0.6),
    "joined": joined,
    "frozen": FrozenEstimator,
}


def with_threshold(model, least):
    label = f"{least} at most"
    return SelectiveClassifier(model, threshold=least, abstain_label=label)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(kinds=st.lists(st.sampled_from([*WRAPPED]), max_size=6))
def test_stack_answers_as_its_wrappers_in_turn(model, kinds):
    names = ["Ana", "Yuki Sato", "Jan Nowak", "Ali", "Papadopoulos", "Mike"]
    labels = model.classes_.tolist()
    proba = model.predict_proba(names)
    priors = PRIORS
    least = None
    is_lost = False
    wrapped = model
    for kind in kinds:
        if kind == "first two in a group" and len(labels) > 1:
            proba = np.column_stack([proba[:, :2].sum(axis=1), proba[:, 2:]])
            priors = np.append(priors[:2].sum(), priors[2:])
            labels = ["+".join(labels[:2]), *labels[2:]]
        elif kind == "falling priors":
            proba = proba * falling(len(labels)) / priors
            proba /= proba.sum(axis=1, keepdims=True)
            priors = falling(len(labels))
        if kind.startswith("threshold"):
            least = float(kind.removeprefix("threshold of "))
            is_lost = False
        elif kind in ("first two in a group", "falling priors"):
            is_lost = least is not None
        wrapped = WRAPPED[kind](wrapped)

    assert wrapped.classes_.tolist() == labels
    assert_allclose(wrapped.predict_proba(names), proba, rtol=1e-5)
    assert_allclose(assumed_priors(wrapped), priors)
    if is_lost:
        with pytest.raises(ValueError, match="the threshold of the SelectiveClassif"):
            wrapped.predict(names)
        return
    expected = np.array(labels)[proba.argmax(axis=1)]
    is_sure = proba.max(axis=1) > (least or 0)
    found = np.where(is_sure, expected, f"{least} at most")
    assert wrapped.predict(names).tolist() == found.tolist()
    predictions = predict_names(wrapped, names)
    assert_array_equal(predictions.reasons == "", is_sure)
    assert_array_equal(predictions.labels[is_sure, 0], expected[is_sure])
