"""People in other scripts for the shipped model: spelled by rules, and read from dictionaries."""

import gzip
import unicodedata
import zipfile

import numpy as np
import pytest

from sknames._training import train
from tests.conftest import archive, write_package
from tools.retrain import dictionaries, recipe
from tools.retrain.latin_words import latin_words, local_words
from tools.retrain.other_scripts import (
    BETWEEN_WORDS,
    LOCALS,
    in_han,
    spell,
    spell_person,
    to_hangul,
    to_indic,
    to_katakana,
    to_sounds,
    to_thai,
)
from tools.retrain.spellings import Spellings, read_spellings


@pytest.mark.parametrize(
    "name, nationality, spelling, expected",
    [
        ("Emmanuel Macron", "French", "Greek", {"εμανιέλ μακρόν", "εμανυέλ μακρόν"}),
        ("William Shaw", "English", "Georgian", {"უილიამ შო", "ვილიამ შო"}),
        ("Lech Wałęsa", "Polish", "Armenian", {"լեխ վալենսա"}),
        ("Müller", "German", "Hebrew", {"מילר"}),
        ("Novak Đoković", "Serbian", "Cyrillic sr", {"новак ђоковић"}),
        (
            "Volodymyr Zelenskyy",
            "Ukrainian",
            "Cyrillic uk",
            {"володимир зеленський", "володимир зеленскийй", "володимир зеленский"},
        ),
        ("Xi Jinping", "Chinese", "Cyrillic ru", {"си цзиньпин", "си цзинпин"}),
        ("Shinzo Abe", "Japanese", "Cyrillic ru", {"синдзо абэ", "синзо абэ"}),
        ("Kim Min-seo", "Korean", "Hangul", {"킴 민-서"}),
        ("Giuseppe Conte", "Italian", "Arabic", {"جوسيبي كونتي", "جوسيب كونت"}),
    ],
)
def test_spell_follows_the_sounds_of_the_language(name, nationality, spelling, expected):
    drawn = {spell(name, nationality, spelling, np.random.RandomState(k)) for k in range(60)}
    assert drawn & expected, drawn


def test_spell_knows_all_letters_of_all_nationalities():
    rng = np.random.RandomState(0)
    names = recipe.load_names(return_X_y=True)
    rows = rng.permutation(len(names[0]))[:2_000]
    spellings = "Cyrillic bg,Greek,Arabic,Hebrew,Hangul,Georgian,Armenian,Thai".split(",")
    for name, nationality in zip(names[0][rows], names[1][rows], strict=True):
        for spelling in spellings:
            spelled = spell(name, nationality, spelling, rng)
            assert not any(c.isascii() and c.isalpha() for c in spelled), (name, spelling, spelled)


def test_to_thai_sets_vowels_around_consonants():
    drawn = {to_thai("roman keb jana", np.random.RandomState(k)) for k in range(20)}
    assert drawn == {"โรมัน เก็บ จานา", "โรมัน เค็บ จานา"}


def test_icu_spells_scripts_of_india_and_katakana():
    pytest.importorskip("icu")
    assert to_indic("narendra modi", "Devanagari") == "नारेंड्रा मोडि"
    for script, expected in (("Bengali", "ব্লাডিমির পুটিন"), ("Devanagari", "व्लाडिमिर पुटिन")):
        assert to_indic("vladimir putin", script) == expected
    assert to_katakana("Kimura Shin'ichi") == "キムラ シンイチ"


def test_sounds_and_hangul_of_plain_syllables():
    assert to_sounds("José García", "Spanish", "Greek") == "khose garsia"
    assert to_sounds("Schäuble", "German", "Greek") == "shoible"
    assert to_hangul("shmit tanaka") == "쉬미트 타나카"


def test_locals_write_a_script_that_is_spelled():
    assert {spelling.split()[0] for spelling in LOCALS.values()} <= recipe.FOREIGN_SCRIPTS.keys()


