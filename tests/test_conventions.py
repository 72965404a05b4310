"""What scikit-learn expects of an estimator, asked of each public one."""

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
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
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
from tests.conftest import TINY, tiny_pipeline

pytestmark = pytest.mark.filterwarnings("ignore:The model is unsure")  # the tiny one is

# JoinNames takes parts of names, not names: see test_join_names.py.
CLASSES = {
    name: cls
    for name, cls in vars(sknames).items()
    if isinstance(cls, type) and issubclass(cls, BaseEstimator) and name != "JoinNames"
}

# ---- The checks of scikit-learn

# Of an estimator that takes strings, check_estimator runs one check. These ask for no X.
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
# It learns no labels: its classes are those of a fitted estimator, and y is ignored.
CHECKS_OF_LABELS = {
    "check_classifiers_one_label",
    "check_classifiers_classes",
    "check_classifiers_train",
    "check_classifiers_regression_target",
    "check_supervised_y_2d",
}
# Learn what the checks ask for in half of the steps.
FAST = {"hidden_size": 32, "lr": 0.02, "max_epochs": 8}


@pytest.mark.parametrize("check", CHECKS_WITHOUT_X)
@pytest.mark.parametrize("encoder", [CharEncoder(alphabet="ab"), NameEncoder(), JoinNames()])
def test_encoder_passes_the_checks_without_data(check, encoder):
    getattr(estimator_checks, check)(type(encoder).__name__, encoder)


# The checks feed blobs of floats, or two distinct rows.
@pytest.mark.filterwarnings("ignore:X has values that are not integers:UserWarning")
@pytest.mark.filterwarnings("ignore:.* of the rows begin with 1:UserWarning")
@pytest.mark.filterwarnings("ignore:early_stopping=True found no rows:UserWarning")
@estimator_checks.parametrize_with_checks(
    [
        NameNationalityClassifier(),
        NameNationalityClassifier(
            **FAST, cell="rnn", num_layers=2, class_weight="balanced", word_weight=0.25
        ),
        NameNationalityClassifier(
            **FAST | {"hidden_size": 64}, early_stopping=True, ngram_range=None
        ),
        # With a coverage of 1: the checks allow no answer to be withheld.
        SelectiveClassifier(LogisticRegression(), coverage=1.0, cv=2),
        GroupedClassifier(LogisticRegression(), groups={}),
    ]
)
def test_classifier_passes_the_checks(estimator, check):
    check(estimator)


def test_prior_shift_passes_all_checks_that_it_can():
    """Its estimator is fitted before, on as many columns as some of the checks have."""
    rng, passed, failed = np.random.RandomState(0), set(), {}
    for n_features in (1, 2, 3, 4, 5, 10, 20, 30):
        inner = LogisticRegression().fit(rng.randn(40, n_features), np.arange(40) % 4)
        # A check compares with a deep copy, whose arrays lie differently in scikit-learn 1.7.
        model = PriorShiftClassifier(copy.deepcopy(inner))
        for result in estimator_checks.check_estimator(model, on_fail=None, on_skip=None):
            if result["status"] == "passed":
                passed.add(result["check_name"])
            else:
                failed.setdefault(result["check_name"], []).append(str(result["exception"]))
    never = {name: reasons for name, reasons in failed.items() if name not in passed}
    assert never.keys() <= CHECKS_OF_LABELS, never
    assert len(passed) > 45


# ---- What the checks do not see, with names

NAMES = ["Mehmet Yılmaz", "王伟", "", "x" * 12, "O'Neill", "😀", "e\u0301", "Mehmet Yılmaz", "12"]


