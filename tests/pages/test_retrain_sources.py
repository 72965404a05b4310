"""The functions that read and clean the names of each source of training data."""

import gzip
import pickle
import sqlite3
import unicodedata
import zipfile
from hashlib import sha256

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.conftest import archive, write_package
from tools.retrain import dictionaries, people_tables, recipe
from tools.retrain.arabic_names import (
    as_locals_write,
    normalized,
    read_arabic_names,
    written_words,
)
from tools.retrain.biographies import read_biographies
from tools.retrain.chess_players import read_chess_players
from tools.retrain.latin_words import latin_words, local_words
from tools.retrain.spellings import Spellings, read_spellings


def read_wheel_of(names, folder, **options):
    """Write a wheel like name2nat's with these names, and read it with its digest."""
    path = folder / "name2nat-0.5.1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("name2nat/__init__.py", "raise SystemExit\n")
        wheel.writestr("name2nat/name2nats.pkl", pickle.dumps(names))
    digest = sha256(path.read_bytes()).hexdigest()
    return read_biographies(digest=digest, **options)


def test_biographies_have_one_nationality_or_country_each(home):
    names = {
        "Aristotle": ["Greek"],
        "Adam Smith": ["British", "American", "English"],
        "Rafael Nadal": ["Australian"],
        "Anna Kern": ["German", "Hungarian"],
        "Anna Kérn": ["Austrian"],
        "Vagn Holmboe": ["Finn"],
        "Jean Bemba": ["Congolese"],
    }
    found = dict(zip(*read_wheel_of(names, home), strict=True))
    assert found == {
        "Aristotle": "Greek",
        "Adam Smith": "English",
        "Anna Kérn": "German",
    }
    found = dict(zip(*read_wheel_of(names, home, column="alpha_2"), strict=True))
    assert found == {
        "Aristotle": "GR",
        "Rafael Nadal": "AU",
        "Anna Kérn": "AT",
        "Jean Bemba": "CD",
    }
    (home / "name2nat-0.5.1-py3-none-any.whl").write_bytes(b"PK")
    with pytest.raises(
        ValueError, match=f"should be name2nat.* is {sha256(b'PK').hexdigest()}"
    ):
        read_biographies()


@pytest.mark.parametrize(
    "title, name",
    [
        ("Marcel·lí Antúnez", "Marcel·lí Antúnez"),
        ("Anna Kern (footballer)", "Anna Kern"),
        ("Geronimo Cristobal, Jr.", "Geronimo Cristobal"),
        ("Uberto Dell’Orto", "Uberto Dell'Orto"),
        ("... More", "More"),
        ("Buck 65", None),
        ("Andrѐy Sinitsyn", None),  # the e is Cyrillic
        ("Hasan and Ibrahim", None),
        ("Princess Dina", None),
        ("DMX", None),
        ("Anna" * 15 + "s", None),
    ],
)
def test_article_titles_of_biographies_become_names_or_are_left_out(home, title, name):
    names, _ = read_wheel_of({title: ["Irish"], "Kern": ["Irish"]}, home)
    assert names.tolist() == [*([name] if name else []), "Kern"]


PLAYERS = """\
# made up
Kern, Otto #GM GER [2500] 1900
@PLAYER "., -_*"
Kern, Anna #WGM GER [2400] 1950.02.03 w
   = Kern, A
%Bio FIDEID 1234567
van der Poel, Jan, Prof. Dr. #im+cgm URS/NED/USA [2402*] ????--1950.??.??
Muster, Max #-   AUT/HUN [2000] 1950
Mehta, R #-  IND [1500] 1990
MU\u0308LLER, ZOE\u0308 S. #FM PER [2300] 0000
Nicolo`, D`Isidoro12 #FM ITA [2300] 1980
Prado, Ana Corzo y (x) #FM KOS [2300] 1981
@EVENT ",. -"
Kern, Paul #GM GER [2500] 1900
"""


def test_chess_players_have_a_full_name_and_one_label(home):
    def write(text):
        files = {"./usr/share/scid/data/spelling.ssp": text.encode()}
        write_package(home / "scid-spell-data_1_all.deb", files)

    write(PLAYERS)
    expected = [
        ("Anna Kern", "German", 1950),
        ("Jan van der Poel", "Dutch", np.nan),
        ("Zoë Müller", "Spanish", np.nan),
        ("D'Isidoro Nicolo", "Italian", 1980),
        ("Ana Corzo y Prado", "Albanian", 1981),
    ]
    for column, values in zip(
        read_chess_players(), zip(*expected, strict=True), strict=True
    ):
        assert_array_equal(column, values)
    write("@PLAYER\n" + "Kern, Anna #GM GER\n" * 98 + "Kern, Anna\n" * 2)
    with pytest.raises(
        ValueError, match=r"should .* but only 98 of 100 lines match. Get another"
    ):
        read_chess_players()
    (home / "scid-spell-data_1_all.deb").write_bytes(
        b"!<arch>\n" + b"%-48s%-10d`\n" % (b"x", 0)
    )
    with pytest.raises(ValueError, match=r"is not a Debian package: it has no data\."):
        read_chess_players()


