"""Test all public estimators against the conventions of scikit-learn."""

import copy
import inspect
import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import estimator_checks, get_tags

import sknames
from sknames import (
    CharEncoder,
    GroupedClassifier,
    JoinNames,
    NameEncoder,
    NameFeatures,
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
)
from sknames.pretrained import FrozenPipeline
from tests.conftest import TINY, tiny_pipeline

pytestmark = pytest.mark.filterwarnings("ignore:The model is unsure")  # tiny models are

# JoinNames takes parts of names, not names: see test_join_names.py.
CLASSES = {
    name: cls
    for name, cls in vars(sknames).items()
    if isinstance(cls, type) and issubclass(cls, BaseEstimator) and name != "JoinNames"
}

# ---- Checks of scikit-learn

# For estimators that take strings, check_estimator runs only one check. These checks do
# not need X, so they can be run as well.
CHECKS_WITHOUT_X = [
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_mixin_order",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
    "check_transformer_n_iter",
]
# PriorShiftClassifier learns no labels, and only passes X to its estimator, which
# ignores X here.
NOT_OF_PRIOR_SHIFT = """
    check_classifiers_classes check_classifiers_one_label
    check_classifiers_regression_target check_classifiers_train check_complex_data
    check_dtype_object check_estimators_empty_data_messages check_estimators_nan_inf
    check_fit1d check_fit2d_predict1d check_n_features_in
    check_n_features_in_after_fitting
    check_supervised_y_2d check_supervised_y_no_nan
""".split()
NOT_PASSED = {
    PriorShiftClassifier: dict.fromkeys(NOT_OF_PRIOR_SHIFT, "not its part"),
    SelectiveClassifier: {
        "check_classifiers_classes": "has a label -1, which would be the abstain label"
    },
}
# Settings with which a short training reaches the accuracy that the checks require.
FAST = {"lr": 0.03, "max_epochs": 5, "hidden_size": 32}


@pytest.mark.parametrize("check", CHECKS_WITHOUT_X)
@pytest.mark.parametrize(
    "encoder", [CharEncoder(alphabet="ab"), NameEncoder(), JoinNames()]
)
def test_encoder_passes_scikit_learn_checks_that_need_no_data(check, encoder):
    getattr(estimator_checks, check)(type(encoder).__name__, encoder)


# The checks feed blobs of floats, or two distinct rows.
@pytest.mark.filterwarnings("ignore:X has values that are not integers:UserWarning")
@pytest.mark.filterwarnings("ignore:.* of the rows begin with 1:UserWarning")
@pytest.mark.filterwarnings("ignore:early_stopping=True found no rows:UserWarning")
@estimator_checks.parametrize_with_checks(
    [
        NameNationalityClassifier(**FAST),
        NameNationalityClassifier(
            **FAST, cell="rnn", num_layers=2, class_weight="balanced", word_weight=0.25
        ),
        NameNationalityClassifier(
            **FAST | {"hidden_size": 64}, early_stopping=True, ngram_range=None
        ),
        # With a coverage of 1, because the checks do not allow withheld predictions.
        SelectiveClassifier(LogisticRegression(), coverage=1.0, cv=2),
        GroupedClassifier(LogisticRegression(), groups={}),
        PriorShiftClassifier(
            FrozenEstimator(DummyClassifier().fit(np.zeros((4, 1)), range(4)))
        ),
    ],
    expected_failed_checks=lambda estimator: NOT_PASSED.get(type(estimator), {}),
)
def test_classifier_passes_scikit_learn_estimator_checks(estimator, check):
    check(estimator)


# ---- Conventions that the checks do not cover, with names

NAMES = [
    "Mehmet Yılmaz",
    "王伟",
    "",
    "x" * 12,
    "O'Neill",
    "😀",
    "e\u0301",
    "Mehmet Yılmaz",
    "12",
]


def name_features(tiny):
    one = NameEncoder(FrozenEstimator(tiny))
    two = CharEncoder(max_length=12)
    return NameFeatures([("one", one), ("two", two)])


TRANSFORMERS = {
    "CharEncoder": lambda tiny: CharEncoder(max_length=12),
    "NameEncoder": lambda tiny: NameEncoder(FrozenEstimator(tiny)),
    "NameFeatures": name_features,
    "JoinNames": lambda tiny: JoinNames(),
}