@pytest.fixture(params=CLASSES)
def case(request, small_names, codes, tiny):
    """An estimator that is not fitted, and what its fit and its other methods take."""
    rows = codes[0]
    return {
        "CharEncoder": lambda: (CharEncoder(max_length=12), small_names[:1], NAMES),
        "NameEncoder": lambda: (NameEncoder(tiny), small_names[:1], NAMES),
        "NameFeatures": lambda: (
            NameFeatures([("one", NameEncoder(tiny)), ("other", CharEncoder(max_length=12))]),
            small_names[:1],
            NAMES,
        ),
        "NameNationalityClassifier": lambda: (
            NameNationalityClassifier(**TINY),
            codes,
            np.vstack([rows[::9], rows[:1] * 0, rows[:1] + 99]),
        ),
        "GroupedClassifier": lambda: (
            GroupedClassifier(tiny_pipeline(), groups={"Greek": "a", "Polish": "a"}),
            small_names,
            NAMES,
        ),
        "PriorShiftClassifier": lambda: (PriorShiftClassifier(tiny), small_names[:1], NAMES),
        "SelectiveClassifier": lambda: (
            SelectiveClassifier(FrozenEstimator(tiny), coverage=0.5),
            small_names,
            NAMES,
        ),
    }[request.param]()


def answers(fitted, X):
    return fitted.predict_proba(X) if hasattr(fitted, "predict_proba") else fitted.transform(X)


def test_parameters_are_validated_as_scikit_learn_checks(case):
    estimator = case[0]
    if not isinstance(estimator, NameFeatures):  # a FeatureUnion, which has no constraints
        estimator_checks.check_param_validation(type(estimator).__name__, estimator)


def test_unfitted_estimator_raises(case):
    estimator, _, X = case
    methods = ("predict", "predict_proba", "reasons", "transform", "inverse_transform")
    methods += ("get_feature_names_out",)
    methods = [name for name in methods if hasattr(estimator, name)]
    assert len(methods) > 1
    who = [type(part).__name__ for _, part in getattr(estimator, "transformer_list", [])]
    for method in methods:
        with pytest.raises(NotFittedError, match="|".join([type(estimator).__name__, *who])):
            getattr(estimator, method)(X)


def test_fit_changes_no_parameter_and_forgets_earlier_fits(case):
    estimator, data, X = case
    params = estimator.get_params()
    assert estimator.fit(*data) is estimator
    expected = answers(estimator, X)
    estimator.fit(*(column[20:-20] for column in data))
    np.testing.assert_array_equal(answers(estimator.fit(*data), X), expected)
    after = estimator.get_params()
    # scikit-learn copies lists of parts.
    assert all(after[k] is v or (type(v) is list and after[k] == v) for k, v in params.items())
    if hasattr(estimator, "transform"):
        transformed = clone(estimator).fit_transform(*data, y=range(3))
        np.testing.assert_array_equal(transformed, estimator.transform(data[0]))


def test_answers_change_neither_the_estimator_nor_its_input(case):
    estimator, data, X = case
    state, given = pickle.dumps(estimator.fit(*data)), copy.deepcopy(X)
    answers(estimator, X)
    assert pickle.dumps(estimator) == state
    np.testing.assert_array_equal(X, given)


def test_clone_of_a_fitted_estimator_is_not_fitted_and_fits_the_same(case):
    estimator, data, X = case
    twin = clone(estimator.fit(*data))
    assert repr(twin) == repr(estimator)
    assert not [name for name in vars(twin) if name.endswith("_")]
    np.testing.assert_array_equal(answers(twin.fit(*data), X), answers(estimator, X))


