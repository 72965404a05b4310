"""What the shipped models learn, whom they never learn, and that training again gives the same."""

import sys
from collections import Counter
from functools import partial
from itertools import product

import numpy as np
import pytest
from sklearn.utils import Bunch

from sknames import load_pretrained
from sknames._encoding.spelling import fold
from sknames.datasets import load_names
from sknames.pretrained import _load_pretrained, load_card
from tests.conftest import run_process
from tools.retrain import countries, people, recipe
from tools.retrain.__main__ import main
from tools.retrain.spellings import Spellings
from tools.retrain.tables import read_table

LABELS = {"Chinese": "CN", "Danish": "DK", "Greek": "GR", "Persian": "IR", "Japanese": "JP"}


@pytest.fixture
def few(monkeypatch):
    """Few names of few nationalities, in few spellings, and short training."""

    def some(script):
        names = load_names(script=script)
        rows = np.flatnonzero(np.isin(names.target, [*LABELS]))[:: 3 if script == "all" else 1]
        columns = {key: names[key][rows] for key in ("data", "target", "part", "script")}
        return Bunch(target_names=np.unique(columns["target"].astype(str)), **columns)

    lists = {script: some(script) for script in ("all", "native")}
    for module in (recipe, countries):
        monkeypatch.setattr(module, "load_names", lambda script: lists[script])
    for name in ("MIN_FULL_NAMES", "MIN_MADE_NAMES", "N_NATIVE_NAMES", "N_KOREANS"):
        monkeypatch.setattr(recipe, name, 20)
    small = {"hidden_size": 8, "embedding_dim": 4, "max_epochs": 1, "batch_size": 4096}
    monkeypatch.setattr(recipe, "CLASSIFIER", recipe.CLASSIFIER | small)
    monkeypatch.setattr(recipe, "NAMES_PER_MIN_DF", 500)
    return lists["all"]


@pytest.fixture
def sources(few, monkeypatch):
    """Put people into the place of all sources: {source: [(name, nationality)]}."""

    def put(pairs_of, dictionaries=({}, []), in_scripts=(set(), set())):
        arabic = [(name, name, LABELS[k]) for name, k in pairs_of.get("names in Arabic", [])]

        def columns(source, n, column="nationality"):
            pairs = pairs_of.get(source, [])
            label = {"nationality": lambda k: k, "alpha_2": LABELS.get}[column]
            labels = [label(nationality) for _, nationality in pairs]
            found = [name for name, _ in pairs], labels, [np.nan] * len(pairs)
            return tuple(np.array(column, dtype=object) for column in found)[:n]

        def read_people():
            return {of: {"DK": [name for name, _ in pairs_of.get(of, [])]} for of in people.SOURCES}

        for module in (recipe, countries):
            monkeypatch.setattr(module, "read_biographies", partial(columns, "biographies", 2))
            monkeypatch.setattr(module, "read_chess_players", partial(columns, "chess players", 3))
            monkeypatch.setattr(module, "read_arabic_names", lambda: arabic)
        monkeypatch.setattr(countries, "read_people", read_people)
        monkeypatch.setattr(recipe, "read_japanese", lambda: (dictionaries[0], {}))
        monkeypatch.setattr(recipe, "read_chinese", lambda: dictionaries[1])
        monkeypatch.setattr(recipe, "read_spellings", lambda key_of: Spellings())
        ukrainian = {"given": ["ігор"], "surname": ["зеленська"]}
        monkeypatch.setattr(recipe, "read_ukrainian_names", ukrainian.copy)
        for name in ("add_collections", "add_spellings"):
            monkeypatch.setattr(recipe, name, lambda *args: None)
        monkeypatch.setattr(recipe, "in_scripts", lambda: in_scripts)
        monkeypatch.setattr(recipe, "in_han", lambda name, kind: f"{name}{kind}")
        monkeypatch.setattr(recipe, "to_katakana", str)

        def spell_person(name, nationality, script, *args):
            return f"{script} {name}"

        monkeypatch.setattr(recipe, "spell_person", spell_person)

    return put


def learned(target, **options):
    """What a training would learn."""
    if target == "nationality":
        return recipe.training_names(**options)
    return countries.training_names(
        countries.people_of_countries(), countries.read_country_dictionaries()
    )


