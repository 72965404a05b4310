"""Tests of stacks: a model inside of wrappers, which are layers in an order."""

import json
import re
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import skops.io
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from scipy.special import softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
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
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    estimate_shares,
    fingerprint,
    predict_names,
    predict_table,
)
from sknames._models.stack import Stack, most_probable, resolve
from sknames.inspection import feature_contributions, prefix_proba
from sknames.onnx import to_onnx
from sknames.pretrained import FrozenPipeline

pytestmark = pytest.mark.filterwarnings("ignore:The shares are rough")

LABELS = ["Greek", "Japanese", "Polish", "Turkish"]
PRIORS = np.array([0.4, 0.3, 0.2, 0.1])
BIAS = np.array([0.5, -0.3, 0.0, 0.2])
N_PEOPLE = np.array([1, 2, 4, 8])
NAMES = ("Ana Ito", "Yuki Sato", "Jan Nowak", "Ali", "Papadopoulos", "Mike", "123")
COLUMNS = pd.DataFrame([[*name.split(), None][:2] for name in NAMES])
GROUPS = {"Greek": "Europe", "Polish": "Europe", "Turkish": "Asia", "Japanese": "Asia"}


@pytest.fixture(scope="module")
def model(tiny, shipped):
    figures = {"class_bias": BIAS, "n_people": N_PEOPLE, "sharpness": 1.3}
    measured = replace(shipped[-1].network_.measured, **figures)
    network = replace(tiny[-1].network_.with_priors(PRIORS), measured=measured)
    classify = NameNationalityClassifier._from_network(
        network, tiny.classes_, n_features_in=12
    )
    return FrozenPipeline([("encode", tiny[0]), ("classify", classify)])


def assumed_priors(model):
    """The priors that a model's probabilities assume, in the order of `classes_`."""
    stack = resolve(model)
    return stack.assumed.checked_prior(stack.classes)


# ---- Wrappers of any number, in any order


@dataclass(frozen=True)
class Expected:
    """Expected properties of a stack; `people` are priors corrected for bias."""

    labels: list
    proba: np.ndarray
    priors: np.ndarray
    people: np.ndarray
    n_people: np.ndarray
    fingerprint: str
    sharpness: float = 1.3
    X: object = NAMES
    n_summed: int = 4  # of columns below the outer groups
    least: float | None = None
    lost_by: str | None = None  # what changes probabilities above the threshold

    def after(self, owner, proba, **changes):
        """Return what is expected outside of a wrapper that changes probabilities."""
        lost_by = None if self.least is None else self.lost_by or owner
        return replace(self, proba=scaled(proba), lost_by=lost_by, **changes)


def scaled(rows):
    return rows / rows.sum(axis=-1, keepdims=True)


def rising(n):
    """Return priors in the ratio 1 : 2 : ... : n, which are not those of the model."""
    return scaled(np.arange(1, n + 1))


def first_and_third(model, inside):
    """Group the first label with the third, if there is one."""
    labels = inside.labels
    group = "+".join(labels[:3:2])
    n = len(labels)
    sums = np.delete(np.eye(n), slice(2, 3), axis=1)
    sums[2:3, 0] = 1
    expected = inside.after(
        "GroupedClassifier",
        inside.proba @ sums,
        labels=[group, *labels[1:2], *labels[3:]],
        priors=inside.priors @ sums,
        people=inside.people @ sums,
        n_people=inside.n_people @ sums,
        fingerprint=inside.fingerprint + "[+]groups-.{4}",
    )
    return GroupedClassifier(model, groups={group: labels[:3:2]}), expected


def rising_priors(model, inside):
    priors = rising(len(inside.labels))
    expected = inside.after(
        "PriorShiftClassifier",
        inside.proba * priors / inside.priors,
        priors=priors,
        people=inside.people * priors / inside.priors,
        fingerprint=inside.fingerprint + "[+]priors-.{4}",
        n_summed=len(priors),
    )
    return PriorShiftClassifier(model, priors=priors), expected


