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
    biographies, players = (
        [
            made(600, nationalities=["Greek"], random_state=rng)[0],
            invented(600, 3, rng) + invented(90, 7, rng),  # the latter have new words
            made(600, nationalities=["Turkish"], random_state=rng)[0],
            [],
        ]
        for made in (make_names, make_names)
    )
    return {"biographies": biographies, "chess players": players, "names in Arabic": [[]] * 4}


@pytest.fixture
def run(names, tmp_path, monkeypatch):
    """Measure with these names; returns the page and the card."""
    small = {"hidden_size": 4, "embedding_dim": 4, "max_epochs": 1}
    monkeypatch.setattr(recipe, "CLASSIFIER", recipe.CLASSIFIER | small)
    # Few characters, so that so small a net, which hardly trains, is not too modest for any mix.
    monkeypatch.setattr(recipe, "ENCODER", recipe.ENCODER | {"min_frequency": 100})
    monkeypatch.setattr(recipe, "NAMES_PER_MIN_DF", 400)
    monkeypatch.setattr(kept_apart, "is_kept_apart", lambda person: recipe.is_kept_apart(person, 4))
    monkeypatch.setattr(_card, "N_RESAMPLES", 5)
    monkeypatch.setattr(measure, "MODELS", tmp_path)
    monkeypatch.setattr(measure, "PAGE", tmp_path / "model_card.md")
    monkeypatch.setattr(files, "NATIONALITIES", tmp_path / "nationalities.csv")
    header = "nationality,n_names,recall\nGreek,1,1\nDutch,1,1\n"
    files.NATIONALITIES.write_text(header, encoding="utf-8")

    def go(target, *options, learned=slice(None)):
        sources = {
            source: dict(zip(LABELS[target], several, strict=True))
            for source, several in names.items()
        }
        rows = [
            (name, label)
            for of in sources.values()
            for label, found in of.items()
            for name in found
            if not kept_apart.is_kept_apart(recipe.person_of(name))
        ]
        lists = load_names(script="all")
        of_lists = (lists.target == "Zulu") & (lists.script == "Latn")
        rows += [(name, LABELS[target][-1]) for name in lists.data[of_lists]]
        training = tuple(np.array(rows, dtype=object).T)
        players = [(n, k) for k, found in sources["chess players"].items() for n in found]
        born = 1900.0 + np.arange(len(players)) % 100
        born[::3] = np.nan
        players = (*np.array(players, dtype=object).T, born)
        some = Bunch(target_names=np.array([*LABELS[target]], dtype=object)[[0, 2, 3]])
        monkeypatch.setattr(measure, "load_names", lambda script: some)
        monkeypatch.setattr(measure, "read_chess_players", lambda: players)
        monkeypatch.setattr(recipe, "training_names", lambda: training)
        monkeypatch.setattr(recipe, "typical_people", lambda lists: sources)
        monkeypatch.setattr(countries, "people_of_countries", lambda: sources)
        monkeypatch.setattr(countries, "read_country_dictionaries", dict)
        monkeypatch.setattr(countries, "training_names", lambda *sources: training)
        of_model = np.isin(training[1], LABELS[target][learned])
        model = recipe.fit(*(column[of_model] for column in training))
        monkeypatch.setattr(kept_apart, "read", lambda folder, priors: model)
        (tmp_path / target).mkdir()
        measure.main(["--labels", target, *options])
        return json.loads((tmp_path / target / "card.json").read_text())

    return go


def test_page_of_the_card_that_ships_is_the_model_card(monkeypatch):
    shown = (Path(__file__).parents[1] / "docs" / "model_card.md").read_text(encoding="utf-8")
    options, machine = re.search(r"tools\.retrain\.measure(.*)` on (.*)\. The same", shown).groups()
    monkeypatch.setattr(_card, "machine", lambda: machine)
    page = _card.page(load_card(), load_pretrained(priors="uniform"), options)
    assert page.rstrip("\n") == shown.rstrip("\n")
    assert "\n| Zulu | 0 | - |" in page  # of whom nobody was tested