WAYS = {
    "pickle": lambda model, path: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, path: copy.deepcopy(model),
    "joblib": lambda model, path: joblib.load(*joblib.dump(model, path)),
    "skops": lambda model, path: skops.io.load(
        *[skops.io.dump(model, path) or path],
        trusted=[f"sknames.{name}" for name in CLASSES] + ["sklearn.utils._bunch.Bunch"],
    ),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_copies_and_files_give_the_same_estimator(case, way, tmp_path):
    estimator, data, X = case
    unfitted = way(estimator, tmp_path / "unfitted")
    assert repr(unfitted) == repr(estimator) and vars(unfitted).keys() == vars(estimator).keys()
    fitted = way(estimator.fit(*data), tmp_path / "fitted")
    assert repr(fitted) == repr(estimator) and vars(fitted).keys() == vars(estimator).keys()
    np.testing.assert_array_equal(answers(fitted, X), answers(estimator, X))


def test_file_names_no_private_module(case):
    estimator, data, _ = case
    assert b"sknames._" not in pickle.dumps(estimator.fit(*data), protocol=0)


FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_feature_names_are_those_of_the_last_fit(case, frame):
    estimator, (X, *y), _ = case
    if hasattr(estimator, "estimator"):
        pytest.skip("has those of the estimator")
    table = frame({f"c{k}": column for k, column in enumerate(np.atleast_2d(X.T))})
    found = answers(estimator.fit(table, *y), table)
    if hasattr(estimator, "handle_missing") or hasattr(estimator, "transformer_list"):
        # A column of names may have another name in later tables.
        answers(estimator, frame({"another": X}))
    else:
        assert estimator.feature_names_in_.tolist() == list(table.columns)
        assert estimator.feature_names_in_.dtype == object
    np.testing.assert_array_equal(answers(estimator.fit(X, *y), X), found)
    assert not hasattr(estimator, "feature_names_in_")


CONTAINERS = {
    "list": list,
    "iterator": iter,
    "array": lambda names: np.array(names, dtype=str),
    "StringDType array": lambda names: np.array(names, dtype=np.dtypes.StringDType()),
    "a subclass of str": lambda names: list(map(type("Name", (str,), {}), names)),
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
    "pyarrow table": lambda names: pa.table({"of other letters": pa.array(names, pa.string())}),
}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_names_in_any_container_give_the_same_answers(case, container):
    estimator, (names, *y), asked = case
    if isinstance(estimator, NameNationalityClassifier):
        pytest.skip("takes codes")
    expected = answers(estimator.fit(names, *y), asked)
    found = answers(clone(estimator).fit(container(names), *y), container(asked))
    np.testing.assert_array_equal(found, expected)


# ---- What holds another estimator

HOLDERS = {
    "grouped": lambda inner: GroupedClassifier(inner, groups={"Greek": "a", "Polish": "a"}),
    "selective": lambda inner: SelectiveClassifier(inner, coverage=0.5),
    "shifted": PriorShiftClassifier,
    "encoder": NameEncoder,
}
holders = pytest.mark.parametrize("hold", HOLDERS.values(), ids=HOLDERS)


@holders
def test_holder_takes_only_the_held_estimator_by_position(hold, tiny):
    first, *others = inspect.signature(type(hold(tiny))).parameters.values()
    assert first.kind is first.POSITIONAL_OR_KEYWORD
    assert others and {other.kind for other in others} == {first.KEYWORD_ONLY}


@holders
@pytest.mark.parametrize("freeze", [lambda inner: inner, FrozenEstimator])
def test_holder_uses_a_fitted_estimator_as_it_is_and_so_do_its_clones(
    hold, freeze, tiny, small_names
):
    inner = freeze(tiny)
    holder = hold(inner)
    held = "model" if isinstance(holder, NameEncoder) else "estimator"
    if isinstance(holder, GroupedClassifier):
        answers(holder, NAMES)  # needs no fit
    expected = answers(holder.fit(*small_names), NAMES)
    assert getattr(holder, f"{held}_") is inner
    twin = clone(holder)
    assert getattr(twin, held) is inner and not hasattr(twin, f"{held}_")
    assert not [name for name in twin.get_params() if "__" in name]
    np.testing.assert_array_equal(answers(twin.fit(*small_names), NAMES), expected)
    with pytest.raises(ValueError, match="its clones use one fitted"):
        holder.set_params(**{f"{held}__classify__max_epochs": 1})
    if held == "estimator" and not isinstance(holder, PriorShiftClassifier):
        folds = [(np.arange(100), np.arange(100, 200))]
        test = [column[100:] for column in small_names]
        learned = hold(inner).fit(*(column[:100] for column in small_names))
        assert cross_val_score(holder, *small_names, cv=folds) == [learned.score(*test)]
    holder.set_params(**{held: DummyClassifier().fit(*small_names)})
    if isinstance(holder, GroupedClassifier):
        holder.set_params(groups={})
    np.testing.assert_array_equal(answers(holder, NAMES), expected)  # until it is fitted again


@holders
def test_holder_fits_a_clone_of_an_unfitted_estimator_if_there_are_labels(hold, small_names):
    inner = tiny_pipeline(max_epochs=1)
    holder = hold(inner)
    if isinstance(holder, NameEncoder | PriorShiftClassifier):
        with pytest.raises(NotFittedError, match="since it gets no labels"):
            holder.fit(*small_names)
        return
    assert "estimator__classify__max_epochs" in holder.get_params()
    holder.set_params(estimator__classify__max_epochs=2).fit(*small_names)
    assert not hasattr(inner[-1], "network_") and holder.estimator_[-1].max_epochs == 2
    holder.set_params(estimator__classify__max_epochs=3)
    assert holder.estimator_[-1].max_epochs == 2


# ---- Transformers


@pytest.fixture(params=["CharEncoder", "NameEncoder"])
def encoder(request, tiny):
    return CharEncoder(max_length=3) if request.param == "CharEncoder" else NameEncoder(tiny)


@pytest.mark.parametrize("library, frame", FRAMES.items())
def test_set_output_gives_tables_with_names_and_index(encoder, library, frame):
    names = pd.Series(["Ana", "Bo"], index=[7, "x"])
    expected = clone(encoder).fit_transform(names)
    encoder.set_output(transform=library)
    for out in (encoder.fit_transform(names), clone(encoder).fit(names).transform(names)):
        assert isinstance(out, frame)
        assert list(out.columns) == encoder.get_feature_names_out().tolist()
        np.testing.assert_array_equal(out.to_numpy(), expected, strict=True)
        if library == "pandas":
            pd.testing.assert_index_equal(out.index, names.index)


TRANSFORMERS = {
    "CharEncoder": lambda tiny: CharEncoder(max_length=3),
    "NameEncoder": NameEncoder,
    "NameFeatures": lambda tiny: NameFeatures([("one", NameEncoder(tiny)), ("two", CharEncoder())]),
    "JoinNames": lambda tiny: JoinNames(),
}


@pytest.mark.parametrize("make", TRANSFORMERS.values(), ids=TRANSFORMERS)
def test_rows_keep_their_index_and_order_beside_other_columns(make, tiny):
    """As after train_test_split, where a library that joins by index would swap rows."""
    names, ages = ["Tanaka Ichiro", "Anna Kowalska", "Papadopoulos"], [2, 0, 1]
    expected = np.array(make(tiny).fit_transform(pd.DataFrame({"name": names})))
    for library, frame in FRAMES.items():
        columns = ColumnTransformer(
            [("names", make(tiny), ["name"]), ("age", "passthrough", ["age"])]
        )
        columns.set_output(transform=library)
        options = {"index": ages} if library == "pandas" else {}
        table = frame({"name": names, "age": ages}, **options)
        for out in (columns.fit_transform(table), columns.fit(table).transform(table)):
            assert isinstance(out, frame) and len(out) == 3 and out["age__age"].to_list() == ages
            np.testing.assert_array_equal(out.to_numpy()[:, :-1].ravel(), expected.ravel())
            if library == "pandas":
                assert out.index.tolist() == ages


def test_feature_names_out_begin_with_the_class(encoder, tiny):
    found = encoder.fit(["Ana"]).get_feature_names_out(["name"])
    expected = {
        "CharEncoder": ["charencoder0", "charencoder1", "charencoder2"],
        "NameEncoder": [f"nameencoder_{label}" for label in tiny.classes_],
    }
    assert found.tolist() == expected[type(encoder).__name__]
    assert found.dtype == object
    np.testing.assert_array_equal(encoder.get_feature_names_out(), found)


def test_tags_say_that_an_encoder_takes_strings(encoder):
    tags = get_tags(encoder)
    assert tags.input_tags.string and tags.input_tags.one_d_array
    assert not tags.input_tags.two_d_array
    assert tags.requires_fit and not tags.target_tags.required
    assert tags.transformer_tags is not None
    assert not hasattr(encoder.fit(["Ana"]), "n_features_in_")  # as text vectorizers