def test_read_japanese_takes_people_in_kanji_and_words_in_katakana(tmp_path):
    text = """木村洋 [きむらひろし] /(h) Kimura Hiroshi/
東京 [とうきょう] /(p) Tokyo/
マクロン /(s) Macron/
エマニュエル /(m) Emmanuel/
エマヌエル /(m,s) Emmanuel/
ヘンリー・キャヴェンディッシュ /(h) Henry Cavendish/
"""
    files = {"./usr/share/edict/enamdict": text.encode("euc_jp")}
    path = write_package(tmp_path / "enamdict_1_all.deb", files)
    people, katakana = dictionaries.read_japanese(path)
    assert people == {"木村洋": "Kimura Hiroshi"}
    assert katakana["emmanuel"] == ["エマニュエル", "エマヌエル"]
    assert katakana["cavendish"] == ["キャヴェンディッシュ"] and "tokyo" not in katakana


def test_read_chinese_takes_names_with_a_common_surname(tmp_path):
    text = "王伟 3 nr\n王者归来 3 nr\n一梦 3 nr\n欧阳修 9 nr\n司马相如 9 nr\n李白 8 n\n"
    path = tmp_path / "jieba-1.tar.gz"
    path.write_bytes(archive({"jieba-1/jieba/dict.txt": text.encode()}, "w:gz"))
    assert dictionaries.read_chinese(path) == ["王伟", "欧阳修", "司马相如"]


def test_missing_dictionary_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("SKNAMES_DATA", str(tmp_path))
    with pytest.raises(OSError, match="apt-get download enamdict"):
        dictionaries.read_japanese()


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


def test_spellings_draws_what_sounds_like_the_language(spellings):
    def share(sounds):
        drawn = [
            spellings.word("David", sounds, "Katakana", np.random.RandomState(k)) for k in seeds
        ]
        return drawn.count("ダヴィド") / len(drawn)

    seeds = range(200)
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
    assert spell_person("Ana Müller", "German", "Armenian", *args) == "անա մյուլեր".replace(
        "իւ", "յու"
    )
    drawn = {spell_person("Ivan Petrov", "Bulgarian", "Katakana", *args) for _ in range(300)}
    assert drawn == {f"イヴァン{mark}ペトロフ" for mark in BETWEEN_WORDS["Katakana"]}


def test_spell_person_in_han_writes_both_kinds_of_characters(spellings):
    pytest.importorskip("opencc")
    rng = np.random.RandomState(0)
    drawn = [spell_person("Jean-Paul", "French", "Han", spellings, "", rng) for _ in range(100)]
    assert {*drawn} == {"让-保罗", "讓-保羅", "让保罗", "讓保羅"}
    assert 30 < sum(name.startswith("让") for name in drawn) < 70


@pytest.mark.parametrize("zipped", [True, False])
def test_read_spellings_reads_both_sources(tmp_path, zipped):
    files = {
        "wd_hebrew_80": "novak\tנ ו ב א ק\t4\nlast\tנ ו ב א ק\t1\n",
        "wd_hebrew_20": "novak\tנ ו ב ק\t2\nnovak\tנ ו ב א ק\t1\n",
        "wd_hebrew": "Iga Świątek\tאיגה שוויונטק\nNobody\tמלך אנגליה\nIga\tIga\n",
    }
    if zipped:
        words = "".join(files[key].replace(" ", "") for key in ("wd_hebrew_80", "wd_hebrew_20"))
        files = {"words_hebrew.tsv.gz": words, "full_hebrew.tsv.gz": files["wd_hebrew"]}
    for name, text in files.items():
        (tmp_path / name).write_bytes(gzip.compress(text.encode()) if zipped else text.encode())
    wheel = tmp_path / "rigour-1.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        line = "novak, Novák, Новак, ノヴァク, Anna Maria, новак нова => Q1"
        file.writestr("rigour/data/names/persons.txt", line)
    found = read_spellings(recipe.person_of, tmp_path, wheel)
    assert dict(found.words["Hebrew"]) == {"novak": {"נובאק": 5, "נובק": 2}}
    assert dict(found.words["Cyrillic"]) == {"novak": {"новак": 1}}
    assert dict(found.words["Katakana"]) == {"novak": {"ノヴァク": 1}}
    assert found.people["Hebrew"] == {"iga swiatek": "איגה שוויונטק"}
    with pytest.raises(OSError, match="NETransliteration"):
        read_spellings(recipe.person_of, tmp_path / "none", wheel)