@pytest.mark.parametrize(
    "target, options",
    [("nationality", {}), ("nationality", {"second_phase": True}), ("country", {})],
)
def test_nobody_apart_is_learned_of_any_source_in_any_spelling(sources, target, options):
    names = ["".join(word).title() for word in product("bdf", "aeiou", "lmnrst", "aeiou")]
    all_sources = ["biographies", "chess players", "names in Arabic", *people.SOURCES]
    put = {}
    for k, source in enumerate(all_sources):
        full = [f"{name}{'xyz'[k % 3] * (k + 1)} " for name in names]
        is_apart = recipe.is_apart_in_arabic if "Arabic" in source else recipe.is_kept_apart
        apart = [name for name in full if is_apart(recipe.person_of(f"{name}Zapart"))]
        assert apart
        put[source] = [(f"{name}Zapart", "Persian") for name in apart]
        put[source] += [("Zapart Zoe", "Persian")]  # of the table of scripts
        put[source] += [
            (f"{name}Source{'abcdefg'[k]}", "Persian")
            for name in full
            if not recipe.is_apart_in_arabic(recipe.person_of(f"{name}Source{'abcdefg'[k]}"))
        ]
    dictionaries = {"zapart": "Zapart Mai", "kept": "Kept Mai"}, ["zapart", "kept"] * 3
    sources(put, dictionaries, ({"zapart zoe"}, {"zapart"}))
    found = [*map(fold, learned(target, **options)[0])]
    assert not [name for name in found if "zapart" in name]
    for k in range(3 if target == "nationality" else len(all_sources)):
        assert sum(f"source{'abcdefg'[k]}" in name for name in found) > 20
    assert target == "country" or any("kept" in name for name in found)


def test_main_twice_writes_the_same_bits(few, tmp_path, capsys):
    for k in "ab":
        main(["--lists-only", "--output", str(tmp_path / k)])
    printed = capsys.readouterr().out
    for name in (_load_pretrained.ARRAYS, _load_pretrained.DESCRIPTION, _load_pretrained.DIGESTS):
        both = [(tmp_path / k / "nationality" / name).read_bytes() for k in "ab"]
        assert both[0] == both[1]
    assert "not of the shape of the weights that ship" in printed
    again = _load_pretrained.read(tmp_path / "a" / "nationality")
    assert again.predict_proba(["Anna", "王伟"]).shape == (2, len(LABELS))


def test_main_missing_source_names_the_command(home):
    with pytest.raises(OSError, match=r"pip download --no-deps name2nat==0\.5\.1"):
        main([])
    run_process(
        sys.executable,
        "-c",
        "import sys, tools.retrain.__main__; assert 'torch' not in sys.modules",
    )


def test_labels_of_the_models_are_those_of_all_sources():
    tables = read_table("demonyms.csv"), read_table("federations.csv")
    of_sources = {*load_names(script="all").target_names}
    for table in tables:
        of_sources |= {row["nationality"] for row in table} - {""}
        keys = [row[next(iter(row))] for row in table]
        assert keys == sorted({*keys})
        assert all(row["nationality"] or row["reason"] for row in table)
    assert load_pretrained().classes_.tolist() == load_card()["nationalities"] == sorted(of_sources)


def test_people_count_once_are_drawn_at_random_and_are_filled_up(sources, monkeypatch, few):
    for name in ("LAST_WORD_FIRST", "INITIALS", "LETTERS_ONLY", "PATRONYMICS", "IN_ASCII"):
        monkeypatch.setattr(recipe, name, 0)
    monkeypatch.setattr(recipe, "FOREIGN_SCRIPTS", {})
    monkeypatch.setattr(recipe, "is_kept_apart", lambda person, one_in=1: False)
    monkeypatch.setattr(recipe, "MOST_PEOPLE", dict.fromkeys(recipe.MOST_PEOPLE, 20))
    many = [(f"Ana Zz{c}", "Danish") for c in "abcdefghijklmnopqrstuvwxyz"]
    same = [("Åse Øst", "Danish"), ("OST Ase", "Danish")]
    sources({"biographies": many, "chess players": same})
    names, labels = recipe.training_names()
    rows = Counter(name for name in names if name.startswith("Ana Zz"))
    assert len(rows) == 20 and rows.keys() != {name for name, _ in many[:20]}
    assert sum(recipe.person_of(name) == "ase ost" for name in names) == 1
    n_lists = Counter(few.target)["Danish"]
    assert Counter(labels)["Danish"] == n_lists + 21 + 20
    np.testing.assert_array_equal(recipe.training_names(), (names, labels))


