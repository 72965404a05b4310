"""Cards and files of thresholds are written, from a few people as those kept apart."""

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils import Bunch

from sknames import load_pretrained
from sknames.datasets import make_names
from sknames.pretrained import load_card
from tools.retrain import card as _card
from tools.retrain import countries, files, kept_apart, measure, recipe, risk_coverage

CODES = {"English": "GB", "Scottish": "GB", "Turkish": "TR", "Malagasy": "MG"}
WRITTEN = {
    "card.json",
    "class_bias.csv",
    "fallback_risk_coverage.csv",
    "model.json",
    "operating_points.csv",
    "risk_coverage.csv",
    "set_thresholds.csv",
}


def people_of(label, n, rng):
    """Full names; those of Malagasy are of no known word."""
    if label != "Malagasy":
        return make_names(n, nationalities=[label], random_state=rng)[0]
    names = []
    for _ in range(n):
        given, surname = rng.choice(["ra", "be", "no", "fy", "ny", "ka"], (2, 7))
        names.append(f"{''.join(given)} {''.join(surname)}".title())
    return names


@pytest.fixture
def people(tmp_path, monkeypatch):
    """People of several sources, in place of all that the files are of."""
    rng = np.random.RandomState(0)
    n_of = {"English": 150, "Scottish": 50, "Turkish": 50, "Malagasy": 25}
    sources = {}
    rows = []
    for source in recipe.most_people():
        sources[source] = {}
        for label, n in n_of.items():
            sources[source][label] = people_of(label, n, rng)
            rows += [(name, label, source) for name in sources[source][label]]
    names, labels, of = (np.array(column) for column in zip(*rows, strict=True))
    codes = np.array([CODES[label] for label in labels])

    def people_apart(column):
        some = labels if column == "nationality" else codes
        return kept_apart.People(names.astype(object), some, of)

    training = np.append(names, "Sipho"), np.append(labels, "Zulu")
    is_player = of == "chess players"
    born = 1900.0 + np.arange(is_player.sum()) % 100
    born[::3] = np.nan
    listed = Bunch(target_names=np.array(["English", "Scottish", "Turkish", "Zulu"]))
    monkeypatch.setattr(kept_apart, "people_apart", people_apart)
    monkeypatch.setattr(measure, "MODELS", tmp_path)
    monkeypatch.setattr(measure, "PAGE", tmp_path / "model_card.md")
    monkeypatch.setattr(measure, "load_names", lambda script: listed)
    players = names[is_player], labels[is_player], born
    monkeypatch.setattr(measure, "read_chess_players", lambda: players)
    monkeypatch.setattr(recipe, "training_names", lambda: training)
    monkeypatch.setattr(recipe, "typical_people", lambda lists: sources)
    monkeypatch.setattr(countries, "people_of_countries", dict)
    monkeypatch.setattr(countries, "read_country_dictionaries", dict)
    monkeypatch.setattr(countries, "training_names", lambda *sources: (names, codes))
    monkeypatch.setattr(files, "NATIONALITIES", tmp_path / "nationalities.csv")
    header = "nationality,n_names,recall\nEnglish,1,1\nDutch,1,1\n"
    files.NATIONALITIES.write_text(header, encoding="utf-8")


def written(target, folder):
    """Write the files of a model, and return its card."""
    (folder / target).mkdir()
    shutil.copy(files.MODELS / target / files.DESCRIPTION, folder / target)
    getattr(measure, f"write_{target}")()
    assert WRITTEN == {path.name for path in (folder / target).iterdir()}
    card = json.loads((folder / target / "card.json").read_text())
    assert card["fingerprint"] == load_card(target)["fingerprint"]
    return card


def test_page_of_the_card_that_ships_is_the_model_card(monkeypatch):
    shown = (Path(__file__).parents[1] / "docs" / "model_card.md").read_text(
        encoding="utf-8"
    )
    (machine,) = re.search(
        r"tools\.retrain\.measure` on (.*)\. The same", shown
    ).groups()
    monkeypatch.setattr(_card, "machine", lambda: machine)
    page = _card.page(load_card(), load_pretrained(priors="uniform"))
    assert page.rstrip("\n") == shown.rstrip("\n")
    assert "\n| Zulu | 0 | - |" in page  # of whom nobody was tested