def test_main_writes_all_files_and_the_page_says_what_was_run(run, tmp_path):
    card = run("nationality", "--models", "ours,svm,logreg", "--cache", str(tmp_path / "cache"))
    page = (tmp_path / "model_card.md").read_text(encoding="utf-8")
    assert WRITTEN == {*(tmp_path / "nationality" / "SHA256SUMS").read_text().split()[1::2]}
    assert "tools.retrain.measure --models ours,svm,logreg` on " in page
    assert [*card["baselines"]] == [_card.TITLES[key] for key in ("svm", "logreg")]
    for key in ("accuracy", "macro_f1", "top_3", "log_loss", "calibration_error"):
        assert f"{card[key]:.4f}" in page
    assert page.count(" ± 0.") == len(card["differences"]) == 5  # the SVM has no log loss
    wrong, wrong_new = (1 - card["accuracy"], 1 - card["new_words"]["accuracy"])
    assert f"**Wrong for {100 * wrong:.0f} % of people" in page
    assert f"for {100 * wrong_new:.0f} % if no word is known.**" in page
    for key in ("by_source", "by_known_words"):
        groups = card[key]
        assert sum(row["n"] for row in groups.values()) == card["n"]
        right = sum(row["n"] * row["accuracy"]["ours"] for row in groups.values())
        assert right == pytest.approx(card["n"] * card["accuracy"])
        for title, row in groups.items():
            cells = [f"{row['accuracy'][model]:.4f}" for model in _card.SHORT]
            assert f"| {title} | {row['n']} | {' | '.join(cells)} |" in page
    assert [*card["by_source"]] == ["biographies", "chess players"]
    of_new = card["by_known_words"]["0"]
    assert card["new_words"]["n"] == of_new["n"] > 10
    assert card["new_words"]["accuracy"] == of_new["accuracy"]["ours"]
    assert card["from_lists_alone"] == ["Zulu"] and "From lists alone: Zulu." in page
    assert card["from_people_alone"] == ["Malagasy"]
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
    assert [*card["by_frequencies"]] == ["ours", "svm"]
    assert "| Greek, locals | 25 |" in page and "| Hebrew, foreigners | 222 |" in page
    spellings = card["accuracy_by_spelling"]
    assert spellings["as_written"] == card["accuracy"] > spellings["last_word"]
    kept = card["with_diacritics"]
    assert kept["as written"]["n"] == kept["in ASCII"]["n"] < card["n"]


def test_main_of_countries_weighs_them_by_inhabitants(run, tmp_path):
    card = run("country")
    assert WRITTEN == {*(tmp_path / "country" / "SHA256SUMS").read_text().split()[1::2]}
    assert not (tmp_path / "model_card.md").exists()
    n_of = {code: row["n"] for code, row in card["by_country"].items()}
    assert [*n_of] == ["GR", "MG", "TR"]
    recalls = [row["recall"] for row in card["by_country"].values()]
    assert card["accuracy_alike"] == pytest.approx(np.mean(recalls))
    assert 0 < card["new_words"]["n"] < card["n"] == sum(n_of.values())
    assert "FR" in card["missing"] and "GR" not in card["missing"]
    assert {*card} >= {"accuracy", "macro_f1", "top_3", "held_out", "must_not", "learned_from"}


def test_alike_gives_countries_the_power_of_their_inhabitants():
    y = np.array(["DE", "DE", "DE", "AT"])
    weights = _card.alike(y)
    assert weights[:3].sum() == pytest.approx(weights[3])
    ratio = _card.alike(y, 0.5)[:3].sum() / _card.alike(y, 0.5)[3]
    assert ratio == pytest.approx((84 / 9) ** 0.5, rel=0.05)


def test_main_other_model_writes_no_card(run, tmp_path):
    with pytest.raises(SystemExit, match=r"predicts 2 nationalities, .* have 4\. Train it"):
        run("nationality", "--models", "ours", learned=slice(2))
    assert not [*(tmp_path / "nationality").iterdir()]


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
