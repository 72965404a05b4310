"""shares: estimate the mix of nationalities in a table, or compare its groups."""

import time
from collections import Counter
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._shares.results import Comparison, Shares, hold_together
from .._shares.shares import estimate
from .._shares.shares_display import SharesDisplay
from .._text.names import Names
from .files import check_output, say, whole_file
from .lists import (
    QUESTION,
    caught_warnings,
    list_command,
    say_alike,
    say_counts,
    table_of,
)
from .mixes import mix_of_classes, read_mix
from .output import metadata_of

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
    notes : tuple of str
        What to say of them besides the notes on their shares.
    """

    key: tuple[tuple[str, str], ...]
    texts: Counter[str]
    n_names: int
    estimated: Shares | Comparison | None = None
    notes: tuple[str, ...] = ()

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
@list_command
@click.option(
    "--by", help="Columns of a table, such as region,year: estimate each group alone."
)
@click.option(
    "--against", help="Compare each group with this one of --by, or with all others."
)
@click.option(
    "--against-mix",
    help="Compare with known shares: a CSV of label,share, with others for the rest.",
)
@click.option(
    "--draw",
    type=click.IntRange(2),
    help="Write so many rows, drawn at random, to check them.",
)
@click.option("--plot", help="File for a picture: .png, .svg or .pdf.")
def shares(listed, by, against, against_mix, draw, plot):
    """Estimate the share of each nationality among the names in INPUT.

    The shares are those under which the names are most likely, with intervals.
    Rows without a name are counted separately. A terminal shows text; files and pipes
    get a table.

    --by department --against others compares each department with the rest, --against
    Sales with that one: differences, their intervals, and which are sure, for all
    groups together.

    --draw 200 writes rows to check, with an empty column, and estimates nothing. Put
    the labels into a column of INPUT, and give it as --label.
    """
    start = time.perf_counter()
    _check_options(by, against, against_mix, plot)
    if draw is not None:
        _write_draw(listed, draw, has_others=by or against_mix or plot)
        return
    known = None if against_mix is None else read_mix(against_mix, "--against-mix")
    predicted = listed.predict_rows(by)
    row_groups = _row_groups(predicted)
    kind = Shares if against is None and known is None else Comparison
    _check_groups(row_groups, by, against, kind._columns, plot)
    warned = []
    shown = _estimate_groups(row_groups, predicted, warned)
    if known is not None:
        mix = mix_of_classes(known, predicted.stack.classes)
        shown = _compare_each(shown, [mix] * len(shown))
    elif against is not None:
        shown = _compare_within(shown, against, predicted, warned)
    say_alike("warning", warned)
    _show(shown, kind._columns, listed, predicted.stack)
    if plot is not None:
        _draw(shown, plot)
    n_names = sum(group.n_names for group in row_groups)
    n_not_names = sum(group.n_not_names for group in row_groups)
    say_counts(n_names, n_not_names, predicted.stack, start)


def _check_options(by, against, against_mix, plot):
    """Raise UsageError for options that do not go together, before long work."""
    if against is not None and by is None:
        raise click.UsageError("--against compares the groups of --by: give both")
    if against_mix is not None and against is not None:
        raise click.UsageError(
            "--against-mix does not go with --against: leave one out"
        )
    if plot is not None:
        if Path(plot).suffix not in (".png", ".svg", ".pdf"):
            raise click.UsageError(
                f"--plot {plot}: let its name end in .png, .svg or .pdf"
            )
        check_output(plot, "--plot")
        check_matplotlib_support("--plot")


def _write_draw(listed, n_drawn, has_others):
    """Write rows that were drawn at random, with an empty column of labels.

    Their numbers begin with 0, as in pandas.
    """
    if has_others or any(listed.columns.values()):
        raise click.UsageError(
            "--draw only writes rows to check: leave the other options out"
        )
    table = listed.table
    table.skips_blank_lines = True
    people = []
    rows = []
    n_rows = 0
    for _, names in table.names():
        is_name = Names(names).reasons == ""
        people += compress(names, is_name)
        rows += (n_rows + np.flatnonzero(is_name)).tolist()
        n_rows += len(names)
    if len(people) < n_drawn:
        raise ValueError(
            f"--draw {n_drawn}: {table.name} has only {len(people):,} names: give fewer"
        )
    rng = np.random.default_rng(0)
    drawn = np.sort(rng.choice(len(people), n_drawn, replace=False)).tolist()
    columns = {
        "row": [rows[k] for k in drawn],
        "name": [people[k] for k in drawn],
        "label": [""] * n_drawn,
    }
    listed.write(pa.table(columns), metadata={})
    say(
        f"{n_drawn} of {len(people):,} names: fill in the label of each, without "
        'reading it off the name; "unknown" where nobody can decide'
    )


def _row_groups(predicted):
    """Return the groups of rows, in the order of their keys."""
    row_groups = []
    for key, texts in sorted(predicted.texts_of_key.items()):
        n_names = sum(n for entry, n in texts.items() if predicted.is_name(entry))
        row_groups.append(RowGroup(key, texts, n_names))
    return row_groups


def _check_groups(row_groups, by, against, columns, plot):
    """Raise UsageError for groups that the output cannot show, or cannot compare."""
    for column, _ in row_groups[0].key:
        if column in (*columns, *COUNTS):
            raise click.UsageError(f"--by {column}: rename it, the output has another")
    if plot is not None and len(row_groups) > MOST_PANELS:
        raise click.UsageError(
            f"--plot draws {MOST_PANELS} groups at most, and --by {by} gives "
            f"{len(row_groups):,}: leave --plot out"
        )
    if against is not None:
        _check_against(row_groups, by, against)


def _check_against(row_groups, by, against):
    """Raise UsageError unless --against names one of the groups, or all others."""
    names = [group.name for group in row_groups]
    n_called_so = names.count(against)
    if len(names) == 1:
        raise click.UsageError(
            f"--against compares groups, and --by {by} gives only {names[0]!r}: leave "
            "--against out, or give another --by"
        )
    if against == "others" and n_called_so:
        raise click.UsageError(
            "--against others compares each group with all others, and --by "
            f"{by} has a group 'others', too: rename it"
        )
    if against != "others" and not n_called_so:
        listed = ", ".join(map(repr, names[:20]))
        raise click.UsageError(
            f"--against {against}: no such group. Give others, or one of {listed}"
        )
    if n_called_so > 1:
        raise click.UsageError(
            f"--against {against}: {n_called_so} groups are called so: rename a "
            "value, or leave a column of --by out"
        )


def _estimate_groups(row_groups, predicted, warned):
    """Return groups with their shares; a group that cannot be estimated has none.

    Raise ValueError if none can be. Warnings are added to `warned`.
    """
    estimated = []
    for group in row_groups:
        shares = _estimate(group.texts, predicted, group.title, warned)
        notes = ()
        has_labels = "y" in predicted.columns and shares is not None
        if has_labels and not predicted.has("y", group.texts):
            notes = ("no row is checked: these shares are estimated from names alone",)
        estimated.append(replace(group, estimated=shares, notes=notes))
    if all(group.estimated is None for group in estimated):
        title, problem = warned[-1]
        raise ValueError(f"{title}: {problem}")
    return estimated


def _estimate(texts, predicted, title, warned):
    """Return the shares of texts, or None if none of them is a name.

    Each call returns the same. Warnings are added to `warned`, with the title, and so
    is what is wrong with a group of texts.
    """
    if not any(map(predicted.is_name, texts)):
        return None
    try:
        with caught_warnings(title, warned):
            names, _ = predicted.name_list(texts)
            return estimate(names, QUESTION)
    except ValueError as error:
        if not title:
            raise
        warned.append((title, f"no shares: {error}"))
        return None


def _say_notes(row_groups):
    """Say what a terminal would show below the tables, but for counts of rows."""
    notes = []
    for group in row_groups:
        of_group = list(group.notes)
        if group.estimated is not None:
            of_group += group.estimated._notes()
        notes += [(group.title, _as_options(note)) for note in of_group]
    say_alike("note", notes)


def _as_options(text):
    """Return a text of Python with the options of this command."""
    return text.replace('groups="subregion"', "--groups subregion")


def _compare_within(row_groups, against, predicted, warned):
    """Compare each group with the one called `against`, or else with all others."""
    for k, chosen in enumerate(row_groups):
        if chosen.name == against:
            rest = row_groups[:k] + row_groups[k + 1 :]
            return _compare_each(rest, [chosen.estimated] * len(rest))
    texts_of_all = Counter()
    for group in row_groups:
        texts_of_all.update(group.texts)
    others = []
    for group in row_groups:
        texts = texts_of_all - group.texts
        others.append(_estimate(texts, predicted, f"not {group.name}", warned))
    return _compare_each(row_groups, others)


def _compare_each(row_groups, others):
    """Compare each group with other shares of the table, or with known ones.

    "Sure" holds for all groups together. A comparison is None without names on either
    side.
    """
    compared = []
    for group, other in zip(row_groups, others, strict=True):
        comparison = None
        if group.estimated is not None and other is not None:
            comparison = group.estimated.compare(other, same_source=True)
        compared.append(replace(group, estimated=comparison))
    held = iter(hold_together([g.estimated for g in compared if g.estimated]))
    return [replace(g, estimated=next(held)) if g.estimated else g for g in compared]


def _show(row_groups, columns, listed, stack):
    """Show groups as text on a terminal, or write their rows and say their notes."""
    if listed.output.is_terminal:
        click.echo("\n\n".join(map(_to_text, row_groups)))
        return
    listed.write(_table(row_groups, columns), metadata_of(stack))
    _say_notes(row_groups)


def _to_text(group):
    """Return what a terminal shows of a group."""
    if group.estimated is not None:
        lines = [_as_options(str(group.estimated))]
    elif group.n_names:
        lines = [f"no shares; {group.n_names:,} names"]
    else:
        lines = [f"no name; {group.n_not_names:,} not names"]
    if group.key:
        lines.insert(0, group.title)
    return "\n".join([*lines, *group.notes])


def _table(row_groups, columns):
    """Return what is written: each label of each group."""
    tables = []
    for group in row_groups:
        table = pa.table({name: [None] for name in columns})
        if group.estimated is not None:
            table = table_of(group.estimated)
        n_rows = len(table)
        of_group = {column: [value] * n_rows for column, value in group.key}
        of_group |= dict(zip(table.column_names, table.columns, strict=True))
        if group.key:
            of_group["names"] = [group.n_names] * n_rows
            of_group["not_names"] = [group.n_not_names] * n_rows
        tables.append(pa.table(of_group))
    return pa.concat_tables(tables, promote_options="default")


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
