"""Names in other scripts: spelled by sounds, by collections and from dictionaries; patronymics."""

import unicodedata

import numpy as np
import pytest

from sknames._training import train
from tools.retrain import blocks, recipe
from tools.retrain.other_scripts import (
    BETWEEN_WORDS,
    LOCALS,
    spell,
    spell_person,
)
from tools.retrain.patronymics import is_female, with_patronymic
from tools.retrain.spellings import Spellings


@pytest.mark.parametrize(
    "name, nationality, spelling, expected",
    [
        ("Emmanuel Macron", "French", "Greek", {"εμανιέλ μακρόν", "εμανυέλ μακρόν"}),
        ("William Shaw", "English", "Georgian", {"უილიამ შო", "ვილიამ შო"}),
        ("Lech Wałęsa", "Polish", "Armenian", {"լեխ վալենսա"}),
        ("Müller", "German", "Hebrew", {"מילר"}),
        ("Novak Đoković", "Serbian", "Cyrillic sr", {"новак ђоковић"}),
        ("Volodymyr Zelenskyy", "Ukrainian", "Cyrillic uk", {"володимир зеленский"}),
        ("Xi Jinping", "Chinese", "Cyrillic ru", {"си цзиньпин", "си цзинпин"}),
        ("Kim Min-seo", "Korean", "Hangul", {"킴 민-서"}),
        ("Giuseppe Conte", "Italian", "Arabic", {"جوسيبي كونتي", "جوسيب كونت"}),
        ("José García", "Spanish", "Greek", {"χόσε γκαρσία"}),
        ("Schäuble", "German", "Greek", {"σοίμπλε"}),
        ("Schmidt Tanaka", "German", "Hangul", {"쉬미드트 타나카"}),
        ("Roman Keb Jana", "Polish", "Thai", {"โรมัน เก็บ ยานา"}),
    ],
)
def test_spell_follows_the_sounds_of_the_language(name, nationality, spelling, expected):
    drawn = {spell(name, nationality, spelling, np.random.RandomState(k)) for k in range(60)}
    assert drawn & expected, drawn


def test_spell_leaves_no_letter_of_any_list_in_latin():
    rng = np.random.RandomState(0)
    names, labels = recipe.load_names(return_X_y=True)
    spellings = "Cyrillic bg,Greek,Arabic,Hebrew,Hangul,Georgian,Armenian,Thai".split(",")
    for row in rng.permutation(len(names))[:800]:
        for spelling in spellings:
            spelled = spell(names[row], labels[row], spelling, rng)
            assert not any(c.isascii() and c.isalpha() for c in spelled), (names[row], spelled)
    assert {spelling.split()[0] for spelling in LOCALS.values()} <= recipe.FOREIGN_SCRIPTS.keys()


@pytest.mark.parametrize("script", blocks.BLOCKS)
def test_to_block_writes_letters_of_the_script_alone(script):
    rng, (first, last) = np.random.RandomState(0), blocks.BLOCKS[script]
    for name in ["Zaw Shwe", "Phoebe Quist", "Xi Jinping", "Božo Đukić", "Åse Ibanez"]:
        words = spell(name, "English", script, rng).split()
        assert len(words) == 2
        for word in words:  # no sign without a letter
            assert all(first <= c <= last for c in word) and unicodedata.category(word[0])[0] == "L"


def test_to_block_draws_all_letters_of_a_sound():
    rng = np.random.RandomState(0)
    drawn = {blocks.to_block("na", "Burmese", rng)[0] for _ in range(200)}
    assert drawn == {"င", "ဉ", "ဏ", "န"}


# ---- Patronymics


