"""Fitted estimators as files: what they hold, where they load, and what is refused.

The files in tests/data are kept for ever. Run ``PYTHONPATH=. python tests/test_persistence.py
format-4`` to write that of a new format or release; none is ever written again.
"""

import copy
import json
import pickle
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

import sknames
from sknames import CharEncoder, NameEncoder, NameNationalityClassifier
from sknames._name_nationality_classifier import FORMAT
from sknames.datasets import load_names
from tools.retrain.recipe import with_network

DATA = Path(__file__).parent / "data"
KEPT = sorted(DATA.glob("pipeline-*.joblib.gz"))
FORMATS = range(1, FORMAT + 1)
OURS = ["sknames.CharEncoder", "sknames.NameNationalityClassifier"]
TINY = {"hidden_size": 8, "embedding_dim": 4, "max_epochs": 2, "random_state": 0}
SETTINGS = {
    "gru": {},
    "rnn": {"cell": "rnn"},
    "sigmoid_rnn": {"cell": "sigmoid_rnn"},
    "two layers of one-hot": {"num_layers": 2, "embedding_dim": None},
    "no n-grams": {"ngram_range": None},
    "long n-grams": {"ngram_range": (2, 3)},
    "words": {"separator": 1},
    "early stopping": {"early_stopping": True},
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


@pytest.mark.parametrize("dump, load", WAYS.values(), ids=WAYS)
def test_priors_survive(pipeline, tmp_path, dump, load):
    dump(pipeline, tmp_path / "model")
    ours = load(tmp_path / "model")[-1].class_prior_
    np.testing.assert_array_equal(ours, pipeline[-1].class_prior_, strict=True)
    assert ours.shape == (4,)


def test_deepcopy_shares_nothing(pipeline, small_names):
    copied = copy.deepcopy(pipeline)
    assert_same(copied, pipeline, small_names[0])
    ours, theirs = (model[-1].network_.to_arrays() for model in (pipeline, copied))
    assert list(ours) == list(theirs)
    for name, value in ours.items():
        assert not np.shares_memory(value, theirs[name])


def test_mapped_arrays_stay_in_the_file(pipeline, tmp_path):
    joblib.dump(pipeline, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert isinstance(loaded[-1].weights_["output.weight"], np.memmap)


@pytest.mark.parametrize("dump, load", WAYS.values(), ids=WAYS)
def test_net_after_loading(pipeline, tmp_path, dump, load):
    dump(pipeline, tmp_path / "model")
    assert_same_net(load(tmp_path / "model")[-1], pipeline[-1])


def assert_same_net(loaded, classifier):
    """The net that is built again has the weights that were learned."""
    parameters = dict(loaded.net_.module_.named_parameters())
    weights = classifier.weights_
    assert set(parameters) == set(weights) - {"ngram_idf"}
    for name, parameter in parameters.items():
        np.testing.assert_array_equal(parameter.detach().numpy(), weights[name])


def test_loaded_models_can_be_fitted_again(pipeline, small_names):
    loaded = pickle.loads(pickle.dumps(pipeline)).fit(*small_names)
    assert_same(loaded, pipeline, small_names[0])


def with_required_argument(base):
    class Required(base):
        def __init__(self, tag, **params):
            super().__init__(**params)
            self.tag = tag

    return Required


def test_subclasses_with_required_arguments_load(small_names):
    """Their constructors are not called for the defaults of parameters."""
    names, nationalities = small_names
    encode = with_required_argument(CharEncoder)("x", max_length=12).fit(names)
    classify = with_required_argument(NameNationalityClassifier)("x", **TINY)
    pipeline = Pipeline([("encode", encode), ("classify", classify)]).fit(names, nationalities)
    features = with_required_argument(NameEncoder)("x", model=pipeline).fit(names)
    for fitted, method in [(pipeline, "predict_proba"), (features, "transform")]:
        loaded = copy.deepcopy(fitted)  # as pickle does, which looks for classes by name
        expected = getattr(fitted, method)(names)
        np.testing.assert_array_equal(getattr(loaded, method)(names), expected)


def test_unfitted_estimators_bear_no_stamp():
    for estimator in (CharEncoder(max_length=3), NameNationalityClassifier(cell="rnn")):
        assert estimator.__getstate__() == estimator.get_params()
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


def reload(model, change=lambda state: None, format_=FORMAT):
    """Load the classifier of a pipeline again, after a change to its saved state."""
    state = copy.deepcopy(model[-1].__getstate__())
    state = OLDER.get(format_, dict)(state)
    change(state)
    return pickle.loads(pickle.dumps(Saved(state)))


# Of format 1, with the default that each had.
GONE = {
    "nonlinearity": "tanh",
    "embedding_dropout": 0.1,
    "optimizer": "adamw",
    "lr_schedule": "one_cycle",
    "gradient_clip_value": 1.0,
}


def elman(cell):
    """The cell and the nonlinearity of format 1."""
    return {
        "cell": cell.removeprefix("sigmoid_"),
        "nonlinearity": "sigmoid" if cell == "sigmoid_rnn" else "tanh",
    }


def in_format_1(state):
    """The state of a fitted classifier as sknames wrote it before `Network`."""
    network = sknames._network.Network.from_arrays(state["network_"])
    old = {name: value for name, value in state.items() if name != "network_"}
    return old | {
        **GONE,
        **elman(state["cell"]),
        "symbols_": network.symbols.copy(),
        "weights_": {name: value.copy() for name, value in network.weights.items()},
        "ngram_keys_": [keys.copy() for keys in network.ngram_keys],
        "_separator": network.separator,
        "_module_params": {
            "n_codes": network.n_codes,
            "n_classes": network.n_classes,
            **elman(network.cell),
            "hidden_size": network.hidden_size,
            "num_layers": network.num_layers,
            "embedding_dim": network.embedding_dim,
            "n_ngrams": network.n_ngrams,
            "dropout": 0.4,
            "embedding_dropout": 0.1,
            "ngram_dropout": 0.5,
        },
        "_net": None,
        "_forward": None,
        "_format": 1,
    }


def in_format_2(state):
    """The same before networks told their priors."""
    network = {name: array for name, array in state["network_"].items() if name != "class_prior"}
    return state | {"network_": network, "_format": 2}


OLDER = {1: in_format_1, 2: in_format_2}


def kinds(value):
    """Types of a state's values, of those in dicts too; an array's dtype with them."""
    if isinstance(value, dict):
        return {name: kinds(item) for name, item in value.items()}
    if isinstance(value, list):
        return [kinds(item) for item in value]
    return (type(value), value.dtype.kind) if isinstance(value, np.ndarray) else type(value)


@pytest.mark.filterwarnings(f"ignore::{InconsistentVersionWarning.__module__}."
                            f"{InconsistentVersionWarning.__name__}")  # fmt: skip
def test_format_1_is_here_as_it_was(small_names, monkeypatch):
    """What the tests below take for format 1 is what the kept file holds."""
    # Their defaults were of these types.
    pipeline, states = fit(*small_names, batch_size=32, separator=None, min_df=2), []
    monkeypatch.setattr(NameNationalityClassifier, "__setstate__", lambda _, s: states.append(s))
    joblib.load(DATA / "pipeline-format-1.joblib.gz")
    expected, ours = kinds(states[0]), kinds(in_format_1(pipeline[-1].__getstate__()))
    del expected["history_"], ours["history_"]  # losses have been logged otherwise since
    del ours["label_doubt"], ours["word_weight"]  # there were none
    assert ours == expected


def newer_format(state):
    state.update(_format=99, _sknames_version="99.1")


def newer_version(state):
    state.update(_sknames_version="99.1")


def older_format(state):
    state.update(_format=0, _sknames_version="0.0.3")


def no_stamp(state):
    del state["_format"], state["_sknames_version"]


HERE = rf"sknames {sknames.__version__}"


@pytest.mark.parametrize("format_", FORMATS)
def test_a_newer_format_is_refused(pipeline, format_):
    message = (
        rf"sknames 99\.1 in format 99; this is {HERE}, which reads formats up to {FORMAT}\. Upgrade"
    )
    with pytest.raises(ValueError, match=message):
        reload(pipeline, newer_format, format_)
    with pytest.raises(ValueError, match="format 'one', but a format is an integer"):
        reload(pipeline, lambda state: state.update(_format="one"), format_)


@pytest.mark.parametrize(
    "change, format_, message",
    [
        (
            newer_version,
            FORMAT,
            rf"saved by sknames 99\.1; this is {HERE}, which is older\. Upgrade",
        ),
        (newer_version, 1, rf"saved by sknames 99\.1; this is {HERE}, which is older\. Upgrade"),
        (
            no_stamp,
            1,
            rf"an unknown older version of sknames in format 0; this is {HERE}, which writes format"
            rf" {FORMAT}\.",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_other_versions_warn_and_load(pipeline, small_names, change, format_, message):
    codes = pipeline[0].transform(small_names[0])
    with pytest.warns(UserWarning, match=message):
        loaded = reload(pipeline, change, format_)
    np.testing.assert_array_equal(loaded.predict_proba(codes), pipeline[-1].predict_proba(codes))
    state = loaded.__getstate__()
    assert (state["_format"], state["_sknames_version"]) == (FORMAT, sknames.__version__)


def same(model):
    """A state as it was."""


@pytest.mark.parametrize("change, format_", [(same, 2), (same, 1), (older_format, 1)])
def test_older_formats_load_silently(any_pipeline, small_names, change, format_):
    """They say the same, have the same parameters, and are saved in the newest format."""
    loaded = Pipeline([any_pipeline.steps[0], ("classify", reload(any_pipeline, change, format_))])
    assert_same(loaded, any_pipeline, small_names[0])
    ours, theirs = loaded[-1].__getstate__(), any_pipeline[-1].__getstate__()
    assert kinds(ours) == kinds(theirs)
    assert ours["_format"] == FORMAT
    assert theirs["network_"].pop("class_prior").sum() == pytest.approx(1)
    assert ours["network_"]["class_prior"].shape == (0,)
    for name, value in theirs["network_"].items():
        np.testing.assert_array_equal(ours["network_"][name], value, strict=True)
    assert_same(pickle.loads(pickle.dumps(loaded)), any_pipeline, small_names[0])


def test_the_cell_of_an_older_net_is_that_of_the_net(any_pipeline, small_names):
    """Not that of the parameters, which may have been set for another fit."""
    codes = any_pipeline[0].transform(small_names[0])
    for cell, nonlinearity, expected in [
        ("gru", "tanh", "gru"),
        ("gru", "sigmoid", "gru"),
        ("rnn", "tanh", "rnn"),
        ("rnn", "sigmoid", "sigmoid_rnn"),
    ]:

        def change(state, cell=cell, nonlinearity=nonlinearity):
            state.update(cell=cell, nonlinearity=nonlinearity)

        loaded = reload(any_pipeline, change, 1)
        assert loaded.cell == expected
        assert loaded.network_.cell == any_pipeline[-1].network_.cell
        np.testing.assert_array_equal(
            loaded.predict_proba(codes), any_pipeline[-1].predict_proba(codes)
        )


@pytest.mark.parametrize("cell, expected", [("rnn", "sigmoid_rnn"), ("gru", "gru")])
def test_unfitted_estimators_of_older_versions(cell, expected):
    """As they lie beside the best one in a file of GridSearchCV."""
    params = NameNationalityClassifier(hidden_size=8).get_params()
    del params["separator"]  # there was none in the first files
    old = params | GONE | {"cell": cell, "nonlinearity": "sigmoid"}
    loaded = pickle.loads(pickle.dumps(Saved(old)))
    assert vars(loaded) == params | {"cell": expected, "separator": "auto"}


SET_ANEW = {"hidden_size": 16, "num_layers": 3, "embedding_dim": None, "ngram_range": (2, 2)}


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("cell", ["gru", "rnn", "sigmoid_rnn"])
def test_parameters_that_were_set_after_fit(any_pipeline, small_names, format_, cell):
    """A file keeps both what was learned and what the next fit is to take."""
    model = copy.deepcopy(any_pipeline)
    model[-1].set_params(cell=cell, separator=3, **SET_ANEW)
    loaded = Pipeline([model.steps[0], ("classify", reload(model, format_=format_))])
    assert_same(loaded, model, small_names[0])
    assert loaded[-1].get_params() == any_pipeline[-1].get_params() | SET_ANEW | {
        "cell": cell,
        "separator": 3,
    }
    np.testing.assert_array_equal(
        loaded.predict_proba(small_names[0]), any_pipeline.predict_proba(small_names[0])
    )
    assert_same_net(loaded[-1], any_pipeline[-1])


@pytest.mark.parametrize("version", ["0.0.9", "0.1", "0.1.0", "0.1.0.dev3"])
def test_older_versions_of_this_format_load_silently(pipeline, version, monkeypatch):
    monkeypatch.setattr("sknames._name_nationality_classifier.__version__", "0.1.0")
    reload(pipeline, lambda state: state.update(_sknames_version=version))


def test_releases_are_compared_as_numbers(pipeline, monkeypatch):
    monkeypatch.setattr("sknames._name_nationality_classifier.__version__", "0.9.2")
    with pytest.warns(UserWarning, match=r"sknames 0\.10\.0; this is sknames 0\.9\.2"):
        reload(pipeline, lambda state: state.update(_sknames_version="0.10.0"))


def part(state, name):
    """Where a state, of any format, has an array or what stands for it: a dict or list, a key.

    From format 2 on the parts are arrays by name, among them the cell.
    """
    if "network_" in state:
        return state["network_"], name
    if name.startswith("ngram_keys."):
        return state["ngram_keys_"], int(name.removeprefix("ngram_keys."))
    return {
        "symbols": (state, "symbols_"),
        "separator": (state, "_separator"),
        "cell": (state["_module_params"], "cell"),
    }.get(name, (state["weights_"], name))


def get(state, name):
    holder, key = part(state, name)
    return holder[key]


def put(name, change):
    """What changes a part; a function is applied to what it was."""

    def apply(state):
        holder, key = part(state, name)
        holder[key] = change(holder[key]) if callable(change) else change

    return apply


def drop(name):
    def apply(state):
        holder, key = part(state, name)
        holder.pop(key)

    return apply


def with_value(place, value, dtype=None):
    def change(array):
        array = array.astype(dtype or array.dtype)
        array[place] = value
        return array

    return change


@pytest.mark.parametrize("format_", FORMATS)
def test_any_missing_key_is_refused_or_has_its_default(any_pipeline, small_names, format_):
    codes = any_pipeline[0].transform(small_names[0])
    expected, params = any_pipeline[-1].predict_proba(codes), any_pipeline[-1].get_params()
    defaults = NameNationalityClassifier().get_params()
    parts = {"classes_", "history_", "n_features_in_"}
    parts |= {
        1: {"symbols_", "weights_", "ngram_keys_", "_module_params", "_separator"},
    }.get(format_, {"network_"})
    not_needed = {"_net", "_forward", "_format", "_sknames_version", *GONE, *params}
    state = any_pipeline[-1].__getstate__()
    assert set(OLDER.get(format_, dict)(state)) - not_needed == parts
    for key in parts:
        with pytest.raises(ValueError, match=f"The saved model lacks {key}. Was"):
            reload(any_pipeline, lambda state, key=key: state.pop(key), format_)
    for key in params:
        loaded = reload(any_pipeline, lambda state, key=key: state.pop(key), format_)
        assert loaded.get_params() == params | {key: defaults[key]}
        np.testing.assert_allclose(  # by default it is computed in float64
            loaded.predict_proba(codes), expected, rtol=0, atol=1e-12
        )


def test_format_1_needs_neither_what_is_gone_nor_what_was_rebuilt(pipeline, small_names):
    codes = pipeline[0].transform(small_names[0])
    for key in ("_net", "_forward", *GONE):
        loaded = reload(pipeline, lambda state, key=key: state.pop(key), 1)
        assert loaded.get_params() == pipeline[-1].get_params()
        np.testing.assert_array_equal(
            loaded.predict_proba(codes), pipeline[-1].predict_proba(codes)
        )


def test_a_separator_that_was_lost_is_refused(small_names):
    """Files from before "separator" existed have neither it nor its code."""
    model = fit(*small_names, separator=1)

    def lost(state):
        del state["_separator"]

    with pytest.raises(ValueError, match="The saved model lacks _separator. Was"):
        reload(model, lost, 1)

    def before_separator(state):
        del state["_separator"], state["separator"]

    loaded = reload(model, before_separator, 1)
    assert loaded.separator == "auto" and loaded.network_.separator is None


@pytest.mark.parametrize("format_", FORMATS)
def test_any_missing_part_is_refused(any_pipeline, format_):
    for name in any_pipeline[-1].network_.to_arrays():
        if format_ == 1 and (name in ("symbols", "separator") or name.startswith("ngram_keys.")):
            continue  # keys of the state, and one of a list
        if format_ < 3 and name == "class_prior":
            continue
        with pytest.raises(ValueError, match="of the saved model|The saved model") as error:
            reload(any_pipeline, drop(name), format_)
        assert name in str(error.value) or name in ("embedding", "ngram_keys.4", "ngram_keys.2")
        assert str(error.value).endswith("Was the file changed?")


@pytest.mark.parametrize("format_", FORMATS)
def test_any_changed_weight_is_refused(any_pipeline, format_):
    """Each array of weights: of another shape, dtype or kind, or not finite."""
    for name, value in any_pipeline[-1].weights_.items():
        shape = value.shape
        for change, message in [
            (value[:-1], r"\['.*'\].*expected shape \(\d+,.*got shape \(\d+,"),
            (value[..., None], rf"\['{name}'\].*expected shape \(.*got shape \({shape[0]},.* 1\)"),
            (value.astype(np.float64), rf"\['{name}'\].*dtype float32, got dtype float64"),
            (value.astype(np.int32), rf"\['{name}'\].*dtype float32, got dtype int32"),
            (value.astype(object), rf"\['{name}'\].*dtype float32, got dtype object"),
            (value.tolist(), rf"\['{name}'\].*expected an array, got list"),
            (np.full_like(value, np.nan), rf"\['{name}'\].*expected finite values"),
        ]:
            with pytest.raises(ValueError, match=f"^weights_{message}.*Was the file changed"):
                reload(any_pipeline, put(name, change), format_)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_lost_layer_is_refused(small_names, format_):
    """All that is left fits; only format 1 said the number of layers beside it."""
    model = fit(*small_names, num_layers=2)
    names = [name for name in model[-1].weights_ if name.startswith("cells.1.")]

    def change(state):
        for name in names:
            drop(name)(state)

    if format_ > 1:
        assert reload(model, change, format_).network_.num_layers == 1
        return
    with pytest.raises(ValueError, match=r"num_layers .* expected 1, got 2"):
        reload(model, change, format_)


def set_param(**changes):
    return lambda state: state["_module_params"].update(changes)


def set_state(**changes):
    return lambda state: state.update(changes)


def set_class(place, label):
    return lambda state: state.update(classes_=with_value(place, label, object)(state["classes_"]))


# In all formats.
TAMPERED = {
    "a further array": (put("more", np.zeros(1, np.float32)), "weights_.*further arrays, got more"),
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
        set_state(classes_=np.array([0, 1, 2, np.nan])),
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
    "a class fewer": (
        lambda state: state.update(classes_=state["classes_"][:-1]),
        "classes_ of the saved model: expected 4 labels, got 3",
    ),
    "a class more": (
        lambda state: state.update(classes_=np.append(state["classes_"], "Zulu")),
        "classes_ of the saved model: expected 4 labels, got 5",
    ),
    "a symbol fewer": (
        put("symbols", lambda symbols: symbols[1:]),
        r"weights_\['embedding'\].*expected shape \(\d+, 4\), got shape",
    ),
    "symbols not sorted": (
        put("symbols", lambda symbols: symbols[::-1]),
        "symbols_.*expected sorted, distinct",
    ),
    "symbols not finite": (
        put("symbols", with_value(-1, np.inf, np.float64)),
        r"symbols_.*expected sorted, distinct, finite values other than 0, got .* inf\]",
    ),
    "symbols NaN": (
        put("symbols", with_value(-1, np.nan, np.float64)),
        r"symbols_.*finite values other than 0, got .* nan\]",
    ),
    "symbols with padding": (
        put("symbols", lambda symbols: np.arange(len(symbols))),
        r"symbols_.*values other than 0, got \[ ?0 +1 ",
    ),
    "symbols str": (
        put("symbols", lambda symbols: symbols.astype(str)),
        "symbols_.*got dtype <U",
    ),
    "symbols 0-D": (
        put("symbols", np.array(1)),
        r"symbols_.*expected shape \(n,\), got shape \(\)",
    ),
    "keys not sorted": (
        put("ngram_keys.1", lambda keys: keys[::-1].copy()),
        r"ngram_keys\.1.*expected sorted, distinct keys",
    ),
    "keys of floats": (
        put("ngram_keys.0", lambda keys: keys + 0.5),
        r"ngram_keys\.0.*expected dtype of kind i, got dtype float64",
    ),
    "keys of objects": (
        put("ngram_keys.0", lambda keys: keys.astype(object)),
        r"ngram_keys\.0.*expected dtype of kind i, got dtype object",
    ),
    "keys None": (put("ngram_keys.2", None), r"ngram_keys\.2.*expected an array, got NoneType"),
    "a key too large": (
        put("ngram_keys.0", with_value(-1, 10**6)),
        r"ngram_keys\.0.*expected keys from 0 to \d+, got 0 to 1000000",
    ),
    "a negative key": (
        put("ngram_keys.0", with_value(0, -1)),
        r"ngram_keys\.0.*expected keys from 0 to \d+, got -1 to",
    ),
    "a key fewer": (
        put("ngram_keys.4", lambda keys: keys[:-1]),
        r"ngram_keys.*as many keys as weights_\['ngram_idf'\] has values, \d+, got arrays of",
    ),
    "another number of gates": (
        put("cell", lambda cell: "rnn" if isinstance(cell, str) else np.array("rnn")),
        r"expected shape \(8, 4\), got shape \(24, 4\)",
    ),
    "dtype": (set_state(dtype="int8"), "dtype.*'float64', got 'int8'"),
    "dtype an array": (set_state(dtype=np.zeros(2)), "dtype.*got array"),
    "features 30.0": (
        set_state(n_features_in_=30.0),
        r"n_features_in_.*expected an integer from 1, got 30\.0",
    ),
    "features 0": (set_state(n_features_in_=0), r"n_features_in_.*an integer from 1, got 0\."),
    "history": (set_state(history_=3), "history_.*expected a list, got int"),
}
TAMPERED_1 = {
    "weights a list": (set_state(weights_=[]), "weights_.*expected a dict, got list"),
    "keys no list": (set_state(ngram_keys_={}), "ngram_keys_.*expected a list, got dict"),
    "symbols a list": (set_state(symbols_=[1, 2]), "symbols_.*expected a ndarray, got list"),
    "sizes a list": (set_state(_module_params=[]), "_module_params.*expected a dict, got list"),
    "no keys": (set_state(ngram_keys_=[]), "ngram_keys.*as many keys"),
    "no sizes": (set_state(_module_params={}), r"\['cell'\].*got None"),
    "no such cell": (set_param(cell="lstm"), "expected 'gru' or 'rnn', got 'lstm'"),
    "a cell of format 2": (set_param(cell="sigmoid_rnn"), "'gru' or 'rnn', got 'sigmoid_rnn'"),
    "cell an array": (set_param(cell=np.zeros(2)), r"\['cell'\].*expected 'gru' or 'rnn', got arr"),
    "no such nonlinearity": (
        set_param(nonlinearity="relu"),
        r"\['nonlinearity'\].*expected 'tanh' or 'sigmoid', got 'relu'",
    ),
    **{
        f"separator {value!r}": (
            set_state(_separator=value),
            r"_separator.*expected None or an integer from 1 to \d+, got",
        )
        for value in (0, -1, 10**3, 10**30, 1.0, 1.5, " ", "1", np.nan, [], [1], np.array([1]), {})
    },
    "a separator that is no symbol": (
        lambda state: state.update(_separator=len(state["symbols_"]) + 1),
        r"_separator.*expected None or an integer from 1 to \d+, got \d+",
    ),
}
OTHER_SIZES = [
    ("hidden_size", 9, "8, got 9"),
    ("hidden_size", -1, "8, got -1"),
    ("hidden_size", 8.0, "8, got 8.0"),
    ("hidden_size", np.zeros(2), "8, got array"),
    ("num_layers", 10**12, "1, got 1000000000000"),
    ("embedding_dim", 0, "4, got 0"),
    ("embedding_dim", None, "4, got None"),
    ("n_codes", 99, r"\d+, got 99"),
    ("n_codes", 8.0, r"\d+, got 8.0"),
    ("n_classes", 4.0, "4, got 4.0"),
    ("n_classes", "4", "4, got '4'"),
    ("n_ngrams", 0, r"\d+, got 0"),
    ("n_ngrams", 10**6, r"\d+, got 1000000"),
]
TAMPERED_3 = {
    "network a list": (set_state(network_=[]), "network_.*expected a dict of arrays, got list"),
    "no arrays": (set_state(network_={}), "lacks cell, class_prior, separator, symbols"),
    "priors of others": (
        put("class_prior", np.full(3, 1 / 3)),
        r"class_prior.*expected shape \(4,\), got shape \(3,\)",
    ),
    "no such cell": (put("cell", np.array("lstm")), "'rnn' or 'sigmoid_rnn', got 'lstm'"),
    "cell a str": (put("cell", "gru"), "cell.*expected an array, got str"),
    "cell None": (put("cell", np.array(None)), "cell.*expected dtype of kind U, got dtype object"),
    **{
        f"separator {value}": (
            put("separator", np.array([value])),
            rf"separator.*expected None or an integer from 1 to \d+, got {value}",
        )
        for value in (0, -1, 1000)
    },
    "a separator that is no symbol": (
        lambda state: put("separator", np.array([len(get(state, "symbols")) + 1]))(state),
        r"separator.*expected None or an integer from 1 to \d+, got \d+",
    ),
    "separator 1.0": (put("separator", np.array([1.0])), "separator.*kind i, got dtype float64"),
    "separator str": (put("separator", np.array([" "])), "separator.*kind i, got dtype <U1"),
    "two separators": (put("separator", np.array([1, 2])), "separator.*one value or none, got 2"),
    "separator an int": (put("separator", 1), "separator.*expected an array, got int"),
}


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("change, message", TAMPERED.values(), ids=TAMPERED)
def test_tampered_states_are_refused(pipeline, change, message, format_):
    assert_refused(pipeline, change, message, format_)


@pytest.mark.parametrize("change, message", TAMPERED_1.values(), ids=TAMPERED_1)
def test_tampered_states_of_format_1_are_refused(pipeline, change, message):
    assert_refused(pipeline, change, message, 1)


@pytest.mark.parametrize("name, value, message", OTHER_SIZES)
def test_sizes_that_are_not_those_of_the_arrays_are_refused(pipeline, name, value, message):
    message = f"^{name} beside the arrays of the saved model: expected {message}"
    assert_refused(pipeline, set_param(**{name: value}), message, 1)


@pytest.mark.parametrize("change, message", TAMPERED_3.values(), ids=TAMPERED_3)
def test_tampered_states_of_format_3_are_refused(pipeline, change, message):
    assert_refused(pipeline, change, message, FORMAT)


def assert_refused(model, change, message, format_):
    with pytest.raises(ValueError, match=message) as error:
        reload(model, change, format_)
    assert str(error.value).endswith("Was the file changed?")


def test_a_state_of_another_format_than_it_says_is_refused(pipeline):
    lacking = "_module_params, _separator, ngram_keys_, symbols_, weights_"
    for format_ in (1, 0, -1, True):
        assert_refused(pipeline, set_state(_format=format_), f"lacks {lacking}", FORMAT)
    for format_ in (2, 3):
        assert_refused(pipeline, set_state(_format=format_), "lacks network_", 1)
    assert_refused(pipeline, set_state(_format=3), "lacks class_prior", 2)


JUNK = [None, "junk", b"junk", -1, 0, 0.5, 10**30, True, np.nan, [], {}, {"a": 1}, [[1], [2, 3]]]
JUNK += [np.zeros(2), np.zeros((0, 0)), np.array("gru"), np.array([None]), range(3), object]


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("value", JUNK, ids=repr)
def test_any_changed_value(pipeline, small_names, value, format_):
    """A state with anything changed is refused as such, or is the same model as before."""
    codes = pipeline[0].transform(small_names[0][::9])
    expected = pipeline[-1].predict_proba(codes)
    state = pipeline[-1].__getstate__()
    state = OLDER.get(format_, dict)(state)
    refused = set()
    for path in [(key,) for key in state] + [
        (key, inner)
        for key in state.keys() & {"network_", "weights_", "_module_params", "ngram_keys_"}
        for inner in (state[key] if isinstance(state[key], dict) else range(len(state[key])))
    ]:
        changed = {k: copy.copy(v) if isinstance(v, dict | list) else v for k, v in state.items()}
        holder = changed if len(path) == 1 else changed[path[0]]
        holder[path[-1]] = value
        loaded = NameNationalityClassifier.__new__(NameNationalityClassifier)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an unknown version
                loaded.__setstate__(changed)
        except ValueError as error:
            assert str(error).endswith("Was the file changed?") or path == ("_format",)
            refused.add(path[-1])
            continue
        if path == ("n_features_in_",):  # predict judges the X that it gets
            assert loaded.n_features_in_ == value and type(value) is int
            continue
        loaded.set_params(device="cpu")
        np.testing.assert_array_equal(loaded.predict_proba(codes), expected)
    parts = {
        1: {"symbols_", "weights_", "ngram_keys_", "_module_params"},
        2: {"network_", "symbols", "ngram_keys.0"},
        3: {"network_", "symbols", "ngram_keys.0", "class_prior"},
        4: {"network_", "symbols", "ngram_keys.0", "class_prior"},
    }[format_]
    if isinstance(value, np.ndarray) and not value.size:
        parts.discard("class_prior")  # it is unknown then
    assert refused >= parts | {"classes_", "output.weight", "cells.0.bias_hh", "dtype"}


@pytest.mark.parametrize("format_", FORMATS)
def test_any_value_may_be_a_symbol(pipeline, small_names, format_):
    """A fit may see 10 ** 9, so a file may hold it; codes in bytes do not."""
    codes = pipeline[0].transform(small_names[0])
    last = pipeline[-1].symbols_[-1]
    assert codes.dtype == np.uint8 and (codes == last).any()
    loaded = reload(pipeline, put("symbols", with_value(-1, 10**9, np.float64)), format_)
    with_unknown = np.where(codes == last, 255, codes)
    np.testing.assert_array_equal(
        loaded.predict_proba(codes), pipeline[-1].predict_proba(with_unknown)
    )


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("order", [0, 1, 4])
def test_the_limit_of_keys_is_exact(pipeline, order, format_):
    """A key is a prefix, of the order before, and a symbol or mark."""
    keys, n_symbols = pipeline[-1].network_.ngram_keys, len(pipeline[-1].symbols_) + 3
    limit = n_symbols * (len(keys[order - 1]) if order else 1)
    name = f"ngram_keys.{order}"
    reload(pipeline, put(name, with_value(-1, limit - 1)), format_)
    with pytest.raises(ValueError, match=f"expected keys from 0 to {limit - 1}, got .* {limit}"):
        reload(pipeline, put(name, with_value(-1, limit)), format_)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_symbol_may_be_the_separator(pipeline, format_):
    for separator in (None, 1, len(pipeline[-1].symbols_)):
        codes = [] if separator is None else [separator]
        value = separator if format_ == 1 else np.array(codes, dtype=np.int64)
        loaded = reload(pipeline, put("separator", value), format_)
        assert loaded.network_.separator == separator


@pytest.mark.parametrize("format_", FORMATS)
def test_keys_without_ngrams_are_refused(small_names, format_):
    model = fit(*small_names, ngram_range=None)
    keys = np.arange(3, dtype=np.int32)
    change = set_state(ngram_keys_=[keys]) if format_ == 1 else put("ngram_keys.0", keys)
    with pytest.raises(ValueError, match="as many keys as .* has values, 0, got arrays of"):
        reload(model, change, format_)


# The files were written with one scikit-learn, and must load with each that is supported: Pipeline,
# which scikit-learn stamps, is theirs.
LOADS_ANYWHERE = pytest.mark.filterwarnings(
    f"ignore::{InconsistentVersionWarning.__module__}.{InconsistentVersionWarning.__name__}"
)


def beside(path):
    """The file with the classes, names and probabilities of a kept file."""
    return path.with_name(path.name.removesuffix(".joblib.gz") + ".json")


@LOADS_ANYWHERE
@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name.split(".")[0])
def test_kept_files_still_predict_the_same_numbers(path, tmp_path, small_names):
    expected = json.loads(beside(path).read_text(encoding="utf-8"))
    model = joblib.load(path)

    def assert_predicts(model):
        assert model.classes_.tolist() == expected["classes"]
        np.testing.assert_allclose(
            model.predict_proba(expected["names"]), expected["probabilities"], rtol=0, atol=1e-6
        )
        assert model[-1].net_.module_.output.weight.shape == (len(expected["classes"]), 8)

    assert_predicts(model)
    for way in ("joblib", "skops"):
        dump, load = WAYS[way]
        dump(model, tmp_path / way)
        again = load(tmp_path / way)
        assert again[-1].__getstate__()["_format"] == FORMAT
        assert_predicts(again)
    known = int(path.name.split("-")[2][0]) > 2
    assert (model[-1].class_prior_ is not None) is known
    assert vars(model[-1]).keys() == vars(clone(model).fit(*small_names)[-1]).keys()
    fresh = Pipeline([("encode", CharEncoder()), ("classify", NameNationalityClassifier())])
    fresh.set_params(**{k: v for k, v in model.get_params().items() if "__" in k})
    for refitted in (clone(model), model):
        assert_same(refitted.fit(*small_names), clone(fresh).fit(*small_names), small_names[0])


def test_a_file_of_each_format_is_kept():
    names = {path.name.removesuffix(".joblib.gz") for path in KEPT}
    assert names >= {"pipeline-format-1-before-separator", "pipeline-format-1", "pipeline-format-2"}
    assert names >= {f"pipeline-format-{n}" for n in range(1, FORMAT + 1)}
    assert {path.name for path in map(beside, KEPT)} <= {path.name for path in DATA.iterdir()}


def write_kept_file(path):
    """Fit a small pipeline, and write it and what it predicts: once, never again."""
    for file in (path, beside(path)):
        if file.exists():
            raise FileExistsError(f"{file.name} is kept as it is. Give the new file another name.")
    names, nationalities = load_names(return_X_y=True)
    chosen = np.isin(nationalities, ["Greek", "Japanese", "Polish", "Turkish"])
    model = fit(
        names[chosen], nationalities[chosen], max_epochs=10, batch_size=32, lr=0.02, min_df=20
    )
    model = with_network(model, model[-1].network_.rounded())  # as weights are in format 4
    asked = [*names[chosen][::50], "", "x" * 50, "Ünknøwn", "李", "O'Neil-Smith"]
    probabilities = model.predict_proba(asked)
    joblib.dump(model, path)
    beside(path).write_text(
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


@pytest.mark.parametrize("of", [lambda path: path, beside], ids=["the model", "what it predicts"])
def test_kept_files_are_never_written_again(of, tmp_path):
    path = tmp_path / KEPT[0].name
    shutil.copy(of(KEPT[0]), of(path))
    with pytest.raises(FileExistsError, match=f"^{of(path).name} is kept as it is"):
        write_kept_file(path)
    assert [file.name for file in tmp_path.iterdir()] == [of(path).name]
    assert of(path).read_bytes() == of(KEPT[0]).read_bytes()


if __name__ == "__main__":
    write_kept_file(DATA / f"pipeline-{sys.argv[1]}.joblib.gz")
