"""Generate random full names from the shipped surnames and given names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from .._base import validate_params
from .._base.labels_and_weights import check_weights
from .._base.sklearn_private import HasMethods, Interval
from ._load_names import SCRIPT_OPTIONS, read_names_in, read_rows

_UNSPACED = {"Hani", "Jpan", "Kore"}  # the surname is first, without a space


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "full": ["boolean"],
        "nationalities": [HasMethods("items"), "array-like", None],
        "script": [SCRIPT_OPTIONS],
        "random_state": ["random_state"],
    }
)
def make_names(
    n_samples: int = 100,
    *,
    full: bool = True,
    nationalities: (
        Sequence[str] | NDArray[np.str_ | np.object_] | Mapping[str, float] | None
    ) = None,
    script: str = "Latn",
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Draw random full names of the nationalities in :func:`load_names`.

    Use the names for training, benchmarks and load tests. By default, all nationalities
    are equally likely, as are all given names and all surnames of a nationality.

    Parameters
    ----------
    n_samples : int, default=100
        Number of names to draw. They may repeat.
    full : bool, default=True
        If True, draw a given name and a surname; if False, one of the two, with equal
        probability.
    nationalities : array-like of str, dict or None, default=None
        Nationalities with names in `script`, in any order, or the weight with which
        each is drawn: ``{"Dutch": 0.9, "Turkish": 0.1}``. None takes all of them.
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

    Both parts are in the same script and drawn independently: a man's given name can be
    combined with a woman's surname, nobody has two given names, and rare names are as
    likely as common names.

    Examples
    --------
    >>> from sknames.datasets import make_names
    >>> names, nationalities = make_names(3, random_state=0)
    >>> names.shape, nationalities.shape
    ((3,), (3,))
    """
    pools = _pools(script)
    chosen = _check_nationalities(nationalities, pools, script)
    # Pools are sorted by nationality, and names by pool, so `_draw` can add a random
    # number to the first index of a nationality or pool.
    pools = [pool for pool in pools if pool.nationality in chosen]
    nationalities_of_pools = [pool.nationality for pool in pools]
    _, n_pools = np.unique(nationalities_of_pools, return_counts=True)

    rng = check_random_state(random_state)
    shares = None
    if hasattr(nationalities, "items"):  # as of a Series, too
        weight_of: Any = nationalities
        given_weights = [weight_of[label] for label in chosen]
        weights = check_weights(given_weights, len(chosen), "weights of nationalities")
        shares = weights / weights.sum()
    nationality = rng.choice(len(chosen), size=n_samples, p=shares)
    pool = _draw(rng, n_pools, nationality)
    given = _draw_names(rng, [pool.given for pool in pools], pool)
    surnames = _draw_names(rng, [pool.surnames for pool in pools], pool)
    coin = rng.randint(2, size=n_samples).astype(bool)
    if full:
        names = _full_names(given, surnames, coin, pools, pool)
    else:
        names = np.where(coin, surnames, given)
    return names, np.array(chosen, dtype=object)[nationality]


def _check_nationalities(nationalities, pools, script):
    """Return the nationalities to draw from, sorted; raise ValueError without names."""
    known = sorted({pool.nationality for pool in pools})
    if nationalities is None:
        return known
    keys = getattr(nationalities, "keys", None)  # of a dict, or of a Series
    asked = list(nationalities if keys is None else keys())
    unknown = set()
    for item in asked:
        if not isinstance(item, str) or item not in known:
            unknown.add(str(item))
    if unknown or not asked:
        raise ValueError(
            f"`nationalities` should be some of {', '.join(known)}, which have names "
            f"with script={script!r}. Got "
            f"{', '.join(sorted(unknown)) or 'none of them':.80}."
        )
    return [nationality for nationality in known if nationality in asked]


def _full_names(given, surnames, coin, pools, pool):
    """Join given names and surnames (n,) in the order of their pools.

    `pool` (n,) are indices of `pools`. A `coin` (n,), bool, decides where both orders
    are usual.
    """
    orders = dict(read_rows("name_orders.csv"))
    is_unspaced = np.array([pool.script in _UNSPACED for pool in pools])[pool]
    has_both_orders = np.array(
        [orders.get(pool.nationality) == "both" for pool in pools]
    )[pool]
    surname_first = is_unspaced | (has_both_orders & coin)
    space = np.where(is_unspaced, "", " ").astype(object)
    names = np.where(surname_first, surnames, given) + space
    return names + np.where(surname_first, given, surnames)


def _draw(random_state, sizes, which):
    """Draw an index from each group `which` (n,); indices of groups are consecutive."""
    starts = np.cumsum(sizes) - sizes
    return starts[which] + random_state.randint(sizes[which])


def _draw_names(random_state, lists, which):
    """Draw a name from each list in `which` (n,), dtype=object."""
    names = np.array(list(chain.from_iterable(lists)), dtype=object)
    sizes = np.array([len(names_of_list) for names_of_list in lists])
    return names[_draw(random_state, sizes, which)]


@dataclass(frozen=True)
class _Pool:
    """Hold the names of a nationality in one script."""

    nationality: str
    script: str
    given: list[str]
    surnames: list[str]


@cache  # reading the file takes longer than drawing a thousand names
def _pools(script):
    """Return the pools with given names and surnames, by nationality and script."""
    pools = {}
    for name, nationality, part, script_of_name in read_names_in(script):
        key = nationality, script_of_name
        if key not in pools:
            pools[key] = _Pool(nationality, script_of_name, given=[], surnames=[])
        names = pools[key].given if part == "given" else pools[key].surnames
        names.append(name)
    ordered = [pools[key] for key in sorted(pools)]
    return [pool for pool in ordered if pool.given and pool.surnames]
