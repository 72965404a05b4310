"""The model that ships with the package: what it says, and its files.

Run ``PYTHONPATH=. python tests/test_pretrained.py`` to write the golden outputs of a new model.
"""

import csv
import io
import json
import pickle
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from functools import partial
from hashlib import sha256
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from anyascii import anyascii
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import f1_score
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

import sknames
from sknames import CharEncoder, NameNationalityClassifier, load_pretrained
from sknames.datasets import make_names
from sknames.pretrained import _load_pretrained, load_card
from tools.retrain.files import write_model
from tools.retrain.recipe import with_network

FOLDER = _load_pretrained.FOLDER
GOLDEN = Path(__file__).parent / "data" / "pretrained.json"
PAGE = Path(__file__).parents[1] / "docs" / "model_card.md"
NAMES = (
    "Mike,Qin,Slaveya,Jake,Fernando,Demirkan,Satoshi,Müller,O'Connor,Nguyễn,Papadopoulos,Иванов,"
    "王伟,김민수,محمد,Kowalski,Jónsdóttir,García Márquez,Schröder,van der Berg,Mehmet Yılmaz,"
    "HANSEN Jens,Ağaoğlu,שרה,สมชาย,X Æ A-12"
).split(",")


@pytest.fixture(scope="module")
def model():
    return load_pretrained()


@pytest.fixture(scope="module")
def uniform():
    return load_pretrained(priors="uniform")


def top(model, name):
    """The five most probable nationalities."""
    probabilities = model.predict_proba([name])[0]
    best = np.argsort(-probabilities, kind="stable")[:5]
    return {str(model.classes_[i]): round(float(probabilities[i]), 7) for i in best}


# ---- What it says


@pytest.mark.parametrize("name", NAMES)
def test_golden_outputs(model, name):
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))[name]
    assert top(model, name) == pytest.approx(expected, abs=1e-5)


def test_case_and_composition_do_not_matter(model):
    names = make_names(500, random_state=0)[0]
    names = [name for name in names if not set(name) & set("ßı")]  # which upper case has not
    expected = model.predict_proba(names)
    for respell in (str.upper, str.lower, lambda name: unicodedata.normalize("NFD", name)):
        got = model.predict_proba([respell(name) for name in names])
        np.testing.assert_array_equal(got, expected)


def test_diacritics_tell_much_and_are_not_needed(model):
    names, nationalities = make_names(2000, random_state=0)
    marked = np.array([not name.isascii() for name in names])
    names, nationalities = names[marked], nationalities[marked]
    in_ascii = model.score([anyascii(name) for name in names], nationalities)
    assert model.score(names, nationalities) > in_ascii > 0.8


@pytest.mark.parametrize("script", ["Latin", "native"])
@pytest.mark.parametrize("full", [True, False])
def test_knows_the_names_it_learned(model, script, full):
    names, nationalities = make_names(2000, script=script, full=full, random_state=0)
    # Surnames and given names are in several nationalities, so that no model gets all right.
    assert model.score(names, nationalities) > (0.85 if full else 0.6)


def test_the_last_word_may_come_first(model):
    names, nationalities = make_names(2000, random_state=0)
    turned = [" ".join(name.split()[-1:] + name.split()[:-1]) for name in names]
    assert model.score(turned, nationalities) > model.score(names, nationalities) - 0.03


def test_answers_for_anything(model):
    names = ["", " ", "123", "😀", "x" * 1000, "Ω", "a\nb", "de", "\ufffd"]
    probabilities = model.predict_proba(names)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    with pytest.raises(ValueError, match="Wrap it in a list"):
        model.predict("Mike")


# ---- A good citizen


def test_is_a_fitted_pipeline(model):
    assert isinstance(model, Pipeline) and [*model.named_steps] == ["encode", "classify"]
    check_is_fitted(model)
    assert sknames.load_pretrained is load_pretrained
    assert model["encode"].alphabet_.index(" ") + 1 == model["classify"].separator
    assert vars(model["encode"]).keys() == vars(clone(model["encode"]).fit(["a"])).keys()


