"""What the shipped model learns, and that training it again gives the same files."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils import Bunch

import sknames
from sknames import CharEncoder, load_pretrained
from sknames.datasets import load_names
from sknames.pretrained import _load_pretrained, load_card
from tools.retrain import recipe
from tools.retrain.__main__ import main
from tools.retrain.spellings import Spellings
from tools.retrain.tables import read_table

# Each way to spell a name once more, and the constant that holds how many names are.
RESPELL = {
    "LAST_WORD_FIRST": recipe.turn,
    "LAST_WORD_AND_COMMA": recipe.turn_with_comma,
    "INITIALS": recipe.initials,
    "LETTERS_ONLY": recipe.letters_only,
    "IN_ASCII": recipe.in_ascii,
}
SHARES = {name: getattr(recipe, name) for name in RESPELL}


@pytest.fixture(scope="module")
def lists():
    """What `load_names` gives by script, read once."""
    return {script: load_names(script=script) for script in ("all", "native")}


@pytest.fixture(scope="module")
def everything(lists):
    return lists["all"]


@pytest.fixture
def few(monkeypatch, lists):
    """Few names and short training."""
    monkeypatch.setattr(recipe, "load_names", lambda script: lists[script])
    for name in "MIN_FULL_NAMES MIN_MADE_NAMES N_NATIVE_NAMES".split():
        monkeypatch.setattr(recipe, name, 20)
    monkeypatch.setattr(recipe, "MOST_PEOPLE", dict.fromkeys(recipe.MOST_PEOPLE, 20))
    small = {"hidden_size": 8, "embedding_dim": 4, "max_epochs": 1, "batch_size": 4096}
    monkeypatch.setattr(recipe, "CLASSIFIER", recipe.CLASSIFIER | small)
    monkeypatch.setattr(recipe, "NAMES_PER_MIN_DF", 500)


@pytest.fixture
def straight(monkeypatch):
    """No name in another spelling."""
    for name in (*SHARES, "PATRONYMICS"):
        monkeypatch.setattr(recipe, name, 0)


@pytest.fixture
def people(monkeypatch):
    """Put these pairs in the place of the biographies, and of the chess players."""

    def put(biographies=(), players=()):
        def columns(pairs):
            return tuple(np.array(column, dtype=object) for column in zip(*pairs, strict=True))

        monkeypatch.setattr(recipe, "read_biographies", lambda: columns(biographies))
        monkeypatch.setattr(recipe, "read_chess_players", lambda: (*columns(players), None))
        dictionaries = recipe.Dictionaries({}, [], Spellings())
        monkeypatch.setattr(recipe, "read_dictionaries", lambda: dictionaries)
        monkeypatch.setattr(recipe, "read_arabic_names", list)
        monkeypatch.setattr(recipe, "is_kept_apart", lambda person, one_in=1: False)
        for name in ("OWN_SCRIPT", "LEAST_IN_OWN_SCRIPT", "N_OF_NO_CLASS", "PATRONYMICS"):
            monkeypatch.setattr(recipe, name, 0)
        monkeypatch.setattr(recipe, "FOREIGN_SCRIPTS", {})

    return put


def chosen(names, rows):
    """Some of the rows of what `load_names` gives."""
    columns = {name: names[name][rows] for name in ("data", "target", "part", "script")}
    return Bunch(target_names=np.unique(columns["target"].astype(str)).astype(object), **columns)


@pytest.fixture
def three(few, lists, monkeypatch):
    """The lists of three nationalities, which are all there are, and 500 made names of each."""
    fewer = {
        script: chosen(names, np.isin(names.target, ["Chinese", "Danish", "Greek"]))
        for script, names in lists.items()
    }
    monkeypatch.setattr(recipe, "load_names", lambda script: fewer[script])
    for name in ("MIN_FULL_NAMES", "N_NATIVE_NAMES"):
        monkeypatch.setattr(recipe, name, 500)
    return fewer["all"]


# ---- The files


def test_main_twice_writes_the_same_bits(few, lists, monkeypatch, tmp_path, capsys):
    fewer = {script: chosen(names, slice(None, None, 10)) for script, names in lists.items()}
    monkeypatch.setattr(recipe, "load_names", lambda script: fewer[script])
    for k in "ab":
        main(["--lists-only", "--output", str(tmp_path / k)])
    printed = capsys.readouterr().out
    for name in (_load_pretrained.ARRAYS, _load_pretrained.DESCRIPTION, _load_pretrained.DIGESTS):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "not of the shape of the weights that ship" in printed
    again = _load_pretrained.read(tmp_path / "a")
    assert again.predict_proba(["Anna", "王伟"]).shape == (2, 57)
    n_names = int(printed.split()[0].replace(",", ""))
    assert n_names >= 2 * 500 and again["classify"].min_df == n_names // 500


def test_main_missing_source_names_the_command(home, monkeypatch):
    with pytest.raises(OSError, match=r"pip download --no-deps name2nat==0\.5\.1"):
        main([])
    monkeypatch.setattr(recipe, "typical_biographies", lambda lists: {})
    with pytest.raises(OSError, match="apt-get download scid-spell-data"):
        main([])


def test_nationalities_model_and_population_are_those_of_all_sources(everything):
    of_sources = set(everything.target_names)
    for name in ("demonyms.csv", "federations.csv"):
        of_sources |= {row["nationality"] for row in read_table(name)} - {""}
    assert load_pretrained().classes_.tolist() == load_card()["nationalities"] == sorted(of_sources)
    text = (Path(sknames.__file__).parent / "_priors" / "population.csv").read_text(
        encoding="utf-8"
    )
    table = list(csv.DictReader(text.splitlines()))
    countries = Path(sknames.__file__).parent / "datasets" / "data" / "countries.csv"
    rows = csv.DictReader(countries.read_text(encoding="utf-8").splitlines())
    inhabitants = {row["alpha_2"]: row["millions"] for row in rows}
    assert [row["label"] for row in table] == sorted(of_sources) + [*inhabitants]
    for row in table:
        assert [*row] == ["label", "millions", "root", "source"]
        assert row["root"] == ("4" if row["label"] in inhabitants else "2")
        assert inhabitants.get(row["label"], row["millions"]) == row["millions"]
        assert 0 < float(row["millions"]) <= 1500, row
        assert row["source"].partition(": ")[2], row


# ---- People


def test_training_names_of_people_are_drawn_and_of_lists_are_all(few, people, everything):
    biographies = [(f"Ana Zz{c}", "Spanish") for c in "abcdefghijklmnopqrstuvwxyz"]
    people(biographies, [(f"Eva Zz{c}", "Spanish") for c in "abcdefghijklmnopqrstuvwxyz"])
    names, nationalities = recipe.training_names()
    rows = set(zip(names, nationalities, strict=True))
    for given in ("Ana", "Eva"):
        kept = {name for name, _ in rows if name.startswith(f"{given} Zz")}
        # Any of them: the first 20 of an alphabetical list would all begin alike.
        assert len(kept) == 20 and kept != {f"{given} Zz{c}" for c in "abcdefghijklmnopqrst"}
    assert rows >= set(zip(everything.data, everything.target, strict=True))
    np.testing.assert_array_equal(recipe.training_names(), (names, nationalities))


def test_training_names_person_in_two_sources_counts_once(few, people, straight):
    spellings = ["Özgür Zzyzx", "ozgur ZZYZX", "Zzyzx Özgür"]
    players = [(name, "Turkish") for name in ["Zzyzx Ozgur", "Mo Zzyzx", "Mo  Zzyzx"]]
    people([(name, "Turkish") for name in spellings], [*players, ("Mo Zzyzx", "German")])
    found = [
        (recipe.person_of(name), nationality)
        for name, nationality in zip(*recipe.training_names(), strict=True)
        if "zzyzx" in name.casefold()
    ]
    assert sorted(found) == [
        ("mo zzyzx", "German"),
        ("mo zzyzx", "Turkish"),
        ("ozgur zzyzx", "Turkish"),
    ]


def test_training_names_made_ones_fill_up_listed_nationalities(few, people, straight, everything):
    people([("Aung Zzyzx", "Burmese")], [("Ana Zzyzx", "Spanish")])
    names, nationalities = recipe.training_names()
    assert names[nationalities == "Burmese"].tolist() == ["Aung Zzyzx"]
    full = Counter(nationalities[len(everything.data) :])
    assert full.keys() == {*everything.target_names, "Burmese"}
    assert full["Spanish"] == 1 + 20 and full["Danish"] == 20


def test_typical_players_leave_out_russians_of_other_federations(people, everything):
    kept = [
        ("Bakhyt Zzyzx", "Kazakh"),
        ("Mo Zzyzx", "Kyrgyz"),
        ("Mo Sergey", "Uzbek"),  # not a given name here
        ("Sergey Zzyzx", "Russian"),
        ("Sergey Zzyzx", "Ukrainian"),
    ]
    out = [("Sergey Zzyzx", "Kazakh"), ("SERGEY Zzyzx", "Kyrgyz"), ("Ivan Zzyzx", "Turkmen")]
    people(players=out + kept)
    found = recipe.typical_players(everything)
    assert [(name, k) for k, names in found.items() for name in names] == kept


def test_typical_biographies_leave_out_surnames_of_rare_nationalities(people, everything):
    well_known = [("Jan Nowak", "Polish"), ("Jens Nielsen", "Danish")] * recipe.RARE
    kept = [
        ("Kári Árnason", "Icelandic"),
        ("Jan Kowalski", "English"),  # a Polish surname
        ("Mo Nielsen", "German"),  # a Danish, English and Norwegian one
        ("Mo Zzyzx", "English"),  # no one's
        ("Árnason Zzyzx", "English"),
        ("Mo Sigurlaug", "English"),  # an Icelandic given name
    ]
    out = [("Mo Árnason", "English"), ("MO ARNASON", "English"), ("Ana Kári Árnason", "Polish")]
    people([*out, *well_known, *kept])
    found = recipe.typical_biographies(everything)
    found = [(name, nationality) for nationality, names in found.items() for name in names]
    assert Counter(found) == Counter(well_known + kept)


# ---- Made names


@pytest.mark.parametrize("part, share", [("given", 0.25), ("surname", 1.0)])
def test_draw_common_names_by_rank_and_others_alike(everything, part, share):
    n, common, rng = 50_000, ["Aa", "Bb", "Cc", "Dd"], np.random.RandomState(0)
    names = Counter(recipe._draw(everything, "Greek", part, share, common, n, rng))
    frequency = np.array([names.pop(name) for name in common])
    expected = share * n / np.array([4, 5, 6, 7]) / (1 / 4 + 1 / 5 + 1 / 6 + 1 / 7)
    assert (abs(frequency - expected) < 5 * expected**0.5).all()
    kind = everything.target + everything.script
    of_part = (everything.part == part) | (everything.part == "both")
    others = everything.data[(kind == "GreekLatin") & of_part]
    assert names.keys() == (set(others) if share < 1 else set())
    expected = (1 - share) * n / len(others)
    assert all(abs(k - expected) < 5 * expected**0.5 for k in names.values())


# ---- Other spellings


@pytest.mark.parametrize(
    "respell, name, expected",
    [
        (recipe.turn, "Jan", "Jan"),
        (recipe.turn, "Jan van der Berg", "Berg Jan van der"),
        (recipe.turn_with_comma, "Jan", "Jan"),
        (recipe.turn_with_comma, "Jan van der Berg", "Berg, Jan van der"),
        (recipe.initials, "Jan", "Jan"),
        (recipe.initials, "Joanne Kathleen Rowling", "J. K. Rowling"),
        (recipe.initials, "Jean-Luc Godard", "J. Godard"),
        (recipe.initials, "Jan van der Berg", "J. van der Berg"),
        (recipe.initials, "Андрей Петров", "А. Петров"),
        (recipe.initials, "سعاد حسني", "سعاد حسني"),
        (recipe.letters_only, "Jean-Luc D'Arc", "Jean Luc DArc"),
        (recipe.in_ascii, "Jan", "Jan"),
        (recipe.in_ascii, "Dvořák", "dvorak"),
    ],
)
def test_respell_gives_the_spelling_of_lists(respell, name, expected):
    assert respell(name) == expected


@pytest.mark.parametrize("name", RESPELL)
def test_training_names_share_is_respelled_behind_the_names(three, straight, monkeypatch, name):
    n_lists = len(three.data)
    plain, labels = recipe.training_names(lists_only=True)
    monkeypatch.setattr(recipe, name, 1)
    everyone, _ = recipe.training_names(lists_only=True)
    monkeypatch.setattr(recipe, name, SHARES[name])
    names, nationalities = recipe.training_names(lists_only=True)
    n = len(plain)
    assert plain[:n_lists].tolist() == three.data.tolist()
    assert everyone[:n].tolist() == names[:n].tolist() == plain.tolist()
    assert set(names[n:]) <= set(everyone[n:]) and names[n:].size
    expected = SHARES[name] * (len(everyone) - n)
    assert abs(len(names) - n - expected) < 5 * expected**0.5
    # Each is of the nationality of its name. Lists are not turned.
    of = slice(n_lists if name in ("LAST_WORD_FIRST", "INITIALS") else 0, None)
    pairs = {(RESPELL[name](given), k) for given, k in zip(plain[of], labels[of], strict=True)}
    assert set(zip(names[n:], nationalities[n:], strict=True)) <= pairs


def test_training_names_all_spellings_are_learned_in_ascii_too(few):
    names, nationalities = recipe.training_names(lists_only=True)
    rows = Counter(zip(names, nationalities, strict=True))
    in_ascii = Counter(
        (recipe.in_ascii(name), k) for name, k in rows.elements() if not name.isascii()
    )
    assert in_ascii <= rows and any("," in name for name, _ in in_ascii)
    # A sign that training never shows would be an unknown character where lists have it.
    alphabet = CharEncoder(**recipe.ENCODER | {"min_frequency": 1}).fit(names).alphabet_
    assert alphabet.startswith(" ")
    assert set(" ',-.") <= set(alphabet)


def test_people_of_the_table_of_scripts_are_not_learned(three, straight, people):
    pairs = [("Vladimir Putin", "Danish"), ("Putin Wladimir", "Danish")]
    people(pairs, pairs)
    learned = {*recipe.training_names()[0]}
    assert "Putin Wladimir" in learned and not learned & {"Vladimir Putin", "Putin Vladimir"}
    assert recipe.in_scripts()[1] >= {"Владимир Путин"}
