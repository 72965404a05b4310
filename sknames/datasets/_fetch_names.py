"""Download and load the names of the PyTorch tutorial."""

import os
import zipfile
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sklearn.datasets import fetch_file

from ._load_names import make_bunch

_URL = "https://download.pytorch.org/tutorial/data.zip"

# Number of names, and SHA-256 of the names joined by line feeds. Line ends may differ.
# The zip is not checked, since it also holds other data, which may change.
_LANGUAGES = {
    "Arabic": (2000, "7958e263b21262e7dfc2b89f60c789eb10a2abedde0960b5a1b6d54cffb0e2b5"),
    "Chinese": (268, "4902758aacda902ca57a54f2af556036c63c650c1e3f9387de22f0a4bbe44763"),
    "Czech": (519, "582db367ed4762c3f71e383fd19e4e48b957375a39de2528201ec840bac6b489"),
    "Dutch": (297, "d101a9ace502517639fb744b457b7ad83eda218f4b6555e79f3865bc31babb9f"),
    "English": (3668, "52826b9a9a6cc794126e772655b406a67282c5435008f5192da0cdb188cf9c11"),
    "French": (277, "0696e9275d661963013419d83ea151857ca2bb31481e13bf4bcaa589e731491c"),
    "German": (724, "954484da746ee55e86e35fa3da28476022bf2b05b014b42a6e572169b7369f93"),
    "Greek": (203, "0330859b54b5a15612cad97e463eb1f715563f605f7f026a5dc704714bf03ff8"),
    "Irish": (232, "6b931e3d5c2645b0a0352168c8e83cb6e0f2596f42d9d5b727898b816fa67d50"),
    "Italian": (709, "3aeb87e1ddf6c794692c46fcbfeb7e713a50e86aa7243fae6f2246bb03658bf9"),
    "Japanese": (991, "a68ff2ca5783e0ed186f8f73c0db762d7b84a16a8d669c2107a9ef49a3e4d8b2"),
    "Korean": (94, "a7d2fca95d2bbe92a570c9ba46dd59df1ad1b7a72e39e2ca9d082ec0f6cdd576"),
    "Polish": (139, "2619c5e78fd95cae2bfd52d02ba9912933d31681ef7b9ed1dbdffe9e927997c5"),
    "Portuguese": (74, "5aa1349fcc1970f1d631a624030e5c1d1d42e2ce1458f24c2e50649676bd48e1"),
    "Russian": (9408, "39b090ed95d90b202517d5dc5272a0427f6bf7e5c16aba7566d88d7ddf258606"),
    "Scottish": (100, "f15950ed027c035405670d05bdf48d13b3807d8c54795224f21bf57dfdfece30"),
    "Spanish": (298, "a229b7a8157b555af7e7f1b6c8a99dd3a17b56c020287aefdc100947d4ad0fdb"),
    "Vietnamese": (73, "477962929e0aaa87e8b7623e8d146686ace381c8f59f68137dea7904babdfeed"),
}
_MAX_BYTES = 2**20  # of a file; the largest, Russian, has 85,605

_NOT_NAMES = {"To The First Page", "Maxa/B"}
_STRAY_ENDS = ",:1"
_ELSEWHERE = (
    "point `data_home` or SKNAMES_DATA to a folder with names/*.txt, or use load_names, which "
    "works offline."
)


