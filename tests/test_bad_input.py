"""Tests that invalid input raises clear errors and that any text is accepted."""

import math
import time
from ast import literal_eval
from datetime import date
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.utils._param_validation import InvalidParameterError

from sknames import (
    CharEncoder,
    NameEncoder,
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    estimate_shares,
)
from sknames.datasets import make_names
from sknames.metrics import scorecard
from tests.conftest import TINY, tiny_pipeline

ANY = settings(deadline=None, derandomize=True)


# Names: what the encoder rejects, alone and in a Pipeline, in fit and afterwards.

BAD_NAMES = [
    (["anna", None], ValueError, r"missing name \(None\) at position 1"),
    (["anna", "bo", math.nan], ValueError, r"missing name \(nan\) at position 2"),
    ([pd.NA, "anna"], ValueError, r"missing name \(<NA>\) at position 0"),
    (["anna", pd.NaT], ValueError, r"missing name \(NaT\) at position 1"),
    (
        np.ma.array(["anna", "bo"], dtype=object, mask=[0, 1])[:, None],
        ValueError,
        r"missing name \(None\) at position 1",
    ),
    (["anna", 5], TypeError, r"type str and got int \(5\) at position 1"),
    (["a", b"b"], TypeError, r"got bytes \(b'b'\) at position 1.*name\.decode\(\)"),
    (
        ["anna", ["bo"] * 10_000],
        TypeError,
        r"got list .{,60} at position 1.*name\[0\] for",
    ),
    (
        [["anna", "bo"]],
        TypeError,
        r"got list .* at position 0\. The names are in X\[0\]",
    ),
    ([["anna"]], TypeError, r"got list .* at position 0\. Pass \[name\[0\] for name"),
    ("anna", ValueError, r"a single str\. Wrap it in a list: \['anna'\]\.$"),
    (b"\xff", ValueError, r"a single bytes\. Wrap it in a list: \['\ufffd'\]"),
    (
        pd.DataFrame({"name": ["anna", "bo"], "town": ["a", "b"]}),
        ValueError,
        r"shape \(2, 2\)\. Pass one column, e\.g\. df\['name'\], or join several: Join",
    ),
    (np.full((2, 1, 1), "a"), ValueError, r"shape \(2, 1, 1\)\. Pass one column"),
    ({"anna": 1}, TypeError, "got a dict"),
    (pl.LazyFrame({"name": ["anna"]}), TypeError, r"is lazy\. Pass X\.collect\(\)\.$"),
    (scipy.sparse.csr_matrix([[1]]), TypeError, "got a csr_matrix"),
    (3, TypeError, "got a int"),
    ([], ValueError, r"Found array with 0 sample\(s\)"),
]


@pytest.mark.parametrize("names, error, message", BAD_NAMES)
def test_invalid_names_raise_in_all_methods(tiny, names, error, message):
    features = NameEncoder(FrozenEstimator(tiny)).fit(["anna"])
    for method in (
        clone(features).fit,
        features.transform,
        CharEncoder().fit,
        CharEncoder().fit_transform,
        CharEncoder().fit(["anna"]).transform,
        lambda names: tiny_pipeline().fit(names, ["a", "b"]),
        tiny.predict,
        tiny.predict_proba,
    ):
        with pytest.raises(error, match=message):
            method(names)


# Codes: what the classifier rejects.


@pytest.mark.parametrize(
    "X",
    [
        ["anna", "bo"],
        [["1", "2"], ["2", "1"]],
        [["a", None], ["b", "c"]],
        pd.DataFrame({"name": ["anna", "bo"]}),
        [b"anna", b"bo"],
    ],
)
@pytest.mark.filterwarnings("ignore:X has feature names:UserWarning")
def test_strings_passed_to_classifier_raise(tiny, X):
    message = "got strings.*CharEncoder first: make_pipeline"
    for method in (
        lambda X: NameNationalityClassifier().fit(X, ["a", "b"]),
        tiny["classify"].predict,
        tiny["classify"].predict_proba,
    ):
        with pytest.raises(ValueError, match=message):
            method(X)


# Labels.


