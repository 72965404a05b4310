"""--draw: write rows that were drawn at random, to check them."""

from itertools import compress

import click
import numpy as np
import pyarrow as pa

from .._text.names import Names
from .files import say

draw_option = click.option(
    "--draw",
    type=click.IntRange(2),
    help="Write so many random rows, for you to check. Estimate nothing.",
)


def write_draw(listed, n_drawn, has_others, outcome=None):
    """Write rows of names that were drawn at random, with an empty column of labels.

    With a column of outcomes, as many rows of each are drawn. The numbers of rows begin
    with 0, as in pandas.
    """
    if has_others:
        raise click.UsageError(
            "--draw only writes rows to check: leave the other options out"
        )
    table = listed.table
    table.skips_blank_lines = True
    people = []
    rows = []
    outcomes = []
    n_rows = 0
    for chunk, names in table.names():
        is_name = Names(names).reasons == ""
        people += compress(names, is_name)
        rows += (n_rows + np.flatnonzero(is_name)).tolist()
        if outcome is not None:
            outcomes += compress(table.texts(chunk, outcome, "--outcome"), is_name)
        n_rows += len(names)
    if len(people) < n_drawn:
        raise ValueError(
            f"--draw {n_drawn}: {table.name} has only {len(people):,} names: give fewer"
        )
    rng = np.random.default_rng(0)
    if outcome is None:
        drawn = rng.choice(len(people), n_drawn, replace=False)
    else:
        drawn = _draw_of_each(np.array(outcomes), n_drawn, rng)
    drawn = np.sort(drawn).tolist()
    columns = {
        "row": [rows[k] for k in drawn],
        "name": [people[k] for k in drawn],
        "checked": [""] * n_drawn,
    }
    if outcome is not None:
        columns["outcome"] = [outcomes[k] for k in drawn]
    listed.write(pa.table(columns), metadata={})
    say(
        f"{n_drawn} of {len(people):,} names: fill in the label of each, without "
        'reading it off the name; "unknown" where nobody can decide'
    )


def _draw_of_each(outcomes, n_drawn, rng):
    """Return rows, the same number of each outcome where there are enough."""
    distinct, counts = np.unique(outcomes, return_counts=True)
    if n_drawn < len(distinct):
        raise click.UsageError(
            f"--draw {n_drawn}: there are {len(distinct)} outcomes: give at least one "
            "row of each"
        )
    drawn = []
    n_left = n_drawn
    # The rarest first, so that the others make up for what it lacks.
    for k, place in enumerate(np.argsort(counts, kind="stable")):
        (rows,) = np.nonzero(outcomes == distinct[place])
        n = min(len(rows), n_left // (len(distinct) - k))
        drawn.append(rng.choice(rows, n, replace=False))
        n_left -= n
    return np.concatenate(drawn)