def calibrated(model, power=0.5):
    found = CalibratedClassifierCV(FrozenEstimator(model), method="temperature", cv=2)
    y = [*model.classes_]
    found.fit(NAMES[: len(y)] * 2, y * 2)
    found.calibrated_classifiers_[0].calibrators[0].beta_ = power
    return found


def root(model, inside):
    """Take the square root of the probabilities, as a temperature of 2 does."""
    priors = inside.priors**0.5
    expected = inside.after(
        "CalibratedClassifierCV",
        inside.proba**0.5,
        priors=scaled(priors),
        people=inside.people**0.5 / priors.sum(),
        sharpness=inside.sharpness / 0.5,
        fingerprint=inside.fingerprint + "[+]CalibratedClassifierCV-.{6}",
        n_summed=len(priors),
    )
    if inside.least is not None:
        expected = replace(expected, lost_by="CalibratedClassifierCV")
    return calibrated(model), expected


def threshold(least, model, inside):
    expected = replace(
        inside,
        least=least,
        lost_by=None,
        fingerprint=inside.fingerprint + "[+]threshold-.{4}",
    )
    label = f"{least} at most"
    return SelectiveClassifier(model, threshold=least, abstain_label=label), expected


def joined(model):
    return make_pipeline(JoinNames(), model)


def columns(model, inside):
    return joined(model), replace(inside, X=COLUMNS)


def frozen(model, inside):
    return FrozenEstimator(model), inside


def searched(model, inside):
    search = GridSearchCV(make_pipeline(CharEncoder(), NameNationalityClassifier()), {})
    search.best_estimator_ = model
    return search, inside


HOLDERS = [columns, frozen, searched]
LAYERS = [
    first_and_third,
    rising_priors,
    partial(threshold, 0.4),
    partial(threshold, 0.6),
    *HOLDERS,
]


def stacks(of):
    return st.lists(st.sampled_from(of), max_size=6)


def built(model, layers):
    """Return a model in wrappers, and what is expected of it."""
    wrapped = model
    proba = model.predict_proba(NAMES)
    people = PRIORS * np.exp(-BIAS)
    inside = Expected(LABELS, proba, PRIORS, people, N_PEOPLE, fingerprint(model))
    for layer in layers:
        wrapped, inside = layer(wrapped, inside)
    return wrapped, inside


any_stack = settings(deadline=None, derandomize=True, max_examples=30)


@any_stack
@given(layers=stacks([*LAYERS, root]))
@example(layers=[first_and_third, root, first_and_third])
def test_nested_wrappers_change_probabilities_and_priors_in_order(model, layers):
    wrapped, expected = built(model, layers)
    stack = resolve(wrapped)
    proba = wrapped.predict_proba(expected.X)
    assert wrapped.classes_.tolist() == stack.classes.tolist() == expected.labels
    assert_allclose(proba, expected.proba, rtol=1e-4, atol=1e-9)
    assert_array_equal(stack.predict_proba(expected.X), proba)
    below, index = stack.without_groups()
    summed = below.predict_proba(expected.X)
    assert summed.shape == (len(NAMES), expected.n_summed)
    assert_array_equal(stack.change(summed, len(below.layers)), proba)
    if index is not None:
        assert_allclose(summed @ np.eye(len(stack.classes))[index], proba, atol=1e-9)
    priors = assumed_priors(wrapped)
    people = priors * np.exp(-stack.assumed.measured.class_bias)
    assert_allclose(priors, expected.priors)
    assert_allclose(scaled(people), scaled(expected.people))
    assert stack.assumed.measured.n_people.tolist() == expected.n_people.tolist()
    assert stack.assumed.measured.sharpness == pytest.approx(expected.sharpness)
    holds = expected.least is not None and expected.lost_by is None
    assert (stack.threshold is not None) == holds
    members = {label: label.split("+") for label in expected.labels}
    assert stack.members in (members, None)
    assert (stack.members is None) == ("groups" not in expected.fingerprint)
    group_of = {label: group for group in members for label in members[group]}
    found = stack.as_predicted(np.array([*LABELS, "other"])).tolist()
    assert found == [*map(group_of.get, LABELS), "other"]
    assert re.fullmatch(expected.fingerprint, fingerprint(wrapped))


