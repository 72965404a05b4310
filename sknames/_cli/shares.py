"""shares: estimate the mix of nationalities in a table of names."""

import sys
import time
import warnings
from collections import Counter, defaultdict
from contextlib import closing
from itertools import count
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import pyarrow.csv
from sklearn.utils._optional_dependencies import check_matplotlib_support

from .._answers.groups import M49
from .._answers.inside import ungroup, unwrap
from .._encoding.read_names import ids_of_names
from .._priors.priors import assumed_priors, model_error
from .._priors.shares import COLUMNS, shares_of_probabilities
from .._priors.shares_display import draw_shares
from .._wrappers.grouped_classifier import GroupedClassifier
from .files import check_output, say, whole_file
from .models import Job, answers, load
from .options import jobs_option, model_options, table_options

DIGITS = 6  # of shares and probabilities: those that float32 has
MOST_PANELS = 100  # matplotlib draws 65,536 pixels at most


@click.command()
@table_options
@model_options
@click.option("--by", help="Columns of a table, such as region,year: estimate each group alone.")
@click.option("--groups", type=click.Choice(M49), help="Estimate groups of the labels.")
@click.option(
    "-o", "--output", default="-", help="File for CSV, or -: text on a terminal, else CSV."
)
@click.option("--plot", help="File for a picture: .png, .svg or .pdf.")
@jobs_option
def shares(table, model, by, groups, output, plot, jobs):
    """Estimate the share of each nationality among the names in INPUT.

    The shares are those under which the names are most likely, with 95 % intervals. Rows without
    a name are counted separately.
    """
    start = time.perf_counter()
    if Path(output).suffix.lower() not in ("", ".csv", ".txt"):
        raise click.UsageError(f"--output {output}: shares are plain CSV: give a name in .csv")
    check_output(output)
    if plot is not None:
        if Path(plot).suffix not in (".png", ".svg", ".pdf"):
            raise click.UsageError(f"--plot {plot}: let its name end in .png, .svg or .pdf")
        check_output(plot)
        check_matplotlib_support("--plot")
    fitted = load(*model)
    if groups is not None:
        fitted = GroupedClassifier(fitted, groups=groups)
    inner, group_index = ungroup(fitted)
    job, reader = Job(*model, ungrouped=True, proba=True), table.open()
    texts, table_rows, drawn, n_rows = [], [], {}, Counter()
    probabilities, ids, rows_by = predict_distinct(table, reader, job, jobs, by)
    if plot is not None and len(rows_by) > MOST_PANELS:
        raise click.UsageError(
            f"--plot draws {MOST_PANELS} groups at most, and --by {by} gives {len(rows_by):,}: "
            "leave --plot out"
        )
    for key, (rows, counts, n_others) in rows_by.items():
        n_names = int(counts.sum())
        n_rows.update(names=n_names, others=n_others)
        title = ", ".join(f"{column}: {value}" for column, value in key)
        if n_names:
            with warnings.catch_warnings(record=True) as caught:
                estimate = shares_of_probabilities(
                    probabilities[rows],
                    fitted.classes_,
                    counts=counts,
                    ids=ids[rows],
                    n_not_names=n_others,
                    assumed_prior=assumed_priors(inner, of_people=True),
                    model_error=model_error(inner),
                    group_index=group_index,
                    random_state=0,  # the same command gives the same intervals
                )
            for warning in caught:
                say(f"sknames: warning: {f'{title}: ' * bool(by)}{warning.message}")
            drawn[title] = estimate
            columns = [estimate[name].round(DIGITS).tolist() for name in COLUMNS[1:]]
            columns.insert(0, estimate.label.tolist())
        else:
            estimate = f"no name; {n_others:,} not names"
            columns = [[None] for _ in COLUMNS]
        texts.append(f"{title}\n{estimate}" if by else str(estimate))
        counted = {"names": n_names, "not_names": n_others} if by else {}
        found = (dict(zip(COLUMNS, values, strict=True)) for values in zip(*columns, strict=True))
        table_rows += [dict(key) | row | counted for row in found]
    if output == "-" and sys.stdout.isatty():
        click.echo("\n\n".join(texts))
    else:
        options = pa.csv.WriteOptions(delimiter=reader.delimiter or ",")
        with whole_file(output) as file:
            pa.csv.write_csv(pa.Table.from_pylist(table_rows), file, options)
    if plot is not None:
        with whole_file(plot) as file:
            draw_shares(drawn).savefig(file, format=Path(plot).suffix[1:], dpi=150)
    say(
        f"{n_rows.total():,} rows: {n_rows['names']:,} names, {n_rows['others']:,} not names; "
        f"{time.perf_counter() - start:.1f} s"
    )


def predict_distinct(table, reader, job, jobs, by=None):
    """Predict the distinct texts of a table, each once.

    Return probabilities, a row for each, and equal ids of those that are read alike; and for each
    group in the columns `by`, also one without names, the rows of its names, their counts, and its
    number of texts that are not names. A group is a tuple of pairs (column, value).
    """
    row_of, n_of = {}, defaultdict(Counter)

    def new_names():
        for chunk, names in table.names(reader):
            columns = table.choose(chunk.column_names, by, "--by") if by else []
            if taken := {*columns} & {*COLUMNS, "names", "not_names"}:
                raise click.UsageError(f"--by {taken.pop()}: rename it, the output has another")
            values = [table.texts(chunk, column, "--by").tolist() for column in columns]
            keys = [*zip(*values, strict=True)] or [()] * len(names)
            new = [name for name in dict.fromkeys(names) if name not in row_of]
            row_of.update(zip(new, count(len(row_of)), strict=False))
            for key, name in zip(keys, names, strict=True):
                n_of[tuple(zip(columns, key, strict=True))][row_of[name]] += 1
            yield None, new

    with closing(answers(new_names(), job, jobs)) as answered:
        found = [(found.proba, found.reasons == "") for _, found in answered]
    probabilities, are_names = map(np.concatenate, zip(*found, strict=True))
    if not are_names.any():
        raise ValueError(f"no row of {table.name} has a name: check --column")
    groups = {}
    for group, n in sorted(n_of.items()):
        rows, counts = np.array([*n]), np.array([*n.values()])
        named = are_names[rows]
        groups[group] = rows[named], counts[named], int(counts[~named].sum())
    ids = ids_of_names([*row_of], len(row_of), unwrap(load(job.path, job.trust_pickle)).encoder)
    return probabilities, ids, groups
