"""shares: estimate the mix of nationalities in a table, or compare its parts."""

import time
from collections import defaultdict
from pathlib import Path

import click

from .._base.sklearn_private import check_matplotlib_support
from .._results.parts import Parts
from .._results.shares import shares_of_list
from .._results.shares_display import SharesDisplay
from .files import check_output, whole_file
from .lists import QUESTION, draw_option, list_command, say_counts, warnings_said

MOST_PANELS = 100  # matplotlib draws 65,536 pixels at most


@click.command()
@list_command
@click.option(
    "--against", help="Compare each part with this one of --by, or with all others."
)
@draw_option
@click.option("--plot", help="File for a picture: .png, .svg or .pdf.")
def shares(listed, against, draw, plot):
    """Estimate the share of each nationality among the names in INPUT.

    Shares have confidence intervals. A terminal shows text; files and pipes get a
    table.

    --by department --against others compares each department with all other rows, and
    --against Sales compares it with that department.

    --draw 200 writes random rows with an empty column for the labels that you check.
    Add these to INPUT, and name their column with --checked.
    """
    start = time.perf_counter()
    _check_options(listed.by, against, plot)
    if draw is not None:
        listed.write_draw(draw, has_others=plot is not None)
        return
    rows = listed.predict_rows()
    with warnings_said():
        result = rows.estimate(
            lambda names, _, seeds: shares_of_list(names, QUESTION, seeds)
        )
        if against is not None:
            result = result.compare(_key_of(against, result))
    if plot is not None and len(result) > MOST_PANELS and isinstance(result, Parts):
        raise click.UsageError(
            f"--plot draws {MOST_PANELS} parts at most, and --by {listed.by} gives "
            f"{len(result):,}: leave --plot out"
        )
    listed.show(result, rows.stack)
    if plot is not None:
        display = SharesDisplay.from_shares(result)
        with whole_file(plot) as file:
            display.figure_.savefig(file, format=Path(plot).suffix[1:], dpi=150)
    say_counts(rows.names, rows.stack, start)


def _check_options(by, against, plot):
    """Raise UsageError for options that do not go together, before long work."""
    if against is not None and by is None:
        raise click.UsageError("--against compares the parts of --by: give both")
    if plot is not None:
        if Path(plot).suffix not in (".png", ".svg", ".pdf"):
            raise click.UsageError(
                f"--plot {plot}: let its name end in .png, .svg or .pdf"
            )
        check_output(plot, "--plot")
        check_matplotlib_support("--plot")


def _key_of(against, parts):
    """Return the key of the part that --against names, or "others"."""
    if against == "others":
        return against
    keys_of_name = defaultdict(list)
    for key in parts:
        values = key if isinstance(key, tuple) else [key]
        keys_of_name[",".join(value or "" for value in values)].append(key)
    called_so = keys_of_name.get(against, [])
    if len(called_so) == 1:
        return called_so[0]
    if called_so:
        raise click.UsageError(
            f"--against {against}: {len(called_so)} parts are called so: rename a "
            "value, or leave a column of --by out"
        )
    listed = ", ".join(map(repr, [*keys_of_name][:20]))
    raise click.UsageError(
        f"--against {against}: no such part. Give others, or one of {listed}"
    )
