"""The training data of the shipped models, held-out people, and reproducibility."""

import sys
import unicodedata
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.utils import Bunch

from sknames import load_pretrained
from sknames.datasets import load_names
from sknames.pretrained import load_card
from tests.conftest import run_process
from tools.retrain import blocks, countries, files, people_tables, recipe
from tools.retrain.__main__ import Plan, main
from tools.retrain.spellings import Spellings
from tools.retrain.tables import read_table

COUNTRIES = {
    "Chinese": "CN",
    "Danish": "DK",
    "Greek": "GR",
    "Persian": "IR",
    "Japanese": "JP",
    "Russian": "RU",
    "Ukrainian": "UA",
    "Kazakh": "KZ",
    "Korean": "KR",
    "Thai": "TH",
}
# Scripts that can be spelled without PyICU and OpenCC.
SCRIPTS = "Cyrillic Greek Arabic Hebrew Hangul Georgian Armenian Thai".split()
SCRIPTS += blocks.BLOCKS
FEW = {
    "foreign_scripts": dict.fromkeys(SCRIPTS, 0.02),
    "min_full_names": 20,
    "min_made_names": 8,
    "n_native_names": 20,
    "least_in_own_script": 8,
    "n_of_no_class": 8,
    "made_ukrainian": 8,
    "n_of_surname": 8,
    "n_koreans": 20,
}
PLAN = Plan(
    first_phase=replace(recipe.FIRST_PHASE, **FEW),
    second_phase=replace(recipe.SECOND_PHASE, **FEW),
    countries=replace(countries.AMOUNTS, **FEW),
    params={"hidden_size": 8, "embedding_dim": 4, "max_epochs": 1, "batch_size": 4096},
)
PEOPLE = {
    "biographies": [
        ("Søren Østergård", "Danish"),
        ("Anna-Marie D'Arc van Lund", "Danish"),
        ("Yorgos Delios", "Greek"),
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
        ("Bakhyt Zzyzx", "Kazakh"),
        ("Ihor Shevchenko", "Ukrainian"),
        ("Phoebe Quist", "Danish"),
    ],
    "names in Arabic": [("Ali Noor", "Persian"), ("Reza Karimi", "Persian")],
    "rugby players": [
        *((f"Bo {name}", "Danish") for name in "Arne Bro Dam Eg Ib Juhl Øst".split()),
        *((f"Nikos {name}", "Greek") for name in "Ana Bas Dio Kos Lia Mas".split()),
        *((f"Wang {name}", "Chinese") for name in "Anyi Bo Fei Hao Jun Lei".split()),
    ],
}
PHASES = ["first_phase", "second_phase", "countries"]


@pytest.fixture(scope="module")
def lists(all_names):
    """A part of the names of a few nationalities."""
    rows = np.flatnonzero(np.isin(all_names.target, [*COUNTRIES]))[::14]
    few = {key: all_names[key][rows] for key in ("data", "target", "part", "script")}
    return Bunch(target_names=np.unique(few["target"].astype(str)), **few)


UKRAINIANS = ["зеленська", "зеленський"]


def columns_of(pairs):
    """Return the names of people, and their countries, from (name, nationality)."""
    return [name for name, _ in pairs], [COUNTRIES[label] for _, label in pairs]


def material_of(lists, people, phase, *, spellings=None, japanese=(), chinese=()):
    """Return the material of a phase; `people` has (name, nationality) by source."""
    label_of = recipe.nationality_of_countries()
    names_in_arabic = zip(*columns_of(people["names in Arabic"]), strict=True)
    rows = [(f"{name} علي", name, country) for name, country in names_in_arabic]
    sources = {"names in Arabic": recipe.latin_of_arabic(rows, label_of)}
    for source in ("chess players", "biographies"):
        sources[source] = defaultdict(list)
        for name, nationality in people[source]:
            sources[source][nationality].append(name)
    spellings = spellings or Spellings()
    dictionaries = recipe.Dictionaries(
        japanese=dict(japanese),
        chinese=list(chinese),
        spellings=spellings,
        arabic=recipe.people_in_arabic(rows, spellings, lists, label_of),
        ukrainian={"common": ["ігор"], "given": ["ігор"], "surname": UKRAINIANS},
        in_han="{}{}".format,
        to_katakana=str,
    )
    material = recipe.Material(lists, sources, dictionaries)
    if phase != "countries":
        return material
    others = {}
    for source in [source for source in people if source not in sources]:
        others[source] = defaultdict(list)
        for name, country in zip(*columns_of(people[source]), strict=True):
            others[source][country].append(name)
    three = (columns_of(people["biographies"]), columns_of(people["chess players"]))
    people_of_countries = countries.people_of_countries(*three, rows, others)
    return countries.by_country(material, people_of_countries, rows)


