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

from .._base.unwrap import ungroup, unwrap
from .._encoding.read_names import ids_of_names
from .._priors.priors import assumed_priors
from .._priors.shares import COLUMNS, shares_of_probabilities
from .._priors.shares_display import SharesDisplay
from .files import check_output, whole_file
from .models import Job, answers, load
from .options import jobs_option, model_options, say, table_options


@click.command()
@table_options
@model_options
@click.option("--by", help="Column of groups, such as region: estimate each on its own.")
@click.option("--output", default="-", help="File for CSV, or -: text on a terminal, else CSV.")
@click.option("--plot", help="File for a picture: .png, .svg or .pdf.")
@jobs_option
def shares(table, model, by, output, plot, jobs):
    """Estimate the share of each nationality among the names in INPUT.

    The shares are those under which the names are most likely, with 95 % intervals. Rows without
    a name are counted separately.
    """
    start = time.perf_counter()
    if Path(output).suffix.lower() not in ("", ".csv", ".txt"):
        raise click.UsageError(f"--output {output}: shares are plain CSV: give a name in .csv")
    check_output(output)
    is_taken = by in (*COLUMNS, "names", "not_names")
    if is_taken or (by and plot):
        why = "rename it, the output has another" if is_taken else "leave --plot out"
        raise click.UsageError(f"--by {by}: {why}")
    if plot is not None:
        if Path(plot).suffix not in (".png", ".svg", ".pdf"):
            raise click.UsageError(f"--plot {plot}: let its name end in .png, .svg or .pdf")
        check_output(plot)
        check_matplotlib_support("--plot")
    fitted = load(*model)
    inner, shares_of_groups = ungroup(fitted)
    job = Job(*model, ungrouped=True, proba=True)
    texts, tables, n_rows = [], [], Counter()
    probabilities, ids, groups = distinct_names(table, job, jobs, by)
    for group, (rows, counts, n_others) in groups.items():
        n_names = int(counts.sum())
        n_rows.update(names=n_names, others=n_others)
        if n_names:
            with warnings.catch_warnings(record=True) as caught:
                estimate = shares_of_probabilities(
                    probabilities[rows],
                    fitted.classes_,
                    counts=counts,
                    ids=ids[rows],
                    n_not_names=n_others,
                    class_prior=assumed_priors(inner, of_people=True),
                    shares_of_groups=shares_of_groups,
                    random_state=0,  # the same command gives the same intervals
                )
            of = f"{by} {group}: " if by else ""
            for warning in caught:
                say(f"sknames: warning: {of}{warning.message}")
            columns = {name: estimate[name].tolist() for name in COLUMNS}
        else:
            estimate = f"no name; {n_others:,} not names"
            columns = {name: [None] for name in COLUMNS}
        texts.append(f"{by}: {group}\n{estimate}" if by else str(estimate))
        if by:
            n = len(columns["label"])
            columns = {by: [group] * n, **columns, "names": [n_names] * n}
            columns["not_names"] = [n_others] * n
        tables.append(pa.table(columns))
    if output == "-" and sys.stdout.isatty():
        click.echo("\n\n".join(texts))
    else:
        with whole_file(output) as file:
            pa.csv.write_csv(pa.concat_tables(tables, promote_options="permissive"), file)
    if plot is not None:
        with whole_file(plot) as file:
            figure = SharesDisplay.from_shares(estimate).figure_
            figure.savefig(file, format=Path(plot).suffix[1:], dpi=150)
    say(
        f"{n_rows.total():,} rows: {n_rows['names']:,} names, {n_rows['others']:,} not names; "
        f"{time.perf_counter() - start:.1f} s"
    )


def distinct_names(table, job, jobs, by=None):
    """Predict the distinct texts of a table, each once.

    Return probabilities, a row for each, and equal ids of those that are read alike; and for each
    group in the column `by`, also one without names, the rows of its names, their counts, and its
    number of texts that are not names. Without `by`, "" is the only group.
    """
    row_of, n_of = {}, defaultdict(Counter)

    def new_names():
        for chunk, names in table.names(table.open()):
            group_of = table.texts(chunk, by, "--by").tolist() if by else [""] * len(names)
            new = [name for name in dict.fromkeys(names) if name not in row_of]
            row_of.update(zip(new, count(len(row_of)), strict=False))
            for group, name in zip(group_of, names, strict=True):
                n_of[group][row_of[name]] += 1
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
