"""The reader of the chess players: what it takes from the package, and becomes of its entries."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sknames import spelling_groups
from sknames.datasets import load_names
from tests.conftest import write_package
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


@pytest.fixture
def write(home):
    """Write the package that is looked for, with this content as the file of players."""

    def write(content, release=1):
        path = home / f"scid-spell-data_{release}_all.deb"
        return write_package(path, {"./usr/share/scid/data/spelling.ssp": content.encode()})

    return write


def rows(*args):
    return [
        (name, nationality, None if np.isnan(year) else year)
        for name, nationality, year in zip(*read_chess_players(*args), strict=True)
    ]


def mapped(write, players):
    write(HEAD + players + TAIL)
    return [row[:2] for row in rows()]


def test_read_chess_players_takes_players_with_a_full_name_of_one_nationality(write):
    path = write(HEAD + PLAYERS + TAIL)
    write(HEAD + PLAYERS.splitlines()[0] + TAIL, release=2)
    assert rows(path) == SMALL and rows() == SMALL[:1]  # of the last release


def test_read_chess_players_missing_file_names_the_command(home):
    for args in ((), (home / "a.deb",)):
        with pytest.raises(OSError, match=f"and it is not there. Get it with `{COMMAND}`"):
            read_chess_players(*args)


@pytest.mark.parametrize(
    "content, n_players",
    [
        ("", "0 of 0"),
        ("Kern, Anna #GM GER [1] 1950\n", "0 of 0"),
        ("@PLAYER\nname,federation\nAnna,GER\n", "0 of 2"),
        ("@PLAYER\n" + "Kern, Anna #GM GER\n" * 98 + "Kern, Anna\n" * 2, "98 of 100"),
    ],
    ids=["empty", "no section", "other form", "slips"],
)
def test_read_chess_players_bad_file_is_rejected(write, content, n_players):
    path = write(content)
    with pytest.raises(ValueError, match=f"{path} should .* but {n_players} lines are such. Get"):
        read_chess_players()


def test_open_package_without_files_raises(home):
    path = home / "scid-spell-data_1_all.deb"
    path.write_bytes(b"!<arch>\n" + b"%-48s%-10d`\n" % (b"control.tar.gz", 0))
    with pytest.raises(ValueError, match="1_all.deb is no Debian package: it has no data.tar"):
        read_chess_players()


def test_read_chess_players_skips_one_slip_in_a_hundred_lines(write):
    players = "Kern, Anna #GM GER\n" * 99 + "Kern, Anna\n"
    assert mapped(write, players) == [("Anna Kern", "German")] * 99


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
def test_read_chess_players_federations_map_to_one_nationality_or_none(write, codes, nationality):
    found = mapped(write, f"One, Some #- {codes} [1900] 1980\nKern, Anna #-  GER [1900] 1980\n")
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


def test_read_chess_players_entries_become_full_names(write):
    players = "".join(f"{entry} #-  GER [1900] 1980\n" for entry, _ in ENTRIES)
    assert mapped(write, players) == [(name, "German") for _, name in ENTRIES if name]


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
