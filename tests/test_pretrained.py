"""The model that ships with the package: what it says, its files, and how it is trained again.

Run ``PYTHONPATH=. python tests/test_pretrained.py`` to write the golden outputs of a new model.
"""

import csv
import json
import pickle
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from functools import partial
from hashlib import sha256
from importlib.resources import files
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
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

import sknames
from sknames import CharEncoder, load_pretrained
from sknames._saved_state import FORMAT
from sknames.datasets import load_names, make_names
from sknames.pretrained import _load_pretrained, _train, load_card
from sknames.pretrained.__main__ import main

FOLDER = _load_pretrained.FOLDER
TRUSTED = ["sknames.CharEncoder", "sknames.NameNationalityClassifier"]
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


def test_nationalities_are_those_of_all_sources(model, everything):
    assert model.classes_.tolist() == sorted(learnable(everything))
    assert set(everything.target_names) < set(model.classes_)


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
    turned = [_train._turn(name) for name in names]
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
    assert model["encode"].alphabet_.index(" ") + 1 == _train.CLASSIFIER["separator"]
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
    """A threshold from names that no part was learned of; a smaller risk answers less."""
    selective, bold = load_pretrained(abstain=True), load_pretrained(abstain=0.25)
    assert isinstance(selective.estimator, FrozenEstimator)
    assert 0 < bold.threshold_ < selective.threshold_ < 1
    assert 0 < selective.coverage_ < bold.coverage_ < 1
    assert selective.risk_ < 0.1 < bold.risk_ < 0.25
    np.testing.assert_array_equal(selective.predict_proba(NAMES), model.predict_proba(NAMES))
    answered = model.predict_proba(NAMES).max(axis=1) > selective.threshold_
    assert 3 < answered.sum() < len(NAMES)
    labels = np.where(answered, model.predict(NAMES), "unknown")
    np.testing.assert_array_equal(selective.predict(NAMES), labels)
    odd = ["", "123", "😀", "a.b@c.org", "Mehmet Yılmaz"]
    why = ["blank", "no known character", "no known character", "no name", ""]
    assert selective.reasons(odd).tolist() == why


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
    assert load_pretrained(abstain=0.05).risk_ < 0.05  # the docstring says from where on


@pytest.mark.parametrize("abstain", [None, 0, 1.5, np.nan, "yes"], ids=repr)
def test_what_tells_no_risk(abstain):
    with pytest.raises(ValueError, match="Expected abstain to be True, False or the largest share"):
        load_pretrained(abstain=abstain)


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


def test_size():
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 12.5 * 1000**2


def edit(path, change):
    """Apply a function to what a JSON file holds."""
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize("change", [flip_a_bit, cut, Path.unlink])
@pytest.mark.parametrize("name", FILES)
def test_changed_files_are_refused(folder, name, change):
    change(folder / name)
    error, message = ValueError, rf"{name} should have the SHA-256 .* install sknames again"
    if change is Path.unlink:
        error, message = OSError, rf"{name} cannot be read .*No such file.* install sknames again"
    with pytest.raises(error, match=message):
        load_card() if name == CARD else load_pretrained()


def test_each_file_is_read_once(folder, monkeypatch):
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


def test_arrays_of_another_folder_have_the_sha256_of_their_description(folder):
    flip_a_bit(folder / ARRAYS)
    with pytest.raises(ValueError, match=r"model\.npz should have the SHA-256"):
        _load_pretrained.read(folder)


@pytest.mark.parametrize("format_", [FORMAT + 1, FORMAT - 1, None])
def test_other_formats_are_refused(folder, format_):
    edit(folder / DESCRIPTION, lambda d: d.update(format=format_))
    message = f"Expected format {FORMAT}, .*{sknames.__version__} reads, got {format_} in .*json"
    with pytest.raises(ValueError, match=message):
        _load_pretrained.read(folder)


