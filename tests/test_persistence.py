"""Tests of saved estimators: what files contain, and which files are rejected.

make_saved_models.py writes the files in tests/data/saved. Files of releases are kept
forever.
"""

import json
import pickle
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import InconsistentVersionWarning

import sknames
from sknames import load_model, predict_names
from tests.conftest import tiny_pipeline

DATA = Path(__file__).parent / "data" / "saved"
OURS = ["sknames.CharEncoder", "sknames.NameNationalityClassifier"]
SETTINGS = {
    "two layers of one-hot": {"cell": "rnn", "num_layers": 2, "embedding_dim": None},
    "no n-grams": {"cell": "sigmoid_rnn", "ngram_range": None, "early_stopping": True},
    "numpy's numbers": {"hidden_size": np.int64(8), "dropout": np.float64(0.1)},
}


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS)
def any_pipeline(request, small_names):
    return tiny_pipeline(**request.param).fit(*small_names)


def load_skops(path):
    assert skops.io.get_untrusted_types(file=path) == OURS
    return skops.io.load(path, trusted=OURS)


def test_skops_file_of_pipeline_keeps_fitted_state_and_parameters(
    any_pipeline, small_names, tmp_path
):
    model = pickle.loads(pickle.dumps(any_pipeline))
    model[-1].set_params(
        cell="rnn", regularization=0.5, hidden_size=16, ngram_range=(2, 2)
    )
    skops.io.dump(model, tmp_path / "model")
    loaded = load_skops(tmp_path / "model")
    assert repr(loaded) == repr(model)
    expected = any_pipeline.predict_proba(small_names[0])
    assert_array_equal(loaded.predict_proba(small_names[0]), expected)
    arrays = loaded[-1].network_.to_arrays()
    for name, array in any_pipeline[-1].network_.to_arrays().items():
        assert_array_equal(arrays[name], array, strict=True)
    assert loaded[-1].history_ == any_pipeline[-1].history_


def test_joblib_load_with_mmap_mode_maps_weights(tiny, small_names, tmp_path):
    joblib.dump(tiny, tmp_path / "model")
    loaded = joblib.load(tmp_path / "model", mmap_mode="r")
    assert isinstance(loaded[-1].weights()["output.weight"], np.memmap)
    expected = tiny.predict_proba(small_names[0])
    assert_array_equal(loaded.predict_proba(small_names[0]), expected)


def reload(estimator, change):
    """Load an estimator again, after a change to its saved state."""
    state = estimator.__getstate__()
    change(state)
    loaded = type(estimator).__new__(type(estimator))
    loaded.__setstate__(state)
    return loaded


@pytest.mark.parametrize("format_", [2, 0, "1", 1.0, True, None])
def test_saved_state_with_unknown_format_raises(tiny, format_):
    message = f"format 1, which sknames {sknames.__version__} reads, "
    message += rf"got one in format {format_!r} .*: 99\.1\)\. Upgrade sknames, or fit"
    change = {"_format": format_, "_sknames_version": "99.1"}
    for step in tiny:
        with pytest.raises(ValueError, match=message):
            reload(step, lambda state: state.update(change))


def test_saved_state_without_format_raises(tiny):
    with pytest.raises(ValueError, match=r"got one in format None .*: unknown\)"):
        reload(tiny[0], dict.clear)


def put(name, change):
    def apply(state):
        holder = state if name in state else state["network_"]
        holder[name] = change(holder[name])

    return apply


def drop_an_output(state):
    arrays = state["network_"]
    arrays["output.weight"] = arrays["output.weight"][:-1]
    arrays["output.bias"] = arrays["output.bias"][:-1]
    arrays["ngram_weight"] = arrays["ngram_weight"][:, :-1]


CHANGED = {
    "output fewer": drop_an_output,
    "no classes": lambda state: state.pop("classes_"),
    "classes reversed": put("classes_", lambda classes: classes[::-1]),
    "class fewer": put("classes_", lambda classes: classes[:-1]),
    "prior fewer": put("class_prior", lambda prior: prior[:-1]),
    "no arrays": put("network_", lambda arrays: None),
    "array missing": lambda state: state["network_"].pop("output.weight"),
    "another cell": lambda state: state["network_"].update(cell=np.array("lstm")),
    "not finite": put("output.bias", lambda bias: bias * np.nan),
    "unit fewer": put("cells.0.weight_hh", lambda weight: weight[:, 1:]),
    "symbol fewer": put("symbols", lambda symbols: symbols[:-1]),
    "embedding fewer": put("embedding", lambda embedding: embedding[:-1]),
    "n-gram fewer": put("ngram_idf", lambda idf: idf[:-1]),
    "n-gram of no symbol": put("ngram_keys.1", lambda keys: -keys),
}


@pytest.mark.filterwarnings(
    "ignore:divide by zero:RuntimeWarning", "ignore:invalid value"
)
@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_damaged_saved_state_raises_with_hint(tiny, change):
    message = (
        r"sknames saved, got one that is damaged or not ours .*\. Save the model again"
    )
    with pytest.raises(ValueError, match=message):
        reload(tiny[-1], change)


def test_truncated_skops_file_raises_with_hint(tmp_path):
    content = (DATA / "net.skops").read_bytes()
    path = tmp_path / "net.skops"
    for n in (len(content) - 10, len(content) // 2):
        path.write_bytes(content[:n])
        with pytest.raises(ValueError, match=r"net\.skops is cut off .* copy it again"):
            load_model(path)


@pytest.mark.filterwarnings(f"ignore::{InconsistentVersionWarning.__module__}."
                            f"{InconsistentVersionWarning.__name__}")  # fmt: skip
@pytest.mark.parametrize("kind", ["joblib", "skops"])
@pytest.mark.parametrize("name", ["net", "own_labels", "careful", "grouped"])
def test_model_saved_with_oldest_dependencies_predicts_stored_probabilities(name, kind):
    expected = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))
    model = load_model(DATA / f"{name}.{kind}", trust_pickle=True)
    assert model.classes_.tolist() == expected[name]["classes"]
    found = predict_names(model, expected["names"])
    assert_allclose(found.proba, expected[name]["probabilities"], rtol=0, atol=1e-6)
    assert found.reasons.tolist() == expected[name]["reasons"]