def fetch_names(
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    raw: bool = False,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Any:
    """Load the names of the PyTorch tutorial, downloading them if necessary (classification).

    The dataset has 20,049 names of 18 languages, mostly surnames: the 20,074 lines of the tutorial
    on classifying names with a character-level RNN, without 25 that are not names.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder that keeps the names, in its subfolder ``names``. The default is the environment
        variable SKNAMES_DATA, or ``~/sknames_data`` if that is not set.
    download_if_missing : bool, default=True
        If False, raise an OSError instead of downloading names that are not in `data_home`.
    raw : bool, default=False
        If True, return the 20,074 lines unchanged, to reproduce a result. By default, the 25 lines
        that are not names and stray characters at the end of a name are removed.
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
            The nationality of each name. If `as_frame` is True, a Series called "nationality".
        frame : DataFrame of shape (n_names, 2)
            `data` and `target`. Only present when `as_frame` is True, else None.
        target_names : ndarray of shape (n_nationalities,), dtype=object
            The nationalities, sorted.
        groups : ndarray of shape (n_names,), dtype=int
            Groups of names that are equal in plain ASCII letters and lower case. Pass them to
            :class:`~sklearn.model_selection.StratifiedGroupKFold`, to test on unseen names only.
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
    A nationality is one of 18 languages. Names repeat: Arabic has 2,000 lines, but 108 names. So a
    random split would test on training names. `DESCR` has the source.

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
                f"The names are not in {folder} (expected {', '.join(missing)} there), and "
                f"`download_if_missing` is False. Set it to True, {_ELSEWHERE}"
            )
        _download(folder)

    names, languages = [], []
    for language, path in paths.items():
        remedy = "Delete the file, and fetch_names will download it again."
        lines = _checked_lines(language, path.read_bytes(), path, remedy)
        if not raw:
            lines = [" ".join(line.split()).rstrip(_STRAY_ENDS) for line in lines]
            lines = [line for line in lines if line not in _NOT_NAMES]
        names += lines
        languages += [language] * len(lines)
    return make_bunch(
        names, languages, descr="pytorch_names.rst", return_X_y=return_X_y, as_frame=as_frame
    )


def data_folder(data_home):
    """Return the folder of downloaded data: the given one, $SKNAMES_DATA, or ~/sknames_data."""
    if data_home is None:
        data_home = os.environ.get("SKNAMES_DATA") or "~/sknames_data"
    return Path(data_home).expanduser()


def _download(folder):
    """Write the files of names into the folder, once all are checked."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    # On the same file system, where a rename is atomic.
    with TemporaryDirectory(prefix=".names-", dir=folder.parent) as temporary:
        try:
            zip_path = fetch_file(_URL, folder=temporary, local_filename="data.zip")
        except (OSError, HTTPException) as error:
            raise OSError(
                f"The names could not be downloaded from {_URL}: {error}. Try again with a "
                f"connection, {_ELSEWHERE}"
            ) from error
        contents = _read_zip(zip_path)
        folder.mkdir(exist_ok=True)
        # After an interruption, all written files are complete, and the next call adds the others.
        for language, content in contents.items():
            path = Path(temporary, f"{language}.txt")
            path.write_bytes(content)
            path.replace(folder / path.name)


def _read_zip(zip_path):
    """Return the checked bytes of each language's file, following no path or link in the zip."""
    remedy = "Nothing was stored. Try again later, or use load_names, which needs no download."
    contents = {}
    try:
        with zipfile.ZipFile(zip_path) as archive:
            for language in _LANGUAGES:
                with archive.open(f"data/names/{language}.txt") as member:
                    contents[language] = member.read(_MAX_BYTES)
    except Exception as error:  # zipfile passes on any error of its decompressors
        raise ValueError(
            f"{_URL} should be a zip with data/names/*.txt, but cannot be read: {error}. {remedy}"
        ) from error
    for language, content in contents.items():
        _checked_lines(language, content, f"data/names/{language}.txt from {_URL}", remedy)
    return contents


def _checked_lines(language, content, source, remedy):
    """Return the lines of a language's file; raise ValueError unless they are the known ones."""
    n_names, digest = _LANGUAGES[language]
    lines = content.splitlines()
    got = sha256(b"\n".join(lines)).hexdigest()
    if got != digest:
        raise ValueError(
            f"{source} should hold {n_names:,} names with SHA-256 {digest}, but holds "
            f"{len(lines):,} lines with SHA-256 {got}. {remedy}"
        )
    return [line.decode("utf-8") for line in lines]
