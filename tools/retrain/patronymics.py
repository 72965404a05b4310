"""Add patronymics to names, as official registers do: Попов Ігор Володимирович."""

from functools import cache

from .tables import fold, read_table

# Endings of women's and men's surnames, in plain letters.
_FEMALE = ("ova", "eva", "ina", "aya", "ska", "skaia", "skaja")
_MALE = ("ov", "ev", "in", "yi", "iy", "ii", "sky", "ski")
_MEN_IN_A = set(
    "nikita ilya illya illia mykola mykyta sava savva foma luka kuzma danila".split()
)


@cache
def _rows():
    """Return the rows of the table by (nationality, script)."""
    found = {}
    for row in read_table("patronymics.csv"):
        row |= {"register": float(row["register"]), "stems": row["stems"].split()}
        for nationality in row["nationalities"].split():
            found.setdefault((nationality, row["script"]), []).append(row)
    return found


def with_patronymic(name, nationality, script, rng):
    """Return a name of two words with a patronymic, or None if there is no rule.

    The surname is the last word of `name`. It comes first in the result with the
    probability "register" of the table, as in registers.
    """
    rows = _rows().get((nationality, script))
    words = name.split()
    if rows is None or len(words) != 2:
        return None
    given, surname = words
    row = rows[rng.randint(len(rows))]
    stem = row["stems"][rng.randint(len(row["stems"]))]
    father = stem + row["female" if is_female(given, surname) else "male"]
    is_register = rng.random_sample() < row["register"]
    return " ".join(
        [surname, given, father] if is_register else [given, father, surname]
    )


def is_female(given, surname):
    """Return whether the endings of a name, with patronymics in use, are a woman's."""
    given, surname = (fold(word).replace("'", "") for word in (given, surname))
    if surname.endswith((*_FEMALE, *_MALE)):
        return surname.endswith(_FEMALE)
    return given.endswith("a") and given not in _MEN_IN_A
