"""Tests of the shipped models: their predictions and their files.

Run ``PYTHONPATH=. python tests/test_pretrained.py`` to write the golden outputs of a
new model.
"""

import gc
import json
import pickle
import shutil
import weakref
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import sknames
from sknames import load_model, load_pretrained
from sknames.datasets import load_countries
from sknames.pretrained import (
    _load_pretrained,
    load_card,
)
from tools.retrain.files import write_model

M49 = ["subregion", "region"]  # the UN's
TARGETS = _load_pretrained.TARGETS
FOLDER, COUNTRY = (_load_pretrained.FOLDER / labels for labels in TARGETS)
GOLDEN = Path(__file__).parent / "data" / "pretrained.json"
NAMES = (
    "Mike,Qin,Slaveya,Jake,Fernando,Demirkan,Satoshi,Müller,O'Connor,Nguyễn,"
    "Papadopoulos,Иванов,王伟,김민수,محمد,Kowalski,Jónsdóttir,García Márquez,Schröder,"
    "van der Berg,Mehmet Yılmaz,HANSEN Jens,Ağaoğlu,שרה,สมชาย,X Æ A-12"
).split(",")


def top(model, name):
    """The five most probable nationalities."""
    probabilities = model.predict_proba([name])[0]
    best = np.argsort(-probabilities, kind="stable")[:5]
    return {str(model.classes_[i]): round(float(probabilities[i]), 7) for i in best}


# ---- Predictions


@pytest.mark.parametrize("name", NAMES)
def test_shipped_model_predicts_stored_probabilities(shipped, name):
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))[name]
    assert top(shipped, name) == pytest.approx(expected, abs=1e-5)


# ---- Abstention


def test_larger_risk_lowers_threshold_and_raises_coverage(shipped):
    selective = load_pretrained(abstain=True)
    bold = load_pretrained(risk=0.22)
    assert type(selective.estimator) is type(shipped)
    assert 0 < bold.threshold_ < selective.threshold_ < 1
    assert 0 < selective.coverage_ < bold.coverage_ < 1
    # The docstring says which risks can be reached.
    assert load_pretrained(abstain=True, risk=0.06).risk_ < 0.06
    assert selective.risk_ < 0.18 < bold.risk_ < 0.22


def test_abstain_predicts_full_names_but_not_ambiguous_ones():
    selective = load_pretrained(abstain=True)
    known = ["Jürgen Schneider", "Emily Brown", "Luis Fernández", "Владимир Путин"]
    expected = ["German", "English", "Spanish", "Russian"]
    assert selective.predict(known).tolist() == expected
    assert selective.reasons(["Lee", "Microsoft"]).tolist() == ["unsure", "unsure"]


@pytest.mark.parametrize(
    "target, fallback, least",
    [
        ("nationality", None, 0.8),
        ("country", None, 0.5),
        ("nationality", M49, 0.9),
        ("country", M49, 0.75),
    ],
)
def test_default_risk_of_abstain_is_smallest_with_enough_coverage(
    target, fallback, least
):
    model = load_pretrained(target, abstain=True, fallback=fallback)
    smaller = load_pretrained(
        target, risk=round(model.risk - 0.01, 2), fallback=fallback
    )
    assert round(smaller.coverage_, 3) < least <= round(model.coverage_, 3)
    assert f"{100 * model.risk:.0f} %" in load_pretrained.__doc__


RISK = "The 'risk' parameter of load_pretrained must be"
NO_GROUPS = "Expected fallback=.*For groups of your own, give a threshold"
SWITCH = "Expected abstain to be True, False or None, got .* as risk, .* as threshold"
ONE = "Expected a risk or a threshold, and not abstain=False.* Give one of them"
WRONG = [
    ({"target": "region"}, "'country', got 'region'. .*pretrained.., groups='region'"),
    ({"target": "language"}, "got 'language'. .*load_model reads them"),
    ({"priors": {"Germany": 1}}, r"^priors got 'Germany', .* \['German'\]: see"),
    ({"risk": 0.001}, "risk=0.001 is not reached.*Give a larger risk"),
    ({"risk": 0}, RISK),
    ({"risk": 1}, RISK),
    ({"risk": np.nan}, RISK),
    ({"threshold": False}, "'threshold' parameter .* Got False instead"),
    ({"threshold": 0.6, "fallback": "region"}, "'fallback' parameter .* Got 'region'"),
    ({"abstain": True, "fallback": ["region"]}, NO_GROUPS),
    ({"risk": 0.2, "fallback": [{"Irish": "Celtic"}]}, NO_GROUPS),
    ({"fallback": M49}, NO_GROUPS),
    ({"abstain": 1}, SWITCH),
    ({"abstain": "yes"}, SWITCH),
    ({"abstain": True, "risk": 0.1, "threshold": 0.9}, ONE),
    ({"abstain": False, "risk": 0.1}, ONE),
    ({"abstain": np.False_, "threshold": 0.0}, ONE),
]