def test_read_people_groups_clean_names_by_country_and_spellings_by_script(home):
    (home / "people").mkdir()
    head = "name\talpha_2\tknown_by\tspelled\n"
    no_more = "name\talpha_2\n"
    lifters = (
        head
        + "Ivan Petrov\tRU\tmeets\tИван Петров\nA P\tRU\tmeets\t\nAi Ito\tJP\t\t伊藤\n"
    )
    files = dict.fromkeys(people_tables.SOURCES.values(), no_more) | {
        "lifters": lifters
    }
    files["weightlifters"] += "ABADIE Benoit\tFR\n"
    files["ministers"] += "Amy AMON-TANOH\tCI\nAnn D'ARC\tFR\n"
    files["rugby"] += "Ann Wolf\tNZ\n"
    files["spellings"] = (
        "name\tscript\tspelled\nWolf Ann\tKatakana\tウルフ・アン\nX Y\tHangul/nld\t가\n"
    )
    for name, text in files.items():
        (home / "people" / f"{name}.tsv.gz").write_bytes(gzip.compress(text.encode()))
    found = people_tables.read_people()
    assert found["lifters"] == {"RU": ["Ivan Petrov"], "JP": ["Ai Ito"]}
    assert found["weightlifters"] == {"FR": ["Abadie Benoit"]}
    assert found["ministers"] == {"CI": ["Amy Amon-Tanoh"], "FR": ["Ann D'Arc"]}
    assert found["rugby players"] == {"NZ": ["Ann Wolf"]}
    permissive = people_tables.read_people(permissive=True)
    assert permissive == {k: found[k] for k in found if k != "rugby players"}
    spellings = Spellings()
    people_tables.add_spellings(spellings, recipe.person_of)
    assert spellings.people["Cyrillic"] == {"ivan petrov": "иван петров"}
    assert not spellings.people["Han"]
    assert not spellings.words["Hangul"]
    assert spellings.words["Katakana"] == {"wolf": {"ウルフ": 1}, "ann": {"アン": 1}}
    permissive = Spellings()
    people_tables.add_spellings(permissive, recipe.person_of, permissive=True)
    assert permissive.people["Cyrillic"] == {"ivan petrov": "иван петров"}
    assert not permissive.words["Katakana"]
    (home / "people" / "rugby.tsv.gz").unlink()
    with pytest.raises(OSError, match="rugby.tsv.gz.*tools.retrain.people`"):
        people_tables.read_people()


def test_arabic_names_are_read_once_and_spelled_as_in_their_country(home):
    rows = [
        ("علي حسن", "Ali Hassan", "EG"),
        ("بيروز", "Pirouz", "IR"),
        ("سمير", "Samir", ""),
    ]
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE full_names (arabic_key, latin, country)")
    connection.executemany("INSERT INTO full_names VALUES (?, ?, ?)", [*rows, rows[0]])
    connection.commit()
    with zipfile.ZipFile(
        home / "arabic_name_romanizer-0.2.0-py3-none-any.whl", "w"
    ) as wheel:
        member = "arabic_name_romanizer/resources/names.sqlite3"
        wheel.writestr(member, connection.serialize())
    connection.close()
    assert sorted(read_arabic_names()) == sorted(rows[:2])
    name = unicodedata.normalize("NFC", "أُسامة إيمان")
    assert (normalized(name), normalized("کریمی")) == ("اسامه ايمان", "كريمي")
    # The most frequent spelling of a word is used, of equally frequent ones the first.
    written = written_words({"أسامة": 3, "اسامة": 3, "اسامه": 1})
    for country, expected in (
        ("EG", "أسامة كريمي"),
        ("IR", "اسامه کریمی"),
        ("PK", "اسامہ کریمی"),
    ):
        assert as_locals_write("اسامه كريمي", country, written) == expected


def test_dictionary_readers_keep_names_and_drop_places_and_other_nouns(home):
    text = """木村洋 [きむらひろし] /(h) Kimura Hiroshi/
東京 [とうきょう] /(p) Tokyo/
エマニュエル /(m) Emmanuel/
エマヌエル /(m,s) Emmanuel/
ヘンリー・キャヴェンディッシュ /(h) Henry Cavendish/
"""
    with pytest.raises(OSError, match="apt-get download enamdict"):
        dictionaries.read_japanese()
    files = {"./usr/share/edict/enamdict": text.encode("euc_jp")}
    write_package(home / "enamdict_1_all.deb", files)
    japanese, katakana = dictionaries.read_japanese()
    assert japanese == {"木村洋": "Kimura Hiroshi"}
    assert "tokyo" not in katakana
    assert katakana["emmanuel"] == ["エマニュエル", "エマヌエル"]
    noun = "{},1,2,3,名詞,固有名詞,人名,{},*,*,{},{},{}\n"
    rows = [("佐藤", "姓"), ("翔", "名"), ("ジョン", "名"), ("東京都", "一般")]
    text = "".join(
        noun.format(word, kind, word, "サトウ", "サトー") for word, kind in rows
    )
    path = "./usr/share/mecab/dic/ipadic/Noun.name.csv"
    write_package(home / "mecab-ipadic_1_all.deb", {path: text.encode("euc_jp")})
    parts = dictionaries.read_japanese_parts()
    assert parts == {"surname": {"佐藤": "サトウ"}, "given": {"翔": "サトウ"}}
    text = "王伟 3 nr\n王者归来 3 nr\n一梦 3 nr\n欧阳修 9 nr\n司马相如 9 nr\n李白 8 n\n"
    files = archive({"jieba-1/jieba/dict.txt": text.encode()}, "w:gz")
    (home / "jieba-1.tar.gz").write_bytes(files)
    assert dictionaries.read_chinese() == ["王伟", "欧阳修", "司马相如"]