def learned(material, phase, amounts):
    """Return the names and labels that a phase trains on."""
    if phase == "countries":
        return countries.training_names(material, amounts)
    return recipe.training_names(material, amounts)


@pytest.mark.parametrize("phase", PHASES)
def test_held_out_people_are_not_in_training_in_any_spelling(lists, phase):
    people = {}
    for k, source in enumerate(countries.AMOUNTS.most_people):
        is_apart = recipe.is_kept_apart
        if source == "names in Arabic":
            is_apart = recipe.is_apart_in_arabic
        names = ["Vladimir Putin"]  # in the table of scripts
        for letters in product("BDF", "aeiou", "lmnrst", "aeiou"):
            given = "".join(letters) + "abcdefgh"[k]
            if is_apart(recipe.person_of(f"{given} Zapart")):
                names.append(f"{given} Zapart")
            kept = f"{given} Source{k}"
            if not recipe.is_apart_in_arabic(recipe.person_of(kept)):
                names.append(kept)
        assert sum("Zapart" in name for name in names) > 1
        people[source] = [(name, "Persian") for name in names]
    material = material_of(
        lists,
        people,
        phase,
        japanese={"小泉純一郎": "Zapart Mai", "木村洋": "Kept Mai"},
        chinese=["习近平", "刘伟"],
    )
    names, _ = learned(material, phase, getattr(PLAN, phase))
    for apart in ("zapart", "vladimir putin", "小泉純一郎", "近平"):
        assert not [name for name in names if apart in name.lower()]
    for ali in ("علي", "علی"):  # as in Arabic, and as in Persian
        assert any(name.endswith(ali) for name in names)
    if phase != "countries":
        assert any("刘伟" in name for name in names)
    for k in range(len(material.sources)):
        assert sum(f"Source{k}" in name for name in names) > 20


def test_held_out_people_are_not_in_training_rows_with_random_labels(lists):
    names = []
    for letters in product("BDF", "aeiou", "lmnrst", "aeiou"):
        names.append(f"{''.join(letters)} Jaidee")
    persons = [*map(recipe.person_of, names)]
    in_table, *_ = [name for name in persons if not recipe.is_kept_apart(name)]
    spellings = Spellings()
    for person in persons:  # as a source spells the whole name
        spellings.people["Lao"][person] = person
    people = PEOPLE | {"biographies": [(name, "Thai") for name in names]}
    material = material_of(lists, people, "second_phase", spellings=spellings)
    material.also_apart.add(in_table)
    learned = {*recipe.of_no_class(material, 5_000, np.random.RandomState(0))}
    apart = {person for person in persons if recipe.is_kept_apart(person)}
    assert len(apart) > 1
    assert learned & {*persons} == {*persons} - apart - {in_table}