@pytest.mark.parametrize("arguments, message", WRONG)
def test_load_pretrained_with_invalid_arguments_raises_with_hint(arguments, message):
    with pytest.raises(ValueError, match=message):
        load_pretrained(**arguments)


@pytest.mark.parametrize("fallback, risk", [(None, 0.49), (M49, 0.5)])
def test_country_model_accepts_risk_of_one_half(fallback, risk):
    model = load_pretrained("country", risk=risk, fallback=fallback)
    assert 0 < model.threshold_ < 0.2


def test_risk_met_by_all_predictions_sets_threshold_to_0():
    assert load_pretrained("country", risk=0.55).threshold_ == 0


def test_threshold_is_exclusive_lower_bound_of_probability():
    model = load_pretrained(threshold=0.9)
    sure = model.predict_proba(NAMES).max(axis=1) > 0.9
    assert 0 < sure.sum() < len(NAMES)
    assert_array_equal(model.predict(NAMES) != "unknown", sure)
    assert model.threshold_ == 0.9
    assert not hasattr(model, "risk_")
    assert load_pretrained(abstain=np.True_, threshold=0.0).threshold_ == 0
    groups = [{"Korean": "East", "Chinese": "East"}]
    east = load_pretrained(threshold=0.6, priors="uniform", fallback=groups)
    assert east.predict(["Lee", "Kowalski"]).tolist() == ["East", "Polish"]


def arrays_of(weight):
    """Return the arrays of a weight, which may be rounded to levels."""
    return [weight] if isinstance(weight, np.ndarray) else [*vars(weight).values()]


def test_load_pretrained_returns_independent_models(shipped):
    other = load_pretrained()["classify"]
    load_card().clear()
    assert load_card() != {}
    for weight in other.network_.weights.values():
        for array in arrays_of(weight):
            with pytest.raises(ValueError, match="read-only"):
                array[:] = 0
    other.set_params(hidden_size=1)
    other.history_.clear()
    again = load_pretrained()["classify"]
    assert again.history_ == shipped["classify"].history_ != []
    assert again.hidden_size > 1


# ---- Files


ARRAYS = "model.npz"
DESCRIPTION = "model.json"
CARD = "card.json"
DIGEST = "SHA256SUMS"


