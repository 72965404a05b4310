"""What the shipped models learn, whom they never learn, and that training repeats."""

import sys
import unicodedata
from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pytest
from sklearn.utils import Bunch

from sknames import load_pretrained
from sknames.datasets import load_names
from sknames.pretrained import load_card
from tests.conftest import run_process
from tools.retrain import blocks, countries, people_tables, recipe
from tools.retrain.__main__ import main
from tools.retrain.spellings import Spellings
from tools.retrain.tables import read_table

LABELS = {
    "Chinese": "CN",
    "Danish": "DK",
    "Greek": "GR",
    "Persian": "IR",
    "Japanese": "JP",
}
LABELS |= {
    "Russian": "RU",
    "Ukrainian": "UA",
    "Kazakh": "KZ",
    "Korean": "KR",
    "Thai": "TH",
}


@pytest.fixture
def few(all_names, monkeypatch):
    """Few names of few nationalities, in few spellings, and short training."""
    rows = np.flatnonzero(np.isin(all_names.target, [*LABELS]))[::7]
    native = rows[all_names.script[rows] != "Latn"]
    lists = {}
    for script, some in (("all", rows), ("native", native)):
        lists[script] = Bunch()
        for column in ("data", "target", "part", "script"):
            lists[script][column] = all_names[column][some]
        nationalities = lists[script].target.astype(str)
        lists[script].target_names = np.unique(nationalities)
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
        arabic = [
            (name, name, LABELS[k]) for name, k in pairs_of.get("names in Arabic", [])
        ]

        def columns(source, n, column="nationality"):
            pairs = pairs_of.get(source, [])
            label = {"nationality": lambda k: k, "alpha_2": LABELS.get}[column]
            labels = [label(nationality) for _, nationality in pairs]
            found = [name for name, _ in pairs], labels, [np.nan] * len(pairs)
            return tuple(np.array(column, dtype=object) for column in found)[:n]

        def read_people():
            return {
                of: {"DK": [name for name, _ in pairs_of.get(of, [])]}
                for of in people_tables.SOURCES
            }

        for module in (recipe, countries):
            monkeypatch.setattr(
                module, "read_biographies", partial(columns, "biographies", 2)
            )
            monkeypatch.setattr(
                module, "read_chess_players", partial(columns, "chess players", 3)
            )
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

    return put


PHASES = ["first phase", "second phase", "country"]


def learned(phase):
    """What a training would learn."""
    if phase != "country":
        return recipe.training_names(second_phase=phase == "second phase")
    return countries.training_names(
        countries.people_of_countries(), countries.read_country_dictionaries()
    )


@pytest.mark.parametrize("phase", PHASES)
def test_nobody_apart_is_learned_of_any_source_in_any_spelling(
    sources, monkeypatch, phase
):
    words = product("BDF", "aeiou", "lmnrst", "aeiou")
    names = ["".join(letters) for letters in words]
    all_sources = [
        "biographies",
        "chess players",
        "names in Arabic",
        *people_tables.SOURCES,
    ]
    put = {}
    for k, source in enumerate(all_sources):
        is_apart = recipe.is_kept_apart
        if "Arabic" in source:
            is_apart = recipe.is_apart_in_arabic
        people = ["Zapart Zoe"]  # of the table of scripts
        for name in names:
            given = name + "xyz"[k % 3] * (k + 1)
            if is_apart(recipe.person_of(f"{given} Zapart")):
                people.append(f"{given} Zapart")
            kept = f"{given} Source{'abcdefg'[k]}"
            if not recipe.is_apart_in_arabic(recipe.person_of(kept)):
                people.append(kept)
        assert sum("Zapart" in name for name in people) > 1
        put[source] = [(name, "Persian") for name in people]
    dictionaries = (
        {"zapart": "Zapart Mai", "kept": "Kept Mai"},
        ["zapart", "kept"] * 3,
    )

    def spell_person(name, nationality, script, *args):
        return f"{script} {name}"

    monkeypatch.setattr(recipe, "spell_person", spell_person)
    sources(put, dictionaries, ({"zapart zoe"}, {"zapart"}))
    names, _ = learned(phase)
    found = [name.lower() for name in names]
    assert not [name for name in found if "zapart" in name]
    n_sources = len(all_sources) if phase == "country" else 3
    for letter in "abcdefg"[:n_sources]:
        assert sum(f"source{letter}" in name for name in found) > 20
    if phase != "country":
        assert any("kept" in name for name in found)


def test_main_twice_writes_the_same_bits(few, tmp_path, capsys):
    one = tmp_path / "one"
    other = tmp_path / "other"
    for folder in (one, other):
        main(["--lists-only", "--output", str(folder)])
    assert "not of the shape of the weights that ship" in capsys.readouterr().out
    files = {path.relative_to(one) for path in one.rglob("*.*")}
    assert len(files) == 2
    for name in files:
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_main_missing_source_names_the_command(home):
    with pytest.raises(OSError, match=r"pip download --no-deps name2nat==0\.5\.1"):
        main([])
    code = "import sys, tools.retrain.__main__; assert 'torch' not in sys.modules"
    run_process(sys.executable, "-c", code)