def test_objects_among_the_arrays_are_not_unpickled(folder):
    """Also where the description has the hash of the file with them."""
    with np.load(folder / ARRAYS) as file:
        arrays = dict(file) | {"symbols": np.array([print], dtype=object)}
    np.savez(folder / ARRAYS, **arrays)
    digest = sha256((folder / ARRAYS).read_bytes()).hexdigest()
    edit(folder / DESCRIPTION, lambda d: d.update(sha256=digest))
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        _load_pretrained.read(folder)


def changes_of_file(function):
    """How often a call goes from a function in one module of sknames to one in another."""
    package, n = str(FOLDER.parent), 0

    def count(frame, event, arg):
        nonlocal n
        here, caller = frame.f_code.co_filename, frame.f_back
        if event == "call" and here.startswith(package):
            while caller and not caller.f_code.co_filename.startswith(package):
                caller = caller.f_back
            n += caller is not None and caller.f_code.co_filename != here

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return n


def test_loading_passes_through_few_files():
    assert 10 < changes_of_file(load_pretrained) <= 25


def test_written_files_give_the_same_model(model, tmp_path):
    _load_pretrained.write(model, tmp_path)
    again = _load_pretrained.read(tmp_path)
    assert repr(again) == repr(model)
    np.testing.assert_array_equal(again.predict_proba(NAMES), model.predict_proba(NAMES))
    assert again["encode"].alphabet_ == model["encode"].alphabet_
    ours, theirs = again["classify"], model["classify"]
    assert ours.history_ == theirs.history_ and ours.n_features_in_ == theirs.n_features_in_
    expected = theirs.network_.to_arrays()
    for name, array in ours.network_.to_arrays().items():
        np.testing.assert_array_equal(array, expected[name], strict=True)


def dump_compressed(model, path):
    joblib.dump(model, path, compress=3)


@pytest.mark.parametrize(
    "dump, load, size",
    [
        (joblib.dump, joblib.load, 24.5),
        (dump_compressed, joblib.load, 13),
        (skops.io.dump, partial(skops.io.load, trusted=TRUSTED), 24.5),
    ],
    ids=["joblib", "joblib, compressed", "skops"],
)
def test_saved_copies_are_small_and_say_the_same(model, tmp_path, dump, load, size):
    dump(model, tmp_path / "model")
    assert (tmp_path / "model").stat().st_size < size * 1000**2
    again = load(tmp_path / "model")
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


# ---- How many people bear such names


def test_population(everything):
    """Each nationality that the model knows or can learn has one, and where it is from."""
    text = (FOLDER / "population.csv").read_text(encoding="utf-8")
    table = list(csv.DictReader(text.splitlines()))
    nationalities = [row["nationality"] for row in table]
    assert nationalities == sorted(set(nationalities))
    assert set(load_card()["nationalities"]) | learnable(everything) == set(nationalities)
    for row in table:
        assert set(row) == {"nationality", "millions", "source"}
        assert 0.05 <= float(row["millions"]) <= 1500, row
        assert row["source"].partition(": ")[2], row


def learnable(everything):
    """The nationalities of all sources of names."""
    found = set(everything.target_names)
    for name in ("demonyms.csv", "federations.csv"):
        text = files("sknames.datasets").joinpath("data", name).read_text(encoding="utf-8")
        found |= {row["nationality"] for row in csv.DictReader(text.splitlines())} - {""}
    return found


# ---- Training it again


@pytest.fixture(scope="module")
def lists():
    """What `load_names` gives by script, read once."""
    return {script: load_names(script=script) for script in ("all", "native")}


@pytest.fixture(scope="module")
def everything(lists):
    return lists["all"]


SHARES = {
    name: getattr(_train, name)
    for name in ("LAST_WORD_FIRST", "LAST_WORD_AND_COMMA", "INITIALS", "LETTERS_ONLY", "IN_ASCII")
}