@pytest.mark.parametrize(
    "y, message",
    [
        (None, "requires y to be passed"),
        (["a", None, "b"], r"missing label \(None\) at position 1"),
        (["a", "b", math.nan], r"missing label \(nan\) at position 2"),
        (
            pd.Series([None, "a", "b"], dtype="category"),
            "missing label .* at position 0",
        ),
        ([0.5, 1.5, 2.5], "Unknown label type: continuous"),
        (
            [date(2020, 1, day) for day in (1, 2, 3)],
            r"got objects of type date \(2020-01-01\)\. Convert them, .*str\(label\)",
        ),
        ([1.0, -math.inf, 2.0], "infinity at position 1"),
        ([["a", "b"]] * 3, r"should be a 1d array, got an array of shape \(3, 2\)"),
        (["a", "b"], "inconsistent numbers of samples"),
    ],
)
def test_invalid_labels_raise_in_fit_and_score(y, message):
    classifier = NameNationalityClassifier(**TINY).fit([[2, 3], [3, 2]], ["a", "b"])
    with pytest.raises(ValueError, match=message):
        classifier.score([[2, 3], [3, 2], [4, 2]], y)
    with pytest.raises(ValueError, match=message):
        NameNationalityClassifier().fit([[2, 3], [3, 2], [4, 2]], y)


# Weights.


@pytest.mark.parametrize(
    "weights, message",
    [
        ([1, 0.5, -1e-9], "got -1e-09 at position 2. Use 0 to leave a row out"),
        ([1, -math.inf, 1], "sample_weight contains infinity or a value too large for"),
        ([1, math.nan, 1], "Input sample_weight contains NaN"),
        ([1, None, 1], "Input sample_weight contains NaN"),
        (-1.0, "got -1 at position 0"),
        (0, "a positive one; got 0 at"),
        ([1, 0, 1e-310], "from 1e-100 to .*, got 1e-310 at position 2"),
        (1e307, r"to 1e\+100, got 1e\+307 at position 0. Divide all by"),
        ([1, 1], r"Expected sample_weight of shape \(3,\), got \(2,\)"),
        ([[1, 1, 1]], r"of shape \(3,\), got \(1, 3\)"),
    ],
)
def test_invalid_sample_weights_raise(weights, message):
    model = NameNationalityClassifier()
    with pytest.raises(ValueError, match=message):
        model.fit([[2, 3], [3, 2], [4, 2]], ["a", "b", "a"], weights)


@pytest.mark.parametrize("weight", [-2, -math.inf, math.nan, None])
@pytest.mark.parametrize("labels", [["a", "b", "c"], ["a", "c", "c"]])  # also without b
def test_invalid_class_weight_raises(weight, labels):
    class_weight = {"a": 1, "b": weight, "c": 1}
    model = NameNationalityClassifier(class_weight=class_weight)
    with pytest.raises(ValueError, match=f"got {weight!r} for class 'b'"):
        model.fit([[2, 3], [3, 2], [4, 2]], labels)


def test_balanced_class_weight_ignores_classes_without_weight():
    X = [[2], [3], [4], [5]]
    y = ["a", "a", "b", "c"]
    weights = np.array([1, 1, 0, 4.0])
    params = {"class_weight": "balanced", "logit_adjustment": 0}
    model = NameNationalityClassifier(**TINY, **params)
    assert_allclose(model.fit(X, y, weights).class_prior_, [0.5, 0, 0.5])
    assert weights.tolist() == [1, 1, 0, 4]


def test_class_weights_that_are_all_zero_raise():
    model = NameNationalityClassifier(class_weight={"a": 0, "b": 0})
    message = "a positive weight for some row; class_weight=.*'a': 0"
    with pytest.raises(ValueError, match=message):
        model.fit([[2], [3]], ["a", "b"])


@pytest.mark.parametrize("weight", [1e-310, 1e307])
def test_class_weight_out_of_range_raises(weight):
    model = NameNationalityClassifier(class_weight={"a": weight, "b": 1})
    with pytest.raises(ValueError, match="of 0, or from 1e-100"):
        model.fit([[2, 3], [3, 2]], ["a", "b"])


@pytest.mark.parametrize(
    "wrapper", [PriorShiftClassifier, partial(SelectiveClassifier, coverage=0.5)]
)
def test_sample_weight_out_of_range_raises_in_wrappers(tiny, wrapper):
    model = wrapper(FrozenEstimator(tiny))
    with pytest.raises(ValueError, match="of 0, or from 1e-100"):
        model.fit(["anna", "bo"], ["Greek", "Polish"], sample_weight=[1, 1e307])


