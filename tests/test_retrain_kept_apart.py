"""The people whom no model learns, and what linear models say of them."""

import numpy as np
import pytest
from sklearn.utils import Bunch

from sknames.datasets import make_names
from tools.retrain import kept_apart, recipe
from tools.retrain.recipe import person_of


@pytest.fixture
def sources(monkeypatch):
    """Names of people by source and nationality, of whom one in three is kept apart."""
    names = {
        label: [*dict.fromkeys(make_names(n, nationalities=[label], random_state=0)[0])]
        for label, n in {"French": 600, "Irish": 90, "Zulu": 90}.items()
    }
    found = {
        "biographies": names | {"French": [*names["French"], "Zidane"]},
        "chess players": {"Irish": [recipe.turn(name) for name in names["Irish"]]},
        "names in Arabic": {"Irish": ["Ali Noor", "Omar Saeed"]},
    }
    monkeypatch.setattr(recipe, "typical_people", lambda lists: found)
    monkeypatch.setattr(kept_apart, "is_kept_apart", lambda person: len(person) % 3 == 0)
    monkeypatch.setattr(kept_apart, "is_apart_in_arabic", lambda person: person == "ali noor")
    return found


def test_people_apart_are_each_person_once_and_at_most_so_many_of_a_source(sources):
    people = kept_apart.people_apart(most=50)
    rows = [*zip(*people, strict=True)]
    assert ("Ali Noor", "Irish", "names in Arabic") in rows and len({*rows}) == len(rows)
    for name, label, source in rows:
        assert " " in name and name in sources[source][label]
        assert len(person_of(name)) % 3 == 0 or source == "names in Arabic"
    of_label = {label: people.at(people.labels == label) for label in sources["biographies"]}
    assert len(of_label["French"].names) == 50
    for label in ("Irish", "Zulu"):  # fewer than 50, so all of them
        persons = [*map(person_of, of_label[label].names)]
        apart = {p for p in map(person_of, sources["biographies"][label]) if len(p) % 3 == 0}
        assert len(persons) == len({*persons}) and {*persons} - {"ali noor"} == apart
    again = kept_apart.people_apart(most=50)
    assert again.names.tolist() == people.names.tolist()


def test_load_halves_share_nobody_and_have_known_labels_only(sources, monkeypatch):
    model = Bunch(classes_=np.array(["French", "Irish"]))
    monkeypatch.setattr(kept_apart, "read", lambda folder, priors: model)
    loaded, choose, report = kept_apart.load()
    assert loaded is model
    halves = [{*map(person_of, half.names)} for half in (choose, report)]
    assert halves[0].isdisjoint(halves[1])
    everyone = kept_apart.people_apart()
    assert len(choose.names) + len(report.names) == np.isin(everyone.labels, model.classes_).sum()
    assert 0.35 < len(halves[0]) / len(halves[0] | halves[1]) < 0.65


def test_few_are_the_first_people_of_each_label_and_source():
    labels, sources = np.array([*"xxxyyx"]), np.array([*"stssss"])
    people = kept_apart.People(np.array([*"abcdef"], dtype=object), labels, sources)
    assert people.few(2).names.tolist() == [*"abcde"]
    assert people.few(1).labels.tolist() == ["x", "x", "y"]


def test_linear_scores_are_of_each_spelling_and_kept(sources, tmp_path, monkeypatch):
    training = make_names(300, nationalities=["French", "Irish", "Zulu"], random_state=1)
    monkeypatch.setattr(recipe, "training_names", lambda: training)
    names = np.array(["Chloé Dubois", "Sipho Dlamini"], dtype=object)
    found = kept_apart.linear_scores("svm", names, tmp_path)
    labels = found["classes"][found["as_written"].argmax(axis=1)]
    assert labels.tolist() == ["French", "Zulu"] and found["minutes"] > 0
    monkeypatch.setattr(recipe, "training_names", None)
    again = kept_apart.linear_scores("svm", names, tmp_path)
    spelled = {
        "turned": ["Dubois Chloé", "Dlamini Sipho"],
        "in_ascii": ["Chloe Dubois", "Sipho Dlamini"],
        "last_word": ["Dubois", "Dlamini"],
        "first_word": ["Chloé", "Sipho"],
    }
    monkeypatch.setattr(recipe, "training_names", lambda: training)
    for spelling, others in spelled.items():
        direct = kept_apart.linear_scores("svm", np.array(others, dtype=object))["as_written"]
        np.testing.assert_allclose(again[spelling], direct, atol=1e-3)  # its fit draws at random