def test_an_unknown_character_says_nothing_by_itself(model):
    """No more than a symbol that training never saw."""
    unknown, names = model["encode"].unknown_code_, ["X amamoto", "KowaXski", "X", "aX X"]
    codes = model["encode"].transform(names).astype(np.int64)
    found = []
    for symbol in (unknown, unknown + 1):
        codes[[0, 1, 2, 3, 3], [0, 4, 0, 1, 3]] = symbol
        found.append(model["classify"].predict_proba(codes))
    np.testing.assert_array_equal(*found)


def test_clones_and_fits_again(model):
    names, nationalities = ["Yılmaz", "Demir", "Nowak", "Mazur"], ["Turkish"] * 2 + ["Polish"] * 2
    again = clone(model).set_params(classify__min_df=1, classify__max_epochs=1)
    again.fit(names, nationalities)
    assert again.classes_.tolist() == ["Polish", "Turkish"]


def test_bears_nothing_that_a_fit_would_leave():
    """The card, above all, is of the shipped weights."""
    model, small = load_pretrained(), {"hidden_size": 2, "min_df": 1, "max_epochs": 1}
    model.set_params(**{f"classify__{name}": value for name, value in small.items()})
    fresh, names = clone(model), (["Demir", "Nowak"], ["Turkish", "Polish"])
    assert vars(model.fit(*names)).keys() == vars(fresh.fit(*names)).keys()
    for name, step in model.named_steps.items():
        assert vars(step).keys() == vars(fresh[name]).keys()


def test_it_supposes_the_world_unless_told(model):
    with (FOLDER / "population.csv").open(encoding="utf-8", newline="") as file:
        millions = {row["nationality"]: float(row["millions"]) for row in csv.DictReader(file)}
    expected = np.sqrt([millions[label] for label in model.classes_])
    found = model["classify"].class_prior_
    np.testing.assert_allclose(found, expected / expected.sum())
    same = load_pretrained(priors="population")
    np.testing.assert_array_equal(same.predict_proba(NAMES), model.predict_proba(NAMES))


def test_priors_of_the_world(model, uniform):
    """None is special-cased: a name goes to the more frequent of those who share it."""
    assert model.predict(["John Smith", "Иванов"]).tolist() == ["English", "Russian"]
    assert uniform.predict(["John Smith", "Иванов"]).tolist() == ["Scottish", "Macedonian"]
    np.testing.assert_allclose(uniform["classify"].class_prior_, np.full(74, 1 / 74))


@pytest.mark.parametrize("is_array", [True, False])
def test_given_priors_shift_the_answers(uniform, is_array):
    priors, model = {"English": 0.25, "Scottish": 0.75}, uniform
    expected = np.array([priors.get(label, 0) for label in model.classes_])
    told = load_pretrained(priors=expected if is_array else priors)
    np.testing.assert_allclose(told["classify"].class_prior_, expected)
    odds = model.predict_proba(NAMES) * expected
    np.testing.assert_allclose(
        told.predict_proba(NAMES), odds / odds.sum(axis=1, keepdims=True), atol=1e-5
    )
    assert set(told.predict(NAMES)) == {"English", "Scottish"}
    again = pickle.loads(pickle.dumps(told))
    np.testing.assert_array_equal(again["classify"].class_prior_, told["classify"].class_prior_)
    np.testing.assert_array_equal(again.predict_proba(NAMES), told.predict_proba(NAMES))
    assert told["classify"].history_ == model["classify"].history_
    assert repr(told) == repr(model)