@pytest.fixture
def few(monkeypatch, lists):
    """Few names and short training."""
    monkeypatch.setattr(_train, "load_names", lambda script: lists[script])
    for name in ("MAX_BIOGRAPHIES", "MAX_PLAYERS"):
        monkeypatch.setattr(_train, name, 20)
    for name in ("MIN_FULL_NAMES", "MIN_MADE_NAMES", "N_NATIVE_NAMES"):
        monkeypatch.setattr(_train, name, 20)
    small = {"hidden_size": 8, "embedding_dim": 4, "max_epochs": 1, "batch_size": 4096}
    monkeypatch.setattr(_train, "CLASSIFIER", _train.CLASSIFIER | small)
    monkeypatch.setattr(_train, "NAMES_PER_MIN_DF", 500)


def chosen(names, rows):
    """Some of the rows of what `load_names` gives."""
    columns = {name: names[name][rows] for name in ("data", "target", "part", "script")}
    return Bunch(target_names=np.unique(columns["target"].astype(str)).astype(object), **columns)


def test_trains_again_to_the_same_bits(few, lists, monkeypatch, tmp_path, capsys):
    fewer = {script: chosen(names, slice(None, None, 10)) for script, names in lists.items()}
    monkeypatch.setattr(_train, "load_names", lambda script: fewer[script])
    for k in "ab":
        main(["--lists-only", "--output", str(tmp_path / k)])
    printed = capsys.readouterr().out
    for name in (ARRAYS, DESCRIPTION):
        content = (tmp_path / "a" / name).read_bytes()
        assert content == (tmp_path / "b" / name).read_bytes()
        assert f"{name} {sha256(content).hexdigest()}" in printed
    assert "not of the shape of the weights that ship" in printed
    again = _load_pretrained.read(tmp_path / "a")
    assert again.predict_proba(NAMES).shape == (len(NAMES), 57)
    n_names = int(printed.split()[0].replace(",", ""))
    assert n_names >= 2 * 500 and again["classify"].min_df == n_names // 500


@pytest.fixture
def people(monkeypatch):
    """Put these pairs in the place of the biographies, and of the chess players."""

    def put(biographies, players):
        for name, pairs in (("biographies", biographies), ("chess_players", players)):
            columns = tuple(np.array(column, dtype=object) for column in zip(*pairs, strict=True))
            monkeypatch.setattr(
                _train, f"fetch_{name}", lambda path, return_X_y, columns=columns: columns
            )

    return put


def test_names_the_files_it_needs(tmp_path, people, monkeypatch):
    with pytest.raises(OSError, match="pip download --no-deps name2nat==0.5.1"):
        main(["--wheel", str(tmp_path / "name2nat.whl")])
    fetch = _train.fetch_chess_players
    people([("Anna Kern", "German")], [("Anna Kern", "German")])
    monkeypatch.setattr(_train, "fetch_chess_players", fetch)
    path = tmp_path / "spelling.ssp"
    with pytest.raises(OSError, match="apt-get download scid-spell-data") as caught:
        main(["--players", str(path)])
    assert str(path) in str(caught.value)


def test_training_names(few, people, everything):
    biographies = [(f"Ana Zz{c}", "Spanish") for c in "abcdefghijklmnopqrstuvwxyz"]
    # A surname that is Icelandic only, and one that is known from nowhere.
    biographies += [("Kári Árnason", "English"), ("Jón Árnason", "Icelandic")]
    biographies += [("Mo Zzyzx", "English")]
    people(biographies, [(f"Eva Zz{c}", "Spanish") for c in "abcdefghijklmnopqrstuvwxyz"])
    names, nationalities = _train.training_names()
    rows = Counter(zip(names, nationalities, strict=True))
    assert ("Kári Árnason", "English") not in rows
    assert rows["Jón Árnason", "Icelandic"] and rows["Mo Zzyzx", "English"]
    for given in ("Ana", "Eva"):
        kept = {name for name, _ in rows if name.startswith(f"{given} Zz")}
        # Any of them: the first 20 of an alphabetical list would all begin alike.
        assert len(kept) == 20 and kept != {f"{given} Zz{c}" for c in "abcdefghijklmnopqrst"}
    assert all(rows[pair] for pair in zip(everything.data, everything.target, strict=True))
    again = _train.training_names()
    np.testing.assert_array_equal(again, (names, nationalities))


