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

from .._shares.shares import Comparison, Shares, estimate_shares
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
    if against is not None and by is None:
        raise click.UsageError("--against compares the groups of --by: give both")
    if plot is not None:
        if Path(plot).suffix not in (".png", ".svg", ".pdf"):
            raise click.UsageError(
                f"--plot {plot}: let its name end in .png, .svg or .pdf"
            )
        check_output(plot)
        check_matplotlib_support("--plot")
    fitted = model.load()
    if groups is not None:
        fitted = GroupedClassifier(fitted, groups=groups)
    n_of = defaultdict(Counter)
    estimator, names = predict_distinct(
        fitted, table.count_names(n_of, by), jobs, table
    )
    texts_of = dict(sorted(n_of.items()))
    columns = (Shares if against is None else Comparison)._columns
    if taken := {column for column, _ in next(iter(texts_of))} & {*columns, *COUNTS}:
        raise click.UsageError(f"--by {taken.pop()}: rename it, the output has another")
    if plot is not None and len(texts_of) > MOST_PANELS:
        raise click.UsageError(
            f"--plot draws {MOST_PANELS} groups at most, and --by {by} gives "
            f"{len(texts_of):,}: leave --plot out"
        )
    estimate = partial(_estimate, estimator, names)
    titles = {
        key: ", ".join(f"{column}: {value}" for column, value in key)
        for key in texts_of
    }
    found = {key: estimate(texts, titles[key]) for key, texts in texts_of.items()}
    if against is not None:
        found = _compare(found, against, texts_of, estimate)
    shown, rows, n_rows = [], [], Counter()
    for key, texts in texts_of.items():
        n_names = sum(n for text, n in texts.items() if text in names)
        n = dict(zip(COUNTS, (n_names, texts.total() - n_names), strict=True))
        n_rows.update(n)
        if key in found:
            said = found[key] or f"no name; {n['not_names']:,} not names"
            shown.append(f"{titles[key]}\n{said}" if by else str(said))
            some = found[key] or dict.fromkeys(columns, np.array([None]))
            values = [rounded(some[name]).tolist() for name in columns]
            for row in zip(*values, strict=True):
                rows.append(
                    dict([*key, *zip(columns, row, strict=True)]) | (n if by else {})
                )
    if output.is_terminal:
        click.echo("\n\n".join(shown))
    else:
        whole = pa.Table.from_pylist(rows).to_batches()[0], pa.record_batch([], [])
        output.write([whole], "csv", table.delimiter)
    if plot is not None:
        drawn = {
            ", ".join(v or "(blank)" for _, v in key): some
            for key, some in found.items()
        }
        display = SharesDisplay.from_shares(
            {t: some for t, some in drawn.items() if some}
        )
        with whole_file(plot) as file:
            display.figure_.savefig(file, format=Path(plot).suffix[1:], dpi=150)
    say(
        f"{n_rows.total():,} rows: {n_rows['names']:,} names, {n_rows['not_names']:,} "
        f"not names; {time.perf_counter() - start:.1f} s"
    )


def _estimate(estimator, names, texts, title):
    """Return the shares of texts, or None if none of them is a name.

    Each call returns the same. The title is in front of warnings.
    """
    if names.isdisjoint(texts):
        return None
    with warnings.catch_warnings(record=True) as caught:
        counts = [*texts.values()]
        found = estimate_shares(estimator, [*texts], counts=counts, random_state=0)
    for warning in caught:
        say(f"sknames: warning: {f'{title}: ' * bool(title)}{warning.message}")
    return found


def _compare(found, against, texts_of, estimate):
    """Compare each group with one of them, or with all others; None without names."""
    values = {key: ",".join(value for _, value in key) for key in found}
    if against == "others":
        whole = Counter(
            chain.from_iterable(texts.elements() for texts in texts_of.values())
        )
        other_of = {
            key: estimate(whole - texts, f"not {values[key]}")
            for key, texts in texts_of.items()
        }
    elif against in values.values():
        (chosen,) = (key for key, value in values.items() if value == against)
        other_of = {key: found[chosen] for key in found if key != chosen}
    else:
        listed = ", ".join(map(repr, [*values.values()][:20]))
        raise click.UsageError(
            f"--against {against}: no such group. Give others, or one of {listed}"
        )
    return {
        key: found[key] and other and found[key].compare(other, same_source=True)
        for key, other in other_of.items()
    }
