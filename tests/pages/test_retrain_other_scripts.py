"""Spellings of names in other scripts by rules and collections, and patronymics."""

import re
import unicodedata

import numpy as np
import pytest
from skorch.callbacks import Callback

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
        ("Donald Smith", "English", "Thai", {"โดนัลด์ สมิธ"}),
    ],
)
def test_spell_follows_pronunciation_of_language(name, nationality, spelling, expected):
    drawn = {
        spell(name, nationality, spelling, np.random.RandomState(k)) for k in range(60)
    }
    assert drawn & expected, drawn


def test_spell_leaves_no_latin_letter_in_names_of_lists():
    rng = np.random.RandomState(0)
    names, labels = recipe.load_names(return_X_y=True)
    scripts = "Cyrillic bg,Greek,Arabic,Hebrew,Hangul,Georgian,Armenian,Thai"
    for row in rng.permutation(len(names))[:800]:
        for spelling in scripts.split(","):
            spelled = spell(names[row], labels[row], spelling, rng)
            assert not re.search("[a-zA-Z]", spelled), names[row]
    scripts = {spelling.split()[0] for spelling in LOCALS.values()}
    assert scripts <= recipe.FOREIGN_SCRIPTS.keys()


@pytest.mark.parametrize("script", blocks.BLOCKS)
def test_spell_in_rare_script_writes_only_its_letters(script):
    rng = np.random.RandomState(0)
    first, last = blocks.BLOCKS[script]
    for name in ["Zaw Shwe", "Phoebe Quist", "Xi Jinping", "Božo Đukić", "Åse Ibanez"]:
        words = spell(name, "English", script, rng).split()
        assert len(words) == 2
        for word in words:  # which begin with a letter, not with a vowel sign
            assert all(first <= c <= last for c in word)
            assert unicodedata.category(word[0])[0] == "L"


# ---- Patronymics


@pytest.mark.parametrize(
    "name, nationality, script, some",
    [
        (
            "Ігор Попов",
            "Ukrainian",
            "Cyrillic",
            {"Попов Ігор Тарасович", "Ігор Тарасович Попов"},
        ),
        ("Ольга Шевченко", "Ukrainian", "Cyrillic", {"Шевченко Ольга Сергіївна"}),
        ("İlham Abdullayev", "Azerbaijani", "Latin", {"Abdullayev İlham Heydər oğlu"}),
        ("Nigora Karimova", "Uzbek", "Latin", {"Karimova Nigora Rustam qizi"}),
        ("Ilya Shevchenko", "Russian", "Latin", {"Shevchenko Ilya Ivanovich"}),
    ],
)
def test_with_patronymic_follows_format_of_registers_and_sex(
    name, nationality, script, some
):
    rng = np.random.RandomState(0)
    drawn = {with_patronymic(name, nationality, script, rng) for _ in range(2_000)}
    assert some <= drawn
    wrong = ("вна", "vna", "qızı", "qizi")
    if is_female(*name.split()):
        wrong = ("ович", "ovich", "oğlu")
    words = " ".join(drawn).split()
    assert not [word for word in words if word.endswith(wrong)]


# ---- Collections


@pytest.fixture
def spellings():
    """Spellings of a few words, and of a whole name."""
    found = Spellings()
    for latin, spelling, script, count in [
        ("ivan", "イヴァン", "Katakana", 1),
        ("petrov", "ペトロフ", "Katakana", 1),
        ("david", "デヴィッド", "Katakana", 9),
        ("david", "ダヴィド", "Katakana", 1),
        ("jean", "讓", "Han", 9),
        ("paul", "保羅", "Han", 2),
        ("müller", "мюллер", "Cyrillic", 1),
        ("Ikemoto", "도모키", "Hangul", 9),  # rejected: another word
        ("h.", "亨利", "Han", 10),  # rejected: an initial
        ("aya", "آية", "Arabic", 2),  # accepted without consonants
        ("edward", "愛德華", "Han", 20),  # accepted: frequent, though less similar
        ("george", "乔治", "Han", 1),  # rejected: less similar, and only one person
        ("nir", "נִיר", "Hebrew", 1),
        ("Ann", "Энн", "Greek", 1),  # rejected: another script
    ]:
        found.add(latin, spelling, script, count)
    found.people["Hebrew"]["ivan petrov"] = "איוואן פטרוב"
    return found


def test_spellings_drop_unlike_words_and_prefer_similar_sound(spellings):
    def share(sounds):
        rngs = map(np.random.RandomState, range(200))
        drawn = [spellings.word("David", sounds, "Katakana", rng) for rng in rngs]
        return drawn.count("ダヴィド") / len(drawn)

    assert share("david") > 0.4 > 0.2 > share("devid") > 0
    assert spellings.word("Ikemoto", "ikemoto", "Hangul", np.random) is None
    assert not spellings.words["Greek"]
    assert [*spellings.words["Cyrillic"]] == ["muller"]
    assert {"jean", "paul", "edward"} == {*spellings.words["Han"]}
    assert spellings.words["Hebrew"] == {"nir": {"ניר": 1}}
    assert "aya" in spellings.words["Arabic"]


def test_spell_person_prefers_known_names_over_words_over_rules(spellings):
    rng = np.random.RandomState(0)
    args = spellings, "ivan petrov", rng
    assert spell_person("Petrov Ivan", "Bulgarian", "Hebrew", *args) == "איוואן פטרוב"
    assert spell_person("Ivan Sidorov", "Bulgarian", "Katakana", *args) is None
    assert spell_person("Kim Min-seo", "Korean", "Hangul", *args) is None
    assert spell_person("Müller", "Serbian", "Cyrillic", *args) != "мюллер"
    assert spell_person("Müller", "Russian", "Cyrillic", *args) == "мюллер"
    drawn = {
        spell_person("Ivan Petrov", "Bulgarian", "Katakana", *args) for _ in range(300)
    }
    assert drawn == {f"イヴァン{mark}ペトロフ" for mark in BETWEEN_WORDS["Katakana"]}


class Learned(Callback):
    """Record the codes of the training rows."""

    def on_train_begin(self, net, X, **kwargs):
        self.codes = X.codes


def test_recipe_transliterates_by_sounds_in_training_and_by_words_in_prediction():
    learned = Learned()
    names = np.array(["罗伯特·莱万多夫斯基", "robert lewandowski"] * 10)
    labels = np.array(["Chinese", "Polish"] * 10)
    small = {"hidden_size": 2, "embedding_dim": 2, "max_epochs": 1}
    model = recipe.fit(names, labels, **small, callbacks=[learned])
    encoder = model["encode"]
    symbols = np.append(0, model["classify"].network_.symbols)  # 0 is padding
    read = encoder.inverse_transform(symbols[learned.codes])
    assert "罗伯特·莱万多夫斯基 luobote-laiwanduofusiji" in read
    (of_prediction,) = encoder.inverse_transform(encoder.transform(names[:1]))
    assert of_prediction.endswith(" lewandowski")