@pytest.fixture(params=CLASSES)
def case(request, small_names, codes, tiny):
    """An estimator that is not fitted, and what its fit and its other methods take."""
    if request.param in TRANSFORMERS:
        return TRANSFORMERS[request.param](tiny), small_names[:1], NAMES
    if request.param == "NameNationalityClassifier":
        rows = codes[0]
        asked = np.vstack([rows[::9], rows[:1] * 0, rows[:1] + 99])
        return NameNationalityClassifier(**TINY), codes, asked
    frozen = FrozenEstimator(tiny)
    if request.param == "PriorShiftClassifier":
        return PriorShiftClassifier(frozen), small_names[:1], NAMES
    if request.param == "SelectiveClassifier":
        return SelectiveClassifier(frozen, coverage=0.5), small_names, NAMES
    assert request.param == "GroupedClassifier"
    groups = {"a": ["Greek", "Polish"]}
    inner = tiny_pipeline(max_epochs=1)
    grouped = GroupedClassifier(inner, groups=groups, others="b")
    return grouped, small_names, NAMES


def answers(fitted, X):
    if hasattr(fitted, "predict_proba"):
        return fitted.predict_proba(X)
    return fitted.transform(X)


def test_parameter_validation_passes_scikit_learn_check(case):
    estimator, _, _ = case
    # A FeatureUnion has no constraints.
    if not isinstance(estimator, NameFeatures):
        estimator_checks.check_param_validation(type(estimator).__name__, estimator)


def test_methods_of_unfitted_estimator_raise_not_fitted_error(case):
    estimator, _, X = case
    methods = "predict predict_proba reasons transform inverse_transform"
    methods += " get_feature_names_out"
    methods = [name for name in methods.split() if hasattr(estimator, name)]
    assert len(methods) > 1
    unfitted = [type(estimator).__name__]
    for _, part in getattr(estimator, "transformer_list", []):
        unfitted.append(type(part).__name__)
    for method in methods:
        with pytest.raises(NotFittedError, match="|".join(unfitted)):
            getattr(estimator, method)(X)


def test_fit_keeps_parameters_and_refit_of_clone_is_identical(case):
    estimator, data, X = case
    params = estimator.get_params()
    assert estimator.fit(*data) is estimator
    expected = answers(estimator, X)
    for name, after in estimator.get_params().items():
        if type(after) is list:  # scikit-learn copies lists of parts
            assert after == params[name]
        else:
            assert after is params[name]
    fewer = [column[20:-20] for column in data]
    twin = clone(estimator.fit(*fewer))
    assert repr(twin) == repr(estimator)
    assert not [name for name in vars(twin) if name.endswith("_")]
    for each in (estimator, twin):
        assert_array_equal(answers(each.fit(*data), X), expected)
    if hasattr(estimator, "transform"):
        transformed = clone(estimator).fit_transform(*data, y=range(3))
        assert_array_equal(transformed, estimator.transform(data[0]))


def test_prediction_changes_neither_estimator_nor_input(case):
    estimator, data, X = case
    state = pickle.dumps(estimator.fit(*data), protocol=0)
    given = copy.deepcopy(X)
    assert b"sknames._" not in state  # a file names no private module
    answers(estimator, X)
    assert pickle.dumps(estimator, protocol=0) == state
    assert_array_equal(X, given)


def through_skops(model, path):
    skops.io.dump(model, path)
    # All types in the file are from sknames.
    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


