"""shares: estimate the shares of nationalities in a table, or compare its parts."""

import time
from pathlib import Path

import click

from .._base.sklearn_private import check_matplotlib_support
from .._results.parts import Parts
from .._results.shares import shares_of_list
from .._results.shares_display import SharesDisplay
from .files import atomic_output, check_output
from .lists import list_command, print_counts, print_warnings, sample_option

MOST_PANELS = 100  # matplotlib draws 65,536 pixels at most


@click.command()
@list_command
@click.option(
    "--against", help="Compare each part of --by with this part, or with all others."
)
@sample_option
@click.option("--plot", help="Draw the shares to this file: .png, .svg or .pdf.")
def shares(list_input, against, sample, plot):
    """Estimate the share of each nationality among the names in INPUT.

    Shares have confidence intervals. A terminal shows text; files and pipes get a
    table.

    --by department --against others compares each department with all other rows, and
    --against Sales compares each department with Sales.

    --sample 200 writes a random sample of rows with an empty column in which to enter
    the true labels. Add this column to INPUT and pass its name to --checked.
    """
    start = time.perf_counter()
    _check_options(list_input.by, against, plot)
    if sample is not None:
        list_input.write_sample(sample, has_others=plot is not None)
        return
    rows = list_input.predict_rows()
    with print_warnings():
        result = rows.estimate(shares_of_list)
        if against is not None:
            result = result.compare(_key_of(against, result))
    if plot is not None and len(result) > MOST_PANELS and isinstance(result, Parts):
        raise click.UsageError(
            f"--plot draws {MOST_PANELS} parts at most, but --by {list_input.by} gives "
            f"{len(result):,}: omit --plot"
        )
    list_input.show(result, rows.stack)
    if plot is not None:
        display = SharesDisplay.from_shares(result)
        with atomic_output(plot) as file:
            display.figure_.savefig(file, format=Path(plot).suffix[1:], dpi=150)
    print_counts(rows.names, rows.stack, start)


def _check_options(by, against, plot):
    """Raise UsageError for incompatible options, before a long computation."""
    if against is not None and by is None:
        raise click.UsageError("--against compares the parts of --by: use both")
    if plot is not None:
        if Path(plot).suffix not in (".png", ".svg", ".pdf"):
            raise click.UsageError(
                f"--plot {plot}: use a name that ends in .png, .svg or .pdf"
            )
        check_output(plot, "--plot")
        check_matplotlib_support("--plot")


def _key_of(against, parts):
    """Return the key of the part named by --against, or "others"."""
    if against == "others":
        return against
    name_of_key = {}
    for key in parts:
        values = key if isinstance(key, tuple) else [key]
        name_of_key[key] = ",".join(value or "" for value in values)
    matches = [key for key, name in name_of_key.items() if name == against]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise click.UsageError(
            f"--against {against}: {len(matches)} parts have this name: rename a "
            "value, or omit a column of --by"
        )
    names = ", ".join(map(repr, [*name_of_key.values()][:20]))
    raise click.UsageError(
        f"--against {against}: no such part. Use others, or one of {names}"
    )
