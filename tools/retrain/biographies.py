"""The people of the English Wikipedia, read from the wheel of the package name2nat."""

import io
import os
import pickle
import re
import shlex
import unicodedata
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from ._data_folder import data_folder
from ._load_names import read_rows
from ._make_bunch import make_bunch

_WHEEL = "name2nat-0.5.1-py3-none-any.whl"
_SHA256 = "cf6c45de61accfeb1d80c9ae86efd42fcf40cac481da5ab04d8a66dd7195fe94"
_MEMBER = "name2nat/name2nats.pkl"
_COMMAND = "pip download --no-deps name2nat==0.5.1"

_MAX_LENGTH = 60
_ONE_CHARACTER = str.maketrans("’‘`ʻʼ′‐‑–−", "'" * 6 + "-" * 4)
_NOT_OF_THE_NAME = re.compile(r" *\([^)]*\)?|,? (?:[JS]r\.?|[IVX]+)$")
# Articles on rulers, saints, pairs and crimes have these in their titles, and no one's own name.
_TITLES = set("dj emperor empress lady lord mc pope prince princess saint sir".split())
_WORDS = set("affair and brothers case murder murders of sisters the".split())


def fetch_biographies(
    wheel: str | os.PathLike[str] | None = None,
    *,
    data_home: str | os.PathLike[str] | None = None,
    raw: bool = False,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Any:
    """Load the names of people with an article in the English Wikipedia (classification).

    The dataset has 587,256 names, most of them full names, of 63 nationalities. They come from the
    wheel of the PyPI package name2nat, which is not downloaded here: get it once with ``pip
    download --no-deps name2nat==0.5.1``. The wheel is only read: the package need not be installed,
    and none of its code runs.

    Parameters
    ----------
    wheel : str or path-like, default=None
        Path of the wheel, ``name2nat-0.5.1-py3-none-any.whl``. By default, it is looked for in
        `data_home`.

    data_home : str or path-like, default=None
        Folder that holds the wheel, if `wheel` is not given. The default is the environment
        variable SKNAMES_DATA, or ``~/sknames_data`` if that is not set.

    raw : bool, default=False
        If True, return the contents of the wheel unchanged: a row for each of the 1,074,617 names
        and each of its up to nine demonyms, such as American, which tell who a person is, not where
        the name is common. By default, the demonyms are mapped to nationalities, those of
        :func:`load_names` and more, and names that fit none of them, or more than one, are left
        out.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch object.

    as_frame : bool, default=False
        If True, `data` and `target` are pandas Series, and `frame` holds both.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of shape (n_names,), dtype=object
            The names, in the order of the wheel. Unless `raw` is True, they are distinct. If
            `as_frame` is True, a Series called "name".
        target : ndarray of shape (n_names,), dtype=object
            The nationality of each name. If `as_frame` is True, a Series called "nationality".
        frame : DataFrame of shape (n_names, 2)
            `data` and `target`. Only present when `as_frame` is True, else None.
        target_names : ndarray of shape (n_nationalities,), dtype=object
            The nationalities, sorted.
        groups : ndarray of shape (n_names,), dtype=int
            Equal numbers for names that are equal in plain ASCII letters and lower case. Pass it to
            :class:`~sklearn.model_selection.StratifiedGroupKFold`: a name that has been trained on
            is then not tested on, in any spelling.
        DESCR : str
            Description of the dataset: what is left out, how demonyms are mapped, known faults.

    (data, target) : tuple if `return_X_y` is True
        The two arrays or Series described above.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If the file is not the expected wheel.

    See Also
    --------
    load_names : Load names that ship with the package, for the nationalities that are missing here.
    fetch_chess_players : Load names of rated chess players.

    Notes
    -----
    name2nat (https://github.com/Kyubyong/name2nat, Apache License 2.0) took the names from the
    English Wikipedia of June 2020, and the demonyms from the categories of each article. How often
    a nationality occurs depends on how Wikipedia and its categories are written, and says nothing
    about the world: train on equally many names of each, or give them equal weight.

    The names are in a pickle. It is read only if the SHA-256 of the wheel is right, and by an
    unpickler that refuses every class and function.

    Examples
    --------
    >>> from sknames.datasets import fetch_biographies
    >>> names = fetch_biographies()  # doctest: +SKIP
    >>> names.data[0], names.target[0]  # doctest: +SKIP
    ('Aristotle', 'Greek')
    """
    if wheel is None:
        wheel = data_folder(data_home) / _WHEEL
    demonyms_of = _read_wheel(Path(wheel).expanduser())
    if raw:
        rows = [(name, demonym) for name, several in demonyms_of.items() for demonym in several]
    else:
        rows = _mapped(demonyms_of)
    names, nationalities = zip(*rows, strict=True)
    return make_bunch(
        names, nationalities, descr="biographies.rst", return_X_y=return_X_y, as_frame=as_frame
    )


class _PlainUnpickler(pickle.Unpickler):
    """Read only dicts, lists, strings and numbers: anything else in a pickle could run code."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not plain data")


def _read_wheel(path):
    """Return the demonyms of each name, a dict of lists of str."""
    command = f"{_COMMAND} --dest {shlex.quote(str(path.parent))}"
    if not path.is_file():
        raise OSError(
            f"The wheel of name2nat is not at {path}. Get it with `{command}`, or pass the path of "
            "a copy as `wheel`."
        )
    content = path.read_bytes()  # once: what is checked is what is read
    remedy = f"Get another copy with `{command}`."
    digest = sha256(content).hexdigest()
    if digest != _SHA256:
        raise ValueError(
            f"{path} should be {_WHEEL} with SHA-256 {_SHA256}, but its SHA-256 is {digest}. "
            f"{remedy}"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            pickled = archive.read(_MEMBER)
        return _PlainUnpickler(io.BytesIO(pickled)).load()
    except Exception as error:  # both let through whatever they stumble over in bad bytes
        raise ValueError(
            f"{path} should hold the names in {_MEMBER}, but they cannot be read: {error}. {remedy}"
        ) from error


def _mapped(demonyms_of):
    """Return rows of a cleaned name and the one nationality that its demonyms map to."""
    nationality_of = _demonyms()
    found = {}
    for name, several in demonyms_of.items():
        nationalities = {nationality_of[demonym] for demonym in several} - {""}
        if nationalities:
            found.setdefault(_mend(name), set()).update(nationalities)
    found.pop("", None)
    _drop_other_scripts(found)
    return [(name, *several) for name, several in found.items() if len(several) == 1]


def _demonyms():
    """Return the nationality of each demonym, "" for those that are left out."""
    return {demonym: nationality for demonym, nationality, _ in read_rows("demonyms.csv")}


def _mend(title):
    """Return the name in the title of an article, "" if there is none."""
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
    """Drop the names with a character that does not belong to names in Latin letters."""
    strange = {
        char
        for char in set().union(*found)
        if char not in " -.'·" and not unicodedata.name(char, "").startswith(("LATIN", "COMBINING"))
    }
    for name in [name for name in found if not strange.isdisjoint(name)]:
        del found[name]
