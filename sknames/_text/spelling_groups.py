"""Group names that differ only in spelling."""

import numpy as np
from numpy.typing import NDArray

from .._base.codes import index_in
from .names import NamesLike, read_names
from .tidy import spellings


def spelling_groups(names: NamesLike) -> NDArray[np.intp]:
    """Assign each name to a group; all spellings of a name share a group.

    A model that was trained on Dvořák also knows Dvorak and " DVORAK". To measure
    accuracy on unseen names, keep each group on one side of each split.

    Parameters
    ----------
    names : iterable of str, or table of one column
        Names.

    Returns
    -------
    ndarray of shape (n_names,) of int
        Group of each name. Names in a group differ at most in white space, the kind of
        quotation marks, apostrophes and hyphens, diacritics, case, script ("王" and
        "Wang"), titles and degrees.

    See Also
    --------
    sklearn.model_selection.StratifiedGroupKFold : Split data by groups.

    Examples
    --------
    >>> from sknames import spelling_groups
    >>> spelling_groups(["Dvořák", "Ōe", " DVORAK"])
    array([0, 1, 0])
    """
    # np.unique would copy the names into an array as wide as the longest name.
    spelt = spellings(read_names(names))
    return index_in(sorted({*spelt}), spelt, otherwise=-1)