def test_labels_of_the_models_are_those_of_all_sources():
    tables = read_table("demonyms.csv"), read_table("federations.csv")
    of_sources = {*load_names(script="all").target_names}
    for table in tables:
        of_sources |= {row["nationality"] for row in table} - {""}
        keys = [row[next(iter(row))] for row in table]
        assert keys == sorted({*keys})
        assert all(row["nationality"] or row["reason"] for row in table)
    assert (
        load_pretrained().classes_.tolist()
        == load_card()["nationalities"]
        == sorted(of_sources)
    )


PEOPLE = {
    "biographies": [
        ("Søren Østergård", "Danish"),
        ("Anna-Marie D'Arc van Lund", "Danish"),
        ("Yorgos Delios", "Greek"),
        ("Anna Delios", "English"),  # whose surname is Greek
        ("Ivan Petrov", "Russian"),
        ("Olga Petrova", "Russian"),
        ("Li Wei", "Chinese"),
        ("Kim Min-seo", "Korean"),
        ("Somchai Jaidee", "Thai"),
        ("Taro Tanaka", "Japanese"),
    ],
    "chess players": [
        ("OSTERGARD Soren", "Danish"),  # once more
        ("Soeren Mo", "Danish"),
        ("Grigory Zzyzx", "Kazakh"),  # a Russian
        ("Bakhyt Zzyzx", "Kazakh"),
        ("Ihor Shevchenko", "Ukrainian"),
        ("Phoebe Quist", "Danish"),
    ],
    "names in Arabic": [("Ali Noor", "Persian"), ("Reza Karimi", "Persian")],
    "rugby players": [
        (f"Bo {name}", "Danish") for name in "Arne Bro Dam Eg Ib Juhl Øst".split()
    ],
}
# Caps that so few people reach.
SMALL = {
    recipe: {
        "PEOPLE_SOURCES": tuple(
            replace(source, most_people=4, most_in_second_phase=6)
            for source in recipe.PEOPLE_SOURCES
        ),
        "RARE": 2,
        "MIN_MADE_NAMES": 8,
    }
    | {
        "MOST_SPELLED": 5,
        "MOST_IN_HAN": 1,
    }
    | dict.fromkeys(
        "N_OF_NO_CLASS N_OF_SURNAME MADE_UKRAINIAN LEAST_IN_OWN_SCRIPT".split(), 8
    )
    | dict.fromkeys(
        "INITIALS LETTERS_ONLY PATRONYMICS LEAST_OF_CHARACTER".split(), 0.5
    ),
    countries: {
        "MOST_PEOPLE": dict.fromkeys(countries.MOST_PEOPLE, 6),
        "MOST_SPELLED": 5,
    }
    | {"LEAST": 2, "LEAST_IN_OWN_SCRIPT": 8},
}


@pytest.mark.parametrize("phase", PHASES)
def test_names_of_a_training_are_the_same_again_and_in_all_scripts(
    sources, monkeypatch, phase
):
    spellings = Spellings()
    for latin, spelling, script in [
        ("petrov", "Петров", "Cyrillic"),
        ("ivan", "איוואן", "Hebrew"),
        ("ivan", "איבן", "Hebrew"),
        ("petrov", "פטרוב", "Hebrew"),
        ("keo", "ແກ້ວ", "Lao"),
    ]:
        spellings.trust(latin, spelling, script)
    spellings.people["Greek"]["petrova olga"] = "ολγα πετροβα"
    spelled = [
        *"Cyrillic Greek Arabic Hebrew Hangul Georgian Armenian Thai".split(),
        *blocks.BLOCKS,
    ]
    dictionaries = (
        {"木村洋": "Kimura Hiroshi", "佐藤翔": "Sato Sho"},
        ["刘伟", "王小明", "李小龙"],
    )
    sources(PEOPLE, dictionaries)
    monkeypatch.setattr(recipe, "read_spellings", lambda key_of: spellings)
    monkeypatch.setattr(recipe, "FOREIGN_SCRIPTS", dict.fromkeys(spelled, 0.5))
    for module, settings in SMALL.items():
        for name, value in settings.items():
            monkeypatch.setattr(module, name, value)
    names, labels = learned(phase)
    again, labels_again = learned(phase)
    assert list(names) == list(again)
    assert list(labels) == list(labels_again)
    if phase == "country":
        assert set(labels) <= set(LABELS.values())
        return
    assert set(labels) == set(LABELS)
    # Made spellings are about half of the names.
    scripts = Counter(unicodedata.name(name[0]).split()[0] for name in names)
    assert scripts["LATIN"] / len(names) == pytest.approx(0.5, abs=0.05)
    of_unicode = {"Burmese": "MYANMAR"}
    assert scripts.keys() >= {
        "CJK",
        *(of_unicode.get(script, script.upper()) for script in spelled),
    }
    # Few forms of one person are spelled the same.
    ((_, n_repeats),) = Counter(zip(names, labels, strict=True)).most_common(1)
    assert n_repeats < 10