@pytest.mark.parametrize(
    "weights, class_weight, larger_class_weight",
    [
        (1, None, None),
        ([1, 1, 0.5, 1] * 3, None, None),
        (1, "balanced", "balanced"),
        (1, {"a": 1.0, "b": 0.5}, {"a": 1e3, "b": 0.5e3}),
    ],
)
def test_scaling_all_weights_does_not_change_predictions(
    weights, class_weight, larger_class_weight
):
    X = [[2, 3], [2, 3], [3, 2], [4, 4]] * 3
    y = ["a", "a", "b", "b"] * 3
    model = NameNationalityClassifier(**TINY, class_weight=class_weight)
    expected = clone(model).fit(X, y, weights).predict_proba(X)
    model.set_params(class_weight=larger_class_weight)
    found = model.fit(X, y, 1e3 * np.array(weights)).predict_proba(X)
    assert_allclose(found, expected, rtol=1e-5)


# Parameters.

CODES = ([[2, 3], [3, 2]], ["a", "b"])
# scikit-learn's checks try other types; these values are just out of range.
NAMES_AND_LABELS = (["anna", "bo"], ["a", "b"])


@pytest.mark.parametrize(
    "estimator, data, values",
    [
        (
            NameNationalityClassifier(),
            CODES,
            "hidden_size=0 num_layers=0 embedding_dim=0 min_df=0 lr=0 max_epochs=0 "
            "batch_size=0 n_iter_no_change=0 dropout=-.1 dropout=1. regularization=-.1 "
            "word_weight=-.1 word_weight=10.1 logit_adjustment=-.1",
        ),
        (
            SelectiveClassifier(LogisticRegression()),
            CODES,
            "coverage=0 coverage=1.1 risk=0 risk=1 confidence_level=0 "
            "confidence_level=1 threshold=-.1 threshold=1",
        ),
        (
            CharEncoder(),
            NAMES_AND_LABELS,
            "min_frequency=.5 min_frequency=0 max_length=0",
        ),
    ],
)
def test_error_of_parameter_out_of_range_names_parameter(estimator, data, values):
    for setting in values.split():
        name, value = setting.split("=")
        changed = clone(estimator).set_params(**{name: literal_eval(value)})
        message = f"^The '{name}' parameter of {type(estimator).__name__} must be"
        with pytest.raises(InvalidParameterError, match=message):
            changed.fit(*data)


@pytest.mark.parametrize("wrapper", [SelectiveClassifier, PriorShiftClassifier])
def test_estimator_without_predict_proba_raises(wrapper):
    with pytest.raises(InvalidParameterError, match="^The 'estimator' parameter of "):
        wrapper(LinearSVC()).fit(*CODES)


@pytest.mark.parametrize(
    "ngram_range", [(), (1,), (0, 2), (3, 2), (1, 2, 3), (1, 2.0), ("a", "b")]
)
def test_invalid_ngram_range_raises(ngram_range):
    with pytest.raises(ValueError, match="Expected ngram_range to be integers"):
        NameNationalityClassifier(ngram_range=ngram_range).fit(*CODES)


# Any text at all.

CHARACTERS = st.characters(exclude_categories=()) | st.sampled_from(
    "aeEzßﬁİıé\u0301\u0327\u0345\u200d\u202e\0\t\ud800\udfffمحΩж王김😀 '-"
)
NAMES = st.text(CHARACTERS) | st.builds(
    lambda part, times: part * times,
    st.text(CHARACTERS, max_size=4),
    st.sampled_from([2, 30, 400]),
)
LISTS = st.lists(NAMES, min_size=1, max_size=8)


def assert_probabilities(probabilities, shape):
    assert probabilities.shape == shape
    assert probabilities.dtype == np.float64
    assert np.isfinite(probabilities).all()
    assert (probabilities >= 0).all()
    assert_allclose(probabilities.sum(axis=1), 1, rtol=0, atol=1e-12)


@given(LISTS)
@settings(ANY, max_examples=60)
def test_predict_proba_of_any_text_is_valid_and_independent_of_other_texts(tiny, names):
    probabilities = tiny.predict_proba(names)
    assert_probabilities(probabilities, (len(names), 4))
    alone = np.concatenate([tiny.predict_proba([name]) for name in names])
    assert_allclose(probabilities, alone, rtol=0, atol=1e-12)
    company = tiny.predict_proba(["Papadopoulos", *names[::-1], "\ud800" * 40, ""])
    assert_allclose(company[-3:0:-1], probabilities, rtol=0, atol=1e-12)
    assert set(tiny.predict(names)) <= set(tiny.classes_)


