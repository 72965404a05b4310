"""Download and load the names of the PyTorch tutorial."""

import os
import zipfile
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sklearn.datasets import fetch_file

from ._load_names import make_bunch

_URL = "https://download.pytorch.org/tutorial/data.zip"

_LANGUAGES = (
    "Arabic Chinese Czech Dutch English French German Greek Irish Italian Japanese "
    "Korean Polish Portuguese Russian Scottish Spanish Vietnamese"
).split()
# Digest of the name of each language and its lines, joined by "\n" because line ends
# may differ. The zip file itself is not checked, because its other files may change.
_SHA256 = "91bd269800f167448cfa22d2229ebaef4b1d595ce8b8e53d8087333c53ee6964"
_MAX_BYTES = 2**20  # read from each file; the largest, Russian, has 85,605

_NOT_NAMES = {"To The First Page", "Maxa/B"}
_STRAY_ENDS = ",:1"  # characters that no name ends with
_OTHER_WAYS = (
    "point `data_home` or SKNAMES_DATA to a folder with names/*.txt, or use "
    "load_names, which works offline."
)


def fetch_names(
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    raw: bool = False,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Any:
    """Load the names of the PyTorch tutorial, downloaded if needed (classification).

    The dataset has 20,049 names of 18 languages, mostly surnames: the 20,074 lines of
    the tutorial on classifying names with a character-level RNN, without 25 that are
    not names.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder that keeps the names, in its subfolder ``names``. The default is the
        environment variable SKNAMES_DATA, or ``~/sknames_data`` if that is not set.
    download_if_missing : bool, default=True
        If False, raise an OSError instead of downloading names that are not in
        `data_home`.
    raw : bool, default=False
        If True, return the 20,074 lines unchanged, to reproduce a result. By default,
        the 25 lines that are not names and stray characters at the end of a name are
        removed.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch object.
    as_frame : bool, default=False
        If True, `data` and `target` are pandas Series, and `frame` holds both.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : ndarray of shape (n_names,), dtype=object
            The names. If `as_frame` is True, a Series called "name".
        target : ndarray of shape (n_names,), dtype=object
            The nationality of each name. If `as_frame` is True, a Series called
            "nationality".
        frame : DataFrame of shape (n_names, 2)
            `data` and `target`. Only present when `as_frame` is True, else None.
        target_names : ndarray of shape (n_nationalities,), dtype=object
            The nationalities, sorted.
        groups : ndarray of shape (n_names,), dtype=int
            Groups of names that are equal when written in lower-case ASCII letters.
            Pass them to :class:`~sklearn.model_selection.StratifiedGroupKFold`, to test
            on unseen names only.
        DESCR : str
            Description of the dataset: source, licence, counts, known errors.

    (data, target) : tuple if `return_X_y` is True
        The two arrays or Series described above.

    Raises
    ------
    OSError
        If the names are not in `data_home` and cannot be downloaded.
    ValueError
        If a file in `data_home`, or the download, does not hold the expected names.

    See Also
    --------
    load_names : Load the names that ship with the package.

    Notes
    -----
    A nationality is one of 18 languages. Names are repeated (Arabic has 2,000 lines but
    only 108 distinct names), so a random split would test on training names. `DESCR`
    has the source.

    Examples
    --------
    >>> from sknames.datasets import fetch_names
    >>> names = fetch_names()  # doctest: +SKIP
    >>> names.data.shape  # doctest: +SKIP
    (20049,)
    >>> names.data[0], names.target[0]  # doctest: +SKIP
    ('Khoury', 'Arabic')
    """
    folder = data_folder(data_home) / "names"
    paths = {language: folder / f"{language}.txt" for language in _LANGUAGES}

    missing = [path.name for path in paths.values() if not path.is_file()]
    if missing:
        if not download_if_missing:
            raise OSError(
                f"The names are not in {folder} (expected {', '.join(missing)} there), "
                f"and `download_if_missing` is False. Set it to True, {_OTHER_WAYS}"
            )
        _download(folder)

    contents = {language: path.read_bytes() for language, path in paths.items()}
    remedy = "Delete the folder, and fetch_names will download it again."
    names = []
    languages = []
    for language, content in _checked(contents, folder, remedy).items():
        lines = content.decode("utf-8").split("\n")
        if not raw:
            lines = [" ".join(line.split()).rstrip(_STRAY_ENDS) for line in lines]
            lines = [line for line in lines if line not in _NOT_NAMES]
        names += lines
        languages += [language] * len(lines)
    return make_bunch(
        names,
        languages,
        descr="pytorch_names.rst",
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def data_folder(data_home):
    """Return the folder of data: the given one, $SKNAMES_DATA, or ~/sknames_data."""
    if data_home is None:
        data_home = os.environ.get("SKNAMES_DATA") or "~/sknames_data"
    return Path(data_home).expanduser()


def _download(folder):
    """Download the names, check them, and write them into the folder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    # On the same file system, where a rename is atomic.
    with TemporaryDirectory(prefix=".names-", dir=folder.parent) as temporary:
        try:
            zip_path = fetch_file(_URL, folder=temporary, local_filename="data.zip")
            with zipfile.ZipFile(zip_path) as archive:
                contents = {}
                for language in _LANGUAGES:
                    with archive.open(f"data/names/{language}.txt") as file:
                        contents[language] = file.read(_MAX_BYTES)
        except Exception as error:  # decompressors raise errors of many types
            raise OSError(
                f"The names could not be downloaded from {_URL}: {error}. Nothing was "
                f"stored. Try again with a connection, {_OTHER_WAYS}"
            ) from error
        remedy = (
            "Nothing was stored. Try again later, or use load_names, which needs no "
            "download."
        )
        contents = _checked(contents, f"data/names in {_URL}", remedy)
        folder.mkdir(exist_ok=True)
        # After an interruption, all written files are complete, and the next call adds
        # the others.
        for language, content in contents.items():
            path = Path(temporary, f"{language}.txt")
            path.write_bytes(content)
            path.replace(folder / path.name)


def _checked(contents, source, remedy):
    """Return the lines of each language, joined; raise ValueError for other lines."""
    joined = {}
    hashed = []
    n_lines = 0
    for language, content in contents.items():
        lines = content.splitlines()
        n_lines += len(lines)
        joined[language] = b"\n".join(lines)
        hashed += [language.encode(), joined[language]]
    digest = sha256(b"\n".join(hashed)).hexdigest()
    if digest != _SHA256:
        raise ValueError(
            f"{source} should hold the 20,074 lines with SHA-256 {_SHA256}, but holds "
            f"{n_lines:,} with SHA-256 {digest}. {remedy}"
        )
    return joined