@any_stack
@given(layers=stacks([*LAYERS, root]))
@example(layers=[partial(threshold, 0.4), first_and_third, rising_priors])
@example(layers=[partial(threshold, 0.4), rising_priors, root])
def test_outermost_threshold_decides_unless_outer_wrapper_changes_probabilities(
    model, layers
):
    wrapped, expected = built(model, layers)
    if expected.lost_by:
        message = f"^{expected.lost_by} .* threshold of the SelectiveClassifier in it d"
        with pytest.raises(ValueError, match=message):
            predict_names(wrapped, expected.X)
        return
    found = predict_names(wrapped, expected.X)
    is_sure = expected.proba.max(axis=1) > (expected.least or 0)
    is_sure[-1] = False  # no name
    assert_array_equal(found.reasons == "", is_sure)
    labels = np.array(expected.labels)[expected.proba.argmax(axis=1)]
    assert_array_equal(found.labels[is_sure, 0], labels[is_sure])
    answers = np.where(is_sure, labels, f"{expected.least} at most")
    answered = slice(None) if expected.least else slice(-1)
    assert_array_equal(wrapped.predict(expected.X)[answered], answers[answered])


@any_stack
@given(layers=stacks([*LAYERS, root]))
def test_skops_file_of_nested_wrappers_has_no_private_class_and_same_predictions(
    model, layers
):
    wrapped, expected = built(model, layers)
    stored = skops.io.dumps(wrapped)
    types = skops.io.get_untrusted_types(data=stored)
    assert not [name for name in types if "._" in name and "sknames" in name]
    again = skops.io.loads(stored, trusted=types)
    proba = wrapped.predict_proba(expected.X)
    assert_array_equal(again.predict_proba(expected.X), proba)


@any_stack
@given(layers=stacks(LAYERS))
def test_nested_wrappers_have_onnx_metadata_and_prefix_probabilities(model, layers):
    wrapped, expected = built(model, layers)
    metadata = {p.key: p.value for p in to_onnx(wrapped).metadata_props}
    assert json.loads(metadata["classes"]) == expected.labels
    assert ("abstain" in metadata) == (resolve(wrapped).threshold is not None)
    (proba,) = wrapped.predict_proba(["Ali"])
    assert_allclose(prefix_proba(wrapped, "Ali").proba[-1], proba, rtol=1e-5)


@any_stack
@given(layers=stacks([layer for layer in LAYERS if layer is not first_and_third]))
def test_changed_priors_change_only_intercept_of_contributions(model, layers):
    wrapped, _ = built(model, layers)
    found = feature_contributions(wrapped, "Ana Nowak")
    expected = feature_contributions(model, "Ana Nowak").contributions
    assert_array_equal(found.contributions, expected)
    (proba,) = wrapped.predict_proba(["Ana Nowak"])
    logits = found.intercept + found.contributions.sum(axis=0)
    assert_allclose(softmax(logits), proba, rtol=1e-4)


def in_groups(model):
    return GroupedClassifier(model, groups=GROUPS)


def given_priors(model):
    return PriorShiftClassifier(model, priors=rising(len(model.classes_)))


def selective(model):
    y = model.classes_
    careful = SelectiveClassifier(FrozenEstimator(model), coverage=0.5)
    return careful.fit(NAMES[: len(y)], y)


def test_threshold_inside_wrapper_that_changes_probabilities_raises(model):
    careful = selective(model)
    changed = GroupedClassifier(joined(careful), groups={})
    assert estimate_shares(changed, ["Ana", "Jan"], n_draws=200).label.tolist()
    for answer in (
        changed.predict,
        GroupedClassifier(FrozenEstimator(careful), groups={}).fit,
        PriorShiftClassifier(FrozenEstimator(careful)).fit,
        PriorShiftClassifier(FrozenEstimator(changed)).fit,
    ):
        message = "the threshold of the SelectiveClassifier in it does not"
        with pytest.raises(ValueError, match=message):
            answer(["Ana"])
    with pytest.raises(NotFittedError):
        resolve(SelectiveClassifier(model, coverage=0.5))