def test_measure_writes_all_files_and_a_page(people, tmp_path):
    card = written("nationality", tmp_path)
    page = (tmp_path / "model_card.md").read_text(encoding="utf-8")
    assert f"**Wrong for {100 * (1 - card['accuracy']):.0f} % of people" in page
    for key in ("by_source", "by_known_words"):
        assert sum(row["n"] for row in card[key].values()) == card["n"]
        right = sum(row["n"] * row["accuracy"] for row in card[key].values())
        assert right == pytest.approx(card["n"] * card["accuracy"])
    assert card["new_words"]["n"] == card["by_known_words"]["0"]["n"] > 10
    assert card["from_lists_alone"] == ["Zulu"]
    assert card["from_people_alone"] == ["Malagasy"]
    decades = card["by_birth_decade"]
    n_players = card["by_source"]["chess players"]["n"]
    assert 0 < sum(row["n"] for row in decades.values()) < n_players
    assert [*decades] == [f"{year}s" for year in range(1900, 2000, 10)]
    found = csv.DictReader(files.NATIONALITIES.read_text("utf-8").splitlines())
    found = {row["nationality"]: (row["n_names"], row["recall"]) for row in found}
    recall = card["by_nationality"]["English"]["recall"]
    assert found == {"English": ("450", str(recall)), "Dutch": ("0", "")}
    spellings = card["accuracy_by_spelling"]
    mixes = card["by_frequencies"]
    assert spellings["as_written"] == card["accuracy"] > spellings["last_word"]
    assert mixes["true"]["accuracy"] > mixes["equal"]["accuracy"] == card["accuracy"]


def test_page_shows_the_operating_points_that_load_card_reads(
    people, tmp_path, monkeypatch
):
    written("nationality", tmp_path)
    shown = (tmp_path / "model_card.md").read_text(encoding="utf-8")
    model = load_pretrained(priors="uniform")
    monkeypatch.setattr("sknames.pretrained._load_pretrained.FOLDER", tmp_path)
    card = load_card()
    assert _card.page(card, model) == shown
    points = card["operating_points"]
    assert points.keys() == {"English", "Scottish", "Turkish", "Malagasy"}
    # Malagasy has 75 people in all, fewer than 0.95 needs.
    assert {*points["English"]} == {"0.8", "0.95"}
    assert {*points["Malagasy"]} == {"0.8"}
    point = points["Turkish"]["0.95"]
    assert point["ppv_1_low"] < point["ppv_20_low"]
    assert 0.8 < point["recall"] <= 1
    assert type(point["n"]) is int
    assert f"| Turkish | 0.95 | {point['threshold']:.2f} | {point['n']} |" in shown
    untested = {"Zulu", "Greek"}
    assert untested < {*card["few_held_out"]} & {*card["without_operating_points"]}
    assert not points.keys() & {*card["few_held_out"]}


def test_nothing_that_is_chosen_depends_on_the_reported_half(
    people, tmp_path, monkeypatch
):
    load = kept_apart.load

    def with_other_report(target):
        """Give people to report the labels of others."""
        model, choose, report, (choosing, reported) = load(target)
        others = reported._replace(labels=np.roll(reported.labels, 50))
        return model, choose, report, (choosing, others)

    chosen = []
    for folder, loaded in (("one", load), ("other", with_other_report)):
        monkeypatch.setattr(kept_apart, "load", loaded)
        monkeypatch.setattr(measure, "MODELS", tmp_path / folder)
        (tmp_path / folder / "nationality").mkdir(parents=True)
        measure.write_chosen("nationality")
        texts = {}
        for path in (tmp_path / folder / "nationality").glob("*.csv"):
            texts[path.name] = path.read_text(encoding="utf-8")
        points = csv.DictReader(texts.pop("operating_points.csv").splitlines())
        points = [*points]
        texts["thresholds"] = [point["threshold"] for point in points]
        chosen.append((texts, [point["recall"] for point in points]))
    assert chosen[0][0] == chosen[1][0]
    assert chosen[0][1] != chosen[1][1]


def test_bias_says_how_many_people_of_both_halves_a_label_has(people, tmp_path):
    (tmp_path / "country").mkdir()
    measure.write_chosen("country")
    text = (tmp_path / "country" / "class_bias.csv").read_text(encoding="utf-8")
    rows = {row["label"]: row for row in csv.DictReader(text.splitlines())}
    apart = kept_apart.people_apart("alpha_2").labels.tolist()
    for code in ("GB", "TR", "FR"):
        assert int(rows[code]["n_people"]) == apart.count(code)
    assert float(rows["GB"]["bias"]) != 0 == float(rows["FR"]["bias"])
    assert rows[""]["n_people"] == rows["sharpness"]["n_people"] == ""


