"""Tests of fingerprints, the short names of models."""

import json
import os
import pickle
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sknames
from sknames import (
    CharEncoder,
    GroupedClassifier,
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    fingerprint,
    load_model,
    load_pretrained,
)
from sknames.pretrained import load_card
from tests.conftest import run_process
from tools.retrain.files import MODELS, read_model

SAVED = Path(__file__).parent / "data" / "saved"
GROUPS = {"Greek": "Europe", "Polish": "Europe", "Turkish": "Asia", "Japanese": "Asia"}
PRIORS = {"Greek": 0.4, "Japanese": 0.3, "Polish": 0.2, "Turkish": 0.1}


def rare(share):
    """Return priors of two labels, with this share for Japanese."""
    return {"Greek": 1 - share, "Japanese": share}


def selective(model, names, **params):
    """Return a SelectiveClassifier around a fitted model."""
    X, y = names
    return SelectiveClassifier(FrozenEstimator(model), **params).fit(X, y)


# ---- Nets


def test_fingerprint_changes_with_a_single_bit_or_label(tiny):
    net = tiny[-1]
    learned = [(net.network_, net.classes_ + "s")]
    weights = dict(net.network_.weights)
    for name, array in weights.items():
        changed = array.copy()
        changed.flat[0] = np.nextafter(changed.flat[0], 9, dtype=changed.dtype)
        network = replace(net.network_, weights=weights | {name: changed})
        learned.append((network, net.classes_))
    for network, classes in learned:
        other = NameNationalityClassifier._from_network(
            network, classes, n_features_in=net.n_features_in_
        )
        assert fingerprint(other) != fingerprint(net)


# ---- Files


@pytest.fixture(scope="module")
def models(tiny, shipped_uniform, small_names):
    names, y = small_names
    ngrams = CountVectorizer(analyzer="char")
    return {
        "net": tiny,
        "shipped": shipped_uniform,
        "threshold": selective(tiny, small_names, coverage=0.8),
        "groups": GroupedClassifier(tiny, groups=GROUPS),
        "logistic": make_pipeline(ngrams, LogisticRegression()).fit(names, y),
        "neighbors": make_pipeline(ngrams, KNeighborsClassifier(3)).fit(names, y),
    }


