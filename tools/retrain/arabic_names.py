"""Read people in Arabic and Latin script from the package arabic-name-romanizer.

Its table has 86,739 full names with their countries (Wikidata, CC0 1.0; Algerian names
CC0 1.0 or MIT). The names do not ship with sknames, and no code of the package is run.
"""

import sqlite3
import unicodedata
import zipfile

from .sources import locate

WHEEL = "arabic_name_romanizer-*.whl"
_MEMBER = "arabic_name_romanizer/resources/names.sqlite3"
# The package merges letters: its keys have no hamza, and only one form of ya.
_NORMALIZED = str.maketrans("أإآٱىیئکةہ", "اااايييكهه")
# How Iran, Afghanistan and Pakistan write these letters.
_PERSIAN = str.maketrans("يك", "یک")
_URDU = str.maketrans("يكه", "یکہ")
LETTERS = {"IR": _PERSIAN, "AF": _PERSIAN, "PK": _URDU}


def read_arabic_names(wheel=None):
    """Read the names: most are full names, some are single surnames.

    Parameters
    ----------
    wheel : str or path-like, default=None
        Path of the wheel. By default, it is looked for in $SKNAMES_DATA, or in
        ~/sknames_data.

    Returns
    -------
    list of tuple of str
        The name in Arabic script, normalized by the package; the name in Latin letters;
        and the country as an ISO 3166-1 code.
    """
    path = locate(wheel, WHEEL, "pip download --no-deps arabic-name-romanizer==0.2.0")
    with zipfile.ZipFile(path) as archive:
        content = archive.read(_MEMBER)
    connection = sqlite3.connect(":memory:")
    connection.deserialize(content)
    query = (
        "SELECT DISTINCT arabic_key, latin, country FROM full_names ORDER BY 1, 2, 3"
    )
    rows = connection.execute(query).fetchall()
    connection.close()
    return [row for row in rows if all(row)]


def normalized(name):
    """Normalize a name in Arabic script as the package does.

    Combining marks are dropped, and similar letters are merged.
    """
    name = "".join(
        c for c in unicodedata.normalize("NFC", name) if not unicodedata.combining(c)
    )
    return name.translate(_NORMALIZED)


def as_locals_write(name, country, written):
    """Return a normalized name as people in its country write it.

    `written` maps normalized words to their usual spelling, see `written_words`.
    """
    if country in LETTERS:
        return name.translate(LETTERS[country])
    return " ".join(written.get(word, word) for word in name.split())


def written_words(counts):
    """Return the most frequent spelling of each normalized word.

    `counts` maps spellings to their frequency. If two are equally frequent, the first
    in alphabetical order is taken.
    """
    most = {}
    for word, count in sorted(counts.items()):
        key = normalized(word)
        if count > most.get(key, ("", 0))[1]:
            most[key] = word, count
    return {key: word for key, (word, _) in most.items()}
