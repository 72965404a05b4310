"""The reader of the biographies: what it takes from the wheel, and makes of titles."""

import os
import pickle
import zipfile
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from sknames import spelling_groups
from sknames.datasets import load_names
from tools.retrain import biographies
from tools.retrain.biographies import read_biographies
from tools.retrain.tables import read_table

WHEEL = "name2nat-0.5.1-py3-none-any.whl"
COMMAND = "pip download --no-deps name2nat==0.5.1"
DESCRIPTION = Path(biographies.__file__).with_suffix(".rst")

SMALL = {
    "Aristotle": ["Greek"],
    "Adam Smith": ["British", "American", "English"],
    "Rafael Nadal": ["Australian"],
    "Mohamed Ali": ["Tunisian", "Egyptian"],
    "Anna Kern": ["German", "Hungarian"],
    "Anna Kérn": ["Austrian"],
    "ANNA Kern": ["German"],
    "Vagn Holmboe": ["Finn"],
}
SMALL_MAPPED = [
    ("Aristotle", "Greek"),
    ("Adam Smith", "English"),
    ("Mohamed Ali", "Arabic"),
    ("Anna Kérn", "German"),
    ("ANNA Kern", "German"),
]


@pytest.fixture
def put(home, monkeypatch):
    """Put a wheel like name2nat's with these names into the folder, and make it the expected."""

    def put(names):
        with zipfile.ZipFile(home / WHEEL, "w") as archive:
            archive.writestr("name2nat/__init__.py", "raise SystemExit\n")
            archive.writestr("name2nat/name2nats.pkl", pickle.dumps(names))
        digest = sha256((home / WHEEL).read_bytes()).hexdigest()
        monkeypatch.setattr(biographies, "_SHA256", digest)

    return put


def rows(*args, **options):
    return list(zip(*read_biographies(*args, **options), strict=True))


def test_read_biographies_gives_names_and_nationalities(put, home):
    put(SMALL)
    assert rows() == rows(home / WHEEL) == rows(str(home / WHEEL)) == SMALL_MAPPED
    assert rows(raw=True) == [(name, label) for name, labels in SMALL.items() for label in labels]
    countries = {"Aristotle": "GR", "Rafael Nadal": "AU", "Anna Kérn": "AT", "ANNA Kern": "DE"}
    assert dict(rows(column="alpha_2")) == countries
    for column in read_biographies():
        assert column.dtype == object and {type(item) for item in column} == {str}


def test_read_biographies_missing_wheel_names_the_command(home):
    for args in ((), (home / "my data" / WHEEL,)):
        with pytest.raises(OSError, match=f"not there. Get it with `{COMMAND}`"):
            read_biographies(*args)


def test_read_biographies_other_wheel_is_rejected_before_it_is_read(home, monkeypatch):
    (home / WHEEL).write_bytes(b"PK")
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(ValueError, match=f"with SHA-256 cf6c45.* is {sha256(b'PK').hexdigest()}.*"):
        read_biographies()


@pytest.mark.parametrize(
    "labels, nationality",
    [
        (["American"], None),
        (["Turk"], None),
        (["Pole", "Dane", "Finn"], None),
        (["Welsh"], "English"),
        (["Catalan", "Chilean"], "Spanish"),
        (["Brazilian", "Portuguese"], "Portuguese"),
        (["Burundian"], "Rwandan"),
        (["Tamil"], None),
        (["Montenegrin", "Serb"], "Serbian"),
        (["American", "Irish"], "Irish"),
        (["English", "Irish"], None),
        (["Swazi", "Russian", "Ukrainian"], None),
    ],
)
def test_read_biographies_demonyms_map_to_one_nationality_or_none(put, labels, nationality):
    put({"Some One": labels, "Aristotle": ["Greek"]})
    expected = [("Some One", nationality)] if nationality else []
    assert rows() == [*expected, ("Aristotle", "Greek")]


TITLES = {
    "Jean-Luc Bézoky": "Jean-Luc Bézoky",
    "Marcel·lí Antúnez": "Marcel·lí Antúnez",
    "J. R. R. Tolkien": "J. R. R. Tolkien",
    "Anna Kern (footballer)": "Anna Kern",
    "Willem Gerrit Dedel (1726": "Willem Gerrit Dedel",
    "Geronimo Cristobal, Jr.": "Geronimo Cristobal",
    "Christian Bjelland IV": "Christian Bjelland",
    "Uberto Dell’Orto": "Uberto Dell'Orto",
    "Isabella Clarke–Keer": "Isabella Clarke-Keer",
    "... More": "More",
    "Yi": "Yi",
    "William Noble, 1st Baron Kirkley": "",
    "Buck 65": "",
    "Mono/Poly": "",
    "Andrѐy Sinitsyn": "",  # the second e is Cyrillic
    "Alexander the Great": "",
    "Hasan and Ibrahim": "",
    "Princess Dina": "",
    "DJ Kern": "",
    "DMX": "",
    "É": "",
    "(footballer)": "",
    "": "",
    "Anna" * 15: "Anna" * 15,
    "Anna" * 15 + "s": "",
}


def test_read_biographies_titles_of_articles_become_names(put):
    put({title: ["Irish"] for title in TITLES})
    found = [name for name, _ in rows()]
    # "Anna Kern" and others are what several titles become, in the order of the first.
    assert found == list(dict.fromkeys(name for name in TITLES.values() if name))


def test_demonyms_are_sorted_and_each_has_a_nationality_or_a_reason():
    table = read_table("demonyms.csv")
    names = [row["demonym"] for row in table]
    assert names == sorted(set(names)) and len(names) == 176
    known = {row["nationality"] for row in table} | set(load_names().target_names)
    for row in table:
        assert [*row] == ["demonym", "alpha_2", "nationality", "reason"]
        assert row["nationality"] or row["reason"], row
        if row["reason"] == "no such nationality here":
            assert row["demonym"] not in known


@pytest.mark.skipif(
    not Path(os.environ.get("SKNAMES_DATA", ""), WHEEL).is_file(),
    reason=f"needs {WHEEL} (`{COMMAND}`) in SKNAMES_DATA",
)
def test_description_of_biographies_counts_the_wheel():
    names, nationalities = read_biographies()
    nationality = dict(zip(names, nationalities, strict=True))
    assert len(nationality) == len(names)
    assert nationality["Akira Kurosawa"] == "Japanese"
    assert nationality["Pablo Picasso"] == "French"  # a known fault
    for name in names:
        assert name == " ".join(name.split()) and 2 <= len(name) <= 60
        assert not any(c.isdigit() or c in '(),:;&"' for c in name), name

    raw, table = read_biographies(raw=True), read_table("demonyms.csv")
    assert {*raw[1]} == {row["demonym"] for row in table}
    by_country, countries = read_biographies(column="alpha_2")
    counts = Counter(nationalities)
    text = " ".join(DESCRIPTION.read_text(encoding="utf-8").split())
    for fact in (
        f"{len(names):,}, all distinct; {len({*spelling_groups(names)}):,} in plain ASCII letters",
        f"{len(counts)}, with {min(counts.values())} to {max(counts.values()):,} names each",
        f"{len(raw[0]):,} rows of {len({*raw[0]}):,} names and {len(table)} demonyms",
        ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())),
        f"Mapped: {sum(bool(row['nationality']) for row in table)} of the demonyms",
        f"{len(by_country):,} names of {len({*countries})} countries",
    ):
        assert fact in text, fact
