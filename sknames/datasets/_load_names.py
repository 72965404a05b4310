"""Load the shipped names."""

import csv
from importlib.resources import files
from itertools import islice
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from .._base import validate_params
from .._base.sklearn_private import StrOptions, check_pandas_support
from .._text.spelling_groups import spelling_groups

# ISO 15924 codes of the scripts of the names; "Hani" stands for simplified and
# traditional Chinese characters.
SCRIPTS = (
    "Arab Armn Beng Cyrl Deva Geor Grek Gujr Hani Hebr Jpan Kore Latn Orya Sinh Taml "
    "Thai"
)
SCRIPT_OPTIONS = StrOptions({*SCRIPTS.split(), "native", "all"})


def _read(folder, file):
    """Return the text of a file in a folder of this package."""
    return files(__package__).joinpath(folder, file).read_text(encoding="utf-8")


def read_table(file):
    """Iterate over the rows of a file under data/, the header first."""
    return csv.reader(_read("data", file).splitlines())


def read_rows(file):
    """Iterate over the rows of a file under data/, without the header."""
    return islice(read_table(file), 1, None)


def read_names_in(script):
    """Iterate over rows of names in a script, "native" or "all": see `load_names`."""
    for row in read_rows("names.csv"):
        script_of_row = row[3]
        is_native = script == "native" and script_of_row != "Latn"
        if is_native or script in ("all", script_of_row):
            yield row


def table_bunch(columns, descr, as_frame):
    """Return columns as a Bunch with a frame and the text of a file under descr/."""
    frame = None
    if as_frame:
        frame = check_pandas_support("as_frame=True").DataFrame(columns)
        columns = dict(frame.items())
    return Bunch(**columns, frame=frame, DESCR=_read("descr", descr))


def make_bunch(names, nationalities, *, descr, return_X_y, as_frame, **columns):
    """Return a dataset as scikit-learn's loaders do; `descr` is a file under descr/."""
    # With dtype=str, all items would be as wide as the longest name.
    arrays = {
        "name": np.array(names, dtype=object),
        "nationality": np.array(nationalities, dtype=object),
    }
    bunch = table_bunch(arrays, descr, as_frame)
    data = bunch.pop("name")
    target = bunch.pop("nationality")
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        **bunch,
        **columns,
        target_names=np.array(sorted(set(nationalities)), dtype=object),
        groups=spelling_groups(names),
    )


@validate_params(
    {"script": [SCRIPT_OPTIONS], "return_X_y": ["boolean"], "as_frame": ["boolean"]}
)
def load_names(
    *, script: str = "Latn", return_X_y: bool = False, as_frame: bool = False
) -> Any:
    """Load the shipped names of 57 nationalities (classification).

    The dataset has 80,479 surnames and given names in Latin letters, in local spelling,
    and 23,175 names in native scripts for 20 of the nationalities.

    Parameters
    ----------
    script : str, default="Latn"
        Script of the names: "Latn" for Latin letters with diacritics, "native" for all
        other scripts, "all", or one of these ISO 15924 codes: "Arab", "Armn", "Beng",
        "Cyrl", "Deva", "Geor", "Grek", "Gujr", "Hani", "Hebr", "Jpan", "Kore", "Orya",
        "Sinh", "Taml", "Thai".
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
        part : ndarray of shape (n_names,), dtype=object
            "surname", "given" or "both".
        script : ndarray of shape (n_names,), dtype=object
            The ISO 15924 code of the name's script.

    (data, target) : tuple if `return_X_y` is True
        The two arrays or Series described above.

    See Also
    --------
    make_names : Generate random full names from these surnames and given names.
    fetch_names : Download the names of the PyTorch tutorial.

    Notes
    -----
    The names are sorted by nationality, part and name. Shuffle them before splitting,
    because ``cv=3`` alone would put surnames and given names into different folds. Each
    name occurs once in a nationality, however common the name is. `DESCR` has the
    sources.

    Examples
    --------
    >>> from sknames.datasets import load_names
    >>> names = load_names()
    >>> names.data.shape
    (80479,)
    >>> names.data[0], names.target[0], names.part[0]
    ('Adelina', 'Albanian', 'given')
    """
    parts = {}  # by name and nationality
    scripts = {}
    for name, nationality, part, script_of_name in read_names_in(script):
        pair = name, nationality
        # A name that is both a surname and a given name has two rows in the file.
        parts[pair] = "both" if pair in parts else part
        scripts[pair] = script_of_name
    return make_bunch(
        [name for name, _ in parts],
        [nationality for _, nationality in parts],
        descr="names.rst",
        return_X_y=return_X_y,
        as_frame=as_frame,
        part=np.array(list(parts.values()), dtype=object),
        script=np.array(list(scripts.values()), dtype=object),
    )
