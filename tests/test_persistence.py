"""Fitted estimators as files: what they hold, where they load, and what is refused.

Run ``PYTHONPATH=. python tests/test_persistence.py`` to write the kept file of this version anew;
do so only with a new format, and keep the files of the old ones.
"""

import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

import sknames
from sknames import CharEncoder, NameNationalityClassifier
from sknames.datasets import load_names

KEPT = Path(__file__).parent / "data" / "pipeline-format-1.joblib.gz"
OURS = ["sknames.CharEncoder", "sknames.NameNationalityClassifier"]
TINY = {"hidden_size": 8, "embedding_dim": 4, "max_epochs": 2, "random_state": 0}
SETTINGS = {
    "gru": {},
    "rnn": {"cell": "rnn", "nonlinearity": "sigmoid"},
    "two layers of one-hot": {"num_layers": 2, "embedding_dim": None},
    "no n-grams": {"ngram_range": None},
    "long n-grams": {"ngram_range": (2, 3)},
    "words": {"separator": 1},
    "early stopping": {"early_stopping": True, "lr_schedule": "constant"},
    "numpy's numbers": {"hidden_size": np.int64(8), "dropout": np.float64(0.1)},
}


def fit(names, nationalities, **params):
    classify = NameNationalityClassifier(**(TINY | params))
    encode = CharEncoder(max_length=12)
    return Pipeline([("encode", encode), ("classify", classify)]).fit(names, nationalities)


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS)
def any_pipeline(request, small_names):
    return fit(*small_names, **request.param)


@pytest.fixture(scope="module")
def pipeline(small_names):
    return fit(*small_names)


def load_skops(path):
    assert skops.io.get_untrusted_types(file=path) == OURS
    return skops.io.load(path, trusted=OURS)


def dump_pickle(model, path):
    path.write_bytes(pickle.dumps(model))


def load_pickle(path):
    return pickle.loads(path.read_bytes())


WAYS = {
    "joblib": (joblib.dump, joblib.load),
    "joblib, compressed": (lambda model, path: joblib.dump(model, path, compress=3), joblib.load),
    "joblib, xz": (lambda model, path: joblib.dump(model, path, ("xz", 1)), joblib.load),
    "joblib, mapped": (joblib.dump, lambda path: joblib.load(path, mmap_mode="r")),
    "pickle": (dump_pickle, load_pickle),
    "skops": (skops.io.dump, load_skops),
}


def assert_same(loaded, model, names):
    np.testing.assert_array_equal(loaded.predict_proba(names), model.predict_proba(names))
    np.testing.assert_array_equal(loaded.predict(names), model.predict(names))
    for ours, theirs in zip(loaded, model, strict=True):
        assert set(vars(ours)) == set(vars(theirs))
        assert repr(ours) == repr(theirs)
    for epoch, expected in zip(loaded[-1].history_, model[-1].history_, strict=True):
        assert epoch | {"dur": 0} == expected | {"dur": 0}


