"""shares: estimate the mix of nationalities in a table, or compare its groups."""

import time
import warnings
from collections import Counter, defaultdict
from functools import partial
from itertools import chain
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._models.stack import resolve
from .._shares.shares import Comparison, Shares, shares_of_list
from .._shares.shares_display import SharesDisplay
from .._wrappers.grouped_classifier import GroupedClassifier
from .files import check_output, say, whole_file
from .models import predict_distinct
from .options import (
    groups_option,
    jobs_option,
    model_options,
    output_options,
    table_options,
)
from .output import rounded

MOST_PANELS = 100  # matplotlib draws 65,536 pixels at most
COUNTS = ("names", "not_names")


@click.command()
@table_options
@model_options
@click.option(
    "--by", help="Columns of a table, such as region,year: estimate each group alone."
)
@click.option(
    "--against", help="Compare each group with this one of --by, or with all others."
)
@groups_option
@output_options
@click.option("--plot", help="File for a picture: .png, .svg or .pdf.")
@jobs_option
def shares(table, model, by, against, groups, output, plot, jobs):
    """Estimate the share of each nationality among the names in INPUT.

    The shares are those under which the names are most likely, with 95 % intervals.
    Rows without a name are counted separately. A terminal shows text; files and pipes
    get a table.

    --by department --against others compares each department with the rest, --against
    Sales with that one: differences, their intervals, and which are sure.
    """
    start = time.perf_counter()
    _check_options(by, against, plot)
    fitted = model.load()
    if groups is not None:
        fitted = GroupedClassifier(fitted, groups=groups)
    n_of = defaultdict(Counter)
    stack = resolve(fitted)
    below, group_index = stack.without_groups()
    distinct = predict_distinct(below, table.count_names(n_of, by), jobs, table)
    texts_of = dict(sorted(n_of.items()))
    columns = (Shares if against is None else Comparison)._columns
    _check_groups(texts_of, by, columns, plot)
    chosen = None if against is None else _choose(texts_of, by, against)
    estimate = partial(_estimate, stack, group_index, distinct)
    titles = {
        key: ", ".join(f"{column}: {value}" for column, value in key)
        for key in texts_of
    }
    found = {key: estimate(texts, titles[key]) for key, texts in texts_of.items()}
    if against is not None:
        found = _compare(found, chosen, texts_of, estimate)
    counts = {key: _count(texts, distinct) for key, texts in texts_of.items()}
    if output.is_terminal:
        click.echo("\n\n".join(_texts(found, counts, titles)))
    else:
        rows = [*_rows(found, counts if by else {}, columns)]
        whole = pa.Table.from_pylist(rows).to_batches()[0], pa.record_batch([], [])
        output.write([whole], "csv", table.delimiter)
    if plot is not None:
        _draw(found, plot)
    n_names, n_not_names = (sum(n[name] for n in counts.values()) for name in COUNTS)
    say(
        f"{n_names + n_not_names:,} rows: {n_names:,} names, {n_not_names:,} not "
        f"names; {time.perf_counter() - start:.1f} s"
    )


def _check_options(by, against, plot):
    """Raise UsageError for options that do not go together, before long work."""
    if against is not None and by is None:
        raise click.UsageError("--against compares the groups of --by: give both")
    if plot is not None:
        if Path(plot).suffix not in (".png", ".svg", ".pdf"):
            raise click.UsageError(
                f"--plot {plot}: let its name end in .png, .svg or .pdf"
            )
        check_output(plot)
        check_matplotlib_support("--plot")


def _check_groups(texts_of, by, columns, plot):
    """Raise UsageError for groups that the output cannot show."""
    taken = {column for column, _ in next(iter(texts_of))} & {*columns, *COUNTS}
    if taken:
        raise click.UsageError(f"--by {taken.pop()}: rename it, the output has another")
    if plot is not None and len(texts_of) > MOST_PANELS:
        raise click.UsageError(
            f"--plot draws {MOST_PANELS} groups at most, and --by {by} gives "
            f"{len(texts_of):,}: leave --plot out"
        )


def _choose(texts_of, by, against):
    """Return the group that --against names, None for all others."""
    name_of = {key: ",".join(value for _, value in key) for key in texts_of}
    names = [*name_of.values()]
    called_so = [key for key, name in name_of.items() if name == against]
    if len(names) == 1:
        raise click.UsageError(
            f"--against compares groups, and --by {by} gives only {names[0]!r}: leave "
            "--against out, or give another --by"
        )
    if against == "others":
        if called_so:
            raise click.UsageError(
                "--against others compares each group with all others, and --by "
                f"{by} has a group 'others', too: rename it"
            )
        return None
    if not called_so:
        listed = ", ".join(map(repr, names[:20]))
        raise click.UsageError(
            f"--against {against}: no such group. Give others, or one of {listed}"
        )
    if len(called_so) > 1:
        listed = " and ".join(
            "(" + ", ".join(f"{column} {value!r}" for column, value in key) + ")"
            for key in called_so
        )
        raise click.UsageError(
            f"--against {against}: {len(called_so)} groups are called so, {listed}: "
            "rename a value, or leave a column of --by out"
        )
    return called_so[0]


def _count(texts, distinct):
    """Return how many of the texts are names, and how many are not."""
    n_names = sum(n for text, n in texts.items() if distinct.is_name(text))
    return dict(zip(COUNTS, (n_names, texts.total() - n_names), strict=True))


def _texts(found, counts, titles):
    """Yield what a terminal shows of each group."""
    for key, table in found.items():
        text = str(table)
        if table is None:
            text = f"no name; {counts[key]['not_names']:,} not names"
            if counts[key]["names"]:
                text = "no name to compare with"
        yield f"{titles[key]}\n{text}" if key else text


def _rows(found, counts, columns):
    """Yield the rows of the output: each label of each group."""
    for key, table in found.items():
        if table is None:
            table = dict.fromkeys(columns, np.array([None]))
        values = [rounded(table[name]).tolist() for name in columns]
        for row in zip(*values, strict=True):
            answer = dict(zip(columns, row, strict=True))
            yield dict(key) | answer | counts.get(key, {})


def _draw(found, plot):
    """Draw the groups that have names."""
    drawn = {
        ", ".join(value or "(blank)" for _, value in key): table
        for key, table in found.items()
        if table
    }
    display = SharesDisplay.from_shares(drawn)
    with whole_file(plot) as file:
        display.figure_.savefig(file, format=Path(plot).suffix[1:], dpi=150)


def _estimate(stack, group_index, distinct, texts, title):
    """Return the shares of texts, or None if none of them is a name.

    Each call returns the same. The title is in front of warnings.
    """
    if not any(map(distinct.is_name, texts)):
        return None
    with warnings.catch_warnings(record=True) as caught:
        shares = shares_of_list(
            stack,
            distinct.take(texts),
            group_index=group_index,
            counts=[*texts.values()],
            random_state=0,
        )
    for warning in caught:
        say(f"sknames: warning: {f'{title}: ' * bool(title)}{warning.message}")
    return shares


def _compare(found, chosen, texts_of, estimate):
    """Compare each group with the chosen one, or all others; None without names."""
    if chosen is None:
        whole = Counter(
            chain.from_iterable(texts.elements() for texts in texts_of.values())
        )
        other_of = {
            key: estimate(whole - texts, f"not {','.join(value for _, value in key)}")
            for key, texts in texts_of.items()
        }
    else:
        other_of = {key: found[chosen] for key in found if key != chosen}
    return {
        key: found[key] and other and found[key].compare(other, same_source=True)
        for key, other in other_of.items()
    }