@pytest.fixture
def straight(monkeypatch):
    """No name in another spelling."""
    for name in SHARES:
        monkeypatch.setattr(_train, name, 0)


def test_who_is_in_two_sources_counts_once(few, people, straight):
    """In whatever order and spelling. Who bears the same name in another nationality counts too."""
    spellings = ["Özgür Zzyzx", "ozgur ZZYZX", "Zzyzx Özgür"]
    players = [(name, "Turkish") for name in ["Zzyzx Ozgur", "Mo Zzyzx", "Mo  Zzyzx"]]
    people([(name, "Turkish") for name in spellings], [*players, ("Mo Zzyzx", "German")])
    names, nationalities = _train.training_names()
    found = [
        (" ".join(sorted(anyascii(name).casefold().split())), nationality)
        for name, nationality in zip(names, nationalities, strict=True)
        if "zzyzx" in name.casefold()
    ]
    assert sorted(found) == [
        ("mo zzyzx", "German"),
        ("mo zzyzx", "Turkish"),
        ("ozgur zzyzx", "Turkish"),
    ]


def test_who_is_in_two_sources_takes_no_place_of_a_player(few, people, straight):
    """Twenty players are learned beside the biographies where there are so many others."""
    biographies = [(f"Ana Zz{c}", "Spanish") for c in "abcdefghijklmnopqrst"]
    players = biographies + [(f"Eva Zz{c}", "Spanish") for c in "abcdefghijklmnopqrstuv"]
    people(biographies, players)
    names, _ = _train.training_names()
    assert sum(name.startswith("Ana Zz") for name in names) == 20
    assert sum(name.startswith("Eva Zz") for name in names) == 20


def test_made_names_fill_up_and_are_none_where_the_lists_are_silent(
    few, people, straight, everything
):
    people([("Aung Zzyzx", "Burmese")], [("Ana Zzyzx", "Spanish")])
    names, nationalities = _train.training_names()
    assert names[nationalities == "Burmese"].tolist() == ["Aung Zzyzx"]
    full = nationalities[len(everything.data) :]
    assert set(full) == {*everything.target_names, "Burmese"}
    assert (full == "Spanish").sum() == 1 + 20  # at least so many are made
    assert (full == "Danish").sum() == 20


def test_russians_among_the_players_of_other_federations(people, everything):
    kept = [
        ("Bakhyt Zzyzx", "Kazakh"),
        ("Mo Zzyzx", "Kyrgyz"),
        ("Mo Sergey", "Uzbek"),  # not a given name here
        ("Sergey Zzyzx", "Russian"),
        ("Sergey Zzyzx", "Ukrainian"),
    ]
    out = [("Sergey Zzyzx", "Kazakh"), ("SERGEY Zzyzx", "Kyrgyz"), ("Ivan Zzyzx", "Turkmen")]
    people([("Mo Mo", "German")], out + kept)
    found = _train._players(None, everything)
    assert [(name, k) for k, names in found.items() for name in names] == kept


def test_biographies_of_nationalities_that_are_hardly_known(monkeypatch, everything):
    """Left out is who has the surname of such ones only, and another nationality."""
    well_known = [("Jan Nowak", "Polish"), ("Jens Nielsen", "Danish")] * _train.RARE
    kept = [
        ("Kári Árnason", "Icelandic"),
        ("Jan Kowalski", "English"),  # a Polish surname
        ("Mo Nielsen", "German"),  # a Danish, English and Norwegian one
        ("Mo Zzyzx", "English"),  # no one's
        ("Árnason Zzyzx", "English"),
        ("Mo Sigurlaug", "English"),  # an Icelandic given name
    ]
    out = [("Mo Árnason", "English"), ("MO ARNASON", "English"), ("Ana Kári Árnason", "Polish")]
    people = tuple(zip(*out, *well_known, *kept, strict=True))
    monkeypatch.setattr(_train, "fetch_biographies", lambda wheel, return_X_y: people)
    found = _train._biographies(None, everything)
    found = [(name, nationality) for nationality, names in found.items() for name in names]
    assert Counter(found) == Counter(well_known + kept)


