"""shares: estimate the mix of nationalities in a table, or compare its groups."""

import csv
import time
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._models.stack import resolve
from .._shares.results import hold_together
from .._shares.shares import Comparison, Shares, shares_of_list
from .._shares.shares_display import SharesDisplay
from .._text.names import Names
from .._wrappers.grouped_classifier import GroupedClassifier
from .files import check_output, say, whole_file
from .models import predict_distinct
from .options import (
    groups_option,
    jobs_option,
    list_options,
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
@list_options
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
@jobs_option
def shares(
    table, model, by, against, groups, output, more, against_mix, draw, plot, jobs
):
    """Estimate the share of each nationality among the names in INPUT.

    The shares are those under which the names are most likely, with 95 % intervals.
    Rows without a name are counted separately. A terminal shows text; files and pipes
    get a table.

    --by department --against others compares each department with the rest, --against
    Sales with that one: differences, their intervals, and which are sure, for all
    groups together.

    --draw 200 writes rows to check, with an empty column, and estimates nothing. Put
    the labels into a column of INPUT, and give it as --label.
    """
    start = time.perf_counter()
    _check_options(by, against, plot)
    _check_mix_and_draw(by, against, against_mix, draw, more, plot)
    if draw is not None:
        _write_draw(table, draw, output)
        return
    known = None if against_mix is None else _read_known_mix(against_mix)
    fitted = model.load()
    if groups is not None:
        fitted = GroupedClassifier(fitted, groups=groups)
    stack = resolve(fitted)
    below, group_index = stack.without_groups()
    texts_of_key = defaultdict(Counter)
    chunks = table.count_names(texts_of_key, by, more.columns)
    distinct = predict_distinct(below, chunks, jobs, table)
    row_groups = _row_groups(texts_of_key, distinct)
    kind = Shares if against is None and known is None else Comparison
    columns = kind._columns
    _check_groups(row_groups, by, columns, plot)
    estimate = partial(_estimate, stack, group_index, distinct, more)
    if known is not None:
        estimated = _compare_with_known(_estimate_each(row_groups, estimate), known)
    elif against is None:
        estimated = _estimate_each(row_groups, estimate)
    else:
        chosen = _choose(row_groups, by, against)
        estimated = _compare(_estimate_each(row_groups, estimate), chosen, estimate)
    if output.is_terminal:
        click.echo("\n\n".join(map(_to_text, estimated)))
    else:
        rows = pa.Table.from_pylist([*_rows(estimated, columns)]).to_batches()[0]
        output.write([(rows, pa.record_batch([], []))], "csv", table.delimiter)
        _say_notes(estimated)
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


def _check_mix_and_draw(by, against, against_mix, draw, more, plot):
    """Raise UsageError for options that --against-mix and --draw exclude."""
    if against_mix is not None and against is not None:
        raise click.UsageError(
            "--against-mix does not go with --against: leave one out"
        )
    if draw is not None and (by or against_mix or more.columns or plot):
        raise click.UsageError(
            "--draw only writes rows to check: leave the other options out"
        )


def _read_known_mix(path):
    """Return known shares by label from a CSV with the columns label and share."""
    known = {}
    with open(path, encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            try:
                known[row["label"]] = float(row["share"])
            except (KeyError, TypeError, ValueError):
                raise ValueError(
                    f"--against-mix {path}: expected a label and a share from 0 to 1 "
                    "in each row, under a header label,share"
                ) from None
    return known


def _write_draw(table, n_drawn, output):
    """Write rows that were drawn at random, with an empty column of labels.

    Their numbers begin with 0, as in pandas.
    """
    positions = []
    drawn_from = []
    n_rows = 0
    for _, names in table.names():
        is_name = Names(names).reasons == ""
        positions += (n_rows + np.flatnonzero(is_name)).tolist()
        drawn_from += compress(names, is_name)
        n_rows += len(names)
    if len(positions) < n_drawn:
        raise ValueError(
            f"--draw {n_drawn}: {table.name} has only {len(positions):,} names: give "
            "fewer"
        )
    rng = np.random.default_rng(0)
    drawn = np.sort(rng.choice(len(positions), n_drawn, replace=False))
    rows = []
    for k in drawn:
        rows.append({"row": positions[k], "name": drawn_from[k], "label": ""})
    batch = pa.Table.from_pylist(rows).to_batches()[0]
    output.write([(batch, pa.record_batch([], []))], "csv", table.delimiter)
    say(
        f"{n_drawn} of {len(positions):,} names: fill in the label of each, without "
        'reading it off the name; "unknown" where nobody can decide'
    )


def text_of(entry):
    """Return the text of what was counted: itself, or the first of a tuple."""
    return entry[0] if isinstance(entry, tuple) else entry


def _row_groups(texts_of_key, distinct):
    """Return the groups of rows, in the order of their keys."""
    row_groups = []
    for key, texts in sorted(texts_of_key.items()):
        n_names = 0
        for entry, n in texts.items():
            if distinct.is_name(text_of(entry)):
                n_names += n
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


def _estimate(stack, group_index, distinct, more, texts, title):
    """Return the shares of texts, or None if none of them is a name.

    Each call returns the same. The title is in front of warnings.
    """
    if not any(distinct.is_name(text_of(entry)) for entry in texts):
        return None
    listed, parameters = list_of_entries(distinct, more.columns, texts)
    if more.columns:
        parameters = more.parameters(parameters)
    with warnings.catch_warnings(record=True) as caught:
        shares = shares_of_list(
            stack, listed, group_index=group_index, random_state=0, **parameters
        )
    say_warnings(caught, title)
    return shares


def list_of_entries(distinct, columns, texts):
    """Return a predicted list of what was counted, and counts, or values by column."""
    if not columns:
        return distinct.take(texts), {"counts": [*texts.values()]}
    rows = [*texts.elements()]
    names, *values = zip(*rows, strict=True)
    return distinct.take(names), dict(zip(columns, values, strict=True))


def say_warnings(caught, title):
    """Say warnings, behind the title of a group."""
    where = f"{title}: " if title else ""
    for warning in caught:
        say(f"sknames: warning: {where}{warning.message}")


def _say_notes(row_groups):
    """Say what a terminal would show below the tables, but for counts of rows."""
    for group in row_groups:
        if group.estimated is not None:
            where = f"{group.title}: " if group.title else ""
            notes = [*group.estimated._notes()]
            if group.estimated.get("n_names_of_other", 0) is not None:
                notes = notes[1:]  # the first one counts rows
            for note in notes:
                say(f"sknames: note: {where}{note}")
    for note in _notes_on_model(row_groups):
        say(f"sknames: note: {note}")


def _notes_on_model(row_groups):
    """Return notes that all groups have in common."""
    for group in row_groups:
        if group.estimated is not None:
            return group.estimated._notes_on_model()
    return []


def _compare_with_known(row_groups, known):
    """Compare each group with a known mix; "sure" holds for all groups together."""
    compared = []
    for group in row_groups:
        comparison = None
        if group.estimated is not None:
            comparison = group.estimated.compare(known)
        compared.append(replace(group, estimated=comparison))
    return _hold_together(compared)


def _hold_together(row_groups):
    """Let "sure" hold for all groups together."""
    hold_together([g.estimated for g in row_groups if g.estimated is not None])
    return row_groups


def _compare(row_groups, chosen, estimate):
    """Compare each group with the chosen one, or with all others."""
    if chosen is not None:
        shares_of_chosen = row_groups[chosen].estimated
        rest = row_groups[:chosen] + row_groups[chosen + 1 :]
        compared = [_compare_with(group, shares_of_chosen) for group in rest]
        return _hold_together(compared)
    texts_of_all = Counter()
    for group in row_groups:
        texts_of_all.update(group.texts)
    compared = []
    for group in row_groups:
        shares_of_others = estimate(texts_of_all - group.texts, f"not {group.name}")
        compared.append(_compare_with(group, shares_of_others))
    return _hold_together(compared)


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