@pytest.mark.parametrize(
    "kind", ["net", "shipped", "threshold", "groups", "logistic", "neighbors"]
)
def test_fingerprint_is_unchanged_after_saving_and_loading(models, kind, tmp_path):
    model = models[kind]
    joblib.dump(model, tmp_path / "model.joblib", compress=3)
    again = [pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model.joblib")]
    if kind != "neighbors":  # skops does not save its tree
        skops.io.dump(model, tmp_path / "model.skops")
        types = skops.io.get_untrusted_types(file=tmp_path / "model.skops")
        again.append(skops.io.load(tmp_path / "model.skops", trusted=types))
    for one in again:
        assert fingerprint(one) == fingerprint(model)
        one.predict(["Anna"])  # predict may change the state
        assert fingerprint(one) == fingerprint(model)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("net", "network-.{6}"),
        ("careful", "network-.{6}[+]threshold-.{4}"),
        ("grouped", "network-.{6}[+]groups-.{4}"),
        ("own_labels", "LogisticRegression-.{6}[+]priors-.{4}"),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
def test_fingerprint_of_joblib_file_equals_that_of_skops_file(name, expected):
    found = fingerprint(joblib.load(SAVED / f"{name}.joblib"))
    assert re.fullmatch(expected, found)
    assert fingerprint(load_model(SAVED / f"{name}.skops")) == found


def test_fingerprint_is_identical_in_another_process(models, tmp_path):
    """With other BLAS kernels and another seed of Python's hashes."""
    every_kind = [*models.values()]
    joblib.dump(every_kind, tmp_path / "models.joblib")
    code = (
        "import joblib, sknames\n"
        "for model in joblib.load('models.joblib'):\n"
        "    print(sknames.fingerprint(model))\n"
    )
    other = os.environ | {"PYTHONHASHSEED": "7", "OPENBLAS_CORETYPE": "Nehalem"}
    run = run_process(sys.executable, "-c", code, cwd=tmp_path, env=other)
    assert run.stdout.split() == [*map(fingerprint, every_kind)]


# ---- Models that ship


@pytest.mark.parametrize("target", ["nationality", "country"])
def test_fingerprint_of_shipped_model_matches_its_weights_and_card(target, tmp_path):
    for folder in ("nationality", "country"):
        shutil.copytree(MODELS / folder, tmp_path / folder)
    path = tmp_path / target / "model.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    shown = description["fingerprint"]
    path.write_text(json.dumps(description | {"fingerprint": None}), encoding="utf-8")
    digits = fingerprint(read_model(tmp_path / target)).removeprefix("network-")
    assert shown == f"{target}-{digits}"
    assert shown == fingerprint(load_pretrained(target))
    assert shown == load_card(target)["fingerprint"]


def test_fingerprint_has_suffix_for_changed_priors_and_tidy(shipped, shipped_uniform):
    name = fingerprint(shipped)
    default = shipped["classify"].class_prior_
    assert fingerprint(load_pretrained(priors=default)) == name
    shifted = PriorShiftClassifier(shipped, priors="uniform")
    assert fingerprint(shipped_uniform) == fingerprint(shifted)
    assert re.fullmatch(f"{name}[+]priors-.{{4}}", fingerprint(shifted))
    as_typed = load_pretrained(priors="uniform", tidy=False)
    assert fingerprint(as_typed) == f"{fingerprint(shipped_uniform)}+untidied"


# ---- Wrappers


def test_wrappers_with_equal_settings_have_equal_fingerprints(tiny, small_names):
    names = small_names[0]
    grouped = GroupedClassifier(FrozenEstimator(tiny), groups=GROUPS)
    assert fingerprint(clone(grouped).fit(names)) == fingerprint(grouped)
    shifted = PriorShiftClassifier(FrozenEstimator(tiny), priors=PRIORS)
    assert fingerprint(clone(shifted).fit(names)) == fingerprint(shifted)
    by_order = PriorShiftClassifier(tiny, priors=[*PRIORS.values()])
    assert fingerprint(by_order) == fingerprint(shifted)
    # Rounding errors differ between processors.
    nearly = np.array([1 + 1e-12, 1, 1, 1])
    priors = [*PRIORS.values()] * nearly
    assumed_prior = tiny[-1].class_prior_ * nearly
    assumed_too = PriorShiftClassifier(tiny, priors=priors, assumed_prior=assumed_prior)
    assert fingerprint(assumed_too) == fingerprint(shifted)


def test_wrappers_with_different_settings_have_different_fingerprints(
    tiny, small_names
):
    two = GroupedClassifier(tiny, groups=GROUPS)
    two_labels = PriorShiftClassifier(tiny, priors=rare(1e-12))
    in_lower_case = {label: group.lower() for label, group in GROUPS.items()}
    models = [tiny, two, two_labels]
    models += [
        GroupedClassifier(tiny, groups=groups)
        for groups in (GROUPS | {"Polish": "Asia"}, in_lower_case)
    ]
    models += [
        PriorShiftClassifier(inside, priors=priors, assumed_prior=assumed)
        for inside, priors, assumed in (
            (tiny, PRIORS, None),
            (tiny, "uniform", None),
            (tiny, "uniform", PRIORS),
            (tiny, rare(1e-10), None),
            (two_labels, rare(0.5), None),
            (two_labels, rare(0.5), rare(1e-10)),
        )
    ]
    models += [
        selective(tiny, small_names, **params)
        for params in (
            {"coverage": 0.8},
            {"coverage": 0.5},
            {"coverage": 0.5, "abstain_label": "?"},
            {"coverage": 0.8, "fallback": [GROUPS]},
            {"coverage": 0.8, "fallback": [in_lower_case]},
        )
    ]
    assert len({*map(fingerprint, models)}) == len(models)


# ---- Other estimators


def test_fingerprint_is_identical_after_repeated_training(tiny, small_names):
    again = clone(tiny).fit(*small_names)
    assert fingerprint(tiny[-1]) == fingerprint(tiny) == fingerprint(again)


@pytest.mark.parametrize("kind", ["logistic", "neighbors"])
def test_fingerprint_of_scikit_learn_estimator_depends_on_fitted_state(models, kind):
    model = models[kind]
    names = np.array(["Anna", "Jan", "Ece", "Ali"])
    other = clone(model).fit(names, [0, 0, 1, 1])
    assert re.fullmatch(f"{type(model[-1]).__name__}-.{{6}}", fingerprint(model))
    assert fingerprint(other) != fingerprint(model)


def test_fingerprint_of_unpicklable_model_raises():
    step = FunctionTransformer(lambda X: X)
    model = make_pipeline(step, LogisticRegression()).fit([[0.0], [1.0]], ["a", "b"])
    with pytest.raises(TypeError, match="Expected a model that joblib can save, got"):
        fingerprint(model)


def test_fingerprint_of_string_raises_with_hint_to_load_model():
    with pytest.raises(TypeError, match="got 'nationality'. .*: load_model"):
        fingerprint("nationality")


@pytest.mark.parametrize(
    "model",
    [
        NameNationalityClassifier(),
        make_pipeline(CharEncoder(), NameNationalityClassifier()),
        GroupedClassifier(NameNationalityClassifier()),
        LogisticRegression(),
    ],
)
def test_fingerprint_of_an_unfitted_model_raises(model):
    with pytest.raises(NotFittedError, match="not fitted"):
        sknames.fingerprint(model)