@pytest.mark.parametrize(
    "respell, name, expected",
    [
        (recipe.turn, "Jan van der Berg", "Berg Jan van der"),
        (recipe.turn, "Jan", "Jan"),
        (recipe.initials, "Joanne Kathleen Rowling", "J. K. Rowling"),
        (recipe.initials, "Jan van der Berg", "J. van der Berg"),
        (recipe.letters_only, "Jean-Luc D'Arc", "Jean Luc DArc"),
        (recipe.in_ascii, "Dvořák", "dvorak"),
    ],
)
def test_respell_gives_the_spelling_of_lists(respell, name, expected):
    assert respell(name) == expected


def test_respelled_is_a_share_of_the_names_that_change_with_their_labels():
    names = np.array(["Ana Li", "Bo"] * 5_000, dtype=object)
    labels, rng = np.arange(10_000), np.random.RandomState(0)
    found, of = recipe._respelled(names, labels, recipe.turn, 0.25, rng)
    assert {*found} == {"Li Ana"} and (of % 2 == 0).all() and abs(len(found) - 1_250) < 200


def test_typical_people_leave_out_those_listed_under_others(monkeypatch):
    def put(reader, pairs):
        columns = [np.array(column, dtype=object) for column in zip(*pairs, strict=True)]
        monkeypatch.setattr(recipe, reader, lambda: (*columns, None)[: 2 + ("chess" in reader)])
        return pairs

    lists = load_names(script="all")
    kept = [("Bakhyt Zzyzx", "Kazakh"), ("Sergey Zzyzx", "Russian"), ("Mo Sergey", "Uzbek")]
    put("read_chess_players", [*kept, ("Sergey Zzyzx", "Kazakh"), ("SERGEY Zzyzx", "Kyrgyz")])
    found = recipe.typical_players(lists)
    assert {(name, k) for k, names in found.items() for name in names} == {*kept}
    known = [("Jan Nowak", "Polish"), ("Jens Nielsen", "Danish")] * recipe.RARE
    kept = [("Kári Árnason", "Icelandic"), ("Jan Kowalski", "English"), ("Mo Nielsen", "German")]
    put("read_biographies", [*known, *kept, ("Mo Árnason", "English"), ("Á ARNASON", "Polish")])
    found = recipe.typical_biographies(lists)
    assert {(name, k) for k, names in found.items() for name in names} == {*known, *kept}


def test_draw_common_names_by_rank_and_others_alike():
    n, common, rng = 50_000, ["Aa", "Bb", "Cc", "Dd"], np.random.RandomState(0)
    lists = load_names(script="all")
    names = Counter(recipe._draw(lists, "Greek", "given", 0.25, common, n, rng))
    frequency = np.array([names.pop(name) for name in common])
    expected = 0.25 * n / np.array([4, 5, 6, 7]) / (1 / 4 + 1 / 5 + 1 / 6 + 1 / 7)
    assert (abs(frequency - expected) < 5 * expected**0.5).all()
    assert abs(sum(names.values()) - 0.75 * n) < 500 and len(names) > 100


def test_country_rows_have_each_accent_in_ascii_and_restored(sources):
    sources({"biographies": [(f"Søren Bø{c}", "Danish") for c in "bcdfghjklm"]})
    names, labels = learned("country")
    of_danes = {*names[labels == "DK"]}
    assert {"Søren Bøb", "soren bob"} <= of_danes or {"Bøb Søren", "bob soren"} & of_danes
    restored = countries.with_accents(
        ["Soren Ost", "Søren Åse", "SOEREN Mo", "Anna Lund"], ["Østergård", "Anna"]
    )
    assert restored == ["Søren Ost", "Søren Mo"]
    assert countries.with_accents(["Ostergaard Li"], ["Østergaard"]) == ["Østergaard Li"]
