"""Write how many of something there are."""


def counted(n, singular, plural=None):
    """Return a number and what it counts, such as "1 row" or "1,200 rows".

    By default, the plural is the singular with an "s".
    """
    if n == 1:
        return f"1 {singular}"
    return f"{n:,} {plural or singular + 's'}"