def test_shares_of_list_with_lone_surrogate_are_estimated(shipped):
    names = [*make_names(150, random_state=0)[0], "Anna \ud800 Papadopoulos"]
    assert estimate_shares(shipped, names, n_draws=200).n_names == 151


@given(
    st.lists(st.tuples(NAMES, st.sampled_from("abc")), min_size=1, max_size=6),
    st.sampled_from(["gru", "rnn"]),
    st.sampled_from([None, (1, 1), (1, 5)]),
    st.sampled_from([None, "balanced"]),
)
@example([("", "a"), ("", "b")], "gru", (1, 5), None)
@example([("Aß王\u0301" * 2_500, "a"), ("anna", "b")], "gru", (1, 5), None)
@settings(ANY, max_examples=20)
def test_fit_on_any_small_list_succeeds(pairs, cell, ngram_range, class_weight):
    names, labels = map(list, zip(*pairs, strict=True))
    params = {"cell": cell, "ngram_range": ngram_range, "class_weight": class_weight}
    model = tiny_pipeline(max_length=40, max_epochs=1, **params).fit(names, labels)
    classes = sorted(set(labels))
    assert model.classes_.tolist() == classes
    asked = [*names, "new"]
    probabilities = model.predict_proba(asked)
    assert_probabilities(probabilities, (len(asked), len(classes)))
    again = clone(model).fit(names[::-1], labels[::-1])
    assert_array_equal(again.predict_proba(asked), probabilities)


def seconds(function, *args):
    """CPU time, the best of two."""
    times = []
    for _ in range(2):
        start = time.process_time()
        function(*args)
        times.append(time.process_time() - start)
    return min(times)


def assert_linear(function):
    """Assert that 8 times the characters take about 8 times as long, not 64 times."""
    short = seconds(function, 6_000)
    assert seconds(function, 48_000) < 24 * max(short, 1e-3)


LONG_NAMES = {
    "ASCII": "Anna-Maria",
    "marks of two classes": "\u0301\u0327",
    "marks that are two marks": "\u0f73",
    "a letter of marks": "q\u0301\u0327\u0345",
    "white space": " \n\u00a0",
    "quotation marks": "\"'“’",
    "titles before": "Mr. ",
    "titles behind": " Jr.",
    "a title behind a comma": ", PhD",
    "attached titles": "さん",
    "titles without a space": "Dr.Mr.",
    "titles before in Thai": "นาย",
    "degrees that may be initials": ", S.E.",
    "names at birth": "née ",
    "brackets": "(a",
    "commas": " ,",
    "dots": ".",
}


@pytest.mark.parametrize("part", LONG_NAMES.values(), ids=LONG_NAMES)
@pytest.mark.parametrize("transliterate", [True, "unknown"])
def test_encoding_time_is_linear_in_length_of_name(part, transliterate):
    encoder = CharEncoder(max_length=64, transliterate=transliterate)
    assert_linear(lambda size: encoder.fit_transform([part * (size // len(part))]))


def test_encoding_time_is_linear_in_number_of_combining_marks():
    assert_linear(
        lambda size: CharEncoder().fit_transform(["\u0301", "\u0327"] * (size // 8))
    )


def test_name_of_10000_characters_is_classified_in_linear_time(small_names):
    names, nationalities = small_names
    model = tiny_pipeline(max_length=16_000).fit(names, nationalities)
    long = "Papadopoulos" * 83  # 996 characters
    longer = "Papadopoulos" * 833
    probabilities = model.predict_proba([longer, long, "Papadopoulos"])
    assert_probabilities(probabilities, (3, 4))
    alone = model.predict_proba([longer])
    assert_allclose(alone[0], probabilities[0], rtol=0, atol=1e-12)
    time_of_long = seconds(model.predict_proba, [long])
    assert seconds(model.predict_proba, [longer]) < 40 * max(time_of_long, 1e-2)


# ---- Functions


def test_scorecard_with_labels_of_other_shipped_model_raises_with_hint(shipped):
    frame = pd.DataFrame({"name": ["Anna Müller", "Mehmet Yılmaz"]})
    with pytest.raises(ValueError, match=r"load_pretrained\('country'\)"):
        scorecard(shipped, frame["name"], ["DE", "TR"])
    with pytest.raises(ValueError, match="others=..."):
        scorecard(shipped, frame["name"], ["other", "TS"])


def test_make_names_with_single_nationality_string_raises_with_hint():
    with pytest.raises(ValueError, match="Got 'Turkish' instead. Wrap a single one in"):
        make_names(5, nationalities="Turkish")