def test_latin_words_takes_the_most_frequent_word_of_enough_scripts(monkeypatch):
    monkeypatch.setattr("tools.retrain.latin_words.MIN_SCRIPTS", 2)
    words = {
        "Han": {"novak": {"诺瓦克": 3, "诺·瓦克": 9}, "nowak": {"诺瓦克": 3}, "rare": {"稀": 9}},
        "Cyrillic": {"novak": {"новак": 5, "новакь": 1}, "nowak": {"новак": 9, "нувак": 1}},
    }
    assert latin_words(words, set()) == "\nnovak\tновакь\nnowak\tновак\tнувак\t诺瓦克"
    words["Cyrillic"]["novak"]["новак"] = 10  # as it is transliterated
    assert latin_words(words, set()) == "\nnovak\tновакь\nnowak\tнувак\t诺瓦克"
    expected = "\tиван\tнувак\nnovak\tновакь\nnowak\t诺瓦克"
    assert latin_words(words, {"нувак", "иван"}) == expected


@pytest.mark.parametrize(
    "locals_, foreigners, found",
    [(2, 0, True), (1, 0, False), (4, 15, True), (4, 17, False), (0, 2, False)],
)
def test_local_words_are_those_of_lists_and_of_a_fifth_of_people(locals_, foreigners, found):
    words = {"Cyrillic": {"kozak": {"козак": 1, "казак": 1}}, "Hangul": {"kozak": {"코작": 1}}}
    people = {
        "Polish": [f"kozak kozak p{k}" for k in range(foreigners)] + ["x y"] * (20 - foreigners),
        "Ukrainian": [f"kozak u{k}" for k in range(locals_)] + ["x y"] * (20 - locals_),
    }
    local = local_words(words, people, ["Мария-Анна 金", "ელენე"])
    assert local == {"мария", "анна"} | ({"козак", "казак"} if found else set())


