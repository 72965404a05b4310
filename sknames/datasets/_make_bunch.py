"""The return value of the dataset loaders."""

from importlib.resources import files

import numpy as np
from sklearn.utils import Bunch

from .._encoding.spelling_groups import spelling_groups


def make_bunch(names, nationalities, *, descr, return_X_y, as_frame, **columns):
    """Gather a dataset the way scikit-learn's loaders do.

    Parameters
    ----------
    names, nationalities : list of str
    descr : str
        Name of the file under descr/ that describes the dataset.
    return_X_y, as_frame : bool
    **columns : array-like
        Further columns of the dataset.

    Returns
    -------
    bunch : Bunch or tuple (data, target)
    """
    # object, not str: the items stay Python strings, and one long name does not widen every other
    data, target = np.array(names, dtype=object), np.array(nationalities, dtype=object)
    frame = None
    if as_frame:
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "as_frame=True needs pandas. Install it (pip install pandas), or set "
                "as_frame=False for arrays."
            ) from error

        frame = pd.DataFrame({"name": data, "nationality": target})
        data, target = frame["name"], frame["nationality"]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        target_names=np.array(sorted(set(nationalities)), dtype=object),
        groups=spelling_groups(names),
        DESCR=files(__package__).joinpath("descr", descr).read_text(encoding="utf-8"),
        **columns,
    )