@pytest.mark.parametrize("dump, load", WAYS.values(), ids=WAYS)
def test_every_way_gives_the_same_model(any_pipeline, small_names, tmp_path, dump, load):
    dump(any_pipeline, tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert_same(loaded, any_pipeline, small_names[0])


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickle_protocols(pipeline, small_names, protocol):
    assert_same(pickle.loads(pickle.dumps(pipeline, protocol)), pipeline, small_names[0])


def test_deepcopy_shares_nothing(pipeline, small_names):
    copied = copy.deepcopy(pipeline)
    assert_same(copied, pipeline, small_names[0])
    for name, value in pipeline[-1].weights_.items():
        assert not np.shares_memory(value, copied[-1].weights_[name])


def test_mapped_arrays_stay_in_the_file(pipeline, tmp_path):
    joblib.dump(pipeline, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert isinstance(loaded[-1].weights_["output.weight"], np.memmap)


@pytest.mark.parametrize("dump, load", WAYS.values(), ids=WAYS)
def test_net_after_loading(pipeline, tmp_path, dump, load):
    dump(pipeline, tmp_path / "model")
    parameters = dict(load(tmp_path / "model")[-1].net_.module_.named_parameters())
    weights = pipeline[-1].weights_
    assert set(parameters) == set(weights) - {"ngram_idf"}
    for name, parameter in parameters.items():
        np.testing.assert_array_equal(parameter.detach().numpy(), weights[name])


def test_loaded_models_can_be_fitted_again(pipeline, small_names):
    loaded = pickle.loads(pickle.dumps(pipeline)).fit(*small_names)
    assert_same(loaded, pipeline, small_names[0])


def test_unfitted_estimators_bear_no_stamp():
    for estimator in (CharEncoder(max_length=3), NameNationalityClassifier(cell="rnn")):
        loaded = pickle.loads(pickle.dumps(estimator))
        assert vars(loaded) == vars(estimator)


ELSEWHERE = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "skorch"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Block())
for name in ("torch", "skorch"):
    try:
        __import__(name)
    except ImportError:
        continue
    sys.exit(f"{name} is not blocked")

import joblib, pickle, skops.io
import numpy as np

load = {
    "joblib": joblib.load,
    "pickle": lambda path: pickle.load(open(path, "rb")),
    "skops": lambda path: skops.io.load(path, trusted=sys.argv[1:]),
}
np.save("probabilities", [load[way](way).predict_proba(np.load("names.npy")) for way in load])
"""


def test_another_process_and_folder_without_torch(pipeline, small_names, tmp_path, monkeypatch):
    names = np.append(small_names[0].astype(str), ["", "x" * 50, "Ünknøwn", "李"])
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    for way in ("joblib", "pickle", "skops"):
        WAYS[way][0](pipeline, here / way)
    np.save(here / "names", names)
    here.rename(there)
    monkeypatch.setenv("PYTHONPATH", str(Path(sknames.__file__).parents[1]))
    subprocess.run([sys.executable, "-c", ELSEWHERE, *OURS], check=True, cwd=there)
    expected = pipeline.predict_proba(names)
    for probabilities in np.load(there / "probabilities.npy"):
        np.testing.assert_array_equal(probabilities, expected)


@pytest.mark.parametrize("way", ["joblib", "joblib, mapped", "pickle", "skops"])
def test_files_are_hardly_larger_than_the_weights(small_names, tmp_path, way):
    model = fit(*small_names, hidden_size=64, max_epochs=1)
    model[-1].net_  # noqa: B018, what is cached is not saved
    WAYS[way][0](model, tmp_path / "model")
    n_bytes = sum(value.nbytes for value in model[-1].weights_.values())
    # A skops file is a zip of one npy file an array, with a schema in JSON.
    allowance = 64_000 if way == "skops" else 16_000
    assert (tmp_path / "model").stat().st_size <= 1.05 * n_bytes + allowance


class Saved:
    """Pickles as a NameNationalityClassifier of the given state."""

    def __init__(self, state):
        self.state = state

    def __reduce__(self):
        return NameNationalityClassifier, (), self.state


def reload(model, change):
    """Load the classifier of a pipeline again, after a change to its saved state."""
    state = copy.deepcopy(model[-1].__getstate__())
    change(state)
    return pickle.loads(pickle.dumps(Saved(state)))


def newer_format(state):
    state.update(_format=99, _sknames_version="99.1")


def newer_version(state):
    state.update(_sknames_version="99.1")


def older_format(state):
    state.update(_format=0, _sknames_version="0.0.3")


def no_stamp(state):
    del state["_format"], state["_sknames_version"]


HERE = rf"sknames {sknames.__version__}"


def test_a_newer_format_is_refused(pipeline):
    message = rf"sknames 99\.1 in format 99; this is {HERE}, which reads formats up to 1\. Upgrade"
    with pytest.raises(ValueError, match=message):
        reload(pipeline, newer_format)
    with pytest.raises(ValueError, match="format 'one', but a format is an integer"):
        reload(pipeline, lambda state: state.update(_format="one"))


@pytest.mark.parametrize(
    "change, message",
    [
        (newer_version, rf"saved by sknames 99\.1; this is {HERE}, which is older\. Upgrade"),
        (older_format, rf"saved by sknames 0\.0\.3 in format 0; this is {HERE}, .* format 1\."),
        (no_stamp, rf"an unknown older version of sknames in format 0; this is {HERE}"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_other_versions_warn_and_load(pipeline, small_names, change, message):
    codes = pipeline[0].transform(small_names[0])
    with pytest.warns(UserWarning, match=message):
        loaded = reload(pipeline, change)
    np.testing.assert_array_equal(loaded.predict_proba(codes), pipeline[-1].predict_proba(codes))
    state = loaded.__getstate__()
    assert (state["_format"], state["_sknames_version"]) == (1, sknames.__version__)


@pytest.mark.parametrize("version", ["0.0.9", "0.1", "0.1.0", "0.1.0.dev3"])
def test_older_versions_of_this_format_load_silently(pipeline, version, monkeypatch):
    monkeypatch.setattr("sknames._name_nationality_classifier.__version__", "0.1.0")
    reload(pipeline, lambda state: state.update(_sknames_version=version))


def test_releases_are_compared_as_numbers(pipeline, monkeypatch):
    monkeypatch.setattr("sknames._name_nationality_classifier.__version__", "0.9.2")
    with pytest.warns(UserWarning, match=r"sknames 0\.10\.0; this is sknames 0\.9\.2"):
        reload(pipeline, lambda state: state.update(_sknames_version="0.10.0"))


def test_any_missing_key_is_refused(any_pipeline):
    keys = set(any_pipeline[-1].__getstate__()) - {
        "_net",
        "_forward",
        "_format",
        "_sknames_version",
        "_sklearn_output_config",
    }
    assert keys > {"classes_", "symbols_", "weights_", "cell", "random_state"}
    for key in keys:
        with pytest.raises(ValueError, match=f"The saved model lacks {key}. Was"):
            reload(any_pipeline, lambda state, key=key: state.pop(key))


def test_any_changed_weight_is_refused(any_pipeline):
    """Each array of weights: missing, of another shape, dtype or kind, or not finite."""
    weights = any_pipeline[-1].weights_
    for name, value in weights.items():
        shape = value.shape
        fewer, wider = value[:-1], value[..., None]
        for change, message in [
            (None, rf"weights_ of the saved model lacks '{name}' of shape \({shape[0]},"),
            (fewer, rf"\['{name}'\].*expected shape \({shape[0]},.*got shape \({shape[0] - 1},"),
            (wider, rf"\['{name}'\].*expected shape \({shape[0]},.*got shape \({shape[0]},.* 1\)"),
            (value.astype(np.float64), rf"\['{name}'\].*dtype float32, got dtype float64"),
            (value.astype(np.int32), rf"\['{name}'\].*dtype float32, got dtype int32"),
            (value.astype(object), rf"\['{name}'\].*dtype float32, got dtype object"),
            (value.tolist(), rf"\['{name}'\].*expected an array, got list"),
            (np.full_like(value, np.nan), rf"\['{name}'\].*expected finite values"),
        ]:
            rest = {key: array for key, array in weights.items() if key != name}
            rest = rest if change is None else rest | {name: change}
            with pytest.raises(ValueError, match=message):
                reload(any_pipeline, lambda state, rest=rest: state.update(weights_=rest))


def set_param(**changes):
    return lambda state: state["_module_params"].update(changes)


def set_class(place, label):
    def change(state):
        classes = state["classes_"].astype(object)
        classes[place] = label
        state.update(classes_=classes)

    return change


def set_symbol(value):
    """Change the last symbol."""

    def change(state):
        symbols = state["symbols_"].astype(np.float64)
        symbols[-1] = value
        state.update(symbols_=symbols)

    return change


TAMPERED = {
    "a further array": (
        lambda state: state["weights_"].update(more=np.zeros(1, np.float32)),
        "weights_.*expected no further arrays, got more",
    ),
    "weights a list": (lambda state: state.update(weights_=[]), "expected a dict, got list"),
    "no sizes": (lambda state: state.update(_module_params={}), r"\['hidden_size'\].*got None"),
    "another size": (
        set_param(hidden_size=9),
        r"cells\.0\.weight_ih.*expected shape \(27, 4\), got shape \(24, 4\)",
    ),
    "size -1": (set_param(hidden_size=-1), "expected an integer from 1, got -1"),
    "size 8.0": (set_param(hidden_size=8.0), "expected an integer from 1, got 8.0"),
    "many layers": (set_param(num_layers=10**12), r"lacks 'cells\.1\.weight_ih' of shape \(24, 8"),
    "another cell": (set_param(cell="rnn"), r"expected shape \(8, 4\), got shape \(24, 4\)"),
    "no cell": (set_param(cell="lstm"), "expected 'gru' or 'rnn', got 'lstm'"),
    "no such nonlinearity": (
        set_param(nonlinearity="relu"),
        r"\['nonlinearity'\].*expected 'tanh' or 'sigmoid', got 'relu'",
    ),
    "separator 0": (
        lambda state: state.update(_separator=0),
        r"_separator.*expected None or an integer from 1 to \d+, got 0",
    ),
    "a separator that is no symbol": (
        lambda state: state.update(_separator=len(state["symbols_"]) + 1),
        r"_separator.*expected None or an integer from 1 to \d+, got \d+",
    ),
    "separator str": (lambda state: state.update(_separator=" "), "_separator.*got ' '"),
    "embedding 0": (set_param(embedding_dim=0), r"\['embedding_dim'\].*got 0"),
    "one-hot": (set_param(embedding_dim=None), r"cells\.0\.weight_ih"),
    "more codes": (set_param(n_codes=99), r"\['n_codes'\].*got 99"),
    "a class fewer": (
        lambda state: state.update(classes_=state["classes_"][:-1]),
        r"\['n_classes'\] of the saved model: expected 3, got 4",
    ),
    "classes reversed": (
        lambda state: state.update(classes_=state["classes_"][::-1]),
        r"classes_.*expected sorted, distinct labels, none missing, got \['Turkish' 'Polish'",
    ),
    "a class repeated": (set_class(3, "Polish"), "classes_.*expected sorted, distinct labels"),
    "a class None": (set_class(0, None), r"classes_.*none missing, got \[None 'Japanese'"),
    "a class NaN": (set_class(3, np.nan), "classes_.*none missing, got .* nan]"),
    "a class pd.NA": (set_class(1, pd.NA), "classes_.*none missing, got .*<NA>"),
    "a class of another type": (set_class(2, 5), "classes_.*expected sorted"),
    "classes NaN": (
        lambda state: state.update(classes_=np.array([0, 1, 2, np.nan])),
        r"classes_.*none missing, got \[ 0.  1.  2. nan\]",
    ),
    "no classes": (
        lambda state: state.update(classes_=state["classes_"][:0]),
        r"classes_.*expected sorted, distinct labels, none missing, got \[\]",
    ),
    "classes a list": (
        lambda state: state.update(classes_=state["classes_"].tolist()),
        "classes_ of the saved model: expected an array, got list",
    ),
    "2-D classes": (
        lambda state: state.update(classes_=state["classes_"][None]),
        r"classes_.*expected shape \(n,\), got shape \(1, 4\)",
    ),
    "a symbol fewer": (
        lambda state: state.update(symbols_=state["symbols_"][1:]),
        r"\['n_codes'\]",
    ),
    "symbols not sorted": (
        lambda state: state.update(symbols_=state["symbols_"][::-1]),
        "symbols_.*expected sorted, distinct",
    ),
    "symbols not finite": (
        set_symbol(np.inf),
        r"symbols_.*expected sorted, distinct, finite values other than 0, got .* inf\]",
    ),
    "symbols NaN": (set_symbol(np.nan), r"symbols_.*finite values other than 0, got .* nan\]"),
    "symbols with padding": (
        lambda state: state.update(symbols_=np.arange(len(state["symbols_"]))),
        r"symbols_.*values other than 0, got \[ ?0 +1 ",
    ),
    "symbols str": (
        lambda state: state.update(symbols_=state["symbols_"].astype(str)),
        "symbols_.*got dtype <U",
    ),
    "keys not sorted": (
        lambda state: state["ngram_keys_"].__setitem__(1, state["ngram_keys_"][1][::-1].copy()),
        r"ngram_keys_\[1\].*expected sorted, distinct keys",
    ),
    "keys of floats": (
        lambda state: state["ngram_keys_"].__setitem__(0, state["ngram_keys_"][0] + 0.5),
        r"ngram_keys_\[0\].*expected dtype of kind i, got dtype float64",
    ),
    "a key too large": (
        lambda state: state["ngram_keys_"][0].__setitem__(-1, 10**6),
        r"ngram_keys_\[0\].*expected keys from 0 to \d+, got 0 to 1000000",
    ),
    "a negative key": (
        lambda state: state["ngram_keys_"][0].__setitem__(0, -1),
        r"ngram_keys_\[0\].*expected keys from 0 to \d+, got -1 to",
    ),
    "a key fewer": (
        lambda state: state["ngram_keys_"].__setitem__(-1, state["ngram_keys_"][-1][:-1]),
        r"ngram_keys_.*as many keys as weights_\['ngram_idf'\] has values, \d+, got arrays of",
    ),
    "no keys": (lambda state: state.update(ngram_keys_=[]), "ngram_keys_.*as many keys"),
    "keys no list": (lambda state: state.update(ngram_keys_={}), "expected a list, got dict"),
    "dtype": (lambda state: state.update(dtype="int8"), "dtype.*'float64', got 'int8'"),
    "dtype an array": (lambda state: state.update(dtype=np.zeros(2)), "dtype.*got array"),
    "separator 1.0": (
        lambda state: state.update(_separator=1.0),
        r"_separator.*expected None or an integer from 1 to \d+, got 1\.0",
    ),
    "separator 0": (lambda state: state.update(_separator=0), "_separator.*from 1 to .*, got 0"),
    "separator unknown": (
        lambda state: state.update(_separator=len(state["symbols_"]) + 1),
        "_separator.*an integer from 1 to",
    ),
    "codes 1.0": (
        lambda state: state["_module_params"].update(n_codes=float(len(state["symbols_"]) + 2)),
        r"\['n_codes'\].*expected \d+, got \d+\.0",
    ),
    "classes 4.0": (set_param(n_classes=4.0), r"\['n_classes'\].*expected 4, got 4\.0"),
    "cell an array": (set_param(cell=np.zeros(2)), r"\['cell'\].*expected 'gru' or 'rnn', got arr"),
    "dropout 1": (set_param(dropout=1), r"\['dropout'\].*from 0 to below 1, got 1"),
    "dropout NaN": (set_param(ngram_dropout=np.nan), r"\['ngram_dropout'\].*got nan"),
    "dropout str": (set_param(embedding_dropout="0"), r"\['embedding_dropout'\].*got '0'"),
    "features 30.0": (
        lambda state: state.update(n_features_in_=30.0),
        r"n_features_in_.*expected an integer from 1, got 30\.0",
    ),
    "history": (lambda state: state.update(history_=3), "history_.*expected a list, got int"),
}


@pytest.mark.parametrize("change, message", TAMPERED.values(), ids=TAMPERED)
def test_tampered_states_are_refused(pipeline, change, message):
    with pytest.raises(ValueError, match=message) as error:
        reload(pipeline, change)
    assert str(error.value).endswith("Was the file changed?")


def test_any_value_may_be_a_symbol(pipeline, small_names):
    """A fit may see 10 ** 9, so a file may hold it; codes in bytes do not."""
    codes = pipeline[0].transform(small_names[0])
    last = pipeline[-1].symbols_[-1]
    assert codes.dtype == np.uint8 and (codes == last).any()
    loaded = reload(pipeline, set_symbol(10**9))
    with_unknown = np.where(codes == last, 255, codes)
    np.testing.assert_array_equal(
        loaded.predict_proba(codes), pipeline[-1].predict_proba(with_unknown)
    )


@pytest.mark.parametrize("order", [0, 1, 4])
def test_the_limit_of_keys_is_exact(pipeline, order):
    """A key is a prefix, of the order before, and a symbol or mark."""
    keys, n_symbols = pipeline[-1].ngram_keys_, len(pipeline[-1].symbols_) + 3
    limit = n_symbols * (len(keys[order - 1]) if order else 1)

    def put(key):
        return lambda state: state["ngram_keys_"][order].__setitem__(-1, key)

    reload(pipeline, put(limit - 1))
    with pytest.raises(ValueError, match=f"expected keys from 0 to {limit - 1}, got .* {limit}"):
        reload(pipeline, put(limit))


def test_every_symbol_may_be_the_separator(pipeline):
    n_symbols = len(pipeline[-1].symbols_)
    for separator in (None, 1, n_symbols):
        reload(pipeline, lambda state, separator=separator: state.update(_separator=separator))


def test_keys_without_ngrams_are_refused(small_names):
    model = fit(*small_names, ngram_range=None)
    with pytest.raises(ValueError, match="as many keys as .* has values, 0, got arrays of"):
        reload(model, lambda state: state.update(ngram_keys_=[np.arange(3, dtype=np.int32)]))


# The file was written with one scikit-learn, and must load with each that is supported: Pipeline,
# which scikit-learn stamps, is theirs.
@pytest.mark.filterwarnings(f"ignore::{InconsistentVersionWarning.__module__}."
                            f"{InconsistentVersionWarning.__name__}")  # fmt: skip
def test_the_kept_file_still_predicts_the_same_numbers():
    expected = json.loads(KEPT.with_suffix("").with_suffix(".json").read_text(encoding="utf-8"))
    model = joblib.load(KEPT)
    assert model.classes_.tolist() == expected["classes"]
    np.testing.assert_allclose(
        model.predict_proba(expected["names"]), expected["probabilities"], rtol=0, atol=1e-6
    )
    assert model[-1].net_.module_.output.weight.shape == (len(expected["classes"]), 8)


def write_kept_file():
    """Fit a small pipeline, and write it and what it predicts to tests/data."""
    names, nationalities = load_names(return_X_y=True)
    chosen = np.isin(nationalities, ["Greek", "Japanese", "Polish", "Turkish"])
    model = fit(
        names[chosen], nationalities[chosen], max_epochs=10, batch_size=32, lr=0.02, min_df=20
    )
    asked = [*names[chosen][::50], "", "x" * 50, "Ünknøwn", "李", "O'Neil-Smith"]
    probabilities = model.predict_proba(asked)
    joblib.dump(model, KEPT)
    KEPT.with_suffix("").with_suffix(".json").write_text(
        json.dumps(
            {
                "classes": model.classes_.tolist(),
                "names": asked,
                "probabilities": probabilities.round(9).tolist(),
            },
            ensure_ascii=False,
            indent=1,
        )
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    write_kept_file()
