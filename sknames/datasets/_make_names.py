"""Make random full names of the surnames and given names that ship with the package."""

import unicodedata
from collections.abc import Sequence
from functools import cache
from numbers import Integral
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from .._base import validate_params
from ._load_names import read_rows

# Alphabets, by the first word of Unicode names: kana and Han mix in one name. Names in unspaced
# alphabets have the surname first, and no space.
_ONE_ALPHABET = {"HIRAGANA": "CJK", "KATAKANA": "CJK"}
_UNSPACED = {"CJK", "HANGUL"}


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "full": ["boolean"],
        "nationalities": ["array-like", None],
        "script": [StrOptions({"Latin", "native", "all"})],
        "random_state": ["random_state"],
    }
)
def make_names(
    n_samples: int = 100,
    *,
    full: bool = True,
    nationalities: Sequence[str] | NDArray[np.str_ | np.object_] | None = None,
    script: Literal["Latin", "native", "all"] = "Latin",
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Draw random full names, each made of names of one nationality in :func:`load_names`.

    Use them for training, benchmarks and load tests. All nationalities are equally likely, and so
    are all given names and all surnames of a nationality.

    Parameters
    ----------
    n_samples : int, default=100
        Number of names to draw. They may repeat.
    full : bool, default=True
        If True, draw a given name and a surname; if False, one of the two, with equal probability.
    nationalities : array-like of str, default=None
        Nationalities with names in `script`, in any order. None takes all of them.
    script : {"Latin", "native", "all"}, default="Latin"
        Script of the names: Latin letters, a native script, or both. The scripts of a nationality
        are equally likely.
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
    The given name comes first. Chinese, Hungarian, Japanese, Korean and Vietnamese names in Latin
    letters have either order with equal probability; names in Han, kana and Hangul have the surname
    first, and no space.

    Both parts are in the same alphabet, and drawn independently: a man's given name can meet a
    woman's surname, nobody has two given names, and a rare name is as likely as a common one.

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
    unknown = {str(item) for item in asked if not isinstance(item, str) or item not in known}
    if unknown or not asked:
        raise ValueError(
            f"`nationalities` should be some of {', '.join(known)}, which have names with "
            f"script={script!r}. Got {', '.join(sorted(unknown)) or 'none of them'}."
        )
    chosen = [nationality for nationality in known if nationality in asked]
    both_orders = {
        nationality for nationality, order in read_rows("name_orders.csv") if order == "both"
    }

    # Pools are sorted by nationality, and names by pool, so that a draw from either adds a random
    # number to the start of its part.
    pools = {key: pool for key, pool in sorted(pools.items()) if key[0] in chosen}
    n_pools = np.unique([nationality for nationality, _ in pools], return_counts=True)[1]
    unspaced = np.array([alphabet in _UNSPACED for _, alphabet in pools])
    either_order = np.array([nationality in both_orders for nationality, _ in pools])

    rng = check_random_state(random_state)
    which = rng.randint(len(chosen), size=n_samples)
    pool = _draw(rng, n_pools, which)
    given, surnames = (
        np.array([name for names in pools.values() for name in names[part]], dtype=object)[
            _draw(rng, np.array([len(names[part]) for names in pools.values()]), pool)
        ]
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
    """Draw an index in each pool `which`, where pools of these sizes follow one another."""
    starts = np.cumsum(sizes) - sizes
    return starts[which] + random_state.randint(sizes[which])


@cache  # reading the file takes longer than drawing a thousand names
def _pools(script):
    """Return names to join, {(nationality, alphabet): {"surname": list, "given": list}}."""
    pools = {}
    for name, nationality, part, its_script in read_rows("names.csv"):
        if script in ("all", its_script):
            alphabet = "LATIN"
            if its_script == "native":
                alphabet = unicodedata.name(name[0]).split()[0]
                alphabet = _ONE_ALPHABET.get(alphabet, alphabet)
            pool = pools.setdefault((nationality, alphabet), {"surname": [], "given": []})
            pool[part].append(name)
    return {key: pool for key, pool in pools.items() if pool["surname"] and pool["given"]}
