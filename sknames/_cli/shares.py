"""shares: estimate the mix of nationalities in a table of names."""

import time
import warnings
from collections import Counter
from pathlib import Path

import click
import pyarrow as pa
from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._answers.inside import ungroup
from .._priors.shares import COLUMNS, estimate_shares
from .._priors.shares_display import draw_shares
from .._wrappers.grouped_classifier import GroupedClassifier
from .files import check_output, say, whole_file
from .models import predict_distinct
from .options import groups_option, jobs_option, model_options, output_options, table_options
from .tables import DIGITS

MOST_PANELS = 100  # matplotlib draws 65,536 pixels at most


@click.command()
@table_options
@model_options
@click.option("--by", help="Columns of a table, such as region,year: estimate each group alone.")
@groups_option
@output_options
@click.option("--plot", help="File for a picture: .png, .svg or .pdf.")
@jobs_option
def shares(table, model, by, groups, output, plot, jobs):
    """Estimate the share of each nationality among the names in INPUT.

    The shares are those under which the names are most likely, with 95 % intervals. Rows without
    a name are counted separately. A terminal shows text, files and pipes get a table.
    """
    start = time.perf_counter()
    if plot is not None:
        if Path(plot).suffix not in (".png", ".svg", ".pdf"):
            raise click.UsageError(f"--plot {plot}: let its name end in .png, .svg or .pdf")
        check_output(plot)
        check_matplotlib_support("--plot")
    fitted = model.load()
    if groups is not None:
        fitted = GroupedClassifier(fitted, groups=groups)
    inner, index = ungroup(fitted)
    reader = table.open()
    estimator, groups_by = predict_distinct(inner, table, reader, jobs, by)
    if index is not None:
        names = fitted.classes_[index].tolist()
        group_of = dict(zip(inner.classes_.tolist(), names, strict=True))
        estimator = GroupedClassifier(estimator, groups=group_of)
    if taken := {column for column, _ in next(iter(groups_by))} & {*COLUMNS, "names", "not_names"}:
        raise click.UsageError(f"--by {taken.pop()}: rename it, the output has another")
    if plot is not None and len(groups_by) > MOST_PANELS:
        raise click.UsageError(
            f"--plot draws {MOST_PANELS} groups at most, and --by {by} gives {len(groups_by):,}: "
            "leave --plot out"
        )
    texts, rows, drawn, n_rows = [], [], {}, Counter()
    for key, (names, counts, n_names) in groups_by.items():
        title = ", ".join(f"{column}: {value}" for column, value in key)
        n = {"names": n_names, "not_names": sum(counts) - n_names}
        found, columns = f"no name; {n['not_names']:,} not names", [[None]] * len(COLUMNS)
        if n_names:
            with warnings.catch_warnings(record=True) as caught:
                # The same command gives the same intervals.
                found = estimate_shares(estimator, names, counts=counts, random_state=0)
            for warning in caught:
                say(f"sknames: warning: {f'{title}: ' * bool(by)}{warning.message}")
            drawn[title] = found
            columns = [found.label, *(found[name].round(DIGITS) for name in COLUMNS[1:])]
            columns = [values.tolist() for values in columns]
        n_rows.update(n)
        texts.append(f"{title}\n{found}" if by else str(found))
        for values in zip(*columns, strict=True):
            rows.append(dict([*key, *zip(COLUMNS, values, strict=True)]) | (n if by else {}))
    if output.is_terminal:
        click.echo("\n\n".join(texts))
    else:
        whole = pa.Table.from_pylist(rows).to_batches()[0], pa.record_batch([], [])
        output.write([whole], "csv", reader.delimiter)
    if plot is not None:
        with whole_file(plot) as file:
            draw_shares(drawn).savefig(file, format=Path(plot).suffix[1:], dpi=150)
    say(
        f"{n_rows.total():,} rows: {n_rows['names']:,} names, {n_rows['not_names']:,} not names; "
        f"{time.perf_counter() - start:.1f} s"
    )
