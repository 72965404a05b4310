"""People in other scripts for the shipped model: spelled by rules, and read from dictionaries."""

import io
import tarfile

import numpy as np
import pytest

from tools.retrain import dictionaries, recipe
from tools.retrain.other_scripts import LOCALS, WEIGHTS, spell, to_hangul, to_sounds


@pytest.mark.parametrize(
    "name, nationality, script, expected",
    [
        ("Emmanuel Macron", "French", "Greek", {"εμανιέλ μακρόν", "εμανυέλ μακρόν"}),
        ("William Shaw", "English", "Georgian", {"უილიამ შო", "ვილიამ შო"}),
        ("Lech Wałęsa", "Polish", "Armenian", {"լեխ վալենսա"}),
        ("Müller", "German", "Hebrew", {"מילר"}),
        ("Novak Đoković", "Serbian", "Cyrillic", {"новак ђоковић"}),
        (
            "Volodymyr Zelenskyy",
            "Ukrainian",
            "Cyrillic",
            {"володимир зеленський", "володимир зеленскийй", "володимир зеленский"},
        ),
        ("Xi Jinping", "Chinese", "Cyrillic", {"си цзиньпин", "си цзинпин"}),
        ("Shinzo Abe", "Japanese", "Cyrillic", {"синдзо абэ", "синзо абэ"}),
        ("Kim Min-seo", "Korean", "Hangul", {"킴 민-서"}),
        ("Giuseppe Conte", "Italian", "Arabic", {"جوسيبي كونتي", "جوسيب كونت"}),
    ],
)
def test_spell_follows_the_sounds_of_the_language(name, nationality, script, expected):
    drawn = {spell(name, nationality, script, np.random.RandomState(k)) for k in range(60)}
    assert drawn & expected, drawn


def test_spell_knows_all_letters_of_all_nationalities():
    rng = np.random.RandomState(0)
    names = recipe.load_names(return_X_y=True)
    rows = rng.permutation(len(names[0]))[:2_000]
    scripts = [script for script in WEIGHTS if script not in ("Devanagari", "Thai")]
    for name, nationality in zip(names[0][rows], names[1][rows], strict=True):
        for script in scripts:
            spelled = spell(name, nationality, script, rng)
            assert not any(c.isascii() and c.isalpha() for c in spelled), (name, script, spelled)


def test_spell_with_icu_has_no_letter_of_another_script():
    pytest.importorskip("icu")
    rng = np.random.RandomState(0)
    assert spell("Narendra Modi", "Indian", "Devanagari", rng) == "नारेंड्रा मोडि"
    assert spell("Anna", "Italian", "Thai", rng) == "อะนะ"


def test_sounds_and_hangul_of_plain_syllables():
    assert to_sounds("José García", "Spanish", "Greek") == "khose garsia"
    assert to_sounds("Schäuble", "German", "Greek") == "shoible"
    assert to_hangul("shmit tanaka") == "쉬미트 타나카"


def test_locals_write_a_script_that_is_spelled():
    assert {spelling.split()[0] for spelling in LOCALS.values()} <= WEIGHTS.keys()


def archive(files):
    """A tar archive of texts, as bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_read_japanese_takes_people_in_kanji_and_words_in_katakana(tmp_path):
    text = """木村洋 [きむらひろし] /(h) Kimura Hiroshi/
東京 [とうきょう] /(p) Tokyo/
マクロン /(s) Macron/
エマニュエル /(m) Emmanuel/
エマヌエル /(m,s) Emmanuel/
ヘンリー・キャヴェンディッシュ /(h) Henry Cavendish/
"""
    data = archive({"./usr/share/edict/enamdict": text.encode("euc_jp")})
    header = f"{'data.tar.gz':<16}{'0':<12}{'0':<6}{'0':<6}{'100644':<8}{len(data):<10}`\n".encode()
    path = tmp_path / "enamdict_1_all.deb"
    path.write_bytes(b"!<arch>\n" + header + data)
    people, katakana = dictionaries.read_japanese(path)
    assert people == ["木村洋"]
    assert katakana["emmanuel"] == ["エマニュエル", "エマヌエル"]
    assert katakana["cavendish"] == ["キャヴェンディッシュ"] and "tokyo" not in katakana


def test_read_chinese_takes_names_with_a_common_surname(tmp_path):
    text = "王伟 3 nr\n王者归来 3 nr\n一梦 3 nr\n欧阳修 9 nr\n李白 8 n\n"
    path = tmp_path / "jieba-1.tar.gz"
    path.write_bytes(archive({"jieba-1/jieba/dict.txt": text.encode()}))
    assert dictionaries.read_chinese(path) == ["王伟", "欧阳修"]


def test_missing_dictionary_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("SKNAMES_DATA", str(tmp_path))
    with pytest.raises(OSError, match="apt-get download enamdict"):
        dictionaries.read_japanese()


def test_in_other_scripts_takes_shares_and_whole_katakana(monkeypatch):
    monkeypatch.setattr(recipe, "OWN_SCRIPT", 1)
    monkeypatch.setattr(recipe, "OTHER_SCRIPT", 0)
    katakana = {"ivan": ["イヴァン"], "petrov": ["ペトロフ"]}
    rng, people = np.random.RandomState(0), ["Ivan Petrov", "Ivan Sidorov"]
    found = recipe.in_other_scripts(people, "Bulgarian", ([], katakana, []), rng)
    assert found == ["иван петров", "иван сидоров", "イヴァン・ペトロフ"]
    pytest.importorskip("opencc")
    chinese = recipe.in_other_scripts([], "Chinese", (["木村洋"], {}, ["刘伟"] * 4), rng)
    assert sorted(chinese) == ["刘伟", "刘伟", "劉偉", "劉偉"]