def test_retrain_main_uses_its_seed_in_all_training_steps(lists, tmp_path, capsys):
    material, of_countries = (material_of(lists, PEOPLE, phase) for phase in PHASES[1:])
    main(["--seed", "3", "--output", str(tmp_path)], material, of_countries, PLAN)
    printed = capsys.readouterr().out
    assert printed.count("the weights and the shipped weights differ in shape") == 2
    assert printed.count("common names") == 2
    names, labels = recipe.training_names(material, PLAN.first_phase, seed=3)
    model = recipe.fit(names, labels, random_state=3, **PLAN.params)
    names, labels = recipe.training_names(material, PLAN.second_phase, seed=3)
    model = recipe.fit_more(model, names, labels, seed=3)
    names, labels = countries.training_names(of_countries, PLAN.countries, seed=3)
    head = countries.fit(model, names, labels, seed=3)
    for expected, target in ((model, "nationality"), (head, "country")):
        written = files.read_model(tmp_path / target)["classify"].weights()
        expected = expected["classify"].weights()
        assert written.keys() == expected.keys()
        for name, weights in expected.items():
            assert_array_equal(written[name], weights)


def test_retrain_main_with_only_writes_same_weights_of_one_model(lists, tmp_path):
    materials = [material_of(lists, PEOPLE, phase) for phase in PHASES[1:]]
    both, apart = tmp_path / "both", tmp_path / "apart"
    main(["--output", str(both)], *materials, PLAN)
    main(["--output", str(apart), "--only", "nationality"], *materials, PLAN)
    assert [path.name for path in apart.iterdir()] == ["nationality"]
    nationality = (apart / "nationality" / "model.npz").read_bytes()
    main(["--output", str(apart), "--only", "country"], *materials, PLAN)
    for target in ("nationality", "country"):
        content = (apart / target / "model.npz").read_bytes()
        assert content == (both / target / "model.npz").read_bytes()
    assert nationality == (apart / "nationality" / "model.npz").read_bytes()


@pytest.mark.parametrize("name, ends", [
    ("Anna Müller", ["Anna", "Müller"]),
    ("Maria del Carmen Garcia", ["Maria", "Garcia"]),
    ("Wu Li", ["Wu", "Li"]),
    ("Müller", []),
    ("", []),
    ("J. Müller", []),
    ("Anna M. Müller", []),
    ("Anna M Müller", []),
    ("JR Müller", []),
    ("van Dijk", []),
    ("Anna von", []),
    ("Иван Петров", []),
    ("Anna Петрова", []),
    ("王 小明", []),
])  # fmt: skip
def test_ends_of_name_are_first_and_last_word_if_both_are_names(name, ends):
    assert recipe.ends_of(name) == ends


def test_single_words_are_first_and_last_words_of_share_of_names():
    names = [f"Anna Number{k:x}" for k in range(2_000)]

    words = recipe.words_alone(names, 0.15, np.random.RandomState(0))

    assert len(words) == pytest.approx(2 * 0.15 * 2_000, rel=0.15)
    assert words.count("Anna") == len(words) / 2
    assert {*words[1::2]} < {name.split()[1] for name in names}


def test_single_words_with_share_0_leave_random_state_unchanged():
    rng = np.random.RandomState(0)

    words = recipe.words_alone(["Anna Müller"], 0, rng)

    assert words == []
    assert rng.random_sample() == np.random.RandomState(0).random_sample()


@pytest.mark.parametrize("phase", PHASES)
def test_single_words_are_in_training_of_all_phases_but_first(lists, phase):
    material = material_of(lists, PEOPLE, phase)
    share = {} if phase == "first_phase" else {"words_alone": 1}

    names, labels = learned(material, phase, replace(getattr(PLAN, phase), **share))

    danish = "DK" if phase == "countries" else "Danish"
    rows = {*zip(names, labels, strict=True)}
    for word in ("Phoebe", "Quist"):
        assert ((word, danish) in rows) == (phase != "first_phase")


def test_full_names_of_rare_countries_are_repeated_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(countries, "LEAST_ROWS", 7)
    monkeypatch.setattr(countries, "MOST_TIMES", 4)
    labels = np.array(["PW", *["TV"] * 3, *["FR"] * 7, *["DE"] * 8], dtype=object)
    names = np.array([f"Ann {k}" for k in range(len(labels))])
    names[1] = "Ann"  # the single word of a TV row
    found, of_rows = countries.repeated(names, labels)
    assert Counter(of_rows) == {"PW": 4, "TV": 7, "FR": 7, "DE": 8}
    assert {*zip(found, of_rows, strict=True)} == {*zip(names, labels, strict=True)}
    assert {*Counter(found).values()} == {1, 3, 4}


