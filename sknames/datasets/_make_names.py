"""Make random full names of the surnames and given names that ship with the package."""

from collections.abc import Sequence
from functools import cache
from numbers import Integral

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from .._base import validate_params
from ._load_names import SCRIPT_OPTIONS, read_names_in, read_rows

_UNSPACED = {"Hani", "Jpan", "Kore"}  # the surname is first, without a space


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "full": ["boolean"],
        "nationalities": ["array-like", None],
        "script": [SCRIPT_OPTIONS],
        "random_state": ["random_state"],
    }
)
def make_names(
    n_samples: int = 100,
    *,
    full: bool = True,
    nationalities: Sequence[str] | NDArray[np.str_ | np.object_] | None = None,
    script: str = "Latn",
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Draw random full names, each of one nationality in :func:`load_names`.

    Use them for training, benchmarks and load tests. All nationalities are equally
    likely, and so are all given names and all surnames of a nationality.

    Parameters
    ----------
    n_samples : int, default=100
        Number of names to draw. They may repeat.
    full : bool, default=True
        If True, draw a given name and a surname; if False, one of the two, with equal
        probability.
    nationalities : array-like of str, default=None
        Nationalities with names in `script`, in any order. None takes all of them.
    script : str, default="Latn"
        Script of the names, as in :func:`load_names`. The scripts of a nationality are
        equally likely.
    random_state : int, RandomState instance or None, default=None
        Seed or generator. Pass an int for the same names in each call.

    Returns
    -------
    names : ndarray of shape (n_samples,), dtype=object
        The names.
    nationalities : ndarray of shape (n_samples,), dtype=object
        The nationality of each name.

    See Also
    --------
    load_names : Load the surnames and given names.

    Notes
    -----
    The given name comes first. Chinese, Hungarian, Japanese, Korean and Vietnamese
    names in Latin letters have either order with equal probability; names in Han, kana
    and Hangul have the surname first, and no space.

    Both parts are in the same script, and drawn independently: a man's given name can
    meet a woman's surname, nobody has two given names, and a rare name is as likely as
    a common one.

    Examples
    --------
    >>> from sknames.datasets import make_names
    >>> names, nationalities = make_names(3, random_state=0)
    >>> names.shape, nationalities.shape
    ((3,), (3,))
    """
    pools = _pools(script)
    known = sorted({nationality for nationality, _ in pools})
    asked = known if nationalities is None else list(nationalities)
    unknown = {
        str(item) for item in asked if not isinstance(item, str) or item not in known
    }
    if unknown or not asked:
        raise ValueError(
            f"`nationalities` should be some of {', '.join(known)}, which have names "
            f"with script={script!r}. Got "
            f"{', '.join(sorted(unknown)) or 'none of them'}."
        )
    chosen = [nationality for nationality in known if nationality in asked]
    both_orders = {
        nationality
        for nationality, order in read_rows("name_orders.csv")
        if order == "both"
    }

    # Pools are sorted by nationality, and names by pool, so that a draw from either
    # adds a random number to the start of its part.
    pools = {key: pool for key, pool in sorted(pools.items()) if key[0] in chosen}
    n_pools = np.unique([nationality for nationality, _ in pools], return_counts=True)[
        1
    ]
    unspaced = np.array([its_script in _UNSPACED for _, its_script in pools])
    either_order = np.array([nationality in both_orders for nationality, _ in pools])

    rng = check_random_state(random_state)
    which = rng.randint(len(chosen), size=n_samples)
    pool = _draw(rng, n_pools, which)
    given, surnames = (
        np.array(
            [name for names in pools.values() for name in names[part]], dtype=object
        )[_draw(rng, np.array([len(names[part]) for names in pools.values()]), pool)]
        for part in ("given", "surname")
    )
    coin = rng.randint(2, size=n_samples).astype(bool)
    if full:
        surname_first = unspaced[pool] | (either_order[pool] & coin)
        space = np.where(unspaced[pool], "", " ").astype(object)
        names = np.where(surname_first, surnames, given) + space
        names += np.where(surname_first, given, surnames)
    else:
        names = np.where(coin, surnames, given)
    return names, np.array(chosen, dtype=object)[which]


def _draw(random_state, sizes, which):
    """Draw an index in each pool `which`; pools of these `sizes` are consecutive."""
    starts = np.cumsum(sizes) - sizes
    return starts[which] + random_state.randint(sizes[which])


@cache  # reading the file takes longer than drawing a thousand names
def _pools(script):
    """Return names by (nationality, script): {"surname": list, "given": list}."""
    pools = {}
    for name, nationality, part, its_script in read_names_in(script):
        pool = pools.setdefault((nationality, its_script), {"surname": [], "given": []})
        pool[part].append(name)
    return {
        key: pool for key, pool in pools.items() if pool["surname"] and pool["given"]
    }
