"""Model cards and thresholds, measured on a few made-up held-out people."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils import Bunch

from sknames import load_pretrained
from sknames.datasets import make_names
from sknames.pretrained import load_card
from tools.retrain import card as _card
from tools.retrain import files, kept_apart, measure, permissive, recipe

CODES = {"English": "GB", "Scottish": "GB", "Turkish": "TR", "Malagasy": "MG"}
# Held-out people of each source.
N_APART = {"English": 150, "Scottish": 50, "Turkish": 50, "Malagasy": 25}
WRITTEN = {
    "card.json",
    "class_bias.csv",
    "fallback_risk_coverage.csv",
    "measured.json",
    "risk_coverage.csv",
}


def is_apart(name):
    return recipe.is_kept_apart(recipe.person_of(name))


def people_of(label, n, rng):
    """Return full names; the Malagasy ones have no known word."""
    if label != "Malagasy":
        return make_names(n, nationalities=[label], random_state=rng)[0].tolist()
    names = []
    for _ in range(n):
        given, surname = rng.choice(["ra", "be", "no", "fy", "ny", "ka"], (2, 7))
        names.append(f"{''.join(given)} {''.join(surname)}".title())
    return names


@pytest.fixture(scope="module")
def sources():
    """Held-out people by source and nationality."""
    rng = np.random.RandomState(0)
    found = {}
    for source in ("biographies", "chess players", "names in Arabic"):
        found[source] = {}
        for label, n in N_APART.items():
            names = {}
            while len(names) < n:
                made = filter(is_apart, people_of(label, 2_000, rng))
                names.update(dict.fromkeys(made))
            found[source][label] = [*names][:n]
    return found


@pytest.fixture(scope="module")
def people(sources):
    """All held-out people with their labels, by target."""
    people = kept_apart.people_apart(sources)
    codes = np.array([CODES[label] for label in people.labels])
    return {"nationality": people, "country": people._replace(labels=codes)}


@pytest.fixture
def folder(tmp_path):
    """A folder with the weights of the shipped models, without results."""
    for target in ("nationality", "country"):
        (tmp_path / target).mkdir()
        for name in (files.ARRAYS, files.DESCRIPTION):
            (tmp_path / target / name).symlink_to(files.MODELS / target / name)
    return tmp_path


def write_nationality(folder, sources, people):
    """Write the results of the nationality model; return the model and its card."""
    apart = people["nationality"]
    is_player = apart.sources == "chess players"
    players = apart.names[is_player], apart.labels[is_player]
    born = 1900.0 + np.arange(is_player.sum()) % 100
    born[::3] = np.nan
    names = np.append(apart.names, "Sipho")
    labels = np.append(apart.labels, "Zulu")
    listed = Bunch(target_names=["English", "Scottish", "Turkish", "Zulu"])
    return measure.write_nationality(
        folder / "nationality",
        apart,
        _card.learned(names, labels, listed, sources),
        _card.birth_years(*players, born),
        load_card()["common_names"],
    )


def files_written(folder):
    names = {path.name for path in folder.iterdir()}
    return names - {files.ARRAYS, files.DESCRIPTION}


def test_model_card_page_matches_shipped_cards():
    path = Path(__file__).parents[2] / "docs" / "model_card.md"
    shown = path.read_text(encoding="utf-8")
    (machine,) = re.findall(r"Measured on (.*)\. The same", shown)
    models = {target: load_pretrained(target) for target in ("nationality", "country")}
    cards = {target: load_card(target) for target in models}
    page = _card.page(cards, models, measured_on=machine)
    assert page.rstrip("\n") == shown.rstrip("\n")
    assert "\n| Zulu | 0 | - |" in page  # a label without held-out people
    assert re.search(r"^AG Antigua and Barbuda\*+ +0 +- +-$", page, re.M)
    figures = cards["country"]["by_country"]["FR"]
    recalls = [f"{figures[key]:.2f}" for key in ("recall", "recall_by_default")]
    assert re.search(rf"^FR France +{figures['n']} +{' +'.join(recalls)}$", page, re.M)


def test_nationality_card_is_consistent_with_its_files_page_and_people(
    folder, sources, people
):
    model, card = write_nationality(folder, sources, people)
    assert files_written(folder / "nationality") == WRITTEN
    written = json.loads((folder / "nationality" / "card.json").read_text())
    points = card["operating_points"]
    assert written == {"fingerprint": load_card()["fingerprint"]} | card
    cards = {"nationality": card, "country": load_card("country")}
    page = _card.page(cards, {"nationality": model})
    wrong = f"{100 * (1 - card['accuracy']):.0f} %"
    assert f"**On held-out people, {wrong} of the predictions are wrong" in page
    point = points["Turkish"]["0.95"]
    assert f"| Turkish | 0.95 | {point['threshold']:.2f} | {point['n']} |" in page
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
    spellings = card["accuracy_by_spelling"]
    mixes = card["by_frequencies"]
    assert spellings["as_written"] == card["accuracy"] > spellings["last_word"]
    assert mixes["true"]["accuracy"] > mixes["equal"]["accuracy"] == card["accuracy"]
    # Malagasy has 75 people, fewer than the recall of 0.95 requires.
    assert points.keys() == N_APART.keys()
    assert {*points["English"]} == {"0.8", "0.95"}
    assert {*points["Malagasy"]} == {"0.8"}
    assert point["ppv_1_low"] < point["ppv_20_low"]
    assert 0.8 < point["recall"] <= 1
    untested = {"Zulu", "Greek"}
    assert untested < {*card["sparse_labels"]} & {*card["without_operating_points"]}
    predicted = load_pretrained().predict(people["nationality"].names)
    never_predicted = {*card["nationalities"]} - {*predicted}
    assert card["never_predicted"] == sorted(never_predicted)
    assert not points.keys() & {*card["sparse_labels"]}


def test_write_recalls_updates_columns_of_nationality_table(tmp_path):
    path = tmp_path / "nationalities.csv"
    header = "nationality,n_names,recall\n"
    path.write_text(f"{header}English,1,1\nDutch,1,1\n", encoding="utf-8")
    card = {
        "n_names_by_nationality": {"English": 450},
        "by_nationality": {"English": {"recall": 0.75}},
    }
    files.write_recalls(card, path)
    assert path.read_text(encoding="utf-8") == f"{header}English,450,0.75\nDutch,0,\n"


def chosen(folder, people):
    """Return the thresholds, recalls and files that are written for people."""
    _, _, of_halves = measure.write_chosen(folder / "nationality", people)
    points = []
    for points_of_label in of_halves["operating_points"].values():
        points += points_of_label.values()
    texts = {}
    for path in (folder / "nationality").glob("*.csv"):
        texts[path.name] = path.read_text(encoding="utf-8")
    return {
        "thresholds": [point["threshold"] for point in points],
        "recalls": [point["recall"] for point in points],
        "texts": texts,
    }


def test_chosen_thresholds_do_not_depend_on_reported_half(folder, people):
    apart = people["nationality"]
    halves = kept_apart.load("nationality", folder / "nationality", apart)[3]
    is_reported = np.isin(apart.names, halves[1].names)
    labels = apart.labels.copy()
    labels[is_reported] = np.roll(labels[is_reported], 50)
    of_people = chosen(folder, apart)
    of_others = chosen(folder, apart._replace(labels=labels))
    assert of_people.pop("recalls") != of_others.pop("recalls")
    assert of_people == of_others


def test_country_card_is_consistent_with_its_files_model_and_people(folder, people):
    apart = people["country"]
    common = load_card("country")["common_names"]
    measure.write_country(folder / "country", apart, [*CODES.values()], common)
    assert files_written(folder / "country") == WRITTEN
    card = json.loads((folder / "country" / "card.json").read_text())
    assert card["fingerprint"] == load_card("country")["fingerprint"]
    assert [*card["by_country"]] == load_pretrained("country").classes_.tolist()
    tested = {code: row for code, row in card["by_country"].items() if row["n"]}
    assert tested.keys() == {*CODES.values()}
    assert card["by_country"]["FR"] == {
        "n": 0,
        "recall": None,
        "recall_by_default": None,
    }
    report = kept_apart.load("country", folder / "country", apart)[2]
    names = report.names[report.labels == "MG"]
    for key, priors in (("recall", "uniform"), ("recall_by_default", "tempered")):
        model = load_pretrained("country", priors=priors)
        recall = (model.predict(names) == "MG").mean()
        assert tested["MG"][key] == pytest.approx(recall)
    n_of = {code: row["n"] for code, row in tested.items()}
    recalls = [row["recall"] for row in tested.values()]
    assert card["accuracy_alike"] == pytest.approx(np.mean(recalls))
    assert 0 < card["new_words"]["n"] < card["n"] == sum(n_of.values())
    assert "CW" in card["missing"]
    assert "GB" not in card["missing"]
    assert card["common_names"] == common
    weights = _card.alike(np.array(["DE", "DE", "DE", "AT"]), 0.5)
    assert weights[:3].sum() / weights[3] == pytest.approx((84 / 9) ** 0.5, rel=0.05)
    # The numbers of people are those of both halves.
    text = (folder / "country" / "class_bias.csv").read_text(encoding="utf-8")
    rows = {row["label"]: row for row in csv.DictReader(text.splitlines())}
    apart = people["country"].labels.tolist()
    for code in ("GB", "TR", "FR"):
        assert int(rows[code]["n_people"]) == apart.count(code)
    assert float(rows["GB"]["bias"]) != 0 == float(rows["FR"]["bias"])
    assert all(row["n_people"].isdigit() for row in rows.values())
    measured = json.loads((folder / "country" / "measured.json").read_text())
    assert measured == {"model_error": 0.4, "sharpness": 1.0}


def test_permissive_and_shipped_weights_are_compared_on_same_people(tmp_path, people):
    ships = load_pretrained(priors="uniform")
    apart = people["nationality"]
    written = tmp_path / "permissive.json"
    arguments = [str(files.MODELS), "--output", str(written)]
    permissive.main(arguments, {"nationality": (ships, apart)})
    found = json.loads(written.read_text())["nationality"]
    assert found["ships"] == found["permissive"]
    assert found["lacking"] == []
    figures = found["ships"]
    is_right = ships.predict(apart.names) == apart.labels
    recalls = [is_right[apart.labels == label].mean() for label in N_APART]
    assert figures["recall"] == pytest.approx(np.mean(recalls))
    assert sum(row["n"] for row in figures["by_source"].values()) == len(apart.names)
    for source, row in figures["by_source"].items():
        right = is_right[apart.sources == source].mean()
        assert row["accuracy"] == pytest.approx(right)
    text = _card.permissive_tables({"nationality": found | {"lacking": ["Zulu"]}})
    recall = f"{figures['recall']:.3f}"
    assert re.search(rf"^macro recall +{recall} +{recall}$", text, re.M)
    assert text.endswith("labels missing from permissive: Zulu")


# ---- Held-out people


def test_held_out_people_are_split_into_disjoint_halves():
    rng = np.random.RandomState(0)
    french = people_of("French", 40_000, rng)
    irish = people_of("Irish", 8_000, rng)
    arabic = people_of("Arabic", 400, rng)
    sources = {
        "biographies": {"French": [*french, "Zidane"], "Irish": irish, "Zembla": irish},
        "chess players": {"Irish": [recipe.turn(name) for name in irish]},
        "names in Arabic": {"Irish": arabic},
    }
    people = kept_apart.people_apart(sources)
    _, choose, report, halves = kept_apart.load(people=people)
    everyone = kept_apart.People(*map(np.concatenate, zip(*halves, strict=True)))
    for name, label, source in zip(*everyone, strict=True):
        assert " " in name
        assert name in sources[source][label]
    persons = {}
    for label in np.unique(everyone.labels):
        names = everyone.names[everyone.labels == label]
        persons[label] = [*map(recipe.person_of, names)]
        assert len(persons[label]) == len({*persons[label]})
    assert {*persons["French"]} == {*map(recipe.person_of, filter(is_apart, french))}
    arabic_persons = {*map(recipe.person_of, arabic)}
    of_arabic = {*filter(recipe.is_apart_in_arabic, arabic_persons)}
    assert len(of_arabic) > len([*filter(is_apart, arabic)])
    irish_persons = {*map(recipe.person_of, filter(is_apart, irish))}
    assert {*persons["Irish"]} == irish_persons | of_arabic
    assert persons.keys() == {"French", "Irish"}
    persons = [{*map(recipe.person_of, half.names)} for half in halves]
    assert persons[0].isdisjoint(persons[1])
    assert len(persons[0]) == pytest.approx(len(persons[1]), rel=0.2)
    assert {*map(recipe.person_of, choose.names)} < persons[0]
    assert {*map(recipe.person_of, report.names)} < persons[1]
    assert (choose.labels == "French").sum() == kept_apart.MOST_CHOOSING
    assert (report.labels == "French").sum() == kept_apart.MOST_REPORTED


def test_few_of_people_are_first_n_of_each_label_and_source():
    names = np.array([*"abcdef"])
    labels = np.array([*"xxxyyx"])
    sources = np.array([*"stssss"])
    few = kept_apart.People(names, labels, sources).few(1)
    assert few.names.tolist() == ["a", "b", "d"]