@pytest.mark.parametrize(
    "name, nationality, script, some",
    [
        ("Ігор Попов", "Ukrainian", "Cyrillic", {"Попов Ігор Тарасович", "Ігор Тарасович Попов"}),
        ("Ольга Шевченко", "Ukrainian", "Cyrillic", {"Шевченко Ольга Сергіївна"}),
        ("İlham Abdullayev", "Azerbaijani", "Latin", {"Abdullayev İlham Heydər oğlu"}),
        ("Nigora Karimova", "Uzbek", "Latin", {"Karimova Nigora Rustam qizi"}),
        ("Ilya Shevchenko", "Russian", "Latin", {"Shevchenko Ilya Ivanovich"}),
    ],
)
def test_with_patronymic_follows_registers_and_sex(name, nationality, script, some):
    rng = np.random.RandomState(0)
    drawn = {with_patronymic(name, nationality, script, rng) for _ in range(2_000)}
    assert some <= drawn
    endings = ("ович", "ovich", "oğlu"), ("вна", "vna", "qızı", "qizi")
    wrong = endings[not is_female(*name.split())]
    assert not any(word.endswith(wrong) for found in drawn for word in found.split())


def test_with_patronymic_needs_a_rule_and_two_words():
    rng = np.random.RandomState(0)
    for name, label in (("Anna Schmidt", "German"), ("Ivan", "Russian"), ("I P Q", "Russian")):
        assert with_patronymic(name, label, "Latin", rng) is None
    drawn = {with_patronymic("Иван Стоянов", "Bulgarian", "Cyrillic", rng) for _ in range(200)}
    assert all(name.startswith("Иван ") and name.endswith(" Стоянов") for name in drawn)


# ---- Collections


@pytest.fixture
def spellings():
    """Few words, and a whole name."""
    found = Spellings()
    for latin, spelling, script, count in [
        ("ivan", "イヴァン", "Katakana", 1),
        ("petrov", "ペトロフ", "Katakana", 1),
        ("david", "デヴィッド", "Katakana", 9),
        ("david", "ダヴィド", "Katakana", 1),
        ("jean", "讓", "Han", 9),
        ("paul", "保羅", "Han", 2),
        ("müller", "мюллер", "Cyrillic", 1),
        ("Ikemoto", "도모키", "Hangul", 9),  # of another word
        ("h.", "亨利", "Han", 10),  # more than the word
        ("aya", "آية", "Arabic", 2),  # without consonants
        ("edward", "愛德華", "Han", 20),  # sounds less alike, but is frequent
        ("george", "乔治", "Han", 1),  # sounds half alike, and is of one person
        ("nir", "נִיר", "Hebrew", 1),
        ("Ann", "Энн", "Greek", 1),  # of another script
    ]:
        found.add(latin, spelling, script, count)
    found.people["Hebrew"]["ivan petrov"] = "איוואן פטרוב"
    return found


def test_spellings_take_and_draw_what_sounds_alike(spellings):
    def share(sounds):
        rngs = map(np.random.RandomState, range(200))
        drawn = [spellings.word("David", sounds, "Katakana", rng) for rng in rngs]
        return drawn.count("ダヴィド") / len(drawn)

    assert share("david") > 0.4 > 0.2 > share("devid") > 0
    assert spellings.word("Ikemoto", "ikemoto", "Hangul", np.random) is None
    assert not spellings.words["Greek"] and [*spellings.words["Cyrillic"]] == ["muller"]
    assert {"jean", "paul", "edward"} == {*spellings.words["Han"]}
    assert spellings.words["Hebrew"] == {"nir": {"ניר": 1}} and "aya" in spellings.words["Arabic"]


def test_spell_person_takes_whole_names_then_words_then_rules(spellings):
    rng = np.random.RandomState(0)
    args = spellings, "ivan petrov", rng
    assert spell_person("Petrov Ivan", "Bulgarian", "Hebrew", *args) == "איוואן פטרוב"
    assert spell_person("Ivan Sidorov", "Bulgarian", "Katakana", *args) is None
    assert spell_person("Kim Min-seo", "Korean", "Hangul", *args) is None
    assert spell_person("Müller", "Serbian", "Cyrillic", *args) != "мюллер"
    assert spell_person("Müller", "Russian", "Cyrillic", *args) == "мюллер"
    drawn = {spell_person("Ivan Petrov", "Bulgarian", "Katakana", *args) for _ in range(300)}
    assert drawn == {f"イヴァン{mark}ペトロフ" for mark in BETWEEN_WORDS["Katakana"]}


