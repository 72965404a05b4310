"""The names that ship with the package."""

import csv
from importlib.resources import files

import numpy as np

from ._bunch import make_bunch


def load_names(*, return_X_y=False, as_frame=False):
    """Load the names that ship with the package (classification).

    2,411 surnames and given names of 19 nationalities, in Latin letters with their diacritics. They
    need no download. They are meant for examples and tests; :func:`fetch_names` gets a larger set
    that others have measured themselves on.

    Parameters
    ----------
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
            Equal for names that are equal in plain ASCII letters and lower case. Pass it to
            :class:`~sklearn.model_selection.StratifiedGroupKFold`: a name that has been trained on
            is then not tested on, in any spelling.
        part : ndarray of shape (n_names,), dtype=object
            "surname" or "given".
        DESCR : str
            The description of the dataset.

    (data, target) : tuple if `return_X_y` is True
        The two arrays, or Series, described above.

    See Also
    --------
    fetch_names : The PyTorch tutorial's 20,074 names, downloaded at first use.

    Notes
    -----
    The names were written by hand for this package, from general knowledge. Each stands once a
    nationality, so they say nothing about how often a name occurs among people.

    Examples
    --------
    >>> from sknames.datasets import load_names
    >>> names = load_names()
    >>> names.data.shape
    (2411,)
    >>> names.data[0], names.target[0], names.part[0]
    ('Abdelaziz', 'Arabic', 'given')
    """
    text = files(__package__).joinpath("data", "names.csv").read_text(encoding="utf-8")
    _, *rows = csv.reader(text.splitlines())
    names, nationalities, parts = zip(*rows, strict=True)
    return make_bunch(
        names,
        nationalities,
        descr="names.rst",
        return_X_y=return_X_y,
        as_frame=as_frame,
        part=np.array(parts, dtype=object),
    )
