"""Read chess players from the spelling file of the chess database Scid."""

import gzip
import io
import re
import tarfile
import unicodedata
import zipfile
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path, PurePosixPath

import numpy as np

from sknames.datasets._fetch_names import data_folder

from .tables import read_table

_FILE = "spelling*.ssp"
_PATTERNS = (_FILE, f"{_FILE}.gz", "spelling*.zip", "scid-spell-data_*.deb")
_REMEDY = (
    "Get the Debian package with `apt-get download scid-spell-data`, or from "
    "https://packages.debian.org/scid-spell-data, or a zip with the file from "
    "https://sourceforge.net/projects/scid/files/Player%20Data/."
)

# Smith, John #FM ENG [2300] 1970
_PLAYER = re.compile(
    r"(?P<name>[^#]*[^#\s])\s*#\S+\s+(?P<federation>[A-Za-z/]+)"
    r"(?:\s*\[[^]]*\])?\s*(?P<birth>\d{4})?"
)
# Other releases may have errors in a few lines; a file of another format has them everywhere.
_MAX_MISFITS = 0.01

_MAX_LENGTH = 60
_NUMBER_OR_NOTE = re.compile(r"\([^)]*\)?|\d+")
_NOT_OF_THE_NAME = set("dr drs hon inactive ing jnr jr jun med prof rev sir sr ii iii iv".split())


def read_chess_players(path=None, *, raw=False, column="nationality"):
    """Read the names of rated chess players from the file with which Scid corrects spellings.

    Scid's Player Data (https://sourceforge.net/projects/scid/files/Player%20Data/, GNU General
    Public License, version 2 or later) is a list of real people, made from the rating lists of
    the international chess federation. ``chess_players.rst`` says what the names are.

    Parameters
    ----------
    path : str or path-like, default=None
        Path of ``spelling.ssp`` of any release, compressed with gzip or not, or of the zip or
        Debian package (``.deb``) that holds it. By default, these forms are looked for, in this
        order, in $SKNAMES_DATA, or in ~/sknames_data.
    raw : bool, default=False
        Whether to return the contents of the file unchanged: "Surname, Given" with titles, initials
        and the numbers of namesakes, and the player's federation, such as IND, or several, such as
        URS/UKR. By default, the given name comes first, and ``federations.csv`` maps federations to
        labels. Players without a full name, or whose federations map to none or more than one of
        these labels, are left out.
    column : {"nationality", "alpha_2"}, default="nationality"
        The column of ``federations.csv`` that holds the labels: nationalities, or countries as ISO
        3166-1 codes.

    Returns
    -------
    names, labels : ndarray of shape (n_players,), dtype=object
        331,944 players of 69 nationalities, or 369,249 of 189 countries, in the order of the file.
        A name that several players have occurs once for each.
    birth_years : ndarray of shape (n_players,), dtype=float64
        NaN if unknown.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    ValueError
        If the file has another format, or no player of a known federation.
    """
    players = _read_players(Path(path).expanduser() if path else _find(data_folder(None)))
    if not raw:
        players = _mapped(players, column)
    if not players:
        raise ValueError(
            "Expected at least one player of a federation that stands for a nationality, and found "
            "none. Give the whole file, or raw=True to see its federations."
        )
    names, labels, birth_years = zip(*players, strict=True)
    return (
        np.array(names, dtype=object),
        np.array(labels, dtype=object),
        np.array(birth_years, dtype=float),
    )


def _find(folder):
    """Find the file in a data folder: the last release in the first form that is there."""
    for pattern in _PATTERNS:
        for path in sorted(folder.glob(pattern), reverse=True):
            return path
    return folder / "spelling.ssp"


def _read_players(path):
    """Return rows of the name, federations and year of birth of a player."""
    if not path.is_file():
        raise OSError(
            f"The file of chess players is not at {path}. {_REMEDY} Put what you get into "
            f"{path.parent}, or pass its path as `path`."
        )
    content = path.read_bytes()
    remedy = f"{_REMEDY} Put what you get in its place, or pass its path as `path`."
    try:
        text = _decode(_unpack(content))
    except Exception as error:  # archives may raise any error on bad bytes
        raise ValueError(
            f"{path} should be Scid's spelling file, or an archive that holds it, but cannot be "
            f"read: {error}. {remedy}"
        ) from error
    lines = _player_lines(text)
    players = [match for match in map(_PLAYER.match, lines) if match]
    if not players or len(lines) - len(players) > _MAX_MISFITS * len(lines):
        raise ValueError(
            f"{path} should have players such as 'Smith, John #FM ENG [2300] 1970' after a line "
            f"that begins with @PLAYER, but {len(players):,} of {len(lines):,} lines are such. "
            f"{remedy}"
        )
    return [
        (player["name"], player["federation"], int(player["birth"] or 0) or np.nan)
        for player in players
    ]


def _unpack(content):
    """Return the bytes of the spelling file, which may be packed once, twice or not at all."""
    if content.startswith(b"!<arch>\n"):
        return _from_package(content)
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read(_only_file(archive.namelist()))
    if content.startswith(b"\x1f\x8b"):
        return gzip.decompress(content)
    return content


def _from_package(content):
    """Read the spelling file in a Debian package."""
    with open_package(content) as archive:
        return archive.extractfile(_only_file(archive.getnames())).read()


def open_package(content):
    """Open the tar archive of files in a Debian package, which is an ar archive."""
    position = 8
    while header := content[position : position + 60]:
        name, size = header[:16].decode("ascii").rstrip(" /"), int(header[48:58])
        position += 60
        if name.startswith("data.tar"):
            break
        position += size + size % 2
    else:
        raise ValueError("the package has no data.tar")
    member = io.BytesIO(content[position : position + size])
    try:
        return tarfile.open(fileobj=member)
    except tarfile.ReadError as error:
        raise ValueError(
            f"this Python cannot unpack {name}; do it with `dpkg-deb -x`, and pass the path of the "
            "spelling.ssp that comes out"
        ) from error


def _only_file(names):
    """Return the name of the spelling file in an archive."""
    found = [name for name in names if fnmatch(PurePosixPath(name).name, _FILE)]
    if len(found) != 1:
        raise ValueError(f"it should hold one {_FILE}, but holds {', '.join(found) or 'none'}")
    return found[0]


def _decode(content):
    """Decode the text: UTF-8, maybe with a byte order mark, or the Latin-1 of older releases."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _player_lines(text):
    """Return the lines of the players' section, without comments, other spellings and notes."""
    section, lines = None, []
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
    """Return the name in an entry, given name first, "" if it is not a full name."""
    entry = unicodedata.normalize("NFC", entry)  # a combining mark is no letter
    name = _NUMBER_OR_NOTE.sub(" ", entry).replace("`", "'").replace(".", ". ")
    if name.isupper() or name.islower():
        name = name.title()
    surname, comma, given = name.partition(",")
    # Titles follow a second comma. Without a comma, the words are in the order of the name.
    parts = [given.partition(",")[0], surname] if comma else [surname]
    parts = [[word for word in map(_clean_word, part.split()) if word] for part in parts]
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
    """Return the word of a name, "" for a title, initials and other abbreviations."""
    initial = word.isupper() or (len(word) == 1 and word not in "ey")  # Costa e Silva
    if initial or word.endswith(".") or word.lower() in _NOT_OF_THE_NAME:
        return ""
    return word.strip("'-")  # a final apostrophe is how Italians write an accent: Nicolo'
