"""Chess players, read from the spelling file of the chess database Scid."""

import gzip
import io
import os
import re
import tarfile
import unicodedata
import zipfile
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ._data_folder import data_folder
from ._load_names import read_rows
from ._make_bunch import make_bunch

_FILE = "spelling*.ssp"
_PATTERNS = (_FILE, f"{_FILE}.gz", "spelling*.zip", "scid-spell-data_*.deb")
_REMEDY = (
    "Get the Debian package with `apt-get download scid-spell-data`, or from "
    "https://packages.debian.org/scid-spell-data, or a zip with the file from "
    "https://sourceforge.net/projects/scid/files/Player%20Data/."
)

_PLAYER = re.compile(
    r"(?P<name>[^#]*[^#\s])\s*#(?P<title>\S+)\s+(?P<federation>[A-Za-z/]+)"
    r"(?:\s*\[(?P<rating>[^]]*)\])?\s*(?P<birth>\d{4})?"
)
# Other releases may have slips in a line or two, but a file of another form has them everywhere.
_MAX_MISFITS = 0.01

_MAX_LENGTH = 60
_NUMBER_OR_NOTE = re.compile(r"\([^)]*\)?|\d+")
_NOT_OF_THE_NAME = set("dr drs hon inactive ing jnr jr jun med prof rev sir sr ii iii iv".split())


