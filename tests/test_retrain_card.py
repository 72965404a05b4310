"""What writes the cards and the files of thresholds, from people kept apart.

The names are few and the models small, so that no figure here means anything.
"""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils import Bunch

from sknames import load_pretrained
from sknames.datasets import load_names, make_names
from sknames.pretrained import load_card
from tools.retrain import card as _card
from tools.retrain import countries, files, kept_apart, measure, recipe

LABELS = {
    "nationality": ["Greek", "Malagasy", "Turkish", "Zulu"],
    "country": ["GR", "MG", "TR", "ZA"],
}
WRITTEN = {"card.json", "class_bias.csv", "climbing.csv", "risk_coverage.csv", "set_thresholds.csv"}


def invented(n, size, rng):
    """Full names of no nationality in the lists."""
    words = ["".join(rng.choice(["ra", "be", "no", "fy", "ny", "ka"], size)) for _ in range(2 * n)]
    return [f"{a} {b}".title() for a, b in zip(words[::2], words[1::2], strict=True)]


@pytest.fixture(scope="module")
def names():
    """Names of four groups of people, of two sources."""
    rng = np.random.RandomState(0)
    several = [
        [
            make_names(600, nationalities=["Greek"], random_state=rng)[0],
            invented(600, 3, rng) + invented(90, 7, rng),  # the latter have new words
            make_names(600, nationalities=["Turkish"], random_state=rng)[0],
            [],
        ]
        for _ in range(2)
    ]
    return dict(zip(recipe.MOST_PEOPLE, [*several, [[]] * 4], strict=True))


@pytest.fixture
def run(names, tmp_path, monkeypatch):
    """Measure with these names; returns the card."""
    small = {"hidden_size": 4, "embedding_dim": 4, "max_epochs": 1}
    monkeypatch.setattr(recipe, "CLASSIFIER", recipe.CLASSIFIER | small)
    # Few characters, so that so small a net, which hardly trains, is not too modest for any mix.
    monkeypatch.setattr(recipe, "ENCODER", recipe.ENCODER | {"min_frequency": 100})
    monkeypatch.setattr(recipe, "NAMES_PER_MIN_DF", 400)
    monkeypatch.setattr(kept_apart, "is_kept_apart", lambda person: recipe.is_kept_apart(person, 4))
    monkeypatch.setattr(measure, "MODELS", tmp_path)
    monkeypatch.setattr(measure, "PAGE", tmp_path / "model_card.md")
    monkeypatch.setattr(files, "NATIONALITIES", tmp_path / "nationalities.csv")
    header = "nationality,n_names,recall\nGreek,1,1\nDutch,1,1\n"
    files.NATIONALITIES.write_text(header, encoding="utf-8")

    def go(target):
        labels = LABELS[target]
        sources = {of: dict(zip(labels, several, strict=True)) for of, several in names.items()}
        rows = [
            (name, label)
            for of in sources.values()
            for label, found in of.items()
            for name in found
            if not kept_apart.is_kept_apart(recipe.person_of(name))
        ]
        lists = load_names(script="all")
        of_lists = (lists.target == "Zulu") & (lists.script == "Latn")
        rows += [(name, labels[-1]) for name in lists.data[of_lists]]
        training = tuple(np.array(rows, dtype=object).T)
        players = [(n, k) for k, found in sources["chess players"].items() for n in found]
        born = 1900.0 + np.arange(len(players)) % 100
        born[::3] = np.nan
        players = (*np.array(players, dtype=object).T, born)
        some = Bunch(target_names=np.array(labels, dtype=object)[[0, 2, 3]])
        monkeypatch.setattr(measure, "load_names", lambda script: some)
        monkeypatch.setattr(measure, "read_chess_players", lambda: players)
        monkeypatch.setattr(recipe, "training_names", lambda: training)
        monkeypatch.setattr(recipe, "typical_people", lambda lists: sources)
        monkeypatch.setattr(countries, "people_of_countries", lambda: sources)
        monkeypatch.setattr(countries, "read_country_dictionaries", dict)
        monkeypatch.setattr(countries, "training_names", lambda *sources: training)
        model = recipe.fit(*training)
        monkeypatch.setattr(kept_apart, "read", lambda folder, priors: model)
        (tmp_path / target).mkdir()
        getattr(measure, f"write_{target}")()
        return json.loads((tmp_path / target / "card.json").read_text())

    return go


def test_page_of_the_card_that_ships_is_the_model_card(monkeypatch):
    shown = (Path(__file__).parents[1] / "docs" / "model_card.md").read_text(encoding="utf-8")
    (machine,) = re.search(r"tools\.retrain\.measure` on (.*)\. The same", shown).groups()
    monkeypatch.setattr(_card, "machine", lambda: machine)
    page = _card.page(load_card(), load_pretrained(priors="uniform"))
    assert page.rstrip("\n") == shown.rstrip("\n")
    assert "\n| Zulu | 0 | - |" in page  # of whom nobody was tested


