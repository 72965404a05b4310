"""Generate random full names from the shipped surnames and given names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from .._base import validate_params
from .._base.labels_and_weights import check_weights
from .._base.sklearn_private import HasMethods, Interval
from ._load_names import SCRIPT_OPTIONS, read_names_in, read_rows

_UNSPACED = {"Hani", "Jpan", "Kore"}  # the surname comes first, without a space


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
        Nationalities with names in `script`, in any order, or a dict with the weight
        of each, such as ``{"Dutch": 0.9, "Turkish": 0.1}``. None takes all of them.
    script : str, default="Latn"
        Script of the names, as in :func:`load_names`. The scripts of a nationality are
        equally likely.
    random_state : int, RandomState instance or None, default=None
        Seed or generator. Pass an int to get the same names in each call.

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
    chosen = _check_nationalities(nationalities, [*pools], script)
    rng = check_random_state(random_state)
    shares = None
    if hasattr(nationalities, "items"):  # a Series, too
        weight_of: Any = nationalities
        given_weights = [weight_of[label] for label in chosen]
        weights = check_weights(given_weights, len(chosen), "weights of nationalities")
        shares = weights / weights.sum()
    index = rng.choice(len(chosen), size=n_samples, p=shares)
    drawn_nationalities = np.array(chosen, dtype=object)[index]
    drawn_pools = _draw(rng, [pools[label] for label in drawn_nationalities])
    given_names = _draw(rng, [pool.given for pool in drawn_pools])
    surnames = _draw(rng, [pool.surnames for pool in drawn_pools])
    coins = rng.randint(2, size=n_samples)
    names = []
    for drawn in zip(drawn_pools, given_names, surnames, coins, strict=True):
        pool, given_name, surname, coin = drawn
        if full:
            names.append(pool.full_name(given_name, surname, coin))
        else:
            names.append(surname if coin else given_name)
    return np.array(names, dtype=object), drawn_nationalities


def _check_nationalities(nationalities, known, script):
    """Return the nationalities to draw from, sorted; raise ValueError without names."""
    if nationalities is None:
        return known
    keys = getattr(nationalities, "keys", None)  # of a dict or Series
    asked = {str(item) for item in (nationalities if keys is None else keys())}
    unknown = asked.difference(known)
    if unknown or not asked:
        raise ValueError(
            f"`nationalities` should be some of {', '.join(known)}, which have names "
            f"with script={script!r}. Got "
            f"{', '.join(sorted(unknown)) or 'none of them':.80}."
        )
    return sorted(asked)


def _draw(random_state, lists):
    """Draw an item from each list."""
    index = random_state.randint([len(items) for items in lists])
    return [items[k] for items, k in zip(lists, index, strict=True)]


@dataclass(frozen=True)
class _Pool:
    """The names of a nationality in one script.

    Parameters
    ----------
    is_unspaced : bool
        Whether full names begin with the surname and have no space.
    has_both_orders : bool
        Whether full names may begin with the given name or the surname.
    given, surnames : list of str
        The given names and the surnames.
    """

    is_unspaced: bool
    has_both_orders: bool
    given: list[str]
    surnames: list[str]

    def full_name(self, given, surname, coin):
        """Join a given name and a surname; `coin` decides if both orders are usual."""
        if self.is_unspaced:
            return surname + given
        if self.has_both_orders and coin:
            return f"{surname} {given}"
        return f"{given} {surname}"


@cache  # reading the file takes longer than drawing a thousand names
def _pools(script):
    """Return the pools with given names and surnames as lists by nationality."""
    orders = dict(read_rows("name_orders.csv"))
    pools = {}
    for name, nationality, part, script_of_name in read_names_in(script):
        pool = pools.setdefault(
            (nationality, script_of_name),
            _Pool(script_of_name in _UNSPACED, orders[nationality] == "both", [], []),
        )
        names = pool.given if part == "given" else pool.surnames
        names.append(name)
    by_nationality = {}
    for nationality, script_of_name in sorted(pools):
        pool = pools[nationality, script_of_name]
        if pool.given and pool.surnames:
            by_nationality.setdefault(nationality, []).append(pool)
    return by_nationality
