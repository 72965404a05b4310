"""shares: estimate the mix of nationalities in a table, or compare its groups."""

import time
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
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
COUNTS = ("names", "not_names")  # columns that --by adds


@dataclass(frozen=True)
class RowGroup:
    """The rows of a table with the same values in the columns of --by.

    Parameters
    ----------
    key : tuple of (column, value)
        These values; empty without --by.
    texts : Counter of str
        How often each text occurs, names or not.
    n_names : int
        How many of the texts are names.
    """

    key: tuple[tuple[str, str], ...]
    texts: Counter[str]
    n_names: int

    @property
    def n_not_names(self):
        """How many of the texts are not names."""
        return self.texts.total() - self.n_names

    @property
    def name(self):
        """What --against calls the group."""
        return ",".join(value for _, value in self.key)

    @property
    def title(self):
        """What stands above its shares, and in front of warnings."""
        return ", ".join(f"{column}: {value}" for column, value in self.key)


@dataclass(frozen=True)
class Estimate:
    """What is estimated of a group of rows.

    Parameters
    ----------
    group : RowGroup
        The rows.
    table : Shares, Comparison or None
        Their shares; None without names, or without names to compare with.
    """

    group: RowGroup
    table: Shares | Comparison | None


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
    stack = resolve(fitted)
    below, group_index = stack.without_groups()
    texts_of_key = defaultdict(Counter)
    chunks = table.count_names(texts_of_key, by)
    distinct = predict_distinct(below, chunks, jobs, table)
    row_groups = _row_groups(texts_of_key, distinct)
    columns = (Shares if against is None else Comparison)._columns
    _check_groups(row_groups, by, columns, plot)
    estimate = partial(_estimate, stack, group_index, distinct)
    if against is None:
        estimates = _estimate_each(row_groups, estimate)
    else:
        chosen = _choose(row_groups, by, against)
        estimates = _compare(_estimate_each(row_groups, estimate), chosen, estimate)
    if output.is_terminal:
        click.echo("\n\n".join(map(_to_text, estimates)))
    else:
        rows = pa.Table.from_pylist([*_rows(estimates, columns)]).to_batches()[0]
        output.write([(rows, pa.record_batch([], []))], "csv", table.delimiter)
    if plot is not None:
        _draw(estimates, plot)
    _say_counts(row_groups, start)


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


def _row_groups(texts_of_key, distinct):
    """Return the groups of rows, in the order of their keys."""
    row_groups = []
    for key, texts in sorted(texts_of_key.items()):
        n_names = sum(n for text, n in texts.items() if distinct.is_name(text))
        row_groups.append(RowGroup(key, texts, n_names))
    return row_groups


def _check_groups(row_groups, by, columns, plot):
    """Raise UsageError for groups that the output cannot show."""
    for column, _ in row_groups[0].key:
        if column in (*columns, *COUNTS):
            raise click.UsageError(f"--by {column}: rename it, the output has another")
    if plot is not None and len(row_groups) > MOST_PANELS:
        raise click.UsageError(
            f"--plot draws {MOST_PANELS} groups at most, and --by {by} gives "
            f"{len(row_groups):,}: leave --plot out"
        )


def _choose(row_groups, by, against):
    """Return the index of the group that --against names, None for all others."""
    names = [group.name for group in row_groups]
    if len(names) == 1:
        raise click.UsageError(
            f"--against compares groups, and --by {by} gives only {names[0]!r}: leave "
            "--against out, or give another --by"
        )
    called_so = [k for k, name in enumerate(names) if name == against]
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
        listed = " and ".join(_spell_out(row_groups[k]) for k in called_so)
        raise click.UsageError(
            f"--against {against}: {len(called_so)} groups are called so, {listed}: "
            "rename a value, or leave a column of --by out"
        )
    return called_so[0]


def _spell_out(group):
    """Return the columns and values of a group in brackets."""
    pairs = ", ".join(f"{column} {value!r}" for column, value in group.key)
    return f"({pairs})"


def _estimate_each(row_groups, estimate):
    """Estimate the shares of each group of rows."""
    estimates = []
    for group in row_groups:
        estimates.append(Estimate(group, estimate(group.texts, group.title)))
    return estimates


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
    where = f"{title}: " if title else ""
    for warning in caught:
        say(f"sknames: warning: {where}{warning.message}")
    return shares


def _compare(estimates, chosen, estimate):
    """Compare each group with the chosen one, or with all others."""
    if chosen is None:
        return _compare_with_others(estimates, estimate)
    other_table = estimates[chosen].table
    compared = estimates[:chosen] + estimates[chosen + 1 :]
    return [_compare_with(estimated, other_table) for estimated in compared]


def _compare_with_others(estimates, estimate):
    """Compare each group with all others."""
    texts_of_all = Counter()
    for estimated in estimates:
        texts_of_all.update(estimated.group.texts)
    comparisons = []
    for estimated in estimates:
        group = estimated.group
        other_table = estimate(texts_of_all - group.texts, f"not {group.name}")
        comparisons.append(_compare_with(estimated, other_table))
    return comparisons


def _compare_with(estimated, other_table):
    """Return an estimate with the comparison; None without names on either side."""
    comparison = None
    if estimated.table is not None and other_table is not None:
        comparison = estimated.table.compare(other_table, same_source=True)
    return Estimate(estimated.group, comparison)


def _to_text(estimated):
    """Return what a terminal shows of a group."""
    group = estimated.group
    if estimated.table is not None:
        text = str(estimated.table)
    elif group.n_names:
        text = "no name to compare with"
    else:
        text = f"no name; {group.n_not_names:,} not names"
    return f"{group.title}\n{text}" if group.key else text


def _rows(estimates, columns):
    """Yield the rows of the output: each label of each group."""
    for estimated in estimates:
        group = estimated.group
        counts = {}
        if group.key:
            counts = {"names": group.n_names, "not_names": group.n_not_names}
        if estimated.table is None:
            values = [[None]] * len(columns)
        else:
            values = [rounded(estimated.table[name]).tolist() for name in columns]
        for row in zip(*values, strict=True):
            yield dict(group.key) | dict(zip(columns, row, strict=True)) | counts


def _draw(estimates, plot):
    """Draw the groups that have names."""
    panels = {}
    for estimated in estimates:
        if estimated.table is not None:
            values = [value or "(blank)" for _, value in estimated.group.key]
            panels[", ".join(values)] = estimated.table
    display = SharesDisplay.from_shares(panels)
    with whole_file(plot) as file:
        display.figure_.savefig(file, format=Path(plot).suffix[1:], dpi=150)


def _say_counts(row_groups, start):
    """Say how many rows there are, and how many seconds have gone by."""
    n_names = sum(group.n_names for group in row_groups)
    n_not_names = sum(group.n_not_names for group in row_groups)
    say(
        f"{n_names + n_not_names:,} rows: {n_names:,} names, {n_not_names:,} not "
        f"names; {time.perf_counter() - start:.1f} s"
    )
