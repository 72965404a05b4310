"""The return value of the dataset loaders."""

from importlib.resources import files

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._optional_dependencies import check_pandas_support

from .._encoding.spelling_groups import spelling_groups


def make_bunch(names, nationalities, *, descr, return_X_y, as_frame, **columns):
    """Gather a dataset the way scikit-learn's loaders do; `descr` is a file under descr/."""
    # object, not str: the items stay Python strings, and one long name does not widen every other
    data, target = np.array(names, dtype=object), np.array(nationalities, dtype=object)
    frame = None
    if as_frame:
        pd = check_pandas_support("as_frame=True")
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
