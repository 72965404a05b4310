"""What writes the model card: what it tests on, and that the card says what was run.

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
from tools.retrain import countries, files, held_out, measure, recipe

LISTED, UNLISTED = ["Greek", "Turkish", "Zulu"], "Malagasy"


def invented(n, rng):
    """Full names of no nationality in the lists."""
    words = ["".join(rng.choice(["ra", "be", "no", "fy", "ny", "ka"], 4)) for _ in range(2 * n)]
    return [f"{a} {b}".title() for a, b in zip(words[::2], words[1::2], strict=True)]


@pytest.fixture(scope="module")
def names():
    """Lists, the names of people by source, and all to train on."""
    rng = np.random.RandomState(0)
    lists = load_names(script="all")
    rows = np.isin(lists.target, LISTED) & (lists.script == "Latin")
    columns = {key: lists[key][rows] for key in ("data", "target", "part", "script")}
    lists = Bunch(target_names=np.array(LISTED, dtype=object), **columns)
    sources = {"biographies": {}, "chess players": {}}
    for names_of in sources.values():
        for nationality in LISTED[:2]:
            made, _ = make_names(1_500, nationalities=[nationality], random_state=rng)
            names_of[nationality] = [*dict.fromkeys(made)]
        names_of[UNLISTED] = invented(1_500, rng)
    # Many are in both sources, in another order of the words.
    for nationality, found in sources["biographies"].items():
        turned = [recipe.turn(name) for name in found[::2]]
        sources["chess players"][nationality] = turned + sources["chess players"][nationality]
    pairs = [
        (name, nationality)
        for names_of in sources.values()
        for nationality, found in names_of.items()
        for name in found[::4] + found[1::8]
    ]
    everything = [*zip(lists.data, lists.target, strict=True), *pairs]
    return lists, sources, tuple(np.array(everything, dtype=object).T)


@pytest.fixture
def run(names, tmp_path, monkeypatch):
    """Measure with these names; returns the page and the card."""
    lists, sources, everything = names
    small = {"hidden_size": 4, "embedding_dim": 4, "max_epochs": 1}
    monkeypatch.setattr(recipe, "CLASSIFIER", recipe.CLASSIFIER | small)
    # Few characters, so that so small a net, which hardly trains, is not too modest for any mix.
    monkeypatch.setattr(recipe, "ENCODER", recipe.ENCODER | {"min_frequency": 100})
    monkeypatch.setattr(recipe, "NAMES_PER_MIN_DF", 400)
    left_out = []

    def training_names(without=(), second_phase=False):
        left_out.append(without)
        return everything

    monkeypatch.setattr(recipe, "training_names", training_names)
    monkeypatch.setattr(recipe, "typical_people", lambda lists: sources)
    pairs = [(n, k) for k, found in sources["chess players"].items() for n in found]
    data, target = np.array(pairs, dtype=object).T
    born = np.where(np.arange(len(data)) % 3, 1900.0 + np.arange(len(data)) % 100, np.nan)
    monkeypatch.setattr(countries, "people_of_countries", lambda: sources)
    monkeypatch.setattr(countries, "read_country_dictionaries", dict)
    monkeypatch.setattr(held_out, "N_TRIED", 3_000)
    monkeypatch.setattr(held_out, "people_in_scripts", list)
    monkeypatch.setattr(held_out, "load_names", lambda script: lists)
    monkeypatch.setattr(_card, "N_RESAMPLES", 5)
    monkeypatch.setattr(measure, "load_names", lambda script: lists)
    monkeypatch.setattr(measure, "read_chess_players", lambda: (data, target, born))
    monkeypatch.setattr(measure, "FOLDER", tmp_path)
    monkeypatch.setattr(measure, "PAGE", tmp_path / "model_card.md")
    table = tmp_path / "nationalities.csv"
    table.write_bytes(files.NATIONALITIES.read_bytes())
    monkeypatch.setattr(files, "NATIONALITIES", table)

    def go(*options, shipped=None):
        rows = np.isin(everything[1], shipped) if shipped else slice(None)
        model = recipe.fit(everything[0][rows][::9], everything[1][rows][::9])
        monkeypatch.setattr(measure, "read", lambda folder, priors: model)
        measure.main(["--cache", str(tmp_path / "cache"), *options])
        page = (tmp_path / "model_card.md").read_text(encoding="utf-8")
        return page, json.loads((tmp_path / "card.json").read_text())

    go.left_out = left_out
    return go


def test_held_out_split_tests_on_people_of_both_sources(names):
    lists, sources, everything = names
    kept, test = held_out.held_out_split(*everything, lists, sources, 0)
    again = held_out.held_out_split(*everything, lists, sources, 0)[1]
    assert all(np.array_equal(a, b) for a, b in zip(test, again, strict=True))
    assert not any(held_out.is_held_out(w, 0) for name in kept[0] for w in held_out.words(name))
    assert all(held_out.is_all_held_out(name, 0) for name in test[0])
    full = [row for row in zip(*test, strict=True) if row[2].startswith("full name")]
    for nationality in [*LISTED[:2], UNLISTED]:
        for source, names_of in sources.items():
            of = [name for name, k, kind in full if k == nationality and kind.endswith(source)]
            assert 0 < len(of) <= held_out.PER_NATIONALITY
            assert set(of) <= set(names_of[nationality])
        people = [recipe.person_of(name) for name, k, _ in full if k == nationality]
        assert len(people) == len(set(people))
    assert {kind for _, k, kind in full if k == "Zulu"} == {"full name, made"}


def test_page_of_the_card_that_ships_is_the_model_card(monkeypatch):
    shown = (Path(__file__).parents[1] / "docs" / "model_card.md").read_text(encoding="utf-8")
    options, machine = re.search(r"tools\.retrain\.measure(.*)` on (.*)\. The same", shown).groups()
    n_kept = int(re.search(r"word: (\S+) names are left", shown)[1].replace(",", ""))
    monkeypatch.setattr(_card, "machine", lambda: machine)
    page = _card.page(load_card(), load_pretrained(priors="uniform"), n_kept, options)
    assert page.rstrip("\n") == shown.rstrip("\n")
    assert "\n| Somali | 0 | - | - | - | - |  |\n" in page  # of which nothing was tested
    assert all(load_card()[text] for text in ("missing", "must_not", "learned_from", "held_out"))


def test_main_one_fold_card_says_what_was_run(run, tmp_path):
    page, card = run("--folds", "1", "--models", "ours,svm")
    digests = (tmp_path / "SHA256SUMS").read_text().split()[1::2]
    assert {"card.json", "class_bias.csv", "risk_coverage.csv", "set_thresholds.csv"} <= {*digests}
    assert card["folds"] == 1 and [*card["baselines"]] == ["TF-IDF char_wb (1, 5) + LinearSVC(C=1)"]
    assert "--folds 1 --models ours,svm" in page and "by a hash; once." in page
    assert "trained once, from one seed. Not run: TF-IDF + LogisticRegression(C=10)." in page
    assert page.count("LogisticRegression") == 1 and "times, each time others" not in page
    for key in ("accuracy", "macro_f1", "top_3", "log_loss", "calibration_error"):
        assert f"{card[key]:.4f}" in page
    assert [*card["by_kind"]] == [
        "full name, biographies",
        "full name, chess players",
        "full name, made",
        "surname",
        "given name",
    ]
    assert sum(row["n"] for row in card["by_kind"].values()) == card["n"]
    assert card["from_lists_alone"] == ["Zulu"] and "From lists alone: Zulu." in page
    assert card["from_people_alone"] == [UNLISTED]
    n_players = card["by_kind"]["full name, chess players"]["n"]
    decades = card["by_birth_decade"]
    assert 0 < sum(row["n"] for row in decades.values()) < n_players
    for decade, row in decades.items():
        assert f"| {decade} | {row['n']} | {row['recall']['ours']:.3f} |" in page
    for nationality, row in card["by_nationality"].items():
        assert f"| {nationality} | {row['n']} | {row['recall']:.3f} |" in page
    n_names, recall = card["n_names_by_nationality"], card["by_nationality"]
    written = csv.DictReader((tmp_path / "nationalities.csv").read_text("utf-8").splitlines())
    written = {row["nationality"]: (row["n_names"], row["recall"]) for row in written}
    assert written["Greek"] == (str(n_names["Greek"]), str(recall["Greek"]["recall"]))
    assert written["Dutch"] == ("0", "")
    assert [*card["by_frequencies"]] == ["ours", "svm"]
    found = card["by_frequencies"]["ours"]
    assert [*found] == ["equal", "population, square root", "population", "estimated", "true"]
    assert "| Greek, locals | 25 |" in page and "| Hebrew, foreigners | 222 |" in page
    assert " ± " in page and "±" not in next(x for x in page.splitlines() if "| macro-F1, to" in x)


def test_nobody_with_a_held_out_word_is_learned_in_another_script(run, names):
    run("--folds", "1", "--models", "ours")
    people = [name for of in names[1].values() for found in of.values() for name in found]
    held = [
        name for name in people if any(held_out.is_held_out(w, 0) for w in held_out.words(name))
    ]
    assert held and {*map(recipe.person_of, held)} <= run.left_out[0]


def test_by_mix_true_mix_is_the_best():
    rng, n, classes = np.random.RandomState(0), 20_000, np.array(["Danish", "English", "Spanish"])
    of_names = rng.dirichlet(np.ones(5), size=3)  # how frequent each of five names is in a class
    y = rng.choice(3, size=n, p=[0.7, 0.2, 0.1])
    drawn = (rng.uniform(size=(n, 1)) > of_names[y].cumsum(axis=1)).sum(axis=1)
    probabilities = (of_names / of_names.sum(axis=0)).T[drawn]
    found, error = _card.by_mix(classes[y], probabilities, classes)
    shares = np.bincount(y) / n
    accuracy = {
        "equal": np.mean(probabilities.argmax(axis=1) == y),
        "true": np.mean((probabilities * shares).argmax(axis=1) == y),
    }
    assert {name: found[name]["accuracy"] for name in accuracy} == accuracy
    assert found["true"]["accuracy"] >= max(f["accuracy"] for f in found.values())
    assert found["true"]["accuracy"] > 1.2 * found["equal"]["accuracy"] and error < 0.05


def test_main_other_model_writes_no_card(run, tmp_path):
    with pytest.raises(SystemExit, match=r"tells 2 nationalities, .* have 4\. Train it"):
        run("--folds", "1", "--models", "ours", shipped=LISTED[:2])
    assert not (tmp_path / "card.json").exists()
