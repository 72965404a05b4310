"""Read people in Arabic and Latin script from the package arabic-name-romanizer.

Its table has 86,739 full names with the country of each (Wikidata, CC0 1.0; Algerian
ones CC0 1.0 or MIT). They do not ship with sknames, and none of the package's code
runs.
"""

import sqlite3
import unicodedata
import zipfile

from .sources import locate

WHEEL = "arabic_name_romanizer-*.whl"
_MEMBER = "arabic_name_romanizer/resources/names.sqlite3"
# What the package writes for several letters: its keys have no hamza, and one form of
# ya.
_NORMALIZED = str.maketrans("أإآٱىیئکةہ", "اااايييكهه")
# How Iran, Afghanistan and Pakistan write these letters.
_PERSIAN = str.maketrans("يك", "یک")
_URDU = str.maketrans("يكه", "یکہ")
LETTERS = {"IR": _PERSIAN, "AF": _PERSIAN, "PK": _URDU}


def read_arabic_names(wheel=None):
    """Read the full names of two words or more, and single surnames.

    Parameters
    ----------
    wheel : str or path-like, default=None
        Path of the wheel. By default, it is looked for in $SKNAMES_DATA, or in
        ~/sknames_data.

    Returns
    -------
    list of tuple of str
        The name in Arabic script as the package normalizes it, in Latin letters, and
        the country as an ISO 3166-1 code.
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
    """Write a name in Arabic script as the package does.

    It drops marks, and uses fewer letters.
    """
    name = "".join(
        c for c in unicodedata.normalize("NFC", name) if not unicodedata.combining(c)
    )
    return name.translate(_NORMALIZED)


def as_locals_write(name, country, written):
    """Undo what `normalized` did to a name.

    `written` maps words to what others write.
    """
    if country in LETTERS:
        return name.translate(LETTERS[country])
    return " ".join(written.get(word, word) for word in name.split())


def written_words(counts):
    """Return what most people write for each normalized word.

    `counts` maps words to how frequent they are.
    """
    most = {}
    for word, count in sorted(counts.items()):
        key = normalized(word)
        if count > most.get(key, ("", 0))[1]:
            most[key] = word, count
    return {key: word for key, (word, _) in most.items()}