def test_japanese_names_combine_surnames_and_given_names(monkeypatch):
    # Replaces PyICU, which only training needs.
    latin = {"サトウ": "Sato", "モリ": "Mori", "ショウ": "Sho"}
    monkeypatch.setattr(recipe, "to_latin", latin.get)
    readings = {
        "surname": {"佐藤": "サトウ", "森": "モリ"},
        "given": {"翔": "ショウ"},
    }
    made = recipe.made_japanese(readings, 20)
    assert made == {"佐藤翔": "Sato Sho", "森翔": "Mori Sho"}
    assert made.items() > recipe.made_japanese(readings, 1).items()


@pytest.mark.parametrize("zipped", [True, False], ids=["gzip", "plain"])
def test_read_spellings_sums_equal_word_pairs_and_reads_full_names(home, zipped):
    files = {
        "wd_hebrew_80": "novak\tנ ו ב א ק\t4\nlast\tנ ו ב א ק\t1\n",
        "wd_hebrew_20": "novak\tנ ו ב ק\t2\nnovak\tנ ו ב א ק\t1\n",
        "wd_hebrew": "Iga Świątek\tאיגה שוויונטק\nNobody\tמלך אנגליה\n",
    }
    if zipped:
        words = "".join(
            files[key].replace(" ", "") for key in ("wd_hebrew_80", "wd_hebrew_20")
        )
        files = {"words_hebrew.tsv.gz": words, "full_hebrew.tsv.gz": files["wd_hebrew"]}
    with zipfile.ZipFile(home / "rigour-1.whl", "w") as wheel:
        lines = (
            "novak, Novák, Новак, ノヴァク, Anna Maria, новак нова => Q1",
            "kovak, tovak, povak, sovak, rovak, lovak, ოვაკ => Q2",
        )
        wheel.writestr("rigour/data/names/persons.txt", "\n".join(lines))
    with pytest.raises(OSError, match="NETransliteration"):
        read_spellings(recipe.person_of)
    (home / "pairs").mkdir()
    for name, text in files.items():
        content = gzip.compress(text.encode()) if zipped else text.encode()
        (home / "pairs" / name).write_bytes(content)
    found = read_spellings(recipe.person_of)
    assert dict(found.words["Hebrew"]) == {"novak": {"נובאק": 5, "נובק": 2}}
    assert dict(found.words["Cyrillic"]) == {"novak": {"новак": 1}}
    assert found.people["Hebrew"] == {"iga swiatek": "איגה שוויונטק"}
    # The order must be the same in each process, because random draws depend on it.
    assert [*found.words["Georgian"]] == sorted(
        "kovak tovak povak sovak rovak lovak".split()
    )


def test_latin_words_map_to_most_frequent_foreign_word():
    words = {
        "Han": {
            "novak": {"诺瓦克": 3, "诺·瓦克": 9},
            "nowak": {"诺瓦克": 3},
            "rare": {"稀": 9},
        },
        "Cyrillic": {
            "novak": {"новак": 5, "новакь": 1},
            "nowak": {"новак": 9, "нувак": 1},
        },
    }
    found = latin_words(words, set(), min_scripts=2)
    assert found == "\nnovak\tновакь\nnowak\tновак\tнувак\t诺瓦克"
    found = latin_words(words, {"нувак"}, min_scripts=2)
    assert found == "\tнувак\nnovak\tновакь\nnowak\tновак\t诺瓦克"
    words = {"Cyrillic": {"kozak": {"козак": 1}}, "Hangul": {"kozak": {"코작": 1}}}
    for n_locals, n_foreigners, expected in (
        (2, 0, {"анна", "козак"}),
        (1, 0, {"анна"}),
        (4, 15, {"анна", "козак"}),
        (4, 17, {"анна"}),
        (0, 2, {"анна"}),
    ):
        polish = [f"kozak p{k}" for k in range(n_foreigners)]
        polish += ["x y"] * (20 - n_foreigners)
        ukrainian = [f"kozak u{k}" for k in range(n_locals)]
        ukrainian += ["x y"] * (20 - n_locals)
        persons = {"Polish": polish, "Ukrainian": ukrainian}
        assert local_words(words, persons, ["Анна 金"]) == expected