# ---- People in other scripts


@pytest.fixture
def drawn_of(monkeypatch, spellings):
    """Draw people in other scripts, in those of these shares."""
    monkeypatch.setattr(recipe, "PATRONYMICS", 0)
    monkeypatch.setattr(recipe, "N_KOREANS", 0)

    def draw(people, nationality, scripts=(), known=({}, []), arabic=(), n=0, own=0, **options):
        monkeypatch.setattr(recipe, "OWN_SCRIPT", own)
        monkeypatch.setattr(recipe, "FOREIGN_SCRIPTS", dict(scripts))
        dictionaries = recipe.Dictionaries(*known, spellings, dict(arabic))
        rng = np.random.RandomState(0)
        return recipe.in_other_scripts(people, nationality, dictionaries, rng, n, **options)

    return draw


def test_in_other_scripts_takes_shares_and_recombines(monkeypatch, drawn_of, spellings):
    monkeypatch.setattr(recipe, "WHOLE_NAMES", 1)
    spellings.people["Hebrew"]["boris petrov"] = "בוריס פטרוב"
    people, shares = ["Boris Petrov", "Ivan Sidorov"], {"Katakana": 1, "Hebrew": 0, "Greek": 0}
    names = drawn_of(people, "Bulgarian", shares, own=1, least=2)
    katakana = [name for name in names if "イヴァン" in name and "ペトロフ" in name]
    assert sorted({*names} - {*katakana}) == ["борис петров", "иван сидоров", "בוריס פטרוב"]
    assert len(katakana) == 2 and len(names) == 5
    names = drawn_of(["Aung Min", "Su Su"], "Burmese", least=7)
    assert 6 <= len(names) <= 8 and all("\u1000" <= name[0] <= "\u109f" for name in names)


def test_in_other_scripts_adds_people_in_arabic_both_ways(drawn_of):
    people = {"Persian": [("علی", "علي"), ("رضا", "رضا")], "IR": [("مینا", "مينا")]}
    assert {*drawn_of([], "Persian", arabic=people, n=2)} == {"علی", "علي", "رضا"}
    assert {*drawn_of([], "Persian", arabic=people, n=2, country="IR")} == {"مینا", "مينا"}


def test_made_ukrainians_give_women_their_surnames():
    names = {"common": ["ольга"], "given": ["ігор"], "surname": ["зеленська", "зеленський"]}
    made = recipe.made_ukrainians(names, 300, np.random.RandomState(0))
    n_wrong = sum(name in ("ольга зеленський", "ігор зеленська") for name in made)
    assert n_wrong < 15 and {"ольга зеленська", "ігор зеленський"} <= {*made}


def test_of_no_class_writes_the_scripts_of_nationalities_that_are_none(monkeypatch, spellings):
    monkeypatch.setattr(recipe, "N_OF_NO_CLASS", 6)
    spellings.trust("keo", "ແກ້ວ", "Lao")
    people = {"Thai": ["Somchai Jaidee"], "Arabic": ["Ali"]}
    sources = {"biographies": people, "chess players": people}
    names = [*recipe.of_no_class(spellings, sources, np.random.RandomState(0))]
    assert names.count("ແກ້ວ ແກ້ວ") == 3 and len(names) == 12


def test_recipe_learns_sounds_and_predicts_by_words(monkeypatch):
    learned, fit = [], train.fit
    monkeypatch.setattr(train, "fit", lambda X, *args: learned.append(X) or fit(X, *args))
    names = np.array(["罗伯特·莱万多夫斯基", "robert lewandowski"] * 10)
    small = {"hidden_size": 2, "embedding_dim": 2, "max_epochs": 1}
    encoder = recipe.fit(names, np.array(["Chinese", "Polish"] * 10), **small)["encode"]
    read = encoder.inverse_transform(learned[0][:1])
    assert read == ["罗伯特·莱万多夫斯基 luobote-laiwanduofusiji"]
    assert encoder.inverse_transform(encoder.transform(names[:1]))[0].endswith(" lewandowski")