@pytest.fixture
def three(few, lists, monkeypatch):
    """The lists of three nationalities, which are all there are, and 500 made names of each."""
    fewer = {
        script: chosen(names, np.isin(names.target, ["Chinese", "Danish", "Greek"]))
        for script, names in lists.items()
    }
    monkeypatch.setattr(_train, "load_names", lambda script: fewer[script])
    for name in ("MIN_FULL_NAMES", "N_NATIVE_NAMES"):
        monkeypatch.setattr(_train, name, 500)
    return fewer["all"]


def test_names_of_several_words_are_turned(three, straight, monkeypatch):
    """A quarter of the full names; lists, and names of one word, as those in Han, are not."""
    n_lists = len(three.data)

    def full_names(share):
        monkeypatch.setattr(_train, "LAST_WORD_FIRST", share)
        names, nationalities = _train.training_names(lists_only=True)
        assert names[:n_lists].tolist() == three.data.tolist()
        assert nationalities[:n_lists].tolist() == three.target.tolist()
        return names[n_lists:].tolist(), nationalities[n_lists:].tolist()

    quarter, _ = full_names(SHARES["LAST_WORD_FIRST"])
    (full, labels), (twice, labels_twice) = full_names(0), full_names(1)
    several = [i for i, name in enumerate(full) if " " in name]
    assert (len(full), len(several)) == (5 * 500, 4 * 500)
    assert twice == full + [_train._turn(full[i]) for i in several]
    assert labels_twice == labels + [labels[i] for i in several]
    assert 0.2 < (len(quarter) - len(full)) / len(several) < 0.3


def test_made_names_have_a_given_name_before_a_surname(three):
    common = _train._common_names()
    known = {
        part: {
            *three.data[(three.target == "Danish") & np.isin(three.part, [part, "both"])],
            *common["Danish", part][1],
        }
        for part in ("given", "surname")
    }
    names, nationalities = _train.training_names(lists_only=True)
    made = names[len(three.data) :][nationalities[len(three.data) :] == "Danish"][:500]
    for name in made:
        words = name.split(" ")
        assert any(
            " ".join(words[:k]) in known["given"] and " ".join(words[k:]) in known["surname"]
            for k in range(1, len(words))
        ), name


def test_turn():
    turned = {"Jan": "Jan", "Jan Nowak": "Nowak Jan", "Jan van der Berg": "Berg Jan van der"}
    assert {name: _train._turn(name) for name in turned} == turned


def test_other_spellings():
    for respell, spellings in (
        (
            _train._turn_with_comma,
            {"Jan": "Jan", "Jan Nowak": "Nowak, Jan", "Jan van der Berg": "Berg, Jan van der"},
        ),
        (
            _train._initials,
            {
                "Jan": "Jan",
                "Anna Petrov": "A. Petrov",
                "Joanne Kathleen Rowling": "J. K. Rowling",
                "Jean-Luc Godard": "J. Godard",
                "Jan van der Berg": "J. van der Berg",
                "Андрей Петров": "А. Петров",
                "سعاد حسني": "سعاد حسني",
            },
        ),
        (
            _train._letters_only,
            {"O'Brien": "OBrien", "Jean-Luc D'Arc": "Jean Luc DArc", "Jan Nowak": "Jan Nowak"},
        ),
    ):
        assert {name: respell(name) for name in spellings} == spellings


