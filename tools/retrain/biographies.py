"""Read the people of the English Wikipedia from the wheel of the package name2nat."""

import io
import pickle
import re
import unicodedata
import zipfile
from hashlib import sha256

import numpy as np

from .sources import locate
from .tables import read_table

_WHEEL = "name2nat-0.5.1-py3-none-any.whl"
SHA256 = "cf6c45de61accfeb1d80c9ae86efd42fcf40cac481da5ab04d8a66dd7195fe94"
_MEMBER = "name2nat/name2nats.pkl"
_COMMAND = "pip download --no-deps name2nat==0.5.1"

_MAX_LENGTH = 60
_ONE_CHARACTER = str.maketrans("’‘`ʻʼ′‐‑–−", "'" * 6 + "-" * 4)
_NOT_OF_THE_NAME = re.compile(r" *\([^)]*\)?|,? (?:[JS]r\.?|[IVX]+)$")
# Articles about rulers, saints, several people and crimes have these words in their
# titles; names do not contain them.
_TITLES = set("dj emperor empress lady lord mc pope prince princess saint sir".split())
_WORDS = set("affair and brothers case murder murders of sisters the".split())


def read_biographies(wheel=None, *, raw=False, column="nationality", digest=SHA256):
    """Read the names of people with an article in the English Wikipedia of June 2020.

    The names are in the wheel of the PyPI package name2nat (Kyubyong Park, Apache
    License 2.0). No code of the package is run. ``biographies.rst`` describes the
    names.

    Parameters
    ----------
    wheel : str or path-like, default=None
        Path of the wheel. By default, it is looked for in $SKNAMES_DATA, or in
        ~/sknames_data.
    raw : bool, default=False
        Whether to return the contents of the wheel unchanged: a row for each name and
        each of its demonyms. By default, ``demonyms.csv`` maps demonyms to labels, and
        names without a label or with several labels are left out.
    column : {"nationality", "alpha_2"}, default="nationality"
        The column of ``demonyms.csv`` that holds the labels: nationalities, or
        countries as ISO 3166-1 codes.
    digest : str, default=SHA256
        SHA-256 digest of the expected wheel, in hexadecimal.

    Returns
    -------
    names, labels : ndarray of shape (n_names,), dtype=object
        587,256 distinct names of 63 nationalities, or 1,025,973 of 164 countries, in
        the order of the wheel; or 1,112,914 raw rows.

    Raises
    ------
    OSError
        If the file does not exist.
    ValueError
        If the file is not the expected wheel.
    """
    demonyms_of = _read_wheel(locate(wheel, _WHEEL, _COMMAND), digest)
    if raw:
        rows = [
            (name, demonym)
            for name, several in demonyms_of.items()
            for demonym in several
        ]
    else:
        rows = _mapped(demonyms_of, column)
    return tuple(np.array(column, dtype=object) for column in zip(*rows, strict=True))


def _read_wheel(path, expected):
    """Return the demonyms of each name, a dict of lists of str."""
    content = path.read_bytes()  # once, so that the checked bytes are those that load
    digest = sha256(content).hexdigest()
    if digest != expected:
        raise ValueError(
            f"{path} should be {_WHEEL} with SHA-256 {expected}, but its SHA-256 is "
            f"{digest}. Get another copy with `{_COMMAND}`."
        )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # The digest ensures that this pickle holds plain data.
        return pickle.loads(archive.read(_MEMBER))


def _mapped(demonyms_of, column):
    """Return (cleaned name, label) for the names whose demonyms map to one label."""
    label_of = {row["demonym"]: row[column] for row in read_table("demonyms.csv")}
    found = {}
    for name, several in demonyms_of.items():
        labels = {label_of[demonym] for demonym in several} - {""}
        if labels:
            found.setdefault(clean_title(name), set()).update(labels)
    found.pop("", None)
    _drop_other_scripts(found)
    return [(name, *several) for name, several in found.items() if len(several) == 1]


def clean_title(title):
    """Return the name in the title of an article, or "" if there is none."""
    name = _NOT_OF_THE_NAME.sub("", title.translate(_ONE_CHARACTER)).strip(" .-,")
    words = name.lower().split()
    if (
        len(name) > _MAX_LENGTH
        or sum(map(str.isalpha, name)) < 2
        or name.isupper()
        or words[0] in _TITLES
        or not _WORDS.isdisjoint(words)
    ):
        return ""
    return name


def _drop_other_scripts(found):
    """Drop the names that have a character of another script than Latin."""
    strange = {
        char
        for char in set().union(*found)
        if char not in " -.'·"
        and not unicodedata.name(char, "").startswith(("LATIN", "COMBINING"))
    }
    for name in [name for name in found if not strange.isdisjoint(name)]:
        del found[name]