def without_effect(model):
    """Wrap a model in layers that do not change its probabilities."""
    same = PriorShiftClassifier(model, priors=assumed_priors(model))
    return selective(joined(FrozenEstimator(GroupedClassifier(same, groups={}))))


@pytest.mark.parametrize("wrap", [without_effect, partial(calibrated, power=1.0)])
def test_shares_of_wrapper_without_effect_equal_shares_of_inner_model(
    model, small_names, wrap
):
    names = [*small_names[0][::3], "Mike", "123"]
    expected = estimate_shares(model, names, random_state=0)
    found = estimate_shares(wrap(model), names, random_state=0)
    assert found.label.tolist() == expected.label.tolist()
    for column in ("share", "low", "high", "n_not_names"):
        values = getattr(expected, column)
        assert_allclose(getattr(found, column), values, atol=1e-5)
    unbiased = estimate_shares(model, names, assumed_prior=PRIORS, n_draws=200)
    differences = np.sort(found.share) - np.sort(unbiased.share)
    assert abs(differences).max() > 0.01  # so the bias has an effect


def test_assumed_prior_of_grouped_classifier_changes_shares(model, small_names):
    names = small_names[0][:130]
    given = in_groups(model)
    expected = estimate_shares(given, names, n_draws=200)
    options = {"assumed_prior": given.class_prior_, "n_draws": 200}
    found = estimate_shares(given, names, **options)
    assert abs(found.share - expected.share).max() > 0.01
    never = PriorShiftClassifier(given, priors={"Europe": 1})
    assert estimate_shares(never, names, n_draws=200)["Asia"].share == 0


def test_group_whose_classes_all_have_prior_0_has_class_bias_0(model):
    only_greek = PriorShiftClassifier(model, priors={"Greek": 1})
    never = in_groups(only_greek)
    assert_allclose(resolve(never).assumed.measured.class_bias, [0, 0.5])
    shift = PriorShiftClassifier(never, priors=[0, 1])
    assert_array_equal(resolve(shift).layers[-1].factors, [0, 1])


# ---- Models of scikit-learn


def test_calibration_without_temperature_has_unknown_priors(model, small_names):
    found = CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid")
    found.fit(*small_names)
    assert_allclose(assumed_priors(found), 0.25)
    assert resolve(found).assumed.measured is None
    assert resolve(found).encoder is model[0]
    learner = Pipeline(model.steps).set_params(classify__max_epochs=1)
    fold = (np.arange(200), np.arange(200))
    ensemble = CalibratedClassifierCV(learner, ensemble=True, cv=[fold, fold])
    inside = resolve(ensemble.fit(*small_names))
    assert inside.assumed.class_prior is None
    assert inside.encoder is None


def test_resolve_does_not_look_inside_ensembles():
    X = np.random.RandomState(0).randn(60, 2)
    y = np.repeat([0, 1], [54, 6])
    template = GaussianNB().fit(X, y)
    bagged = BaggingClassifier(template, 2, random_state=0).fit(X, y)
    voting = VotingClassifier([("a", template)], voting="soft").fit(X, y)
    for model in (bagged, voting):
        assert resolve(model) == Stack(base=model)
        assert_array_equal(assumed_priors(model), [0.5, 0.5])
    assert_allclose(resolve(template).assumed.class_prior, [0.9, 0.1])
    some = np.where(np.arange(60) % 4, y, -1)  # -1 has no label
    training = SelfTrainingClassifier(template).fit(X, some)
    expected = training.estimator_.class_prior_
    assert_array_equal(resolve(training).assumed.class_prior, expected)


def test_resolve_ignores_network_behind_unknown_step(model):
    inside = resolve(make_pipeline(model[0], FunctionTransformer(), model[1]))
    assert inside.encoder is model[0]
    assert inside.network is None


def test_resolve_finds_encoder_of_pipeline_without_network():
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
    behind = resolve(make_pipeline("passthrough", NameNationalityClassifier()))
    assert behind.network is None
    other = resolve(make_pipeline(JoinNames()))
    assert other.encoder is other.network is None