@pytest.mark.parametrize("name", ["LAST_WORD_AND_COMMA", "INITIALS", "LETTERS_ONLY", "IN_ASCII"])
def test_shares_of_other_spellings(three, straight, monkeypatch, name):
    """So many of those that are changed, behind the names that they are spellings of."""
    plain, labels = _train.training_names(lists_only=True)
    monkeypatch.setattr(_train, name, 1)
    everyone, _ = _train.training_names(lists_only=True)
    monkeypatch.setattr(_train, name, SHARES[name])
    names, nationalities = _train.training_names(lists_only=True)
    n = len(plain)
    assert everyone[:n].tolist() == names[:n].tolist() == plain.tolist()
    assert set(names[n:]) <= set(everyone[n:]) and names[n:].size and everyone[n:].size
    expected = SHARES[name] * (len(everyone) - n)
    assert abs(len(names) - n - expected) < 5 * expected**0.5
    sign = {"LAST_WORD_AND_COMMA": ",", "INITIALS": "."}.get(name)
    assert all(sign in spelling for spelling in names[n:]) if sign else True
    # Each is of the nationality of its name.
    respell = {
        "LAST_WORD_AND_COMMA": _train._turn_with_comma,
        "INITIALS": _train._initials,
        "LETTERS_ONLY": _train._letters_only,
        "IN_ASCII": _train._in_ascii,
    }[name]
    pairs = {(respell(given), label) for given, label in zip(plain, labels, strict=True)}
    assert set(zip(names[n:], nationalities[n:], strict=True)) <= pairs


def test_all_spellings_are_learned_in_ascii_too(few):
    names, nationalities = _train.training_names(lists_only=True)
    rows = Counter(zip(names, nationalities, strict=True))
    in_ascii = Counter(
        (_train._in_ascii(name), label)
        for name, label in zip(names, nationalities, strict=True)
        if not name.isascii()
    )
    assert in_ascii <= rows and any("," in name for name, _ in in_ascii)


def test_the_encoder_learns_the_signs_of_other_spellings(few):
    """A comma that training never shows would be an unknown character where lists have it."""
    names, _ = _train.training_names(lists_only=True)
    alphabet = CharEncoder(**_train.ENCODER | {"min_frequency": 1}).fit(names).alphabet_
    assert alphabet.index(" ") + 1 == _train.CLASSIFIER["separator"]
    assert set(" ',-.") <= set(alphabet)


@pytest.mark.parametrize("share", [0.25, 1.0])
@pytest.mark.parametrize("part", ["given", "surname"])
def test_common_names_are_drawn_by_their_rank(everything, part, share):
    """The k-th is 1 / (k + 3) as frequent, and any other name as likely as another."""
    n, common, rng = 50_000, ["Aa", "Bb", "Cc", "Dd"], np.random.RandomState(0)
    names = Counter(_train._draw(everything, "Greek", part, share, common, n, rng))
    frequency = np.array([names.pop(name) for name in common])
    expected = share * n / np.array([4, 5, 6, 7]) / (1 / 4 + 1 / 5 + 1 / 6 + 1 / 7)
    assert (abs(frequency - expected) < 5 * expected**0.5).all()
    kind = everything.target + everything.script
    of_part = (everything.part == part) | (everything.part == "both")
    others = everything.data[(kind == "GreekLatin") & of_part]
    assert names.keys() <= set(others)
    if share < 1:
        expected = (1 - share) * n / len(others)
        assert len(names) == len(others)
        assert max(abs(k - expected) for k in names.values()) < 5 * expected**0.5


def test_common_names(everything):
    nationalities = set(everything.target_names)
    for (nationality, part), (share, names) in _train._common_names().items():
        assert nationality in nationalities and part in ("given", "surname")
        assert 0 < share < 1
        assert len(set(names)) == len(names) >= 25


if __name__ == "__main__":
    pipeline = load_pretrained()
    golden = {name: top(pipeline, name) for name in NAMES}
    GOLDEN.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