@pytest.mark.parametrize(
    "priors, message",
    [
        ({"Elvish": 1}, "priors names 'Elvish', which the model does not tell"),
        ({"English": 0.5}, "priors sum to 0.5; expected 1"),
        ("even", "Expected priors 'uniform' or 'population'"),
        (None, "Expected priors 'uniform' or 'population', or numbers by label, got None"),
        (np.ones(3) / 3, r"Expected priors of shape \(74,\)"),
    ],
    ids=str,
)
def test_wrong_priors_do_not_blame_the_file(priors, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        load_pretrained(priors=priors)


# ---- It abstains


def test_abstains(model):
    selective, bold = load_pretrained(abstain=True), load_pretrained(abstain=0.18)
    assert isinstance(selective.estimator, FrozenEstimator)
    assert 0 < bold.threshold_ < selective.threshold_ < 1
    assert 0 < selective.coverage_ < bold.coverage_ < 1
    assert selective.risk_ < 0.13 < bold.risk_ < 0.18
    np.testing.assert_array_equal(selective.predict_proba(NAMES), model.predict_proba(NAMES))
    answered = model.predict_proba(NAMES).max(axis=1) > selective.threshold_
    assert 3 < answered.sum() < len(NAMES)
    labels = np.where(answered, model.predict(NAMES), "unknown")
    np.testing.assert_array_equal(selective.predict(NAMES), labels)
    odd = ["", "123", "😀", "a.b@c.org", "Mehmet Yılmaz"]
    why = ["blank", "no known character", "no known character", "no name", ""]
    assert selective.reasons(odd).tolist() == why


def test_abstain_answers_four_fifths_of_held_out_people():
    """Whole names of people, not names of unknown parts."""
    selective = load_pretrained(abstain=True)
    assert selective.coverage_ >= 0.8
    known = ["Angela Merkel", "MÜLLER Anna", "Anna Müller", "John Smith", "Emmanuel Macron"]
    expected = ["German", "German", "German", "English", "French"]
    assert selective.predict(known).tolist() == expected
    assert selective.reasons(["Lee", "Microsoft Corporation"]).tolist() == ["unsure", "unsure"]


def test_abstains_under_other_priors():
    """The threshold is one on the probability, whatever it supposes."""
    one, other = load_pretrained(abstain=True), load_pretrained(priors="uniform", abstain=True)
    assert one.threshold_ == other.threshold_
    n = len(one.classes_)
    np.testing.assert_allclose(other.class_prior_, 1 / n)
    assert not np.allclose(one.class_prior_, 1 / n)


def test_a_risk_that_no_threshold_keeps():
    with pytest.raises(ValueError, match="abstain=0.001: risk=0.001 is not reached.*For names or"):
        load_pretrained(abstain=0.001)
    assert load_pretrained(abstain=0.04).risk_ < 0.04  # the docstring says from where on


@pytest.mark.parametrize("abstain", [None, 0, 1, 1.5, -0.1, np.nan, "yes"], ids=repr)
def test_what_tells_no_risk(abstain):
    with pytest.raises(ValueError, match="Expected abstain to be True, False or the largest share"):
        load_pretrained(abstain=abstain)


def test_switches_of_numpy():
    assert load_pretrained(abstain=np.True_).threshold_ == load_pretrained(abstain=True).threshold_
    assert isinstance(load_pretrained(abstain=np.False_), Pipeline)


def test_a_curve_that_is_not_whole(folder, monkeypatch):
    (folder / _load_pretrained.CURVE).write_text("threshold,coverage\n.5,.5\n")
    with pytest.raises(ValueError, match="risk_coverage.csv is not as sknames .* writes it"):
        load_pretrained(abstain=True)


@pytest.mark.parametrize("copy", [pickle.dumps, joblib.dump], ids=["pickle", "joblib"])
def test_copies_say_the_same(model, copy, tmp_path):
    if copy is pickle.dumps:
        again = pickle.loads(pickle.dumps(model))
    else:
        joblib.dump(model, tmp_path / "model.joblib")
        again = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(again.predict_proba(NAMES), model.predict_proba(NAMES))


def test_torch_computes_the_same(model):
    from sknames import _training

    classify = model["classify"]
    codes = classify.network_.to_codes(model["encode"].transform(NAMES))
    logits = _training.logits(classify.net_, classify.network_, codes)
    np.testing.assert_allclose(logits, classify._forward.logits(codes), atol=2e-4)


def test_each_call_gives_a_model_of_its_own(model):
    other = load_pretrained()
    load_card().clear()
    assert load_card() != {}
    ours, theirs = (pipeline["classify"].network_.to_arrays() for pipeline in (model, other))
    for name, array in ours.items():
        assert not np.shares_memory(array, theirs[name])
    for array in other["classify"].weights_.values():
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0
    other["classify"].set_params(hidden_size=1)
    other["classify"].history_.clear()
    assert load_pretrained()["classify"].history_ == model["classify"].history_ != []
    assert load_pretrained()["classify"].hidden_size == model["classify"].hidden_size != 1


def test_imports_neither_torch_nor_skorch():
    code = (
        "import sys, sknames; sknames.load_pretrained().predict(['Mehmet Yılmaz']); "
        "assert not {'torch', 'skorch', 'tqdm'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=FOLDER.parents[1])


# ---- Its files


ARRAYS, DESCRIPTION, CARD = FILES = ("model.npz", "model.json", "card.json")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the files, which load_pretrained and load_card read, too."""
    for name in FILES:
        shutil.copy(FOLDER / name, tmp_path)
    monkeypatch.setattr(_load_pretrained, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def small(tmp_path_factory, small_names):
    """The folder of a small model, which is read in some milliseconds."""
    folder = tmp_path_factory.mktemp("small")
    classify = NameNationalityClassifier(
        hidden_size=4, embedding_dim=4, max_epochs=2, separator=1, random_state=0
    )
    model = Pipeline([("encode", CharEncoder(max_length=12)), ("classify", classify)])
    network = model.fit(*small_names)["classify"].network_.rounded()
    write_model(with_network(model, network), folder)
    return folder


@pytest.fixture
def small_copy(small, tmp_path):
    return Path(shutil.copytree(small, tmp_path / "small"))


def edit(path, change):
    """Apply a function to what a JSON file holds."""
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def leaves(content, path=()):
    """The path to each value that is no dict or list, or empty."""
    if not isinstance(content, dict | list) or not content:
        return [path]
    items = content.items() if isinstance(content, dict) else enumerate(content)
    return [leaf for key, item in items for leaf in leaves(item, (*path, key))]


def at(content, path):
    for key in path:
        content = content[key]
    return content


def with_value(content, path, value):
    """A copy with another value at one place."""
    content = json.loads(json.dumps(content))
    at(content, path[:-1])[path[-1]] = value
    return content


def test_size():
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 12.5 * 1000**2


def test_files_hold_no_objects():
    with np.load(FOLDER / ARRAYS, allow_pickle=False) as arrays:
        kinds = {name: arrays[name].dtype.kind for name in arrays.files}
    assert kinds.pop("cell") == "U"
    assert set(kinds.values()) <= set("fiu")


def swap_labels(description):
    classes = description["classify"]["classes"]
    turkish, polish = classes.index("Turkish"), classes.index("Polish")
    classes[turkish], classes[polish] = classes[polish], classes[turkish]


def permute_alphabet(description):
    encode = description["encode"]
    encode["alphabet"] = encode["alphabet"][::-1]


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-9])


CHANGES = {
    "swapped labels": (DESCRIPTION, lambda path: edit(path, swap_labels)),
    "permuted alphabet": (DESCRIPTION, lambda path: edit(path, permute_alphabet)),
    "junk": (DESCRIPTION, lambda path: edit(path, lambda d: at(d, PARAMS).update(cell="junk"))),
    "no sha256": (DESCRIPTION, lambda path: edit(path, lambda d: d.pop("sha256"))),
    "no object": (DESCRIPTION, lambda path: path.write_text("[]")),
    "cut description": (DESCRIPTION, cut),
    "no description": (DESCRIPTION, Path.unlink),
    "other arrays": (ARRAYS, flip_a_bit),
    "cut arrays": (ARRAYS, cut),
    "no arrays": (ARRAYS, Path.unlink),
    "card without warnings": (CARD, lambda path: edit(path, lambda card: card.pop("must_not"))),
    "cut card": (CARD, cut),
    "no card": (CARD, Path.unlink),
}


@pytest.mark.parametrize("name, change", CHANGES.values(), ids=CHANGES)
def test_refuses_changed_files(folder, name, change):
    change(folder / name)
    error, message = ValueError, rf"{name} should have the SHA-256 .* install sknames again"
    if change is Path.unlink:
        error, message = OSError, rf"{name} cannot be read .*No such file.* install sknames again"
    with pytest.raises(error, match=message):
        load_card() if name == CARD else load_pretrained()


def test_reads_each_file_once(folder, monkeypatch):
    """What is used is what was checked."""
    n_read, read_bytes = Counter(), Path.read_bytes

    def once(path):
        n_read[path.name] += 1
        content = read_bytes(path)
        path.unlink()
        return content

    monkeypatch.setattr(Path, "read_bytes", once)
    load_pretrained()
    load_card()
    assert n_read == dict.fromkeys(FILES, 1)


@pytest.mark.parametrize("value", [None, "junk", 0, 1.5, True, {}], ids=repr)
def test_refuses_any_changed_value(folder, value):
    path = folder / DESCRIPTION
    description = json.loads(path.read_text(encoding="utf-8"))
    for leaf in leaves(description):
        if at(description, leaf) != value:
            path.write_text(json.dumps(with_value(description, leaf, value)), encoding="utf-8")
            with pytest.raises(ValueError, match=rf"{DESCRIPTION} should have the SHA-256"):
                load_pretrained()


def test_refuses_other_arrays(folder):
    flip_a_bit(folder / ARRAYS)
    with pytest.raises(ValueError, match=r"model\.npz should have the SHA-256 .* install sknames"):
        _load_pretrained.read(folder)


# ---- Files of another folder, whose description is not checked as a whole


PARAMS = ("classify", "params")
CLASSES = ("classify", "classes")
READS = rf"and sknames {sknames.__version__} reads format {_load_pretrained.FORMAT}"
WRONG = {
    "no number": (("format",), "one", f"in format 'one', {READS}"),
    "1.0": (("format",), 1.0, f"in format 1.0, {READS}"),
    "2.0": (("format",), 2.0, f"in format 2.0, {READS}"),
    "true": (("format",), True, f"in format True, {READS}"),
    "0": (("format",), 0, f"in format 0, {READS}"),
    "hash": (("sha256",), None, r"description\['sha256'\] to be of type str, got None"),
    "version": (("version",), 1, r"\['version'\] to be of type str, got 1"),
    "part": (("encode",), [], r"\['encode'\] to be of type dict, got \[\]"),
    "classes": (CLASSES, {}, r"\['classes'\] to be of type list"),
    "no classes": (CLASSES, [], "classes_.*expected sorted, distinct labels"),
    "class of another type": ((*CLASSES, 0), 1, r"classes of one type, got \[1, 'Japanese'"),
    "no class": ((*CLASSES, 0), None, r"classes of one type, got \[None, 'Japanese'"),
    "order of classes": ((*CLASSES, 0), "Zulu", "sorted, distinct classes.*'Zulu'"),
    "repeated class": ((*CLASSES, 0), "Japanese", "sorted, distinct classes"),
    "a class fewer": (CLASSES, ["Greek", "Polish"], "classes_.*expected 4 labels, got 2"),
    "max_length": (("encode", "params", "max_length"), 0, "'max_length' parameter .* Got 0"),
    "other max_length": (("encode", "params", "max_length"), 11, "Expected max_length 11.*got 12"),
    "alphabet": (("encode", "alphabet"), ["a"], r"\['alphabet'\].* type str"),
    "repeated letter": (("encode", "alphabet"), "aa", "alphabet_.*distinct characters, got 'aa'"),
    "columns": (("encode", "max_length"), 11, "Expected max_length 12.*got 11"),
    "columns 12.0": (("encode", "max_length"), 12.0, r"\['max_length'\] to be of type int"),
    "columns true": (("encode", "max_length"), True, r"\['max_length'\] to be of type int, got T"),
    "cell": ((*PARAMS, "cell"), "junk", "'cell' parameter .* Got 'junk'"),
    "lr": ((*PARAMS, "lr"), float("nan"), "'lr' parameter .* Got nan"),
    "ngram_range": (
        (*PARAMS, "ngram_range"),
        [1, 4],
        r"ngram_range \[min_n, 5\] with .*, got \[1, 4\]",
    ),
    "separator": ((*PARAMS, "separator"), 2, "Expected the separator 2, got 1"),
    "no separator": ((*PARAMS, "separator"), None, "Expected the separator None, got 1"),
    "separator of no symbol": ((*PARAMS, "separator"), 99, "Expected the separator None, got 1"),
    "separator str": ((*PARAMS, "separator"), " ", "'separator' parameter .* Got ' '"),
    "history": (("classify", "history"), {}, r"\['history'\] to be of type list"),
}


@pytest.mark.parametrize("path, value, message", WRONG.values(), ids=WRONG)
def test_wrong_values(small_copy, path, value, message):
    edit(small_copy / DESCRIPTION, lambda d: at(d, path[:-1]).__setitem__(path[-1], value))
    expected = rf"(?s)small/model\.json is not as .*({message}).*sknames again with .*--force"
    with pytest.raises(ValueError, match=expected):
        _load_pretrained.read(small_copy)


@pytest.mark.parametrize(
    "check",
    [
        "sknames._char_encoder._check_state",
        "sknames._network.Network.check",
        "sknames.CharEncoder._validate_params",
        "sknames.NameNationalityClassifier._validate_params",
        "sknames._name_nationality_classifier.check_classes",
    ],
)
def test_each_part_checks_itself(small, monkeypatch, check):
    """As it does when any file is loaded, or before it is fitted."""

    def refuse(*args):
        raise ValueError("Checked")

    monkeypatch.setattr(check, refuse)
    with pytest.raises(ValueError, match="model.json .*Checked"):
        _load_pretrained.read(small)


NO_DESCRIPTIONS = {
    "empty": b"",
    "cut": b"{",
    "list": b"[1]",
    "str": b'"{}"',
    "null": b"null",
    "no text": b"\xff",
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("content", NO_DESCRIPTIONS.values(), ids=NO_DESCRIPTIONS)
def test_no_description(small_copy, content):
    (small_copy / DESCRIPTION).write_bytes(content)
    with pytest.raises(ValueError, match="small/model.json is not as .* install sknames again"):
        _load_pretrained.read(small_copy)


@pytest.mark.parametrize("name", [ARRAYS, DESCRIPTION])
def test_missing_files(small_copy, name):
    (small_copy / name).unlink()
    with pytest.raises(OSError, match=f"small/{name} cannot be read .* install sknames again"):
        _load_pretrained.read(small_copy)


def test_any_missing_or_further_key(small, small_copy):
    """A parameter that an older file lacks has its default; nothing else may be missing."""
    description = json.loads((small / DESCRIPTION).read_text(encoding="utf-8"))

    def read(edited):
        (small_copy / DESCRIPTION).write_text(json.dumps(edited), encoding="utf-8")
        return _load_pretrained.read(small_copy)

    for part in ((), ("encode",), ("encode", "params"), ("classify",), PARAMS):
        with pytest.raises(ValueError, match="further"):
            read(with_value(description, (*part, "further"), 1))
        for key in at(description, part):
            edited = with_value(description, (*part, key), None)
            del at(edited, part)[key]
            if part[-1:] == ("params",) and key not in ("ngram_range", "separator"):
                step = read(edited)[part[0]]
                assert getattr(step, key) == type(step)().get_params()[key]
            else:
                with pytest.raises(ValueError, match=key):
                    read(edited)


JUNK = [None, "junk", "", -1, 0, 0.5, 10**9, True, False, [], {}, float("nan"), float("inf")]


@pytest.mark.parametrize("value", JUNK, ids=repr)
def test_any_changed_value(small, small_copy, value):
    """A model with any value changed says so, or answers as before."""
    names = ["Papadopoulos", "KOWALSKI", "Yılmaz", "Satoh", "", "王", "x-#ß"]
    expected = _load_pretrained.read(small).predict_proba(names)
    description = json.loads((small / DESCRIPTION).read_text(encoding="utf-8"))
    refused = []
    for leaf in leaves(description):
        edited = with_value(description, leaf, value)
        (small_copy / DESCRIPTION).write_text(json.dumps(edited), encoding="utf-8")
        try:
            model = _load_pretrained.read(small_copy)
        except ValueError as error:
            assert "small/model." in str(error) and "install sknames again" in str(error)
            refused.append(leaf)
            continue
        got = model.predict_proba(names)
        if leaf[0] == "encode":  # other codes are another model
            np.testing.assert_allclose(got.sum(axis=1), 1)
        else:
            np.testing.assert_array_equal(got, expected)
            assert model.classes_.tolist() == edited["classify"]["classes"]
    assert {("format",), ("sha256",), ("encode", "max_length")} <= set(refused)


def rewrite(folder, change):
    """Apply a function to the dict of arrays, and write their hash into the description."""
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file)
    change(arrays)
    content = io.BytesIO()
    np.savez(content, **arrays)
    put(folder, content.getvalue())


def put(folder, content):
    (folder / ARRAYS).write_bytes(content)
    edit(folder / DESCRIPTION, lambda d: d.update(sha256=sha256(content).hexdigest()))


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04junk", b"\x93NUMPY"], ids=ascii)
def test_no_arrays(small_copy, content):
    put(small_copy, content)
    with pytest.raises(ValueError, match="small/model.npz is not as .* install sknames again"):
        _load_pretrained.read(small_copy)


def test_any_missing_array(small, small_copy):
    with np.load(small / ARRAYS) as file:
        names = file.files
    shows_in = {
        "embedding": r"cells\.0\.weight_ih.* expected shape",
        "ngram_keys.4": "ngram_keys .* expected as many keys as",
    }
    for name in names:
        shutil.copytree(small, small_copy, dirs_exist_ok=True)
        rewrite(small_copy, lambda arrays, name=name: arrays.pop(name))
        message = shows_in.get(name, rf"lacks (weights_\[)?'?{name}")
        with pytest.raises(ValueError, match=rf"small/model\..*{message}.*install sknames again"):
            _load_pretrained.read(small_copy)


def test_any_array_of_another_size(small, small_copy):
    """No array stands for another by being repeated."""
    with np.load(small / ARRAYS) as file:
        arrays = dict(file)
    for name, array in arrays.items():
        first = np.atleast_1d(array)[:1]
        for changed in (array[None], first, np.append(array, array), array.astype("S")):
            if name == "separator" and changed is first:
                continue  # it is one
            shutil.copytree(small, small_copy, dirs_exist_ok=True)
            rewrite(small_copy, lambda arrays, new={name: changed}: arrays.update(new))
            with pytest.raises(ValueError, match=r"small/model\..*install sknames again"):
                _load_pretrained.read(small_copy)


OTHER_ARRAYS = {
    "cell": (np.array("rnn"), r"expected shape \(4, 4\), got shape \(12, 4\)"),
    "separator": (np.array([2]), "Expected the separator 1, got 2"),
    "next_symbol.weight.scale": (np.nan, r"weights_\['next_symbol\.weight'\].*finite values"),
    "ngram_weight.scale": (np.nan, r"weights_\['ngram_weight'\].*expected finite values"),
    "ngram_keys.0": (-1, r"ngram_keys\.0.*expected keys from 0 to|expected sorted, distinct keys"),
    "further": (np.zeros(1), "expected no further arrays, got further"),
}


@pytest.mark.parametrize("name", OTHER_ARRAYS)
def test_other_arrays(small_copy, name):
    value, message = OTHER_ARRAYS[name]

    def change(arrays):
        if np.ndim(value) or name == "cell":
            arrays[name] = value
        else:
            arrays[name][-1] = value

    rewrite(small_copy, change)
    with pytest.raises(ValueError, match=rf"small/model\.json .*{message}.*install sknames again"):
        _load_pretrained.read(small_copy)


def test_symbols_are_codes_of_the_encoder(small, small_copy):
    edit(small_copy / DESCRIPTION, lambda d: d["encode"].update(alphabet="abc"))
    with pytest.raises(ValueError, match="model.json .*symbols from 1 to the unknown code 4, got"):
        _load_pretrained.read(small_copy)

    def below_0(arrays):
        arrays["symbols"] = arrays["symbols"].astype(np.int16)
        arrays["symbols"][0] = -1

    shutil.copytree(small, small_copy, dirs_exist_ok=True)
    rewrite(small_copy, below_0)
    with pytest.raises(ValueError, match="model.json .*symbols from 1 to the .*, got \\[-1, 2"):
        _load_pretrained.read(small_copy)


def test_objects_are_not_unpickled(small_copy):
    rewrite(small_copy, lambda arrays: arrays.update(symbols=np.array([print], dtype=object)))
    with pytest.raises(ValueError, match="model.npz .*allow_pickle=False"):
        _load_pretrained.read(small_copy)


class Owner:
    """Its pickle writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_refuses_objects_among_the_arrays(folder, tmp_path):
    """Also where the description has the hash of the file with them."""
    with np.load(folder / _load_pretrained.ARRAYS) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["symbols"] = np.array([Owner(tmp_path / "owned")], dtype=object)
    np.savez(folder / _load_pretrained.ARRAYS, **arrays)
    path = folder / _load_pretrained.DESCRIPTION
    description = json.loads(path.read_text(encoding="utf-8"))
    digest = sha256((folder / _load_pretrained.ARRAYS).read_bytes()).hexdigest()
    path.write_text(json.dumps(description | {"sha256": digest}), encoding="utf-8")
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        _load_pretrained.read(folder)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("more", [-1, 1])
def test_refuses_other_formats(folder, more):
    """The files that ship are of the version that ships them."""
    found = _load_pretrained.FORMAT + more
    edit(folder / DESCRIPTION, lambda d: d.update(format=found))
    message = f"It is in format {found}, {READS}. Use the sknames that wrote it"
    with pytest.raises(ValueError, match=message):
        _load_pretrained.read(folder)


def test_is_written_as_it_was_read(model, tmp_path):
    write_model(model, tmp_path)
    again = _load_pretrained.read(tmp_path)
    assert repr(again) == repr(model)
    np.testing.assert_array_equal(again.predict_proba(NAMES), model.predict_proba(NAMES))
    for step, theirs in zip(again, model, strict=True):
        assert step.get_params() == theirs.get_params()
        assert vars(step).keys() == vars(theirs).keys()
    assert again["encode"].alphabet_ == model["encode"].alphabet_
    ours, theirs = again["classify"], model["classify"]
    assert ours.history_ == theirs.history_ and ours.n_features_in_ == theirs.n_features_in_
    expected = theirs.network_.to_arrays()
    for name, array in ours.network_.to_arrays().items():
        np.testing.assert_array_equal(array, expected[name], strict=True)


TRUSTED = ["sknames.CharEncoder", "sknames.NameNationalityClassifier"]


@pytest.mark.parametrize(
    "dump, load",
    [(joblib.dump, joblib.load), (skops.io.dump, partial(skops.io.load, trusted=TRUSTED))],
    ids=["joblib", "skops"],
)
def test_a_file_of_it_is_as_small_as_what_ships(model, tmp_path, dump, load):
    """The weights take four bits each, and come back to the bit; only what ships is compressed."""
    path = tmp_path / "model"
    dump(model, path)
    arrays = np.load(FOLDER / ARRAYS).values()
    assert path.stat().st_size < sum(array.nbytes for array in arrays) + 250_000
    again = load(path)
    np.testing.assert_array_equal(again.predict_proba(NAMES), model.predict_proba(NAMES))


# ---- Its card


def test_card_and_page_have_the_same_figures(model):
    page = PAGE.read_text(encoding="utf-8")
    card = load_card()
    assert card["nationalities"] == model.classes_.tolist()
    for key in ("accuracy", "macro_f1", "top_3", "log_loss", "calibration_error"):
        assert f"{card[key]:.4f}" in page
    for nationality, row in card["by_nationality"].items():
        line = next(line for line in page.splitlines() if line.startswith(f"| {nationality} | "))
        assert f"| {row['n']} | {row['recall']:.3f} |" in line
    for text in ("missing", "must_not", "learned_from", "held_out"):
        assert card[text]


def test_the_shipped_model_is_as_accurate_as_when_it_was_shipped(model):
    """On full names made of parts that it knows; the card's figures are of parts that it does not.

    No two best answers are nearer than .00005, so that their count is exact.
    """
    names, nationalities = make_names(3_000, random_state=1)
    probabilities = model.predict_proba(names)
    best = model.classes_[np.argsort(-probabilities, axis=1)[:, :3]]
    hits = best == nationalities[:, None]
    assert hits[:, 0].sum() == 2892 and hits.any(axis=1).sum() == pytest.approx(2991, abs=1)
    macro_f1 = f1_score(nationalities, best[:, 0], labels=np.unique(nationalities), average="macro")
    assert macro_f1 == pytest.approx(0.9636, abs=1e-4)


if __name__ == "__main__":
    pipeline = load_pretrained()
    golden = {name: top(pipeline, name) for name in NAMES}
    GOLDEN.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
