"""The model that ships with the package: what it says, its files, and how it is trained again.

Run ``PYTHONPATH=. python tests/test_pretrained.py`` to write the golden outputs of a new model.
"""

import hashlib
import json
import pickle
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import joblib
import numpy as np
import pytest
from anyascii import anyascii
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

import sknames
from sknames import load_pretrained
from sknames.datasets import load_names, make_names
from sknames.pretrained import _load_pretrained, _train
from sknames.pretrained.__main__ import main

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


def test_nationalities_are_those_of_load_names(model):
    assert model.classes_.tolist() == load_names().target_names.tolist()


def test_spelling_does_not_matter(model):
    names = make_names(500, random_state=0)[0].tolist()
    expected = model.predict_proba(names)
    for respell in (
        str.upper,
        str.lower,
        anyascii,
        lambda name: unicodedata.normalize("NFD", name),
    ):
        got = model.predict_proba([respell(name) for name in names])
        # Upper case has no dotless i, and no sharp s.
        np.testing.assert_allclose(got, expected, atol=1e-12)


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


def test_clones_and_fits_again(model):
    names, nationalities = ["Yılmaz", "Demir", "Nowak", "Mazur"], ["Turkish"] * 2 + ["Polish"] * 2
    again = clone(model).set_params(classify__min_df=1, classify__max_epochs=1)
    again.fit(names, nationalities)
    assert again.classes_.tolist() == ["Polish", "Turkish"]


@pytest.mark.parametrize("copy", [pickle.dumps, joblib.dump], ids=["pickle", "joblib"])
def test_copies_say_the_same(model, copy, tmp_path):
    if copy is pickle.dumps:
        again = pickle.loads(pickle.dumps(model))
    else:
        joblib.dump(model, tmp_path / "model.joblib")
        again = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(again.predict_proba(NAMES), model.predict_proba(NAMES))
    assert again.card == model.card


def test_torch_computes_the_same(model):
    classify = model["classify"]
    codes = model["encode"].transform(NAMES)
    from sknames import _training

    rows = classify._rows_to_predict(classify._to_codes(codes))
    logits = _training.logits(classify.net_, rows)
    np.testing.assert_allclose(
        logits, classify._forward.logits(classify._to_codes(codes)), atol=2e-4
    )


def test_each_call_gives_a_model_of_its_own(model):
    other = load_pretrained()
    other.card.clear()
    other["classify"].weights_["output.bias"][:] = 0
    assert load_pretrained().card == model.card != {}
    assert load_pretrained()["classify"].weights_["output.bias"].any()