def test_permissive_people_have_nationality_of_their_country(home, monkeypatch):
    biographies = ["Ann Roe", "Jo Coe"], ["English", "English"]
    monkeypatch.setattr(recipe, "read_biographies", lambda: biographies)
    in_arabic = [("علي حسن", "Ali Hassan", "EG")]
    monkeypatch.setattr(recipe, "read_arabic_names", lambda: in_arabic)
    rows = {
        "lifters": {"PL": ["Jan Nowak"], "US": ["Jo Doe"], "KZ": ["Ivan Ivanov"]},
        "ministers": {"AT": ["Eva Kern"], "DE": ["Ute Roth"], "GB": ["Sue Poe"]},
    }
    monkeypatch.setattr(recipe, "read_people", lambda permissive: rows)
    found = recipe.permissive_people(load_names(script="all"))
    assert found == {
        "biographies": {"English": ["Ann Roe", "Jo Coe"]},
        "names in Arabic": {"Arabic": ["Ali Hassan"]},
        # Ivan is a Russian given name.
        "lifters": {"Polish": ["Jan Nowak"]},
        "ministers": {"German": ["Eva Kern", "Ute Roth"], "English": ["Sue Poe"]},
    }


def test_permissive_training_data_has_only_permissive_sources(monkeypatch):
    monkeypatch.setattr(recipe, "permissive_people", lambda lists: "permissive")
    monkeypatch.setattr(recipe, "typical_people", lambda lists: "typical")
    monkeypatch.setattr(recipe, "read_dictionaries", lambda permissive: permissive)
    for is_permissive, people in ((True, "permissive"), (False, "typical")):
        material = recipe.read_material(permissive=is_permissive)
        assert material.sources == people
        assert material.dictionaries == is_permissive
    # A call of `read_chess_players` would raise, because there is no file.
    biographies = ["Ann Roe"], ["GB"]
    monkeypatch.setattr(countries, "read_biographies", lambda column: biographies)
    monkeypatch.setattr(countries, "read_arabic_names", list)
    ministers = {"ministers": {"GB": ["Sue Poe"]}}
    monkeypatch.setattr(countries, "read_people", lambda permissive: ministers)
    found = countries.read_people_of_countries(permissive=True)
    assert (
        found
        == {
            "biographies": {"GB": ["Ann Roe"]},
            "chess players": {},
            "names in Arabic": {},
        }
        | ministers
    )


def test_retrain_main_without_seed_uses_shipped_seed(lists, tmp_path):
    main(["--output", str(tmp_path)], recipe.Material(lists), plan=PLAN)
    model = files.read_model(tmp_path / "nationality")
    assert model["classify"].random_state == recipe.SEED
    assert not (tmp_path / "country").exists()


def test_retrain_main_without_source_names_download_command(home):
    with pytest.raises(OSError, match=r"pip download --no-deps name2nat==0\.5\.1"):
        main([])
    code = "import sys, tools.retrain.__main__; assert 'torch' not in sys.modules"
    run_process(sys.executable, "-c", code)


def test_labels_of_nationality_model_are_labels_of_all_sources():
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


def test_typical_people_exclude_names_typical_of_other_labels(lists):
    pairs = [
        ("Anna Delios", "English"),  # whose surname is Greek
        ("Yorgos Delios", "Greek"),
        ("Ann Roe", "English"),
        ("Jo Coe", "English"),
    ]
    biographies = [*zip(*pairs, strict=True)]
    found = recipe.typical_biographies(lists, *biographies, rare=2)
    assert found == {"Greek": ["Yorgos Delios"], "English": ["Ann Roe", "Jo Coe"]}
    found = recipe.typical_biographies(lists, *biographies, rare=1)
    assert found["English"] == ["Anna Delios", "Ann Roe", "Jo Coe"]
    names = ["Grigory Zzyzx", "Bakhyt Zzyzx", "Grigory Zzyzx"]
    found = recipe.typical_players(lists, names, ["Kazakh", "Kazakh", "Russian"])
    assert found == {"Kazakh": ["Bakhyt Zzyzx"], "Russian": ["Grigory Zzyzx"]}


