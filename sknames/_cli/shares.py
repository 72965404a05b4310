"""shares: estimate the mix of nationalities in a table, or compare its groups."""

import time
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
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
    estimated : Shares, Comparison or None
        Their shares; None without names, or without names to compare with.
    """

    key: tuple[tuple[str, str], ...]
    texts: Counter[str]
    n_names: int
    estimated: Shares | Comparison | None = None

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
        estimated = _estimate_each(row_groups, estimate)
    else:
        chosen = _choose(row_groups, by, against)
        estimated = _compare(_estimate_each(row_groups, estimate), chosen, estimate)
    if output.is_terminal:
        click.echo("\n\n".join(map(_to_text, estimated)))
    else:
        rows = pa.Table.from_pylist([*_rows(estimated, columns)]).to_batches()[0]
        output.write([(rows, pa.record_batch([], []))], "csv", table.delimiter)
    if plot is not None:
        _draw(estimated, plot)
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
    """Return the groups with their shares."""
    return [
        replace(group, estimated=estimate(group.texts, group.title))
        for group in row_groups
    ]


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


def _compare(row_groups, chosen, estimate):
    """Compare each group with the chosen one, or with all others."""
    if chosen is not None:
        shares_of_chosen = row_groups[chosen].estimated
        rest = row_groups[:chosen] + row_groups[chosen + 1 :]
        return [_compare_with(group, shares_of_chosen) for group in rest]
    texts_of_all = Counter()
    for group in row_groups:
        texts_of_all.update(group.texts)
    compared = []
    for group in row_groups:
        shares_of_others = estimate(texts_of_all - group.texts, f"not {group.name}")
        compared.append(_compare_with(group, shares_of_others))
    return compared


def _compare_with(group, other_shares):
    """Return a group with its comparison; None without names on either side."""
    comparison = None
    if group.estimated is not None and other_shares is not None:
        comparison = group.estimated.compare(other_shares, same_source=True)
    return replace(group, estimated=comparison)


def _to_text(group):
    """Return what a terminal shows of a group."""
    if group.estimated is not None:
        text = str(group.estimated)
    elif group.n_names:
        text = "no name to compare with"
    else:
        text = f"no name; {group.n_not_names:,} not names"
    return f"{group.title}\n{text}" if group.key else text


def _rows(row_groups, columns):
    """Yield the rows of the output: each label of each group."""
    for group in row_groups:
        counts = {}
        if group.key:
            counts = {"names": group.n_names, "not_names": group.n_not_names}
        values = [[None]] * len(columns)
        if group.estimated is not None:
            values = [rounded(group.estimated[name]).tolist() for name in columns]
        for row in zip(*values, strict=True):
            yield dict(group.key) | dict(zip(columns, row, strict=True)) | counts


def _draw(row_groups, plot):
    """Draw the groups that have names."""
    panels = {}
    for group in row_groups:
        if group.estimated is not None:
            title = ", ".join(value or "(blank)" for _, value in group.key)
            panels[title] = group.estimated
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
