"""Sources of names in their own scripts, patronymics, and letters of scripts without rules."""

import sqlite3
import unicodedata
import zipfile

import numpy as np
import pytest

from tools.retrain import blocks, recipe
from tools.retrain.arabic_names import (
    as_locals_write,
    normalized,
    read_arabic_names,
    written_words,
)
from tools.retrain.other_scripts import own_script, spell
from tools.retrain.patronymics import is_female, with_patronymic
from tools.retrain.spellings import Spellings
from tools.retrain.tables import read_table


def write_arabic_names(folder, rows):
    """Write a wheel of arabic-name-romanizer with these (arabic, latin, country)."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE full_names (arabic_key, latin, country, count, source)")
    connection.executemany("INSERT INTO full_names VALUES (?, ?, ?, 1, 'wikidata')", rows)
    connection.commit()
    path = folder / "arabic_name_romanizer-0.2.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        member = "arabic_name_romanizer/resources/names.sqlite3"
        wheel.writestr(member, connection.serialize())
    connection.close()
    return path


def test_read_arabic_names_gives_each_person_once_with_a_country(tmp_path):
    rows = [("علي حسن", "Ali Hassan", "EG"), ("بيروز", "Pirouz", "IR"), ("سمير", "Samir", "")]
    path = write_arabic_names(tmp_path, [*rows, rows[0]])
    assert sorted(read_arabic_names(path)) == sorted(rows[:2])


def test_read_arabic_names_missing_names_the_command(tmp_path):
    with pytest.raises(OSError, match=r"pip download --no-deps arabic-name-romanizer==0\.2\.0"):
        read_arabic_names(tmp_path / "missing.whl")


@pytest.mark.parametrize(
    "name, expected", [("أُسامة إيمان", "اسامه ايمان"), ("موسى", "موسي"), ("کریمی", "كريمي")]
)
def test_normalized_writes_fewer_letters(name, expected):
    assert normalized(unicodedata.normalize("NFC", name)) == expected


@pytest.mark.parametrize(
    "country, expected", [("EG", "أسامة كريمي"), ("IR", "اسامه کریمی"), ("PK", "اسامہ کریمی")]
)
def test_as_locals_write_undoes_it_by_country(country, expected):
    # Of two ways to write a word, the more frequent one counts.
    written = written_words({"أسامة": 3, "اسامة": 2, "اسامه": 1})
    assert as_locals_write("اسامه كريمي", country, written) == expected


def test_people_in_arabic_leaves_out_those_apart_and_their_namesakes(monkeypatch):
    apart = next(p for k in range(99) if recipe.is_apart_in_arabic(p := f"ali n{'o' * k}"))
    learned = next(p for k in range(99) if not recipe.is_apart_in_arabic(p := f"ali m{'o' * k}"))
    rows = [("علي نور", apart, "EG"), ("علي نور", learned, "EG"), ("علي مراد", learned, "IR")]
    monkeypatch.setattr(recipe, "read_arabic_names", lambda: rows)
    lists = recipe.load_names(script="native")
    labels = {"EG": "Arabic", "IR": "Persian"}
    found = recipe.people_in_arabic(Spellings(), lists, labels)
    assert found == {"Persian": [("علی مراد", "علي مراد")]}
    assert recipe.latin_of_arabic(labels) == {"Arabic": [apart, learned], "Persian": [learned]}


def test_kept_apart_is_one_in_so_many_people():
    people = [f"person {k}" for k in range(20_000)]
    n_apart = sum(map(recipe.is_kept_apart, people))
    assert abs(n_apart - 20_000 / recipe.ONE_APART) < 5 * (20_000 / recipe.ONE_APART) ** 0.5
    n_apart = sum(map(recipe.is_apart_in_arabic, people))
    expected = 20_000 * (1 / recipe.ONE_APART_IN_ARABIC + 1 / recipe.ONE_APART)
    assert abs(n_apart - expected) < 5 * expected**0.5


# ---- Patronymics


@pytest.mark.parametrize(
    "name, nationality, script, some",
    [
        ("Ігор Попов", "Ukrainian", "Cyrillic", {"Попов Ігор Тарасович", "Ігор Тарасович Попов"}),
        ("Ольга Шевченко", "Ukrainian", "Cyrillic", {"Шевченко Ольга Сергіївна"}),
        ("İlham Abdullayev", "Azerbaijani", "Latin", {"Abdullayev İlham Heydər oğlu"}),
        ("Nigora Karimova", "Uzbek", "Latin", {"Karimova Nigora Rustam qizi"}),
        ("Ilya Petrov", "Russian", "Latin", {"Petrov Ilya Ivanovich"}),
    ],
)
def test_with_patronymic_follows_registers_and_sex(name, nationality, script, some):
    rng = np.random.RandomState(0)
    drawn = {with_patronymic(name, nationality, script, rng) for _ in range(3_000)}
    assert some <= drawn
    female = is_female(*name.split())
    endings = ("ович", "ovich", "oğlu", "o'g'li") if female else ("вна", "vna", "qızı", "qizi")
    assert not any(word.endswith(endings) for found in drawn for word in found.split())


@pytest.mark.parametrize(
    "name, nationality", [("Anna Schmidt", "German"), ("Ivan", "Russian"), ("I van P", "Russian")]
)
def test_with_patronymic_without_a_rule_is_none(name, nationality):
    assert with_patronymic(name, nationality, "Latin", np.random.RandomState(0)) is None


def test_patronymics_with_order_zero_keep_the_surname_last():
    rng = np.random.RandomState(0)
    drawn = {with_patronymic("Иван Стоянов", "Bulgarian", "Cyrillic", rng) for _ in range(200)}
    assert all(name.startswith("Иван ") and name.endswith(" Стоянов") for name in drawn)


# ---- Letters


@pytest.mark.parametrize("script", blocks.BLOCKS)
def test_to_block_writes_letters_of_the_script_alone(script):
    rng = np.random.RandomState(0)
    names = ["Zaw Shwe", "Phoebe Quist", "Xi Jinping", "Božo Đukić", "Åse Ibanez"]
    for name in names:
        spelled = spell(name, "English", script, rng)
        words = spelled.split()
        assert len(words) == 2, (name, spelled)
        first, last = blocks.BLOCKS[script]
        assert all(first <= c <= last for word in words for c in word)
        assert unicodedata.category(words[0][0])[0] == "L"  # no sign without a letter


def test_to_block_draws_all_letters_of_a_sound():
    rng = np.random.RandomState(0)
    drawn = {blocks.to_block("na", "Burmese", rng)[0] for _ in range(200)}
    assert drawn == {"င", "ဉ", "ည", "ဏ", "န"} - {"ည"}


def test_words_in_scripts_are_of_their_scripts():
    spellings = Spellings()
    for row in read_table("words_in_scripts.csv"):
        for pair in row["words"].split():
            latin, word = pair.split("=")
            assert latin.isascii() and latin.islower() and word.strip() == word
            spellings.trust(latin, word, row["script"])
    assert {own_script(name) for name in ("Burmese", "Cambodian", "Tibetan")} < {*spellings.words}
    assert spellings.words["Burmese"]["san"] == {"စန်း": 1, "ဆန်း": 1}
