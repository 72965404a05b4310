"""Tests of NameEncoder and of the pipeline for own labels."""

import copy
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC
from sklearn.utils._param_validation import InvalidParameterError

import sknames
from sknames import (
    CharEncoder,
    NameEncoder,
    NameFeatures,
    NameNationalityClassifier,
    PriorShiftClassifier,
    load_pretrained,
    make_own_labels_pipeline,
)
from tests.conftest import run_process

NAMES = [
    "Mehmet Yılmaz", "王伟", "", "Anna Nowak", "x" * 100, "O'Neill", "😀",
    "Mehmet Yılmaz", "e\u0301", "Lars Nielsen", "mehmet yilmaz", "Nguyễn Thị Hoa",
    "J. Smith", "12",
]  # fmt: skip


@pytest.fixture(scope="module")
def encoder():
    return NameEncoder().fit(NAMES)


# ---- Features


def test_name_encoder_returns_square_roots_of_probabilities(encoder, shipped_uniform):
    rows = encoder.transform(NAMES)
    assert rows.dtype == np.float32
    assert rows.shape == (len(NAMES), len(shipped_uniform.classes_))
    assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    k = encoder.get_feature_names_out().tolist().index("nameencoder_Turkish")
    assert (rows[[0, 10]].argmax(axis=1) == k).all()


def test_name_encoder_predicts_equal_names_once(tiny):
    asked = []
    step = FunctionTransformer(lambda names: asked.append(names) or names)
    encoder = NameEncoder(FrozenEstimator(make_pipeline(step, tiny))).fit(["Ana"])
    rows = encoder.transform(["Ana", "Bo", "Ana", "Ana", "Bo"])
    assert asked[-1] == ["Ana", "Bo"]
    assert_array_equal(rows, encoder.transform(["Ana", "Bo"])[[0, 1, 0, 0, 1]])


# ---- Models


def test_name_encoder_keeps_priors_of_given_model(tiny, shipped, shipped_uniform):
    shifted = PriorShiftClassifier(FrozenEstimator(tiny)).fit(NAMES)
    for model in (tiny, shipped, shifted):
        rows = NameEncoder(FrozenEstimator(model)).fit_transform(NAMES)
        assert_allclose(rows**2, model.predict_proba(NAMES), atol=1e-6)
    assert_array_equal(
        NameEncoder(shipped_uniform).fit_transform(NAMES),
        NameEncoder().fit_transform(NAMES),
    )


@pytest.mark.parametrize(
    "model, error, message",
    [
        ("own.skops", InvalidParameterError, "among {.*} or an object .* 'own.skops'"),
        (
            make_pipeline(CharEncoder(), NameNationalityClassifier()),
            ValueError,
            r"^NameEncoder learns no labels.* got Pipeline. Wrap .*FrozenEstimator\(m",
        ),
        (
            FrozenEstimator(make_pipeline(CharEncoder(), NameNationalityClassifier())),
            NotFittedError,
            "not fitted yet",
        ),
        (5, InvalidParameterError, "The 'model' parameter"),
        (LinearSVC(), InvalidParameterError, "The 'model' parameter"),
    ],
)
def test_name_encoder_with_invalid_model_raises_and_keeps_fitted_model(
    encoder, model, error, message
):
    fitted = copy.deepcopy(encoder).set_params(model=model)
    before = vars(fitted).copy()
    with pytest.raises(error, match=message):
        fitted.fit(["Ana"])
    assert vars(fitted) == before


def test_name_encoder_with_model_that_takes_codes_raises(tiny):
    message = "from FrozenEstimator. Give .*CharEncoder"
    with pytest.raises(ValueError, match=message):
        NameEncoder(FrozenEstimator(tiny[-1])).fit(["Ana"])


# ---- Clones and files


def test_pickled_name_encoder_stores_reference_to_shipped_model(
    encoder, shipped_uniform
):
    stored = pickle.dumps(encoder)
    assert len(stored) < 1000
    assert b"_name_encoder" not in stored
    taken_along = pickle.dumps(NameEncoder(shipped_uniform).fit(NAMES))
    assert len(taken_along) > 5_000_000
    # The fitted model is stored, not a parameter that was changed later.
    changed = copy.deepcopy(encoder)
    changed.set_params(model="other.skops")
    again = pickle.loads(pickle.dumps(changed))
    assert_array_equal(again.transform(NAMES), encoder.transform(NAMES))


