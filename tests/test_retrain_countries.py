"""What the model of countries learns, and that its head is fitted to any network."""

import sys

import numpy as np
import pytest

from sknames import CharEncoder, NameNationalityClassifier
from sknames.datasets import make_names
from tests.conftest import run_process
from tools.retrain import countries
from tools.retrain.recipe import person_of, turn

SPOKEN = {"Spanish": ["AR", "MX"], "French": ["BE", "FR"], "Polish": ["PL"]}


@pytest.fixture(scope="module")
def sources():
    """Names of people by source and country; some are in both, with the last word first."""
    first, second = {}, {}
    for seed, (nationality, codes) in enumerate(SPOKEN.items()):
        names = make_names(600, nationalities=[nationality], random_state=seed)[0]
        names = [*dict.fromkeys(names)][: 150 * len(codes)]
        for k, code in enumerate(codes):
            own = names[k :: len(codes)]
            first[code], second[code] = own[:80], [turn(name) for name in own[60:150]]
    second["LI"] = ["Eva " + 3 * letter for letter in "abcdefghi"]
    return {"biographies": first, "chess players": second}


@pytest.fixture(scope="module")
def base(sources):
    """A model of nationalities."""
    rows = [
        (name, nationality)
        for nationality, codes in SPOKEN.items()
        for code in codes
        for name in sources["biographies"][code]
    ]
    names, labels = zip(*rows, strict=True)
    params = {"hidden_size": 8, "max_epochs": 3, "min_df": 2, "random_state": 0}
    return countries.Pipeline(
        [("encode", CharEncoder()), ("classify", NameNationalityClassifier(**params))]
    ).fit(names, labels)


@pytest.fixture(scope="module")
def learned(sources):
    return countries.training_names(sources)


@pytest.fixture(scope="module")
def model(base, learned):
    return countries.fit(base, *learned)


def test_training_names_draw_each_person_of_a_country_once(sources, learned, monkeypatch):
    names, labels = learned
    monkeypatch.setattr(countries, "is_kept_apart", lambda person: False)
    assert {*labels} == {"AR", "BE", "FR", "MX", "PL"}  # LI has nine people
    people = [*zip(map(person_of, names), labels, strict=True)]
    assert len({*people}) == len(people)
    monkeypatch.setattr(countries, "MOST_PEOPLE", {"biographies": 50, "chess players": 70})
    names, labels = countries.training_names(sources)
    assert (labels == "PL").sum() == 120


def test_fit_head_predicts_countries_that_share_a_nationality(base, learned, model):
    names, labels = learned
    assert model.classes_.tolist() == [*np.unique(labels)]
    assert model.score(names, labels) > 0.85
    weights = model["classify"].network_.weights
    assert len(weights["head.ngrams"]) < base["classify"].network_.n_ngrams  # not of one character
    assert np.allclose(model["classify"].class_prior_, 0.2)
    no_name = model.predict_proba(["日"])[0]
    assert no_name.max() < 0.6  # countries with more names are not favoured


def test_fit_twice_or_with_other_priors_of_the_base_gives_the_same(base, learned, model):
    arrays = model["classify"].network_.to_arrays()
    again = countries.fit(base, *learned)["classify"].network_.to_arrays()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, again[name])
    network = base["classify"].network_.with_priors(np.array([0.7, 0.2, 0.1]))
    classifier = NameNationalityClassifier._from_network(
        network, base.classes_, n_features_in=base["classify"].n_features_in_
    )
    other = countries.Pipeline([("encode", base["encode"]), ("classify", classifier)])
    other = countries.fit(other, *learned)
    names = learned[0][::7]
    np.testing.assert_allclose(other.predict_proba(names), model.predict_proba(names), atol=2e-3)


def test_command_sets_the_bits_of_torch_before_its_import():
    code = "import sys, tools.retrain.__main__; assert 'torch' not in sys.modules"
    run_process(sys.executable, "-c", code)
