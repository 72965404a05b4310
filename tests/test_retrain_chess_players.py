"""The reader of the chess players: the forms of the file, and what becomes of its entries."""

import gzip
import io
import os
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sknames import spelling_groups
from sknames.datasets import load_names
from tools.retrain import chess_players
from tools.retrain.chess_players import read_chess_players
from tools.retrain.tables import read_table

COMMAND = "apt-get download scid-spell-data"
DESCRIPTION = Path(chess_players.__file__).with_suffix(".rst")
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
SMALL = [
    ("Anna Kern", "German", 1950),
    ("Anna Kern", "German", 2001),
    ("Jan van der Poel", "Dutch", None),
    ("Hans Muster", "German", None),
    ("Ravi Shan Mehta", "Indian", None),
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


def rows(*args):
    return [
        (name, nationality, None if np.isnan(year) else year)
        for name, nationality, year in zip(*read_chess_players(*args), strict=True)
    ]


def mapped(home, players):
    (home / "spelling.ssp").write_bytes(file_of(players))
    return [row[:2] for row in rows()]


@pytest.mark.parametrize("name", FORMS)
def test_read_chess_players_any_form_gives_the_same(home, name):
    (home / name).write_bytes(FORMS[name])
    assert rows() == rows(home / name) == SMALL
    assert [path.name for path in home.iterdir()] == [name]


def test_read_chess_players_missing_file_names_the_command(home):
    for args, path in (((), home / "spelling.ssp"), ((home / "a.ssp",), home / "a.ssp")):
        with pytest.raises(OSError, match=f"is not at {path}.*{COMMAND}"):
            read_chess_players(*args)


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
def test_read_chess_players_bad_file_is_rejected(home, content, message):
    (home / "spelling.ssp").write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_chess_players()
    assert str(home / "spelling.ssp") in str(caught.value) and COMMAND in str(caught.value)
    # Beside it, what is got would not be looked for.
    assert str(caught.value).endswith("Put what you get in its place, or pass its path as `path`.")


def test_read_chess_players_skips_one_slip_in_a_hundred_lines(home):
    players = "Kern, Anna #GM GER\n" * 99 + "Kern, Anna\n"
    assert mapped(home, players) == [("Anna Kern", "German")] * 99


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_read_chess_players_any_encoding_gives_the_same(home, encoding):
    content = "@PLAYER\r\nMüller, Zoë #-  GER [1900] 1980\r\n".encode(encoding)
    (home / "spelling.ssp").write_bytes(content)
    assert rows() == [("Zoë Müller", "German", 1980)]


@pytest.mark.parametrize(
    "codes, nationality",
    [
        ("PER", "Spanish"),
        ("KOS", "Albanian"),
        ("URS/UKR", "Ukrainian"),
        ("AUT/GER/USA", "German"),
        ("URS/ISR", None),
    ],
)
def test_read_chess_players_federations_map_to_one_nationality_or_none(home, codes, nationality):
    found = mapped(home, f"One, Some #- {codes} [1900] 1980\nKern, Anna #-  GER [1900] 1980\n")
    expected = [("Some One", nationality)] if nationality else []
    assert found == [*expected, ("Anna Kern", "German")]


ENTRIES = [
    ("van de Velde, Jan Piet", "Jan Piet van de Velde"),
    ("Kern,Anna", "Anna Kern"),
    ("Mu\u0308ller, Zoe\u0308", "Zoë Müller"),
    ("Kern, Anna12", "Anna Kern"),
    ("Kern, Anna(1971", "Anna Kern"),
    ("Kern, Anna, Prof. Dr.", "Anna Kern"),
    ("Kern Jr., Otto", "Otto Kern"),
    ("Kern, Otto M. J.", "Otto Kern"),
    ("Kern, A M Otto", "Otto Kern"),
    ("Kern, M.otto", "otto Kern"),
    ("Rosa, Ana Costa e", "Ana Costa e Rosa"),
    ("Prado, Ana Corzo y", "Ana Corzo y Prado"),
    ("Kern-, Anna(x)Eva", "Anna Eva Kern"),
    ("D`isidoro, Nicolo`", "Nicolo D'isidoro"),
    ("Nicolo', Ana", "Ana Nicolo"),
    ("Asha Vivek Rao S N", "Asha Vivek Rao"),
    ("Asha Rao m", "Asha Rao"),
    ("asha rao", "Asha Rao"),
    ("Kern, A", ""),
    ("A, Anna", ""),
    ("Kern, (Anna)", ""),
    ("Asha", ""),
    (", Anna", ""),
    ("Kern, Anna/Otto", ""),
    ("Kern, " + "Anna" * 13 + "ann", "Anna" * 13 + "ann Kern"),  # 60 characters
    ("Kern, " + "Anna" * 14, ""),
]


def test_read_chess_players_entries_become_full_names(home):
    players = "".join(f"{entry} #-  GER [1900] 1980\n" for entry, _ in ENTRIES)
    assert mapped(home, players) == [(name, "German") for _, name in ENTRIES if name]


def test_federations_are_sorted_and_each_has_a_nationality_or_a_reason():
    table = read_table("federations.csv")
    codes = [row["federation"] for row in table]
    assert codes == sorted(set(codes)) and len(codes) == 211
    for row in table:
        assert [*row] == ["federation", "country", "alpha_2", "nationality", "reason"]
        assert row["nationality"] or row["reason"], row
    # One that is written in two ways would be two.
    only_players = {row["nationality"] for row in table} - elsewhere()
    assert only_players == {"Turkmen", "Zimbabwean"}


def elsewhere():
    """The nationalities of the other sources."""
    return {row["nationality"] for row in read_table("demonyms.csv")} | {*load_names().target_names}


FILE = Path(os.environ.get("SKNAMES_DATA", "."), "scid-spell-data_202104-1_all.deb")


@pytest.mark.skipif(not FILE.is_file(), reason=f"needs {FILE.name} (`{COMMAND}`) in SKNAMES_DATA")
def test_description_of_chess_players_counts_the_file():
    names, nationalities, years = read_chess_players(FILE)
    found = {*zip(names, nationalities, years, strict=True)}
    assert ("Magnus Carlsen", "Norwegian", 1990) in found
    assert ("Judit Polgar", "Hungarian", 1976) in found
    for name in names:
        assert name == " ".join(name.split()) and 2 <= len(name) <= 60 and " " in name
        assert not any(c.isdigit() or c in '(),.:;&"`' for c in name), name
    raw, table = read_chess_players(FILE, raw=True), read_table("federations.csv")
    codes = {code for codes in raw[1] for code in codes.split("/")}
    assert codes == {row["federation"] for row in table}
    born, counts = years[~np.isnan(years)], Counter(nationalities)
    by_country, countries, _ = read_chess_players(FILE, column="alpha_2")
    countries = {*countries}
    text = " ".join(DESCRIPTION.read_text(encoding="utf-8").split())
    for fact in (
        f"{len(names):,} of as many players; {len({*spelling_groups(names)}):,} distinct in plain",
        f"{len(counts)}, with {min(counts.values())} to {max(counts.values()):,} players each",
        f"of {len(born):,} players, {(born < 1950).sum():,} of them before 1950",
        f"{len(raw[0]):,} players of {len(table)} federations",
        ", ".join(f"{nationality} {count:,}" for nationality, count in sorted(counts.items())),
        f"Mapped: {sum(bool(row['nationality']) for row in table)} of the federations",
        f"{len(by_country):,} players of {len(countries)} countries",
    ):
        assert fact in text, fact