@pytest.mark.parametrize("phase", PHASES)
def test_most_people_and_most_spelled_limit_training_names(lists, phase):
    material = material_of(lists, PEOPLE, phase)
    sources = countries.AMOUNTS.most_people
    few = replace(
        getattr(PLAN, phase),
        most_people=dict.fromkeys(sources, 0) | {"rugby players": 7, "biographies": 1},
        most_spelled=0,
        foreign_scripts=dict.fromkeys(SCRIPTS, 1),
        n_of_no_class=0,
    )
    names, labels = learned(material, phase, few)
    is_danish = np.isin(labels, ["Danish", "DK"])
    danes = [name for name, label in PEOPLE["biographies"] if label == "Danish"]
    assert np.isin(danes, names[is_danish]).sum() == 1
    assert all(recipe.in_ascii(name).isascii() for name in names[is_danish])


@pytest.mark.parametrize("phase", PHASES)
def test_training_names_are_reproducible_and_in_all_scripts(lists, phase):
    spellings = Spellings()
    for latin, spelling, script in [
        ("petrov", "Петров", "Cyrillic"),
        ("ivan", "איוואן", "Hebrew"),
        ("ivan", "איבן", "Hebrew"),
        ("petrov", "פטרוב", "Hebrew"),
        ("keo", "ແກ້ວ", "Lao"),
        ("noor", "نور", "Arabic"),
    ]:
        spellings.trust(latin, spelling, script)
    spellings.people["Cyrillic"]["olga petrova"] = "ольга смирнова"
    material = material_of(
        lists,
        PEOPLE,
        phase,
        spellings=spellings,
        japanese={"木村洋": "Kimura Hiroshi", "佐藤翔": "Sato Sho"},
        chinese=["刘伟", "王小明", "李小龙"],
    )
    amounts = replace(
        getattr(PLAN, phase),
        foreign_scripts=dict.fromkeys(SCRIPTS, 0.5),
        most_people=dict.fromkeys(people_tables.SOURCES, 6)
        | {"biographies": 4, "chess players": 6, "names in Arabic": 6},
        most_spelled=5,
        most_in_han=1,
        least_of_character=1,
    )
    names, labels = learned(material, phase, amounts)
    again, labels_again = learned(material, phase, amounts)
    assert list(names) == list(again)
    assert list(labels) == list(labels_again)
    if phase == "countries":
        assert set(labels) <= set(COUNTRIES.values())
        return
    assert set(labels) == set(COUNTRIES)
    scripts = {unicodedata.name(name[0]).split()[0] for name in names}
    of_unicode = {"Burmese": "MYANMAR"}
    assert scripts >= {
        "CJK",
        *(of_unicode.get(script, script.upper()) for script in SCRIPTS),
    }
    assert {*names} >= {*lists.data, *map(recipe.in_ascii, lists.data)}
    assert "ольга смирнова" in names  # the known spelling of the whole name
    n_men = sum(name.endswith("зеленський") for name in names)
    assert n_men > 9 * sum(name.endswith("зеленська") for name in names)
    # People who are spelled repeatedly do not get the same spelling too often.
    ((_, n_repeats),) = Counter(zip(names, labels, strict=True)).most_common(1)
    assert n_repeats < 10


def test_names_with_known_foreign_spelling_are_spelled_in_that_script_more_often():
    names = ["".join(letters) for letters in product("BDFG", "aeiou", "lmnrst")]
    spellings = Spellings()
    for name in names:
        spellings.people["Greek"][recipe.person_of(name)] = "άννα"
    rng = np.random.RandomState(0)
    found = recipe.spell_people(names, "Danish", {"Greek": 0}, spellings, rng)
    assert found[0] == []
    assert len(found[1]) / len(names) == pytest.approx(recipe.WHOLE_NAMES, abs=0.1)