def test_measure_writes_all_files_and_a_page(run, tmp_path):
    card = run("nationality")
    page = (tmp_path / "model_card.md").read_text(encoding="utf-8")
    assert WRITTEN == {*(tmp_path / "nationality" / "SHA256SUMS").read_text().split()[1::2]}
    for key in ("accuracy", "macro_f1", "top_3", "log_loss", "calibration_error"):
        assert f"{card[key]:.4f}" in page
    wrong, wrong_new = (1 - card["accuracy"], 1 - card["new_words"]["accuracy"])
    assert f"**Wrong for {100 * wrong:.0f} % of people" in page
    assert f"for {100 * wrong_new:.0f} % if no word is known.**" in page
    for key in ("by_source", "by_known_words"):
        assert sum(row["n"] for row in card[key].values()) == card["n"]
        right = sum(row["n"] * row["accuracy"] for row in card[key].values())
        assert right == pytest.approx(card["n"] * card["accuracy"])
        for title, row in card[key].items():
            assert f"| {title} | {row['n']} | {row['accuracy']:.4f} |" in page
    assert card["new_words"]["n"] == card["by_known_words"]["0"]["n"] > 10
    assert card["from_lists_alone"] == ["Zulu"] and card["from_people_alone"] == ["Malagasy"]
    decades = card["by_birth_decade"]
    assert 0 < sum(row["n"] for row in decades.values()) < card["by_source"]["chess players"]["n"]
    assert [*decades] == [f"{year}s" for year in range(1900, 2000, 10)]
    for nationality, row in card["by_nationality"].items():
        assert f"| {nationality} | {row['n']} | {row['recall']:.3f} |" in page
    assert "Nobody could be tested of: Zulu." in page and "\n| Zulu | 0 | - |" in page
    written = csv.DictReader(files.NATIONALITIES.read_text("utf-8").splitlines())
    written = {row["nationality"]: (row["n_names"], row["recall"]) for row in written}
    recall = card["by_nationality"]["Greek"]["recall"]
    assert written["Greek"] == (str(card["n_names_by_nationality"]["Greek"]), str(recall))
    assert written["Dutch"] == ("0", "")
    assert "| Greek, locals | 25 |" in page and "| Hebrew, foreigners | 222 |" in page
    spellings = card["accuracy_by_spelling"]
    assert spellings["as_written"] == card["accuracy"] > spellings["last_word"]


def test_measure_weighs_countries_by_inhabitants(run, tmp_path):
    card = run("country")
    assert WRITTEN == {*(tmp_path / "country" / "SHA256SUMS").read_text().split()[1::2]}
    n_of = {code: row["n"] for code, row in card["by_country"].items()}
    assert [*n_of] == ["GR", "MG", "TR"]
    recalls = [row["recall"] for row in card["by_country"].values()]
    assert card["accuracy_alike"] == pytest.approx(np.mean(recalls))
    assert 0 < card["new_words"]["n"] < card["n"] == sum(n_of.values())
    assert "FR" in card["missing"] and "GR" not in card["missing"]
    weights = _card.alike(np.array(["DE", "DE", "DE", "AT"]), 0.5)
    assert weights[:3].sum() / weights[3] == pytest.approx((84 / 9) ** 0.5, rel=0.05)


def test_by_mix_true_mix_is_the_best():
    rng, n, classes = np.random.RandomState(0), 20_000, np.array(["Danish", "English", "Spanish"])
    of_names = rng.dirichlet(np.ones(5), size=3)  # how frequent each of five names is in a class
    y = rng.choice(3, size=n, p=[0.7, 0.2, 0.1])
    drawn = (rng.uniform(size=(n, 1)) > of_names[y].cumsum(axis=1)).sum(axis=1)
    probabilities = (of_names / of_names.sum(axis=0)).T[drawn]
    found, error = _card.by_mix(classes[y], probabilities, classes)
    right = (probabilities * np.bincount(y)).argmax(axis=1) == y
    assert found["true"]["accuracy"] == pytest.approx(right.mean())
    assert found["true"]["accuracy"] >= max(f["accuracy"] for f in found.values())
    assert found["true"]["accuracy"] > 1.2 * found["equal"]["accuracy"] and error < 0.05


# ---- People kept apart


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


def test_people_apart_are_each_person_once_in_two_halves(sources, monkeypatch):
    person_of = recipe.person_of
    model = Bunch(classes_=np.array(["French", "Irish"]))
    monkeypatch.setattr(kept_apart, "read", lambda folder, priors: model)
    monkeypatch.setattr(kept_apart, "MOST_CHOOSING", 50)
    loaded, choose, report, everyone = kept_apart.load()
    rows = [*zip(*everyone, strict=True)]
    assert loaded is model and ("Ali Noor", "Irish", "names in Arabic") in rows
    assert {*everyone.labels} == {"French", "Irish"}
    for name, label, source in rows:
        assert " " in name and name in sources[source][label]
        assert len(person_of(name)) % 3 == 0 or source == "names in Arabic"
    for label in ("French", "Irish"):
        persons = [*map(person_of, everyone.names[everyone.labels == label])]
        full = [name for name in sources["biographies"][label] if " " in name]
        apart = {p for p in map(person_of, full) if len(p) % 3 == 0}
        assert len(persons) == len({*persons}) and {*persons} - {"ali noor"} == apart
    halves = [{*map(person_of, half.names)} for half in (choose, report)]
    assert halves[0].isdisjoint(halves[1]) and (choose.labels == "French").sum() == 50
    few = kept_apart.People(*map(np.array, ([*"abcdef"], [*"xxxyyx"], [*"stssss"]))).few(1)
    assert few.names.tolist() == ["a", "b", "d"]
