"""Compare ONNX models, run by onnxruntime, with the same models in numpy."""

import importlib
import json
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sknames import (
    CharEncoder,
    GroupedClassifier,
    JoinNames,
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    fingerprint,
)
from sknames.datasets import load_names, make_names
from sknames.onnx import to_onnx
from tests.conftest import random_network
from tools.retrain.rounding import rounded

CLASSES = 4
LENGTH = 9
SYMBOLS = np.arange(1, 7)
UNKNOWN = 99
RANGES = [None, (1, 1), (1, 4), (3, 4)]
ODD_NAMES = ["", "  ", "☃☃", "'", "a", "王伟", "Ωμέγα", "-- --", " a  b ", "ʼʼ", "\0"]
ODD_NAMES += ["x" * 80]


def random_rows(n, seed):
    """Make rows with shared prefixes, no or unknown symbols, many separators (1)."""
    rng = np.random.RandomState(seed)
    rows = rng.choice([1, 1, 2, 3, 4, 5, 6, UNKNOWN], size=(n, LENGTH)).astype(np.int32)
    rows[np.arange(LENGTH) >= rng.randint(0, LENGTH + 1, size=(n, 1))] = 0
    rows[:3] = 0
    rows[3] = 1
    rows[4] = UNKNOWN
    return rows


def random_classifier(symbols=SYMBOLS, embedding_dim=3, n_labels=None, **params):
    """A classifier around a random network."""
    unknown = len(symbols) + 1
    codes = np.minimum(random_rows(300, seed=1), unknown)
    params |= {"symbols": symbols, "embedding_dim": embedding_dim, "n_labels": n_labels}
    network = random_network(seen=codes, **params)
    classes = np.array([*"ABCDEFG"])[: len(network.class_prior)]
    return NameNationalityClassifier._from_network(
        network, classes, n_features_in=LENGTH
    )


def session_of(proto):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def run(session, X):
    found, *known = session.run(None, {"codes": np.asarray(X).astype(np.int32)})
    assert found.dtype == np.float32
    for is_known in known:
        assert len(is_known) == len(X)
        assert is_known.dtype == bool
    return found


def assert_same(model, rows):
    found = run(session_of(to_onnx(model)), rows)
    assert_allclose(found, model.predict_proba(rows), rtol=0, atol=2e-6)


NETWORKS = {
    "cell": st.sampled_from(["gru", "rnn", "sigmoid_rnn"]),
    "num_layers": st.integers(1, 3),
    "embedding_dim": st.sampled_from([3, None]),
    "ngram_range": st.sampled_from(RANGES),
    "separator": st.sampled_from([None, 1, 4]),
    "n_labels": st.sampled_from([None, 7]),
}