def test_classifier_with_scikit_learn_threshold_raises_with_hint():
    X = ["ana", "ann", "bob", "bo"]
    y = ["a", "a", "b", "b"]
    template = make_pipeline(CountVectorizer(analyzer="char"), MultinomialNB())
    fixed = FixedThresholdClassifier(template, threshold=0.3).fit(X, y)
    tuned = TunedThresholdClassifierCV(template, cv=2).fit(X, y)
    for model in (fixed, tuned):
        name = type(model).__name__
        message = f"most probable label, got a {name}. Call its own predict"
        careful = SelectiveClassifier(model, threshold=0.9)
        for ask in (predict_names, predict_table, estimate_shares, fingerprint):
            for asked in (model, careful, make_pipeline(FrozenEstimator(model))):
                with pytest.raises(TypeError, match=message):
                    ask(asked) if ask is fingerprint else ask(asked, X)
        with pytest.raises(TypeError, match=message):
            to_onnx(model)
        with pytest.raises(TypeError, match=message):
            careful.fit(X, y)


CAREFUL = SelectiveClassifier(GaussianNB(), threshold=0.9)


@pytest.mark.parametrize(
    "ensemble",
    [
        CalibratedClassifierCV(CAREFUL, cv=2),
        VotingClassifier(
            [("a", GaussianNB()), ("b", make_pipeline(CAREFUL))], voting="soft"
        ),
    ],
)
def test_threshold_inside_ensemble_raises(ensemble):
    X = [[0.0], [1.0], [2.0], [3.0]]
    fitted = ensemble.fit(X, [0, 0, 1, 1])
    message = f"^{type(fitted).__name__} .* of the SelectiveClassifier in it does not"
    with pytest.raises(ValueError, match=message):
        predict_names(fitted, X)
    assert SelectiveClassifier(fitted, threshold=0.9).reasons(X).shape == (4,)


@pytest.mark.parametrize(
    "several",
    [OneVsRestClassifier(LogisticRegression()), MultiOutputClassifier(GaussianNB())],
)
def test_multilabel_classifier_raises(several):
    X = [[0.0], [1.0], [2.0], [3.0]]
    fitted = several.fit(X, [[0, 1], [1, 0], [1, 1], [0, 0]])
    message = f"one label for each name, got the {type(several).__name__} of"
    for answer in (predict_names, estimate_shares):
        with pytest.raises(TypeError, match=message):
            answer(FrozenEstimator(fitted), X)
    assert fingerprint(fitted).startswith(type(several).__name__)


@pytest.mark.parametrize("least, reason", [(0.5, "unsure"), (0.4999, "")])
def test_probability_equal_to_threshold_is_unsure(least, reason):
    X = np.array([[0.0], [1.0]])
    even = DummyClassifier(strategy="uniform").fit(X, ["a", "b"])
    careful = SelectiveClassifier(even, threshold=least)
    assert careful.reasons(X).tolist() == [reason, reason]


def test_equal_probabilities_are_ranked_in_order_of_classes():
    best = most_probable(np.array([[0.0, 1.0, 0.0]]), top=3)
    assert best.tolist() == [[1, 0, 2]]


@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_wrappers_accept_dense_and_sparse_numeric_rows(container):
    X = container(np.array([[1, 5], [5, 1], [5, 5]]))
    inner = MultinomialNB().fit(X, ["a", "b", "c"])
    groups = GroupedClassifier(inner, groups={"a": "ab", "b": "ab"})
    wrapped = SelectiveClassifier(groups, threshold=0.9)
    proba = inner.predict_proba(X)
    expected = np.column_stack([proba[:, 0] + proba[:, 1], proba[:, 2]])
    assert_allclose(wrapped.predict_proba(X), expected)
    predictions = predict_names(wrapped, X)
    assert predictions.names is None
    is_unsure = expected.max(axis=1) <= 0.9
    assert_array_equal(predictions.reasons, np.where(is_unsure, "unsure", ""))


def test_set_params_of_priors_takes_effect_without_fit(model):
    shift = given_priors(model)
    assert shift.predict_proba(["Ana"])[0, 0] > 0
    shift.set_params(priors={"Turkish": 1})
    assert_array_equal(shift.predict_proba(["Ana"]), [[0, 0, 0, 1]])