def test_imports_neither_torch_nor_skorch():
    code = (
        "import sys, sknames; sknames.load_pretrained().predict(['Mehmet Yılmaz']); "
        "assert not {'torch', 'skorch', 'tqdm'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=FOLDER.parents[1])


# ---- Its files


@pytest.fixture
def folder(tmp_path):
    for name in (_load_pretrained.ARRAYS, _load_pretrained.DESCRIPTION):
        shutil.copy(FOLDER / name, tmp_path)
    return tmp_path


def test_size():
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 8 * 1000**2


def test_files_hold_no_objects():
    with np.load(FOLDER / _load_pretrained.ARRAYS, allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays.files} <= set("fiu")


def test_refuses_other_arrays(folder):
    path = folder / _load_pretrained.ARRAYS
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.npz should have the SHA-256 .* install sknames"):
        _load_pretrained.read(folder)


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
    digest = hashlib.sha256((folder / _load_pretrained.ARRAYS).read_bytes()).hexdigest()
    path.write_text(json.dumps(description | {"sha256": digest}), encoding="utf-8")
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        _load_pretrained.read(folder)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("change", ["format", "state"])
def test_refuses_newer_formats(folder, change):
    path = folder / _load_pretrained.DESCRIPTION
    description = json.loads(path.read_text(encoding="utf-8"))
    if change == "format":
        description["format"] += 1
    else:
        description["classify"]["fitted"]["_format"] += 1
    path.write_text(json.dumps(description), encoding="utf-8")
    with pytest.raises(ValueError, match="Upgrade sknames"):
        _load_pretrained.read(folder)


def test_is_written_as_it_was_read(model, tmp_path):
    _load_pretrained.write(model, tmp_path)
    again = _load_pretrained.read(tmp_path)
    assert again.get_params().keys() == model.get_params().keys()
    np.testing.assert_allclose(again.predict_proba(NAMES), model.predict_proba(NAMES), atol=1e-6)


# ---- Its card


def test_card_and_page_have_the_same_figures(model):
    page = PAGE.read_text(encoding="utf-8")
    card = model.card
    assert card["nationalities"] == model.classes_.tolist()
    for key in ("accuracy", "macro_f1", "top_3", "log_loss", "calibration_error"):
        assert f"{card[key]:.4f}" in page
    for nationality, row in card["by_nationality"].items():
        line = next(line for line in page.splitlines() if line.startswith(f"| {nationality} | "))
        assert f"| {row['n']} | {row['recall']:.3f} |" in line
    for text in ("missing", "must_not", "learned_from", "held_out"):
        assert card[text]


def test_beats_the_linear_models_on_held_out_names(model):
    svm, logistic = model.card["baselines"].values()
    for baseline in (svm, logistic):
        for figure in ("accuracy", "macro_f1"):
            assert model.card[figure] > baseline[figure]
    assert model.card["log_loss"] < logistic["log_loss"]


# ---- Training it again


@pytest.fixture(scope="module")
def everything():
    return load_names(script="all")


@pytest.fixture
def few(monkeypatch):
    """Few names and short training."""
    for name in ("MAX_BIOGRAPHIES", "MIN_FULL_NAMES", "MIN_MADE_NAMES", "N_NATIVE_NAMES"):
        monkeypatch.setattr(_train, name, 20)
    small = {"min_df": 50, "hidden_size": 8, "embedding_dim": 4, "max_epochs": 1}
    monkeypatch.setattr(_train, "CLASSIFIER", _train.CLASSIFIER | small | {"batch_size": 4096})


def test_trains_again_to_the_same_bits(few, tmp_path, capsys):
    for k in "ab":
        main(["--lists-only", "--output", str(tmp_path / k)])
    for name in (_load_pretrained.ARRAYS, _load_pretrained.DESCRIPTION):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "not of the shape of the weights that ship" in capsys.readouterr().out
    again = _load_pretrained.read(tmp_path / "a")
    assert again.predict_proba(NAMES).shape == (len(NAMES), 57)


def test_names_the_wheel_it_needs(tmp_path):
    with pytest.raises(OSError, match="pip download --no-deps name2nat==0.5.1"):
        main(["--wheel", str(tmp_path / "name2nat.whl")])


def test_training_names(few, monkeypatch):
    people = [(f"Ana {c}", "Spanish") for c in "abcdefghijklmnopqrstuvwxyz"]
    # A surname that is Icelandic only, and one that is known from nowhere.
    people += [("Kári Árnason", "English"), ("Jón Árnason", "Icelandic"), ("Mo Zzyzx", "English")]
    monkeypatch.setattr(
        _train, "fetch_biographies", lambda wheel, return_X_y: tuple(zip(*people, strict=True))
    )
    names, nationalities = _train.training_names()
    rows = Counter(zip(names, nationalities, strict=True))
    assert ("Kári Árnason", "English") not in rows
    assert rows["Jón Árnason", "Icelandic"] and rows["Mo Zzyzx", "English"]
    assert sum(name.startswith("Ana ") and len(name) == 5 for name, _ in rows) == 20
    lists = load_names(script="all")
    assert all(rows[pair] for pair in zip(lists.data, lists.target, strict=True))
    again = _train.training_names()
    np.testing.assert_array_equal(again, (names, nationalities))


def test_names_of_several_words_are_turned(few, monkeypatch):
    """A quarter of the full names; lists, and names of one word, as those in Han, are not."""
    lists = {script: load_names(script=script) for script in ("all", "native")}
    for names in lists.values():
        chosen = np.isin(names.target, ["Chinese", "Danish", "Greek"])
        names.target_names = np.unique(names.target[chosen].astype(str)).astype(object)
        for column in ("data", "target", "part", "script"):
            names[column] = names[column][chosen]
    monkeypatch.setattr(_train, "load_names", lambda script: lists[script])
    for name in ("MIN_FULL_NAMES", "N_NATIVE_NAMES"):
        monkeypatch.setattr(_train, name, 500)
    n_lists = len(lists["all"].data)

    def full_names(share):
        monkeypatch.setattr(_train, "LAST_WORD_FIRST", share)
        names, nationalities = _train.training_names(lists_only=True)
        assert names[:n_lists].tolist() == lists["all"].data.tolist()
        assert nationalities[:n_lists].tolist() == lists["all"].target.tolist()
        return names[n_lists:].tolist(), nationalities[n_lists:].tolist()

    quarter, _ = full_names(_train.LAST_WORD_FIRST)
    (full, labels), (twice, labels_twice) = full_names(0), full_names(1)
    several = [i for i, name in enumerate(full) if " " in name]
    assert (len(full), len(several)) == (5 * 500, 4 * 500)
    assert twice == full + [_train._turn(full[i]) for i in several]
    assert labels_twice == labels + [labels[i] for i in several]
    assert 0.2 < (len(quarter) - len(full)) / len(several) < 0.3


def test_turn():
    turned = {"Jan": "Jan", "Jan Nowak": "Nowak Jan", "Jan van der Berg": "Berg Jan van der"}
    assert {name: _train._turn(name) for name in turned} == turned


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


def test_common_names():
    nationalities = set(load_names().target_names)
    for (nationality, part), (share, names) in _train._common_names().items():
        assert nationality in nationalities and part in ("given", "surname")
        assert 0 < share < 1
        assert len(set(names)) == len(names) >= 25


if __name__ == "__main__":
    pipeline = load_pretrained()
    golden = {name: top(pipeline, name) for name in NAMES}
    GOLDEN.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