def fetch_chess_players(
    path: str | os.PathLike[str] | None = None,
    *,
    data_home: str | os.PathLike[str] | None = None,
    raw: bool = False,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Any:
    """Load the names of rated chess players (classification).

    The dataset has 331,944 full names of amateurs and masters, of 69 nationalities. They come from
    the file with which the chess database Scid corrects spellings, which is not downloaded here.
    Get it once: it is in the Debian package scid-spell-data, and in a zip on the pages of Scid. The
    file is only read, and nothing is unpacked to disk or run.

    Parameters
    ----------
    path : str or path-like, default=None
        Path of ``spelling.ssp`` of any release, compressed with gzip or not, or of the zip or
        Debian package (``.deb``) that holds it. By default, ``spelling*.ssp``,
        ``spelling*.ssp.gz``, ``spelling*.zip`` and ``scid-spell-data_*.deb`` are looked for in
        `data_home`, in this order.

    data_home : str or path-like, default=None
        Folder that holds the file, if `path` is not given. The default is the environment variable
        SKNAMES_DATA, or ``~/sknames_data`` if that is not set.

    raw : bool, default=False
        If True, return the contents of the file unchanged: "Surname, Given" with titles, initials
        and the numbers of namesakes, and the player's federation, such as IND, or several, such as
        URS/UKR. By default, the given name comes first, federations are mapped to nationalities,
        and players without a full name, or whose federations map to none or more than one of these
        nationalities, are left out.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch object.

    as_frame : bool, default=False
        If True, `data` and `target` are pandas Series, and `frame` holds both.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of shape (n_players,), dtype=object
            The name of each player, in the order of the file. A name that several players have
            occurs once for each. If `as_frame` is True, a Series called "name".
        target : ndarray of shape (n_players,), dtype=object
            The nationality of each player. If `as_frame` is True, a Series called "nationality".
        frame : DataFrame of shape (n_players, 2)
            `data` and `target`. Only present when `as_frame` is True, else None.
        target_names : ndarray of shape (n_nationalities,), dtype=object
            The nationalities, sorted.
        groups : ndarray of shape (n_players,), dtype=int
            Equal numbers for names that are equal in plain ASCII letters and lower case. Pass it to
            :class:`~sklearn.model_selection.StratifiedGroupKFold`: a name that has been trained on
            is then not tested on, in any spelling.
        title : ndarray of shape (n_players,), dtype=object
            The titles of each player, such as "GM", or "".
        rating : ndarray of shape (n_players,), dtype=float64
            The highest rating of each player, NaN if unknown. Those of the past are estimates.
        birth_year : ndarray of shape (n_players,), dtype=float64
            The year of birth of each player, NaN if unknown.
        DESCR : str
            Description of the dataset: what is left out, how federations are mapped, known faults.

    (data, target) : tuple if `return_X_y` is True
        The two arrays or Series described above.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read.
    ValueError
        If the file has another format, or no player of a known federation.

    See Also
    --------
    fetch_biographies : Load names of people in the English Wikipedia.

    Notes
    -----
    Scid's Player Data (https://sourceforge.net/projects/scid/files/Player%20Data/, GNU General
    Public License, version 2 or later) is a list of real people, made from the rating lists of
    the international chess federation. No part of it is in this package.

    Examples
    --------
    >>> from sknames.datasets import fetch_chess_players
    >>> players = fetch_chess_players()  # doctest: +SKIP
    >>> players.data[-1], players.target[-1], float(players.birth_year[-1])  # doctest: +SKIP
    ('Marianna Zyznowska', 'Polish', 2004.0)
    """
    players = _read_players(
        _find(data_folder(data_home)) if path is None else Path(path).expanduser()
    )
    if not raw:
        players = _mapped(players)
    if not players:
        raise ValueError(
            "Expected at least one player of a federation that stands for a nationality, and found "
            "none. Give the whole file, or raw=True to see its federations."
        )
    names, nationalities, titles, ratings, birth_years = zip(*players, strict=True)
    return make_bunch(
        names,
        nationalities,
        descr="chess_players.rst",
        return_X_y=return_X_y,
        as_frame=as_frame,
        title=np.array(titles, dtype=object),
        rating=np.array(ratings, dtype=float),
        birth_year=np.array(birth_years, dtype=float),
    )


def _find(folder):
    """Find the file in a data folder: the last release in the first form that is there."""
    for pattern in _PATTERNS:
        for path in sorted(folder.glob(pattern), reverse=True):
            return path
    return folder / "spelling.ssp"


def _read_players(path):
    """Return rows of the name, federation, title, rating and year of birth of a player."""
    if not path.is_file():
        raise OSError(
            f"The file of chess players is not at {path}. {_REMEDY} Put what you get into "
            f"{path.parent}, or pass its path as `path`."
        )
    content = path.read_bytes()
    remedy = f"{_REMEDY} Put what you get in its place, or pass its path as `path`."
    try:
        text = _decode(_unpack(content))
    except Exception as error:  # archives let through whatever they stumble over in bad bytes
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
        (
            player["name"],
            player["federation"],
            player["title"].strip("-"),
            _number(player["rating"]),
            _number(player["birth"]),
        )
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
    """Read the spelling file in a Debian package: an ar archive, with a tar archive of files."""
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
        archive = tarfile.open(fileobj=member)
    except tarfile.ReadError as error:
        raise ValueError(
            f"this Python cannot unpack {name}; do it with `dpkg-deb -x`, and pass the path of the "
            "spelling.ssp that comes out"
        ) from error
    with archive:
        return archive.extractfile(_only_file(archive.getnames())).read()


def _only_file(names):
    """Return the one name in an archive that is that of the spelling file."""
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


def _number(text):
    """Return the number in a text such as 2500* (an estimate), NaN for one such as .... or ????."""
    digits = (text or "").rstrip("*")
    return float(digits) if digits.isdecimal() and int(digits) else np.nan


def _mapped(players):
    """Return the players with a full name whose federations map to one nationality."""
    nationality_of = _federations()
    rows = []
    for name, federations, *others in players:
        nationalities = {nationality_of.get(code, "") for code in federations.split("/")} - {""}
        name = _mend(name)
        if name and len(nationalities) == 1:
            rows.append((name, *nationalities, *others))
    return rows


def _federations():
    """Return the nationality of each federation, "" for those that are left out."""
    return {code: nationality for code, _, nationality, _ in read_rows("federations.csv")}


def _mend(entry):
    """Return the name in an entry, given name first, "" if it is not a full name."""
    entry = unicodedata.normalize("NFC", entry)  # a combining mark is no letter
    name = _NUMBER_OR_NOTE.sub(" ", entry).replace("`", "'").replace(".", ". ")
    if name.isupper() or name.islower():
        name = name.title()
    surname, comma, given = name.partition(",")
    # After a second comma stand titles. Without a comma the words are in the order of the name.
    parts = [given.partition(",")[0], surname] if comma else [surname]
    parts = [[word for word in map(_mend_word, part.split()) if word] for part in parts]
    words = sum(parts, [])
    name = " ".join(words)
    if (
        not all(parts)
        or len(words) < 2
        or len(name) > _MAX_LENGTH
        or not all(char.isalpha() or char in " -'" for char in name)
    ):
        return ""
    return name


def _mend_word(word):
    """Return the word of a name, "" for a title, initials and other abbreviations."""
    initial = word.isupper() or len(word) == 1 and word not in "ey"  # Costa e Silva, Corzo y Prado
    if initial or word.endswith(".") or word.lower() in _NOT_OF_THE_NAME:
        return ""
    return word.strip("'-")  # a final apostrophe is how Italians write an accent: Nicolo'