def test_pickled_name_encoder_of_other_shipped_model_raises(encoder, monkeypatch):
    stored = pickle.dumps(encoder)
    monkeypatch.setattr(
        "sknames._name_encoder.pretrained_sha256", lambda target: "another"
    )
    message = f"ships with sknames {sknames.__version__}, which .*fit again"
    with pytest.raises(ValueError, match=message):
        pickle.loads(stored)


# ---- In scikit-learn


def test_own_labels_pipeline_has_benchmarked_settings(tiny):
    found = make_own_labels_pipeline(FrozenEstimator(tiny)).get_params()
    assert found["features__model__model__estimator"] is tiny
    for name, value in {
        "features__ngrams__analyzer": "char_wb",
        "features__ngrams__ngram_range": (1, 5),
        "features__ngrams__max_features": 30_000,
        "classify__C": 3,
        "classify__tol": 0.01,
    }.items():
        assert found[name] == value


LABELLED = (
    ["Ana Souza", "João Lima", "Kim Min-jun", "Lee Ji-woo"],
    ["home", "home", "away", "away"],
)


def test_own_labels_pipeline_accepts_missing_names_only_with_handle_missing(tiny):
    names = [*LABELLED[0][:3], None]
    labels = LABELLED[1]
    model = make_own_labels_pipeline(FrozenEstimator(tiny))
    with pytest.raises(ValueError, match="missing name \\(None\\) at position 3"):
        model.fit(names, labels)
    model.set_params(features__model__handle_missing="empty").fit(names, labels)
    assert (model.predict_proba([None]) == model.predict_proba([""])).all()


@pytest.mark.parametrize("first", ["Ana Souza", "Mr. Ana Souza"])
def test_own_labels_pipeline_keeps_titles_in_ngrams_if_common_in_fit(
    first,
):
    is_tidy = "Mr." not in first
    names, labels = LABELLED
    model = make_own_labels_pipeline().fit([first, *names[1:]], labels)
    features = model[0]
    assert features.tidy_ is is_tidy
    assert features._read(["Kim, Anna ★"]) == ["Anna Kim" if is_tidy else "Kim, Anna"]
    typed, plain = features.transform(["Mr. Kim Min-jun", "Kim Min-jun"]).toarray()
    n = len(features["model"].get_feature_names_out())
    assert (typed[:n] == plain[:n]).all()
    assert (typed[n:] == plain[n:]).all() == is_tidy


def test_name_features_raises_before_fit_even_if_its_encoders_are_fitted(tiny):
    fitted = NameEncoder(FrozenEstimator(tiny)).fit(["Anna"])
    with pytest.raises(NotFittedError):
        NameFeatures([("model", fitted)]).transform(["Anna"])


def test_own_labels_pipeline_with_missing_label_raises(tiny):
    names, labels = LABELLED
    model = make_own_labels_pipeline(FrozenEstimator(tiny))
    with pytest.raises(ValueError, match="missing label .* at position 3. Drop such"):
        model.fit(names, [*labels[:3], None])


def test_name_encoder_of_countries_stores_reference_to_country_model():
    encoder = NameEncoder("country").fit(["Ana"])
    stored = pickle.dumps(encoder)
    assert len(stored) < 10_000
    model = load_pretrained("country", priors="uniform")
    expected = model.predict_proba(["Ana Souza"]) ** 0.5
    found = pickle.loads(stored).transform(["Ana Souza"])
    assert_array_equal(found, expected.astype(np.float32))


def test_name_encoder_does_not_import_torch():
    code = """
import pickle, sys
from sknames import NameEncoder
encoder = NameEncoder().fit(["Ana"])
pickle.loads(pickle.dumps(encoder)).transform(["Bo"])
assert not {"torch", "skorch", "tqdm", "skops"} & set(sys.modules)
"""
    folder = Path(sknames.__file__).parent.parent
    run_process(sys.executable, "-c", code, cwd=folder)
