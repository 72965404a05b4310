import csv
import gzip
import io
import os
import tarfile
import zipfile
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from anyascii import anyascii
from sklearn.utils import Bunch

from sknames.datasets import fetch_chess_players, load_names

COMMAND = "apt-get download scid-spell-data"
HEAD = """\
# A file of this form, made up.
@SITE ".,"
Kern, Otto #GM GER [2500] 1900
@PLAYER "., -_*"
### START OF PLAYER SECTION
"""
TAIL = """
### END OF PLAYER SECTION
@EVENT ",. -"
%Prefix "01. " "1. "
Kern, Paul #GM GER [2500] 1900
"""
PLAYERS = """\
Kern, Anna #WGM GER [2400] 1950.02.03 w
   = Kern, A
=Kern, B
%Bio FIDEID 1234567
\t%Bio TITLE
Kern, Anna2 #-  GER [1400] 2001 wi
van der Poel, Jan, Prof. Dr. #im+cgm URS/NED/USA [2402*] ????--1950.??.??

Novak, Josef #-   CSR [....] 1901.??.??--????
Muster, Hans #cim AUT [....] ????
Muster, Max #-   AUT/HUN [2000] 1950
Ravi Shan Mehta #-  IND [1447] 0000 i
Mehta, R #-  IND [1500] 1990
Smith, John #FM USA [2300] 1970
Nobody, Ann #-  QQQ [1900] 1980
"""
NAN = float("nan")
SMALL = [
    ("Anna Kern", "German", "WGM", 2400, 1950),
    ("Anna Kern", "German", "", 1400, 2001),
    ("Jan van der Poel", "Dutch", "im+cgm", 2402, NAN),
    ("Hans Muster", "German", "cim", NAN, NAN),
    ("Ravi Shan Mehta", "Indian", "", 1447, NAN),
]


def file_of(players=PLAYERS):
    return (HEAD + players + TAIL).encode()