def test_recipe_learns_sounds_and_predicts_by_words(monkeypatch):
    learned, fit = [], train.fit
    monkeypatch.setattr(train, "fit", lambda X, *args: learned.append(X) or fit(X, *args))
    names = ["罗伯特·莱万多夫斯基", "robert lewandowski"] * recipe.ENCODER["min_frequency"]
    small = {"hidden_size": 2, "embedding_dim": 2, "max_epochs": 1}
    encoder = recipe.fit(
        np.array(names), np.array(["Chinese", "Polish"] * (len(names) // 2)), **small
    )["encode"]
    assert encoder.inverse_transform(learned[0][:1]) == [
        "罗伯特·莱万多夫斯基 luobote-laiwanduofusiji"
    ]
    assert encoder.inverse_transform(encoder.transform(names[:1]))[0].endswith(" lewandowski")


@pytest.fixture
def draw(monkeypatch, spellings):
    """Draw people in other scripts, in those of these shares."""
    monkeypatch.setattr(recipe, "PATRONYMICS", 0)

    def draw(people, nationality, scripts=(), known=({}, []), arabic=(), n=0, own=0, **options):
        monkeypatch.setattr(recipe, "OWN_SCRIPT", own)
        monkeypatch.setattr(recipe, "FOREIGN_SCRIPTS", dict(scripts))
        dictionaries = recipe.Dictionaries(*known, spellings, dict(arabic))
        rng = np.random.RandomState(0)
        return recipe.in_other_scripts(people, nationality, dictionaries, rng, n, **options)

    return draw


def test_in_other_scripts_takes_shares_and_recombines(monkeypatch, draw, spellings):
    monkeypatch.setattr(recipe, "WHOLE_NAMES", 1)
    spellings.people["Hebrew"]["boris petrov"] = "בוריס פטרוב"
    people, shares = ["Boris Petrov", "Ivan Sidorov"], {"Katakana": 1, "Hebrew": 0, "Greek": 0}
    names = draw(people, "Bulgarian", shares, own=1, least=2)
    katakana = [name for name in names if "イヴァン" in name and "ペトロフ" in name]
    assert sorted({*names} - {*katakana}) == ["борис петров", "иван сидоров", "בוריס פטרוב"]
    assert len(katakana) == 2 and len(names) == 5


@pytest.mark.parametrize("nationality, n", [("French", 2), ("Korean", 1), ("Japanese", 0)])
def test_in_other_scripts_leaves_out_what_is_written_without_marks(draw, spellings, nationality, n):
    pytest.importorskip("opencc")
    spellings.add("jean", "ジャン", "Katakana")
    spellings.add("paul", "ポール", "Katakana")
    assert len(draw(["Jean Paul"], nationality, {"Katakana": 1, "Han": 1}, least=0)) == n


@pytest.mark.parametrize("share", [0, 1])
def test_in_other_scripts_takes_people_in_han(monkeypatch, draw, share):
    monkeypatch.setattr(recipe, "JAPANESE_IN_KATAKANA", share)
    known = {"木村洋": "Kimura Hiroshi"}, ["刘伟"] * 4
    pytest.importorskip("icu")
    assert draw([], "Japanese", known=known) == ["木村洋", "キムラ ヒロシ"][: 1 + share]
    pytest.importorskip("opencc")
    assert sorted(draw([], "Chinese", known=known)) == ["刘伟", "刘伟", "劉偉", "劉偉"]
    assert in_han("劉偉", 0) == "刘伟"


def test_in_other_scripts_has_at_least_so_many_in_the_own_script(draw):
    names = draw(["Aung Min", "Su Su"], "Burmese", least=7)
    assert 6 <= len(names) <= 8 and all("\u1000" <= name[0] <= "\u109f" for name in names)


def test_in_other_scripts_adds_people_in_arabic_both_ways(draw):
    people = {"Persian": [("علی", "علي"), ("رضا", "رضا")], "IR": [("مینا", "مينا")]}
    assert {*draw([], "Persian", arabic=people, n=2)} == {"علی", "علي", "رضا"}
    assert draw([], "Persian", arabic=people) == []
    assert {*draw([], "Persian", arabic=people, n=2, country="IR")} == {"مینا", "مينا"}


def test_drawn_of_all_characters_takes_later_names_with_rare_ones(monkeypatch):
    monkeypatch.setattr(recipe, "MOST_IN_HAN", 2)
    monkeypatch.setattr(recipe, "LEAST_OF_CHARACTER", 2)
    names = ["王一", "王一", "王一", "习一", "王习", "习王"]
    assert recipe.drawn_of_all_characters(names) == ["王一", "王一", "习一", "王习"]


def test_made_chinese_has_each_surname_in_both_kinds_of_characters(monkeypatch):
    pytest.importorskip("opencc")
    monkeypatch.setattr(recipe, "N_OF_SURNAME", 2)
    made = recipe.made_chinese(["刘伟伟", "刘伟"], np.random.RandomState(0))
    assert {"习伟伟", "習偉偉", "萧伟伟", "蕭偉偉"} <= {*made} <= {*made, "刘"}
    assert len(made) == 2 * len(dictionaries.SURNAMES)


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
    scripts = {unicodedata.name(name[0]).split()[0] for name in names}
    assert scripts == {"LAO", "THAANA"}


def test_read_dictionaries_adds_words_in_katakana(monkeypatch):
    katakana = {"cavendish": ["キャヴェンディッシュ"]}
    monkeypatch.setattr(recipe, "read_japanese", lambda: ({"木村洋": ""}, katakana))
    monkeypatch.setattr(recipe, "read_chinese", lambda: ["刘伟"])
    monkeypatch.setattr(recipe, "read_spellings", lambda key_of: Spellings())
    monkeypatch.setattr(recipe, "add_collections", lambda found: found.trust("u", "ဦး", "Burmese"))
    monkeypatch.setattr(recipe, "read_ukrainian_names", dict)
    monkeypatch.setattr(recipe, "read_arabic_names", lambda: [("مينا", "Mina", "IR")])
    japanese, chinese, spellings, arabic, ukrainian = recipe.read_dictionaries()
    assert arabic == {"Persian": [("مینا", "مينا")]} and "Сергій" in ukrainian["common"]
    assert [*japanese, *chinese] == ["木村洋", "刘伟"]
    assert spellings.words["Katakana"] == {"cavendish": {"キャヴェンディッシュ": 1}}