def test_measure_weighs_countries_by_inhabitants(people, tmp_path):
    card = written("country", tmp_path)
    n_of = {code: row["n"] for code, row in card["by_country"].items()}
    assert [*n_of] == sorted({*CODES.values()})
    recalls = [row["recall"] for row in card["by_country"].values()]
    assert card["accuracy_alike"] == pytest.approx(np.mean(recalls))
    assert 0 < card["new_words"]["n"] < card["n"] == sum(n_of.values())
    assert "CW" in card["missing"]
    assert "GB" not in card["missing"]
    weights = _card.alike(np.array(["DE", "DE", "DE", "AT"]), 0.5)
    assert weights[:3].sum() / weights[3] == pytest.approx((84 / 9) ** 0.5, rel=0.05)


# ---- People kept apart


def test_people_apart_are_each_person_once_in_two_halves(monkeypatch):
    person_of = recipe.person_of
    names = {}
    for label, n in {"French": 600, "Irish": 90, "Zulu": 90}.items():
        made, _ = make_names(n, nationalities=[label], random_state=0)
        names[label] = [*dict.fromkeys(made)]
    sources = {
        "biographies": names | {"French": [*names["French"], "Zidane"]},
        "chess players": {"Irish": [recipe.turn(name) for name in names["Irish"]]},
        "names in Arabic": {"Irish": ["Ali Noor", "Omar Saeed"]},
    }
    model = Bunch(classes_=np.array(["French", "Irish"]))
    monkeypatch.setattr(recipe, "typical_people", lambda lists: sources)
    monkeypatch.setattr(
        kept_apart, "is_kept_apart", lambda person: len(person) % 3 == 0
    )
    monkeypatch.setattr(
        kept_apart, "is_apart_in_arabic", lambda person: person == "ali noor"
    )
    monkeypatch.setattr(kept_apart, "read_model", lambda folder, priors: model)
    monkeypatch.setattr(kept_apart, "MOST_CHOOSING", 50)
    loaded, choose, report, halves = kept_apart.load()
    everyone = kept_apart.People(*map(np.concatenate, zip(*halves, strict=True)))
    rows = [*zip(*everyone, strict=True)]
    assert loaded is model
    assert ("Ali Noor", "Irish", "names in Arabic") in rows
    assert {*everyone.labels} == {"French", "Irish"}
    for name, label, source in rows:
        assert " " in name
        assert name in sources[source][label]
        assert len(person_of(name)) % 3 == 0 or source == "names in Arabic"
    for label in ("French", "Irish"):
        persons = [*map(person_of, everyone.names[everyone.labels == label])]
        full = [name for name in sources["biographies"][label] if " " in name]
        apart = {p for p in map(person_of, full) if len(p) % 3 == 0}
        assert len(persons) == len({*persons})
        assert {*persons} - {"ali noor"} == apart
    persons = [{*map(person_of, half.names)} for half in halves]
    assert persons[0].isdisjoint(persons[1])
    assert {*map(person_of, choose.names)} < persons[0]
    assert {*map(person_of, report.names)} <= persons[1]
    assert (choose.labels == "French").sum() == 50


def test_few_people_are_the_first_of_each_label_and_source():
    names = np.array([*"abcdef"])
    labels = np.array([*"xxxyyx"])
    sources = np.array([*"stssss"])
    few = kept_apart.People(names, labels, sources).few(1)
    assert few.names.tolist() == ["a", "b", "d"]


@pytest.mark.parametrize(
    ("gains", "expected"), [([0.01, 0.03], 1.5), ([-0.02, 0.05], 1.0)]
)
def test_sharpness_is_1_unless_another_is_better_beyond_chance(
    monkeypatch, gains, expected
):
    def shares_of_people(lists, *_, sharpness, **__):
        for k in lists:
            error = 0.2 - gains[k % 2] * (sharpness == 1.5)
            true = np.array([0.5, 0.5])
            yield Bunch(share=true + error, low=0 * true, high=true), true

    monkeypatch.setattr(risk_coverage, "lists_of_people", lambda *_: range(8))
    monkeypatch.setattr(risk_coverage, "shares_of_people", shares_of_people)
    sharpness, _ = risk_coverage.sharpness_and_error(*[None] * 4, (1.0, 1.25, 1.5))
    assert sharpness == expected