def zip_of(content, name="Player Data/spelling.ssp"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", "not the file")
        archive.writestr(name, content)
    return buffer.getvalue()


def tar_of(content, mode="w:xz", name="./usr/share/scid/data/spelling.ssp"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for path, data in (("./usr/share/doc/copyright", b"GPL"), (name, content)):
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def deb_of(data, name="data.tar.xz"):
    """A Debian package with these bytes as its files."""
    content = b"!<arch>\n"
    # the first has an odd size, so that a byte is filled in behind it
    for member, its in (("debian-binary", b"2.0"), ("control.tar.gz", b""), (name, data)):
        content += f"{member:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(its):<10}`\n".encode()
        content += its + b"\n" * (len(its) % 2)
    return content


FORMS = {
    "spelling.ssp": file_of(),
    "spelling.ssp.gz": gzip.compress(file_of()),
    "spelling.zip": zip_of(file_of()),
    "scid-spell-data_1_all.deb": deb_of(tar_of(file_of())),
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder of data, also that of SKNAMES_DATA."""
    monkeypatch.setenv("SKNAMES_DATA", str(tmp_path))
    return tmp_path


def rows(players):
    columns = "data", "target", "title", "rating", "birth_year"
    return list(zip(*(players[column] for column in columns), strict=True))


def mapped(home, players):
    (home / "spelling.ssp").write_bytes(file_of(players))
    return [row[:2] for row in rows(fetch_chess_players())]


def read(name):
    text = files("sknames.datasets").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def federations():
    return read("federations.csv")


def elsewhere():
    """The nationalities of the other sources."""
    return {row["nationality"] for row in read("demonyms.csv")} | set(load_names().target_names)


@pytest.mark.parametrize("name", FORMS)
def test_bunch(home, name):
    (home / name).write_bytes(FORMS[name])
    players = fetch_chess_players()
    assert isinstance(players, Bunch)
    assert set(players) == {
        *("data", "target", "frame", "target_names", "groups", "DESCR"),
        *("title", "rating", "birth_year"),
    }
    for found, expected in zip(rows(players), SMALL, strict=True):
        assert found[:3] == expected[:3]
        np.testing.assert_array_equal(found[3:], expected[3:])
    for column in (players.data, players.target, players.title):
        assert column.dtype == object and {type(item) for item in column} == {str}
    assert players.rating.dtype == players.birth_year.dtype == np.float64
    assert players.target_names.tolist() == ["Dutch", "German", "Indian"]
    assert players.groups[0] == players.groups[1] and len(set(players.groups)) == 4
    assert players.frame is None and "real persons" in players.DESCR
    # nothing was unpacked or written
    assert [path.name for path in home.iterdir()] == [name]
    assert (home / name).read_bytes() == FORMS[name]


def test_raw(home):
    (home / "spelling.ssp").write_bytes(file_of())
    raw = fetch_chess_players(raw=True)
    entries = [line.split("#") for line in PLAYERS.splitlines() if "#" in line]
    assert raw.data.tolist() == [entry.strip() for entry, _ in entries]
    assert raw.target.tolist() == [rest.split()[1] for _, rest in entries]
    assert (raw.data[2], raw.target[2], raw.title[2], raw.rating[2]) == (
        "van der Poel, Jan, Prof. Dr.",
        "URS/NED/USA",
        "im+cgm",
        2402,
    )
    assert raw.birth_year[3] == 1901 and np.isnan(raw.rating[3])


def test_return_X_y_and_as_frame(home):
    pytest.importorskip("pandas")
    (home / "spelling.ssp").write_bytes(file_of())
    plain = fetch_chess_players()
    X, y = fetch_chess_players(return_X_y=True)
    np.testing.assert_array_equal(X, plain.data)
    np.testing.assert_array_equal(y, plain.target)
    players = fetch_chess_players(as_frame=True)
    assert list(players.frame.columns) == ["name", "nationality"]
    assert (players.data.name, players.target.name) == ("name", "nationality")


def test_where_the_file_is_looked_for(home, tmp_path, monkeypatch):
    """The forms in their order, and of one form the last release."""
    names = (
        "scid-spell-data_1_all.deb spelling.zip spelling.ssp.gz spelling0420.ssp spelling0421.ssp"
    )
    pack = {".deb": lambda content: deb_of(tar_of(content)), ".zip": zip_of, ".gz": gzip.compress}
    for k, name in enumerate(names.split()):
        content = file_of(f"Kern, Anna{k} #-  GER [{1000 + k}] 1950\n")
        (home / name).write_bytes(pack.get(Path(name).suffix, bytes)(content))
        assert fetch_chess_players().rating.tolist() == [1000 + k]
    for path in (home / "spelling0420.ssp", str(home / "spelling0420.ssp")):
        assert fetch_chess_players(path).rating.tolist() == [1003]
    monkeypatch.delenv("SKNAMES_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert fetch_chess_players("~/spelling.zip").rating.tolist() == [1001]
    (tmp_path / "sknames_data").mkdir()
    (home / "spelling.zip").replace(tmp_path / "sknames_data" / "spelling.zip")
    assert fetch_chess_players().rating.tolist() == [1001]
    assert fetch_chess_players(data_home="~/sknames_data").rating.tolist() == [1001]


def test_missing(home):
    for arguments, path in [
        ({}, home / "spelling.ssp"),
        ({"data_home": home / "my data"}, home / "my data" / "spelling.ssp"),
        ({"path": home / "a.ssp"}, home / "a.ssp"),
        ({"path": home}, home),
    ]:
        with pytest.raises(OSError, match="is not at") as caught:
            fetch_chess_players(**arguments)
        assert f"not at {path}." in str(caught.value) and COMMAND in str(caught.value)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("mode, end", [("w", ""), ("w:gz", ".gz"), ("w:bz2", ".bz2")])
def test_other_packages(home, mode, end):
    (home / "a.deb").write_bytes(deb_of(tar_of(file_of(), mode), f"data.tar{end}"))
    assert len(fetch_chess_players(home / "a.deb").data) == len(SMALL)


@pytest.mark.parametrize(
    "content, message",
    [
        pytest.param(b"", "0 of 0 lines", id="empty"),
        pytest.param(b"Kern, Anna #GM GER [1] 1950\n", "0 of 0 lines", id="no section"),
        pytest.param(b"@PLAYER\nname,federation\nAnna,GER\n", "0 of 2 lines", id="other form"),
        pytest.param(
            b"@PLAYER\n" + b"Kern, Anna #GM GER\n" * 98 + b"Kern, Anna\n" * 2,
            "98 of 100",
            id="slips",
        ),
        pytest.param(zip_of(b"", "ratings.ssp"), "one spelling.*, but holds none", id="not in zip"),
        pytest.param(b"PK\x03\x04, or not", "not a zip", id="no zip"),
        pytest.param(gzip.compress(file_of())[:-9], "cannot be read", id="cut gzip"),
        pytest.param(deb_of(tar_of(file_of()))[:-150], "cannot be read", id="cut package"),
        pytest.param(
            deb_of(tar_of(file_of(), name="a.ssp")), "but holds none", id="not in package"
        ),
        pytest.param(deb_of(b"", "other"), "no data.tar", id="no data"),
        pytest.param(b"!<arch>\njunk", "cannot be read", id="no package"),
        pytest.param(
            deb_of(b"\x28\xb5\x2f\xfd\x00", "data.tar.zst"), "data.tar.zst.*dpkg-deb -x", id="zst"
        ),
    ],
)
def test_bad_file(home, content, message):
    (home / "spelling.ssp").write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        fetch_chess_players()
    assert str(home / "spelling.ssp") in str(caught.value) and COMMAND in str(caught.value)
    # Beside it, what is got would not be looked for.
    assert str(caught.value).endswith("Put what you get in its place, or pass its path as `path`.")


def test_what_the_system_refuses_is_no_fault_of_the_file(home, monkeypatch):
    (home / "spelling.ssp").write_bytes(file_of())

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(PermissionError, match=r"Permission denied: .*spelling\.ssp"):
        fetch_chess_players()


def test_a_slip_in_a_hundred_lines_is_skipped(home):
    players = "Kern, Anna #GM GER\n" * 99 + "Kern, Anna\n"
    assert mapped(home, players) == [("Anna Kern", "German")] * 99


def test_no_player_of_a_nationality(home):
    (home / "spelling.ssp").write_bytes(b"@PLAYER\nKern, Anna #GM XXX\n")
    with pytest.raises(ValueError, match="at least one player of a federation that stands for"):
        fetch_chess_players()
    assert fetch_chess_players(raw=True).target.tolist() == ["XXX"]


def test_two_files_in_a_zip(home):
    with zipfile.ZipFile(home / "spelling.zip", "w") as archive:
        archive.writestr("spelling.ssp", file_of())
        archive.writestr("old/spelling.ssp", file_of())
    with pytest.raises(ValueError, match="holds spelling.ssp, old/spelling.ssp"):
        fetch_chess_players()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_encodings(home, encoding):
    content = "@PLAYER\r\nMüller, Zoë #-  GER [1900] 1980\r\n".encode(encoding)
    (home / "spelling.ssp").write_bytes(content)
    assert fetch_chess_players().data.tolist() == ["Zoë Müller"]


@pytest.mark.parametrize(
    "codes, nationality",
    [
        ("GER", "German"),
        ("AUT", "German"),
        ("WLS", "English"),
        ("EGY", "Arabic"),
        ("PER", "Spanish"),
        ("BRA", "Portuguese"),
        ("KOS", "Albanian"),
        ("MYA", "Burmese"),
        ("BIH", "Bosnian"),
        ("URS/UKR", "Ukrainian"),
        ("AUT/GER/USA", "German"),
        ("USA", None),
        ("ISR", None),
        ("FID", None),
        ("XXX", None),
        ("QQQ", None),
        ("URS/ISR", None),
        ("AUT/HUN", None),
        ("RUS/UKR", None),
    ],
)
def test_mapping(home, codes, nationality):
    found = mapped(home, f"One, Some #- {codes} [1900] 1980\nKern, Anna #-  GER [1900] 1980\n")
    expected = [("Some One", nationality)] if nationality else []
    assert found == [*expected, ("Anna Kern", "German")]


@pytest.mark.parametrize(
    "entry, name",
    [
        ("van de Velde, Jan Piet", "Jan Piet van de Velde"),
        ("Smith-Jones, Mary-Ann", "Mary-Ann Smith-Jones"),
        ("Nunes, Jose Da", "Jose Da Nunes"),
        ("Kern,Anna", "Anna Kern"),
        ("Mu\u0308ller, Zoe\u0308", "Zoë Müller"),
        ("Kern, Anna12", "Anna Kern"),
        ("Kern, Anna (ann)", "Anna Kern"),
        ("Kern, Anna(1971", "Anna Kern"),
        ("Kern, Anna, Prof. Dr.", "Anna Kern"),
        ("Kern, Anna Dr", "Anna Kern"),
        ("Kern Jr., Otto", "Otto Kern"),
        ("Kern, Otto III", "Otto Kern"),
        ("Kern, Otto inactive", "Otto Kern"),
        ("Kern, Otto M. J.", "Otto Kern"),
        ("Kern, A M Otto", "Otto Kern"),
        ("Kern, M.otto", "otto Kern"),
        ("Rosa, Ana Costa e", "Ana Costa e Rosa"),
        ("Prado, Ana Corzo y", "Ana Corzo y Prado"),
        ("Kern-, Anna(x)Eva", "Anna Eva Kern"),
        ("D`isidoro, Nicolo`", "Nicolo D'isidoro"),
        ("Nicolo', Ana", "Ana Nicolo"),
        ("Asha Vivek Rao S N", "Asha Vivek Rao"),
        ("Asha Rao WB", "Asha Rao"),
        ("Asha Rao m", "Asha Rao"),
        ("ASHA RAO S", "Asha Rao"),
        ("asha rao", "Asha Rao"),
        ("KERN, ANNA", "Anna Kern"),
        ("Kern, A", ""),
        ("Kern, A.B.", ""),
        ("A, Anna", ""),
        ("A.b., Anna", ""),
        ("A, Anna Eva", ""),
        ("Kern, (Anna)", ""),
        ("Asha S N", ""),
        ("Asha", ""),
        ("Kern,", ""),
        (", Anna", ""),
        ("Kern, Anna/Otto", ""),
        ("Kern, " + "Anna" * 13 + "ann", "Anna" * 13 + "ann Kern"),  # 60 characters
        ("Kern, " + "Anna" * 14, ""),
    ],
)
def test_mending(home, entry, name):
    found = mapped(home, f"{entry} #-  GER [1900] 1980\nMuster, Max #-  AUT [1900] 1980\n")
    assert found == [(name, "German")] * bool(name) + [("Max Muster", "German")]


def test_federations_are_in_order():
    table = federations()
    codes = [row["federation"] for row in table]
    assert codes == sorted(set(codes)) and len(codes) == 211
    for row in table:
        assert set(row) == {"federation", "country", "nationality", "reason"}
        assert all(value == value.strip() for value in row.values())
        assert row["nationality"] or row["reason"], row


def test_nationalities_have_the_same_name_in_all_sources():
    """A new one that is written in two ways would be two."""
    only_players = {row["nationality"] for row in federations()} - elsewhere()
    assert only_players == {"Turkmen", "Zimbabwean"}


def real_file():
    folder = Path(os.environ.get("SKNAMES_DATA", "."))
    return folder / "scid-spell-data_202104-1_all.deb"


needs_file = pytest.mark.skipif(
    not real_file().is_file(), reason=f"needs {real_file().name} (`{COMMAND}`) in SKNAMES_DATA"
)


@pytest.fixture(scope="module")
def real_players():
    return fetch_chess_players(real_file())


@needs_file
def test_known_players(real_players):
    players = real_players
    found = set(zip(players.data, players.target, players.birth_year, strict=True))
    assert ("Magnus Carlsen", "Norwegian", 1990) in found
    assert ("Judit Polgar", "Hungarian", 1976) in found
    for name in players.data:
        assert name == " ".join(name.split()) and 2 <= len(name) <= 60 and " " in name
        assert not any(c.isdigit() or c in '(),.:;&"`' for c in name), name
    known = players.birth_year[~np.isnan(players.birth_year)]
    assert known.min() > 1300 and known.max() < 2021
    ratings = players.rating[~np.isnan(players.rating)]
    assert ratings.min() >= 1000 and ratings.max() < 2900


@needs_file
def test_description_counts_what_is_there(real_players):
    players, raw = real_players, fetch_chess_players(real_file(), raw=True)
    table = {row["federation"]: row["nationality"] for row in federations()}
    players_of = Counter(code for codes in raw.target for code in codes.split("/"))
    assert set(players_of) == set(table)
    nationalities = [{table[code] for code in codes.split("/")} - {""} for codes in raw.target]
    n_unmapped = sum(not several for several in nationalities)
    n_ambiguous = sum(len(several) > 1 for several in nationalities)
    counts = Counter(players.target)
    shared = {}
    for group, nationality in zip(players.groups, players.target, strict=True):
        shared.setdefault(group, set()).add(nationality)
    assert len(shared) == len({anyascii(name).casefold() for name in players.data})
    born = players.birth_year[~np.isnan(players.birth_year)]

    text = " ".join(players.DESCR.split())
    for fact in (
        f"{len(players.data):,} of as many players; {len(shared):,} distinct in plain ASCII",
        f"{len(counts)}, with {min(counts.values())} to {max(counts.values()):,} players each",
        f"of {len(born):,} players, {(born < 1950).sum():,} of them before 1950",
        f"{len(raw.data):,} players of {len(table)} federations",
        ", ".join(f"{nationality} {count:,}" for nationality, count in sorted(counts.items())),
        f"{sum(',' not in name for name in raw.data):,} entries have no comma",
        f"Mapped: {sum(map(bool, table.values()))} of the federations",
        f"{n_unmapped:,} players with none but the other {sum(not n for n in table.values())} fed",
        f"The United States ({players_of['USA']:,}), Argentina ({players_of['ARG']:,}), Belgium "
        f"({players_of['BEL']:,}), Switzerland ({players_of['SUI']:,}), Israel "
        f"({players_of['ISR']:,}), Australia ({players_of['AUS']:,}), Canada "
        f"({players_of['CAN']:,}) and South Africa ({players_of['RSA']:,})",
        f"{n_ambiguous} players whose federations amount to more",
        f"{len(raw.data) - n_unmapped - n_ambiguous - len(players.data):,} players of whom no",
        f"{(born >= 1950).mean():.0%}".replace("%", " %") + " of those whose year of birth",
        f"{sum(len(several) > 1 for several in shared.values()):,} names, in plain ASCII letters",
    ):
        assert fact in text, fact
    few = sorted(nationality for nationality, count in counts.items() if count < 300)
    assert f"{', '.join(few[:-1])} and {few[-1]} have fewer than 300 each" in text
    *others, last = sorted(elsewhere() - {"", *counts})
    assert f"no {', '.join(others)} or {last} name that is known" in text
    summary = f"{len(players.data):,} full names of amateurs and masters, of {len(counts)} nat"
    assert summary in fetch_chess_players.__doc__