@given(st.fixed_dictionaries(NETWORKS))
@settings(deadline=None, derandomize=True, max_examples=25)
def test_onnx_of_any_network_predicts_like_numpy(params):
    rows = random_rows(200, seed=2)
    if params["ngram_range"] is None:
        params |= {"separator": None, "n_labels": None}
        rows[:, ::2] = 0  # padding within rows
    rows = np.pad(rows, ((0, 0), (0, 50)))
    classifier = random_classifier(**params)
    session = session_of(to_onnx(classifier))
    for n, width in [(200, LENGTH), (200, LENGTH + 50), (0, LENGTH), (0, 0), (2, 0),
                     (3, 1), (1, LENGTH)]:  # fmt: skip
        # The classifier requires the columns of fit, and at least one row.
        padded = np.zeros((max(1, n), LENGTH), dtype=int)
        padded[:n, :width] = rows[:n, : min(width, LENGTH)]
        expected = classifier.predict_proba(padded)[:n]
        found = run(session, rows[:n, :width])
        assert_allclose(found, expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize(
    "symbols", [[-7, 3, 2_000_000_000], [2.0, 3.0, 5.0], [5], []], ids=str
)
def test_onnx_of_any_integer_symbols_predicts_like_numpy(symbols):
    symbols = np.array(symbols)
    classifier = random_classifier(ngram_range=None, symbols=symbols)
    values = [*symbols.astype(int), 0, 1, -5, 7, -2_000_000_000]
    assert_same(classifier, np.random.RandomState(0).choice(values, size=(80, LENGTH)))


@pytest.mark.parametrize("symbols", [[0.5, 1.0], [1, 2**31]], ids=str)
def test_to_onnx_of_fractional_or_64_bit_symbols_raises(symbols):
    classifier = random_classifier(ngram_range=None, symbols=np.array(symbols))
    with pytest.raises(ValueError, match="fitted on 32-bit integers"):
        to_onnx(classifier)


@pytest.mark.parametrize(
    "n_classes, n_labels",
    [(2, None), (CLASSES, None), (CLASSES + 1, None), (2, 7), (CLASSES, 3)],
)
def test_onnx_stores_weights_as_bytes_only_if_lossless(n_classes, n_labels):
    classifier = random_classifier(n_classes=n_classes, n_labels=n_labels)
    rows = random_rows(200, seed=5)
    for network, is_small in [
        (rounded(classifier.network_), True),
        (classifier.network_, False),
    ]:
        model = NameNationalityClassifier._from_network(
            network, classifier.classes_, n_features_in=LENGTH
        )
        proto = to_onnx(model)
        tables = [tensor for tensor in proto.graph.initializer if len(tensor.dims) == 2]
        n_small = sum(tensor.data_type == onnx.TensorProto.UINT8 for tensor in tables)
        assert n_small == is_small * (1 if n_labels is None else 2)
        found = run(session_of(proto), rows)
        assert_allclose(found, model.predict_proba(rows), rtol=0, atol=1e-6)


@pytest.fixture(scope="module")
def names():
    """500 real names, empty and odd ones."""
    names, _ = load_names(return_X_y=True)
    chosen = np.random.RandomState(0).permutation(names)[: 500 - len(ODD_NAMES)]
    return [*chosen, *ODD_NAMES]


@pytest.mark.filterwarnings("ignore:.* longer than the longest name of fit")
def test_onnx_of_default_pipeline_and_wrappers_predicts_like_numpy(names, small_names):
    classify = NameNationalityClassifier(max_epochs=1, hidden_size=16, random_state=0)
    model = make_pipeline(CharEncoder(), classify).fit(*small_names)
    session = session_of(to_onnx(model))
    found = run(session, model[0].transform(names))
    assert_allclose(found, model.predict_proba(names), rtol=0, atol=1e-5)
    adapted = PriorShiftClassifier(FrozenEstimator(model), priors=[0.4, 0.3, 0.2, 0.1])
    nested = GroupedClassifier(make_pipeline(JoinNames(), adapted), groups="subregion")
    never = PriorShiftClassifier(model, priors={"Greek": 0.2, "Polish": 0.8})
    rare = PriorShiftClassifier(model, priors={"Greek": 0.02, "others": 0.98})
    two = GroupedClassifier(rare, groups={"Greek": ["Greek"]}, others="others")
    for wrapped in (nested, never, two):
        proto = to_onnx(wrapped)
        found = run(session_of(proto), model[0].transform(names))
        expected = wrapped.predict_proba(names)
        assert_allclose(found, expected, rtol=0, atol=1e-5)
        texts = {field.key: field.value for field in proto.metadata_props}
        assert json.loads(texts["classes"]) == wrapped.classes_.tolist()
        assert json.loads(texts["fingerprint"]) == fingerprint(wrapped)


@pytest.mark.parametrize("between", [" ", "-"])
@pytest.mark.parametrize("word_weight", [1, 10])
def test_onnx_with_word_features_predicts_like_numpy(between, word_weight):
    labels = ["French", "Irish", "Polish"]
    names, y = make_names(1_500, nationalities=labels, random_state=0)
    names = [name.replace(" ", between) for name in names]  # "-" makes one word
    params = {"hidden_size": 4, "max_epochs": 1, "random_state": 0}
    classify = NameNationalityClassifier(word_weight=word_weight, **params)
    model = make_pipeline(CharEncoder(), classify).fit(names[:1000], y[:1000])
    names = [*names, "Ó Zqxj", "Zqxj", "", "a  b", "Ó Ó"]  # "ó" has the first code
    session = session_of(to_onnx(model))
    codes = model[0].transform(names)
    expected = model.predict_proba(names)
    assert_allclose(run(session, codes), expected, rtol=0, atol=1e-5)


def test_onnx_with_all_word_logits_0_predicts_like_numpy():
    X = np.tile([[2, 3, 0]], (17, 1))
    params = {"hidden_size": 2, "max_epochs": 1}
    model = NameNationalityClassifier(word_weight=1, random_state=0, **params)
    model.fit(X, np.arange(17))
    assert not model.network_.words.logits.any()
    assert_same(model, X)


def test_onnx_of_shipped_model_predicts_like_numpy(names, shipped):
    proto = to_onnx(shipped)
    onnx.checker.check_model(proto, full_check=True)
    # About the size of its arrays and of the Latin words.
    assert proto.ByteSize() < 50_000_000
    session = session_of(proto)
    codes = shipped[0].transform(names)
    expected = shipped.predict_proba(names)
    found = np.concatenate([run(session, batch) for batch in np.split(codes, 5)])
    assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("transliterate", ["unknown", True, np.False_], ids=str)
def test_onnx_metadata_has_labels_and_encoder_settings(transliterate):
    model = make_pipeline(
        CharEncoder(transliterate=transliterate).fit(["anna"]), random_classifier()
    )
    metadata = session_of(to_onnx(model)).get_modelmeta().custom_metadata_map
    assert json.loads(metadata["classes"]) == model.classes_.tolist()
    encoder = json.loads(metadata["encoder"])
    assert "titles" in encoder.pop("tidy_rules")
    assert encoder == {
        "alphabet": model[0].alphabet_,
        "max_length": model[0].max_length_,
        "clean": True,
        "transliterate": transliterate,
        "lowercase": True,
        "tidy": True,
    }
    proto = to_onnx(random_classifier())
    assert {field.key for field in proto.metadata_props} == {"classes", "fingerprint"}
    assert proto.producer_name == "sknames"


def test_onnx_metadata_has_threshold_and_fallback():
    inner = make_pipeline(CharEncoder(max_length=9).fit(["anna"]), random_classifier())
    fallback = [{"A": "ab", "B": "ab"}]
    model = SelectiveClassifier(
        inner, threshold=0.5, fallback=fallback, abstain_label="?"
    )
    metadata = session_of(to_onnx(model)).get_modelmeta().custom_metadata_map
    assert json.loads(metadata["abstain"]) == {
        "threshold": 0.5,
        "levels": [{"name": "fallback[0]", "groups": ["ab", "ab", "C", "D"]}],
        "label": "?",
    }


def test_to_onnx_of_unsupported_models_raises_with_hint():
    classifier = random_classifier()
    encoder = CharEncoder().fit(["a"])
    regression = make_pipeline(encoder, LogisticRegression())
    calibrated = CalibratedClassifierCV(FrozenEstimator(classifier), cv=2)
    for model in (
        encoder,
        regression.fit(["a", "b"], [0, 1]),
        make_pipeline(encoder, FunctionTransformer(), classifier),
        make_pipeline(CharEncoder(), classifier),
        calibrated.fit(random_rows(8, 0), list("ABCDABCD")),
    ):
        message = "Expected a Pipeline of .*Convert the one inside"
        with pytest.raises(TypeError, match=message):
            to_onnx(model)
    with pytest.raises(NotFittedError):
        to_onnx(make_pipeline(CharEncoder(), NameNationalityClassifier()))


def test_import_of_sknames_onnx_without_onnx_raises_with_hint(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "sknames.onnx")
    with pytest.raises(
        ImportError, match=r"pip install 'sknames\[onnx\]', or pip install"
    ):
        importlib.import_module("sknames.onnx")


def test_to_onnx_writes_returned_model(tmp_path):
    proto = to_onnx(random_classifier(), tmp_path / "names.onnx")
    assert onnx.load(tmp_path / "names.onnx") == proto