READ_BY = {
    CARD: load_card,
    _load_pretrained.CURVE: partial(load_pretrained, abstain=True),
    _load_pretrained.FALLBACK_CURVE: partial(
        load_pretrained, abstain=True, fallback=M49
    ),
    **dict.fromkeys(
        [ARRAYS, DESCRIPTION, _load_pretrained.BIAS, _load_pretrained.FIGURES],
        load_pretrained,
    ),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the model files, which load_pretrained and load_card read."""
    for labels in (FOLDER, COUNTRY):
        shutil.copytree(labels, tmp_path / labels.name)
    monkeypatch.setattr(_load_pretrained, "FOLDER", tmp_path)
    return tmp_path / FOLDER.name


def edit(path, change):
    """Apply a function to what a JSON file holds."""
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def remove_last_comma(path):
    path.write_bytes(b"".join(path.read_bytes().rsplit(b",", 1)))


def misspell_numbers(path):
    path.write_bytes(path.read_bytes().replace(b"0.", b"O."))


def append_invalid_utf8(path):
    path.write_bytes(path.read_bytes() + b"\xff")


def test_every_model_file_is_read_by_a_loader():
    data = {path.name for path in FOLDER.iterdir() if path.is_file()}
    assert data == READ_BY.keys() | {DIGEST}


@pytest.mark.parametrize("labels", TARGETS)
@pytest.mark.parametrize("name", READ_BY)
def test_missing_model_file_raises_with_hint_to_reinstall(folder, labels, name):
    (folder.with_name(labels) / name).unlink()
    message = rf"{labels}.{name} cannot be read .*No such file.* install sknames again"
    with pytest.raises(OSError, match=message):
        READ_BY[name](labels)


@pytest.mark.parametrize("labels", TARGETS)
@pytest.mark.parametrize("name", [ARRAYS, DESCRIPTION])
def test_load_pretrained_raises_if_checksum_differs(folder, labels, name):
    flip_a_bit(folder.with_name(labels) / name)
    message = rf"{labels}.{name} should have the SHA-256 .* install sknames again"
    with pytest.raises(ValueError, match=message):
        READ_BY[name](labels)


@pytest.mark.parametrize(
    "damage", [remove_last_comma, misspell_numbers, append_invalid_utf8]
)
@pytest.mark.parametrize("name", sorted(READ_BY.keys() - {ARRAYS, DESCRIPTION}))
def test_damaged_model_table_raises_with_hint_to_reinstall(folder, name, damage):
    damage(folder / name)
    message = rf"nationality.{name} is damaged \(.*\): install sknames again"
    with pytest.raises(ValueError, match=message):
        READ_BY[name]("nationality")


def test_each_model_file_is_read_once(folder, monkeypatch):
    """The bytes that are used must be the bytes whose checksum was compared."""
    n_read = Counter()

    def once(path, mode, path_open=Path.open):
        n_read[path.name] += path.name != DIGEST
        return path_open(path, mode)

    monkeypatch.setattr(Path, "open", once)
    load_pretrained(abstain=True)
    load_card()
    assert n_read == dict.fromkeys(
        READ_BY.keys() - {_load_pretrained.FALLBACK_CURVE}, 1
    ) | {DIGEST: 0}


def test_class_bias_is_read_by_nationality_from_reordered_file(folder, shipped):
    """The rows of the file may have any order."""
    table = folder / _load_pretrained.BIAS
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([header, *rows[::-1]]), encoding="utf-8")
    figures = {"sharpness": 1.25, "model_error": 0.4}
    (folder / _load_pretrained.FIGURES).write_text(json.dumps(figures))
    found = load_pretrained()[-1].network_.measured
    measured = shipped[-1].network_.measured
    assert_array_equal(found.class_bias, measured.class_bias)
    assert_array_equal(found.n_people, measured.n_people)
    assert (found.sharpness, found.coverage, found.model_error) == (1.25, None, 0.4)
    bias, n_people = map(float, rows[1].split(",")[1:])
    assert bias == pytest.approx(measured.class_bias[1], abs=1e-4)
    assert n_people == measured.n_people[1]


@pytest.mark.parametrize("format_", [2, 0, None])
def test_model_in_unknown_format_raises(folder, format_):
    edit(folder / DESCRIPTION, lambda d: d.update(format=format_))
    message = f"Expected format 1, .*{sknames.__version__} reads, "
    message += f"got {format_} in .*json"
    with pytest.raises(ValueError, match=message):
        _load_pretrained.read_model(folder)


def test_object_arrays_in_model_file_are_not_unpickled(folder):
    """Even if the description has the checksum of the file with objects."""
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file) | {"symbols": np.array([print], dtype=object)}
    np.savez(folder / ARRAYS, **arrays)
    digest = sha256((folder / ARRAYS).read_bytes()).hexdigest()
    edit(folder / DESCRIPTION, lambda d: d.update(sha256=digest))
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        _load_pretrained.read_model(folder)


# ---- Countries


@pytest.fixture(scope="module")
def countries():
    return load_pretrained("country")


def test_country_model_predicts_country_codes(countries):
    names = ["Angela Merkel", "Diego Maradona", "Justin Trudeau", "Kim Min-jun", "王伟"]
    assert countries.predict(names).tolist() == ["DE", "AR", "CA", "KR", "CN"]
    table = load_countries()
    assert {*countries.classes_} < {*table.alpha_2}
    assert len(countries.classes_) >= 165
    millions = dict(zip(table.alpha_2, table.millions, strict=True))
    prior = np.array([millions[code] for code in countries.classes_]) ** 0.25
    assert_allclose(countries[-1].class_prior_, prior / prior.sum())
    assert_allclose(countries.predict_proba(names).sum(axis=1), 1)


def test_country_model_shares_network_of_nationality_model(countries, shipped_uniform):
    weights = countries[-1].network_.weights
    trunk = shipped_uniform[-1].network_.weights
    head = {name for name in weights if name.startswith("head.")}
    assert head == {"head.weight", "head.bias", "head.ngrams", "head.ngram_weight"}
    assert weights.keys() - head == trunk.keys()
    for name in trunk.keys() - {"output.bias"}:  # priors shift this bias
        pairs = zip(arrays_of(trunk[name]), arrays_of(weights[name]), strict=True)
        for of_trunk, of_countries in pairs:
            assert np.shares_memory(of_trunk, of_countries)
    description = json.loads((COUNTRY / DESCRIPTION).read_text())
    assert description["trunk_sha256"] == _load_pretrained.pretrained_sha256()


def test_country_model_has_own_thresholds():
    careful = load_pretrained("country", abstain=True)
    assert careful.risk_ < careful.coverage_ < load_pretrained(abstain=True).coverage_
    assert careful.predict(["Kim Min-jun", "John Smith"]).tolist() == ["KR", "unknown"]


def test_country_card_and_class_bias_cover_classes_of_country_model(countries):
    card = load_card("country")
    classes = countries.classes_.tolist()
    assert [*card["by_country"]] == classes
    measured = countries[-1].network_.measured
    assert measured.class_bias.shape == countries[-1].class_prior_.shape
    assert measured.class_bias.std() > 0.1
    with pytest.raises(ValueError, match="The 'target' parameter of load_.*'city'"):
        load_card("city")


def test_written_and_reloaded_model_is_identical(shipped, tmp_path):
    write_model(shipped, tmp_path)
    with zipfile.ZipFile(tmp_path / ARRAYS) as file:  # decompression would be slow
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}
    again = _load_pretrained.read_model(tmp_path)
    assert repr(again) == repr(shipped)
    assert again[0].alphabet_ == shipped[0].alphabet_
    ours = again["classify"]
    theirs = shipped["classify"]
    assert ours.history_ == theirs.history_
    assert ours.n_features_in_ == theirs.n_features_in_
    expected = theirs.network_.to_arrays()
    # The fingerprint depends on the folder and on the stored priors.
    arrays = replace(ours.network_, fingerprint=theirs.network_.fingerprint).to_arrays()
    for name, array in arrays.items():
        assert_array_equal(array, expected[name], strict=True)


# ---- Memory


def test_deleted_models_free_shared_arrays(tiny, tmp_path):
    write_model(tiny, tmp_path)
    first = _load_pretrained.read_model(tmp_path)
    second = _load_pretrained.read_model(tmp_path)
    embedding = weakref.ref(first[-1].network_.weights["embedding"])
    assert second[-1].network_.weights["embedding"] is embedding()
    del first
    gc.collect()
    assert embedding() is not None
    del second
    gc.collect()
    assert embedding() is None


def test_unpickled_model_shares_no_arrays_with_original(shipped):
    copy = pickle.loads(pickle.dumps(shipped))
    arrays = copy[-1].network_.to_arrays()
    for name, array in shipped[-1].network_.to_arrays().items():
        assert not np.shares_memory(array, arrays[name])


def test_models_loaded_concurrently_in_threads_predict_identically(tiny, tmp_path):
    write_model(tiny, tmp_path)
    with ThreadPoolExecutor(4) as threads:
        models = list(threads.map(_load_pretrained.read_model, [tmp_path] * 8))
    expected = tiny.predict_proba(NAMES)
    for model in models:
        assert_array_equal(model.predict_proba(NAMES), expected)


if __name__ == "__main__":
    pipeline = load_pretrained()
    golden = {name: top(pipeline, name) for name in NAMES}
    GOLDEN.write_text(
        json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


# ---- Messages


@pytest.mark.parametrize("goal", [{"risk": 0.1}, {"abstain": True}])
@pytest.mark.parametrize(
    "priors", ["uniform", "population", {"Irish": 0.6, "others": 0.4}]
)
def test_stored_risk_with_other_priors_than_default_raises(goal, priors):
    message = (
        "default priors with .* got priors=.* Choose a threshold.* fit a Selective"
    )
    with pytest.raises(ValueError, match=message):
        load_pretrained(priors=priors, **goal)
    with pytest.raises(ValueError, match=message):
        load_pretrained(priors=priors, fallback=["subregion", "region"], **goal)


def test_default_priors_as_numbers_keep_the_stored_risk(shipped):
    careful = load_pretrained(priors=shipped[-1].class_prior_, abstain=True)
    assert careful.threshold_ == load_pretrained(abstain=True).threshold_


def test_error_for_wrong_arguments_names_public_function():
    with pytest.raises(TypeError, match=r"load_pretrained\(\) takes .* 2 were given"):
        load_pretrained("country", "uniform")
    with pytest.raises(TypeError, match=r"load_card\(\) got an unexpected .*'labels'"):
        load_card(labels="country")


def test_load_model_of_table_raises_with_hint(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("name\nKim\n", encoding="utf-8")
    with pytest.raises(ValueError, match="people.csv is not a model: .* predict_table"):
        load_model(path)
    joblib.dump([1], tmp_path / "list.bin")
    with pytest.raises(ValueError, match="list.bin is no skops file. A pickle"):
        load_model(tmp_path / "list.bin")
