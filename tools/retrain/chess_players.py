"""Read chess players from the spelling file of the chess database Scid."""

import re
import unicodedata
from itertools import chain

import numpy as np

from .sources import locate, open_package
from .tables import read_table

PACKAGE = "scid-spell-data_*.deb"

# Smith, John #FM ENG [2300] 1970
_PLAYER = re.compile(
    r"(?P<name>[^#]*[^#\s])\s*#\S+\s+(?P<federation>[A-Za-z/]+)"
    r"(?:\s*\[[^]]*\])?\s*(?P<birth>\d{4})?"
)
# Other releases may have errors in a few lines. More errors mean another format.
_MAX_MISFITS = 0.01

_MAX_LENGTH = 60
_NUMBER_OR_NOTE = re.compile(r"\([^)]*\)?|\d+")
_NOT_OF_THE_NAME = set(
    "dr drs hon inactive ing jnr jr jun med prof rev sir sr ii iii iv".split()
)


def read_chess_players(path=None, *, raw=False, column="nationality"):
    """Read the names of rated chess players from Scid's spelling file.

    Scid's Player Data (https://sourceforge.net/projects/scid/files/Player%20Data/, GNU
    General Public License, version 2 or later) is a list of real people, compiled from
    the rating lists of the international chess federation. ``chess_players.rst``
    describes the names.

    Parameters
    ----------
    path : str or path-like, default=None
        Path of the Debian package. By default, it is the latest release in
        $SKNAMES_DATA, or in ~/sknames_data.
    raw : bool, default=False
        Whether to return the contents of the file unchanged: names as "Surname, Given",
        with titles, initials and the numbers of namesakes, and one or more federations,
        such as IND or URS/UKR. By default, the given name comes first, and
        ``federations.csv`` maps federations to labels. Players without a full name, and
        players whose federations map to no label or to several labels, are left out.
    column : {"nationality", "alpha_2"}, default="nationality"
        The column of ``federations.csv`` that holds the labels: nationalities, or
        countries as ISO 3166-1 codes.

    Returns
    -------
    names, labels : ndarray of shape (n_players,), dtype=object
        331,944 players of 69 nationalities, or 369,249 of 189 countries, in the order
        of the file. The names of namesakes are repeated.
    birth_years : ndarray of shape (n_players,), dtype=float64
        NaN if unknown.

    Raises
    ------
    OSError
        If the file does not exist.
    ValueError
        If the file has another format.
    """
    path = locate(path, PACKAGE, "apt-get download scid-spell-data")
    with open_package(path) as archive:
        member = next(m for m in archive if m.name.endswith("/spelling.ssp"))
        lines = _player_lines(archive.extractfile(member).read().decode())
    matches = [match for match in map(_PLAYER.match, lines) if match]
    if not matches or len(lines) - len(matches) > _MAX_MISFITS * len(lines):
        raise ValueError(
            f"{path} should have players such as 'Smith, John #FM ENG [2300] 1970' "
            f"after a line that begins with @PLAYER, but only {len(matches):,} of "
            f"{len(lines):,} lines match. Get another release."
        )
    players = [
        (player["name"], player["federation"], int(player["birth"] or 0) or np.nan)
        for player in matches
    ]
    names, labels, years = zip(
        *(players if raw else _mapped(players, column)), strict=True
    )
    return (
        np.array(names, dtype=object),
        np.array(labels, dtype=object),
        np.array(years, float),
    )


def _player_lines(text):
    """Return the lines of players, without comments, other spellings and notes."""
    section = None
    lines = []
    for line in text.splitlines():
        if line.startswith("@"):
            section = line.split()[0]
        elif section == "@PLAYER" and line.strip() and line[0] not in " \t#%=":
            lines.append(line)
    return lines


def _mapped(players, column):
    """Return the players with a full name whose federations map to one label."""
    label_of = {row["federation"]: row[column] for row in read_table("federations.csv")}
    rows = []
    for entry, federations, birth_year in players:
        labels = {label_of.get(code, "") for code in federations.split("/")} - {""}
        name = clean_entry(entry)
        if name and len(labels) == 1:
            rows.append((name, *labels, birth_year))
    return rows


def clean_entry(entry):
    """Return the name in an entry, given name first, or "" if it is not a full name."""
    entry = unicodedata.normalize("NFC", entry)  # isalpha() rejects combining marks
    name = _NUMBER_OR_NOTE.sub(" ", entry).replace("`", "'").replace(".", ". ")
    if name.isupper() or name.islower():
        name = name.title()
    surname, comma, given = name.partition(",")
    # Titles follow a second comma. Without a comma, the given name comes first.
    parts = [given.partition(",")[0], surname] if comma else [surname]
    parts = [
        [word for word in map(_clean_word, part.split()) if word] for part in parts
    ]
    words = [*chain.from_iterable(parts)]
    name = " ".join(words)
    if (
        not all(parts)
        or len(words) < 2
        or len(name) > _MAX_LENGTH
        or not all(char.isalpha() or char in " -'" for char in name)
    ):
        return ""
    return name


def _clean_word(word):
    """Return a cleaned word, or "" for titles, initials and other abbreviations."""
    initial = word.isupper() or (len(word) == 1 and word not in "ey")  # Costa e Silva
    if initial or word.endswith(".") or word.lower() in _NOT_OF_THE_NAME:
        return ""
    # Italians also write an accent as a final apostrophe: Nicolo'.
    return word.strip("'-")