WAYS = {
    "pickle": lambda model, path: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, path: copy.deepcopy(model),
    "joblib": lambda model, path: joblib.load(*joblib.dump(model, path)),
    "skops": through_skops,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_copied_and_reloaded_estimators_predict_identically(case, way, tmp_path):
    estimator, data, X = case
    unfitted = way(estimator, tmp_path / "unfitted")
    assert repr(unfitted) == repr(estimator)
    assert vars(unfitted).keys() == vars(estimator).keys()
    fitted = way(estimator.fit(*data), tmp_path / "fitted")
    assert repr(fitted) == repr(estimator)
    assert vars(fitted).keys() == vars(estimator).keys()
    assert_array_equal(answers(fitted, X), answers(estimator, X))


FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_feature_names_in_is_reset_by_each_fit(case, frame):
    estimator, (X, *y), _ = case
    if hasattr(estimator, "estimator"):
        pytest.skip("has those of the estimator")
    columns = np.atleast_2d(X.T)
    table = frame({f"c{k}": column for k, column in enumerate(columns)})
    found = answers(estimator.fit(table, *y), table)
    if hasattr(estimator, "handle_missing") or hasattr(estimator, "transformer_list"):
        # A column of names may have another name in later tables.
        answers(estimator, frame({"another": X}))
    else:
        assert estimator.feature_names_in_.tolist() == list(table.columns)
        assert estimator.feature_names_in_.dtype == object
    assert_array_equal(answers(estimator.fit(X, *y), X), found)
    assert not hasattr(estimator, "feature_names_in_")


def names_of_a_subclass(names):
    subclass = type("Name", (str,), {})
    return [subclass(name) for name in names]


CONTAINERS = {
    "list": list,
    "iterator": iter,
    "array": lambda names: np.array(names, dtype=str),
    "StringDType array": lambda names: np.array(names, dtype=np.dtypes.StringDType()),
    "a subclass of str": names_of_a_subclass,
    "Series": lambda names: pd.Series(names, index=range(len(names))[::-1]),
    "Series of a category": lambda names: pd.Series(names, dtype="category"),
    "Index": pd.Index,
    "polars Series": lambda names: pl.Series(list(names)),
    "polars category": lambda names: pl.Series(names, dtype=pl.Categorical),
    "column": lambda names: np.array(names, dtype=object)[:, None],
    "DataFrame": lambda names: pd.DataFrame({"of other letters": names}),
    "polars frame": lambda names: pl.DataFrame({"of other letters": names}),
    "pyarrow array": pa.array,
    "pyarrow chunks": lambda names: pa.chunked_array([names[:5], names[5:]]),
    "pyarrow dictionary": lambda names: pa.array(names).dictionary_encode(),
    "pyarrow table": lambda names: pa.table(
        {"of other letters": pa.array(names, pa.string())}
    ),
}


def test_names_in_any_container_give_identical_predictions(case):
    estimator, (names, *y), asked = case
    if isinstance(estimator, NameNationalityClassifier):
        pytest.skip("takes codes")
    expected = answers(estimator.fit(names, *y), asked)
    for kind, container in CONTAINERS.items():
        found = answers(clone(estimator).fit(container(names), *y), container(asked))
        assert_array_equal(found, expected, err_msg=kind)


# ---- Wrappers

HOLDERS = {
    "grouped": lambda inner: GroupedClassifier(
        inner, groups={"Greek": "a", "Polish": "a"}
    ),
    "selective": lambda inner: SelectiveClassifier(inner, coverage=1.0, cv=2),
    "shifted": PriorShiftClassifier,
    "encoder": NameEncoder,
}
holders = pytest.mark.parametrize("hold", HOLDERS.values(), ids=HOLDERS)


@holders
def test_wrapper_accepts_only_estimator_by_position(hold, tiny):
    first, *others = inspect.signature(type(hold(tiny))).parameters.values()
    assert first.kind is first.POSITIONAL_OR_KEYWORD
    assert others
    assert {other.kind for other in others} == {first.KEYWORD_ONLY}


# Whether a wrapper fits its estimator again depends only on the type of estimator.
FROZEN = {
    "frozen": FrozenEstimator,
    "shipped": lambda tiny: FrozenPipeline(tiny.steps),
}


@holders
@pytest.mark.parametrize("make", FROZEN.values(), ids=FROZEN)
def test_wrapper_does_not_fit_frozen_estimator(hold, make, tiny, small_names):
    inner = make(tiny)
    holder = hold(inner).fit(*small_names)
    name = next(iter(inspect.signature(type(holder)).parameters))
    assert getattr(clone(holder), name) is getattr(holder, f"{name}_") is inner
    deep = f"{name}__classify__max_epochs"
    assert deep not in holder.get_params()
    no_params = r"frozen estimator since|set those of make_own_labels_pipeline\(\)"
    with pytest.raises(ValueError, match=no_params):
        holder.set_params(**{deep: 1})
    # A changed parameter takes effect at the next fit.
    expected = answers(holder, NAMES)
    holder.set_params(**{name: FrozenEstimator(DummyClassifier().fit(*small_names))})
    assert_array_equal(answers(holder, NAMES), expected)


@pytest.mark.parametrize("hold", [PriorShiftClassifier, NameEncoder])
def test_fit_without_labels_raises_with_hint_to_freeze(hold, tiny, small_names):
    wrap = r"learns no labels, so .*FrozenEstimator\(model\)"
    with pytest.raises(ValueError, match=wrap):
        hold(tiny).fit(*small_names)


learners = pytest.mark.parametrize(
    "hold", [HOLDERS["grouped"], HOLDERS["selective"]], ids=["grouped", "selective"]
)


@learners
def test_wrapper_fits_clone_of_unfrozen_estimator(hold, tiny, small_names):
    weights = tiny[-1].network_.weights["output.weight"].copy()
    holder = hold(tiny).fit(*[column[::2] for column in small_names])
    assert holder.estimator_ is not tiny
    assert_array_equal(tiny[-1].network_.weights["output.weight"], weights)
    grid = {"estimator__classify__max_epochs": [1]}
    search = GridSearchCV(holder, grid, cv=2).fit(*small_names)
    assert search.best_estimator_.estimator_[-1].max_epochs == 1


@learners
def test_wrapper_routes_weights_to_estimator(hold, tiny, small_names):
    inner = clone(tiny)
    weights = np.arange(200) % 3
    with config_context(enable_metadata_routing=True):
        inner[-1].set_fit_request(sample_weight=True)
        plain = hold(inner).fit(*small_names)
        weighted = hold(inner).fit(*small_names, sample_weight=weights)
    assert (answers(weighted, NAMES) != answers(plain, NAMES)).any()


def test_wrapper_routes_no_weights_to_frozen_estimator(tiny, small_names):
    weights = np.arange(200) % 3
    frozen = FrozenPipeline(tiny.steps)
    with config_context(enable_metadata_routing=True):
        with pytest.raises(TypeError, match="not routed"):
            HOLDERS["grouped"](frozen).fit(*small_names, sample_weight=weights)
        # SelectiveClassifier uses the weights itself.
        HOLDERS["selective"](frozen).fit(*small_names, sample_weight=weights)


@pytest.fixture
def frozen(tiny):
    return FrozenPipeline(tiny.steps)


def test_frozen_pipeline_keeps_state_in_fit_and_clone(frozen, small_names):
    names, y = small_names
    assert clone(frozen) is frozen is frozen.fit(names, y[::-1])
    assert isinstance(frozen, Pipeline)
    assert not hasattr(frozen, "fit_transform")
    assert len(frozen) == 2
    assert {"predict_proba", "classes_", "score"} < {*dir(frozen)}
    assert frozen[:-1].transform(names).shape == (200, 12)
    assert frozen.set_output(transform="default") is frozen is frozen.set_params()
    anew = clone(Pipeline(frozen.steps)).set_params(classify__max_epochs=1)
    anew.fit(names, y)
    assert anew[-1].max_epochs == 1 != frozen[-1].max_epochs
    with config_context(enable_metadata_routing=True):
        assert frozen.predict(names).shape == (200,)


AROUND = {
    "calibrated": lambda inner: CalibratedClassifierCV(inner, cv=2),
    "stacked": lambda inner: StackingClassifier(
        [("", inner)], LogisticRegression(), cv=2
    ),
    "voting": lambda inner: VotingClassifier([("", inner)], voting="soft"),
    "searched": lambda inner: GridSearchCV(
        SelectiveClassifier(inner, coverage=1.0), {"coverage": [0.4, 1.0]}, cv=2
    ),
}


@pytest.mark.parametrize(
    "y, lacking",
    [
        (["Elvish", "Greek", "Elvish"], r"\['Elvish'\]"),
        ([0, 1, 2], r"\[0, 1, 2\]"),
        ([0, 1, 4], r"\[0, 1, 4\]"),
        ([[0], [1]], r"\[0, 1\]"),
    ],
)
def test_frozen_pipeline_fit_with_unknown_labels_warns(frozen, y, lacking):
    """Ensembles number the labels, but numbers of three labels do not fit four."""
    message = rf"lacks the labels {lacking}\. .*fit make_own.* need names of all 4, or"
    with pytest.warns(UserWarning, match=message):
        assert frozen.fit(["Anna"] * len(y), y) is frozen


@pytest.mark.parametrize("y", [None, ["Greek"], [["Greek"]], [3, 2, 1, 0], [3, 1]])
def test_frozen_pipeline_fit_with_known_labels_does_not_warn(frozen, y):
    """Ensembles pass numbers, some of which a fold may lack."""
    assert frozen.fit(["Anna"], y) is frozen


SCORED = {
    "alone": lambda inner: inner,
    "frozen": FrozenEstimator,
    "joined": lambda inner: make_pipeline(JoinNames(), inner),
    "grouped": HOLDERS["grouped"],
    "selective": HOLDERS["selective"],
    "shifted": HOLDERS["shifted"],
    **AROUND,
}


@pytest.mark.parametrize("make", SCORED.values(), ids=SCORED)
def test_metadata_routing_does_not_change_scores_of_frozen_pipeline(
    make, frozen, small_names
):
    names, y = small_names
    model = make(frozen)
    column = names[:, None]
    expected = cross_val_score(model, column, y, cv=2)
    assert expected.min() > 0.8
    with config_context(enable_metadata_routing=True):
        scores = cross_val_score(model, column, y, cv=2)
    assert_array_equal(scores, expected)


def test_metadata_routing_passes_weights_to_frozen_pipeline_score(frozen, small_names):
    names, y = small_names
    frozen = copy.deepcopy(frozen)
    weights = frozen.predict(names) != y  # only wrong predictions have weight
    with config_context(enable_metadata_routing=True):
        with pytest.raises(UnsetMetadataPassedError):
            frozen.score(names, y, sample_weight=weights)
        frozen[-1].set_score_request(sample_weight=True)
        assert frozen.score(names, y, sample_weight=weights) == 0


# ---- Transformers


@pytest.mark.parametrize("make", TRANSFORMERS.values(), ids=TRANSFORMERS)
def test_column_transformer_keeps_index_and_order(make, tiny):
    """As after train_test_split: a library that joins by index would swap the rows."""
    names = ["Tanaka Ichiro", "Anna Kowalska", "Papadopoulos"]
    ages = [2, 0, 1]
    alone = make(tiny)
    expected = np.array(alone.fit_transform(pd.DataFrame({"name": names})))
    for library, frame in FRAMES.items():
        of_names = ("names", make(tiny), ["name"])
        columns = ColumnTransformer([of_names, ("age", "passthrough", ["age"])])
        columns.set_output(transform=library)
        table = frame({"name": names, "age": ages})
        if library == "pandas":
            table.index = ages
        for out in (columns.fit_transform(table), columns.fit(table).transform(table)):
            assert isinstance(out, frame)
            assert len(out) == 3
            assert out["age__age"].to_list() == ages
            rows = out.to_numpy()[:, :-1]
            assert_array_equal(rows, expected.reshape(rows.shape))
            features = [f"names__{name}" for name in alone.get_feature_names_out()]
            assert list(out.columns) == [*features, "age__age"]
            if library == "pandas":
                assert out.index.tolist() == ages


ENCODERS = {
    "CharEncoder": [f"charencoder{k}" for k in range(12)],
    "NameEncoder": [
        f"nameencoder_{label}" for label in ("Greek", "Japanese", "Polish", "Turkish")
    ],
}


@pytest.mark.parametrize("name, columns", ENCODERS.items())
def test_feature_names_of_encoder_have_class_prefix(name, columns, tiny):
    encoder = TRANSFORMERS[name](tiny)
    assert get_tags(encoder).requires_fit
    pipeline = make_pipeline(encoder.fit(["Ana"]), DummyClassifier())
    for model in (encoder, pipeline):  # as text vectorizers
        with pytest.raises(AttributeError, match=f"^{name} reads text"):
            model.n_features_in_  # noqa: B018
    found = encoder.get_feature_names_out(["name"])
    assert found.tolist() == columns
    assert found.dtype == object
    assert_array_equal(encoder.get_feature_names_out(), found)


READERS = {
    "encoder": TRANSFORMERS["CharEncoder"],
    "encoder of a model": TRANSFORMERS["NameEncoder"],
    "features": lambda tiny: NameFeatures([("codes", tiny[0])]),
    "shipped": lambda tiny: FrozenPipeline(tiny.steps),
    "grouped": lambda tiny: GroupedClassifier(FrozenPipeline(tiny.steps)),
    "around a pipeline": lambda tiny: SelectiveClassifier(clone(tiny)),
    "around a frozen one": lambda tiny: PriorShiftClassifier(FrozenEstimator(tiny)),
}


@pytest.mark.parametrize("make", READERS.values(), ids=READERS)
def test_tags_of_estimators_for_names_declare_text_input(make, tiny):
    tags = get_tags(make(tiny)).input_tags
    assert (tags.string, tags.one_d_array, tags.two_d_array) == (True, True, False)


@pytest.mark.parametrize("wrap", [lambda inner: inner, SelectiveClassifier])
def test_tags_of_estimators_for_codes_declare_two_dimensional_input(wrap, tiny):
    tags = get_tags(wrap(tiny["classify"])).input_tags
    assert (tags.string, tags.one_d_array, tags.two_d_array) == (False, False, True)


def test_frozen_pipeline_has_class_prior_of_its_classifier(frozen, tiny):
    assert_array_equal(frozen.class_prior_, tiny["classify"].class_prior_)
    assert not hasattr(frozen[:-1], "class_prior_")


def test_predict_log_proba_of_wrapper_is_log_of_predict_proba(tiny):
    priors = {"Greek": 0.5, "Polish": 0.5}
    shifted = PriorShiftClassifier(FrozenEstimator(tiny), priors=priors)
    logarithms = shifted.fit(NAMES).predict_log_proba(NAMES)  # a warning is an error
    assert_allclose(np.exp(logarithms), shifted.predict_proba(NAMES))
    assert np.isneginf(logarithms).all(axis=0).tolist() == [False, True, False, True]
